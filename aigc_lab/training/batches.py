"""The order in which training sees its examples, and where it stands in it."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class Batches:
    """Endless batches: each example once an epoch, in an order shuffled anew for each epoch. A batch may span two epochs.

    Several processes that were given the same seed share the order: together they take `processes * batch_size` examples a step, each its own part.

    Args:
        tensors: of equal length, on any device.
        batch_size: examples a step and process.
        seed: of the order.
        process, processes: which of how many this is.
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
        """Where it stands, for a checkpoint."""
        return {"order": self._order.get_state(), "queue": self._queue.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._order.set_state(state["order"])
        self._queue = state["queue"]


def as_tensors(data: Any) -> tuple[Tensor, ...]:
    """The tensors that a batch is cut from: of a Dataset its images and labels, else what was given.

    Raises:
        ValueError: texts, nothing, or tensors of unequal length.
    """
    if isinstance(data, Tensor):
        data = (data,)
    elif hasattr(data, "images"):
        if data.images is None:
            raise ValueError(f"{data.name!r} has texts, not images: turn them into tensors of numbers first")
        data = (data.images,) if data.labels is None else (data.images, data.labels)
    tensors = tuple(torch.as_tensor(tensor) for tensor in data)
    lengths = [len(tensor) for tensor in tensors]
    if not tensors or min(lengths) == 0:
        raise ValueError("there is nothing to train on: the data is empty")
    if len(set(lengths)) > 1:
        raise ValueError(f"tensors of one data set must have the same length, got {lengths}")
    return tensors
