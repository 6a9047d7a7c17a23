"""Exercises on what a generator remembers (lesson 14)."""

import math

import torch

from aigc_lab.exercises import Exercise, Mistake, case, uniform
from aigc_lab.privacy import memorisation


def _candidates(generator: torch.Generator):
    count = int(torch.randint(20, 200, (1,), generator=generator))
    losses = 20 * uniform(count, generator=generator)
    return case(losses=losses, secret=int(torch.randint(count, (1,), generator=generator)))


def _bits(losses, rank):
    return math.log2(len(losses)) - torch.log2(rank.to(torch.float64))


def _by_loops(losses, secret):
    rank, values = 0, losses.tolist()
    for value in values:
        if value <= values[secret]:
            rank += 1
    return torch.tensor(math.log(len(losses) / rank) / math.log(2), dtype=torch.float64)


def _by_sorting(losses, secret):
    rank = torch.searchsorted(losses.sort().values, losses[secret], right=True)
    return torch.log2(len(losses) / rank)


LESSON = "14 Privacy"

EXERCISES = [
    Exercise(
        id="memorisation.exposure",
        reference=memorisation.exposure,
        cases=[
            case(losses=torch.tensor([9.0, 2.0, 7.0, 5.0], dtype=torch.float64), secret=1),
            case(losses=torch.tensor([9.0, 2.0, 7.0, 5.0], dtype=torch.float64), secret=3),
            case(losses=torch.tensor([9.0, 2.0, 7.0, 5.0], dtype=torch.float64), secret=0),
            case(losses=torch.full((8,), 3.0, dtype=torch.float64), secret=2),
            case(losses=torch.tensor([4.0, 1.0, 4.0, 6.0, 4.0], dtype=torch.float64), secret=2),
            _candidates,
        ],
        mistakes={
            "rank from 0": Mistake(
                lambda losses, secret: _bits(losses, (losses <= losses[secret]).sum() - 1),
                "The likeliest candidate has rank 1. Counted from 0, its exposure is log |R| - log 0, which is "
                "infinite, and even the least likely candidate seems to give something away.",
            ),
            "natural logarithm": Mistake(
                lambda losses, secret: (
                    math.log(len(losses)) - torch.log((losses <= losses[secret]).sum().to(torch.float64))
                ),
                "This is in nats. Exposure counts halvings of the search, bits: among 10^5 candidates the first one has "
                "16.6 bits (11.5 nats).",
            ),
            "ties for free": Mistake(
                lambda losses, secret: _bits(losses, (losses < losses[secret]).sum() + 1),
                "You count only candidates with a lower loss (<). If all have the same loss, each one ranks first, "
                "with full exposure, though the model gives nothing away. Count equal losses as well (<=).",
            ),
            "the worst guess first": Mistake(
                lambda losses, secret: _bits(losses, (losses >= losses[secret]).sum()),
                "The list is sorted the wrong way round: a low loss means that the model finds the candidate likely, so "
                "the lowest loss has rank 1.",
            ),
            "the space forgotten": Mistake(
                lambda losses, secret: -torch.log2((losses <= losses[secret]).sum().to(torch.float64)),
                "This is -log2 rank, never above 0. Exposure compares with guessing blindly, which takes all |R| "
                "candidates: rank 4 of 16 leaves 2 bits, rank 4 of 10^6 leaves 18.",
            ),
        },
        hints=[
            "How many candidates does the model find at least as likely as the secret? That is the rank.",
            "`rank = (losses <= losses[secret]).sum()`; return `math.log2(len(losses)) - torch.log2(rank)`.",
        ],
        alternatives=[
            lambda losses, secret: math.log2(len(losses)) - torch.log2((losses <= losses[secret]).sum()),
            _by_loops,
            _by_sorting,
        ],
    ),
]
