"""The state of every random number generator that training draws from, as something that can be saved.

These are Python's generator, NumPy's, and torch's on the CPU, on each CUDA GPU and on Apple's GPU.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from aigc_lab import runtime


def state() -> dict[str, Any]:
    """The state of all generators: tensors, numbers and strings only, so that it can be stored without pickled code."""
    version, words, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "mps": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
        "numpy": [name, torch.from_numpy(keys.astype(np.int64)), position, has_gauss, cached],
        "python": [version, torch.tensor(words, dtype=torch.int64), gauss],
    }


def set_state(saved: dict[str, Any]) -> None:
    """Put all generators back to where `state` found them. GPUs that this machine lacks are left out."""
    torch.set_rng_state(saved["torch"])
    for device, cuda in enumerate(saved["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(cuda, device)
    if saved.get("mps") is not None and torch.backends.mps.is_available():  # older checkpoints lack it
        torch.mps.set_rng_state(saved["mps"])
    name, keys, position, has_gauss, cached = saved["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))
    version, words, gauss = saved["python"]
    random.setstate((version, tuple(words.tolist()), gauss))


@contextmanager
def forked(seed: int | None = None) -> Iterator[None]:
    """Random numbers drawn inside leave the generators outside as they were. With a seed, the draws inside start from it."""
    before = state()
    try:
        if seed is not None:
            runtime.seed_everything(seed)
        yield
    finally:
        set_state(before)
