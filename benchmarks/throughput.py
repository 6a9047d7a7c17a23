"""Samples a second: each recipe under `training.fit`, under a loop as tutorials write it, and its bare steps; and what share of the machine that uses.

    python benchmarks/throughput.py                  # all recipes, on this machine's device
    python benchmarks/throughput.py --only gan lm
    python benchmarks/throughput.py --only dcgan     # PyTorch's DCGAN tutorial at 64×64, under fit and by its own loop; on a CPU only if asked for

Each figure comes from a process of its own: warm-up steps, then the median over blocks of steps, so that a moment of noise doesn't count. On a GPU every
block ends with a synchronisation, and `fit` trains in bf16, with channels_last and torch.compile. What `fit` costs beyond the bare steps is less than two
processes differ by, so it is measured with a recipe that does nothing, and set against the time of a bare step. `peak` is what a large matrix product
reaches on the same machine; FLOP are counted by torch's own formulas.
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
BLOCKS = 7
OVERHEAD = "overhead of fit"


def make(name: str, way: str) -> tuple[Any, tuple[torch.Tensor, ...], int]:
    """A recipe, its data and its batch size."""
    from aigc_lab import datasets, flow, gan, lm, text, vae

    if name == "lm":
        book = "".join(text.documents(datasets.load("moby_dick").texts))
        vocabulary = text.Vocabulary(book)
        windows = lm.windows(vocabulary.encode(book), 64)
        return lm.LmRecipe(lm.TransformerLM(len(vocabulary), context=64), steps=10_000), (windows,), 16
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


def measure(name: str, way: str, seconds: float) -> dict[str, float]:
    """Samples a second, in this process."""
    from aigc_lab import roofline, runtime

    runtime.seed_everything(0)
    device = runtime.device()
    train, batch_size, _ = trainer(name, way)
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    train(10)
    wait()
    started = time.perf_counter()
    train(10)
    wait()
    steps = max(10, round(seconds / BLOCKS / ((time.perf_counter() - started) / 10)))
    blocks = []
    for _ in range(BLOCKS):
        started = time.perf_counter()
        train(steps)
        wait()
        blocks.append(batch_size * steps / (time.perf_counter() - started))
    found = {
        "samples_a_second": statistics.median(blocks),
        "slowest": min(blocks),
        "fastest": max(blocks),
        "samples_a_step": batch_size,
        "steps_a_block": steps,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if device.type == "cuda":
        found["peak_gpu_memory_mib"] = torch.cuda.max_memory_allocated() / 2**20
    if way == "bare steps":
        found["flop_a_sample"] = roofline.count_flop(lambda: train(8)) / (8 * batch_size)
    return found


class Idle:
    """A recipe that does nothing, and reports as many scalars as a real one."""

    def __init__(self, scalars: dict[str, Any]) -> None:
        self.scalars = {name: torch.as_tensor(value).detach() for name, value in scalars.items()}

    def step(self, batch: tuple[torch.Tensor, ...]) -> dict[str, torch.Tensor]:
        return self.scalars

    def to(self, device: torch.device) -> "Idle":
        return self


def overhead(name: str) -> dict[str, float]:
    """Seconds that `fit` takes for each step beyond the step itself and its batch: with a recipe that does nothing, less the bare loop."""
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
    return {"seconds_a_step": statistics.median((timed(under_fit) - timed(bare)) / steps for _ in range(BLOCKS))}


def peak_flops(size: int = 2048, repeats: int = 10) -> float:
    """FLOP/s of the best of several float32 (on a GPU: bf16) matrix products."""
    from aigc_lab import runtime

    device = runtime.device()
    a = torch.randn(size, size, device=device, dtype=torch.bfloat16 if device.type == "cuda" else torch.float32)
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        a @ a
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best


def apart(name: str, way: str, seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        command = [sys.executable, __file__, "--one", name, "--way", way, "--seconds", str(seconds), "--out", str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.loads(out.read_text())


def table(found: dict[str, dict[str, dict[str, float]]], peak: float) -> str:
    lines = [
        f"{'recipe':6} {'way':12} {'samples/s':>10} {'(blocks)':>19} {'against plain':>13} {'of peak':>8} {'memory':>10}"
    ]
    for name, ways in found.items():
        plain, flop = ways["plain loop"]["samples_a_second"], ways["bare steps"]["flop_a_sample"]
        for way in WAYS:
            f = ways[way]
            rate = f["samples_a_second"]
            blocks = f"{f['slowest']:.0f} to {f['fastest']:.0f}"
            memory = f.get("peak_gpu_memory_mib", f["peak_memory_mib"])
            lines.append(
                f"{name:6} {way:12} {rate:10.0f} {blocks:>19} {rate / plain:12.2f}× {flop * rate / peak:8.1%} {memory:6.0f} MiB"
            )
        more, step = (
            ways[OVERHEAD]["seconds_a_step"],
            ways["bare steps"]["samples_a_step"] / ways["bare steps"]["samples_a_second"],
        )
        lines.append(
            f"{name:6} fit takes {1e6 * more:.0f} µs a step beyond the step's {1e3 * step:.1f} ms: {more / step:.1%}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=14, help="of each figure")
    parser.add_argument("--only", nargs="+", choices=RECIPES, metavar="RECIPE")
    for name, kind in (("--one", str), ("--way", str), ("--out", Path)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        found = overhead(given.one) if given.way == OVERHEAD else measure(given.one, given.way, given.seconds)
        given.out.write_text(json.dumps(found))
        return

    from aigc_lab import runtime

    device = runtime.device()
    peak = peak_flops()
    only = given.only or [name for name in RECIPES if name != "dcgan" or device.type == "cuda"]
    found = {name: {way: apart(name, way, given.seconds) for way in (*WAYS, OVERHEAD)} for name in only}
    print(f"peak {peak / 1e9:.0f} GFLOP/s on {device.type}")
    print(table(found, peak))
    record = {
        "date": time.strftime("%Y-%m-%d"),
        "device": torch.cuda.get_device_name()
        if device.type == "cuda"
        else f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "peak_flops": peak,
        "found": found,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"throughput_{device.type}.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
