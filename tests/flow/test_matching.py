"""Flow matching: against the exact velocity of a Gaussian, SciPy's integrator, and its own definition."""

import itertools

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from aigc_lab import flow
from aigc_lab.flow import matching

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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flow.between(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(3)), "one time for each"),
        (lambda: flow.follow(exact_velocity, torch.zeros(2, 1), 0), "at least 1"),
        (lambda: flow.follow(exact_velocity, torch.zeros(2, 1), 5, "rk4"), "euler, midpoint, heun"),
    ],
)
def test_what_can_t_be_done_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
