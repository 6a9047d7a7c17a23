"""Is each generated example near a real one, and each real one near a generated one? Metrics that count neighbours."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

ENTRIES = 4_000_000  # distances held at a time: 32 MB
SPARE = 8  # candidates beyond k whose distance is computed exactly, so that rounding can't change the k nearest


class PrecisionRecall(NamedTuple):
    """Two shares from 0 to 1."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Density (0 or more, 1 is expected of equal distributions), coverage (a share from 0 to 1)."""

    density: float
    coverage: float


def nearest_neighbours(queries: Tensor, references: Tensor, k: int = 1) -> tuple[Tensor, Tensor]:
    """The k references that are nearest to each query, by Euclidean distance.

    If a set is searched for its own neighbours, each example finds itself first, at distance 0.

    Args:
        queries: floating point, (n, d); pictures are flattened first, `images.flatten(1)`.
        references: floating point, (m, d), m >= k.

    Returns:
        Distances (n, k), ascending, float64, exactly 0 for a copy; and row numbers in references (n, k), int64.

    Raises:
        TypeError, ValueError: other types or shapes, NaN, or k > m.
    """
    queries, references = features_of("queries", queries, 1), features_of("references", references, 1)
    same_width("queries", queries, "references", references)
    if not 1 <= k <= len(references):
        raise ValueError(f"k must be from 1 to {len(references)}, the number of references; got {k}")
    return _nearest(queries, references, k, itself=True)


def precision_recall(real: Tensor, fake: Tensor, k: int = 3) -> PrecisionRecall:
    r"""Precision: the share of generated examples that lie among the real ones. Recall: the reverse.

    .. math::
        \mathrm{precision} = \frac{1}{m} \sum_j \mathbb{1}\left[\exists i: \|y_j - x_i\| \le r_k(x_i)\right], \qquad
        \mathrm{recall} = \frac{1}{n} \sum_i \mathbb{1}\left[\exists j: \|x_i - y_j\| \le r_k(y_j)\right]

    A radius :math:`r_k` is the distance from an example to its k-th nearest neighbour in its own set, itself not counted. The balls of these radii around
    a set's examples stand for the region where its distribution lives. An outlier has a large ball; see :func:`density_coverage`.

    Args:
        real: features x of real examples, floating point, (n, d).
        fake: features y of generated examples, floating point, (m, d). Take m = n: both values depend on the sizes.
        k: which neighbour gives the radius, less than n and than m.

    Returns:
        The named pair (precision, recall), both from 0 to 1. Even two halves of one data set don't reach 1: measure
            those first.

    Raises:
        TypeError, ValueError: other types or shapes, NaN, different d, or k outside 1..n-1.

    Source:
        Kynkäänniemi, Karras, Laine, Lehtinen, Aila, "Improved Precision and Recall Metric for Assessing Generative Models", 2019.
    """
    real, fake = two_sets(real, fake)
    real_radii, fake_radii = _radii("real", real, k), _radii("fake", fake, k)
    fake_inside = torch.zeros(len(fake), dtype=torch.bool)
    real_inside = torch.zeros(len(real), dtype=torch.bool)
    for rows, distances in _distances(real, fake):
        fake_inside |= (distances <= real_radii[rows, None]).any(dim=0)
        real_inside[rows] = (distances <= fake_radii).any(dim=1)
    return PrecisionRecall(fake_inside.double().mean().item(), real_inside.double().mean().item())


def density_coverage(real: Tensor, fake: Tensor, k: int = 5) -> DensityCoverage:
    r"""Density: how many real balls hold a generated example, over k. Coverage: the share of real balls that hold any.

    .. math::
        \mathrm{density} = \frac{1}{k m} \sum_j \sum_i \mathbb{1}\left[\|y_j - x_i\| \le r_k(x_i)\right], \qquad
        \mathrm{coverage} = \frac{1}{n} \sum_i \mathbb{1}\left[\exists j: \|y_j - x_i\| \le r_k(x_i)\right]

    Only real examples have balls, so generated outliers can't raise coverage as they raise recall; and one real outlier with a large ball adds
    at most 1/k to the density of a generated example, where it would suffice to make that example count as precise.

    Args:
        real: features x of real examples, floating point, (n, d).
        fake: features y of generated examples, floating point, (m, d).
        k: which neighbour gives the radius, less than n.

    Returns:
        The named pair (density, coverage). Density is 0 or more, and can exceed 1 where examples crowd in dense places; coverage is from 0 to 1.
        For equal distributions density is expected to be 1 and coverage about 1 - 2^-k when m = n.

    Raises:
        TypeError, ValueError: other types or shapes, NaN, different d, or k outside 1..n-1.

    Source:
        Naeem, Oh, Uh, Choi, Yoo, "Reliable Fidelity and Diversity Metrics for Generative Models", 2020.
    """
    real, fake = two_sets(real, fake)
    radii = _radii("real", real, k)
    inside, covered = 0, 0
    for rows, distances in _distances(real, fake):
        within = distances <= radii[rows, None]
        inside += within.sum().item()
        covered += within.any(dim=1).sum().item()
    return DensityCoverage(inside / (k * len(fake)), covered / len(real))


def two_sets(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Both sets as float64 on the CPU, after checks that any metric of two sets needs."""
    real, fake = features_of("real", real, 2), features_of("fake", fake, 2)
    same_width("real", real, "fake", fake)
    return real, fake


def features_of(name: str, examples: Tensor, least: int) -> Tensor:
    """Features (n, d) as float64 on the CPU, so that results agree between machines.

    Raises:
        TypeError, ValueError: not floating point, not (n, d), fewer than `least` examples, or NaN or infinity.
    """
    examples = torch.as_tensor(examples).detach()
    if not examples.is_floating_point():
        raise TypeError(f"{name} must be floating point, got {examples.dtype}")
    if examples.ndim != 2 or examples.shape[1] == 0:
        raise ValueError(
            f"{name} must have shape (n, d), one row an example, got {tuple(examples.shape)}; pictures: x.flatten(1)"
        )
    if len(examples) < least:
        raise ValueError(f"{name} must have at least {least} example{'s'[: least - 1]}, got {len(examples)}")
    if not torch.isfinite(examples).all():
        bad = int((~torch.isfinite(examples)).any(dim=1).sum())
        raise ValueError(f"{name} must be finite: NaN or infinity in {bad} of {len(examples)} rows")
    return examples.to("cpu", torch.float64)


def same_width(a_name: str, a: Tensor, b_name: str, b: Tensor) -> None:
    """Raise where two sets were measured with different features."""
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"{a_name} and {b_name} must have the same features, got d = {a.shape[1]} and d = {b.shape[1]}"
        )


def chunks(n: int, m: int) -> Iterator[slice]:
    """The rows of an n by m table, few enough at a time to hold them."""
    height = max(1, ENTRIES // m)
    return (slice(start, min(start + height, n)) for start in range(0, n, height))


def _radii(name: str, examples: Tensor, k: int) -> Tensor:
    """Distance of each example to its k-th nearest neighbour, itself not counted, (n,)."""
    if not 1 <= k < len(examples):
        raise ValueError(f"k must be from 1 to {len(examples) - 1}, as {name} has {len(examples)} examples; got {k}")
    return _nearest(examples, examples, k, itself=False)[0][:, -1]


def _nearest(queries: Tensor, references: Tensor, k: int, itself: bool) -> tuple[Tensor, Tensor]:
    """Candidates by the quick formula |q|² - 2 q·r + |r|², which rounds; their distances, and so the order, exactly."""
    centre = references.mean(dim=0)  # near the origin the formula rounds least
    q, r = queries - centre, references - centre
    squares = r.square().sum(dim=1)
    parts = []
    for rows in chunks(len(q), max(len(r), (k + SPARE) * q.shape[1])):
        table = torch.addmm(squares, q[rows], r.T, alpha=-2)  # without |q|²: the same for all references
        if not itself:
            here = torch.arange(rows.start, rows.stop)
            table[here - rows.start, here] = torch.inf
        wanted = min(k + SPARE, len(r) - (not itself))
        candidates = (
            table.topk(wanted, dim=1, largest=False).indices.sort(dim=1).values
        )  # of equals, the first row wins
        exact = _exact(queries[rows, None], references[candidates])[:, 0]
        distances, order = exact.sort(dim=1, stable=True)
        parts.append((distances[:, :k], candidates.gather(1, order[:, :k])))
    return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])


def _distances(a: Tensor, b: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """All distances, some rows at a time."""
    for rows in chunks(len(a), len(b)):
        yield rows, _exact(a[rows], b)


def _exact(a: Tensor, b: Tensor) -> Tensor:
    """From differences: 0 for copies, the same number in both directions, so that what lies *on* a ball counts as inside."""
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
