"""The network of `flow.FlowRecipe`: a U-Net that sees a picture at three scales, and is told the time and the class."""

import math

import torch
from torch import Tensor, nn


def time_features(t: Tensor, size: int = 32) -> Tensor:
    r"""Sines and cosines of a time, from one that turns slowly to one that turns fast: (n,) -> (n, size).

    .. math:: \left(\sin(\omega_k t),\; \cos(\omega_k t)\right), \qquad \omega_k = \pi\, 2^{k/2}

    A network that got the bare number would have to learn sharp functions of it from a single input.
    """
    frequencies = math.pi * 2 ** (torch.arange(size // 2, dtype=t.dtype, device=t.device) / 2)
    angles = t[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to what came in. In between, time and class scale and shift each channel.

    Args of forward:
        x: (n, channels, h, w). condition: (n, size).
    """

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.GroupNorm(4, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1))
        self.scale_and_shift = nn.Linear(condition, 2 * channels)
        self.norm = nn.GroupNorm(4, channels)
        self.second = nn.Sequential(nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.scale_and_shift(condition)[:, :, None, None].chunk(2, dim=1)
        return x + self.second(self.norm(self.first(x)) * (1 + scale) + shift)


class UNet(nn.Module):
    r"""v(x_t, t, y): a velocity for each pixel.

    The picture is shrunk to half its size, halved once more, and enlarged again; what was seen at the larger scale is joined to it. For
    28×28 and width w: (4, 14, 14) → (w, 14, 14) → (2w, 7, 7) → (w, 14, 14) → (1, 28, 28).

    Args:
        shape: (channels, height, width) of a picture; height and width must be multiples of 4.
        classes: how many, or None.
        width: w, in channels.

    Args of forward:
        x: (n, channels, height, width). t: times in [0, 1], (n,).
        labels: int64, (n,); the number `classes` itself stands for "no class", as does None. Ignored by a model without classes.

    Returns:
        (n, channels, height, width).

    Source:
        Ronneberger, Fischer and Brox, "U-Net", 2015; with time as in Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models", 2020.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int | None = None, width: int = 24) -> None:
        super().__init__()
        channels, height, width_in_pixels = shape
        if height % 4 or width_in_pixels % 4:
            raise ValueError(f"height and width must be multiples of 4, got {height}×{width_in_pixels}")
        size = 4 * width
        self.classes = classes
        self.class_code = nn.Embedding(classes + 1, size) if classes else None
        self.time_code = nn.Sequential(nn.Linear(32, size), nn.SiLU(), nn.Linear(size, size))
        self.fold = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4 * channels, width, 3, padding=1))
        self.fine_in = ResidualBlock(width, size)
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.coarse = nn.ModuleList([ResidualBlock(2 * width, size) for _ in range(2)])
        self.up = nn.Sequential(nn.Conv2d(2 * width, 4 * width, 1), nn.PixelShuffle(2))
        self.join = nn.Conv2d(2 * width, width, 1)
        self.fine_out = ResidualBlock(width, size)
        self.unfold = nn.Sequential(
            nn.GroupNorm(4, width), nn.SiLU(), nn.Conv2d(width, 4 * channels, 3, padding=1), nn.PixelShuffle(2)
        )

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        condition = self.time_code(time_features(t))
        if self.class_code is not None:
            if labels is None:
                labels = torch.full((len(x),), self.classes, device=x.device)
            condition = condition + self.class_code(labels)
        fine = self.fine_in(self.fold(x), condition)
        coarse = self.down(fine)
        for block in self.coarse:
            coarse = block(coarse, condition)
        joined = self.join(torch.cat([fine, self.up(coarse)], dim=1))
        return self.unfold(self.fine_out(joined, condition))
