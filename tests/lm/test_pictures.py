"""What the drawing's text says about a law that is known exactly."""

import re

import numpy as np

from aigc_lab.lm import pictures, scaling


def test_the_misfit_is_least_at_the_true_floor_and_the_exponent_rises_with_it(capsys):
    sizes = np.geomspace(1e3, 1e6, 8)
    losses = 1.0 + (1e4 / sizes) ** 0.5 + 1e-3 * np.array([1, -1, -1, 1, 1, -1, -1, 1])
    profile = scaling.profile(sizes, losses, np.linspace(0, 1.05, 22))  # the true floor is the 21st
    pictures.floors(profile, len(sizes))
    text = capsys.readouterr().out
    left, right = text.split("Right:")
    assert "95% limit: a level line at" in left
    assert re.search(r"lowest \S+ at x = 1\.\s", left)
    assert "rises from" in right
    assert "published exponent: a level line at 0.076" in right
