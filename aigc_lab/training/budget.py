"""How long a training lasts, and when something in it is due: by steps, or by seconds of training."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Integral

AGREE_EVERY = 0.25  # seconds between two agreements of several processes


class Clock:
    """Where a training stands.

    Several processes of one training must decide alike: is there time for another step, is a checkpoint due, was stop pressed
    in any of them? So they agree on the time and on stopping, and decide by that. Each agreement costs a message, and on a GPU a
    wait for all work in its queue; so there is one about every `AGREE_EVERY` seconds of training, not at every step. A single
    process needs no agreement.

    Args:
        agree: called in all processes after the same steps, with this process's seconds and whether stop was pressed in it;
            returns the two values that hold for all processes. None if this process is alone.
        pressed: tells whether stop was pressed in this process.

    Attributes:
        steps: taken so far.
        measured: seconds that this process spent training until the end of the last step; time while the clock was `paused`
            isn't counted.
        seconds: the time on which the processes last agreed; budgets and timers go by it. In a single process, `measured`.
    """

    def __init__(
        self,
        agree: Callable[[float, bool], tuple[float, bool]] | None = None,
        pressed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._agree, self._pressed = agree, pressed
        self.start()

    def start(self, steps: int = 0, seconds: float = 0.0) -> None:
        """Go on from a number of steps and seconds that were spent earlier."""
        self.steps, self.seconds, self.measured = steps, seconds, seconds
        self._zero = time.perf_counter() - seconds
        self._stop, self._stride, self._agreed_at = False, 1, steps

    def tick(self) -> None:
        """A step was taken."""
        self.steps += 1
        self.measured = time.perf_counter() - self._zero
        if self._agree is None:
            self.seconds = self.measured
        elif self.steps == self._agreed_at + self._stride:
            before = self.seconds
            self.seconds, self._stop = self._agree(self.measured, self._pressed())
            # The number of steps to the next agreement follows from numbers that all processes share. It at most doubles, since
            # the first steps of a training tell little about the later ones.
            fitting = self._stride * AGREE_EVERY / max(self.seconds - before, 1e-9)
            self._stride, self._agreed_at = max(1, min(2 * self._stride, int(fitting))), self.steps

    @property
    def stopped(self) -> bool:
        """Whether training should stop here: stop was pressed, or, with several processes, had been in any when they last agreed."""
        return self._pressed() if self._agree is None else self._stop

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Time spent inside isn't counted as training."""
        before = time.perf_counter()
        try:
            yield
        finally:
            self._zero += time.perf_counter() - before


class Budget:
    """What a training may take: so many steps, or so many seconds.

    Args:
        steps, seconds: one of them, greater than 0.

    Attributes:
        total: the number of steps or seconds.

    Raises:
        ValueError: both, neither, or a number that isn't greater than 0.
    """

    def __init__(self, steps: int | None = None, seconds: float | None = None) -> None:
        if (steps is None) == (seconds is None):
            got = "got neither" if steps is None else "not both"
            raise ValueError(f"fit needs one budget: steps=... or seconds=..., {got}")
        check_positive(steps=steps, seconds=seconds)
        self.by_steps = steps is not None
        self.total = steps if self.by_steps else seconds

    def spent(self, clock: Clock) -> float:
        """How much is spent, in steps or seconds. The last step may end beyond the budget."""
        return clock.steps if self.by_steps else clock.seconds

    def share(self, clock: Clock) -> float:
        """The share that is spent, from 0; below 1 as long as the budget lasts."""
        return self.spent(clock) / self.total

    def lasts(self, clock: Clock) -> bool:
        """Whether there is time for another step."""
        return self.spent(clock) < self.total


class Timer:
    """Tells after each step whether something is due that happens every so many steps, or every so many seconds of training.

    Args:
        name: of the pair of arguments, for messages: "every" for `every_steps` and `every_seconds`.
        steps: due whenever the number of steps is a multiple of this.
        seconds: due after the first step that ends at least this long after it was last due. With neither, it is never due.

    Raises:
        ValueError: both, a number that isn't greater than 0, or steps that aren't a whole number.
    """

    def __init__(self, name: str, steps: int | None = None, seconds: float | None = None) -> None:
        if steps is not None and seconds is not None:
            raise ValueError(f"give {name}_steps or {name}_seconds, not both: got {steps} and {seconds}")
        check_positive(**{f"{name}_steps": steps, f"{name}_seconds": seconds})
        if steps is not None and not isinstance(steps, Integral):
            raise ValueError(f"{name}_steps must be a whole number, got {steps}: {name}_seconds counts seconds")
        self.steps, self.seconds = steps, seconds
        self._last = 0.0

    def start(self, clock: Clock) -> None:
        """Count the seconds from now on."""
        self._last = clock.seconds

    def due(self, clock: Clock) -> bool:
        """Whether it is due now. If so, the seconds start again from 0."""
        if self.steps is not None:
            return clock.steps % self.steps == 0
        if self.seconds is None or clock.seconds - self._last < self.seconds:
            return False
        self._last = clock.seconds
        return True


def check_positive(**values: float | None) -> None:
    """Check that each argument is greater than 0; None stands for one that wasn't given.

    Raises:
        ValueError: 0, a negative number or NaN; the message names the argument.
    """
    for name, value in values.items():
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be greater than 0, got {value}")
