"""The right value that stands in for an answer, marked, so that checking it again doesn't count as having found it.

After `count = check("lesson.count", count)` on a blank, `count` is the right value. Running that cell again solves nothing.
"""

from __future__ import annotations

from typing import Any

from aigc_lab.exercises.judging.inputs import copied

_given: list[Any] = []  # everything else is recognised by identity


def stand_in(value: Any) -> Any:
    """A copy of the value that behaves like it, and that `is_stand_in` recognises (all but True, False and None)."""
    if type(value) in (int, float, str, bytes):  # Python may share these, so that identity tells nothing
        return type(type(value).__name__, (type(value),), {"_stands_in": True})(value)
    twin = copied(value)
    if twin is not None and not isinstance(twin, bool):
        _given.append(twin)
    return twin


def is_stand_in(value: Any) -> bool:
    """Whether `check` gave this value out."""
    return getattr(type(value), "_stands_in", False) or any(value is one for one in _given)
