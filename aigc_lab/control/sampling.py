"""Which noise goes in, and which pictures are kept: truncation, Langevin steps, rejection."""

from collections.abc import Callable

import torch
from torch import Tensor


def truncated_normal(n: int, latent: int, threshold: float, generator: torch.Generator | None = None) -> Tensor:
    """Noise from N(0, I) in which no absolute value exceeds the threshold: a number that does is drawn again.

    Args:
        n, latent: rows and columns.
        threshold: the largest absolute value allowed, above 0.
        generator: source of the noise; None takes torch's own.

    Returns:
        float32, (n, latent), each number in [-threshold, threshold] up to rounding.

    Raises:
        ValueError: the threshold isn't above 0.

    Source:
        Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", 2019.
    """
    if not threshold > 0:
        raise ValueError(f"threshold must be above 0, got {threshold}")
    # A uniform number between the cumulative probabilities of both ends, turned back: the same law as drawing again, without a loop.
    edge = torch.special.ndtr(torch.tensor(threshold, dtype=torch.float64))
    uniform = torch.rand(n, latent, generator=generator, dtype=torch.float64)
    return torch.special.ndtri(1 - edge + (2 * edge - 1) * uniform).float()


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
        z: where to start, (n, latent). score: (n, latent) -> (n, latent).
        steps: how many.
        step_size: ε; the error of the result grows with it.
        generator: source of the noise, on the CPU; None takes torch's own.

    Returns:
        (n, latent), without a graph.

    Source:
        Roberts and Tweedie, "Exponential convergence of Langevin distributions and their discrete approximations", 1996.
    """
    for _ in range(steps):
        noise = torch.randn(z.shape, generator=generator, dtype=z.dtype)
        uphill = score(z).detach()  # a score may carry a graph, which would grow with each step
        z = z.detach() + step_size / 2 * uphill + step_size**0.5 * noise.to(z.device)
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
