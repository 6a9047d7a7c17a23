"""Class numbers that a conditional model is asked to draw."""

from typing import Any

import torch
from torch import Tensor


def classes_of(dataset: Any) -> int | None:
    """How many classes a dataset's labels have; None without labels.

    Raises:
        ValueError: labels outside the range of the dataset's class names.
    """
    if dataset.labels is None:
        return None
    classes = len(dataset.names) if dataset.names else int(dataset.labels.max()) + 1
    if not 0 <= int(dataset.labels.min()) <= int(dataset.labels.max()) < classes:
        raise ValueError(
            f"labels must be class numbers from 0 to {classes - 1}, got {dataset.labels.min()} to {dataset.labels.max()}"
        )
    return classes


def check_labels(n: int, labels: Any, classes: int | None, generator: torch.Generator | None = None) -> Tensor | None:
    """The labels of n pictures as int64, (n,); None for a model without classes.

    Args:
        n: how many pictures.
        labels: a class number for each, or one for all; None draws them at random.
        classes: how many the model knows; None if it was trained without.
        generator: source of random labels, on the CPU.

    Raises:
        ValueError: labels out of range, not n of them, or given to a model without classes.
        TypeError: labels that aren't whole numbers.
    """
    if classes is None:
        if labels is not None:
            raise ValueError("this model was trained without labels, so it can't draw a class you choose")
        return None
    if labels is None:
        return torch.randint(classes, (n,), generator=generator)
    labels = torch.as_tensor(labels)
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise TypeError(f"labels are class numbers, so whole numbers; got {labels.dtype}")
    if labels.ndim == 0:
        labels = labels.expand(n)
    if labels.shape != (n,):
        raise ValueError(f"one label a picture: expected {n} of them, got shape {tuple(labels.shape)}")
    if labels.min() < 0 or labels.max() >= classes:
        wrong = labels[(labels < 0) | (labels >= classes)][0].item()
        raise ValueError(f"label {wrong} is out of range: classes are 0 to {classes - 1}")
    return labels.long()
