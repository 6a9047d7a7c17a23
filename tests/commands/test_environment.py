"""The door: `make` on a machine that has nothing yet, in a toy course, with two small package indexes on 127.0.0.1."""

import functools
import http.server
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
import zipfile
from pathlib import Path

import pytest

from aigc_lab.commands.environment import platforms, pytorch

from helpers import ROOT

linux = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("make") is None,
    reason="needs Linux and make; elsewhere torch has one build",
)

# Builds the toy course without a download, which hatchling would be.
BACKEND = """
import zipfile

def wheel(folder, *_):
    name = "toy_course-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as archive:
        info = "toy_course-1.0.dist-info/"
        archive.writestr("toy_course.py", "def main(): print('the course opens')")
        archive.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: toy-course\\nVersion: 1.0\\n"
            "Provides-Extra: lab\\nRequires-Dist: torch>=2.6\\nRequires-Dist: lesson-tool>=1; extra == 'lab'\\n")
        archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: toy\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(info + "entry_points.txt", "[console_scripts]\\naigc-lab = toy_course:main\\n")
        archive.writestr(info + "RECORD", "")
    return name

build_wheel = build_editable = wheel
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "toy-course"
version = "1.0"
dependencies = ["torch>=2.6"]
"""


def put_wheel(index: Path, name: str, version: str, requires: str = "") -> None:
    """A wheel with nothing in it but its name, version and requirement, on the page of its project."""
    stem = f"{name.replace('-', '_')}-{version}"
    file = index / name / f"{stem}-py3-none-any.whl"
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as archive:
        needed = f"Requires-Dist: {requires}\n" if requires else ""
        archive.writestr(
            f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}"
        )
        archive.writestr(
            f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    links = [f'<a href="{path.name.replace("+", "%2B")}">{path.name}</a>' for path in file.parent.glob("*.whl")]
    (file.parent / "index.html").write_text("\n".join(links), encoding="utf-8")


class Indexes:
    """`plain` has CUDA's torch and all else, `cpu` has the CPU's torch only; `fetched` are the wheels asked for, in order."""

    def __init__(self, folder: Path):
        self.folder = folder
        put_wheel(folder / "plain", "torch", "2.13.0", requires="cuda-libraries")
        put_wheel(folder / "plain", "cuda-libraries", "13.0")
        put_wheel(folder / "plain", "lesson-tool", "1.0")
        put_wheel(folder / "plain", "test-tool", "1.0")
        put_wheel(folder / "cpu", "torch", "2.13.0+cpu")
        self.fetched: list[str] = []
        fetched = self.fetched

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                if self.path.endswith(".whl"):
                    fetched.append(self.path.removeprefix("/").replace("%2B", "+"))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def projects(self) -> list[str]:
        """Index and project of what was fetched since the last call."""
        found = sorted(path.rpartition("/")[0] for path in self.fetched)
        self.fetched.clear()
        return found


@pytest.fixture(scope="module")
def indexes(tmp_path_factory):
    made = Indexes(tmp_path_factory.mktemp("indexes"))
    yield made
    made.server.shutdown()


@pytest.fixture(scope="module")
def nowhere() -> str:
    """An address at which nobody answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def toy_course(root: Path) -> Path:
    shutil.copytree(ROOT / "aigc_lab/commands/environment", root / "aigc_lab/commands/environment")
    shutil.copy(ROOT / "Makefile", root)
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "backend.py").write_text(BACKEND, encoding="utf-8")
    (root / "requirements.lock").write_text("lesson-tool==1.0\ntorch==2.13.0\n", encoding="utf-8")
    (root / "requirements-dev.lock").write_text("-r requirements.lock\ntest-tool==1.0\n", encoding="utf-8")
    return root


def make(course: Path, indexes: Indexes, *words: str, cpu_index: str | None = None) -> subprocess.CompletedProcess:
    """Call make as somebody whose pip knows the plain index only."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE", "TORCH"))}
    mine.pop("PYTHON", None)
    mine["PATH"] = os.pathsep.join([str(course.parent / "bin"), *os.get_exec_path()])
    mine |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": f"{indexes.address}/plain", "PIP_NO_CACHE_DIR": "1"}
    command = ["make", "--no-print-directory", f"CPU_INDEX={cpu_index or indexes.address + '/cpu'}", *words]
    return subprocess.run(command, cwd=course, env=mine, capture_output=True, encoding="utf-8")


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A toy course in a folder with a space and another alphabet in its path, and a system with one Python."""
    folder = tmp_path_factory.mktemp("a student")
    (folder / "bin").mkdir()
    (folder / "bin" / "python3.13").symlink_to(os.path.realpath(sys._base_executable))
    return toy_course(folder / "课程 1")


def installed(course: Path) -> dict[str, str]:
    code = "import importlib.metadata as m; print({d.name: d.version for d in m.distributions()})"
    listed = subprocess.run(
        [course / ".venv/bin/python", "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    return eval(listed.stdout)


# One course, as making an environment takes seconds -----------------------------------------------------------------


@linux
@pytest.mark.parametrize("named", ["/no/such/python", "/bin/true"])
def test_a_python_that_is_none_is_refused(course, indexes, named):
    done = make(course, indexes, f"PYTHON={named}", "lab")
    assert done.returncode != 0
    assert f"PYTHON={named} is not a Python 3.11 or newer" in done.stderr
    assert indexes.projects() == []


@linux
@pytest.mark.skipif(pytorch.nvidia_gpu(), reason="a GPU is here: make chooses the CUDA build")
def test_the_first_call_takes_the_cpu_build_and_no_test_tools_and_the_second_nothing(course, indexes):
    first = make(course, indexes, "lab")
    assert first.returncode == 0, first.stderr
    assert f"CPU build, 0.2 GB, from {indexes.address}/cpu" in first.stdout
    assert "the course opens" in first.stdout
    assert set(indexes.projects()) == {"cpu/torch", "plain/lesson-tool"}
    second = make(course, indexes, "lab")
    assert (second.returncode, second.stdout, indexes.projects()) == (0, "the course opens\n", [])
    # whoever names the Python by which it was made keeps it
    assert make(course, indexes, f"PYTHON={course.parent}/bin/python3.13", "run").stdout == "the course opens\n"
    assert make(course, indexes, "test").returncode == 0
    assert set(indexes.projects()) == {"plain/test-tool"}
    assert installed(course)["torch"] == "2.13.0+cpu"


@linux
@pytest.mark.parametrize(("made_by", "kept"), [("/usr/bin/python3.12", False), ("/better/python", True)])
def test_an_environment_by_another_python_than_the_one_named_is_made_anew(course, made_by, kept):
    """Asked of the function, as a second Python need not be here."""
    code = (
        "import folder, packages; wish = packages.Wish(False, '', '')\n"
        f"print(folder.why_anew(((3, 12), {made_by!r}), wish, '/better/python'))"
    )
    where = course / "aigc_lab/commands/environment"
    said = subprocess.run([sys.executable, "-c", code], cwd=where, capture_output=True, encoding="utf-8").stdout.strip()
    assert said == ("None" if kept else f"it was made by another Python, {made_by}")


@linux
def test_a_dead_python_is_replaced_and_torch_can_be_chosen(course, indexes):
    (course / ".venv/bin/python").unlink()
    (course / ".venv/bin/python").symlink_to("/no/such/python")
    done = make(course, indexes, "TORCH=cuda", "lab")
    assert done.returncode == 0, done.stderr
    assert "its Python no longer runs" in done.stdout
    assert set(indexes.projects()) == {"plain/torch", "plain/cuda-libraries", "plain/lesson-tool"}


@linux
def test_a_wish_that_fails_leaves_what_was_there(course, indexes, nowhere):
    before = installed(course)
    done = make(course, indexes, "TORCH=cpu", "lab", cpu_index=nowhere)
    assert done.returncode != 0
    assert "it has PyTorch's cuda build" in done.stdout
    assert "can't be reached" in done.stderr
    assert "TORCH=cuda" in done.stderr
    assert "Traceback" not in done.stderr
    assert installed(course) == before
    assert make(course, indexes, "lab").stdout == "the course opens\n"


@linux
@pytest.mark.skipif(pytorch.nvidia_gpu(), reason="a GPU is here: make chooses the CUDA build")
def test_a_renamed_course_is_set_up_anew_and_the_usual_index_steps_in(course, indexes, nowhere):
    shutil.rmtree(course.with_name("renamed"), ignore_errors=True)
    renamed = course.rename(course.with_name("renamed"))
    record = renamed / ".venv/.ready"
    record.write_text(json.dumps(json.loads(record.read_text(encoding="utf-8")) | {"torch": "cpu"}), encoding="utf-8")
    indexes.projects()
    done = make(renamed, indexes, "lab", cpu_index=nowhere)
    assert done.returncode == 0, done.stderr
    assert "made in another folder" in done.stdout
    assert f"{nowhere}, where PyTorch's CPU builds are, can't be reached" in done.stdout
    assert "several GB" in done.stdout
    assert set(indexes.projects()) == {"plain/torch", "plain/cuda-libraries", "plain/lesson-tool"}


@linux
def test_what_was_not_finished_is_made_anew_and_a_newer_python_gets_the_newest_versions(course, indexes):
    """A Python that the lock isn't for: this one, once the course says so."""
    other = toy_course(course.with_name("other"))
    (other / "requirements.lock").write_text("no-such-tool==1.0\ntorch==2.13.0\n", encoding="utf-8")
    failed = make(other, indexes, "TORCH=cpu", "lab")
    assert failed.returncode != 0
    assert "try another Python" in failed.stderr
    assert "Traceback" not in failed.stderr
    put_wheel(indexes.folder / "plain", "lesson-tool", "3.0")
    file = other / "aigc_lab/commands/environment/platforms.py"
    assert file.read_text(encoding="utf-8").count("(3, 11), (3, 14)") == 1
    file.write_text(file.read_text(encoding="utf-8").replace("(3, 11), (3, 14)", "(3, 11), (3, 10)"), encoding="utf-8")
    done = make(other, indexes, "TORCH=cpu", "lab")
    assert done.returncode == 0, done.stderr
    assert "its installation was not finished" in done.stdout
    assert "requirements.lock ends at Python 3.10" in done.stdout
    assert installed(other) | {"torch": "2.13.0+cpu", "lesson-tool": "3.0"} == installed(other)


# The machine --------------------------------------------------------------------------------------------------------


def machine(monkeypatch, system="Linux", processor="x86_64", macos="", libc=("glibc", "2.36"), build="linux-x86_64"):
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    monkeypatch.setattr(platform, "mac_ver", lambda: (macos, ("", "", ""), processor))
    monkeypatch.setattr(platform, "libc_ver", lambda: libc)
    monkeypatch.setattr(sysconfig, "get_platform", lambda: build)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"processor": "aarch64", "libc": ("glibc", "2.28")},
        {"system": "Darwin", "processor": "arm64", "macos": "14.0"},
        {"system": "Darwin", "processor": "arm64", "macos": "26.1"},
        {"system": "Windows", "processor": "AMD64", "build": "win-amd64"},
        {"system": "Windows", "processor": "ARM64", "build": "win-amd64"},  # emulated
    ],
    ids=str,
)
def test_machines_that_pytorch_is_built_for(monkeypatch, facts):
    machine(monkeypatch, **facts)
    assert platforms.unsupported() is None


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"system": "Darwin", "macos": "15.1"}, "Intel Macs"),
        ({"system": "Darwin", "processor": "arm64", "macos": "13.7.1"}, "macOS 14 or newer, and this is macOS 13.7.1"),
        ({"system": "Windows", "processor": "ARM64", "build": "win-arm64"}, "Windows on ARM"),
        ({"libc": ("", "")}, "another C library"),
        ({"libc": ("glibc", "2.17")}, "glibc 2.17"),
        ({"processor": "riscv64"}, "Linux on riscv64"),
        ({"processor": "armv7l"}, "Linux on armv7l"),
        ({"system": "FreeBSD", "processor": "amd64"}, "FreeBSD"),
    ],
    ids=str,
)
def test_machines_without_a_build_are_sent_to_colab(monkeypatch, facts, said):
    machine(monkeypatch, **facts)
    assert said in platforms.unsupported()
    assert "Colab" in platforms.unsupported()


def test_pythons_without_a_build_are_told_which_one_to_install(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "maxsize", 2**31 - 1)
        assert "64-bit" in platforms.unsupported()
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: name == "Py_GIL_DISABLED")
    assert "free-threaded" in platforms.unsupported()


@linux
@pytest.mark.parametrize(
    ("says", "found"), [("GPU 0: NVIDIA T4 (UUID: GPU-1)", True), ("No devices were found", False)]
)
def test_a_driver_without_a_gpu_does_not_count(monkeypatch, tmp_path, says, found):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    if not Path("/proc/driver/nvidia/gpus").exists():
        assert pytorch.nvidia_gpu() == found
