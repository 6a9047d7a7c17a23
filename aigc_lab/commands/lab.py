"""`aigc-lab lab`: give the student copies of the lessons in work/, and open JupyterLab on the first one."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from aigc_lab.commands import jupyter
from aigc_lab.commands.course import Course, CourseError
from aigc_lab.commands.readme import replace_text

RECORD = ".handed_out.json"
# Where the classes of Jupyter's file browser, which read their own settings, may have been given other folders by the student's configuration.
BROWSERS = ("FileContentsManager", "AsyncLargeFileManager")


def hand_out(course: Course, say: Callable[[str], None] = print) -> Path:
    """Copy the notebooks to work/, and never overwrite what a student wrote.

    A copy that is still as it was handed out is brought up to date. If the student changed it and the lesson is newer than the
    one they got, the newer one is put beside it as `NN_slug.new-HASH.ipynb`, and announced. Files that this function never
    handed out count as the student's.

    Returns:
        The folder work/.
    """
    work = course.root / "work"
    work.mkdir(exist_ok=True)
    handed = read_record(work)
    for lesson in course.lessons:
        name = lesson.notebook.name
        if not lesson.notebook.is_file():
            continue
        content = lesson.notebook.read_bytes()
        newest, mine = fingerprint(content), work / name
        if place_new(mine, content):
            handed[name] = newest
            continue
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
                say(
                    f"{name}: there is a newer version of this lesson; yours stays as it is, the new one is {beside.name}"
                )
        write_record(work, handed)
    write_record(work, handed)
    return work


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
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    beside.write_bytes(content)
    os.replace(beside, path)


def place_new(path: Path, content: bytes) -> bool:
    """Write a file whole, and only if there is none of that name; says whether it did."""
    if path.exists():
        return False
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    beside.write_bytes(content)
    try:
        os.link(beside, path)  # fails if the file has appeared meanwhile; a rename would overwrite it
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        with contextlib.suppress(FileExistsError), path.open("xb") as file, beside.open("rb") as source:
            shutil.copyfileobj(source, file)
    finally:
        beside.unlink()
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
