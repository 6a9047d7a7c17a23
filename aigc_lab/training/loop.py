"""The one training loop. A recipe knows its model, its losses and its step; `fit` knows everything else."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from aigc_lab import runtime
from aigc_lab.recipes.optimizer_step import Update
from aigc_lab.training import rng
from aigc_lab.training.batches import Batches, as_tensors
from aigc_lab.training.checkpointer import Saver
from aigc_lab.training.history import History
from aigc_lab.training.processes import Processes, ProcessLostError
from aigc_lab.training.progress_bar import Bar, stop_button
from aigc_lab.training.scalars import Readings

batches = Batches


class Recipe(Protocol):
    """What `fit` trains: modules, their optimisers, and one step of learning.

    Before each step `fit` sets `recipe.progress` to the share of its budget that is spent, from 0 to below 1; a learning rate may fall with it. A
    recipe that takes its steps with `self.update` (an `updates.Update`) can be trained in other precisions, in parts, and by several processes.
    `compilable` names its networks that torch.compile can take, such as "generator" or "model.encoder".
    """

    progress: float
    compilable: tuple[str, ...]

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor | float]: ...

    def to(self, device: torch.device) -> "Recipe": ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class OutOfMemoryError(RuntimeError):
    """The GPU's memory is too small for this batch."""


def fit(
    recipe: Recipe,
    data: Any,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    batch_size: int = 64,
    seed: int = 0,
    callback: Callable[[int, Recipe, History], Any] | None = None,
    every: int | float | None = None,
    checkpoint: str | os.PathLike | None = None,
    save_every: int | float = 30.0,
    resume: bool = True,
    precision: str | None = None,
    accumulate: int = 1,
    clip: float | None = None,
    channels_last: bool = False,
    compile: bool = False,
) -> History:
    """Train a recipe for a number of steps, or for a time.

    The recipe moves to `runtime.device()` and stays there. The examples and all noise follow `seed`: the same recipe trained for the same
    steps learns the same weights on the same machine, whatever the callback draws. The interrupt button ends training after the step that
    is under way, and leaves the recipe and the history as they are.

    Started by `torchrun` or `accelerate launch`, each process takes its own `batch_size` examples a step, and all step along the mean of
    their gradients.

    Args:
        recipe: has `step(batch) -> {name: scalar}`, `to(device)`.
        data: a Dataset with images (a batch is then `(images, labels)`, or `(images,)` where there are no labels), a tensor, or tensors
            of equal length.
        steps, seconds: the budget; give one of them.
        batch_size: examples a step.
        seed: of the order of the examples and of the noise.
        callback: called as `callback(step, recipe, history)` before the first step (as step 0), `every` so often, and after the last step.
        every: a whole number counts steps (`every=50`), a float seconds (`every=2.0`).
        checkpoint: a file. All that the training is goes there `save_every` so often and at the end. If the file is there when training
            starts, it goes on from it, and a run with a budget of steps ends with the same weights, to the bit, as one that was never stopped.
        resume: False starts anew, and overwrites the file.
        precision, accumulate, clip: see `updates.Update`.
        channels_last: keeps the channels of a pixel together in memory, which a GPU's matrix units prefer.
        compile: lets torch.compile fuse the operations of the networks in `recipe.compilable`. The first step then takes up to minutes, so
            this pays in long trainings only, and mostly on a GPU.

    Returns:
        The history: `history.steps`, `history.seconds`, `history["name of a scalar"]`.

    Raises:
        ValueError: not exactly one budget, data that is empty or doesn't belong together, a checkpoint of another training, or nothing to
            compile with.
        NonFiniteLossError: a loss became NaN or infinite; the message says which, when, and the last values before.
        OutOfMemoryError: the batch is too large for the GPU. The recipe can be trained again with a smaller one.
        ProcessLostError: another process of this training has ended.
        SnapshotError: neither the checkpoint nor the one before it can be read.
    """
    _check_arguments(steps, seconds, batch_size=batch_size, every=every, save_every=save_every)
    processes = Processes()
    device = processes.device(runtime.device())
    order = Batches(_on_device(as_tensors(data), device), batch_size, seed, processes.index, processes.count)
    recipe.to(device)
    for module in _modules(recipe) if channels_last else []:
        module.to(memory_format=torch.channels_last)
    processes.share(_modules(recipe))
    if compile:
        _compile(recipe, device)

    history = History()
    readings = Readings(history, _read_every(device))
    several = processes.average if processes.count > 1 else None
    update = Update(
        accumulate, clip or getattr(getattr(recipe, "update", None), "clip", None), precision, average=several
    )
    saver = Saver(checkpoint, recipe, update, order, history, processes, seed)

    with rng.forked(seed + processes.index), _updating_with(recipe, update), stop_button() as stopped:
        resumed = resume and saver.resume()
        now = saved = reported = history.seconds[-1] if resumed else 0.0
        start = time.perf_counter() - now

        def report() -> None:
            nonlocal start
            if callback is not None:
                before = time.perf_counter()
                with rng.forked():  # what a callback draws must not change what is learnt
                    callback(len(history), recipe, history)
                start += time.perf_counter() - before  # its time is not the training's

        if not resumed:
            report()
        with Bar(steps or seconds, quiet=not processes.first) as bar:
            done = readings.taken >= steps if steps else now >= seconds
            try:
                while not done and not stopped:
                    recipe.progress = readings.taken / steps if steps else now / seconds
                    scalars = _take_step(recipe, _placed(next(order), device, channels_last), device)
                    now = processes.agree(time.perf_counter() - start)
                    readings.add(now, scalars)
                    done = readings.taken >= steps if steps else now >= seconds
                    if not done and _due(save_every, readings.taken, now - saved):
                        saved = now
                        readings.read()
                        saver.save()
                    if not done and _due(every, readings.taken, now - reported):
                        reported = now
                        readings.read()
                        report()
                    bar.show(history, len(history) if steps else now, now)
                readings.read()
                saver.save()
                history.interrupted = not done
            except KeyboardInterrupt:  # in the middle of a step: what the last one left is not saved
                readings.read()
                history.interrupted = True
            except ProcessLostError as error:
                raise ProcessLostError(f"{error}. {saver.advice()}") from None
            bar.show(history, len(history) if steps else now, now, last=True)
        if history.interrupted:
            print(f"\nStopped by you after step {len(history)}. The model and its history are ready to use.")
        report()
    return history


def _take_step(recipe: Recipe, batch: tuple[Tensor, ...], device: torch.device) -> dict[str, Tensor | float]:
    try:
        return recipe.step(batch)
    except torch.OutOfMemoryError:
        pass
    # Only here, behind the `except`, are the tensors of the failed step free.
    for module in _modules(recipe):
        module.zero_grad(set_to_none=True)
    peak = ""
    if device.type == "cuda":
        peak = f" at a peak of {torch.cuda.max_memory_allocated(device) / 2**30:.1f} GiB"
        torch.cuda.empty_cache()
    raise OutOfMemoryError(
        f"the GPU's memory doesn't hold a step with {len(batch[0])} examples{peak}. Take them in parts, fit(..., accumulate=2) or 4, or a "
        "smaller batch_size. The model is as the last whole step left it, or half a step further, and the GPU is free again."
    )


def _read_every(device: torch.device) -> int:
    """Steps between two looks at the losses: on a GPU each look waits for all work to be done."""
    return 1 if device.type == "cpu" else 50


def _placed(batch: tuple[Tensor, ...], device: torch.device, channels_last: bool) -> tuple[Tensor, ...]:
    batch = tuple(tensor.to(device, non_blocking=True) for tensor in batch)
    if channels_last:
        batch = tuple(t.contiguous(memory_format=torch.channels_last) if t.ndim == 4 else t for t in batch)
    return batch


def _compile(recipe: Recipe, device: torch.device) -> None:
    if not getattr(recipe, "compilable", ()):
        raise ValueError(f"{type(recipe).__name__} names no network in `compilable`, so there is nothing to compile")
    if runtime.compiler(device) is None:
        missing = "Triton, which comes with torch on Linux" if device.type == "cuda" else "a C++ compiler such as g++"
        raise ValueError(f"torch.compile needs {missing}, and it isn't here: train without compile=True")
    for name in recipe.compilable:
        network = attrgetter(name)(recipe)
        if network._compiled_call_impl is None:  # else an earlier training has done it
            network.compile()


def _modules(recipe: Recipe) -> list[nn.Module]:
    return [part for part in vars(recipe).values() if isinstance(part, nn.Module)]


@contextmanager
def _updating_with(recipe: Recipe, update: Update) -> Iterator[None]:
    """The recipe takes its steps with this update, for as long as it trains."""
    before = getattr(recipe, "update", None)
    if before is None and not update.plain:
        raise ValueError(
            f"{type(recipe).__name__} takes its steps itself: precision, accumulate, clip and several processes need a recipe "
            "that takes them with self.update (updates.Update)"
        )
    if before is not None:
        recipe.update = update
    try:
        yield
    finally:
        if before is not None:
            recipe.update = before


def _on_device(tensors: tuple[Tensor, ...], device: torch.device) -> tuple[Tensor, ...]:
    """All data at once, unless it would take more than half of the GPU's free memory: then batches go over one by one."""
    if device.type == "cuda" and sum(t.nbytes for t in tensors) > torch.cuda.mem_get_info(device)[0] / 2:
        return tensors
    return tuple(tensor.to(device) for tensor in tensors)


def _check_arguments(steps: int | None, seconds: float | None, **others: float | None) -> None:
    if (steps is None) == (seconds is None):
        raise ValueError("fit needs one budget: steps=... or seconds=..., " + ("not both" if steps else "got neither"))
    for name, value in {"steps": steps, "seconds": seconds, **others}.items():
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be greater than 0, got {value}")


def _due(every: float | None, step: int, waited: float) -> bool:
    if every is None:
        return False
    return step % every == 0 if isinstance(every, int) else waited >= every
