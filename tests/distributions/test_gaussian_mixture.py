"""The mixture of Gaussians, against scikit-learn and against clouds that are known."""

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

from aigc_lab.distributions import gaussian_mixture


@pytest.fixture(scope="module")
def points():
    rng = torch.Generator().manual_seed(0)
    return (
        torch.randn(60, 12, generator=rng, dtype=torch.float64)
        @ torch.randn(12, 12, generator=rng, dtype=torch.float64)
        + 3
    )


def test_the_density_of_a_mixture_is_that_of_sklearn(points):
    ours = gaussian_mixture.fit(points, components=3, steps=30)
    theirs = GaussianMixture(3, covariance_type="full")
    theirs.weights_, theirs.means_ = ours.weights.numpy(), ours.means.numpy()
    theirs.covariances_ = (ours.roots @ ours.roots.transpose(1, 2)).numpy()
    theirs.precisions_cholesky_ = np.linalg.inv(ours.roots.numpy()).transpose(0, 2, 1)
    np.testing.assert_allclose(ours.log_density(points), theirs.score_samples(points.numpy()))


def test_a_mixture_finds_two_clouds_and_draws_them_again():
    rng = torch.Generator().manual_seed(1)
    cloud = torch.randn(1000, 2, generator=rng, dtype=torch.float64)
    cloud[:250] += 20
    drawn = gaussian_mixture.fit(cloud, components=2, ridge=0.001).sample(4000, rng)
    share = (drawn.sum(dim=1) > 20).double().mean().item()
    assert share == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / 4000) ** 0.5)
    assert torch.allclose(drawn[drawn.sum(dim=1) > 20].mean(dim=0), torch.full((2,), 20.0).double(), atol=0.4)
