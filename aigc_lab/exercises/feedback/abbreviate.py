"""Values as a student wants to read them: short, with the digits that matter."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Set
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aigc_lab.exercises.judging.compare import Drained, digits_that_differ

ITEMS = 8  # items shown of a list, set or dict
PLAIN_DTYPES = ("float32", "float64", "int64", "bool")  # not named, because the numbers look like them
TEXT = 160  # characters shown of a string


def shown(value: Any, digits: int = 4) -> str:
    """A value in a line or a few: numbers to `digits` significant digits, long things cut in the middle."""
    try:
        return _shown(value, digits)
    except Exception:  # a tensor without data, an object whose methods fail
        return _short(value)


def _shown(value: Any, digits: int) -> str:
    if isinstance(value, (Tensor, np.ndarray)):
        return _array(value, digits)
    if isinstance(value, (float, np.floating)):
        return f"{value:.{digits}g}"
    if isinstance(value, (bool, int, complex, np.generic)) or value is None:
        return str(value)
    if isinstance(value, (str, bytes)):
        return (
            repr(value) if len(value) <= TEXT else f"{value[: TEXT - 40]!r} … {value[-30:]!r} ({len(value)} characters)"
        )
    if isinstance(value, Mapping):
        items = [f"{_short(key)}: {shown(item, digits)}" for key, item in list(value.items())[:ITEMS]]
        return "{" + ", ".join(items + _rest(value)) + "}"
    if isinstance(value, Set):
        try:
            items = sorted(value)
        except TypeError:
            items = list(value)
        return (
            "{" + ", ".join([shown(item, digits) for item in items[:ITEMS]] + _rest(value)) + "}" if value else "set()"
        )
    if isinstance(value, (list, tuple)):
        inner = ", ".join([shown(item, digits) for item in value[:ITEMS]] + _rest(value))
        if isinstance(value, Drained):
            return f"{value.was}: {inner}"
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    if isinstance(value, torch.Generator):
        return f"torch.Generator, seed {value.initial_seed()}"
    if isinstance(value, nn.Module):
        return f"{type(value).__name__} (a module)"
    if inspect.isfunction(value):
        return "a function" if value.__name__ == "<lambda>" else f"the function {value.__name__}"
    return _short(value)


def pair(got: Any, expected: Any) -> tuple[str, str]:
    """Two values that differ, with as many digits as it takes to see it."""
    if isinstance(got, float) and isinstance(expected, float):
        return digits_that_differ(got, expected)
    for digits in (4, 6, 9, 13, 17):
        both = shown(got, digits), shown(expected, digits)
        if both[0] != both[1]:
            break
    return both


def _array(value: Tensor | np.ndarray, digits: int) -> str:
    tensor = isinstance(value, Tensor)
    plain = (value.float() if value.dtype == torch.bfloat16 else value).detach().cpu().numpy() if tensor else value
    aligned = plain.dtype.kind == "f" and plain.ndim > 1 and plain.size <= 24
    width = max((len(f"{x:.{digits}g}") for x in plain.ravel()), default=0) if aligned else 0
    number = {"float_kind": lambda x: f"{x:{width}.{digits}g}"}
    text = np.array2string(plain, separator=", ", threshold=24, edgeitems=2, max_line_width=70, formatter=number)
    if plain.ndim == 0:
        return f"{'tensor' if tensor else 'array'}({text})"
    words = [] if tensor else ["NumPy array"]
    dtype = str(value.dtype).removeprefix("torch.")
    words += [] if dtype in PLAIN_DTYPES else [dtype]
    gap = "\n" if "\n" in text else "   "
    return f"{text}{gap}{', '.join([*words, f'shape {tuple(plain.shape)}'])}"


def _rest(value: Any) -> list[str]:
    return [f"… {len(value)} in all"] if len(value) > ITEMS else []


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= TEXT else f"{text[: TEXT - 2]} …"
