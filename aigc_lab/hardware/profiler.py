"""What kind of work a step's time goes to, out of the hundred rows of `torch.profiler`."""

import os
from typing import Any

import torch
from torch.autograd import DeviceType

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else the profiler's own messages appear among a lesson's outputs

KINDS = {
    "convolutions": ("conv",),
    "matrix products": ("addmm", "::mm", "bmm", "matmul", "linear"),
    "normalisation": ("_norm",),
    "optimiser": ("adam", "_foreach_"),
    "random numbers": ("::normal", "random", "::rand"),
    "activations and losses": ("leaky_relu", "tanh", "softplus", "sigmoid", "relu"),
    "data: choosing, converting, copying": ("index", "copy_", "cat", "embedding"),
}
OTHER = "all else"


def kind_of(name: str) -> str:
    """The kind of work of one of torch's operations, by its name: "aten::convolution_backward" is "convolutions"."""
    return next((kind for kind, words in KINDS.items() if any(word in name for word in words)), OTHER)


def seconds_by_kind(profile: Any, device: torch.device) -> dict[str, float]:
    """Seconds that each kind of work took, the longest first, "all else" last.

    No time counts twice. An operation that calls others is counted without them. A GPU's kernel has a row of its own,
    but its time also stands in the row of the operation that started it. The operations' rows are the ones that count,
    because their names say what kind of work it was; kernels that no operation started are added to "all else". So the
    sum is the one under torch's own table.

    Args:
        profile: a `torch.profiler.profile` that has ended.
        device: for a CUDA GPU, the GPU's time is counted; for all others, the CPU's.
    """
    on_gpu = device.type == "cuda"
    totals, kernels = dict.fromkeys([*KINDS, OTHER], 0.0), 0.0
    for event in profile.key_averages():
        if event.device_type != DeviceType.CPU:
            kernels += 0.0 if event.is_user_annotation else event.self_device_time_total / 1e6
        elif "::" in event.key:  # an operation of torch, not the profiler's own row
            own = event.self_device_time_total if on_gpu else event.self_cpu_time_total
            totals[kind_of(event.key.lower())] += own / 1e6
    rest = totals.pop(OTHER)
    if on_gpu:
        rest += max(0.0, kernels - rest - sum(totals.values()))
    return dict(sorted(totals.items(), key=lambda item: -item[1])) | {OTHER: rest}
