"""Pictures that are there twice: fingerprints that survive a new size, a new file format or another brightness.

A cryptographic hash changes when one bit changes. A perceptual hash keeps 64 facts about the picture that such changes leave alone, so that two
pictures can be compared by counting the facts that differ. The hash proposes pairs, the pixels decide (`likeness`).
"""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.fft import dctn
from torch import Tensor


def shrink(images: Tensor, height: int, width: int) -> Tensor:
    """Grey pictures of another size, each new pixel the mean of the area that it covers.

    Where the sizes don't divide, a pixel on the border of two areas counts in both.

    Args:
        images: any number type, (n, c, h, w); the mean over c makes the grey.

    Returns:
        float32 in the units of the images, (n, height, width).
    """
    return F.adaptive_avg_pool2d(images.float().mean(dim=1, keepdim=True), (height, width))[:, 0]


def difference_hash(images: Tensor) -> Tensor:
    r"""64 bits a picture: does it get brighter from each pixel to its right neighbour, at 8 × 9 pixels?

    .. math:: b_{ij} = [\, p_{i,j+1} > p_{ij} \,], \quad 0 \le i, j < 8

    A change of brightness or contrast keeps the order of neighbours, and so the bits.

    Args:
        images: (n, c, h, w), uint8 or floating point.

    Returns:
        bool, (n, 64), row by row.

    Source:
        N. Krawetz, "Kind of Like That", The Hacker Factor Blog, 2013 (dHash).
    """
    small = shrink(images, 8, 9)
    return (small[:, :, 1:] > small[:, :, :-1]).flatten(1)


def perceptual_hash(images: Tensor) -> Tensor:
    r"""64 bits a picture: which of its 64 lowest frequencies are above their median, at 32 × 32 pixels?

    .. math:: b_{uv} = [\, C_{uv} > \mathrm{median}(C) \,], \quad C = \text{the first } 8 \times 8 \text{ of the 2-D cosine transform}

    What changes fine detail (a file format, a thumbnail) hardly moves low frequencies.

    Args:
        images: (n, c, h, w), uint8 or floating point.

    Returns:
        bool, (n, 64).

    Source:
        C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010 (pHash).
    """
    waves = dctn(shrink(images, 32, 32).double().numpy(), axes=(1, 2))[:, :8, :8].reshape(len(images), 64)
    return torch.from_numpy(waves > np.median(waves, axis=1, keepdims=True))


def hamming(a: Tensor, b: Tensor) -> Tensor:
    """How many bits differ, for each of n hashes with each of m: bool (n, bits), (m, bits) -> int64 (n, m)."""
    a, b = a.float(), b.float()
    return (a @ (1 - b).T + (1 - a) @ b.T).round().long()


def pairs_within(hashes: Tensor, distance: int) -> Tensor:
    """All pairs i < j whose hashes differ in at most `distance` bits: bool (n, bits) -> int64 (pairs, 2)."""
    return torch.nonzero((hamming(hashes, hashes) <= distance).triu(diagonal=1))


def likeness(images: Tensor, pairs: Tensor, shift: int = 1) -> Tensor:
    r"""How alike the pictures of each pair are: the largest correlation of their pixels when one is moved by up to `shift` pixels.

    .. math:: r = \max_{s} \frac{(a - \bar a) \cdot (b_s - \bar b_s)}{|a - \bar a|\,|b_s - \bar b_s|}

    Args:
        images: (n, c, h, w), uint8 or floating point.
        pairs: int64, (k, 2), indices of images.

    Returns:
        float32, (k,): 1 for pictures that differ in nothing but brightness, contrast and a shift that was tried.
    """

    def unit(pictures: Tensor) -> Tensor:
        flat = pictures.flatten(1)
        return F.normalize(flat - flat.mean(dim=1, keepdim=True), dim=1)

    best = torch.full((len(pairs),), -1.0)
    steps = range(-shift, shift + 1)
    for part in torch.arange(len(pairs)).split(4000):
        left, right = (images[pairs[part, side]].float() for side in (0, 1))
        still = unit(left)
        for down in steps:
            for across in steps:
                moved = unit(right.roll((down, across), dims=(-2, -1)))
                best[part] = torch.maximum(best[part], (still * moved).sum(dim=1))
    return best


def groups(n: int, pairs: Tensor) -> Tensor:
    """Which examples belong together: the smallest index of each one's group, int64 (n,).

    Two examples that are both like a third are in one group, even if they aren't like each other.

    Args:
        n: number of examples.
        pairs: int64, (k, 2), the pairs that are alike.
    """
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in pairs.tolist():
        low, high = sorted((root(i), root(j)))
        parent[high] = low
    return torch.tensor([root(i) for i in range(n)], dtype=torch.int64)


def split_by_group(group: Tensor, share: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Indices for training and for testing, such that no group is on both sides.

    Args:
        group: the group of each example, (n,).
        share: of the groups that go to the test side.
        seed: which groups.
    """
    names, place = torch.unique(group, return_inverse=True)
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    test = torch.isin(place, order[: round(share * len(names))])
    return torch.nonzero(~test)[:, 0], torch.nonzero(test)[:, 0]
