"""What `training.fit` measured, step by step."""

from typing import Any

import numpy as np
import torch


class History:
    """What training measured, one entry a step.

    `history["generator"]` is the array of the scalar that the recipe's step calls "generator"; `history.names` lists them all.

    Attributes:
        steps: 1, 2, 3, ..., int64.
        seconds: time spent training until the end of each step, without the time spent in the callback.
        interrupted: True if the reader stopped training early.
    """

    def __init__(self) -> None:
        self._seconds: list[float] = []
        self._rows: list[dict[str, float]] = []
        self.interrupted = False

    @property
    def names(self) -> list[str]:
        return list(self._rows[0]) if self._rows else []

    @property
    def steps(self) -> np.ndarray:
        return np.arange(1, len(self._rows) + 1)

    @property
    def seconds(self) -> np.ndarray:
        return np.array(self._seconds)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.names:
            raise KeyError(f"no {name!r} in this history; it has: {', '.join(self.names) or 'nothing yet'}")
        return np.array([row[name] for row in self._rows])

    def __repr__(self) -> str:
        if not self._rows:
            return "<History: nothing yet>"
        last = ", ".join(f"{name} {value:.3f}" for name, value in self._rows[-1].items())
        return f"<History: {len(self)} steps in {self._seconds[-1]:.1f} s; last {last}>"

    def append(self, seconds: float, scalars: dict[str, float]) -> None:
        """Add a step: the seconds spent training until its end, and {name: value}, the same names at every step."""
        self._seconds.append(seconds)
        self._rows.append(scalars)

    def state_dict(self) -> dict[str, Any]:
        """The whole history as tensors and strings, exact to the bit."""
        rows = [list(row.values()) for row in self._rows]
        return {
            "names": self.names,
            "seconds": torch.tensor(self._seconds, dtype=torch.float64),
            "rows": torch.tensor(rows, dtype=torch.float64),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._seconds = state["seconds"].tolist()
        self._rows = [dict(zip(state["names"], row, strict=True)) for row in state["rows"].tolist()]
