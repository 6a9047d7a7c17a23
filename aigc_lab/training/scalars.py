"""Each step's scalars, kept on the device until they are read.

Reading a loss from a GPU waits for all work in its queue; done at every step, that leaves the GPU idle in between. So the scalars
of several steps are fetched at once, and searched for the first that isn't finite.
"""

import math

import torch
from torch import Tensor

from aigc_lab.training.history import History

CAUSES = "Usual causes: a learning rate that is too high, data with NaN or out of range, log or division of 0, or fp16 where bf16 or float32 is needed."


class NonFiniteLossError(FloatingPointError):
    """A loss became NaN or infinite. `history` holds the steps before."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


class ScalarLog:
    """Each step's scalars on their way into the history.

    Args:
        history: where they go.
        read_every: after how many steps they are read. 1 reads each at once.
    """

    def __init__(self, history: History, read_every: int = 1) -> None:
        self.history, self.read_every = history, read_every
        self._waiting: list[tuple[float, dict[str, Tensor | float]]] = []

    def add(self, seconds: float, scalars: dict[str, Tensor | float]) -> None:
        """Add the scalars of a step.

        Args:
            seconds: time spent training until the end of the step.
            scalars: {name: scalar}, on any device.

        Raises:
            NonFiniteLossError: as `read`, if it is time to read.
        """
        self._waiting.append((seconds, scalars))
        if len(self._waiting) >= self.read_every:
            self.read()

    def read(self) -> None:
        """Fetch all that waits, in one transfer, into the history.

        Raises:
            NonFiniteLossError: with the first step at which a scalar wasn't finite, the scalar, and the last finite values.
        """
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        values = [torch.as_tensor(value).detach().float() for _, scalars in waiting for value in scalars.values()]
        device = max((value.device for value in values), key=lambda device: device.type != "cpu")
        numbers = iter(torch.stack([value.to(device) for value in values]).tolist())
        for seconds, scalars in waiting:
            values = {name: next(numbers) for name in scalars}
            self._stop_if_not_finite(values)
            self.history.append(seconds, values)

    def _stop_if_not_finite(self, values: dict[str, float]) -> None:
        broken = [f"{name!r} is {value}" for name, value in values.items() if not math.isfinite(value)]
        if not broken:
            return
        history = self.history
        if len(history):
            last = ", ".join(f"{name} {history[name][-1]:.4g}" for name in history.names)
            before = f"In the step before, all values were finite: {last}."
        else:
            before = "It was the first step: look at the data's range and at the first weights."
        where = f"training stopped at step {len(history) + 1}: {' and '.join(broken)}."
        raise NonFiniteLossError(f"{where} {before} {CAUSES}", history)
