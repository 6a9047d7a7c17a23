"""Many pictures in one: a grid, rows to compare, and a place that is redrawn while a model learns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from aigc_lab import display
from aigc_lab.plots import alt_text
from aigc_lab.plots.figures import inches, sheet, show
from aigc_lab.plots.style import course_style


def images(
    images: Any,
    *,
    title: str,
    alt: str | None = None,
    columns: int = 10,
    labels: Sequence[Any] | None = None,
    scale: float = 0.75,
    handle: display.Handle | None = None,
) -> None:
    """A grid of pictures, all on the same grey scale.

    Args:
        images: (n, c, h, w), uint8 or floats in [0, 1]; c is 1 or 3.
        title, alt: as in `figures.figure`.
        columns: pictures in a row.
        labels: a word for under each picture.
        scale: width of a picture in inches.
        handle: a place to redraw; without one, a new output.

    Raises:
        ValueError: another shape, no pictures, or floats outside [0, 1] (scale them first: clipped, they would mislead).
    """
    pictures = _pictures(images)
    columns = max(1, min(columns, len(pictures)))
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    captions = None if labels is None else [labels[i : i + columns] for i in range(0, len(pictures), columns)]
    _grid(rows, captions=captions, names=None, title=title, alt=alt, scale=scale, handle=handle)


def image_rows(rows: Mapping[str, Any], *, title: str, alt: str | None = None, scale: float = 0.75) -> None:
    """Rows of pictures to compare, each with its name in front: `{name: (n, c, h, w)}`, uint8 or floats in [0, 1]."""
    pictures = [_pictures(row) for row in rows.values()]
    _grid(pictures, captions=None, names=list(rows), title=title, alt=alt, scale=scale, handle=None)


class live:  # noqa: N801 - reads as a verb in a lesson: picture = plots.live()
    """A place in the notebook that is redrawn: `picture = plots.live()`, then `picture.images(...)` as often as you like."""

    def __init__(self) -> None:
        self._handle = display.Handle()

    def images(
        self,
        pictures: Any,
        *,
        title: str,
        alt: str | None = None,
        columns: int = 10,
        labels: Sequence[Any] | None = None,
    ) -> None:
        """Draw the grid of pictures, in place of the one drawn before."""
        images(pictures, title=title, alt=alt, columns=columns, labels=labels, handle=self._handle)


@course_style()
def _grid(rows: list, captions: Any, names: Any, title: str, alt: str | None, scale: float, handle: Any) -> None:
    """One array for the whole grid, drawn once: a hundred small axes would take a second."""
    if alt is None:
        alt = alt_text.describe_pictures(title, rows, names, captions)
    height, width = max(p.shape[0] for row in rows for p in row), max(p.shape[1] for row in rows for p in row)
    gap, foot = max(1, width // 14), (height // 3 if captions is not None else 0)
    columns = max(len(row) for row in rows)
    colour = any(p.ndim == 3 for row in rows for p in row)
    shape = (len(rows) * (height + foot + gap), columns * (width + gap))
    canvas = np.full((*shape, 3), 255, np.uint8)
    inch = scale / width  # inches a pixel, the same in both directions
    left = 0.15 + max(inches(name, 9) for name in names) if names else 0.03
    drawing = sheet(max(left + shape[1] * inch, inches(title, 11, "bold") + 0.15), shape[0] * inch + 0.4)
    total_width, total_height = drawing.get_figwidth(), drawing.get_figheight()
    drawing.text(0.005, 1 - 0.08 / total_height, title, fontsize=11, fontweight="bold", ha="left", va="top")
    ax = drawing.add_axes((left / total_width, 0, shape[1] * inch / total_width, shape[0] * inch / total_height))
    for i, row in enumerate(rows):
        y = i * (height + foot + gap)
        if names:
            ax.text(-gap, y + height / 2, names[i], fontsize=9, ha="right", va="center")
        for j, picture in enumerate(row):
            x = j * (width + gap)
            channels = picture if picture.ndim == 3 else picture[..., None]
            canvas[y : y + picture.shape[0], x : x + picture.shape[1]] = channels
            if captions is not None:
                ax.text(x + width / 2, y + height + foot / 2, str(captions[i][j]), fontsize=8, ha="center", va="center")
    ax.imshow(canvas, interpolation="nearest", aspect="auto")
    ax.set_xlim(-0.5, shape[1] - 0.5)
    ax.set_ylim(shape[0] - 0.5, -0.5)
    ax.axis("off")
    show(drawing, alt, handle, full_colour=colour)


def _pictures(images: Any) -> list[np.ndarray]:
    array = images.detach().cpu().numpy() if isinstance(images, torch.Tensor) else np.asarray(images)
    if array.ndim != 4 or array.shape[1] not in (1, 3) or len(array) == 0:
        raise ValueError(f"pictures have the shape (n, 1 or 3, height, width) with n >= 1, got {array.shape}")
    if array.dtype != np.uint8:
        low, high = float(array.min()), float(array.max())
        if not (low >= -1e-6 and high <= 1 + 1e-6):
            raise ValueError(
                f"float pictures must lie in [0, 1], these span [{low:.3g}, {high:.3g}]; "
                "if they lie in [-1, 1], apply transforms.from_signed first"
            )
        array = (array * 255).round().clip(0, 255).astype(np.uint8)
    return [picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0) for picture in array]
