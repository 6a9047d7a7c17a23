"""Claims that are checked where they are made: `agree` for the mathematics, `promise` for the numbers in the prose."""

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from aigc_lab import display, runtime

BOUNDS = {
    "above": np.greater,
    "below": np.less,
    "at least": np.greater_equal,
    "at most": np.less_equal,
    "equal to": np.equal,
    "near": lambda values, bound: np.abs(values - bound[0]) < bound[1],
}


@dataclass(frozen=True)
class Estimate:
    """A Monte Carlo mean with the standard error that says how far to trust it."""

    mean: float
    standard_error: float
    samples: int

    def __str__(self) -> str:
        return f"{self.mean:.4g} ± {self.standard_error:.2g} (n = {self.samples:,})"


def estimate(values: Any) -> Estimate:
    r"""Mean of independent draws and its standard error :math:`s / \sqrt{n}`.

    Args:
        values: n >= 2 draws, one-dimensional.

    Raises:
        ValueError: fewer than 2 draws.
    """
    draws = _array(values).reshape(-1)
    if len(draws) < 2:
        raise ValueError(f"estimate() needs at least 2 draws to know its own error, got {len(draws)}")
    return Estimate(float(draws.mean()), float(draws.std(ddof=1) / math.sqrt(len(draws))), len(draws))


def agree(
    claim: str,
    left: Any,
    right: Any,
    *,
    tolerance: float | None = None,
    standard_error: float | None = None,
    samples: int | None = None,
) -> None:
    """Show that two expressions are equal, or raise.

    Numbers, arrays and tensors are compared elementwise. If either side is a sympy expression, the difference of the two must
    simplify to 0. An `Estimate` (or a left side with `standard_error`) passes within 4 standard errors.

    Args:
        claim: what is claimed, in words or plain mathematics; shown with the largest difference seen.
        left, right: the two sides.
        tolerance: allowed difference relative to the larger side (absolute below 1). Default 1e-9, or 1e-5 where a side is float32.
        standard_error: of the left side, where it is a Monte Carlo mean of `samples` draws.

    Raises:
        AssertionError: they differ; the message gives the largest difference and where it is.
    """
    if _is_symbolic(left) or _is_symbolic(right):
        _agree_symbolically(claim, left, right)
        return
    if isinstance(right, Estimate) and not isinstance(left, Estimate):
        left, right = right, left
    if standard_error is not None:
        left = Estimate(float(left), float(standard_error), samples or 0)
    if isinstance(left, Estimate):
        _agree_statistically(claim, left, right)
        return
    a, b = _array(left), _array(right)
    if a.shape != b.shape and a.size != 1 and b.size != 1:
        raise AssertionError(f"{claim}: shapes differ, {a.shape} on the left and {b.shape} on the right")
    if tolerance is None:
        tolerance = 1e-5 if _is_single(left) or _is_single(right) else 1e-9
    a, b = np.broadcast_arrays(a, b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))  # equal infinities count as equal
    with np.errstate(invalid="ignore"):
        gap = np.where(same, 0.0, np.abs(a - b))
        scaled = gap / np.maximum(1.0, np.where(same, 1.0, np.maximum(np.abs(a), np.abs(b))))
    worst = int(np.nanargmax(np.where(np.isnan(scaled), np.inf, scaled))) if scaled.size else 0
    largest = float(gap.reshape(-1)[worst]) if gap.size else 0.0
    if gap.size and not scaled.reshape(-1)[worst] <= tolerance:
        where = f" at position {np.unravel_index(worst, gap.shape)}" if gap.size > 1 else ""
        raise AssertionError(
            f"{claim}: left {a.reshape(-1)[worst]:.10g}, right {b.reshape(-1)[worst]:.10g}{where}; "
            f"they differ by {largest:.3g}, allowed {tolerance:g}"
        )
    count = f"{gap.size:,} values, " if gap.size > 1 else ""
    _show("✓", claim, f"{count}largest difference {largest:.1e}")


def promise(
    text: str,
    condition: bool | None = None,
    got: Any = None,
    *,
    above: Any = None,
    below: Any = None,
    at_least: Any = None,
    at_most: Any = None,
    equals: Any = None,
    near: tuple[Any, float] | None = None,
) -> None:
    """Check a number that the prose states: `promise("over 90% recognised", got=share, above=0.9)`.

    While the notebooks are built, a broken promise raises. On a reader's machine it only reports what the lesson expects and what
    they got, so that a slower laptop or another version of torch breaks nothing.

    Args:
        text: what should be the case, with the number that the prose gives. If it speaks of "90%" where the bound is 0.9, `got` is
            shown in percent, too.
        condition: whether the text is true, for a claim that no bound expresses; `got` is then only shown.
        got: what was measured: a number; an array or tensor, of which every element must hold; or {name: number}. NaN never holds.
        above, below: strict bounds. at_least, at_most: bounds that the value may equal. If several are given, all must hold.
        equals: the exact value, of any type that has ==.
        near: (value, tolerance): less than the tolerance away from the value.

    Raises:
        AssertionError: broken while building; the message gives the bound and the first value that breaks it.
        TypeError: neither a condition nor a bound, both, or a bound without `got`.
        ValueError: an empty `got`, for which any bound would hold, or a tolerance that isn't positive.
    """
    given = {"above": above, "below": below, "at least": at_least, "at most": at_most, "equal to": equals, "near": near}
    bounds = {name: bound for name, bound in given.items() if bound is not None}
    if (condition is None) == (not bounds):
        fault = "got both" if bounds else "got neither"
        raise TypeError(f"promise() takes either a condition or bounds (above=, below=, equals=, ...) on got=; {fault}")
    if bounds and got is None:
        raise TypeError("promise() checks the bounds on got=...: give it the value that was measured")
    broken = _first_broken(got, bounds) if bounds else None
    unit = ""
    if _percent(text, bounds):
        got, bounds, unit = _hundredfold(got), _hundredfold(bounds), "%"
        broken = broken and (_first_broken(got, bounds) or broken)
    measured = _summary(got) if bounds else "" if got is None else _number(got)
    measured += unit if measured else ""
    seen = f"you got {measured}" if measured else ""
    if condition or (bounds and broken is None):
        _show("✓", text, seen)
    elif runtime.building():
        fault = broken or measured
        raise AssertionError(f"broken promise: {text}" + (f"; got {fault}" if fault else ""))
    else:
        seen = f"you got {broken}" if broken else seen or "it doesn't hold here"
        _show("≠", text, f"{seen}. Such numbers vary with budget, seed and machine; read on with yours.", ok=False)


def _percent(text: str, bounds: Mapping[str, Any]) -> bool:
    """Whether the text gives in percent what all bounds give as a share."""
    stated = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))]
    shares = [bound for bound in bounds.values() if isinstance(bound, (int, float))]
    near = [any(math.isclose(100 * share, number) for number in stated) for share in shares]
    return "%" in text and 0 < len(shares) == len(bounds) and all(near)


def _hundredfold(values: Any) -> Any:
    """Shares as percent: a number, an array, or a mapping of them."""
    if isinstance(values, Mapping):
        return {name: _hundredfold(value) for name, value in values.items()}
    return 100 * np.asarray(values) if isinstance(values, (list, tuple)) else 100 * values


def _first_broken(got: Any, bounds: Mapping[str, Any]) -> str | None:
    """The first value that breaks a bound, in words ("0.87, not above 0.9"), or None if all hold."""
    if "near" in bounds and not bounds["near"][1] > 0:
        raise ValueError(f"near=(value, tolerance) needs a positive tolerance, got {bounds['near'][1]!r}")
    if isinstance(got, Mapping) and not isinstance(bounds.get("equal to"), Mapping):
        if not got:
            raise ValueError("got= is an empty mapping: nothing was measured, so nothing can be promised of it")
        told = ((name, _first_broken(value, bounds)) for name, value in got.items())
        return next((f"{name} {broken}" for name, broken in told if broken), None)
    for kind, bound in bounds.items():
        values, limit = _native(got), (_native(bound[0]), bound[1]) if kind == "near" else _native(bound)
        if kind == "equal to" and not (_numeric(values) and _numeric(limit)):
            if got == bound:
                continue
            return f"{_number(got)}, not equal to {_number(bound)}"
        if not np.size(values):
            raise ValueError("got= is empty: nothing was measured, so nothing can be promised of it")
        holds = np.asarray(BOUNDS[kind](values, limit))
        if not holds.all():
            where = np.unravel_index(int(np.argmin(holds)), holds.shape)
            return _told(values, holds, where, kind, limit)
    return None


def _summary(got: Any) -> str:
    """A measured value in few words; of several numbers the smallest and the largest."""
    values = _native(got)
    if isinstance(got, Mapping):
        if len(got) > 6 and all(np.size(_native(v)) == 1 for v in got.values()):
            low, high = (pick(got, key=lambda name: float(got[name])) for pick in (min, max))
            return f"{_summary(got[low])} ({low}) to {_summary(got[high])} ({high})"
        return ", ".join(f"{name} {_summary(value)}" for name, value in got.items())
    if isinstance(got, (np.ndarray, torch.Tensor)) and values.size > 1 and _numeric(values):
        return f"{_number(values.min().item())} to {_number(values.max().item())}, {values.size:,} values"
    return _number(got)


def _number(value: Any) -> str:
    """Four digits of a float, and anything else as it prints."""
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _told(values: Any, holds: np.ndarray, where: tuple, kind: str, limit: Any) -> str:
    """The value that breaks a bound, and the bound, with as many digits as it takes to tell them apart."""
    value = np.broadcast_to(values, holds.shape)[where].item()
    if kind == "near":
        bound, name = np.broadcast_to(limit[0], holds.shape)[where].item(), f"within {limit[1]:g} of"
    else:
        bound, name = np.broadcast_to(limit, holds.shape)[where].item(), kind
    told, against = _number(value), _number(bound)
    if told == against and value != bound:
        told, against = repr(value), repr(bound)
    place = f" at position {tuple(int(i) for i in where)} of {holds.shape}" if holds.size > 1 else ""
    return f"{told}{place}, not {name} {against}"


def _native(value: Any) -> Any:
    """Tensors as arrays of their own precision, so that 0.9 in float32 is at least 0.9; lists of numbers as arrays."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if isinstance(value, (list, tuple)) and all(isinstance(v, (int, float, np.number)) for v in value):
        return np.asarray(value)
    return value


def _numeric(value: Any) -> bool:
    return isinstance(value, (int, float, np.number, np.bool_)) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    )


def _agree_symbolically(claim: str, left: Any, right: Any) -> None:
    import sympy

    difference = sympy.simplify(sympy.sympify(left) - sympy.sympify(right))
    if difference != 0 and difference.equals(0) is not True:
        raise AssertionError(f"{claim}: the two sides differ by {difference}")
    _show("✓", claim, "equal, symbolically")


def _agree_statistically(claim: str, left: Estimate, right: Any) -> None:
    other = right if isinstance(right, Estimate) else Estimate(float(_array(right)), 0.0, 0)
    error = math.hypot(left.standard_error, other.standard_error)
    gap = abs(left.mean - other.mean)
    errors_apart = gap / error if error > 0 else (0.0 if gap == 0 else math.inf)
    detail = (
        f"{left} against {other if other.samples else f'{other.mean:.6g}'}: {errors_apart:.1f} standard errors apart"
    )
    if not errors_apart <= 4:
        raise AssertionError(f"{claim}: {detail}, allowed 4")
    _show("✓", claim, detail)


def _is_symbolic(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "sympy"


def _is_single(value: Any) -> bool:
    return str(getattr(value, "dtype", "")).endswith(("float32", "float16"))


def _array(value: Any) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
    return np.asarray(value, dtype=np.float64)


def _show(mark: str, claim: str, detail: str, ok: bool = True) -> None:
    plain = f"{mark} {claim}" + (f"  ({detail})" if detail else "")
    colour = "#009E73" if ok else "#D55E00"
    aside = f' <span style="opacity:.7">&nbsp;{html.escape(detail)}</span>' if detail else ""
    markup = (
        f'<div style="border-left:4px solid {colour};padding:2px 10px;margin:2px 0">'
        f'<span style="color:{colour};font-weight:bold">{mark}</span> {html.escape(claim)}{aside}</div>'
    )
    display.show(markup, plain)
