"""What the recipes share: what `training.fit` asks of them, their state, moving to a device, and checking a batch of pictures.

A *recipe* owns networks and optimisers and knows one step of learning. How it learns stands in its own file, from `step` on; this
file holds what each of them would otherwise have to repeat.
"""

import copy
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from aigc_lab.recipes.labels import check_labels
from aigc_lab.transforms import to_signed


class Recipe(Protocol):
    """What `training.fit` trains: modules, their optimisers, and one step of learning.

    Before each step `fit` sets `recipe.progress` to the share of its budget that is spent, from 0 to below 1; a learning rate may fall with it. A
    recipe that takes its steps with `self.optimizer_step` (an `OptimizerStep`) can be trained in other precisions, in parts, and by several
    processes. `compilable` names its networks that torch.compile can take, such as "generator" or "model.encoder".
    """

    progress: float
    compilable: tuple[str, ...]

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor | float]: ...

    def to(self, device: torch.device) -> "Recipe": ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class BaseRecipe:
    """A recipe whose state is that of some of its attributes.

    Attributes:
        parts: names of the attributes that change as it learns: networks, then their optimisers, then schedules, tensors and numbers.
        compilable: networks that torch.compile can take.
        progress: the share of the budget that is spent, 0 to 1, kept by `training.fit`.
    """

    parts: tuple[str, ...]
    compilable: tuple[str, ...] = ()
    progress = 0.0

    @property
    def device(self) -> torch.device:
        """Where its networks are."""
        network = next(part for part in self._parts().values() if isinstance(part, nn.Module))
        return next(network.parameters()).device

    def to(self, device: torch.device | str) -> Self:
        """Move networks and tensors to a device. The optimisers' state goes with them."""
        for name, part in self._parts().items():
            if isinstance(part, nn.Module):
                part.to(device)
            elif isinstance(part, torch.optim.Optimizer):
                part.load_state_dict(part.state_dict())  # moves its state to where the weights are
            elif isinstance(part, Tensor):
                setattr(self, name, part.to(device))
        return self

    def state_dict(self) -> dict[str, Any]:
        """The state of each part, under its name."""
        return {
            name: part.state_dict() if hasattr(part, "state_dict") else part for name, part in self._parts().items()
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned. The state may lie on another device, and is not changed.

        Raises:
            KeyError: a part is missing.
        """
        for name, part in self._parts().items():
            saved = copy.deepcopy(state[name])  # else an optimiser, a tensor or a list would share its memory
            if hasattr(part, "load_state_dict"):
                part.load_state_dict(saved)
            else:
                setattr(self, name, saved.to(part.device) if isinstance(part, Tensor) else saved)

    def _parts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.parts}


class ImageRecipe(BaseRecipe):
    """A recipe that learns pictures of one shape, with or without classes.

    Attributes:
        shape: (channels, height, width) of a picture.
        classes: how many the labels tell apart; None without labels.
        steps_done: steps taken so far.
    """

    shape: tuple[int, int, int]
    classes: int | None = None
    steps_done = 0

    def check_images(self, images: Tensor) -> Tensor:
        """The images as they are, (n, channels, height, width), uint8 or floating point.

        Raises:
            ValueError: no images, or images of another shape than the recipe's.
            TypeError: images that are neither uint8 nor floating point.
        """
        if images.ndim != 4 or tuple(images.shape[1:]) != self.shape or len(images) == 0:
            raise ValueError(
                f"images must be (n, {', '.join(map(str, self.shape))}) with n >= 1, got {tuple(images.shape)}: make the recipe "
                f"from the data it should learn, with {type(self).__name__}.for_data(dataset)"
            )
        if not images.is_floating_point() and images.dtype != torch.uint8:
            raise TypeError(f"images must be uint8 or floating point, got {images.dtype}")
        return images

    def check_batch(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor | None]:
        """A batch as it is learnt: images in [-1, 1], and labels, or None where the recipe has no classes.

        Args:
            batch: (images, labels), or (images,) where there are no classes; images (n, channels, height, width), uint8, or floating point in
                [-1, 1]; labels int64, (n,). Where the recipe has no classes, labels are ignored.

        Raises:
            ValueError: no images, images of another shape than the recipe's, no labels where there are classes, labels out of range (not
                checked on a GPU), or, at the first step, floating-point images outside [-1, 1].
            TypeError: images that are neither uint8 nor floating point, or labels that aren't whole numbers.
        """
        images, labels = self.check_images(batch[0]), batch[1] if self.classes and len(batch) > 1 else None
        if not images.is_floating_point():
            images = to_signed(images)
        elif self.steps_done == 0 and not images.abs().max() <= 1.001:  # once: on a GPU each look costs a wait
            raise ValueError(
                f"images must be uint8, or lie in [-1, 1]; the first batch holds {images.min():.4g} to {images.max():.4g}"
            )
        if self.classes:
            if labels is None:
                raise ValueError(f"this recipe has {self.classes} classes: a batch is (images, labels)")
            if not labels.is_cuda:
                check_labels(len(images), labels, self.classes)
        return images, labels

    def labels_for(self, n: int, labels: Any, generator: torch.Generator | None = None) -> Tensor | None:
        """The labels for n pictures to draw, int64, (n,), on the recipe's device; None if the recipe has no classes.

        Args:
            n: how many pictures.
            labels: a class number for each, or one for all; None draws them at random.
            generator: source of random labels, on the CPU.

        Raises:
            ValueError: n < 1, or labels of the wrong number, out of range, or given to a recipe without classes.
            TypeError: labels that aren't whole numbers.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        labels = check_labels(n, labels, self.classes, generator)
        return None if labels is None else labels.to(self.device)


def image_shape(dataset: Any) -> tuple[int, int, int]:
    """(channels, height, width) of a dataset's images, which are (n, channels, height, width).

    Raises:
        ValueError: it has no images.
    """
    if getattr(dataset, "images", None) is None:
        raise ValueError("this recipe learns images, and this dataset has none")
    return tuple(dataset.images.shape[1:])
