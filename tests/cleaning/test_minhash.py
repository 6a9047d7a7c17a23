"""MinHash and banding, against datasketch, enumeration and closed forms."""

import itertools

import datasketch
import numpy as np
import pytest

from aigc_lab.cleaning import minhash


def test_shingles_forget_case_and_punctuation():
    assert minhash.shingles("The whale, the WHALE!", words=2) == {"the whale", "whale the"}
    assert minhash.shingles("Call", words=3) == {"call"}


def test_jaccard_of_known_sets():
    assert minhash.jaccard({1, 2, 3}, {2, 3, 4}) == 0.5
    assert minhash.jaccard(set(), set()) == 1


def test_signature_is_the_minimum_by_plain_python():
    a, b = minhash.hash_functions(16, seed=4)
    items = minhash.numbers(["the whale", "a ship", "the sea"])
    plain = [min((int(a_) * int(x) + int(b_)) % (2**31 - 1) for x in items) for a_, b_ in zip(a, b, strict=True)]
    assert minhash.signature(items, a, b).tolist() == plain


@pytest.mark.parametrize(("shared", "alone"), [(90, 10), (50, 50), (10, 90)])
def test_estimates_the_same_jaccard_as_datasketch(shared, alone):
    left = {f"shared {i}" for i in range(shared)} | {f"left {i}" for i in range(alone)}
    right = {f"shared {i}" for i in range(shared)} | {f"right {i}" for i in range(alone)}
    truth = shared / (shared + 2 * alone)
    count = 1024
    functions = minhash.hash_functions(count, seed=1)
    ours = minhash.estimated_jaccard(*(minhash.signature(minhash.numbers(s), *functions) for s in (left, right)))
    theirs = [datasketch.MinHash(num_perm=count) for _ in range(2)]
    for sketch, items in zip(theirs, (left, right), strict=True):
        sketch.update_batch([item.encode() for item in items])
    error = np.sqrt(truth * (1 - truth) / count)
    assert abs(ours - truth) < 4 * error
    assert abs(ours - theirs[0].jaccard(theirs[1])) < 4 * np.sqrt(2) * error


def test_candidate_probability_is_the_sum_over_all_outcomes():
    """Enumerate which of the 6 numbers agree, and add up the outcomes in which a whole band does."""
    s, bands, rows = 0.7, 3, 2
    total = 0.0
    for agree in itertools.product([0, 1], repeat=bands * rows):
        if any(all(agree[k * rows : (k + 1) * rows]) for k in range(bands)):
            total += np.prod([s if one else 1 - s for one in agree])
    assert minhash.candidate_probability(s, bands, rows) == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize(("bands", "rows", "middle"), [(16, 8, 0.67), (32, 4, 0.38)])
def test_the_middle_of_the_s_is_where_half_of_the_pairs_meet(bands, rows, middle):
    half = (1 - 0.5 ** (1 / bands)) ** (1 / rows)
    assert minhash.candidate_probability(half, bands, rows) == pytest.approx(0.5)
    assert half == pytest.approx(middle, abs=0.005)
    assert minhash.candidate_probability((1 / bands) ** (1 / rows), bands, rows) == pytest.approx(0.64, abs=0.01)


def test_candidates_are_the_pairs_that_share_a_band():
    signatures = np.random.default_rng(0).integers(0, 3, (40, 12))
    bands = signatures.reshape(40, 4, 3)
    expected = {(i, j) for i, j in itertools.combinations(range(40), 2) if (bands[i] == bands[j]).all(axis=1).any()}
    assert minhash.candidates(signatures, bands=4) == expected
    assert expected
    with pytest.raises(ValueError, match="equal bands"):
        minhash.candidates(signatures, bands=5)
