"""Every accepted answer carries its lesson to the end, and no cell breaks when it is run again.

In two passes through the course, in profile ci, each exercise is answered by one of its alternatives; an exercise without any stays
blank. In the second pass each cell runs twice in a row, and the parameters cell once more in the middle.
"""

import ast

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell

from aigc_lab.commands.course import Course
from aigc_lab.commands.execute import ANSI, build_environment
from aigc_lab.commands.expand import expand

from helpers import ROOT

pytestmark = pytest.mark.alternatives

COURSE = Course(ROOT)
ANSWER = """\
from aigc_lab.exercises import lookup
_written_otherwise = lookup.find({id!r}).alternatives[{number}:{number} + 1]
if _written_otherwise:
    {name} = _written_otherwise[0]
"""


@pytest.mark.parametrize("number", [0, 1], ids=["once", "each cell twice"])
@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_answers_written_otherwise_carry_the_lesson_to_its_end(lesson, number, tmp_path):
    notebook = expand(COURSE, lesson, None)
    notebook.cells = answered(notebook.cells, number)
    if number == 1:
        notebook.cells = twice(notebook.cells)
    error = error_of(notebook, tmp_path)
    assert not error, error


def error_of(notebook, folder):
    """What stops a notebook that is run as a reader runs it, in profile ci: a promise that so small a budget breaks doesn't."""
    env = build_environment(ROOT, folder) | {"AIGC_LAB_PROFILE": "ci", "OMP_NUM_THREADS": "1"}
    del env["AIGC_LAB_BUILD"]
    (folder / "lesson").mkdir()
    client = NotebookClient(  # 120 s: see tests/test_bare.py
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder / "lesson")}}
    )
    try:
        client.execute(env=env)
    except CellExecutionError as error:
        return ANSI.sub("", str(error))
    return ""


def answered(cells, number):
    """The code cells, with an alternative before each check; the check must let it go on."""
    found = []
    for cell in cells:
        for id, name in checked(cell):
            found.append(new_code_cell(ANSWER.format(id=id, number=number, name=name)))
            cell.source += f"\nassert not _written_otherwise or {name} is _written_otherwise[0], 'refused'"
        found += [cell] * (cell.cell_type == "code")
    return found


def checked(cell):
    """(id, name of the answer) of the one `name = check(id, name)` in a check cell."""
    if "check" in cell.metadata.get("tags", []):
        calls = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
        ((id, answer),) = [call.args for call in calls if getattr(call.func, "id", "") == "check"]
        yield id.value, answer.id


def twice(cells):
    """Each cell two times, the parameters cell once more in the middle; installing the package is not a lesson's affair."""
    parameters = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    found = []
    for position, cell in enumerate(cells):
        found += [cell.copy()] * (1 if "bootstrap" in cell.metadata.get("tags", []) else 2)
        if position == len(cells) // 2:
            found += parameters
    return [type(cell)(cell) for cell in found]


def test_each_exercise_of_a_lesson_is_answered():
    by_lesson = [cell for lesson in COURSE.lessons for cell in expand(COURSE, lesson, None).cells]
    assert sum(1 for cell in by_lesson for _ in checked(cell)) == sum(
        "exercise" in cell.metadata.get("tags", []) for cell in by_lesson
    )
