"""The lines, bars, points and matrices of a chart, described in words; `alt_text` puts the parts together."""

import itertools
import math
from typing import Any

import numpy as np

NAME = 60  # characters kept of a label

Part = tuple[str, list[str], str]  # a head, one text for each item, and a summary for when the items don't fit


def bars(ax: Any) -> list[Part]:
    """Bars by name and value; many bars that touch are one histogram."""
    items, values, hills = [], [], []
    for container in (c for c in ax.containers if type(c).__name__ == "BarContainer" and len(c)):
        lying = container.orientation == "horizontal"
        axis, group = (ax.yaxis if lying else ax.xaxis), label_of(container) or label_of(container[0])
        ticks = _names(axis)
        if lying:
            edges, feet = (
                [(p.get_y(), p.get_height(), p.get_width()) for p in container],
                [p.get_x() for p in container],
            )
        else:
            edges, feet = (
                [(p.get_x(), p.get_width(), p.get_height()) for p in container],
                [p.get_y() for p in container],
            )
        touching = all(abs(a + w - b) < 1e-6 * (1 + abs(w)) for (a, w, _), (b, _, _) in itertools.pairwise(edges))
        if not ticks and len(edges) > 5 and (touching or len(edges) > 12):
            hills.append(_hill(group, edges))
            continue
        spreads = _spreads(container, len(edges))
        for (start, width, height), foot, spread in zip(edges, feet, spreads, strict=True):
            value = foot + height  # a stacked bar doesn't begin at 0
            middle = start + width / 2
            near = min(ticks, key=lambda at: abs(at - middle), default=math.inf)
            name = ticks[near] if abs(near - middle) <= 0.5 else number(middle)
            name = ", ".join(n for n in (name, group) if n)
            values.append((value, name))
            items.append(f"{name}: " + (f"from {number(foot)} to " if foot else "") + number(value) + spread)
    parts = [("Distributions: ", hills, "")] if hills else []
    if items:
        known = [v for v in values if not math.isnan(v[0])] or values
        parts.append(("Bars: ", items, f"Largest {_named(max(known))}; smallest {_named(min(known))}."))
    return parts


def _hill(name: str, edges: list[tuple[float, float, float]]) -> str:
    """A histogram's range, peak and mean, from its bars (start, width, height)."""
    filled = [(a, w, h) for a, w, h in edges if h > 0]
    if not filled:
        return f"{name or 'values'}: empty"
    start, width, high = max(filled, key=lambda bar: bar[2])
    total = sum(w * h for _, w, h in filled)
    mean = sum((a + w / 2) * w * h for a, w, h in filled) / total
    low, top = _rounded(np.array([filled[0][0], filled[-1][0] + filled[-1][1]]))
    return (
        f"{name or 'values'} from {number(low)} to {number(top)}, mean {number(mean)}, "
        f"highest ({number(high)}) near {number(start + width / 2)}"
    )


def _spreads(container: Any, n: int) -> list[str]:
    if container.errorbar is None:
        return [""] * n
    ends = [np.asarray(s, dtype=float) for s in container.errorbar.lines[2][0].get_segments()]
    halves = [float(np.ptp(one, axis=0).max()) / 2 for one in ends] if len(ends) == n else [0.0] * n
    return [f" ± {number(half)}" if half else "" for half in halves]


def lines(ax: Any) -> list[Part]:
    """Lines by their ends and extremes, those with a label first."""
    names, caps = {}, set()  # matplotlib keeps an error bar's name in its container, and draws its caps as lines, too
    for container in ax.containers:
        if type(container).__name__ == "ErrorbarContainer":
            line, ends, _ = container.lines
            caps |= {id(end) for end in ends}
            names[id(line)] = label_of(container)
    items, bare, seen, reach = [], [], set(), []
    for line in sorted((ln for ln in ax.lines if id(ln) not in caps), key=lambda ln: not label_of(ln)):
        x, y = (np.asarray(np.ma.filled(v, np.nan), dtype=float).reshape(-1) for v in line.get_data(orig=False))
        key = (x.tobytes(), y.tobytes())
        if not len(y) or key in seen:
            continue
        seen.add(key)
        name = names.get(id(line)) or label_of(line)
        in_x, in_y = line.get_transform().contains_branch_seperately(ax.transData)
        if not (in_x and in_y):
            value = f"a level line at {number(y[0])}" if in_y else f"an upright line at x = {number(x[0])}"
            items.append(f"{name}: {value}" if name else value)
            continue
        dots = line.get_linestyle() in ("None", " ", "")
        known = np.isfinite(x) & np.isfinite(y)
        if known.any():
            reach += [(float(y[known].max()), name), (float(y[known].min()), name)]
            text = _course(_names(ax.xaxis), x, y, known, dots, ax.get_yscale() == "log")
            (items if name else bare).append(
                f"{name} {text}" if name else f"{'row of dots' if dots else 'line'} {text}"
            )
    if not items and not bare:
        return []
    extremes = f"Highest of all {_named(max(reach))}; lowest {_named(min(reach))}." if reach else ""
    if len(bare) > 3:
        unnamed = [value for value, name in reach if not name]
        bare = [f"{len(bare)} without a name, between {number(min(unnamed))} and {number(max(unnamed))}"]
    head = "The " if len(items + bare) == 1 and len(bare) == 1 and " without " not in bare[0] else "Lines: "
    return [(head, items + bare, extremes)]


def _course(ticks: dict[float, str], x: Any, y: Any, known: Any, dots: bool, log_y: bool) -> str:
    """How a line runs: its ends, and its extremes where they aren't its ends."""
    gaps = f", not finite at {(~known).sum()} of {len(y)} points" if not known.all() else ""
    x, y = _rounded(x[known]), y[known] if log_y else _rounded(y[known])

    def at(i: int) -> str:
        place = _name_at(ticks, x[i]) or f"x = {number(x[i])}"
        return f"{number(y[i])} at {place}"

    if len(y) == 1:
        return f"is {at(0)}{gaps}"
    if not ((np.diff(x) >= 0).all() and x[-1] > x[0]):
        ends = [f"({number(x[i])}, {number(y[i])})" for i in (0, -1)]
        middle = f"({number(x.mean())}, {number(y.mean())})"
        return (f"has {len(y)} points around {middle}" if dots else f"leads from {ends[0]} to {ends[1]}") + gaps
    low, high, steps = int(y.argmin()), int(y.argmax()), np.diff(y)
    if number(y[low]) == number(y[high]):
        return f"stays at {number(y[0])}{gaps}"
    if (steps >= 0).all() or (steps <= 0).all():
        return f"{'rises' if y[-1] > y[0] else 'falls'} from {at(0)} to {at(-1)}{gaps}"
    ends = {number(y[0]), number(y[-1])}
    turns = [f"{w} {at(i)}" for w, i in (("lowest", low), ("highest", high)) if number(y[i]) not in ends]
    return ", ".join([f"goes from {at(0)} to {at(-1)}", *turns]) + gaps


def images(ax: Any) -> list[Part]:
    """Matrices by shape and extremes, small ones by all their values; colour pictures by size only."""
    parts = []
    for image in ax.images:
        grid = np.ma.filled(np.ma.asarray(image.get_array()).astype(float), np.nan)
        rows, columns = grid.shape[:2]
        if grid.ndim == 3:
            parts.append((f"A colour picture of {rows} by {columns} pixels", [], ""))
            continue
        kind = f"Grid of {rows} rows and {columns} columns" if ax.axison else f"Picture of {rows} by {columns} pixels"
        if not np.isfinite(grid).any():
            parts.append((f"{kind} without a finite value", [], ""))
            continue
        grid = np.where(np.isfinite(grid), grid, np.nan)
        left, right, bottom, top = image.get_extent()
        first, last = (top, bottom) if image.origin == "upper" else (bottom, top)
        across = [left + (j + 0.5) / columns * (right - left) for j in range(columns)]
        down = [first + (i + 0.5) / rows * (last - first) for i in range(rows)]
        column_names, row_names = _names(ax.xaxis), _names(ax.yaxis)
        on_x, on_y = (
            [_name_at(n, v) or number(v) for v in at] for n, at in ((column_names, across), (row_names, down))
        )
        spots = [np.unravel_index(int(pick(grid)), grid.shape) for pick in (np.nanargmax, np.nanargmin)]
        high, low = (f"{number(grid[s])} (row {on_y[s[0]]}, column {on_x[s[1]]})" for s in spots)
        items = []
        if ax.axison and grid.size <= 16:
            items = [f"row {on_y[i]}: {', '.join(number(v) for v in grid[i])}" for i in range(rows)]
        elif ax.axison and row_names:
            best = [None if np.isnan(row).all() else int(np.nanargmax(row)) for row in grid]
            items = [
                f"row {on_y[i]}: most at {on_x[j]}, {number(grid[i, j])}" for i, j in enumerate(best) if j is not None
            ]
        parts.append((f"{kind}: ", [f"largest {high}", f"smallest {low}", *items], f"{kind}."))
    return parts


def collections(ax: Any) -> list[Part]:
    """Groups of points by count and centre; arrows, contours and shaded areas are only named."""
    groups, others, bands = [], [], 0
    for artist in ax.collections:
        kind, name = type(artist).__name__, label_of(artist)
        if kind == "PathCollection":
            xy = np.ma.filled(np.ma.asarray(artist.get_offsets()).astype(float), np.nan)
            xy = xy[np.isfinite(xy).all(axis=1)]
            if len(xy):
                middle, many = xy.mean(axis=0), f"{len(xy)} point{'s' if len(xy) > 1 else ''}"
                where = f"{many} around ({number(middle[0])}, {number(middle[1])})"
                groups.append(f"{name}: {where}" if name else where)
        elif kind == "Quiver":
            others.append(f"{artist.N} arrows")
        elif kind == "QuadContourSet":
            others.append(f"contours at {', '.join(number(v) for v in artist.levels[:6])}")
        elif name:
            others.append(f"shaded: {name}")
        elif kind in ("PolyCollection", "FillBetweenPolyCollection"):
            bands += 1
    if bands:
        others.append(f"{bands} shaded band{'s' if bands > 1 else ''}")
    parts = [("Points: ", groups, f"{len(groups)} groups in all.")] if groups else []
    return [*parts, ("Also: ", others, "")] if others else parts


def _names(axis: Any) -> dict[float, str]:
    """The words at an axis's ticks, {place: word}; none where the ticks are numbers that matplotlib chose."""
    if type(axis.get_major_formatter()).__name__ not in ("StrCategoryFormatter", "FixedFormatter", "FuncFormatter"):
        return {}
    texts = [short(tick.get_text()) for tick in axis.get_majorticklabels()]
    return {float(at): text for at, text in zip(axis.get_majorticklocs(), texts, strict=False) if text}


def _rounded(values: Any) -> Any:
    """The values, with those that differ from 0 by rounding only set to 0."""
    return np.where(np.abs(values) < 1e-9 * np.abs(values).max(), 0.0, values)


def _name_at(names: dict[float, str], at: float) -> str:
    """The word at a place on an axis, up to rounding; "" if there is none."""
    return next((name for tick, name in names.items() if abs(tick - at) < 1e-6), "")


def label_of(artist: Any) -> str:
    """The label that was given to a line or bar; "" for one that matplotlib made up."""
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") else short(label)


def _named(value: tuple[float, str]) -> str:
    return f"{number(value[0])} ({value[1]})" if value[1] else number(value[0])


def number(value: Any) -> str:
    """Three significant digits; whole numbers below 10,000 in full, since they may be years or steps."""
    x = float(value)
    if not math.isfinite(x):
        return "undefined" if math.isnan(x) else "infinity" if x > 0 else "-infinity"
    if x == round(x) and abs(x) < 10_000:
        return f"{x + 0.0:.0f}".replace("-0", "0") if x == 0 else f"{x:.0f}"
    if 1000 <= abs(x) < 1e7:
        digits = 2 - math.floor(math.log10(abs(x)))
        return f"{round(x, digits):,.0f}"
    return f"{x:.3g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def short(text: Any) -> str:
    return cut(clean(str(text)), NAME)


def clean(text: str) -> str:
    return " ".join(text.translate(str.maketrans("", "", "$\\{}")).split())


def cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"
