"""Exercises on texts that are nearly the same (lesson 12)."""

import numpy as np
import torch

from aigc_lab.cleaning import minhash
from aigc_lab.exercises import Exercise, Mistake, case

LESSON = "12 Cleaning"


def _set_and_functions(rng: torch.Generator):
    items, a, b = (torch.randint(1, minhash.PRIME, (size,), generator=rng).numpy() for size in (20, 6, 6))
    return case(items=items, a=a, b=b)


def _hashes(items, a, b):
    return (np.asarray(a)[:, None] * np.asarray(items)[None, :] + np.asarray(b)[:, None]) % minhash.PRIME


SIMILARITIES = np.array([0.0, 0.2, 0.5, 0.8, 1.0])

EXERCISES = [
    Exercise(
        id="minhash.signature",
        reference=minhash.signature,
        cases=[
            case(items=np.array([3, 1_000_000_000]), a=np.array([1, 5]), b=np.array([0, 7])),
            _set_and_functions,
        ],
        mistakes={
            "the minimum first, then the hash": Mistake(
                lambda items, a, b: (a * items.min() + b) % minhash.PRIME,
                "You take the smallest item and hash it. Then all 128 notes are about the same item, and two texts agree "
                "everywhere or nowhere. Hash all items, then take the minimum of the hashes.",
            ),
            "one minimum for all functions": Mistake(
                lambda items, a, b: _hashes(items, a, b).min(axis=0),
                "The minimum runs over the functions and gives one number an item. You want one number a function: (count,).",
            ),
            "without the remainder": Mistake(
                lambda items, a, b: (a[:, None] * items[None, :] + b[:, None]).min(axis=1),
                "Without `% minhash.PRIME` the function a x + b keeps the order of the items: the smallest item wins each time. "
                "The remainder is what shuffles.",
            ),
            "the item instead of its hash": Mistake(
                lambda items, a, b: items[_hashes(items, a, b).argmin(axis=1)],
                "You return the item that comes first. It would do as a note as well, but the signature is defined by the smallest "
                "hash value: return that, so that signatures of two programs can be compared.",
            ),
        },
        hints=[
            "A matrix with one row a function and one column an item: `a[:, None] * items[None, :]`.",
            "`((a[:, None] * items[None, :] + b[:, None]) % minhash.PRIME)` holds all hashes; over which axis is the minimum?",
        ],
    ),
    Exercise(
        id="minhash.candidate_probability",
        reference=minhash.candidate_probability,
        cases=[
            case(similarity=np.array([0.5]), bands=2, rows=1),
            case(similarity=SIMILARITIES, bands=16, rows=8),
            case(similarity=SIMILARITIES, bands=5, rows=3),
        ],
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
                "You add the chances of the bands. At s = 0.5 with 2 bands of 1 that gives 1, although both may miss: 0.5 × 0.5 = "
                "0.25 of the pairs never meet. Multiply the chances to miss.",
            ),
            "the chance never to meet": Mistake(
                lambda similarity, bands, rows: (1 - similarity**rows) ** bands,
                "This is the chance that no band agrees. Two equal texts (s = 1) get 0, they should get 1.",
            ),
        },
        hints=[
            "What is the chance that all `rows` numbers of one band agree, if each agrees with probability s?",
            "It is easier to say when they never meet: no band agrees. The bands are independent.",
        ],
    ),
]
