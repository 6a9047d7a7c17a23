"""Scripts that no test runs, because they take too long: what they import is there."""

import ast
import importlib

import pytest

from helpers import ROOT

SCRIPTS = sorted([*(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "data" / "build").glob("*.py")])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_script_imports_from_the_course_is_there(script):
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "aigc_lab":
            module = importlib.import_module(node.module)
            for name in node.names:
                if not hasattr(module, name.name):
                    importlib.import_module(f"{node.module}.{name.name}")
        elif isinstance(node, ast.Import):
            for name in node.names:
                if name.name.split(".")[0] == "aigc_lab":
                    importlib.import_module(name.name)
