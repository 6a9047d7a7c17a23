"""Exercises that answer back: `answer = check("module.name", answer)` tries the answer, says what it found, and lets the lesson go on.

- `catalogue`: the exercises of the course, as data
- `lookup`: finds them by id
- `judging`: from an answer to a verdict
- `feedback`: from a verdict to what the student reads
- `progress_store`: what is solved, in a file in the reader's data folder
- `progress_codes`: what is solved, as a short code for another machine
"""

from __future__ import annotations

import os
from typing import Any

# First, because importing the package of this name binds it here; the function below then takes the name.
import aigc_lab.exercises.catalogue  # noqa: F401
from aigc_lab.exercises import lookup, progress_codes, progress_store
from aigc_lab.exercises.feedback.panel import Panel
from aigc_lab.exercises.feedback.wording import add_hints, panel_for
from aigc_lab.exercises.judging.exercise import Exercise, ExerciseNotSolved, Mistake, case, normal, prop, uniform
from aigc_lab.exercises.judging.judge import BLANK, BORROWED, RIGHT, examine
from aigc_lab.exercises.judging.run import preserved
from aigc_lab.exercises.judging.standin import stand_in
from aigc_lab.exercises.lookup import UnknownExercise

__all__ = [
    "Exercise",
    "ExerciseNotSolved",
    "Mistake",
    "UnknownExercise",
    "case",
    "catalogue",
    "check",
    "hint",
    "lookup",
    "normal",
    "progress",
    "progress_code",
    "prop",
    "restore",
    "uniform",
]


def check(id: str, answer: Any) -> Any:
    """Try an answer, show what was found, and return what the lesson goes on with.

    Args:
        id: the exercise, "module.name".
        answer: the student's function (or class, or value, as the exercise asks).

    Returns:
        The answer if it is right, else the reference.

    Raises:
        UnknownExercise: there is no such exercise; the message names the nearest ones.
        ExerciseNotSolved: in strict mode (AIGC_LAB_STRICT=1), for anything but a right answer.
    """
    with preserved():  # importing a catalogue file may draw random numbers too
        exercise = lookup.find(id)
    verdict = examine(exercise, answer)
    record, note = _recorded(exercise, verdict.state)
    hints = max(1, int(record.get("hints", 0)))
    panel = panel_for(exercise, verdict, hints, [note])
    panel.show()
    if verdict.state != RIGHT and os.environ.get("AIGC_LAB_STRICT") == "1":
        raise ExerciseNotSolved(f"{id}: {panel.title[0].lower()}{panel.title[1:]}")
    if verdict.state in (RIGHT, BORROWED):
        return answer
    return exercise.reference if callable(exercise.reference) else stand_in(exercise.reference)


def hint(id: str) -> None:
    """Show the next hint of an exercise, after those shown before; raises `UnknownExercise` for an unknown id."""
    exercise = lookup.find(id)
    records, note = progress_store.change({id: lambda record: _more_hints(record, exercise)})
    shown = int(records[id]["hints"])
    panel = Panel("neutral", "Hints" if exercise.hints else "There are no hints", id)
    add_hints(panel, exercise, shown, unfolded=True)
    if 0 < len(exercise.hints) <= shown:
        panel.note("That was the last hint.")
    panel.note(note).show()


def progress() -> None:
    """Show which exercises are solved and which were tried, lesson by lesson."""
    with preserved():
        exercises, titles = lookup.load_all(), lookup.titles()
    records, note = progress_store.read()
    solved = {id for id, record in records.items() if record.get("solved")}
    done = len(solved & exercises.keys())
    panel = Panel(
        "right" if done and done == len(exercises) else "neutral", f"{done} of {len(exercises)} exercises solved"
    )
    rows = []
    for module, title in sorted(titles.items(), key=lambda item: item[1]):
        ids = [id for id in exercises if id.partition(".")[0] == module]
        signs = [f"{_sign(records.get(id, {}))} {id.partition('.')[2]}" for id in ids]
        rows.append((title, f"{sum(id in solved for id in ids)}/{len(ids)}   {'   '.join(signs)}"))
    panel.rows(rows).note("✓ solved   ✗ tried   ○ open")
    if solved:
        panel.note(
            f'To continue on another machine: `from aigc_lab.exercises import restore` and `restore("{progress_code()}")`'
        )
    panel.note(note).show()


def progress_code() -> str:
    """A short code of the solved exercises, for `restore` on another machine."""
    return progress_codes.encode(id for id, record in progress_store.read()[0].items() if record.get("solved"))


def restore(code: str) -> None:
    """Restore the solved exercises of a `progress_code`; raises ValueError if the code was mistyped."""
    marks = progress_codes.decode(code)
    with preserved():
        known = {progress_codes.mark(id): id for id in lookup.load_all()}
    found = sorted(known[one] for one in marks if one in known)
    _, note = progress_store.change({id: _solved for id in found})
    panel = Panel("right", f"{len(found)} solved {'exercise' if len(found) == 1 else 'exercises'} restored")
    if len(marks) > len(found):
        panel.note(f"{len(marks) - len(found)} more belong to exercises that this version of the course does not have.")
    panel.note(note).show()


def catalogue() -> dict[str, Exercise]:
    """All exercises of the course by id; raises ValueError for an id that appears twice or that `check` would miss."""
    return lookup.load_all()


def _recorded(exercise: Exercise, state: str) -> tuple[progress_store.Record, str]:
    if state in (BLANK, BORROWED):
        records, note = progress_store.read()
    elif state == RIGHT:
        records, note = progress_store.change({exercise.id: _solved})
    else:
        records, note = progress_store.change({exercise.id: lambda record: _tried(record, exercise)})
    return records.get(exercise.id, {}), note


def _solved(record: progress_store.Record) -> None:
    record.setdefault("solved", progress_store.now())


def _tried(record: progress_store.Record, exercise: Exercise) -> None:
    record["attempts"] = int(record.get("attempts", 0)) + 1
    _more_hints(record, exercise)


def _more_hints(record: progress_store.Record, exercise: Exercise) -> None:
    record["hints"] = min(int(record.get("hints", 0)) + 1, len(exercise.hints))


def _sign(record: progress_store.Record) -> str:
    return "✓" if record.get("solved") else "✗" if record.get("attempts") else "○"
