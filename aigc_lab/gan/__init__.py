"""Generative adversarial networks. Lessons 01, 22, 23, 31, 32.

The names that the lessons use most can be taken from here, such as `gan.GanRecipe`.

- `losses`: what the two players minimise
- `networks`: the generator and the discriminator
- `penalties`: R1, R2, gradient penalty, spectral norm
- `recipe`: `GanRecipe`: one step of the game, sampling
- `augmented`: a GAN whose discriminator sees changed pictures
- `ring`: eight Gaussians on a ring: losing modes, counted
- `many_runs`: many tiny GANs at once
- `evaluation`: what to ask of a conditional GAN after training
- `evaluation_pictures`: its answers, drawn
- `pictures`: the game, drawn
"""

from aigc_lab.gan.losses import (
    discriminator_loss,
    generator_loss,
    hinge_discriminator_loss,
    hinge_generator_loss,
    minimax_generator_loss,
    optimal_discriminator,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    wasserstein_critic_loss,
    wasserstein_generator_loss,
)
from aigc_lab.gan.networks import Discriminator, Generator
from aigc_lab.gan.penalties import gradient_penalty, r1_penalty, r2_penalty, spectral_norm, with_spectral_norm
from aigc_lab.gan.recipe import GanRecipe

__all__ = [
    "Discriminator",
    "GanRecipe",
    "Generator",
    "augmented",
    "discriminator_loss",
    "evaluation",
    "evaluation_pictures",
    "generator_loss",
    "gradient_penalty",
    "hinge_discriminator_loss",
    "hinge_generator_loss",
    "losses",
    "many_runs",
    "minimax_generator_loss",
    "networks",
    "optimal_discriminator",
    "penalties",
    "pictures",
    "r1_penalty",
    "r2_penalty",
    "recipe",
    "relativistic_discriminator_loss",
    "relativistic_generator_loss",
    "ring",
    "spectral_norm",
    "wasserstein_critic_loss",
    "wasserstein_generator_loss",
    "with_spectral_norm",
]
