"""What the lessons promise holds for other seeds: tests/claims.json, which `tests/count_claims.py --write` counts."""

import json

import pytest

from aigc_lab.commands.course import Course

from count_claims import TABLE, claims_of
from helpers import ROOT

COUNTED = json.loads(TABLE.read_text(encoding="utf-8"))
LESSONS = [lesson.name for lesson in Course(ROOT).lessons]
NOT_YET = {
    "01_start_here",
    "02_four_eras",
    "11_collecting_data",
    "12_cleaning",
    "13_preprocessing",
    "14_privacy",
    "36_gpu_training",
    "37_beyond_one_gpu",
    "38_diffusion_and_flow_matching",
}


def test_every_lesson_was_counted():
    assert set(LESSONS) - set(COUNTED) == NOT_YET


@pytest.mark.parametrize("name", COUNTED)
def test_a_claim_fails_in_at_most_one_run_of_twenty(name):
    counted = COUNTED[name]
    assert counted["runs"] == 20, "count all seeds and threads"
    assert [claim for claim, held in counted["held"].items() if held < 19] == []


@pytest.mark.parametrize("name", COUNTED)
def test_the_count_knows_every_claim_of_the_lesson(name):
    new = set(claims_of(name).values()) - set(COUNTED[name]["held"])
    assert not new, f"run `python tests/count_claims.py {name[:2]} --write` (about half an hour, on a quiet machine)"
