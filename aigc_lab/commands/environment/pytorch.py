"""Which build of PyTorch fits the machine, and whether PyTorch's own index of CPU builds has it.

On Linux the usual index has the CUDA build, which brings several GB of libraries; elsewhere it has the CPU build.
"""

import contextlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
HAS_TWO_BUILDS = sys.platform == "linux"
PATIENCE = 15  # seconds until an index that doesn't answer counts as out of reach


def fitting_build() -> str:
    """cuda where a GPU of NVIDIA's can be used, else cpu."""
    return "cuda" if HAS_TWO_BUILDS and nvidia_gpu() else "cpu"


def nvidia_gpu() -> bool:
    """Whether the driver shows a GPU. In Linux under Windows, its tool lies in a folder of its own."""
    with contextlib.suppress(OSError):
        if any(Path("/proc/driver/nvidia/gpus").iterdir()):
            return True
    tool = shutil.which("nvidia-smi") or "/usr/lib/wsl/lib/nvidia-smi"
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        told = subprocess.run([tool, "-L"], capture_output=True, encoding="utf-8", errors="replace", timeout=30)
        return "GPU 0" in told.stdout
    return False


def question(index: str) -> list[str]:
    """What to ask pip: a page is read, nothing is downloaded."""
    return ["index", "versions", "torch", "--index-url", index, "--timeout", str(PATIENCE), "--retries", "0"]


def no_other_source(index: str, empty: Path) -> dict[str, str]:
    """Settings of pip by which the answer is this index's, whatever else the user has configured.

    Args:
        index: its address.
        empty: a folder without packages.
    """
    return {"PIP_EXTRA_INDEX_URL": index, "PIP_FIND_LINKS": str(empty)}


def is_offered(requirement: str, answer: str) -> bool:
    """Whether pip's answer to the question lists a version that the requirement admits."""
    listed = re.search(r"^Available versions: (.+)$", answer, re.MULTILINE)
    return bool(listed) and any(satisfies(version, requirement) for version in listed[1].split(", "))


def satisfies(version: str, requirement: str) -> bool:
    """Whether a version, as 2.13.0+cpu, is the pinned one, or at least the lower bound."""
    name_and_bound = re.match(r"torch(==|>=)([\d.]+)", requirement)
    plain, bound = version.split("+")[0], name_and_bound[2]
    if name_and_bound[1] == "==":
        return plain == bound
    return numbers(plain) >= numbers(bound)


def numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:2]]
