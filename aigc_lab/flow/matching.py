r"""Flow matching: pictures drawn by following a learnt velocity from noise to data.

A straight line leads from each noise ε to each picture x, and is walked in unit time:

.. math:: x_t = (1 - t)\,\varepsilon + t\,x, \qquad \frac{d x_t}{dt} = x - \varepsilon, \qquad \varepsilon \sim N(0, I), \; t \in [0, 1]

Many lines cross at a point. The network learns their mean velocity there,
:math:`v(x_t, t) = \mathbb{E}[x - \varepsilon \mid x_t]`, from the squared error, whose optimum is a mean. Points that start as
noise and follow v end as draws from the data: their density and that of the x_t are the same at the start, and both
solve the continuity equation :math:`\partial_t p_t = -\nabla \cdot (v\,p_t)` (Lipman et al., 2023).

Diffusion is the same with another path: :math:`x_t = \sqrt{\bar\alpha}\,x + \sqrt{1 - \bar\alpha}\,\varepsilon`. Each of v, the mean picture
:math:`\mathbb{E}[x \mid x_t] = x_t + (1 - t)\,v` and the mean noise :math:`\mathbb{E}[\varepsilon \mid x_t] = x_t - t\,v` gives the other two, for
0 < t < 1. At t = 0 the noise says nothing about the picture, and at t = 1 the picture nothing about the noise; v gives both at every t.
"""

from collections.abc import Callable

import torch
from torch import Tensor

METHODS = {"euler": 1, "midpoint": 2, "heun": 2}  # evaluations of the network a step


def between(noise: Tensor, images: Tensor, t: Tensor) -> Tensor:
    """x_t = (1 - t) ε + t x: noise at t = 0, the picture at t = 1.

    Args:
        noise, images: (n, ...), same shape.
        t: (n,), one time for each.

    Returns:
        (n, ...).

    Raises:
        ValueError: shapes that don't match.
    """
    if noise.shape != images.shape or t.shape != (len(images),):
        raise ValueError(
            f"one noise and one time for each picture: got {tuple(noise.shape)}, {tuple(images.shape)} and times {tuple(t.shape)}"
        )
    t = t.view(-1, *[1] * (images.ndim - 1))
    return (1 - t) * noise + t * images


def flow_loss(velocity: Tensor, noise: Tensor, images: Tensor) -> Tensor:
    r"""Mean squared error of a predicted velocity against that of the line, x - ε: a mean over pictures, pixels and channels.

    .. math:: L = \mathbb{E}\; \frac{1}{d} \lVert v(x_t, t) - (x - \varepsilon) \rVert^2

    Its minimum isn't 0 but the mean variance of x - ε given x_t, since many lines pass through a point.

    Source:
        Lipman, Chen, Ben-Hamu, Nickel and Le, "Flow Matching for Generative Modeling", 2023, with straight conditional paths (there σ_min = 0);
        Liu, Gong and Liu, "Flow Straight and Fast", 2023.
    """
    return (velocity - (images - noise)).square().mean()


@torch.no_grad()
def follow(velocity: Callable[[Tensor, Tensor], Tensor], noise: Tensor, steps: int, method: str = "midpoint") -> Tensor:
    r"""Follow a velocity from t = 0 to t = 1 in equal steps.

    Euler: :math:`x \leftarrow x + h\,v(x, t)`.
    Midpoint: :math:`x \leftarrow x + h\,v(x + \tfrac h2 v(x, t),\, t + \tfrac h2)`.
    Heun: the mean of the velocities at both ends of Euler's step.

    The error of Euler falls as h, that of the others as h², at the price of two evaluations a step. Heun's last
    evaluation is at t = 1, at a point that isn't quite a picture. A trained network knows nothing about such points, so
    with few steps Heun fails where the exact velocity would not.

    Args:
        velocity: x (n, ...), t (n,) -> (n, ...).
        noise: where to start, (n, ...).
        steps: how many.
        method: "euler", "midpoint" or "heun".

    Returns:
        Where the paths end, (n, ...).

    Raises:
        ValueError: another method, or steps below 1.
    """
    if method not in METHODS or steps < 1:
        raise ValueError(f"method must be one of {', '.join(METHODS)} and steps at least 1, got {method!r} and {steps}")
    x, h = noise, 1 / steps
    for step in range(steps):
        t = torch.full((len(x),), step * h, dtype=x.dtype, device=x.device)
        v = velocity(x, t)
        if method == "midpoint":
            v = velocity(x + h / 2 * v, t + h / 2)
        elif method == "heun":
            v = (v + velocity(x + h * v, t + h)) / 2
        x = x + h * v
    return x
