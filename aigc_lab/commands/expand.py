"""From a lesson's text to the cells of its notebook: badge, measured time, bootstrap cell, foot line, stable cell ids."""

import ast
import difflib
import hashlib
import json
import math
import re
from collections.abc import Iterable

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

SHOWS_DATA = {
    "load",
    "load_classifier",
    "info",
}  # functions whose first argument is a data set, or a checkpoint trained on one


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
    """Source of the cell that installs the package in this very version, or, while it has no address, says how to."""
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


def datasets_of(course: Course, code: str) -> list[str]:
    """The data sets that a lesson loads, or of which it loads a checkpoint, in the order of their first use.

    A name that stands in a variable, as in `load(corpus)`, counts if the lesson gives that variable a literal string.
    """
    sheets = {path.stem for path in (course.root / "data").glob("*.md")}
    cards = {path.stem: path for path in (course.root / "data" / "checkpoints").glob("*.json")}
    nodes = list(ast.walk(ast.parse(code)))
    given = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    found: dict[str, None] = {}
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
        first = call.args[0]
        first = given.get(first.id) if isinstance(first, ast.Name) else first
        if called in SHOWS_DATA and isinstance(first, ast.Constant) and isinstance(first.value, str):
            name = first.value
            if name not in sheets and name in cards:
                name = json.loads(cards[name].read_text(encoding="utf-8"))["dataset"]
            if name in sheets:
                found[name] = None
    return list(found)


def datasheet_row(course: Course, name: str, head: str) -> str:
    """What stands beside `head` in the table of a data set's datasheet."""
    text = (course.root / "data" / f"{name}.md").read_text(encoding="utf-8")
    return re.search(rf"^\| {head} \| (.+) \|$", text, re.MULTILINE)[1]


def linked(licences: str) -> str:
    """The text with each Creative Commons licence linked to its terms, as those licences require."""
    terms = "https://creativecommons.org"
    licences = re.sub(r"CC0 1\.0", rf"[\g<0>]({terms}/publicdomain/zero/1.0/)", licences)
    return re.sub(r"CC (BY(?:-SA)?) (\d\.\d)", lambda m: f"[{m[0]}]({terms}/licenses/{m[1].lower()}/{m[2]}/)", licences)


def foot(course: Course, names: Iterable[str]) -> str:
    """One line under a lesson: its data with attribution and licence, from their datasheets, and the licence of the rest."""
    data, alike = [], []
    for name in names:
        licence = datasheet_row(course, name, "licence").partition(": see ")[0]
        data.append(f"**{name}** ({datasheet_row(course, name, 'attribution')}): {licence.rstrip('.')}")
        alike += [name] * ("CC BY-SA" in licence)
    shown = f"Data: {'. '.join(data)}. " if data else ""
    apart = f", except pictures that show {' or '.join(alike)}, which keep that licence" if alike else ""
    return f"<small>{linked(f'{shown}Text and pictures: AIGC Lab contributors, CC BY 4.0{apart}. Code: MIT.')}</small>"


def expand(course: Course, lesson: Lesson, seconds: float | None):
    """The unexecuted notebook of a lesson, as an nbformat node.

    Args:
        course: its version and address go into the badge and the bootstrap cell.
        lesson: its text is read from `lesson.source`.
        seconds: the time for the title table; None if it wasn't measured.
    """
    import jupytext
    from nbformat.v4 import new_notebook

    parsed = jupytext.reads(lesson.text, fmt="py:percent")
    for cell in parsed.cells:
        if "bootstrap" in cell.metadata.get("tags", []):
            cell.source = bootstrap(course)
        elif cell.cell_type == "markdown":
            cell.source = put_badge(cell.source, badge(course, lesson)).replace(TIME, spoken_time(seconds))
    plain = [cell.source for cell in parsed.cells if cell.cell_type == "code" and is_python(cell.source)]
    line = foot(course, datasets_of(course, "\n".join(plain)))
    [cell for cell in parsed.cells if cell.cell_type == "markdown"][-1].source += f"\n\n---\n{line}"
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
    }
    return new_notebook(cells=parsed.cells, metadata=metadata)


def is_python(source: str) -> bool:
    """Whether a cell is plain Python, without magics."""
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def assign_ids(cells: list, previous: list) -> None:
    """Give each cell the id that the same cell, or an earlier wording of it, had before; new cells get a hash of their content.

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
