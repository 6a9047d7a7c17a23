"""The U-Net: shapes, and that it sees time and class."""

import pytest
import torch

from aigc_lab.flow import UNet
from aigc_lab.flow.networks import time_features


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 16, 20)])
def test_the_network_keeps_the_shape_and_sees_time_and_class(shape):
    torch.manual_seed(0)
    network = UNet(shape, classes=4, width=8)
    x, t = torch.randn(2, *shape), torch.tensor([0.1, 0.9])
    result = network(x, t, torch.tensor([0, 3]))
    assert result.shape == x.shape
    assert not torch.allclose(result, network(x, t.flip(0), torch.tensor([0, 3])))
    assert not torch.allclose(result, network(x, t, torch.tensor([1, 3])))
    assert torch.equal(network(x, t, torch.tensor([4, 4])), network(x, t))


def test_time_features_tell_near_times_apart():
    a, b = time_features(torch.tensor([0.5, 0.501]).double())
    assert (a - b).abs().max() > 0.1
    assert a.shape == (32,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: UNet((1, 10, 8)), "multiples of 4"),
    ],
)
def test_what_can_t_be_done_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
