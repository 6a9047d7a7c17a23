"""Diffusion: against step-by-step simulation, Bayes' rule for Gaussians, and Euler's method."""

import pytest
import torch

from aigc_lab import flow
from aigc_lab.flow import diffusion

from gaussian_flow import MEAN, STD, exact_velocity


def test_the_leap_is_all_small_steps_taken_at_once():
    """Mean and variance of x_T given x_0, carried through 50 steps of q(x_t | x_{t-1})."""
    betas = diffusion.linear_betas(50, 1e-3, 0.1)
    mean, variance = torch.tensor(2.0).double(), torch.tensor(0.0).double()
    for beta in betas:
        mean, variance = (1 - beta).sqrt() * mean, (1 - beta) * variance + beta
    alpha_bar = diffusion.signal_left(betas)[-1:]
    x_0, one = torch.tensor([2.0]).double(), torch.ones(1).double()
    torch.testing.assert_close(diffusion.noised(x_0, 0 * one, alpha_bar)[0], mean)
    torch.testing.assert_close(diffusion.noised(0 * one, one, alpha_bar)[0], variance.sqrt())


def test_the_published_schedule_leaves_nearly_nothing():
    """Ho et al. chose it so that the KL of q(x_T | x_0) to N(0, I) is about 1e-5 bits a dimension."""
    alpha_bar = diffusion.signal_left(diffusion.linear_betas())[-1]
    x = torch.linspace(-1, 1, 101).double()  # pixel values, as if all were equally frequent
    kl = 0.5 * (alpha_bar * x.square() + (1 - alpha_bar) - 1 - (1 - alpha_bar).log()) / torch.log(torch.tensor(2.0))
    assert 3e-6 < kl.mean() < 3e-5


@pytest.mark.parametrize("step", [1, 2, 30, 50])
def test_the_step_back_is_bayes_rule(step):
    """q(x_{t-1}|x_t, x_0) ∝ q(x_t|x_{t-1}) q(x_{t-1}|x_0): a product of two Gaussians in x_{t-1}."""
    betas = diffusion.linear_betas(50, 1e-3, 0.1)
    bars = torch.cat([torch.ones(1).double(), diffusion.signal_left(betas)])
    x_t, x_0, beta = torch.tensor(0.7).double(), torch.tensor(-1.1).double(), betas[step - 1]
    mean, variance = diffusion.step_back(x_t, x_0, betas, step)
    if step == 1:
        assert mean == pytest.approx(x_0.item())
        assert variance == 0
        return
    precision = (1 - beta) / beta + 1 / (1 - bars[step - 1])
    centre = ((1 - beta).sqrt() * x_t / beta + bars[step - 1].sqrt() * x_0 / (1 - bars[step - 1])) / precision
    torch.testing.assert_close(mean, centre)
    torch.testing.assert_close(variance, 1 / precision)


def test_without_fresh_noise_it_is_euler():
    noise = torch.randn(7, 1, generator=torch.Generator().manual_seed(0)).double()
    for steps in (1, 3, 20):
        torch.testing.assert_close(
            diffusion.denoise(exact_velocity, noise, steps), flow.follow(exact_velocity, noise, steps, "euler")
        )


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_with_fresh_noise_it_still_ends_at_the_data(eta):
    rng = torch.Generator().manual_seed(1)
    noise = torch.randn(100_000, 1, generator=rng).double()
    x = diffusion.denoise(exact_velocity, noise, 300, eta, rng)
    assert x.mean().item() == pytest.approx(MEAN, abs=0.01)
    assert x.std().item() == pytest.approx(STD, abs=0.01)
    kept = torch.corrcoef(torch.cat([noise, x], dim=1).T)[0, 1].item()
    assert kept > 0.999 if eta == 0 else kept < 0.9  # with fresh noise the start is forgotten


@pytest.mark.parametrize("eta", [0.3, 1.0])
def test_the_fresh_noise_is_that_of_the_step_back(eta):
    """What x_s holds that x_t doesn't tell has, at η = 1, the variance of q(x_s | x_t, x_0) on the path with ᾱ = t² / (t² + (1 - t)²)."""
    seen, rng = [], torch.Generator().manual_seed(2)

    def witnessed(x, t):
        seen.append(x)
        return exact_velocity(x, t)

    diffusion.denoise(witnessed, torch.randn(100_000, 1, generator=rng).double(), 10, eta, rng)
    t, s = 0.4, 0.5
    design = torch.cat([seen[4], torch.ones_like(seen[4])], dim=1)
    unexplained = (seen[5] - design @ torch.linalg.lstsq(design, seen[5]).solution).std().item()
    bar_t, bar_s = (u**2 / (u**2 + (1 - u) ** 2) for u in (t, s))
    betas = torch.tensor([1 - bar_s, 1 - bar_t / bar_s]).double()  # two steps that lead to s, then to t
    _, variance = diffusion.step_back(torch.zeros(1), torch.zeros(1), betas, 2)
    scale = (s**2 + (1 - s) ** 2) ** 0.5  # from that path to the straight one
    assert unexplained == pytest.approx(eta * variance.sqrt().item() * scale, rel=0.01)


@pytest.mark.parametrize(
    "call",
    [
        lambda: diffusion.linear_betas(0),
        lambda: diffusion.linear_betas(10, 0.5, 0.1),
        lambda: diffusion.step_back(torch.zeros(1), torch.zeros(1), diffusion.linear_betas(10), 0),
        lambda: diffusion.denoise(exact_velocity, torch.zeros(2, 1), 5, eta=1.5),
    ],
)
def test_what_can_t_be_done_is_said(call):
    with pytest.raises(ValueError, match="got"):
        call()
