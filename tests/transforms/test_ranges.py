import pytest
import torch

from aigc_lab import transforms

LEVELS = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)


def test_every_grey_level_survives_the_way_there_and_back():
    assert torch.equal(transforms.from_signed(transforms.to_signed(LEVELS)), LEVELS)
    assert torch.equal(transforms.from_unit(transforms.to_unit(LEVELS)), LEVELS)


def test_the_ends_of_the_ranges():
    black_and_white = torch.tensor([0, 255], dtype=torch.uint8)
    assert transforms.to_signed(black_and_white).tolist() == [-1.0, 1.0]
    assert transforms.to_unit(black_and_white).tolist() == [0.0, 1.0]


def test_values_outside_the_range_are_clipped_not_wrapped():
    assert transforms.from_signed(torch.tensor([-1.5, 1.01, 3.0])).tolist() == [0, 255, 255]
    assert transforms.from_unit(torch.tensor([-0.1, 1.01])).tolist() == [0, 255]


def test_scaling_twice_is_refused():
    with pytest.raises(TypeError, match="scaled already"):
        transforms.to_signed(transforms.to_signed(LEVELS))


def test_nan_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        transforms.from_signed(torch.tensor([float("nan")]))
    with pytest.raises(TypeError, match="floating-point"):
        transforms.from_unit(LEVELS)
