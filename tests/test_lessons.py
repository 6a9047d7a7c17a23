"""Every lesson has the anatomy of a lesson, and every notebook is what its lesson says."""

import ast
import base64
import html.parser
import io
import json
import re
from functools import cache

import jupytext
import numpy as np
import pytest
from PIL import Image

from aigc_lab import exercises
from aigc_lab.commands.course import Course
from aigc_lab.commands.expand import expand

from helpers import ROOT, source_cells

COURSE = Course(ROOT)
LESSONS = COURSE.lessons
CLOSING = ["Check the article", "Quiz", "What you should be able to do now", "References"]
MACHINE = re.compile(r"/(?:work|root|tmp|home|Users)/[\w.-]+|site-packages|[A-Z]:\\\\?Users")
PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
ADDRESS_IN_MEMORY = re.compile(r"\bat 0x[0-9a-f]{6,}")

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


@cache
def cells_of(lesson) -> list[dict]:
    """The lesson's own cells, before anything is filled in."""
    parsed = jupytext.reads(lesson.source.read_text(encoding="utf-8"), fmt="py:percent")
    return [{"type": c.cell_type, "source": c.source, "tags": c.metadata.get("tags", [])} for c in parsed.cells]


@cache
def notebook_of(lesson) -> list[dict]:
    if not lesson.notebook.is_file():
        pytest.fail(f"{lesson.notebook.name} is not built: run `aigc-lab notebooks {lesson.number}`")
    return source_cells(lesson.notebook)


def code_of(lesson) -> ast.Module:
    return ast.parse(
        "\n".join(c["source"] for c in cells_of(lesson) if c["type"] == "code" and "%" not in c["source"][:1])
    )


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    """Calls of `name(...)` or `module.name(...)`."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in found if ast.unparse(call.func).split(".")[-1] == name]


def tagged(lesson, tag: str) -> list[int]:
    return [i for i, cell in enumerate(cells_of(lesson)) if tag in cell["tags"]]


# The source ---------------------------------------------------------------------------------------------------------


@each_lesson
def test_starts_with_title_promise_and_table(lesson):
    title = cells_of(lesson)[0]
    assert title["type"] == "markdown"
    lines = [line.strip() for line in title["source"].splitlines() if line.strip()]
    assert re.fullmatch(rf"# {lesson.number} · \S.*", lines[0])
    assert "<!-- badge -->" in lines
    assert lesson.promise.endswith((".", "!", "?"))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert rows[0] == ["time", "needs", "you will be able to"]
    (row,) = rows[2:]
    assert row[0] == "<!-- time -->"
    assert row[1]
    assert 3 <= len(row[2].split("<br>")) <= 5


@each_lesson
def test_then_bootstrap_and_parameters_that_papermill_can_set(lesson):
    assert tagged(lesson, "bootstrap") == [1]
    assert tagged(lesson, "parameters") == [2]
    for statement in ast.parse(cells_of(lesson)[2]["source"]).body:
        assert isinstance(statement, ast.Assign)
        ast.literal_eval(statement.value)


def is_imports(source: str) -> bool:
    return all(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(source).body)


@each_lesson
def test_its_code_fits_a_screen(lesson):
    """88 columns, as a 13-inch laptop shows; at most 24 lines, nine cells in ten at most 15. Excepted: imports, and a whole program."""
    code = [c for c in cells_of(lesson) if c["type"] == "code" and "bootstrap" not in c["tags"]]
    wide = [line for cell in code for line in cell["source"].splitlines() if len(line) > 88]
    assert wide == []
    counted = [c["source"] for c in code if "whole-program" not in c["tags"] and not is_imports(c["source"])]
    assert [source[:80] for source in counted if len(source.splitlines()) > 24] == []
    assert sum(len(source.splitlines()) > 15 for source in counted) <= len(code) / 10
    assert len(tagged(lesson, "whole-program")) <= 2


@each_lesson
def test_has_the_closing_sections_in_order(lesson):
    text = "\n".join(cell["source"] for cell in cells_of(lesson) if cell["type"] == "markdown")
    headings = [heading.strip() for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)]
    assert [heading for heading in headings if heading in CLOSING] == CLOSING
    assert len(re.findall(r"^# ", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)) == 1


@each_lesson
def test_every_exercise_is_checked_by_the_next_cell(lesson):
    places = tagged(lesson, "exercise")
    assert len(places) >= 2
    assert tagged(lesson, "check") == [place + 1 for place in places]
    for place in places:
        (call,) = calls(ast.parse(cells_of(lesson)[place + 1]["source"]), "check")
        name = ast.literal_eval(call.args[0])
        assert name in exercises.catalogue(), f"no exercise {name!r}"
        assert ast.unparse(call.args[1]) in cells_of(lesson)[place]["source"]
    checked = [ast.literal_eval(call.args[0]) for call in calls(code_of(lesson), "check")]
    assert len(checked) == len(set(checked)) == len(places), "a check outside of a cell tagged so, or twice"


@each_lesson
def test_asks_for_a_prediction_and_explains_after_it(lesson):
    places = tagged(lesson, "predict")
    assert places
    cells = cells_of(lesson)
    for place in places:
        assert "**Predict first.**" in cells[place - 1]["source"]
        assert cells[place + 1]["type"] == "markdown"


@each_lesson
def test_has_something_to_play_with(lesson):
    assert calls(code_of(lesson), "play")


@each_lesson
def test_has_a_cell_that_nbval_compares(lesson):
    marked = [cell for cell in cells_of(lesson) if cell["source"].startswith("# NBVAL_CHECK_OUTPUT")]
    assert 1 <= len(marked) <= 5


@each_lesson
def test_the_quiz_answers_every_option_with_a_reason(lesson):
    (call,) = calls(code_of(lesson), "quiz")
    assert ast.literal_eval(call.args[0]) == lesson.name
    path = COURSE.root / "aigc_lab" / "quizzes" / f"{lesson.name}.json"
    questions = json.loads(path.read_text(encoding="utf-8"))
    assert 3 <= len(questions) <= 5
    for question in questions:
        assert question["type"] in ("multiple_choice", "many_choice")
        answers = question["answers"]
        assert len(answers) >= 3
        assert len({answer["answer"] for answer in answers}) == len(answers)
        right = [answer for answer in answers if answer["correct"]]
        assert 1 <= len(right) < len(answers)
        assert question["type"] == "many_choice" or len(right) == 1
        for answer in answers:
            assert len(answer["feedback"].split()) >= 4, f"{answer['answer']!r} gets no reason"
    assert "$" not in json.dumps(questions, ensure_ascii=False), (
        "JupyterQuiz shows no LaTeX in JupyterLab 4: use Unicode"
    )


# What a reader changes and repeats -----------------------------------------------------------------------------------


def plain_cells(lesson) -> list[ast.Module]:
    """The code cells after the parameters, without bootstrap and magics."""
    cells = [c["source"] for c in cells_of(lesson)[3:] if c["type"] == "code"]
    return [ast.parse(source) for source in cells if not source.startswith("%")]


def names_set_outside_functions(tree: ast.Module) -> set[str]:
    inner = {
        id(node)
        for scope in ast.walk(tree)
        if isinstance(
            scope,
            ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.GeneratorExp | ast.ListComp | ast.DictComp | ast.SetComp,
        )
        for node in ast.walk(scope)
    }
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in inner
    }


@each_lesson
def test_the_parameters_may_be_run_again_at_any_time(lesson):
    """A cell that changes a parameter, as `steps = steps or 100`, leaves cells below it that break when the parameters are run again."""
    (parameters,) = (ast.parse(c["source"]) for c in cells_of(lesson) if "parameters" in c["tags"])
    given = names_set_outside_functions(parameters)
    assert [sorted(given & names_set_outside_functions(cell)) for cell in plain_cells(lesson)] == [[]] * len(
        plain_cells(lesson)
    )


@each_lesson
def test_what_is_drawn_follows_the_seed(lesson):
    nodes = [node for cell in plain_cells(lesson) for node in ast.walk(cell)]
    assert any(isinstance(node, ast.Name) and node.id == "seed" for node in nodes)
    fixed = []
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        seeds = [keyword.value for keyword in call.keywords if keyword.arg in ("seed", "random_state")]
        if ast.unparse(call.func).split(".")[-1] in (
            "manual_seed",
            "default_rng",
            "seed_everything",
            "Random",
            "RandomState",
        ):
            seeds += call.args[:1]
        fixed += [ast.unparse(call) for given in seeds if isinstance(given, ast.Constant) and given.value is not None]
    assert fixed == []


@each_lesson
def test_a_promise_in_percent_has_bounds_in_its_unit(lesson):
    """ "at least 90%" is checked by a bound of 0.9 or 90, so that what the reader got is told in the same unit."""
    odd = []
    for call in calls(code_of(lesson), "promise"):
        text = call.args[0].value if isinstance(call.args[0], ast.Constant) else ""
        if "%" not in text:
            continue
        bounds = [
            keyword.value
            for keyword in call.keywords
            if keyword.arg in ("above", "below", "at_least", "at_most", "near")
        ]
        numbers = {abs(node.value) for bound in bounds for node in ast.walk(bound) if isinstance(node, ast.Constant)}
        stated = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
        if not numbers or not any(
            abs(unit * number - one) < 1e-9 for unit in (1, 100) for number in numbers for one in stated
        ):
            odd.append(text)
    assert odd == []


@each_lesson
def test_lessons_that_are_named_exist_or_are_planned(lesson):
    text = "\n".join(c["source"] for c in cells_of(lesson) if c["type"] == "markdown")
    text += (COURSE.root / "aigc_lab" / "quizzes" / f"{lesson.name}.json").read_text(encoding="utf-8")
    there = {one.number for one in LESSONS}
    named = re.findall(r"[Ll]essons? (\d\d)(?:(?:,| and| or| to) (\d\d))*", text)
    planned = {number for pair in named for number in pair if number[:1] in ("4", "5", "6")}
    assert {number for pair in named for number in pair if number} - planned <= there


# The notebook -------------------------------------------------------------------------------------------------------


@each_lesson
def test_notebook_says_what_the_lesson_says(lesson):
    expected = [
        (c.cell_type, c.source, c.metadata.get("tags", [])) for c in expand(COURSE, lesson, lesson.seconds).cells
    ]
    found = [(c["cell_type"], c["source"], c["metadata"].get("tags", [])) for c in notebook_of(lesson)]
    assert found == expected, f"run `aigc-lab notebooks {lesson.number}`"
    for own, built in zip(cells_of(lesson), notebook_of(lesson), strict=True):
        if "bootstrap" not in own["tags"] and "<!--" not in own["source"]:
            assert (
                built["source"].partition("\n\n---\n<small>")[0] == own["source"]
            )  # the foot line goes under the last one


@each_lesson
def test_notebook_was_executed_and_nothing_failed(lesson):
    notebook = notebook_of(lesson)
    assert len({cell["id"] for cell in notebook}) == len(notebook)
    for cell in notebook:
        if cell["cell_type"] == "code" and cell["source"].strip():
            assert "predict" in cell["metadata"].get("tags", []) or cell["execution_count"], cell["source"][:80]
            assert all(output["output_type"] != "error" for output in cell["outputs"])
    assert any(cell.get("outputs") for cell in notebook)


@each_lesson
def test_notebook_gives_no_prediction_away(lesson):
    for cell in notebook_of(lesson):
        if "predict" in cell["metadata"].get("tags", []):
            assert cell["outputs"] == []


@each_lesson
def test_notebook_is_small_and_shows_nothing_of_the_machine(lesson):
    notebook = notebook_of(lesson)
    assert lesson.notebook.stat().st_size <= 1_000_000
    text = re.sub(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]+", "", json.dumps([cell.get("outputs") for cell in notebook]))
    for pattern in (MACHINE, ADDRESS_IN_MEMORY):
        assert not pattern.search(text), pattern.search(text)[0]
    assert "widget-view" not in text


@each_lesson
def test_nothing_in_a_picture_is_cut_off_at_its_edge(lesson):
    for cell in notebook_of(lesson):
        for output in cell.get("outputs", []):
            for data in PICTURE.findall("".join(output.get("data", {}).get("text/html", ""))):
                grey = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L"))
                edges = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
                assert edges.min() > 200, f"ink at the edge of a picture of the cell\n{cell['source'][:300]}"


class Pictures(html.parser.HTMLParser):
    """Collects images and drawings that say nothing to somebody who can't see them."""

    def __init__(self):
        super().__init__()
        self.silent: list[str] = []
        self.count = 0

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag == "img" or (tag == "svg" and known.get("aria-hidden") != "true"):
            self.count += 1
            if not (known.get("alt") or known.get("aria-label") or "").strip():
                self.silent.append(str(known)[:100])


@each_lesson
def test_every_picture_has_a_text(lesson):
    pictures = Pictures()
    for cell in notebook_of(lesson):
        if cell["cell_type"] == "markdown":
            assert not re.search(r"!\[\s*\]\(", cell["source"]), "a picture without alt text"
            pictures.feed(cell["source"])
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert not [kind for kind in data if kind.startswith("image/")], "a bare picture has no alt text: use plots"
            pictures.feed("".join(data.get("text/html", "")))
    assert pictures.silent == []
    assert pictures.count
