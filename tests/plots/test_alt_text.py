"""The text for those who can't see a picture says what was drawn: title, axes, and the numbers."""

import re
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lab import display, plots
from aigc_lab.plots import alt_text, figures


@contextmanager
def texts():
    """The alternative texts of the pictures that are drawn inside."""
    seen, before = [], display.show
    display.show = lambda markup, plain, handle=None: seen.append(plain.removeprefix("[picture: ").removesuffix("]"))
    try:
        yield seen
    finally:
        display.show = before


def own(y, title):
    with plots.figure(title=title) as ax:
        ax.plot([0, 1, 2], y)


AXES = {"x_label": "step", "y_label": "nats"}
# Each draws three numbers.
CHARTS = {
    "curves": lambda v, title: plots.curves([0, 1, 2], {"loss": v}, title=title, **AXES),
    "bars": lambda v, title: plots.bars(dict(zip("abc", v, strict=True)), y_label="nats", title=title),
    "upright bars": lambda v, t: plots.bars(dict(zip("abc", v, strict=True)), y_label="nats", title=t, horizontal=False),
    "grouped bars": lambda v, t: plots.grouped_bars({g: {"real": x, "made": 0.0} for g, x in zip("abc", v, strict=True)},
                                                    y_label="nats", title=t),
    "heatmap": lambda v, title: plots.heatmap([v], title=title),
    "a figure of your own": own,
}  # fmt: skip


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_title_and_numbers_are_told_and_follow_the_data(draw):
    with texts() as seen:
        draw([0.125, 0.731, 0.25], "The middle wins")
        draw([0.125, 0.25, 0.862], "The middle wins")
    first, second = seen
    assert first.startswith("The middle wins. ")
    assert "0.731" in first
    assert "0.731" not in second
    assert "0.862" in second


def test_a_histogram_tells_where_each_set_lies():
    with texts() as seen:
        plots.histogram({"low": np.linspace(1, 2, 100), "high": np.linspace(7, 9, 100)}, x_label="nats", title="Apart")
    low, high = re.findall(r"mean ([\d.]+)", seen[0])
    assert float(low) == pytest.approx(1.5, abs=0.1)
    assert float(high) == pytest.approx(8, abs=0.1)
    assert seen[0].index("low from 1 to") < seen[0].index("high from")


def test_points_are_counted_and_placed():
    points = torch.tensor([[0.0, 1.0], [2.0, 3.0], [10.0, 20.0]])
    with texts() as seen:
        plots.scatter(points, labels=[0, 0, 1], names=["pair", "single"], title="Three", **AXES)
    assert "pair: 2 points around (1, 2); single: 1 point around (10, 20)" in seen[0]


def test_a_matrix_names_its_largest_cell():
    with texts() as seen:
        plots.heatmap(
            torch.eye(3)[:, [1, 0, 2]] + torch.tensor([[0], [0], [4]]), rows=list("abc"), columns=list("xyz"), title="t"
        )
    assert "3 rows and 3 columns: largest 5 (row c, column z)" in seen[0]


def test_pictures_are_counted_and_captions_told():
    with texts() as seen:
        plots.images(torch.zeros(3, 1, 8, 6), labels=["cat", "dog", 7], title="Guess!", columns=2)
        plots.image_rows({"real": torch.zeros(4, 3, 8, 8), "made": torch.zeros(4, 3, 8, 8)}, title="")
        plots.live().images(torch.zeros(1, 1, 8, 8), title="One")
    assert seen[0] == "Guess! 3 grey pictures of 8 by 6 pixels in 2 rows of 2, with the captions cat; dog; 7."
    assert seen[1] == "8 colour pictures of 8 by 8 pixels in 2 rows of 4, from the top: real; made."
    assert seen[2] == "One. 1 grey picture of 8 by 8 pixels."


def test_lines_tell_how_they_run():
    x = [0, 1, 2, 3]
    lines = {
        "up": [1, 2, 3, 4],
        "down": [9, 5, 5, 0],
        "flat": [0.5] * 4,
        "hill": [0, 1, 8, 2],
        "gap": [1, np.nan, 2, 3],
    }
    with texts() as seen:
        plots.curves(x, lines, title="t", log_y=True, **AXES)
    for words in (
        "x axis: step; y axis: nats, logarithmic.", "up rises from 1 at x = 0 to 4 at x = 3", "down falls from 9", "flat stays at 0.5",
        "hill goes from 0 at x = 0 to 2 at x = 3, highest 8 at x = 2", "not finite at 1 of 4 points",
    ):  # fmt: skip
        assert words in seen[0]


def test_panels_and_what_matplotlib_alone_draws():
    with texts() as seen, plots.figure(title="Two", columns=2) as (left, right):
        left.errorbar([20, 100], [0.3, 0.1], [0.01, 0.02], label="Bayes", capsize=3)
        left.axhline(0.5, label="chance")
        right.bar(["u", "v"], [1.0, 2.0], yerr=[0.25, 0.5])
        right.text(0, 1, "the ridge")
        right.set_title("measured")
    assert seen[0] == (
        "Two. Left: Lines: chance: a level line at 0.5; Bayes falls from 0.3 at x = 20 to 0.1 at x = 100. "
        "Right, measured: Bars: u: 1 ± 0.25; v: 2 ± 0.5. Text in the picture: the ridge."
    )


values = st.floats(allow_nan=True, allow_infinity=True, width=32)
words = st.text(max_size=200)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(words, st.lists(values, min_size=3, max_size=3), max_size=30), words, st.integers(1, 4))
def test_any_figure_is_told_in_bounds_and_the_same_way_twice(lines, title, columns):
    drawing = figures.sheet(3, 3)
    drawing.suptitle(title)
    for ax in drawing.subplots(1, columns, squeeze=False)[0]:
        for name, y in lines.items():
            ax.plot([0, 1, 2], y, label=name)
        ax.set_xlabel(title)
    told = alt_text.describe(drawing)
    assert len(told) <= alt_text.LIMIT
    assert told == alt_text.describe(drawing)
    assert " object at 0x" not in told


@pytest.mark.parametrize("n", [13, 40, 300])
def test_of_many_bars_the_extremes_are_named_and_the_others_counted(n):
    heights = {f"bar {i}": float((i * 7) % n) for i in range(n)}
    with texts() as seen:
        plots.bars(heights, y_label="y", title="Many", size=(7, 3))
    assert len(seen[0]) <= alt_text.LIMIT
    named = len(re.findall(r"bar \d+: ", seen[0]))
    assert f"and {n - named} more" in seen[0]
    assert f"Largest {n - 1} ({max(heights, key=heights.get)})" in seen[0]
    assert f"smallest 0 ({min(heights, key=heights.get)})" in seen[0]


@pytest.mark.parametrize(
    ("number", "told"),
    [(0.12345, "0.123"), (-0.0, "0"), (1484, "1484"), (123456, "123,000"), (1234.5, "1,230"), (1e-9, "1e-9"), (3e12, "3e12"),
     (2.0, "2")],
)  # fmt: skip
def test_numbers_have_three_digits(number, told):
    with texts() as seen:
        plots.bars({"a": number}, y_label="y", title="t")
    assert seen[0].endswith(f"a: {told}.")


def test_a_bar_on_top_of_another_is_told_by_where_it_begins_and_ends():
    with texts() as seen, plots.figure(title="t") as ax:
        ax.bar(["KL", "loss"], [2.0, 3.0], bottom=[0.0, -4.5])
    assert "KL: 2; loss: from -4.5 to -1.5." in seen[0]


def test_a_band_is_told_and_rounding_is_not():
    x = np.linspace(-1, 1, 9) * 0.1
    with texts() as seen, plots.figure(title="t") as ax:
        ax.plot(x, np.sin(np.pi * 10 * x), label="wave")
        ax.fill_between(x, x - 1, x + 1)
    assert "1 shaded band" in seen[0]
    assert "e-1" not in seen[0]


def test_a_column_in_the_middle_is_told_by_its_name_whatever_the_rounding():
    grid = np.zeros((2, 11))
    grid[:, 7] = 1.0  # the centre of this cell is 6.999999999999999
    with texts() as seen:
        plots.heatmap(grid, title="t", columns=[f"turn {i}" for i in range(11)], rows=["one", "two"])
    assert "row one: most at turn 7, 1" in seen[0]


def test_a_decay_on_a_logarithmic_axis_does_not_end_at_zero():
    with texts() as seen:
        plots.curves([0, 1, 2], {"plain": [1.0, 1e-6, 1e-12]}, log_y=True, title="t", **AXES)
    assert "plain falls from 1 at x = 0 to 1e-12 at x = 2" in seen[0]


def test_an_error_of_nothing_is_not_told():
    with texts() as seen:
        plots.bars({"a": 2.0, "b": 3.0}, y_label="y", title="t", errors={"a": 0.0, "b": 0.5})
    assert "a: 2; b: 3 ± 0.5" in seen[0]
