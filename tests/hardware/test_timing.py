"""Timing a device that doesn't wait: against clocks whose answer is known."""

import statistics
import threading
import time

import pytest
import torch

from aigc_lab.hardware import timing


def run(device):
    device.run()


def test_a_pretended_device_is_timed_to_the_digit():
    device = timing.PretendDevice([9.0, 0.4, 0.2, 0.3], launch=0.01, busy=5.0)
    assert timing.time_it(device, run, 3) == pytest.approx(
        0.3 + 0.01
    )  # the median of the runs after the first, each with its launch
    assert device.now() == pytest.approx(5.0 + 9.0 + 0.4 + 0.2 + 0.3 + 3 * 0.01)


def test_without_waiting_one_times_the_launch():
    device = timing.PretendDevice([2.0], launch=0.01)
    device.run()
    assert device.now() == 0.01
    device.synchronize()
    assert device.now() == pytest.approx(2.01)


def test_a_device_that_is_done_costs_no_wait():
    device = timing.PretendDevice([1.0])
    device.synchronize()
    assert device.now() == 0


def test_in_turns_times_each_work_on_its_own():
    class Two(timing.PretendDevice):
        def run(self, seconds):
            self.durations = [seconds]
            super().run()

    found = timing.in_turns(Two([0.0], launch=0.0), [lambda d: d.run(0.5), lambda d: d.run(2.0)], 3)
    assert found == pytest.approx([0.5, 2.0])


def test_the_queue_takes_orders_at_once_and_works_them_off_in_order():
    device, gate, done = timing.QueuedDevice(), threading.Event(), []
    device.run(gate.wait)
    for i in range(3):
        device.run(lambda i=i: done.append(i))
    assert done == []  # the first order isn't done before the gate opens, and still all were taken
    gate.set()
    device.synchronize()
    assert done == [0, 1, 2]


def test_an_order_that_fails_is_told_when_one_waits():
    device = timing.QueuedDevice()
    device.run(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        device.synchronize()
    device.run(lambda: None)
    device.synchronize()


def test_torch_s_own_device_runs_and_waits():
    device, seen = timing.TorchDevice(torch.device("cpu")), []
    before = time.perf_counter()
    device.run(lambda: seen.append(1))
    device.synchronize()
    assert seen == [1]
    assert before <= device.now() <= time.perf_counter()


def test_the_median_leaves_one_bad_moment_out():
    durations = [1.0, 0.1, 0.1, 50.0, 0.1, 0.1]
    device = timing.PretendDevice(durations, launch=0.0)
    assert timing.time_it(device, run, 5) == pytest.approx(statistics.median(durations[1:]))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
def test_recorded_work_does_on_a_gpu_what_the_work_does():
    x, result = torch.ones(8, device="cuda"), torch.empty(8, device="cuda")

    def work():
        torch.mul(x, 2, out=result)
        result.add_(1)

    replay = timing.recorded(work)
    x.fill_(5)
    replay()
    assert result.tolist() == [11.0] * 8  # it reads the memory of x anew
