"""Human judgement as a test: two pictures, one real, one drawn. Which one is drawn? Votes are counted, and the count gets an interval."""

import base64
import html
import io
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from aigc_lab import display, plots, runtime


class Interval(NamedTuple):
    """The values of p that the votes leave open."""

    low: float
    high: float


def votes_interval(right: int, votes: int, confidence: float = 0.95) -> Interval:
    r"""Exact interval for the probability p of a right vote.

    It ends where the observed count becomes surprising: at the lower end :math:`P(K \ge \mathrm{right}) = \alpha / 2`, at the upper end
    :math:`P(K \le \mathrm{right}) = \alpha / 2`, for K binomial with `votes` trials and :math:`\alpha` = 1 - confidence. Both are quantiles of beta distributions.

    Args:
        right: how many votes were right.
        votes: how many there were, at least 1; each independent of the others.
        confidence: how often, at least, such an interval holds the true p, whatever p is.

    Returns:
        The named pair (low, high).

    Raises:
        ValueError: right isn't from 0 to votes, or the confidence isn't between 0 and 1.

    Source:
        Clopper, Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial", 1934.
    """
    if votes < 1 or not 0 <= right <= votes:
        raise ValueError(f"expected 0 <= right <= votes and at least one vote, got {right} of {votes}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    tail = (1 - confidence) / 2
    low = stats.beta.ppf(tail, right, votes - right + 1) if right > 0 else 0.0
    high = stats.beta.ppf(1 - tail, right + 1, votes - right) if right < votes else 1.0
    return Interval(float(low), float(high))


class Test:
    """A two-alternative test in the notebook: shows pair after pair, takes votes, keeps count.

    Where there are no widgets (while notebooks are built, or in a terminal), a picture of the first pairs is shown
    instead. `vote` works everywhere.

    Args:
        real, drawn: pictures, (n, c, h, w), uint8 or floats in [0, 1]; pair i takes real[i] and drawn[i], so the two sets should match in what they show.
        seed: decides on which side the drawn picture stands.

    Raises:
        ValueError: no pictures, or sets of different shapes.
    """

    def __init__(self, real: Tensor, drawn: Tensor, seed: int = 0) -> None:
        if len(real) == 0 or real.shape != drawn.shape:
            raise ValueError(
                f"each pair needs a real and a drawn picture: got shapes {tuple(real.shape)} and {tuple(drawn.shape)}"
            )
        self.real, self.drawn = _bytes(real), _bytes(drawn)
        self.drawn_is_left = torch.rand(len(real), generator=torch.Generator().manual_seed(seed)) < 0.5
        self.right = 0
        self.votes = 0

    def pair(self, i: int) -> Tensor:
        """The two pictures of pair i, left and right, (2, c, h, w) uint8."""
        both = [self.drawn[i], self.real[i]] if self.drawn_is_left[i] else [self.real[i], self.drawn[i]]
        return torch.stack(both)

    def vote(self, left: bool) -> bool:
        """Say which side of the current pair is drawn; returns whether that is right, and moves on.

        Args:
            left: True for the left side, False for the right.

        Raises:
            IndexError: all pairs are judged.
        """
        if self.votes == len(self.real):
            raise IndexError("all pairs are judged; make a new test for more")
        correct = bool(self.drawn_is_left[self.votes]) == left
        self.votes += 1
        self.right += correct
        return correct

    def summary(self) -> str:
        """The count in words, with its interval."""
        if not self.votes:
            return "no votes yet"
        low, high = votes_interval(self.right, self.votes)
        return f"{self.right} of {self.votes} right; 95% interval of p: {low:.2f} to {high:.2f}"

    def show(self) -> None:
        """Show the next pair with its two buttons, or the first pairs as a picture where there are no widgets."""
        if runtime.building() or not display.in_notebook():
            pairs = {f"pair {i + 1}": self.pair(i) for i in range(min(4, len(self.real)))}
            plots.image_rows(
                pairs,
                title="Which one is drawn, left or right?",
                alt="Pairs of digits; one of each is real, the other drawn by a generator.",
                scale=1.0,
            )
            display.show(
                '<div style="opacity:.7">▷ Run this cell to get the buttons.</div>', "Run this cell to get the buttons."
            )
            return
        display.show_widget(self._widget())

    def _widget(self):
        import ipywidgets

        picture, count = ipywidgets.HTML(), ipywidgets.HTML()
        buttons = [ipywidgets.Button(description=f"{side} is drawn") for side in ("left", "right")]

        def refresh(said: str = "") -> None:
            done = self.votes == len(self.real)
            if not done:
                picture.value = _img(self.pair(self.votes), f"pair {self.votes + 1}: one real digit, one drawn")
            for button in buttons:
                button.disabled = done
            count.value = f"<b>{html.escape(said)}</b> {html.escape(self.summary())}{' · all judged' if done else ''}"

        def pressed(button) -> None:
            refresh("right." if self.vote(left=button is buttons[0]) else "wrong.")

        for button in buttons:
            button.on_click(pressed)
        refresh()
        return ipywidgets.VBox([picture, ipywidgets.HBox(buttons), count])


def _bytes(pictures: Tensor) -> Tensor:
    return pictures if pictures.dtype == torch.uint8 else (pictures * 255).round().clamp(0, 255).to(torch.uint8)


def _img(pair: Tensor, alt: str) -> str:
    """Both pictures side by side, four times their size, as HTML."""
    from PIL import Image

    gap = torch.full((*pair.shape[1:3], 8), 255, dtype=torch.uint8)
    joined = torch.cat([pair[0], gap, pair[1]], dim=2).permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    Image.fromarray(np.squeeze(joined)).save(buffer, format="png")
    data = base64.b64encode(buffer.getvalue()).decode()
    size = f"width:{joined.shape[1] * 4}px;image-rendering:pixelated"
    return f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}" style="{size}">'
