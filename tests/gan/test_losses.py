"""The GAN losses against torch's own cross-entropy, closed forms and symmetries."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from aigc_lab import gan

ONE_SIDED = [gan.generator_loss, gan.minimax_generator_loss, gan.wasserstein_generator_loss]
TWO_SIDED = [
    gan.discriminator_loss,
    gan.relativistic_discriminator_loss,
    gan.relativistic_generator_loss,
    gan.hinge_discriminator_loss,
    gan.wasserstein_critic_loss,
]


def logits(shape=None):
    shape = shape or numpy_strategies.array_shapes(max_dims=2, max_side=6)
    arrays = numpy_strategies.arrays("float64", shape, elements=st.floats(-80, 80))
    return arrays.map(torch.from_numpy)


def pairs():
    return numpy_strategies.array_shapes(max_dims=2, max_side=6).flatmap(lambda s: st.tuples(logits(s), logits(s)))


def bce(values, label):
    return F.binary_cross_entropy_with_logits(values, torch.full_like(values, label))


@settings(deadline=None)
@given(real=logits(), fake=logits())
def test_discriminator_loss_is_torch_bce(real, fake):
    torch.testing.assert_close(gan.discriminator_loss(real, fake), bce(real, 1.0) + bce(fake, 0.0))


@settings(deadline=None)
@given(fake=logits())
def test_generator_losses_are_torch_bce(fake):
    torch.testing.assert_close(gan.generator_loss(fake), bce(fake, 1.0))
    torch.testing.assert_close(gan.minimax_generator_loss(fake), -bce(fake, 0.0))


@settings(deadline=None)
@given(pair=pairs())
def test_pairing_losses_are_torch_bce_of_the_difference(pair):
    real, fake = pair
    torch.testing.assert_close(gan.relativistic_discriminator_loss(real, fake), bce(real - fake, 1.0))
    torch.testing.assert_close(gan.relativistic_generator_loss(real, fake), bce(real - fake, 0.0))


@settings(deadline=None)
@given(pair=pairs(), shift=st.floats(-20, 20))
def test_pairing_losses_see_only_differences(pair, shift):
    real, fake = pair
    moved = gan.relativistic_discriminator_loss(real + shift, fake + shift)
    torch.testing.assert_close(moved, gan.relativistic_discriminator_loss(real, fake))


def test_a_guessing_discriminator():
    zero = torch.zeros(5, dtype=torch.float64)
    expected = {
        gan.discriminator_loss: 2 * math.log(2),
        gan.relativistic_discriminator_loss: math.log(2),
        gan.relativistic_generator_loss: math.log(2),
    }
    for loss, value in expected.items():
        assert loss(zero, zero).item() == pytest.approx(value, abs=1e-12)
    assert gan.generator_loss(zero).item() == pytest.approx(math.log(2), abs=1e-12)
    assert gan.minimax_generator_loss(zero).item() == pytest.approx(-math.log(2), abs=1e-12)


def test_no_discriminator_beats_two_log_two_on_equal_distributions():
    # Real and fake examples have the same features: a logistic D can do no better than guess.
    same = torch.linspace(-2, 2, 41, dtype=torch.float64)
    slope, offset = torch.tensor([1.5, 0.7], dtype=torch.float64).requires_grad_().unbind()
    weights = [slope.detach().requires_grad_(), offset.detach().requires_grad_()]
    optimizer = torch.optim.LBFGS(weights, max_iter=100, tolerance_grad=1e-12)

    def closure():
        optimizer.zero_grad()
        loss = gan.discriminator_loss(weights[0] * same + weights[1], weights[0] * same + weights[1])
        loss.backward()
        return loss

    optimizer.step(closure)
    assert closure().item() == pytest.approx(2 * math.log(2), abs=1e-9)


@pytest.mark.parametrize("loss", ONE_SIDED)
def test_gradients_of_generator_losses(loss):
    values = torch.linspace(-5, 5, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(loss, values)


@pytest.mark.parametrize("loss", TWO_SIDED)
def test_gradients_of_two_sided_losses(loss):
    torch.manual_seed(0)
    real, fake = torch.randn(2, 7, dtype=torch.float64).mul(3).unbind()
    assert torch.autograd.gradcheck(loss, (real.requires_grad_(), fake.requires_grad_()))


@pytest.mark.parametrize("loss", ONE_SIDED + TWO_SIDED)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_losses_are_finite_at_extreme_logits(loss, dtype):
    extreme = torch.tensor([-1000.0, -80.0, 80.0, 1000.0], dtype=dtype)
    arguments = [extreme.clone().requires_grad_()]
    if loss in TWO_SIDED:
        arguments.append(extreme.flip(0).clone().requires_grad_())
    value = loss(*arguments)
    value.backward()
    assert torch.isfinite(value)
    assert all(torch.isfinite(argument.grad).all() for argument in arguments)


@pytest.mark.parametrize(("logit", "slope"), [(-80.0, -1.0), (80.0, 0.0)])
def test_the_non_saturating_loss_pushes_where_the_minimax_loss_does_not(logit, slope):
    value = torch.tensor([logit], requires_grad=True)
    (gradient,) = torch.autograd.grad(gan.generator_loss(value), value)
    (saturating,) = torch.autograd.grad(gan.minimax_generator_loss(value), value)
    assert gradient.item() == pytest.approx(slope, abs=1e-6)
    assert saturating.item() == pytest.approx(-1.0 - slope, abs=1e-6)


@pytest.mark.parametrize("loss", ONE_SIDED + TWO_SIDED)
def test_losses_refuse_what_has_no_mean(loss):
    sides = 2 if loss in TWO_SIDED else 1
    with pytest.raises(ValueError, match="empty"):
        loss(*[torch.empty(0)] * sides)
    with pytest.raises(TypeError, match="floating-point"):
        loss(*[torch.tensor([0, 1])] * sides)


@pytest.mark.parametrize("loss", [gan.relativistic_discriminator_loss, gan.relativistic_generator_loss])
def test_pairs_must_match(loss):
    with pytest.raises(ValueError, match=r"\(4,\) and \(1,\)"):
        loss(torch.zeros(4), torch.zeros(1))


@settings(deadline=None)
@given(real=logits(), fake=logits())
def test_hinge_loss_is_torch_hinge_embedding(real, fake):
    hinge = F.hinge_embedding_loss  # max(0, 1 - x) where the target is -1
    expected = hinge(real, -torch.ones_like(real)) + hinge(-fake, -torch.ones_like(fake))
    torch.testing.assert_close(gan.hinge_discriminator_loss(real, fake), expected)


def test_hinge_leaves_in_peace_what_is_beyond_the_margin():
    real, fake = torch.tensor([1.0, 5.0], requires_grad=True), torch.tensor([-1.5, 0.0], requires_grad=True)
    loss = gan.hinge_discriminator_loss(real, fake)
    loss.backward()
    assert loss.item() == 0.5
    assert real.grad.tolist()[1] == 0
    assert fake.grad.tolist() == [0, 0.5]


@pytest.mark.parametrize("gap", [0.0, 0.3, 2.5])
def test_the_best_1_lipschitz_critic_gives_the_wasserstein_distance(gap):
    # Two samples that differ by a shift: W1 is the shift, and D(x) = x is a critic that attains it (scipy computes W1 on its own).
    from scipy.stats import wasserstein_distance

    x = torch.randn(500, dtype=torch.float64)
    truth = wasserstein_distance((x + gap).numpy(), x.numpy())
    assert -gan.wasserstein_critic_loss(x + gap, x).item() == pytest.approx(truth, abs=1e-9)
    assert gan.wasserstein_generator_loss(x).item() == pytest.approx(-x.mean().item())


def test_optimal_discriminator_is_bayes_rule():
    from torch.distributions import Normal

    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    p, q = Normal(0.5, 1.0), Normal(-0.5, 1.0)
    # Two normal densities of equal width: the log-odds are a straight line with slope (0.5 + 0.5) / 1.
    torch.testing.assert_close(gan.optimal_discriminator(p.log_prob(x).exp(), q.log_prob(x).exp()), torch.sigmoid(x))


def test_optimal_discriminator_at_the_edges():
    found = gan.optimal_discriminator(torch.tensor([1.0, 0.0, 0.0, 1e-40]), torch.tensor([0.0, 1.0, 0.0, 1e-40]))
    assert found.tolist() == [1, 0, 0.5, 0.5]
    assert gan.optimal_discriminator(3.0, 1.0).item() == 0.75
    with pytest.raises(ValueError, match=r"p_model.*log densities"):
        gan.optimal_discriminator(torch.ones(1), torch.tensor([-2.0]))


def test_the_gradient_of_the_optimal_discriminator_is_finite_where_nothing_is():
    p = torch.zeros(2, requires_grad=True)
    gan.optimal_discriminator(p, torch.tensor([0.0, 1.0])).sum().backward()
    assert p.grad.tolist() == [0, 1]
