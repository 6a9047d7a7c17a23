"""Fingerprints of pictures, against the imagehash library and by construction."""

import imagehash
import numpy as np
import pytest
import torch
from PIL import Image

from aigc_lab import datasets
from aigc_lab.cleaning import defects, duplicates


def noise(*shape, seed=0):
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def test_difference_hash_is_imagehash_dhash_where_no_resizing_interferes():
    pictures = noise(50, 1, 8, 9)
    expected = [imagehash.dhash(Image.fromarray(p[0].numpy())).hash.reshape(-1) for p in pictures]
    np.testing.assert_array_equal(duplicates.difference_hash(pictures).numpy(), expected)


def test_perceptual_hash_is_imagehash_phash_where_no_resizing_interferes():
    pictures = noise(50, 1, 32, 32)
    expected = [imagehash.phash(Image.fromarray(p[0].numpy())).hash.reshape(-1) for p in pictures]
    np.testing.assert_array_equal(duplicates.perceptual_hash(pictures).numpy(), expected)


def test_distances_of_photographs_go_with_those_of_imagehash():
    pictures = datasets.load("photos").images[:40]
    grey = pictures.float().mean(dim=1).round().to(torch.uint8)
    hashes = [imagehash.phash(Image.fromarray(p.numpy())) for p in grey]
    first, second = np.triu_indices(40, 1)
    expected = [hashes[i] - hashes[j] for i, j in zip(first, second, strict=True)]
    bits = duplicates.perceptual_hash(grey[:, None])
    found = duplicates.hamming(bits, bits).numpy()[first, second]
    assert np.corrcoef(expected, found)[0, 1] > 0.9


def test_copies_of_photographs_are_near_and_others_are_not():
    pool, source, _ = defects.plant_copies(datasets.load("photos").images, 1.0, seed=5)
    first, second = np.triu_indices(len(pool), 1)
    copy = source[first] == source[second]
    for fingerprint in (duplicates.difference_hash, duplicates.perceptual_hash):
        bits = fingerprint(pool)
        distance = duplicates.hamming(bits, bits).numpy()[first, second]
        assert np.median(distance[copy]) <= 4
        assert np.median(distance[~copy]) > 25


def test_brightness_and_contrast_leave_both_hashes_alone():
    pictures = torch.rand(5, 3, 40, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for fingerprint in (duplicates.difference_hash, duplicates.perceptual_hash):
        assert torch.equal(fingerprint(pictures), fingerprint(0.5 * pictures))
    assert torch.equal(duplicates.difference_hash(pictures), duplicates.difference_hash(pictures + 3))


def test_hamming_counts_bits():
    a = torch.tensor([[True, False, True], [False, False, False]])
    assert duplicates.hamming(a, a).tolist() == [[0, 2], [2, 0]]
    assert duplicates.pairs_within(a, 1).tolist() == []
    assert duplicates.pairs_within(a, 2).tolist() == [[0, 1]]


def test_likeness_is_the_correlation_and_forgives_a_shift():
    pictures = noise(2, 1, 12, 12)
    pair = torch.tensor([[0, 1]])
    expected = np.corrcoef(pictures[0].flatten().numpy(), pictures[1].flatten().numpy())[0, 1]
    assert duplicates.likeness(pictures, pair, shift=0).item() == pytest.approx(expected, abs=1e-5)
    moved = torch.stack([pictures[0], pictures[0].roll(1, dims=-1) // 2])
    assert duplicates.likeness(moved, pair, shift=0).item() < 0.5
    assert duplicates.likeness(moved, pair, shift=1).item() > 0.999


def test_groups_are_connected_components():
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pairs = torch.randint(0, 60, (40, 2), generator=torch.Generator().manual_seed(1))
    graph = coo_matrix((np.ones(40), pairs.T.numpy()), shape=(60, 60))
    expected = connected_components(graph, directed=False)[1]
    found = duplicates.groups(60, pairs).numpy()
    np.testing.assert_array_equal(found[:, None] == found, expected[:, None] == expected)
    assert (found <= np.arange(60)).all()


def test_no_group_is_on_both_sides_of_a_split():
    group = torch.randint(0, 50, (300,), generator=torch.Generator().manual_seed(2))
    train, test = duplicates.split_by_group(group, 0.25, seed=3)
    assert sorted(torch.cat([train, test]).tolist()) == list(range(300))
    assert not set(group[train].tolist()) & set(group[test].tolist())
    assert len(set(group[test].tolist())) == round(0.25 * len(set(group.tolist())))


def test_cats_and_dogs_hold_eleven_exact_pairs_and_three_near_ones():
    animals = datasets.load("cats_dogs")
    pairs = duplicates.pairs_within(duplicates.perceptual_hash(animals.images), 4)
    same = pairs[duplicates.likeness(animals.images, pairs) > 0.985]
    equal = (animals.images[same[:, 0]] == animals.images[same[:, 1]]).flatten(1).all(dim=1)
    exact = animals.labels[same[equal, 0]]
    assert (int((exact == 0).sum()), int((exact == 1).sum()), int((~equal).sum())) == (8, 3, 3)
