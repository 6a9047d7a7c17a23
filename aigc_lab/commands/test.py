"""`aigc-lab test`: the package's tests, then every notebook as students get it (nbval), in profile `ci`."""

import os
import subprocess
from collections.abc import Callable
from importlib.util import find_spec

from aigc_lab.commands import jupyter
from aigc_lab.commands.course import Course, CourseError

PARALLEL = ["-n", "2", "--dist", "loadfile"]  # a notebook is one kernel: all of its cells must go to one worker
NBVAL = ["--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider"]
NO_TESTS = 5  # pytest's exit code where it collected nothing


def steps(course: Course, arguments: list[str]) -> list[tuple[str, list[str]]]:
    """Title and pytest arguments of each step.

    Args:
        course: without notebooks, their step is left out.
        arguments: passed on to both steps.
    """
    plan = [("tests of the package and the course", [*PARALLEL, "tests", *arguments])]
    if any((course.root / "notebooks").glob("*.ipynb")):
        plan.append(("every notebook, executed in profile ci", [*PARALLEL, *NBVAL, "notebooks", *arguments]))
    return plan


def run_tests(course: Course, arguments: list[str], say: Callable[[str], None] = print) -> bool:
    """Run both steps, the second also if the first fails; True if neither failed.

    Raises:
        CourseError: pytest or nbval is not installed.
    """
    if not all(find_spec(name) for name in ("pytest", "nbval", "xdist")):
        raise CourseError(
            "pytest, nbval or pytest-xdist is not installed: `make test` installs them; without make, "
            "`python aigc_lab/commands/environment --tools` in the course folder."
        )
    environment = jupyter.environment(course)
    environment |= {"AIGC_LAB_HOME": str(course.root / "build" / "test-home")}  # not the student's own progress
    environment |= {"AIGC_LAB_PROFILE": "ci", "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    codes = {}
    for title, command in steps(course, arguments):
        say(f"\n=== {title}\npytest {' '.join(command)}")
        codes[title] = subprocess.call([*jupyter.PYTHON, "-m", "pytest", *command], cwd=course.root, env=environment)
    say("")
    for title, code in codes.items():
        say(f"{'passed' if code == 0 else 'nothing to do' if code == NO_TESTS else 'FAILED'}: {title}")
    good = {0, NO_TESTS} if arguments else {0}  # a selection (-k, -m) may fit only one of the steps
    return set(codes.values()) <= good and 0 in codes.values()
