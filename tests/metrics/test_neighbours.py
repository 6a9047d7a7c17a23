"""Neighbours and the counts based on them, against scipy's tree and double loops; properties that hold for any two sets."""

import math

import numpy as np
import pytest
import scipy.spatial
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lab import metrics

from feature_sets import features

TWO_SETS = [metrics.frechet_distance, metrics.kernel_distance, metrics.precision_recall, metrics.density_coverage]


def test_nearest_neighbours_are_scipys():
    queries, references = features(30, 200, 5)
    distances, indices = metrics.nearest_neighbours(queries, references, k=4)
    expected, where = scipy.spatial.cKDTree(references.numpy()).query(queries.numpy(), k=4)
    np.testing.assert_allclose(distances.numpy(), expected, rtol=1e-12)
    np.testing.assert_array_equal(indices.numpy(), where)


def test_a_copy_is_at_distance_zero_however_far_from_the_origin():
    references = 1e4 + torch.rand(500, 784, generator=torch.Generator().manual_seed(0))
    distances, indices = metrics.nearest_neighbours(references[[7, 3, 499]], references)
    assert distances.tolist() == [[0.0], [0.0], [0.0]]
    assert indices.tolist() == [[7], [3], [499]]


def test_of_equally_near_references_the_first_comes_first():
    distances, indices = metrics.nearest_neighbours(torch.zeros(1, 1), torch.tensor([[5.0], [-1], [1], [-1]]), k=3)
    assert distances.tolist() == [[1, 1, 1]]
    assert indices.tolist() == [[1, 2, 3]]


def precision_recall_by_loops(real, fake, k):
    def radius(i, points):
        return sorted(math.dist(points[i], other) for j, other in enumerate(points) if j != i)[k - 1]

    def share_inside(points, centres):
        radii = [radius(i, centres) for i in range(len(centres))]
        inside = [any(math.dist(p, c) <= r for c, r in zip(centres, radii, strict=True)) for p in points]
        return sum(inside) / len(points)

    return share_inside(fake, real), share_inside(real, fake)


def density_coverage_by_loops(real, fake, k):
    radii = [sorted(math.dist(x, other) for j, other in enumerate(real) if j != i)[k - 1] for i, x in enumerate(real)]
    counts = [[math.dist(x, y) <= r for y in fake] for x, r in zip(real, radii, strict=True)]
    return sum(map(sum, counts)) / (k * len(fake)), sum(map(any, counts)) / len(real)


# Whole numbers: distances often tie, and are computed without rounding.
grid = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=5, max_size=12)


@settings(deadline=None)
@given(real=grid, fake=grid, k=st.integers(1, 4))
def test_neighbour_metrics_are_loops_also_with_ties(real, fake, k):
    x, y = torch.tensor(real, dtype=torch.float64), torch.tensor(fake, dtype=torch.float64)
    assert metrics.precision_recall(x, y, k) == pytest.approx(precision_recall_by_loops(real, fake, k))
    assert metrics.density_coverage(x, y, k) == pytest.approx(density_coverage_by_loops(real, fake, k))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_neighbour_metrics_are_loops_in_six_dimensions(dtype):
    real, fake = (examples.to(dtype) for examples in features(60, 45, 6))
    lists = real.double().tolist(), fake.double().tolist()
    assert metrics.precision_recall(real, fake) == pytest.approx(precision_recall_by_loops(*lists, k=3))
    assert metrics.density_coverage(real, fake) == pytest.approx(density_coverage_by_loops(*lists, k=5))


def test_precision_and_recall_tell_quality_from_variety():
    generator = torch.Generator().manual_seed(0)
    real = torch.randn(400, 4, generator=generator)
    timid = 0.3 * torch.randn(400, 4, generator=generator)
    bold = 3 * torch.randn(400, 4, generator=generator)
    assert metrics.precision_recall(real, timid).precision > 0.98
    assert metrics.precision_recall(real, timid).recall < 0.4
    assert metrics.precision_recall(real, bold).precision < 0.4
    assert metrics.precision_recall(real, bold).recall > 0.9
    assert metrics.density_coverage(real, timid).density > 1
    assert metrics.density_coverage(real, timid).coverage < 0.6


def test_copies_are_inside_and_identical_sets_score_one():
    real, _ = features(50, 50, 4)
    assert metrics.precision_recall(real, real) == (1, 1)
    assert metrics.density_coverage(real, real, k=5) == (
        pytest.approx(6 / 5),
        1,
    )  # each ball: 5 neighbours and its centre


def test_equal_distributions_have_the_density_and_coverage_of_the_paper():
    # Naeem et al.: coverage is expected to be 1 - (m-1)...(m-k) / ((2m-1)...(2m-k)) for two sets of m, density 1.
    generator = torch.Generator().manual_seed(0)
    m, k = 100, 3
    values = np.array([metrics.density_coverage(*torch.randn(2, m, 3, generator=generator), k=k) for _ in range(200)])
    expected = 1 - math.prod((m - i) / (2 * m - i) for i in range(1, k + 1))
    error = values.std(0) / math.sqrt(len(values))
    assert np.abs(values.mean(0) - [1, expected])[0] < 4 * error[0]
    assert np.abs(values.mean(0) - [1, expected])[1] < 4 * error[1]


def test_chunks_change_nothing(monkeypatch):
    real, fake = features(60, 45, 6)
    calls = [
        lambda: metrics.precision_recall(real, fake),
        lambda: metrics.density_coverage(real, fake),
        lambda: metrics.kernel_distance(real, fake),
        lambda: metrics.nearest_neighbours(fake, real, k=3)[1].flatten().tolist(),
    ]
    whole = [call() for call in calls]
    monkeypatch.setattr("aigc_lab.metrics.neighbours.ENTRIES", 200)
    assert [call() for call in calls] == [pytest.approx(value) for value in whole]


# Errors, and what all have in common --------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", TWO_SETS)
def test_sets_that_can_not_be_compared(metric):
    real, fake = features(20, 20, 4)
    with pytest.raises(ValueError, match="d = 4 and d = 3"):
        metric(real, fake[:, :3])
    with pytest.raises(ValueError, match="fake must have at least 2 examples, got 1"):
        metric(real, fake[:1])
    with pytest.raises(TypeError, match=r"real must be floating point, got torch\.uint8"):
        metric(real.to(torch.uint8), fake)
    with pytest.raises(ValueError, match=r"x\.flatten\(1\)"):
        metric(real.reshape(20, 1, 2, 2), fake)
    broken = fake.clone()
    broken[3, 1] = torch.nan
    broken[4] = torch.inf
    with pytest.raises(ValueError, match=r"fake must be finite.*2 of 20 rows"):
        metric(real, broken)


@pytest.mark.parametrize("metric", [metrics.precision_recall, metrics.density_coverage])
def test_too_few_neighbours(metric):
    real, fake = features(5, 5, 4)
    for k in (0, 5):
        with pytest.raises(ValueError, match=f"k must be from 1 to 4, as real has 5 examples; got {k}"):
            metric(real, fake, k=k)
    metric(real, fake, k=4)
    with pytest.raises(ValueError, match="from 1 to 5"):
        metrics.nearest_neighbours(fake, real, k=6)


@pytest.mark.parametrize("metric", TWO_SETS)
def test_gpu_habits_do_no_harm(metric):
    real, fake = features()
    plain = metric(real, fake)
    assert metric(real.requires_grad_(), fake) == plain
    assert metric(real.detach().numpy(), fake.numpy()) == plain
    assert all(isinstance(value, float) for value in (plain if isinstance(plain, tuple) else [plain]))
