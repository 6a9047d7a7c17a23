"""Saves the whole state of a training to a checkpoint and restores it, so that training goes on as if it had never stopped."""

import os
from pathlib import Path
from typing import Any

import torch

from aigc_lab import display
from aigc_lab.recipes.optimizer_step import OptimizerStep
from aigc_lab.training import checkpoint, rng
from aigc_lab.training.batches import Batches
from aigc_lab.training.processes import Processes
from aigc_lab.training.scalars import ScalarLog


class Checkpointer:
    """The checkpoints of one training.

    Args:
        path: file of the newest checkpoint; None saves nothing.
        recipe, optimizer_step, batches, log: what changes during training, and is saved.
        processes: only the first of them writes.
        seed: of the training. With the recipe's name, the batch size and the numbers of examples and processes it
            identifies the training that a checkpoint belongs to.
    """

    def __init__(
        self,
        path: str | os.PathLike | None,
        recipe: Any,
        optimizer_step: OptimizerStep,
        batches: Batches,
        log: ScalarLog,
        processes: Processes,
        seed: int,
    ) -> None:
        self.path = None if path is None else Path(path)
        self.recipe, self.optimizer_step, self.batches = recipe, optimizer_step, batches
        self.log, self.history, self.processes = log, log.history, processes
        self.saved_at: int | None = None  # the step of the newest checkpoint
        self.begun_with: int | None = None  # the threads of the training that goes on here
        self.training = {
            "recipe": type(recipe).__name__,
            "seed": seed,
            "batch_size": batches.batch_size,
            "examples": len(batches.tensors[0]),
            "processes": processes.count,
        }

    def save(self) -> None:
        """Write a checkpoint, if there is a path and a step was taken since the last one.

        If the file can't be written, a message says so and training goes on: the previous checkpoint is still there.

        Raises:
            NonFiniteLossError: one of the losses that hadn't been read yet isn't finite. Nothing is written.
        """
        self.log.read()
        if self.path is None or len(self.history) == (self.saved_at or 0):
            return
        state = {
            "training": self.training,
            "recipe": self.recipe.state_dict(),
            "optimizer_step": self.optimizer_step.state_dict(),
            "batches": self.batches.state_dict(),
            "history": self.history.state_dict(),
            "rng": self.processes.collect(rng.state()),
            "threads": torch.get_num_threads(),
        }
        written = self._write(state) if self.processes.first else False
        # All processes go by whether the first one could write: if one alone skipped the next save, the others would wait for it.
        if self.processes.agree(written):
            self.saved_at = len(self.history)

    def resume(self) -> bool:
        """Restore the state in the newest checkpoint.

        Returns:
            False if there is no checkpoint.

        Raises:
            ValueError: the checkpoint is of another training.
            CheckpointError: there are checkpoint files, but none can be read.
        """
        if self.path is None:
            return False
        state, problems = checkpoint.load_newest(self.path)
        for problem in problems if self.processes.first else []:
            display.say(f"{problem}. Going on from the previous checkpoint.")
        if state is None:
            return False
        self._compare(state["training"])
        self.recipe.load_state_dict(state["recipe"])
        self.optimizer_step.load_state_dict(state["optimizer_step"])
        self.batches.load_state_dict(state["batches"])
        self.history.load_state_dict(state["history"])
        rng.set_state(state["rng"][self.processes.index])
        self.begun_with = state.get("threads")
        self.saved_at = len(self.history)
        return True

    def advice(self) -> str:
        """What to do after a process was lost, as a sentence without its full stop."""
        if self.saved_at is None:
            return "Nothing was saved: next time, pass a file as fit(..., checkpoint=...)"
        return f"Start all processes again to go on from the checkpoint of step {self.saved_at}, {self.path}"

    def _write(self, state: dict[str, Any]) -> bool:
        """Write the state; False, and a message to the reader, if that isn't possible."""
        try:
            checkpoint.save(state, self.path)
        except OSError as error:
            kept = "none has been written yet" if self.saved_at is None else f"that of step {self.saved_at} is kept"
            display.say(
                f"\nThe checkpoint of step {len(self.history)} can't be written ({error}); {kept}. Training goes on."
            )
            return False
        return True

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
