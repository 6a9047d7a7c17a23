"""What an answer does on the cases and properties of an exercise, and where it differs from the reference."""

from __future__ import annotations

import inspect
import time
from dataclasses import dataclass, field
from typing import Any

from aigc_lab.exercises.judging.compare import Difference, Precision, difference, named, precision_for
from aigc_lab.exercises.judging.exercise import Case, Exercise, Property, parameters
from aigc_lab.exercises.judging.gradient import gradient_difference, gradients
from aigc_lab.exercises.judging.inputs import doubled, unchanged
from aigc_lab.exercises.judging.record import Call, recorded
from aigc_lab.exercises.judging.run import Outcome, attempt, call

REFERENCE_SECONDS = 60  # the reference is quick, but a busy machine must not break a lesson

STATES = {
    "nothing": "returned nothing",
    "type": "wrong type",
    "shape": "wrong shape",
    "dtype": "wrong dtype",
    "value": "wrong",
    "gradient": "wrong gradient",
    "no gradient": "no gradient",
    "raised": "crashed",
    "too long": "too long",
    "recursion": "endless recursion",
}


@dataclass
class Fault:
    """How an answer failed on one case."""

    state: str
    case: Case | None = None
    outcome: Outcome | None = None
    expected: Outcome | None = None
    difference: Difference | None = None
    message: str = ""


@dataclass
class Behaviour:
    """What an answer did on each case and each property; None where it was right."""

    outcomes: list[Outcome] = field(default_factory=list)
    faults: list[Fault | None] = field(default_factory=list)
    properties: dict[str, Fault | None] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)  # those that the properties made
    property_fault: Fault | None = None
    broken: Property | None = None

    @property
    def fault(self) -> Fault | None:
        """The fault to show: that of the smallest case, else that of the first property."""
        return next((one for one in self.faults if one), self.property_fault)


class Reference:
    """The right results on all cases, computed once, in float64."""

    def __init__(self, exercise: Exercise, cases: list[Case]):
        self.exercise, self.cases = exercise, cases
        self.outcomes = [self._outcome(one.arguments) for one in cases]
        self.precisions = [precision_for(one.arguments, exercise.tolerance) for one in cases]

    def _outcome(self, arguments: dict[str, Any]) -> Outcome:
        """What the reference does in float64, if that is the same up to rounding; else on the arguments as they are.

        A reference that draws at random, for example, draws other numbers in float64.
        """
        plain = self._result(arguments)
        if plain.kind != "value":
            raise RuntimeError(f"exercise {self.exercise.id!r}: its reference fails on {arguments!r}") from plain.error
        rounding = precision_for(arguments, self.exercise.tolerance)
        if rounding.inputs == "double":
            return plain
        exact = self._result(doubled(arguments))
        same = exact.kind == "value" and not difference(plain.value, exact.value, rounding)
        return exact if same else plain

    def _result(self, inputs: dict[str, Any]) -> Outcome:
        deadline = time.monotonic() + REFERENCE_SECONDS
        outcome = call(self.exercise.reference, inputs, deadline=deadline)
        outcome.changed = {name for name in inputs if not unchanged(inputs[name], outcome.after[name])}
        if outcome.kind == "value" and self.exercise.gradients:
            slopes = gradients(
                self.exercise.reference,
                inputs,
                by=self.exercise.gradients,
                deadline=deadline,
                own=self.exercise.reference,
            )
            if slopes.kind != "value":
                return slopes
            outcome.gradients = slopes.value
        return outcome

    def behave(self, answer: Any, deadline: float, *, count: int | None = None) -> Behaviour:
        """What an answer does on the first `count` cases (all by default) and the properties."""
        seen = Behaviour()
        for number in range(len(self.cases) if count is None else count):
            outcome, fault = self._try(answer, number, deadline)
            seen.outcomes.append(outcome)
            seen.faults.append(fault)
            if outcome.kind in ("too long", "recursion"):
                return seen
        for one in self.exercise.properties:
            recording, calls = recorded(answer)
            fault = _property_fault(one, recording, deadline)
            seen.properties[one.name] = fault
            seen.calls += calls
            if fault and not seen.property_fault:
                seen.property_fault, seen.broken = fault, one
            if fault and fault.state in ("too long", "endless recursion"):
                break
        return seen

    def accepts(self, answer: Any, deadline: float) -> bool:
        """Whether an answer is right on all cases and properties: like `behave`, but no further than the first fault."""
        cases = (self._try(answer, number, deadline)[1] for number in range(len(self.cases)))
        properties = (_property_fault(one, answer, deadline) for one in self.exercise.properties)
        return not any(cases) and not any(properties)

    def _try(self, answer: Any, number: int, deadline: float) -> tuple[Outcome, Fault | None]:
        case, expected, precision = self.cases[number], self.outcomes[number], self.precisions[number]
        wrong_call = _signature_problem(answer, case, self.exercise.reference)
        if wrong_call:
            return Outcome("raised"), Fault("wrong signature", case, message=wrong_call)
        outcome = call(answer, case.arguments, deadline=deadline)
        if outcome.kind != "value":
            return outcome, Fault(STATES[outcome.kind], case, outcome, expected)
        found = _compared(outcome.value, expected.value, precision)
        if found:
            return outcome, Fault(STATES[found.kind], case, outcome, expected, found)
        for name, before in case.arguments.items():
            if name in expected.changed:
                found = difference(outcome.after[name], expected.after[name], precision, f"{name}, after the call")
                if found:
                    return outcome, Fault("wrong", case, outcome, expected, found)
            elif not unchanged(before, outcome.after[name]):
                found = Difference("changed", "", name, outcome.after[name], before)
                return outcome, Fault("changed its input", case, outcome, expected, found)
        if self.exercise.gradients:
            slopes = gradients(answer, case.arguments, by=self.exercise.gradients, deadline=deadline, own=answer)
            if slopes.kind in ("too long", "recursion"):
                return slopes, Fault(STATES[slopes.kind], case, slopes, expected)
            outcome.gradients = slopes.value
            found = gradient_difference(slopes, expected.gradients, precision)
            if found:
                return outcome, Fault(STATES[found.kind], case, outcome, expected, found)
        return outcome, None


def reference_fault(exercise: Exercise, deadline: float) -> Fault | None:
    """The fault that an exercise finds with its own reference: None if it is sound."""
    return Reference(exercise, exercise.drawn_cases()).behave(exercise.reference, deadline).fault


def _compared(got: Any, expected: Any, precision: Precision) -> Difference | None:
    """The first difference; a result that can't be inspected (a tensor without data, a broken object) has a wrong type."""
    try:
        return difference(got, expected, precision)
    except Exception as error:
        return Difference(
            "type",
            f"expected {named(expected)}, got {named(got)}, which can't be inspected: {error}",
            "",
            got,
            expected,
        )


def _property_fault(one: Property, answer: Any, deadline: float) -> Fault | None:
    outcome = attempt(lambda: one.predicate(answer), {}, deadline=deadline, own=answer)
    if isinstance(outcome.error, AssertionError):
        outcome = Outcome("value", str(outcome.error) or False, printed=outcome.printed)
    if outcome.kind == "raised" and not outcome.line:  # the property's own code failed on what the answer returned
        return Fault("property", message=f"{type(outcome.error).__name__}: {outcome.error}")
    if outcome.kind != "value":
        return Fault(STATES[outcome.kind], None, outcome)
    if isinstance(outcome.value, str) or not outcome.value:
        return Fault("property", None, outcome, message=outcome.value or "")
    return None


def _signature_problem(answer: Any, case: Case, reference: Any) -> str:
    try:
        inspect.signature(answer).bind(**case.arguments)
    except ValueError:
        return ""  # Python doesn't know the signature (a built-in function)
    except TypeError:
        wanted = parameters(reference)
        wanted = f"({', '.join(case.arguments)})" if wanted == "(...)" else wanted
        return f"The lesson calls it with {wanted}, but it takes {parameters(answer)}. Keep the first line as it was."
    return ""
