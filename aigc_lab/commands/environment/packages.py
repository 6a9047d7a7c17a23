"""What is installed into `.venv`: the pins of the lock, or, under a Python they aren't for, the newest that pyproject.toml admits."""

import hashlib
import json
import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytorch
from platforms import NEWEST_LOCKED

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


class InstallationError(Exception):
    """What stops the installation, as one message: what is wrong, and what to do."""


@dataclass(frozen=True)
class Wish:
    """What is asked for: `tools` that tests and builds need; `torch` cpu, cuda or empty; where PyTorch's CPU builds are."""

    tools: bool
    torch: str
    cpu_index: str


def locks(tools: bool) -> list[Path]:
    """The files of pins. The second one has what only tests and builds need, and includes the first."""
    return [ROOT / "requirements.lock", *[ROOT / "requirements-dev.lock"] * tools]


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def fingerprint(tools: bool) -> str:
    """A hash of what is to be installed; settings of tools in pyproject.toml are no part of it."""
    parts = [json.dumps([project()["project"], project()["build-system"]], sort_keys=True)]
    parts += [lock.read_text(encoding="utf-8") for lock in locks(tools)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def install(version: tuple[int, int], wish: Wish, before: str) -> str:
    """Install it all.

    Args:
        version: of the Python in `.venv`.
        wish: what is asked for.
        before: the build of PyTorch that `.venv` has, if it has one.

    Returns:
        The build of PyTorch that is there now, cpu or cuda.

    Raises:
        InstallationError: pip fails, or PyTorch's index was asked for and is out of reach.
    """
    locked = version <= NEWEST_LOCKED
    torch = torch_build(wish, before, torch_requirement(locked))
    if locked:
        pip("install", "-r", str(locks(wish.tools)[-1]))
        pip("install", "--no-deps", "-e", str(ROOT))
    else:
        newest = ".".join(map(str, NEWEST_LOCKED))
        print(f"requirements.lock ends at Python {newest}: the newest versions are taken instead.", flush=True)
        pip("install", "-e", f"{ROOT}[{'lab,test,dev' if wish.tools else 'lab'}]")
    return torch


def torch_requirement(locked: bool) -> str:
    """What is asked of torch, as `torch==2.13.0` or `torch>=2.6`."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return next(
        line for line in (lines if locked else project()["project"]["dependencies"]) if re.match(r"torch\b", line)
    )


def torch_build(wish: Wish, before: str, requirement: str) -> str:
    """Choose PyTorch's build, and install it if it is the one from PyTorch's own index: pip leaves it alone afterwards."""
    chosen = wish.torch or before or pytorch.fitting_build()
    if chosen == "cuda" and not pytorch.HAS_TWO_BUILDS:
        raise InstallationError(
            "TORCH=cuda is for Linux. On Windows, make .venv first, then see pytorch.org, Get started."
        )
    if not pytorch.HAS_TWO_BUILDS or is_there(requirement):
        return chosen
    if chosen == "cuda":
        print("PyTorch: the CUDA build and its libraries, several GB (TORCH=cpu takes the small one).", flush=True)
        return "cuda"
    only = os.environ | pytorch.no_other_source(wish.cpu_index, VENV)
    command = pip_command(*pytorch.question(wish.cpu_index))
    answer = subprocess.run(command, env=only, capture_output=True, encoding="utf-8", errors="replace")
    if pytorch.is_offered(requirement, answer.stdout):
        print(f"PyTorch: the CPU build, 0.2 GB, from {wish.cpu_index} (TORCH=cuda takes the large one).", flush=True)
        pip("install", "--no-deps", "--index-url", wish.cpu_index, requirement, env=only)
        return "cpu"
    missing = f"{wish.cpu_index}, where PyTorch's CPU builds are, can't be reached, or has none for this Python"
    if wish.torch:
        raise InstallationError(f"{missing}. TORCH=cuda takes the usual build instead: several GB.")
    print(f"{missing}. PyTorch: the usual build instead, for CUDA, several GB.", flush=True)
    return "cuda"


def is_there(requirement: str) -> bool:
    """Whether `.venv` has such a PyTorch already."""
    ask = "from importlib.metadata import version; print(version('torch'))"
    done = subprocess.run([VENV_PYTHON, "-I", "-c", ask], capture_output=True, encoding="utf-8")
    return done.returncode == 0 and pytorch.satisfies(done.stdout.strip(), requirement)


def pip_command(*arguments: str) -> list[str]:
    return [str(VENV_PYTHON), "-I", "-m", "pip", "--disable-pip-version-check", *arguments]


def pip(*arguments: str, env: dict[str, str] | None = None) -> None:
    """Run the environment's pip, whose messages are shown.

    Raises:
        InstallationError: it fails.
    """
    environment = (env or os.environ) | {
        "PIP_USER": "0"
    }  # with this setting of some users, pip refuses any environment
    if subprocess.run(pip_command(*arguments), env=environment).returncode:
        raise InstallationError(
            "pip could not install the packages; its own message stands above. If the network failed, try again: what was "
            "downloaded is kept. If it found no version of a package, try another Python: make PYTHON=/path/to/python3.12 lab"
        )
