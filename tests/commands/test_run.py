"""`aigc-lab run`: papermill over the course, a report, and an exit code that tells the truth."""

import json
import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from aigc_lab.cli import join_pairs
from aigc_lab.commands.course import Course, CourseError
from aigc_lab.commands.expand import expand
from aigc_lab.commands.run import check_parameters, run_lessons

from helpers import source_cells, write_lesson


def unexecuted(course: Course) -> None:
    """Notebooks straight from the lessons: `run` is what executes them here."""
    (course.root / "notebooks").mkdir(exist_ok=True)
    for lesson in course.lessons:
        nbformat.write(expand(course, lesson, None), lesson.notebook)


def aigc_lab(course: Course, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "aigc_lab.cli", *arguments]
    return subprocess.run(command, cwd=course.root, capture_output=True, encoding="utf-8", timeout=300)


def report(course: Course) -> dict[str, dict]:
    entries = json.loads((course.root / "build/report.json").read_text(encoding="utf-8"))["lessons"]
    return {entry["lesson"]: entry for entry in entries}


def test_a_failing_cell_is_named_and_the_other_lessons_run(toy):
    write_lesson(toy.root, "11_more", code="squares = {}\nsquares['two']")
    unexecuted(toy)
    done = aigc_lab(toy, "run", "--profile", "ci")
    assert done.returncode == 1
    assert "11_more, cell 4: KeyError: 'two'" in done.stdout
    assert "squares['two']" in done.stdout
    entries = report(toy)
    assert entries["01_sums"]["status"] == "passed"
    assert entries["01_sums"]["seconds"] > 0
    assert entries["01_sums"]["peak_memory_mb"] > 50  # two Python processes, the kernel among them
    assert (entries["11_more"]["status"], entries["11_more"]["cell"]) == ("failed", 4)
    outputs = [cell.get("outputs") for cell in source_cells(toy.root / "build/run/01_sums.ipynb")]
    assert "sum 2" in json.dumps(outputs)


def test_a_parameter_reaches_the_lesson_and_the_profile_the_kernel(toy):
    code = "import os\nprint('seed', seed + 1, os.environ['AIGC_LAB_PROFILE'], os.listdir())"
    write_lesson(toy.root, "11_more", code=code)
    unexecuted(toy)
    done = aigc_lab(toy, "run", "11", "-p", "seed", "41", "--profile", "ci", "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(report(toy)) == ["11_more"]
    text = "".join(json.dumps(cell.get("outputs")) for cell in source_cells(toy.root / "build/run/11_more.ipynb"))
    assert "seed 42 ci []" in text


def test_lessons_run_from_a_folder_with_a_students_random_py(toy):
    unexecuted(toy)
    (toy.root / "work").mkdir()
    for name in ("random", "types", "papermill", "nbclient"):
        (toy.root / "work" / f"{name}.py").write_text("raise SystemExit('not this one')", encoding="utf-8")
    command = [sys.executable, "-P", "-m", "aigc_lab.cli", "run", "1", "--profile", "ci"]
    done = subprocess.run(command, cwd=toy.root / "work", capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_parameter_that_the_lesson_lacks_is_refused(toy):
    unexecuted(toy)
    check_parameters(toy.lessons, {"seed": "1", "steps": "3"})
    with pytest.raises(CourseError, match=r"01_sums has no parameter 'sead'; its parameters: seed, steps"):
        check_parameters(toy.lessons, {"sead": "1"})
    done = aigc_lab(toy, "run", "-p", "sead", "1")
    assert done.returncode == 1
    assert done.stderr.startswith("aigc-lab: lesson 01_sums has no parameter")


def test_pairs_after_p_are_joined_for_run_alone():
    assert len(join_pairs(["run", "-p", "seed", "-1", "11"])) == 4
    assert join_pairs(["test", "-p", "no:cacheprovider", "-x"]) == ["test", "-p", "no:cacheprovider", "-x"]
    with pytest.raises(CourseError, match="a name and a value"):
        join_pairs(["run", "-p", "seed"])


DIES = "import os, signal\nos.kill(os.getpid(), signal.SIGTERM if os.name == 'nt' else signal.SIGKILL)"


@pytest.mark.parametrize(
    ("counted", "said"), [([0, 1], "memory ran out"), ([1, 1], "the kernel died."), ([None, None], "the kernel died.")]
)
def test_a_kernel_that_dies_is_named_with_its_cell_and_the_cause(toy, monkeypatch, counted, said):
    """What the system counts as ended for want of memory, before the lesson and after, is pretended."""
    write_lesson(toy.root, "01_sums", code=DIES)
    unexecuted(toy)
    counts = iter(counted)
    monkeypatch.setattr("aigc_lab.machine.limits.memory_kills", lambda: next(counts))
    (result,) = run_lessons(toy, toy.select(["1"]), parameters={}, profile="ci", jobs=1)
    assert (result.status, result.cell) == ("failed", 4)
    assert said in result.error


def test_a_lesson_without_notebook_is_said(toy):
    done = aigc_lab(toy, "run", "1")
    assert done.returncode == 1
    assert "not built yet: 01_sums" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process on Windows")
def test_ctrl_c_leaves_a_report_of_what_finished(toy):
    write_lesson(
        toy.root,
        "11_more",
        code="import time\nopen('PLACE', 'wb').close()\ntime.sleep(600)".replace("PLACE", str(toy.root / "sleeping")),
    )
    unexecuted(toy)
    command = [sys.executable, "-m", "aigc_lab.cli", "run", "--jobs", "2"]
    process = subprocess.Popen(
        command, cwd=toy.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    try:
        wait_for(lambda: (toy.root / "sleeping").exists() and passed(toy))
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert {name: entry["status"] for name, entry in report(toy).items()} == {
        "01_sums": "passed",
        "11_more": "interrupted",
    }


def passed(course: Course) -> bool:
    """Lesson 01 has been executed: its copy is there, and its log, which only a running or failed lesson has, is gone."""
    folder = course.root / "build/run"
    return (folder / "01_sums.ipynb").exists() and not (folder / "01_sums.log").exists()


def wait_for(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
