"""Exercises on tables about people (lesson 14)."""

import itertools
from collections import Counter

import torch

from aigc_lab.exercises import Exercise, Mistake, case
from aigc_lab.privacy import anonymity

ROWS = [
    {"age": "20-39", "postcode": "343**", "condition": "none"},
    {"age": "20-39", "postcode": "343**", "condition": "asthma"},
    {"age": "20-39", "postcode": "343**", "condition": "none"},
    {"age": "40-59", "postcode": "343**", "condition": "diabetes"},
    {"age": "40-59", "postcode": "343**", "condition": "none"},
    {"age": "40-59", "postcode": "345**", "condition": "migraine"},
    {"age": "40-59", "postcode": "345**", "condition": "migraine"},
]


def _sizes(rows, columns):
    return Counter(tuple(row[column] for column in columns) for row in rows)


def _by_counting(rows, columns):
    counts = Counter(tuple(row[column] for column in columns) for row in rows)
    return min(counts.values()) if counts else 0


def _by_comparing(rows, columns):
    smallest = len(rows)
    for one in rows:
        alike = 0
        for other in rows:
            alike += all(one[column] == other[column] for column in columns)
        smallest = min(smallest, alike)
    return smallest


def _by_sorting(rows, columns):
    keys = sorted([row[column] for column in columns] for row in rows)
    return min((len(list(group)) for _, group in itertools.groupby(keys)), default=0)


def _glued(separator):
    """Two different people whose facts, written one after the other, make the same string, and two who are alike."""
    facts = [("1" + separator, "23"), ("1", separator + "23"), ("4", "5"), ("4", "5")]
    if not separator:
        facts[:2] = [("12", "3"), ("1", "23")]
    return case(rows=[{"ward": ward, "room": room} for ward, room in facts], columns=["ward", "room"])


def _table(generator: torch.Generator):
    def draw(values):
        return values[int(torch.randint(len(values), (1,), generator=generator))]

    rows = [
        {"age": draw(["20-39", "40-59", "60+"]), "sex": draw("fm"), "condition": draw(["none", "asthma"])}
        for _ in range(40)
    ]
    return case(rows=rows, columns=["age", "sex"])


LESSON = "14 Privacy"

EXERCISES = [
    Exercise(
        id="anonymity.k_anonymity",
        reference=anonymity.k_anonymity,
        cases=[
            case(rows=ROWS, columns=["age", "postcode"]),
            case(rows=ROWS, columns=["age"]),
            case(rows=ROWS[:3], columns=["age", "postcode"]),
            case(rows=[], columns=["age"]),
            *(_glued(separator) for separator in ["", " ", ",", "-", "_", "|"]),
            _table,
        ],
        mistakes={
            "the average group": Mistake(
                lambda rows, columns: len(rows) / max(1, len(_sizes(rows, columns))),
                "This is the average size of a group. A promise to everybody is only as good as it is for the person "
                "with the fewest look-alikes: take the smallest group.",
            ),
            "one column at a time": Mistake(
                lambda rows, columns: min(
                    (min(_sizes(rows, [column]).values(), default=0) for column in columns), default=0
                ),
                "This looks at each column alone. An attacker knows age AND postcode of the same person: it is the "
                "combination that singles people out.",
            ),
            "the number of groups": Mistake(
                lambda rows, columns: len(_sizes(rows, columns)),
                "This counts the groups. k counts the people in the smallest of them.",
            ),
            "the secret column too": Mistake(
                lambda rows, columns: min(_sizes(rows, list(rows[0]) if rows else []).values(), default=0),
                "This groups by every column, including the condition. The attacker doesn't know the condition, but "
                "wants to learn it: group by `columns` only.",
            ),
            "facts glued together": Mistake(
                lambda rows, columns: min(
                    Counter("".join(str(row[column]) for column in columns) for row in rows).values(), default=0
                ),
                "This joins the values to one string. Ward 1, room 23 and ward 12, room 3 both become '123', and two people "
                "who differ look alike. A tuple keeps its parts apart.",
            ),
        },
        hints=[
            "Make a tuple of the values in `columns` for each row; rows with the same tuple look alike.",
            "`collections.Counter` counts tuples: k is the smallest of its `.values()`, and 0 if there are no rows.",
        ],
        alternatives=[_by_counting, _by_comparing, _by_sorting],
    ),
]
