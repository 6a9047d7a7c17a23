"""Things to play with, and the quiz.

- `sliders`: `play`: controls that redraw a picture
- `quiz_cell`: `quiz`
"""

from aigc_lab.widgets.quiz_cell import quiz, quizzes
from aigc_lab.widgets.sliders import play

__all__ = ["play", "quiz", "quiz_cell", "quizzes", "sliders"]
