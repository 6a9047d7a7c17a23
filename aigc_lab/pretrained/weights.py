"""Weights trained by scripts of the course, and where they came from: each can be made again by `data/build/checkpoint_*.py`."""

import json
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from aigc_lab.datasets import data_path


def load(name: str) -> dict[str, Tensor]:
    """The tensors of a checkpoint, on the CPU, by name: ready for `load_state_dict`.

    Raises:
        FileNotFoundError: no such checkpoint; the message lists those there are.
    """
    return load_file(_path(name, "safetensors"))


def info(name: str) -> dict[str, Any]:
    """What is known about a checkpoint: `script`, `seed`, `seconds` of training, `result`.

    Raises:
        FileNotFoundError: no such checkpoint; the message lists those there are.
    """
    return json.loads(_path(name, "json").read_text(encoding="utf-8"))


def available() -> list[str]:
    """The names that `load` and `info` know."""
    return sorted(path.stem for path in data_path("checkpoints").glob("*.safetensors"))


def _path(name: str, ending: str):
    if name not in available():
        raise FileNotFoundError(f"no checkpoint {name!r}; available: {', '.join(available()) or 'none'}")
    return data_path("checkpoints") / f"{name}.{ending}"
