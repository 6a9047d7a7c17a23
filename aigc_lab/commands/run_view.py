"""What `aigc-lab run` shows: a bar for each lesson while it runs, then a table, then each failure with its cell."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from aigc_lab.commands.course import Course, Lesson
from aigc_lab.commands.run import Result, run_lessons

COLOURS = {"passed": "green", "failed": "red", "interrupted": "yellow"}


def run_and_show(course: Course, lessons: list[Lesson], **settings) -> bool:
    """Run lessons with a progress display; True if all passed. Settings as in `run.run_lessons`."""
    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks = {}

        def progress(result: Result, done: int, cells: int) -> None:
            if result.lesson not in tasks:
                tasks[result.lesson] = bars.add_task(result.lesson, total=None)
            if result.status != "running":
                if not console.is_terminal:
                    console.print(f"{result.lesson}: {result.status} after {result.seconds:.1f} s")
                bars.stop_task(tasks[result.lesson])
            bars.update(tasks[result.lesson], completed=done, total=cells or None)

        results = run_lessons(course, lessons, progress=progress, **settings)
    show(console, results)
    report = ", the report is build/report.json" if (course.root / "build" / "report.json").is_file() else ""
    console.print(f"\nExecuted copies are in build/run/{report}.", highlight=False)
    return all(result.status == "passed" for result in results)


def show(console: Console, results: list[Result]) -> None:
    """The table, then each failed lesson: which cell, why, and the end of its traceback."""
    table = Table("lesson", "status", "seconds", "peak memory", box=None, pad_edge=False)
    for result in results:
        colour = COLOURS[result.status]
        memory = f"{result.peak_memory_mb:.0f} MB"
        table.add_row(result.lesson, f"[{colour}]{result.status}[/]", f"{result.seconds:.1f}", memory)
    console.print(table)
    for result in results:
        if result.status == "failed":
            where = f"cell {result.cell}" if result.cell else "no cell"
            console.print(f"\n{result.lesson}, {where}: {result.error}", markup=False, highlight=False, style="red")
            console.print(result.traceback or "", markup=False, highlight=False)
