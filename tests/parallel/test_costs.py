"""Costs against published runs."""

import pytest

from aigc_lab.parallel import costs

GPT3 = 3.14e23  # operations, Brown et al. 2020, table D.1


def test_operations_of_gpt_3():
    assert costs.training_flops(175e9, 300e9) == pytest.approx(GPT3, rel=0.01)


def test_energy_and_carbon_of_gpt_3():
    """Patterson et al. 2021: 24.6 of a V100's 125 TFLOP/s, 330 W, PUE 1.1, 0.429 kg a kWh: 1,287 MWh and 552 t; 14.8 days on 10,000 GPUs."""
    hours = costs.gpu_hours(GPT3, 125e12, 24.6 / 125)
    assert hours / 10_000 / 24 == pytest.approx(14.8, abs=0.05)
    kilowatt_hours = costs.energy(hours, 0.330, 1.1)
    assert kilowatt_hours / 1e3 == pytest.approx(1287, rel=0.001)
    assert costs.carbon(kilowatt_hours, 0.429) / 1e3 == pytest.approx(552, rel=0.001)


def test_carbon_of_stable_diffusion():
    """Model card of version 1: 150,000 hours of an A100 at 250 W, 11,250 kg."""
    assert costs.carbon(costs.energy(150_000, 0.25), 0.3) == pytest.approx(11_250)


def test_money():
    assert costs.money(150_000, 2.0) == 300_000


@pytest.mark.parametrize("utilisation", [0, -0.1, 40])
def test_utilisation_is_a_share(utilisation):
    with pytest.raises(ValueError, match="share above 0 and at most 1"):
        costs.gpu_hours(1e15, 1e12, utilisation)
