"""Roofs of machines with operations under them, and what each change to a training gains."""

from collections.abc import Mapping, Sequence

import numpy as np

from aigc_lab import plots
from aigc_lab.hardware.roofline import Machine
from aigc_lab.plots import STYLES
from aigc_lab.plots.alt_marks import number


def roofs(machines: Sequence[Machine], points: Mapping[str, tuple[float, float]], *, title: str) -> None:
    """Attainable FLOP/s over arithmetic intensity, both logarithmic.

    Args:
        machines: each gets a roof.
        points: {name: (FLOP a byte, FLOP/s)}.
    """
    told = [
        f"{machine.name}: memory-bound up to {number(machine.ridge)} FLOP a byte, then flat at {number(machine.peak / 1e9)} GFLOP/s"
        for machine in machines
    ]
    told += [f"{name}: {number(rate / 1e9)} GFLOP/s at {number(at)} FLOP a byte" for name, (at, rate) in points.items()]
    alt = f"{title}. Attainable GFLOP/s over FLOP a byte, both axes logarithmic. {'; '.join(told)}."
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


def factors(speedups: Mapping[str, float], *, title: str) -> None:
    """A bar for each change, smallest first, from 1 to its factor: to the right for a gain, to the left for a loss.

    Args:
        speedups: {change: how many times as fast}, as a `SpeedupTable` measures it.
    """
    in_order = dict(sorted(speedups.items(), key=lambda item: item[1]))
    lengths = [factor - 1 for factor in in_order.values()]
    told = "; ".join(f"{change}: {factor:.3g}" for change, factor in in_order.items())  # a bar's length is one less
    with plots.figure(title=title, alt=f"{title}. Times as fast as before: {told}.", size=(8.0, 4.0)) as ax:
        ax.barh(list(in_order), lengths, left=1, color=plots.COLOURS[0], height=0.6)
        ax.axvline(1, color=plots.COLOURS[1])
        ax.set_xscale("log")
        ax.set_xlabel("times as fast as before")
