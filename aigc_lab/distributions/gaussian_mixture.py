"""A mixture of Gaussians: a generator that is fitted in a second and knows the likelihood of what it sees.

It draws no sharp pictures, but it is enough to watch what a model makes of the data it is given.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Mixture:
    r"""Density :math:`p(x) = \sum_k w_k \, \mathcal N(x; \mu_k, L_k L_k^T)`.

    Attributes:
        weights: (k,), they add up to 1.
        means: (k, d).
        roots: Cholesky factors L of the covariances, (k, d, d).
    """

    weights: Tensor
    means: Tensor
    roots: Tensor

    def log_density(self, examples: Tensor) -> Tensor:
        """log p(x) of each example in nats, (n, d) -> (n,)."""
        return _joint(examples, self).logsumexp(dim=1)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw a component by its weight, then a point from its Gaussian: (n, d)."""
        k = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.means.shape[1], 1, generator=generator, dtype=self.means.dtype)
        return self.means[k] + (self.roots[k] @ noise)[..., 0]


def fit(examples: Tensor, components: int = 10, steps: int = 20, *, ridge: float = 0.1, seed: int = 0) -> Mixture:
    """Expectation-maximisation from random examples as first means.

    Each step asks which component each example belongs to (in shares), then gives each component the mean and the covariance
    of its examples.

    Args:
        examples: (n, d); few features, such as the first principal components.
        components: how many Gaussians.
        steps: of expectation-maximisation.
        ridge: added to each covariance's diagonal, in units of the mean variance of a feature. It keeps a component that has
            few examples from collapsing onto them.
        seed: which examples become the first means.

    Source:
        Dempster, Laird, Rubin, "Maximum likelihood from incomplete data via the EM algorithm", 1977.
    """
    n, d = examples.shape
    spread = examples.var(dim=0).mean()
    floor = ridge * spread * torch.eye(d, dtype=examples.dtype)
    first = torch.randperm(n, generator=torch.Generator().manual_seed(seed))[:components]
    mixture = Mixture(
        torch.full((components,), 1 / components, dtype=examples.dtype),
        examples[first],
        torch.linalg.cholesky(spread * torch.eye(d, dtype=examples.dtype)).repeat(components, 1, 1),
    )
    for _ in range(steps):
        share = _joint(examples, mixture).softmax(dim=1)  # (n, k): whose is it?
        size = share.sum(dim=0).clamp(min=1e-6)
        means = (share.T @ examples) / size[:, None]
        away = examples[None] - means[:, None]  # (k, n, d)
        covariances = (share.T[..., None] * away).transpose(1, 2) @ away / size[:, None, None]
        mixture = Mixture(size / n, means, torch.linalg.cholesky(covariances + floor))
    return mixture


def _joint(examples: Tensor, mixture: Mixture) -> Tensor:
    """log w_k + log N(x_i; mu_k, C_k), (n, k)."""
    away = (examples[None] - mixture.means[:, None]).transpose(1, 2)  # (k, d, n)
    z = torch.linalg.solve_triangular(mixture.roots, away, upper=False)
    log_det = mixture.roots.diagonal(dim1=1, dim2=2).log().sum(dim=1)
    d = examples.shape[1]
    log_normal = -0.5 * (z**2).sum(dim=1) - log_det[:, None] - 0.5 * d * math.log(2 * math.pi)
    return (mixture.weights.log()[:, None] + log_normal).T
