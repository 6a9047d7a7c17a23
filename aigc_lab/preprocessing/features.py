"""Pictures and sounds as points: principal components, distances, nearest neighbours.

A *feature* is a number computed from an example. Pixels are features; so are the coordinates along the directions in
which the data vary most (principal components), or what the last hidden layer of a classifier says. Which examples are
neighbours depends on the space.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Pca:
    """The principal components of a data set.

    Attributes:
        mean: of the examples it was fitted to, (d,).
        components: orthonormal rows, the direction of the largest variance first, (k, d).
        variances: of the examples along each component, divided by n - 1, (k,).
        total: the variance of all d features together.
    """

    mean: Tensor
    components: Tensor
    variances: Tensor
    total: float

    def project(self, examples: Tensor) -> Tensor:
        """(n, d) -> (n, k)."""
        return pca_project(examples, self.mean, self.components)

    def reconstruct(self, scores: Tensor) -> Tensor:
        """(n, k) -> (n, d)."""
        return pca_reconstruct(scores, self.mean, self.components)

    def first(self, k: int) -> "Pca":
        """The same with the first k components only: they don't depend on how many follow."""
        return Pca(self.mean, self.components[:k], self.variances[:k], self.total)


def pca(examples: Tensor, k: int | None = None) -> Pca:
    r"""Principal components by singular value decomposition.

    .. math:: X - \bar x = U S V^T, \qquad \text{components: rows of } V^T, \qquad \text{variances: } s_j^2 / (n - 1)

    A component's sign is arbitrary; here its largest entry is positive.

    Args:
        examples: floating point, (n, d), n >= 2. Pictures are flattened first: `images.flatten(1)`.
        k: how many components; all min(n, d) by default.

    Raises:
        ValueError: fewer than 2 examples, or more components than min(n, d).

    Source:
        Pearson, "On lines and planes of closest fit to systems of points in space", 1901.
    """
    n, d = examples.shape
    k = min(n, d) if k is None else k
    if n < 2 or not 1 <= k <= min(n, d):
        raise ValueError(
            f"pca needs at least 2 examples and k between 1 and {min(n, d)}; got {n} examples of {d} features, k = {k}"
        )
    mean = examples.mean(dim=0)
    _, s, vt = torch.linalg.svd(examples - mean, full_matrices=False)
    largest = vt.gather(1, vt.abs().argmax(dim=1, keepdim=True))
    variances = s**2 / (n - 1)
    return Pca(mean, (vt * largest.sign())[:k].contiguous(), variances[:k], variances.sum().item())


def pca_project(examples: Tensor, mean: Tensor, components: Tensor) -> Tensor:
    r"""Coordinates along the components: :math:`z = (x - \bar x) V`.

    Args:
        examples: (n, d).
        mean: of the *training* examples, (d,): new examples must be measured from the same origin.
        components: orthonormal rows, (k, d).

    Returns:
        (n, k).
    """
    return (examples - mean) @ components.T


def pca_reconstruct(scores: Tensor, mean: Tensor, components: Tensor) -> Tensor:
    r"""The point that has these coordinates: :math:`\hat x = \bar x + z V^T`. (n, k) -> (n, d)."""
    return mean + scores @ components


def distances(a: Tensor, b: Tensor) -> Tensor:
    r"""Euclidean distance of each pair: :math:`\|a_i - b_j\|`.

    Args:
        a: (n, d).
        b: (m, d).

    Returns:
        (n, m).
    """
    return torch.cdist(a, b)


def nearest(queries: Tensor, reference: Tensor, k: int = 1) -> Tensor:
    """Which k rows of reference are nearest to each query, the nearest first: (n, d), (m, d) -> (n, k).

    Raises:
        ValueError: k larger than the number of rows.
    """
    if not 1 <= k <= len(reference):
        raise ValueError(f"there are {len(reference)} rows to choose from, asked for the {k} nearest")
    return distances(queries, reference).topk(k, dim=1, largest=False).indices


def rank_of(queries: Tensor, reference: Tensor, targets: Tensor) -> Tensor:
    """How many rows of reference are nearer to query i than row targets[i] is: 0 if none is; (n,)."""
    d = distances(queries, reference)
    return (d < d.gather(1, targets[:, None])).sum(dim=1)
