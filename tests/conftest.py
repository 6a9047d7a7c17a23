"""What several test files share: a tiny course to build, run and hand out."""

import pytest

from aigc_lab.commands.course import Course

from helpers import PYPROJECT, write_lesson


@pytest.fixture
def toy(tmp_path) -> Course:
    """A course with two lessons, no notebooks, and a README with a place for the table."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (tmp_path / "README.md").write_text("# Toy\n\n<!-- lessons -->\n<!-- /lessons -->\n\nThe end.\n", encoding="utf-8")
    write_lesson(tmp_path, "01_sums")
    write_lesson(tmp_path, "11_more", code="print('more', seed)", title="More sums")
    return Course(tmp_path)
