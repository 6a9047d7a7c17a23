"""Work and roofs, against torch's own counter and against what was really moved."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from aigc_lab.hardware import roofline

CPU = torch.device("cpu")


def flop(function):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        function()
    return counter.get_total_flops()


@pytest.mark.parametrize(("m", "k", "n"), [(3, 5, 7), (1, 64, 64), (32, 32, 32)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_intensity_of_a_product(m, k, n, dtype):
    a, b = torch.randn(m, k).to(dtype), torch.randn(k, n).to(dtype)
    moved = a.nbytes + b.nbytes + (a @ b).nbytes
    assert roofline.arithmetic_intensity(m, k, n, a.itemsize) == pytest.approx(flop(lambda: a @ b) / moved)


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (3, 2, 1), (4, 2, 1), (1, 1, 0), (5, 3, 0)])
def test_work_of_a_convolution(kernel, stride, padding):
    layer = nn.Conv2d(4, 6, kernel, stride, padding, bias=False)
    x = torch.randn(2, 4, 11, 14)
    work = roofline.convolution(2, 4, 11, 14, 6, kernel, stride, padding)
    assert work.flop == flop(lambda: layer(x))
    assert work.bytes == x.nbytes + layer.weight.nbytes + layer(x).nbytes
    assert work.intensity == work.flop / work.bytes


def test_works_add_up():
    assert roofline.Work(6, 2) + roofline.Work(4, 3) == roofline.Work(10, 5)


def test_the_roof_bends_at_the_ridge():
    machine = roofline.Machine("", peak=100.0, bandwidth=8.0)
    assert machine.ridge == 12.5
    assert machine.attainable(machine.ridge) == 100
    assert machine.attainable(machine.ridge / 2) == 50
    assert machine.attainable(machine.ridge * 2) == 100


def test_what_is_measured_is_a_rate():
    assert 0 < roofline.measure_peak(CPU, size=64, repeats=1) < 1e18
    assert 0 < roofline.measure_bandwidth(CPU, mebibytes=1, repeats=1) < 1e18


def test_a_roof_is_the_fastest_run(monkeypatch):
    """A clock on which the first run, which doesn't count, is fastest, and one of the others is disturbed."""
    durations, clock = iter([0.001, 0.5, 0.25, 4.0]), [0.0]
    monkeypatch.setattr(roofline.TorchDevice, "now", lambda self: clock[0])

    def work():
        clock[0] += next(durations)

    assert roofline._fastest(CPU, work, repeats=3) == 0.25


def test_tf32_is_switched_for_products_and_convolutions():
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    try:
        for allowed in (True, False):
            roofline.allow_tf32(allowed)
            assert torch.backends.cuda.matmul.allow_tf32 is allowed
            assert torch.backends.cudnn.allow_tf32 is allowed
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def test_flop_of_a_gradient_of_a_gradient_are_counted():
    """What R1 needs: the slope at the input, and its gradient. A linear layer without bias: 2 m k n each time."""
    layer, x = nn.Linear(5, 3, bias=False), torch.randn(7, 5, requires_grad=True)

    def penalty():
        (slope,) = torch.autograd.grad(layer(x).square().sum(), x, create_graph=True)
        return slope.square().sum()

    assert roofline.count_flop(lambda: layer(x)) == flop(lambda: layer(x)) == 2 * 7 * 5 * 3
    assert roofline.count_flop(penalty) == 2 * 2 * 7 * 5 * 3
    assert roofline.count_flop(lambda: penalty().backward()) > 2 * 2 * 7 * 5 * 3
