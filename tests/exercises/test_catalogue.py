"""Every exercise of the course: its reference is right, its blank counts as not attempted, each mistake is recognised as itself."""

import inspect
import linecache
import time
import types

import pytest
import torch

from aigc_lab.exercises import Exercise, Mistake, case, catalogue, lookup, prop
from aigc_lab.exercises.judging.behaviour import reference_fault
from aigc_lab.exercises.judging.exercise import parameters
from aigc_lab.exercises.judging.judge import BLANK, RIGHT, examine
from aigc_lab.exercises.judging.run import preserved


def problems(exercise):
    """What is wrong with an exercise, as sentences."""
    found = []
    if len(exercise.mistakes) < 2:
        found.append("has fewer than two mistakes")
    if not exercise.hints:
        found.append("has no hint")
    if len({mistake.explanation for mistake in exercise.mistakes.values()}) < len(exercise.mistakes):
        found.append("explains two mistakes with the same words")
    if callable(exercise.reference):
        with preserved():
            fault = reference_fault(exercise, time.monotonic() + 60)
        if fault:
            found.append(f"finds fault with its own reference: {fault.state} {fault.message} {fault.difference}")
    for with_source in (True, False):
        state = examine(exercise, blank(exercise, with_source)).state
        if state != BLANK:
            found.append(f"takes its blank for an answer: {state}")
    for name, mistake in exercise.mistakes.items():
        verdict = examine(exercise, mistake.answer)
        if verdict.state == RIGHT:
            found.append(f"takes the mistake {name!r} for right")
        elif verdict.mistake != name:
            found.append(f"takes the mistake {name!r} for {verdict.mistake!r} ({verdict.state})")
    return found


def blank(exercise, with_source):
    """The unanswered cell: the reference's first line, a docstring, and `...`."""
    if not callable(exercise.reference):
        return ...
    if isinstance(exercise.reference, type):
        head = f"class {exercise.name}:"
    else:
        names = parameters(exercise.reference)
        head = f"def {exercise.name}{'(*arguments)' if names == '(...)' else names}:"
    source = f'{head}\n    """What to do."""\n    ...  # your code\n'
    file = f"<blank {exercise.id} {with_source}>"
    if with_source:
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    space = {"__name__": "blank"}
    exec(compile(source, file, "exec"), space)
    return space[exercise.name]


@pytest.mark.parametrize("id", sorted(lookup.index(lookup.catalogue_folder())))
def test_exercise_is_sound(id):
    assert problems(lookup.find(id)) == []


def test_catalogue_finds_each_exercise_under_its_id():
    assert {id: exercise.id for id, exercise in catalogue().items()} == {
        id: id for id in lookup.index(lookup.catalogue_folder())
    }


def test_progress_codes_tell_all_exercises_apart():
    from aigc_lab.exercises import progress_codes

    assert len({progress_codes.mark(id) for id in catalogue()}) == len(catalogue())


@pytest.mark.parametrize("id", sorted(lookup.index(lookup.catalogue_folder())))
def test_right_answers_written_otherwise_are_right(id):
    exercise = lookup.find(id)
    states = [examine(exercise, answer).state for answer in exercise.alternatives]
    assert states == [RIGHT] * len(states)
    forms = [form(answer) for answer in exercise.alternatives]
    assert all(one not in forms[:number] for number, one in enumerate(forms)), "one is written like another"
    others = [one for one in forms if one != form(exercise.reference)]  # the last hint may dictate the reference itself
    assert len(others) >= 2


def form(answer):
    """The structure of an answer, independent of the names of its variables and of line breaks."""
    code = answer if isinstance(answer, types.CodeType) else getattr(inspect.unwrap(answer), "__code__", None)
    if code is None:
        return inspect.getsource(answer) if isinstance(answer, type) else (type(answer), answer)
    text = getattr(answer, "__doc__", None)
    constants = [
        repr(None) if one == text else form(one) if isinstance(one, types.CodeType) else repr(one)
        for one in code.co_consts
    ]
    return code.co_code, code.co_names, constants


def test_answers_are_told_apart_by_how_they_are_written():
    def mean(values):
        """With a docstring."""
        return sum(values) / len(values)

    assert form(mean) == form(lambda x: sum(x) / len(x))
    assert form(mean) != form(lambda x: sum(x) / (len(x) - 1))
    assert form(mean) != form(lambda x: max(x) / len(x))


def mean_square(x):
    return (x**2).mean()


def broken(**changes):
    """An exercise that is sound except for the changes."""
    fields = {
        "id": "demo.mean_square",
        "reference": mean_square,
        "cases": [
            case(x=torch.tensor([1.0, 3.0]).double()),
            lambda rng: case(x=torch.randn(5, generator=rng).double()),
        ],
        "mistakes": {
            "sum": Mistake(lambda x: (x**2).sum(), "That is the sum."),
            "square of the mean": Mistake(lambda x: x.mean() ** 2, "First square, then average."),
        },
        "hints": ["What is averaged?"],
    }
    return Exercise(**fields | changes)


SUM = Mistake(lambda x: (x**2).sum(), "That is the sum.")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"mistakes": {"sum": SUM}}, "fewer than two mistakes"),
        ({"hints": []}, "no hint"),
        ({"mistakes": {"sum": SUM, "other": Mistake(lambda x: (x * x).mean(), "Right.")}}, "'other' for right"),
        ({"mistakes": {"sum": SUM, "again": Mistake(lambda x: (x * x).sum(), "Too.")}}, "'again' for 'sum'"),
        ({"mistakes": {"sum": SUM, "same": Mistake(lambda x: x, "That is the sum.")}}, "the same words"),
        ({"properties": [prop("is negative", lambda f: f(torch.ones(2)) < 0, "Why?")]}, "its own reference"),
    ],
)
def test_a_broken_exercise_is_found_out(changes, complaint):
    assert problems(broken()) == []
    assert any(complaint in problem for problem in problems(broken(**changes)))


def test_an_answered_blank_is_found_out():
    exercise = broken(reference=3, cases=[], mistakes={"a": Mistake(4, "no"), "b": Mistake(5, "not")})
    assert problems(exercise) == []
    assert examine(exercise, 3).state == RIGHT
