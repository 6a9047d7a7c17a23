"""Principal components and nearest neighbours, against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from aigc_lab.preprocessing import features


@pytest.fixture(scope="module")
def points():
    rng = torch.Generator().manual_seed(0)
    return (
        torch.randn(60, 12, generator=rng, dtype=torch.float64)
        @ torch.randn(12, 12, generator=rng, dtype=torch.float64)
        + 3
    )


def test_principal_components_are_those_of_sklearn(points):
    ours, theirs = features.pca(points, 5), PCA(5, svd_solver="full").fit(points.numpy())
    np.testing.assert_allclose(ours.mean, theirs.mean_)
    np.testing.assert_allclose(ours.variances, theirs.explained_variance_)
    np.testing.assert_allclose((ours.variances / ours.total), theirs.explained_variance_ratio_)
    signs = np.sign((ours.components.numpy() * theirs.components_).sum(axis=1))
    np.testing.assert_allclose(ours.components.numpy(), signs[:, None] * theirs.components_, atol=1e-10)
    np.testing.assert_allclose(ours.project(points).numpy(), signs * theirs.transform(points.numpy()), atol=1e-10)


def test_the_largest_entry_of_a_component_is_positive(points):
    components = features.pca(points).components
    assert (components.gather(1, components.abs().argmax(dim=1, keepdim=True)) > 0).all()


def test_fewer_components_are_the_first_ones(points):
    torch.testing.assert_close(features.pca(points).first(3).components, features.pca(points, 3).components)


def test_all_components_rebuild_the_examples(points):
    space = features.pca(points)
    torch.testing.assert_close(space.reconstruct(space.project(points)), points)


def test_what_pca_leaves_out_is_the_variance_it_says(points):
    space = features.pca(points, 4)
    missing = ((points - space.reconstruct(space.project(points))) ** 2).sum().item() / (len(points) - 1)
    assert missing == pytest.approx(space.total - space.variances.sum().item())


def test_neighbours_are_those_of_sklearn(points):
    d, i = NearestNeighbors(n_neighbors=3).fit(points[:40].numpy()).kneighbors(points[40:].numpy())
    assert features.nearest(points[40:], points[:40], 3).tolist() == i.tolist()
    np.testing.assert_allclose(features.distances(points[40:], points[:40]).sort(dim=1).values[:, :3], d)


def test_impossible_requests_are_refused(points):
    with pytest.raises(ValueError, match="between 1 and 12"):
        features.pca(points, 13)
    with pytest.raises(ValueError, match="asked for the 41"):
        features.nearest(points, points[:40], 41)
