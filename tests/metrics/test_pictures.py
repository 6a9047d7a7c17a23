"""Distances over sample size: what the picture's text says of lines known beforehand."""

from aigc_lab import display
from aigc_lab.metrics import pictures


def test_the_value_at_no_bias_is_told_for_each_line(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: shown.append(markup))
    lines = {"GAN against real": (100.0, 7.5), "real against real": (80.0, 0.25)}
    inverse = [0.01, 0.001]
    distances = {name: [slope * x + at_0 for x in inverse] for name, (slope, at_0) in lines.items()}
    pictures.extrapolation(inverse, distances, lines)
    assert "GAN against real: 7.50 at 1/m = 0; real against real: 0.25 at 1/m = 0." in shown[0]
