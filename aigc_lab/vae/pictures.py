"""Pictures of the evidence lower bound: how far q is from the posterior, and how draws of z close the gap."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from aigc_lab import plots
from aigc_lab.verify import Estimate


def encoder_and_bound(grid: Tensor, densities: Mapping[str, Tensor], bound: float, log_p: float) -> None:
    """Draw densities of z on a grid (prior, posterior, q), and beside them how far the bound stands below log p(x).

    Args:
        grid: values of z, (n,). densities: {name: (n,)}.
        bound, log_p: in nats; their difference is the KL from q to the posterior.
    """
    title = f"The gap, {log_p - bound:.3f} nats, is the KL from q to the posterior"
    alt = (
        f"{title}. Left: the densities of {', '.join(densities)}. "
        f"Right: the bound, {bound:.2f}, below the line of log p(x), {log_p:.2f}."
    )
    with plots.figure(title=title, alt=alt, size=(8, 3.2), columns=2) as (left, right):
        for (name, density), colour, style in zip(densities.items(), plots.COLOURS, ("-", "--", "-."), strict=False):
            left.plot(grid, density, style, color=colour, label=name)
        left.set(xlabel="z", ylabel="density", ylim=(0, 1.3))
        left.legend(frameon=False, fontsize=8, loc="upper left")
        floor = min(-6.0, bound - 0.5)
        right.bar([0], [bound - floor], bottom=floor, width=0.5, color=plots.COLOURS[2], label="ELBO")
        right.bar([0], [log_p - bound], bottom=bound, width=0.5, color=plots.COLOURS[4], alpha=0.5, label="gap")
        right.axhline(log_p, color=plots.COLOURS[1], ls="--", label="log p(x)")
        right.set(ylabel="nats", xticks=[], xlim=(-0.6, 1.4), ylim=(floor, -1.8))
        right.legend(frameon=False, fontsize=8, loc="center right")


def bounds_by_draws(ks: Sequence[int], bounds: Mapping[str, Sequence[Estimate]], log_p: float) -> None:
    """Draw the importance-weighted bound over the number of draws k for some encoders, below the line of log p(x).

    Args:
        bounds: for each encoder one estimate per k, in nats; the bars are four standard errors on either side.
    """
    with plots.figure(title="More draws tighten the bound; how fast depends on the encoder") as ax:
        for (name, line), colour, mark in zip(bounds.items(), plots.COLOURS, "osD", strict=False):
            means, bars = [each.mean for each in line], [4 * each.standard_error for each in line]
            ax.errorbar(ks, means, bars, color=colour, marker=mark, ms=4, label=name)
        ax.axhline(log_p, color="black", ls="--", label="log p(x)")
        ax.set(xscale="log", xlabel="k, draws in one bound", ylabel="nats", ylim=(-4.2, -2.1))
        ax.legend(frameon=False, fontsize=9)
