"""Profiles by kind, against what was really done."""

import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.autograd import DeviceType
from torch.autograd.profiler_util import EventList, FunctionEvent
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


def events_of_a_gpu(*, annotated=False, unowned=False):
    """What torch's profiler would have recorded: a convolution whose kernel takes 1 ms, another whose kernel takes 0.25 ms."""

    def event(name, start, end, device_type=DeviceType.CPU, **named):
        number = len(events) + 1
        made = FunctionEvent(number, name, 1, start, end, use_device="cuda", device_type=device_type, stack=[], **named)
        events.append(made)
        return made

    events = []
    event("aten::cudnn_convolution", 0, 50).append_kernel("kernel", 0, 1000)
    event("aten::leaky_relu", 60, 80).append_kernel("kernel", 0, 250)
    event("void cudnn::implicit_convolve<float>", 100, 1100, DeviceType.CUDA)
    event("void at::native::vectorized_elementwise_kernel<4>", 1100, 1350, DeviceType.CUDA)
    if unowned:
        event("triton_fused_mul_add", 1400, 1500, DeviceType.CUDA)
    if annotated:
        event("Optimizer.step#Adam.step", 100, 9000, DeviceType.CUDA, is_user_annotation=True)
    found = EventList(events, use_device="cuda")
    found._build_tree()
    return found


@pytest.mark.parametrize("more", [{}, {"annotated": True}, {"unowned": True}, {"annotated": True, "unowned": True}])
def test_on_a_gpu_no_kernel_counts_twice(more):
    events = events_of_a_gpu(**more)
    spent = profiler.seconds_by_kind(SimpleNamespace(key_averages=events.key_averages), torch.device("cuda"))
    assert spent["convolutions"] == pytest.approx(1e-3)
    assert spent["activations and losses"] == pytest.approx(0.25e-3)
    (told,) = re.findall(r"Self CUDA time total: ([\d.]+)ms", events.table())
    assert sum(spent.values()) == pytest.approx(float(told) / 1e3)


def test_on_the_cpu_the_kernels_of_a_gpu_do_not_count():
    events = events_of_a_gpu(annotated=True)
    spent = profiler.seconds_by_kind(SimpleNamespace(key_averages=events.key_averages), CPU)
    assert sum(spent.values()) == pytest.approx(70e-6)  # 50 and 20 microseconds of the operations themselves


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
