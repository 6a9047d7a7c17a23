"""Two processes train one model: like one process with a doubled batch, with one writer, and exactly repeatable after one was killed."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from aigc_lab import training
from aigc_lab.training import budget, checkpoint
from aigc_lab.training.processes import Processes, launched

from helpers import ROOT, same
from parallel_worker import LONG, STEPS, Line, data

pytest.importorskip("accelerate")


TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2")
# --multi_gpu is how `accelerate launch` is told to start several processes on one machine; without a GPU they compute on the CPU all the same.
ACCELERATE = (
    "accelerate.commands.launch",
    "--multi_gpu",
    "--num_processes",
    "2",
    "--num_machines",
    "1",
    "--main_process_port",
    "0",
)


def start(folder, *more, launcher=TORCHRUN):
    """Two workers under a launcher; returncode and what they said."""
    command = [sys.executable, "-m", *launcher]
    worker = ROOT / "tests" / "parallel_worker.py"
    environment = os.environ | {"AIGC_LAB_PROFILE": "ci", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, str(worker), str(folder), *more], env=environment, capture_output=True, encoding="utf-8", timeout=300
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    run = start(folder)
    assert run.returncode == 0, run.stderr[-3000:]
    return folder


def test_two_halves_of_a_batch_step_like_the_whole_batch(whole, monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    alone = Line()
    training.fit(alone, data(), steps=STEPS, batch_size=16)
    for index in range(2):
        state = torch.load(whole / f"plain {index}", weights_only=True)
        for name, weight in alone.model.state_dict().items():
            torch.testing.assert_close(state["model"][name], weight, rtol=0, atol=1e-12)


def test_under_accelerate_launch_the_same_comes_out_as_under_torchrun(whole, tmp_path):
    run = start(tmp_path, launcher=ACCELERATE)
    assert run.returncode == 0, run.stderr[-3000:]
    for index in range(2):
        of_each = [torch.load(folder / f"plain {index}", weights_only=True) for folder in (whole, tmp_path)]
        assert same(*of_each)
    assert set((tmp_path / "writers").read_text(encoding="utf-8").split()) == {"0"}


def test_only_the_first_process_writes(whole):
    assert set((whole / "writers").read_text(encoding="utf-8").split()) == {"0"}


def test_no_thread_of_the_connections_is_left_when_python_ends(whole):
    """Such a thread sometimes asks for Python's lock after that is gone, and aborts a process that has done its work."""
    for index in range(2):
        assert "gloo" not in (whole / f"threads {index}").read_text(encoding="utf-8")


def test_each_process_has_noise_of_its_own(whole):
    one, other = checkpoint.load(whole / "run")["rng"]
    assert not torch.equal(one["torch"], other["torch"])


def test_a_killed_process_ends_the_run_with_a_clear_message_and_it_goes_on_exactly(whole, tmp_path):
    broken = start(tmp_path, "kill")
    assert broken.returncode != 0
    assert "one of them has ended" in broken.stderr
    assert "Start all processes again to go on from the checkpoint of step 6" in broken.stderr
    assert len(checkpoint.load(tmp_path / "run")["history"]["rows"]) == 6
    again = start(tmp_path)
    assert again.returncode == 0, again.stderr[-3000:]
    one, other = checkpoint.load(whole / "run"), checkpoint.load(tmp_path / "run")
    assert same(one["recipe"], other["recipe"])
    assert torch.equal(one["history"]["rows"], other["history"]["rows"])


def of_each(folder, name):
    """What the two processes stored under a name."""
    return [torch.load(folder / f"{name} {index}", weights_only=False) for index in range(2)]


def test_by_the_clock_both_take_the_same_steps_at_the_same_rates(whole):
    """The second one's clock runs one and a half times as fast. The first one's time counts, as they last agreed on it."""
    one, other = of_each(whole, "clock")
    assert one["steps"] == other["steps"] > 3
    assert one["rates"] == other["rates"]
    assert same(one["model"], other["model"])


def test_they_talk_about_time_a_few_times_a_second_and_not_at_every_step(whole):
    one, other = of_each(whole, "long")
    assert one["messages"] == other["messages"]
    doublings = 9  # 1, 3, 7, ... until the distance fits, at most
    assert one["messages"] <= doublings + 2 * one["seconds"] / budget.AGREE_EVERY


def test_stop_pressed_in_one_process_ends_both_after_the_same_step_and_it_goes_on_exactly(whole, tmp_path):
    pressed = start(tmp_path, "press")
    assert pressed.returncode == 0, pressed.stderr[-3000:]
    one, other = of_each(tmp_path, "long")
    assert one["interrupted"] is other["interrupted"] is True
    assert 20 <= one["steps"] == other["steps"] < LONG
    assert same(one["model"], other["model"])
    assert pressed.stdout.count(f"Stopped by you after step {one['steps']}") == 1
    state = checkpoint.load(tmp_path / "long")
    assert len(state["history"]["rows"]) == one["steps"]
    assert same(state["recipe"]["model"], one["model"])
    again = start(tmp_path)
    assert again.returncode == 0, again.stderr[-3000:]
    for resumed, never_stopped in zip(of_each(tmp_path, "long"), of_each(whole, "long"), strict=True):
        assert resumed["steps"] == never_stopped["steps"] == LONG
        assert not resumed["interrupted"]
        assert same(resumed["model"], never_stopped["model"])


def test_a_checkpoint_of_two_processes_is_not_one_of_one(whole, monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    with pytest.raises(ValueError, match="processes was 2 and is 1"):
        training.fit(Line(noisy=True), data(), steps=STEPS, batch_size=8, checkpoint=whole / "run")


def test_alone_nothing_happens():
    alone, gradient = Processes(), torch.randn(3)
    before = gradient.clone()
    alone.average([gradient])
    alone.share([torch.nn.Linear(1, 1)])
    assert torch.equal(gradient, before)
    assert (alone.index, alone.count, alone.first, alone.agree(2.5), alone.collect("a")) == (0, 1, True, 2.5, ["a"])
    assert alone.agree_on_time(2.5, True) == (2.5, True)


LAUNCHED = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "4", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}


@pytest.mark.parametrize(
    "left",
    [{"WORLD_SIZE": "4"}, {"WORLD_SIZE": ""}, {"WORLD_SIZE": "many"}, {k: v for k, v in LAUNCHED.items() if k != "LOCAL_RANK"},
     LAUNCHED | {"RANK": ""}, LAUNCHED | {"MASTER_ADDR": ""}, LAUNCHED | {"WORLD_SIZE": "1"}],
    ids=str,
)  # fmt: skip
def test_what_a_cluster_left_behind_starts_no_wait_for_others(monkeypatch, left):
    for name in LAUNCHED:
        monkeypatch.delenv(name, raising=False)
    for name, value in left.items():
        monkeypatch.setenv(name, value)
    assert Processes().count == 1


def test_a_launcher_is_recognised(monkeypatch):
    for name, value in LAUNCHED.items():
        monkeypatch.setenv(name, value)
    assert launched() == 4


def test_gradients_of_several_types_travel_in_an_order_that_all_processes_share():
    """The order of a set of types differs between processes; unsorted, one's float32 would meet the other's float64."""
    types = [torch.float64, torch.complex64, torch.float16, torch.complex128, torch.bfloat16, torch.float32]
    sent = []

    def reduce(vector, reduction):
        sent.append(vector.dtype)
        return 2 * vector

    processes = Processes()
    processes._accelerator = SimpleNamespace(reduce=reduce)
    gradients = [torch.ones(2, dtype=dtype) for dtype in types * 2]
    processes.average(gradients)
    assert sent == sorted(types, key=str)
    assert all((gradient == 2).all() for gradient in gradients)
