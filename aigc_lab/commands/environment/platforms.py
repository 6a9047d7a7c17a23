"""Which Pythons and machines the course can be installed on. Uses nothing but Python itself: it is asked before the installation."""

import json
import platform
import sys
import sysconfig
from pathlib import Path

OLDEST, NEWEST_LOCKED = (3, 11), (3, 14)  # the Pythons for which everything in requirements.lock has wheels
COLAB = "Use Google Colab instead (README, Three doors)."


def unsupported() -> str | None:
    """Why pip finds no PyTorch for this Python on this machine; None where it finds one.

    The platforms are those of torch 2.13's wheels: Linux with glibc 2.28 on x86-64 and ARM, macOS 14 on Apple silicon, Windows on x86-64.
    """
    system, machine = platform.system(), platform.machine().lower()
    if sys.implementation.name != "cpython":
        return f"this Python is {sys.implementation.name}, and PyTorch needs CPython: install Python from python.org."
    if sys.maxsize < 2**32:
        return "this Python is a 32-bit build, and PyTorch needs a 64-bit one: install that from python.org."
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this Python is a free-threaded build, for which some packages have no wheels: install the usual build."
    if system == "Darwin" and machine != "arm64":
        return f"PyTorch has no build for Intel Macs (on Apple silicon, install a Python that isn't Intel's). {COLAB}"
    if system == "Darwin" and int(platform.mac_ver()[0].split(".")[0]) < 14:
        return f"PyTorch needs macOS 14 or newer, and this is macOS {platform.mac_ver()[0]}. {COLAB}"
    if system == "Windows" and sysconfig.get_platform() != "win-amd64":
        return f"PyTorch has no build for Windows on ARM. {COLAB}"
    if system == "Linux" and machine not in ("x86_64", "amd64", "aarch64", "arm64"):
        return f"PyTorch has no build for Linux on {machine}. {COLAB}"
    if system == "Linux":
        library, version = platform.libc_ver()
        if library != "glibc" or [int(part) for part in version.split(".")[:2]] < [2, 28]:
            found = f"{library} {version}".strip() or "another C library"
            return f"PyTorch needs Linux with glibc 2.28 or newer, and this one has {found}. {COLAB}"
    if system not in ("Linux", "Darwin", "Windows"):
        return f"PyTorch has no build for {system}. {COLAB}"
    return None


def tried() -> list[str]:
    """The pairs of Python and torch that the notebooks were tried with; README has the whole table. Empty where only the wheel is there."""
    record = Path(__file__).resolve().parents[3] / "benchmarks" / "results" / "versions.json"
    entries = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else []
    return sorted({f"Python {one['python']} with torch {one['versions']['torch'].split('+')[0]}" for one in entries})
