"""What this machine is, and what a lesson may spend on it: profile, device, seeds."""

import os
import platform
import random
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

PROFILES = ("ci", "cpu", "gpu")
Value = TypeVar("Value")


def profile() -> str:
    """The budget a lesson works with: `ci` (seconds), `cpu` (a two-core laptop) or `gpu`.

    Taken from the environment variable AIGC_LAB_PROFILE; where that is unset, `gpu` if torch sees a GPU, else `cpu`.

    Raises:
        ValueError: AIGC_LAB_PROFILE holds another word.
    """
    chosen = os.environ.get("AIGC_LAB_PROFILE", "").strip().lower()
    if not chosen:
        return "cpu" if device().type == "cpu" else "gpu"
    if chosen not in PROFILES:
        raise ValueError(f"AIGC_LAB_PROFILE is {chosen!r}; it must be one of {', '.join(PROFILES)}, or unset")
    return chosen


def device() -> torch.device:
    """The device to train on: a CUDA GPU, else Apple's, else the CPU. The `ci` and `cpu` profiles always get the CPU."""
    if os.environ.get("AIGC_LAB_PROFILE", "").strip().lower() in ("ci", "cpu"):
        return torch.device("cpu")
    if torch.cuda.is_available() and why_unusable("cuda") is None:
        return torch.device("cuda")
    if torch.backends.mps.is_available() and why_unusable("mps") is None:
        return torch.device("mps")
    return torch.device("cpu")


@cache
def why_unusable(kind: str) -> str | None:
    """The error with which a GPU refuses the smallest computation, said once on stderr too; None if it computes.

    torch lists GPUs that are older than what its programs were made for, that others keep for themselves, or whose memory is full.
    """
    try:
        (torch.ones(2, device=kind) * 2).sum().item()
    except Exception as error:  # RuntimeError and its kin, but AssertionError in a build without CUDA
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        print(f"The GPU ({kind}) can't be used, and everything computes on the CPU: {reason}", file=sys.stderr)
        return reason
    return None


def pick(**by_profile: Value) -> Value:
    """The value for the current profile: `pick(ci=10, cpu=400, gpu=4000)`.

    A profile that isn't named falls back to the nearest smaller budget that is (`gpu` to `cpu` to `ci`).

    Raises:
        TypeError: a name that is no profile, or no value at or below the current profile.
    """
    unknown = set(by_profile) - set(PROFILES)
    if unknown:
        raise TypeError(f"pick() got {', '.join(sorted(unknown))}; profiles are {', '.join(PROFILES)}")
    current = profile()
    for name in reversed(PROFILES[: PROFILES.index(current) + 1]):
        if name in by_profile:
            return by_profile[name]
    raise TypeError(f"pick() has no value for profile {current!r}; give one as {current}=...")


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's random generators, so that a run on the same machine repeats itself."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def building() -> bool:
    """True while `aigc-lab notebooks` makes the stored notebooks (AIGC_LAB_BUILD=1).

    Promises then raise instead of reporting, and widgets are stored as the picture they start with.
    """
    return os.environ.get("AIGC_LAB_BUILD", "") == "1"


def supports_bf16(device: torch.device) -> bool:
    """Whether the device has arithmetic units for bf16. Without them bf16 still works, but it is emulated and slow.

    A GPU has them from compute capability 8.0 on: an A100 or H100, not the T4 of free notebooks. A CPU has them if it lists `avx512_bf16`, `amx_bf16`
    or (Arm) `bf16`; where the system keeps no such list, the answer is False.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or platform.system() != "Linux":
        return False
    words = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split()
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(words)


def half_precision(device: torch.device) -> str | None:
    """Which precision of `training.fit` the device is fast in: "bf16", on an older GPU "fp16", or None."""
    if supports_bf16(device):
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
