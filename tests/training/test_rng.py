"""The state of all random generators: saved, stored without code, put back, on each kind of device."""

import random

import numpy as np
import pytest
import torch

from aigc_lab.training import rng


def draw():
    return [random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn(), torch.randn(3).tolist()]


def test_put_back_they_draw_the_same_again_even_after_a_way_through_a_file(tmp_path):
    random.gauss(0, 1)  # of each pair of normal numbers, Python and NumPy keep one
    np.random.randn()
    torch.save(rng.state(), tmp_path / "rng")
    expected = draw()
    assert draw() != expected
    rng.set_state(torch.load(tmp_path / "rng", weights_only=True))
    assert draw() == expected


def test_what_is_drawn_inside_moves_nothing_outside_and_follows_the_seed():
    before = rng.state()
    expected = draw()
    rng.set_state(before)
    inside = []
    for _ in range(2):
        with rng.forked(seed=5):
            inside.append(draw())
    assert inside[0] == inside[1]
    assert draw() == expected


@pytest.fixture
def apple(monkeypatch):
    """A generator that torch takes for that of Apple's GPU."""
    generator = torch.Generator().manual_seed(1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "get_rng_state", generator.get_state)
    monkeypatch.setattr(torch.mps, "set_rng_state", generator.set_state)
    return generator


def test_apple_s_gpu_goes_on_where_it_was(apple):
    saved = rng.state()
    expected = torch.randn(3, generator=apple)
    with rng.forked():
        torch.randn(7, generator=apple)
    assert not torch.equal(torch.randn(3, generator=apple), expected)
    rng.set_state(saved)
    assert torch.equal(torch.randn(3, generator=apple), expected)


def test_a_state_from_apple_s_gpu_can_be_put_back_on_a_machine_without_one(apple, monkeypatch):
    saved = rng.state()
    expected = draw()
    monkeypatch.undo()
    rng.set_state(saved)
    assert draw() == expected


def test_a_state_that_knows_nothing_of_apple_s_gpu_can_be_put_back(apple):
    saved = rng.state()
    del saved["mps"]
    rng.set_state(saved)
