"""The one training loop. A recipe knows its model, its losses and its step; `fit` knows everything else."""

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from tqdm import tqdm

from aigc_lab import runtime
from aigc_lab.history import History

SHOW_EVERY = 0.3  # seconds between two redraws of the progress bar


class Recipe(Protocol):
    """What `fit` trains: modules, their optimisers, and one step of learning.

    Before each step `fit` sets `recipe.progress` to the share of its budget that is spent, from 0 to below 1; a learning rate may fall with it.
    """

    progress: float

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor | float]: ...

    def to(self, device: torch.device) -> "Recipe": ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class NonFiniteLossError(FloatingPointError):
    """A loss became NaN or infinite. `history` holds the steps before."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


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
) -> History:
    """Train a recipe for a number of steps, or for a time.

    The recipe moves to `runtime.device()` and stays there. The examples and all noise follow `seed`: the same recipe trained for the same
    steps learns the same weights on the same machine, whatever the callback draws. The interrupt button ends training early and leaves
    the recipe and the history as they are.

    Args:
        recipe: has `step(batch) -> {name: scalar}`, `to(device)`.
        data: a Dataset with images (a batch is then `(images, labels)`, or `(images,)` where there are no labels), a tensor, or tensors
            of equal length.
        steps, seconds: the budget; give one of them.
        batch_size: examples a step.
        seed: of the order of the examples and of the noise.
        callback: called as `callback(step, recipe, history)` before the first step (as step 0), `every` so often, and after the last step.
        every: a whole number counts steps (`every=50`), a float seconds (`every=2.0`).

    Returns:
        The history: `history.steps`, `history.seconds`, `history["name of a scalar"]`.

    Raises:
        ValueError: not exactly one budget, or data that is empty or doesn't belong together.
        NonFiniteLossError: a loss became NaN or infinite; the message says which, when, and the last values before.
    """
    _check_arguments(steps, seconds, batch_size, every)
    device = runtime.device()
    tensors = _on_device(as_tensors(data), device)
    recipe.to(device)

    history = History()
    gpus = [device] if device.type == "cuda" else []
    paused = 0.0

    def report() -> None:
        nonlocal paused
        if callback is not None:
            before = time.perf_counter()
            with torch.random.fork_rng(gpus):  # what a callback draws must not change what is learnt
                callback(len(history), recipe, history)
            paused += time.perf_counter() - before

    with torch.random.fork_rng(gpus):
        torch.manual_seed(seed)
        report()
        with _bar(steps or seconds) as bar:
            start, paused, shown, reported = time.perf_counter(), 0.0, 0.0, 0.0
            try:
                now = 0.0
                for batch in batches(tensors, batch_size, seed):
                    recipe.progress = len(history) / steps if steps else min(now / seconds, 1.0)
                    scalars = _as_floats(recipe.step(batch))
                    now = time.perf_counter() - start - paused
                    _stop_if_not_finite(scalars, history)
                    history.append(now, scalars)
                    done = len(history) >= steps if steps else now >= seconds
                    if done or now - shown >= SHOW_EVERY:
                        shown = now
                        _show(bar, history, of_budget=len(history) if steps else min(now, seconds))
                    if done:
                        break
                    if _due(every, len(history), now - reported):
                        reported = now
                        report()
            except KeyboardInterrupt:
                history.interrupted = True
                print(f"\nStopped by you after step {len(history)}. The model and its history are ready to use.")
        report()
    return history


def batches(tensors: Sequence[Tensor], batch_size: int, seed: int) -> Iterator[tuple[Tensor, ...]]:
    """Endless batches: each example once an epoch, in an order shuffled anew for each epoch. A batch may span two epochs."""
    order_of_examples = torch.Generator().manual_seed(seed)
    queue = torch.empty(0, dtype=torch.int64)
    while True:
        while len(queue) < batch_size:
            queue = torch.cat([queue, torch.randperm(len(tensors[0]), generator=order_of_examples)])
        chosen, queue = queue[:batch_size].to(tensors[0].device), queue[batch_size:]
        yield tuple(tensor[chosen] for tensor in tensors)


def as_tensors(data: Any) -> tuple[Tensor, ...]:
    """The tensors that a batch is cut from: of a Dataset its images and labels, else what was given."""
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


def _on_device(tensors: tuple[Tensor, ...], device: torch.device) -> tuple[Tensor, ...]:
    """All data at once, unless it would take more than half of the GPU's free memory: then batches go over one by one."""
    if device.type == "cuda" and sum(t.nbytes for t in tensors) > torch.cuda.mem_get_info(device)[0] / 2:
        return tensors
    return tuple(tensor.to(device) for tensor in tensors)


def _check_arguments(steps: int | None, seconds: float | None, batch_size: int, every: float | None) -> None:
    if (steps is None) == (seconds is None):
        raise ValueError("fit needs one budget: steps=... or seconds=..., " + ("not both" if steps else "got neither"))
    for name, value in [("steps", steps), ("seconds", seconds), ("batch_size", batch_size), ("every", every)]:
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be greater than 0, got {value}")


def _due(every: float | None, step: int, waited: float) -> bool:
    if every is None:
        return False
    return step % every == 0 if isinstance(every, int) else waited >= every


def _as_floats(scalars: dict[str, Tensor | float]) -> dict[str, float]:
    """Python numbers, brought from the device in one transfer."""
    values = torch.stack([torch.as_tensor(value).detach().float() for value in scalars.values()]).tolist()
    return dict(zip(scalars, values, strict=True))


def _stop_if_not_finite(scalars: dict[str, float], history: History) -> None:
    broken = [f"{name!r} is {value}" for name, value in scalars.items() if not math.isfinite(value)]
    if not broken:
        return
    if len(history):
        before = ", ".join(f"{name} {history[name][-1]:.4g}" for name in history.names)
        before = f"The step before, all was finite: {before}."
    else:
        before = "It was the first step: look at the data's range and at the first weights."
    raise NonFiniteLossError(f"training stopped at step {len(history) + 1}: {' and '.join(broken)}. {before}", history)


def _bar(total: float) -> tqdm:
    form = "{percentage:3.0f}% |{bar:20}| {desc}"
    return tqdm(total=total, file=sys.stdout, bar_format=form, ncols=140, disable=runtime.profile() == "ci")


def _show(bar: tqdm, history: History, of_budget: float) -> None:
    losses = ", ".join(f"{name} {history[name][-1]:.3f}" for name in history.names)
    bar.set_description_str(f"step {len(history)}, {history.seconds[-1]:.0f} s: {losses}", refresh=False)
    bar.n = of_budget
    if of_budget < bar.total:  # the full bar is drawn when it closes
        bar.refresh()
