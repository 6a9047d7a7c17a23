"""Planted defects are what they say; the label detector, against a case by hand and against what was planted."""

import numpy as np
import pytest
import torch

from aigc_lab import datasets
from aigc_lab.cleaning import defects


@pytest.mark.parametrize("name", ["fashion", "photos"])
def test_copies_come_after_the_originals_and_know_them(name):
    images = datasets.load(name).images[:60]
    pool, source, kinds = defects.plant_copies(images, 0.5, seed=1)
    assert pool.dtype == torch.uint8
    assert pool.shape == (90, *images.shape[1:])
    assert torch.equal(pool[:60], images)
    assert (kinds[:60] == -1).all()
    assert len(set(source[60:].tolist())) == 30
    assert set(kinds[60:].tolist()) <= set(range(4))
    for copy, original in zip(pool[60:].double(), images[source[60:]].double(), strict=True):
        assert not torch.equal(copy, original)
    for i in np.flatnonzero(kinds == defects.KINDS.index("darker")):
        torch.testing.assert_close(pool[i].double(), 0.8 * images[source[i]].double(), atol=0.5, rtol=0)
    for i in np.flatnonzero(kinds == defects.KINDS.index("shifted")):
        assert torch.equal(pool[i][..., 1:], images[source[i]][..., :-1])


def test_planting_is_seeded():
    images = datasets.load("fashion").images[:20]
    one, two = defects.plant_copies(images, 0.5, seed=1), defects.plant_copies(images, 0.5, seed=1)
    assert torch.equal(one[0], two[0])
    assert (defects.plant_copies(images, 0.5, seed=2)[1] != one[1]).any()


def test_wrong_labels_are_as_many_as_asked_and_spread_over_the_other_classes():
    labels = np.repeat(np.arange(5), 2000)
    noisy = defects.plant_wrong_labels(labels, 0.2, classes=5, seed=0)
    wrong = noisy != labels
    assert wrong.sum() == 2000
    steps = np.bincount((noisy - labels)[wrong] % 5, minlength=5)
    assert steps[0] == 0
    assert np.abs(steps[1:] - 500).max() < 4 * np.sqrt(500)


def test_typos_change_the_share_of_words_asked_for():
    text = " ".join(["whale"] * 4000)
    damaged = defects.plant_typos(text, 0.3, np.random.default_rng(0)).split(" ")
    assert defects.plant_typos(text, 0.0, np.random.default_rng(0)) == text
    swapped = sum(word != "whale" for word in damaged)
    assert abs(swapped - 400) < 4 * np.sqrt(400)  # a third of 30%


def test_suspicious_labels_by_hand():
    """Thresholds 0.75 and 0.6. Example 1 reaches neither; 2 reaches class 1, its own; 3 reaches class 0, not its own."""
    probabilities = np.array([[0.95, 0.05], [0.55, 0.45], [0.05, 0.95], [0.75, 0.25]])
    labels = np.array([0, 0, 1, 1])
    assert defects.suspicious_labels(probabilities, labels).tolist() == [False, False, False, True]


def test_a_probability_equal_to_its_threshold_reaches_it():
    """Thresholds 0.5, 0.5, 0.5: the third example is on that of class 2, the first and the last on their own class's."""
    probabilities = np.array([[0.5, 0.25, 0.25], [0.25, 0.75, 0.0], [0.25, 0.25, 0.5], [0.25, 0.25, 0.5]])
    labels = np.array([0, 1, 1, 2])
    assert defects.suspicious_labels(probabilities, labels).tolist() == [False, False, True, False]


def test_margins_by_hand():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1], [0.3, 0.3, 0.4]])
    np.testing.assert_allclose(defects.label_margins(probabilities, np.array([0, 1, 2])), [0.5, -0.5, 0.1])


def test_the_margin_is_negative_just_where_the_model_contradicts():
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(5), 500), rng.integers(0, 5, 500)
    contradicted = probabilities.argmax(axis=1) != labels
    np.testing.assert_array_equal(defects.label_margins(probabilities, labels) < 0, contradicted)


def test_a_perfect_model_finds_exactly_the_planted_labels():
    truth = np.repeat(np.arange(4), 100)
    given = defects.plant_wrong_labels(truth, 0.2, classes=4, seed=3)
    probabilities = np.full((400, 4), 0.02)
    probabilities[np.arange(400), truth] = 0.94
    np.testing.assert_array_equal(defects.suspicious_labels(probabilities, given), given != truth)
    assert defects.found_and_right(given != truth, given != truth) == {"found": 1.0, "right": 1.0}
