"""Draws the package from its imports: `python docs/architecture.py` writes docs/architecture.svg, which docs/architecture.md shows.

tests/test_architecture.py checks the rules on the imports that these functions find.
"""

import ast
import html
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "aigc_lab"
SVG = Path(__file__).with_suffix(".svg")

# From top to bottom; imports point down only. A folder that is in no other band is a subject.
BANDS = {
    "top": ("what you call", ["cli", "commands", "exercises"]),
    "subjects": ("what the course teaches, in its order", []),
    "engine": ("what trains", ["training", "recipes"]),
    "shown": ("what you see", ["plots", "widgets", "verify"]),
    "ground": (
        "what the rest is built on",
        ["pretrained", "datasets", "transforms", "display", "runtime", "machine"],
    ),
}
COURSE = [
    "collecting",
    "cleaning",
    "preprocessing",
    "privacy",
    "distributions",
    "gan",
    "vae",
    "flow",
    "lm",
    "metrics",
    "control",
    "hardware",
    "parallel",
]


@dataclass(frozen=True)
class Import:
    """One name that a file takes from another folder: `file` imports `name` of the module `module` (dotted, within aigc_lab)."""

    file: Path
    line: int
    folder: str
    module: str
    name: str

    @property
    def target(self) -> str:
        return self.module.split(".")[0]


def folders() -> list[str]:
    """The folders and loose modules of the package, subjects in the order of the course."""
    found = [path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
    named = [name for _, names in BANDS.values() for name in names]
    subjects = [name for name in found if name not in named and name != "__init__"]
    return sorted(subjects, key=lambda name: [*COURSE, name].index(name)) + [name for name in named if name in found]


def band(folder: str) -> str:
    """The band that a folder or loose module belongs to."""
    return next((name for name, (_, members) in BANDS.items() if folder in members), "subjects")


def modules(folder: str) -> list[str]:
    """The names of the modules and folders in a folder; none for a loose module."""
    inside = (PACKAGE / folder).glob("*")
    return sorted(path.stem for path in inside if path.suffix == ".py" or (path / "__init__.py").is_file())


def contents(folder: str) -> list[str]:
    """The modules of a folder, in the order of the table of contents in its docstring."""
    path = PACKAGE / folder / "__init__.py"
    if not path.is_file():
        return []
    return re.findall(
        r"^- `(\w+)`: ", ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "", re.MULTILINE
    )


def imports() -> Iterator[Import]:
    """All that files of the package import from its other folders, including imports inside functions."""
    for file in sorted(PACKAGE.rglob("*.py")):
        folder = file.relative_to(PACKAGE).with_suffix("").parts[0]
        if folder == "__init__":  # it imports `check` only when it is asked for
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "aigc_lab":
                inside = node.module.removeprefix("aigc_lab").removeprefix(".")
                for name in node.names:
                    module = inside or name.name
                    found = Import(file, node.lineno, folder, module, name.name if inside else "")
                    if found.target != folder and found.target in folders():
                        yield found
            elif isinstance(node, ast.Import):
                for name in node.names:
                    inside = name.name.removeprefix("aigc_lab.")
                    if inside != name.name and inside.split(".")[0] not in (folder, ""):
                        yield Import(file, node.lineno, folder, inside, "")


def uses() -> dict[str, list[str]]:
    """For each folder the others that it imports, in the order of `folders`."""
    order = folders()
    found = {folder: {one.target for one in imports() if one.folder == folder} for folder in order}
    return {folder: sorted(targets, key=order.index) for folder, targets in found.items()}


# The picture

WIDTH, LEFT, GAP, PAD, LINE = 1180, 150, 12, 10, 16
COLOURS = {"top": "#E8EEF7", "subjects": "#FDF3E3", "engine": "#E6F4EC", "shown": "#F6EAF2", "ground": "#EFEFEF"}


def box(folder: str, targets: list[str], characters: int) -> list[tuple[str, str]]:
    """The lines of a folder's box, each with its style; none is longer than `characters`."""
    inside = textwrap.wrap(", ".join(contents(folder) or [m for m in modules(folder) if m != "__init__"]), characters)
    foot = textwrap.wrap("uses " + ", ".join(targets), characters) if targets else []
    name = f"{folder}/" if modules(folder) else f"{folder}.py"
    return [(name, "name"), *((line, "inside") for line in inside), *((line, "foot") for line in foot)]


def draw() -> str:
    """The package as an SVG: a layer for each band, and for each folder a box with its modules and what it uses."""
    graph, parts, y = uses(), [], GAP
    for name, (what, _) in BANDS.items():
        members = [folder for folder in folders() if band(folder) == name]
        columns = min(5, max(3, len(members)))
        width = (WIDTH - LEFT - GAP * (columns + 1)) / columns
        top, y = y, y + GAP
        for at in range(0, len(members), columns):
            row = [
                (folder, box(folder, graph[folder], int((width - 2 * PAD) / 6.8)))
                for folder in members[at : at + columns]
            ]
            height = max(len(lines) for _, lines in row) * LINE + 2 * PAD
            for i, (_, lines) in enumerate(row):
                x = LEFT + GAP + i * (width + GAP)
                parts.append(f'<rect x="{x:.0f}" y="{y}" width="{width:.0f}" height="{height}" rx="5" class="box"/>')
                for k, (line, style) in enumerate(lines):
                    baseline = y + PAD + LINE * k + 11
                    parts.append(f'<text x="{x + PAD:.0f}" y="{baseline}" class="{style}">{html.escape(line)}</text>')
            y += height + GAP
        parts.insert(0, f'<rect x="0" y="{top}" width="{WIDTH}" height="{y - top}" rx="8" fill="{COLOURS[name]}"/>')
        parts += [f'<text x="14" y="{top + 26}" class="band">{name}</text>']
        parts += [
            f'<text x="14" y="{top + 44 + 15 * k}" class="what">{line}</text>'
            for k, line in enumerate(textwrap.wrap(what, 20))
        ]
        y += GAP
    said = "; ".join(f"{folder} uses {', '.join(targets)}" for folder, targets in graph.items() if targets)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img">',
            "<title>The package: folders of aigc_lab in five bands; imports point down only</title>",
            f"<desc>{html.escape(said)}.</desc>",
            "<style>text{font-family:sans-serif;fill:#222}.band{font-size:18px;font-weight:bold}.what,.foot{font-size:12px;fill:#555}"
            ".name{font-size:14px;font-weight:bold}.inside{font-size:12px}.foot{font-style:italic}"
            ".box{fill:#fff;stroke:#999}</style>",
            f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>',
            *parts,
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    SVG.write_text(draw(), encoding="utf-8")
    print(f"{SVG.relative_to(ROOT)}: {len(folders())} folders and modules")
