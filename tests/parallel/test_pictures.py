"""Pictures of training on several processes: what their texts say, against numbers known beforehand."""

import pytest
import torch

from aigc_lab import display
from aigc_lab.parallel import overlap, pictures, ring_all_reduce


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: found.append(markup))
    return found


def test_contributions_are_gathered_in_p_minus_1_rounds_and_handed_round_in_as_many(shown):
    pictures.contributions(list(ring_all_reduce.rounds(torch.ones(5, 5))), title="A ring of five")
    (markup,) = shown
    assert "A ring of five" in markup
    assert "9 grids of 5 processes by 5 pieces" in markup
    assert "after 4 rounds each process has one piece with 5; after 8 all are 5" in markup


def test_energies_are_told_by_name_and_number(shown):
    pictures.energies({"a kettle": 0.125, "a city": 2e6}, title="From a kettle to a city")
    (markup,) = shown
    for words in ("From a kettle", "a kettle: 0.125", "a city", "kWh", "logarithmic"):
        assert words in markup


def test_timelines_say_when_each_plan_is_done(shown):
    computing, sending = [0.004] * 3, [0.002] * 3
    plans = {
        "waiting": overlap.timeline(computing, sending, overlapped=False),
        "overlapped": overlap.timeline(computing, sending, overlapped=True),
    }
    pictures.timelines(plans, title="Two ways")
    (markup,) = shown
    assert "waiting: done after 18 ms; overlapped: done after 14 ms" in markup
