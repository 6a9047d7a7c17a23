r"""From a model's logits to the next token: what to cut off, what to sharpen, and one draw.

Each function takes logits (..., V) and gives logits (..., V), so that they can be put one after the other. What is cut off gets the logit
:math:`-\infty`, which is probability 0; `softmax` shares its probability among the rest.
"""

import math

import torch
from torch import Tensor


def temperature(logits: Tensor, tau: float) -> Tensor:
    r"""Sharper (tau < 1) or flatter (tau > 1) logits: :math:`l / \tau`, so that probabilities become :math:`p^{1/\tau}`, normalised.

    Raises:
        ValueError: tau is not positive. "Temperature 0" is `greedy`.
    """
    if not tau > 0:
        raise ValueError(
            f"the temperature must be greater than 0, got {tau}; for the most likely token use decoding.greedy"
        )
    return logits / tau


def top_k(logits: Tensor, k: int) -> Tensor:
    """The k largest logits stay. Equal ones at the edge all stay.

    Raises:
        ValueError: k below 1.

    Source:
        Fan, Lewis & Dauphin, "Hierarchical Neural Story Generation", ACL 2018.
    """
    if k < 1:
        raise ValueError(f"at least one token must stay, got k = {k}")
    edge = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]
    return logits.masked_fill(logits < edge, -math.inf)


def top_p(logits: Tensor, p: float) -> Tensor:
    r"""The smallest set of most likely tokens that holds at least the probability p stays.

    With the tokens sorted from the most likely on, token i stays if those before it hold less than p:

    .. math:: \sum_{j < i} p_j < p

    So the token that reaches p is in, and the first always is.

    Raises:
        ValueError: p isn't above 0 and at most 1.

    Source:
        Holtzman, Buys, Du, Forbes & Choi, "The Curious Case of Neural Text Degeneration", ICLR 2020 (nucleus sampling).
    """
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1, got {p}")
    if p == 1:
        return logits
    probabilities, order = logits.softmax(dim=-1).sort(dim=-1, descending=True)
    before = probabilities.cumsum(dim=-1) - probabilities
    stays = torch.zeros_like(before, dtype=torch.bool).scatter(-1, order, before < p)
    return logits.masked_fill(~stays, -math.inf)


def greedy(logits: Tensor) -> Tensor:
    """The most likely token; (..., V) -> (...)."""
    return logits.argmax(dim=-1)


def sample(logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """One draw from softmax(logits) for each row; (..., V) -> (...). The generator lives on the logits' device."""
    flat = logits.softmax(dim=-1).reshape(-1, logits.shape[-1])
    return torch.multinomial(flat, 1, generator=generator).reshape(logits.shape[:-1])


def entropy(logits: Tensor) -> Tensor:
    r"""How undecided softmax(logits) is, in bits: :math:`-\sum_i p_i \log_2 p_i`; (..., V) -> (...).

    0 bits say that one token is certain; log2(k) that k tokens are equally likely.
    """
    log_p = logits.log_softmax(dim=-1)
    return -(log_p.exp() * log_p.masked_fill(log_p == -math.inf, 0.0)).sum(dim=-1) / math.log(2)


def repeated_share(written: str, length: int = 12) -> float:
    """Share of the runs of `length` characters that stood in the same text before: near 0 in prose, near 1 in a loop."""
    seen: set[str] = set()
    runs = [written[i : i + length] for i in range(len(written) - length + 1)]
    repeats = 0
    for run in runs:
        repeats += run in seen
        seen.add(run)
    return repeats / max(1, len(runs))


def with_temperature(logits: Tensor, temperature: float) -> Tensor:
    r"""Probabilities sharpened (temperature < 1) or flattened (> 1): softmax of the logits divided by the temperature.

    .. math:: q_i = \frac{e^{l_i / \tau}}{\sum_j e^{l_j / \tau}} \propto p_i^{1/\tau}

    Args:
        logits: (..., V); log probabilities will do, they are logits that happen to be normalised.
        temperature: tau > 0; 1 leaves the model as it is.

    Returns:
        (..., V), sums to 1 along the last axis.
    """
    return torch.softmax(logits / temperature, dim=-1)
