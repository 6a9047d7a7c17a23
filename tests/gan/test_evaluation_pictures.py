"""Trainings compared: what the picture's text says, against means taken by hand."""

from aigc_lab import display
from aigc_lab.gan import evaluation_pictures


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
