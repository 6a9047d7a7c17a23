"""`aigc-lab data`, `aigc-lab list`, `aigc-lab test`."""

import re
import subprocess
import sys

import nbformat
import pytest

from aigc_lab import datasets
from aigc_lab.commands import data
from aigc_lab.commands.course import CourseError
from aigc_lab.commands.expand import expand
from aigc_lab.datasets import downloads, originals


def aigc_lab(folder, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "aigc_lab.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=300)


def test_data_lists_every_set_with_its_licence(capsys):
    data.show_sets()
    shown = capsys.readouterr().out
    for name in {*datasets.available(), *originals.SETS}:
        assert re.search(rf"^{name} ", shown, re.MULTILINE), name
    assert "CC BY-SA 3.0" in shown  # MNIST's


def test_fetching_what_is_not_there_is_said():
    with pytest.raises(CourseError, match=r"nothing to fetch under 'mnist'; there are: digits"):
        data.fetch("mnist")


def test_a_download_that_fails_says_why(monkeypatch, tmp_path):
    closed = downloads.File("toy.bin", ("http://127.0.0.1:9/toy.bin",), "md5:" + 32 * "0", 10)
    monkeypatch.setenv("AIGC_LAB_CACHE", str(tmp_path))
    monkeypatch.setitem(originals.SETS, "toy", ({"both": [closed]}, None))
    monkeypatch.setattr(downloads, "BACKOFF", 0.0)
    with pytest.raises(CourseError, match=r"127\.0\.0\.1"):
        data.fetch("toy")
    assert not any(path.is_file() and path.name == "toy.bin" for path in tmp_path.rglob("*"))


def test_list_shows_the_lessons(toy):
    done = aigc_lab(toy.root, "list")
    assert done.returncode == 0
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:]] == [["01", "01_sums"], ["11", "11_more"]]


def test_an_unknown_lesson_gets_one_line_and_no_traceback(toy):
    done = aigc_lab(toy.root, "notebooks", "73")
    assert done.returncode == 1
    assert done.stderr.strip() == "aigc-lab: no lesson '73'; there are: 01_sums, 11_more."


@pytest.mark.parametrize(("tests", "lesson", "code"), [("True", "1", 0), ("False", "1", 1), ("True", "1 / 0", 1)])
def test_test_runs_tests_and_notebooks_and_fails_if_either_does(toy, tests, lesson, code):
    (toy.root / "tests").mkdir()
    (toy.root / "tests/test_toy.py").write_text(f"def test_toy():\n    assert {tests}\n", encoding="utf-8")
    (toy.root / "notebooks").mkdir()
    notebook = expand(toy, toy.lessons[0], None)
    notebook.cells[3].source = lesson
    nbformat.write(notebook, toy.root / "notebooks/01_sums.ipynb")
    done = aigc_lab(toy.root, "test")
    assert done.returncode == code, done.stdout + done.stderr
    assert "=== tests of the package and the course" in done.stdout
    assert "=== every notebook, executed in profile ci" in done.stdout
    assert ("FAILED: tests" in done.stdout) == (tests == "False")
    assert ("FAILED: every notebook" in done.stdout) == ("/" in lesson)
