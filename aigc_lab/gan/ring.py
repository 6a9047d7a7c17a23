r"""Eight Gaussians on a ring: the smallest data set on which you can watch a GAN lose modes, and count them.

One run proves little about a GAN, since luck decides much. So the networks here hold many independent copies, which train side by side at
little more than the price of one. They take and give flat batches: any loop, loss or penalty written for one network serves them as it is.
"""

import math

import torch
from torch import Tensor, nn

MODES, RADIUS, SIGMA = 8, 1.0, 0.05


def centres() -> Tensor:
    """The means of the Gaussians, (8, 2), counter-clockwise from (1, 0)."""
    angle = 2 * math.pi * torch.arange(MODES) / MODES
    return RADIUS * torch.stack([angle.cos(), angle.sin()], dim=1)


def sample(n: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw n points, each from one of the Gaussians, all equally likely: (n, 2)."""
    which = torch.randint(MODES, (n,), generator=generator)
    return centres()[which] + SIGMA * torch.randn(n, 2, generator=generator)


def coverage(samples: Tensor, centres: Tensor, sigma: float) -> tuple[int, float]:
    r"""How many modes are hit, and what share of the samples is good.

    A sample is good if it lies within :math:`3\sigma` of the nearest centre. In two dimensions that holds for
    :math:`1 - e^{-9/2}` = 98.9% of real points. A mode is hit if it has a fifth of its fair share of good samples, or more.

    Args:
        samples: (n, 2). centres: (modes, 2). sigma: standard deviation of each Gaussian, in every direction.

    Returns:
        Number of modes hit, and the share of good samples.

    Raises:
        ValueError: no samples.

    Source:
        The 3σ rule follows Srivastava et al., "VEEGAN", 2017; there, one good sample is enough to hit a mode.
    """
    if len(samples) == 0:
        raise ValueError("no samples: there is nothing to count")
    distance, nearest = torch.cdist(samples, centres.to(samples)).min(dim=1)
    good = distance <= 3 * sigma
    each = torch.bincount(nearest[good], minlength=len(centres))
    return int((each >= len(samples) / (5 * len(centres))).sum()), good.cpu().double().mean().item()


class SideBySide(nn.Sequential):
    """Many independent networks of one shape, inputs → width → width → outputs, with leaky ReLUs.

    Args:
        runs: how many networks.
        inputs, outputs: how many numbers go in and come out for each example.
        width: of the two hidden layers.
        generator: source of the initial weights.

    Args of forward:
        x: (runs · n, inputs), the first n rows for the first network and so on.

    Returns:
        (runs · n, outputs); (runs · n,) where outputs is 1, as a discriminator's logits.
    """

    def __init__(self, runs: int, inputs: int, outputs: int, width: int = 64, generator: torch.Generator | None = None):
        layers: list[nn.Module] = []
        for a, b in ((inputs, width), (width, width), (width, outputs)):
            layers += [_Layers(runs, a, b, generator), nn.LeakyReLU(0.2)]
        super().__init__(*layers[:-1])
        self.runs = runs

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x.unflatten(0, (self.runs, -1))).flatten(0, 1)
        return y.squeeze(1) if y.shape[1] == 1 else y


class _Layers(nn.Module):
    """A linear layer for each run, as one batched product: (runs, n, inputs) -> (runs, n, outputs)."""

    def __init__(self, runs: int, inputs: int, outputs: int, generator: torch.Generator | None) -> None:
        super().__init__()
        bound = inputs**-0.5  # as nn.Linear draws its weights
        self.weight = nn.Parameter(torch.empty(runs, inputs, outputs).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.empty(runs, 1, outputs).uniform_(-bound, bound, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x, self.weight)
