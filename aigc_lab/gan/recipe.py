r"""A class-conditional GAN that learns small pictures in seconds on two CPU cores.

Two networks play against each other. G turns noise z and a class y into a picture; D gives a logit that says how real a picture of that class
looks. D learns to rank real pictures above generated ones, G learns to turn that ranking round. Seven choices make it quick and steady:

- *pairs*: D compares a real and a generated picture of the same class, and can't win by calling everything fake (`gan_losses`);
- *projection*: D learns one direction a class in its last features, instead of being shown the label as an extra channel;
- *wrong labels*: D also ranks a real picture under its own label above the same picture under another one. Pairs within a class never ask
  for that, and without it G drifts from drawing the class that was wanted to drawing any;
- *no momentum* in Adam: with β₁ = 0.5, G settled on one drawing a class within 200 steps, a quarter of the variance of real digits;
- *R1*: D's slope at real pictures is penalised, every few steps only, with its weight raised to match;
- *a falling rate*: high while there is distance to cover, then down to almost nothing as the budget of `training.fit` is spent;
- *averaged weights*: pictures come from a running average of G, which changes less from step to step than G itself.
"""

import copy
from typing import Any

import torch
from torch import Tensor

from aigc_lab.gan.losses import relativistic_discriminator_loss, relativistic_generator_loss
from aigc_lab.gan.networks import Discriminator, Generator
from aigc_lab.gan.penalties import r1_penalty
from aigc_lab.recipes.ema import update_average
from aigc_lab.recipes.labels import check_labels, classes_of
from aigc_lab.recipes.learning_rate import falling, scale_rate
from aigc_lab.recipes.optimizer_step import Update, widened
from aigc_lab.transforms import to_signed


class GanRecipe:
    """Both players, their optimisers, and one step of the game. Train it with `training.fit`.

    Attributes:
        generator, discriminator: the players.
        averaged: the running average of the generator; `sample` uses it.
        shape: (channels, height, width). classes: how many, or None.
        progress: the share of the budget that is spent, 0 to 1, kept by `training.fit`; the learning rate falls with it.
    """

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
        memory: float = 0.1,
    ) -> None:
        self.shape, self.classes = tuple(shape), classes
        self.generator = Generator(self.shape, classes, width, latent)
        self.discriminator = Discriminator(self.shape, classes, width)
        self.averaged = copy.deepcopy(self.generator).requires_grad_(False)
        self.learning_rate, self.gamma, self.r1_every = learning_rate, gamma, r1_every
        self.label_weight, self.memory = label_weight, memory
        self._make_optimisers()
        self.steps_done, self.progress = 0, 0.0
        self.update = Update()
        self._penalty = torch.zeros(())
        self._drawn: list[
            tuple[Tensor, Tensor]
        ] = []  # what G drew in D's turn, and D's logits of real pictures, for G's turn

    @classmethod
    def for_data(cls, dataset: Any, **settings: Any) -> "GanRecipe":
        """A recipe that fits a dataset's images (n, c, h, w) and labels (n,) or None.

        Args:
            dataset: has `images`, `labels` and `names`, as `datasets.load` gives.
            settings: width, latent, learning_rate (at the start), gamma (weight of R1), r1_every (steps between two penalties), label_weight
                (of telling labels, at the start; it falls as 1 / (1 + steps / 200)), memory (the share of the training so far
                that the running average remembers).

        Raises:
            ValueError: no images, height and width that aren't multiples of 4, or labels out of range.
        """
        if getattr(dataset, "images", None) is None:
            raise ValueError("a GAN learns images, and this dataset has none")
        return cls(tuple(dataset.images.shape[1:]), classes_of(dataset), **settings)

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """D learns from one batch, then G does.

        Args:
            batch: (images, labels), or (images,) where there are no classes; images uint8, or floating point in [-1, 1].

        Returns:
            The losses in nats, both log 2 = 0.693 where D is guessing; the R1 penalty as last measured.

        Raises:
            ValueError: pictures of another shape than the recipe's, none, without labels or with labels out of range, or, at the first step,
                floating-point pictures outside [-1, 1].
        """
        batch = self._check_batch(batch)
        for optimiser in (self.d_optimiser, self.g_optimiser):
            scale_rate(optimiser, falling(self.progress))
        self._drawn.clear()
        scalars = self.update(self._discriminator_loss, self.d_optimiser, batch)
        self._penalty = scalars.pop("R1", self._penalty)
        self.discriminator.requires_grad_(False)  # G's turn: no gradient for D's weights is computed
        scalars |= self.update(self._generator_loss, self.g_optimiser, batch)
        self.discriminator.requires_grad_(True)
        update_average(self.averaged, self.generator, decay=1 - 1 / (1 + self.memory * self.steps_done))
        self.steps_done += 1
        return scalars | {"R1": self._penalty}

    def _discriminator_loss(self, batch: tuple[Tensor, Tensor | None]) -> tuple[Tensor, dict[str, Tensor]]:
        real, labels = batch
        z = torch.randn(len(real), self.generator.latent, device=real.device)
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
        self._drawn.append((fake, real_logits.detach()))
        return objective, scalars

    def _generator_loss(self, batch: tuple[Tensor, Tensor | None]) -> tuple[Tensor, dict[str, Tensor]]:
        fake, real_logits = self._drawn.pop(0)
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
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        device = next(self.averaged.parameters()).device
        labels = check_labels(n, labels, self.classes, generator)
        z = torch.randn(n, self.averaged.latent, generator=generator)
        return self.averaged(z.to(device), None if labels is None else labels.to(device))

    def to(self, device: torch.device | str) -> "GanRecipe":
        """Move the players to a device. The optimisers' memory goes with them."""
        for module in (self.generator, self.discriminator, self.averaged):
            module.to(device)
        for optimiser in (self.g_optimiser, self.d_optimiser):
            optimiser.load_state_dict(optimiser.state_dict())  # casts its state to where the weights are
        self._penalty = self._penalty.to(device)
        return self

    def state_dict(self) -> dict[str, Any]:
        parts = ("generator", "discriminator", "averaged", "g_optimiser", "d_optimiser")
        return {part: getattr(self, part).state_dict() for part in parts} | {
            "steps_done": self.steps_done,
            "penalty": self._penalty,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for part in ("generator", "discriminator", "averaged", "g_optimiser", "d_optimiser"):
            getattr(self, part).load_state_dict(copy.deepcopy(state[part]))  # an optimiser would share its memory
        self.steps_done = state["steps_done"]
        self._penalty = state["penalty"].to(self._penalty.device)

    def _check_batch(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor | None]:
        real, labels = batch[0], batch[1] if self.classes and len(batch) > 1 else None
        if len(real) == 0 or tuple(real.shape[1:]) != self.shape:
            raise ValueError(
                f"this recipe draws pictures of shape {self.shape}, and the batch has shape {tuple(real.shape)}: "
                "make it from the data you train on, with GanRecipe.for_data(dataset)"
            )
        if not real.is_floating_point():
            real = to_signed(real)
        elif self.steps_done == 0 and not real.abs().max() <= 1.001:  # once: on a GPU each look costs a wait
            raise ValueError(
                f"pictures must be uint8, or lie in [-1, 1]; the first batch holds {real.min():.4g} to {real.max():.4g}"
            )
        if self.classes:
            if labels is None:
                raise ValueError(f"this recipe has {self.classes} classes: a batch is (images, labels)")
            if not labels.is_cuda:
                check_labels(len(real), labels, self.classes)
        return real, labels

    def _make_optimisers(self) -> None:
        settings = {"lr": self.learning_rate, "betas": (0.0, 0.99), "fused": True}
        self.g_optimiser = torch.optim.Adam(self.generator.parameters(), **settings)
        self.d_optimiser = torch.optim.Adam(self.discriminator.parameters(), **settings)
