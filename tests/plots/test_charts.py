import base64
import io

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from PIL import Image

from aigc_lab import display, plots


@pytest.fixture
def shown(monkeypatch):
    pictures = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: pictures.append((markup, plain)))
    return pictures


def decode(markup: str) -> np.ndarray:
    data = markup.split("base64,")[1].split('"')[0]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def test_a_picture_carries_its_alternative_text_escaped(shown):
    plots.curves([0, 1], {"line": [0, 1]}, x_label="x", y_label="y", title="Up", alt='Rises from "0" to 1 & stays.')
    markup, plain = shown[0]
    assert 'alt="Rises from &quot;0&quot; to 1 &amp; stays."' in markup
    assert plain == '[picture: Rises from "0" to 1 & stays.]'


def test_no_picture_without_alternative_text(shown):
    with pytest.raises(ValueError, match="alt text"):
        plots.bars({"a": 1.0}, y_label="y", title="t", alt=" ")


def test_pictures_keep_one_grey_scale_for_all(shown):
    dim = torch.full((1, 1, 8, 8), 60, dtype=torch.uint8)
    bright = torch.full((1, 1, 8, 8), 180, dtype=torch.uint8)
    plots.images(torch.cat([dim, bright]), title="", alt="two greys")
    seen = {tuple(colour) for colour in decode(shown[0][0]).reshape(-1, 3)}
    assert {(60, 60, 60), (180, 180, 180)} <= seen


def test_colours_are_shown_as_they_are(shown):
    picture = torch.zeros(1, 3, 8, 8)
    picture[:, 0] = 1.0
    plots.images(picture, title="", alt="red")
    assert (decode(shown[0][0]) == [255, 0, 0]).all(axis=-1).mean() > 0.1


@pytest.mark.parametrize(
    "title", ["WWW WWWWWW WWWWWWW", "a picture, the nearest of many draws, one that was searched for"]
)
def test_a_title_and_a_name_wider_than_the_grid_are_not_cut_off(shown, title):
    white = torch.ones(1, 1, 8, 8)
    points = torch.randn(50, 2)
    for draw in (
        lambda: plots.images(white, title=title),
        lambda: plots.image_rows({title: white}, title="short"),
        *(lambda n=n: plots.scatter(points, x_label="x", y_label="y", title=(2 * title)[:n]) for n in range(36, 80, 3)),
    ):
        draw()
        ink = decode(shown.pop()[0]).mean(axis=-1) < 200
        assert ink.any()
        assert not ink[:, 0].any()
        assert not ink[:, -1].any()
        assert not ink[0].any()


def test_bars_bear_three_digits_and_no_powers_of_ten(shown, monkeypatch):
    written = []
    monkeypatch.setattr(Axes, "bar_label", lambda self, drawn, labels, **_: written.extend(labels))
    values = dict(zip("abcdefg", [0.03548, 0.8752, 23.84, 999.6, 1_287_060.0, 0.0, -5.756], strict=True))
    plots.bars(values, y_label="share", title="t")
    plots.grouped_bars({"group": values}, y_label="share", title="t")
    assert [text.strip() for text in written] == 2 * ["0.0355", "0.875", "23.8", "1,000", "1,287,060", "0", "-5.76"]


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (torch.zeros(28, 28), "shape"),
        (torch.zeros(0, 1, 8, 8), "n >= 1"),
        (torch.full((1, 1, 8, 8), -1.0), "from_signed"),
        (torch.full((1, 1, 8, 8), float("nan")), r"lie in \[0, 1\]"),
    ],
)
def test_pictures_that_would_lie_are_refused(shown, pictures, words):
    with pytest.raises(ValueError, match=words):
        plots.images(pictures, title="t", alt="a")


def test_every_kind_draws(shown):
    x = torch.linspace(0, 1, 5)
    common = {"title": "t", "alt": "a"}
    plots.curves(x, {"a": x, "b": x**2}, x_label="x", y_label="y", bands={"a": (x - 1, x + 1)}, log_y=True, **common)
    plots.grouped_bars({"g": {"a": 1.0, "b": 2.0}}, y_label="y", **common)
    plots.bars({"a": 1.0}, errors={"a": 0.1}, y_label="y", horizontal=False, **common)
    plots.histogram({"a": x, "b": x}, x_label="x", **common)
    plots.scatter(
        torch.rand(9, 2), labels=torch.arange(9) % 3, names=["x", "y", "z"], x_label="x", y_label="y", **common
    )
    plots.heatmap(torch.rand(2, 3), numbers=True, rows=["a", "b"], columns=[1, 2, 3], **common)
    plots.image_rows({"real": torch.rand(3, 1, 8, 8), "made": torch.rand(3, 3, 8, 8)}, **common)
    with plots.figure(columns=2, **common) as axes:
        axes[0].plot([0, 1])
        axes[1].plot(x, x)
    assert len(shown) == 8
    assert all(decode(markup).shape[0] > 50 for markup, _ in shown)


def test_scatter_wants_pairs(shown):
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        plots.scatter(torch.rand(9, 3), x_label="x", y_label="y", title="t", alt="a")
