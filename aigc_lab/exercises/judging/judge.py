"""Try an answer on an exercise's cases and properties, and reach a verdict. Nothing is shown or stored here."""

from __future__ import annotations

import inspect
import sys
import time
from dataclasses import dataclass
from typing import Any

from aigc_lab.exercises.judging.behaviour import STATES, Fault, Reference
from aigc_lab.exercises.judging.blank import is_blank
from aigc_lab.exercises.judging.compare import Difference, Precision, difference, named
from aigc_lab.exercises.judging.diagnosis import diagnose
from aigc_lab.exercises.judging.exercise import Case, Exercise, Property
from aigc_lab.exercises.judging.run import attempt, preserved
from aigc_lab.exercises.judging.standin import is_stand_in

ANSWER_SECONDS = 4.0  # for the answer itself; a check takes at most 5 s in all
ALL_SECONDS = 4.8
LEAST_SECONDS = 0.5  # even if the reference took all the time on a busy machine

RIGHT, BLANK, BORROWED = "right", "not attempted", "borrowed"


@dataclass
class Verdict:
    """The result of a check."""

    state: str
    fault: Fault | None = None
    broken: Property | None = None  # the first property that does not hold
    mistake: str | None = None  # name of the catalogued mistake that behaves like the answer
    cases: int = 0
    random: int = 0
    failed: int = 0
    printed: str = ""
    itself: bool = False  # the answer is the reference, as an earlier check may have put it in place


def examine(exercise: Exercise, answer: Any) -> Verdict:
    """The verdict on an answer, reached within 5 s; the random state is left as it was."""
    with preserved():
        return _examine(exercise, answer, time.monotonic())


def _examine(exercise: Exercise, answer: Any, start: float) -> Verdict:
    if is_blank(answer):
        return Verdict(BLANK)
    if not callable(exercise.reference):
        return _examine_value(exercise, answer)
    if not callable(answer):
        text = f"`check` needs the function itself, but got {named(answer)}: write check({exercise.id!r}, {exercise.name})."
        return Verdict("wrong type", Fault("wrong type", message=text))
    if _is_same(answer, exercise.reference):
        return Verdict(BORROWED, itself=True)
    cases = exercise.drawn_cases()
    wanted = Reference(exercise, cases)
    behaviour = wanted.behave(answer, max(start + ANSWER_SECONDS, time.monotonic() + LEAST_SECONDS))
    broken = behaviour.broken if behaviour.fault is behaviour.property_fault else None
    verdict = Verdict(RIGHT, behaviour.fault, broken, cases=len(cases), random=sum(one.random for one in cases))
    verdict.printed = next((one.printed for one in behaviour.outcomes if one.printed), "")
    if behaviour.fault:
        verdict.state = behaviour.fault.state
        verdict.failed = sum(one is not None for one in behaviour.faults)
        verdict.printed = behaviour.fault.outcome.printed if behaviour.fault.outcome else ""
        verdict.mistake = diagnose(exercise, answer, behaviour, wanted, start + ALL_SECONDS)
    elif _calls(answer, exercise, cases, start + ALL_SECONDS):
        verdict.state = BORROWED
    return verdict


def _examine_value(exercise: Exercise, answer: Any) -> Verdict:
    precision = Precision(exercise.tolerance)
    found = difference(answer, exercise.reference, precision)
    if not found:
        return Verdict(BORROWED, itself=True) if is_stand_in(answer) else Verdict(RIGHT)
    state = STATES.get(found.kind, "wrong")
    like = [name for name, one in exercise.mistakes.items() if not difference(answer, one.answer, precision)]
    hidden = Difference(
        found.kind, found.message if state != "wrong" else "", found.where, answer
    )  # don't give it away
    return Verdict(state, Fault(state, difference=hidden), mistake=like[0] if like else None)


def _is_same(answer: Any, reference: Any) -> bool:
    if isinstance(answer, type) and isinstance(reference, type):
        return issubclass(answer, reference)
    return answer is reference or getattr(answer, "__code__", answer) is _code(reference)


def _code(function: Any) -> Any:
    return getattr(inspect.unwrap(function), "__code__", function)


def _calls(answer: Any, exercise: Exercise, cases: list[Case], deadline: float) -> bool:
    """Whether a right answer gets its result from the reference: run it once more and watch."""
    if isinstance(exercise.reference, type):
        return False
    code, seen = _code(exercise.reference), False

    def watch(frame, event, argument):
        nonlocal seen
        seen = seen or (event == "call" and frame.f_code is code) or (event == "c_call" and argument is code)

    def task(**arguments: Any) -> None:
        before = sys.getprofile()
        sys.setprofile(watch)
        try:
            answer(**arguments) if cases else exercise.properties[0].predicate(answer)
        finally:
            sys.setprofile(before)

    attempt(task, cases[0].arguments if cases else {}, deadline=deadline, own=answer)
    return seen
