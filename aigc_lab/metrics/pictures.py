"""Pictures of how good a generator is: distances over sample size, the balls behind precision, quality traded for variety."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.patches import Circle
from torch import Tensor

from aigc_lab import plots


def extrapolation(
    inverse_sizes: Sequence[float], distances: Mapping[str, Sequence[float]], lines: Mapping[str, np.ndarray]
) -> None:
    """Draw mean distances over 1/m, and the fitted line of each, read off where it meets 1/m = 0.

    Args:
        inverse_sizes: 1/m, the largest first.
        distances: {name: one at each size}, "real against real" among them. lines: for each its (slope, intercept).
    """
    along = np.linspace(0, inverse_sizes[0], 50)
    title = "Fewer pictures look worse: read off the value at 1/m = 0"
    met = "; ".join(f"{name}: {line[1]:.2f} at 1/m = 0" for name, line in lines.items())
    with plots.figure(title=title, alt=f"{title}. {met}.") as ax:
        for i, (name, line) in enumerate(lines.items()):
            fitted, label = np.polyval(line, along), f"{name}: {line[1]:.2f} at 0"
            ax.plot(along, fitted, color=plots.COLOURS[i], ls=plots.STYLES[i], label=label)
            ax.plot(inverse_sizes, distances[name], "o", color=plots.COLOURS[i])
        ax.set(xlabel="1/m", ylabel="Fréchet distance", ylim=(min(0, lines["real against real"][1]) - 0.5, None))
        ax.legend(frameon=False)


def balls(real: Tensor, radii: Tensor, generated: Tensor) -> None:
    """Draw real points (n, 2), each with its ball of radius (n,), and generated points (m, 2) as crosses."""
    with plots.figure(
        title="Precise, but two of three groups are missed",
        alt="Three groups of real points, each point with a circle. All generated crosses lie in one group.",
        size=(6, 4.4),
    ) as ax:
        for centre, radius in zip(real.tolist(), radii.tolist(), strict=True):
            ax.add_patch(Circle(centre, radius, color=plots.COLOURS[0], alpha=0.08))
        ax.plot(*real.T, "o", color=plots.COLOURS[0], label="real, and its ball for k = 2")
        ax.plot(*generated.T, "x", color=plots.COLOURS[1], label="generated")
        ax.set_aspect("equal")
        ax.legend(frameon=False, fontsize=9, loc="upper right")


def quality_and_variety(
    scales: Sequence[float], shares: Mapping[str, Sequence[float]], distances: Sequence[float]
) -> None:
    """Draw what the scale of the noise does: to the shares {name: one a scale} on the left, to the Fréchet distance on the right."""
    with plots.figure(title="Smaller noise buys quality with variety", size=(8.5, 3.4), columns=2) as (left, right):
        for i, (name, values) in enumerate(shares.items()):
            left.plot(scales, values, plots.STYLES[i], marker="o", color=plots.COLOURS[i], label=name)
        left.set(xlabel="standard deviation of the noise", ylabel="share")
        left.legend(frameon=False, fontsize=8)
        right.plot(scales, distances, marker="o", color=plots.COLOURS[4])
        right.set(xlabel="standard deviation of the noise", ylabel="Fréchet distance", ylim=(0, None))
