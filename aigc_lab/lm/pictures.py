"""Pictures of what is known about language models: how a scaling law depends on the floor that one assumes."""

import math

import numpy as np

from aigc_lab import plots
from aigc_lab.lm.scaling import Profile


def floors(profile: Profile, runs: int, published: float = 0.076) -> None:
    """Draw how well the law fits for each assumed floor, and the exponent that goes with it; the 95% interval is shaded.

    Args:
        profile: of a law fitted to this many `runs`.
        published: the exponent to compare with, dashed; Kaplan's for the number of parameters.
    """
    inside = profile.floors[profile.inside]
    title = "The exponent depends on the floor that you assume"
    with plots.figure(title=title, size=(9.0, 3.2), columns=2) as (misfit, exponent):
        misfit.plot(profile.floors, np.sqrt(profile.errors / runs), color=plots.COLOURS[0])
        misfit.axhline(math.sqrt(profile.limit / runs), color=plots.COLOURS[1], ls="--", label="95% limit")
        misfit.set(xlabel="assumed floor, nats", ylabel="misfit, nats (dashed: 95% limit)")
        exponent.plot(profile.floors, profile.alphas, color=plots.COLOURS[0])
        exponent.axhline(published, color=plots.COLOURS[1], ls="--", label="published exponent")
        exponent.set(xlabel="assumed floor, nats", ylabel="exponent (dashed: Kaplan's)")
        for ax in (misfit, exponent):
            ax.axvspan(inside.min(), inside.max(), color=plots.COLOURS[2], alpha=0.15)
