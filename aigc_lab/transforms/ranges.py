"""Pixels scaled to the ranges that networks like, and back.

Stored pictures are whole numbers 0..255 (`uint8`). A decoder with a sigmoid works in [0, 1], a generator with a tanh in
[-1, 1]. Going there and back loses nothing: `from_signed(to_signed(x))` equals `x` for each of the 256 levels.
"""

import torch
from torch import Tensor


def to_unit(images: Tensor) -> Tensor:
    r"""Scale bytes to [0, 1]: :math:`x / 255`.

    Args:
        images: uint8, any shape.

    Returns:
        float32, same shape.

    Raises:
        TypeError: images that aren't uint8 (scaling twice is the usual reason for a black picture).
    """
    _require_bytes("to_unit", images)
    return images.to(torch.float32) / 255


def to_signed(images: Tensor) -> Tensor:
    r"""Scale bytes to [-1, 1]: :math:`x / 127.5 - 1`.

    Args:
        images: uint8, any shape.

    Returns:
        float32, same shape.

    Raises:
        TypeError: images that aren't uint8.
    """
    _require_bytes("to_signed", images)
    return images.to(torch.float32) / 127.5 - 1


def from_unit(images: Tensor) -> Tensor:
    """Bytes from [0, 1]: times 255, rounded to the nearest level, clipped to 0..255.

    Args:
        images: floating point, any shape.

    Returns:
        uint8, same shape, without gradient.

    Raises:
        TypeError: images that aren't floating point.
        ValueError: images with NaN or infinity.
    """
    _require_finite("from_unit", images)
    return (images.detach() * 255).round().clamp(0, 255).to(torch.uint8)


def from_signed(images: Tensor) -> Tensor:
    """Bytes from [-1, 1]: shifted and scaled, rounded to the nearest level, clipped to 0..255.

    Clipping matters: without it a generator's 1.01 would wrap round to black in `uint8`.

    Args:
        images: floating point, any shape.

    Returns:
        uint8, same shape, without gradient.

    Raises:
        TypeError: images that aren't floating point.
        ValueError: images with NaN or infinity.
    """
    _require_finite("from_signed", images)
    return ((images.detach() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def _require_bytes(name: str, images: Tensor) -> None:
    if images.dtype != torch.uint8:
        raise TypeError(f"{name} takes uint8 images (0..255), got {images.dtype}: are they scaled already?")


def _require_finite(name: str, images: Tensor) -> None:
    if not images.is_floating_point():
        raise TypeError(f"{name} takes floating-point images, got {images.dtype}")
    if not torch.isfinite(images).all():
        raise ValueError(
            f"{name}: the images hold NaN or infinity, which no grey level can show; check the training's loss first"
        )
