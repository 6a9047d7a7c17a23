r"""Attention: each position asks a question of all positions it may see, and gets a mean of their answers.

.. math:: \mathrm{attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt d} + M\right) V,
    \qquad M_{ij} = \begin{cases} 0 & i \text{ may look at } j \\ -\infty & \text{else} \end{cases}

This is the readable form; `lm.TransformerLM` calls torch's fused one, which computes the same.

Source:
    Vaswani et al., "Attention Is All You Need", 2017.
"""

import math

import torch
from torch import Tensor


def causal_mask(length: int, before: int = 0, device: torch.device | None = None) -> Tensor:
    """Who may look at whom when nobody may look ahead: True at (i, j) if position i may see position j.

    Args:
        length: number of positions that ask.
        before: number of positions in front of them, which all of them may see.
        device: where the mask is made.

    Returns:
        bool (length, before + length). With `before` = 0 a triangle: position i sees 0, ..., i, itself included.
    """
    return torch.ones(length, before + length, dtype=torch.bool, device=device).tril(before)


def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    r"""How much each query looks at each key.

    .. math:: a_{ij} = \frac{e^{s_{ij}}}{\sum_{j'} e^{s_{ij'}}}, \qquad s_{ij} = \frac{q_i \cdot k_j}{\sqrt d},
        \qquad s_{ij} = -\infty \text{ where the mask is False}

    Args:
        query: (..., n, d).
        key: (..., m, d).
        mask: bool, (n, m) or a shape that broadcasts to (..., n, m): True where query i may look at key j. None: everywhere.

    Returns:
        (..., n, m); each row sums to 1.
    """
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(dim=-1)


def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    r"""The mean of the values, weighted by how well their keys fit the query.

    .. math:: y_i = \sum_j a_{ij} v_j

    Args:
        query: (..., n, d).
        key: (..., m, d).
        value: (..., m, e).
        mask: see `attention_weights`.

    Returns:
        (..., n, e).
    """
    return attention_weights(query, key, mask) @ value
