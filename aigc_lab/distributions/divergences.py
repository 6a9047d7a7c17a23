r"""How far apart are two distributions? Four answers, for densities on a grid or for samples on a line.

A density on a grid is a tensor of its values at points that lie `step` apart; an integral is then a sum times `step`. With `step=1` the
same functions take probabilities that add up to 1. Everything is in nats, except the Wasserstein distance: that has the unit of x.
"""

import math

import torch
from torch import Tensor


def gaussian_log_density(x: Tensor, mean: Tensor | float, std: Tensor | float) -> Tensor:
    r"""Log of the normal density at each x.

    .. math:: \log \mathcal N(x; \mu, \sigma) = -\tfrac12 \left(\frac{x - \mu}{\sigma}\right)^2 - \log\sigma - \tfrac12 \log 2\pi

    Args:
        x: any shape; `mean` and `std` (above 0) are numbers or broadcast against it.

    Returns:
        Nats per unit of x; above 0 where the density is above 1.
    """
    std = torch.as_tensor(std, dtype=x.dtype)
    z = (x - mean) / std
    return -0.5 * z**2 - std.log() - 0.5 * math.log(2 * math.pi)


def entropy(p: Tensor, step: float = 1.0) -> Tensor:
    r"""What p itself must pay for its own examples: :math:`H(p) = -\int p(x) \log p(x)\, dx`.

    Args:
        p: density on a grid, (..., n).

    Returns:
        Nats, (...). For a density it may be negative: squeeze x, and it falls.

    Source:
        Shannon, "A Mathematical Theory of Communication", 1948.
    """
    return -torch.xlogy(p, p).sum(dim=-1) * step


def kl_divergence(p: Tensor, q: Tensor, step: float = 1.0) -> Tensor:
    r"""What a model q pays on data from p beyond what p itself would pay.

    .. math:: KL(p \| q) = \int p(x) \log \frac{p(x)}{q(x)}\, dx \ge 0

    Points where p is 0 add nothing, whatever q is there. If p is above 0 where q is 0, the divergence is infinite, also
    if q has only underflowed to 0, as a Gaussian does 38 standard deviations out. So keep the grid to where the data
    are.

    Args:
        p, q: densities on the same grid, (..., n).

    Returns:
        Nats, (...); 0 only where p and q are equal.

    Source:
        Kullback, Leibler, "On Information and Sufficiency", 1951.
    """
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=-1) * step


def js_divergence(p: Tensor, q: Tensor, step: float = 1.0) -> Tensor:
    r"""Mean KL divergence of p and of q from their mixture :math:`m = \tfrac12 (p + q)`; symmetric, never infinite.

    .. math:: JS(p, q) = \tfrac12 KL(p \| m) + \tfrac12 KL(q \| m)

    Args:
        p, q: densities on the same grid, (..., n).

    Returns:
        Nats, (...), from 0 (equal) to log 2 = 0.693 (p and q are nowhere both above 0).

    Source:
        Lin, "Divergence Measures Based on the Shannon Entropy", 1991.
    """
    middle = (p + q) / 2
    return (kl_divergence(p, middle, step) + kl_divergence(q, middle, step)) / 2


def wasserstein_1(a: Tensor, b: Tensor) -> Tensor:
    r"""How far the samples a must be moved, on average, to lie where the samples b lie.

    .. math:: W_1 = \int |F_a(x) - F_b(x)|\, dx, \qquad F_a(x) = \text{share of } a \text{ that is at most } x

    For equally many samples that is the mean distance after sorting both. Differentiable in the samples.

    Args:
        a: (n,), n >= 1.
        b: (m,), m >= 1.

    Returns:
        A scalar in the unit of the samples. For two samples of the same distribution it is above 0, and falls like one
        over the root of n.

    Raises:
        ValueError: not two one-dimensional samples, or an empty one.
    """
    if a.dim() != 1 or b.dim() != 1 or len(a) == 0 or len(b) == 0:
        raise ValueError(
            f"wasserstein_1() takes two samples of shape (n,) with n >= 1, got {tuple(a.shape)} and {tuple(b.shape)}"
        )
    a, b = a.sort().values, b.sort().values
    points = torch.cat([a, b]).sort().values
    below_a = torch.searchsorted(a.detach(), points[:-1].detach(), right=True).to(a.dtype) / len(a)
    below_b = torch.searchsorted(b.detach(), points[:-1].detach(), right=True).to(b.dtype) / len(b)
    return ((below_a - below_b).abs() * points.diff()).sum()


def wasserstein_1_densities(p: Tensor, q: Tensor, step: float) -> Tensor:
    r"""Wasserstein-1 distance of two densities on a grid: the area between their cumulative distributions.

    Args:
        p, q: densities on the same grid, (..., n).

    Returns:
        (...), in the unit of x.
    """
    return ((p - q).cumsum(dim=-1) * step).abs().sum(dim=-1) * step


def mixture_moments(weights: Tensor, means: Tensor, stds: Tensor) -> tuple[Tensor, Tensor]:
    r"""Mean and standard deviation of a mixture of Gaussians: the one Gaussian that minimises KL(mixture || Gaussian).

    .. math:: \mu = \sum_k w_k \mu_k, \qquad \sigma^2 = \sum_k w_k (\sigma_k^2 + \mu_k^2) - \mu^2

    Args:
        weights: (k,), they add up to 1.
        means, stds: (k,).

    Returns:
        Two scalars. The variance is the mean variance *within* the parts plus the variance *between* their means.
    """
    mean = (weights * means).sum()
    within = (weights * stds**2).sum()
    between = (weights * (means - mean) ** 2).sum()
    return mean, (within + between).sqrt()


def reverse_kl(log_p: Tensor, x: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """KL(q || p) of each Gaussian q = N(mean, std) against a density on a grid.

    Args:
        log_p: log density at the points x, (n,). Logs, so that far tails don't become 0.
        x: an even grid, (n,), wide enough for the Gaussians asked for.
        means: (m,).
        stds: (s,), each at least two steps of the grid.

    Returns:
        (m, s), nats.
    """
    log_q = gaussian_log_density(x, means[:, None, None], stds[None, :, None])
    share = torch.softmax(log_q, dim=-1)  # of each grid point in q
    return (share * (log_q - log_p)).sum(dim=-1)


def reverse_fit(log_p: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """The Gaussian q that minimises KL(q || p): the best of a coarse grid of means and deviations, then of finer ones around it.

    There may be several valleys; the coarse grid sees them all, so the deepest is found.

    Args:
        log_p, x: as for `reverse_kl`.

    Returns:
        Mean and standard deviation, scalars.
    """
    step, width = x[1] - x[0], x[-1] - x[0]
    smallest = 2 * step
    means = torch.linspace(x[0].item(), x[-1].item(), 61, dtype=x.dtype)
    log_stds = torch.linspace(smallest.log().item(), (width / 3).log().item(), 31, dtype=x.dtype)
    around = torch.linspace(-1, 1, 9, dtype=x.dtype)
    mean_cell, log_cell = means[1] - means[0], log_stds[1] - log_stds[0]
    for _ in range(8):
        values = reverse_kl(log_p, x, means, log_stds.exp())
        i, j = divmod(int(values.argmin()), len(log_stds))
        mean, log_std = means[i], log_stds[j]
        means = mean + mean_cell * around
        log_stds = (log_std + log_cell * around).clamp(min=smallest.log())
        mean_cell, log_cell = mean_cell / 4, log_cell / 4
    return mean, log_std.exp()
