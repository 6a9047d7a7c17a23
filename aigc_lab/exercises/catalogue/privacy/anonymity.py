"""Exercises on tables about people (lesson 14)."""

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
            _table,
        ],
        mistakes={
            "the average group": Mistake(
                lambda rows, columns: len(rows) / max(1, len(_sizes(rows, columns))),
                "This is the average size of a group. A promise to everybody is as good as it is for the person with the "
                "fewest look-alikes: take the smallest group.",
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
                "This groups by every column, the condition too. That is what the attacker wants to learn, not what they "
                "know: only `columns` count.",
            ),
        },
        hints=[
            "Make a tuple of the values in `columns` for each row; rows with the same tuple look alike.",
            "`collections.Counter` counts tuples. Which of the counts is k? And what if there are no rows?",
        ],
    ),
]
