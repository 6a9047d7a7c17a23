r"""How the loss of a model falls with its size: a power law, with or without a floor,

.. math:: L(N) = L_\infty + \left(\frac{N_c}{N}\right)^{\alpha}

L is a loss in nats, N a number of parameters (or of tokens, or of operations).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats


def power_law(sizes: np.ndarray, losses: np.ndarray) -> tuple[float, float]:
    r"""The least-squares line through :math:`(\ln N, \ln L)`.

    .. math:: L = \left(\frac{N_c}{N}\right)^{\alpha} \iff \ln L = \alpha \ln N_c - \alpha \ln N

    Args:
        sizes: N > 0, (n,).
        losses: L > 0, (n,).

    Returns:
        (alpha, N_c). A size ten times as large has the loss :math:`10^{-\alpha}` times as large; at N_c the loss would be 1.
    """
    slope, intercept = np.polyfit(np.log(sizes), np.log(losses), 1)
    return float(-slope), float(np.exp(intercept / -slope))


@dataclass(frozen=True)
class Profile:
    """How well the law fits for each floor that one might assume.

    Attributes:
        floors: the L_inf tried, (f,).
        alphas: the best exponent for each, (f,).
        errors: the sum of squared differences of the losses that remains for each, (f,).
        limit: up to this error a floor is within the 95% interval.
        heights: the loss above the floor that the law gives at the geometric mean of the sizes, (f,).
        middle: that mean.
    """

    floors: np.ndarray
    alphas: np.ndarray
    errors: np.ndarray
    limit: float
    heights: np.ndarray
    middle: float

    @property
    def best(self) -> int:
        """Index of the floor that fits best."""
        return int(self.errors.argmin())

    @property
    def inside(self) -> np.ndarray:
        """Which floors are within the 95% interval, bool (f,)."""
        return self.errors <= self.limit

    def curve(self, index: int, sizes: np.ndarray) -> np.ndarray:
        """The losses that the law with this floor gives, (n,)."""
        return self.floors[index] + self.heights[index] * (self.middle / sizes) ** self.alphas[index]


def profile(sizes: np.ndarray, losses: np.ndarray, floors: np.ndarray) -> Profile:
    r"""For each floor, the least-squares fit of the law above it, and the error that remains.

    The errors of the losses are taken as independent and equally large, so the 95% interval holds the floors whose error E satisfies

    .. math:: E \le E_{\min} \left(1 + \frac{F_{0.95}(1, n - 3)}{n - 3}\right)

    Args:
        sizes, losses: (n,), n >= 4.
        floors: candidates for L_inf, each below the smallest loss; 0 is the law without a floor.

    Raises:
        ValueError: fewer than 4 losses, or a floor that isn't below all of them.

    Source:
        Bates & Watts, "Nonlinear Regression Analysis and Its Applications", 1988 (profiles).
    """
    sizes, losses, floors = (np.asarray(values, dtype=float) for values in (sizes, losses, floors))
    if len(sizes) < 4:
        raise ValueError(f"three numbers are fitted: that takes at least 4 losses, got {len(sizes)}")
    if not floors.max() < losses.min():
        raise ValueError(f"each floor must lie below the smallest loss, {losses.min():.3f}")
    middle = float(np.exp(np.log(sizes).mean()))
    exponents = np.linspace(0.001, 2, 2000)
    shapes = (middle / sizes) ** exponents[:, None]  # (exponents, n): for a given exponent only a factor is left to fit
    above = losses - floors[:, None]  # (floors, n)
    heights = above @ shapes.T / (shapes**2).sum(axis=1)
    errors = ((above[:, None] - heights[..., None] * shapes) ** 2).sum(axis=2)
    chosen, rows = errors.argmin(axis=1), np.arange(len(floors))
    least, free = errors[rows, chosen], len(sizes) - 3
    limit = float(least.min() * (1 + stats.f.ppf(0.95, 1, free) / free))
    return Profile(floors, exponents[chosen], least, limit, heights[rows, chosen], middle)
