"""Pictures of control: what guidance does without the prior, and what each knob does to quality and variety."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_lab import plots


def without_the_prior(steps: np.ndarray, guide: np.ndarray, second: np.ndarray, distances: np.ndarray) -> None:
    """Draw codes pushed uphill without the prior: what both judges say (left), how far the pictures are from real ones (right).

    Args:
        steps: the steps at which the other three were measured, (n,) each.
        guide: mean probability that the guiding judge gives to the class asked for.
        second: share of pictures that the second judge reads as asked. distances: Fréchet distance to real pictures.
    """
    title = "The guide gets ever surer, the pictures get worse again"
    with plots.figure(title=title, size=(8.5, 3.2), columns=2) as (left, right):
        left.plot(steps, guide, "-", color=plots.COLOURS[0], label="the guiding judge: mean p")
        left.plot(steps, second, "--", color=plots.COLOURS[1], label="second judge: read as asked")
        right.plot(steps, distances, "-", color=plots.COLOURS[2])
        left.set(xlabel="steps uphill without the prior", ylabel="share", ylim=(0, 1))
        right.set(xlabel="steps uphill without the prior", ylabel="Fréchet distance", ylim=(0, None))
        left.legend(frameon=False, fontsize=8, loc="lower right")


def all_knobs(curves: Mapping[str, Mapping[Any, Sequence[float]]]) -> None:
    """Draw precision over recall, for each knob {setting: (precision, recall, ...)}, with the setting beside each point."""
    title = "What each knob does to quality and variety"
    told = []
    for knob, points in curves.items():
        ends = dict.fromkeys((next(iter(points)), next(reversed(points))))  # once, where there is one point
        told.append(f"{knob}: " + " to ".join(f"{points[at][0]:.2f} over {points[at][1]:.2f} at {at}" for at in ends))
    alt = f"{title}. Precision over recall, by first and last setting. {'; '.join(told)}."
    with plots.figure(title=title, alt=alt, size=(9, 4.8)) as ax:
        for i, (knob, points) in enumerate(curves.items()):
            precision, recall = [point[0] for point in points.values()], [point[1] for point in points.values()]
            line = "" if knob in ("real digits", "class") else plots.STYLES[i]  # two points are no curve
            marker = "os^Dvp*"[i]
            ax.plot(recall, precision, linestyle=line, marker=marker, color=plots.COLOURS[i], label=knob)
            for name, u, v in zip(points, recall, precision, strict=True):
                ax.annotate(str(name), (u, v), xytext=(4, 4), textcoords="offset points", fontsize=7)
        ax.set(
            xlabel="recall: how much of the variety of real digits",
            ylabel="precision: how many lie among real digits",
        )
        ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
