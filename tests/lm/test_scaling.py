"""Power laws against laws that the data were made with, and against scipy's own fit."""

import numpy as np
import pytest
from scipy import optimize

from aigc_lab import pretrained
from aigc_lab.lm import scaling

SIZES = np.array([2e3, 7e3, 2e4, 5e4, 1e5, 4e5])


def test_finds_the_law_that_made_the_losses():
    alpha, scale = scaling.power_law(SIZES, (8.8e13 / SIZES) ** 0.076)
    assert alpha == pytest.approx(0.076)
    assert scale == pytest.approx(8.8e13, rel=1e-6)


def test_profile_finds_the_floor():
    losses = 1.1 + (500 / SIZES) ** 0.3
    found = scaling.profile(SIZES, losses, np.linspace(0, 1.2, 121))
    assert found.floors[found.best] == pytest.approx(1.1)
    assert found.alphas[found.best] == pytest.approx(0.3, abs=1e-3)
    np.testing.assert_allclose(found.curve(found.best, SIZES), losses, atol=1e-4)
    assert found.errors[found.best] < 1e-6 < found.errors[0]


def test_profile_is_least_squares():
    losses = 1.2 + (500 / SIZES) ** 0.25 + 0.03 * np.array([1, -1, 1, 1, -1, -1])
    (found,) = [scaling.profile(SIZES, losses, np.array([0.9]))]
    (height, alpha), _ = optimize.curve_fit(
        lambda n, height, alpha: 0.9 + height * (found.middle / n) ** alpha, SIZES, losses, p0=(0.8, 0.2)
    )
    assert found.alphas[0] == pytest.approx(alpha, abs=1e-3)
    assert found.heights[0] == pytest.approx(height, abs=1e-3)


def test_interval_holds_the_true_floor_about_95_times_of_100():
    random, hits = np.random.default_rng(0), 0
    floors = np.append(np.linspace(0, 1.3, 27), 1.0)
    for _ in range(300):
        losses = 1.0 + (500 / SIZES) ** 0.3 + 0.004 * random.standard_normal(6)
        found = scaling.profile(SIZES, losses, floors[floors < losses.min()])
        hits += found.inside[-1]
    assert 0.90 < hits / 300 < 0.995


def test_too_few_losses_and_floors_too_high_are_named():
    with pytest.raises(ValueError, match="at least 4 losses, got 3"):
        scaling.profile(SIZES[:3], np.ones(3), np.zeros(1))
    with pytest.raises(ValueError, match=r"below the smallest loss, 1\.000"):
        scaling.profile(SIZES, np.ones(6), np.ones(1))


@pytest.mark.skipif(
    "lm_scaling" not in pretrained.available(), reason="data/build/checkpoint_lm_scaling.py not run yet"
)
def test_record_holds_the_same_numbers_twice_and_larger_models_pay_less():
    record, tensors = pretrained.info("lm_scaling"), pretrained.load("lm_scaling")
    for name, values in tensors.items():
        np.testing.assert_allclose(values, [run[name] for run in record["runs"]], rtol=1e-6)
    most = tensors["tokens"].max()
    full = [run for run in record["runs"] if run["tokens"] == most]
    mean = {n: np.mean([r["test_nats"] for r in full if r["parameters"] == n]) for n in {r["parameters"] for r in full}}
    losses = [mean[n] for n in sorted(mean)]
    assert len(losses) == 6
    assert losses == sorted(losses, reverse=True)
    assert 1.2 < losses[-1] < losses[0] < 2.3  # nats: 1.7 and 3.3 bits


def test_four_rounds_of_a_quarter_are_as_good_as_new_text_and_many_rounds_harm():
    """As Muennighoff et al. (2023) found: up to four rounds hardly differ from fresh text. Only what is read again differs here."""
    parts = pretrained.info("lm_scaling")["parts_read_again"]
    assert len({run["tokens"] for run in parts}) == 1
    mean = {
        n: np.mean([run["test_nats"] for run in parts if run["rounds"] == n]) for n in {run["rounds"] for run in parts}
    }
    assert mean[4] == pytest.approx(mean[1], abs=0.02)
    assert mean[1] < mean[16] < mean[64]
