"""Defects planted on purpose, and a detector for wrong labels.

Since the truth is known, you can count how many of the defects a search finds.
"""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

KINDS = ["darker", "JPEG", "thumbnail", "shifted"]  # what happens to a picture on its way through other people's sites


def plant_copies(images: Tensor, share: float, seed: int = 0) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """Add altered copies of some pictures, as you get them when a picture is collected from a second site.

    Args:
        images: uint8, (n, c, h, w).
        share: copies per picture, at most 1.
        seed: which pictures, and what happens to each.

    Returns:
        Three arrays of n + copies entries, the n pictures first: all pictures, uint8, (n + copies, c, h, w); the index
        of each one's original; and what was done to it, an index into `KINDS`, or -1 for an original.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(images), round(share * len(images)), replace=False)
    kinds = rng.integers(len(KINDS), size=len(chosen))
    copies = [_altered(images[i].numpy(), KINDS[kind]) for i, kind in zip(chosen, kinds, strict=True)]
    source = np.concatenate([np.arange(len(images)), chosen])
    kinds = np.concatenate([np.full(len(images), -1), kinds])
    return torch.cat([images, torch.from_numpy(np.stack(copies))]), source, kinds


def plant_typos(text: str, share: float, rng: np.random.Generator) -> str:
    """A text in which a share of the words is changed: two letters swapped, or the word dropped or repeated.

    Words of one or two letters stay as they are.
    """
    words = []
    for word in text.split(" "):
        if rng.random() >= share or len(word) < 3:
            words.append(word)
        else:
            k = rng.integers(len(word) - 1)
            swapped = word[:k] + word[k + 1] + word[k] + word[k + 2 :]
            words += [[swapped], [], [word, word]][rng.integers(3)]
    return " ".join(words)


def plant_wrong_labels(labels: np.ndarray, share: float, classes: int, seed: int = 0) -> np.ndarray:
    """Replace a share of the labels by another class, each of the others equally likely: int64 (n,) -> int64 (n,)."""
    rng = np.random.default_rng(seed)
    noisy = np.array(labels, dtype=np.int64)
    chosen = rng.choice(len(noisy), round(share * len(noisy)), replace=False)
    noisy[chosen] = (noisy[chosen] + rng.integers(1, classes, len(chosen))) % classes
    return noisy


def suspicious_labels(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    r"""The examples that a model confidently puts into a class other than their label.

    The threshold of a class is its mean probability over the examples that are *labelled* with it. An example reaches
    the threshold if its own probability for the class is at least that. It is suspicious if, among the classes whose
    threshold it reaches, the most probable one isn't its label.

    .. math:: t_j = \frac{1}{|\{i : \tilde y_i = j\}|} \sum_{i : \tilde y_i = j} p_{ij}

    Args:
        probabilities: of a model that has *not* been trained on the example (out of fold), (n, classes).
        labels: as given, int, (n,); each class must occur.

    Returns:
        bool, (n,), True = suspicious.

    Source:
        Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021 (its count of confident
        disagreements, without the calibration that follows there; for a ranking see `label_margins`).
    """
    classes = range(probabilities.shape[1])
    thresholds = np.array([probabilities[labels == j, j].mean() for j in classes])
    reached = np.where(probabilities >= thresholds, probabilities, -1.0)
    return (probabilities >= thresholds).any(axis=1) & (reached.argmax(axis=1) != labels)


def label_margins(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    r"""How far the label's probability lies above that of the best other class; the lower, the sooner a person should look at it.

    .. math:: m_i = p_{i \tilde y_i} - \max_{j \ne \tilde y_i} p_{ij}

    Args:
        probabilities: out of fold, (n, classes), at least two classes.
        labels: as given, int, (n,).

    Returns:
        float, (n,), from -1 to 1; below 0 where the model contradicts the label.

    Source:
        Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021: the margin by which labels are ranked.
    """
    own = labels[:, None] == np.arange(probabilities.shape[1])
    return probabilities[own] - np.where(own, -np.inf, probabilities).max(axis=1)


def found_and_right(flagged: np.ndarray, planted: np.ndarray) -> dict[str, float]:
    """Recall and precision of a search.

    Args:
        flagged: what the search found, bool, (n,).
        planted: what it should have found, bool, (n,).

    Returns:
        "found": the share of the planted defects that was flagged. "right": the share of what was flagged that was
        planted.
    """
    both = (flagged & planted).sum()
    return {"found": float(both / max(1, planted.sum())), "right": float(both / max(1, flagged.sum()))}


def _altered(picture: np.ndarray, kind: str) -> np.ndarray:
    if kind == "darker":
        return (picture * 0.8).round().astype(np.uint8)
    if kind == "shifted":
        return np.roll(picture, 1, axis=-1)
    height, width = picture.shape[1:]
    grey = len(picture) == 1
    image = Image.fromarray(picture[0] if grey else picture.transpose(1, 2, 0))
    if kind == "JPEG":
        file = io.BytesIO()
        image.save(file, "JPEG", quality=50)
        image = Image.open(file)
    else:
        small = image.resize((width * 2 // 3, height * 2 // 3), Image.Resampling.LANCZOS)
        image = small.resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.asarray(image)
    return pixels[None] if grey else pixels.transpose(2, 0, 1)
