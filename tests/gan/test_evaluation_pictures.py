"""Trainings compared: what the picture's text says, against means taken by hand."""

import re

from aigc_lab import display, plots
from aigc_lab.gan import evaluation_pictures
from aigc_lab.training.history import History


def test_the_worst_and_the_best_way_are_told_with_their_means(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: shown.append(markup))
    scores = {
        "none": {"recall": [0.2, 0.4], "frechet": [9, 11]},
        "turned": {"recall": [0.5, 0.6], "frechet": [30, 50]},
        "moved": {"recall": [0.3, 0.4], "frechet": [4, 5]},
    }
    measures = {"recall": "diversity:\nrecall", "frechet": "quality"}
    evaluation_pictures.trainings(scores, measures, title="Three ways", logarithmic=["frechet"])
    told = "diversity: recall: from 0.3 (none) to 0.55 (turned); quality: from 4.5 (moved) to 40 (turned)."
    assert f"Three ways. Means by way. {told}" in shown[0]


def test_shares_and_distances_have_axes_of_their_own(monkeypatch):
    """The text gives the losses' thirds and both ends of each measure; per cent and Fréchet distance don't share a scale."""
    drawn = []
    monkeypatch.setattr(plots.figures, "show", lambda drawing, alt: drawn.append((drawing, alt)))
    history = History()
    for step in range(9):
        history.append(float(step), {"discriminator": 0.6 - 0.01 * step, "generator": 1.0 + 0.1 * step})
    scores = [{"recognised": 0.5, "frechet": 40.0}, {"recognised": 0.9, "frechet": 8.0}]
    evaluation_pictures.losses_beside_scores(history, [3, 9], scores, title="Learning.")
    ((drawing, alt),) = drawn
    assert [ax.get_ylabel() for ax in drawing.axes] == [
        "loss (nats)",
        "recognised as asked, upright (%)",
        "Fréchet distance",
    ]
    assert [list(ax.lines[0].get_ydata()) for ax in drawing.axes[1:]] == [[50, 90], [40, 8]]
    assert re.findall(r"[\d.]+\d", alt) == ["0.59", "0.53", "1.10", "1.70", "50", "90", "40.0", "8.0"]
