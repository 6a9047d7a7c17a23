"""The progress bar of a training, and the reader's wish to stop it."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from aigc_lab import runtime
from aigc_lab.training.budget import Budget, Clock
from aigc_lab.training.history import History

SHOW_EVERY = 0.3  # seconds between two redraws


class Bar:
    """How much of the budget is spent, and the losses of the last step. Silent in profile `ci`, and where `quiet`.

    Args:
        budget: in steps or seconds.
        quiet: True shows nothing.
    """

    def __init__(self, budget: Budget, quiet: bool = False) -> None:
        self._budget = budget
        form = "{percentage:3.0f}% |{bar:20}| {desc}"
        off = quiet or runtime.profile() == "ci"
        self._bar = tqdm(total=budget.total, file=sys.stdout, bar_format=form, ncols=140, disable=off)
        self._shown = 0.0

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def show(self, history: History, clock: Clock, last: bool = False) -> None:
        """Redraw, if `SHOW_EVERY` seconds have passed since the last time or this is the last one."""
        if not len(history) or (not last and clock.seconds - self._shown < SHOW_EVERY):
            return
        self._shown = clock.seconds
        losses = ", ".join(f"{name} {history[name][-1]:.3f}" for name in history.names)
        self._bar.set_description_str(f"step {len(history)}, {history.seconds[-1]:.0f} s: {losses}", refresh=False)
        self._bar.n = min(self._budget.spent(clock), self._bar.total)
        if self._bar.n < self._bar.total:  # the full bar is drawn when it closes
            self._bar.refresh()


class StopButton:
    """Whether the reader has pressed stop in this process."""

    def __init__(self) -> None:
        self.pressed = False


@contextmanager
def stop_button() -> Iterator[StopButton]:
    """Let the interrupt button wait for the end of the step, so that no step is left half done: D changed and G not, say.

    A second press interrupts at once. Outside the main thread, where signals can't be caught, the first press does so, too.
    """
    button = StopButton()

    def press(number: int, frame: object) -> None:
        if button.pressed:
            raise KeyboardInterrupt
        button.pressed = True

    if threading.current_thread() is not threading.main_thread():
        yield button
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield button
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
