"""Run an answer that may do anything: loop for ever, recurse without end, print, change its inputs, or leave the random state elsewhere."""

from __future__ import annotations

import contextlib
import inspect
import io
import itertools
import random
import signal
import sys
import threading
import time
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aigc_lab.exercises.judging.inputs import copied

PRINTED = 2_000  # characters kept of what an answer prints
ITEMS = 1_000  # items taken from a generator


class TimeLimit(BaseException):
    """Raised inside an answer when its time is over. Not an `Exception`, which loops may catch and go on."""


@dataclass
class Outcome:
    """What one call did."""

    kind: str  # "value", "raised", "too long", "recursion"
    value: Any = None
    error: BaseException | None = None
    line: str = ""  # the student's own line, if an error was raised
    printed: str = ""
    after: dict[str, Any] = field(default_factory=dict)  # the arguments as the call left them
    changed: set[str] = field(default_factory=set)  # arguments that the reference changes on purpose
    gradients: dict[tuple[str, str], Tensor | None] | None = None


def has_time_limit() -> bool:
    """Whether a call can be stopped here: only where there is SIGALRM (not on Windows), and only in the main thread."""
    return hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()


def call(function: Callable, arguments: dict[str, Any], *, deadline: float) -> Outcome:
    """Call a function on copies of the arguments, until `deadline` (of `time.monotonic`) at the latest."""
    return attempt(function, arguments, deadline=deadline, own=function)


def attempt(task: Callable, arguments: dict[str, Any], *, deadline: float, own: Any) -> Outcome:
    """Call a task that runs code of the answer `own` on copies of the arguments, and tell what happened."""
    arguments = copied(arguments)
    printed = Printed()
    seed_all(0)
    try:
        with (
            limit(deadline),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            value = _inside(task, arguments)
    except TimeLimit as error:
        return Outcome("too long", error=error, line=own_line(error, own), printed=printed.text, after=arguments)
    except RecursionError as error:
        return Outcome("recursion", error=error, line=own_line(error, own), printed=printed.text, after=arguments)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        return Outcome("raised", error=error, line=own_line(error, own), printed=printed.text, after=arguments)
    return Outcome("value", value, printed=printed.text, after=arguments)


def _inside(function: Callable, arguments: dict[str, Any]) -> Any:
    """The only frame under which the alarm may raise: everything below is the answer's."""
    value = function(**arguments)
    if isinstance(value, (types.GeneratorType, map, filter, zip)):
        return Drained(value)
    return value


class Drained(list):
    """The first items of a generator, as a list that remembers what it was."""

    def __init__(self, iterator: Iterator):
        super().__init__(itertools.islice(iterator, ITEMS))
        self.was = type(iterator).__name__


class Printed(io.TextIOBase):
    """Keeps the first characters that are written, and counts the rest."""

    def __init__(self):
        self.kept, self.more = "", 0

    def write(self, text: str) -> int:
        room = PRINTED - len(self.kept)
        self.kept += text[:room]
        self.more += max(0, len(text) - room)
        return len(text)

    def writable(self) -> bool:
        return True

    @property
    def text(self) -> str:
        return self.kept + (f"… and {self.more:,} more characters" if self.more else "")


@contextlib.contextmanager
def limit(deadline: float) -> Iterator[None]:
    """Raise `TimeLimit` inside the answer once `deadline` (of `time.monotonic`) has passed.

    The alarm rings again and again, because a bare `except:` swallows it; from the second ring on, the next line that the answer executes
    raises too, and so the `except:` branch itself. A single long operation of torch can't be interrupted.
    """
    if not has_time_limit():
        yield
        return
    rings = 0

    def ring(_signal, frame):
        nonlocal rings
        below = []
        while frame is not None and frame.f_code is not _inside.__code__:
            below.append(frame)
            frame = frame.f_back
        if frame is None:
            return  # the answer isn't running: this is our own code
        rings += 1
        if rings > 1:
            for each in below:
                each.f_trace = _raise
            sys.settrace(_raise_nothing)
        raise TimeLimit

    traced = sys.gettrace()
    old_handler = signal.signal(signal.SIGALRM, ring)
    old_delay, old_interval = signal.setitimer(signal.ITIMER_REAL, max(1e-3, deadline - time.monotonic()), 0.02)
    began = time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old_handler)
        if rings > 1:
            sys.settrace(traced)
        if old_delay:
            signal.setitimer(signal.ITIMER_REAL, max(1e-3, old_delay - (time.monotonic() - began)), old_interval)


def _raise(_frame, event, _argument):
    if event == "line":
        raise TimeLimit
    return _raise


def _raise_nothing(_frame, _event, _argument):
    return None


@contextlib.contextmanager
def preserved() -> Iterator[None]:
    """Leave the random state and torch's switches as they were: a lesson's seeds must not depend on an exercise."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    dtype, grad, depth = torch.get_default_dtype(), torch.is_grad_enabled(), sys.getrecursionlimit()
    try:
        yield
    finally:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        sys.setrecursionlimit(depth)


def seed_all(seed: int) -> None:
    """Seed torch, NumPy and Python, so that an answer and the reference that draw in the same way get the same numbers."""
    torch.random.default_generator.manual_seed(
        seed
    )  # torch.manual_seed also records a traceback for each kind of device: slow
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    np.random.seed(seed)
    random.seed(seed)


def own_line(error: BaseException, own: Any) -> str:
    """The last line of the student's own code in a traceback, as "line 3: code"."""
    own = getattr(own, "__init__", own) if isinstance(own, type) else own
    file = getattr(getattr(inspect.unwrap(own), "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if frame.filename == file or _is_cell(frame.filename)]
    if not mine:
        return ""
    last = mine[-1]
    return f"line {last.lineno}, in {last.name}: {last.line}" if last.line else f"line {last.lineno}, in {last.name}"


def _is_cell(filename: str) -> bool:
    return "ipykernel_" in filename or filename.startswith("<ipython-input")
