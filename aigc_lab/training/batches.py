"""The order in which training sees its examples, and how far it has come."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset, default_collate


class Batches:
    """Endless batches: each example once an epoch, in an order shuffled anew for each epoch. A batch may span two epochs.

    Several processes that were given the same seed share the order: together they take `processes * batch_size` examples a step, each its own part.

    Args:
        tensors: of equal length, on any device.
        batch_size: examples a step and process.
        seed: of the order.
        process, processes: the index of this process, and how many there are.
    """

    def __init__(
        self, tensors: Sequence[Tensor], batch_size: int, seed: int, process: int = 0, processes: int = 1
    ) -> None:
        self.tensors, self.batch_size = tuple(tensors), batch_size
        self.process, self.processes = process, processes
        self._order = torch.Generator().manual_seed(seed)
        self._queue = torch.empty(0, dtype=torch.int64)

    def __iter__(self) -> "Batches":
        return self

    def __next__(self) -> tuple[Tensor, ...]:
        together = self.batch_size * self.processes
        while len(self._queue) < together:
            epoch = torch.randperm(len(self.tensors[0]), generator=self._order)
            self._queue = torch.cat([self._queue, epoch])
        chosen, self._queue = self._queue[:together], self._queue[together:]
        mine = chosen[self.process * self.batch_size :][: self.batch_size].to(self.tensors[0].device)
        return tuple(tensor[mine] for tensor in self.tensors)

    def state_dict(self) -> dict[str, Any]:
        """The shuffling generator and what is left of the epoch, for a checkpoint."""
        return {"order": self._order.get_state(), "queue": self._queue.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._order.set_state(state["order"])
        self._queue = state["queue"]


EXPECTED = (
    "fit takes a Dataset of `datasets.load`, a tensor, a tuple of tensors of equal length, or a torch.utils.data.Dataset whose items are "
    "tensors, numbers, or tuples of them, each of one shape"
)


def as_tensors(data: Any) -> tuple[Tensor, ...]:
    """The tensors that a batch is cut from.

    Args:
        data: a Dataset of `datasets.load` (its images, and its labels if it has any); a tensor or NumPy array, or a tuple or list of them; or a
            map-style `torch.utils.data.Dataset`, whose items are read once and kept: a random transform in it is drawn once, not in every epoch.

    Raises:
        TypeError: anything else; the message says what is expected.
        ValueError: texts, no examples, or tensors of unequal length.
    """
    tensors = tuple(_column(column) for column in _columns(data))
    lengths = [len(tensor) for tensor in tensors]
    if not tensors or min(lengths) == 0:
        raise ValueError("there is nothing to train on: the data is empty")
    if len(set(lengths)) > 1:
        raise ValueError(f"tensors of one data set must have the same length, got {lengths}")
    return tensors


def _columns(data: Any) -> Sequence[Any]:
    """The columns of the data, each of which becomes one tensor."""
    if isinstance(data, Tensor | np.ndarray):
        return (data,)
    if isinstance(data, tuple | list):
        return data
    if isinstance(data, TensorDataset):
        return data.tensors
    if isinstance(data, DataLoader):
        raise TypeError(
            "fit cuts its batches itself, so that a training can be stopped and resumed exactly: instead of the DataLoader, pass "
            f"its data set, fit(recipe, loader.dataset, batch_size={data.batch_size})"
        )
    if isinstance(data, Dataset) and hasattr(data, "__len__"):
        return _stacked([data[i] for i in range(len(data))])
    if hasattr(data, "images"):
        if data.images is None:
            raise ValueError(f"{data.name!r} has texts, not images: turn them into tensors of numbers first")
        return (data.images,) if data.labels is None else (data.images, data.labels)
    raise TypeError(f"{EXPECTED}; got {type(data).__name__}")


def _stacked(items: list[Any]) -> list[Any]:
    """The items of a data set, stacked into columns: one for each part of an item."""
    try:
        columns = (
            default_collate([item if isinstance(item, tuple | list) else (item,) for item in items]) if items else []
        )
    except (TypeError, RuntimeError, ValueError) as error:
        raise TypeError(f"{EXPECTED}; got items that can't be stacked ({error}): look at dataset[0]") from None
    return columns


def _column(column: Any) -> Tensor:
    try:
        tensor = torch.as_tensor(column)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{EXPECTED}; got a {type(column).__name__} in place of a tensor") from None
    if tensor.ndim == 0:
        raise TypeError(f"{EXPECTED}; got a single number, {tensor.item()}, in place of a tensor")
    return tensor
