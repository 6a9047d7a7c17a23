"""Averaged weights, against closed forms."""

import copy

import pytest
import torch
from torch import nn

from aigc_lab.recipes import ema


def test_average_with_growing_memory_is_the_plain_mean():
    model = nn.Linear(3, 2).double()
    averaged = copy.deepcopy(model)
    seen = [model.weight.detach().clone()]
    for step in range(1, 6):
        with torch.no_grad():
            model.weight.normal_()
        seen.append(model.weight.detach().clone())
        ema.update(averaged, model, decay=1 - 1 / (1 + step))
    torch.testing.assert_close(averaged.weight.detach(), torch.stack(seen).mean(dim=0))


def test_average_with_fixed_decay_forgets_geometrically_and_copies_buffers():
    model = nn.BatchNorm1d(1)
    averaged = copy.deepcopy(model)
    with torch.no_grad():
        model.weight.fill_(0)
        model.running_mean.fill_(5)
    for _ in range(10):
        ema.update(averaged, model, decay=0.9)
    assert averaged.weight.item() == pytest.approx(0.9**10)
    assert averaged.running_mean.item() == 5


def test_average_refuses_bad_decay_and_other_models():
    with pytest.raises(ValueError, match=r"\[0, 1\].*1\.5"):
        ema.update(nn.Linear(1, 1), nn.Linear(1, 1), decay=1.5)
    with pytest.raises(ValueError, match="same structure"):
        ema.update(nn.Linear(1, 1), nn.Linear(2, 1), decay=0.5)
