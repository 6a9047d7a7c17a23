"""Boxes and arrows, for the pictures that explain how parts work together."""

from collections.abc import Mapping, Sequence

from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from aigc_lab.plots import figures
from aigc_lab.plots.style import course_style

WIDTH, HEIGHT = 1.5, 0.72  # of a box, in inches; columns and rows are ACROSS and DOWN apart
ACROSS, DOWN = 2.35, 1.15


@course_style()
def draw(
    boxes: Mapping[str, tuple[float, float]],
    arrows: Sequence[tuple[str, str, str]],
    *,
    title: str,
    alt: str,
    notes: Mapping[str, str] | None = None,
    dashed: Sequence[tuple[str, str]] = (),
    colours: Mapping[str, str] | None = None,
) -> None:
    """Draw a flow chart.

    Args:
        boxes: {text: (column, row)}, row 0 on top; fractions are allowed.
        arrows: (from, to, label); the label may be empty.
        title, alt: as in `figures.figure`, but there is no default text.
        notes: {text of a box: a smaller line below it}.
        dashed: the arrows (from, to) that are drawn dashed.
        colours: {text of a box: colour}; the other boxes are blue.

    Raises:
        KeyError: an arrow begins or ends at a box that isn't there.
    """
    columns, rows = max(x for x, _ in boxes.values()), max(y for _, y in boxes.values())
    width, height = columns * ACROSS + WIDTH + 0.2, rows * DOWN + HEIGHT + 0.2
    drawing = figures.sheet(max(width, 0.085 * len(title) + 0.2), height + 0.4)
    total_width, total_height = drawing.get_figwidth(), drawing.get_figheight()
    drawing.text(0.005, 1 - 0.08 / total_height, title, fontsize=11, fontweight="bold", ha="left", va="top")
    ax = drawing.add_axes((0, 0, width / total_width, height / total_height))
    ax.set_xlim(-0.1, width - 0.1)
    ax.set_ylim(height - 0.1, -0.1)
    ax.axis("off")
    for name, (column, row) in boxes.items():
        x, y = column * ACROSS, row * DOWN
        colour = (colours or {}).get(name, figures.COLOURS[0])
        shape = "round,pad=0,rounding_size=0.12"
        ax.add_patch(FancyBboxPatch((x, y), WIDTH, HEIGHT, boxstyle=shape, fc=colour + "22", ec=colour, lw=1.6))
        note = (notes or {}).get(name, "")
        ax.text(
            x + WIDTH / 2,
            y + HEIGHT * (0.34 if note else 0.5),
            name,
            ha="center",
            va="center",
            fontsize=10,
            weight="bold",
        )
        ax.text(x + WIDTH / 2, y + HEIGHT * 0.7, note, ha="center", va="center", fontsize=8)
    for start, end, label in arrows:
        (x0, y0), (x1, y1) = _ends(boxes[start], boxes[end])
        style = "--" if (start, end) in dashed else "-"
        ax.add_patch(
            FancyArrowPatch((x0, y0), (x1, y1), arrowstyle="-|>", mutation_scale=13, lw=1.4, ls=style, color="#333333")
        )
        if label:
            sideways = abs(x1 - x0) > abs(y1 - y0)
            at = ((x0 + x1) / 2, (y0 + y1) / 2 - 0.09) if sideways else ((x0 + x1) / 2 + 0.07, (y0 + y1) / 2)
            ax.text(*at, label, ha="center" if sideways else "left", va="bottom" if sideways else "center", fontsize=8)
    figures.show(drawing, alt)


def _ends(start: tuple[float, float], end: tuple[float, float]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where an arrow leaves one box and meets the other: on the sides that face each other."""
    (c0, r0), (c1, r1) = start, end
    middle0 = (c0 * ACROSS + WIDTH / 2, r0 * DOWN + HEIGHT / 2)
    middle1 = (c1 * ACROSS + WIDTH / 2, r1 * DOWN + HEIGHT / 2)
    if c0 == c1 or abs(r1 - r0) > abs(c1 - c0):
        step = HEIGHT / 2 if r1 > r0 else -HEIGHT / 2
        return (middle0[0], middle0[1] + step), (middle1[0], middle1[1] - step)
    step = WIDTH / 2 if c1 > c0 else -WIDTH / 2
    return (middle0[0] + step, middle0[1]), (middle1[0] - step, middle1[1])
