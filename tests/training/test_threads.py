"""Threads of a training on a machine that others use, too: real busy processes, and restarts that end with the same weights."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import torch

from aigc_lab import datasets, training, vae
from aigc_lab.training import threads

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def as_a_reader_starts(monkeypatch):
    """Four threads, chosen by torch itself; what was seen before is forgotten."""
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("AIGC_LAB_BUILD", raising=False)
    monkeypatch.setattr(threads, "BY_DEFAULT", 4)
    monkeypatch.setattr(threads, "_seen", None)
    yield
    torch.set_num_threads(before)


def others_leave(monkeypatch, cores):
    monkeypatch.setattr(threads, "idle_cores", lambda: cores)


@pytest.mark.parametrize(("idle", "taken"), [(4.0, 4), (3.6, 4), (3.4, 3), (1.2, 1), (0.0, 1), (16.0, 4)])
def test_a_training_takes_the_cores_that_are_idle(monkeypatch, capsys, idle, taken):
    others_leave(monkeypatch, idle)
    with threads.chosen(CPU) as found:
        assert found == torch.get_num_threads() == taken
    assert torch.get_num_threads() == 4
    assert ("other programs" in capsys.readouterr().out) == (taken < 4)


def test_what_the_reader_chose_stays(monkeypatch):
    others_leave(monkeypatch, 1.0)
    torch.set_num_threads(3)
    with threads.chosen(CPU):
        assert torch.get_num_threads() == 3
    torch.set_num_threads(4)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    with threads.chosen(CPU):
        assert torch.get_num_threads() == 4


def test_a_notebook_that_is_built_and_a_gpu_have_all_threads(monkeypatch):
    others_leave(monkeypatch, 1.0)
    with threads.chosen(torch.device("cuda")):
        assert torch.get_num_threads() == 4
    monkeypatch.setenv("AIGC_LAB_BUILD", "1")
    with threads.chosen(CPU):
        assert torch.get_num_threads() == 4


def test_an_error_leaves_torch_with_its_threads(monkeypatch):
    others_leave(monkeypatch, 1.0)
    with pytest.raises(ZeroDivisionError), threads.chosen(CPU):
        raise ZeroDivisionError
    assert torch.get_num_threads() == 4


def test_a_busy_process_is_seen_and_a_low_priority_is_not(monkeypatch):
    psutil = pytest.importorskip("psutil")
    clock = SimpleNamespace(now=psutil.cpu_times())
    fields = clock.now._fields

    def passes(_):
        clock.now = clock.now._replace(user=clock.now.user + 0.15, **({"nice": 50.0} if "nice" in fields else {}))
        time.sleep(0.1)

    monkeypatch.setattr(psutil, "cpu_times", lambda: clock.now)
    monkeypatch.setattr(psutil, "cpu_count", lambda: 4)
    monkeypatch.setattr(threads.limits, "cores", lambda: 4.0)
    monkeypatch.setattr(
        threads, "time", SimpleNamespace(sleep=passes, perf_counter=time.perf_counter, process_time=lambda: 0.0)
    )
    assert threads.idle_cores() == pytest.approx(2.5, abs=0.2)


def test_a_real_busy_process_costs_a_core(monkeypatch):
    pytest.importorskip("psutil")
    monkeypatch.setattr(threads, "LOOK", 0.5)
    alone = threads.idle_cores()
    monkeypatch.setattr(threads, "_seen", None)
    with subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True)\nwhile True: pass"], stdout=subprocess.PIPE
    ) as busy:
        busy.stdout.readline()
        beside = threads.idle_cores()
        busy.kill()
    assert beside < alone or alone < 0.5  # on a machine that is busy anyway nothing is left to take


def test_a_look_is_believed_for_a_while(monkeypatch):
    pytest.importorskip("psutil")
    threads.idle_cores()
    monkeypatch.setattr(threads.time, "sleep", lambda _: pytest.fail("it looked again"))
    threads.idle_cores()


def test_a_resumed_training_blames_nobody_for_its_threads(monkeypatch, capsys):
    others_leave(monkeypatch, 4.0)
    with threads.chosen(CPU, begun_with=2) as found:
        assert found == 2
    assert capsys.readouterr().out == "Training with 2 of 4 threads: as it began.\n"


def test_a_training_goes_on_with_the_threads_it_began_with(monkeypatch, tmp_path):
    """Begun on a busy machine, stopped, and resumed on an idle one: the weights of one that was never stopped."""
    digits = datasets.load("digits")

    def trained(idle, steps, file):
        others_leave(monkeypatch, idle)
        torch.manual_seed(0)
        recipe = vae.VaeRecipe.for_data(digits)
        training.fit(recipe, digits, steps=steps, batch_size=16, checkpoint=tmp_path / file, save_every_steps=2)
        return training.checkpoint.load(tmp_path / file)

    whole = trained(1.0, 6, "whole")
    trained(1.0, 6, "stopped")  # a schedule follows the budget, so it has the same one
    assert whole["threads"] == 1
    (tmp_path / "stopped").unlink()
    (tmp_path / "stopped.previous").rename(tmp_path / "stopped")
    resumed = trained(4.0, 6, "stopped")
    assert resumed["threads"] == 1
    assert all(
        torch.equal(whole["recipe"]["model"][name], weight) for name, weight in resumed["recipe"]["model"].items()
    )
