"""Bits per character and copied shares, against numbers worked out by hand."""

import math

import pytest
import torch

from aigc_lab.lm import scoring


def test_uniform_model_pays_log2_of_the_alphabet():
    assert scoring.bits_per_character(torch.full((50,), -math.log(81.0)), 50).item() == pytest.approx(
        math.log2(81), rel=1e-6
    )


def test_bits_are_shared_among_the_characters_of_a_word():
    # two words of p = 1/8 and 1/2: 3 + 1 bits, over 10 characters
    words = torch.tensor([1 / 8, 1 / 2], dtype=torch.float64).log()
    assert scoring.bits_per_character(words, 10).item() == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("written", "share"),
    [
        ("the white whale", 1.0),
        ("xx white xx", 7 / 11),  # only " white "
        ("the whale", 7 / 9),  # "e whale", though not "the wha"
        ("whale", 0.0),  # shorter than a run
        ("", 0.0),
    ],
)
def test_copied_share(written, share):
    corpus = "see the white whale"
    assert scoring.copied_share(written, corpus, 7) == pytest.approx(share)
