"""Profiles by kind, against what was really done."""

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from aigc_lab.hardware import profiler

CPU = torch.device("cpu")


def test_a_profile_by_kind_finds_the_work_that_was_done():
    network = nn.Sequential(nn.Conv2d(8, 16, 3), nn.LeakyReLU(), nn.Flatten(), nn.Linear(16 * 100, 4))
    with profile(activities=[ProfilerActivity.CPU]) as watched:
        for _ in range(3):
            network(torch.randn(8, 8, 12, 12)).sum().backward()
    spent = profiler.seconds_by_kind(watched, CPU)
    assert list(spent)[-1] == profiler.OTHER
    assert set(spent) == {*profiler.KINDS, profiler.OTHER}
    for kind in ("convolutions", "matrix products", "activations and losses", "random numbers"):
        assert spent[kind] > 0, kind
    assert spent["normalisation"] == 0
    whole = sum(event.self_cpu_time_total for event in watched.key_averages()) / 1e6
    assert sum(spent.values()) <= whole * (1 + 1e-9)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("aten::convolution_backward", "convolutions"),
        ("aten::mkldnn_convolution", "convolutions"),
        ("aten::native_group_norm", "normalisation"),
        ("aten::normal_", "random numbers"),
        ("aten::addmm", "matrix products"),
        ("aten::_fused_adam_", "optimiser"),
        ("aten::leaky_relu_backward", "activations and losses"),
        ("aten::index", "data: choosing, converting, copying"),
        ("aten::add_", profiler.OTHER),
    ],
)
def test_kinds_of_operations(operation, kind):
    assert profiler.kind_of(operation) == kind
