"""What an answer does in the calls that a property makes: what it returns, with which slope, and how it leaves its arguments."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aigc_lab.exercises.judging.compare import Precision, as_tensor, difference, leaves
from aigc_lab.exercises.judging.inputs import copied

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@dataclass
class Call:
    """One call of an answer."""

    value: Any
    error: str
    slopes: list[
        Tensor | None
    ]  # of the result, with respect to each tensor among the arguments that requires a gradient
    after: Any  # the arguments, as the call left them


def recorded(answer: Any) -> tuple[Any, list[Call]]:
    """The answer, wrapped so that its calls are recorded, and the list that they go into. A class is returned as it is.

    The wrapper returns a NumPy array as a tensor, so that properties accept arrays, as cases do.
    """
    calls: list[Call] = []
    if isinstance(answer, type):
        return answer, calls

    @functools.wraps(answer)
    def recording(*arguments: Any, **named: Any) -> Any:
        given = [*arguments, *named.values()]
        try:
            value = answer(*arguments, **named)
        except Exception as error:
            calls.append(Call(None, error_text(error), [], state(given)))
            raise
        calls.append(Call(copied(value), "", _slopes(value, given), state(given)))
        return as_tensor(value) if isinstance(value, np.ndarray) and value.dtype.kind in "biufc" else value

    return recording, calls


def alike(calls: list[Call], others: list[Call], precision: Precision) -> bool:
    """Whether two answers did the same in all calls, up to rounding."""
    return len(calls) == len(others) and all(
        same_text(one.error, two.error)
        and not difference(one.value, two.value, precision)
        and not difference(one.slopes, two.slopes, precision)
        and not difference(one.after, two.after, precision)
        for one, two in zip(calls, others, strict=True)
    )


def same_text(one: str, two: str) -> bool:
    """Whether two messages are the same, but for the rounding of the numbers in them."""
    if NUMBER.split(one) != NUMBER.split(two):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(two), strict=True)
    return all(left == right or abs(float(left) - float(right)) <= 1e-3 * abs(float(right)) for left, right in pairs)


def error_text(error: BaseException) -> str:
    """The type and the message of an error; the addresses of objects, which differ from run to run, are left out."""
    try:
        message = str(error)
    except Exception:
        message = ""
    return re.sub(r"0x[0-9a-f]+", "0x", f"{type(error).__name__}: {message}")


def state(value: Any, above: tuple[int, ...] = ()) -> Any:
    """The numbers in a value, also those in a module, an optimizer or another object: what a call may change."""
    if id(value) in above:
        return None
    inside = functools.partial(state, above=(*above, id(value)))
    if isinstance(value, Tensor):
        return [copied(value), copied(value.grad) if value.is_leaf else None, value.requires_grad]
    if isinstance(value, nn.Module):
        return inside({**dict(value.named_parameters()), **dict(value.named_buffers()), "training": value.training})
    if isinstance(value, torch.optim.Optimizer):
        return inside(value.state_dict())
    if isinstance(value, torch.Generator):
        return value.get_state()
    if isinstance(value, Mapping):
        return [[str(key), inside(item)] for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [inside(item) for item in value]
    if isinstance(value, (bool, int, float, complex, str, bytes, Set, np.ndarray, np.generic)):
        return copied(value)
    if isinstance(value, Callable) or not hasattr(value, "__dict__"):
        return type(value).__name__
    return inside(vars(value))


def _slopes(value: Any, given: list[Any]) -> list[Tensor | None]:
    """How a weighted sum of the result depends on each tensor that requires a gradient; empty if it depends on none."""
    parts = [
        part for part in leaves(value) if isinstance(part, Tensor) and part.requires_grad and not part.is_complex()
    ]
    modules = [weight for one in leaves(given) if isinstance(one, nn.Module) for weight in one.parameters()]
    tensors = [one for one in leaves(given) if isinstance(one, Tensor)]
    inputs = [one for one in tensors + modules if one.requires_grad]
    if not parts or not inputs:
        return []
    try:
        total = sum((part * torch.cos(torch.arange(part.numel()).view_as(part).to(part))).sum() for part in parts)
        return list(torch.autograd.grad(total, inputs, retain_graph=True, allow_unused=True))
    except RuntimeError:  # the answer's own `backward` has used up the graph
        return []
