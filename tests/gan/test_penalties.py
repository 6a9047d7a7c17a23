"""Penalties on the discriminator's slope and spectral norm, against closed forms and torch's linear algebra."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from aigc_lab import gan


def quadratic(x):
    return x.square().sum(dim=1) / 2  # its slope at x is x


def test_r1_of_a_linear_discriminator_is_the_squared_norm_of_its_weights():
    torch.manual_seed(0)
    linear = nn.Linear(6, 1, dtype=torch.float64)
    examples = torch.randn(9, 6, dtype=torch.float64)
    penalty = gan.r1_penalty(lambda x: linear(x).squeeze(1), examples)
    torch.testing.assert_close(penalty, linear.weight.square().sum())


def test_r1_of_a_quadratic_discriminator_and_its_gradient():
    # D(x) = x'Ax with A symmetric: the slope is 2Ax, so R1 = mean 4 |Ax|^2, and dR1/dA = mean 8 A x x'.
    torch.manual_seed(1)
    root = torch.randn(4, 4, dtype=torch.float64)
    matrix = (root + root.T).requires_grad_()
    examples = torch.randn(11, 4, dtype=torch.float64)
    penalty = gan.r1_penalty(lambda x: ((x @ matrix) * x).sum(dim=1), examples)
    torch.testing.assert_close(penalty, 4 * (examples @ matrix).square().sum(dim=1).mean())
    (gradient,) = torch.autograd.grad(penalty, matrix)
    # Autograd does not know that A is symmetric: compare the symmetric part.
    expected = 8 * matrix.detach() @ (examples.T @ examples) / len(examples)
    torch.testing.assert_close((gradient + gradient.T) / 2, (expected + expected.T) / 2)


def test_r1_passes_labels_on_and_leaves_the_examples_alone():
    weights = torch.tensor([1.0, 3.0])
    examples = torch.ones(4, 1)
    penalty = gan.r1_penalty(lambda x, y: x.squeeze(1) * weights[y], examples, torch.tensor([0, 0, 1, 1]))
    assert penalty.item() == pytest.approx((1 + 1 + 9 + 9) / 4)
    assert not examples.requires_grad


def test_r1_refuses_bytes_and_nothing():
    with pytest.raises(TypeError, match="uint8"):
        gan.r1_penalty(lambda x: x, torch.zeros(2, 3, dtype=torch.uint8))
    with pytest.raises(ValueError, match="empty"):
        gan.r1_penalty(lambda x: x, torch.zeros(0, 3))


def test_r2_is_r1_at_the_fakes_and_teaches_only_the_discriminator():
    weight = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)
    fake = torch.randn(7, 2, dtype=torch.float64, requires_grad=True)
    penalty = gan.r2_penalty(lambda x: x @ weight, fake)
    penalty.backward()
    assert penalty.item() == pytest.approx(25)
    torch.testing.assert_close(weight.grad, 2 * weight.detach())
    assert fake.grad is None


def test_gradient_penalty_of_a_linear_critic():
    weight = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)
    real, fake = torch.randn(2, 9, 2, dtype=torch.float64)
    penalty = gan.gradient_penalty(lambda x: x @ weight, real, fake)
    assert penalty.item() == pytest.approx((5 - 1) ** 2)
    (gradient,) = torch.autograd.grad(penalty, weight)
    torch.testing.assert_close(gradient, 2 * 4 * weight.detach() / 5)


def test_gradient_penalty_looks_between_the_two_ends_and_everywhere_between():
    # The slope of the quadratic critic is the point itself, on the segment from (1, 0) to (2, 0): E(x - 1)^2 with x uniform on [1, 2] is 1/3.
    n = 40_000
    real, fake = torch.tensor([[1.0, 0.0]]).repeat(n, 1).double(), torch.tensor([[2.0, 0.0]]).repeat(n, 1).double()
    seen = []
    penalty = gan.gradient_penalty(
        lambda x: seen.append(x) or quadratic(x), real, fake, generator=torch.Generator().manual_seed(0)
    )
    standard_error = (1 / 5 - 1 / 9) ** 0.5 / n**0.5
    assert abs(penalty.item() - 1 / 3) < 4 * standard_error
    points = seen[0][:, 0]
    assert 1 <= points.min() < 1.001
    assert 1.999 < points.max() <= 2


def test_gradient_penalty_draws_one_alpha_a_picture():
    real, fake = torch.zeros(5, 3, 4, 4), torch.ones(5, 3, 4, 4)
    seen = []
    gan.gradient_penalty(lambda x: seen.append(x) or x.flatten(1).sum(dim=1), real, fake)
    per_picture = seen[0].flatten(1)
    assert (per_picture == per_picture[:, :1]).all()
    assert len(per_picture[:, 0].unique()) == 5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradient_penalty_has_a_finite_gradient_where_the_critic_is_flat(dtype):
    critic = nn.Linear(6, 1, dtype=dtype)
    nn.init.zeros_(critic.weight)
    penalty = gan.gradient_penalty(critic, torch.randn(4, 6, dtype=dtype), torch.randn(4, 6, dtype=dtype))
    penalty.backward()
    assert penalty.item() == 1
    assert critic.weight.grad.isfinite().all()


def test_gradient_penalty_passes_labels_on():
    weights = torch.tensor([1.0, 3.0])
    labels = torch.tensor([0, 0, 1, 1])
    penalty = gan.gradient_penalty(lambda x, y: x.squeeze(1) * weights[y], torch.ones(4, 1), torch.zeros(4, 1), labels)
    assert penalty.item() == pytest.approx((0 + 0 + 4 + 4) / 4)


@pytest.mark.parametrize(
    ("real", "fake", "error", "message"),
    [
        (torch.zeros(2, 3, dtype=torch.uint8), torch.zeros(2, 3), TypeError, r"real.*uint8"),
        (torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.int64), TypeError, r"fake.*int64"),
        (torch.zeros(2, 3), torch.zeros(3, 3), ValueError, r"\(2, 3\) and \(3, 3\)"),
        (torch.zeros(0, 3), torch.zeros(0, 3), ValueError, "empty"),
    ],
)
def test_gradient_penalty_names_what_is_wrong(real, fake, error, message):
    with pytest.raises(error, match=message):
        gan.gradient_penalty(quadratic, real, fake)


@settings(deadline=None, max_examples=30)
@given(rows=st.integers(1, 9), columns=st.integers(1, 9), seed=st.integers(0, 2**31))
def test_spectral_norm_is_the_largest_singular_value(rows, columns, seed):
    weight = torch.randn(rows, columns, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    truth = torch.linalg.matrix_norm(weight, ord=2)
    found = gan.spectral_norm(weight, iterations=3_000)
    assert found <= truth * (1 + 1e-12)
    torch.testing.assert_close(found, truth, rtol=1e-4, atol=0)


def test_spectral_norm_of_a_convolution_counts_inputs_together_and_its_gradient_is_u_v():
    weight = torch.randn(5, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    found = gan.spectral_norm(weight, iterations=3_000)
    u, s, vh = torch.linalg.svd(weight.detach().flatten(1))
    assert found.item() == pytest.approx(s[0].item(), rel=1e-6)
    (gradient,) = torch.autograd.grad(found, weight)
    torch.testing.assert_close(gradient.flatten(1), torch.outer(u[:, 0], vh[0]), rtol=1e-3, atol=1e-4)


def test_spectral_norm_refuses_vectors_and_accepts_zeros():
    with pytest.raises(ValueError, match="two axes"):
        gan.spectral_norm(torch.ones(3))
    assert gan.spectral_norm(torch.zeros(3, 2)).item() == 0


def test_with_spectral_norm_bounds_the_slope_of_a_network():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(10)
    x = torch.randn(200, 4)
    steep = gan.r1_penalty(network, x)
    assert gan.with_spectral_norm(network) is network
    for _ in range(200):
        network(x)  # in training mode each pass refines the power iteration
    assert steep > 100
    assert gan.r1_penalty(network, x) <= 1.0001


def test_with_spectral_norm_reaches_the_course_s_own_discriminator():
    discriminator = gan.with_spectral_norm(gan.Discriminator((1, 8, 8), classes=3, width=4))
    labels = torch.tensor([0, 1, 2])
    assert discriminator(torch.randn(3, 1, 8, 8), labels).shape == (3,)
    for _ in range(100):
        discriminator(torch.randn(3, 1, 8, 8), labels)
    stretch = torch.linalg.matrix_norm(discriminator.features[2].weight.flatten(1), ord=2)
    assert stretch.item() == pytest.approx(1, abs=1e-3)
