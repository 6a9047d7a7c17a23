"""How the commands start JupyterLab, kernels and other Pythons: with this course's package, and with no file in place of a module.

Python looks for modules first in the folder that it is started in. A student's `random.py` there would stop JupyterLab before it says a
word; hence `-P`. The course's kernel, in `kernels/`, starts so, too. It then appends the notebook's folder to the path, so that
`import helper` finds the `helper.py` beside the notebook, while a `torch.py` there hides nothing. `labconfig/` holds settings for
JupyterLab, which would first ask whether to fetch its news.
"""

import os
import sys
from pathlib import Path

from aigc_lab.commands.course import Course
from aigc_lab.machine import startup

FOLDER = Path(__file__).parent
PYTHON = [sys.executable, "-P"]


def environment(course: Course) -> dict[str, str]:
    """The environment for a process of the course: the package and the kernel that it finds first are the course's, and text is UTF-8."""
    own = (course.root / "aigc_lab").is_dir()
    path = startup.python_path(course.root) if own else startup.python_path()
    return os.environ | {"JUPYTER_PATH": search_path(), "PYTHONPATH": path} | startup.UTF8


def search_path() -> str:
    """JUPYTER_PATH with the course's kernel first: "python3" then is this Python, and not one that another environment left under that name."""
    others = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    return os.pathsep.join([str(FOLDER), *(folder for folder in others if folder not in ("", str(FOLDER)))])
