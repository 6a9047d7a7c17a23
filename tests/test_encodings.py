"""Text is read and written as UTF-8 wherever the course runs, and what is printed fits the stream that it goes to.

On a Chinese or Western Windows, and under some Linux locales, Python's own choice is another encoding: a file with ©, 中 or ✓ then can't
be written there, or not be read elsewhere.
"""

import ast
import contextlib
import io
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import jupytext
import pytest

from aigc_lab import cli, display
from aigc_lab.commands import course, jupyter
from aigc_lab.exercises.feedback.panel import Panel
from aigc_lab.parallel import launcher

from helpers import ROOT

BINARY = {
    "Image",
    "tarfile",
    "zipfile",
    "wave",
    "webbrowser",
    "shelve",
    "archive",
    "os",
    "urllib",
}  # their open() reads no text
COMPRESSED = {"gzip", "bz2", "lzma"}  # theirs reads text only where the mode says so
STARTERS = {"run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput"}


def without_encoding(tree: ast.AST) -> Iterator[int]:
    """Lines of calls that read or write text in whatever encoding the machine prefers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (node.lineno for _ in in_program(node.value))
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "filled" for part in node.values]
            yield from (node.lineno for _ in in_program("".join(map(str, parts))))
        if not isinstance(node, ast.Call):
            continue
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if "encoding" in given or None in given or any(isinstance(one, ast.Starred) for one in node.args):
            continue  # or settings that stand elsewhere: **more, *more
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        owner = getattr(function.value, "id", "") if isinstance(function, ast.Attribute) else ""
        if is_text(name, owner, method=isinstance(function, ast.Attribute), arguments=node.args, given=given):
            yield node.lineno


def in_program(text: str) -> Iterator[int]:
    """The same in a program that stands in a string: what a lesson or a test gives to another Python."""
    if "\n" in text and re.search(r"open\(|_text\(|subprocess", text):
        try:
            tree = ast.parse(textwrap.dedent(text))
        except SyntaxError:  # prose
            return
        yield from without_encoding(tree)


def is_text(name: str, owner: str, *, method: bool, arguments: list, given: dict) -> bool:
    if name == "read_text":
        return not arguments
    if name == "write_text":
        return len(arguments) == 1
    if name in ("open", "fdopen"):
        if owner in BINARY and name == "open":
            return False
        place = 0 if method and owner not in {"io", "codecs", "os", *COMPRESSED} else 1
        mode = given.get("mode", arguments[place] if len(arguments) > place else ast.Constant("r"))
        modes = [
            part.value for part in ast.walk(mode) if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        return (
            any("t" in one for one in modes)
            if owner in COMPRESSED
            else not all("b" in one for one in modes) or not modes
        )
    if name in STARTERS:
        return bool({"text", "universal_newlines", "errors"} & given.keys()) or name.startswith("get")
    if name.endswith("TemporaryFile"):
        return "mode" in given and "b" not in given["mode"].value
    return name in ("TextIOWrapper", "FileHandler", "FileType", "loadtxt", "savetxt", "genfromtxt")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("open(p)", True), ("open(p, 'rb')", False), ("open(p, mode='w')", True), ("p.open('ab' if x else 'wb')", False), ("open(p, mode)", True), ("open(*how)", False), ("open(p, 'w', encoding='utf-8')", False),
        ("p.open()", True), ("p.open('xb')", False), ("Path(p).open('a')", True), ("Image.open(p)", False), ("gzip.open(p)", False),
        ("gzip.open(p, 'rt')", True), ("io.open(p, 'rb')", False), ("os.fdopen(3, 'wb')", False), ("p.read_text()", True),
        ("p.write_text('x')", True), ("p.write_text('x', 'utf-8')", False), ("subprocess.run(c, text=True)", True),
        ("subprocess.run(c, capture_output=True)", False), ("run(c, text=True, encoding='utf-8')", False),
        ("check_output(c, universal_newlines=True)", True), ("NamedTemporaryFile()", False), ("NamedTemporaryFile(mode='w')", True),
        ("program = 'import x\\nopen(1)'", True), ("program = f'import {x}\\nopen({x})'", True), ("'as open(p) does,\\nit opens'", False),
    ],
)  # fmt: skip
def test_the_check_knows_text_from_bytes(code, text):
    assert bool(list(without_encoding(ast.parse(code)))) is text


def code_of(file: Path) -> list[str]:
    """Python that a file holds: all of it, or, of a lesson, each cell of code that is plain Python."""
    text = file.read_text(encoding="utf-8")
    if file.parent.name != "lessons":
        return [text]
    cells = [cell.source for cell in jupytext.reads(text, fmt="py:percent").cells if cell.cell_type == "code"]
    return [cell for cell in cells if not cell.lstrip().startswith(("%", "!"))]


@pytest.mark.parametrize(
    "folder",
    ["aigc_lab", "benchmarks", "data/build", "docs", "lessons", "tests"],
)
def test_every_text_names_its_encoding(folder):
    found = []
    for file in sorted((ROOT / folder).rglob("*.py")):
        if file != Path(__file__):
            for part in code_of(file):
                where = file.relative_to(ROOT).as_posix()
                found += [
                    f"{where}: {part.splitlines()[line - 1].strip()}" for line in without_encoding(ast.parse(part))
                ]
    assert found == []


# What is printed -----------------------------------------------------------------------------------------------------


ENCODINGS = pytest.mark.parametrize("encoding", ["ascii", "cp936", "cp1252", "cp437", "koi8-r", "shift_jis"])


@contextlib.contextmanager
def pipe(encoding: str) -> Iterator[io.TextIOWrapper]:
    """Standard output as a file or a pipe has it, in an encoding of its own."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n", write_through=True)
    with contextlib.redirect_stdout(stream):
        yield stream


class Toy:
    number, name, title, seconds = "01", "01_toy", "✓ © 中 é", 20.0


@ENCODINGS
@pytest.mark.parametrize(
    ("words", "expected"), [("list", "01_toy"), ("data list", "Juan Cazala"), ("--help", "doctor")]
)
def test_a_command_prints_what_the_stream_can_hold(monkeypatch, encoding, words, expected):
    monkeypatch.setattr(sys, "argv", ["aigc-lab", *words.split()])
    monkeypatch.setattr(course.Course, "lessons", [Toy()])
    monkeypatch.setenv("COLUMNS", "200")
    with pipe(encoding) as written, contextlib.suppress(SystemExit):
        cli.main()
    assert expected in written.buffer.getvalue().decode(encoding)


@ENCODINGS
def test_a_panel_and_a_picture_print_what_the_stream_can_hold(encoding):
    with pipe(encoding) as written:
        display.show("<b>", "✓ © 中 é: yes")
        Panel("wrong", "Not yet, π is 中", "id").show()
    said = written.buffer.getvalue().decode(encoding)
    assert "yes" in said
    assert "Not yet" in said


def test_a_real_command_in_a_real_pipe():
    env = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "aigc_lab.cli", "data", "list"], env=env, cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert "Juan Cazala" in done.stdout.decode("ascii")


def test_what_lessons_start_reads_and_writes_utf_8(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONIOENCODING", "cp936")
    monkeypatch.setenv("PYTHONUTF8", "0")
    for name in ("LC_ALL", "LANG"):
        monkeypatch.setenv(name, "C")
    monkeypatch.setenv("PYTHONCOERCECLOCALE", "0")
    program = "open('said', 'a').write('中 ©'); print('中 ©')"  # as a student writes it: without an encoding
    for env in (launcher.environment("ci"), jupyter.environment(course.Course(ROOT))):
        done = subprocess.run([sys.executable, "-c", program], env=env, cwd=tmp_path, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.decode("utf-8").strip() == "中 ©"
    assert (tmp_path / "said").read_text(encoding="utf-8") == "中 ©" * 2


def test_what_lessons_call_prints_by_way_of_display():
    """`display.say` fits the stream; a bare `print` raises where that can't hold a letter of a path, or the × of a table."""
    bare = []
    for file in sorted((ROOT / "aigc_lab").rglob("*.py")):
        name = file.relative_to(ROOT / "aigc_lab").as_posix()
        if name.startswith("commands/") or name in ("cli.py", "display.py"):  # `cli.main` sees to these
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if called == "print" and "file" not in [
                keyword.arg for keyword in node.keywords
            ]:  # stderr holds everything
                bare.append(f"{name}:{node.lineno}")
    assert bare == []
