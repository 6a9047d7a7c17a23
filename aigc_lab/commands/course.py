"""Where the course is, which lessons it has, and under which address it is published."""

import errno
import json
import re
import tempfile
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


class CourseError(Exception):
    """Something a user can mend; the command line prints its text and exits with 1."""


ADVICE = {
    "make room there, and run the command again": (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    "copy the course to a folder that you can write to, and run the command there": (
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
    ),
    "rename what is in the way": (errno.EEXIST, errno.ENOTDIR, errno.EISDIR),
    "move the course to a folder with a shorter path": (errno.ENAMETOOLONG,),
}


def trouble(error: OSError, place: Path | None = None) -> str:
    """What is wrong with a file or a folder, and what to do: one line for the reader.

    Args:
        error: as the system raised it.
        place: what was to be written or read, where the error doesn't say.
    """
    where = place or error.filename
    advice = next((f"; {words}" for words, numbers in ADVICE.items() if error.errno in numbers), "")
    return f"{f'{where}: ' if where else ''}{error.strerror or error}{advice}"


def unwritable(folder: Path) -> str | None:
    """Why nothing can be written in a folder, which is made if it isn't there; None if something can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(100_000))  # on a full disk a file can still be made
            file.flush()
    except OSError as error:
        return trouble(error, folder)
    return None


@dataclass(frozen=True)
class Lesson:
    """One lesson: `lessons/NN_slug.py` and the notebook built from it."""

    source: Path
    notebook: Path

    @property
    def name(self) -> str:
        return self.source.stem

    @property
    def number(self) -> str:
        return self.name.split("_", 1)[0]

    @cached_property
    def text(self) -> str:
        return self.source.read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """What follows `# NN · ` in the first heading."""
        found = re.search(r"^# # *(?:\d+ *· *)?(.+)$", self.text, re.MULTILINE)
        return found[1].strip() if found else self.name

    @property
    def promise(self) -> str:
        """The sentence under the title: the first prose between the heading and the table."""
        heading = re.search(r"^# # .*$", self.text, re.MULTILINE)
        lines = self.text[heading.end() :].splitlines() if heading else []
        prose: list[str] = []
        for line in lines[1:]:
            words = line.removeprefix("#").strip()
            if not line.startswith("#") or words.startswith(("|", "%%")):
                break
            if words.startswith("<!--") or (not words and not prose):
                continue
            if not words:
                break
            prose.append(words)
        return " ".join(prose)

    @property
    def built(self) -> dict:
        """What the build recorded in the notebook: hash, seconds, version; empty where it is not built."""
        try:
            return json.loads(self.notebook.read_text(encoding="utf-8"))["metadata"]["aigc_lab"]
        except (OSError, ValueError, KeyError):
            return {}

    @property
    def seconds(self) -> float | None:
        """Duration of the last build in profile `cpu`."""
        return self.built.get("seconds")


@dataclass(frozen=True)
class Course:
    """A checkout of the course: the folder that holds `lessons/` and `pyproject.toml`."""

    root: Path

    @cached_property
    def project(self) -> dict:
        return tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    @property
    def version(self) -> str:
        return self.project["version"]

    @property
    def repository(self) -> str | None:
        """The public address, from `[project.urls] Repository`; None while it is not set.

        Raises:
            CourseError: the address is not one of a GitHub repository, from which no Colab link can be made.
        """
        address = self.project.get("urls", {}).get("Repository")
        if not address:
            return None
        address = address.rstrip("/").removesuffix(".git")
        if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", address):
            raise CourseError(
                f"pyproject.toml, [project.urls]: Repository is {address!r}; Colab links need https://github.com/OWNER/NAME."
            )
        return address

    @property
    def lessons(self) -> list[Lesson]:
        """All lessons, by number."""
        sources = sorted((self.root / "lessons").glob("[0-9][0-9]_*.py"))
        return [Lesson(path, self.root / "notebooks" / f"{path.stem}.ipynb") for path in sources]

    def select(self, names: list[str] | None) -> list[Lesson]:
        """The lessons meant by numbers (`1`, `01`), names (`01_start_here`) or paths; all of them if none are given.

        Raises:
            CourseError: a name fits no lesson.
        """
        if not names:
            return self.lessons
        chosen = []
        for name in names:
            wanted = Path(name).stem
            hits = [
                lesson for lesson in self.lessons if wanted in (lesson.name, lesson.number, lesson.number.lstrip("0"))
            ]
            if not hits:
                there = ", ".join(lesson.name for lesson in self.lessons) or "none yet"
                raise CourseError(f"no lesson {name!r}; there are: {there}.")
            chosen += [hit for hit in hits if hit not in chosen]
        return chosen


def find_course(start: Path | None = None) -> Course:
    """The course in or above `start` (by default the current folder), else the one that this package is installed from (editable).

    Raises:
        CourseError: there is none, as when only the wheel is installed.
    """
    try:
        start = (start or Path.cwd()).resolve()
    except OSError:
        raise CourseError("the current folder is gone or can't be read: change to the course's folder.") from None
    for folder in [start, *start.parents, PACKAGE.parent]:
        if (folder / "lessons").is_dir() and (folder / "pyproject.toml").is_file():
            return Course(folder)
    raise CourseError(
        f"no course found: neither {start} nor a folder above it holds lessons/ and pyproject.toml. "
        "Change to the folder into which you cloned or unpacked the course, and run the command again."
    )
