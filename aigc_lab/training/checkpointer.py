"""Puts all that a training is into a snapshot, and takes it out again, so that it goes on as if it had never stopped."""

import os
from pathlib import Path
from typing import Any

from aigc_lab.recipes.optimizer_step import Update
from aigc_lab.training import checkpoint, rng
from aigc_lab.training.batches import Batches
from aigc_lab.training.history import History
from aigc_lab.training.processes import Processes


class Saver:
    """The snapshots of one training.

    Args:
        path: of the newest; None saves nothing.
        recipe, update, order, history: what changes as it learns.
        processes: only the first of them writes.
        seed: with the batch size, the number of examples and processes and the recipe's name it says whether a snapshot is of this training.
    """

    def __init__(
        self,
        path: str | os.PathLike | None,
        recipe: Any,
        update: Update,
        order: Batches,
        history: History,
        processes: Processes,
        seed: int,
    ) -> None:
        self.path = None if path is None else Path(path)
        self.recipe, self.update, self.order, self.history, self.processes = recipe, update, order, history, processes
        self.saved_at: int | None = None  # the step of the newest snapshot
        self.training = {
            "recipe": type(recipe).__name__,
            "seed": seed,
            "batch_size": order.batch_size,
            "examples": len(order.tensors[0]),
            "processes": processes.count,
        }

    def save(self) -> None:
        """Write a snapshot, if there is a path and a step since the last. If it can't be written, say so and go on: the one before is still there."""
        if self.path is None or self.saved_at == len(self.history):
            return
        state = {
            "training": self.training,
            "recipe": self.recipe.state_dict(),
            "update": self.update.state_dict(),
            "order": self.order.state_dict(),
            "history": self.history.state_dict(),
            "streams": self.processes.collect(rng.state()),
        }
        if self.processes.first:
            try:
                checkpoint.write(state, self.path)
            except OSError as error:
                kept = "none has been written yet" if self.saved_at is None else f"that of step {self.saved_at} is kept"
                print(
                    f"\nThe snapshot of step {len(self.history)} can't be written ({error}); {kept}. Training goes on."
                )
                return
        self.saved_at = len(self.history)

    def resume(self) -> bool:
        """Go to where the newest snapshot was written.

        Returns:
            False if there is no snapshot.

        Raises:
            ValueError: it is of another training.
            snapshots.SnapshotError: there are files, and none can be read.
        """
        if self.path is None:
            return False
        state, problems = checkpoint.read_newest(self.path)
        for problem in problems if self.processes.first else []:
            print(f"{problem}. Going on from the snapshot before it.")
        if state is None:
            return False
        self._compare(state["training"])
        self.recipe.load_state_dict(state["recipe"])
        self.update.load_state_dict(state["update"])
        self.order.load_state_dict(state["order"])
        self.history.load_state_dict(state["history"])
        rng.set_state(state["streams"][self.processes.index])
        self.saved_at = len(self.history)
        return True

    def advice(self) -> str:
        """What one can do after a training was lost."""
        if self.saved_at is None:
            return "Nothing was saved: give fit(..., checkpoint=...) a file"
        return f"Start all processes again to go on from the snapshot of step {self.saved_at}, {self.path}"

    def _compare(self, theirs: dict[str, Any]) -> None:
        differences = [
            f"{name} was {theirs.get(name)!r} and is {value!r}"
            for name, value in self.training.items()
            if theirs.get(name) != value
        ]
        if differences:
            raise ValueError(
                f"{self.path} is of another training: {'; '.join(differences)}. Give another path, or resume=False to start anew"
            )
