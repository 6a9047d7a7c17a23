"""The one loop: budgets, order of the data, repeatability, and what happens when something goes wrong."""

import os
import random
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from aigc_lab import training
from aigc_lab.training import budget, loop, rng

from helpers import same


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")


class Mean:
    """A recipe that learns the mean of noisy numbers, and remembers what it saw."""

    def __init__(self, hook=lambda step: {}):
        self.weight = torch.zeros(())
        self.seen = []
        self.hook = hook

    def step(self, batch):
        self.seen.append(batch)
        noise = 0.01 * torch.randn(())
        loss = (batch[0].float().mean() - self.weight).square()
        self.weight = self.weight + 0.1 * (batch[0].float().mean() - self.weight + noise)
        return {"loss": loss, "error": float(loss) ** 0.5} | self.hook(len(self.seen))

    def to(self, device):
        return self


NUMBERS = torch.arange(10)
NAN = float("nan")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "got neither"),
        ({"steps": 3, "seconds": 1.0}, "not both"),
        ({"steps": 0}, "steps must be greater than 0, got 0"),
        ({"seconds": -1.0}, "seconds must be greater than 0, got -1"),
        ({"seconds": NAN}, "seconds must be greater than 0, got nan"),
        ({"steps": 3, "batch_size": 0}, "batch_size must be greater than 0"),
        ({"steps": 3, "every_steps": 2, "every_seconds": 1.0}, "every_steps or every_seconds, not both"),
        (
            {"steps": 3, "save_every_steps": 2, "save_every_seconds": 30.0},
            "save_every_steps or save_every_seconds, not",
        ),
        ({"steps": 3, "every_steps": 0}, "every_steps must be greater than 0, got 0"),
        ({"steps": 3, "every_steps": 2.5}, "every_steps must be a whole number, got 2.5"),
        ({"steps": 3, "every_seconds": NAN}, "every_seconds must be greater than 0, got nan"),
        ({"steps": 3, "save_every_steps": -5}, "save_every_steps must be greater than 0, got -5"),
        ({"steps": 3, "save_every_seconds": 0.0}, "save_every_seconds must be greater than 0, got 0"),
    ],
)
def test_budgets_and_intervals_that_make_no_sense_are_refused_before_a_step(arguments, message):
    recipe = Mean()
    with pytest.raises(ValueError, match=message):
        training.fit(recipe, NUMBERS, **arguments)
    assert recipe.seen == []


@pytest.mark.parametrize("old", ["every", "save_every"])
def test_the_old_names_are_answered_with_the_new_ones(old):
    with pytest.raises(TypeError, match=rf"'{old}': give {old}_steps=... or {old}_seconds=..."):
        training.fit(Mean(), NUMBERS, steps=3, **{old: 5})


def test_an_argument_that_never_was_is_refused_as_python_does():
    with pytest.raises(TypeError, match=r"fit\(\) got an unexpected keyword argument 'stepz'"):
        training.fit(Mean(), NUMBERS, stepz=3)


def test_a_budget_of_steps_and_the_history_it_leaves():
    history = training.fit(Mean(), NUMBERS, steps=25, batch_size=4)
    np.testing.assert_array_equal(history.steps, np.arange(1, 26))
    assert history.names == ["loss", "error"]
    np.testing.assert_allclose(history["error"] ** 2, history["loss"], rtol=1e-5)
    assert (np.diff(history.seconds) >= 0).all()
    assert not history.interrupted
    with pytest.raises(KeyError, match="loss, error"):
        history["accuracy"]


def test_a_budget_of_seconds_stops_at_the_first_step_beyond(monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr(budget.time, "perf_counter", lambda: float(next(ticks)))
    history = training.fit(Mean(), NUMBERS, seconds=7.0)
    assert history.seconds[-1] >= 7.0
    assert (history.seconds[:-1] < 7.0).all()


@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 64])
def test_each_example_comes_once_an_epoch(batch_size):
    recipe = Mean()
    training.fit(recipe, NUMBERS, steps=60, batch_size=batch_size)
    order = torch.cat([batch[0] for batch in recipe.seen])
    assert all(len(batch[0]) == batch_size for batch in recipe.seen)
    epochs = order[: len(order) // 10 * 10].view(-1, 10)
    assert torch.equal(epochs.sort(dim=1).values, NUMBERS.expand_as(epochs))
    assert not torch.equal(epochs[0], epochs[1])


def test_images_stay_with_their_labels_and_a_dataset_without_labels_has_none():
    images = torch.arange(30, dtype=torch.uint8).view(30, 1, 1, 1)
    recipe = Mean()
    training.fit(recipe, SimpleNamespace(images=images, labels=torch.arange(30) * 2), steps=9, batch_size=7)
    for seen, labels in recipe.seen:
        assert torch.equal(seen.flatten().long() * 2, labels)
    recipe = Mean()
    training.fit(recipe, SimpleNamespace(images=images, labels=None), steps=1)
    assert len(recipe.seen[0]) == 1


def test_same_seed_same_weights_whatever_surrounds_it():
    def trained(seed, callback=None, before=0):
        torch.rand(before)
        recipe = Mean()
        training.fit(recipe, NUMBERS, steps=20, batch_size=3, seed=seed, callback=callback, every_steps=2)
        return recipe.weight.item()

    plain = trained(1)
    assert trained(1, before=17) == plain
    assert trained(1, callback=lambda *_: torch.rand(5)) == plain
    assert trained(2) != plain


def test_the_caller_s_random_generators_are_left_as_they_were_found():
    before = rng.state()
    draws = Mean(hook=lambda step: {"of Python": random.random(), "of NumPy": np.random.rand()})
    training.fit(draws, NUMBERS, steps=5)
    assert same(before, rng.state())


@pytest.mark.parametrize(("every", "expected"), [(None, [0, 10]), (3, [0, 3, 6, 9, 10]), (5, [0, 5, 10])])
def test_callback_comes_before_between_and_after(every, expected):
    calls = []
    recipe = Mean()
    training.fit(
        recipe,
        NUMBERS,
        steps=10,
        every_steps=every,
        callback=lambda step, model, history: calls.append((step, len(history), model is recipe)),
    )
    assert calls == [(step, step, True) for step in expected]


def test_stopped_at_a_report_it_is_not_reported_twice():
    calls = []

    def press(step, recipe, history):
        calls.append(step)
        if calls.count(6) == 1:
            os.kill(os.getpid(), signal.SIGINT)

    history = training.fit(Mean(), NUMBERS, steps=20, callback=press, every_steps=3)
    assert history.interrupted
    assert len(history) == 6
    assert calls == [0, 3, 6]


def test_callbacks_by_the_clock_don_t_use_up_the_budget(monkeypatch):
    now = [0.0]

    def clock():
        now[0] += 0.25
        return now[0]

    def slow(step, recipe, history):
        calls.append(step)
        now[0] += 100.0

    calls = []
    monkeypatch.setattr(budget.time, "perf_counter", clock)
    history = training.fit(Mean(), NUMBERS, seconds=10.0, callback=slow, every_seconds=2.0)
    assert 5 <= len(calls) <= 7
    assert history.seconds[-1] < 12


@pytest.mark.parametrize("value", [float("nan"), float("inf"), torch.tensor(-float("inf"))])
def test_a_non_finite_loss_is_named_with_its_step_and_the_last_good_values(value):
    recipe = Mean(hook=lambda step: {"penalty": value if step == 7 else float(step)})
    with pytest.raises(training.NonFiniteLossError, match=r"step 7: 'penalty' is (nan|inf|-inf).*penalty 6") as caught:
        training.fit(recipe, NUMBERS, steps=20)
    assert len(caught.value.history) == 6
    assert np.isfinite(caught.value.history["penalty"]).all()


def test_a_loss_that_is_never_finite_is_said_so():
    with pytest.raises(training.NonFiniteLossError, match="first step"):
        training.fit(Mean(hook=lambda step: {"penalty": float("nan")}), NUMBERS, steps=20)


def test_the_interrupt_button_leaves_model_and_history(capsys):
    def press(step):
        if step == 5:
            raise KeyboardInterrupt
        return {}

    recipe = Mean(hook=press)
    history = training.fit(recipe, NUMBERS, steps=1000)
    assert history.interrupted
    assert len(history) == len(history["loss"]) == len(history.seconds) == 4
    assert "after step 4" in capsys.readouterr().out


def test_pressed_twice_it_stops_at_once():
    def press(step):
        if step == 6:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        return {}

    history = training.fit(Mean(hook=press), NUMBERS, steps=20)
    assert history.interrupted
    assert len(history) == 5


@pytest.mark.parametrize("every", [7, 50])
def test_losses_read_every_few_steps_are_the_same_losses(monkeypatch, every):
    expected = training.fit(Mean(), NUMBERS, steps=20)["loss"]
    monkeypatch.setattr(loop, "_read_every", lambda device: every)
    np.testing.assert_array_equal(training.fit(Mean(), NUMBERS, steps=20)["loss"], expected)


def test_a_non_finite_loss_among_many_unread_ones_is_found_at_its_step(monkeypatch):
    monkeypatch.setattr(loop, "_read_every", lambda device: 50)
    recipe = Mean(hook=lambda step: {"penalty": torch.tensor(float("inf") if step >= 7 else step)})
    with pytest.raises(training.NonFiniteLossError, match=r"step 7: 'penalty' is inf.*penalty 6.*Usual cau") as caught:
        training.fit(recipe, NUMBERS, steps=20)
    assert len(caught.value.history) == 6


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (torch.empty(0, 3), "empty"),
        ((torch.zeros(3), torch.zeros(4)), r"\[3, 4\]"),
        (SimpleNamespace(name="quatrains", images=None, labels=None), "texts, not images"),
    ],
)
def test_data_that_can_t_be_trained_on(data, message):
    with pytest.raises(ValueError, match=message):
        training.fit(Mean(), data, steps=1)


def test_progress_is_plain_text_with_the_losses_and_silent_in_ci(monkeypatch, capsys):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # else `fit` looks for other programs, and says so if there are some
    training.fit(Mean(), NUMBERS, steps=3)
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("AIGC_LAB_PROFILE", "cpu")
    training.fit(Mean(), NUMBERS, steps=3)
    out, err = capsys.readouterr()
    assert "step 3" in out
    assert "loss " in out
    assert err == ""
