"""Directions and the measures of a stroke, against pictures drawn by hand and numpy's weighted fit."""

import numpy as np
import pytest
import torch

from aigc_lab.control import directions


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


def test_thickness_of_a_long_bar_is_its_width_and_an_empty_picture_has_none():
    bars = torch.zeros(2, 1, 400, 30, dtype=torch.float64)
    bars[0, 0, 1:-1, 10:15] = 1
    seen = directions.stroke_thickness(bars)
    assert seen[0].item() == pytest.approx(5, rel=0.03)
    assert seen[1] == 0


def test_slant_is_minus_the_slope_of_a_weighted_fit_of_column_over_row():
    x = torch.rand(5, 1, 12, 9, generator=dice(), dtype=torch.float64)
    row, column = np.indices((12, 9)).reshape(2, -1)
    expected = [-np.polyfit(row, column, 1, w=image.flatten().sqrt().numpy())[0] for image in x]
    np.testing.assert_allclose(directions.slant(x), expected, rtol=1e-9)


def test_slant_of_upright_slash_and_backslash():
    upright = torch.zeros(28, 28)
    upright[4:24, 10] = 1
    backslash = torch.eye(28)
    seen = directions.slant(torch.stack([upright, backslash.flip(1), backslash])[:, None])
    torch.testing.assert_close(seen, torch.tensor([0.0, 1.0, -1.0]))


def test_direction_ignores_where_the_classes_lie():
    generator = dice()
    labels = torch.arange(600) % 3
    has = torch.rand(600, generator=generator) < torch.tensor([0.1, 0.5, 0.9])[labels]
    codes = 5.0 * labels[:, None] * torch.tensor([1.0, 0.0]) + has[:, None] * torch.tensor([0.0, 2.0])
    torch.testing.assert_close(directions.attribute_direction(codes, has, labels), torch.tensor([0.0, 2.0]))


def test_direction_needs_a_class_with_both_groups():
    with pytest.raises(ValueError, match="both with and without"):
        directions.attribute_direction(
            torch.randn(4, 2), torch.tensor([True, True, False, False]), torch.tensor([0, 0, 1, 1])
        )
