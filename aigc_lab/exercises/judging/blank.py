"""Is an exercise still unanswered? The body of the answer decides, never what it returns."""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from types import CodeType, FunctionType
from typing import Any


def is_blank(answer: Any) -> bool:
    """Whether the answer is still the blank that the lesson gave.

    A body is blank if it holds nothing but a docstring, `...`, `pass` and `raise NotImplementedError`. A scaffold is
    blank while it ends in `raise NotImplementedError` or any `...` is left to replace; `x[..., 0]` is indexing and
    leaves nothing open. A class is blank if one of its methods has a `...` left, or if all are blank.
    """
    if answer is ... or answer is None:
        return True
    if isinstance(answer, type):
        return _is_blank_class(answer)
    function = inspect.unwrap(answer) if callable(answer) else answer
    function = getattr(function, "__func__", function)
    if not isinstance(function, FunctionType):
        return False
    node = _definition(function)
    if node is None:
        return _is_blank_code(function.__code__) or _has_gap_code(function.__code__)
    return _is_open(node.body)


def _is_open(body: list[ast.stmt]) -> bool:
    return _is_blank_body(body) or _is_not_implemented(body[-1]) or _has_gap(body)


def _is_blank_class(answer: type) -> bool:
    node = _definition(answer)
    if node is not None:
        own = [item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))]
        return _has_gap(node.body) or all(_is_blank_body(item.body) for item in own)
    own = [item for item in vars(answer).values() if isinstance(item, FunctionType)]
    return all(_is_blank_code(item.__code__) for item in own) or any(_has_gap_code(item.__code__) for item in own)


def _definition(thing: Any) -> ast.AST | None:
    """The syntax tree of a function's or class's definition; None if its source isn't known or isn't a `def`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError, SyntaxError, ValueError, IndexError):
        return None
    first = tree.body[0] if tree.body else None
    named = isinstance(first, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and first.name == thing.__name__
    return first if named else None


def _is_blank_body(body: list[ast.stmt]) -> bool:
    return all(_is_blank_statement(statement) for statement in body)


def _is_blank_statement(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) and (statement.value.value is ... or _is_docstring(statement))
    return _is_not_implemented(statement)


def _is_not_implemented(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise):
        return False
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _is_docstring(statement: ast.Expr) -> bool:
    return isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)


def _has_gap(body: list[ast.stmt]) -> bool:
    """Whether a `...` is left that is no index, annotation or default."""
    return any(_gap_in(statement) for statement in body)


def _gap_in(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is ...
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        indices = [item for item in inner if not (isinstance(item, ast.Constant) and item.value is ...)]
        return _gap_in(node.value) or any(_gap_in(item) for item in indices)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return any(_gap_in(item) for item in (node.body if isinstance(node.body, list) else [node.body]))
    if isinstance(node, ast.AnnAssign):
        return node.value is not None and _gap_in(node.value)
    return any(_gap_in(child) for child in ast.iter_child_nodes(node))


# What follows `...` in `x = ...`, `return ...` and `f(...)`; an index is followed by BINARY_SUBSCR, STORE_SUBSCR or BUILD_TUPLE.
_TAKES_A_GAP = ("STORE_FAST", "STORE_DEREF", "STORE_GLOBAL", "RETURN_", "CALL", "PRECALL", "KW_NAMES")
_NOTHING = ("RESUME", "NOP", "PUSH_NULL", "CACHE", "COPY_FREE_VARS", "MAKE_CELL", "LOAD_FAST_CHECK")


def _steps(code: CodeType) -> list[dis.Instruction]:
    return [step for step in dis.get_instructions(code) if step.opname not in _NOTHING]


def _is_blank_code(code: CodeType) -> bool:
    """Whether bytecode is that of a blank body, for functions without source (made by `exec`)."""
    steps = _steps(code)
    names = [step.opname for step in steps]
    if names in (["LOAD_CONST", "RETURN_VALUE"], ["RETURN_CONST"]):
        return steps[0].argval is None or steps[0].argval is ...
    only_raises = any(name.startswith("RAISE") for name in names) and all(
        name.startswith(("LOAD_", "CALL", "PRECALL", "RAISE")) for name in names
    )
    return only_raises and "NotImplementedError" in str(steps[0].argval)


def _has_gap_code(code: CodeType) -> bool:
    """Whether bytecode stores, returns or passes on a `...`. One that stands alone is dropped by the compiler, and not seen here."""
    steps = _steps(code)
    names = [step.opname for step in steps] + ["", ""]
    for position, step in enumerate(steps):
        if step.argval is ... and step.opname == "RETURN_CONST":
            return True
        if step.argval is ... and step.opname == "LOAD_CONST":
            after, then = names[position + 1 : position + 3]
            if after.startswith(_TAKES_A_GAP) or (after.startswith("LOAD_") and then == "STORE_ATTR"):
                return True
    return False
