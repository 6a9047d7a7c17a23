"""What several test files share: where the course is, a tiny lesson to write, a notebook to read, nested states to compare."""

import json
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = '[project]\nname = "toy"\nversion = "0.3.0"\n\n[project.urls]\n'

LESSON = """\
# %% [markdown]
# # {number} · {title}
#
# <!-- badge -->
#
# You add two numbers, and
# see their sum.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | nothing beyond Python | add<br>see |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
steps = None  # None: chosen from the profile

# %%
{code}

# %% [markdown]
# **Predict first.** What is one and one?

# %% tags=["predict"]
print("the answer is", 1 + 1)

# %% [markdown]
# You should have seen two.
"""


def write_lesson(root: Path, name: str, code: str = "print('sum', 1 + 1)", title: str = "Sums") -> Path:
    """A lesson of the toy course; with the same name again, a new text of it."""
    path = root / "lessons" / f"{name}.py"
    path.write_text(LESSON.format(number=name[:2], title=title, code=code), encoding="utf-8")
    return path


def source_cells(notebook: Path) -> list[dict]:
    """The cells of a notebook file, each source as one string."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in cells]


def same(one, other) -> bool:
    """Whether two nested states are equal to the bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other
