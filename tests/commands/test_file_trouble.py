"""A read-only course, a full disk, a file in the way: one line with the cause, nothing left behind, nothing lost, and what is there opens."""

import contextlib
import errno
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aigc_lab import cli
from aigc_lab.commands import data, lab, notebooks, run, run_view
from aigc_lab.commands.course import Course, CourseError, unwritable
from aigc_lab.datasets import downloads, embedded


@pytest.fixture
def course(toy) -> Course:
    """The toy course with notebooks that are larger than what a full disk takes."""
    (toy.root / "notebooks").mkdir()
    for name in ("01_sums", "11_more"):
        publish(toy, name, name)
    return toy


def publish(course: Course, name: str, text: str) -> None:
    (course.root / "notebooks" / f"{name}.ipynb").write_text(text * 1000, encoding="utf-8")


@contextlib.contextmanager
def full_disk(_root: Path) -> Iterator[None]:
    """No file can grow beyond a few bytes, as the system itself says; nothing is imitated."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def read_only(root: Path) -> Iterator[None]:
    """A file system that refuses all changes below `root`, whoever asks: tests may run as root, whom no permission stops."""
    with pytest.MonkeyPatch.context() as patch:

        def refuse(module, name: str, writes) -> None:
            real = getattr(module, name)

            def tried(path, *rest, **more):
                below = not isinstance(path, int) and Path(path).is_relative_to(root)
                if below and writes(*rest, **more):
                    exists = name == "mkdir" and os.path.exists(path)
                    code = errno.EEXIST if exists else errno.EROFS
                    raise OSError(code, os.strerror(code), str(path))
                return real(path, *rest, **more)

            patch.setattr(module, name, tried)

        for name in ("mkdir", "replace", "link", "unlink"):
            refuse(os, name, lambda *_, **__: True)
        refuse(os, "open", lambda flags, *_, **__: flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        refuse(io, "open", lambda mode="r", *_, **__: not set(mode) <= set("rbt"))
        access = os.access
        patch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
        yield


TROUBLES = {
    "full": (full_disk, "make room"),
    "read-only": (read_only, "copy the course to a folder that you can write to"),
}
EACH = pytest.mark.parametrize(("trouble", "advice"), TROUBLES.values(), ids=TROUBLES)


def left_over(course: Course) -> list[str]:
    return [path.name for path in course.root.rglob("*") if "tmp" in path.name]


def hand_out(course: Course) -> tuple[Path, list[str]]:
    said: list[str] = []
    return lab.hand_out(course, said.append), said


@EACH
def test_lab_opens_the_copies_that_are_there(course, trouble, advice):
    hand_out(course)
    (course.root / "work" / "01_sums.ipynb").write_text("my answers", encoding="utf-8")
    publish(course, "01_sums", "second version")
    publish(course, "11_more", "second version")
    with trouble(course.root):
        folder, said = hand_out(course)
    assert folder == course.root / "work"
    (line,) = said
    assert advice in line
    assert "01_sums" in line
    assert (folder / "01_sums.ipynb").read_text(encoding="utf-8") == "my answers"
    assert (folder / "11_more.ipynb").read_text(encoding="utf-8") == "11_more" * 1000
    assert left_over(course) == []
    assert len(hand_out(course)[1]) == 2, "with room again, all is as if nothing had been"


def test_lab_without_copies_on_a_full_disk_says_so(course):
    with full_disk(course.root), pytest.raises(CourseError, match="make room"):
        hand_out(course)
    assert left_over(course) == []
    assert list((course.root / "work").glob("*.ipynb")) == []


def test_lab_without_copies_in_a_read_only_course_opens_the_notebooks(course):
    with read_only(course.root):
        folder, (line,) = hand_out(course)
    assert folder == course.root / "notebooks"
    assert "not save" in line


def test_lab_without_hard_links_leaves_no_half_copy_on_a_full_disk(course, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no hard links here")))
    written, target = course.root / "written", course.root / "half.ipynb"
    written.write_bytes(bytes(5000))
    with full_disk(course.root), pytest.raises(OSError, match="large"):
        lab._copy_new(written, target)
    assert not target.exists()
    assert lab._copy_new(written, target)
    assert not lab._copy_new(written, target)


def test_lab_names_a_file_that_stands_where_a_folder_should(course):
    (course.root / "work").write_text("a file", encoding="utf-8")
    with pytest.raises(CourseError, match="work: File exists; rename what is in the way"):
        hand_out(course)


def test_lab_names_a_folder_that_stands_where_a_copy_should_and_hands_out_the_rest(course):
    (course.root / "work" / "01_sums.ipynb").mkdir(parents=True)
    folder, (line,) = hand_out(course)
    assert "01_sums.ipynb: Is a directory; rename what is in the way" in line
    assert (folder / "11_more.ipynb").is_file()


@EACH
def test_run_says_why_nothing_can_be_written_before_it_starts(course, monkeypatch, trouble, advice):
    monkeypatch.setattr(run, "check_parameters", lambda *_: None)
    monkeypatch.setattr(run, "start_job", lambda *_: pytest.fail("started"))
    with trouble(course.root), pytest.raises(CourseError, match=advice):
        run.run_lessons(course, course.lessons, parameters={}, profile="ci", jobs=1)
    assert left_over(course) == []


def test_run_shows_its_results_though_the_disk_is_full_at_the_end(course, monkeypatch, capsys):
    monkeypatch.setattr(run, "check_parameters", lambda *_: None)
    with contextlib.ExitStack() as later:

        def start(lesson, result, folder, *_):
            if lesson.number == "11":
                raise OSError(errno.ENOSPC, "No space left on device")
            process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])
            result.status, empty = "running", tempfile.TemporaryDirectory()
            (folder.parent / "report.json").write_text("of another run", encoding="utf-8")
            later.enter_context(full_disk(course.root))
            return run.Job(lesson, result, process, folder / "none", folder / "log", empty, time.perf_counter(), None)

        monkeypatch.setattr(run, "start_job", start)
        assert not run_view.run_and_show(course, course.lessons, parameters={}, profile="ci", jobs=2)
    shown = capsys.readouterr()
    assert "01_sums, no cell" in shown.out
    assert "make room" in shown.out, "a lesson that says nothing failed for want of room"
    assert "11_more, no cell: No space left on device; make room" in shown.out
    assert "there is no report this time" in " ".join((shown.out + shown.err).split())
    assert "the report is build/report.json" not in shown.out
    assert not (course.root / "build" / "report.json").exists()
    assert left_over(course) == []


@EACH
def test_notebooks_leaves_what_was_there(course, monkeypatch, trouble, advice):
    monkeypatch.setattr(notebooks, "execute", lambda notebook, root: 0.1)
    said = []
    with trouble(course.root), contextlib.suppress(CourseError):  # the table in README can't be written either
        notebooks.build_all(course, course.lessons, say=said.append)
    failed = [line for line in said if "FAILED" in line]
    assert [advice in line and "left as it was" in line for line in failed] == [True, True]
    assert "01_sums.ipynb" in failed[0]
    assert (course.root / "notebooks" / "01_sums.ipynb").read_text(encoding="utf-8") == "01_sums" * 1000
    assert left_over(course) == []


def test_a_path_that_is_too_long_is_called_so(tmp_path):
    assert "File name too long; move the course to a folder with a shorter path" in unwritable(tmp_path / ("x" * 300))


@pytest.mark.parametrize("words", ["list", "lab", "notebooks --check", "data list"])
def test_any_other_trouble_is_one_line_too(words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["aigc-lab", *words.split()])

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", "/course/pyproject.toml")

    monkeypatch.setattr(cli, "find_course", refuse)
    monkeypatch.setattr(embedded, "available", refuse)
    monkeypatch.setattr("aigc_lab.datasets.available", refuse)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("aigc-lab: /course/pyproject.toml: Permission denied; copy the course")
    assert said.count("\n") == 1


def test_a_current_folder_that_is_gone_is_called_so(monkeypatch):
    monkeypatch.setattr(Path, "cwd", lambda: (_ for _ in ()).throw(FileNotFoundError(errno.ENOENT, "No such file")))
    with pytest.raises(CourseError, match="current folder is gone"):
        cli.find_course()


def test_a_cache_of_a_user_without_a_home_is_called_so(monkeypatch, capsys):
    monkeypatch.setenv("AIGC_LAB_CACHE", "~nobody-of-this-name/cache")
    with pytest.raises(CourseError, match="set AIGC_LAB_CACHE"):
        data.fetch("digits")
    data.show_sets()
    assert "quickdraw_2000" in capsys.readouterr().out


def test_a_full_disk_leaves_nothing_of_a_download(tmp_path, monkeypatch):
    from misbehaving_server import Server

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    server.content["/file"] = bytes(5000)
    try:
        with full_disk(tmp_path), pytest.raises(downloads.Unavailable, match=r"cannot keep file .* has room"):
            downloads.fetch(downloads.File("file", (server.url + "/file",), None, 5000), tmp_path / "cache")
    finally:
        server.stop()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
