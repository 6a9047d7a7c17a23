"""Gradients of an answer with respect to its float arguments, for exercises in which gradients matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aigc_lab.exercises.judging.compare import Difference, Precision, difference, leaves
from aigc_lab.exercises.judging.run import Outcome, attempt

Gradients = dict[
    tuple[str, str], Tensor | None
]  # (of the "sum" or the "weighted sum" of the outputs, with respect to which argument)

CAUSES = "What cuts the graph: `.detach()`, `.item()`, `.numpy()`, `torch.tensor(...)`, `torch.no_grad()`, and NumPy's functions."


class NoGradient(Exception):  # noqa: N818  (it isn't an error of the answer's own)
    """The output does not depend on the inputs, as far as autograd can see."""


def gradients(
    function: Callable, arguments: dict[str, Any], *, by: bool | Sequence[str] = True, deadline: float, own: Any
) -> Outcome:
    """Call the function on inputs that require a gradient, all float tensors or those named in `by`; the outcome's value is a `Gradients`.

    The gradient of the plain sum comes first, because one can read it. It is zero for a softmax, whose outputs sum to a constant, so a
    sum with different weights follows.
    """

    def task(**copies: Any) -> Gradients:
        wanted = copies if by is True else by
        inputs = {name: copies[name].requires_grad_() for name in wanted if _is_float(copies[name])}
        with torch.enable_grad():
            output = function(
                **{name: value.view_as(value) if name in inputs else value for name, value in copies.items()}
            )
            parts = [part for part in leaves(output) if _is_float(part) and part.requires_grad]
            if not parts:
                raise NoGradient(_why(output))
            sums = {
                "sum": sum(part.sum() for part in parts),
                "weighted sum": sum((part * _weights(part)).sum() for part in parts),
            }
            found: Gradients = {}
            for kind, total in sums.items():
                slopes = torch.autograd.grad(total, list(inputs.values()), retain_graph=True, allow_unused=True)
                found |= {(kind, name): slope for name, slope in zip(inputs, slopes, strict=True)}
        return found

    return attempt(task, arguments, deadline=deadline, own=own)


def gradient_difference(got: Outcome, expected: Gradients, precision: Precision) -> Difference | None:
    """The first gradient that differs from the reference's, or the reason why there is none."""
    if got.kind != "value":
        cut = isinstance(got.error, NoGradient) or "requires grad" in str(got.error)
        if cut:
            reason = str(got.error) if isinstance(got.error, NoGradient) else "The computation leaves torch on the way."
            return Difference("no gradient", f"{reason} {CAUSES}")
        text = f"{type(got.error).__name__}: {got.error}"
        return Difference("gradient", f"With inputs that require a gradient it raises an error: {text}")
    precision = gradient_precision(precision)
    for key, right in expected.items():
        left = got.value.get(key)
        if left is None and right is None:
            continue
        if left is None and right.abs().max() > 0:
            return Difference(
                "no gradient",
                f"No gradient reaches `{key[1]}`, although the result depends on it. {CAUSES}",
            )
        left = torch.zeros_like(right) if left is None else left
        right = torch.zeros_like(left) if right is None else right
        found = difference(left, right, precision)
        if found:
            text = f"the gradient of the {key[0]} of the outputs with respect to `{key[1]}`"
            return Difference("gradient", found.message, text, left, right)
    return None


def gradient_precision(precision: Precision) -> Precision:
    """An answer may compute in float32 on the way, which its gradient's dtype doesn't tell: four digits have to agree."""
    return Precision(precision.tolerance, precision.inputs if precision.inputs == "half" else "single")


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _weights(part: Tensor) -> Tensor:
    return torch.cos(torch.arange(part.numel(), dtype=part.dtype, device=part.device)).reshape(part.shape)


def _why(output: Any) -> str:
    if isinstance(output, (np.ndarray, np.generic)):
        return "The result is a NumPy value, which torch can't differentiate."
    if not isinstance(output, Tensor):
        return f"The result is of type {type(output).__name__}, which torch can't differentiate."
    return "The result does not require a gradient."
