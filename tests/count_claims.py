"""In how many runs the course's claims hold: `python tests/count_claims.py [LESSON ...]`.

Each lesson runs in a kernel of its own with seeds 0 to 9, each with one thread and with two: 20 runs. What `verify.promise` and
`verify.agree` find is noted and doesn't stop the run. Broken claims are listed at the end; the exit code is 1 if one holds in fewer
than 19 of 20 runs, or if a cell raises.

    --seeds 0-9        seeds, as 0-3 or 0,4,7
    --threads 1,2      threads of torch
    --profile cpu      budgets: cpu or ci
    --jobs 2           runs at a time; 1 where a lesson's claims are about time (01, 02, 36, 37, 38)
    --twice            run every cell twice, and the parameters cell again in the middle
    --keep FOLDER      keep the executed notebooks
    --notes FILE       note each finished run there; those it already holds aren't repeated (for a count that was stopped)
    --write            put the counts into tests/claims.json (all seeds and threads, profile cpu)
"""

import argparse
import ast
import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from aigc_lab.commands.course import Course
from aigc_lab.commands.execute import LessonFailedError, build_environment, describe
from aigc_lab.commands.expand import expand

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "claims.json"

# Runs in the kernel after the bootstrap cell: each claim is noted as (how many cells later, line, text, held, what was seen), and none raises.
NOTE = """
def _note_claims(file):
    import functools, json, sys
    from aigc_lab import runtime, verify

    here = get_ipython().execution_count

    def noting(check):
        @functools.wraps(check)
        def noted(text, *arguments, **named):
            frame = sys._getframe(1)
            seen, before = "", runtime.building
            runtime.building = lambda: True
            try:
                check(text, *arguments, **named)
            except AssertionError as error:
                seen = str(error)
                print("✗", seen)
            finally:
                runtime.building = before
            row = (get_ipython().execution_count - here, frame.f_lineno, check.__name__, text, not seen, seen)
            with open(file, "a", encoding="utf-8") as out:
                out.write(json.dumps(row) + "\\n")
        return noted

    verify.promise, verify.agree = noting(verify.promise), noting(verify.agree)
"""


def run(job):
    """One run of a lesson.

    Returns:
        (job, claims as [cell number, claim as the lesson writes it, held, seen], the error or None, seconds).
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbformat.v4 import new_code_cell

    name, seed, threads, profile, twice, keep = job
    course = Course(ROOT)
    lesson = next(one for one in course.lessons if one.name == name)
    notebook = expand(course, lesson, None)
    cells, numbers = [], []  # numbers: of the lesson's code cells, in the order of execution, from the note on
    parameters = None
    with tempfile.TemporaryDirectory(prefix="claims-", ignore_cleanup_errors=True) as home:
        log = Path(home, "claims.jsonl")
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                tags = cell.metadata.get("tags", [])
                if "parameters" in tags:
                    cell.source += f"\nseed = {seed}"
                    parameters = cell
                copies = 2 if twice and "bootstrap" not in tags else 1
                cells += [cell.copy() for _ in range(copies)]
                numbers += [number] * copies
                if "bootstrap" in tags:
                    cells.append(new_code_cell(f"{NOTE}\n_note_claims({str(log)!r})"))
                    numbers = [number]
                if twice and number == len(notebook.cells) // 2:
                    cells.append(parameters.copy())
                    numbers.append(number)
            else:
                cells.append(cell)
        whole = {**notebook, "cells": cells}
        notebook = type(notebook)(whole)
        for index, cell in enumerate(notebook.cells):
            cell["id"] = f"cell{index}"
        env = build_environment(ROOT, Path(home))
        env |= {"AIGC_LAB_PROFILE": profile, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        env.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        empty = Path(home, "lesson")
        empty.mkdir()
        current, error, start = [0], None, time.perf_counter()
        client = NotebookClient(
            notebook,
            timeout=3600,
            kernel_name="python3",
            resources={"metadata": {"path": str(empty)}},
            record_timing=False,
            store_widget_state=False,
            extra_arguments=["--log-level=40"],
            on_cell_start=lambda cell, cell_index: current.append(cell_index),
        )
        try:
            client.execute(env=env)
        except (CellExecutionError, CellTimeoutError, DeadKernelError, LessonFailedError) as fault:
            error = describe(notebook, current[-1], str(getattr(fault, "ename", "")) or type(fault).__name__)
        seconds = time.perf_counter() - start
        rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.is_file() else []
    claims, texts = [], claims_of(name)
    for count, line, _, text, held, seen in rows:
        cell = numbers[count]
        claims.append([cell, texts.get((cell, line), text), held, seen])
    if keep:
        import nbformat

        Path(keep).mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, Path(keep, f"{name}-seed{seed}-threads{threads}.ipynb"))
    return job, claims, error, seconds


def claims_of(name):
    """{(cell, line): source of the claim's text} for every call of promise and agree in a lesson."""
    course = Course(ROOT)
    lesson = next(one for one in course.lessons if one.name == name)
    found = {}
    for number, cell in enumerate(expand(course, lesson, None).cells):
        if cell.cell_type != "code":
            continue
        lines = [f"pass  # {line}" if line.startswith(("%", "!")) else line for line in cell.source.splitlines()]
        try:
            tree = ast.parse("\n".join(lines))
        except SyntaxError:
            continue
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("verify.promise", "verify.agree"):
                told = source_of(call.args[0], tree, call.lineno)
                for line in range(call.lineno, call.end_lineno + 1):
                    found.setdefault((number, line), told)
    return found


def source_of(text, tree, line):
    """How a claim is written: a string, or the source of what makes one; of a name, what was assigned to it last."""
    if isinstance(text, ast.Name):
        given = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and node.lineno < line]
        values = [node.value for node in given if ast.unparse(node.targets[0]) == text.id]
        text = values[-1] if values else text
    return text.value if isinstance(text, ast.Constant) else ast.unparse(text)


def spread(text):
    """The numbers that "0-3" or "0,4,7" names."""
    low, dash, high = text.partition("-")
    return list(range(int(low), int(high) + 1)) if dash else [int(part) for part in text.split(",")]


def jobs_of(names, seeds, threads, profile, twice, keep):
    return [(name, seed, count, profile, twice, keep) for name in names for count in threads for seed in seeds]


def execute_all(jobs, workers, notes):
    """Yields what `run` gives for each job; what the notes hold already comes first, what is new is noted."""
    lines = Path(notes).read_text(encoding="utf-8").splitlines() if notes and Path(notes).is_file() else []
    done = {tuple(job): rest for job, *rest in map(json.loads, lines)}
    yield from ((job, *done[job]) for job in jobs if job in done)
    with ProcessPoolExecutor(max_workers=workers) as pool:
        for found in pool.map(run, [job for job in jobs if job not in done]):
            if notes:
                with open(notes, "a", encoding="utf-8") as out:
                    out.write(json.dumps(found) + "\n")
            yield found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], epilog=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--seeds", type=spread, default=list(range(10)))
    parser.add_argument("--threads", type=spread, default=[1, 2])
    parser.add_argument("--profile", default="cpu", choices=["ci", "cpu"])
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--keep")
    parser.add_argument("--notes")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()

    course = Course(ROOT)
    names = [x.name for x in course.lessons if not options.lessons or x.number in options.lessons]
    held, total, faults, crashes = defaultdict(Counter), Counter(), defaultdict(list), []
    jobs = jobs_of(names, options.seeds, options.threads, options.profile, options.twice, options.keep)
    for (name, seed, threads, *_), claims, error, seconds in execute_all(jobs, options.jobs, options.notes):
        run_name = f"seed {seed}, {threads} thread{'s' * (threads > 1)}"
        broken = [one for one in claims if not one[2]]
        print(f"{name}: {run_name}: {seconds:.0f} s, {len(broken)} of {len(claims)} broken", flush=True)
        total[name] += 1
        if error:
            crashes.append(f"{name}: {run_name}: {error}")
            print(error, flush=True)
        held[name].update({claim for _, claim, *_ in claims} - {claim for _, claim, *_ in broken})
        for cell, claim, _, seen in broken:
            faults[name, claim].append(f"{run_name}: {seen}")
            print(f"    cell {cell + 1}: {seen}", flush=True)

    weak = False
    for name, claim in sorted(faults):
        runs = total[name]
        count = held[name][claim]
        bad = count < runs - runs // 20
        weak |= bad
        print(f"{'✗' if bad else '·'} {name}: held in {count} of {runs}: {claim}")
    for crash in crashes:
        print(f"✗ {crash.splitlines()[0]}")
    if options.write:
        write(names, held, total)
    return int(weak or bool(crashes))


def write(names, held, total) -> None:
    """Put the counts of these lessons into the table; the other lessons' stay."""
    table = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.is_file() else {}
    for name in names:
        claims = dict.fromkeys(claims_of(name).values())
        table[name] = {"runs": total[name], "held": {claim: held[name][claim] for claim in claims}}
    TABLE.write_text(json.dumps(dict(sorted(table.items())), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
