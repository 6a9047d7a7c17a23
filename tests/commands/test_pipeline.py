"""`aigc-lab notebooks`: from lessons/ to notebooks/."""

import json
import re
import sys

import pytest

from aigc_lab.commands.course import Course, CourseError, find_course
from aigc_lab.commands.execute import after_carriage_returns
from aigc_lab.commands.expand import datasets_of, expand, foot, spoken_time
from aigc_lab.commands.inputs import code_of, inputs
from aigc_lab.commands.notebooks import build_all, check_all, why_stale

from helpers import PYPROJECT, ROOT, source_cells, write_lesson


def build(course: Course, *names: str, **settings) -> str:
    said: list[str] = []
    build_all(course, course.select(list(names)), say=said.append, **settings)
    return "\n".join(said)


def test_a_built_notebook_has_outputs_and_nothing_of_the_machine(toy):
    said = build(toy)
    assert "01_sums: built in" in said
    assert "11_more: built in" in said
    text = (toy.root / "notebooks/01_sums.ipynb").read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert "sum 2" in text
    assert notebook["metadata"]["language_info"] == {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
    }
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert all("execution" not in cell["metadata"] for cell in notebook["cells"])
    assert str(toy.root) not in text
    assert check_all(toy, toy.lessons, say=lambda text: None)


def test_what_is_built_is_not_built_again(toy):
    build(toy)
    before = (toy.root / "notebooks/01_sums.ipynb").read_bytes()
    assert "01_sums: up to date" in build(toy)
    assert (toy.root / "notebooks/01_sums.ipynb").read_bytes() == before
    assert "01_sums: built" in build(toy, "1", force=True)


def test_predictions_are_stored_without_output(toy):
    build(toy, "01")
    (cell,) = (
        c for c in source_cells(toy.root / "notebooks/01_sums.ipynb") if "predict" in c["metadata"].get("tags", [])
    )
    assert cell["outputs"] == []
    assert cell["execution_count"] is None


def test_the_title_says_the_measured_time(toy):
    build(toy, "01")
    title = source_cells(toy.root / "notebooks/01_sums.ipynb")[0]["source"]
    assert "<!--" not in title
    seconds = toy.lessons[0].seconds
    assert seconds > 0
    assert spoken_time(seconds) in title


SHEET = "# it\n\n| licence | {}: see `licenses/x.txt` |\n| SPDX | `MIT` |\n| attribution | {} |\n"
BY = "Text and pictures: AIGC Lab contributors, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"


def foot_of(toy, code: str) -> str:
    write_lesson(toy.root, "01_sums", code=code)
    before, rule, line = expand(toy, toy.lessons[0], None).cells[-1].source.rpartition("\n\n---\n")
    assert (before, rule) == ("You should have seen two.", "\n\n---\n")
    return line


def test_the_foot_line_names_the_data_with_attribution_and_licence(toy):
    (toy.root / "data/checkpoints").mkdir(parents=True)
    (toy.root / "data/digits.md").write_text(SHEET.format("CC BY-SA 3.0", "by Ann"), encoding="utf-8")
    (toy.root / "data/sea.md").write_text(SHEET.format("CC0 1.0, © 2020 Sea, Inc.", "by Bob"), encoding="utf-8")
    (toy.root / "data/other.md").write_text(SHEET.format("MIT", "by Cy"), encoding="utf-8")
    (toy.root / "data/checkpoints/painter.json").write_text('{"dataset": "digits"}', encoding="utf-8")
    sea = "**sea** (by Bob): [CC0 1.0](https://creativecommons.org/publicdomain/zero/1.0/), © 2020 Sea, Inc"
    digits = "**digits** (by Ann): [CC BY-SA 3.0](https://creativecommons.org/licenses/by-sa/3.0/)"
    apart = ", except pictures that show digits, which keep that licence"
    code = (
        "book = 'sea'\nif False:\n    pretrained.info('painter')\n    datasets.load(book, 'test')\n    print('other')"
    )
    assert (
        foot_of(toy, "book = 'sea'\nif False:\n    datasets.load(book)")
        == f"<small>Data: {sea}. {BY}. Code: MIT.</small>"
    )
    assert foot_of(toy, code) == (f"<small>Data: {digits}. {sea}. {BY}{apart}. Code: MIT.</small>")


def test_a_lesson_without_data_names_none(toy):
    assert foot_of(toy, "print('digits')") == f"<small>{BY}. Code: MIT.</small>"


@pytest.mark.parametrize(
    ("number", "names"),
    [("01", {"digits"}), ("02", {"moby_dick", "mails"}), ("14", {"mails"}), ("39", {"moby_dick", "quatrains"})],
)
def test_the_foot_of_a_real_lesson_names_what_it_loads(number, names):
    course = Course(ROOT)
    (lesson,) = course.select([number])
    assert names <= set(datasets_of(course, code_of(course, lesson)))


@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "data").glob("*.md")])
def test_every_datasheet_gives_a_foot_its_words(name):
    said = re.fullmatch(
        rf"<small>Data: \*\*{name}\*\* \((.{{10,}})\): (.{{3,}})\. Text and pictures: .*", foot(Course(ROOT), [name])
    )
    assert said
    assert "licenses/" not in said[2].replace("creativecommons.org/licenses/", "")


def test_what_a_lesson_loads_is_in_its_foot():
    """The literal names that a lesson passes to `datasets.load`, found in another way than the foot line does."""
    course = Course(ROOT)
    for lesson in course.lessons:
        named = set(re.findall(r"datasets\.load\(\s*\"(\w+)\"", lesson.text))
        line = expand(course, lesson, None).cells[-1].source.rpartition("\n---\n")[2]
        assert [name for name in named if f"**{name}** (" not in line] == [], lesson.name


@pytest.mark.parametrize(("seconds", "said"), [(0.4, 5), (5, 5), (5.1, 10), (41, 45)])
def test_times_are_rounded_up(seconds, said):
    assert spoken_time(seconds) == f"about {said} s on two CPU cores"


def test_ids_stay_where_the_text_stays(toy):
    build(toy, "01")
    path = toy.root / "notebooks/01_sums.ipynb"
    before = {cell["source"]: cell["id"] for cell in source_cells(path)}
    old_title, old_code = source_cells(path)[0]["id"], source_cells(path)[3]["id"]
    # an edit right beside an insertion, which by position would hand the id to the wrong cell
    lesson = write_lesson(toy.root, "01_sums", code="new = 'a cell before'\n\n# %%\nprint('sum', 1 + 1 + 1)")
    lesson.write_text(lesson.read_text(encoding="utf-8").replace("You add two", "You add three"), encoding="utf-8")
    build(toy, "01")
    after = source_cells(path)
    ids = [cell["id"] for cell in after]
    assert len(set(ids)) == len(ids)
    assert ids[0] == old_title
    assert after[4]["source"] == "print('sum', 1 + 1 + 1)"
    assert ids[4] == old_code
    assert "sum 3" in json.dumps(after[4]["outputs"])
    assert all(cell["id"] == before[cell["source"]] for cell in after if cell["source"] in before)


def test_a_notebook_made_from_nothing_is_the_same_again(toy):
    def built() -> list[str]:
        build(toy, "01")
        return [cell["id"] for cell in source_cells(path)]

    path = toy.root / "notebooks/01_sums.ipynb"
    first = built()
    path.unlink()
    assert built() == first


def test_stale_by_lesson_module_quiz_exercise_and_data(toy):
    files = {
        "aigc_lab/__init__.py": "",
        "aigc_lab/gan.py": "from . import losses\nfeatures = datasets.load('emoji')\n",
        "aigc_lab/losses.py": "def f():\n    from aigc_lab.exercises import late\n",
        "aigc_lab/exercises/__init__.py": "",
        "aigc_lab/exercises/late.py": "",
        "aigc_lab/exercises/catalogue/__init__.py": "",
        "aigc_lab/exercises/catalogue/gan/steps.py": "EXERCISES = [Exercise(id='gan.loss', reference=abs)]",
        "aigc_lab/unused.py": "",
        "aigc_lab/quizzes/01_sums.json": "[]",
        "data/digits.npz": "",
        "data/fashion.npz": "",
        "data/emoji.npz": "",
        "data/checkpoints/classifier_digits.safetensors": "",
        "data/checkpoints/gru_moby_dick.safetensors": "",
        "data/build/digits.py": "",
    }
    for name, text in files.items():
        (toy.root / name).parent.mkdir(parents=True, exist_ok=True)
        (toy.root / name).write_text(text, encoding="utf-8")
    code = "if False:\n    from aigc_lab import gan\n    gan.check('gan.loss', f)\n    datasets.load('digits')"
    write_lesson(toy.root, "01_sums", code=code)
    lesson = toy.lessons[0]
    found = {path.relative_to(toy.root).as_posix() for path in inputs(toy, lesson)}
    assert found == set(files) - {
        "aigc_lab/unused.py",
        "data/fashion.npz",
        "data/build/digits.py",
        "data/checkpoints/gru_moby_dick.safetensors",
    }

    build(toy)
    for name in files:
        assert why_stale(toy, lesson) is None
        (toy.root / name).write_text(files[name] + "\n", encoding="utf-8")
        assert (why_stale(toy, lesson) is not None) == (name in found), name
        (toy.root / name).write_text(files[name], encoding="utf-8")
    write_lesson(toy.root, "01_sums", code="print(2)")
    assert "lesson" in why_stale(toy, toy.lessons[0])


def test_an_exercise_that_no_file_has_is_an_error_and_not_overlooked(toy):
    (toy.root / "aigc_lab/exercises/catalogue").mkdir(parents=True)
    write_lesson(toy.root, "01_sums", code="if False:\n    check('gan.loss', f)")
    with pytest.raises(CourseError, match=r"exercises/catalogue has the exercise 'gan\.loss'"):
        inputs(toy, toy.lessons[0])


@pytest.mark.parametrize(
    ("number", "file"),
    [("38", "data/checkpoints/flow_digits.safetensors"), ("39", "data/checkpoints/lm_moby_dick.safetensors"),
     ("34", "data/checkpoints/classifier_digits.safetensors"), ("23", "aigc_lab/exercises/catalogue/gan/penalties.py"),
     ("33", "aigc_lab/control/interpolation.py"), ("12", "data/photos.npz")],
)  # fmt: skip
def test_what_a_real_lesson_depends_on_is_seen(number, file):
    course = Course(ROOT)
    (lesson,) = course.select([number])
    assert ROOT / file in inputs(course, lesson)


def test_check_lists_what_is_stale_and_builds_nothing(toy):
    said: list[str] = []
    assert not check_all(toy, toy.lessons, say=said.append)
    assert any("01_sums: not built yet" in line for line in said)
    assert not (toy.root / "notebooks").exists()
    build(toy)
    path = toy.root / "notebooks/01_sums.ipynb"
    path.write_text(
        path.read_text(encoding="utf-8").replace("You should have seen two.", "Edited by hand."), encoding="utf-8"
    )
    (toy.root / "notebooks/99_gone.ipynb").write_text("{}", encoding="utf-8")
    said.clear()
    assert not check_all(toy, toy.lessons, say=said.append)
    assert [line.split(":")[0] for line in said] == ["01_sums", "99_gone.ipynb"]


def test_without_an_address_no_badge_and_a_cell_that_says_what_to_do(toy):
    build(toy, "01")
    cells = source_cells(toy.root / "notebooks/01_sums.ipynb")
    assert cells[0]["source"].startswith("# 01 · Sums\n\nYou add two numbers")
    with pytest.raises(ModuleNotFoundError, match=r"upload the course.s wheel, aigc_lab-0\.3\.0-py3-none-any\.whl"):
        run_without_package(cells[1]["source"])


def test_with_an_address_a_badge_and_the_wheel_of_this_version(toy):
    (toy.root / "pyproject.toml").write_text(
        PYPROJECT + 'Repository = "https://github.com/someone/course/"\n', encoding="utf-8"
    )
    course = Course(toy.root)
    build(course, "01")
    cells = source_cells(toy.root / "notebooks/01_sums.ipynb")
    page = "https://colab.research.google.com/github/someone/course/blob/v0.3.0/notebooks/01_sums.ipynb"
    assert f"]({page})" in cells[0]["source"]
    wheel = "https://github.com/someone/course/releases/download/v0.3.0/aigc_lab-0.3.0-py3-none-any.whl"
    installs = [line.strip() for line in cells[1]["source"].splitlines() if "pip" in line]
    assert installs == [f"%pip install --quiet {wheel}"]


def test_an_address_that_colab_cannot_open_is_refused(toy):
    (toy.root / "pyproject.toml").write_text(
        PYPROJECT + 'Repository = "https://example.org/course"\n', encoding="utf-8"
    )
    with pytest.raises(CourseError, match="github"):
        build(Course(toy.root), "01")


def test_a_failing_cell_keeps_the_old_notebook_and_says_where(toy):
    build(toy, "01")
    path = toy.root / "notebooks/01_sums.ipynb"
    before = path.read_bytes()
    write_lesson(toy.root, "01_sums", code="numbers = [1]\nnumbers[7]")
    said = build(toy)
    assert "01_sums: FAILED" in said
    assert "lessons/01_sums.py, cell 4 of 7 (`numbers = [1]`): IndexError: list index out of range" in said
    assert path.read_bytes() == before
    assert "11_more: built" in said


def test_readme_gets_the_table_between_its_markers(toy):
    build(toy)
    text = (toy.root / "README.md").read_text(encoding="utf-8")
    assert "| 01 | [Sums](notebooks/01_sums.ipynb) | You add two numbers, and see their sum. | about 5 s |" in text
    assert "| 11 | [More sums](notebooks/11_more.ipynb) |" in text
    assert text.startswith("# Toy\n\n<!-- lessons -->\n|")
    assert text.endswith("<!-- /lessons -->\n\nThe end.\n")
    (toy.root / "README.md").write_text("no markers", encoding="utf-8")
    build(toy)
    assert (toy.root / "README.md").read_text(encoding="utf-8") == "no markers"


def test_streams_are_joined_and_pictures_keep_their_place(toy):
    code = (
        "import sys\n"
        "for i in range(3):\n    print(i, flush=True); print('w', file=sys.stderr, flush=True)\n"
        "display('picture')\nprint('after')"
    )
    write_lesson(toy.root, "01_sums", code=code)
    build(toy, "01")
    outputs = source_cells(toy.root / "notebooks/01_sums.ipynb")[3]["outputs"]
    assert [output.get("name", "picture") for output in outputs] == ["stdout", "stderr", "picture", "stdout"]
    assert "".join(outputs[0]["text"]) == "0\n1\n2\n"


def test_of_a_progress_bar_only_the_end_is_kept():
    assert after_carriage_returns("10%\r50%\r100%\ndone\r\n") == "100%\ndone\n"


def test_lessons_are_found_by_number_name_and_path(toy):
    for name in ("1", "01", "01_sums", "lessons/01_sums.py", "notebooks/01_sums.ipynb"):
        assert [lesson.name for lesson in toy.select([name])] == ["01_sums"]
    with pytest.raises(CourseError, match=r"no lesson '07'; there are: 01_sums, 11_more"):
        toy.select(["07"])


def test_the_course_is_found_from_below_and_missed_with_a_word(toy, tmp_path_factory, monkeypatch):
    below = toy.root / "work" / "deep"
    below.mkdir(parents=True)
    assert find_course(below).root == toy.root
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setattr("aigc_lab.commands.course.PACKAGE", elsewhere / "site-packages" / "aigc_lab")
    with pytest.raises(CourseError, match="no course found"):
        find_course(elsewhere)


def run_without_package(source: str) -> None:
    """Run the bootstrap cell as if aigc_lab were not installed."""
    there = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "aigc_lab"}
    sys.modules["aigc_lab"] = None  # importing it then raises ModuleNotFoundError
    try:
        exec(source, {})
    finally:
        sys.modules |= there
