"""The processes of one training: how many, which one this is, and what they do together.

Started by `torchrun` or `accelerate launch`, each process runs the same program on its own examples; in a single process, all of
this does nothing. Hugging Face Accelerate does the work; it is imported only where there is more than one process.
"""

import atexit
import os
from typing import Any

import torch
from torch import Tensor, nn

from aigc_lab import runtime


class ProcessLostError(RuntimeError):
    """Another process of this training has ended."""


class Processes:
    """All processes of this training.

    Attributes:
        index, count: which one this is, of how many; 0 of 1 without a launcher.
        first: True in the one that writes files and shows progress.
    """

    def __init__(self) -> None:
        self.index, self.count = 0, launched()
        self._accelerator: Any = None
        if self.count > 1:
            # The functions of this module keep, as their default argument, the process group that is open when it is imported.
            # torch's optimisers import it later, when a group is open; its connections would then stay open beyond `_leave`.
            import torch.distributed.nn.functional  # noqa: F401
            from accelerate import Accelerator

            self._accelerator = Accelerator(cpu=runtime.device().type == "cpu")
            self.index, self.count = self._accelerator.process_index, self._accelerator.num_processes
            atexit.register(_leave)

    @property
    def first(self) -> bool:
        return self.index == 0

    def device(self, otherwise: torch.device) -> torch.device:
        """The device of this process: each has its own GPU, where there are several."""
        return otherwise if self._accelerator is None else self._accelerator.device

    def average(self, gradients: list[Tensor]) -> None:
        r"""Replace each gradient by its mean over the processes, in place.

        .. math:: \bar g = \frac{1}{p} \sum_{i=1}^{p} g_i

        With equal parts of a batch, that is the gradient of the whole batch, wherever the loss is a mean over examples. All gradients of one type
        travel as one vector: one message instead of one a layer.

        Raises:
            ProcessLostError: another process has ended.
        """
        if self._accelerator is None:
            return
        # Sorted, since all processes must send the types in the same order, and the order of a set differs between processes.
        for dtype in sorted({gradient.dtype for gradient in gradients}, key=str):
            mine = [gradient for gradient in gradients if gradient.dtype == dtype]
            together = self._do(self._accelerator.reduce, torch.cat([g.flatten() for g in mine]), reduction="mean")
            for gradient, mean in zip(mine, together.split([g.numel() for g in mine]), strict=True):
                gradient.copy_(mean.view_as(gradient))

    def share(self, modules: list[nn.Module]) -> None:
        """Give all processes the weights and buffers of the first."""
        if self._accelerator is not None:
            from accelerate.utils import broadcast

            for module in modules:
                for tensor in [*module.parameters(), *module.buffers()]:
                    tensor.data.copy_(self._do(broadcast, tensor.data))

    def agree(self, value: float) -> float:
        """The first process's number, in all of them."""
        if self._accelerator is None:
            return value
        from accelerate.utils import broadcast

        return self._do(broadcast, torch.tensor(value, dtype=torch.float64, device=self._accelerator.device)).item()

    def agree_on_time(self, seconds: float, stop: bool) -> tuple[float, bool]:
        """The first process's seconds, and whether any process wants to stop, in all of them: one message of two numbers."""
        if self._accelerator is None:
            return seconds, stop
        mine = [seconds if self.first else 0.0, float(stop)]
        message = torch.tensor(mine, dtype=torch.float64, device=self._accelerator.device)
        total, stops = self._do(self._accelerator.reduce, message, reduction="sum").tolist()
        return total, stops > 0

    def collect(self, value: Any) -> list[Any]:
        """One object from each process, ordered by index; every process gets the whole list."""
        if self._accelerator is None:
            return [value]
        from accelerate.utils import gather_object

        return self._do(gather_object, [value])

    def _do(self, talk: Any, *things: Any, **settings: Any) -> Any:
        try:
            return talk(*things, **settings)
        except RuntimeError as error:
            raise ProcessLostError(
                f"process {self.index} of {self.count} can't reach the others: one of them has ended, and with it this training ({error})"
            ) from error


def launched() -> int:
    """How many processes a launcher started together with this one; 1 without a launcher.

    Batch systems leave some of these variables behind, such as WORLD_SIZE; a launcher sets them all. With fewer, the process would wait for
    others that never come.
    """
    said = [os.environ.get(name, "") for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_PORT")]
    if not os.environ.get("MASTER_ADDR") or not all(value.isdigit() for value in said):
        return 1
    return max(1, int(os.environ["WORLD_SIZE"]))


def _leave() -> None:
    """Say goodbye to the others before Python ends: a process that ends with its connections open is now and then aborted (SIGABRT)."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
