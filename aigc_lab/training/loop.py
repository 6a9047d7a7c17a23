"""The one training loop. A recipe knows its model, its losses and its step; `fit` knows everything else."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from aigc_lab import display, runtime
from aigc_lab.recipes.optimizer_step import OptimizerStep
from aigc_lab.recipes.recipe import Recipe
from aigc_lab.training import rng, threads
from aigc_lab.training.batches import Batches, as_tensors
from aigc_lab.training.budget import Budget, Clock, Timer, check_positive
from aigc_lab.training.checkpointer import Checkpointer
from aigc_lab.training.history import History
from aigc_lab.training.processes import Processes, ProcessLostError
from aigc_lab.training.progress_bar import Bar, stop_button
from aigc_lab.training.scalars import ScalarLog

SAVE_EVERY_SECONDS = 30.0


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
    every_steps: int | None = None,
    every_seconds: float | None = None,
    checkpoint: str | os.PathLike | None = None,
    save_every_steps: int | None = None,
    save_every_seconds: float | None = None,
    resume: bool = True,
    precision: str | None = None,
    accumulate: int | None = None,
    clip: float | None = None,
    channels_last: bool = False,
    compile: bool = False,
    **unknown: Any,
) -> History:
    """Train a recipe for a number of steps, or for a time.

    The recipe moves to `runtime.device()` and stays there. The examples and all noise follow `seed`: the same recipe trained for the same
    steps learns the same weights on the same machine, whatever the callback draws. (On a CPU that other programs use, too, training takes
    fewer threads, and the weights differ in their last bits: see `threads.chosen`.) The interrupt button ends training after the step
    that is under way; the recipe and the history stay usable.

    Started by `torchrun` or `accelerate launch`, each process takes its own `batch_size` examples a step, and all step along the mean of
    their gradients. About four times a second they agree on the time and on stopping: interrupting one ends all after the same step.

    Args:
        recipe: has `step(batch) -> {name: scalar}`, `to(device)`.
        data: a Dataset with images (a batch is then `(images, labels)`, or `(images,)` where there are no labels), a tensor, tensors of equal
            length, or a `torch.utils.data.Dataset` of tensors, such as a `TensorDataset`; see `batches.as_tensors`.
        steps, seconds: the budget; give one of them.
        batch_size: examples a step.
        seed: determines the order of the examples and the noise.
        callback: called as `callback(step, recipe, history)` before the first step (as step 0), in between if asked, and after the last step.
        every_steps, every_seconds: the interval between the calls in between, in steps or in seconds of training; give one, or neither.
        checkpoint: a file. The whole state of the training is saved there from time to time and at the end. If the file exists when training
            starts, training goes on from it; with a budget of steps it ends with the same weights, to the bit, as a run that was never stopped.
        save_every_steps, save_every_seconds: the interval between two saves; give one, or neither for every 30 seconds.
        resume: False starts anew, and overwrites the file.
        precision, accumulate, clip: see `OptimizerStep`. What isn't given is taken from the recipe's own `optimizer_step`.
        channels_last: keeps the channels of a pixel together in memory, which a GPU's matrix units prefer.
        compile: lets torch.compile fuse the operations of the networks in `recipe.compilable`. The first step then takes up to minutes, so
            this pays in long trainings only, and mostly on a GPU.

    Returns:
        The history: `history.steps`, `history.seconds`, `history["name of a scalar"]`.

    Raises:
        ValueError: not exactly one budget, both intervals of a pair, a number that isn't greater than 0, data that is empty or of unequal
            lengths, a checkpoint of another training, or nothing to compile with.
        TypeError: an argument that `fit` doesn't have, or data of another kind.
        NonFiniteLossError: a loss became NaN or infinite; the message says which, when, and the last values before.
        OutOfMemoryError: the batch is too large for the GPU. The recipe can be trained again with a smaller one.
        ProcessLostError: another process of this training has ended.
        CheckpointError: neither the checkpoint nor the previous one can be read, or they are of another version of the format.
    """
    _refuse(unknown)
    check_positive(batch_size=batch_size)
    budget = Budget(steps, seconds)
    reporting = Timer("every", every_steps, every_seconds)
    if save_every_steps is None and save_every_seconds is None:
        save_every_seconds = SAVE_EVERY_SECONDS
    saving = Timer("save_every", save_every_steps, save_every_seconds)

    processes = Processes()
    device = processes.device(runtime.device())
    batches = Batches(_on_device(as_tensors(data), device), batch_size, seed, processes.index, processes.count)
    recipe.to(device)
    for module in _modules(recipe) if channels_last else []:
        module.to(memory_format=torch.channels_last)
    processes.share(_modules(recipe))
    if compile:
        _compile(recipe, device)

    history = History()
    log = ScalarLog(history, _read_every(device))
    optimizer_step = _optimizer_step(recipe, accumulate, clip, precision, processes)
    checkpointer = Checkpointer(checkpoint, recipe, optimizer_step, batches, log, processes, seed)

    with rng.forked(seed + processes.index), _stepping_with(recipe, optimizer_step), stop_button() as button:
        clock = Clock(processes.agree_on_time if processes.count > 1 else None, lambda: button.pressed)
        report = _Reports(callback, recipe, log, clock)
        resumed = resume and checkpointer.resume()
        if not resumed:
            report()
        with threads.chosen(device, checkpointer.begun_with), Bar(budget, quiet=not processes.first) as bar:
            clock.start(len(history), history.seconds[-1] if len(history) else 0.0)
            saving.start(clock)
            reporting.start(clock)
            try:
                while budget.lasts(clock) and not clock.stopped:
                    recipe.progress = budget.share(clock)
                    scalars = _take_step(recipe, _placed(next(batches), device, channels_last), device)
                    clock.tick()
                    log.add(clock.measured, scalars)
                    if budget.lasts(clock):  # else both are done below
                        if saving.due(clock):
                            checkpointer.save()
                        if reporting.due(clock):
                            report()
                    bar.show(history, clock)
                checkpointer.save()
                history.interrupted = budget.lasts(clock)
            except KeyboardInterrupt:  # in the middle of a step, whose half-changed state is not saved
                log.read()
                history.interrupted = True
            except ProcessLostError as error:
                raise ProcessLostError(f"{error}. {checkpointer.advice()}") from None
            bar.show(history, clock, last=True)
        if history.interrupted and processes.first:
            display.say(f"\nStopped by you after step {len(history)}. The model and its history are ready to use.")
        report()
    return history


class _Reports:
    """Calls the callback, at most once a step.

    Time spent in the callback isn't counted as training, and random numbers drawn there change nothing that is learnt.
    """

    def __init__(self, callback: Callable | None, recipe: Recipe, log: ScalarLog, clock: Clock) -> None:
        self.callback, self.recipe, self.log, self.clock = callback, recipe, log, clock
        self.last: int | None = None  # the step last reported, so that the report at the end doesn't repeat it

    def __call__(self) -> None:
        self.log.read()
        step = len(self.log.history)
        if self.callback is None or step == self.last:
            return
        self.last = step
        with self.clock.paused(), rng.forked():
            self.callback(step, self.recipe, self.log.history)


def _take_step(recipe: Recipe, batch: tuple[Tensor, ...], device: torch.device) -> dict[str, Tensor | float]:
    try:
        return recipe.step(batch)
    except torch.OutOfMemoryError:
        pass
    # Only here, after the `except` block, are the tensors of the failed step released.
    for module in _modules(recipe):
        module.zero_grad(set_to_none=True)
    peak = ""
    if device.type == "cuda":
        peak = f" at a peak of {torch.cuda.max_memory_allocated(device) / 2**30:.1f} GiB"
        torch.cuda.empty_cache()
    raise OutOfMemoryError(
        f"the GPU ran out of memory in a step with {len(batch[0])} examples{peak}. Take them in parts, with fit(..., accumulate=2) or 4, "
        "or choose a smaller batch_size. The model is as the last whole step left it, or half a step further; the memory is free again."
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
        raise ValueError(
            f"torch.compile needs {missing}, which was not found: install it, or train without compile=True"
        )
    for name in recipe.compilable:
        network = attrgetter(name)(recipe)
        if network._compiled_call_impl is None:  # else an earlier training has done it
            network.compile()


def _modules(recipe: Recipe) -> list[nn.Module]:
    return [part for part in vars(recipe).values() if isinstance(part, nn.Module)]


def _optimizer_step(
    recipe: Recipe, accumulate: int | None, clip: float | None, precision: str | None, processes: Processes
) -> OptimizerStep:
    """How this training takes its steps: by the arguments that were given, else as the recipe does."""
    own = getattr(recipe, "optimizer_step", None) or OptimizerStep()
    return OptimizerStep(
        own.accumulate if accumulate is None else accumulate,
        own.clip if clip is None else clip,
        own.precision if precision is None else precision,
        average=processes.average if processes.count > 1 else own.average,
    )


@contextmanager
def _stepping_with(recipe: Recipe, optimizer_step: OptimizerStep) -> Iterator[None]:
    """The recipe takes its steps this way for as long as it trains."""
    before = getattr(recipe, "optimizer_step", None)
    if before is None and not optimizer_step.plain:
        raise ValueError(
            f"{type(recipe).__name__} takes its steps itself: precision, accumulate, clip and several processes need a recipe "
            "that takes them with self.optimizer_step (an OptimizerStep)"
        )
    if before is not None:
        recipe.optimizer_step = optimizer_step
    try:
        yield
    finally:
        if before is not None:
            recipe.optimizer_step = before


def _on_device(tensors: tuple[Tensor, ...], device: torch.device) -> tuple[Tensor, ...]:
    """The data moved to the device at once, unless it would take over half of a GPU's free memory: then batches go one by one."""
    if device.type == "cuda" and sum(t.nbytes for t in tensors) > torch.cuda.mem_get_info(device)[0] / 2:
        return tensors
    return tuple(tensor.to(device) for tensor in tensors)


def _refuse(unknown: dict[str, Any]) -> None:
    """Say what to write instead of `every` and `save_every`, which counted steps or seconds by the type of the number."""
    for name in unknown:
        if name in ("every", "save_every"):
            raise TypeError(f"fit has no argument {name!r}: give {name}_steps=... or {name}_seconds=...")
        raise TypeError(f"fit() got an unexpected keyword argument {name!r}")
