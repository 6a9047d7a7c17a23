"""`.venv` as it is, and when it is made anew."""

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys

from packages import ROOT, VENV, VENV_PYTHON, InstallationError, Wish, fingerprint, install
from platforms import OLDEST, unsupported

ASIDE = ROOT / ".venv.old"  # where the environment that is being replaced waits, in case the new one can't be had
RECORD = VENV / ".ready"  # how the environment was made, and whether that was finished


def recorded() -> dict:
    """How `.venv` was made; empty if nothing says so (the course used to leave an empty record)."""
    try:
        found = json.loads(RECORD.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def record(**facts) -> None:
    RECORD.write_text(json.dumps(recorded() | facts, indent=1) + "\n", encoding="utf-8")


def made_elsewhere() -> str | None:
    """The folder that `.venv` was made as, if it isn't this one: its programs start only from there."""
    made_as = recorded().get("folder")
    if made_as is None:
        with contextlib.suppress(OSError):
            settings = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
            command = re.search(r"^command = .* -m venv (?:--\S+ )*(.+)$", settings, re.MULTILINE)
            made_as = command and command[1]
    return made_as if made_as and os.path.realpath(made_as) != os.path.realpath(VENV) else None


def version_and_base() -> tuple[tuple[int, int], str] | None:
    """The version of the Python in `.venv`, and the Python that it was made by; None if it doesn't run, or has no pip."""
    ask = "import os, sys, pip; print(*sys.version_info[:2], os.path.realpath(sys._base_executable))"
    try:
        command = [VENV_PYTHON, "-I", "-X", "utf8", "-c", ask]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    major, minor, base = done.stdout.strip().split(" ", 2)
    return (int(major), int(minor)), base


def ready(version: tuple[int, int], wish: Wish) -> bool:
    """Whether `.venv`, whose Python has this version, is what is asked for."""
    found = recorded()
    return (
        found.get("finished", False)
        and made_elsewhere() is None
        and found["version"] == list(version)  # else what is installed is another Python's
        and found["lab"] == fingerprint(tools=False)
        and (not wish.tools or found.get("tools") == fingerprint(tools=True))
        and wish.torch in ("", found["torch"])
    )


def ready_from_within(wish: Wish) -> bool:
    """The same, asked by the Python in `.venv`: quick, as no other process starts."""
    inside = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    return inside and ready(sys.version_info[:2], wish)


def why_anew(found: tuple[tuple[int, int], str] | None, wish: Wish, base: str | None) -> str | None:
    """Why `.venv` can't be kept, as a clause; None if it can.

    Args:
        found: what `version_and_base` says.
        wish: what is asked for.
        base: the Python it must have been made by, if one was named.
    """
    if made_elsewhere():
        return f"it was made in another folder, {made_elsewhere()}"
    if found is None:
        return "its Python no longer runs"
    if found[0] < OLDEST:
        return f"its Python is {found[0][0]}.{found[0][1]}"
    if not recorded().get("finished", True):
        return "its installation was not finished"
    if base and found[1] != base:
        return f"it was made by another Python, {found[1]}"
    if wish.torch and recorded().get("torch", wish.torch) != wish.torch:
        return f"it has PyTorch's {recorded()['torch']} build"
    return None


def make(wish: Wish, named: bool) -> None:
    """Make `.venv`, or bring it up to date, or leave it as it is; say what is done and why.

    Args:
        wish: what is asked for.
        named: whether this very Python was asked for.

    Raises:
        InstallationError: the machine or the network doesn't allow it.
        OSError: the folder can't be written to.
    """
    if wish.torch not in ("", "cpu", "cuda"):
        raise InstallationError(f"TORCH is {wish.torch!r}: choose cpu or cuda, or leave it out.")
    if reason := unsupported():
        raise InstallationError(reason)
    there = os.path.lexists(VENV)
    found = version_and_base() if there else None
    reason = why_anew(found, wish, os.path.realpath(sys._base_executable) if named else None) if there else None
    if there and not reason:
        if not ready(found[0], wish):
            print("Bringing .venv up to date.", flush=True)
            fill(found[0], wish)
        return
    if reason:
        print(f".venv is made anew: {reason}.", flush=True)
    print(f"Making .venv with Python {platform.python_version()}. Only this step needs internet.", flush=True)
    with replaced():
        if subprocess.run([sys._base_executable, "-I", "-m", "venv", VENV]).returncode:
            raise InstallationError(
                "Python's venv module failed, see above; on Debian and Ubuntu: apt install python3-venv"
            )
        record(folder=str(VENV), finished=False)
        fill(sys.version_info[:2], wish)


def fill(version: tuple[int, int], wish: Wish) -> None:
    """Install what is asked for, and record it once all is there."""
    torch = install(version, wish, recorded().get("torch", ""))
    facts = {"tools": fingerprint(tools=True)} if wish.tools else {}
    record(folder=str(VENV), version=list(version), torch=torch, lab=fingerprint(tools=False), finished=True, **facts)


@contextlib.contextmanager
def replaced():
    """Put the old `.venv` aside, and back again if no new one can be had: it may still do for what it is."""
    remove(ASIDE)
    if os.path.lexists(VENV):
        VENV.rename(ASIDE)
    try:
        yield
    except BaseException:
        if os.path.lexists(ASIDE):
            remove(VENV)
            ASIDE.rename(VENV)
        raise
    remove(ASIDE)


def remove(path) -> None:
    """Delete a folder; of a link, only the link."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
