"""A small CNN that classifies pictures: it judges what the course's generators draw, and provides the features for the metrics."""

import torch
from torch import Tensor, nn

from aigc_lab.pretrained.weights import load


class Classifier(nn.Module):
    """Three blocks of convolution and pooling, 64 features, one logit a class. For (channels, 28, 28) pictures in [-1, 1].

    Args of forward:
        images: floating point in [-1, 1], (n, channels, 28, 28).

    Returns:
        Logits, (n, classes).
    """

    def __init__(self, classes: int = 10, channels: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_block(channels, 16),  # -> (16, 14, 14)
            *_block(16, 32),  # -> (32, 7, 7)
            *_block(32, 64),  # -> (64, 3, 3)
            nn.Flatten(),
            nn.Linear(64 * 3 * 3, 64),
            nn.ReLU(),
        )
        self.head = nn.Linear(64, classes)

    def features(self, images: Tensor) -> Tensor:
        """What the classifier decides on: 64 numbers >= 0 a picture, (n, 64)."""
        return self.body(images)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images))


def load_classifier(name: str = "digits") -> Classifier:
    """The trained classifier of a data set, in evaluation mode, its weights frozen.

    Args:
        name: a data set that has a checkpoint `classifier_NAME`; `pretrained.info("classifier_digits")` says how good that one is.

    Raises:
        FileNotFoundError: no such checkpoint; the message lists those there are.
    """
    weights = load(f"classifier_{name}")
    model = Classifier(classes=weights["head.weight"].shape[0], channels=weights["body.0.weight"].shape[1])
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


def recognised_share(logits: Tensor, wanted: Tensor) -> float:
    """The share of pictures that a classifier takes for what they were meant to be.

    Args:
        logits: (n, classes), the classifier's score for each class; the highest one is its answer.
        wanted: (n,), the class that was asked for in each picture.

    Returns:
        A number from 0 to 1.

    Raises:
        ValueError: the shapes don't belong together, or n is 0.
    """
    if logits.ndim != 2 or wanted.shape != logits.shape[:1] or len(wanted) == 0:
        raise ValueError(
            f"logits must be (n, classes) and wanted (n,) with n >= 1, got {tuple(logits.shape)} and {tuple(wanted.shape)}"
        )
    return (logits.argmax(dim=1) == wanted).cpu().double().mean().item()


@torch.no_grad()
def recognised(images: Tensor, labels: Tensor, name: str = "digits") -> float:
    """The share of pictures in which the classifier sees what was asked for.

    Args:
        images: floating point in [-1, 1], (n, channels, 28, 28).
        labels: the classes asked for, (n,).
        name: the data set whose classifier judges, as in `load_classifier`.

    Returns:
        A number from 0 to 1.

    Raises:
        TypeError: images that aren't floating point.
        ValueError: images outside [-1, 1], no images, or not one label for each.
        FileNotFoundError: there is no classifier of that name.
    """
    if not images.is_floating_point():
        raise TypeError(f"images must be floating point in [-1, 1], got {images.dtype}: use transforms.to_signed")
    if len(images) == 0 or labels.shape != (len(images),):
        raise ValueError(
            f"expected one label for each of n >= 1 images, got {len(images)} images and {tuple(labels.shape)}"
        )
    if not images.abs().max() <= 1.001:
        raise ValueError(f"images must lie in [-1, 1], got {images.min():.3g} to {images.max():.3g}")
    judge = load_classifier(name)
    logits = torch.cat([judge(part.cpu().float()) for part in images.split(500)])
    return recognised_share(logits, labels.cpu())


def _block(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
