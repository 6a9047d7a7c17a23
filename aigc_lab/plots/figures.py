"""Figures with alternative text: drawn by matplotlib, shown as an <img> that says what it shows."""

import base64
import html
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from aigc_lab import display
from aigc_lab.plots import alt_text
from aigc_lab.plots.style import course_style

# Okabe & Ito's palette, which colour-blind readers can tell apart, too. Line styles change with the colour, so that lines can also
# be told apart in black-and-white print.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B8A900"]
STYLES = ["-", "--", "-.", ":", "-", "--", "-.", ":"]
DPI = 110


@contextmanager
def figure(
    *, title: str, alt: str | None = None, size: tuple[float, float] = (7.0, 3.4), rows: int = 1, columns: int = 1
) -> Iterator[Any]:
    """A figure of your own: `with plots.figure(title=...) as ax:`; shown when the block ends.

    Args:
        title: the message, in a sentence.
        alt: what there is to see, for readers who can't see it; by default it is composed from what you draw (`alt_text.describe`).
        size: inches.
        rows, columns: of axes.

    Yields:
        The axes; an array of them if there are several.

    Raises:
        ValueError: the alternative text is blank.
    """
    with course_style():
        drawing = sheet(*size, layout="constrained")
        axes = drawing.subplots(rows, columns)
        points = 11.0
        while points > 6 and inches(title, points, "bold") > size[0] - 0.15:
            points -= 0.5
        drawing.suptitle(title, fontsize=points, fontweight="bold", x=0.01, ha="left")
        for ax in np.atleast_1d(axes).reshape(-1):
            _plain(ax)
        yield axes
        show(drawing, alt)


@course_style()
def show(
    drawing: Figure, alt: str | None = None, handle: display.Handle | None = None, full_colour: bool = False
) -> None:
    """Display a matplotlib figure as an <img> with its alternative text (Jupyter's own image output has none).

    Args:
        drawing: the figure.
        alt: the alternative text; None composes it from what is drawn.
        handle: a place to redraw; without one, a new output.
        full_colour: keep all colours, for photographs; else 256 have to do.

    Raises:
        ValueError: the alternative text is blank.
    """
    if alt is None:
        alt = alt_text.describe(drawing)
    if not alt.strip():
        raise ValueError("a figure needs alt text: say what there is to see, for readers who can't see it")
    display.show(_img(_png(drawing, full_colour), alt), f"[picture: {alt}]", handle)


def sheet(width: float, height: float, layout: str | None = None) -> Figure:
    """An empty figure of that size in inches, without pyplot: nothing is kept in memory and no window opens."""
    drawing = Figure(figsize=(width, height), dpi=DPI, layout=layout)
    FigureCanvasAgg(drawing)
    return drawing


def inches(text: str, points: float, weight: str = "normal") -> float:
    """How wide a text is drawn. Letters are fitted to the grid of pixels, so no font's own measures tell."""
    drawing = sheet(1, 1)
    written = drawing.text(0, 0, text, fontsize=points, fontweight=weight)
    return written.get_window_extent(drawing.canvas.get_renderer()).width / DPI


def _plain(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, color="#DDDDDD", lw=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=9)


def _png(drawing: Figure, full_colour: bool) -> bytes:
    """Render; a chart is reduced to 256 colours: the eye sees no difference, and the notebook needs a third of the bytes."""
    from PIL import Image

    buffer, small = io.BytesIO(), io.BytesIO()
    drawing.savefig(buffer, format="png")
    picture = Image.open(buffer).convert("RGBA")
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    if not full_colour:
        picture = picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    picture.save(small, format="png", optimize=True)
    return small.getvalue()


def _img(png: bytes, alt: str) -> str:
    data = base64.b64encode(png).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}" style="max-width:100%;background:white">'
