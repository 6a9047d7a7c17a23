"""The command line `aigc-lab`: thin; each command lives in `aigc_lab/commands/`, and is imported when it is called."""

import io
import sys
from enum import StrEnum
from typing import Annotated

import typer

from aigc_lab.commands.course import CourseError, find_course, trouble

app = typer.Typer(
    help="AIGC Lab: a course on generative AI in Jupyter notebooks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True}
PAIR = "\0"  # joins NAME and VALUE of `-p`: Typer has no option that takes two words and can be given again


class Profile(StrEnum):
    """Budgets that a lesson can be run with."""

    ci = "ci"
    cpu = "cpu"
    gpu = "gpu"


Lessons = Annotated[
    list[str] | None, typer.Argument(metavar="[LESSON]...", help="number or name; all if none is given")
]


def say(text: str) -> None:
    """Print at once, without markup: a lesson's error message may hold any character."""
    print(text, flush=True)


@app.command(context_settings=PASS_ON)
def lab(
    context: typer.Context,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="start the server only")] = False,
    port: Annotated[int | None, typer.Option(help="port of the server; JupyterLab's own choice if not given")] = None,
) -> None:
    """Copy the lessons to work/ and open JupyterLab there; more options go to `jupyter lab`."""
    from aigc_lab.commands.lab import hand_out, open_lab

    course = find_course()
    arguments = ["--no-browser"] * no_browser + [f"--port={port}"] * (port is not None)
    raise typer.Exit(open_lab(course, hand_out(course, say), arguments + context.args))


@app.command("list")
def list_lessons() -> None:
    """List the lessons with their measured times."""
    from rich.console import Console
    from rich.table import Table

    from aigc_lab.commands.expand import spoken_time

    table = Table("", "lesson", "title", "time", box=None, pad_edge=False)
    for lesson in find_course().lessons:
        table.add_row(lesson.number, lesson.name, lesson.title, spoken_time(lesson.seconds))
    Console().print(table)


@app.command()
def notebooks(
    lessons: Lessons = None,
    force: Annotated[bool, typer.Option("--force", help="build again even what is up to date")] = False,
    check: Annotated[bool, typer.Option("--check", help="build nothing; list what is stale and exit with 1")] = False,
) -> None:
    """Build notebooks/ from lessons/ (for authors): executed in profile cpu, only what changed."""
    from aigc_lab.commands.notebooks import build_all, check_all

    course = find_course()
    chosen = course.select(lessons)
    if check:
        raise typer.Exit(0 if check_all(course, chosen, say=say) else 1)
    failed = build_all(course, chosen, force=force, say=say)
    if failed:
        say(f"{len(failed)} of {len(chosen)} lesson(s) failed: {', '.join(lesson.name for lesson in failed)}")
        raise typer.Exit(1)


@app.command()
def run(
    lessons: Lessons = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="NAME VALUE", help="set a lesson's parameter; can be given again"),
    ] = None,
    profile: Annotated[Profile | None, typer.Option(help="budgets; chosen from the machine if not given")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="lessons at a time; by default as many as cores and memory allow")
    ] = None,
) -> None:
    """Execute lessons headless, in parallel; copies and a report go to build/."""
    from aigc_lab.commands.run_view import run_and_show

    course = find_course()
    chosen = course.select(lessons)
    try:
        passed = run_and_show(
            course, chosen, parameters=dict(pair.split(PAIR) for pair in parameter or []), profile=profile, jobs=jobs
        )
    except KeyboardInterrupt:
        say("interrupted; build/report.json has what finished")
        raise typer.Exit(130) from None
    raise typer.Exit(0 if passed else 1)


@app.command(context_settings=PASS_ON)
def test(context: typer.Context) -> None:
    """Run all tests, then all notebooks through nbval, in profile ci; arguments go to pytest."""
    from aigc_lab.commands.test import run_tests

    raise typer.Exit(0 if run_tests(find_course(), context.args, say) else 1)


data = typer.Typer(help="List the data sets; fetch a full one.", invoke_without_command=True)
app.add_typer(data, name="data")


@data.callback()
def data_default(context: typer.Context) -> None:
    """`aigc-lab data` alone lists the data sets."""
    if context.invoked_subcommand is None:
        data_list()


@data.command("list")
def data_list() -> None:
    """Show what is embedded and what can be downloaded, with sizes and licences."""
    from aigc_lab.commands.data import show_sets

    show_sets()


@data.command("fetch")
def data_fetch(name: Annotated[str, typer.Argument(help="as `aigc-lab data list` shows it")]) -> None:
    """Download a full data set into the cache and check it, so that lessons can use it offline."""
    from aigc_lab.commands.data import fetch

    fetch(name, say)


@app.command()
def doctor() -> None:
    """Say what this machine has, what that means for the course, and what to do."""
    from aigc_lab.commands.doctor import examine, show

    raise typer.Exit(0 if show(examine()) else 1)


def join_pairs(arguments: list[str]) -> list[str]:
    """The arguments of `run` with NAME and VALUE of each `-p NAME VALUE` joined into one word.

    Raises:
        CourseError: NAME or VALUE is missing.
    """
    if arguments[:1] != ["run"]:
        return arguments
    joined: list[str] = []
    words = iter(arguments)
    for word in words:
        joined.append(word)
        if word in ("-p", "--parameter"):
            name, value = next(words, None), next(words, None)
            if name is None or value is None:
                raise CourseError(f"{word} takes a name and a value, as in `{word} seed 3`.")
            joined.append(name + PAIR + value)
    return joined


def main() -> None:
    """Entry point: runs the command, and prints what a user can mend as one line instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # On a Windows that writes GBK, say, the © of a licence becomes "?" and not an error.
            stream.reconfigure(errors="replace")
    try:
        app(join_pairs(sys.argv[1:]))
    except CourseError as error:
        print(f"aigc-lab: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:  # of the file system; what a command can say more about, it says itself
        print(f"aigc-lab: {trouble(error)}.", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
