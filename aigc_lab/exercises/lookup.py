"""Find exercises by id, wherever they are in `catalogue/`. A file is imported when an id of it is first asked for."""

from __future__ import annotations

import ast
import difflib
import importlib
import sys
from functools import cache
from pathlib import Path

from aigc_lab.exercises.judging.exercise import Exercise

PACKAGE = "aigc_lab.exercises.catalogue"


class UnknownExercise(LookupError):  # noqa: N818
    """There is no exercise of this id."""


def find(id: str) -> Exercise:
    """The exercise of this id; raises `UnknownExercise`, with the nearest ids, if there is none."""
    found = index(catalogue_folder(), str(id))
    if id in found:
        return of_file(found[id])[id]
    known = index(catalogue_folder())
    near = difflib.get_close_matches(str(id), known, n=3, cutoff=0.5)
    if near:
        raise UnknownExercise(f"no exercise {id!r}; did you mean {' or '.join(map(repr, near))}?")
    raise UnknownExercise(f"no exercise {id!r}; available: {', '.join(sorted(known)) or 'none'}")


def load_all() -> dict[str, Exercise]:
    """All exercises of the course by id; raises ValueError for an id that appears twice, or that `find` would miss."""
    found: dict[str, Exercise] = {}
    for file in sorted(set(index(catalogue_folder()).values())):
        found |= of_file(file)
    return found


def index(folder: Path, text: str = "") -> dict[str, Path]:
    """The file that defines each id, found by reading the files below `folder`; none is imported.

    Args:
        folder: where the catalogue's files are.
        text: only files whose source contains this text are read for ids; "" means all files.

    Raises:
        ValueError: an id appears twice.
    """
    found: dict[str, Path] = {}
    for file in sorted(folder.rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        for id in written_ids(source) if text in source else []:
            if id in found:
                where = " and ".join(sorted({one.relative_to(folder).as_posix() for one in (found[id], file)}))
                raise ValueError(f"exercise {id!r} appears twice, in catalogue/{where}")
            found[id] = file
    return found


@cache
def written_ids(source: str) -> list[str]:
    """The ids in calls of `Exercise(...)`, where they are plain strings: the first argument, or the one called `id`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Exercise":
            given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "id")]
            found += [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return found


def of_file(file: Path) -> dict[str, Exercise]:
    """The exercises of one catalogue file.

    Raises:
        ValueError: its list has an id that isn't a plain string in its source, or lacks an id that is.
    """
    exercises = {exercise.id: exercise for exercise in _load(file).EXERCISES}
    written = set(written_ids(file.read_text(encoding="utf-8")))
    for id in sorted(written ^ exercises.keys()):
        what = "is not in its list EXERCISES" if id in written else "will not be found: write its id as a plain string"
        raise ValueError(f"exercise {id!r} of catalogue/{file.relative_to(catalogue_folder()).as_posix()} {what}")
    return exercises


def titles() -> dict[str, str]:
    """A title for the first part of each id, such as "gan": `LESSON` of a file with such ids, else the part itself."""
    parts = {id.partition(".")[0]: file for id, file in sorted(index(catalogue_folder()).items())}
    return {part: getattr(_load(file), "LESSON", part) for part, file in parts.items()}


def catalogue_folder() -> Path:
    """Where the catalogue's files are."""
    return Path(sys.modules[PACKAGE].__path__[0])


def _load(file: Path):
    parts = file.relative_to(catalogue_folder()).with_suffix("").parts
    return importlib.import_module(".".join([PACKAGE, *parts]))
