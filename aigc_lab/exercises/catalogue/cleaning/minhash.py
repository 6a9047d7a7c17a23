"""Exercises on texts that are nearly the same (lesson 12)."""

import numpy as np
import torch

from aigc_lab.cleaning import minhash
from aigc_lab.exercises import Exercise, Mistake, case

LESSON = "12 Cleaning"


def _set_and_functions(rng: torch.Generator):
    items, a, b = (torch.randint(1, minhash.PRIME, (size,), generator=rng).numpy() for size in (20, 6, 6))
    return case(items=items, a=a, b=b)


def _few_items(rng: torch.Generator):
    """So few that each item is the first one under some function."""
    items, a, b = (torch.randint(1, minhash.PRIME, (size,), generator=rng).numpy() for size in (3, 30, 30))
    return case(items=items, a=a, b=b)


def _by_matrix(items, a, b):
    return ((a[:, None] * items[None, :] + b[:, None]) % minhash.PRIME).min(axis=1)


def _by_loops(items, a, b):
    smallest = []
    for k in range(len(a)):
        smallest.append(min((int(a[k]) * int(x) + int(b[k])) % minhash.PRIME for x in items))
    return np.array(smallest)


def _one_item_at_a_time(items, a, b):
    smallest = np.full(len(a), minhash.PRIME)
    for x in items:
        smallest = np.minimum(smallest, (a * x + b) % minhash.PRIME)
    return smallest


def _by_misses(similarity, bands, rows):
    return 1 - (1 - similarity**rows) ** bands


def _band_by_band(similarity, bands, rows):
    never = 1.0
    for _ in range(bands):
        never = never * (1 - np.power(similarity, rows))
    return 1 - never


def _by_logarithms(similarity, bands, rows):
    with np.errstate(divide="ignore"):
        return -np.expm1(bands * np.log1p(-(np.asarray(similarity, dtype=float) ** rows)))


def _hashes(items, a, b):
    return (np.asarray(a)[:, None] * np.asarray(items)[None, :] + np.asarray(b)[:, None]) % minhash.PRIME


SIMILARITIES = np.array([0.0, 0.2, 0.5, 0.8, 1.0])

EXERCISES = [
    Exercise(
        id="minhash.signature",
        reference=minhash.signature,
        cases=[
            case(items=np.array([3, 1_000_000_000]), a=np.array([1, 5]), b=np.array([0, 7])),
            case(items=np.array([12345]), a=np.array([7, 2, 9]), b=np.array([1, 0, minhash.PRIME - 1])),
            _few_items,
            _set_and_functions,
        ],
        alternatives=[_by_matrix, _by_loops, _one_item_at_a_time],
        mistakes={
            "the minimum first, then the hash": Mistake(
                lambda items, a, b: (a * items.min() + b) % minhash.PRIME,
                "You take the smallest item and hash it. Then all 128 numbers come from the same item, and two texts "
                "agree everywhere or nowhere. Hash all items, then take the minimum of the hashes.",
            ),
            "one minimum for all functions": Mistake(
                lambda items, a, b: _hashes(items, a, b).min(axis=0),
                "The minimum runs over the functions and gives one number for each item. You want one for each "
                "function: shape (count,).",
            ),
            "without the remainder": Mistake(
                lambda items, a, b: (a[:, None] * items[None, :] + b[:, None]).min(axis=1),
                "Without `% minhash.PRIME` the function a x + b keeps the order of the items: the smallest item wins each time. "
                "The remainder is what shuffles.",
            ),
            "the item instead of its hash": Mistake(
                lambda items, a, b: items[_hashes(items, a, b).argmin(axis=1)],
                "You return the item that comes first. That would work as well, but a signature is defined as the "
                "smallest hash values. Return those, so that signatures from different programs can be compared.",
            ),
        },
        hints=[
            "Build a matrix with a row for each function and a column for each item: `a[:, None] * items[None, :]`.",
            "`((a[:, None] * items[None, :] + b[:, None]) % minhash.PRIME)` holds all hashes; take `.min(axis=1)`, over the items.",
        ],
    ),
    Exercise(
        id="minhash.candidate_probability",
        reference=minhash.candidate_probability,
        cases=[
            case(similarity=0.6, bands=3, rows=2),
            case(similarity=np.array([0.5]), bands=2, rows=1),
            case(similarity=SIMILARITIES, bands=16, rows=8),
            case(similarity=SIMILARITIES, bands=5, rows=3),
            case(similarity=np.array([[0.3, 0.7, 0.9]]), bands=4, rows=6),
        ],
        alternatives=[_by_misses, _band_by_band, _by_logarithms],
        mistakes={
            "bands and rows exchanged": Mistake(
                lambda similarity, bands, rows: 1 - (1 - similarity**bands) ** rows,
                "The numbers inside a band must all agree, and there are `rows` of them: that is s to the power `rows`. Of the bands "
                "one is enough.",
            ),
            "every band must agree": Mistake(
                lambda similarity, bands, rows: similarity ** (bands * rows),
                "This is the chance that the whole signature agrees. One band of the many is enough: 1 minus the chance that none does.",
            ),
            "chances added": Mistake(
                lambda similarity, bands, rows: bands * similarity**rows,
                "You add the chances of the bands. At s = 0.5 with 2 bands of 1 row that gives 1, although both may "
                "miss: 0.5 × 0.5 = 0.25 of the pairs never meet. Multiply the chances to miss.",
            ),
            "the chance never to meet": Mistake(
                lambda similarity, bands, rows: (1 - similarity**rows) ** bands,
                "This is the chance that no band agrees. Two equal texts (s = 1) get 0 and should get 1.",
            ),
        },
        hints=[
            "What is the chance that all `rows` numbers of one band agree, if each agrees with probability s?",
            "It is easier to say when they never meet: no band agrees. The bands are independent.",
            "A band agrees with `similarity**rows`; all of them miss with `(1 - similarity**rows) ** bands`; you want 1 minus that.",
        ],
    ),
]
