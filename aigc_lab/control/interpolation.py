"""Paths from one code to another: the straight line, and the arc of a sphere."""

import torch
import torch.nn.functional as F
from torch import Tensor


def slerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    r"""Spherical interpolation: from a to b along the arc instead of the chord.

    .. math:: \frac{\sin((1 - t)\,\omega)}{\sin\omega}\,a + \frac{\sin(t\,\omega)}{\sin\omega}\,b, \qquad \cos\omega = \frac{a \cdot b}{\lVert a\rVert\,\lVert b\rVert}

    Where a and b are equally long, so is everything between them. Where they point the same way, the arc is the chord.

    Args:
        a, b: codes, (n, d) each; none is 0, and no two of a pair point in opposite directions.
        t: 0 gives a, 1 gives b.

    Returns:
        (n, d).

    Source:
        Shoemake, "Animating Rotation with Quaternion Curves", 1985; for generators: White, "Sampling Generative Networks", 2016.
    """
    omega = F.cosine_similarity(a, b, dim=1).clamp(-1, 1).arccos()[:, None]
    arc = (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)
    return torch.where(omega < 1e-4, (1 - t) * a + t * b, arc)


def between(start: Tensor, end: Tensor, n: int) -> Tensor:
    r"""n evenly spaced points on the straight line from `start` to `end`, both ends included.

    .. math:: z_i = (1 - t_i)\, z_0 + t_i\, z_1, \qquad t_i = i / (n - 1)

    Args:
        start, end: (d,).
        n: at least 2.

    Returns:
        (n, d).

    Raises:
        ValueError: n below 2.
    """
    if n < 2:
        raise ValueError(f"a path has two ends: n must be at least 2, got {n}")
    t = torch.linspace(0, 1, n, dtype=start.dtype, device=start.device)[:, None]
    return (1 - t) * start + t * end
