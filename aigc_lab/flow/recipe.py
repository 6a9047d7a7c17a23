"""Flow matching as a recipe: a U-Net that learns the velocity of `matching`, and draws by following it.

A share of the labels is hidden while it learns, so that one network knows the velocity with a class and without, which `classifier_free_guidance`
needs. Pictures come from a running average of its weights; the learning rate falls as the budget of `training.fit` is spent.
"""

import copy
from typing import Any

import torch
from torch import Tensor

from aigc_lab.flow.classifier_free_guidance import guided
from aigc_lab.flow.matching import between, flow_loss, follow
from aigc_lab.flow.networks import UNet
from aigc_lab.recipes import ema
from aigc_lab.recipes.labels import classes_of
from aigc_lab.recipes.learning_rate import falling, scale_rate
from aigc_lab.recipes.optimizer_step import OptimizerStep, widened
from aigc_lab.recipes.recipe import ImageRecipe, image_shape

AT_ONCE = 250  # pictures


class FlowRecipe(ImageRecipe):
    """A U-Net that learns the velocity, its optimiser, and one step. Train it with `training.fit`.

    Attributes:
        network: in training. averaged: its running average, which `sample` uses.
        shape: (channels, height, width). classes: how many, or None.
        progress: the share of the budget that is spent, 0 to 1, kept by `training.fit`; the learning rate falls with it.
    """

    parts = ("network", "averaged", "optimizer", "steps_done")
    compilable = ("network",)

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int | None = None,
        *,
        width: int = 24,
        learning_rate: float = 2e-3,
        label_dropout: float = 0.1,
        ema_horizon: float = 0.07,
    ) -> None:
        self.shape, self.classes = tuple(shape), classes
        self.label_dropout, self.ema_horizon = label_dropout, ema_horizon
        self.network = UNet(self.shape, classes, width)
        self.averaged = copy.deepcopy(self.network).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=learning_rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )
        self.optimizer_step = OptimizerStep()

    @classmethod
    def for_data(cls, dataset: Any, **settings: Any) -> "FlowRecipe":
        """A recipe that fits a dataset's images (n, c, h, w) and labels (n,) or None.

        Args:
            dataset: has `images`, `labels` and `names`, as `datasets.load` gives.
            settings: width, learning_rate (at the start), label_dropout (the share of examples whose label is hidden, so that the network learns
                the velocity without a class, too), ema_horizon (the share of the training so far that the running average looks back over).

        Raises:
            ValueError: no images, height and width that aren't multiples of 4, or labels out of range.
        """
        return cls(image_shape(dataset), classes_of(dataset), **settings)

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """One step down the loss.

        Args:
            batch: (images, labels), or (images,) where there are no classes; images uint8, or floating point in [-1, 1].

        Returns:
            "loss", in squared units of the picture's scale, a mean over pixels. A network that says 0 has about 1 + the mean square of the pictures.
        """
        batch = self.check_batch(batch)
        scale_rate(self.optimizer, falling(self.progress))
        scalars = self.optimizer_step(self._loss, self.optimizer, batch)
        ema.update(self.averaged, self.network, ema.growing_decay(self.steps_done, self.ema_horizon))
        self.steps_done += 1
        return scalars

    def _loss(self, batch: tuple[Tensor, Tensor | None]) -> tuple[Tensor, dict[str, Tensor]]:
        images, labels = batch
        noise, t = torch.randn_like(images), torch.rand(len(images), device=images.device)
        if labels is not None:
            hidden = torch.rand(len(images), device=images.device) < self.label_dropout
            labels = labels.masked_fill(hidden, self.classes)
        (velocity,) = widened(self.network(between(noise, images, t), t, labels))
        loss = flow_loss(velocity, noise, images)
        return loss, {"loss": loss}

    @torch.no_grad()
    def velocity(self, x: Tensor, t: Tensor, labels: Tensor | None = None, guidance: float = 1.0) -> Tensor:
        """The averaged network's velocity at x (n, c, h, w) and t (n,). Guidance other than 1 costs a second evaluation.

        More than 250 pictures go through it in parts: a thousand at once don't fit a CPU's caches, and took half as long again.
        """
        if len(x) > AT_ONCE:
            cuts = [slice(start, start + AT_ONCE) for start in range(0, len(x), AT_ONCE)]
            told = [None if labels is None else labels[cut] for cut in cuts]
            return torch.cat([self.velocity(x[c], t[c], y, guidance) for c, y in zip(cuts, told, strict=True)])
        if labels is None or guidance == 1:
            return self.averaged(x, t, labels)
        return guided(self.averaged(x, t, labels), self.averaged(x, t, None), guidance)

    @torch.no_grad()
    def sample(
        self,
        n: int,
        labels: Any = None,
        generator: torch.Generator | None = None,
        *,
        steps: int = 10,
        method: str = "midpoint",
        guidance: float = 1.0,
    ) -> Tensor:
        """New pictures: noise, carried along.

        Args:
            n: how many.
            labels: a class number for each (n,), or one for all; None draws them at random.
            generator: source of the noise, on the CPU; None takes torch's own.
            steps, method: see `follow`.
            guidance: w of `guided`.

        Returns:
            (n, channels, height, width) in [-1, 1], on the recipe's device.

        Raises:
            ValueError, TypeError: labels that aren't whole numbers, of the wrong number, out of range, or given to a model without classes.
        """
        labels = self.labels_for(n, labels, generator)
        noise = torch.randn(n, *self.shape, generator=generator).to(self.device)
        return follow(lambda x, t: self.velocity(x, t, labels, guidance), noise, steps, method).clamp(-1, 1)
