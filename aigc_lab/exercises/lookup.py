"""Find exercises by id: `gan.generator_loss` lives in `catalogue/gan.py`, which is imported when first asked for."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
from types import ModuleType

from aigc_lab.exercises.judging.exercise import Exercise

PACKAGE = "aigc_lab.exercises.catalogue"


class UnknownExercise(LookupError):  # noqa: N818
    """There is no exercise of this id."""


def find(id: str) -> Exercise:
    """The exercise of this id; raises `UnknownExercise`, with the nearest ids, if there is none."""
    module = str(id).partition(".")[0]
    if module in module_names():
        found = of_module(module).get(id)
        if found:
            return found
    known = load_all()
    near = difflib.get_close_matches(str(id), known, n=3, cutoff=0.5)
    if near:
        raise UnknownExercise(f"no exercise {id!r}; did you mean {' or '.join(map(repr, near))}?")
    raise UnknownExercise(f"no exercise {id!r}; available: {', '.join(sorted(known)) or 'none'}")


def load_all() -> dict[str, Exercise]:
    """All exercises of the course by id; raises ValueError for an id that stands twice or in the wrong file."""
    found: dict[str, Exercise] = {}
    for module in module_names():
        found |= of_module(module)
    return found


def of_module(name: str) -> dict[str, Exercise]:
    """The exercises of one catalogue file."""
    found: dict[str, Exercise] = {}
    for exercise in _load(name).EXERCISES:
        if exercise.id in found:
            raise ValueError(f"exercise {exercise.id!r} stands twice in catalogue/{name}.py")
        if exercise.id.partition(".")[0] != name:
            raise ValueError(f"exercise {exercise.id!r} stands in catalogue/{name}.py, where it will not be found")
        found[exercise.id] = exercise
    return found


def titles() -> dict[str, str]:
    """The title of each catalogue file: its `LESSON`, else its name."""
    return {module: getattr(_load(module), "LESSON", module) for module in module_names()}


def module_names() -> list[str]:
    """The names of all catalogue files."""
    return sorted(info.name for info in pkgutil.iter_modules(sys.modules[PACKAGE].__path__))


def _load(module: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.{module}")
