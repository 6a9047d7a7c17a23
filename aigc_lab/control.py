r"""Ways to get from a trained generator what you want: which noise goes in, in which direction a code is moved, which pictures are kept.

None of them trains the generator. Truncation draws noise from the middle; a direction changes one property of a code; guidance draws codes for which a
classifier sees the class that was asked for; rejection keeps pictures that a discriminator takes for real.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def truncated_normal(n: int, latent: int, threshold: float, generator: torch.Generator | None = None) -> Tensor:
    """Noise from N(0, I) in which no number exceeds the threshold: one that does is drawn again.

    Args:
        n, latent: rows and columns.
        threshold: the largest absolute value allowed, above 0.
        generator: source of the noise; None takes torch's own.

    Returns:
        (n, latent), each number in [-threshold, threshold].

    Source:
        Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", 2019.
    """
    if not threshold > 0:
        raise ValueError(f"threshold must be above 0, got {threshold}")
    # A uniform number between the cumulative probabilities of both ends, turned back: the same law as drawing again, without a loop.
    edge = torch.special.ndtr(torch.tensor(threshold, dtype=torch.float64))
    uniform = torch.rand(n, latent, generator=generator, dtype=torch.float64)
    z = torch.special.ndtri(1 - edge + (2 * edge - 1) * uniform)
    return z.clamp(-threshold, threshold).float()  # rounding may cross the edge by 1e-8


def stroke_thickness(images: Tensor) -> Tensor:
    r"""How thick the strokes are, in pixels: twice the ink over the length of its outline.

    .. math:: t = 2 \, \frac{\sum_j x_j}{\sum_j \lVert \nabla x_j \rVert}

    A long bar of width w has the ink w times its length, and an outline of twice its length, so t = w.

    Args:
        images: in [0, 1], white on black, (n, 1, h, w).

    Returns:
        Pixels, (n,); 0 for an empty picture.
    """
    x = F.pad(images, (1, 1, 1, 1))
    down, right = x[..., 1:, :-1] - x[..., :-1, :-1], x[..., :-1, 1:] - x[..., :-1, :-1]
    outline = (down.square() + right.square() + 1e-12).sqrt().sum(dim=(1, 2, 3))
    return 2 * x.sum(dim=(1, 2, 3)) / outline


def attribute_direction(codes: Tensor, has: Tensor, labels: Tensor) -> Tensor:
    r"""From codes without an attribute to codes with it, in the mean over classes of what separates the two within a class.

    .. math:: v = \frac{1}{K} \sum_{k} \left( \bar z_{k,\,\mathrm{with}} - \bar z_{k,\,\mathrm{without}} \right)

    Comparing within classes matters: where one class has the attribute more often, the plain difference of means is partly a step to that class.

    Args:
        codes: (n, latent). has: bool, (n,). labels: classes, (n,). Classes in which all or none have the attribute are left out.

    Returns:
        (latent,).

    Raises:
        ValueError: no class has examples with and without the attribute.

    Source:
        Larsen, Sønderby, Larochelle and Winther, "Autoencoding beyond pixels using a learned similarity metric", 2016, for attribute vectors.
    """
    steps = []
    for label in labels.unique():
        own = labels == label
        if (own & has).any() and (own & ~has).any():
            steps.append(codes[own & has].mean(dim=0) - codes[own & ~has].mean(dim=0))
    if not steps:
        raise ValueError("no class has examples both with and without the attribute, so there is nothing to compare")
    return torch.stack(steps).mean(dim=0)


def guided_score(z: Tensor, log_likelihood: Callable[[Tensor], Tensor], scale: float = 1.0) -> Tensor:
    r"""Gradient that leads codes to a class and keeps them where the prior N(0, I) has codes.

    .. math:: \nabla_z \left[ \log p(z) + s \log p(y \mid z) \right] = -z + s \, \nabla_z \log p(y \mid z)

    At s = 1 it is the gradient of log p(z|y), by Bayes' rule.

    Args:
        z: codes, (n, latent).
        log_likelihood: log p(y|z) of each code for the class wanted, (n, latent) -> (n,); each row must depend on its own code only.
        scale: s.

    Returns:
        (n, latent), without a graph.

    Source:
        Dhariwal and Nichol, "Diffusion Models Beat GANs on Image Synthesis", 2021, for the scale.
    """
    z = z.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(log_likelihood(z).sum(), z)  # the sum: each code gets its own gradient
    return scale * gradient - z.detach()


def langevin(
    z: Tensor,
    score: Callable[[Tensor], Tensor],
    steps: int,
    step_size: float,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Follow a score with noise. After many small steps, z is a draw from the density whose log has that gradient.

    .. math:: z \leftarrow z + \frac{\epsilon}{2} \nabla_z \log p(z) + \sqrt{\epsilon} \, \xi, \qquad \xi \sim N(0, I)

    Args:
        z: where to start, (n, latent). score: (n, latent) -> (n, latent). step_size: ε; the error of the result grows with it.

    Source:
        Roberts and Tweedie, "Exponential convergence of Langevin distributions and their discrete approximations", 1996.
    """
    for _ in range(steps):
        noise = torch.randn(z.shape, generator=generator, dtype=z.dtype)
        z = z + step_size / 2 * score(z) + step_size**0.5 * noise.to(z.device)
    return z


def acceptance(logits: Tensor, log_bound: float) -> Tensor:
    r"""The probability with which rejection sampling keeps each picture, from a discriminator's logits.

    .. math:: \min\left(1, \frac{1}{M} \frac{p(x)}{q(x)}\right), \qquad \frac{p(x)}{q(x)} = \frac{D^*(x)}{1 - D^*(x)} = e^{l(x)}

    Args:
        logits: l(x) of a discriminator trained on equally many real and generated pictures, (n,).
        log_bound: log M. If no ratio exceeds M, what is kept is distributed as the data; a smaller M keeps more, and corrects less.

    Returns:
        From 0 to 1, (n,).

    Source:
        Azadi, Olsson, Darrell, Goodfellow and Odena, "Discriminator Rejection Sampling", 2019.
    """
    return (logits - log_bound).clamp(max=0).exp()
