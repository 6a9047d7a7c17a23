r"""What a variational autoencoder maximises, term by term.

An example x is explained by a latent z: the decoder gives p(x|z), the encoder q(z|x) = N(μ, σ²) with a diagonal covariance, the prior is
p(z) = N(0, I). Variances travel as logarithms, `logvar` = log σ², and Bernoulli pixels as logits, so nothing here overflows at ±80.

One reduction everywhere: **sum over the dimensions of an example, mean over the batch.** A function that ends in (batch,) has summed the
dimensions; only `elbo` and `free_bits` take the mean. All values are in nats. A mean over pixels in place of the sum would divide the
likelihood by their number and leave the KL as it is. For 28×28 pictures that amounts to a β of 784, which nobody chose.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def reparameterize(mu: Tensor, logvar: Tensor, generator: torch.Generator | None = None) -> Tensor:
    r"""A draw from N(μ, σ²) through which gradients flow to μ and σ.

    .. math:: z = \mu + \sigma\,\varepsilon, \qquad \varepsilon \sim N(0, I), \qquad \sigma = e^{\mathrm{logvar} / 2}

    Args:
        mu, logvar: mean and log σ², same shape.
        generator: source of ε; None takes torch's own. ε is drawn on its device.

    Returns:
        z, same shape.

    Raises:
        TypeError, ValueError: not floating point, empty, or of different shapes.

    Source:
        Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, section 2.4.
    """
    _check(mu=mu, logvar=logvar)
    where = mu.device if generator is None else generator.device
    epsilon = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=where).to(mu.device)
    return mu + (0.5 * logvar).exp() * epsilon


def kl_per_dimension(mu: Tensor, logvar: Tensor) -> Tensor:
    r"""KL(N(μ, σ²) ‖ N(0, 1)) of each latent dimension by itself.

    .. math:: \tfrac12\left(\mu^2 + \sigma^2 - 1 - \log\sigma^2\right)

    Args:
        mu, logvar: mean and log σ², same shape.

    Returns:
        Nats, same shape, never negative; 0 says that this dimension tells nothing about x.
    """
    _check(mu=mu, logvar=logvar)
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar)  # expm1(l) = σ² - 1, exact where σ is near 1


def kl_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    r"""KL(q(z|x) ‖ p(z)) of each example: what its latent code costs.

    .. math:: \mathrm{KL} = \tfrac12 \sum_j \left(\mu_j^2 + \sigma_j^2 - 1 - \log\sigma_j^2\right)

    Args:
        mu, logvar: mean and log σ², (batch, latent). `logvar` is log σ², not log σ: they differ by
            a factor of 2, which raises no error and shows only in the results.

    Returns:
        Nats, (batch,).

    Raises:
        TypeError, ValueError: not floating point, empty, or of different shapes.

    Source:
        Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, appendix B.
    """
    return _sum(kl_per_dimension(mu, logvar))


def bernoulli_log_likelihood(x: Tensor, logits: Tensor) -> Tensor:
    r"""log p(x|z) where each pixel is black or white, white with probability σ(l).

    .. math:: \log p(x \mid z) = \sum_i x_i \log\sigma(l_i) + (1 - x_i)\log(1 - \sigma(l_i))

    This is a likelihood for x of zeros and ones only. For grey x it is a cross-entropy: its best value is not 0, and it can't be compared
    with the nats of binarised pictures.

    Args:
        x: in [0, 1], (batch, ...).
        logits: l, same shape.

    Returns:
        Nats, (batch,), never positive; -log 2 = -0.693 a pixel where the decoder is guessing.

    Raises:
        TypeError, ValueError: not floating point, empty, of different shapes, or x outside [0, 1].
    """
    _check(x=x, logits=logits)
    if not (x.min() >= 0 and x.max() <= 1):  # NaN is caught, too
        raise ValueError(f"x must lie in [0, 1], got {x.min():.3g} to {x.max():.3g}: scale with transforms.to_unit")
    return -_sum(F.binary_cross_entropy_with_logits(logits, x, reduction="none"))


def gaussian_log_likelihood(x: Tensor, mean: Tensor, logvar: Tensor) -> Tensor:
    r"""log p(x|z) where each pixel is N(mean, σ²).

    .. math:: \log p(x \mid z) = -\tfrac12 \sum_i \left(\log 2\pi + \log\sigma_i^2 + (x_i - m_i)^2 / \sigma_i^2\right)

    This is a density, so it may be positive, and it depends on the unit of x: pixel values twice as large cost log 2
    each. With σ² = 1/2 it is minus the squared error, plus a constant; another σ² weighs the error against the KL, as β
    does.

    Args:
        x: (batch, ...).
        mean: same shape.
        logvar: log σ², of a shape that broadcasts to it, such as () or (1, 3, 1, 1).

    Returns:
        Nats, (batch,).

    Raises:
        TypeError, ValueError: not floating point, empty, or shapes that don't fit.
    """
    _check(x=x, mean=mean)
    _check(logvar=logvar)
    try:
        logvar = logvar.expand(x.shape)
    except RuntimeError:
        raise ValueError(f"logvar must broadcast to {tuple(x.shape)}, got {tuple(logvar.shape)}") from None
    return -0.5 * _sum(math.log(2 * math.pi) + logvar + (x - mean).square() * (-logvar).exp())


def free_bits(kl_per_dimension: Tensor, nats: float) -> Tensor:
    r"""The KL term of a loss that lets each latent dimension cost `nats` before it counts.

    .. math:: \sum_j \max\left(\lambda,\ \mathbb{E}_{batch}[\mathrm{KL}_j]\right)

    Below λ a dimension has no gradient of the KL, so nothing pushes it to say nothing: a cure for posterior collapse. The mean over the batch
    comes first, so that one example may use a dimension that another leaves unused.

    Args:
        kl_per_dimension: (batch, latent), from `kl_per_dimension`.
        nats: λ >= 0 (0.693 nats are a bit). 0 gives the mean KL.

    Returns:
        Scalar in nats, to be given to `elbo` as `kl`. It is a loss, not a bound: never report it as one.

    Raises:
        TypeError, ValueError: not floating point, empty, not of shape (batch, latent), or a negative λ.

    Source:
        Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow", 2016, appendix C.
    """
    _check(kl_per_dimension=kl_per_dimension)
    if kl_per_dimension.ndim != 2:
        raise ValueError(f"kl_per_dimension must be (batch, latent), got {tuple(kl_per_dimension.shape)}")
    if not nats >= 0:
        raise ValueError(f"nats must be 0 or more, got {nats}")
    return kl_per_dimension.mean(dim=0).clamp(min=nats).sum()


def elbo(log_likelihood: Tensor, kl: Tensor, beta: float = 1.0) -> Tensor:
    r"""The evidence lower bound, mean over the batch. Training maximises it: the loss is its negative.

    .. math:: \mathrm{ELBO} = \mathbb{E}_{x}\left[\mathbb{E}_{q(z|x)}[\log p(x \mid z)] - \beta\,\mathrm{KL}(q(z|x) \,\|\, p(z))\right]

    Only for β = 1 is it a bound on log p(x) that can be reported (for β > 1 a looser one, for β < 1 none).

    Args:
        log_likelihood: log p(x|z) at a draw z from q(z|x), (batch,).
        kl: KL of each example (batch,), or a mean over the batch, as `free_bits` gives.
        beta: weight of the KL.

    Returns:
        Scalar in nats, the higher the better.

    Raises:
        TypeError, ValueError: not floating point, empty, or not one number an example (sum over dimensions first).

    Source:
        Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, eq. 3; β: Higgins et al., "beta-VAE", 2017.
    """
    _check(log_likelihood=log_likelihood)
    _check(kl=kl)
    if log_likelihood.ndim != 1 or kl.shape not in ((), log_likelihood.shape):
        raise ValueError(
            "expected one number an example, log_likelihood (batch,) and kl (batch,) or a scalar; "
            f"got {tuple(log_likelihood.shape)} and {tuple(kl.shape)}: sum over the dimensions first"
        )
    return log_likelihood.mean() - beta * kl.mean()


def iwae_bound(log_weights: Tensor) -> Tensor:
    r"""The importance-weighted bound: k draws of z explain x together.

    .. math:: \log \frac1k \sum_{i=1}^k w_i, \qquad \log w_i = \log p(x \mid z_i) + \log p(z_i) - \log q(z_i \mid x), \quad z_i \sim q(z \mid x)

    For k = 1 its mean is the ELBO; it grows with k, on average, and reaches log p(x) in the limit.

    Args:
        log_weights: log w, (k, batch).

    Returns:
        Nats, (batch,).

    Raises:
        TypeError, ValueError: not floating point, empty, or not of shape (k, batch).

    Source:
        Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016, eq. 8.
    """
    _check(log_weights=log_weights)
    if log_weights.ndim != 2:
        raise ValueError(f"log_weights must be (k, batch), got {tuple(log_weights.shape)}")
    return log_weights.logsumexp(dim=0) - math.log(len(log_weights))


def _sum(values: Tensor) -> Tensor:
    """Sum over all dimensions but the first."""
    return values.reshape(len(values), -1).sum(dim=1)


def _check(**named: Tensor) -> None:
    """Floating point, not empty, and all of one shape: broadcasting would hide a mistake."""
    for name, values in named.items():
        if not values.is_floating_point():
            raise TypeError(f"{name} must be floating point, got {values.dtype}")
        if values.numel() == 0:
            raise ValueError(f"{name} is empty, shape {tuple(values.shape)}: the mean over no example is not a number")
    shapes = {name: tuple(values.shape) for name, values in named.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(
            "shapes must be equal, got " + " and ".join(f"{name} {shape}" for name, shape in shapes.items())
        )
    if len(named) > 1 and next(iter(named.values())).ndim == 0:
        raise ValueError(f"{' and '.join(named)} must have the batch as first dimension, got single numbers")
