"""Which usual mistake an answer makes: the one that gives the same wrong values, if there is one."""

from __future__ import annotations

import time
from typing import Any

from aigc_lab.exercises.judging.behaviour import Behaviour, Fault, Reference
from aigc_lab.exercises.judging.compare import Precision, difference, precision_for
from aigc_lab.exercises.judging.exercise import DRAWS, Exercise
from aigc_lab.exercises.judging.gradient import gradient_precision
from aigc_lab.exercises.judging.record import alike, error_text, same_text, state
from aigc_lab.exercises.judging.run import Outcome, call

AGAIN = range(DRAWS, DRAWS + 6)  # draws for a second look


def diagnose(exercise: Exercise, answer: Any, seen: Behaviour, wanted: Reference, deadline: float) -> str | None:
    """The name of the first catalogued mistake that does what the answer does: on all cases, in all calls of the properties, and on
    cases drawn once more, because where only True and False come back, two answers may agree on a few cases by chance.
    """
    if seen.fault.state in ("too long", "endless recursion", "wrong signature"):
        return None
    for name, mistake in exercise.mistakes.items():
        if time.monotonic() > deadline:
            return None
        other = wanted.behave(mistake.answer, deadline, count=len(seen.outcomes))
        if _alike(seen, other, wanted) and _alike_again(exercise, answer, mistake.answer, deadline):
            return name
    return None


def _alike(seen: Behaviour, other: Behaviour, wanted: Reference) -> bool:
    """Whether two answers do the same: a mistake is named only if it gives every wrong value of the answer."""
    if len(seen.outcomes) != len(other.outcomes) or seen.properties.keys() != other.properties.keys():
        return False
    faults = zip(seen.faults, other.faults, seen.outcomes, other.outcomes, wanted.precisions, strict=False)
    return (
        all(_same_fault(*each) for each in faults)
        and all(_same_property(fault, other.properties[name]) for name, fault in seen.properties.items())
        and alike(seen.calls, other.calls, Precision())
    )


def _alike_again(exercise: Exercise, answer: Any, mistake: Any, deadline: float) -> bool:
    for case in (one for one in exercise.drawn_cases(AGAIN) if one.random):
        one, two = (call(each, case.arguments, deadline=deadline) for each in (answer, mistake))
        precision = precision_for(case.arguments, None)
        if not _same_error(one.error, two.error) or difference(one.value, two.value, precision):
            return False
    return True


def _same_fault(left: Fault | None, right: Fault | None, one: Outcome, two: Outcome, precision: Precision) -> bool:
    if left is None or right is None:
        return left is right
    precision = Precision(None, precision.inputs)  # within the author's tolerance two mistakes could look alike
    return (
        left.state == right.state
        and _same_error(one.error, two.error)
        and not difference(one.value, two.value, precision)
        and not difference(state(one.after), state(two.after), precision)
        and ("gradient" not in left.state or _same_gradients(left, right, one, two, precision))
    )


def _same_property(left: Fault | None, right: Fault | None) -> bool:
    if left is None or right is None:
        return left is right
    errors = [fault.outcome.error if fault.outcome else None for fault in (left, right)]
    return left.state == right.state and same_text(left.message, right.message) and _same_error(*errors)


def _same_error(one: BaseException | None, two: BaseException | None) -> bool:
    return same_text(*("" if error is None else error_text(error) for error in (one, two)))


def _same_gradients(left: Fault, right: Fault, one: Outcome, two: Outcome, precision: Precision) -> bool:
    if one.gradients is None or two.gradients is None:  # the calculation stopped, or left torch on the way
        return one.gradients is two.gradients and same_text(left.difference.message, right.difference.message)
    return not difference(one.gradients, two.gradients, gradient_precision(precision))
