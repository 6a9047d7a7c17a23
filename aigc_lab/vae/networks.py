"""The two networks of a variational autoencoder for small pictures: encoder q(z|x) and decoder p(x|z)."""

from torch import Tensor, nn


class Encoder(nn.Module):
    """q(z|x): a picture to the mean and log variance of its latent.

    Args:
        shape: (channels, height, width) of a picture; height and width must be multiples of 4.
        latent: dimensions of z.
        width: of the convolutions, in channels.
        hidden: numbers in the dense layer.

    Args of forward:
        images: in [0, 1], (n, channels, height, width).

    Returns:
        mu, logvar: (n, latent) each.
    """

    def __init__(self, shape: tuple[int, int, int], latent: int = 20, width: int = 16, hidden: int = 256) -> None:
        super().__init__()
        channels, height, width_in_pixels = _check_shape(shape)
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(2),  # four neighbours become four channels: halves the size, loses nothing
            nn.Conv2d(4 * channels, width, kernel_size=3, padding=1),
            nn.GELU(),
            nn.Conv2d(width, 2 * width, kernel_size=3, stride=2, padding=1),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(2 * width * (height // 4) * (width_in_pixels // 4), hidden),
            nn.GELU(),
            nn.Linear(hidden, 2 * latent),
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = self.layers(images).chunk(2, dim=1)
        return mu, logvar


class Decoder(nn.Module):
    """p(x|z): a latent to one logit per pixel and channel. σ(logit) is the probability of white, or the mean of a Gaussian.

    One dense layer draws a small map of many channels, which is doubled in size twice. A second dense layer was tried:
    after the same number of steps the bound was better on the training digits, and worse on the test digits.

    Args:
        shape, latent, width: as for `Encoder`.

    Args of forward:
        z: (n, latent).

    Returns:
        Logits, (n, channels, height, width).
    """

    def __init__(self, shape: tuple[int, int, int], latent: int = 20, width: int = 16) -> None:
        super().__init__()
        channels, height, width_in_pixels = _check_shape(shape)
        small = (4 * width, height // 4, width_in_pixels // 4)
        self.layers = nn.Sequential(
            nn.Linear(latent, small[0] * small[1] * small[2]),
            nn.GELU(),
            nn.Unflatten(1, small),
            nn.Conv2d(4 * width, 4 * width, kernel_size=3, padding=1),
            nn.PixelShuffle(2),  # four channels become four neighbours: doubles the size
            nn.GELU(),
            nn.Conv2d(width, 4 * channels, kernel_size=3, padding=1),
            nn.PixelShuffle(2),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


def _check_shape(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    channels, height, width = shape
    if height % 4 or width % 4:
        raise ValueError(
            f"height and width must be multiples of 4, because sizes are halved twice; got {height}×{width}"
        )
    return channels, height, width
