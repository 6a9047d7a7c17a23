"""The stored runs of lesson 14: what was planted, in which range exposures lie, and what the definitions allow."""

import math

import pytest
import torch
from scipy.stats import binom

from aigc_lab import pretrained
from aigc_lab.privacy import dp_sgd, memorisation

COPIES = [1, 2, 4, 8, 16, 32]


@pytest.fixture(scope="module")
def runs():
    return pretrained.load("private_training")


def test_runs_are_complete(runs):
    record = pretrained.info("private_training")
    seeds = len(record["seed"])
    assert seeds >= 20
    assert record["methods"] == ["ordinary training", "without duplicates", "DP-SGD", "both"]
    assert runs["exposure"].shape == (4, seeds, 24)
    assert runs["bits"].shape == runs["roc_auc"].shape == (4, seeds)
    assert runs["copies"].tolist() == COPIES * 4
    assert runs["reworded"].tolist() == [False] * 12 + [True] * 12
    assert 0 <= runs["exposure"].min() <= runs["exposure"].max() <= math.log2(10**5) + 1e-5


def test_single_sentences_come_out_no_more_often_than_epsilon_allows(runs):
    """P(exposure >= t) <= e^epsilon 2^-t + delta; more successes than that has less than a chance in a thousand."""
    settings = pretrained.info("private_training")["settings"]
    once = runs["exposure"][2][:, runs["copies"] == 1].flatten()
    for bits in (13, 16):
        allowed = math.exp(settings["epsilon"]) * 2.0**-bits + settings["delta"]
        assert int((once >= bits).sum()) <= binom.isf(1e-3, len(once), allowed)
    assert dp_sgd.odds_of_first(2.0**16, settings["epsilon"], settings["delta"]) == pytest.approx(allowed)


def test_never_more_than_the_floor_where_nothing_is_repeated(runs):
    """A secret never seen averages 1 / ln 2 = 1.44 bits with standard deviation 1.44 (an exponential); one copy under noise is close."""
    alike = runs["exposure"][3][:, ~runs["reworded"]].flatten()
    error = float(alike.std()) / math.sqrt(len(alike))
    assert abs(float(alike.mean()) - 1 / math.log(2)) < 0.5 + 4 * error


def test_locker_codes_are_drawn_from_the_seed_and_planted_as_often_as_they_say():
    first, again, other = (memorisation.locker_codes(COPIES, seed) for seed in (0, 0, 1))
    assert first == again != other
    assert len({canary.prompt for canary in first}) == 24
    assert sum(len(canary.lines()) for canary in first) == 4 * sum(COPIES)
    assert all(len(canary.secret) == 5 and canary.secret.isdigit() for canary in first)
    assert [canary.copies for canary in first if canary.reworded] == COPIES * 2
    drawn = [int(canary.secret) for seed in range(200) for canary in memorisation.locker_codes(COPIES, seed)]
    tens = torch.bincount(torch.tensor(drawn) // 10_000, minlength=10)
    assert float(((tens - 480) ** 2 / 480).sum()) < 27.9  # chi-squared, 9 degrees of freedom: 99.9%
