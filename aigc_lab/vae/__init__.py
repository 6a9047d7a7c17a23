"""Variational autoencoders. Lessons 24, 33.

The names that the lessons use most can be taken from here, such as `vae.VaeRecipe`.

- `losses`: reparametrisation, KL, likelihoods, ELBO, IWAE
- `networks`: encoder and decoder
- `recipe`: `VaeRecipe`: one step of raising the bound, sampling, the bound of test pictures
- `latent_space`: dimensions in use, bits per dimension
- `pictures`: the bound and its gap, drawn
"""

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
from aigc_lab.vae.recipe import VaeRecipe, binarise

__all__ = [
    "Decoder",
    "Encoder",
    "VaeRecipe",
    "bernoulli_log_likelihood",
    "binarise",
    "elbo",
    "free_bits",
    "gaussian_log_likelihood",
    "iwae_bound",
    "kl_per_dimension",
    "kl_standard_normal",
    "latent_space",
    "losses",
    "networks",
    "pictures",
    "recipe",
    "reparameterize",
]
