"""How near is a picture to the picture it should have been? Mean squared error, PSNR, SSIM: all three need the pair."""

import torch
import torch.nn.functional as F
from torch import Tensor

TAPS, SIGMA = 11, 1.5  # SSIM's window, in pixels
C1, C2 = 0.01**2, 0.03**2  # keep SSIM's fractions steady where mean or variance is near 0; for pictures that span 1


def mse(images: Tensor, references: Tensor) -> Tensor:
    r"""Mean squared error of each picture.

    .. math:: \mathrm{MSE}(x, y) = \frac{1}{chw} \sum_j (x_j - y_j)^2

    Args:
        images: floating point in [0, 1], (n, c, h, w).
        references: what each should have been, in the same shape and range.

    Returns:
        (n,), from 0 (equal) to 1 (black for white).

    Raises:
        TypeError, ValueError: bytes, another shape, no pictures, NaN, or values outside [0, 1]; the message says what was expected.
    """
    x, y, kind = _pairs(images, references)
    return (x - y).square().mean(dim=(1, 2, 3)).to(**kind)


def psnr(images: Tensor, references: Tensor) -> Tensor:
    r"""Peak signal-to-noise ratio of each picture, in decibels.

    .. math:: \mathrm{PSNR} = 10 \log_{10} \frac{1^2}{\mathrm{MSE}}

    The peak is 1. So an error of 0.1 everywhere is 20 dB, one of 0.01 is 40 dB. From best to worst, PSNR ranks pictures
    as MSE does.

    Args:
        images, references: as for :func:`mse`.

    Returns:
        (n,) dB, 0 or more; infinite where the two are equal.

    Raises:
        TypeError, ValueError: as :func:`mse`.
    """
    x, y, kind = _pairs(images, references)
    return (0.0 - 10 * (x - y).square().mean(dim=(1, 2, 3)).log10()).to(**kind)


def ssim(images: Tensor, references: Tensor) -> Tensor:
    r"""Structural similarity of each picture: brightness, contrast and pattern compared window by window.

    .. math::
        \mathrm{SSIM} = \frac{(2 \mu_x \mu_y + C_1)(2 \sigma_{xy} + C_2)}
                             {(\mu_x^2 + \mu_y^2 + C_1)(\sigma_x^2 + \sigma_y^2 + C_2)},
        \qquad C_1 = 0.01^2, \; C_2 = 0.03^2

    Means, variances and covariance are weighted by a Gaussian window of 11×11 pixels, sigma 1.5, whose weights add up to 1. Only windows that lie
    wholly inside the picture count: nothing is padded, and within 5 pixels of the border no window has its centre. The mean over all windows and channels is
    returned.

    Args:
        images, references: as for :func:`mse`, at least 11×11 pixels.

    Returns:
        (n,), at most 1 (equal pictures); below 0 where bright and dark are exchanged.

    Raises:
        TypeError, ValueError: as :func:`mse`, or pictures smaller than the window.

    Source:
        Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004.
    """
    x, y, kind = _pairs(images, references)
    if min(x.shape[-2:]) < TAPS:
        raise ValueError(f"SSIM's window is {TAPS}×{TAPS} pixels, the pictures are only {x.shape[-2]}×{x.shape[-1]}")
    return torch.cat([_ssim(a, b) for a, b in zip(x.split(256), y.split(256), strict=True)]).to(**kind)


def _ssim(x: Tensor, y: Tensor) -> Tensor:
    mean_x, mean_y = _windows(x), _windows(y)
    variance_x = _windows(x * x) - mean_x**2
    variance_y = _windows(y * y) - mean_y**2
    covariance = _windows(x * y) - mean_x * mean_y
    brightness = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    structure = (2 * covariance + C2) / (variance_x + variance_y + C2)
    return (brightness * structure).mean(dim=(1, 2, 3))


def _windows(x: Tensor) -> Tensor:
    """The Gaussian mean of every whole window, (n, c, h, w) -> (n, c, h - 10, w - 10): rows first, then columns."""
    distance = torch.arange(TAPS, dtype=x.dtype) - TAPS // 2
    weights = torch.exp(-(distance**2) / (2 * SIGMA**2))
    weights = weights / weights.sum()
    shape, x = x.shape[:2], x.flatten(0, 1)[:, None]
    means = F.conv2d(F.conv2d(x, weights.reshape(1, 1, 1, -1)), weights.reshape(1, 1, -1, 1))
    return means[:, 0].unflatten(0, shape)


def _pairs(images: Tensor, references: Tensor) -> tuple[Tensor, Tensor, dict]:
    """Both in float64 on the CPU, and the dtype and device to give the result."""
    images, references = torch.as_tensor(images), torch.as_tensor(references)
    for name, pictures in (("images", images), ("references", references)):
        if not pictures.is_floating_point():
            raise TypeError(f"{name} must be floating point in [0, 1], got {pictures.dtype}: use transforms.to_unit")
        if pictures.ndim != 4 or pictures.numel() == 0:
            raise ValueError(f"{name} must have shape (n, c, h, w) with n >= 1, got {tuple(pictures.shape)}")
    if images.shape != references.shape:
        raise ValueError(
            f"each picture needs its reference, in the same shape: got {tuple(images.shape)} and {tuple(references.shape)}"
        )
    for name, pictures in (("images", images), ("references", references)):
        low, high = pictures.detach().aminmax()
        if not (low >= -1e-6 and high <= 1 + 1e-6):  # NaN fails, too
            raise ValueError(
                f"{name} must lie in [0, 1], got {low.item():.3g} to {high.item():.3g}; "
                "if they are in [-1, 1], use (x + 1) / 2"
            )
    kind = {"dtype": torch.promote_types(images.dtype, references.dtype), "device": images.device}
    return images.to("cpu", torch.float64), references.to("cpu", torch.float64), kind
