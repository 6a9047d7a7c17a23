"""Pictures of flow matching where nothing is hidden, on the line and in the plane; and what guidance buys."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from aigc_lab import plots
from aigc_lab.flow import diffusion


def trails(
    velocity: Callable[[Tensor, Tensor], Tensor],
    noise: Tensor,
    steps: int,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Where `diffusion.denoise` takes its points: (steps + 1, n, ...), the noise first, the end last."""
    seen = []

    def watched(x: Tensor, t: Tensor) -> Tensor:
        seen.append(x)
        return velocity(x, t)

    end = diffusion.denoise(watched, noise, steps, eta, generator)
    return torch.stack([*seen, end])


def lines_and_paths(noise: Tensor, data: Tensor, paths: Tensor) -> None:
    """Side by side: straight lines from each noise to its example, and the paths that follow the mean velocity.

    Args:
        noise, data: the ends of the lines, (n,).
        paths: (steps + 1, m), as `trails` gives.
    """
    with plots.figure(
        title="The lines cross. The paths along their mean velocity never do",
        alt="Left: straight lines from noise at t = 0 to the data at t = 1, crossing each other everywhere. "
        "Right: bent paths from the same places, which part into two bundles and never cross.",
        size=(9, 3.4),
        columns=2,
    ) as (left, right):
        left.plot([0, 1], torch.stack([noise, data]), color=plots.COLOURS[0], lw=0.8, alpha=0.6)
        right.plot(np.linspace(0, 1, len(paths)), paths, color=plots.COLOURS[1], lw=0.8, alpha=0.8)
        low, high = min(noise.min(), paths.min()) - 0.2, max(noise.max(), paths.max()) + 0.2
        for ax, name in ((left, "lines from noise to example"), (right, "paths that follow v")):
            ax.set_title(name, fontsize=9)
            ax.set(xlabel="t", ylabel="x", xlim=(0, 1), ylim=(float(low), float(high)))


def plane(
    velocity: Callable[[Tensor, Tensor], Tensor],
    noise: Tensor,
    data: Tensor,
    *,
    steps: int,
    eta: float = 0.0,
    t: float = 0.5,
    seed: int = 0,
) -> None:
    """Draw a velocity in the plane at time t as arrows, and the paths of `diffusion.denoise` from noise (n, 2) to their ends.

    Args:
        velocity: x (n, 2), t (n,) -> (n, 2).
        data: examples (m, 2), drawn in grey. seed: of the fresh noise.
    """
    paths = trails(velocity, noise, steps, eta, torch.Generator().manual_seed(seed))
    off = torch.cdist(paths[-1], data).min(dim=1).values.mean().item()
    side = torch.linspace(-2.4, 2.4, 15, dtype=noise.dtype)
    grid = torch.cartesian_prod(side, side)
    with torch.no_grad():
        arrows = velocity(grid, torch.full((len(grid),), t, dtype=noise.dtype))
    blue, red = plots.COLOURS[:2]
    with plots.figure(
        title=f"{steps} steps, η = {eta:g}: the ends are {off:.2f} from the nearest example, on average",
        alt=f"Left: arrows of the velocity at t = {t:g} over grey data. Right: {len(noise)} paths from noise towards the grey data; their ends are {off:.2f} from it.",
        size=(9, 4.2),
        columns=2,
    ) as (left, right):
        left.quiver(*grid.T, *arrows.T, color=blue, width=0.004)
        left.set_title(f"mean velocity at t = {t:g}", fontsize=9)
        right.plot(*paths.permute(2, 0, 1), color=blue, lw=0.7, alpha=0.6)
        right.plot(*paths[-1].T, ".", color=red, ms=5)
        right.set_title("paths and their ends", fontsize=9)
        for ax in (left, right):
            ax.plot(*data[:: max(1, len(data) // 500)].T, ".", color="#999999", ms=2, zorder=0)
            ax.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal")


def guidance(
    strengths: Sequence[float], shares: Mapping[str, Sequence[float]], distances: Sequence[float], *, title: str
) -> None:
    """Side by side: what guidance does to some shares, and to the Fréchet distance.

    Args:
        strengths: the guidance w, (n,).
        shares: {name: (n,)}. distances: (n,).
    """
    with plots.figure(title=title, size=(8.5, 3.4), columns=2) as (left, right):
        for i, (name, values) in enumerate(shares.items()):
            left.plot(strengths, values, plots.STYLES[i], marker="o", color=plots.COLOURS[i], label=name)
        left.set(xlabel="w", ylabel="share")
        left.legend(frameon=False, fontsize=8)
        right.plot(strengths, distances, marker="o", color=plots.COLOURS[4])
        right.set(xlabel="w", ylabel="Fréchet distance", ylim=(0, None))
