"""Pictures of what `evaluation` measures: the losses beside the scores while a GAN learns, and several trainings compared."""

from collections.abc import Collection, Mapping, Sequence

from aigc_lab import plots
from aigc_lab.training.history import History


def losses_beside_scores(
    history: History, at: Sequence[int], scores: Sequence[Mapping[str, float]], *, title: str
) -> None:
    """Draw both losses of a training, step by step, and beside them what `evaluation.report` found at the steps `at`."""
    recognised, frechet = [100 * s["recognised"] for s in scores], [s["frechet"] for s in scores]
    third = max(1, len(history.steps) // 3)
    told = [f"{title} Three panels. Losses by step, mean of the first and of the last third:"]
    for name in ("discriminator", "generator"):
        first, last = (sum(part) / third for part in (history[name][:third], history[name][-third:]))
        told.append(f"{name} {first:.2f} and {last:.2f} nats;")
    told.append(f"recognised from {recognised[0]:.0f} to {recognised[-1]:.0f}%;")
    told.append(f"Fréchet distance from {frechet[0]:.1f} to {frechet[-1]:.1f}.")
    with plots.figure(title=title, alt=" ".join(told), size=(10, 3.0), columns=3) as (left, middle, right):
        for i, name in enumerate(("discriminator", "generator")):
            left.plot(history.steps, history[name], color=plots.COLOURS[i], lw=0.8, label=name)
        left.set(xlabel="step", ylabel="loss (nats)", ylim=(0, 2.5))
        left.legend(frameon=False, fontsize=9)
        middle.plot(at, recognised, "o-", color=plots.COLOURS[2])
        middle.set(xlabel="step", ylabel="recognised as asked, upright (%)", ylim=(0, 105))
        right.plot(at, frechet, "s--", color=plots.COLOURS[3])
        right.set(xlabel="step", ylabel="Fréchet distance")
        right.set_ylim(bottom=0)


def trainings(
    scores: Mapping[str, Mapping[str, Sequence[float]]],
    measures: Mapping[str, str],
    *,
    title: str,
    logarithmic: Collection[str] = (),
) -> None:
    """Draw one panel per measure, with one row per way of training and a dot for each seed.

    Args:
        scores: {way: {measure: [score with the first seed, with the second, ...]}}.
        measures: {measure: label of its axis}, in the order of the panels.
        logarithmic: measures whose axis is logarithmic.
    """
    told = []
    for measure, label in measures.items():
        means = {way: sum(found[measure]) / len(found[measure]) for way, found in scores.items()}
        low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
        told.append(f"{' '.join(label.split())}: from {means[low]:.3g} ({low}) to {means[high]:.3g} ({high})")
    alt = f"{title}. Means by way. {'; '.join(told)}."
    with plots.figure(title=title, alt=alt, size=(10, 3.4), columns=len(measures)) as axes:
        for ax, (measure, label) in zip(axes, measures.items(), strict=True):
            for i, found in enumerate(scores.values()):
                ax.plot(found[measure], [i] * len(found[measure]), "o", color=plots.COLOURS[i], alpha=0.7)
            ax.set_yticks(range(len(scores)), list(scores) if ax is axes[0] else [""] * len(scores))
            ax.set_xlabel(label)
            ax.invert_yaxis()
            if measure in logarithmic:
                ax.set_xscale("log")
