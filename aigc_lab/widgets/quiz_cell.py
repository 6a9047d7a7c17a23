"""The quiz at the end of a lesson."""

import html
import json
from importlib import resources

from aigc_lab import display, runtime


def quiz(lesson: str) -> None:
    """Show a lesson's quiz, from `aigc_lab/quizzes/<lesson>.json`; each choice is answered at once, with the reason.

    Args:
        lesson: file name of the lesson without its ending, such as "01_start_here".

    Raises:
        FileNotFoundError: no such quiz.
    """
    source = resources.files("aigc_lab") / "quizzes" / f"{lesson}.json"
    if not source.is_file():
        raise FileNotFoundError(f"no quiz for lesson {lesson!r}; there are: {', '.join(quizzes())}")
    questions = json.loads(source.read_text(encoding="utf-8"))
    if runtime.building() or not display.in_notebook():
        listed = "".join(f"<li>{html.escape(q['question'])}<ul>{_options(q)}</ul></li>" for q in questions)
        plain = "\n".join(f"{i}. {q['question']}" for i, q in enumerate(questions, 1))
        display.show(f'<ol>{listed}</ol><div style="opacity:.7">▷ Run this cell to answer.</div>', plain)
        return
    from jupyterquiz import display_quiz

    display_quiz(questions, shuffle_answers=True)


def quizzes() -> list[str]:
    """The lessons that have a quiz."""
    folder = resources.files("aigc_lab") / "quizzes"
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


def _options(question: dict) -> str:
    return "".join(f"<li>{html.escape(str(answer['answer']))}</li>" for answer in question["answers"])
