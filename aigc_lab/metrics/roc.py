"""How well a score sorts two sets, without any threshold."""

import torch
from torch import Tensor


def roc_auc(positive: Tensor, negative: Tensor) -> Tensor:
    r"""Area under the ROC curve: how often a score of the first set beats one of the second, over all pairs; a tie counts half.

    .. math:: P(a > b) + \tfrac12 P(a = b)

    1 sorts the two without error, 1/2 can't tell them apart, below 1/2 the score points the wrong way.

    Args:
        positive, negative: (n,) and (m,) scores, such as D's logits on real and on drawn pictures, or surprise at anomalies and at normal examples.

    Returns:
        Scalar from 0 to 1, float64.

    Source:
        Hanley and McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve", Radiology 1982.
    """
    positive, negative = positive.cpu().double(), negative.cpu().double()  # Apple's GPUs have no float64
    ordered = negative.sort().values
    below = torch.searchsorted(ordered, positive)
    not_above = torch.searchsorted(ordered, positive, right=True)
    return (below + not_above).double().mean() / (2 * len(negative))
