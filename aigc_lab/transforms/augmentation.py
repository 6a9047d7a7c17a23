"""Pictures changed at random: mirrored, moved, turned."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(
    images: Tensor,
    *,
    flip: bool = False,
    shift: int = 0,
    turn: float | Sequence[float] = 0,
    probability: float = 1.0,
    fill: float | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Change each picture at random: mirror it, move it, turn it.

    For each picture and each kind of change a coin with :math:`P(\text{heads}) = p` is tossed. On heads the change is drawn: mirrored
    or not, with even chances; moved by whole pixels; turned by an angle. So `flip=True` mirrors a share p / 2, and for every
    p < 1 the original distribution can be recovered from that of the results (Karras et al., 2020). Gradients flow through
    `augment`, so a GAN can apply it to what its generator drew.

    Args:
        images: uint8 or floating point, (n, c, h, w).
        flip: mirror left and right, or not.
        shift: largest move in pixels, drawn from -shift..shift for each direction.
        turn: a number: degrees counter-clockwise drawn between -turn and turn; several numbers: one of these angles. Multiples
            of 90 move pixels without changing their values, other angles interpolate.
        probability: p, between 0 and 1.
        fill: what comes in at the edges. Default: black, which is 0 for uint8 and -1 for floats in [-1, 1].
        generator: on the CPU; the same seed gives the same pictures.

    Returns:
        New pictures, same shape and type, on the same device.

    Raises:
        ValueError: another shape, a probability outside [0, 1], or a quarter turn of pictures that aren't square.

    Source:
        Karras et al., "Training Generative Adversarial Networks with Limited Data", 2020, section 2.2 and appendix C.
    """
    if images.ndim != 4:
        raise ValueError(f"augment takes pictures of shape (n, c, h, w), got {tuple(images.shape)}")
    if not 0 <= probability <= 1:
        raise ValueError(f"probability must lie between 0 and 1, got {probability}")
    if fill is None:
        fill = -1.0 if images.is_floating_point() else 0.0
    n = len(images)

    def draw(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *shape, generator=generator)

    if flip:
        mirrored = (draw(0, 1) < probability) & (draw(0, 1) < 0.5)
        images = torch.where(mirrored.to(images.device)[:, None, None, None], images.flip(-1), images)
    if shift:
        steps = draw(-shift, shift + 1, 2).floor().long().clamp(-shift, shift)
        images = _shifted(images, steps * (draw(0, 1, 1) < probability), fill)
    if not isinstance(turn, (int, float)):
        angles = torch.tensor(turn, dtype=torch.float32)[(draw(0, len(turn)).long()).clamp(max=len(turn) - 1)]
        images = _turned(images, angles * (draw(0, 1) < probability), fill)
    elif turn:
        images = _turned(images, draw(-turn, turn) * (draw(0, 1) < probability), fill)
    return images.clone()


def _shifted(images: Tensor, steps: Tensor, fill: float) -> Tensor:
    """Move picture i by steps[i] = (down, right) whole pixels: cut a window out of a padded picture."""
    n, _, height, width = images.shape
    margin = int(steps.abs().max()) if n else 0
    padded = F.pad(images, (margin,) * 4, value=fill)
    rows = torch.arange(height) + margin - steps[:, 0, None]  # (n, height): where each row comes from
    columns = torch.arange(width) + margin - steps[:, 1, None]
    which = torch.arange(n)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None, :]]  # (n, height, width, c)
    return moved.permute(0, 3, 1, 2)


def _turned(images: Tensor, degrees: Tensor, fill: float) -> Tensor:
    """Turn picture i counter-clockwise by degrees[i]."""
    height, width = images.shape[-2:]
    result = images.clone()
    quarter = (degrees / 90).round()
    is_quarter = quarter * 90 == degrees
    for k in range(1, 4):
        chosen = (is_quarter & (quarter.long() % 4 == k)).nonzero()[:, 0].to(images.device)
        if len(chosen):
            if k != 2 and height != width:
                raise ValueError(f"only square pictures can be turned by a quarter, these are {height} x {width}")
            result[chosen] = images[chosen].rot90(k, (-2, -1))
    chosen = (~is_quarter).nonzero()[:, 0]
    if len(chosen):
        a = degrees[chosen].deg2rad()
        y = torch.arange(height)[:, None] - (height - 1) / 2
        x = torch.arange(width)[None, :] - (width - 1) / 2
        a = a[:, None, None]
        source_x = x * a.cos() - y * a.sin() + (width - 1) / 2  # where the pixel at (x, y) comes from; y points down
        source_y = x * a.sin() + y * a.cos() + (height - 1) / 2
        chosen = chosen.to(images.device)
        values = images[chosen].float() - fill  # so that what lies outside, 0 for bilinear, is fill
        turned = bilinear(values, source_x.to(images.device), source_y.to(images.device)) + fill
        result[chosen] = turned.to(images.dtype) if images.is_floating_point() else turned.round().to(images.dtype)
    return result


def bilinear(images: Tensor, x: Tensor, y: Tensor) -> Tensor:
    r"""What pictures show between their pixels: a mean of the four nearest ones, weighted by how near they are.

    .. math:: (1 - v)\,\big[(1 - u)\, I_{j, i} + u\, I_{j, i + 1}\big] + v\,\big[(1 - u)\, I_{j + 1, i} + u\, I_{j + 1, i + 1}\big],
              \qquad i = \lfloor x \rfloor,\; u = x - i,\; j = \lfloor y \rfloor,\; v = y - j

    `F.grid_sample` computes the same, but in some versions of torch (2.11 is one) only once differentiable. A penalty on D's slope needs the
    second derivative; this function has one, since it consists of products and of pixels picked by index.

    Args:
        images: floating point, (n, c, h, w).
        x, y: where to look, in pixels from the centre of the upper left pixel, to the right and down, (n, h', w').

    Returns:
        (n, c, h', w'). Outside a picture everything is 0.
    """
    channels, height, width = images.shape[1:]
    # Coordinates in the picture with a frame of zeros around it, one pixel wide.
    x, y = (x + 1).clamp(0, width + 1), (y + 1).clamp(0, height + 1)
    row = width + 2
    pixels = F.pad(images, (1, 1, 1, 1)).flatten(2)
    i, j = x.detach().floor().clamp(max=width), y.detach().floor().clamp(max=height)
    u, v = x - i, y - j
    corner = (j * row + i).long().flatten(1)  # index of the upper left one of the four
    four = torch.cat([corner, corner + 1, corner + row, corner + row + 1], dim=1)
    shares = torch.stack([(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u], dim=1)  # (n, 4, h', w')
    picked = pixels.gather(2, four[:, None].expand(-1, channels, -1)).unflatten(2, shares.shape[1:])
    return (picked * shares[:, None]).sum(dim=2)
