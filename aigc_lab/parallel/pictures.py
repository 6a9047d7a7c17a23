"""Pictures of training on several processes: a ring round by round, messages beside a backward pass, energies."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from aigc_lab import plots
from aigc_lab.parallel.overlap import Timeline


def contributions(states: Sequence[Tensor], *, title: str) -> None:
    """A ring all-reduce round by round: how many processes have contributed to each piece of each process.

    Args:
        states: `ring_all_reduce.rounds(torch.ones(p, p))`: the start and 2(p - 1) rounds, (p, p), one row per process.
    """
    processes = len(states[0])
    gathered, last = processes - 1, len(states) - 1
    with plots.figure(
        title=title,
        alt=f"{title}. {len(states)} grids of {processes} processes by {processes} pieces. All start at 1; after {gathered} rounds "
        f"each process has one piece with {states[gathered].max():.0f}; after {last} all are {states[last].min():.0f}.",
        size=(9.5, 2.3),
        columns=len(states),
    ) as axes:
        for round_, (ax, state) in enumerate(zip(axes, states, strict=True)):
            ax.imshow(state.numpy(), cmap="cividis", vmin=0, vmax=processes)
            for i in range(processes):
                for j in range(processes):
                    colour = "white" if state[i, j] < 0.75 * processes else "black"
                    ax.text(j, i, f"{state[i, j]:.0f}", ha="center", va="center", fontsize=9, color=colour)
            ax.set(xticks=range(processes), yticks=range(processes) if round_ == 0 else [])
            ax.grid(False)
            ax.set_title("start" if round_ == 0 else f"round {round_}", fontsize=9)
        axes[0].set(xlabel="piece", ylabel="process")


def timelines(plans: Mapping[str, Timeline], *, title: str) -> None:
    """When the GPU computes and when the link sends, a pair of rows for each plan, in milliseconds; each bar bears the number of its layer."""
    rows = [
        (f"{name}: {what}", spans)
        for name, plan in plans.items()
        for what, spans in zip(("GPU", "link"), plan, strict=True)
    ]
    ends = "; ".join(f"{name}: done after {1e3 * plan.seconds:.3g} ms" for name, plan in plans.items())
    alt = f"{title}. Bars over milliseconds, for each plan a row of layers that compute and a row of their messages. {ends}."
    with plots.figure(title=title, alt=alt, size=(8.5, 0.9 + 0.4 * len(rows))) as ax:
        for y, (_, spans) in enumerate(rows):
            for k, (start, end) in enumerate(spans):
                width = 1e3 * (end - start)
                ax.barh(y, width, left=1e3 * start, height=0.7, color=plots.COLOURS[y % 2], edgecolor="white")
                if width:
                    ax.text(
                        1e3 * start + width / 2,
                        y,
                        str(len(spans) - k),
                        ha="center",
                        va="center",
                        fontsize=8,
                        color="white",
                    )
        ax.set(
            yticks=range(len(rows)),
            yticklabels=[name for name, _ in rows],
            xlabel="milliseconds; the number is the layer's",
        )
        ax.invert_yaxis()
        ax.grid(axis="y", visible=False)


def energies(kilowatt_hours: Mapping[str, float], *, title: str) -> None:
    """A bar for each thing that takes energy, from 1e-5 to 1e8 kWh on a logarithmic scale, with the number at its end."""
    numbers = [f" {value:,.0f}" if value > 1 else f" {value:.2g}" for value in kilowatt_hours.values()]
    with plots.figure(title=title, size=(7.5, 2.6)) as ax:
        drawn = ax.barh(list(kilowatt_hours), list(kilowatt_hours.values()), color=plots.COLOURS[: len(numbers)])
        ax.bar_label(drawn, labels=numbers, fontsize=9)
        ax.invert_yaxis()
        ax.set(xscale="log", xlabel="kWh", xlim=(1e-5, 1e8))
