"""Pictures of densities and of what a divergence asks of them: covering and seeking, on a line and in the plane."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from aigc_lab import plots


def densities_on_a_line(
    points: Tensor, x: Tensor, densities: Mapping[str, Tensor], strip: Tensor, *, title: str
) -> None:
    """Draw a histogram of digits on a line, densities over it, and below the axis the digits at some of its points.

    Args:
        points: (n,). x: where the densities are known, (m,). densities: {name: (m,)}; may be empty.
        strip: pictures at -8, -7, ... 4, (13, 1, h, w).
    """
    tops = [f"{name} has its top, {d.max():.2f}, at {x[d.argmax()]:z.1f}" for name, d in densities.items()]
    heaps = "A wide low heap of zeros around -4, a narrow high heap of ones around 4"
    alt = f"{title}. {'; '.join([heaps, *tops])}. Below, pictures that turn from a zero into a one."
    with plots.figure(title=title, alt=alt, size=(7, 3.4)) as ax:
        ax.hist(points.numpy(), 70, density=True, color="#BBBBBB", label=f"{len(points):,} digits")
        for (name, density), colour, style in zip(densities.items(), plots.COLOURS, ("-", "--", "-."), strict=False):
            ax.plot(x, density, style, color=colour, lw=2, label=name)
        row = torch.cat(list(strip[:, 0]), dim=1)
        ax.imshow(row, cmap="gray", extent=(-8.5, 4.5, -0.17, -0.02), aspect="auto", vmin=0, vmax=1, zorder=3)
        ax.set(xlim=(-11, 7), ylim=(-0.19, 0.75), ylabel="density")
        ax.set_xlabel("coordinate (below: the picture at each whole number)")
        ax.legend(frameon=False, fontsize=9, loc="upper left")


def likelihood_surface(means: Tensor, stds: Tensor, surface: Tensor, best: tuple[Tensor, Tensor]) -> None:
    """Draw the mean log-likelihood (means, stds) of bell curves as a map, and the best one as a star."""
    title = "Mean log-likelihood of the data: one hill, and A on its top"
    alt = f"{title}. The top, model A, at mean {best[0]:z.1f} and deviation {best[1]:.1f}."
    with plots.figure(title=title, alt=alt, size=(6.5, 3.4)) as ax:
        levels = np.linspace(-6, -2.8, 17)
        drawn = ax.contourf(means, stds, surface.T, levels=levels, cmap="cividis", extend="min")
        ax.figure.colorbar(drawn, ax=ax, label="nats")
        ax.plot(best[0], best[1], "*", ms=14, color="#D55E00", label="model A")
        ax.set(xlabel="mean", ylabel="standard deviation")
        ax.legend(loc="upper right", fontsize=9)


def kl_as_area(x: Tensor, p: Tensor, q: Tensor, integrands: Mapping[str, Tensor], *, title: str) -> None:
    """Draw two densities, and beside them the integrands of KL(p || q) and KL(q || p) with the areas under them."""
    tops = [f"{name} has its top, {d.max():.2f}, at {x[d.argmax()]:z.1f}" for name, d in {"p": p, "q": q}.items()]
    ranges = [
        f"{name} goes from {f.min():z.2f} at {x[f.argmin()]:z.1f} to {f.max():.2f} at {x[f.argmax()]:z.1f}"
        for name, f in integrands.items()
    ]
    alt = f"{title}. Left: {'; '.join(tops)}. Right: {'; '.join(ranges)}."
    with plots.figure(title=title, alt=alt, size=(8.5, 3), columns=2) as axes:
        axes[0].plot(x, p, color=plots.COLOURS[0], label="p, the data")
        axes[0].plot(x, q, "--", color=plots.COLOURS[1], label="q, a model")
        for (name, integrand), style, colour in zip(integrands.items(), ("-", "--"), plots.COLOURS, strict=False):
            axes[1].plot(x, integrand, style, color=colour, label=name)
            axes[1].fill_between(x, integrand, color=colour, alpha=0.2, lw=0)
        for ax in axes:
            ax.set(xlim=(-6, 7), xlabel="x")
            ax.legend(frameon=False, fontsize=9)


def fits_and_valleys(x: Tensor, p: Tensor, fits: Sequence[Tensor], valleys: tuple[Tensor, Tensor, Tensor]) -> None:
    """Draw a density with its forward and its reverse fit, and beside it how both KL depend on the mean of q.

    Args:
        fits: two densities at x. valleys: means of q, KL(p || q) and KL(q || p) for each, with the best deviation for that mean.
    """
    means, forward, reverse = valleys
    title = f"Covering costs {forward.min():.2f} nats forward, seeking {reverse.min():.2f} nats reverse"
    with plots.figure(title=title, size=(9, 3.4), columns=2) as (left, right):
        left.fill_between(x, p, color="#BBBBBB", label="p")
        left.plot(x, fits[0], color=plots.COLOURS[0], label="forward fit", lw=2)
        left.plot(x, fits[1], "--", color=plots.COLOURS[1], label="reverse fit", lw=2)
        right.plot(means, forward, color=plots.COLOURS[0], label="KL(p || q)", lw=2)
        right.plot(means, reverse, "--", color=plots.COLOURS[1], label="KL(q || p)", lw=2)
        left.set(xlim=(-9, 9), xlabel="x", ylabel="density")
        right.set(xlabel="mean of q", ylabel="nats", ylim=(0, 3))
        left.legend(frameon=False, fontsize=9, loc="upper left")
        right.legend(frameon=False, fontsize=9, loc="upper center")


def letting_go(halves: Sequence[float], fits: Sequence[float], costs: Mapping[str, Sequence[float]]) -> None:
    """Draw where the reverse fit lies as two modes move apart, and what covering, seeking and one bell cost, in nats.

    Args:
        halves: half the distance of the modes. fits: |mean| of the reverse fit for each. costs: {name: nats for each}.
    """
    title = "Reverse KL lets a mode go, suddenly, and pays at most log 2 for it"
    with plots.figure(title=title, size=(9, 3.2), columns=2) as (left, right):
        left.plot(halves, fits, ".", color=plots.COLOURS[1])
        left.set(xlabel="half the distance of the modes", ylabel="|mean| of the reverse fit")
        for (name, values), style, colour in zip(costs.items(), ("-", "--", "-."), plots.COLOURS, strict=False):
            right.plot(halves, values, style, color=colour, label=name, lw=2)
        right.axhline(math.log(2), color="#888888", lw=1)
        right.set(xlabel="half the distance of the modes", ylabel="nats", ylim=(0, 3))
        right.legend(frameon=False, fontsize=9)


def two_ellipses(points: Tensor, u: Tensor, v: Tensor, levels: Mapping[str, Tensor]) -> None:
    """Draw points (n, 2) and, for each model of them, the lines where its log density is 0.5, 2 and 4.5 nats below its top.

    Args:
        u, v: a grid, (rows, columns). levels: {name: log density on it}.
    """
    title = "One ellipse over both heaps, or one in one heap"
    tops = {name: divmod(int(level.argmax()), level.shape[1]) for name, level in levels.items()}
    middles = [f"of the {name} fit around ({u[top]:z.1f}, {v[top]:z.1f})" for name, top in tops.items()]
    alt = f"{title}. A round heap of points left, a bent narrow one right. Ellipses {', '.join(middles)}."
    with plots.figure(title=title, alt=alt, size=(7.5, 3.8)) as ax:
        ax.scatter(*points.T, s=4, color="#AAAAAA", lw=0)
        for (name, level), style, colour in zip(levels.items(), ("-", "--"), plots.COLOURS, strict=False):
            ax.contour(u, v, level - level.max(), levels=[-4.5, -2, -0.5], colors=colour, linestyles=style)
            ax.plot([], [], style, color=colour, label=f"{name} fit: 0.5, 2 and 4.5 nats below its top")
        ax.set(xlabel="first coordinate", ylabel="second coordinate")
        ax.legend(frameon=False, fontsize=9, loc="lower left")


def learning_curves(sizes: Sequence[int], errors: Mapping[str, Mapping[str, Sequence[Sequence[float]]]]) -> None:
    """Draw test errors over the number of training examples: one panel per data set, one line per model.

    The bars are two standard errors long on either side.

    Args:
        sizes: numbers of training examples.
        errors: {data set: {model: for each size the errors of the repeats}}.
    """
    title = "The right assumption saves examples, the wrong one costs for ever"
    with plots.figure(title=title, size=(9, 3.4), columns=len(errors)) as axes:
        for ax, (name, models) in zip(axes, errors.items(), strict=True):
            for (model, repeats), style, colour in zip(models.items(), ("o-", "s--"), plots.COLOURS, strict=False):
                runs = np.array(repeats)
                bar = 2 * runs.std(axis=1, ddof=1) / math.sqrt(runs.shape[1])
                ax.errorbar(sizes, runs.mean(axis=1), bar, fmt=style, color=colour, label=model, capsize=3)
            ax.set(xscale="log", yscale="log", xlabel="training examples", title=name, ylim=(0.02, 0.7))
            ax.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["2%", "5%", "10%", "20%", "50%"])
            ax.set_xticks([20, 100, 500, 2000], ["20", "100", "500", "2,000"])
            ax.minorticks_off()
        axes[0].set_ylabel("test error")
        axes[0].legend(frameon=False, fontsize=9)
