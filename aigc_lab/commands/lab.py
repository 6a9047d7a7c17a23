"""`aigc-lab lab`: give the student copies of the lessons in work/, and open JupyterLab on the first one."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from aigc_lab.commands import jupyter
from aigc_lab.commands.course import Course, CourseError, Lesson, trouble
from aigc_lab.commands.readme import draft, replace_text

RECORD = ".handed_out.json"
# Where the classes of Jupyter's file browser, which read their own settings, may have been given other folders by the student's configuration.
BROWSERS = ("FileContentsManager", "AsyncLargeFileManager")


def hand_out(course: Course, say: Callable[[str], None] = print) -> Path:
    """Copy the notebooks to work/, and never overwrite what a student wrote.

    A copy that is still as it was handed out is brought up to date. If the student changed it and the lesson is newer than the
    one they got, the newer one is put beside it as `NN_slug.new-HASH.ipynb`, and announced. Files that this function never
    handed out count as the student's.

    What can't be written (the folder is read-only, the disk full) is named in one line; what is there already is opened.

    Returns:
        The folder work/; where there is none and can't be one, notebooks/, if nothing in there can be overwritten.

    Raises:
        CourseError: nothing could be handed out; the text says why.
    """
    work, troubles = course.root / "work", []
    try:
        work.mkdir(exist_ok=True)
        handed = read_record(work)
        for lesson in course.lessons:
            try:
                hand_out_one(lesson, work, handed, say)
            except OSError as error:
                troubles.append(trouble(error, work / lesson.notebook.name))
        write_record(work, handed)
    except OSError as error:
        troubles.append(trouble(error, work))
    if not troubles:
        return work
    if any((work / lesson.notebook.name).is_file() for lesson in course.lessons):
        say(f"{troubles[0]}. JupyterLab opens what is there, and may be unable to save it.")
        return work
    if os.access(course.root / "notebooks", os.W_OK):
        raise CourseError(f"{troubles[0]}.")
    say(f"{troubles[0]}. Until then you can run the lessons from notebooks/, but not save what you do.")
    return course.root / "notebooks"


def hand_out_one(lesson: Lesson, work: Path, handed: dict[str, str], say: Callable[[str], None]) -> None:
    """Put the newest version of a lesson in work/ or, if the student changed theirs, beside it; `handed` is brought up to date."""
    if not lesson.notebook.is_file():
        return
    name, content = lesson.notebook.name, lesson.notebook.read_bytes()
    newest, mine = fingerprint(content), work / name
    if place_new(mine, content):
        handed[name] = newest
        return
    current = fingerprint(mine.read_bytes())
    if current == newest:
        handed[name] = newest
    elif current == handed.get(name):
        put(mine, content)
        handed[name] = newest
        say(f"{name}: updated to the newest version (you had not changed it)")
    elif handed.get(name) != newest:
        beside = work / f"{lesson.name}.new-{newest[:8]}.ipynb"
        if place_new(beside, content):
            say(f"{name}: there is a newer version of this lesson; yours stays as it is, the new one is {beside.name}")
    write_record(work, handed)


def fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_record(work: Path) -> dict[str, str]:
    """{file name: hash of what was handed out under it}; empty if the record is lost, so that every file counts as the student's."""
    try:
        record = json.loads((work / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(work: Path, record: dict[str, str]) -> None:
    replace_text(work / RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")


def put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with draft(path) as beside:
        beside.write_bytes(content)
        os.replace(beside, path)


def place_new(path: Path, content: bytes) -> bool:
    """Write a file whole, and only if there is none of that name; says whether it did."""
    if path.exists():
        return False
    with draft(path) as beside:
        beside.write_bytes(content)
        try:
            os.link(beside, path)  # fails if the file has appeared meanwhile; a rename would overwrite it
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            return _copy_new(beside, path)
    return True


def _copy_new(source: Path, path: Path) -> bool:
    """The same by copying; half a copy, on a disk that is full now, is removed."""
    try:
        file = path.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(source.read_bytes())
    except OSError:
        path.unlink()
        raise
    return True


def config_path() -> str:
    """JUPYTER_CONFIG_PATH with the course's settings for JupyterLab. What the student sets there wins."""
    return os.pathsep.join(filter(None, [os.environ.get("JUPYTER_CONFIG_PATH"), str(jupyter.FOLDER)]))


def open_lab(course: Course, work: Path, arguments: list[str]) -> int:
    """Replace this process by JupyterLab on the first lesson (a child process on Windows, which has no exec).

    Args:
        course: its first lesson is opened.
        work: the folder that JupyterLab shows.
        arguments: passed on to `jupyter lab`, as `--no-browser` and `--port`.

    Raises:
        CourseError: JupyterLab is not installed, or there is no lesson to open.
    """
    if find_spec("jupyterlab") is None:
        raise CourseError('JupyterLab is not installed; in the course folder run `pip install -e ".[lab]"`.')
    try:
        import sqlite3  # noqa: F401
    except ImportError:
        raise CourseError(
            "this Python was compiled without sqlite3, which JupyterLab needs. Install Python from python.org or your system "
            "(`aigc-lab doctor` says what else is missing), and make the environment anew with it."
        ) from None
    first = next((lesson.notebook.name for lesson in course.lessons if (work / lesson.notebook.name).is_file()), None)
    if first is None:
        raise CourseError("there is no notebook to open; build them with `aigc-lab notebooks`.")
    command = [*jupyter.PYTHON, "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/{first}"]
    command += [f"--{name}.root_dir={work}" for name in ("ServerApp", *BROWSERS)]
    command += [f"--{name}.preferred_dir=" for name in BROWSERS]  # empty: the root
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in arguments:
        command.append("--allow-root")  # in a container the student is often root, which Jupyter would refuse
    command += arguments
    environment = jupyter.environment(course) | {"JUPYTER_CONFIG_PATH": config_path()}
    sys.stdout.flush()
    if sys.platform == "win32":
        return subprocess.call(command, env=environment)
    os.execve(sys.executable, command, environment)
