r"""Averaged weights: an exponential moving average (EMA) of all weights, with a decay that grows as training goes on.

The average of a model's recent weights changes less from step to step than the weights themselves.

    ema.update(averaged, model, ema.growing_decay(step, horizon=0.1))
"""

import torch
from torch import nn


@torch.no_grad()
def update(averaged: nn.Module, model: nn.Module, decay: float) -> None:
    r"""One step of the exponential moving average (EMA) of all weights.

    .. math:: \bar\theta \leftarrow \beta\,\bar\theta + (1 - \beta)\,\theta

    With β = 0.999 the average looks back over about 1 / (1 - β) = 1,000 steps. Where training is short, let β grow: see `growing_decay`.

    Args:
        averaged: the average; changed in place. Start with a copy of the model (`copy.deepcopy`), made before its first step.
        model: what is trained. Buffers (the running statistics of a batch norm) are copied as they are.
        decay: β, from 0 (the average becomes the model) to 1 (the average stays as it is).

    Raises:
        ValueError: a decay outside [0, 1], or models of different structure.

    Source:
        Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; for GANs: Yazıcı et al., "The Unusual
        Effectiveness of Averaging in GAN Training", 2019.
    """
    if not 0 <= decay <= 1:
        raise ValueError(f"decay must lie in [0, 1], got {decay}")
    means, weights = dict(averaged.named_parameters()), dict(model.named_parameters())
    if {k: v.shape for k, v in means.items()} != {k: v.shape for k, v in weights.items()}:
        raise ValueError(
            "the average and the model must have the same structure: make the average with copy.deepcopy(model)"
        )
    if means:
        torch._foreach_lerp_(list(means.values()), [weights[name] for name in means], 1 - decay)
    for mean, buffer in zip(averaged.buffers(), model.buffers(), strict=True):
        mean.copy_(buffer)


def growing_decay(step: int, horizon: float) -> float:
    r"""A decay for `update` with which the average always looks back over the same share of the training so far.

    .. math:: \beta_t = 1 - \frac{1}{1 + h t}

    Args:
        step: t, the steps that were taken before; at t = 0 the average becomes the model.
        horizon: h, roughly the share that is remembered. With 1 the average is the plain mean over all steps, with 0.2 it remembers about the
            last fifth of them.

    Returns:
        β_t, from 0 at the first step to below 1.
    """
    return 1 - 1 / (1 + horizon * step)
