"""An exercise is data: the right answer, the cases that test it, the usual mistakes, and hints."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

DRAWS = 3  # how often a random case is drawn


class ExerciseNotSolved(Exception):  # noqa: N818  (the name is part of the course's contract)
    """Raised by `check` in strict mode (AIGC_LAB_STRICT=1) for anything but a right answer."""


@dataclass(frozen=True)
class Case:
    """The named arguments of one call."""

    arguments: dict[str, Any]
    random: bool = False

    @property
    def size(self) -> int:
        """How much there is to read: the number of values in all arguments."""
        return sum(_size(value) for value in self.arguments.values())


@dataclass(frozen=True)
class Mistake:
    """A usual wrong answer, as code, and the explanation for a student who gave it."""

    answer: Any
    explanation: str


@dataclass(frozen=True)
class Property:
    """Something that holds for each right answer, where outputs can't be compared one to one."""

    name: str
    predicate: Callable[[Any], bool | str]
    explanation: str


@dataclass(frozen=True)
class Exercise:
    """What `check` needs to know.

    Args:
        id: "module.name"; the catalogue file has the module's name.
        reference: the right answer, usually a function of the package; or a value, if the exercise asks for one.
        cases: `case(...)`, or a function of a seeded `torch.Generator` that returns one (drawn three times).
        gradients: compare gradients too, with respect to every float tensor among the arguments, or to the arguments named.
        mistakes: {name: Mistake}. The name completes "looks like: ...".
        hints: from a nudge to nearly the answer.
        properties: `prop(...)`, for networks and samplers.
        alternatives: right answers written in other ways, at least two; the first follows the last hint. The tests check
            that each one passes and carries the lesson to its end.
        tolerance: relative; chosen by precision if None (1e-6 in float64, 1e-4 in float32).
    """

    id: str
    reference: Any
    cases: Sequence[Case | Callable[[torch.Generator], Case]] = ()
    gradients: bool | Sequence[str] = False
    mistakes: Mapping[str, Mistake] = field(default_factory=dict)
    hints: Sequence[str] = ()
    properties: Sequence[Property] = ()
    alternatives: Sequence[Any] = ()
    tolerance: float | None = None

    def __post_init__(self):
        module, dot, name = self.id.partition(".")
        if not (dot and module.isidentifier() and name.isidentifier()):
            raise ValueError(f"exercise id {self.id!r}: expected 'module.name', for example 'gan.generator_loss'")
        if callable(self.reference) and not (self.cases or self.properties):
            raise ValueError(f"exercise {self.id!r} has neither cases nor properties, so any answer would pass")
        if not callable(self.reference) and (self.cases or self.gradients):
            raise ValueError(f"exercise {self.id!r} asks for a value, not a function: it can't have cases or gradients")

    @property
    def name(self) -> str:
        """The part of the id after the dot."""
        return self.id.partition(".")[2]

    def drawn_cases(self, draws: range = range(DRAWS)) -> list[Case]:
        """All cases, random ones drawn: the same ones at each call, from the smallest to the largest. Other `draws` are other numbers."""
        drawn = []
        for number, item in enumerate(self.cases):
            if isinstance(item, Case):
                drawn.append(item)
                continue
            for draw in draws:
                made = item(torch.Generator().manual_seed(1000 * number + draw))
                drawn.append(Case(made.arguments, random=True))
        return sorted(drawn, key=lambda one: one.size)


def case(**arguments: Any) -> Case:
    """One call with these arguments."""
    return Case(arguments)


def prop(name: str, predicate: Callable[[Any], bool | str], explanation: str) -> Property:
    """A property of right answers.

    Args:
        name: what holds, for example "samples lie in [-1, 1]".
        predicate: takes the answer; returns True, or False, or a sentence that says what was seen instead.
        explanation: why it must hold, shown when it does not.
    """
    return Property(name, predicate, explanation)


def normal(*shape: int, generator: torch.Generator | None = None) -> Tensor:
    """Standard normal numbers in float64; without a generator always the same ones for a shape."""
    return torch.randn(*shape, generator=generator or torch.Generator().manual_seed(0), dtype=torch.float64)


def uniform(*shape: int, generator: torch.Generator | None = None) -> Tensor:
    """Uniform numbers from [0, 1) in float64; without a generator always the same ones for a shape."""
    return torch.rand(*shape, generator=generator or torch.Generator().manual_seed(0), dtype=torch.float64)


def parameters(function: Any) -> str:
    """The parameters of a function as one would write them, "(mu, logvar)"; "(...)" where Python doesn't know."""
    try:
        names = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return "(...)"
    return f"({', '.join(names)})"


def _size(value: Any) -> int:
    if isinstance(value, Tensor):
        return value.numel()
    if isinstance(value, Mapping):
        return sum(_size(item) for item in value.values())
    if isinstance(value, (list, tuple, set)):
        return sum(_size(item) for item in value)
    if isinstance(value, str):
        return max(1, len(value) // 8)
    return int(getattr(value, "size", 1)) if hasattr(value, "dtype") else 1
