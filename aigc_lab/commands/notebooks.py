"""`aigc-lab notebooks`: build notebooks/ from lessons/, executed afresh, only what changed."""

import os
from collections.abc import Callable

from aigc_lab.commands.course import Course, CourseError, Lesson, trouble
from aigc_lab.commands.execute import LessonFailedError, execute
from aigc_lab.commands.expand import assign_ids, expand
from aigc_lab.commands.inputs import content_hash
from aigc_lab.commands.readme import replace_text, update_readme


def read_notebook(lesson: Lesson):
    """The notebook as it is stored, or None if there is no valid one."""
    import nbformat

    try:
        return nbformat.read(lesson.notebook, as_version=4)
    except (OSError, ValueError):
        return None


def why_stale(course: Course, lesson: Lesson) -> str | None:
    """The reason why a notebook must be built again; None if it is up to date."""
    notebook = read_notebook(lesson)
    if notebook is None:
        return "not built yet"
    if lesson.built.get("hash") != content_hash(course, lesson):
        return "the lesson, or a module or data that it uses, changed"
    expected = expand(course, lesson, lesson.seconds)
    if [(cell.cell_type, cell.source) for cell in notebook.cells] != [
        (cell.cell_type, cell.source) for cell in expected.cells
    ]:
        return "the notebook was edited; lessons/ is the source"
    return None


def build(course: Course, lesson: Lesson) -> float:
    """Execute one lesson, write its notebook, and return the seconds it took.

    Raises:
        LessonFailedError: a cell failed; the notebook that was there stays as it is.
    """
    import nbformat

    before = read_notebook(lesson)
    fingerprint = content_hash(course, lesson)  # taken first: an edit during the run leaves the notebook stale
    notebook = expand(course, lesson, None)
    seconds = round(execute(notebook, course.root), 1)
    assign_ids(notebook.cells, before.cells if before else [])
    final = expand(course, lesson, seconds)
    for cell, timed in zip(notebook.cells, final.cells, strict=True):
        cell.source = timed.source
    notebook.metadata = {
        **final.metadata,
        "aigc_lab": {"hash": fingerprint, "seconds": seconds, "version": course.version},
    }
    nbformat.validate(notebook)
    try:
        replace_text(lesson.notebook, nbformat.writes(notebook) + "\n")
    except OSError as error:
        raise OSError(
            error.errno, error.strerror, str(lesson.notebook)
        ) from None  # a full disk doesn't say for which file
    return seconds


def build_all(
    course: Course, lessons: list[Lesson], *, force: bool = False, say: Callable[[str], None] = print
) -> list[Lesson]:
    """Build the lessons that are stale (all with `force`), then README's table; returns those that failed."""
    failed = []
    for lesson in lessons:
        reason = "asked for" if force else why_stale(course, lesson)
        if reason is None:
            say(f"{lesson.name}: up to date")
            continue
        say(f"{lesson.name}: building ({reason}) ...")
        busy = machine_is_busy()
        try:
            seconds = build(course, lesson)
        except LessonFailedError as error:
            failed.append(lesson)
            say(f"{lesson.name}: FAILED, its notebook is left as it was\n  lessons/{lesson.source.name}, {error}")
        except (SyntaxError, OSError) as error:
            failed.append(lesson)
            reason = trouble(error) if isinstance(error, OSError) else error
            say(f"{lesson.name}: FAILED, its notebook is left as it was\n  {reason}")
        else:
            if busy:
                say(
                    f"{lesson.name}: the machine was busy with other things, so the measured time is too long; build it again with --force"
                )
            say(f"{lesson.name}: built in {seconds:.1f} s, {lesson.notebook.stat().st_size / 1000:.0f} kB")
    try:
        if update_readme(course):
            say("README.md: table of lessons updated")
    except OSError as error:
        raise CourseError(f"{trouble(error, course.root / 'README.md')}.") from None
    return failed


def machine_is_busy() -> bool:
    """Whether other processes use more than half of the cores, so that a measured time would be too long."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5 * (os.cpu_count() or 1) + 1


def check_all(course: Course, lessons: list[Lesson], *, say: Callable[[str], None] = print) -> bool:
    """Say what is stale without building; True if nothing is."""
    stale = {lesson.name: reason for lesson in lessons if (reason := why_stale(course, lesson))}
    orphans = {path.name for path in (course.root / "notebooks").glob("*.ipynb")} - {
        x.notebook.name for x in course.lessons
    }
    for name in sorted(orphans):
        stale[name] = "has no lesson"
    if update_readme(course, write=False):
        stale["README.md"] = "its table of lessons is not up to date"
    for name, reason in stale.items():
        say(f"{name}: {reason}")
    if not stale:
        say(f"{len(lessons)} notebook(s) up to date")
    return not stale
