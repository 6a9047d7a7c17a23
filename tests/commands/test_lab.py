"""`aigc-lab lab`: a student's work is never overwritten."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_lab.commands import lab
from aigc_lab.commands.course import CourseError


@pytest.fixture
def course(toy):
    """The toy course with notebooks that are only text: handing out does not look inside."""
    (toy.root / "notebooks").mkdir()
    publish(toy, "01_sums", "first version")
    publish(toy, "11_more", "other lesson")
    return toy


def publish(course, name: str, text: str) -> None:
    (course.root / "notebooks" / f"{name}.ipynb").write_text(text)


def hand_out(course) -> list[str]:
    said: list[str] = []
    lab.hand_out(course, said.append)
    return said


def files(course) -> dict[str, str]:
    return {path.name: path.read_text() for path in (course.root / "work").glob("*.ipynb")}


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
    (course.root / "work/01_sums.ipynb").write_text("my answers")
    assert hand_out(course) == []
    assert files(course) == {"01_sums.ipynb": "my answers", "11_more.ipynb": "other lesson"}


def test_a_newer_lesson_goes_beside_a_changed_copy_once(course):
    hand_out(course)
    (course.root / "work/01_sums.ipynb").write_text("my answers")
    publish(course, "01_sums", "second version")
    (said,) = hand_out(course)
    (beside,) = set(files(course)) - {"01_sums.ipynb", "11_more.ipynb"}
    assert beside in said
    assert beside.startswith("01_sums.new-")
    assert files(course)[beside] == "second version"
    (course.root / "work" / beside).write_text("my answers in the new one")
    assert hand_out(course) == []
    assert files(course)["01_sums.ipynb"] == "my answers"
    assert files(course)[beside] == "my answers in the new one"
    publish(course, "01_sums", "third version")
    assert len(hand_out(course)) == 1
    assert len(files(course)) == 4


def test_without_its_record_every_file_is_the_students(course):
    hand_out(course)
    (course.root / "work/01_sums.ipynb").write_text("my answers")
    for lost in ("", "{broken", "[]"):
        (course.root / "work" / lab.RECORD).write_text(lost)
        publish(course, "01_sums", f"version after {lost!r}")
        hand_out(course)
        assert files(course)["01_sums.ipynb"] == "my answers"


def test_a_file_that_was_there_before_is_kept(course):
    (course.root / "work").mkdir()
    (course.root / "work/01_sums.ipynb").write_text("written by hand")
    assert len(hand_out(course)) == 1
    assert files(course)["01_sums.ipynb"] == "written by hand"
    assert len(files(course)) == 3


def test_a_deleted_copy_is_handed_out_again(course):
    hand_out(course)
    (course.root / "work/01_sums.ipynb").unlink()
    hand_out(course)
    assert files(course)["01_sums.ipynb"] == "first version"


def test_a_crash_while_copying_leaves_no_half_file(course, monkeypatch):
    def full(*arguments):
        raise OSError("disk full")

    hand_out(course)
    publish(course, "01_sums", "second version")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        hand_out(course)
    assert files(course)["01_sums.ipynb"] == "first version"


def test_works_where_hard_links_do_not(course, monkeypatch):
    def refused(*arguments):
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", refused)
    hand_out(course)
    assert files(course) == {"01_sums.ipynb": "first version", "11_more.ipynb": "other lesson"}
    assert not list((course.root / "work").glob(".*.tmp"))


def test_opens_jupyterlab_in_work_on_the_first_lesson(course, monkeypatch):
    calls = []
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")  # put back after the test
    monkeypatch.setattr(os, "execv", lambda path, command: calls.append(command))
    monkeypatch.setattr(sys, "platform", "linux")
    hand_out(course)
    lab.open_lab(course, course.root / "work", ["--no-browser", "--port=8899"])
    (command,) = calls
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={course.root / 'work'}" in command
    assert "--LabApp.default_url=/lab/tree/01_sums.ipynb" in command
    settings = Path(
        os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[-1], "labconfig", "default_setting_overrides.json"
    )
    assert json.loads(settings.read_text())["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert command[-2:] == ["--no-browser", "--port=8899"]


def test_nothing_to_open_is_said(toy):
    with pytest.raises(CourseError, match="aigc-lab notebooks"):
        lab.open_lab(toy, lab.hand_out(toy), [])


def test_the_command_passes_options_on(course):
    code = (
        "import json, os, sys\n"
        "os.execv = lambda path, command: (print(json.dumps(command)), sys.exit(0))\n"
        "sys.argv = ['aigc-lab', 'lab', '--no-browser', '--port', '8899', '--ServerApp.token=x']\n"
        "from aigc_lab.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=course.root, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[-3:] == ["--no-browser", "--port=8899", "--ServerApp.token=x"]
