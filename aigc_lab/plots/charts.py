"""Charts: each has a title that says what to see, and alternative text for readers who can't see it.

`title`, `alt` and `size` (inches) are those of `figures.figure`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from aigc_lab.plots.figures import COLOURS, STYLES, figure


def curves(
    x: Any,
    lines: Mapping[str, Any],
    *,
    x_label: str,
    y_label: str,
    title: str,
    alt: str | None = None,
    log_x: bool = False,
    log_y: bool = False,
    markers: bool = False,
    bands: Mapping[str, tuple[Any, Any]] | None = None,
    size: tuple[float, float] = (7.0, 3.4),
) -> None:
    """Lines over a common x.

    Args:
        x: (n,), or {label: (n,)} with an x for each line.
        lines: {label: (n,)}; the label may be empty where there is one line.
        log_x, log_y: logarithmic axes.
        markers: a dot at each point.
        bands: {label: (low, high)}, both (n,): a shaded band around some of the lines.
    """
    with figure(title=title, alt=alt, size=size) as ax:
        for i, (label, y) in enumerate(lines.items()):
            xs = _numpy(x[label] if isinstance(x, Mapping) else x)
            colour, style = COLOURS[i % len(COLOURS)], STYLES[i % len(STYLES)]
            ax.plot(xs, _numpy(y), style, color=colour, label=label, lw=1.8, marker="o" if markers else None)
            if bands and label in bands:
                low, high = bands[label]
                ax.fill_between(xs, _numpy(low), _numpy(high), color=colour, alpha=0.18, lw=0)
        if log_x:
            ax.set_xscale("log")
        if log_y:
            ax.set_yscale("log")
        ax.set(xlabel=x_label, ylabel=y_label)
        if len(lines) > 1 or next(iter(lines), ""):
            ax.legend(frameon=False, fontsize=9)


def bars(
    values: Mapping[str, float],
    *,
    y_label: str,
    title: str,
    alt: str | None = None,
    errors: Mapping[str, float] | None = None,
    horizontal: bool = True,
    size: tuple[float, float] | None = None,
) -> None:
    """One bar a name, with the number at its end; `errors` draws an interval around it."""
    names, heights = list(values), [float(v) for v in values.values()]
    spread = [float(errors[name]) for name in names] if errors else None
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(names))] if len(names) <= len(COLOURS) else COLOURS[0]
    usual = (7.0, 0.9 + 0.38 * len(names)) if horizontal else (7.0, 3.4)
    with figure(title=title, alt=alt, size=size or usual) as ax:
        if horizontal:
            drawn = ax.barh(names, heights, xerr=spread, color=colours, height=0.65, capsize=3)
            ax.invert_yaxis()
            ax.set_xlabel(y_label)
            ax.margins(x=0.12)
        else:
            drawn = ax.bar(names, heights, yerr=spread, color=colours, width=0.65, capsize=3)
            ax.set_ylabel(y_label)
            ax.margins(y=0.12)
        ax.bar_label(drawn, labels=[f" {_short(h)}" for h in heights], fontsize=9, padding=2)


def _short(number: float) -> str:
    """A number, short enough for the end of a bar: 0.0355, 23.8, 1,287,060."""
    return f"{number:.3g}" if abs(number) < 999.5 else f"{number:,.0f}"


def grouped_bars(
    groups: Mapping[str, Mapping[str, float]],
    *,
    y_label: str,
    title: str,
    alt: str | None = None,
    errors: Mapping[str, Mapping[str, float]] | None = None,
    size: tuple[float, float] = (7.0, 3.4),
) -> None:
    """For each group, one bar a label: `{group: {label: value}}`, the same labels in each."""
    labels = list(next(iter(groups.values())))
    width = 0.8 / len(labels)
    with figure(title=title, alt=alt, size=size) as ax:
        for i, label in enumerate(labels):
            at = np.arange(len(groups)) + (i - (len(labels) - 1) / 2) * width
            spread = [float(errors[group][label]) for group in groups] if errors else None
            heights = [float(group[label]) for group in groups.values()]
            colour = COLOURS[i % len(COLOURS)]
            drawn = ax.bar(at, heights, width * 0.92, yerr=spread, capsize=2, color=colour, label=label)
            ax.bar_label(drawn, labels=[_short(h) for h in heights], fontsize=7, padding=1)
        ax.set_xticks(range(len(groups)), list(groups))
        ax.set_ylabel(y_label)
        ax.margins(y=0.15)
        ax.legend(frameon=False, fontsize=9, ncols=len(labels), loc="lower left", bbox_to_anchor=(0, 1.0))


def histogram(
    values: Mapping[str, Any], *, x_label: str, title: str, alt: str | None = None, bins: int = 40, log_y: bool = False
) -> None:
    """Distributions on common bins, as densities, so that sets of different size can be compared."""
    arrays = {name: _numpy(v).reshape(-1) for name, v in values.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(arrays.values())), bins)
    with figure(title=title, alt=alt) as ax:
        for i, (name, array) in enumerate(arrays.items()):
            ax.hist(array, edges, density=True, color=COLOURS[i % len(COLOURS)], alpha=0.45, label=name)
        if log_y:
            ax.set_yscale("log")
        ax.set(xlabel=x_label, ylabel="density")
        if len(arrays) > 1:
            ax.legend(frameon=False, fontsize=9)


def scatter(
    points: Any,
    *,
    x_label: str,
    y_label: str,
    title: str,
    alt: str | None = None,
    labels: Any = None,
    names: Sequence[str] | None = None,
    size: tuple[float, float] = (6.0, 4.2),
) -> None:
    """Points, (n, 2).

    Args:
        points: (n, 2), any numbers.
        labels: (n,) whole numbers; each gets a colour and a marker of its own.
        names: what each label is called in the legend, indexed by label.

    Raises:
        ValueError: points of another shape.
    """
    xy = _numpy(points)
    if xy.ndim != 2 or xy.shape[1] != 2:
        raise ValueError(f"scatter() takes points of shape (n, 2), got {xy.shape}")
    groups = np.zeros(len(xy), dtype=int) if labels is None else _numpy(labels).astype(int)
    with figure(title=title, alt=alt, size=size) as ax:
        for i, group in enumerate(np.unique(groups)):
            chosen = xy[groups == group]
            name = names[group] if names is not None else str(group)
            mark = "osD^vP*X<>"[i % 10]
            ax.scatter(*chosen.T, s=14, marker=mark, color=COLOURS[i % len(COLOURS)], alpha=0.6, label=name, lw=0)
        ax.set(xlabel=x_label, ylabel=y_label)
        if labels is not None:
            ax.legend(frameon=False, fontsize=8, ncols=2, loc="center left", bbox_to_anchor=(1.0, 0.5))


def heatmap(
    matrix: Any,
    *,
    title: str,
    alt: str | None = None,
    rows: Sequence[Any] | None = None,
    columns: Sequence[Any] | None = None,
    x_label: str = "",
    y_label: str = "",
    numbers: bool = False,
    size: tuple[float, float] = (6.0, 4.0),
) -> None:
    """A matrix as colours; `rows` and `columns` name its rows and columns, `numbers` writes each value into its cell."""
    grid = _numpy(matrix)
    with figure(title=title, alt=alt, size=size) as ax:
        drawn = ax.imshow(grid, cmap="cividis", aspect="auto")
        ax.figure.colorbar(drawn, ax=ax)
        if columns is not None:
            ax.set_xticks(range(len(columns)), [str(c) for c in columns])
        if rows is not None:
            ax.set_yticks(range(len(rows)), [str(r) for r in rows])
        if numbers:
            middle = (np.nanmin(grid) + np.nanmax(grid)) / 2
            for (i, j), value in np.ndenumerate(grid):
                colour = "black" if value > middle else "white"
                ax.text(j, i, f"{value:.3g}", ha="center", va="center", fontsize=8, color=colour)
        ax.set(xlabel=x_label, ylabel=y_label)
        ax.grid(False)


def _numpy(values: Any) -> np.ndarray:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
