"""Where the embedded files lie, and how the two usual kinds of them are read."""

import gzip
import json
from importlib import resources
from pathlib import Path

import numpy as np
import torch

import aigc_lab


def data_path(file: str = "") -> Path:
    """Where an embedded file lies: inside the installed package, or in `data/` of the repository for an editable install.

    Raises:
        FileNotFoundError: there is no such file; the message says what to do.
    """
    inside = Path(str(resources.files("aigc_lab").joinpath("_data")))
    folder = inside if inside.is_dir() else Path(aigc_lab.__file__).resolve().parents[1] / "data"
    if not (folder / file).exists():
        raise FileNotFoundError(f"{folder / file} is missing: install aigc_lab again, or rebuild it with data/build")
    return folder / file


def read_images(name: str, split: str) -> dict:
    """The fields `images` and `labels` of NAME.npz."""
    with np.load(data_path(f"{name}.npz"), allow_pickle=False) as arrays:
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
    return {"images": torch.from_numpy(images), "labels": torch.from_numpy(labels).long()}


def read_json(file: str, part: str) -> list:
    """One part (such as a split) of a JSON file, gzipped or not."""
    raw = data_path(file).read_bytes()
    return json.loads(gzip.decompress(raw) if file.endswith(".gz") else raw)[part]
