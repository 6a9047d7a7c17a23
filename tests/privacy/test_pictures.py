"""Pictures of the privacy lesson: with several panels, the text names every method in each of them."""

from aigc_lab import display
from aigc_lab.privacy import pictures


def test_every_method_of_every_panel_is_told(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: shown.append(plain))
    alike = {"ordinary": [1, 2, 8, 16], "DP-SGD": [1, 1, 2, 12]}
    reworded = {"ordinary": [1, 3, 9, 16], "DP-SGD": [1, 1, 4, 14]}
    pictures.exposures([1, 2, 4, 8], {"alike": alike, "reworded": reworded}, title="Secrets")
    for words in (
        "alike: ordinary 8.0 bits at 4 copies, 16.0 at 8; DP-SGD 2.0 bits at 4 copies, 12.0 at 8.",
        "reworded: ordinary 9.0 bits at 4 copies, 16.0 at 8; DP-SGD 4.0 bits at 4 copies, 14.0 at 8.",
    ):
        assert words in shown[0]


def test_error_bars_are_told(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: shown.append(plain))
    panels = {"alike": {"ordinary": [1, 2]}, "reworded": {"ordinary": [3, 9]}}
    errors = {"alike": {"ordinary": [0.2, 0.4]}, "reworded": {"ordinary": [1.5, 0.7]}}
    pictures.exposures([1, 2], panels, title="Secrets", errors=errors)
    assert "alike: ordinary 2.0 bits at 2 copies, 2.0 at 2, give or take 0.4." in shown[0]
    assert "reworded: ordinary 9.0 bits at 2 copies, 9.0 at 2, give or take 1.5." in shown[0]
