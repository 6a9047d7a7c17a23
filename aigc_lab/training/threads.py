"""How many threads a training takes on the CPU: no more than the cores that other programs leave idle.

Torch's threads wait for each other several hundred times a step. If one of them has to share its core with another program, all wait for
it: beside one busy process, two threads on two cores take twice as long as one thread (`benchmarks/busy.py`).

A sum depends on how many threads add it up, if only in its last bits. So the number is chosen once, when a training starts, and a training
that goes on from a checkpoint takes the number with which it began.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from aigc_lab import display, runtime
from aigc_lab.machine import limits

BY_DEFAULT = torch.get_num_threads()
LOOK = 0.1  # seconds
LASTS = 5.0  # seconds for which a look is believed: many short trainings in a row needn't each take one

_seen: tuple[float, float] | None = None  # when the last look was taken, and the cores that others used


@contextmanager
def chosen(device: torch.device, begun_with: int | None = None) -> Iterator[int]:
    """Train with as many threads as fit the machine; afterwards torch has as many as before.

    Nothing changes where the reader has set OMP_NUM_THREADS or called `torch.set_num_threads`, on a GPU, while notebooks are built, or
    where psutil isn't installed.

    Args:
        device: where the training computes.
        begun_with: the threads with which a training began that goes on here; None for a new one.

    Yields:
        The number of threads.
    """
    before = torch.get_num_threads()
    chosen_by_reader = "OMP_NUM_THREADS" in os.environ or before != BY_DEFAULT
    if device.type != "cpu" or runtime.building() or chosen_by_reader or before == 1:
        yield before
        return
    if begun_with is None:
        threads, why = max(1, min(before, round(idle_cores()))), "other programs are using the machine"
    else:
        threads, why = min(begun_with, before), "as it began"
    if threads < before:
        display.say(f"Training with {threads} of {before} threads: {why}.")
    torch.set_num_threads(threads)
    try:
        yield threads
    finally:
        torch.set_num_threads(before)


def idle_cores() -> float:
    """The cores that other programs leave to this process, as 1.3; all that it may use where that can't be seen."""
    global _seen
    try:
        import psutil
    except ImportError:
        return limits.cores()
    now = time.perf_counter()
    if _seen is None or now > _seen[0] + LASTS:
        begun, own = _busy(psutil.cpu_times()), time.process_time()
        time.sleep(LOOK)
        passed = time.perf_counter() - now
        used = _busy(psutil.cpu_times()) - begun - (time.process_time() - own)
        _seen = time.perf_counter(), max(0.0, used / passed)
    return min(limits.cores(), (psutil.cpu_count() or 1) - _seen[1])


def _busy(times) -> float:
    """Seconds that the cores together have computed; without what runs at low priority (`nice`), which makes room by itself."""
    return times.user + times.system + getattr(times, "irq", 0.0) + getattr(times, "softirq", 0.0)
