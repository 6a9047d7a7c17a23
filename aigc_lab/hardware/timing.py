"""How long something takes on a device that works while Python goes on.

A GPU takes an order and returns at once, so a clock that is read right afterwards has only timed the giving of the
order. A device here is therefore three things: `now()`, the clock; `run(work)`, which gives it work; `synchronize()`,
which waits until all of it is done.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch


def time_it(device: Any, work: Callable[[Any], Any], repeats: int) -> float:
    """Seconds that one run of the work takes: the median, after a run that doesn't count.

    The first run compiles, allocates and fills caches. Each reading of the clock waits for the device first: at the
    start, so that earlier work isn't counted, and at the end, so that this work is.

    Args:
        device: has `now()` and `synchronize()`.
        work: called as `work(device)`.
        repeats: timed runs.
    """
    work(device)
    taken = []
    for _ in range(repeats):
        device.synchronize()
        start = device.now()
        work(device)
        device.synchronize()
        taken.append(device.now() - start)
    return statistics.median(taken)


def in_turns(device: Any, works: Sequence[Callable[[Any], Any]], repeats: int) -> list[float]:
    """Median seconds of several works, timed one after the other in each round, so that a slow moment of the machine hits all of them.

    Args:
        device: has `now()` and `synchronize()`.
        works: each called as `work(device)`, also once before the first round, untimed.
        repeats: rounds.
    """
    taken: list[list[float]] = [[] for _ in works]
    for work in works:
        work(device)
    for _ in range(repeats):
        for work, found in zip(works, taken, strict=True):
            device.synchronize()
            start = device.now()
            work(device)
            device.synchronize()
            found.append(device.now() - start)
    return [statistics.median(found) for found in taken]


def recorded(work: Callable[[], Any]) -> Callable[[], None]:
    """Work for a CUDA GPU, recorded once as a CUDA graph: a call hands over all of its kernels as one order, instead of one order each.

    A call reads and writes the same memory as the recording, and repeats exactly what was done then: no branch, no
    shape and no Python number can change.

    Args:
        work: runs on a CUDA GPU, and never waits for it.
    """
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):  # libraries set themselves up in the first runs, which can't be recorded
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


class TorchDevice:
    """The CPU or a GPU, as torch sees it. A CPU has done its work by the time a call returns.

    Args:
        device: as `runtime.device()` gives it.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def now(self) -> float:
        return time.perf_counter()

    def run(self, work: Callable[[], Any]) -> None:
        work()

    def synchronize(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()


class QueuedDevice:
    """A stand-in for a GPU where there is none: a thread that works off its orders one by one, while the caller goes on.

    Only the queue is like a GPU's: the work is done on the CPU, no faster than without it.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._orders: list[Future] = []

    def now(self) -> float:
        return time.perf_counter()

    def run(self, work: Callable[[], Any]) -> None:
        """Take an order and return at once."""
        self._orders.append(self._thread.submit(work))

    def synchronize(self) -> None:
        """Wait until all orders so far are done. An exception in one of them is raised here."""
        while self._orders:
            self._orders.pop(0).result()


class PretendDevice:
    """A device with its own clock, on which each run takes as long as it is told. It checks a way of timing to the digit.

    Args:
        durations: seconds that the first run takes on the device, the second, and so on; the last holds for all further ones.
        launch: seconds that the caller needs to give an order.
        busy: seconds of earlier work that the device still has to do.
    """

    def __init__(self, durations: Sequence[float], launch: float = 0.001, busy: float = 0.0) -> None:
        self.durations, self.launch = list(durations), launch
        self._clock, self._free_at, self._runs = 0.0, busy, 0

    def now(self) -> float:
        """The caller's clock, in seconds."""
        return self._clock

    def run(self) -> None:
        """Give the device its next piece of work, and return at once."""
        self._clock += self.launch
        self._free_at = max(self._free_at, self._clock) + self.durations[min(self._runs, len(self.durations) - 1)]
        self._runs += 1

    def synchronize(self) -> None:
        """Wait until the device has done all it was given."""
        self._clock = max(self._clock, self._free_at)
