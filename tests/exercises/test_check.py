"""The exercise engine: what it says to each kind of answer. The catalogue's own exercises are tested in test_catalogue.py."""

import errno
import functools
import json
import os
import random
import subprocess
import sys
import textwrap
import threading
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import aigc_lab
from aigc_lab import exercises
from aigc_lab.exercises import Exercise, ExerciseNotSolved, Mistake, case, lookup, normal, progress_store, prop
from aigc_lab.exercises.feedback.panel import Panel
from aigc_lab.exercises.judging import judge
from aigc_lab.exercises.judging.judge import examine


def kl(mu, logvar):
    """The KL divergence of N(mu, exp(logvar)) from N(0, 1) per example."""
    return 0.5 * (logvar.exp() + mu**2 - 1 - logvar).sum(dim=1)


def one(value):
    return torch.full((1, 1), value, dtype=torch.float64)


KL = Exercise(
    id="demo.kl",
    reference=kl,
    cases=[
        case(mu=one(0.0), logvar=one(-2.0)),
        case(mu=torch.ones(2, 3), logvar=torch.full((2, 3), 0.5)),  # float32
        lambda rng: case(mu=normal(4, 3, generator=rng), logvar=normal(4, 3, generator=rng)),
    ],
    gradients=True,
    mistakes={
        "logvar read as log sigma": Mistake(
            lambda mu, logvar: kl(mu, 2 * logvar), "At mu=0, logvar=-2 you get 1.509, it is 0.568."
        ),
        "mean over dimensions": Mistake(lambda mu, logvar: kl(mu, logvar) / mu.shape[1], "Independent parts add up."),
        "detached": Mistake(lambda mu, logvar: kl(mu, logvar.detach()), "The variance must learn too."),
    },
    hints=["First nudge <b>", "Second nudge", "Third nudge"],
)
MEAN = Exercise("demo.mean", reference=lambda x: x.mean(), cases=[case(x=normal(3)), case(x=normal(40))])


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A data folder of the test's own, and no mode set from outside."""
    monkeypatch.setenv("AIGC_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AIGC_LAB_STRICT", raising=False)
    monkeypatch.delenv("AIGC_LAB_BUILD", raising=False)
    monkeypatch.setattr(progress_store, "_memory", {})
    return tmp_path / "home"


@pytest.fixture
def course(monkeypatch):
    """A course with the two exercises above."""
    use(monkeypatch, KL, MEAN)


def use(monkeypatch, *those):
    exercises_by_id = {exercise.id: exercise for exercise in those}
    monkeypatch.setattr(lookup, "index", lambda folder, text="": dict.fromkeys(exercises_by_id, Path("demo.py")))
    monkeypatch.setattr(lookup, "of_file", lambda file: exercises_by_id)
    monkeypatch.setattr(lookup, "_load", lambda file: types.SimpleNamespace())


def value(reference, arguments=None, **changes):
    """A small exercise: one case, or a value."""
    cases = [] if arguments is None else [case(**arguments)]
    return Exercise("demo.small", reference=reference, cases=cases, **changes)


# --- answers to KL, one for each verdict ---------------------------------------------------------------------------


def right(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.square() - torch.exp(logvar), -1)


def in_float32(mu, logvar):
    return right(mu.float(), logvar.float()) * (1 + 1e-7)


def blank_dots(mu, logvar):
    """What to do."""
    ...


def blank_pass(mu, logvar):
    pass


def blank_docstring(mu, logvar):
    """What to do."""


def blank_error(mu, logvar):
    raise NotImplementedError("your turn")


def scaffold(mu, logvar):
    variance = ...
    return 0.5 * (variance + mu**2 - 1 - logvar).sum(dim=1)


def scaffold_statement(mu, logvar):
    total = mu**2
    ...
    return total


def scaffold_error(mu, logvar):
    total = mu**2  # noqa: F841
    raise NotImplementedError


def uses_dots_as_index(mu, logvar) -> tuple[int, ...]:
    return 0.5 * (logvar.exp() + mu**2 - 1 - logvar)[..., :].sum(dim=1)


def nothing_returned(mu, logvar):
    kl(mu, logvar)


def wrong(mu, logvar):
    return kl(mu, logvar) + 1


def log_sigma(mu, logvar):
    return 0.5 * ((2 * logvar).exp() + mu**2 - 1 - 2 * logvar).sum(1)


def cut_graph(mu, logvar):
    return right(mu, logvar).detach()


def cut_graph_to_logvar(mu, logvar):
    return right(mu, logvar.data)


def in_numpy(mu, logvar):
    mu, logvar = np.asarray(mu), np.asarray(logvar)
    return 0.5 * (np.exp(logvar) + mu**2 - 1 - logvar).sum(1)


def total(mu, logvar):
    return right(mu, logvar).sum()


def whole_numbers(mu, logvar):
    return right(mu, logvar).long()


def list_of_numbers(mu, logvar):
    return right(mu, logvar).tolist()


def half(mu, logvar):
    return right(mu, logvar).half()


def writes_into_input(mu, logvar):
    result = right(mu, logvar)
    mu.add_(1)
    return result


def reshapes_input(mu, logvar):
    result = right(mu, logvar)
    mu.unsqueeze_(0)
    return result


def loops(mu, logvar):
    while True:
        pass


def loops_and_catches(mu, logvar):
    while True:
        try:  # noqa: SIM105
            sum(range(100))
        except Exception:
            pass


def loops_and_catches_all(mu, logvar):
    while True:
        try:  # noqa: SIM105
            sum(range(1000))
        except:  # noqa: E722
            pass


def recurses(mu, logvar):
    return 1 + recurses(mu, logvar)


def crashes(mu, logvar):
    return mu + undefined_name  # noqa: F821


def leaves_python(mu, logvar):
    sys.exit("bye")


def other_names(m, lv):
    return right(m, lv)


def borrows(mu, logvar):
    return kl(mu, logvar)


def borrows_by_a_detour(mu, logvar):
    import tests_that_do_not_exist as nowhere  # noqa: F401


def diverging(mu, logvar):
    return right(mu, logvar) * float("nan")


STATES = {
    right: "right",
    in_float32: "right",
    uses_dots_as_index: "right",
    functools.partial(right): "right",
    blank_dots: "not attempted",
    blank_pass: "not attempted",
    blank_docstring: "not attempted",
    blank_error: "not attempted",
    scaffold: "not attempted",
    scaffold_statement: "not attempted",
    scaffold_error: "not attempted",
    nothing_returned: "returned nothing",
    wrong: "wrong",
    diverging: "wrong",
    log_sigma: "wrong",
    cut_graph: "no gradient",
    cut_graph_to_logvar: "no gradient",
    in_numpy: "no gradient",
    total: "wrong shape",
    whole_numbers: "wrong dtype",
    half: "wrong dtype",
    list_of_numbers: "wrong type",
    writes_into_input: "changed its input",
    reshapes_input: "changed its input",
    recurses: "endless recursion",
    crashes: "crashed",
    leaves_python: "crashed",
    borrows_by_a_detour: "crashed",
    other_names: "wrong signature",
    borrows: "borrowed",
    kl: "borrowed",
}


@pytest.mark.parametrize(
    ("answer", "state"),
    STATES.items(),
    ids=lambda one: getattr(one, "__name__", type(one).__name__ if callable(one) else one),
)
def test_what_can_happen_has_a_name_of_its_own(answer, state):
    assert examine(KL, answer).state == state


@pytest.mark.parametrize("answer", [loops, loops_and_catches, loops_and_catches_all])
def test_an_endless_loop_is_stopped(answer, monkeypatch):
    monkeypatch.setattr(judge, "ANSWER_SECONDS", 0.3)
    verdict = examine(KL, answer)
    assert verdict.state == "too long"
    assert answer.__name__ in verdict.fault.outcome.line
    assert sys.gettrace() is None or "pytest" not in repr(sys.gettrace())


def test_the_answer_s_time_is_within_the_five_seconds_of_a_check():
    assert judge.ANSWER_SECONDS < judge.ALL_SECONDS < 5


def test_the_alarm_of_somebody_else_rings_on(monkeypatch):
    import signal

    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 60)
        examine(KL, right)
        assert 50 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
        assert not rung
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_in_another_thread_there_is_no_limit_and_it_is_said(course, capsys):
    thread = threading.Thread(target=lambda: exercises.check("demo.kl", right))
    thread.start()
    thread.join()
    printed = capsys.readouterr().out
    assert "✓ Right" in printed
    assert "has no time limit here" in printed


def test_answers_without_source_are_judged_by_their_bytecode():
    def made(source):
        space = {"torch": torch}
        exec(textwrap.dedent(source), space)
        return space["kl"]

    body = "0.5 * (logvar.exp() + mu**2 - 1 - logvar)[..., :].sum(1)"
    blanks = ["...", "pass", "'''Doc.'''", "raise NotImplementedError", "raise NotImplementedError('x')", "return ..."]
    blanks += ["x = ...; return x + mu", "return torch.exp(...)"]
    for blank in blanks:
        assert examine(KL, made(f"def kl(mu, logvar): {blank}")).state == "not attempted", blank
    assert examine(KL, made(f"def kl(mu, logvar): return {body}")).state == "right"
    assert (
        examine(KL, made(f"def kl(mu, logvar): i = 0; x = mu.clone(); x[..., i]; x[...] = 1; return {body}")).state
        == "right"
    )
    crash = examine(KL, made("def kl(mu, logvar):\n    return mu + missing"))
    assert crash.state == "crashed"
    assert crash.fault.outcome.line.startswith("line 2, in kl")


def test_a_blank_class_is_not_attempted():
    class Blank(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = ...

        def forward(self, x):
            return self.layer(x)

    class Empty: ...

    class Done(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 3)

        def forward(self, x):
            return self.layer(x[..., :2])

    class Square(nn.Linear):
        def __init__(self):
            super().__init__(2, 2)

    class Reference(nn.Module):
        def forward(self, x):
            return x @ torch.ones(2, 3)

    def shape(cls):
        got = tuple(cls()(torch.zeros(5, 2)).shape)
        return got == (5, 3) or f"shape {got}"

    exercise = Exercise("demo.net", reference=Reference, properties=[prop("maps (n, 2) to (n, 3)", shape, "Because.")])
    assert examine(exercise, Blank).state == "not attempted"
    assert examine(exercise, Empty).state == "not attempted"
    assert examine(exercise, Done).state == "right"
    assert examine(exercise, Reference).state == "borrowed"
    verdict = examine(exercise, Square)
    assert (verdict.state, verdict.broken.name, verdict.fault.message) == (
        "property",
        "maps (n, 2) to (n, 3)",
        "shape (5, 2)",
    )


# --- comparison by structure ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "got", "state"),
    [
        (2.5, 2.5, "right"),
        (2.5, np.float32(2.5), "right"),
        (2.5, torch.tensor(2.5), "right"),
        (2.0, 2, "right"),
        (2.5, torch.tensor([2.5]), "wrong shape"),
        (2.5, "2.5", "wrong type"),
        (1, True, "wrong type"),
        (True, 1, "wrong type"),
        (True, np.True_, "right"),
        (1_000_000, 1_000_001, "wrong"),
        (float("nan"), float("nan"), "right"),
        (0.5, float("nan"), "wrong"),
        (float("inf"), float("inf"), "right"),
        (float("inf"), 1.0, "wrong"),
        ("moby", "moby", "right"),
        ("moby", "mody", "wrong"),
        ("moby", b"moby", "wrong type"),
        (None, None, "right"),
        (None, 3, "wrong type"),
        ([1, 2.0], [1, 2.0 + 1e-12], "right"),
        ([1, 2], (1, 2), "wrong type"),
        ([1, 2], [1, 2, 3], "wrong"),
        ([1, 2], [1, None], "returned nothing"),
        ((1, 2), [1, 2], "wrong type"),
        ({"a": [1.0], "b": "x"}, {"b": "x", "a": [1.0]}, "right"),
        ({"a": 1}, {"a": 2}, "wrong"),
        ({"a": 1}, {"A": 1}, "wrong"),
        ({"a": 1}, [("a", 1)], "wrong type"),
        ({1, 2}, {2, 1}, "right"),
        ({1, 2}, {1, 3}, "wrong"),
        ({1, 2}, [1, 2], "wrong type"),
        (torch.tensor([1.0, 2.0]), np.array([1.0, 2.0]), "right"),
        (np.array([1.0, 2.0]), torch.tensor([1.0, 2.0]), "right"),
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")]), "right"),
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, float("nan")]), "wrong"),
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]).double(), "right"),
        (torch.tensor([1.0, 2.0]), torch.tensor([1, 2]), "wrong dtype"),
        (torch.tensor([1, 2]), torch.tensor([1, 2], dtype=torch.uint8), "wrong dtype"),
        (torch.tensor([1, 2]), torch.tensor([1, 2], dtype=torch.int32), "right"),
        (torch.tensor([True]), torch.tensor([1]), "wrong dtype"),
        (torch.tensor(3.0), 3.0, "right"),
        (torch.ones(3), 1.0, "wrong shape"),
        (torch.ones(3), [1.0, 1.0, 1.0], "wrong type"),
        (torch.ones(1, 3), torch.ones(3), "wrong shape"),
        (torch.zeros(0), torch.zeros(0), "right"),
        (np.array(["a", "b"]), np.array(["a", "c"]), "wrong"),
        (torch.tensor([1 + 2j]), torch.tensor([1 + 2j]), "right"),
        (iter([1, 2]), [1, 2], "right"),
        ([1, 2], iter([1, 2]), "wrong type"),
    ],
)  # fmt: skip
def test_results_are_compared_by_structure(expected, got, state):
    kept = list(expected) if hasattr(expected, "__next__") else expected
    reference = (lambda x: (item for item in kept)) if hasattr(expected, "__next__") else (lambda x: expected)
    answer = (lambda x: (item for item in [1, 2])) if hasattr(got, "__next__") else (lambda x: got)
    assert examine(value(reference, {"x": 1}), answer).state == state


def test_differences_in_the_last_digits_pass_and_larger_ones_do_not():
    def off_by(relative):
        return lambda x: x * (1 + relative)

    exact, single = value(lambda x: x * 1, {"x": normal(5)}), value(lambda x: x * 1, {"x": normal(5).float()})
    assert examine(exact, off_by(1e-9)).state == "right"
    assert examine(exact, off_by(1e-4)).state == "wrong"
    assert examine(single, off_by(1e-6)).state == "right"
    assert examine(single, off_by(1e-2)).state == "wrong"
    assert examine(value(lambda x: x * 1, {"x": normal(5)}, tolerance=0.1), off_by(0.05)).state == "right"


def test_the_right_value_is_computed_in_float64():
    x = torch.tensor([10_000.0, 10_000.1, 10_000.2])

    def variance(x):  # loses all digits in float32
        return (x**2).mean() - x.mean() ** 2

    def two_steps(x):
        return ((x.double() - x.double().mean()) ** 2).mean()

    assert examine(value(two_steps, {"x": x}), variance).state == "wrong"


def test_an_endless_generator_is_cut_and_compared():
    def squares(n):
        i = 0
        while True:
            yield i * i
            i += 1

    def squares_again(n):
        import itertools

        return (i**2 for i in itertools.count())

    assert examine(value(squares, {"n": 1}), squares_again).state == "right"


def test_a_changed_argument_is_compared_where_the_reference_changes_it():
    def average(shadow, new):
        shadow.mul_(0.9).add_(0.1 * new)

    def forgets(shadow, new):
        shadow = 0.9 * shadow + 0.1 * new

    def mean_of_both(shadow, new):
        shadow.copy_((shadow + new) / 2)

    def lerp(shadow, new):
        shadow.lerp_(new, 0.1)

    exercise = value(average, {"shadow": normal(3), "new": normal(3) + 1})
    assert [examine(exercise, one).state for one in (lerp, forgets, mean_of_both)] == ["right", "wrong", "wrong"]


def test_answers_that_draw_at_random_as_the_reference_does_get_the_same_numbers():
    def sample(mu, logvar):
        return mu + (0.5 * logvar).exp() * torch.randn_like(mu)

    def again(mu, logvar):
        return torch.randn(mu.shape, dtype=mu.dtype) * logvar.exp().sqrt() + mu

    exercise = Exercise("demo.sample", reference=sample, cases=KL.cases, gradients=True)
    assert examine(exercise, again).state == "right"

    def seeded(n, generator):
        return torch.rand(n, generator=generator)

    given = value(seeded, {"n": 3, "generator": torch.Generator().manual_seed(1)})
    assert examine(given, lambda n, generator: torch.rand(n, generator=generator)).state == "right"
    assert examine(given, lambda n, generator: torch.rand(n)).state == "wrong"


def test_several_tensors_may_come_back_in_a_list_but_a_pair_that_is_a_key_may_not():
    two = value(lambda x: (x, 2 * x), {"x": torch.ones(2)})
    assert examine(two, lambda x: [x, 2 * x]).state == "right"
    assert examine(two, lambda x: [2 * x, x]).state == "wrong"
    assert examine(value(lambda x: [x, 2 * x], {"x": torch.ones(2)}), lambda x: (x, 2 * x)).state == "right"
    assert examine(value(lambda x: ("a", x), {"x": "b"}), lambda x: ["a", x]).state == "wrong type"


def test_properties_take_numpy_arrays_unless_gradients_matter():
    small = prop("it is small", lambda f: bool(f(torch.ones(3)).abs().max() <= 1), "Why.")
    flows = prop("a gradient flows", lambda f: f(torch.ones(3, requires_grad=True)).requires_grad, "Why.")
    half = lambda x: x.detach().numpy() / 2  # noqa: E731
    assert examine(Exercise("demo.half", lambda x: x / 2, properties=[small]), half).state == "right"
    assert examine(Exercise("demo.half", lambda x: x / 2, properties=[small, flows]), half).state == "property"


def test_gradients_are_compared_by_the_arguments_that_are_named():
    arguments = {"logits": normal(4), "targets": torch.tensor([1.0, 0.0, 1.0, 1.0]).double()}

    def bce(logits, targets):
        return (nn.functional.softplus(logits) - targets * logits).mean()

    def by_cases(logits, targets):  # right, and constant in the targets
        return torch.where(targets == 1, nn.functional.softplus(-logits), nn.functional.softplus(logits)).mean()

    assert examine(value(bce, arguments, gradients=True), by_cases).state == "no gradient"
    assert examine(value(bce, arguments, gradients=("logits",)), by_cases).state == "right"
    cut = lambda logits, targets: bce(logits.detach(), targets)  # noqa: E731
    assert examine(value(bce, arguments, gradients=("logits",)), cut).state == "no gradient"


def test_gradients_are_compared_where_they_matter():
    def straight_through(x):
        return x + (x.round() - x).detach()

    def rounds(x):
        return x.round()

    softmax = value(lambda x: x.softmax(-1), {"x": normal(4)}, gradients=True)
    assert examine(value(straight_through, {"x": normal(4)}), rounds).state == "right"
    assert examine(value(straight_through, {"x": normal(4)}, gradients=True), rounds).state in (
        "wrong gradient",
        "no gradient",
    )
    assert examine(softmax, lambda x: x.exp() / x.exp().sum()).state == "right"
    assert examine(softmax, lambda x: x.exp() / x.exp().sum().detach()).state == "wrong gradient"
    assert examine(MEAN, lambda x: np.mean(x.numpy())).state == "right"


# --- mistakes, properties, values ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KL.mistakes)
def test_a_catalogued_mistake_is_named(name):
    assert examine(KL, KL.mistakes[name].answer).mistake == name


def test_an_uncatalogued_mistake_is_not_named():
    assert examine(KL, wrong).mistake is None


def test_a_case_that_fails_comes_before_a_property_that_fails(monkeypatch, capsys):
    never = prop("something else", lambda answer: False, "Because.")
    use(monkeypatch, value(lambda x: x + 1, {"x": 1}, properties=[never]))
    exercises.check("demo.small", lambda x: x)
    assert "something else" not in capsys.readouterr().out


def test_the_smallest_failing_case_is_shown():
    def fails_from_three_on(x):
        return x.sum() if len(x) < 3 else x.sum() + 1

    cases = [case(x=normal(n)) for n in (9, 3, 1, 27, 2)]
    verdict = examine(Exercise("demo.sum", reference=lambda x: x.sum(), cases=cases), fails_from_three_on)
    assert (len(verdict.fault.case.arguments["x"]), verdict.failed, verdict.cases) == (3, 3, 5)


def test_properties_judge_what_cannot_be_compared(monkeypatch, capsys):
    def sampler(n):
        return torch.rand(n)

    def mean_is_half(answer):
        mean = answer(2000).mean().item()
        return abs(mean - 0.5) < 4 * 0.289 / 2000**0.5 or f"a mean of {mean:.2f}"

    exercise = Exercise(
        "demo.sampler",
        reference=sampler,
        properties=[prop("samples lie in [0, 1)", lambda answer: 0 <= answer(99).min() < answer(99).max() < 1, "They are probabilities."),
                    prop("the mean is 1/2", mean_is_half, "The density is flat.")],
        mistakes={"squared": Mistake(lambda n: torch.rand(n) ** 2, "Squaring pulls towards 0."), "normal": Mistake(torch.randn, "No bounds.")},
        hints=["torch.rand"],
    )  # fmt: skip
    assert examine(exercise, lambda n: 1 - torch.rand(n)).state == "right"
    assert examine(exercise, sampler).state == "borrowed"
    assert examine(exercise, lambda n: sampler(n)).state == "borrowed"
    assert examine(exercise, lambda n: torch.randn(n)).mistake == "normal"
    assert examine(exercise, lambda n: torch.rand(n) ** 2).mistake == "squared"
    assert examine(exercise, lambda n: 1 / 0).state == "crashed"
    use(monkeypatch, exercise)
    exercises.check("demo.sampler", lambda n: torch.rand(n) ** 3)
    printed = capsys.readouterr().out
    assert "the mean is 1/2. Observed: a mean of 0.2" in printed
    exercises.check("demo.sampler", lambda n: [0.5] * n)
    assert "list" in capsys.readouterr().out


def test_an_answer_may_be_a_value(monkeypatch, capsys):
    exercise = value(
        {"recall", "precision"}, mistakes={"swapped": Mistake({"accuracy"}, "Accuracy hides it.")}, hints=["?"]
    )
    use(monkeypatch, exercise)
    assert exercises.check("demo.small", ...) == {"recall", "precision"}
    assert "Not attempted" in capsys.readouterr().out
    assert exercises.check("demo.small", {"precision", "recall"}) == {"recall", "precision"}
    assert exercises.check("demo.small", {"accuracy"}) == {"recall", "precision"}
    printed = capsys.readouterr().out
    assert "Accuracy hides it." in printed
    assert "recall" not in printed.split("Not right yet")[1]  # the answer isn't given away
    exercises.check("demo.small", {"accuracy"}).clear()  # the lesson may change its copy
    assert exercises.check("demo.small", ...) == {"recall", "precision"}


@pytest.mark.parametrize(
    "right_value", [7, 2.5, "seven", [1, 2], {1, 2}, {"a": 1}, (1, 2), torch.ones(2), np.ones(2)], ids=repr
)
def test_running_a_check_twice_solves_no_value_exercise(monkeypatch, capsys, home, right_value):
    use(monkeypatch, value(right_value))
    given = exercises.check("demo.small", ...)
    assert isinstance(given, type(right_value))
    assert repr(given) == repr(right_value)
    exercises.check("demo.small", given)
    assert "run its cell again" in " ".join(capsys.readouterr().out.split())
    assert not home.exists()
    exercises.check("demo.small", right_value)
    assert "✓ Right" in capsys.readouterr().out


def test_a_result_that_cannot_be_looked_at_breaks_nothing(monkeypatch, capsys):
    class Broken(list):
        def __iter__(self):
            raise RuntimeError("broken")

        def __repr__(self):
            raise RuntimeError("broken")

    use(monkeypatch, value(lambda x: [x.sum()], {"x": torch.ones(2)}))
    for strange in (torch.ones(1, device="meta"), [torch.ones((), device="meta")], Broken([1])):
        exercises.check("demo.small", lambda x, strange=strange: strange)
        assert "✗ Wrong type" in capsys.readouterr().out


def test_the_result_of_a_call_is_no_answer_where_a_function_is_asked_for():
    verdict = examine(KL, 3.2)
    assert verdict.state == "wrong type"
    assert "the function itself" in verdict.fault.message


def test_an_exercise_that_any_answer_would_pass_is_refused():
    with pytest.raises(ValueError, match="neither cases nor properties"):
        Exercise("demo.empty", reference=kl)
    with pytest.raises(ValueError, match=r"module\.name"):
        Exercise("demo", reference=kl, cases=[case(x=1)])
    with pytest.raises(RuntimeError, match="its reference fails"):
        examine(value(lambda x: x / 0, {"x": 1}), lambda x: x)


# --- check: what is shown, returned and left behind ----------------------------------------------------------------


def test_check_returns_the_answer_if_right_and_the_reference_if_not(course, capsys):
    assert exercises.check("demo.kl", right) is right
    assert aigc_lab.check("demo.kl", wrong) is kl
    assert exercises.check("demo.kl", blank_dots) is kl
    assert exercises.check("demo.kl", borrows) is borrows
    printed = capsys.readouterr().out
    for title in ("✓ Right", "✗ Not right yet", "○ Not attempted yet", "△ This is the package's own answer"):
        assert title in printed


def test_strict_mode_lets_only_right_answers_pass(course, monkeypatch):
    monkeypatch.setenv("AIGC_LAB_STRICT", "1")
    assert exercises.check("demo.kl", right) is right
    for answer in (wrong, blank_dots, borrows, kl, crashes, cut_graph, None, 3):
        with pytest.raises(ExerciseNotSolved, match=r"demo\.kl"):
            exercises.check("demo.kl", answer)


def test_the_panel_shows_case_difference_mistake_and_one_more_hint_each_time(course, capsys):
    for number in (1, 2, 3, 3):
        exercises.check("demo.kl", log_sigma)
        printed = capsys.readouterr().out
        assert "you return  [1.509]" in printed
        assert "expected    [0.5677]" in printed
        assert "It looks like: logvar read as log sigma" in printed
        assert 'hint("demo.kl")' in printed
        assert progress_store.read()[0]["demo.kl"]["hints"] == number
    exercises.hint("demo.kl")
    assert "Third nudge" in capsys.readouterr().out


def test_hints_come_one_at_a_time(course, capsys):
    for shown in (["First nudge"], ["First nudge", "Second nudge"], ["First nudge", "Second nudge", "Third nudge"]):
        exercises.hint("demo.kl")
        printed = capsys.readouterr().out
        assert [hint for hint in ("First nudge", "Second nudge", "Third nudge") if hint in printed] == shown


def test_what_the_answer_prints_is_shown_and_cut(course, capsys):
    def chatty(mu, logvar):
        for line in range(20_000):
            print("line", line)
        return right(mu, logvar)

    exercises.check("demo.kl", chatty)
    printed = capsys.readouterr().out
    assert "line 3\n" in printed
    assert "more lines" in printed
    assert len(printed) < 3000


def test_a_crash_shows_the_student_s_own_line_and_nothing_of_ours(course, capsys):
    exercises.check("demo.kl", crashes)
    printed = capsys.readouterr().out
    assert "return mu + undefined_name" in printed
    assert "NameError: name 'undefined_name' is not defined" in printed
    assert "run.py" not in printed


def test_digits_are_shown_until_the_difference_can_be_seen(monkeypatch, capsys):
    use(monkeypatch, value(lambda x: x * 1.0, {"x": 1.0}, tolerance=1e-9))
    exercises.check("demo.small", lambda x: x + 3e-7)
    assert "1.0000003" in capsys.readouterr().out


def test_large_values_are_abbreviated(monkeypatch, capsys):
    use(monkeypatch, value(lambda x, words: x + 1, {"x": torch.zeros(100, 100), "words": ["long"] * 1000}))
    exercises.check("demo.small", lambda x, words: x)
    printed = capsys.readouterr().out
    assert len(printed) < 2000
    assert "(100, 100)" in printed
    assert "1000 in all" in printed


def test_random_states_and_switches_are_left_alone(course):
    def meddles(mu, logvar):
        torch.manual_seed(3), np.random.seed(3), random.seed(3)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        return right(mu, logvar)

    def state():
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()

    for answer in (meddles, blank_dots, wrong, right, crashes):
        before = state()
        exercises.check("demo.kl", answer)
        assert state() == before
        assert torch.get_default_dtype() == torch.float32
        assert torch.is_grad_enabled()


def test_a_check_works_where_gradients_are_switched_off(course):
    with torch.no_grad():
        assert exercises.check("demo.kl", right) is right


def test_unknown_ids_name_the_nearest(course):
    with pytest.raises(exercises.UnknownExercise, match=r"no exercise 'demo\.k1'; did you mean 'demo\.kl'"):
        exercises.check("demo.k1", right)
    with pytest.raises(exercises.UnknownExercise, match=r"available: demo\.kl, demo\.mean"):
        exercises.check("zzz", right)


def test_catalogue_files_are_imported_when_asked_for_and_their_ids_are_checked(tmp_path, monkeypatch):
    head = "from aigc_lab.exercises import Exercise, case\n"
    item = "Exercise('{}', reference=abs, cases=[case(x=1)])"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "lazy_one.py").write_text(head + f"EXERCISES = [{item.format('lazy.f')}]", encoding="utf-8")
    (tmp_path / "lazy_two.py").write_text(
        f"raise RuntimeError('imported too early')\n{item.format('lazy.g')}", encoding="utf-8"
    )
    (tmp_path / "notes.py").write_text(
        f"# {item.format('lazy.f')} stands elsewhere: a comment is no exercise\nEXERCISES = []",
        encoding="utf-8",
    )
    package = sys.modules[lookup.PACKAGE]
    monkeypatch.setattr(package, "__path__", [str(tmp_path)])
    assert lookup.find("lazy.f").reference is abs  # two files may serve one prefix; only one of them is imported
    with pytest.raises(RuntimeError, match="too early"):
        exercises.catalogue()
    for text, complaint in (
        (
            f"EXERCISES = [{item.format('lazy.f')}]",
            r"'lazy\.f' appears twice, in catalogue/lazy_two.py and sub/lazy_one.py",
        ),
        (
            f"ID = 'lazy.h'\nEXERCISES = [{item.format('lazy.g')}, Exercise(ID, reference=abs, cases=[case(x=1)])]",
            "'lazy.h'.* plain string",
        ),
        (f"{item.format('lazy.g')}\nEXERCISES = []", "'lazy.g' .* not in its list EXERCISES"),
    ):
        sys.modules.pop(f"{lookup.PACKAGE}.lazy_two", None)
        (tmp_path / "lazy_two.py").write_text(head + text, encoding="utf-8")
        with pytest.raises(ValueError, match=complaint):
            exercises.catalogue()
    for name in ("sub.lazy_one", "sub", "lazy_two"):
        sys.modules.pop(f"{lookup.PACKAGE}.{name}", None)


def test_panels_escape_everything_and_have_a_plain_twin():
    panel = Panel("wrong", "<script>", "id<")
    panel.text("a < b & `c<d>`").rows([("<x>", "<y>")]).code("<l>", "<pre>").hint("H", "<i>").box("<t>", "<e>").note(
        "<n>"
    )
    shown = panel.as_html()
    for raw in ("<script>", "<x>", "<y>", "<l>", "<pre>", "<i>", "<t>", "<e>", "<n>", "c<d>"):
        assert raw not in shown
    assert "<details" in shown
    assert "a < b" in panel.as_text()


# --- progress ------------------------------------------------------------------------------------------------------


def test_progress_is_kept_and_shown(course, home, capsys):
    exercises.check("demo.kl", blank_dots)
    assert not (home / "progress.json").exists()
    exercises.check("demo.kl", wrong)
    exercises.check("demo.mean", lambda x: x.sum() / len(x))
    capsys.readouterr()
    exercises.progress()
    printed = capsys.readouterr().out
    assert "1 of 2 exercises solved" in printed
    assert "✗ kl" in printed
    assert "✓ mean" in printed


def test_a_borrowed_answer_is_not_recorded(course, home):
    exercises.check("demo.kl", borrows)
    assert not (home / "progress.json").exists()


def test_the_data_folder_suits_the_platform(monkeypatch):
    monkeypatch.delenv("AIGC_LAB_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    monkeypatch.setenv("HOME", "/home/me")
    for platform, folder in [("linux", "/data/aigc_lab"), ("win32", "/local/aigc_lab"), ("darwin", "/home/me/Library/Application Support/aigc_lab")]:  # fmt: skip
        monkeypatch.setattr(sys, "platform", platform)
        assert progress_store.folder().as_posix() == folder


@pytest.mark.parametrize("content", ["{ broken", "", "[]", '{"exercises": 3}', '{"exercises": {"a": 3}}', "\x00\x00"])
def test_an_unreadable_file_is_kept_aside_and_announced(course, home, capsys, content):
    home.mkdir()
    (home / "progress.json").write_text(content, encoding="utf-8")
    exercises.check("demo.kl", right)
    assert "could not be read. It was renamed to" in " ".join(capsys.readouterr().out.split())
    (kept,) = home.glob("progress-unreadable-*.json")
    assert kept.read_text(encoding="utf-8") == content
    exercises.check("demo.kl", right)
    assert "could not be read" not in capsys.readouterr().out
    assert json.loads((home / "progress.json").read_text(encoding="utf-8"))["exercises"]["demo.kl"]["solved"]


def test_a_crash_while_writing_loses_nothing(course, home, monkeypatch):
    exercises.check("demo.kl", right)

    def power_cut(*_):
        raise MemoryError

    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(MemoryError):
        exercises.check("demo.mean", right)
    assert list(json.loads((home / "progress.json").read_text(encoding="utf-8"))["exercises"]) == ["demo.kl"]
    assert sorted(file.name for file in home.iterdir()) == ["progress.json", "progress.lock"]


def test_a_folder_that_cannot_be_written_breaks_no_lesson(course, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("AIGC_LAB_HOME", str(tmp_path / "file" / "below"))
    assert exercises.check("demo.kl", right) is right
    assert "could not be saved" in capsys.readouterr().out
    exercises.progress()
    assert "1 of 2 exercises solved" in capsys.readouterr().out


WRITER = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("store", sys.argv[1])
store = importlib.util.module_from_spec(spec)
spec.loader.exec_module(store)
for number in range(40):
    store.change({f"{sys.argv[2]}.e{number}": lambda record: record.update(solved="now")})
"""


def solve(record) -> None:
    record["solved"] = "now"


def test_a_change_waits_for_the_lock_and_never_writes_without_it(home, monkeypatch):
    progress_store.change({"one": solve})
    monkeypatch.setattr(progress_store, "LOCK_SECONDS", 0.05)
    with progress_store._locked():
        records, note = progress_store.change({"two": solve})
        assert "another notebook" in note
        assert set(records) == {"one", "two"}, "the lesson knows it all the same"
        assert list(json.loads((home / "progress.json").read_text(encoding="utf-8"))["exercises"]) == ["one"]
    assert progress_store.change({"three": solve})[1] == ""
    assert set(json.loads((home / "progress.json").read_text(encoding="utf-8"))["exercises"]) == {"one", "two", "three"}


def test_a_folder_without_locks_is_written_to_without_one(home, monkeypatch):
    def refuse(_file):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(progress_store, "_lock", refuse)
    assert progress_store.change({"one": solve})[1] == ""
    assert list(progress_store.read()[0]) == ["one"]


def test_what_could_not_be_saved_is_saved_later_beside_what_others_wrote(home, monkeypatch):
    def more(record) -> None:
        record["attempts"] = record.get("attempts", 0) + 1

    progress_store.change({"one": more})
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
        assert "No space left" in progress_store.change({"one": more})[1]
        assert "No space left" in progress_store.change({"one": more})[1]
    assert sorted(file.name for file in home.iterdir()) == ["progress.json", "progress.lock"]
    written = json.loads((home / "progress.json").read_text(encoding="utf-8"))
    written["exercises"]["one"]["solved"] = "by another notebook"
    (home / "progress.json").write_text(json.dumps(written), encoding="utf-8")
    progress_store.change({"two": solve})
    expected = {"one": {"attempts": 3, "solved": "by another notebook"}, "two": {"solved": "now"}}
    assert json.loads((home / "progress.json").read_text(encoding="utf-8"))["exercises"] == expected


@pytest.mark.parametrize("trouble", ["a folder", "read-only", "a long name", "no home"])
def test_no_trouble_with_the_progress_file_breaks_a_lesson(course, home, tmp_path, monkeypatch, capsys, trouble):
    home.mkdir()
    if trouble == "a folder":
        (home / "progress.json").mkdir()
    elif trouble == "read-only":  # and damaged, so that it can't even be set aside
        (home / "progress.json").write_text("{ broken", encoding="utf-8")
        opened = Path.open

        def refuse(path, mode="r", *rest, **more):
            if mode != "r":
                raise PermissionError(errno.EROFS, "Read-only file system", str(path))
            return opened(path, mode, *rest, **more)

        monkeypatch.setattr(Path, "open", refuse)
    elif trouble == "a long name":
        monkeypatch.setenv("AIGC_LAB_HOME", str(tmp_path / ("x" * 300)))
    else:
        monkeypatch.setenv("AIGC_LAB_HOME", "~nobody-of-this-name/lab")
    assert exercises.check("demo.kl", right) is right
    assert "could not be saved" in (said := " ".join(capsys.readouterr().out.split()))
    assert "AIGC_LAB_HOME" in said
    exercises.progress()
    assert "1 of 2 exercises solved" in capsys.readouterr().out
    assert not list(home.glob("*.draft"))


def test_a_reader_on_windows_delays_a_change_and_does_not_undo_it(home, monkeypatch):
    """There a file that another process reads can't be replaced."""
    replace, refusals = os.replace, [PermissionError(errno.EACCES, "Access is denied")] * 3

    def refuse(draft, path) -> None:
        if refusals:
            raise refusals.pop()
        replace(draft, path)

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(sys, "platform", "win32")
    assert progress_store.change({"one": solve})[1] == ""
    assert list(progress_store.read()[0]) == ["one"]


def test_notebooks_that_write_at_once_keep_each_other_s_records(home):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, progress_store.__file__, name])
        for name in ("one", "two", "three")
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(progress_store.read()[0]) == 120


def test_nothing_is_stored_while_notebooks_are_built(course, home, monkeypatch, capsys):
    monkeypatch.setenv("AIGC_LAB_BUILD", "1")
    exercises.check("demo.kl", right)
    exercises.progress()
    assert not home.exists()
    assert "1 of 2 exercises solved" in capsys.readouterr().out


def test_a_code_carries_progress_to_another_machine(course, home, tmp_path, monkeypatch, capsys):
    exercises.check("demo.kl", right)
    code = exercises.progress_code()
    monkeypatch.setenv("AIGC_LAB_HOME", str(tmp_path / "elsewhere"))
    exercises.check("demo.mean", lambda x: x.sum() / len(x))
    exercises.restore(f" {code.lower().replace('-', ' ')} ")
    assert {id for id, record in progress_store.read()[0].items() if record.get("solved")} == {"demo.kl", "demo.mean"}
    assert len(exercises.progress_code()) < 16
    before = progress_store.read()
    for position, letter in enumerate(code):
        if letter != "-":
            mistyped = code[:position] + ("2" if letter != "2" else "3") + code[position + 1 :]
            with pytest.raises(ValueError, match="mistyped or is incomplete"):
                exercises.restore(mistyped)
    for wrong_code in ("", "5533", code[:-1], code + "7"):
        with pytest.raises(ValueError, match="mistyped or is incomplete"):
            exercises.restore(wrong_code)
    with pytest.raises(ValueError, match="can't contain"):
        exercises.restore("hello!")
    assert progress_store.read() == before


def test_a_code_from_another_version_says_what_it_could_not_place(course, capsys):
    from aigc_lab.exercises import progress_codes

    exercises.restore(progress_codes.encode(["demo.kl", "later.exercise"]))
    assert "1 solved exercise restored" in (printed := capsys.readouterr().out)
    assert "1 more belong" in printed or "1 more belongs" in printed


# --- in a real kernel ----------------------------------------------------------------------------------------------

KERNEL = [
    """
    import sys, types, torch
    from aigc_lab import check, exercises
    from pathlib import Path
    from aigc_lab.exercises import Exercise, Mistake, case, lookup
    from aigc_lab.exercises.judging import judge
    judge.ANSWER_SECONDS = 1.0
    demo = Exercise("demo.double", reference=lambda x: 2 * x, cases=[case(x=torch.ones(2))], hints=["<Twice>"],
                    mistakes={"squared": Mistake(lambda x: x**2, "That is x times x.")})
    lookup.index = lambda folder, text="": {"demo.double": Path("demo.py")}
    lookup.of_file = lambda file: {"demo.double": demo}
    lookup._load = lambda file: types.SimpleNamespace()
    """,
    "def double(x):\n    ...  # your code\n\ncheck('demo.double', double) is double",
    "def double(x):\n    while True:\n        try:\n            pass\n        except Exception:\n            pass\n\n_ = check('demo.double', double)",
    "def double(x):\n    return x * missing\n\n_ = check('demo.double', double)",
    "def double(x):\n    return x ** 2\n\n_ = check('demo.double', double)",
    "def double(x):\n    return x + x\n\n_ = check('demo.double', double)",
]


def test_in_a_kernel_the_limit_holds_and_panels_are_html(home):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    cells = [nbformat.v4.new_code_cell(textwrap.dedent(source)) for source in KERNEL]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()

    def panels(cell):
        return [output.data for output in cell.outputs if output.output_type == "display_data"]

    said = [[panel["text/html"] for panel in panels(cell)] for cell in cells[1:]]
    assert [len(each) for each in said] == [1] * 5
    for (panel,), words in zip(
        said, ["Not attempted", "too long", "line 2, in double", "That is x times x.", "Right"], strict=True
    ):
        assert words in panel
    assert all("✗" in panels(cell)[0]["text/plain"] for cell in cells[2:5])
    assert "&lt;Twice&gt;" in said[0][0]


def test_importing_is_cheap():
    code = "import sys, torch; before = set(sys.modules); import aigc_lab; print(sorted({m.partition('.')[0] for m in set(sys.modules) - before}))"
    added = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True).stdout
    for heavy in ("IPython", "matplotlib", "sympy", "ipywidgets", "scipy", "sklearn", "pooch"):
        assert f"'{heavy}'" not in added
