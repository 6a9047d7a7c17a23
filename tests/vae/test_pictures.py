"""Pictures of the bound: the texts give the numbers that are drawn."""

import pytest
import torch

from aigc_lab import display, verify
from aigc_lab.vae import pictures


@pytest.fixture
def shown(monkeypatch):
    markups = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: markups.append(markup))
    return markups


def test_the_gap_is_log_p_less_the_bound(shown):
    grid = torch.linspace(-3, 3, 11)
    pictures.encoder_and_bound(grid, {"prior": (-(grid**2)).exp(), "q": 0.5 * (-(grid**2)).exp()}, -4.5, -2.25)
    (markup,) = shown
    for words in ("gap, 2.250 nats", "prior, q", "-4.50", "-2.25"):
        assert words in markup


def test_each_encoder_is_told_by_its_ends(shown):
    bounds = {"fair": [verify.Estimate(-3.5, 0.1, 9), verify.Estimate(-2.5, 0.1, 9)]}
    pictures.bounds_by_draws([1, 100], bounds, -2.25)
    (markup,) = shown
    for words in ("fair rises from -3.5 at x = 1 to -2.5 at x = 100", "-2.25"):
        assert words in markup
