"""Fréchet and kernel distance, inception score: against scipy, torchmetrics, double loops and closed forms."""

import math
import warnings

import numpy as np
import pytest
import scipy.linalg
import scipy.special
import torch

from aigc_lab import metrics

from feature_sets import features

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
