"""No small slip passes: see slips.py, which plants them."""

import pytest
import torch

from aigc_lab.exercises import Exercise, case, catalogue, lookup

from exercises.slips import EXPECTED, passing, slips


@pytest.mark.parametrize("id", sorted(lookup.index(lookup.catalogue_folder())))
def test_slips_are_refused(id):
    found, tried = passing(lookup.find(id))
    fresh = [slip.key[1:] for slip in found if slip.key not in EXPECTED]
    assert fresh == []
    assert tried > 0
    refused = [key for key in EXPECTED if key[0] == id and key not in {slip.key for slip in found}]
    assert not refused, "listed as passing, but refused or no longer planted"


def test_few_slips_are_left_open():
    reasons = list(EXPECTED.values())
    assert all(reason.startswith(("same function: ", "open: ")) for reason in reasons)
    still_open = sum(reason.startswith("open: ") for reason in reasons)
    assert still_open <= 0.02 * sum(len(slips(exercise)) for exercise in catalogue().values())


def test_exercises_in_the_list_exist():
    assert {key[0] for key in EXPECTED} <= set(lookup.index(lookup.catalogue_folder()))


def root_mean_square(x):
    """A docstring stays, and so does a guard."""
    if not len(x):
        raise ValueError("0 / 0")
    return (x**2).mean() ** 0.5


def changes(reference, *arguments):
    exercise = Exercise("demo.planted", reference, [case(x=torch.tensor(x)) for x in arguments])
    return {slip.change for slip in passing(exercise)[0]}


def test_a_thin_list_of_cases_is_found_out():
    assert changes(root_mean_square, [2.0]) == {
        "`x ** 2` becomes `x * 2`",  # 2 ** 2 is 2 * 2
        "`x ** 2` becomes `2 ** x`",
        "`(x ** 2).mean() ** 0.5` becomes `(x ** 2).mean() * 0.5`",  # the root of 4 is its half
        "`(x ** 2).mean()` becomes `(x ** 2).sum()`",  # of one number
    }
    assert changes(root_mean_square, [1.0, 3.0], [-2.0, 0.5, 7.0]) == set()


def test_slips_are_planted_in_lambdas_closures_and_classes():
    shift = 1.0

    def closure(x):
        return x.sum() - shift

    assert changes(lambda x: x.sum(), [4.0]) == {"`x.sum()` becomes `x.mean()`"}
    assert "`x.sum()` becomes `x.mean()`" in changes(closure, [4.0])
    assert changes(Shortest, [4.0, 6.0]) == {"`min(x)` becomes `x`", "`min(x)` becomes `max(x)`"}


class Shortest:
    """Two of its slips pass, because nothing that is compared depends on it."""

    def __init__(self, x):
        self.count = len(x)
        self.least = min(x)

    def __eq__(self, other):
        return self.count == other.count

    __hash__ = None
