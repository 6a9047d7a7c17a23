"""`fit` with a checkpoint: what it saves, when it resumes, and what it says if it can't. Kills are tested in test_resume.py."""

import errno
import os
import random
import signal

import numpy as np
import pytest
import torch
from torch import nn

from aigc_lab import training
from aigc_lab.recipes.optimizer_step import OptimizerStep
from aigc_lab.training import budget, checkpoint
from aigc_lab.training.batches import Batches
from aigc_lab.training.checkpointer import Checkpointer
from aigc_lab.training.history import History
from aigc_lab.training.scalars import ScalarLog


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")


class Noisy:
    """A recipe that draws from all three random generators at each step."""

    def __init__(self, hook=lambda step: None):
        torch.manual_seed(0)
        self.model = nn.Linear(1, 1)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.1)
        self.optimizer_step, self.hook, self.taken = OptimizerStep(), hook, 0

    def step(self, batch):
        self.taken += 1
        self.hook(self.taken)
        return self.optimizer_step(self.loss, self.optimizer, batch)

    def loss(self, batch):
        x = batch[0].float()[:, None] + torch.randn(len(batch[0]), 1)
        value = (self.model(x) - x * random.random() - np.random.rand()).square().mean()
        return value, {"loss": value}

    def to(self, device):
        return self

    def state_dict(self):
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


NUMBERS = torch.arange(10)


def fit(recipe, path=None, steps=20, **settings):
    return training.fit(recipe, NUMBERS, steps=steps, batch_size=4, checkpoint=path, **settings)


def weights(recipe):
    return torch.cat([p.detach().flatten() for p in recipe.model.parameters()])


def test_stopped_and_resumed_it_is_as_if_never_stopped(tmp_path):
    whole = Noisy()
    expected = fit(whole)

    def fail(step):
        if step == 13:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(Noisy(fail), tmp_path / "run", save_every_steps=5)
    second = Noisy()
    found = fit(second, tmp_path / "run", save_every_steps=5)
    assert second.taken == 10  # it went on from step 10
    assert torch.equal(weights(second), weights(whole))
    np.testing.assert_array_equal(found["loss"], expected["loss"])
    assert (np.diff(found.seconds) >= 0).all()


def test_a_finished_training_comes_back_without_a_step(tmp_path):
    first, second = Noisy(), Noisy()
    expected = fit(first, tmp_path / "run")
    calls = []
    found = fit(second, tmp_path / "run", callback=lambda step, *_: calls.append(step))
    assert second.taken == 0
    assert torch.equal(weights(first), weights(second))
    np.testing.assert_array_equal(found["loss"], expected["loss"])
    assert calls == [20]


def test_a_longer_budget_goes_on_from_the_end(tmp_path):
    fit(Noisy(), tmp_path / "run")
    more = Noisy()
    assert len(fit(more, tmp_path / "run", steps=30)) == 30
    assert more.taken == 10


def test_without_resume_it_starts_anew_and_overwrites(tmp_path):
    fit(Noisy(), tmp_path / "run")
    again = Noisy()
    fit(again, tmp_path / "run", steps=7, resume=False)
    assert again.taken == 7
    assert len(checkpoint.load(tmp_path / "run")["history"]["rows"]) == 7


def test_a_budget_of_seconds_goes_on_with_what_is_left(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(budget.time, "perf_counter", lambda: now[0])

    def step_takes_a_second(step):
        now[0] += 1.0

    def killed_after_five(step):
        step_takes_a_second(step)
        if step == 6:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(Noisy(killed_after_five), tmp_path / "run", steps=None, seconds=8.0, save_every_steps=1)
    now[0] += 3600.0  # the time in between doesn't count
    again = Noisy(step_takes_a_second)
    history = fit(again, tmp_path / "run", steps=None, seconds=8.0)
    assert again.taken == 3
    assert history.seconds.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert again.progress == 7 / 8  # before the last step


@pytest.mark.parametrize(
    ("change", "said"), [({"seed": 5}, "seed was 0 and is 5"), ({"batch_size": 2}, "batch_size was 4 and is 2")]
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path, change, said):
    fit(Noisy(), tmp_path / "run")
    with pytest.raises(ValueError, match=said):
        training.fit(Noisy(), NUMBERS, **({"steps": 20, "batch_size": 4, "checkpoint": tmp_path / "run"} | change))


def test_a_damaged_checkpoint_is_named_and_the_one_before_used(tmp_path, capsys):
    fit(Noisy(), tmp_path / "run", save_every_steps=5)
    path = tmp_path / "run"
    path.write_bytes(path.read_bytes()[:300])
    again = Noisy()
    fit(again, path)
    assert again.taken == 5  # from step 15
    assert f"{path} is damaged" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("when", "saved"),
    [
        ({}, [4, 8, 12, 16, 20]),  # every 30 seconds, which 4 steps take here
        ({"save_every_seconds": 50.0}, [7, 14, 20]),
        ({"save_every_steps": 5}, [5, 10, 15, 20]),
        ({"save_every_steps": 50}, [20]),  # the end is always saved
    ],
)
def test_how_often_it_saves(tmp_path, monkeypatch, when, saved):
    now, found, save = [0.0], [], checkpoint.save

    def step_takes_8_seconds(step):
        now[0] += 8.0

    def witnessed(state, path):
        found.append(len(state["history"]["rows"]))
        save(state, path)

    monkeypatch.setattr(budget.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(checkpoint, "save", witnessed)
    fit(Noisy(step_takes_8_seconds), tmp_path / "run", **when)
    assert found == saved


def test_the_disk_is_full(tmp_path, monkeypatch, capsys):
    """Training goes on, says so, and the old checkpoint is whole."""
    real_fsync, full = os.fsync, []

    def fsync(number):
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        real_fsync(number)

    def fill(step):
        if step == 8:
            full.append(True)

    monkeypatch.setattr(checkpoint.os, "fsync", fsync)
    history = fit(Noisy(fill), tmp_path / "run", save_every_steps=5)
    assert len(history) == 20
    said = capsys.readouterr().out
    assert "checkpoint of step 10 can't be written" in said
    assert "No space left" in said
    assert "that of step 5 is kept" in said
    assert len(checkpoint.load(tmp_path / "run")["history"]["rows"]) == 5
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


def test_the_stop_button_waits_for_the_step_and_saves(tmp_path, capsys):
    def press(step):
        if step == 6:
            os.kill(os.getpid(), signal.SIGINT)

    first = Noisy(press)
    history = fit(first, tmp_path / "run")
    assert history.interrupted
    assert len(history) == 6  # the step in which it was pressed is whole
    assert "Stopped by you after step 6" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    whole, second = Noisy(), Noisy()
    fit(whole)
    assert not fit(second, tmp_path / "run").interrupted
    assert torch.equal(weights(second), weights(whole))


@pytest.mark.parametrize("resume", [True, False])
def test_stopped_before_the_first_step_it_saves_nothing(tmp_path, resume):
    def press(step, recipe, history):
        os.kill(os.getpid(), signal.SIGINT)

    path = tmp_path / "run"
    assert len(fit(Noisy(), path, callback=press, resume=resume)) == 0
    assert not path.exists()
    assert len(fit(Noisy(), path)) == 20
    fit(Noisy(), path, callback=press, resume=resume)
    assert len(checkpoint.load(path)["history"]["rows"]) == 20
    assert [file.name for file in tmp_path.iterdir()] == ["run"]
    assert len(fit(Noisy(), path)) == 20


class OneOfTwo:
    """Stands in for one of two processes, and records the messages it takes part in; the second gets what the first one sent."""

    count = 2

    def __init__(self, first=None):
        self.index, self.first = int(first is not None), first is None
        self.taken_part, self.said, self.heard = [], [], iter(first.said if first else ())

    def collect(self, value):
        self.taken_part.append("collect")
        return [value, value]

    def agree(self, value):
        self.taken_part.append("agree")
        self.said.append(value)
        return value if self.first else next(self.heard)


def test_after_a_failed_write_all_processes_try_again_or_none(tmp_path, monkeypatch):
    """Else one of them would wait for ever for a message that the other left out."""
    disk, save = [], checkpoint.save

    def full_at_first(state, path):
        disk.append(path)
        if len(disk) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(state, path)

    monkeypatch.setattr(checkpoint, "save", full_at_first)

    def savings(process):
        recipe, history = Noisy(), History()
        history.append(1.0, {"loss": 0.5})
        batches = Batches([NUMBERS], batch_size=4, seed=0)
        log = ScalarLog(history)
        saver = Checkpointer(tmp_path / "run", recipe, recipe.optimizer_step, batches, log, process, seed=0)
        steps = []
        for _ in range(3):
            saver.save()
            steps.append(saver.saved_at)
        return steps

    first = OneOfTwo()
    assert savings(first) == [None, 1, 1]
    second = OneOfTwo(first)
    assert savings(second) == [None, 1, 1]
    assert first.taken_part == second.taken_part
    assert len(disk) == 2
