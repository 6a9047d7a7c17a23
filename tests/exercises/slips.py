"""Small slips, planted by machine into the reference of each exercise: `check` must refuse them all.

    python tests/exercises/slips.py [ID or SUBJECT ...]

prints each slip that passes and isn't in `EXPECTED`: the line, and what stands there instead. Each is a wrong answer that `check`
calls right, so the exercise lacks a case that tells the two apart. Add one; if the slip computes the same function, add it to `EXPECTED`.

No slips are planted in the first line, which is given; in guards (`if ...: raise ...`), docstrings and annotations, which no case can
test; and in calls such as `float(x)` that only convert, because `check` accepts the same numbers in another type.
"""

from __future__ import annotations

import argparse
import ast
import copy
import functools
import inspect
import time
import types
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aigc_lab.exercises import Exercise, catalogue, lookup
from aigc_lab.exercises.judging.behaviour import Reference
from aigc_lab.exercises.judging.run import preserved

SECONDS = 2.0  # for one slip: some never end

OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add], ast.Div: [ast.Mult], ast.FloorDiv: [ast.Div],
    ast.Mod: [ast.FloorDiv], ast.Pow: [ast.Mult], ast.MatMult: [ast.Mult], ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd],
    ast.LShift: [ast.RShift], ast.RShift: [ast.LShift],
}  # fmt: skip
NOT_COMMUTATIVE = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
COMPARISONS = {
    ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.In: [ast.NotIn], ast.NotIn: [ast.In], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is],
}  # fmt: skip
NAMES = {
    "sum": ["mean"], "mean": ["sum"], "max": ["min"], "min": ["max"], "amax": ["amin"], "amin": ["amax"], "any": ["all"],
    "all": ["any"], "argmax": ["argmin"], "argmin": ["argmax"], "maximum": ["minimum"], "minimum": ["maximum"], "std": ["var"],
    "var": ["std"], "median": ["mean"], "prod": ["sum"], "exp": ["expm1"], "log": ["log2"], "log2": ["log"], "log10": ["log"],
    "floor": ["ceil"], "ceil": ["floor"], "triu": ["tril"], "tril": ["triu"], "sin": ["cos"], "cos": ["sin"],
    "startswith": ["endswith"], "endswith": ["startswith"],
}  # fmt: skip
SYMMETRIC = {"max", "min", "maximum", "minimum", "allclose", "equal", "dot", "zip"}
CONVERSIONS = {"float", "list", "tuple", "item", "to", "cpu", "double", "detach", "as_tensor", "asarray", "array"}
GUARDS = ("_require", "_check", "warn")
DIMENSIONS = {0: [1], 1: [0], -1: [0, -2], -2: [-1], 2: [1]}


@dataclass(frozen=True)
class Slip:
    """A reference with one small change."""

    id: str
    line: str  # of the source, where the change begins
    change: str  # "`a + b` becomes `a - b`"
    answer: Any

    @property
    def key(self) -> tuple[str, str, str]:
        return self.id, self.line, self.change


def slips(exercise: Exercise) -> list[Slip]:
    """All slips of an exercise, including those in a function that the reference only calls.

    Raises:
        OSError, TypeError: the source of its reference isn't known.
    """
    function = inspect.unwrap(exercise.reference)
    planted = list(_planted(function))
    tree, _ = _definition(function)
    for place in list(_places(tree)) if _is_wrapper(tree) else []:
        helper = _value(place.get(), _space(function)) if place.field == "func" else None
        if inspect.isfunction(helper) and helper.__module__.startswith("aigc_lab"):
            planted += [(*what, _calling(tree, place, function, slip)) for *what, slip in _planted(helper)]
    found, seen = [], Counter()
    for line, change, answer in planted:
        seen[line, change] += 1
        again = f", place {seen[line, change]}" if seen[line, change] > 1 else ""
        found.append(Slip(exercise.id, line, change + again, answer))
    return found


def passing(exercise: Exercise) -> tuple[list[Slip], int]:
    """The slips that `check` would call right, and how many were tried."""
    planted = slips(exercise)
    with preserved():
        wanted = Reference(exercise, exercise.drawn_cases())
        return [one for one in planted if wanted.accepts(one.answer, time.monotonic() + SECONDS)], len(planted)


def _planted(function: Any) -> Iterator[tuple[str, str, Any]]:
    """The line, the change, and the function with it."""
    tree, lines = _definition(function)
    space = _space(function)
    for place, new in _changes(tree, space):
        old = place.get()
        before, after = _text(old), _text(new)
        if before == after:
            continue
        place.put(ast.copy_location(copy.deepcopy(new), old))
        try:
            with warnings.catch_warnings(action="ignore"):  # Python's, of `4[0]`
                answer = _compiled(tree, space)
        except SyntaxError:
            continue  # Python itself refuses it
        finally:
            place.put(old)
        change = f"`{before}` is forgotten" if after == "pass" else f"`{before}` becomes `{after}`"
        yield lines[old.lineno - 1].strip(), change, answer


def _is_wrapper(tree: ast.AST) -> bool:
    if isinstance(tree, ast.Lambda):
        return True
    body = [one for one in getattr(tree, "body", []) if not _is_left_alone(one)]
    return len(body) == 1 and isinstance(body[0], ast.Return)


def _calling(tree: ast.AST, place: _Place, function: Any, slip: Any) -> Any:
    """The function, calling a slip in place of its helper."""
    old = place.get()
    place.put(ast.copy_location(ast.Name("_slip", ast.Load()), old))
    try:
        return _compiled(tree, _space(function) | {"_slip": slip})
    finally:
        place.put(old)


def _space(function: Any) -> dict[str, Any]:
    """The names that a function or class sees; a closure finds its variables there, too."""
    if not inspect.isfunction(function):
        return dict(vars(inspect.getmodule(function)))
    return function.__globals__ | inspect.getclosurevars(function).nonlocals


def _value(node: ast.AST, space: dict[str, Any]) -> Any:
    """What a name or dotted name stands for; None if it isn't known beforehand."""
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, space), node.attr, None)
    return space.get(node.id) if isinstance(node, ast.Name) else None


def _definition(function: Any) -> tuple[ast.FunctionDef | ast.ClassDef | ast.Lambda, list[str]]:
    """The syntax tree of a function, class or lambda, and the lines of its file."""
    tree, lines = _file(inspect.getsourcefile(function))
    first = function.__code__.co_firstlineno if inspect.isfunction(function) else inspect.getsourcelines(function)[1]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    for node in ast.walk(tree):
        if isinstance(node, kinds) and first in (
            node.lineno,
            *(one.lineno for one in getattr(node, "decorator_list", [])),
        ):
            return node, lines
    raise OSError(f"no definition at line {first}")


@functools.cache
def _file(path: str) -> tuple[ast.Module, list[str]]:
    with open(path, encoding="utf-8") as file:
        source = file.read()
    return ast.parse(source), source.splitlines()


def _compiled(tree: ast.AST, space: dict[str, Any], file: str = "<slip>") -> Any:
    space = dict(space)  # so that recursion finds the slip, and the package stays as it is
    if isinstance(tree, ast.Lambda):
        return eval(compile(ast.fix_missing_locations(ast.Expression(tree)), file, "eval"), space)
    exec(compile(ast.fix_missing_locations(ast.Module([tree], [])), file, "exec"), space)
    return space[tree.name]


@dataclass
class _Place:
    """Where a node hangs in its tree."""

    parent: ast.AST
    field: str
    index: int | None

    def get(self) -> ast.AST:
        value = getattr(self.parent, self.field)
        return value if self.index is None else value[self.index]

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def _places(parent: ast.AST) -> Iterator[_Place]:
    for field, value in ast.iter_fields(parent):
        if field in ("annotation", "returns", "decorator_list", "format_spec", "defaults", "kw_defaults"):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not _is_left_alone(child):
                yield _Place(parent, field, index)
                yield from _places(child)


def _is_left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.If) and not node.orelse:
        return all(map(_is_left_alone, node.body))
    if isinstance(node, ast.Expr):
        called = getattr(node.value, "func", None)
        return isinstance(node.value, ast.Constant) or getattr(called, "id", getattr(called, "attr", "")).startswith(
            GUARDS
        )
    return isinstance(node, ast.Raise)


def _changes(tree: ast.AST, space: dict[str, Any]) -> Iterator[tuple[_Place, ast.AST]]:
    for place in list(_places(tree)):
        in_dimension = isinstance(place.parent, ast.keyword) and place.parent.arg in ("dim", "axis")
        in_dimension |= isinstance(place.parent, ast.UnaryOp) and isinstance(place.get(), ast.Constant)
        for new in _dimensions(place) if in_dimension else _variants(place.get(), space):
            yield place, new


def _dimensions(place: _Place) -> Iterator[ast.AST]:
    try:
        value = ast.literal_eval(place.get())
    except ValueError:
        return
    if isinstance(place.parent, ast.keyword) and isinstance(value, int):
        yield from map(_constant, DIMENSIONS.get(value, []))


def _variants(node: ast.AST, space: dict[str, Any]) -> Iterator[ast.AST]:
    """What a tired programmer may write instead of a node."""
    match node:
        case ast.BinOp(left, op, right):
            yield from (ast.BinOp(left, other(), right) for other in OPERATORS.get(type(op), []))
            if isinstance(op, NOT_COMMUTATIVE):
                yield ast.BinOp(right, op, left)
        case ast.AugAssign(target, op, value):
            yield from (ast.AugAssign(target, other(), value) for other in OPERATORS.get(type(op), []))
            yield ast.Assign([target], value)
        case ast.UnaryOp(ast.USub(), ast.Constant(value)):
            yield from map(_constant, _numbers(-value))
        case ast.UnaryOp(ast.USub() | ast.Not() | ast.Invert(), operand):
            yield operand
        case ast.Compare(left, [op, *more], comparators):
            yield from (ast.Compare(left, [other(), *more], comparators) for other in COMPARISONS.get(type(op), []))
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.And() if isinstance(op, ast.Or) else ast.Or(), values)
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield from map(_constant, _numbers(value))
        case ast.Slice(lower, upper, step):
            yield ast.Slice(_plus(lower, 1), upper, step)
            yield ast.Slice(lower, _plus(upper, -1), step)
            if upper is not None:
                yield ast.Slice(lower, _plus(upper, 1), step)
        case ast.Call():
            yield from _calls(node, space)
        case ast.Expr(ast.Call()) | ast.Break() | ast.Continue():
            yield ast.Pass()


def _calls(node: ast.Call, space: dict[str, Any]) -> Iterator[ast.AST]:
    func, args, keywords = node.func, node.args, node.keywords
    is_method = isinstance(func, ast.Attribute) and not isinstance(_value(func.value, space), (types.ModuleType, type))
    name = getattr(func, "id", getattr(func, "attr", ""))
    for other in NAMES.get(name, []):
        renamed = (
            ast.Name(other, ast.Load()) if isinstance(func, ast.Name) else ast.Attribute(func.value, other, ast.Load())
        )
        yield ast.Call(renamed, args, keywords)
    if name in CONVERSIONS:
        pass
    elif is_method:
        yield func.value
    elif args and not isinstance(args[0], ast.Starred):
        yield args[0]
    for first in range(len(args) - 1) if name not in SYMMETRIC else []:
        yield ast.Call(func, [*args[:first], args[first + 1], args[first], *args[first + 2 :]], keywords)
    for number, keyword in enumerate(keywords):
        if keyword.arg in ("dim", "axis", "keepdim", "keepdims"):
            yield ast.Call(func, args, keywords[:number] + keywords[number + 1 :])
    if name == "range":
        last = min(1, len(args) - 1)
        for by in (1, -1):
            yield ast.Call(func, [*args[:last], _plus(args[last], by), *args[last + 1 :]], keywords)


def _numbers(value: float) -> list[float]:
    if isinstance(value, int):
        others = [value - 1, value + 1, 2 * value, -value]
    else:
        others = [0.0, 1000 * value] if 0 < abs(value) < 1e-3 else [2 * value, 1.1 * value, -value, value + 1]
    return [one for number, one in enumerate(others) if one != value and one not in others[:number]]


def _constant(value: float) -> ast.AST:
    return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if value < 0 else ast.Constant(value)


def _plus(node: ast.AST | None, by: int) -> ast.AST:
    if node is None:
        return _constant(by)
    try:
        return _constant(ast.literal_eval(node) + by)
    except ValueError:
        return ast.BinOp(node, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))


def _text(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= 90 else f"{text[:60]} ... {text[-25:]}"


# What passes, and may: {(id, line, change): "same function: why"} or "open: why". At most 2% of all slips may be open.
EXPECTED: dict[tuple[str, str, str], str] = {
    (
        "language.causal_mask",
        "return torch.ones(length, before + length, dtype=torch.bool, device=device).tril(before)",
        "`torch.ones(length, before + length, dtype=torch.bool, device=device)` becomes `torch.ones(before + length, length, dtype=torch.bool, device=device)`",
    ): "same function: `before` is 0",
    (
        "latent.slerp",
        "omega = F.cosine_similarity(a, b, dim=1).clamp(-1, 1).arccos()[:, None]",
        "`-1` becomes `-2`",
    ): "same function: but for codes that point opposite ways, between which there is no arc",
    (
        "latent.slerp",
        "return torch.where(omega < 1e-4, (1 - t) * a + t * b, arc)",
        "`omega < 0.0001` becomes `omega <= 0.0001`",
    ): "same function: at that angle both agree to ten digits",
    (
        "metrics.precision",
        "fake_inside |= (distances <= real_radii[rows, None]).any(dim=0)",
        "`fake_inside |= (distances <= real_radii[rows, None]).any(dim=0)` becomes `fake_inside = (distances <= real_radii[rows, None]).any(dim=0)`",
    ): "same function: for as few rows as a case has, all distances come in one piece",
    (
        "collecting.allowed",
        'return target == "/robots.txt" or max(matching, default=(0, True))[1]',
        "`0` becomes `-1`",
    ): "same function: only the second item of the default is read",
    (
        "collecting.allowed",
        'return target == "/robots.txt" or max(matching, default=(0, True))[1]',
        "`0` becomes `1`",
    ): "same function: only the second item of the default is read",
    (
        "collecting.allowed",
        'return target == "/robots.txt" or max(matching, default=(0, True))[1]',
        "`1` becomes `-1`",
    ): "same function: the last of two items",
    (
        "debugging.sheet",
        "return rows.permute(0, 2, 1, 3).reshape(-1, columns * width)",
        "`2` becomes `-2`",
    ): "same function: the same axis",
    (
        "decoding.top_k_probabilities",
        "edge = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]",
        "`logits.topk(min(k, logits.shape[-1]), dim=-1)` becomes `logits.topk(min(k, logits.shape[-1]))`",
    ): "same function: the last axis is the default",
    (
        "decoding.top_p_probabilities",
        "probabilities, order = logits.softmax(dim=-1).sort(dim=-1, descending=True)",
        "`logits.softmax(dim=-1).sort(dim=-1, descending=True)` becomes `logits.softmax(dim=-1).sort(descending=True)`",
    ): "same function: the last axis is the default",
    (
        "decoding.top_p_probabilities",
        "if p == 1:",
        "`1` becomes `0`",
    ): "same function: without this line p = 1 cuts what is less likely than rounding errors are large",
    (
        "decoding.top_p_probabilities",
        "if p == 1:",
        "`1` becomes `2`",
    ): "same function: without this line p = 1 cuts what is less likely than rounding errors are large",
    (
        "decoding.top_p_probabilities",
        "if p == 1:",
        "`1` becomes `-1`",
    ): "same function: without this line p = 1 cuts what is less likely than rounding errors are large",
    (
        "decoding.top_p_probabilities",
        "stays = torch.zeros_like(before, dtype=torch.bool).scatter(-1, order, before < p)",
        "`before < p` becomes `before <= p`",
    ): "open: they differ where a sum is p to the last bit, which is up to rounding: a case of it would refuse right answers",
    (
        "defects.suspicious_labels",
        "classes = range(probabilities.shape[1])",
        "`1` becomes `-1`",
    ): "same function: the last of two axes",
    (
        "defects.suspicious_labels",
        "reached = np.where(probabilities >= thresholds, probabilities, -1.0)",
        "`-1.0` becomes `-2.0`",
    ): "same function: any number below 0 marks what was not reached",
    (
        "defects.suspicious_labels",
        "reached = np.where(probabilities >= thresholds, probabilities, -1.0)",
        "`-1.0` becomes `-1.1`",
    ): "same function: any number below 0 marks what was not reached",
    (
        "defects.suspicious_labels",
        "reached = np.where(probabilities >= thresholds, probabilities, -1.0)",
        "`-1.0` becomes `0.0`",
    ): "same function: whether a class was reached is asked apart, and a probability that was is above 0",
    (
        "discriminator.equivariance_gap",
        "return (layer(images.roll(move * stride, dims=-1)) - layer(images).roll(move, dims=-1)).abs().max()",
        "`layer(images.roll(move * stride, dims=-1)) - layer(images).roll(move, dims=-1)` becomes `layer(images).roll(move, dims=-1) - layer(images.roll(move * stride, dims=-1))`",
    ): "same function: an absolute value follows",
    (
        "distributions.gaussian_log_density",
        "z = (x - mean) / std",
        "`x - mean` becomes `mean - x`",
    ): "same function: a square follows",
    (
        "distributions.kl_divergence",
        "return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=-1) * step",
        "`(torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=-1)` becomes `(torch.xlogy(p, p) - torch.xlogy(p, q)).sum()`",
    ): "same function: densities have one axis here",
    (
        "distributions.kl_divergence",
        "return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=-1) * step",
        "`-1` becomes `0`",
    ): "same function: densities have one axis here",
    (
        "distributions.mixture_moments",
        "between = (weights * (means - mean) ** 2).sum()",
        "`means - mean` becomes `mean - means`",
    ): "same function: a square follows",
    (
        "distributions.wasserstein_1",
        "return ((below_a - below_b).abs() * points.diff()).sum()",
        "`below_a - below_b` becomes `below_b - below_a`",
    ): "same function: an absolute value follows",
    (
        "gan_penalties.gradient_penalty",
        "reference=lambda critic, real, fake: gan.gradient_penalty(critic, real, fake),",
        "`gan.gradient_penalty(critic, real, fake)` becomes `gan.gradient_penalty(critic, fake, real)`",
    ): "same function: alpha and 1 - alpha have the same distribution",
    (
        "gan_penalties.gradient_penalty",
        "return (norm - 1).square().mean()",
        "`norm - 1` becomes `1 - norm`",
    ): "same function: a square follows",
    (
        "latent.active_dimensions",
        "return int((mu.var(dim=0) > threshold).sum())",
        "`int((mu.var(dim=0) > threshold).sum())` becomes `(mu.var(dim=0) > threshold).sum()`",
    ): "same function: a tensor that holds the count is a count",
    (
        "latent.slerp",
        "omega = F.cosine_similarity(a, b, dim=1).clamp(-1, 1).arccos()[:, None]",
        "`F.cosine_similarity(a, b, dim=1)` becomes `F.cosine_similarity(b, a, dim=1)`",
    ): "same function: symmetric in both",
    (
        "latent.slerp",
        "omega = F.cosine_similarity(a, b, dim=1).clamp(-1, 1).arccos()[:, None]",
        "`F.cosine_similarity(a, b, dim=1)` becomes `F.cosine_similarity(a, b)`",
    ): "same function: the axis is the default",
    (
        "metrics.frechet_distance",
        "real, fake = two_sets(real, fake)",
        "`two_sets(real, fake)` becomes `two_sets(fake, real)`",
    ): "same function: symmetric in both",
    (
        "metrics.frechet_distance",
        "n, d = min(len(real), len(fake)), real.shape[1]",
        "`min(len(real), len(fake))` becomes `max(len(real), len(fake))`",
    ): "same function: n and d only serve the warning",
    (
        "metrics.frechet_distance",
        "n, d = min(len(real), len(fake)), real.shape[1]",
        "`min(len(real), len(fake))` becomes `len(real)`",
    ): "same function: n and d only serve the warning",
    (
        "metrics.frechet_distance",
        "n, d = min(len(real), len(fake)), real.shape[1]",
        "`1` becomes `0`",
    ): "same function: n and d only serve the warning",
    (
        "metrics.frechet_distance",
        "n, d = min(len(real), len(fake)), real.shape[1]",
        "`1` becomes `-1`",
    ): "same function: n and d only serve the warning",
    (
        "metrics.frechet_distance",
        "means = (real.mean(dim=0) - fake.mean(dim=0)).square().sum()",
        "`real.mean(dim=0) - fake.mean(dim=0)` becomes `fake.mean(dim=0) - real.mean(dim=0)`",
    ): "same function: a square follows",
    (
        "metrics.kernel_distance",
        "real, fake = two_sets(real, fake)",
        "`two_sets(real, fake)` becomes `two_sets(fake, real)`",
    ): "same function: symmetric in both",
    (
        "metrics.kernel_distance",
        "within_real = (_kernel_sum(real, real) - _kernel(real.square().sum(dim=1), real.shape[1]).sum()) / (n * (n - 1))",
        "`1` becomes `-1`",
    ): "same function: the last of two axes",
    (
        "metrics.kernel_distance",
        "within_fake = (_kernel_sum(fake, fake) - _kernel(fake.square().sum(dim=1), fake.shape[1]).sum()) / (m * (m - 1))",
        "`1` becomes `-1`",
    ): "same function: the last of two axes",
    (
        "metrics.kernel_distance",
        "return (within_real + within_fake - 2 * _kernel_sum(real, fake) / (n * m)).item()",
        "`_kernel_sum(real, fake)` becomes `_kernel_sum(fake, real)`",
    ): "same function: symmetric in both",
    (
        "metrics.precision",
        "real_inside[rows] = (distances <= fake_radii).any(dim=1)",
        "`(distances <= fake_radii).any(dim=1)` becomes `(distances <= fake_radii).all(dim=1)`",
    ): "same function: only the recall depends on it, and isn't asked for",
    (
        "metrics.precision",
        "real_inside[rows] = (distances <= fake_radii).any(dim=1)",
        "`(distances <= fake_radii).any(dim=1)` becomes `(distances <= fake_radii).any()`",
    ): "same function: only the recall depends on it, and isn't asked for",
    (
        "metrics.precision",
        "real_inside[rows] = (distances <= fake_radii).any(dim=1)",
        "`distances <= fake_radii` becomes `distances < fake_radii`",
    ): "same function: only the recall depends on it, and isn't asked for",
    (
        "metrics.precision",
        "real_inside[rows] = (distances <= fake_radii).any(dim=1)",
        "`distances <= fake_radii` becomes `distances >= fake_radii`",
    ): "same function: only the recall depends on it, and isn't asked for",
    (
        "metrics.precision",
        "return PrecisionRecall(fake_inside.double().mean().item(), real_inside.double().mean().item())",
        "`real_inside.double().mean()` becomes `real_inside.double().sum()`",
    ): "same function: only the recall depends on it, and isn't asked for",
    (
        "metrics.psnr",
        "x, y, kind = _pairs(images, references)",
        "`_pairs(images, references)` becomes `_pairs(references, images)`",
    ): "same function: symmetric in both",
    (
        "metrics.psnr",
        "return (0.0 - 10 * (x - y).square().mean(dim=(1, 2, 3)).log10()).to(**kind)",
        "`x - y` becomes `y - x`",
    ): "same function: a square follows",
    (
        "metrics.psnr",
        "return (0.0 - 10 * (x - y).square().mean(dim=(1, 2, 3)).log10()).to(**kind)",
        "`2` becomes `-2`",
    ): "same function: the same axis",
    (
        "missing.impute_regression",
        "slope = ((x[there] - x_mean) * (y[there] - y_mean)).mean() / ((x[there] - x_mean) ** 2).mean()",
        "`x[there] - x_mean` becomes `x[there] + x_mean`",
    ): "same function: the deviations of the other factor add up to 0",
    (
        "missing.impute_regression",
        "slope = ((x[there] - x_mean) * (y[there] - y_mean)).mean() / ((x[there] - x_mean) ** 2).mean()",
        "`y[there] - y_mean` becomes `y[there] + y_mean`",
    ): "same function: the deviations of the other factor add up to 0",
    (
        "missing.impute_regression",
        "slope = ((x[there] - x_mean) * (y[there] - y_mean)).mean() / ((x[there] - x_mean) ** 2).mean()",
        "`x[there] - x_mean` becomes `x_mean - x[there]`, place 2",
    ): "same function: a square follows",
    (
        "privacy.luhn_valid",
        "value = int(digit) * (2 if place % 2 else 1)",
        "`2` becomes `-2`",
    ): "same function: only whether the remainder is 0 counts",
    (
        "privacy.luhn_valid",
        "total += value - 9 if value > 9 else value",
        "`total += value - 9 if value > 9 else value` becomes `total -= value - 9 if value > 9 else value`",
    ): "same function: only whether the remainder is 0 counts",
    (
        "privacy.luhn_valid",
        "return total % 10 == 0",
        "`10` becomes `-10`",
    ): "same function: only whether the remainder is 0 counts",
    (
        "ring.mode_coverage",
        "return int((each >= len(samples) / (5 * len(centres))).sum()), good.cpu().double().mean().item()",
        "`int((each >= len(samples) / (5 * len(centres))).sum())` becomes `(each >= len(samples) / (5 * len(centres))).sum()`",
    ): "same function: a tensor that holds the count is a count",
    (
        "vae.kl_standard_normal",
        "return values.reshape(len(values), -1).sum(dim=1)",
        "`values.reshape(len(values), -1)` becomes `values`",
    ): "same function: the statement gives (batch, d)",
    (
        "vae.reparameterize",
        "return mu + (0.5 * logvar).exp() * epsilon",
        "`mu + (0.5 * logvar).exp() * epsilon` becomes `mu - (0.5 * logvar).exp() * epsilon`",
    ): "same function: epsilon and -epsilon have the same distribution",
    (
        "text.copied_share",
        "copied[start : start + length] = [True] * length",
        "`start:start + length` becomes `start + 1:start + length`",
    ): "same function: the list grows by one, so that all marks stand one place further on",
    (
        "text.copied_share",
        "copied[start : start + length] = [True] * length",
        "`start:start + length` becomes `start:start + length - 1`",
    ): "same function: the list grows behind the marks, where nothing is marked yet",
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the planted slips that pass.")
    parser.add_argument(
        "what", nargs="*", help="an exercise's id, or a subject: a folder of the catalogue (default: all)"
    )
    chosen, files = parser.parse_args().what, lookup.index(lookup.catalogue_folder())
    for id, exercise in sorted(catalogue().items()):
        if chosen and id not in chosen and files[id].parent.name not in chosen:
            continue
        found, tried = passing(exercise)
        fresh = [slip for slip in found if slip.key not in EXPECTED]
        print(
            f"{id}: {len(fresh)} of {tried} slips pass",
            "" if len(found) == len(fresh) else f"({len(found) - len(fresh)} expected)",
        )
        for slip in fresh:
            print(f"    {slip.line}\n        {slip.change}")


if __name__ == "__main__":
    main()
