"""The two players of `gan.GanRecipe`: a generator that draws from coarse to fine, and a discriminator that looks from fine to coarse."""

import torch
from torch import Tensor, nn


class Generator(nn.Module):
    r"""G(z, y): noise and a class to a picture.

    A small map of many channels is drawn first and doubled in size twice; for 28×28 and width 16: (64, 7, 7) → (32, 14, 14) → (1, 28, 28).
    The last doubling draws four channels and lays them out as neighbours, which costs less than a transposed convolution.

    Args:
        shape: (channels, height, width) of a picture; height and width must be multiples of 4.
        classes: how many, or None.
        width: of the layers, in channels.
        latent: numbers of noise for a picture.

    Args of forward:
        z: noise from N(0, I), (n, latent).
        labels: int64, (n,); None if the model has no classes.

    Returns:
        Pictures in [-1, 1], (n, channels, height, width).
    """

    def __init__(self, shape: tuple[int, int, int], classes: int | None, width: int = 16, latent: int = 32) -> None:
        super().__init__()
        channels, height, width_in_pixels = _check_shape(shape)
        self.latent = latent
        self.class_code = nn.Embedding(classes, latent) if classes else None
        self.small = (4 * width, height // 4, width_in_pixels // 4)
        self.to_map = nn.Linear(2 * latent if classes else latent, 4 * width * self.small[1] * self.small[2])
        self.draw = nn.Sequential(
            nn.GroupNorm(4, 4 * width),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(4 * width, 2 * width, kernel_size=4, stride=2, padding=1),
            nn.GroupNorm(4, 2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * channels, kernel_size=3, padding=1),
            nn.PixelShuffle(2),  # four channels become four neighbours
            nn.Tanh(),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        code = z if self.class_code is None else torch.cat([z, self.class_code(labels)], dim=1)
        return self.draw(self.to_map(code).unflatten(1, self.small))


class Discriminator(nn.Module):
    r"""D(x, y): a logit, large where x looks like a real picture of class y.

    .. math:: D(x, y) = w^\top \phi(x) + v_y^\top \phi(x)

    There is no bias: the losses see only differences of logits.

    Args:
        shape, classes, width: as for `Generator`.

    Args of forward:
        images: in [-1, 1], (n, channels, height, width).
        labels: int64, (n,); None if the model has no classes.

    Returns:
        Logits, (n,).

    Source:
        Miyato and Koyama, "cGANs with Projection Discriminator", 2018.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int | None, width: int = 16) -> None:
        super().__init__()
        channels, height, width_in_pixels = _check_shape(shape)
        self.features = nn.Sequential(
            nn.Conv2d(channels, width, kernel_size=3, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, kernel_size=3, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, kernel_size=3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
        )
        size = 4 * width * (height // 4) * (width_in_pixels // 4)
        self.realness = nn.Linear(size, 1, bias=False)
        self.class_direction = nn.Embedding(classes, size) if classes else None
        if classes:
            nn.init.normal_(self.class_direction.weight, std=size**-0.5)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.score(self.features(images), labels)

    def score(self, phi: Tensor, labels: Tensor | None) -> Tensor:
        """The logits of pictures whose features φ(x), (n, size), are known."""
        logits = self.realness(phi).squeeze(1)
        if self.class_direction is not None:
            logits = logits + (self.class_direction(labels) * phi).sum(dim=1)
        return logits


def _check_shape(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    channels, height, width = shape
    if height % 4 or width % 4:
        raise ValueError(f"height and width must be multiples of 4, because G doubles twice; got {height}×{width}")
    return channels, height, width
