"""What a notebook depends on: the lesson, the modules it imports, the quiz it asks, the data it loads, as one hash."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from aigc_lab.commands.course import Course, CourseError, Lesson
from aigc_lab.commands.expand import expand

LOADERS = {"load", "load_classifier"}  # functions whose first argument names data: add here what you add to the package


def content_hash(course: Course, lesson: Lesson) -> str:
    """A hash that changes whenever a fresh execution could give something else; the measured time is no part of it."""
    digest = hashlib.sha256(f"{course.version}\n{course.repository}\n".encode())
    for cell in expand(course, lesson, None).cells:
        digest.update(repr((cell.cell_type, cell.source, sorted(cell.metadata.items()))).encode())
    for path in inputs(course, lesson):
        digest.update(path.relative_to(course.root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def inputs(course: Course, lesson: Lesson) -> list[Path]:
    """The files of the repository, besides the lesson itself, that its outputs depend on; sorted."""
    tree = ast.parse(code_of(course, lesson))
    package = course.root / "aigc_lab"
    catalogue = catalogue_modules(course, called_with(tree, {"check"}))
    modules = module_closure(course.root, [*imports(tree, "__main__"), *catalogue])
    quizzes = [package / "quizzes" / f"{name}.json" for name in [lesson.name, *called_with(tree, {"quiz"})]]
    names = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for path in modules:
        names |= set(called_with(ast.parse(path.read_text(encoding="utf-8")), LOADERS))
    found = {*modules, *(quiz for quiz in quizzes if quiz.is_file()), *data_files(course.root / "data", names)}
    return sorted(found)


def catalogue_modules(course: Course, ids: list[str]) -> list[str]:
    """Dotted names of the catalogue's modules that hold the exercises with these ids.

    Raises:
        CourseError: an id is in no module, so that changes of the exercise would go unnoticed.
    """
    from aigc_lab.exercises.lookup import index

    known = index(course.root / "aigc_lab" / "exercises" / "catalogue")
    lost = [id for id in ids if id not in known]
    if lost:
        raise CourseError(f"no file in aigc_lab/exercises/catalogue has the exercise {', '.join(map(repr, lost))}")
    return [".".join(known[id].relative_to(course.root).with_suffix("").parts) for id in ids]


def code_of(course: Course, lesson: Lesson) -> str:
    """The lesson's Python, without cells that are not plain Python (magics) or differ by address (bootstrap)."""
    parts = []
    for cell in expand(course, lesson, None).cells:
        if cell.cell_type == "code" and "bootstrap" not in cell.metadata.get("tags", []):
            try:
                ast.parse(cell.source)
            except SyntaxError:
                continue
            parts.append(cell.source)
    return "\n".join(parts)


def called_with(tree: ast.AST, functions: set[str]) -> list[str]:
    """First arguments, where they are literal strings, of calls to functions of these names."""
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        if called in functions and isinstance(node.args[0].value, str):
            found.append(node.args[0].value)
    return found


def imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Dotted names that a module may import; `from a import b` gives both `a` and `a.b`, as b can be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - (node.level - 1)]
                base = ".".join([*above, base] if base else above)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def module_closure(root: Path, names: Iterable[str]) -> set[Path]:
    """Files of the `aigc_lab` modules among the names, and of all that they import in turn."""
    todo, found = list(names), set()
    while todo:
        parts = todo.pop().split(".")
        if parts[0] != "aigc_lab":
            continue
        for depth in range(1, len(parts) + 1):  # importing a.b.c runs a and a.b first
            stem = root.joinpath(*parts[:depth])
            path, package = stem.with_suffix(".py"), ".".join(parts[: depth - 1])
            if (stem / "__init__.py").is_file():
                path, package = stem / "__init__.py", ".".join(parts[:depth])
            if path.is_file() and path not in found:
                found.add(path)
                todo += imports(ast.parse(path.read_text(encoding="utf-8")), package)
    return found


def data_files(folder: Path, names: set[str]) -> set[Path]:
    """Files under data/ (its build scripts aside) that belong to one of the names.

    A file belongs to a name if it, or a folder above it, is called so up to the first dot; a checkpoint also if the name is
    the first or the last part of its own (`classifier_digits` for "digits").
    """
    found, names = set(), {name.split(".")[0] for name in names}
    for path in folder.rglob("*"):
        parts = [part.split(".")[0] for part in path.relative_to(folder).parts]
        if not path.is_file() or parts[0] == "build" or "__pycache__" in parts:
            continue
        if names & set(parts):
            found.add(path)
        elif parts[0] == "checkpoints":
            words = parts[-1].split("_")
            ends = {"_".join(words[i:]) for i in range(len(words))} | {
                "_".join(words[:i]) for i in range(1, len(words))
            }
            if names & ends:
                found.add(path)
    return found
