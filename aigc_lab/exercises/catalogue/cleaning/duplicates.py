"""Exercises on pictures that are there twice (lesson 12)."""

import numpy as np
import torch

from aigc_lab.cleaning import duplicates
from aigc_lab.exercises import Exercise, Mistake, case, uniform

LESSON = "12 Cleaning"


def _neighbours(images, height, width):
    return duplicates.shrink(images, height, width)


def _downwards(images):
    small = _neighbours(images, 9, 8)
    return (small[:, 1:] > small[:, :-1]).flatten(1)


def _darker(images):
    small = _neighbours(images, 8, 9)
    return (small[:, :, 1:] < small[:, :, :-1]).flatten(1)


def _against_the_mean(images):
    small = _neighbours(images, 8, 8)
    return (small > small.mean(dim=(1, 2), keepdim=True)).flatten(1)


def _top_left_corner(images):
    grey = images.float().mean(dim=1)[:, :8, :9]
    return (grey[:, :, 1:] > grey[:, :, :-1]).flatten(1)


def _through_bytes(images):
    """The difference of two bytes is a byte: 10 - 20 = 246."""
    small = _neighbours(images, 8, 9).to(torch.uint8)
    return ((small[:, :, 1:] - small[:, :, :-1]) > 0).flatten(1)


def _equal_counts(images):
    small = _neighbours(images, 8, 9)
    return (small[:, :, 1:] >= small[:, :, :-1]).flatten(1)


def _one_colour(images):
    return _hash(_neighbours(images[:, :1], 8, 9))


def _hash(small):
    return (small[:, :, 1:] > small[:, :, :-1]).flatten(1)


def _by_slices(images):
    small = duplicates.shrink(images, 8, 9)
    return (small[:, :, 1:] > small[:, :, :-1]).flatten(1)


def _by_loops(images):
    bits = torch.zeros(len(images), 64, dtype=torch.bool)
    for number, small in enumerate(duplicates.shrink(images, 8, 9)):
        for row in range(8):
            for column in range(8):
                bits[number, 8 * row + column] = small[row, column + 1] > small[row, column]
    return bits


def _by_numpy(images):
    small = duplicates.shrink(images, 8, 9).numpy()
    return (np.diff(small, axis=2) > 0).reshape(len(images), 64)


def _framed(rng: torch.Generator):
    """A colourful picture in a black frame, which is flat."""
    images = torch.zeros(2, 3, 32, 36, dtype=torch.uint8)
    images[:, :, 8:24, 8:28] = torch.randint(0, 256, (2, 3, 16, 20), generator=rng, dtype=torch.uint8)
    return case(images=images)


RAMP = torch.arange(36, dtype=torch.float64).repeat(32, 1)[None, None]  # brighter to the right
STEPS = torch.cat([RAMP[..., :18] * 4, RAMP[..., 18:] * 2], dim=-1)
HALF_FLAT = RAMP.clamp(min=20)[:, :, ::2]


EXERCISES = [
    Exercise(
        id="duplicates.difference_hash",
        reference=duplicates.difference_hash,
        cases=[
            case(images=RAMP),
            case(images=HALF_FLAT),
            case(images=STEPS.to(torch.uint8)),
            _framed,
            lambda rng: case(images=uniform(3, 1, 28, 28, generator=rng)),
            lambda rng: case(images=uniform(2, 3, 32, 40, generator=rng) * 255),
        ],
        alternatives=[_by_slices, _by_loops, _by_numpy],
        mistakes={
            "equal counts as brighter": Mistake(
                _equal_counts,
                "Your bit is True where both neighbours are equally bright. Brighter means `>`: a flat picture has no bit set. "
                "(Sketches and product photos are mostly flat, so this is no rare case.)",
            ),
            "one colour only": Mistake(
                _one_colour,
                "You hash one of the three colours. `duplicates.shrink` takes the whole picture and makes it grey itself.",
            ),
            "rows compared instead of columns": Mistake(
                _downwards,
                "This asks whether a pixel is brighter than the one above it. The right neighbour stands in the same row: its "
                "index differs in the last dimension. And which of 8 and 9 is the number of columns?",
            ),
            "darker instead of brighter": Mistake(
                _darker,
                "Your bit is True where the right pixel is darker. Try a picture that gets brighter from left to "
                "right: all 64 bits should be True. (Within your own program either works. It matters when two people "
                "compare hashes.)",
            ),
            "compared with the mean": Mistake(
                _against_the_mean,
                "This is the average hash: each pixel against the mean of the picture. One bright corner moves the mean, and with "
                "it all bits. The difference hash compares neighbours only.",
            ),
            "not shrunk": Mistake(
                _top_left_corner,
                "This hashes 72 pixels of one corner. All pictures with a black corner are then twins. Shrink the whole "
                "picture to 8 by 9 first.",
            ),
            "differences of bytes": Mistake(
                _through_bytes,
                "In uint8, 10 - 20 is 246, which is above 0: each change counts as brighter. Compare with `>`, or make the "
                "numbers floating point before you subtract.",
            ),
        },
        hints=[
            "`small = duplicates.shrink(images, 8, 9)` has the shape (n, 8, 9). Which slice holds the right neighbours?",
            "`small[:, :, 1:]` are the right neighbours of `small[:, :, :-1]`; `.flatten(1)` makes 64 bits of 8 × 8.",
        ],
    ),
]
