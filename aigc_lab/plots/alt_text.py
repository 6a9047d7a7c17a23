"""Alternative text made from what is drawn, so that it always gives the numbers that the picture shows."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aigc_lab.plots import alt_marks
from aigc_lab.plots.alt_marks import Part, clean, cut, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIMIT = 600  # characters: about 40 seconds of a screen reader
TITLE = 240  # characters kept of a title
LEAST = 100  # characters below which a panel can only be named
MANY = 12  # items that are listed; any others are only counted
NUMBER = re.compile(r"-?[\d.,]+(e[+-]?\d+)?|nan|-?inf")
PLACES = {(1, 2): ("Left", "Right"), (1, 3): ("Left", "Middle", "Right"), (2, 1): ("Top", "Bottom")}


def describe(drawing: "Figure") -> str:
    """What a chart shows, in at most `LIMIT` characters: its title, then for each panel the axes and what is drawn.

    Lines are described by their ends and extremes, bars by their values, histograms by range and peak, points by count and
    centre, matrices by shape, range and largest cell. Items that don't fit are counted, and the extremes of all are named.

    Args:
        drawing: a matplotlib figure; anything with its methods will do.

    Returns:
        Plain text, "" for an empty figure without a title.
    """
    title = _sentence(cut(clean(drawing.texts[0].get_text()) if drawing.texts else "", TITLE))
    panels = [(ax, parts) for ax in drawing.axes if ax.get_label() != "<colorbar>" and (parts := _parts(ax))]
    room = LIMIT - len(title) - 1
    if len(panels) > 1 and room / len(panels) < LEAST:
        names = [short(ax.get_title()) for ax, _ in panels]
        body = _fit(f"{len(panels)} panels: ", [n for n in names if n] or ["without names"], "", room)
        return f"{title} {body}".strip()
    told = [title] if title else []
    for i, (ax, parts) in enumerate(panels):
        share = (LIMIT - len(" ".join(told)) - len(panels)) // (len(panels) - i)
        name = _panel_name(ax, i, len(panels))
        told.append(name + _tell(ax, parts, share - len(name)))
    return cut(" ".join(told), LIMIT)


def describe_pictures(title: str, rows: Sequence[Any], names: Sequence[str] | None, captions: Any) -> str:
    """What a grid of pictures holds: how many, their size, and the names of its rows or the captions, in reading order.

    Args:
        rows: for each row its pictures, (height, width) or (height, width, 3).
        names: of the rows. captions: for each row, one under each picture.
    """
    flat = [picture for row in rows for picture in row]
    kind = " and ".join(name for ndim, name in ((2, "grey"), (3, "colour")) if any(p.ndim == ndim for p in flat))
    height, width = flat[0].shape[:2]
    many = f"1 {kind} picture" if len(flat) == 1 else f"{len(flat)} {kind} pictures"
    grid = f" in {len(rows)} rows of {max(map(len, rows))}" if len(rows) > 1 else ""
    told = _sentence(cut(clean(title), TITLE))
    head = f"{told} {many} of {height} by {width} pixels{grid}".strip()
    if names:
        items, head = [short(n) for n in names], f"{head}, from the top: "
    elif captions is not None:
        items, head = [short(c) for row in captions for c in row], f"{head}, with the captions "
    else:
        return head + "."
    return _fit(head, items, "", LIMIT)


def _parts(ax: Any) -> list[Part]:
    parts = [*alt_marks.bars(ax), *alt_marks.images(ax), *alt_marks.lines(ax), *alt_marks.collections(ax)]
    words = [clean(t.get_text()) for t in ax.texts]
    # Without numbers: a bar's value is already told with the bar.
    words = [w for w in words if any(c.isalpha() for c in w) and not NUMBER.fullmatch(w)]
    return [*parts, ("Text in the picture: ", words, "")] if words else parts


def _tell(ax: Any, parts: list[Part], room: int) -> str:
    axes = []
    for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
        label, log = short(axis.get_label().get_text()), axis.get_scale() == "log"
        if ax.axison and (label or log):
            scale = ["logarithmic"] if log and "log" not in label else []
            axes.append(f"{name} axis: {', '.join([label] * bool(label) + scale)}")
    told = [_sentence("; ".join(axes))] if axes else []
    for i, (head, items, summary) in enumerate(parts):
        left = room - len(" ".join(told)) - 1
        if told and left < LEAST / 2:
            break
        told.append(_fit(head, items, summary, min(left, max(left // (len(parts) - i), LEAST))))
    return " ".join(told)


def _panel_name(ax: Any, i: int, panels: int) -> str:
    title = short(ax.get_title())
    if panels == 1:
        return f"{title}: " if title else ""
    spec = ax.get_subplotspec()
    shape = spec.get_gridspec().get_geometry() if spec else None
    place = PLACES[shape][spec.num1] if shape in PLACES else f"Panel {i + 1}"
    return f"{place}, {title}: " if title else f"{place}: "


def _fit(head: str, items: list[str], summary: str, room: int) -> str:
    """Head and items in at most `room` characters; items that don't fit are counted, and the summary is added."""
    whole = _sentence(head + "; ".join(items))
    if len(whole) <= room and len(items) <= MANY:
        return whole
    for n in range(min(MANY, len(items) - 1), 0, -1):
        text = f"{head}{'; '.join(items[:n])}; and {len(items) - n} more. {summary}".strip()
        if len(text) <= room:
            return text
    return cut(summary or whole, max(room, 1))


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".?!:…" else text + "."
