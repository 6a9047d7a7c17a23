"""The table of lessons in README.md, between its two markers."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from aigc_lab.commands.course import Course
from aigc_lab.commands.expand import spoken_time

START, END = "<!-- lessons -->", "<!-- /lessons -->"


def lesson_table(course: Course) -> str:
    """Number, title with its link, promise, and measured time of each lesson, as a markdown table."""
    rows = ["| | lesson | what you do | time |", "|---|---|---|---|"]
    for lesson in course.lessons:
        link = lesson.notebook.relative_to(course.root).as_posix()
        time = spoken_time(lesson.seconds).removesuffix(" on two CPU cores")
        rows.append(f"| {lesson.number} | [{lesson.title}]({link}) | {lesson.promise} | {time} |")
    return "\n".join(rows)


def with_table(text: str, table: str) -> str:
    """The text with the part between the markers replaced; unchanged if they are not there."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        return text
    return f"{before}{START}\n{table}\n{END}{after}"


def update_readme(course: Course, *, write: bool = True) -> bool:
    """Bring README.md's table up to date; says whether it was not."""
    path = course.root / "README.md"
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8")
    new = with_table(text, lesson_table(course))
    if write and new != text:
        replace_text(path, new)
    return new != text


def replace_text(path: Path, text: str) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
        os.replace(beside, path)


@contextlib.contextmanager
def draft(path: Path) -> Iterator[Path]:
    """The name of a file beside `path`, to be written first and then put in its place. What is left of it, on a full disk, goes."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield beside
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
