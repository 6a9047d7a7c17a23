"""Active dimensions and bits per dimension, against numbers worked out by hand."""

import math

import pytest
import torch

from aigc_lab.vae import latent_space


def test_active_dimensions():
    mu = torch.tensor([[1.0, 5.0, 0.0], [-1.0, 5.0, 0.1]])
    assert latent_space.active_dimensions(mu) == 1
    assert latent_space.active_dimensions(mu, threshold=0.001) == 2


def test_a_guess_costs_one_bit():
    assert latent_space.bits_per_dimension(torch.tensor(-3072 * math.log(2)), (3, 32, 32)).item() == pytest.approx(1.0)
