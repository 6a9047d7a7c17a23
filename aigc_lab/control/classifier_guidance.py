"""Guidance: codes drawn for which a classifier sees the class that was asked for."""

from collections.abc import Callable

import torch
from torch import Tensor


def guided_score(z: Tensor, log_likelihood: Callable[[Tensor], Tensor], scale: float = 1.0) -> Tensor:
    r"""Gradient that leads codes to a class and keeps them where the prior N(0, I) has codes.

    .. math:: \nabla_z \left[ \log p(z) + s \log p(y \mid z) \right] = -z + s \, \nabla_z \log p(y \mid z)

    At s = 1 it is the gradient of log p(z|y), by Bayes' rule.

    Args:
        z: codes, (n, latent).
        log_likelihood: log p(y|z) of each code for the class wanted, (n, latent) -> (n,); each row must depend on its own code only.
        scale: s.

    Returns:
        (n, latent), without a graph.

    Source:
        Dhariwal and Nichol, "Diffusion Models Beat GANs on Image Synthesis", 2021, for the scale.
    """
    z = z.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(log_likelihood(z).sum(), z)  # the sum: each code gets its own gradient
    return scale * gradient - z.detach()
