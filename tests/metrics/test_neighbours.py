"""Metrics against scikit-image, scipy's matrix root, torchmetrics, double loops and closed forms."""

import math
import warnings

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial
import skimage.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lab import metrics

PAIRED = [metrics.mse, metrics.psnr, metrics.ssim]
TWO_SETS = [metrics.frechet_distance, metrics.kernel_distance, metrics.precision_recall, metrics.density_coverage]


def pictures(n=4, c=1, h=28, w=20, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    references = torch.rand(n, c, h, w, generator=generator, dtype=torch.float64)
    noise = 0.3 * torch.randn(n, c, h, w, generator=generator, dtype=torch.float64)
    return (references + noise).clamp(0, 1).to(dtype), references.to(dtype)


def features(n=40, m=50, d=6, seed=0, shift=0.3):
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(d, d, generator=generator, dtype=torch.float64)
    real = torch.randn(n, d, generator=generator, dtype=torch.float64) @ mix
    return real, torch.randn(m, d, generator=generator, dtype=torch.float64) * 1.2 + shift


# Pictures with a reference ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(28, 20), (11, 11), (12, 40)])
def test_paired_metrics_are_scikit_images(channels, size):
    images, references = pictures(5, channels, *size)
    for i, (a, b) in enumerate(zip(images.numpy(), references.numpy(), strict=True)):
        expected = skimage.metrics.structural_similarity(
            a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1, channel_axis=0
        )
        assert metrics.ssim(images, references)[i].item() == pytest.approx(expected, abs=1e-12)
        expected = skimage.metrics.peak_signal_noise_ratio(b, a, data_range=1)
        assert metrics.psnr(images, references)[i].item() == pytest.approx(expected, rel=1e-12)
        expected = skimage.metrics.mean_squared_error(a, b)
        assert metrics.mse(images, references)[i].item() == pytest.approx(expected, rel=1e-12)


def test_paired_metrics_of_plain_pictures():
    grey = torch.full((2, 1, 16, 16), 0.5)
    lighter = torch.full((2, 1, 16, 16), 0.6)
    black, white = torch.zeros(1, 3, 12, 12), torch.ones(1, 3, 12, 12)
    torch.testing.assert_close(metrics.mse(lighter, grey), torch.full((2,), 0.01))
    torch.testing.assert_close(metrics.psnr(lighter, grey), torch.full((2,), 20.0))
    # Without variance only the brightness term is left.
    expected = (2 * 0.5 * 0.6 + 1e-4) / (0.25 + 0.36 + 1e-4)
    torch.testing.assert_close(metrics.ssim(lighter, grey), torch.full((2,), expected))
    assert metrics.mse(black, white).tolist() == [1.0]
    assert metrics.psnr(black, white).tolist() == [0.0]
    assert metrics.ssim(black, white).item() == pytest.approx(1e-4 / (1 + 1e-4))
    assert metrics.psnr(grey, grey).tolist() == [math.inf, math.inf]
    assert metrics.ssim(grey, grey).tolist() == [1.0, 1.0]


def test_the_border_has_no_window_of_its_own():
    images, references = pictures(1, 1, 21, 21)
    whole = metrics.ssim(images, references)
    windows = [
        metrics.ssim(images[..., i : i + 11, j : j + 11], references[..., i : i + 11, j : j + 11])
        for i in range(11)
        for j in range(11)
    ]
    torch.testing.assert_close(whole, torch.stack(windows).mean(dim=0))


def test_a_negative_is_structurally_the_reverse():
    _, references = pictures(3)
    assert (metrics.ssim(1 - references, references) < 0).all()


@pytest.mark.parametrize("metric", PAIRED)
def test_pictures_come_back_in_the_type_they_came_in(metric):
    exact = metric(*pictures())
    single = metric(*pictures(dtype=torch.float32))
    assert single.dtype == torch.float32
    assert single.shape == (4,)
    torch.testing.assert_close(single.double(), exact, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(metric(*reversed(pictures())), exact)


@pytest.mark.parametrize("metric", PAIRED)
def test_many_pictures_are_the_same_as_few(metric):
    images, references = pictures(300, 1, 12, 12)
    torch.testing.assert_close(metric(images, references)[290:], metric(images[290:], references[290:]))


def test_ssim_can_be_descended():
    images, references = pictures(1, 1, 12, 12)
    assert torch.autograd.gradcheck(lambda x: metrics.ssim(x, references), images.clamp(0.01, 0.99).requires_grad_())


@pytest.mark.parametrize("metric", PAIRED)
def test_pictures_that_can_not_be_compared(metric):
    images, references = pictures()
    with pytest.raises(TypeError, match="to_unit"):
        metric((images * 255).to(torch.uint8), references)
    with pytest.raises(ValueError, match=r"\(4, 1, 28, 20\) and \(3, 1, 28, 20\)"):
        metric(images, references[:3])
    with pytest.raises(ValueError, match=r"\(n, c, h, w\)"):
        metric(images[0], references[0])
    with pytest.raises(ValueError, match="n >= 1"):
        metric(images[:0], references[:0])
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        metric(images * 2 - 1, references)
    with pytest.raises(ValueError, match=r"references must lie in \[0, 1\]"):
        metric(images, references * torch.nan)


def test_ssim_says_that_pictures_are_too_small():
    with pytest.raises(ValueError, match="11×11"):
        metrics.ssim(*pictures(h=28, w=8))


# Fréchet distance ---------------------------------------------------------------------------------------------------


def frechet_by_matrix_root(a, b):
    a, b = a.numpy(), b.numpy()
    left, right = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(left @ right)
    return np.square(a.mean(0) - b.mean(0)).sum() + np.trace(left + right - 2 * root.real)


@pytest.mark.parametrize(("n", "m", "d"), [(40, 50, 6), (9, 500, 8), (2000, 1500, 64)])
def test_frechet_distance_is_that_of_scipys_matrix_root(n, m, d):
    real, fake = features(n, m, d, seed=n)
    expected = frechet_by_matrix_root(real, fake)
    assert metrics.frechet_distance(real, fake) == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_frechet_distance_in_one_dimension():
    a, b = torch.tensor([[0.0], [2.0]]), torch.tensor([[5.0], [6.0], [7.0]])  # deviations sqrt 2 and 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert metrics.frechet_distance(a, b) == pytest.approx(25 + (math.sqrt(2) - 1) ** 2)


def test_frechet_distance_of_moved_and_scaled_sets():
    real, _ = features(60, 60, 5)
    moved = real + torch.tensor([3.0, 0, 0, 4.0, 0])
    assert metrics.frechet_distance(real, moved) == pytest.approx(25)
    scaled = real.mean(0) + 3 * (real - real.mean(0))  # roots of the covariances: R and 3 R
    assert metrics.frechet_distance(real, scaled) == pytest.approx(4 * real.var(0).sum().item())
    assert metrics.frechet_distance(real, real) == pytest.approx(0, abs=1e-10)


def test_frechet_distance_with_fewer_examples_than_dimensions():
    real, fake = features(10, 12, 30)
    with pytest.warns(UserWarning, match="10 examples of 30 features.*too large"):
        value = metrics.frechet_distance(real, fake)
    # Turned into the space that all examples span, the covariances are no longer short of rank by more than rounding.
    ridge = 1e-9 * np.eye(30)
    left, right = np.cov(real.T.numpy()) + ridge, np.cov(fake.T.numpy()) + ridge
    values, vectors = np.linalg.eigh(left)
    half = vectors * np.sqrt(values) @ vectors.T
    root = np.sqrt(np.clip(np.linalg.eigvalsh(half @ right @ half), 0, None)).sum()
    means = (real.mean(0) - fake.mean(0)).square().sum().item()
    assert value == pytest.approx(means + np.trace(left) + np.trace(right) - 2 * root, rel=1e-3)
    with pytest.warns(UserWarning, match="rank 9"):
        assert metrics.frechet_distance(real, real) == pytest.approx(0, abs=1e-10)


def test_frechet_distance_is_biased_upwards_and_says_when():
    generator = torch.Generator().manual_seed(0)
    sets = torch.randn(2, 2000, 20, generator=generator)
    few = np.mean([metrics.frechet_distance(*sets[:, i : i + 40]) for i in range(0, 400, 40)])
    many = metrics.frechet_distance(*sets)
    assert few > 10 * many > 0


def test_frechet_distance_keeps_its_precision_far_from_the_origin():
    real, fake = features(100, 100, 4)
    assert metrics.frechet_distance(real + 1e6, fake + 1e6) == pytest.approx(
        metrics.frechet_distance(real, fake), rel=1e-6
    )


# Kernel distance ----------------------------------------------------------------------------------------------------


def test_kernel_distance_is_torchmetrics():
    from torchmetrics.image.kid import poly_mmd

    real, fake = features(70, 70, 9)  # torchmetrics takes sets of equal size
    assert metrics.kernel_distance(real, fake) == pytest.approx(poly_mmd(real, fake, degree=3, coef=1.0).item())


def test_kernel_distance_is_the_mean_over_pairs():
    real, fake = features(7, 9, 3)

    def k(x, y):
        return (float(x @ y) / 3 + 1) ** 3

    def mean(pairs):
        values = [k(x, y) for x, y in pairs]
        return sum(values) / len(values)

    real_pairs = [(x, y) for i, x in enumerate(real) for j, y in enumerate(real) if i != j]
    fake_pairs = [(x, y) for i, x in enumerate(fake) for j, y in enumerate(fake) if i != j]
    expected = mean(real_pairs) + mean(fake_pairs) - 2 * mean([(x, y) for x in real for y in fake])
    assert metrics.kernel_distance(real, fake) == pytest.approx(expected)


def test_kernel_distance_is_unbiased_and_so_sometimes_negative():
    generator = torch.Generator().manual_seed(0)
    values = [metrics.kernel_distance(*torch.randn(2, 10, 4, generator=generator)) for _ in range(600)]
    error = np.std(values) / math.sqrt(len(values))
    assert abs(np.mean(values)) < 4 * error
    assert 0.3 < np.mean(np.array(values) < 0) < 0.8


# Neighbours ---------------------------------------------------------------------------------------------------------


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


# Inception score ----------------------------------------------------------------------------------------------------


def test_inception_score_at_its_ends():
    assert metrics.inception_score(torch.eye(10).repeat(3, 1)) == pytest.approx(10)
    assert metrics.inception_score(torch.full((6, 10), 0.1)) == pytest.approx(1)
    assert metrics.inception_score(torch.eye(10)[[4] * 6]) == pytest.approx(1)


def test_inception_score_is_the_mean_divergence():
    p = torch.randn(30, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64).softmax(1).numpy()
    divergences = [scipy.special.rel_entr(row, p.mean(0)).sum() for row in p]
    assert metrics.inception_score(torch.from_numpy(p)) == pytest.approx(math.exp(np.mean(divergences)))
    assert metrics.inception_score(torch.from_numpy(p).float()) == pytest.approx(
        math.exp(np.mean(divergences)), rel=1e-5
    )


def test_inception_score_refuses_what_is_no_probability():
    with pytest.raises(ValueError, match="softmax"):
        metrics.inception_score(torch.randn(5, 3))
    with pytest.raises(ValueError, match="softmax"):
        metrics.inception_score(torch.full((5, 3), torch.nan))
    with pytest.raises(ValueError, match=r"\(n, classes\)"):
        metrics.inception_score(torch.ones(5))
    with pytest.raises(TypeError, match="int64"):
        metrics.inception_score(torch.eye(3, dtype=torch.int64))


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
