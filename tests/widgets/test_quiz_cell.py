"""The cell of a quiz: the error for a lesson without one names the lesson."""

import pytest

from aigc_lab import widgets


def test_a_missing_quiz_is_named():
    with pytest.raises(FileNotFoundError, match="'99_nothing'"):
        widgets.quiz("99_nothing")
