"""What kind of work a step's time goes to, out of the hundred rows of `torch.profiler`."""

import os
from typing import Any

import torch

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

    An operation that calls others is counted without them, so that no time counts twice.

    Args:
        profile: a `torch.profiler.profile` that has ended.
        device: on a GPU its own time is counted, on the CPU that of the CPU.
    """
    clock = "self_device_time_total" if device.type == "cuda" else "self_cpu_time_total"
    totals = dict.fromkeys([*KINDS, OTHER], 0.0)
    for event in profile.key_averages():
        if (
            "::" in event.key
        ):  # an operation of torch: not a kernel, whose time its operation has already, and not the profiler's own row
            totals[kind_of(event.key.lower())] += getattr(event, clock) / 1e6
    rest = totals.pop(OTHER)
    return dict(sorted(totals.items(), key=lambda item: -item[1])) | {OTHER: rest}
