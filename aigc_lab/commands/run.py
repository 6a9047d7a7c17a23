"""`aigc-lab run`: execute lessons headless with papermill, several at a time, and report what happened."""

import ast
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from aigc_lab.commands import jupyter
from aigc_lab.commands.course import Course, CourseError, Lesson, trouble, unwritable
from aigc_lab.commands.execute import ANSI, cause_of_death
from aigc_lab.commands.readme import replace_text
from aigc_lab.machine import limits

PROGRESS = re.compile(r"Executing:.*?(\d+)/(\d+)")
MEMORY_PER_LESSON = 2e9  # bytes that a lesson may need; bounds how many run at a time


@dataclass
class Result:
    """The result of one lesson.

    `status` is waiting, running, passed, failed or interrupted; memory is that of all its processes together.
    """

    lesson: str
    status: str = "waiting"
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    cell: int | None = None
    error: str | None = None
    traceback: str | None = None


@dataclass
class Job:
    """A lesson being executed by a papermill process of its own."""

    lesson: Lesson
    result: Result
    process: subprocess.Popen
    output: Path
    log: Path
    folder: tempfile.TemporaryDirectory
    start: float
    memory_kills: int | None  # counted by the system before it


def default_jobs(lessons: int, profile: str | None) -> int:
    """Lessons at a time: one a core (small networks gain more from that than from threads), as far as memory goes.

    Where lessons may use a GPU, at most two: one computes while the other prepares.
    """
    fit = int(limits.memory()[0] / MEMORY_PER_LESSON)
    shared = 2 if profile == "gpu" or (profile is None and shutil.which("nvidia-smi")) else lessons
    return max(1, min(lessons, limits.threads(), fit, shared))


def check_parameters(lessons: list[Lesson], parameters: dict[str, str]) -> None:
    """Every name must be assigned in the `parameters` cell of every lesson that is to run.

    Raises:
        CourseError: a lesson has no parameter of that name; papermill would set it to no effect.
    """
    for lesson in lessons:
        known = parameter_names(lesson)
        for name in parameters:
            if name not in known:
                there = ", ".join(known) or "none"
                raise CourseError(f"lesson {lesson.name} has no parameter {name!r}; its parameters: {there}.")


def parameter_names(lesson: Lesson) -> list[str]:
    """Names assigned in the cell tagged `parameters`."""
    notebook = json.loads(lesson.notebook.read_text(encoding="utf-8"))
    names = []
    for cell in notebook["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            for node in ast.walk(ast.parse("".join(cell["source"]))):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    names.append(node.id)
    return names


def run_lessons(
    course: Course,
    lessons: list[Lesson],
    *,
    parameters: dict[str, str],
    profile: str | None,
    jobs: int | None,
    progress: Callable[[Result, int, int], None] = lambda result, done, cells: None,
) -> list[Result]:
    """Execute lessons in parallel; executed copies go to build/run/, the report to build/report.json.

    Args:
        course: where the notebooks are.
        lessons: what to run.
        parameters: names and values for the parameters cell, as papermill's `-p`.
        profile: ci, cpu or gpu; None lets each lesson choose from the machine.
        jobs: lessons at a time; None takes `default_jobs`.
        progress: called a few times a second for each running lesson, with its result, the cells done, and the cells in all.

    Raises:
        CourseError: a lesson is not built, or lacks a parameter; or build/ can't be written.
    """
    missing = [lesson.name for lesson in lessons if not lesson.notebook.is_file()]
    if missing or not lessons:
        raise CourseError(f"not built yet: {', '.join(missing) or 'any lesson'}. Run `aigc-lab notebooks` first.")
    check_parameters(lessons, parameters)
    jobs = jobs or default_jobs(len(lessons), profile)
    environment = run_environment(course, profile, threads=max(1, limits.threads() // jobs))
    folder = course.root / "build" / "run"
    if reason := unwritable(folder):
        raise CourseError(f"{reason}. The executed copies and the report are written there.")
    results = [Result(lesson.name) for lesson in lessons]
    # the longest first, so that no core waits at the end for one that started late
    waiting = sorted(zip(lessons, results, strict=True), key=lambda pair: -(pair[0].seconds or 1e9))
    running: list[Job] = []
    start = time.perf_counter()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                lesson, result = waiting.pop(0)
                try:
                    running.append(start_job(lesson, result, folder, parameters, environment))
                except OSError as error:
                    result.status, result.error = "failed", trouble(error)
                    progress(result, 0, 0)
            time.sleep(0.2)
            for job in list(running):
                watch(job)
                done = cells_done(job.log)
                if job.process.poll() is not None:
                    finish(job)
                    running.remove(job)
                progress(job.result, *done)
    finally:
        for job in running:
            stop(job)
        for result in results:
            if result.status in ("waiting", "running"):
                result.status = "interrupted"
        write_report(course, results, profile=profile, jobs=jobs, seconds=time.perf_counter() - start)
    return results


def run_environment(course: Course, profile: str | None, threads: int) -> dict[str, str]:
    environment = jupyter.environment(course)
    environment |= {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    environment.pop("AIGC_LAB_BUILD", None)
    if profile:
        environment["AIGC_LAB_PROFILE"] = profile
    return environment


def start_job(lesson: Lesson, result: Result, folder: Path, parameters: dict, environment: dict) -> Job:
    """Start papermill on one lesson, in an empty folder."""
    output, log = folder / lesson.notebook.name, folder / f"{lesson.name}.log"
    empty = tempfile.TemporaryDirectory(prefix="lesson-", ignore_cleanup_errors=True)
    command = [
        *jupyter.PYTHON,
        "-m",
        "papermill",
        str(lesson.notebook),
        str(output),
        "--cwd",
        empty.name,
        "--progress-bar",
    ]
    for name, value in parameters.items():
        command += ["-p", name, value]
    output.unlink(missing_ok=True)
    environment = environment | {"AIGC_LAB_HOME": str(folder / ".progress")}  # not the student's own
    kills = limits.memory_kills()
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    result.status = "running"
    return Job(lesson, result, process, output, log, empty, time.perf_counter(), kills)


def family(process: subprocess.Popen) -> list:
    """The process and all below it: papermill, the kernel, and what the lesson starts."""
    import psutil

    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def watch(job: Job) -> None:
    """Note time and memory (resident, summed over the lesson's processes)."""
    import psutil

    total = 0
    for member in family(job.process):
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    job.result.peak_memory_mb = round(max(job.result.peak_memory_mb, total / 1e6), 1)
    job.result.seconds = round(time.perf_counter() - job.start, 1)


def finish(job: Job) -> None:
    """Read from the executed copy which cell failed and why."""
    job.folder.cleanup()
    job.result.status = "passed" if job.process.returncode == 0 else "failed"
    if job.result.status == "passed":
        job.log.unlink(missing_ok=True)
        return
    try:
        cells = json.loads(job.output.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError):
        cells = []
    # papermill adds cells of its own to the copy; the count is that of the lesson
    added = {"papermill-error-cell-tag", "injected-parameters"}
    cells = [cell for cell in cells if not added & set(cell["metadata"].get("tags", []))]
    for number, cell in enumerate(cells, start=1):
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                job.result.cell = number
                job.result.error = ANSI.sub("", f"{output['ename']}: {output['evalue']}")
                trace = ANSI.sub("", "\n".join(output["traceback"])).splitlines()
                job.result.traceback = "\n".join(trace[-12:])
                return
        if cell["metadata"].get("papermill", {}).get("start_time"):
            job.result.cell = number  # so far: the last that began
    log = ANSI.sub("", read_log(job.log)).splitlines()
    nothing = unwritable(job.output.parent) or f"papermill ended with {job.process.returncode}"
    job.result.error = log[-1] if log else nothing
    job.result.traceback = "\n".join(log[-12:])
    if "DeadKernelError" in job.result.error or job.process.returncode == -9:  # or papermill itself was killed
        job.result.error, job.result.traceback = f"{cause_of_death(job.memory_kills)}.", None


def stop(job: Job) -> None:
    """End a lesson's processes, kernel included."""
    import psutil

    members = family(job.process)
    for member in members:
        try:
            member.kill()
        except psutil.Error:
            continue
    job.process.wait()
    job.folder.cleanup()
    job.result.status = "interrupted"


def cells_done(log: Path) -> tuple[int, int]:
    """Cells executed and cells in all, from papermill's progress bar."""
    found = PROGRESS.findall(read_log(log))
    return (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)


def read_log(log: Path) -> str:
    """What papermill and the lesson said; "" if it can't be read."""
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def write_report(course: Course, results: list[Result], *, profile: str | None, jobs: int, seconds: float) -> None:
    """build/report.json: one entry a lesson, and the conditions they were measured under. Where it can't be written, this says so."""
    path = course.root / "build" / "report.json"
    report = {
        "version": course.version,
        "profile": profile or os.environ.get("AIGC_LAB_PROFILE") or "chosen by the machine",
        "jobs": jobs,
        "cores": limits.cores(),
        "seconds": round(seconds, 1),
        "lessons": [asdict(result) for result in results],
    }
    try:
        replace_text(path, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        print(f"there is no report this time: {trouble(error, path)}.", file=sys.stderr)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)  # that of another run
