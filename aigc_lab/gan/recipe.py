r"""A class-conditional GAN that learns small pictures in seconds on two CPU cores.

Two networks play against each other. G turns noise z and a class y into a picture; D gives a logit that says how real a
picture of that class looks. D learns to rank real pictures above generated ones, G learns to reverse that ranking.
Seven choices make it quick and steady:

- *pairs*: D compares a real and a generated picture of the same class, and can't win by calling everything fake (`losses`);
- *projection*: D learns one direction per class among its last features, and doesn't see the label as an extra channel;
- *wrong labels*: D also ranks a real picture under its own label above the same picture under another one. Pairs within a
  class never ask for that, and without it G drifts from drawing the class that it is asked for to drawing any;
- *no momentum* in Adam: with β₁ = 0.5, G settled on one drawing per class within 200 steps, with a quarter of the variance
  of real digits;
- *R1*: D's slope at real pictures is penalised, every few steps only, with its weight raised to match;
- *a falling rate*: high while there is distance to cover, then down to almost nothing as the budget of `training.fit` is
  spent;
- *averaged weights*: pictures come from a running average of G, which changes less from step to step than G itself.
"""

import copy
from typing import Any

import torch
from torch import Tensor

from aigc_lab.gan.losses import relativistic_discriminator_loss, relativistic_generator_loss
from aigc_lab.gan.networks import Discriminator, Generator
from aigc_lab.gan.penalties import r1_penalty
from aigc_lab.recipes import ema
from aigc_lab.recipes.labels import classes_of
from aigc_lab.recipes.learning_rate import falling, scale_rate
from aigc_lab.recipes.optimizer_step import OptimizerStep, widened
from aigc_lab.recipes.recipe import ImageRecipe, image_shape


class GanRecipe(ImageRecipe):
    """Both players, their optimisers, and one step of the game. Train it with `training.fit`.

    Attributes:
        generator, discriminator: the players.
        averaged: the running average of the generator; `sample` uses it.
        shape: (channels, height, width). classes: how many, or None.
        penalty: R1 as last measured.
        progress: the share of the budget that is spent, 0 to 1, kept by `training.fit`; the learning rate falls with it.
    """

    parts = ("generator", "discriminator", "averaged", "g_optimizer", "d_optimizer", "steps_done", "penalty")
    compilable = ("generator",)  # not D: torch.compile can't differentiate twice, which R1 asks for

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int | None = None,
        *,
        width: int = 16,
        latent: int = 32,
        learning_rate: float = 5e-3,
        gamma: float = 0.7,
        r1_every: int = 4,
        label_weight: float = 0.3,
        ema_horizon: float = 0.1,
    ) -> None:
        self.shape, self.classes = tuple(shape), classes
        self.generator = Generator(self.shape, classes, width, latent)
        self.discriminator = Discriminator(self.shape, classes, width)
        self.averaged = copy.deepcopy(self.generator).requires_grad_(False)
        self.learning_rate, self.ema_horizon = learning_rate, ema_horizon
        self.gamma, self.r1_every, self.label_weight = gamma, r1_every, label_weight
        settings = {"lr": learning_rate, "betas": (0.0, 0.99), "fused": True}
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), **settings)
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), **settings)
        self.optimizer_step = OptimizerStep()
        self.penalty = torch.zeros(())
        # Kept for G's turn, for each part of the batch: what G drew in D's turn, or the noise to draw it again from, and
        # D's logits of the real pictures.
        self._drawn: list[tuple[Tensor, Tensor]] = []

    @classmethod
    def for_data(cls, dataset: Any, **settings: Any) -> "GanRecipe":
        """A recipe that fits a dataset's images (n, c, h, w) and labels (n,) or None.

        Args:
            dataset: has `images`, `labels` and `names`, as `datasets.load` gives.
            settings: width, latent, learning_rate (at the start), gamma (weight of R1), r1_every (steps between two penalties), label_weight
                (of telling labels, at the start; it falls as 1 / (1 + steps / 200)), ema_horizon (the share of the training so far
                that the running average remembers).

        Raises:
            ValueError: no images, height and width that aren't multiples of 4, or labels out of range.
        """
        return cls(image_shape(dataset), classes_of(dataset), **settings)

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """D learns from one batch, then G does.

        Args:
            batch: (images, labels), or (images,) where there are no classes; images uint8, or floating point in [-1, 1].

        Returns:
            The losses in nats, both log 2 = 0.693 where D is guessing; the R1 penalty as last measured.

        Raises:
            ValueError: no pictures, or of another shape than the recipe's; labels that are missing or out of range; or,
                at the first step, floating-point pictures outside [-1, 1].
        """
        batch = self.check_batch(batch)
        for optimizer in (self.d_optimizer, self.g_optimizer):
            scale_rate(optimizer, falling(self.progress))
        try:
            scalars = self.optimizer_step(self._discriminator_loss, self.d_optimizer, batch)
            self.discriminator.requires_grad_(False)  # G's turn: no gradient for D's weights is computed
            scalars |= self.optimizer_step(self._generator_loss, self.g_optimizer, batch)
        finally:  # also when a turn is broken off: D can learn again, and no graph holds memory
            self.discriminator.requires_grad_(True)
            self._drawn.clear()
        self.penalty = scalars.pop("R1", self.penalty)
        ema.update(self.averaged, self.generator, ema.growing_decay(self.steps_done, self.ema_horizon))
        self.steps_done += 1
        return scalars | {"R1": self.penalty}

    @property
    def _draws_twice(self) -> bool:
        """Whether G draws again in its own turn, as it does if a batch is taken in parts to save memory.

        Otherwise the graphs of all parts would have to be kept until then.
        """
        return self.optimizer_step.accumulate > 1

    def _discriminator_loss(self, batch: tuple[Tensor, Tensor | None]) -> tuple[Tensor, dict[str, Tensor]]:
        real, labels = batch
        z = torch.randn(len(real), self.generator.latent, device=real.device)
        with torch.set_grad_enabled(not self._draws_twice):
            fake = self.generator(z, labels)
        real_phi, fake_phi = self.discriminator.features(torch.cat([real, fake.detach()])).chunk(2)
        score = self.discriminator.score
        real_logits, fake_logits = widened(score(real_phi, labels), score(fake_phi, labels))
        objective = d_loss = relativistic_discriminator_loss(real_logits, fake_logits)
        scalars = {"discriminator": d_loss}
        if self.classes and self.classes > 1:
            others = (labels + torch.randint(1, self.classes, labels.shape, device=labels.device)) % self.classes
            label_loss = relativistic_discriminator_loss(real_logits, *widened(score(real_phi, others)))
            objective = objective + self.label_weight / (1 + self.steps_done / 200) * label_loss
        if self.steps_done % self.r1_every == 0:
            scalars["R1"] = r1_penalty(self.discriminator, real, *([labels] if self.classes else []))
            objective = objective + self.gamma / 2 * self.r1_every * scalars["R1"]
        self._drawn.append((z if self._draws_twice else fake, real_logits.detach()))
        return objective, scalars

    def _generator_loss(self, batch: tuple[Tensor, Tensor | None]) -> tuple[Tensor, dict[str, Tensor]]:
        fake, real_logits = self._drawn.pop(0)
        if self._draws_twice:
            fake = self.generator(fake, batch[1])
        g_loss = relativistic_generator_loss(real_logits, *widened(self.discriminator(fake, batch[1])))
        return g_loss, {"generator": g_loss}

    @torch.no_grad()
    def sample(self, n: int, labels: Any = None, generator: torch.Generator | None = None) -> Tensor:
        """Pictures from the averaged generator.

        Args:
            n: how many.
            labels: a class number for each (n,), or one for all; None draws them at random.
            generator: source of the noise, on the CPU; None takes torch's own.

        Returns:
            (n, channels, height, width) in [-1, 1], on the recipe's device.

        Raises:
            ValueError, TypeError: labels that aren't whole numbers, of the wrong number, out of range, or given to a model without classes.
        """
        labels = self.labels_for(n, labels, generator)
        z = torch.randn(n, self.averaged.latent, generator=generator)
        return self.averaged(z.to(self.device), labels)
