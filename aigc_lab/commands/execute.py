"""Execute a notebook afresh in profile `cpu`, and strip from it what depends on the machine or the moment."""

import asyncio
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from aigc_lab.commands import jupyter
from aigc_lab.commands.course import Course
from aigc_lab.machine import limits

CELL_TIMEOUT = 1800  # seconds; a lesson's budget is 90 in all, on a machine that does nothing else
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class LessonFailedError(Exception):
    """A cell raised, or the kernel died; the text says where and why."""


def execute(notebook, root: Path) -> float:
    """Run all cells in an empty temporary folder, write the outputs into the notebook, and return the seconds it took.

    Args:
        notebook: nbformat node, changed in place.
        root: the course's folder; its `aigc_lab` is the one that is imported.

    Raises:
        LessonFailedError: a cell raised, took more than CELL_TIMEOUT, or the kernel died.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    with tempfile.TemporaryDirectory(prefix="lesson-", ignore_cleanup_errors=True) as home:
        empty = Path(home, "lesson")
        empty.mkdir()
        current = []
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            resources={"metadata": {"path": str(empty)}},
            record_timing=False,
            store_widget_state=False,
            extra_arguments=["--log-level=40"],
            on_cell_start=lambda cell, cell_index: current.append(cell_index),
        )
        if sys.platform == "win32":  # zmq needs a selector loop, which is not Windows' default
            asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
        os.environ["JUPYTER_PATH"] = jupyter.search_path()  # nbclient looks for the kernel in this process
        kills, start = limits.memory_kills(), time.perf_counter()
        try:
            client.execute(env=build_environment(root, Path(home)))
        except CellExecutionError as error:
            raise LessonFailedError(describe(notebook, current[-1], f"{error.ename}: {error.evalue}")) from None
        except CellTimeoutError:
            raise LessonFailedError(describe(notebook, current[-1], f"took more than {CELL_TIMEOUT} s")) from None
        except DeadKernelError:
            raise LessonFailedError(describe(notebook, current[-1] if current else 0, cause_of_death(kills))) from None
        seconds = time.perf_counter() - start
    for cell in notebook.cells:
        tidy(cell)
    return seconds


def build_environment(root: Path, home: Path) -> dict[str, str]:
    """The environment of the kernel: fixed profile and hash seed, and nothing of the author's own settings or progress."""
    inherited = jupyter.environment(Course(root)).items()
    env = {name: value for name, value in inherited if not name.startswith("AIGC_LAB_") and name != "MPLBACKEND"}
    env |= {"AIGC_LAB_PROFILE": "cpu", "AIGC_LAB_BUILD": "1", "PYTHONHASHSEED": "0"}
    env |= {"IPYTHONDIR": str(home / "ipython"), "AIGC_LAB_HOME": str(home / "progress")}
    return env


def cause_of_death(kills: int | None) -> str:
    """What to say of a kernel that died, given how many processes `limits.memory_kills` had counted before."""
    if kills is None or limits.memory_kills() in (None, kills):
        return "the kernel died"
    return (
        f"the kernel died: memory ran out, and the system ended it. Processes here may use {limits.memory()[1] / 1e9:.1f} GB in all: close other "
        "programs, shut down other kernels, and run one lesson at a time (`aigc-lab run --jobs 1`)"
    )


def describe(notebook, index: int, reason: str) -> str:
    """Which cell, how it starts, the error, and the last lines of its traceback."""
    cell = notebook.cells[index]
    first = next((line for line in cell.source.splitlines() if line.strip()), "")
    lines = [f"cell {index + 1} of {len(notebook.cells)} (`{first[:70]}`): {reason}"]
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            trace = ANSI.sub("", "\n".join(output.traceback)).splitlines()
            lines += [f"    {line}" for line in trace[-14:]]
    return "\n".join(lines)


def tidy(cell) -> None:
    """Strip what differs from run to run or gives a prediction away; join neighbouring pieces of a stream."""
    cell.metadata.pop("execution", None)
    if cell.cell_type != "code":
        return
    if "predict" in cell.metadata.get("tags", []):
        cell.outputs, cell.execution_count = [], None
        return
    joined: list = []
    for output in cell.outputs:
        if output.output_type == "stream":
            add_to_stream(joined, output)
        else:
            joined.append(output)
            if "data" in output:
                output.data.pop("application/vnd.jupyter.widget-view+json", None)  # its state is not stored
    for output in joined:
        if output.output_type == "stream":
            output.text = after_carriage_returns(output.text)
    cell.outputs = joined


def add_to_stream(outputs: list, piece) -> None:
    """Join a piece to its stream since the last picture. stdout goes before stderr, since their order varies from run to run."""
    tail = []
    while outputs and outputs[-1].output_type == "stream":
        tail.append(outputs.pop())
    same = next((stream for stream in tail if stream.name == piece.name), None)
    if same is None:
        tail.append(piece)
    else:
        same.text += piece.text
    outputs += sorted(tail, key=lambda stream: stream.name, reverse=True)


def after_carriage_returns(text: str) -> str:
    """What a terminal would still show: of each line, the part after its last carriage return."""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
