"""Pictures of cleaning: how far copies are from each other, which pairs of texts meet, what generators make of a rare heap."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from aigc_lab import plots


def bits_that_differ(distances: np.ndarray, is_copy: np.ndarray, threshold: int, *, title: str) -> None:
    """Draw the counts of pairs by Hamming distance, copies and other pairs apart, and the threshold between the two.

    Args:
        distances: bits that differ, of 64, int (pairs,).
        is_copy: bool (pairs,).
        threshold: the largest distance that counts as the same picture.
    """
    with plots.figure(title=title) as ax:
        ax.hist(
            [distances[is_copy], distances[~is_copy]],
            np.arange(0, 62, 2),
            label=["copies", "other pairs"],
            color=plots.COLOURS[:2],
        )
        ax.axvline(threshold + 1, color="black", ls="--", label="threshold")
        ax.set(yscale="log", xlabel="bits that differ, of 64", ylabel="pairs")
        ax.legend(frameon=False)


def s_curve(s: np.ndarray, chance: np.ndarray, similarity: np.ndarray, met: np.ndarray, *, title: str) -> None:
    """Draw the chance to meet in a band against the similarity, and a dot for each real pair, at 1 if it met.

    Args:
        s, chance: the curve, (points,).
        similarity, met: of the real pairs, (pairs,); met is bool.
    """
    with plots.figure(title=title) as ax:
        ax.plot(s, chance, color=plots.COLOURS[0], label="1 - (1 - s^r)^b")
        ax.plot(similarity, met, "o", color=plots.COLOURS[1], alpha=0.4, label="copies: met (1) or not (0)")
        ax.set(xlabel="Jaccard similarity", ylabel="probability to meet")
        ax.legend(frameon=False)


def shares_by_run(shares: Mapping[str, Tensor], truth: Mapping[str, float], *, title: str) -> None:
    """Draw for each data set the share that each run draws, (runs,), and a dashed line at the true share."""
    with plots.figure(title=title, columns=len(shares), size=(4 * len(shares), 3)) as axes:
        for ax, (name, drawn) in zip(axes, shares.items(), strict=True):
            ax.bar(range(1, len(drawn) + 1), drawn.numpy(), color=plots.COLOURS[0])
            ax.axhline(truth[name], color=plots.COLOURS[1], ls="--")
            ax.set(title=f"heaps {name}", xlabel="run", ylim=(0, 1))
