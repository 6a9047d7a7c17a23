"""Pictures of lesson 14: how many people look alike, and how far planted secrets come out."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from aigc_lab import plots


def group_sizes(sizes: Sequence[int], k: int, *, title: str) -> None:
    """Draw for each person how many look like them, the loneliest first, beside the k that everybody should reach.

    Args:
        sizes: one number a person, the size of their group.
    """
    with plots.figure(
        title=title,
        alt=f"{title}. People in order of group size; groups have {min(sizes)} to {max(sizes)} people.",
        size=(7, 3),
    ) as ax:
        ax.fill_between(range(len(sizes)), sorted(sizes), step="mid", color=plots.COLOURS[0], alpha=0.6)
        ax.axhline(k, color=plots.COLOURS[1], ls="--", label=f"k = {k}")
        ax.set(xlabel="person, in order of group size", ylabel="people who look alike")
        ax.set(ylim=(0, max(12, max(sizes) + 1)))
        ax.legend(frameon=False)


def exposures(
    copies: Sequence[int],
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    title: str,
    errors: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    candidates: int = 10**5,
) -> None:
    """Draw exposure against planted copies, between the level of a secret never seen and that of first place.

    Args:
        copies: how often each secret was planted.
        panels: {what stands under the panel: {label: bits at each number of copies}}, one or more.
        errors: the same, with half the length of the error bar at each point.
        candidates: |R|, among how many secrets the true one was ranked; first place is log2 |R| bits.
    """
    first_place, never_seen = math.log2(candidates), 1 / math.log(2)
    middle = len(copies) // 2
    told = []
    for name, lines in panels.items():
        ends = [
            f"{label} {bits[middle]:.1f} bits at {copies[middle]} copies, {bits[-1]:.1f} at {copies[-1]}"
            + (f", give or take {max(errors[name][label]):.1f}" if errors else "")
            for label, bits in lines.items()
        ]
        told.append(f"{name}: {'; '.join(ends)}.")
    size, alt = ((7, 3.6), None) if len(panels) == 1 else ((9, 3.8), f"{title}. {' '.join(told)}")
    with plots.figure(title=title, alt=alt, size=size, columns=len(panels)) as axes:
        for ax, (name, lines) in zip(np.atleast_1d(axes), panels.items(), strict=True):
            for style, colour, (label, bits) in zip(plots.STYLES, plots.COLOURS, lines.items(), strict=False):
                bars = errors[name][label] if errors else None
                ax.errorbar(copies, bits, bars, fmt="o" + style, ms=4, capsize=2, color=colour, label=label)
            ax.axhline(first_place, color="black", lw=0.8)
            ax.axhline(never_seen, color="black", lw=0.8, ls=":")
            ax.text(1, first_place - 0.2, "first place", va="top", fontsize=8)
            ax.text(1, never_seen - 0.3, "never seen", va="top", fontsize=8)
            ax.set_xscale("log", base=2)
            ax.set(xlabel=name, ylabel="exposure, bits", ylim=(-0.5, 18), xticks=copies, xticklabels=copies)
            ax.legend(frameon=False, fontsize=9, loc="center left")
