"""What to ask of a trained latent-variable model: how many dimensions it uses, and how good its bound is."""

import math

from torch import Tensor


def active_dimensions(mu: Tensor, threshold: float = 0.01) -> int:
    r"""How many latent dimensions say something about the picture: those whose mean μ varies from picture to picture.

    .. math:: \#\{j : \mathrm{Var}_x[\mu_j(x)] > \text{threshold}\}

    Args:
        mu: means of q(z|x) for n >= 2 pictures, (n, latent).
        threshold: the least variance that counts, in squared units of the prior's standard deviation.

    Source:
        Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016, section 5.2.
    """
    return int((mu.var(dim=0) > threshold).sum())


def bits_per_dimension(bound: Tensor, shape: tuple[int, int, int]) -> Tensor:
    r"""Bits per number of a picture, from a bound on log p(x) in nats. Lower is better, and sizes can be compared.

    .. math:: -\frac{\text{bound}}{\log 2 \cdot c \cdot h \cdot w}

    Args:
        bound: nats, any shape.
        shape: (channels, height, width) of a picture.

    Returns:
        Bits, the shape of `bound`.
    """
    channels, height, width = shape
    return -bound / (math.log(2) * channels * height * width)
