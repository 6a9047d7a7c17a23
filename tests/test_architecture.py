"""The package keeps to its layout: bands, exports, tables of contents, one word for a subject; what the names of version 0.1 became."""

import ast
import importlib
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import jupytext
import pytest

import aigc_lab
from docs import architecture

from helpers import ROOT

PACKAGE = ROOT / "aigc_lab"
FOLDERS = [name for name in architecture.folders() if (PACKAGE / name).is_dir()]
SUBJECTS = [name for name in FOLDERS if architecture.band(name) == "subjects"]
LAID_OUT = [name for name in FOLDERS if name != "commands"]  # with a table of contents
IMPORTS = list(architecture.imports())
DATA = {"quizzes", "__pycache__"}  # folders without code

# DESIGN's contract: what other code may rely on.
CONTRACT = {
    "": "check",
    "exercises": "catalogue ExerciseNotSolved hint progress check",
    "datasets": "load Dataset available",
    "runtime": "profile device pick seed_everything",
    "transforms": "to_unit to_signed from_signed augment",
    "gan": "discriminator_loss generator_loss minimax_generator_loss optimal_discriminator gradient_penalty r1_penalty Generator "
    "Discriminator GanRecipe",
    "vae": "kl_standard_normal elbo reparameterize Encoder Decoder VaeRecipe",
    "metrics": "mse psnr ssim frechet_distance kernel_distance precision_recall inception_score nearest_neighbours",
    "training": "fit",
    "verify": "agree promise",
}


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# Bands and exports --------------------------------------------------------------------------------------------------


def test_imports_point_down():
    order = list(architecture.BANDS)
    wrong = [
        f"{one.file.relative_to(ROOT)}:{one.line} ({architecture.band(one.folder)}) imports {one.module} "
        f"({architecture.band(one.target)}), which is above it"
        for one in IMPORTS
        if order.index(architecture.band(one.target)) < order.index(architecture.band(one.folder))
    ]
    assert not wrong, "\n".join(wrong)


def test_folders_use_each_other_without_a_circle():
    list(TopologicalSorter(architecture.uses()).static_order())  # raises CycleError, with the circle


def test_folders_use_each_other_through_what_they_export_only():
    wrong = []
    for one in IMPORTS:
        folder, _, rest = one.module.partition(".")
        exported = getattr(importlib.import_module(f"aigc_lab.{folder}"), "__all__", None)
        first = rest.split(".")[0] or one.name
        if exported is not None and first and first not in exported:
            wrong.append(
                f"{one.file.relative_to(ROOT)}:{one.line} imports {first} of {folder}, which doesn't export it"
            )
        if one.name.startswith("_"):
            wrong.append(
                f"{one.file.relative_to(ROOT)}:{one.line} imports {one.name} of {one.module}, which is its own affair"
            )
    assert not wrong, "\n".join(wrong)


def test_the_graph_has_the_arrows_that_are_there():
    """So that the tests above can fail: some arrows that nobody will take away."""
    uses = architecture.uses()
    assert {"recipes", "pretrained"} <= set(uses["gan"])
    assert "display" in uses["plots"]
    assert "commands" in uses["cli"]
    assert uses["runtime"] == []


def test_importing_a_subject_loads_neither_matplotlib_nor_scipy():
    folders = [name for name in architecture.folders() if architecture.band(name) in ("subjects", "engine", "ground")]
    code = f"""
import importlib, sys
for name in {folders}:
    importlib.import_module("aigc_lab." + name)
    for heavy in ("matplotlib", "scipy"):
        if heavy in sys.modules:
            sys.exit(f"import aigc_lab.{{name}} loads {{heavy}}")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


# Rooms --------------------------------------------------------------------------------------------------------------


def test_no_loose_module():
    loose = {path.name for path in PACKAGE.glob("*.py")}
    assert loose == {"__init__.py", "cli.py", "display.py", "runtime.py", "verify.py"}


@pytest.mark.parametrize("folder", LAID_OUT)
def test_a_table_of_contents_names_each_module_once(folder):
    named = architecture.contents(folder)
    modules = [name for name in architecture.modules(folder) if name != "__init__"]
    assert sorted(named) == modules
    exported = importlib.import_module(f"aigc_lab.{folder}").__all__
    if folder != "exercises":  # it exports what lessons call, and no modules
        assert set(named) <= set(exported)
    assert len(set(exported)) == len(exported)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_bears_the_name_of_something_that_its_folder_exports(folder):
    package = importlib.import_module(f"aigc_lab.{folder}")
    for name in architecture.modules(folder):
        if name not in (
            "__init__",
            "catalogue",
        ):  # exercises.catalogue is a function of the contract, and the folder of the exercises
            assert importlib.import_module(f"aigc_lab.{folder}.{name}") is getattr(package, name), name


@pytest.mark.parametrize("folder", [f.relative_to(PACKAGE).as_posix() for f in PACKAGE.rglob("*") if f.is_dir()])
def test_a_folder_is_one_subject(folder):
    assert len(list((PACKAGE / folder).glob("*.py"))) <= 12 + 1  # and __init__.py


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_a_file_is_one_concept(file):
    if "catalogue" not in file.parts:  # a list of exercises, one after the other
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 300


def test_the_same_word_names_a_subject_everywhere():
    below = {path.name for path in (PACKAGE / "exercises" / "catalogue").iterdir() if path.is_dir()} - DATA
    assert below <= set(SUBJECTS)
    tested = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()} - DATA
    assert tested <= set(FOLDERS)
    assert set(SUBJECTS) <= tested


def test_the_picture_of_the_house_is_current():
    assert architecture.SVG.read_text(encoding="utf-8") == architecture.draw(), "run `python docs/architecture.py`"


# What imports, and what it says ------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", CONTRACT)
def test_the_contract_names_are_importable(folder):
    module = importlib.import_module(f"aigc_lab.{folder}".rstrip("."))
    assert [name for name in CONTRACT[folder].split() if not hasattr(module, name)] == []


IMPORT_ALL = """
import runpy, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
for path in sys.argv[2:]:
    try:
        if Path(path).parent.name == "peers":
            __import__("peers." + Path(path).stem)
        else:
            runpy.run_path(path, run_name="imported")
    except Exception as error:
        print(Path(path).name, type(error).__name__, getattr(error, "name", ""), error)
"""
ONLY_TO_REBUILD = {"faker", "resvg_py"}  # what makes data anew, and nobody else installs


@pytest.mark.parametrize("folder", ["data/build", "benchmarks"])
def test_every_build_script_benchmark_and_peer_can_be_imported(folder):
    scripts = sorted((ROOT / folder).rglob("*.py"))
    command = [sys.executable, "-c", IMPORT_ALL, str(ROOT / folder), *map(str, scripts)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    failed = [line for line in done.stdout.splitlines() if line.split()[2] not in ONLY_TO_REBUILD]
    assert len(scripts) > 5
    assert failed == []


def programs(file: Path):
    """Texts in a file's strings that import from the package, as far as they are plain; what is filled in reads as a name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value if isinstance(part, ast.Constant) else "filled" for part in node.values)
        yield from re.findall(r"^ *from (aigc_lab[\w.]*) import ([\w, ]+)$", text, re.MULTILINE)


@pytest.mark.parametrize("folder", ["lessons", "tests", "benchmarks", "data/build", "aigc_lab"])
def test_programs_in_strings_import_what_is_there(folder):
    """No linter sees them, and no move script."""
    wrong, made_up = [], {"late"}  # a module of a toy course
    for file in sorted((ROOT / folder).rglob("*.py")):
        for module, names in programs(file):
            for name in names.replace(" ", "").split(","):
                try:
                    exec(f"from {module} import {name}", {})
                except ImportError as error:
                    if name not in made_up and not str(error).endswith(
                        "Yours stays as it is."
                    ):  # that one is tested below
                        wrong.append(f"{file.relative_to(ROOT)}: from {module} import {name}: {error}")
    assert wrong == []


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "lessons").glob("[0-9]*.py"))],
    ids=lambda page: page.name,
)  # fmt: skip
def test_every_path_of_the_package_that_prose_names_exists(page):
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".py":
        text = "\n".join(
            cell.source for cell in jupytext.reads(text, fmt="py:percent").cells if cell.cell_type == "markdown"
        )
    for path in re.findall(r"`(aigc_lab/[\w/.]+)`", text):
        assert "NN_" in path or (ROOT / path).exists(), path
    for path in re.findall(r"`((?:commands|plots|tests|data|docs|lessons|benchmarks|exercises)/[\w/.]+)`", text):
        assert "NN_" in path or any(
            place.exists() for place in (ROOT / path, PACKAGE / path, PACKAGE / f"{path}.py")
        ), path
    for name in re.findall(r"`(aigc_lab(?:\.\w+)+)`", text):
        parent, _, last = name.rpartition(".")
        assert hasattr(importlib.import_module(parent), last) or importlib.util.find_spec(name), name


def test_what_people_look_for_is_where_the_page_says():
    rows = re.findall(
        r"^\| [^|]+ \| `(aigc_lab/[\w/.]+)` \| `(\w+)` \|$",
        (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## Where people look first")[1]
    assert len(rows) >= 30
    assert (
        len(rows) == sum(line.startswith("| ") for line in table.splitlines()) - 3
    )  # head, rule, the catalogue's folders
    for path, name in rows:
        defined = {getattr(node, "name", "") for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body}
        assert name in defined, f"{path} defines no {name}"


def test_a_moved_name_is_answered_with_where_it_went():
    with pytest.raises(
        ImportError, match=r"aigc_lab\.gan_losses has moved.*aigc_lab\.gan\.losses.*new copy lies beside it"
    ):
        exec("from aigc_lab import gan_losses", {})
    with pytest.raises(ImportError, match=r"aigc_lab\.collecting\.robots and aigc_lab\.collecting\.urls"):
        _ = aigc_lab.addresses
    with pytest.raises(AttributeError, match="no attribute 'gan_loses'"):
        _ = aigc_lab.gan_loses


@pytest.mark.parametrize("name", aigc_lab.MOVED)
def test_where_a_moved_name_went_is_there(name):
    for place in aigc_lab.MOVED[name].split(", "):
        importlib.import_module(f"aigc_lab.{place}")
    assert not (PACKAGE / name).exists()
    assert not (PACKAGE / f"{name}.py").exists()


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_no_docstring_names_a_module_of_version_0_1(file):
    old = "|".join(name for name in aigc_lab.MOVED if "_" in name and name not in aigc_lab.MOVED[name].split("."))
    if file != PACKAGE / "__init__.py":
        assert re.findall(rf"`(?:aigc_lab\.)?(?:{old})\b[^`]*`", file.read_text(encoding="utf-8")) == []
