"""Truncated and rejected draws, against scipy's truncated normal and the density that must result."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from aigc_lab.control import sampling


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("threshold", [0.05, 0.7, 2.0, 8.0])
def test_truncated_noise_follows_the_truncated_normal(threshold):
    z = sampling.truncated_normal(2000, 4, threshold, dice())
    assert z.shape == (2000, 4)
    assert z.abs().max() <= threshold
    assert stats.kstest(z.flatten().numpy(), stats.truncnorm(-threshold, threshold).cdf).pvalue > 1e-3


def test_a_threshold_must_be_positive():
    with pytest.raises(ValueError, match="above 0"):
        sampling.truncated_normal(2, 2, 0.0)


def test_the_numbers_of_truncated_noise_are_independent():
    """The correlation of two independent columns of 20,000 numbers has a standard error of 1 / sqrt(20,000), whatever their law."""
    columns = np.corrcoef(sampling.truncated_normal(20_000, 5, 1.0, dice()).numpy().T)
    assert np.abs(columns - np.eye(5)).max() < 5 / math.sqrt(20_000)


def test_langevin_steps_keep_no_graph():
    z = sampling.langevin(
        torch.zeros(3, 2, requires_grad=True), lambda z: -z * torch.ones(2, requires_grad=True), 4, 0.1
    )
    assert not z.requires_grad


def test_what_is_kept_follows_the_data():
    p, q = torch.distributions.Normal(1.0, 0.6), torch.distributions.Normal(0.0, 1.0)
    x = torch.randn(50_000, generator=dice(), dtype=torch.float64)
    logits = p.log_prob(x) - q.log_prob(x)
    bound = 0.5 / (1 - 0.36) - math.log(0.6)  # the largest log ratio: at x = 1 / 0.64
    kept = x[torch.rand(len(x), generator=dice(1), dtype=torch.float64) < sampling.acceptance(logits, bound)]
    assert stats.kstest(kept.numpy(), stats.norm(1.0, 0.6).cdf).pvalue > 1e-3
    assert len(kept) / len(x) == pytest.approx(math.exp(-bound), abs=0.01)


def test_acceptance_is_a_probability_at_any_logit():
    seen = sampling.acceptance(torch.tensor([-800.0, 0.0, 800.0]), 3.0)
    torch.testing.assert_close(seen, torch.tensor([0.0, math.exp(-3.0), 1.0]))
