"""A case's arguments: copied for each call, in float64 for the reference, and checked for changes after it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def copied(value: Any) -> Any:
    """A deep copy of arguments; what can't be copied (a function, a file) is passed as it is."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, torch.Generator):
        twin = torch.Generator(device=value.device)
        twin.set_state(value.get_state())
        return twin
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()} if type(value) is dict else _deep(value)
    if type(value) in (list, tuple, set):
        return type(value)(copied(item) for item in value)
    return _deep(value)


def _deep(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:
        return value


def doubled(value: Any) -> Any:
    """The same arguments in float64."""
    if isinstance(value, Tensor) and value.dtype == torch.float32:
        return value.double()
    if isinstance(value, np.ndarray) and value.dtype == np.float32:
        return value.astype(np.float64)
    if isinstance(value, nn.Module):
        return copied(value).double()
    if type(value) is dict:
        return {key: doubled(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(doubled(item) for item in value)
    return value


def unchanged(before: Any, after: Any) -> bool:
    """Whether data is what it was; objects with a state of their own (generators, modules) may change."""
    if isinstance(before, (Tensor, np.ndarray, Mapping, list, tuple, set)) and type(before) is not type(after):
        return False
    if isinstance(before, Tensor):
        same = before.shape == after.shape and before.dtype == after.dtype
        return same and bool(((before == after) | ((before != before) & (after != after))).all())
    if isinstance(before, np.ndarray):
        return _unchanged_array(before, after)
    if isinstance(before, Mapping):
        return before.keys() == after.keys() and all(unchanged(before[key], after[key]) for key in before)
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(unchanged, before, after))
    return before == after if isinstance(before, (set, bytearray)) else True


def _unchanged_array(before: np.ndarray, after: np.ndarray) -> bool:
    if before.shape != after.shape or before.dtype != after.dtype:
        return False
    return np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
