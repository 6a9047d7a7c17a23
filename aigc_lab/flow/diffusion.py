r"""Diffusion: noise is added to a picture step by step, and a network learns to take it away again.

.. math:: q(x_t \mid x_{t-1}) = N\!\left(\sqrt{1 - \beta_t}\,x_{t-1},\; \beta_t I\right), \qquad
          q(x_t \mid x_0) = N\!\left(\sqrt{\bar\alpha_t}\,x_0,\; (1 - \bar\alpha_t) I\right), \qquad
          \bar\alpha_t = \prod_{s \le t} (1 - \beta_s)

`flow` walks a straight path instead, where :math:`x_t = (1 - t)\,\varepsilon + t\,x` and the picture is at t = 1. Samplers of either kind work with
either network, since both predict the same three things; `denoise` samples along the straight path, with as much fresh noise as you like.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def linear_betas(steps: int = 1000, first: float = 1e-4, last: float = 0.02) -> Tensor:
    """β_1 ... β_T, in equal steps from the first to the last; (steps,), float64.

    Raises:
        ValueError: no step, or not 0 < first <= last < 1.

    Source:
        Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models", 2020.
    """
    if steps < 1 or not 0 < first <= last < 1:
        raise ValueError(f"steps must be at least 1 and 0 < first <= last < 1, got {steps}, {first} and {last}")
    return torch.linspace(first, last, steps, dtype=torch.float64)


def signal_left(betas: Tensor) -> Tensor:
    """ᾱ_1 ... ᾱ_T, (T,): the share of the variance that is still the picture's, for pictures of variance 1."""
    return (1 - betas).cumprod(dim=0)


def noised(images: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """x_t in one leap: √ᾱ x_0 + √(1 - ᾱ) ε.

    Args:
        images, noise: (n, ...), same shape.
        alpha_bar: ᾱ of each picture's step, (n,).

    Returns:
        (n, ...).
    """
    alpha_bar = alpha_bar.to(images.dtype).view(-1, *[1] * (images.ndim - 1))
    return alpha_bar.sqrt() * images + (1 - alpha_bar).sqrt() * noise


def simple_loss(predicted: Tensor, noise: Tensor) -> Tensor:
    r"""Mean squared error of the predicted noise, a mean over pictures, pixels and channels.

    .. math:: L_\text{simple} = \mathbb{E}\; \frac{1}{d} \lVert \varepsilon_\theta(x_t, t) - \varepsilon \rVert^2

    Up to a weight for each t it is the KL divergence between the true and the learnt step back. With the right weights
    it is the bound of a VAE.

    Source:
        Ho, Jain and Abbeel, 2020, equation 14.
    """
    return (predicted - noise).square().mean()


def step_back(x_t: Tensor, x_0: Tensor, betas: Tensor, step: int) -> tuple[Tensor, Tensor]:
    r"""Mean and variance of q(x_{t-1} | x_t, x_0), the step back that you could take if you knew the picture.

    .. math:: \tilde\mu = \frac{\sqrt{\bar\alpha_{t-1}}\,\beta_t}{1 - \bar\alpha_t}\,x_0
              + \frac{\sqrt{1 - \beta_t}\,(1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t}\,x_t, \qquad
              \tilde\beta = \frac{1 - \bar\alpha_{t-1}}{1 - \bar\alpha_t}\,\beta_t

    Args:
        x_t, x_0: same shape.
        betas: β_1 ... β_T.
        step: t, from 1 to T.

    Returns:
        The mean, shaped like x_t, and the variance, a scalar; at t = 1 they are x_0 and 0.

    Raises:
        ValueError: t isn't from 1 to T.
    """
    if not 1 <= step <= len(betas):
        raise ValueError(f"step counts from 1 to {len(betas)}, got {step}")
    alpha_bars = torch.cat([betas.new_ones(1), signal_left(betas)])
    now, before, beta = alpha_bars[step], alpha_bars[step - 1], betas[step - 1]
    mean = before.sqrt() * beta / (1 - now) * x_0 + (1 - beta).sqrt() * (1 - before) / (1 - now) * x_t
    return mean, (1 - before) / (1 - now) * beta


@torch.no_grad()
def denoise(
    velocity: Callable[[Tensor, Tensor], Tensor],
    noise: Tensor,
    steps: int,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""From noise to a picture along the straight path, by guessing the picture and adding less noise again.

    At time t the velocity gives the mean picture :math:`\hat x = x_t + (1 - t)\,v` and the mean noise :math:`\hat\varepsilon = x_t - t\,v`. The next
    point, at s > t, is a picture with noise, part of which is fresh:

    .. math:: x_s = s\,\hat x + \sqrt{(1 - s)^2 - \sigma^2}\;\hat\varepsilon + \sigma\,\xi, \qquad
              \sigma = \eta\,(1 - s) \sqrt{1 - \left(\frac{t\,(1 - s)}{s\,(1 - t)}\right)^{\!2}}

    With η = 0 this is DDIM, and on this path the same as Euler's steps in `flow.follow`. With η = 1 it is the ancestral sampler of DDPM.

    Args:
        velocity: x (n, ...), t (n,) -> (n, ...).
        noise: where to start, (n, ...).
        steps: how many, equal in time.
        eta: η, from 0 to 1.
        generator: source of the fresh noise, on the device of `noise`.

    Returns:
        The pictures, (n, ...).

    Raises:
        ValueError: steps below 1, or eta outside [0, 1].

    Source:
        Song, Meng and Ermon, "Denoising Diffusion Implicit Models", 2021, equation 16, written for this path.
    """
    if steps < 1 or not 0 <= eta <= 1:
        raise ValueError(f"steps must be at least 1 and eta between 0 and 1, got {steps} and {eta}")
    x = noise
    for step in range(steps):
        t, s = step / steps, (step + 1) / steps
        v = velocity(x, torch.full((len(x),), t, dtype=x.dtype, device=x.device))
        picture, old = x + (1 - t) * v, x - t * v
        sigma = eta * (1 - s) * (1 - (t * (1 - s) / (s * (1 - t))) ** 2) ** 0.5
        fresh = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device) if sigma else 0.0
        x = s * picture + ((1 - s) ** 2 - sigma**2) ** 0.5 * old + sigma * fresh
    return x
