"""The test by human judgement: its interval against scipy and against simulation, its count, its widget."""

import numpy as np
import pytest
import scipy.stats
import torch

from aigc_lab import display
from aigc_lab.metrics.two_alternative import Test as TwoAlternativeTest
from aigc_lab.metrics.two_alternative import votes_interval


@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize(("right", "votes"), [(0, 1), (1, 1), (0, 20), (7, 20), (15, 20), (20, 20), (530, 1000)])
def test_interval_is_scipys_exact_one(right, votes, confidence):
    expected = scipy.stats.binomtest(right, votes).proportion_ci(confidence, method="exact")
    assert votes_interval(right, votes, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_interval_holds_the_truth_as_often_as_it_says():
    for p in (0.5, 0.62, 0.97):
        k = np.arange(31)
        inside = np.array([low <= p <= high for low, high in (votes_interval(int(right), 30) for right in k)])
        assert scipy.stats.binom.pmf(k, 30, p)[inside].sum() >= 0.95


@pytest.mark.parametrize(("right", "votes", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (0, 0, 0.95), (1, 2, 1.0)])
def test_interval_refuses_what_is_no_count(right, votes, confidence):
    with pytest.raises(ValueError, match=r"expected|confidence"):
        votes_interval(right, votes, confidence)


def made():
    real, drawn = torch.zeros(6, 1, 28, 28), torch.ones(6, 1, 28, 28)
    return TwoAlternativeTest(real, drawn, seed=1)


def test_votes_are_counted_against_the_side_on_which_the_drawn_picture_stands():
    test = made()
    assert test.summary() == "no votes yet"
    for i in range(6):
        left, right = test.pair(i)
        assert left.max() != right.max()
        assert test.vote(left=bool(left.max() > 0)) is True
    assert (test.right, test.votes) == (6, 6)
    assert test.summary().startswith("6 of 6 right; 95% interval of p: 0.54 to 1.00")
    with pytest.raises(IndexError, match="all pairs"):
        test.vote(left=True)
    assert 0 < made().drawn_is_left.sum() < 6


def test_buttons_vote_and_stop_at_the_end():
    test = made()
    picture, buttons, count = test._widget().children
    assert 'alt="pair 1' in picture.value
    for _ in range(6):
        buttons.children[0].click()
    assert test.votes == 6
    assert test.right == int(test.drawn_is_left.sum())
    assert "all judged" in count.value
    assert all(button.disabled for button in buttons.children)


def test_without_a_front_end_there_is_a_picture(capsys):
    made().show()
    assert "[picture: Pairs of digits" in capsys.readouterr().out


def test_in_a_notebook_there_are_buttons(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "in_notebook", lambda: True)
    monkeypatch.setattr(display, "show_widget", shown.append)
    monkeypatch.delenv("AIGC_LAB_BUILD", raising=False)
    made().show()
    assert len(shown) == 1


def test_pairs_must_match():
    with pytest.raises(ValueError, match="each pair"):
        TwoAlternativeTest(torch.zeros(2, 1, 8, 8), torch.zeros(3, 1, 8, 8))
