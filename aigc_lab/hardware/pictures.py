"""Roofs of machines, and operations under them."""

from collections.abc import Mapping, Sequence

import numpy as np

from aigc_lab import plots
from aigc_lab.hardware.roofline import Machine
from aigc_lab.plots import STYLES


def draw(machines: Sequence[Machine], points: Mapping[str, tuple[float, float]], *, title: str, alt: str) -> None:
    """Attainable FLOP/s over arithmetic intensity, both logarithmic.

    Args:
        machines: a roof each.
        points: {name: (FLOP a byte, FLOP/s)}.
    """
    with plots.figure(title=title, alt=alt, size=(8.0, 4.2)) as ax:
        reach = [machine.ridge for machine in machines] + [intensity for intensity, _ in points.values()]
        intensities = np.geomspace(min(reach) / 4, max(reach) * 4, 200)
        for i, machine in enumerate(machines):
            roof = [machine.attainable(intensity) / 1e9 for intensity in intensities]
            ax.plot(intensities, roof, STYLES[i % len(STYLES)], color=plots.COLOURS[i], lw=1.8, label=machine.name)
            ax.plot(machine.ridge, machine.peak / 1e9, "|", color=plots.COLOURS[i], markersize=14)
        for i, (name, (intensity, rate)) in enumerate(points.items()):
            colour, mark = plots.COLOURS[(i + 1) % len(plots.COLOURS)], "osD^vP*X"[i % 8]
            ax.plot(intensity, rate / 1e9, mark, color=colour, label=name, linestyle="none", markersize=7)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel("arithmetic intensity in FLOP a byte")
        ax.set_ylabel("GFLOP/s")
        ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
