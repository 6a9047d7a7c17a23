"""Compare an answer's result with the reference's, by structure, and say where and how they differ."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aigc_lab.exercises.judging.run import Drained

# Relative to the reference, which is in float64; which of them counts depends on the answer's precision.
RELATIVE = {"half": 1e-2, "single": 1e-4, "double": 1e-6}
FLOOR = {"half": 1e-3, "single": 1e-6, "double": 1e-12}  # smaller differences don't count, not even next to a zero
NUMBER = 1e-5  # relative, for Python numbers, which may come from float32 tensors


@dataclass(frozen=True)
class Difference:
    """The first thing in which two results differ."""

    kind: str  # "nothing", "type", "shape", "dtype", "value"
    message: str
    where: str = ""  # path into the result: "['loss'][2]"
    got: Any = None
    expected: Any = None


@dataclass(frozen=True)
class Precision:
    """How closely results must agree: the author's tolerance, else by the least precise dtype of answer and arguments."""

    tolerance: float | None = None
    inputs: str = "double"


def precision_for(arguments: Any, tolerance: float | None) -> Precision:
    """The precision that arguments of these dtypes allow."""
    kinds = {_grade(leaf.dtype) for leaf in leaves(arguments) if isinstance(leaf, (Tensor, np.ndarray))}
    return Precision(tolerance, next((kind for kind in ("half", "single") if kind in kinds), "double"))


def leaves(value: Any) -> list[Any]:
    """All values at the ends of nested containers."""
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def difference(got: Any, expected: Any, precision: Precision | None = None, where: str = "") -> Difference | None:
    """The first difference, or None if both are the same up to rounding."""
    precision = precision or Precision()

    def differs(kind: str, message: str) -> Difference:
        return Difference(kind, message, where, got, expected)

    if expected is None or got is None:
        if got is expected:
            return None
        if got is None:
            return differs("nothing", "got None")
        return differs("type", f"expected None, got {named(got)}")
    if _is_array(expected) or (_is_array(got) and _is_number(expected)):
        return _array_difference(got, expected, precision, where)
    if _is_number(expected):
        if isinstance(got, (bool, np.bool_)) != isinstance(expected, (bool, np.bool_)) or not _is_number(got):
            return differs("type", f"expected {named(expected)}, got {named(got)}")
        return None if _close(got, expected, precision) else differs("value", "")
    if isinstance(expected, (str, bytes)):
        if not isinstance(got, type(expected)):
            return differs("type", f"expected {named(expected)}, got {named(got)}")
        return None if got == expected else differs("value", _text_message(got, expected))
    if isinstance(expected, Mapping):
        return _mapping_difference(got, expected, precision, where)
    if isinstance(expected, Set):
        if not isinstance(got, Set):
            return differs("type", f"expected {named(expected)}, got {named(got)}")
        return None if got == expected else differs("value", _set_message(got, expected))
    if isinstance(expected, (list, tuple)):
        return _sequence_difference(got, expected, precision, where)
    return _object_difference(got, expected, precision, where)


def _array_difference(got: Any, expected: Any, precision: Precision, where: str) -> Difference | None:
    if isinstance(got, Drained) or not (_is_array(got) or _is_number(got)):
        advice = " (torch.stack or torch.tensor makes one)" if isinstance(got, (list, tuple)) else ""
        return Difference("type", f"expected {named(expected)}, got {named(got)}{advice}", where, got, expected)
    if any(isinstance(one, np.ndarray) and one.dtype.kind not in "biufc" for one in (got, expected)):
        return difference(np.asarray(got).tolist(), np.asarray(expected).tolist(), precision, where)
    left, right = as_tensor(got), as_tensor(expected)
    if left.shape != right.shape:
        return Difference("shape", f"shape {shape(left)}, expected {shape(right)}", where, got, expected)
    if _kind(left.dtype) != _kind(right.dtype):
        return Difference("dtype", f"dtype {_short(left.dtype)}, expected {_short(right.dtype)}", where, got, expected)
    if _kind(left.dtype) in ("bool", "whole", "uint8"):
        wrong = left.to(torch.int64) != right.to(torch.int64)
    else:
        wide = torch.complex128 if left.is_complex() else torch.float64
        grade = _coarsest(_grade(left.dtype), precision.inputs)
        if not (_is_array(got) and _is_array(expected)):
            grade = _coarsest(grade, "single")
        wrong = _apart(left.to(wide), right.to(wide), precision.tolerance or RELATIVE[grade], FLOOR[grade])
    if not wrong.any():
        return None
    return Difference("value", _array_message(left, right, wrong), where, got, expected)


def _apart(left: Tensor, right: Tensor, relative: float, floor: float) -> Tensor:
    finite = right[right.isfinite()].abs()
    scale = finite.max().item() if finite.numel() else 0.0
    allowed = relative * right.abs().clamp(min=0.01 * scale) + floor
    same = (left == right) | (left.isnan() & right.isnan()) | (((left - right).abs() <= allowed) & right.isfinite())
    return ~same


def _array_message(left: Tensor, right: Tensor, wrong: Tensor) -> str:
    if left.numel() == 1:
        return ""
    size = (left.to(torch.complex128) - right.to(torch.complex128)).abs().nan_to_num(math.inf, math.inf)
    worst = torch.unravel_index(torch.where(wrong, size, -torch.ones_like(size)).argmax(), left.shape)
    index = tuple(int(i) for i in worst)
    one, other = digits_that_differ(left[index].item(), right[index].item())
    count = int(wrong.sum())
    many = (
        f"{count} of {wrong.numel()} values differ, most of all"
        if count > 1
        else f"1 of {wrong.numel()} values differs,"
    )
    return f"{many} at [{', '.join(map(str, index))}]: {one}, expected {other}"


def digits_that_differ(got: Any, expected: Any) -> tuple[str, str]:
    """Two different numbers as text, with as few digits as still show that they differ (at least four)."""
    if not all(isinstance(one, float) for one in (got, expected)):
        return str(got), str(expected)
    for digits in (4, 6, 8, 10, 13, 17):
        pair = f"{got:.{digits}g}", f"{expected:.{digits}g}"
        if pair[0] != pair[1]:
            break
    return pair


def _mapping_difference(got: Any, expected: Mapping, precision: Precision, where: str) -> Difference | None:
    if not isinstance(got, Mapping):
        return Difference("type", f"expected {named(expected)}, got {named(got)}", where, got, expected)
    if got.keys() != expected.keys():
        return Difference("value", f"keys: {_set_message(got.keys(), expected.keys())}", where, got, expected)
    found = (difference(got[key], item, precision, f"{where}[{key!r}]") for key, item in expected.items())
    return next((one for one in found if one), None)


def _sequence_difference(got: Any, expected: list | tuple, precision: Precision, where: str) -> Difference | None:
    either = any(map(_is_array, expected))  # several results at once: `a, b = f(x)` takes a list, too
    alike = isinstance(got, (list, tuple) if either else list if isinstance(expected, list) else tuple)
    if not alike or (isinstance(got, Drained) and not isinstance(expected, Drained)):
        return Difference("type", f"expected {named(expected)}, got {named(got)}", where, got, expected)
    if len(got) != len(expected):
        return Difference("value", f"{len(got)} items, expected {len(expected)}", where, got, expected)
    pairs = enumerate(zip(got, expected, strict=True))
    found = (difference(one, other, precision, f"{where}[{i}]") for i, (one, other) in pairs)
    return next((one for one in found if one), None)


def _object_difference(got: Any, expected: Any, precision: Precision, where: str) -> Difference | None:
    if dataclasses.is_dataclass(expected) and type(got).__name__ == type(expected).__name__:
        names = [field.name for field in dataclasses.fields(expected)]
        left = {name: getattr(got, name) for name in names if hasattr(got, name)}
        return difference(left, {name: getattr(expected, name) for name in names}, precision, where)
    if type(got).__name__ != type(expected).__name__:
        return Difference("type", f"expected {named(expected)}, got {named(got)}", where, got, expected)
    if hasattr(expected, "__array__"):
        return _array_difference(np.asarray(got), np.asarray(expected), precision, where)
    try:
        same = bool(got == expected)
    except Exception:
        same = False
    return None if same else Difference("value", "", where, got, expected)


def _set_message(got: Any, expected: Any) -> str:
    parts = [("missing", set(expected) - set(got)), ("unexpected", set(got) - set(expected))]
    return "; ".join(f"{word} {', '.join(sorted(map(repr, items))[:6])}" for word, items in parts if items)


def _text_message(got: Any, expected: Any) -> str:
    first = next(
        (i for i, (a, b) in enumerate(zip(got, expected, strict=False)) if a != b), min(len(got), len(expected))
    )
    if first == len(got):
        return f"it ends after {first} characters; {len(expected) - first} more are missing"
    if first == len(expected):
        return f"it goes on after character {first}, where it should end"
    return f"the texts differ from character {first} on: {got[first : first + 12]!r}, expected {expected[first : first + 12]!r}"


def _close(got: Any, expected: Any, precision: Precision) -> bool:
    if isinstance(got, numbers.Integral) and isinstance(expected, numbers.Integral):
        return got == expected
    left, right = complex(got), complex(expected)
    if left == right or (left != left and right != right):
        return True
    if not (np.isfinite(left) and np.isfinite(right)):
        return False
    return abs(left - right) <= (precision.tolerance or max(NUMBER, RELATIVE[precision.inputs])) * abs(right) + max(
        1e-9, FLOOR[precision.inputs]
    )


def _is_array(value: Any) -> bool:
    return isinstance(value, (Tensor, np.ndarray))


def _is_number(value: Any) -> bool:
    return isinstance(value, (numbers.Number, np.generic)) and not isinstance(value, (np.str_, np.bytes_))


def as_tensor(value: Any) -> Tensor:
    """A number, array or tensor as a plain tensor on the CPU."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, (np.ndarray, np.generic)):
        return torch.from_numpy(np.array(value))
    return torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else None)


def _grade(dtype: Any) -> str:
    name = str(dtype).removeprefix("torch.")
    if name in ("float16", "bfloat16"):
        return "half"
    return "double" if name in ("float64", "complex128") else "single"


def _coarsest(*grades: str) -> str:
    return min(grades, key=["half", "single", "double"].index)


def _kind(dtype: torch.dtype) -> str:
    if dtype in (torch.float16, torch.bfloat16):
        return "half"
    if dtype.is_floating_point:
        return "float"
    if dtype.is_complex:
        return "complex"
    return {torch.bool: "bool", torch.uint8: "uint8"}.get(dtype, "whole")


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def shape(value: Tensor) -> str:
    """A shape as one writes it: (3, 4); () is a single number."""
    return f"{tuple(value.shape)}" if value.ndim else "() (a single number)"


def named(value: Any) -> str:
    """A type with its article, in words: "a tensor", "an int", "a list of 3"."""
    if isinstance(value, Drained):
        return f"a {value.was} object (list(...) makes a list of it)"
    if isinstance(value, Tensor):
        return f"a tensor of shape {shape(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
