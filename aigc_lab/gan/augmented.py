r"""A GAN whose discriminator sees every picture, real or drawn, through the same random changes.

.. math:: D_T(x, y) = D(T(x), y), \qquad T \text{ drawn anew for each picture}

The change is the first thing that D does, so nothing else in the game needs to know about it: D's loss, the R1 penalty
and G's loss all go through it, and G's gradient flows back through it to what G drew. The pictures that `sample` gives
are not changed.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from aigc_lab import transforms
from aigc_lab.gan.recipe import GanRecipe


class AugmentedDiscriminator(nn.Module):
    """A discriminator behind a random change of pictures.

    Attributes:
        plain: the discriminator itself, which judges pictures as they are.
        augment: pictures (n, c, h, w) in [-1, 1] -> changed pictures, same shape, with a gradient.

    Args of forward:
        images: in [-1, 1], (n, channels, height, width).
        labels: int64, (n,); None if the model has no classes.

    Returns:
        Logits of the changed pictures, (n,).

    Source:
        Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training", 2020; Karras et al., "Training Generative Adversarial
        Networks with Limited Data", 2020.
    """

    def __init__(self, plain: nn.Module, augment: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.plain, self.augment = plain, augment

    def features(self, images: Tensor) -> Tensor:
        return self.plain.features(self.augment(images))

    def score(self, phi: Tensor, labels: Tensor | None) -> Tensor:
        return self.plain.score(phi, labels)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.plain(self.augment(images), labels)


class AugmentedGanRecipe(GanRecipe):
    """`GanRecipe` with a change of pictures in front of D.

    Args:
        augment: what changes pictures, such as `lambda images: transforms.augment(images, flip=True, probability=0.6)`. It must let gradients
            through, and leave the original distribution identifiable, or the change leaks into what G draws.
        settings: those of `GanRecipe`.

    Example:
        `AugmentedGanRecipe.for_data(cats_and_dogs, augment=..., width=16)`
    """

    def __init__(self, *shape_and_classes: Any, augment: Callable[[Tensor], Tensor], **settings: Any) -> None:
        super().__init__(*shape_and_classes, **settings)
        self.discriminator = AugmentedDiscriminator(
            self.discriminator, augment
        )  # same weights: the optimiser still has them


class Changes:
    """`transforms.augment` with a probability that may be moved while a GAN trains.

    Give it as `augment=`, and let a callback of `fit` raise `probability`. Early on the changes do no good: a generator
    that still draws noise has enough to learn, and a discriminator that has seen each picture once can't have memorised
    any.

    Args:
        probability: between 0 and 1; keep it below 1 for a change that mixes what must be told apart.
        changes: flip, shift, turn, as for `transforms.augment`.
    """

    def __init__(self, probability: float = 0.0, **changes: Any) -> None:
        self.probability, self.changes = probability, changes

    def __call__(self, images: Tensor) -> Tensor:
        return transforms.augment(images, probability=self.probability, **self.changes)
