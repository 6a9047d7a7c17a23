import pytest

from aigc_lab import display
from aigc_lab.plots import flowchart

BOXES = {"collect": (0, 0), "prepare": (1, 0), "use": (1, 1)}


@pytest.fixture
def shown(monkeypatch):
    pictures = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: pictures.append(markup))
    return pictures


def test_a_chart_is_shown_with_its_text(shown):
    flowchart.draw(BOXES, [("collect", "prepare", ""), ("prepare", "use", "at last")], title="t", alt="three steps")
    assert 'alt="three steps"' in shown[0]


def test_an_arrow_to_nowhere_is_an_error(shown):
    with pytest.raises(KeyError, match="nowhere"):
        flowchart.draw(BOXES, [("collect", "nowhere", "")], title="t", alt="a")
    assert shown == []


@pytest.mark.parametrize(
    ("start", "end", "side"), [((0, 0), (1, 0), "right"), ((1, 0), (0, 0), "left"), ((0, 0), (0, 1), "below")]
)
def test_arrows_leave_on_the_side_that_faces_the_other_box(start, end, side):
    (x0, y0), (x1, y1) = flowchart._ends(start, end)
    assert {"right": x0 < x1 and y0 == y1, "left": x0 > x1 and y0 == y1, "below": x0 == x1 and y0 < y1}[side]
