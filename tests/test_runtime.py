"""Profiles, seeds and what the machine can do, against the environment and machines that are pretended."""

import random

import numpy as np
import pytest
import torch

from aigc_lab import runtime
from aigc_lab.gan import ring
from aigc_lab.lm import writer
from aigc_lab.metrics import roc
from aigc_lab.pretrained import classifier
from aigc_lab.privacy import memorisation

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


class Apple(torch.Tensor):
    """A tensor that pretends to be on Apple's GPU, which has no float64: only a copy on the CPU may become one."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function is torch.Tensor.cpu:
            return args[0].as_subclass(torch.Tensor)
        if function is torch.Tensor.double or torch.float64 in (*args[1:], *(kwargs or {}).values()):
            raise TypeError(
                "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64."
            )
        return super().__torch_function__(function, types, args, kwargs or {})


def apple(*values) -> Apple:
    return torch.tensor(values).as_subclass(Apple)


class Flat(torch.nn.Module):
    """A language model on that GPU: three characters, all as likely."""

    context = None

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(3))

    def forward(self, tokens, state=None):
        return torch.zeros(*tokens.shape, 3).as_subclass(Apple), state


def test_what_counts_in_float64_does_so_on_the_cpu():
    with pytest.raises(TypeError, match="float64"):
        apple(1.0).double()
    assert roc.roc_auc(apple(2.0, 3.0), apple(1.0, 2.0)).item() == 0.875
    assert classifier.recognised_share(apple([0.0, 1.0], [1.0, 0.0]), apple(1, 1)) == 0.5
    assert ring.coverage(apple([0.0, 0.0], [9.0, 9.0]), torch.zeros(1, 2), 0.1)[1] == 0.5
    assert memorisation.exposure(apple(1.0, 2.0, 3.0, 4.0), 0).item() == 2
    assert writer.log_probabilities(Flat(), torch.tensor([0, 1, 2])) == pytest.approx(np.log([1 / 3, 1 / 3]))
