"""How well a score sorts two sets, without any threshold."""

import torch
from torch import Tensor


def win_rate(higher: Tensor, lower: Tensor) -> Tensor:
    r"""How often a score of the first set beats one of the second, over all pairs; a tie counts half.

    .. math:: P(a > b) + \tfrac12 P(a = b)

    The area under the ROC curve: 1 sorts the two without error, 1/2 can't tell them apart, below 1/2 the score points the wrong way.

    Args:
        higher, lower: (n,) and (m,) scores, such as D's logits on real and on drawn pictures, or surprise at anomalies and at normal examples.

    Returns:
        Scalar from 0 to 1.

    Source:
        Hanley and McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve", Radiology 1982.
    """
    ordered = lower.double().sort().values
    below = torch.searchsorted(ordered, higher.double())
    not_above = torch.searchsorted(ordered, higher.double(), right=True)
    return (below + not_above).double().mean() / (2 * len(lower))


def area_under_roc(normal: Tensor, anomalous: Tensor) -> float:
    """`win_rate` of anomalies over normal examples, as a number: the name under which anomaly detection knows it."""
    return float(win_rate(anomalous, normal))
