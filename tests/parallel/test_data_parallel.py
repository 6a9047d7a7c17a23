"""The weight of each process's gradient, against autograd on the whole batch; speed-ups, against published laws."""

import pytest
import torch
from torch import nn

from aigc_lab.parallel import data_parallel


def gradient(model, x, y):
    return torch.cat(
        [g.flatten() for g in torch.autograd.grad(nn.functional.cross_entropy(model(x), y), model.parameters())]
    )


@pytest.mark.parametrize("sizes", [[8, 8], [1, 15], [3, 5, 8], [16]])
def test_weighted_gradients_of_the_parts_are_the_gradient_of_the_whole(sizes):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3)).double()
    x, y = torch.randn(16, 5).double(), torch.randint(3, (16,))
    parts = torch.stack([gradient(model, a, b) for a, b in zip(x.split(sizes), y.split(sizes), strict=True)])
    torch.testing.assert_close(data_parallel.averaged_gradient(parts, sizes), gradient(model, x, y), rtol=0, atol=1e-12)


@pytest.mark.parametrize("sizes", [[1], [1, 2, 3], [0, 0]])
def test_sizes_must_fit_the_gradients(sizes):
    with pytest.raises(ValueError, match="2 gradients need as many sizes"):
        data_parallel.averaged_gradient(torch.ones(2, 3), sizes)


def test_amdahl_by_hand():
    """An hour of work, six minutes of which can't be divided: ten helpers need 6 + 54/10 minutes."""
    assert data_parallel.speed_up(0.1, 10) == pytest.approx(60 / (6 + 5.4))
    assert data_parallel.speed_up(0.05, 1e12) == pytest.approx(20)
    assert data_parallel.speed_up(0, 7) == pytest.approx(7)
    assert data_parallel.speed_up(0.3, 1) == pytest.approx(1)


def test_the_serial_share_is_read_back():
    for share in (0.0, 0.2, 1.0):
        assert data_parallel.serial_share(data_parallel.speed_up(share, 6), 6) == pytest.approx(share)


def test_steps_fall_by_half_far_below_the_noise_scale_and_not_at_all_far_above():
    assert data_parallel.steps_needed(100, 50, 50) == 200
    assert data_parallel.steps_needed(100, 1, 1e6) / data_parallel.steps_needed(100, 2, 1e6) == pytest.approx(
        2, rel=1e-3
    )
    assert data_parallel.steps_needed(100, 1e6, 1) == pytest.approx(100, rel=1e-3)
