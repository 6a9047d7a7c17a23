"""Controls of a trained generator, held to closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from aigc_lab.control import classifier_guidance, directions, sampling


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


def test_thickness_of_a_long_bar_is_its_width_and_an_empty_picture_has_none():
    bars = torch.zeros(2, 1, 400, 30, dtype=torch.float64)
    bars[0, 0, 1:-1, 10:15] = 1
    seen = directions.stroke_thickness(bars)
    assert seen[0].item() == pytest.approx(5, rel=0.03)
    assert seen[1] == 0


def test_slant_is_minus_the_slope_of_a_weighted_fit_of_column_over_row():
    x = torch.rand(5, 1, 12, 9, generator=dice(), dtype=torch.float64)
    row, column = np.indices((12, 9)).reshape(2, -1)
    expected = [-np.polyfit(row, column, 1, w=image.flatten().sqrt().numpy())[0] for image in x]
    np.testing.assert_allclose(directions.slant(x), expected, rtol=1e-9)


def test_slant_of_upright_slash_and_backslash():
    upright = torch.zeros(28, 28)
    upright[4:24, 10] = 1
    backslash = torch.eye(28)
    seen = directions.slant(torch.stack([upright, backslash.flip(1), backslash])[:, None])
    torch.testing.assert_close(seen, torch.tensor([0.0, 1.0, -1.0]))


def test_direction_ignores_where_the_classes_lie():
    generator = dice()
    labels = torch.arange(600) % 3
    has = torch.rand(600, generator=generator) < torch.tensor([0.1, 0.5, 0.9])[labels]
    codes = 5.0 * labels[:, None] * torch.tensor([1.0, 0.0]) + has[:, None] * torch.tensor([0.0, 2.0])
    torch.testing.assert_close(directions.attribute_direction(codes, has, labels), torch.tensor([0.0, 2.0]))


def test_direction_needs_a_class_with_both_groups():
    with pytest.raises(ValueError, match="both with and without"):
        directions.attribute_direction(
            torch.randn(4, 2), torch.tensor([True, True, False, False]), torch.tensor([0, 0, 1, 1])
        )


def test_guidance_and_langevin_reach_a_known_posterior():
    """z ~ N(0, 1), y = z + N(0, 1/4) seen as 1.5, scale 1: the posterior is N(1.2, 0.2)."""
    chains = sampling.langevin(
        torch.randn(20_000, 1, generator=dice(), dtype=torch.float64),
        lambda z: classifier_guidance.guided_score(z, lambda u: -((1.5 - u[:, 0]) ** 2) / (2 * 0.25)),
        steps=150,
        step_size=0.02,
        generator=dice(1),
    )
    assert chains.mean().item() == pytest.approx(1.2, abs=4 * math.sqrt(0.2 / 20_000))
    assert chains.var().item() == pytest.approx(0.2 / (1 - 0.02 * 5 / 4), rel=4 * math.sqrt(2 / 20_000))


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
