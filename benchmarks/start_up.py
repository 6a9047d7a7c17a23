"""How long a student waits before anything happens: imports, the command line, data sets, the first check. `make bench` runs it.

Each figure is the median of several fresh processes (imports) or calls (loads), on a machine that should be doing nothing else.
"""

import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

IMPORT = """import time
a = time.perf_counter(); import torch
b = time.perf_counter(); from aigc_lab import check
print(b - a, time.perf_counter() - b)"""
RESULTS = Path(__file__).parent / "results"


def import_seconds(runs: int = 7) -> tuple[float, float]:
    """Median seconds of `import torch`, and of `from aigc_lab import check` after it (`import aigc_lab` alone loads nothing)."""
    pairs = [
        [
            float(part)
            for part in subprocess.run(
                [sys.executable, "-c", IMPORT], capture_output=True, encoding="utf-8", check=True
            ).stdout.split()
        ]
        for _ in range(runs + 1)
    ][1:]  # the first run warms the disk cache
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def help_seconds(runs: int = 7) -> float:
    """Median seconds of `aigc-lab --help`, as a whole process."""
    taken = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "aigc_lab.cli", "--help"], capture_output=True, check=True)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])


def heavy_imports() -> list[str]:
    """The folders of the package that load matplotlib or scipy when they are imported: none should, except `plots`."""
    import aigc_lab

    folders = sorted(path.parent.name for path in Path(aigc_lab.__file__).parent.glob("*/__init__.py"))
    code = "import sys, aigc_lab.{}; sys.exit(not {{'matplotlib', 'scipy'}}.isdisjoint(sys.modules))"
    return [name for name in folders if subprocess.run([sys.executable, "-c", code.format(name)]).returncode]


def load_seconds(name: str, runs: int = 5) -> float:
    """Median seconds of `datasets.load(name)`."""
    from aigc_lab import datasets

    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        datasets.load(name)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def main() -> None:
    from aigc_lab import datasets

    with_torch, added = import_seconds()
    figures = {"import torch": with_torch, "from aigc_lab import check, after torch (aim: at most 0.05)": added}
    figures["aigc-lab --help (aim: below 0.5)"] = help_seconds()
    embedded = [name for name in datasets.available() if name not in ("quickdraw_cats_dogs", "pets")]
    figures |= {f"datasets.load({name!r}) (aim: below 0.3)": load_seconds(name) for name in embedded}
    width = max(map(len, figures))
    for name, seconds in figures.items():
        print(f"{name:{width}}  {seconds:7.3f} s")
    heavy = heavy_imports()
    print("folders whose import loads matplotlib or scipy (aim: plots alone):", ", ".join(heavy))
    RESULTS.mkdir(exist_ok=True)
    machine = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.system(),
        "threads": torch.get_num_threads(),
    }
    (RESULTS / "start_up.json").write_text(
        json.dumps({"machine": machine, "seconds": figures, "load matplotlib or scipy": heavy}, indent=1) + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
