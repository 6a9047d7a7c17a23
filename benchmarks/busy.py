"""A training step on a busy machine: alone, beside one and two busy processes, and six students at once, with each way of waiting.

    python benchmarks/busy.py                            # all settings, about half an hour on two cores that do nothing else
    python benchmarks/busy.py --rounds 1 --seconds 3     # a quick look
    python benchmarks/busy.py --only aigc_lab passive    # some of the settings

OpenMP's threads wait for each other several hundred times a step. How long one goes on asking before it sleeps decides what a step takes
when others want the cores, too. What `import aigc_lab` chooses stands in `aigc_lab/machine/startup.py`.

Each job is a process that trains a GAN on digits. Those of a scene start one after the other, 0.3 s apart, train for the given seconds while the load
runs, and report what a step takes and how much CPU time it costs, both as a mean. The settings take turns, in another order in each round; the figure is the
median over rounds (and over the six students).

The fair share of a job: CPU seconds a step costs it alone ÷ (cores × its threads ÷ all threads that want to run, at most its threads). A
step's time ÷ that is what waiting costs; aim: at most 1.5, and at most 3% more than the library's own default (`unset`) on a quiet machine.
"""

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from aigc_lab.machine import limits, startup

RESULTS = Path(__file__).parent / "results"
SPINS = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
# The environment of a job. Libraries' own defaults are given as numbers: 300,000 is GNU's, 200 (ms) is LLVM's and Intel's.
SETTINGS = {
    "unset": {"GOMP_SPINCOUNT": "300000", "KMP_BLOCKTIME": "200"},
    "aigc_lab": startup.WAITING | {"BUSY_CHOOSE": "1"},  # as `import aigc_lab` and `fit` choose
    "aigc_lab, unset": {"BUSY_CHOOSE": "1", "GOMP_SPINCOUNT": "300000", "KMP_BLOCKTIME": "200"},
    "passive": {"OMP_WAIT_POLICY": "PASSIVE"},
    **{f"{spins} spins": {"GOMP_SPINCOUNT": str(spins), "KMP_BLOCKTIME": "1"} for spins in SPINS},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
SCENES = {"alone": (1, 0), "beside one": (1, 1), "beside two": (1, 2), "six at once": (6, 0)}  # jobs, busy processes
BUSY = "while True: pass"
APART = 0.3  # seconds between the starts of two students


def job(folder: Path, seconds: float, wait: float) -> None:
    """Train as soon as `folder` says so, and print what a step took: one line of JSON."""
    import torch

    from aigc_lab import datasets, gan, runtime, training
    from aigc_lab.training import threads

    runtime.seed_everything(0)
    digits = datasets.load("digits")
    recipe = gan.GanRecipe.for_data(digits)
    order = training.Batches([digits.images, digits.labels], 64, seed=0)
    for _ in range(4):
        recipe.step(next(order))
    (folder / f"ready {os.getpid()}").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    time.sleep(wait)
    choice = (
        threads.chosen(torch.device("cpu")) if "BUSY_CHOOSE" in os.environ else nullcontext(torch.get_num_threads())
    )
    taken, used = [], 0.0
    with choice as count:
        start = time.perf_counter()
        while (now := time.perf_counter()) < start + seconds or len(taken) < 3:
            before = time.process_time()
            recipe.step(next(order))
            if now > start + seconds / 5:  # before, the load isn't up yet
                taken.append(time.perf_counter() - now)
                used += time.process_time() - before
    print(json.dumps({"step": statistics.fmean(taken), "cpu": used / len(taken), "threads": count}))


def scene(setting: str, jobs: int, busy: int, seconds: float) -> list[dict[str, float]]:
    """What each job of a scene reports."""
    ours = ("GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OMP_WAIT_POLICY", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BUSY_CHOOSE")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"AIGC_LAB_PROFILE": "cpu", **SETTINGS[setting]}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--job", folder, "--seconds", str(seconds), "--wait"]
        started = [
            subprocess.Popen([*command, str(APART * i)], env=environment, stdout=subprocess.PIPE, encoding="utf-8")
            for i in range(jobs)
        ]
        loads: list[subprocess.Popen] = []
        try:
            while len(list(Path(folder).glob("ready *"))) < jobs:
                if any(process.poll() for process in started):
                    raise RuntimeError("a job has failed; its error stands above")
                time.sleep(0.05)
            loads = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(busy)]
            Path(folder, "go").touch()
            return [json.loads(process.communicate()[0].splitlines()[-1]) for process in started]
        finally:
            for process in [*started, *loads]:
                process.kill()
                process.wait()


def fair_seconds(cpu: float, threads: float, runnable: float, cores: int) -> float:
    """What a step takes if the job gets its fair share of the cores.

    Args:
        cpu: CPU seconds a step costs on a quiet machine.
        threads: of the job; runnable: all threads that want to run, the job's included.
        cores: of the machine.
    """
    return cpu / min(threads, cores * threads / runnable)


def report(found: dict[str, dict[str, dict[str, float]]], cores: int) -> str:
    """The table; `found` holds for each setting and scene the step in seconds, its CPU seconds, and the threads."""
    lines = [
        f"{'setting':24} {'quiet ms':>9} {'lost':>6}"
        + "".join(f" {name + ' ms':>15} {'CPU ms':>7} {'÷ fair':>7}" for name in list(SCENES)[1:])
    ]
    for setting, scenes in found.items():
        quiet = scenes["alone"]
        lost = quiet["step"] / found["unset"]["alone"]["step"] - 1 if "unset" in found else float("nan")
        line = f"{setting:24} {1e3 * quiet['step']:9.1f} {lost:6.0%}"
        for name in list(SCENES)[1:]:
            here = scenes[name]
            line += f" {1e3 * here['step']:15.1f} {1e3 * here['cpu']:7.1f} {here['of fair']:7.2f}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=5, help="that each scene trains")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=SETTINGS, metavar="SETTING", default=list(SETTINGS))
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--wait", type=float, default=0.0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        job(given.job, given.seconds, given.wait)
        return

    cores, runs = limits.threads(), {setting: {name: [] for name in SCENES} for setting in given.only}
    for number in range(given.rounds):
        for setting in random.Random(number).sample(given.only, len(given.only)):
            for name, (jobs, busy) in SCENES.items():
                runs[setting][name] += scene(setting, jobs, busy, given.seconds)
            print(f"round {number + 1} of {given.rounds}: {setting}", file=sys.stderr, flush=True)
    found = {}
    for setting, scenes in runs.items():
        middle = {
            name: {key: statistics.median(run[key] for run in of_scene) for key in of_scene[0]}
            for name, of_scene in scenes.items()
        }
        for name, (jobs, busy) in SCENES.items():
            threads = middle["alone"]["threads"]  # the job's wish, also where it then takes fewer
            fair = fair_seconds(middle["alone"]["cpu"], threads, jobs * threads + busy, cores)
            middle[name]["of fair"] = middle[name]["step"] / fair
        found[setting] = middle
    print(report(found, cores))
    record = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{cores} CPU cores, {platform.machine()}",
        "python": platform.python_version(),
        "seconds": given.seconds,
        "rounds": given.rounds,
        "settings": {name: SETTINGS[name] for name in found},
        "found": found,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "busy.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
