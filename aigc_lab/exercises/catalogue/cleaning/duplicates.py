"""Exercises on pictures that are there twice (lesson 12)."""

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


RAMP = torch.arange(36, dtype=torch.float64).repeat(32, 1)[None, None]  # brighter to the right
STEPS = torch.cat([RAMP[..., :18] * 4, RAMP[..., 18:] * 2], dim=-1)


EXERCISES = [
    Exercise(
        id="duplicates.difference_hash",
        reference=duplicates.difference_hash,
        cases=[
            case(images=RAMP),
            case(images=STEPS.to(torch.uint8)),
            lambda rng: case(images=uniform(3, 1, 28, 28, generator=rng)),
            lambda rng: case(images=uniform(2, 3, 32, 40, generator=rng) * 255),
        ],
        mistakes={
            "rows compared instead of columns": Mistake(
                _downwards,
                "This asks whether a pixel is brighter than the one above it. The right neighbour stands in the same row: its "
                "index differs in the last dimension. And which of 8 and 9 is the number of columns?",
            ),
            "darker instead of brighter": Mistake(
                _darker,
                "Your bit is True where the right pixel is darker. Put the picture that gets brighter from left to right in: all "
                "64 bits should be True. (Within your own program either works. It matters when two people compare hashes.)",
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
