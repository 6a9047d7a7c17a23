"""A training that is killed at any moment and started again ends where it would have ended, to the bit."""

import importlib
import multiprocessing
import os
import random
import signal
import time

import pytest
import torch

from aigc_lab import flow, gan, lm, training, vae
from aigc_lab.training import checkpoint

from helpers import same

STEPS = 40
KILLS = 6  # for each of four recipes


def gan_run():
    recipe = gan.GanRecipe((1, 8, 8), classes=3, width=4, latent=5)
    return recipe, (torch.randint(256, (50, 1, 8, 8), dtype=torch.uint8), torch.arange(50) % 3)


def vae_run():
    recipe = vae.VaeRecipe((1, 8, 8), latent=3, width=4, hidden=16)
    return recipe, torch.randint(256, (50, 1, 8, 8), dtype=torch.uint8)


def flow_run():
    recipe = flow.FlowRecipe((1, 8, 8), classes=3, width=8)
    return recipe, (torch.randint(256, (50, 1, 8, 8), dtype=torch.uint8), torch.arange(50) % 3)


def lm_run():
    recipe = lm.LmRecipe(lm.GruLM(11, width=8))
    return recipe, torch.randint(11, (50, 9))


RUNS = {"gan": gan_run, "vae": vae_run, "flow": flow_run, "lm": lm_run}


def train(kind, path, save_every_steps=1):
    """In a process of its own: train to the end, with a checkpoint at every step."""
    os.environ["AIGC_LAB_PROFILE"] = "ci"
    torch.set_num_threads(1)
    torch.manual_seed(1)
    recipe, data = RUNS[kind]()
    training.fit(recipe, data, steps=STEPS, batch_size=16, seed=3, checkpoint=path, save_every_steps=save_every_steps)


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("forkserver")
    names = [f"aigc_lab.{name}" for name in ("gan", "vae", "flow", "lm", "training")]
    for name in names:  # the server would ignore a wrong name, and every process would import torch anew
        importlib.import_module(name)
    context.set_forkserver_preload(names)
    return context


@pytest.mark.parametrize("kind", RUNS)
def test_killed_at_random_moments_it_ends_bit_equal(kind, processes, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    reference = processes.Process(target=train, args=(kind, whole, STEPS))
    began = time.monotonic()
    reference.start()
    reference.join()
    assert reference.exitcode == 0
    duration = time.monotonic() - began

    def compare():
        one, other = checkpoint.load(whole), checkpoint.load(broken)
        for part in ("recipe", "optimizer_step", "batches", "rng", "training"):
            assert same(one[part], other[part]), part
        assert one["history"]["names"] == other["history"]["names"]
        assert torch.equal(one["history"]["rows"], other["history"]["rows"])
        assert len(one["history"]["rows"]) == STEPS
        for file in tmp_path.glob("broken*"):
            file.unlink()

    chance, kills, ended = random.Random(kind), 0, False
    while kills < KILLS or not ended:
        run = processes.Process(target=train, args=(kind, broken))
        run.start()
        if kills < KILLS:
            time.sleep(chance.uniform(0.2, 0.7) * duration)
            if run.is_alive():
                os.kill(run.pid, signal.SIGKILL)
        run.join()
        ended = run.exitcode == 0
        assert ended or run.exitcode == -signal.SIGKILL
        kills += not ended
        if ended:
            compare()
