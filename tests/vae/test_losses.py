"""The terms of the evidence lower bound, against torch.distributions, closed forms and integration."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from aigc_lab import vae

LOG2 = math.log(2)


def arrays(low, high, count=1):
    """`count` float64 tensors of one shape, (batch, ...)."""
    shapes = numpy_strategies.array_shapes(min_dims=1, max_dims=3, max_side=4)
    one = lambda shape: numpy_strategies.arrays("float64", shape, elements=st.floats(low, high))  # noqa: E731
    drawn = shapes.flatmap(lambda shape: st.tuples(*[one(shape)] * count))
    return drawn.map(lambda found: [torch.from_numpy(array) for array in found])


def summed(values):
    return torch.tensor([row.sum() for row in values.numpy()], dtype=torch.float64)


@settings(deadline=None)
@given(pair=arrays(-80, 80, 2))
def test_kl_is_that_of_torch_distributions(pair):
    mu, logvar = pair
    one = torch.ones((), dtype=torch.float64)
    expected = kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(0 * one, one))
    torch.testing.assert_close(vae.kl_standard_normal(mu, logvar), summed(expected), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(vae.kl_per_dimension(mu, logvar), expected, rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(pair=arrays(-80, 80, 2))
def test_bernoulli_is_that_of_torch_distributions(pair):
    logits, x = pair[0], (pair[1] > 0).double()
    expected = summed(Bernoulli(logits=logits).log_prob(x))
    torch.testing.assert_close(vae.bernoulli_log_likelihood(x, logits), expected, rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(pair=arrays(-15, 15, 2))
def test_bernoulli_of_grey_values_is_the_expectation_over_their_coin_flips(pair):
    logits, grey = pair[0], pair[1].sigmoid()
    p = logits.sigmoid()
    expected = summed(grey * p.log() + (1 - grey) * torch.log1p(-p))
    torch.testing.assert_close(vae.bernoulli_log_likelihood(grey, logits), expected, rtol=1e-6, atol=1e-9)


@settings(deadline=None)
@given(triple=arrays(-30, 30, 3))
def test_gaussian_is_that_of_torch_distributions(triple):
    x, mean, logvar = triple
    expected = summed(Normal(mean, (logvar / 2).exp()).log_prob(x))
    torch.testing.assert_close(vae.gaussian_log_likelihood(x, mean, logvar), expected, rtol=1e-9, atol=1e-9)


def test_gaussian_with_one_variance_for_all_and_for_each_channel():
    torch.manual_seed(0)
    x, mean = torch.randn(2, 4, 3, 5, 5, dtype=torch.float64)
    for logvar in (torch.tensor(0.7).double(), torch.tensor([0.1, -2.0, 3.0]).double()[None, :, None, None]):
        expected = Independent(Normal(mean, (logvar / 2).exp().expand_as(x)), 3).log_prob(x)
        torch.testing.assert_close(vae.gaussian_log_likelihood(x, mean, logvar), expected)
    with pytest.raises(ValueError, match=r"broadcast to \(4, 3, 5, 5\), got \(4,\)"):
        vae.gaussian_log_likelihood(x, mean, torch.zeros(4))


def test_values_that_one_can_know_by_heart():
    zero, two = torch.zeros(1, 1).double(), torch.full((1, 1), -2.0).double()
    assert vae.kl_standard_normal(zero, zero).item() == 0
    assert vae.kl_standard_normal(zero, two).item() == pytest.approx(
        (math.exp(-2) - 1 + 2) / 2
    )  # 0.568, log σ would give 1.509
    assert vae.kl_standard_normal(zero + 3, zero).item() == pytest.approx(4.5)
    guess = vae.bernoulli_log_likelihood(torch.ones(2, 1, 28, 28), torch.zeros(2, 1, 28, 28))
    torch.testing.assert_close(guess, torch.full((2,), -784 * LOG2))
    assert vae.gaussian_log_likelihood(zero, zero, zero).item() == pytest.approx(-0.5 * math.log(2 * math.pi))
    assert vae.elbo(torch.tensor([-1.0, -3.0]), torch.tensor([0.5, 1.5])).item() == pytest.approx(-3.0)
    assert vae.elbo(torch.tensor([-1.0, -3.0]), torch.tensor([0.5, 1.5]), beta=4).item() == pytest.approx(-6.0)


def test_sum_over_dimensions_mean_over_batch():
    """A picture twice as large has twice the nats; a batch twice as large has the same."""
    torch.manual_seed(1)
    x, logits = torch.rand(5, 1, 4, 4), torch.randn(5, 1, 4, 4)
    mu, logvar = torch.randn(5, 3), torch.randn(5, 3)

    def bound(times_dimensions, times_batch):
        def larger(t):
            return torch.cat([torch.cat([t] * times_dimensions, dim=1)] * times_batch)

        likelihood = vae.bernoulli_log_likelihood(larger(x), larger(logits))
        return vae.elbo(likelihood, vae.kl_standard_normal(larger(mu), larger(logvar)))

    torch.testing.assert_close(bound(2, 1), 2 * bound(1, 1))
    torch.testing.assert_close(bound(1, 2), bound(1, 1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finite_with_finite_gradients_at_80(dtype):
    edge = torch.tensor([[-80.0, -80.0, 80.0, 80.0]], dtype=dtype)
    x = torch.tensor([[0.0, 1.0, 0.0, 1.0]], dtype=dtype)
    for function, arguments in [
        (vae.kl_standard_normal, (edge, edge)),
        (vae.reparameterize, (edge, edge)),
        (lambda logits: vae.bernoulli_log_likelihood(x, logits), (edge,)),
        (lambda mean, logvar: vae.gaussian_log_likelihood(x, mean, logvar), (x + 1e-3, edge)),
        (vae.iwae_bound, (edge.expand(3, 4),)),
        (vae.iwae_bound, (edge * 1000,)),
    ]:
        arguments = [a.clone().requires_grad_() for a in arguments]
        value = function(*arguments)
        value.sum().backward()
        assert torch.isfinite(value).all()
        assert all(torch.isfinite(a.grad).all() for a in arguments)


def test_gradients():
    torch.manual_seed(0)
    mu, logvar, x = (torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(3))
    grey = torch.rand(3, 4, dtype=torch.float64)
    check = torch.autograd.gradcheck
    assert check(vae.kl_standard_normal, (mu, logvar))
    assert check(lambda logits: vae.bernoulli_log_likelihood(grey, logits), (x,))
    assert check(vae.gaussian_log_likelihood, (x, mu, logvar))
    assert check(vae.iwae_bound, (x,))
    assert check(lambda m, v: vae.reparameterize(m, v, torch.Generator().manual_seed(0)), (mu, logvar))
    assert check(lambda m, v: vae.free_bits(vae.kl_per_dimension(m, v), 0.3), (mu, logvar))


def test_reparameterized_draws_have_the_mean_and_variance_asked_for():
    n = 40_000
    mu = torch.tensor([[3.0, -1.0]]).double().expand(n, 2)
    logvar = torch.tensor([[-2.0, 1.0]]).double().expand(n, 2)
    z = vae.reparameterize(mu, logvar, torch.Generator().manual_seed(3))
    variance = logvar[0].exp()
    assert ((z.mean(0) - mu[0]).abs() < 4 * (variance / n).sqrt()).all()
    assert ((z.var(0) - variance).abs() < 4 * variance * math.sqrt(2 / n)).all()
    again = vae.reparameterize(mu, logvar, torch.Generator().manual_seed(3))
    assert torch.equal(z, again)
    assert not torch.equal(vae.reparameterize(mu, logvar), z)


def test_the_bound_is_exact_where_the_posterior_is():
    """z ~ N(0, 1), x|z ~ N(z, s²): then x ~ N(0, 1 + s²), and the posterior is N(x / (1 + s²), s² / (1 + s²))."""
    s2 = 0.3
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    evidence = Normal(0.0, math.sqrt(1 + s2)).log_prob(x).sum(1)
    mu, logvar = x / (1 + s2), torch.full_like(x, math.log(s2 / (1 + s2)))
    k = 7
    z = vae.reparameterize(mu.expand(k, 9, 1), logvar.expand(k, 9, 1), torch.Generator().manual_seed(0))
    log_p = Normal(z, math.sqrt(s2)).log_prob(x).sum(-1)
    log_weights = log_p + Normal(0.0, 1.0).log_prob(z).sum(-1) - Normal(mu, (logvar / 2).exp()).log_prob(z).sum(-1)
    torch.testing.assert_close(vae.iwae_bound(log_weights), evidence)  # every importance weight is p(x)
    many = vae.reparameterize(mu.expand(100_000, 9, 1), logvar.expand(100_000, 9, 1), torch.Generator().manual_seed(1))
    likelihood = Normal(many, math.sqrt(s2)).log_prob(x).sum(-1).mean(0)
    torch.testing.assert_close(
        vae.elbo(likelihood, vae.kl_standard_normal(mu, logvar)), evidence.mean(), atol=0.01, rtol=0
    )


@settings(deadline=None)
@given(log_weights=numpy_strategies.arrays("float64", (5, 3), elements=st.floats(-50, 50)))
def test_iwae_lies_between_mean_and_maximum_of_the_log_weights(log_weights):
    bound = vae.iwae_bound(torch.from_numpy(log_weights))
    np.testing.assert_allclose(bound, np.log(np.exp(log_weights).mean(0)), rtol=1e-9, atol=1e-9)
    assert (bound.numpy() >= log_weights.mean(0) - 1e-9).all()
    assert (bound.numpy() <= log_weights.max(0) + 1e-9).all()


def test_free_bits():
    kl = torch.tensor([[0.1, 2.0], [0.3, 0.0]], requires_grad=True)
    assert vae.free_bits(kl, 0.0).item() == pytest.approx(kl.sum(1).mean().item())
    loss = vae.free_bits(kl, 0.5)
    assert loss.item() == pytest.approx(0.5 + 1.0)  # dimension means 0.2 and 1.0
    loss.backward()
    torch.testing.assert_close(kl.grad, torch.tensor([[0.0, 0.5], [0.0, 0.5]]))
    assert vae.elbo(torch.tensor([-3.0, -5.0]), loss.detach()).item() == pytest.approx(-5.5)


@pytest.mark.parametrize("function", [vae.kl_standard_normal, vae.kl_per_dimension, vae.reparameterize])
def test_shapes_and_types_of_the_encoder_s_output(function):
    with pytest.raises(ValueError, match=r"mu \(4, 2\) and logvar \(4, 1\)"):
        function(torch.zeros(4, 2), torch.zeros(4, 1))
    with pytest.raises(TypeError, match=r"mu must be floating point, got torch\.int64"):
        function(torch.zeros(4, 2).long(), torch.zeros(4, 2))
    with pytest.raises(ValueError, match="mu is empty"):
        function(torch.zeros(0, 2), torch.zeros(0, 2))
    with pytest.raises(ValueError, match="first dimension"):
        function(torch.tensor(1.0), torch.tensor(1.0))


def test_likelihoods_refuse_what_is_no_picture():
    with pytest.raises(TypeError, match=r"x must be floating point, got torch\.uint8"):
        vae.bernoulli_log_likelihood(torch.zeros(2, 3, dtype=torch.uint8), torch.zeros(2, 3))
    for wrong in (-1.0, 255.0, float("nan")):
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            vae.bernoulli_log_likelihood(torch.full((2, 3), wrong), torch.zeros(2, 3))
    with pytest.raises(ValueError, match=r"x \(2, 3\) and logits \(2, 1\)"):
        vae.bernoulli_log_likelihood(torch.zeros(2, 3), torch.zeros(2, 1))
    with pytest.raises(ValueError, match=r"x \(2, 3\) and mean \(3,\)"):
        vae.gaussian_log_likelihood(torch.zeros(2, 3), torch.zeros(3), torch.tensor(0.0))
    with pytest.raises(ValueError, match="empty"):
        vae.gaussian_log_likelihood(torch.zeros(0, 3), torch.zeros(0, 3), torch.tensor(0.0))


def test_bounds_refuse_what_is_not_one_number_an_example():
    with pytest.raises(ValueError, match="one number an example"):
        vae.elbo(torch.zeros(4, 784), torch.zeros(4))
    with pytest.raises(ValueError, match=r"\(4,\) and \(4, 2\)"):
        vae.elbo(torch.zeros(4), torch.zeros(4, 2))
    with pytest.raises(ValueError, match="empty"):
        vae.elbo(torch.zeros(0), torch.zeros(0))
    with pytest.raises(TypeError, match="kl must"):
        vae.elbo(torch.zeros(4), torch.zeros(4).long())
    with pytest.raises(ValueError, match=r"\(k, batch\), got \(5,\)"):
        vae.iwae_bound(torch.zeros(5))
    with pytest.raises(ValueError, match=r"\(batch, latent\)"):
        vae.free_bits(torch.zeros(5), 0.1)
    with pytest.raises(ValueError, match="0 or more, got -1"):
        vae.free_bits(torch.zeros(5, 2), -1)
