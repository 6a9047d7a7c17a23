"""Directions in the space of codes: what a step along one changes in the picture."""

import torch
import torch.nn.functional as F
from torch import Tensor


def stroke_thickness(images: Tensor) -> Tensor:
    r"""How thick the strokes are, in pixels: twice the ink over the length of its outline.

    .. math:: t = 2 \, \frac{\sum_j x_j}{\sum_j \lVert \nabla x_j \rVert}

    A long bar of width w has the ink w times its length, and an outline of twice its length, so t = w.

    Args:
        images: in [0, 1], white on black, (n, 1, h, w).

    Returns:
        Pixels, (n,); 0 for an empty picture.
    """
    x = F.pad(images, (1, 1, 1, 1))
    down, right = x[..., 1:, :-1] - x[..., :-1, :-1], x[..., :-1, 1:] - x[..., :-1, :-1]
    outline = (down.square() + right.square() + 1e-12).sqrt().sum(dim=(1, 2, 3))
    return 2 * x.sum(dim=(1, 2, 3)) / outline


def slant(images: Tensor) -> Tensor:
    r"""How far the strokes lean to the right, in columns a row: minus the slope of the line through the ink, column over row.

    .. math:: s = -\frac{\sum_j x_j \, (r_j - \bar r)(c_j - \bar c)}{\sum_j x_j \, (r_j - \bar r)^2}

    with pixel j in row r and column c, and the means weighted by the ink x. An upright bar has 0, a slash 1, a backslash -1.

    Args:
        images: in [0, 1], white on black, (n, 1, h, w).

    Returns:
        (n,); NaN where all ink is in one row, or where there is none.
    """
    height, width = images.shape[-2:]
    x = images[:, 0]
    ink = images.mean(dim=(1, 2, 3))[:, None, None] * (height * width)
    r, c = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    r, c = r - (height - 1) / 2, c - (width - 1) / 2
    r, c = r - (r * x).sum((1, 2))[:, None, None] / ink, c - (c * x).sum((1, 2))[:, None, None] / ink
    return -(r * c * x).sum((1, 2)) / (r * r * x).sum((1, 2))


def attribute_direction(codes: Tensor, has: Tensor, labels: Tensor) -> Tensor:
    r"""The direction from codes without an attribute to codes with it, within a class, averaged over classes.

    .. math:: v = \frac{1}{K} \sum_{k} \left( \bar z_{k,\,\mathrm{with}} - \bar z_{k,\,\mathrm{without}} \right)

    Comparing within classes matters: if one class has the attribute more often than others, the plain difference of
    means is partly a step towards that class.

    Args:
        codes: (n, latent). has: bool, (n,). labels: classes, (n,). Classes in which all or none have the attribute are left out.

    Returns:
        (latent,).

    Raises:
        ValueError: no class has examples with and without the attribute.

    Source:
        Larsen, Sønderby, Larochelle and Winther, "Autoencoding beyond pixels using a learned similarity metric", 2016, for attribute vectors.
    """
    steps = []
    for label in labels.unique():
        own = labels == label
        if (own & has).any() and (own & ~has).any():
            steps.append(codes[own & has].mean(dim=0) - codes[own & ~has].mean(dim=0))
    if not steps:
        raise ValueError("no class has examples both with and without the attribute, so there is nothing to compare")
    return torch.stack(steps).mean(dim=0)
