import math

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.spatial.distance
import scipy.special
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Categorical, Normal, kl_divergence

from aigc_lab.distributions import divergences

X = torch.linspace(-20, 20, 8001, dtype=torch.float64)
STEP = (X[1] - X[0]).item()
COARSE = torch.linspace(-10, 10, 801, dtype=torch.float64)


def normal(mean, std):
    return Normal(torch.tensor(mean, dtype=torch.float64), torch.tensor(std, dtype=torch.float64))


def density(mean, std):
    return normal(mean, std).log_prob(X).exp()


def drawn(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def probabilities(*shape, seed=0):
    weights = drawn(*shape, seed=seed)
    return weights / weights.sum(dim=-1, keepdim=True)


numbers = st.floats(-3, 3)
widths = st.floats(0.3, 2)


@settings(deadline=None)
@given(mean=numbers, std=widths)
def test_gaussian_log_density_is_torchs(mean, std):
    torch.testing.assert_close(divergences.gaussian_log_density(X, mean, std), normal(mean, std).log_prob(X))


def test_gaussian_log_density_broadcasts():
    means, stds = drawn(3, 1, 1), 0.5 + drawn(1, 4, 1)
    found = divergences.gaussian_log_density(X, means, stds)
    torch.testing.assert_close(found, Normal(means, stds).log_prob(X))


@settings(deadline=None)
@given(a=st.floats(-2, 2), s=st.floats(0.75, 1.75), b=st.floats(-2, 2), t=st.floats(0.75, 1.75))
def test_kl_on_a_grid_is_the_closed_form_of_gaussians(a, s, b, t):
    near = X.abs() <= 16  # farther out q underflows to 0 before p does
    found = divergences.kl_divergence(density(a, s)[near], density(b, t)[near], STEP)
    torch.testing.assert_close(found, kl_divergence(normal(a, s), normal(b, t)), atol=1e-8, rtol=1e-6)


def test_kl_and_entropy_of_probabilities_are_scipys():
    p, q = probabilities(5, 7), probabilities(5, 7, seed=1)
    np.testing.assert_allclose(divergences.kl_divergence(p, q), scipy.stats.entropy(p, q, axis=-1))
    np.testing.assert_allclose(divergences.entropy(p), Categorical(p).entropy())


def test_where_p_is_zero_nothing_counts_and_where_only_q_is_zero_all_is_lost():
    half, all_left = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([1.0, 0.0, 0.0])
    assert divergences.kl_divergence(all_left, half).item() == pytest.approx(math.log(2))
    assert divergences.kl_divergence(half, all_left).item() == math.inf
    assert divergences.kl_divergence(half, half).item() == 0


@settings(deadline=None)
@given(std=widths)
def test_entropy_of_a_gaussian(std):
    expected = float(scipy.stats.norm(scale=std).entropy())
    assert divergences.entropy(density(0.0, std), STEP).item() == pytest.approx(expected, abs=1e-8)


def test_js_is_scipys_squared_distance():
    p, q = probabilities(5, 7), probabilities(5, 7, seed=1)
    expected = scipy.spatial.distance.jensenshannon(p, q, axis=-1) ** 2
    np.testing.assert_allclose(divergences.js_divergence(p, q), expected)
    np.testing.assert_allclose(divergences.js_divergence(q, p), expected)


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 1.0, 2.0])
def test_two_blocks_apart(shift):
    x = torch.arange(-1, 4, 0.001, dtype=torch.float64) + 0.0005
    p, q = ((x > 0) & (x < 1)).double(), ((x > shift) & (x < shift + 1)).double()
    assert divergences.js_divergence(p, q, 0.001).item() == pytest.approx(min(shift, 1) * math.log(2), abs=1e-9)
    assert divergences.wasserstein_1_densities(p, q, 0.001).item() == pytest.approx(shift, abs=1e-9)


@settings(deadline=None)
@given(
    a=st.lists(st.floats(-100, 100), min_size=1, max_size=30), b=st.lists(st.floats(-100, 100), min_size=1, max_size=30)
)
def test_wasserstein_of_samples_is_scipys(a, b):
    found = divergences.wasserstein_1(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64))
    assert found.item() == pytest.approx(scipy.stats.wasserstein_distance(a, b), abs=1e-9)


def test_wasserstein_has_the_gradient_of_a_shift():
    a, b = drawn(50), drawn(50, seed=1) + 3
    shift = torch.zeros((), dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(divergences.wasserstein_1(a + shift, b), shift)
    assert slope.item() == pytest.approx(-1)


def test_wasserstein_of_densities_is_that_of_gaussians():
    for mean, std in [(2.0, 1.0), (0.0, 3.0), (-1.0, 0.5)]:
        found = divergences.wasserstein_1_densities(density(0.0, 1.0), density(mean, std), STEP).item()
        gap = lambda u, m=mean, s=std: abs(scipy.special.ndtri(u) * (s - 1) + m)  # noqa: E731
        expected, _ = scipy.integrate.quad(gap, 0, 1, limit=200)
        assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("a", "b"), [(torch.zeros(0), torch.zeros(3)), (torch.zeros(3, 2), torch.zeros(3))])
def test_wasserstein_says_what_it_takes(a, b):
    with pytest.raises(ValueError, match="shape"):
        divergences.wasserstein_1(a, b)


def test_moments_are_those_of_the_grid():
    weights, means, stds = probabilities(3), 4 * drawn(3, seed=2) - 2, 0.3 + drawn(3, seed=3)
    p = (weights * Normal(means, stds).log_prob(X[:, None]).exp()).sum(dim=1)
    mean, std = divergences.mixture_moments(weights, means, stds)
    expected = (p * X).sum() * STEP
    torch.testing.assert_close(mean, expected, atol=1e-8, rtol=0)
    torch.testing.assert_close(std**2, (p * (X - expected) ** 2).sum() * STEP, atol=1e-8, rtol=0)


def test_reverse_kl_against_a_gaussian_is_the_closed_form():
    means, stds = torch.tensor([-1.0, 0.5]).double(), torch.tensor([0.4, 1.0, 2.0]).double()
    found = divergences.reverse_kl(normal(1.0, 1.5).log_prob(X), X, means, stds)
    expected = kl_divergence(Normal(means[:, None], stds[None]), normal(1.0, 1.5))
    torch.testing.assert_close(found, expected, atol=1e-8, rtol=1e-6)


def test_reverse_fit_finds_a_gaussian():
    mean, std = divergences.reverse_fit(normal(1.234, 0.567).log_prob(COARSE), COARSE)
    assert mean.item() == pytest.approx(1.234, abs=1e-3)
    assert std.item() == pytest.approx(0.567, rel=1e-3)


@pytest.mark.parametrize(("left", "between"), [(0.3, 6.0), (0.6, 3.0), (0.5, 1.0)])
def test_reverse_fit_is_scipys_deepest_valley(left, between):
    x = COARSE.numpy()
    log_p = np.logaddexp(
        np.log(left) + scipy.stats.norm.logpdf(x, -between / 2, 0.8),
        np.log(1 - left) + scipy.stats.norm.logpdf(x, between / 2, 1),
    )

    def divergence(parameters):
        q = scipy.stats.norm(parameters[0], np.exp(parameters[1]))
        return (q.pdf(x) * (q.logpdf(x) - log_p)).sum() * (x[1] - x[0])

    starts = [(-between / 2, 0.0), (between / 2, 0.0), (0.0, 0.5)]
    best = min((scipy.optimize.minimize(divergence, s, method="Nelder-Mead") for s in starts), key=lambda r: r.fun)
    mean, std = divergences.reverse_fit(torch.from_numpy(log_p), COARSE)
    assert divergence((mean.item(), std.log().item())) == pytest.approx(best.fun, abs=1e-5)
    assert mean.item() == pytest.approx(best.x[0], abs=0.01)
