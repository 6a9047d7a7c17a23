"""What `import aigc_lab` does first: the environment for torch, and a word about files that hide a package."""

import os
import shutil
import subprocess
import sys

import pytest

from aigc_lab.machine import limits, startup

from helpers import ROOT

SETTINGS = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OMP_NUM_THREADS")


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """Nothing set, and an empty folder."""
    for name in SETTINGS:
        monkeypatch.setenv(name, "to be put back")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(limits, "MEMBERSHIP", tmp_path / "none")
    return tmp_path


def chosen() -> dict[str, str]:
    startup.prepare()
    return {name: os.environ[name] for name in SETTINGS if name in os.environ}


def test_waiting_threads_go_to_sleep_soon(bare):
    assert chosen() == startup.WAITING
    assert 0 < int(startup.WAITING["GOMP_SPINCOUNT"]) < 300_000  # the default of GNU's library


@pytest.mark.parametrize("name", startup.WAITING)
def test_what_the_reader_set_stays(bare, monkeypatch, name):
    monkeypatch.setenv(name, "77")
    assert chosen() == startup.WAITING | {name: "77"}


def test_a_policy_that_the_reader_set_is_not_overruled(bare, monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert chosen() == {"OMP_WAIT_POLICY": "ACTIVE"}


def test_in_a_container_with_a_share_of_the_cores_there_are_no_more_threads_than_that(bare, monkeypatch):
    monkeypatch.setattr(limits, "quotas", lambda: iter([0.5]))
    assert chosen()["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    assert chosen()["OMP_NUM_THREADS"] == "6"


def test_the_library_reads_it_when_torch_is_imported_afterwards():
    """OpenMP libraries print their settings when asked to; GNU's name in torch's wheels for Linux is libgomp."""
    if sys.platform != "linux":
        pytest.skip("another OpenMP library")
    env = {name: value for name, value in os.environ.items() if name not in SETTINGS} | {"OMP_DISPLAY_ENV": "VERBOSE"}
    code = "import aigc_lab, torch; print(torch.get_num_threads())"
    said = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, encoding="utf-8", check=True
    ).stderr
    if "GOMP_SPINCOUNT" not in said:
        pytest.skip("this torch has another OpenMP library")
    assert f"GOMP_SPINCOUNT = '{startup.WAITING['GOMP_SPINCOUNT']}'" in said


# Files that hide a package ------------------------------------------------------------------------------------------


def imports(folder, *options: str) -> str:
    """What a Python that is started in a folder says when it imports aigc_lab."""
    command = [sys.executable, *options, "-c", "import aigc_lab"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=True)
    return done.stderr


@pytest.mark.parametrize("name", ["torch.py", "statistics.py", "sympy.py", "secrets.py"])
def test_a_file_that_hides_a_module_is_named(tmp_path, name):
    (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "helper.py").write_text("", encoding="utf-8")
    said = imports(tmp_path)
    assert f"{name} in this folder" in said
    assert said.count("in this folder") == 1
    assert imports(tmp_path, "-P") == ""  # the folder is not on the path


def test_a_folder_hides_a_package_if_it_is_one_itself(tmp_path):
    (tmp_path / "numpy").mkdir()
    (tmp_path / "scipy").mkdir()
    (tmp_path / "numpy" / "__init__.py").write_text("", encoding="utf-8")
    assert "numpy in this folder" in imports(tmp_path)
    assert "scipy" not in imports(tmp_path)


def test_files_with_names_of_their_own_pass_unmentioned(tmp_path):
    for name in ("gan.py", "datasets_of_mine.py", "my notes.py", "torch.txt"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert imports(tmp_path) == ""


def test_a_folder_that_is_gone_stops_nothing(tmp_path):
    (tmp_path / "gone").mkdir()
    code = "import os, shutil; shutil.rmtree(os.getcwd()); import aigc_lab"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "gone", capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")


# Which package ------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path):
    """Another copy of the course, with a module of its own, and beside it what must not come before Python's modules."""
    (tmp_path / "lessons").mkdir()
    shutil.copytree(ROOT / "aigc_lab", tmp_path / "aigc_lab", ignore=shutil.ignore_patterns("__pycache__", "exercises"))
    return tmp_path


def found_with(path: str) -> str:
    code = "import aigc_lab, random; print(aigc_lab.__file__)"
    env = os.environ | {"PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-P", "-c", code], env=env, capture_output=True, encoding="utf-8", check=True
    ).stdout.strip()


def test_processes_import_the_package_of_the_folder_that_is_named(copy):
    assert found_with(startup.python_path(copy)) == str(copy / "aigc_lab" / "__init__.py")
    assert found_with(startup.python_path()) == str(startup.PACKAGE / "__init__.py")


def test_the_course_folder_comes_before_pythons_own_modules_only_where_it_must(copy, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/mine", ""]))  # empty: the folder one is in
    assert startup.python_path(copy).split(os.pathsep) == [str(copy), "/mine"]
    installed = (
        subprocess.run([sys.executable, "-P", "-c", "import aigc_lab"], capture_output=True, cwd=copy).returncode == 0
    )
    assert startup.python_path().split(os.pathsep) == ["/mine"] if installed else [str(ROOT), "/mine"]


def test_another_copy_of_the_course_is_told_that_its_package_is_not_used(copy):
    assert f"another copy of the course, {copy}" in imports(copy / "lessons", "-P")
    assert imports(ROOT / "lessons", "-P") == ""


def test_a_copy_of_the_course_that_is_used_without_being_installed_is_no_hidden_package(copy):
    assert imports(copy) == ""
