"""What `import aigc_lab` does first, while torch isn't loaded yet: threads that wait quietly, no more of them than may run, and a word
about files that hide a package.

torch's wheels compute with GNU's OpenMP library on Linux, LLVM's on macOS and Intel's on Windows. All three read their settings from the
environment once, when torch is imported. What the reader has set stays; processes started from here inherit the rest.
"""

import importlib.machinery
import os
import subprocess
import sys
from pathlib import Path

from aigc_lab.machine import limits

PACKAGE = Path(__file__).resolve().parents[1]

# How long a thread that waits for the others goes on asking before it sleeps. The libraries' own defaults (300,000 questions, some 10 ms, in
# GNU's, 200 ms in the others) take the core from whatever else wants it, the awaited thread included: beside a video call a step of training
# takes several times as long. A thread that sleeps at once, on the other hand, must be woken hundreds of times a step, which costs a quiet
# machine half of its speed. `benchmarks/busy.py` measures both. How many threads there are is `training.threads`' affair.
WAITING = {
    "GOMP_SPINCOUNT": "30000",  # GNU's: some 1 ms
    "KMP_BLOCKTIME": "1",  # LLVM's and Intel's: milliseconds, and 1 is the least that all versions know, but for 0
}

# For processes started from here: files and streams are UTF-8, as the lessons expect, also where the system prefers another encoding.
UTF8 = {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}


def prepare() -> None:
    """Set the environment for torch, and warn of files that hide a package."""
    if "OMP_WAIT_POLICY" not in os.environ:  # the reader's wish, which the others would overrule
        for name, value in WAITING.items():
            os.environ.setdefault(name, value)
    if any(limits.quotas()):  # of affinity, but not of a container's share, OpenMP knows by itself
        os.environ.setdefault("OMP_NUM_THREADS", str(limits.threads()))
    if course := other_course():
        say(
            f"this Python loads the package from {PACKAGE.parent}, though you are in another copy of the course, {course}. Run `make lab` there "
            "(or `aigc-lab lab` of an environment made there), so that the package belongs to the lessons."
        )
    for path in hiding():
        say(
            f"{path.name} in this folder ({path.parent}) bears the name of a module that Python or a package brings, and is loaded in its place. "
            "What needs that module will fail: give yours another name, and restart the kernel."
        )


def say(text: str) -> None:
    print(f"aigc_lab: {text}", file=sys.stderr)


def other_course() -> Path | None:
    """The course that the current folder belongs to, if it has a package of its own and that isn't this one."""
    try:
        here = Path.cwd()
    except OSError:  # the folder is gone
        return None
    for folder in [here, *here.parents]:
        if (folder / "lessons").is_dir() and (folder / "aigc_lab" / "__init__.py").is_file():
            return None if (folder / "aigc_lab").samefile(PACKAGE) else folder
    return None


def python_path(root: Path = PACKAGE.parent) -> str:
    """PYTHONPATH for processes that are to import the `aigc_lab` in this folder: as it is, if they do so anyway.

    The folder is named only where it must be: whatever else is in it would come before Python's own modules. An empty entry, which means
    the folder that Python is started in, is left out for the same reason.
    """
    entries = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    ask = "import aigc_lab, pathlib; print(pathlib.Path(aigc_lab.__file__).resolve().parents[1])"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(entries)} | UTF8
    answer = subprocess.run([sys.executable, "-P", "-c", ask], env=env, capture_output=True, encoding="utf-8").stdout
    return os.pathsep.join(entries if answer.strip() == str(root.resolve()) else [str(root.resolve()), *entries])


def hiding() -> list[Path]:
    """Files and packages in the current folder that are loaded in place of a module from elsewhere, as a `torch.py` beside a notebook."""
    try:
        here = Path.cwd()
        mine = [path for path in here.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
        # A copy of the course may be used without having been installed.
        mine = [path for path in mine if path.resolve() != PACKAGE]
    except OSError:  # no such folder any more, or none that may be read
        return []
    elsewhere = [entry for entry in sys.path if Path(entry).absolute() != here]
    return sorted(path for path in mine if loaded(path.stem, sys.path, here) and loaded(path.stem, elsewhere))


def loaded(name: str, path: list[str], folder: Path | None = None) -> bool:
    """Whether `import name` finds a module on this path; with a folder: whether it finds it, or has found it, there."""
    found = getattr(sys.modules.get(name), "__file__", None) if folder else None
    if found is None and not (folder and name in sys.modules):
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        found = spec.origin if spec else None  # no origin: a folder without __init__.py, which hides nothing
    return found is not None and (folder is None or folder in Path(found).absolute().parents)
