"""What this machine has of the things that make training faster."""

import platform
import shutil
from pathlib import Path

import torch


def bf16_units(device: torch.device) -> bool:
    """Whether the device computes in bf16 itself. Without such units bf16 still works, in a roundabout and slow way.

    A GPU has them from compute capability 8.0 on: an A100 or H100, not the T4 of free notebooks. A CPU has them if it lists `avx512_bf16`, `amx_bf16`
    or (Arm) `bf16`; where the system keeps no such list, the answer is False.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or platform.system() != "Linux":
        return False
    words = Path("/proc/cpuinfo").read_text(errors="replace").split()
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(words)


def half_precision(device: torch.device) -> str | None:
    """Which precision of `training.fit` the device is fast in: "bf16", on an older GPU "fp16", or None."""
    if bf16_units(device):
        return "bf16"
    return "fp16" if device.type == "cuda" else None


def compiler(device: torch.device) -> str | None:
    """What `torch.compile` would build with: Triton on a GPU, else a C++ compiler. None if there is none."""
    if device.type == "cuda":
        try:
            import triton  # noqa: F401
        except ImportError:
            return None
        return "Triton"
    return next((name for name in ("g++", "clang++", "c++", "cl") if shutil.which(name)), None)
