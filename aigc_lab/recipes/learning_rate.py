"""Learning-rate schedules: a rate that falls as a training's budget is spent, and a warm-up followed by a cosine."""

import math

import torch


def falling(progress: float, hold: float = 0.3, end: float = 0.02) -> float:
    r"""The factor on a learning rate: 1 at first, then down a straight line.

    .. math:: f(t) = 1 - (1 - e)\,\frac{\max(t - h,\ 0)}{1 - h}

    A high rate covers distance and leaves the weights trembling by as much as one step; a low one lets them settle. A budget that is known
    beforehand, in steps or in seconds, can have both.

    Args:
        progress: t, the share of the budget that is spent, 0 to 1. `training.fit` tells its recipe.
        hold: h, the share during which the rate stays at the top, from 0 to below 1.
        end: e, the factor at the end.

    Raises:
        ValueError: a share outside its range.
    """
    if not 0 <= progress <= 1 or not 0 <= hold < 1:
        raise ValueError(f"progress must lie in [0, 1] and hold in [0, 1), got {progress} and {hold}")
    return 1 - (1 - end) * max(progress - hold, 0.0) / (1 - hold)


def warmup_cosine(progress: float, step: int, warm: int = 100, share: float = 0.1) -> float:
    r"""The factor on a learning rate: up a straight line for a few steps, then down along half a cosine to 0.

    .. math:: f(p, t) = \min\left(\max\left(\frac{t + 1}{w},\ \frac{p}{s}\right),\ \frac{1 + \cos(\pi p)}{2}\right)

    Adam's averages know little in the first steps, so large steps would go astray; a transformer doesn't recover from them.

    Args:
        progress: p, the share of the budget that is spent, 0 to 1. `training.fit` tells its recipe.
        step: t, the steps that were taken before. An optimiser that has taken more than w of them needs no warm-up, whatever the budget.
        warm: w, at least 1, the number of steps in which the line reaches 1.
        share: s, the share of the budget after which the line has reached 1 at the latest, so that a short training warms up faster.

    Source:
        Vaswani et al., "Attention Is All You Need", 2017, for the warm-up; Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm
        Restarts", 2017, for the cosine.
    """
    return min(max((step + 1) / warm, progress / share), 0.5 + 0.5 * math.cos(math.pi * min(1.0, progress)))


def scale_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Set each learning rate of an optimiser to its initial value times `factor`.

    The initial value is kept in the optimiser as `initial_lr`, where torch's own schedulers keep it, so it is saved and loaded with
    the optimiser's state.
    """
    for group in optimizer.param_groups:
        group["lr"] = factor * group.setdefault("initial_lr", group["lr"])
