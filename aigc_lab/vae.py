"""A variational autoencoder."""

from aigc_lab.vae_losses import (
    bernoulli_log_likelihood,
    elbo,
    free_bits,
    gaussian_log_likelihood,
    iwae_bound,
    kl_per_dimension,
    kl_standard_normal,
    reparameterize,
)

__all__ = [
    "bernoulli_log_likelihood",
    "elbo",
    "free_bits",
    "gaussian_log_likelihood",
    "iwae_bound",
    "kl_per_dimension",
    "kl_standard_normal",
    "reparameterize",
]
