"""Sliders: a picture where there is no front end, a new one at each move where there is."""

import ipywidgets
import pytest

from aigc_lab import display, widgets


def test_without_a_front_end_the_starting_picture_is_drawn(monkeypatch, capsys):
    monkeypatch.setenv("AIGC_LAB_BUILD", "1")
    calls = []
    widgets.play(
        lambda **values: calls.append(values), steps=(1, 9, 2, 3), rate=(0.0, 1.0, 0.1, 0.5), which=["a", "b"], on=True
    )
    assert calls == [{"steps": 3, "rate": 0.5, "which": "a", "on": True}]
    assert "steps, rate, which, on" in capsys.readouterr().out


def test_a_slider_redraws(monkeypatch):
    monkeypatch.delenv("AIGC_LAB_BUILD", raising=False)
    monkeypatch.setattr(display, "in_notebook", lambda: True)
    shown, calls = [], []
    monkeypatch.setattr(display, "show_widget", shown.append)
    widgets.play(lambda n: calls.append(n), n=(1, 5, 1, 2))
    slider = shown[0].children[0]
    assert isinstance(slider, ipywidgets.IntSlider)
    slider.value = 4
    assert calls == [2, 4]


def test_an_unknown_control_is_named():
    with pytest.raises(TypeError, match="'n' must be"):
        widgets.play(lambda n: None, n=3.5)
