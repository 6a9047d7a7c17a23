"""What a verdict says to the student."""

from __future__ import annotations

from aigc_lab.exercises.feedback.abbreviate import pair, shown
from aigc_lab.exercises.feedback.panel import Panel
from aigc_lab.exercises.judging.exercise import Exercise
from aigc_lab.exercises.judging.judge import ANSWER_SECONDS, BLANK, BORROWED, RIGHT, Fault, Verdict
from aigc_lab.exercises.judging.run import has_time_limit

TITLES = {
    RIGHT: "Right",
    BLANK: "Not attempted yet",
    BORROWED: "This is the package's own answer",
    "wrong": "Not right yet",
    "wrong gradient": "Right values, wrong gradient",
    "no gradient": "Right values, but no gradient flows",
    "wrong shape": "Wrong shape",
    "wrong type": "Wrong type",
    "wrong dtype": "Wrong dtype",
    "wrong signature": "Wrong arguments",
    "returned nothing": "It returns None",
    "changed its input": "Right result, but it changes its input",
    "too long": "It takes too long",
    "endless recursion": "It never stops calling itself",
    "crashed": "It raises an error",
    "property": "Not right yet",
}


def panel_for(exercise: Exercise, verdict: Verdict, hints: int, notes: list[str]) -> Panel:
    """The panel for a verdict; `hints` says how many hints are open to the student."""
    tone = {RIGHT: "right", BLANK: "neutral", BORROWED: "warning"}.get(verdict.state, "wrong")
    panel = Panel(tone, TITLES[verdict.state], exercise.id)
    if verdict.state == RIGHT:
        panel.text(_tested(exercise, verdict))
    elif verdict.state == BLANK:
        stands = "The reference answer stands in" if callable(exercise.reference) else "The right value stands in"
        panel.text(f"{stands}, so the lesson goes on. Replace the `...` with your answer and run both cells again.")
    elif verdict.state == BORROWED:
        panel.text("It gives the right result because it is the reference answer. Only an answer of your own counts.")
        if verdict.itself:
            panel.text(
                "If you have written one, run its cell again before this one: after a failed check the name refers to our answer."
            )
    else:
        _explain(panel, exercise, verdict)
    if verdict.printed:
        panel.code("Your answer printed:", _lines(verdict.printed))
    if verdict.state != RIGHT:
        add_hints(panel, exercise, hints)
    if verdict.state not in (RIGHT, BLANK, BORROWED):
        panel.note(
            f"The {'reference answer' if callable(exercise.reference) else 'right value'} stands in until yours is right."
        )
    for note in notes:
        panel.note(note)
    if verdict.cases and not has_time_limit():
        panel.note(
            "A check has no time limit here (on Windows, or outside the main thread): interrupt the kernel if it hangs."
        )
    return panel


def add_hints(panel: Panel, exercise: Exercise, hints: int, unfolded: bool = False) -> None:
    """The first hints of an exercise, each to unfold."""
    total = len(exercise.hints)
    for number, text in enumerate(exercise.hints[:hints], 1):
        panel.hint(f"Hint {number} of {total}", text, unfolded)


def _tested(exercise: Exercise, verdict: Verdict) -> str:
    parts = []
    if verdict.cases:
        random = f", {verdict.random} of them random" if verdict.random else ""
        what = "values and gradients agree" if exercise.gradients else "it agrees"
        noun = "case" if verdict.cases == 1 else "cases"
        parts.append(f"{what} with the reference on {verdict.cases} {noun}{random}")
    if exercise.properties:
        parts.append("these hold: " + ", ".join(one.name for one in exercise.properties))
    if not parts:
        return "That is the right value."
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _explain(panel: Panel, exercise: Exercise, verdict: Verdict) -> None:
    fault = verdict.fault
    if fault.message and not verdict.broken:
        panel.text(fault.message)
    if verdict.broken:
        panel.text(
            f"This should hold: {verdict.broken.name}." + (f" Observed: {fault.message}." if fault.message else "")
        )
        if not verdict.mistake:
            panel.text(verdict.broken.explanation)
    _explain_state(panel, exercise, fault)
    if not callable(exercise.reference):
        panel.rows([("your answer", shown(fault.difference.got))])
    if fault.case and fault.outcome:
        _show_case(panel, exercise, fault)
    if verdict.cases > 1 and verdict.failed and fault.state not in ("too long", "endless recursion", "wrong signature"):
        panel.note(_how_many(verdict))
    if verdict.mistake:
        panel.box(f"It looks like: {verdict.mistake}", exercise.mistakes[verdict.mistake].explanation)


def _how_many(verdict: Verdict) -> str:
    if verdict.failed == 1:
        return f"1 of {verdict.cases} cases fails."
    return f"{'All' if verdict.failed == verdict.cases else f'{verdict.failed} of'} {verdict.cases} cases fail; this is the smallest."


def _explain_state(panel: Panel, exercise: Exercise, fault: Fault) -> None:
    state, found = fault.state, fault.difference
    if state == "returned nothing":
        panel.text(
            "Did you forget `return`? A function without one returns None."
            if not found.where
            else f"There is a None at `{found.where}`, where a value is expected."
        )
    elif state == "too long":
        panel.text(f"It was stopped after {ANSWER_SECONDS:.0f} seconds, the limit of a check. Does every loop end?")
    elif state == "endless recursion":
        panel.text(
            "Each call makes another until Python gives up. Which call should be the last, and what should it return?"
        )
    elif state == "changed its input":
        panel.text(
            f"The call changed `{found.where}`, which the caller still needs. Make a new value instead "
            "of writing into the old one (`x + 1` rather than `x += 1` or `x.add_(1)`)."
        )
    elif found and (found.where or found.message):
        place = f"At `{found.where}`: " if found.where else ""
        if state == "wrong gradient" and found.where:
            place = f"{found.where}: "
        text = f"{place}{found.message}".strip().rstrip(":")
        panel.text(text[0].upper() + text[1:] + ("" if text.endswith(".") else "."))
    if fault.outcome and fault.outcome.error is not None and state == "crashed":
        error = fault.outcome.error
        panel.code("", "\n".join(filter(None, [fault.outcome.line, _error_text(error)])))
    elif fault.outcome and fault.outcome.line and state in ("too long", "endless recursion"):
        panel.code("It was stopped here:", fault.outcome.line)


def _show_case(panel: Panel, exercise: Exercise, fault: Fault) -> None:
    rows = [(name, shown(value)) for name, value in fault.case.arguments.items()]
    found = fault.difference
    if fault.state == "wrong gradient" and found.where:
        got, expected = pair(found.got, found.expected)
        rows += [("your gradient", got), ("expected", expected)]
    elif fault.state == "changed its input":
        rows += [(f"{found.where} after", pair(found.got, found.expected)[0])]
    elif found and fault.state != "no gradient" and fault.outcome.kind == "value":
        got, expected = pair(fault.outcome.value, fault.expected.value)
        rows += [("you return", got), ("expected", expected)]
    if rows:
        panel.rows(rows)


def _error_text(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = "(its message can't be shown)"
    text = text if len(text) <= 500 else f"{text[:500]} …"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _lines(text: str, most: int = 12) -> str:
    lines = text.rstrip("\n").split("\n")
    lines = [line if len(line) <= 200 else f"{line[:200]} …" for line in lines]
    return "\n".join(lines[:most] + ([f"… {len(lines) - most} more lines"] if len(lines) > most else []))
