"""Profiles, seeds and what the machine can do, against the environment and machines that are pretended."""

import random

import numpy as np
import pytest
import torch

from aigc_lab import runtime

CPU = torch.device("cpu")


def test_profile_follows_the_environment(monkeypatch):
    for name in ("ci", "cpu", "gpu"):
        monkeypatch.setenv("AIGC_LAB_PROFILE", name.upper())
        assert runtime.profile() == name


def test_profile_without_environment_follows_the_machine(monkeypatch):
    monkeypatch.delenv("AIGC_LAB_PROFILE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert runtime.profile() == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(runtime, "why_unusable", lambda kind: None)
    assert runtime.profile() == "gpu"
    assert runtime.device().type == "cuda"


def test_a_gpu_that_only_seems_to_be_there_is_named_and_left_alone(monkeypatch, capsys):
    """Here torch is told that there is one; where it lists a GPU that is too old, the first computation fails as well."""
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU that works")
    monkeypatch.delenv("AIGC_LAB_PROFILE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    runtime.why_unusable.cache_clear()
    assert runtime.device().type == runtime.device().type == "cpu"
    assert runtime.profile() == "cpu"
    said = capsys.readouterr().err
    assert said.count("can't be used") == 1
    assert "CUDA" in said
    runtime.why_unusable.cache_clear()


def test_cpu_profile_stays_on_the_cpu_beside_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("AIGC_LAB_PROFILE", "cpu")
    assert runtime.device().type == "cpu"


def test_a_misspelt_profile_is_named(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "gup")
    with pytest.raises(ValueError, match=r"'gup'.*ci, cpu, gpu"):
        runtime.profile()


@pytest.mark.parametrize(("profile", "expected"), [("ci", 1), ("cpu", 2), ("gpu", 2)])
def test_pick_falls_back_to_the_smaller_budget(monkeypatch, profile, expected):
    monkeypatch.setenv("AIGC_LAB_PROFILE", profile)
    assert runtime.pick(ci=1, cpu=2) == expected


def test_pick_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    with pytest.raises(TypeError, match="no value for profile 'ci'"):
        runtime.pick(cpu=2)
    with pytest.raises(TypeError, match="tpu"):
        runtime.pick(ci=1, tpu=2)


def test_seeding_repeats_all_three_streams():
    def draw():
        runtime.seed_everything(7)
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    assert draw() == draw()


def test_equipment_says_something_of_every_machine():
    assert runtime.supports_bf16(CPU) in (True, False)
    assert runtime.half_precision(CPU) == ("bf16" if runtime.supports_bf16(CPU) else None)
    assert runtime.compiler(CPU) is None or isinstance(runtime.compiler(CPU), str)
