"""Guidance by a classifier, against a posterior in closed form."""

import math

import pytest
import torch

from aigc_lab.control import classifier_guidance, sampling


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


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
