"""What one does with a trained latent-variable model: walk between codes, count the dimensions in use, and report a bound."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def slerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    r"""Spherical interpolation: from a to b along the arc instead of the chord.

    .. math:: \frac{\sin((1 - t)\,\omega)}{\sin\omega}\,a + \frac{\sin(t\,\omega)}{\sin\omega}\,b, \qquad \cos\omega = \frac{a \cdot b}{\lVert a\rVert\,\lVert b\rVert}

    Where a and b are equally long, so is everything between them. Where they point the same way, the arc is the chord.

    Args:
        a, b: codes, (n, d) each; none of them 0.
        t: 0 gives a, 1 gives b.

    Returns:
        (n, d).

    Source:
        Shoemake, "Animating Rotation with Quaternion Curves", 1985; for generators: White, "Sampling Generative Networks", 2016.
    """
    omega = F.cosine_similarity(a, b, dim=1).clamp(-1, 1).arccos()[:, None]
    arc = (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)
    return torch.where(omega < 1e-4, (1 - t) * a + t * b, arc)


def active_dimensions(mu: Tensor, threshold: float = 0.01) -> int:
    r"""How many latent dimensions say something about the picture: those whose mean μ varies from picture to picture.

    .. math:: \#\{j : \mathrm{Var}_x[\mu_j(x)] > \text{threshold}\}

    Args:
        mu: means of q(z|x) for n >= 2 pictures, (n, latent).
        threshold: in squared units of the prior's standard deviation.

    Source:
        Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016, section 5.2.
    """
    return int((mu.var(dim=0) > threshold).sum())


def bits_per_dimension(bound: Tensor, shape: tuple[int, int, int]) -> Tensor:
    r"""A bound on log p(x) in nats as bits for each number of the picture: lower is better, and sizes can be compared.

    .. math:: -\frac{\text{bound}}{\log 2 \cdot c \cdot h \cdot w}

    Args:
        bound: nats, any shape.
        shape: (channels, height, width) of a picture.
    """
    channels, height, width = shape
    return -bound / (math.log(2) * channels * height * width)
