"""A table of changes to a training, each measured before and after."""

from collections.abc import Callable
from typing import Any

from aigc_lab import display
from aigc_lab.hardware.timing import in_turns


class SpeedupTable:
    """A table with one row per change.

    Args:
        device: has `now()` and `synchronize()`, see `timing`.
        repeats: rounds of each measurement, before and after in turns.
    """

    def __init__(self, device: Any, repeats: int) -> None:
        self.device, self.repeats = device, repeats
        self.rows: dict[str, tuple[float, float]] = {}  # seconds before and after
        self.missing: dict[str, str] = {}

    def row(
        self, change: str, before: Callable[[], Any], after: Callable[[], Any], examples: tuple[int, int] = (1, 1)
    ) -> None:
        """Measure both, add the row and show it.

        Args:
            change: its name.
            before, after: the work. Called without arguments.
            examples: how many one call of each works on, if that differs: the seconds of `before` are then scaled to
                the number of examples of `after`.
        """
        works = [lambda _: before(), lambda _: after()]
        first, second = in_turns(self.device, works, self.repeats)
        self.rows[change] = (first / examples[0] * examples[1], second)
        display.say(self._line(change))

    def not_here(self, change: str, why: str) -> None:
        """Add a row for what this machine can't do, and show it."""
        self.missing[change] = why
        display.say(self._line(change))

    @property
    def factors(self) -> dict[str, float]:
        """For each change, how many times as fast it made the work: below 1 it was a loss."""
        return {change: before / after for change, (before, after) in self.rows.items()}

    def show(self) -> None:
        """Print the table, the greatest gain first."""
        display.say(f"{'change':44} {'before':>10} {'after':>10} {'gain':>8}")
        for change in [*sorted(self.rows, key=lambda name: -self.factors[name]), *self.missing]:
            display.say(self._line(change))

    def _line(self, change: str) -> str:
        if change in self.missing:
            return f"{change:44} not here: {self.missing[change]}"
        before, after = self.rows[change]
        return f"{change:44} {1e3 * before:7.2f} ms {1e3 * after:7.2f} ms {before / after:6.2f} ×"
