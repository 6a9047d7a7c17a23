"""The reader's own settings of matplotlib and the course's pictures leave each other alone."""

import base64
import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

from aigc_lab import display, plots
from aigc_lab.plots import flowchart

from helpers import ROOT


@pytest.fixture(autouse=True)
def untouched():
    with mpl.rc_context():
        mpl.rcdefaults()
        yield


@pytest.fixture
def shown(monkeypatch):
    markups = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: markups.append(markup))
    return markups


def chart() -> None:
    with plots.figure(title="A title of $x^2$", columns=2, size=(5, 2)) as (left, right):
        left.plot([0, 1, 2], [0.0, -1.5, 1000.25], label="line")
        left.legend()
        right.imshow(np.arange(6.0).reshape(2, 3))
        right.set(xlabel="across", ylabel="down")


KINDS = {
    "a figure of one's own": chart,
    "pictures": lambda: plots.images(torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0)), title="Three", labels="abc"),
    "rows": lambda: plots.image_rows({"a name": torch.ones(2, 3, 8, 8)}, title="Rows"),
    "boxes": lambda: flowchart.draw({"a": (0, 0), "b": (1, 0)}, [("a", "b", "to")], title="Boxes", alt="Two boxes."),
}  # fmt: skip
SETTINGS = {
    "usetex": {"text.usetex": True},
    "large fonts": {"font.size": 22, "axes.titlesize": 30, "legend.fontsize": 4},
    "serif": {"font.family": "serif", "mathtext.fontset": "cm"},
    "saving": {"savefig.dpi": 300, "savefig.bbox": "tight", "savefig.transparent": True, "savefig.facecolor": "black"},
    "lines": {"lines.linewidth": 9, "axes.grid": True, "axes.facecolor": "0.5", "image.cmap": "hot", "image.origin": "lower"},
    "layout": {"figure.constrained_layout.w_pad": 1.0, "figure.subplot.left": 0.4, "figure.dpi": 30, "figure.facecolor": "none"},
    "numbers": {"axes.formatter.limits": (0, 0), "axes.unicode_minus": False},
}  # fmt: skip


@pytest.mark.parametrize("draw", KINDS.values(), ids=KINDS)
def test_a_dark_style_changes_no_picture(draw, shown):
    draw()
    plt.style.use("dark_background")
    draw()
    assert shown[0] == shown[1]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_no_setting_changes_a_picture(settings, shown):
    for draw in (chart, KINDS["boxes"]):
        draw()
        with mpl.rc_context(settings):
            draw()
    assert shown[0] == shown[1]
    assert shown[2] == shown[3]


@pytest.mark.parametrize(
    "style", ["ggplot", "seaborn-v0_8", "Solarize_Light2"]
)  # set_theme changes what the second does
def test_no_style_sheet_changes_a_picture(style, shown):
    chart()
    with plt.style.context(style):
        chart()
    with plt.xkcd():
        chart()
    assert shown[0] == shown[1] == shown[2]


@pytest.mark.parametrize("draw", KINDS.values(), ids=KINDS)
def test_drawing_leaves_the_reader_s_settings_as_they_are(draw, shown):
    plt.style.use("dark_background")
    mpl.rcParams["font.family"] = ["monospace"]
    before = dict(mpl.rcParams)
    draw()
    assert dict(mpl.rcParams) == before


def test_a_mistake_inside_a_figure_leaves_the_reader_s_settings_as_they_are(shown):
    mpl.rcParams["lines.linewidth"] = 7
    with pytest.raises(ZeroDivisionError), plots.figure(title="t"):
        1 / 0  # noqa: B018
    assert mpl.rcParams["lines.linewidth"] == 7


def test_a_reader_s_own_dark_figure_is_shown_as_they_made_it(shown):
    with plt.style.context("dark_background"):
        drawing = plt.figure(figsize=(2, 1))
        drawing.text(0.1, 0.4, "white on black")
        plots.show(drawing, "words")
        plt.close(drawing)
    pixels = np.asarray(
        Image.open(io.BytesIO(base64.b64decode(shown[0].split("base64,")[1].split('"')[0]))).convert("L")
    )
    assert pixels[0, 0] == 0
    assert pixels.max() > 200


def test_letters_that_our_font_lacks_come_from_the_reader_s(shown, recwarn):
    """STIX, which comes with matplotlib, stands for the font of a reader who writes Chinese."""

    def signs() -> None:
        with plots.figure(title="", alt="two signs", size=(2, 1)) as ax:
            ax.set_xlabel("\u2316 \u237c")

    signs()
    assert any("missing from" in str(warning.message) for warning in recwarn)
    recwarn.clear()
    mpl.rcParams["font.sans-serif"] = ["STIXGeneral", "Not Installed Anywhere"]
    signs()
    assert not list(recwarn)
    assert shown[0] != shown[1]


def test_nothing_else_makes_figures():
    """So that the rule holds for the next picture, too: all go through `plots`, which has the style."""
    makers = ("pyplot", "Figure(", "FigureCanvas")
    files = [*(ROOT / "aigc_lab").rglob("*.py"), *(ROOT / "lessons").glob("*.py")]
    found = {file.name for file in files if any(maker in file.read_text(encoding="utf-8") for maker in makers)}
    assert found <= {"figures.py"}
