"""Pictures of the game between G and D: two densities with all that follows from them, slopes of the losses, orbits of a tiny GAN, and
samples on a ring."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from aigc_lab import plots
from aigc_lab.distributions.divergences import gaussian_log_density as log_normal
from aigc_lab.gan import ring


def log_humps(x: Tensor, gap: float, spread: float = 0.6) -> Tensor:
    """Log density of an even mixture of two normals whose means lie `gap` apart, 0 half way."""
    return torch.logaddexp(log_normal(x, -gap / 2, spread), log_normal(x, gap / 2, spread)) - math.log(2)


def pulls(gap: float, means: Tensor, spread: float) -> tuple[Tensor, Tensor]:
    r"""How hard G's mean is pulled by the best D, to the right if positive: minus the slope of the minimax and of the non-saturating loss.

    G draws :math:`x = \mu + s z`; by the chain rule :math:`-dL/d\mu = \mathbb{E}_z[\sigma(l)\,l'(x)]` and
    :math:`\mathbb{E}_z[(1 - \sigma(l))\,l'(x)]`, where :math:`l = \log p - \log q` is the best D's logit.

    Args:
        gap: between the two humps of the data. means: of G, (n,). spread: of G.

    Returns:
        Two tensors (n,), nats per unit of x.
    """
    z = torch.distributions.Normal(0.0, 1.0).icdf((torch.arange(400, dtype=torch.float64) + 0.5) / 400)
    x = (means[:, None] + spread * z).requires_grad_()  # (n, 400)
    logit = log_humps(x, gap) - log_normal(x, means[:, None], spread)
    (slope,) = torch.autograd.grad(logit.sum(), x)
    real = logit.detach().sigmoid()
    return (real * slope).mean(dim=1), ((1 - real) * slope).mean(dim=1)


def densities(gap: float, model_mean: float, model_spread: float) -> None:
    """Draw data and model, the best D, both losses of G where its samples lie, and both pulls on its mean."""
    x = torch.linspace(-7, 7, 701, dtype=torch.float64)
    log_p, log_q = log_humps(x, gap), log_normal(x, model_mean, model_spread)
    p, q, logit = log_p.exp(), log_q.exp(), log_p - log_q
    softplus = torch.nn.functional.softplus
    js = 0.5 * torch.trapezoid(-p * softplus(-logit) - q * softplus(logit), x).item() + math.log(2)
    means = torch.linspace(-6, 6, 121, dtype=torch.float64)
    now = torch.tensor([model_mean], dtype=torch.float64)
    everywhere, at_mean = pulls(gap, means, model_spread), pulls(gap, now, model_spread)
    blue, red, green = plots.COLOURS[:3]
    title = f"JS = {js:.3f} of at most log 2 = 0.693 nats; V(D*, G) = {2 * js - math.log(4):.3f}"
    alt = (
        f"{title}. Left: the data's humps at {-gap / 2:zg} and {gap / 2:g}, the model's at {model_mean:g} with spread "
        f"{model_spread:g}, and the best D. Middle: both losses of G by where a sample lies. Right: how hard each loss pulls on the "
        f"model's mean; where it is, minimax pulls with {at_mean[0].item():.3g}, non-saturating with {at_mean[1].item():.3g}."
    )
    with plots.figure(
        title=title,
        alt=alt,
        size=(10.5, 3.3),
        columns=3,
    ) as (left, middle, right):
        left.fill_between(x, p, color=blue, alpha=0.3, lw=0, label="data p")
        left.fill_between(x, q, color=red, alpha=0.3, lw=0, label="model q")
        left.plot(x, logit.sigmoid(), color="black", lw=1.6, label="D* = p / (p + q)")
        left.set_ylim(0, 1.38)
        left.set_xlabel("x")
        middle.fill_between(x, -6, -6 + 6 * q / q.max(), color=red, alpha=0.2, lw=0, label="model q")
        middle.plot(x, -softplus(logit), color=blue, label="log(1 - D*), minimax")
        middle.plot(x, softplus(-logit), "--", color=green, label="-log D*, non-saturating")
        middle.set_ylim(-6, 9)
        middle.set_xlabel("x, where a sample may lie")
        looks = (("minimax", "-", blue), ("non-saturating", "--", green))
        for (name, style, colour), values, here in zip(looks, everywhere, at_mean, strict=True):
            right.plot(means, values, style, color=colour, label=f"{name}: here {here.item():.3g}")
            right.plot(now, here, "o", color=colour)
        right.axhline(0, color="black", lw=0.8)
        right.set_ylim(-6.5, 6.5)
        right.set_xlabel("model mean; pull > 0 goes right")
        for ax, place in ((left, "upper left"), (middle, "upper left"), (right, "lower left")):
            ax.legend(frameon=False, fontsize=8, loc=place)


def loss_slopes(logits: Tensor, of_generator: Mapping[str, Tensor], of_discriminator: Mapping[str, Tensor]) -> None:
    """Draw the slopes (n,) of some losses by the logit (n,): on the left G's on a fake, on the right D's on a real example."""
    panels = {"G's losses, on a fake": of_generator, "D's losses, on a real example": of_discriminator}
    with plots.figure(title="How much each loss cares, by the logit", size=(9, 3.2), columns=2) as axes:
        for ax, (who, slopes) in zip(axes, panels.items(), strict=True):
            for style, colour, (name, slope) in zip(plots.STYLES, plots.COLOURS, slopes.items(), strict=False):
                ax.plot(logits, slope, style, color=colour, label=name)
            ax.set(xlabel="logit", ylabel="slope", ylim=(-1.1, 0.5))
            ax.set_title(who, fontsize=10)
            ax.legend(frameon=False, fontsize=8, loc="upper left")


def orbits(paths: Mapping[str, np.ndarray]) -> None:
    """Draw paths (steps, 2) of a generator at θ and a discriminator of slope ψ, from the circle at the start to the cross they ought to reach."""
    ends = {name: float(np.hypot(*path[-1])) for name, path in paths.items()}
    one = len(paths) == 1
    title = (
        f"After {len(next(iter(paths.values()))) - 1} rounds: {next(iter(ends.values())):.2g} from the cross"
        if one
        else "The same start, the same steps: which game comes to rest at the cross?"
    )
    size = (4.6, 4.2) if one else (2.9 * len(paths), 3.3)
    with plots.figure(title=title, size=size, columns=len(paths)) as axes:
        reach = 1.1 * max(1.0, min(4.0, max(np.abs(path).max() for path in paths.values())))
        for ax, colour, (name, path) in zip(np.atleast_1d(axes), plots.COLOURS, paths.items(), strict=False):
            ax.plot(*path.T, color=colour, lw=0.8)
            ax.plot(*path.T, ".", color=colour, ms=2.5)
            ax.plot(*path[0], "o", mfc="none", color="black", ms=8, label="start")
            ax.plot(0, 0, "+", color="black", ms=14, mew=2, label="where they ought to rest")
            ax.set_title(name, fontsize=9)
            ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="θ, where the fakes are")
            ax.set_ylabel("ψ, slope of D")


def rings(samples: Mapping[str, Tensor], *, title: str, columns: int = 5) -> None:
    """Draw sets of points (n, 2), each over the eight circles of radius 3σ in which good samples lie."""
    told = []
    for name, points in samples.items():
        modes, share = ring.coverage(points, ring.centres(), ring.SIGMA)
        told.append(f"{name}, {modes} of 8 circles hit, {share:.0%} of the points in one")
    alt = f"{title}. Points over eight circles on a ring, one panel each: {'; '.join(told)}."
    rows = math.ceil(len(samples) / columns)
    columns = min(columns, len(samples))
    angle = np.linspace(0, 2 * np.pi, 40)
    circle = 3 * ring.SIGMA * np.stack([np.cos(angle), np.sin(angle)])
    with plots.figure(
        title=title, alt=alt, size=(2.0 * columns, 2.25 * rows + 0.3), rows=rows, columns=columns
    ) as axes:
        panels = np.atleast_1d(axes).reshape(-1)
        for ax, (name, points) in zip(panels, samples.items(), strict=False):
            ax.scatter(*points.T, s=2, alpha=0.5, lw=0, color=plots.COLOURS[1])
            for centre in ring.centres():
                ax.plot(centre[0] + circle[0], centre[1] + circle[1], color=plots.COLOURS[0], lw=0.8)
            ax.set(xlim=(-1.9, 1.9), ylim=(-1.9, 1.9), aspect="equal")
            ax.set_title(name, fontsize=9)
        for ax in panels:
            ax.axis("off")


def modes_by_step(steps: Sequence[int], modes: Mapping[str, np.ndarray], *, title: str) -> None:
    """Draw how many of the eight modes each game hits at each of the steps; one line per game, (steps,)."""
    with plots.figure(title=title, size=(8, 3.4)) as ax:
        for colour, style, marker, (name, hit) in zip(
            plots.COLOURS, plots.STYLES, "osv^Dxp+", modes.items(), strict=False
        ):
            ax.plot(steps, hit, style, marker=marker, color=colour, label=name)
        ax.set(xlabel="step", ylabel="modes hit, of 8", ylim=(-0.3, 8.3))
        ax.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
