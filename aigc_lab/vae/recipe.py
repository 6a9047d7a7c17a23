r"""A variational autoencoder that learns small pictures in a minute on two CPU cores.

The encoder turns a picture into a distribution over latents, q(z|x) = N(μ, σ²); the decoder turns a latent into a distribution over pictures,
p(x|z); training raises the evidence lower bound on log p(x). Drawing from the prior p(z) = N(0, I) and decoding gives new pictures.

- *Bernoulli* decoder: p(x|z) is a distribution over black and white pictures. Grey ones are therefore turned into black
  and white by coin flips, white with the grey value's probability, anew at every step. The bound is about such
  pictures; `binarise` makes the one fixed copy on which it is reported.
- *Gaussian* decoder: p(x|z) is a density over grey or colour values in [0, 1], with a single σ for all of them, which is
  learnt too.
- *A falling rate and averaged weights*: the learning rate falls as the budget of `training.fit` is spent. All that is
  shown or measured comes from a running average of both networks, which looks back over a share of the training so far.
  Either measure alone does most of what both do together.
"""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from aigc_lab.recipes import ema
from aigc_lab.recipes.learning_rate import falling, scale_rate
from aigc_lab.recipes.optimizer_step import OptimizerStep, widened
from aigc_lab.recipes.recipe import ImageRecipe, image_shape
from aigc_lab.transforms import to_unit
from aigc_lab.vae.losses import (
    bernoulli_log_likelihood,
    elbo,
    free_bits,
    gaussian_log_likelihood,
    iwae_bound,
    kl_per_dimension,
    kl_standard_normal,
    reparameterize,
)
from aigc_lab.vae.networks import Decoder, Encoder


def binarise(images: Tensor, seed: int = 0) -> Tensor:
    """One black and white copy of grey pictures: each value is white with its own brightness as probability.

    Args:
        images: uint8, or floating point in [0, 1], any shape.
        seed: of the coin flips. The same seed and pictures give the same copy, so reported bounds can be compared.

    Returns:
        float32 of zeros and ones, same shape, on the same device.

    Raises:
        ValueError: floats outside [0, 1].

    Source:
        Salakhutdinov and Murray, "On the Quantitative Analysis of Deep Belief Networks", 2008, for digits.
    """
    grey = _unit(images)
    return torch.bernoulli(grey.cpu().float(), generator=torch.Generator().manual_seed(seed)).to(images.device)


class VaeRecipe(ImageRecipe):
    """Encoder, decoder, their optimiser, and one step of raising the bound. Train it with `training.fit`.

    Attributes:
        model: the networks in training, `model.encoder` and `model.decoder`. averaged: their running average, which all methods but `step` use.
        shape: (channels, height, width). latent: dimensions of z. likelihood: "bernoulli" or "gaussian".
        progress: the share of the budget that is spent, 0 to 1, kept by `training.fit`; the learning rate falls with it.
    """

    parts = ("model", "averaged", "optimizer", "steps_done")
    compilable = ("model.encoder", "model.decoder")

    def __init__(
        self,
        shape: tuple[int, int, int],
        *,
        latent: int = 20,
        width: int = 16,
        hidden: int = 256,
        likelihood: str = "bernoulli",
        beta: float = 1.0,
        free_bits: float = 0.0,
        learning_rate: float = 5e-3,
        ema_horizon: float = 0.07,
    ) -> None:
        if likelihood not in ("bernoulli", "gaussian"):
            raise ValueError(f"likelihood must be 'bernoulli' or 'gaussian', got {likelihood!r}")
        if latent < 1 or not beta >= 0 or not free_bits >= 0:
            raise ValueError(
                f"latent must be at least 1, beta and free_bits at least 0; got {latent}, {beta}, {free_bits}"
            )
        self.shape, self.latent, self.likelihood = tuple(shape), latent, likelihood
        self.beta, self.free_bits, self.ema_horizon = beta, free_bits, ema_horizon
        self.model = nn.Module()
        self.model.encoder = Encoder(self.shape, latent, width, hidden)
        self.model.decoder = Decoder(self.shape, latent, width)
        if likelihood == "gaussian":
            self.model.noise_logvar = nn.Parameter(torch.tensor(-3.0))  # log σ² of a pixel: σ = 0.22 to begin with
        self.averaged = copy.deepcopy(self.model).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=learning_rate, betas=(0.9, 0.99), weight_decay=0.1, fused=True
        )
        self.optimizer_step = OptimizerStep()

    @classmethod
    def for_data(cls, dataset: Any, **settings: Any) -> "VaeRecipe":
        """A recipe that fits a dataset's images (n, c, h, w). Labels are not used.

        Args:
            dataset: has `images`, as `datasets.load` gives.
            settings: latent, width, hidden (sizes; hidden is the encoder's dense layer), likelihood ("bernoulli" or "gaussian"), beta (weight of the KL), free_bits
                (nats that each latent dimension may cost for free), learning_rate (at the start), ema_horizon (the share of the training so far that
                the running average looks back over, roughly).

        Raises:
            ValueError: no images, height and width that aren't multiples of 4, or a setting out of range.
        """
        return cls(image_shape(dataset), **settings)

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """Raise the bound of one batch.

        Args:
            batch: (images, ...); images uint8, or floating point in [0, 1]. What follows, such as labels, is ignored.

        Returns:
            Nats a picture: "loss" = reconstruction + β KL (with free bits: their term in place of the KL), "reconstruction" = -log p(x|z), "KL".
        """
        scale_rate(self.optimizer, falling(self.progress))
        images = _unit(self.check_images(batch[0]), look=self.steps_done == 0)  # once: each look makes a GPU wait
        scalars = self.optimizer_step(self._loss, self.optimizer, (images,))
        ema.update(self.averaged, self.model, ema.growing_decay(self.steps_done, self.ema_horizon))
        self.steps_done += 1
        return scalars

    def _loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        (x,) = batch
        if self.likelihood == "bernoulli":
            x = torch.bernoulli(x)
        mu, logvar = widened(*self.model.encoder(x))
        log_likelihood = self._log_likelihood(self.model, x, reparameterize(mu, logvar))
        kl = kl_per_dimension(mu, logvar)
        loss = -elbo(log_likelihood, free_bits(kl, self.free_bits), self.beta)
        return loss, {"loss": loss, "reconstruction": -log_likelihood.mean(), "KL": kl.sum(dim=1).mean()}

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None, temperature: float = 1.0) -> Tensor:
        """New pictures: z from the prior, decoded.

        Args:
            n: how many.
            generator: source of z, on the CPU; None takes torch's own.
            temperature: z is multiplied by it; below 1, the pictures are more typical and less varied.

        Returns:
            (n, channels, height, width) in [0, 1], on the recipe's device: the probability of white, or the mean. `binarise` turns
            probabilities into what a Bernoulli decoder really draws.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        if not temperature >= 0:
            raise ValueError(f"temperature must be 0 or more, got {temperature}")
        return self.decode(temperature * torch.randn(n, self.latent, generator=generator).to(self.device))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of q(z|x), (n, latent) each, of images that are uint8 or in [0, 1]."""
        return self.averaged.encoder(self._input(images))

    def decode(self, z: Tensor) -> Tensor:
        """The mean picture at z: (n, latent) -> (n, channels, height, width) in [0, 1]. Gradients flow to z if it asks for them."""
        if z.ndim != 2 or z.shape[1] != self.latent:
            raise ValueError(f"z must be (n, {self.latent}), got {tuple(z.shape)}")
        return self.averaged.decoder(z.to(self.device)).sigmoid()

    def reconstruct(self, images: Tensor) -> Tensor:
        """Pictures decoded from the means of their own codes, in [0, 1]."""
        return self.decode(self.encode(images)[0])

    @torch.no_grad()
    def bound(self, images: Tensor, samples: int = 1, generator: torch.Generator | None = None) -> Tensor:
        """A lower bound on log p(x) of each picture.

        Args:
            images: for a Bernoulli decoder zeros and ones (`binarise` makes them); for a Gaussian one uint8 or in [0, 1].
            samples: k draws of z per picture. 1 gives the ELBO, with its KL in closed form; more give the
                importance-weighted bound, which is tighter.
            generator: source of the draws, on the CPU; None takes torch's own.

        Returns:
            Nats, (n,), negative: 95 nats in the literature are -95 here. For a Gaussian decoder log densities, which may be positive.

        Raises:
            ValueError: grey pictures for a Bernoulli decoder, which has no probability for them.
        """
        x = self._input(images)
        if self.likelihood == "bernoulli" and not ((x == 0) | (x == 1)).all():
            raise ValueError(
                "a Bernoulli decoder gives probabilities of black and white pictures only: use binarise(images)"
            )
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        return torch.cat([self._bound(part, samples, generator) for part in x.split(500)])

    def _bound(self, x: Tensor, samples: int, generator: torch.Generator | None) -> Tensor:
        mu, logvar = self.averaged.encoder(x)
        log_weights = []
        for _ in range(samples):
            z = reparameterize(mu, logvar, generator)
            log_likelihood = self._log_likelihood(self.averaged, x, z)
            if samples == 1:
                return log_likelihood - kl_standard_normal(mu, logvar)
            zero = torch.zeros((), device=x.device)
            log_prior, log_posterior = gaussian_log_likelihood(z, 0 * z, zero), gaussian_log_likelihood(z, mu, logvar)
            log_weights.append(log_likelihood + log_prior - log_posterior)
        return iwae_bound(torch.stack(log_weights))

    def _log_likelihood(self, model: nn.Module, x: Tensor, z: Tensor) -> Tensor:
        (logits,) = widened(model.decoder(z))
        if self.likelihood == "bernoulli":
            return bernoulli_log_likelihood(x, logits)
        return gaussian_log_likelihood(x, logits.sigmoid(), model.noise_logvar)

    def _input(self, images: Tensor) -> Tensor:
        return _unit(self.check_images(images).to(self.device))


def _unit(images: Tensor, look: bool = True) -> Tensor:
    """Bytes or floats as floats in [0, 1]. With `look`, floats outside are refused."""
    if images.dtype == torch.uint8:
        return to_unit(images)
    if not images.is_floating_point():
        raise TypeError(f"images must be uint8 or floating point in [0, 1], got {images.dtype}")
    if look and images.numel() and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            f"images must lie in [0, 1], got {images.min():.3g} to {images.max():.3g}: are they in [-1, 1]?"
        )
    return images
