"""Samples a second of each recipe: under `training.fit`, in a loop as tutorials write it, and as bare steps; and the share of the machine's peak.

    python benchmarks/throughput.py                  # all recipes, on this machine's device
    python benchmarks/throughput.py --only gan lm
    python benchmarks/throughput.py --only dcgan     # PyTorch's DCGAN tutorial at 64×64, under fit and by its own loop; on a CPU only if asked for

Each recipe has a process of its own. The three ways take turns in it, block by block, so that a slow moment of the machine hits all of them; the result is the
median of the ratios within a round. On a GPU every block ends with a synchronisation, and `fit` trains in bf16, with channels_last and torch.compile. The cost of
`fit` beyond the bare steps is less than the noise, so it is measured with a recipe that does nothing, and compared with the time of a bare step. `peak` is
what a large matrix product reaches, measured once a round; FLOP are counted by torch's own formulas.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

RESULTS = Path(__file__).parent / "results"
RECIPES = ("gan", "vae", "flow", "lm", "dcgan")
WAYS = ("bare steps", "fit", "plain loop")
ROUNDS = 9


def make(name: str, way: str) -> tuple[Any, tuple[torch.Tensor, ...], int]:
    """A recipe, its data and its batch size."""
    from aigc_lab import datasets, flow, gan, lm, vae

    if name == "lm":
        book = "".join(lm.documents(datasets.load("moby_dick").texts))
        vocabulary = lm.Vocabulary(book)
        windows = lm.windows(vocabulary.encode(book), 64)
        return lm.LmRecipe(lm.TransformerLM(len(vocabulary), context=64)), (windows,), 16
    digits = datasets.load("digits")
    if name == "dcgan":
        from peers import dcgan_recipe

        images = digits.images if way == "plain loop" else dcgan_recipe.enlarged(digits.images)
        return dcgan_recipe.DcganRecipe(), (images, digits.labels), 128
    recipe = {"gan": gan.GanRecipe, "vae": vae.VaeRecipe, "flow": flow.FlowRecipe}[name].for_data(digits)
    return recipe, (digits.images, digits.labels), 64


def trainer(name: str, way: str) -> tuple[Callable[[int], None], int, Any]:
    """A function that trains for so many steps; the batch size; the recipe."""
    from peers import dcgan_recipe, plain_loops

    from aigc_lab import runtime, training

    recipe, data, batch_size = make(name, way)
    device = runtime.device()
    recipe.to(device)
    if way == "fit":
        fast = {"precision": "bf16", "channels_last": name != "lm", "compile": True} if device.type == "cuda" else {}
        return lambda steps: training.fit(recipe, data, steps=steps, batch_size=batch_size, **fast), batch_size, recipe
    if way == "plain loop":
        loop = dcgan_recipe.train_dcgan if name == "dcgan" else getattr(plain_loops, f"train_{name}")
        more = (batch_size,) if name == "lm" else ()
        return lambda steps: loop(recipe, *data, *more, steps, device), batch_size, recipe
    order = training.Batches([tensor.to(device) for tensor in data], batch_size, seed=0)

    def bare(steps: int) -> None:
        for _ in range(steps):
            recipe.step(next(order))

    return bare, batch_size, recipe


def measure(name: str, seconds: float) -> dict[str, Any]:
    """All ways of training one recipe, in turns, in this process."""
    from aigc_lab import runtime
    from aigc_lab.hardware import roofline

    runtime.seed_everything(0)
    device = runtime.device()
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    trainers = {way: trainer(name, way) for way in WAYS}
    batch_size = trainers[WAYS[0]][1]

    def timed(way: str, steps: int) -> float:
        wait()
        started = time.perf_counter()
        trainers[way][0](steps)
        wait()
        return time.perf_counter() - started

    for way in WAYS:
        timed(way, 10)
    steps = max(8, round(seconds / ROUNDS / (timed(WAYS[0], 8) / 8)))
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    peaks, gpu_memory = [], {}
    for _ in range(ROUNDS):
        peaks.append(peak_flops(device))
        for way in WAYS:
            if device.type == "cuda":
                torch.cuda.reset_peak_memory_stats()
            rates[way].append(batch_size * steps / timed(way, steps))
            if device.type == "cuda":
                gpu_memory[way] = torch.cuda.max_memory_allocated() / 2**20
    plain = rates["plain loop"]
    flop = roofline.count_flop(lambda: trainers["bare steps"][0](8)) / (8 * batch_size)
    return {
        "samples_a_step": batch_size,
        "steps_a_block": steps,
        "samples_a_second": rates,
        "median": {way: statistics.median(found) for way, found in rates.items()},
        "against_plain": {
            way: statistics.median(a / b for a, b in zip(found, plain, strict=True)) for way, found in rates.items()
        },
        "flop_a_sample": flop,
        "of_peak": {
            way: statistics.median(flop * rate / peak for rate, peak in zip(found, peaks, strict=True))
            for way, found in rates.items()
        },
        "peak_flops": statistics.median(peaks),
        "overhead_seconds_a_step": overhead(name),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "peak_gpu_memory_mib": gpu_memory,
    }


class Idle:
    """A recipe that does nothing, and reports as many scalars as a real one."""

    def __init__(self, scalars: dict[str, Any]) -> None:
        self.scalars = {name: torch.as_tensor(value).detach() for name, value in scalars.items()}

    def step(self, batch: tuple[torch.Tensor, ...]) -> dict[str, torch.Tensor]:
        return self.scalars

    def to(self, device: torch.device) -> "Idle":
        return self


def overhead(name: str) -> float:
    """Seconds a step that `fit` takes beyond the step itself and its batch: measured with a recipe that does nothing, minus the bare loop."""
    from aigc_lab import runtime, training

    recipe, data, batch_size = make(name, "fit")
    device = runtime.device()
    recipe.to(device)
    order = training.Batches([tensor.to(device) for tensor in data], batch_size, seed=0)
    idle, steps = Idle(recipe.step(next(order))), 2000

    def timed(work: Callable[[], Any]) -> float:
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - started

    def bare() -> None:
        for _ in range(steps):
            idle.step(next(order))

    def under_fit() -> None:
        training.fit(idle, data, steps=steps, batch_size=batch_size)

    under_fit()
    return statistics.median((timed(under_fit) - timed(bare)) / steps for _ in range(ROUNDS))


def peak_flops(device: torch.device, size: int = 2048) -> float:
    """FLOP/s of the best of three float32 (on a GPU: bf16) matrix products."""
    a = torch.randn(size, size, device=device, dtype=torch.bfloat16 if device.type == "cuda" else torch.float32)
    best = float("inf")
    for _ in range(4):  # the first one warms up
        started = time.perf_counter()
        a @ a
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best


def apart(name: str, seconds: float) -> dict[str, Any]:
    """`measure` in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        command = [sys.executable, __file__, "--one", name, "--seconds", str(seconds), "--out", str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.loads(out.read_text(encoding="utf-8"))


def table(found: dict[str, dict[str, Any]]) -> str:
    lines = [f"{'recipe':6} {'way':12} {'samples/s':>10} {'(blocks)':>16} {'against plain':>13} {'of peak':>8}"]
    for name, f in found.items():
        for way in WAYS:
            rates = f["samples_a_second"][way]
            blocks = f"{min(rates):.0f} to {max(rates):.0f}"
            lines.append(
                f"{name:6} {way:12} {f['median'][way]:10.0f} {blocks:>16} {f['against_plain'][way]:12.2f}× {f['of_peak'][way]:8.1%}"
            )
        more, step = f["overhead_seconds_a_step"], f["samples_a_step"] / f["median"]["bare steps"]
        memory = ", ".join(f"{way} {size:.0f}" for way, size in f["peak_gpu_memory_mib"].items())
        lines.append(
            f"{name:6} fit takes {1e6 * more:.0f} µs beyond a step's {1e3 * step:.1f} ms: {more / step:.2%}. Memory of the process "
            f"{f['peak_memory_mib']:.0f} MiB" + (f"; of the GPU, MiB: {memory}" if memory else "")
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=15, help="for each way to train a recipe")
    parser.add_argument("--only", nargs="+", choices=RECIPES, metavar="RECIPE")
    for name, kind in (("--one", str), ("--out", Path)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        given.out.write_text(json.dumps(measure(given.one, given.seconds)), encoding="utf-8")
        return

    from aigc_lab import runtime

    device = runtime.device()
    only = given.only or [name for name in RECIPES if name != "dcgan" or device.type == "cuda"]
    found = {name: apart(name, given.seconds) for name in only}
    print(f"peak {statistics.median(f['peak_flops'] for f in found.values()) / 1e9:.0f} GFLOP/s on {device.type}")
    print(table(found))
    record = {
        "date": time.strftime("%Y-%m-%d"),
        "device": torch.cuda.get_device_name()
        if device.type == "cuda"
        else f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "found": found,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"throughput_{device.type}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
