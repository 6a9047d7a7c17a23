"""`aigc-lab lab`: a student's work is never overwritten."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

from aigc_lab.commands import lab
from aigc_lab.commands.course import CourseError
from aigc_lab.commands.run import run_environment


@pytest.fixture
def course(toy):
    """The toy course with notebooks that are only text: handing out does not look inside."""
    (toy.root / "notebooks").mkdir()
    publish(toy, "01_sums", "first version")
    publish(toy, "11_more", "other lesson")
    return toy


def publish(course, name: str, text: str) -> None:
    (course.root / "notebooks" / f"{name}.ipynb").write_text(text, encoding="utf-8")


def hand_out(course) -> list[str]:
    said: list[str] = []
    lab.hand_out(course, said.append)
    return said


def files(course) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (course.root / "work").glob("*.ipynb")}


def test_first_time_all_lessons_are_copied(course):
    assert hand_out(course) == []
    assert files(course) == {"01_sums.ipynb": "first version", "11_more.ipynb": "other lesson"}
    assert hand_out(course) == []


def test_an_unchanged_copy_becomes_the_newer_lesson(course):
    hand_out(course)
    publish(course, "01_sums", "second version")
    assert ["newest version" in line for line in hand_out(course)] == [True]
    assert files(course)["01_sums.ipynb"] == "second version"
    assert hand_out(course) == []


def test_a_changed_copy_stays_while_the_lesson_stays(course):
    hand_out(course)
    (course.root / "work/01_sums.ipynb").write_text("my answers", encoding="utf-8")
    assert hand_out(course) == []
    assert files(course) == {"01_sums.ipynb": "my answers", "11_more.ipynb": "other lesson"}


def test_a_newer_lesson_goes_beside_a_changed_copy_once(course):
    hand_out(course)
    (course.root / "work/01_sums.ipynb").write_text("my answers", encoding="utf-8")
    publish(course, "01_sums", "second version")
    (said,) = hand_out(course)
    (beside,) = set(files(course)) - {"01_sums.ipynb", "11_more.ipynb"}
    assert beside in said
    assert beside.startswith("01_sums.new-")
    assert files(course)[beside] == "second version"
    (course.root / "work" / beside).write_text("my answers in the new one", encoding="utf-8")
    assert hand_out(course) == []
    assert files(course)["01_sums.ipynb"] == "my answers"
    assert files(course)[beside] == "my answers in the new one"
    publish(course, "01_sums", "third version")
    assert len(hand_out(course)) == 1
    assert len(files(course)) == 4


def test_without_its_record_every_file_is_the_students(course):
    hand_out(course)
    (course.root / "work/01_sums.ipynb").write_text("my answers", encoding="utf-8")
    for lost in ("", "{broken", "[]"):
        (course.root / "work" / lab.RECORD).write_text(lost, encoding="utf-8")
        publish(course, "01_sums", f"version after {lost!r}")
        hand_out(course)
        assert files(course)["01_sums.ipynb"] == "my answers"


def test_a_file_that_was_there_before_is_kept(course):
    (course.root / "work").mkdir()
    (course.root / "work/01_sums.ipynb").write_text("written by hand", encoding="utf-8")
    assert len(hand_out(course)) == 1
    assert files(course)["01_sums.ipynb"] == "written by hand"
    assert len(files(course)) == 3


def test_a_deleted_copy_is_handed_out_again(course):
    hand_out(course)
    (course.root / "work/01_sums.ipynb").unlink()
    hand_out(course)
    assert files(course)["01_sums.ipynb"] == "first version"


def test_a_crash_while_copying_leaves_no_half_file(course, monkeypatch):
    def crash(*arguments):
        raise MemoryError

    hand_out(course)
    publish(course, "01_sums", "second version")
    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(MemoryError):
        hand_out(course)
    assert files(course)["01_sums.ipynb"] == "first version"


def test_works_where_hard_links_do_not(course, monkeypatch):
    def refused(*arguments):
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", refused)
    hand_out(course)
    assert files(course) == {"01_sums.ipynb": "first version", "11_more.ipynb": "other lesson"}
    assert not list((course.root / "work").glob(".*.tmp"))


def opened(course, monkeypatch, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command that becomes JupyterLab, and its environment."""
    calls = []
    monkeypatch.setattr(os, "execve", lambda path, command, env: calls.append((command, env)))
    monkeypatch.setattr(sys, "platform", "linux")
    hand_out(course)
    lab.open_lab(course, course.root / "work", list(arguments))
    return calls[0]


def test_opens_jupyterlab_in_work_on_the_first_lesson(course, monkeypatch):
    command, env = opened(course, monkeypatch, "--no-browser", "--port=8899")
    assert command[:4] == [sys.executable, "-P", "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={course.root / 'work'}" in command
    assert "--LabApp.default_url=/lab/tree/01_sums.ipynb" in command
    settings = Path(env["JUPYTER_CONFIG_PATH"].split(os.pathsep)[-1], "labconfig", "default_setting_overrides.json")
    assert (
        json.loads(settings.read_text(encoding="utf-8"))["@jupyterlab/apputils-extension:notification"]["fetchNews"]
        == "false"
    )
    assert command[-2:] == ["--no-browser", "--port=8899"]


CONFIGURED = """
c.ServerApp.preferred_dir = "/"
c.ServerApp.default_url = "/tree"
c.FileContentsManager.root_dir = "/"
c.FileContentsManager.preferred_dir = "/"
c.AsyncLargeFileManager.root_dir = "/"
c.LabApp.default_url = "/lab/tree/mine.ipynb"
"""
SERVER = """
import json, sys
from jupyterlab.labapp import LabApp
app = LabApp.initialize_server(argv=sys.argv[1:])
manager = app.contents_manager
print("found", json.dumps([manager.root_dir, manager.preferred_dir, app.default_url, app.kernel_spec_manager.get_kernel_spec("python3").resource_dir]))
"""


def test_what_the_student_configured_for_jupyter_leads_nowhere_else(course, monkeypatch, tmp_path):
    """With the server itself, which refuses to start if two of its folders contradict each other."""
    settings = tmp_path / "settings"
    (settings / "kernels" / "python3").mkdir(parents=True)
    (settings / "kernels" / "python3" / "kernel.json").write_text(
        '{"argv": ["/none/python"], "display_name": "other", "language": "python"}',
        encoding="utf-8",
    )
    for name in ("jupyter_server_config.py", "jupyter_lab_config.py"):
        (settings / name).write_text(CONFIGURED, encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(settings))
    command, env = opened(course, monkeypatch, "--no-browser", "--ServerApp.port=0")
    done = subprocess.run(
        [sys.executable, "-c", SERVER, *command[4:]],
        env=env | {"JUPYTER_CONFIG_DIR": str(settings)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert "found" in done.stdout, done.stderr
    root, preferred, url, kernel = json.loads(done.stdout.split("found", 1)[1])
    assert (root, preferred, url) == (str(course.root / "work"), "", "/lab/tree/01_sums.ipynb")
    assert not kernel.startswith(str(settings))


# A student's file that bears a module's name -------------------------------------------------------------------------

NAMES = ["random", "types", "enum", "code", "statistics", "tokenize", "torch", "numpy", "traitlets", "jupyterlab"]
ASKS = "import helper, random, statistics, numpy\nprint(helper.answer, random.randrange(1), statistics.mean([1]), numpy.ones(1))"


@pytest.fixture
def work(course):
    """work/ with a student's files in it: `helper.py`, which is imported, and many that must not be."""
    hand_out(course)
    for name in NAMES:
        (course.root / "work" / f"{name}.py").write_text("raise SystemExit('not this one')", encoding="utf-8")
    (course.root / "work" / "helper.py").write_text("answer = 42", encoding="utf-8")
    return course.root / "work"


def test_jupyterlab_starts_beside_such_files(course, work, monkeypatch):
    command, env = opened(course, monkeypatch, "--version")
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(".")[0].isdigit()


def test_the_kernel_starts_beside_such_files_and_imports_the_students_own(course, work, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", opened(course, monkeypatch)[1]["JUPYTER_PATH"])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(ASKS)])
    nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(work)}}
    ).execute()
    assert notebook.cells[0].outputs[-1]["text"] == "42 0 1 [1.]\n"


def test_lab_and_run_set_one_path(course, monkeypatch):
    """The course's own package, where it has one: here it is a marker."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (course.root / "aigc_lab").mkdir()
    (course.root / "aigc_lab" / "__init__.py").write_text("", encoding="utf-8")
    environments = [opened(course, monkeypatch)[1], run_environment(course, None, 1)]
    assert [env["PYTHONPATH"] for env in environments] == [str(course.root)] * 2
    assert environments[0]["JUPYTER_PATH"] == environments[1]["JUPYTER_PATH"]


def test_nothing_to_open_is_said(toy):
    with pytest.raises(CourseError, match="aigc-lab notebooks"):
        lab.open_lab(toy, lab.hand_out(toy), [])


def test_a_python_without_sqlite3_is_named_before_jupyterlab_fails(course, monkeypatch):
    hand_out(course)
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    with pytest.raises(CourseError, match="compiled without sqlite3"):
        lab.open_lab(course, course.root / "work", [])


def test_the_command_passes_options_on(course):
    code = (
        "import json, os, sys\n"
        "os.execve = lambda path, command, env: (print(json.dumps(command)), sys.exit(0))\n"
        "sys.argv = ['aigc-lab', 'lab', '--no-browser', '--port', '8899', '--ServerApp.token=x']\n"
        "from aigc_lab.cli import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=course.root, capture_output=True, encoding="utf-8", check=True
    )
    assert json.loads(done.stdout)[-3:] == ["--no-browser", "--port=8899", "--ServerApp.token=x"]
