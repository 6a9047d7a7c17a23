"""Every notebook alone, from an empty folder, with the wheel installed on a chosen Python and chosen versions.

    python benchmarks/versions.py                                          what was tried so far
    python benchmarks/versions.py minimum --python /path/to/python3.11     every notebook on the oldest versions promised
    python benchmarks/versions.py colab --python /path/to/python3.13 01 32 these two on Colab's

The result goes to `results/versions.json`, and README.md's table is written from that. CI runs a few notebooks only
(`tests/test_bare.py`), because on Linux an older torch brings several GB of CUDA libraries.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import tomllib
from operator import itemgetter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results" / "versions.json"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
SHOWN = ["torch", "numpy", "matplotlib", "ipywidgets", "ipykernel", "ipython"]  # whose versions the record keeps
START, END = "<!-- versions -->", "<!-- /versions -->"
PATIENCE = (
    120  # seconds for a cell: they take 20 at most, but on a busy machine nbclient can miss that a reply has come
)

# Colab's published list of August 2026. Its Python is 3.13.
COLAB = [
    "torch==2.11.0",
    "numpy==2.1.3",
    "matplotlib==3.10.0",
    "ipywidgets==7.7.1",
    "ipykernel==6.17.1",
    "ipython==7.34.0",
]


def pins(name: str) -> list[str]:
    """What pip installs before the wheel.

    Args:
        name: `minimum`, the lower bound of every requirement; `colab`; or `newest`, whatever the wheel brings.
    """
    if name == "colab":
        return COLAB
    if name == "newest":
        return ["ipykernel"]
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return ["ipykernel", *(line.split(",")[0].replace(">=", "==") for line in requirements)]


def run(*command: str | Path) -> str:
    """What a command prints.

    Raises:
        RuntimeError: it fails; with the end of what it said.
    """
    done = subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def build_wheel(folder: Path) -> Path:
    """The course's wheel, as it is published."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    return next(folder.glob("aigc_lab-*.whl"))


def make_environment(folder: Path, python: Path, first: list[str]) -> Path:
    """A new environment with these packages; its Python."""
    run(python, "-m", "venv", folder / "env")
    inside = folder / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run(inside, "-m", "pip", "install", "--quiet", *first)
    return inside


def installed(python: Path) -> dict[str, str]:
    """What is installed, in lower case."""
    return {
        one["name"].lower(): one["version"] for one in json.loads(run(python, "-m", "pip", "list", "--format=json"))
    }


def run_alone(notebook: Path, python: Path, folder: Path) -> None:
    """Execute a notebook in profile ci, with this folder as the only thing it sees of the world: no course, no home.

    Raises:
        Exception: whatever its execution raises; a cell's error, a dead kernel, a cell without end.
    """
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient

    spec = folder / "kernels" / "alone"
    spec.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "alone", "language": "python"}), encoding="utf-8"
    )
    here = folder / "empty"
    here.mkdir()
    book = nbformat.read(notebook, as_version=4)
    client = NotebookClient(book, timeout=PATIENCE, kernel_name="alone", resources={"metadata": {"path": str(here)}})
    client.km = client.create_kernel_manager()
    client.km.kernel_spec_manager = KernelSpecManager(kernel_dirs=[str(spec.parent)])
    environment = {"HOME": str(here), "PATH": os.environ["PATH"], "AIGC_LAB_PROFILE": "ci", "OMP_NUM_THREADS": "1"}
    client.execute(env=environment)
    if sum(bool(cell.get("outputs")) for cell in book.cells) < 10:
        raise RuntimeError("fewer than ten cells have an output")


def try_set(name: str, python: Path, chosen: list[Path], folder: Path) -> dict:
    """Install a set, run the notebooks, and say what came of each."""
    print(f"{name}: installing into {folder}", flush=True)
    wheel = build_wheel(folder)
    inside = make_environment(folder, python, pins(name))
    before = installed(inside)
    run(inside, "-m", "pip", "install", "--quiet", wheel)
    after = installed(inside)
    changed = sorted(package for package in before if after[package] != before[package])
    outcome = {}
    for notebook in chosen:
        alone = folder / notebook.stem
        alone.mkdir()
        try:
            run_alone(notebook, inside, alone)
            outcome[notebook.stem] = "passed"
        except Exception as error:  # of any kind: it is what is asked for
            lines = [line for line in str(error).splitlines() if line.strip(" -")]
            outcome[notebook.stem] = f"{type(error).__name__}: {lines[-1] if lines else ''}"
        print(f"  {notebook.stem}: {outcome[notebook.stem]}", flush=True)
    return {
        "set": name,
        "date": datetime.date.today().isoformat(),
        "commit": run("git", "-C", ROOT, "rev-parse", "--short", "HEAD").strip(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": run(inside, "-c", "import platform; print(platform.python_version())").strip(),
        "versions": {package: after[package] for package in SHOWN},
        "changed_by_the_wheel": changed,
        "notebooks": outcome,
    }


def record() -> list[dict]:
    """What was tried so far, oldest first."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []


def add(trial: dict, before: list[dict]) -> list[dict]:
    """The record with a trial in place of the one before it of the same set, Python and torch.

    If that was of the same commit, its notebooks stay: two parts of one trial.
    """
    key = itemgetter("set", "python", "system")
    kept = [one for one in before if (key(one), torch_of(one)) != (key(trial), torch_of(trial))]
    for old in before:
        if old not in kept and old["commit"] == trial["commit"]:
            trial = trial | {"notebooks": old["notebooks"] | trial["notebooks"]}
    return [*kept, trial]


def torch_of(trial: dict) -> str:
    """Its version, without the suffix of the build."""
    return trial["versions"]["torch"].split("+")[0]


def table(trials: list[dict]) -> str:
    """The record in Markdown, newest Python first."""
    rows = [
        "| Python | torch | numpy | ipywidgets | set | notebooks, alone | when and where |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in sorted(trials, key=lambda one: [int(part) for part in one["python"].split(".")], reverse=True):
        of = one["versions"]
        where = f"{one['date']}, {one['system']}"
        cells = [
            one["python"],
            torch_of(one),
            of["numpy"],
            of["ipywidgets"],
            one["set"],
            verdict(one["notebooks"]),
            where,
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def verdict(outcome: dict[str, str]) -> str:
    """As "all 19 pass", "32 fails, 18 pass" or "01, 32 pass, others not tried"."""
    passed, failed = (
        sorted(name[:2] for name, said in outcome.items() if (said == "passed") is good) for good in (True, False)
    )
    parts = [f"{', '.join(failed)} fail{'s' * (len(failed) == 1)}"] if failed else []
    if len(outcome) < len(NOTEBOOKS):
        parts += [f"{', '.join(passed)} pass{'es' * (len(passed) == 1)}"] * bool(passed) + ["others not tried"]
    else:
        parts += [f"{'' if failed else 'all '}{len(passed)} pass"]
    return ", ".join(parts)


def write_table(path: Path, trials: list[dict]) -> None:
    """Replace what stands between the two markers of a page."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    path.write_text(f"{before}{START}\n{table(trials)}\n{END}{rest.partition(END)[2]}", encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("set", nargs="?", choices=["minimum", "colab", "newest"], help="none: show what was tried")
    parser.add_argument("notebooks", nargs="*", help="numbers, as 01 32; all if none is given")
    parser.add_argument(
        "--python", type=Path, default=Path(sys._base_executable), help="the Python of the new environment"
    )
    parser.add_argument("--folder", type=Path, help="a new folder to make it in, and leave it; else a temporary one")
    asked = parser.parse_intermixed_args()
    trials = record()
    if asked.set:
        chosen = [path for path in NOTEBOOKS if not asked.notebooks or path.name[:2] in asked.notebooks]
        with tempfile.TemporaryDirectory() as temporary:
            folder = asked.folder or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            trials = add(try_set(asked.set, asked.python, chosen, folder), trials)
        RESULTS.write_text(json.dumps(trials, indent=1) + "\n", encoding="utf-8", newline="\n")
        write_table(ROOT / "README.md", trials)
    print(table(trials))


if __name__ == "__main__":
    main()
