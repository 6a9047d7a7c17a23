"""The cell of a quiz: a lesson without one is named."""

import pytest

from aigc_lab import widgets


def test_a_missing_quiz_is_named():
    with pytest.raises(FileNotFoundError, match="'99_nothing'"):
        widgets.quiz("99_nothing")
