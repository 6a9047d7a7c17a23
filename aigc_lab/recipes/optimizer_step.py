"""From a loss to one step of an optimiser: precision, accumulated gradients, clipping, and the mean over several processes."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16}


class OptimizerStep:
    r"""One step of one optimiser down one loss.

    A recipe hands over its loss as a function of the batch, so that the batch may be cut into parts. With k parts of sizes n_i,

    .. math:: g = \sum_{i=1}^{k} \frac{n_i}{n}\, \nabla L(\text{part}_i)

    which is the gradient of the whole batch wherever L is a mean over examples that don't look at each other (no batch norm, no contrastive loss), at
    about 1/k of the memory for activations.

    Args:
        accumulate: k, the number of parts.
        clip: the gradient is shortened to this length (2-norm over all weights of the optimiser) if it is longer.
        precision: None is float32; "bf16" or "fp16" run matrix products and convolutions at half its width (autocast). fp16 has a small
            range of exponents, so each optimiser gets a scaler of its own that keeps small gradients from vanishing.
        average: called with the gradients after the last part, to take their mean over all processes in place.

    Raises:
        ValueError: accumulate below 1, clip not above 0, or an unknown precision.

    Example:
        `scalars = self.optimizer_step(self.loss, self.optimizer, batch)`, where `loss(batch)` gives (loss, {name: scalar}).
    """

    def __init__(
        self,
        accumulate: int = 1,
        clip: float | None = None,
        precision: str | None = None,
        average: Callable[[list[Tensor]], None] | None = None,
    ) -> None:
        if accumulate < 1 or (clip is not None and not clip > 0):
            raise ValueError(f"accumulate must be at least 1 and clip greater than 0, got {accumulate} and {clip}")
        if precision not in (None, *PRECISIONS):
            raise ValueError(f"precision must be None, {' or '.join(map(repr, PRECISIONS))}, got {precision!r}")
        self.accumulate, self.clip, self.precision, self.average = accumulate, clip, precision, average
        self._scalers: list[tuple[torch.optim.Optimizer, torch.amp.GradScaler]] = []
        self._saved: list[dict[str, Any]] = []

    @property
    def plain(self) -> bool:
        """True if this is the step of any tutorial: one backward pass in float32, no clipping, one process."""
        return self.accumulate == 1 and self.clip is None and self.precision is None and self.average is None

    def __call__(
        self,
        loss: Callable[[tuple[Tensor, ...]], tuple[Tensor, dict[str, Tensor]]],
        optimizer: torch.optim.Optimizer,
        batch: tuple[Tensor, ...],
    ) -> dict[str, Tensor]:
        """Take the step.

        Args:
            loss: batch -> (scalar, {name: scalar}).
            optimizer: of the weights that learn. Its gradients are cleared first.
            batch: tensors of equal length, or None in place of one.

        Returns:
            The named scalars, detached: means over the parts.

        Raises:
            ValueError: the batch has fewer examples than the parts it should be cut into.
        """
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        scaler = self._scaler(optimizer, weights[0].device)
        optimizer.zero_grad()
        totals: dict[str, Tensor] = {}
        for part in self._parts(batch):
            share = len(part[0]) / len(batch[0])
            with self._autocast(weights[0].device):
                objective, scalars = loss(part)
            if share != 1:
                objective, scalars = share * objective, {name: share * value for name, value in scalars.items()}
            (objective if scaler is None else scaler.scale(objective)).backward()
            totals = {name: totals.get(name, 0) + value.detach() for name, value in scalars.items()}
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        if self.average is not None:
            self.average(gradients)
        if scaler is not None:
            scaler.unscale_(optimizer)
        if self.clip is not None:
            torch.nn.utils.clip_grad_norm_(weights, self.clip)
        if scaler is None:
            optimizer.step()
        else:
            scaler.step(optimizer)
            scaler.update()
        return totals

    def state_dict(self) -> dict[str, Any]:
        """The scalers, in the order in which their optimisers first took a step."""
        return {"scalers": [scaler.state_dict() for _, scaler in self._scalers]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._saved = list(state["scalers"])

    def _parts(self, batch: tuple[Tensor, ...]) -> list[tuple[Tensor, ...]]:
        if self.accumulate == 1:
            return [batch]
        if len(batch[0]) < self.accumulate:
            raise ValueError(
                f"a batch of {len(batch[0])} can't be cut into {self.accumulate} parts: "
                "take a larger batch, or accumulate fewer parts"
            )
        cut = [[None] * self.accumulate if t is None else t.tensor_split(self.accumulate) for t in batch]
        return list(zip(*cut, strict=True))

    def _autocast(self, device: torch.device) -> Any:
        if self.precision is None:
            return nullcontext()
        return torch.autocast(device.type, dtype=PRECISIONS[self.precision])

    def _scaler(self, optimizer: torch.optim.Optimizer, device: torch.device) -> torch.amp.GradScaler | None:
        if self.precision != "fp16":
            return None
        for owner, scaler in self._scalers:
            if owner is optimizer:
                return scaler
        scaler = torch.amp.GradScaler(device.type)
        if len(self._saved) > len(self._scalers):
            scaler.load_state_dict(self._saved[len(self._scalers)])
        self._scalers.append((optimizer, scaler))
        return scaler


def widened(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Half-precision tensors as float32, others as they are: for sums of many terms, which autocast's 8 or 11 bits would spoil."""
    return tuple(tensor.float() if tensor.dtype in PRECISIONS.values() else tensor for tensor in tensors)
