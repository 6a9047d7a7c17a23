"""Pictures of machines and gains: what their texts say, against numbers known beforehand."""

import pytest

from aigc_lab import display
from aigc_lab.hardware import pictures
from aigc_lab.hardware.roofline import Machine


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: found.append(markup))
    return found


def test_a_roof_and_the_operations_under_it_are_told(shown):
    machine = Machine("a machine", peak=8e12, bandwidth=2e12)
    pictures.roofs([machine], {"adding": (0.25, 0.5e12)}, title="Adding waits for memory")
    (markup,) = shown
    for words in (
        "Adding waits for memory",
        "a machine: memory-bound up to 4 FLOP a byte, then flat at 8000",
        "adding: 500 GFLOP/s at 0.25",
        "logarithmic",
    ):
        assert words in markup


def test_factors_are_told_in_order_and_not_less_one(shown):
    pictures.factors({"a gain": 2.5, "a loss": 0.75}, title="One gains")
    assert "Times as fast as before: a loss: 0.75; a gain: 2.5." in shown[0]
