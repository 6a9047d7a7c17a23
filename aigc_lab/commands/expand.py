"""From a lesson's text to the cells of its notebook: badge, measured time, bootstrap cell, stable cell ids."""

import difflib
import hashlib
import math

from aigc_lab.commands.course import Course, Lesson

BADGE, TIME = "<!-- badge -->", "<!-- time -->"

HEAD = """\
# Where aigc_lab is missing, as in Colab, this installs it, or says how.
try:
    import aigc_lab
except ModuleNotFoundError:
"""
INSTALL = """\
    %pip install --quiet {address}
    import aigc_lab"""
EXPLAIN = """\
    raise ModuleNotFoundError(
        "aigc_lab is missing: upload the course's wheel, {wheel}, "
        "run `%pip install ./{wheel}` here, then this cell again."
    ) from None"""


def wheel_name(version: str) -> str:
    return f"aigc_lab-{version}-py3-none-any.whl"


def wheel_address(course: Course) -> str | None:
    """Where the wheel of this version is published; None while the course has no address."""
    if course.repository is None:
        return None
    return f"{course.repository}/releases/download/v{course.version}/{wheel_name(course.version)}"


def badge(course: Course, lesson: Lesson) -> str | None:
    """Markdown of the "Open in Colab" badge of this version; None while the course has no address."""
    if course.repository is None:
        return None
    where = course.repository.removeprefix("https://github.com/")
    colab = "https://colab.research.google.com"
    page = f"{colab}/github/{where}/blob/v{course.version}/notebooks/{lesson.notebook.name}"
    return f"[![Open this lesson in Colab]({colab}/assets/colab-badge.svg)]({page})"


def spoken_time(seconds: float | None) -> str:
    """ "about 45 s on two CPU cores": measured, rounded up to a multiple of 5."""
    if seconds is None:
        return "not measured yet"
    return f"about {max(5, 5 * math.ceil(seconds / 5))} s on two CPU cores"


def bootstrap(course: Course) -> str:
    """Source of the cell that installs the package of this very version, or says what is missing for that."""
    address = wheel_address(course)
    return HEAD + (INSTALL.format(address=address) if address else EXPLAIN.format(wheel=wheel_name(course.version)))


def put_badge(text: str, markdown: str | None) -> str:
    """The text with its badge line replaced, or removed together with the blank line after it."""
    if markdown is not None:
        return text.replace(BADGE, markdown)
    lines = text.split("\n")
    while BADGE in (line.strip() for line in lines):
        at = next(i for i, line in enumerate(lines) if line.strip() == BADGE)
        del lines[at]
        if at < len(lines) and not lines[at].strip() and (at == 0 or not lines[at - 1].strip()):
            del lines[at]
    return "\n".join(lines)


def expand(course: Course, lesson: Lesson, seconds: float | None):
    """The unexecuted notebook of a lesson, as an nbformat node.

    Args:
        course: gives version and address.
        lesson: its text is read from `lesson.source`.
        seconds: what the time in the title table says.
    """
    import jupytext
    from nbformat.v4 import new_notebook

    parsed = jupytext.reads(lesson.text, fmt="py:percent")
    for cell in parsed.cells:
        if "bootstrap" in cell.metadata.get("tags", []):
            cell.source = bootstrap(course)
        elif cell.cell_type == "markdown":
            cell.source = put_badge(cell.source, badge(course, lesson)).replace(TIME, spoken_time(seconds))
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
    }
    return new_notebook(cells=parsed.cells, metadata=metadata)


def assign_ids(cells: list, previous: list) -> None:
    """Give each cell the id that its equal, or else its nearest edit, had before; new cells get a hash of what they say.

    The outcome depends on nothing else, so that two people who build the same lesson get the same file.

    Args:
        cells: the new cells; their `id` is set.
        previous: the cells of the notebook as it was (may be empty).
    """
    kept: dict[int, str] = {}
    keys = [(cell.cell_type, cell.source) for cell in cells]
    old_keys = [(cell.cell_type, cell.source) for cell in previous]
    matcher = difflib.SequenceMatcher(None, old_keys, keys, autojunk=False)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            kept |= {j: previous[i].id for i, j in zip(range(i1, i2), range(j1, j2), strict=True)}
        elif kind == "replace":
            free = list(range(i1, i2))
            for j in range(j1, j2):
                close = [
                    i
                    for i in free
                    if previous[i].cell_type == cells[j].cell_type and likeness(previous[i], cells[j]) > 0.6
                ]
                if close:
                    best = max(close, key=lambda i, j=j: likeness(previous[i], cells[j]))
                    kept[j] = previous[best].id
                    free = [i for i in free if i > best]
    taken = set(kept.values())
    for j, cell in enumerate(cells):
        count = 0
        while j not in kept:
            fresh = hashlib.sha256(f"{cell.cell_type}\n{cell.source}\n{count}".encode()).hexdigest()[:8]
            if fresh not in taken:
                kept[j] = fresh
                taken.add(fresh)
            count += 1
        cell["id"] = kept[j]


def likeness(left, right) -> float:
    """Share of the text that two cells have in common, in [0, 1]."""
    return difflib.SequenceMatcher(None, left.source, right.source, autojunk=False).ratio()
