"""Flow matching: against the exact velocity of a Gaussian, SciPy's integrator, and its own definition."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import nn

from aigc_lab import flow
from aigc_lab.flow import UNet, matching
from aigc_lab.flow.networks import time_features

from gaussian_flow import MEAN, STD, exact_velocity


def test_the_line_begins_at_noise_and_ends_at_the_picture():
    noise, images = torch.randn(3, 1, 4, 4), torch.randn(3, 1, 4, 4)
    assert torch.equal(flow.between(noise, images, torch.zeros(3)), noise)
    assert torch.equal(flow.between(noise, images, torch.ones(3)), images)
    halfway = flow.between(noise, images, torch.tensor([0.5, 0.25, 0.0]))
    torch.testing.assert_close(halfway[1], 0.75 * noise[1] + 0.25 * images[1])


def test_the_mean_velocity_has_the_lowest_loss_and_the_loss_it_should_have():
    """Regression by least squares at a fixed t finds the exact velocity, and what is left is the conditional variance."""
    rng, t = torch.Generator().manual_seed(0), torch.tensor(0.6)
    noise = torch.randn(200_000, 1, generator=rng).double()
    data = MEAN + STD * torch.randn(200_000, 1, generator=rng).double()
    x = flow.between(noise, data, t.expand(len(data)).double())
    design = torch.cat([x, torch.ones_like(x)], dim=1)
    slope, offset = torch.linalg.lstsq(design, data - noise).solution[:, 0]
    probe = torch.tensor([[-1.0], [0.5], [2.0]]).double()
    torch.testing.assert_close(slope * probe + offset, exact_velocity(probe, t.expand(3).double()), atol=0.01, rtol=0)
    variance = (1 - 0.6) ** 2 + (0.6 * STD) ** 2
    left = 1 + STD**2 - (0.6 * STD**2 - 0.4) ** 2 / variance
    found = flow.flow_loss(exact_velocity(x, t.expand(len(data)).double()), noise, data).item()
    assert found == pytest.approx(left, rel=0.01)


@pytest.mark.parametrize("method", matching.METHODS)
def test_following_the_exact_velocity_turns_noise_into_the_data(method):
    """The map is known: in one dimension it keeps ranks, so ε goes to MEAN + STD ε. The error falls at least with the method's order."""
    noise = torch.linspace(-2, 2, 9).double()[:, None]
    errors = [
        (flow.follow(exact_velocity, noise, steps, method) - (MEAN + STD * noise)).abs().max().item()
        for steps in (40, 80, 160)
    ]
    order = 1 if method == "euler" else 2
    for coarse, fine in itertools.pairwise(errors):
        assert np.log2(coarse / fine) > order - 0.15


def test_it_follows_as_scipy_does():
    start = np.array([0.3, -1.2])
    theirs = solve_ivp(
        lambda t, x: exact_velocity(torch.tensor(x)[:, None], torch.full((2,), t).double())[:, 0].numpy(),
        (0, 1),
        start,
        rtol=1e-10,
        atol=1e-12,
    )
    ours = flow.follow(exact_velocity, torch.tensor(start)[:, None], 2000, "heun")
    np.testing.assert_allclose(ours[:, 0].numpy(), theirs.y[:, -1], atol=1e-6)


def test_guidance_goes_through_both_velocities():
    conditional, unconditional = torch.randn(2, 5)
    torch.testing.assert_close(flow.guided(conditional, unconditional, 1.0), conditional)
    torch.testing.assert_close(flow.guided(conditional, unconditional, 0.0), unconditional)
    torch.testing.assert_close(flow.guided(conditional, unconditional, 3.0), 3 * conditional - 2 * unconditional)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 16, 20)])
def test_the_network_keeps_the_shape_and_sees_time_and_class(shape):
    torch.manual_seed(0)
    network = UNet(shape, classes=4, width=8)
    x, t = torch.randn(2, *shape), torch.tensor([0.1, 0.9])
    result = network(x, t, torch.tensor([0, 3]))
    assert result.shape == x.shape
    assert not torch.allclose(result, network(x, t.flip(0), torch.tensor([0, 3])))
    assert not torch.allclose(result, network(x, t, torch.tensor([1, 3])))
    assert torch.equal(network(x, t, torch.tensor([4, 4])), network(x, t))


def test_time_features_tell_near_times_apart():
    a, b = time_features(torch.tensor([0.5, 0.501]).double())
    assert (a - b).abs().max() > 0.1
    assert a.shape == (32,)


def recipe(**settings):
    torch.manual_seed(0)
    return flow.FlowRecipe((1, 8, 8), classes=3, width=8, **settings)


def batch(n=12):
    return torch.randint(256, (n, 1, 8, 8), dtype=torch.uint8), torch.arange(n) % 3


def test_a_step_learns_and_its_loss_starts_where_a_guess_of_nothing_would_be():
    model, data = recipe(), batch(64)
    nn.init.zeros_(model.network.unfold[2].weight)
    nn.init.zeros_(model.network.unfold[2].bias)
    first = model.step(data)["loss"].item()
    square = (data[0].float() / 127.5 - 1).square().mean().item()
    assert first == pytest.approx(1 + square, rel=0.05)
    losses = [model.step(data)["loss"].item() for _ in range(60)]
    assert sum(losses[-10:]) / 10 < 0.9 * first  # pictures of noise: little can be learnt but their mean square


def test_samples_are_pictures_and_repeat_with_their_seed():
    model = recipe()
    model.step(batch())
    one, other = (model.sample(4, 2, torch.Generator().manual_seed(7), steps=3) for _ in range(2))
    assert torch.equal(one, other)
    assert one.shape == (4, 1, 8, 8)
    assert one.abs().max() <= 1
    strong = model.sample(4, 2, torch.Generator().manual_seed(7), steps=3, guidance=4.0)
    assert not torch.equal(one, strong)


def test_labels_are_hidden_as_often_as_asked(monkeypatch):
    model, seen = recipe(label_dropout=0.25), []
    forward = model.network.forward
    monkeypatch.setattr(model.network, "forward", lambda x, t, y: (seen.append(y), forward(x, t, y))[1])
    for _ in range(40):
        model.step(batch(60))
    labels = torch.cat(seen)
    share = (labels == 3).double().mean().item()
    assert share == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / len(labels)) ** 0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flow.between(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(3)), "one time for each"),
        (lambda: flow.follow(exact_velocity, torch.zeros(2, 1), 0), "at least 1"),
        (lambda: flow.follow(exact_velocity, torch.zeros(2, 1), 5, "rk4"), "euler, midpoint, heun"),
        (lambda: UNet((1, 10, 8)), "multiples of 4"),
        (lambda: recipe().step((torch.zeros(0, 1, 8, 8), torch.zeros(0))), "n, 1, 8, 8"),
        (lambda: recipe().step((torch.zeros(2, 1, 8, 8),)), "3 classes"),
        (lambda: recipe().sample(2, 3), "out of range"),
        (lambda: recipe().sample(0), "at least 1"),
        (lambda: flow.FlowRecipe.for_data(SimpleNamespace(images=None)), "no|none"),
    ],
)
def test_what_can_t_be_done_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_state_travels_to_another_recipe():
    first, second, data = recipe(), recipe(learning_rate=1e-5), batch()
    first.step(data)
    second.load_state_dict(first.state_dict())
    for model in (first, second):
        torch.manual_seed(9)
        model.step(data)
    for one, other in zip(first.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(one, other)
