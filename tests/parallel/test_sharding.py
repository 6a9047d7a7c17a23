"""Memory of a shared model against the ZeRO paper's figure 1 and torch's own Adam; the pipeline against its schedule."""

from itertools import pairwise

import pytest
import torch

from aigc_lab.parallel import sharding


@pytest.mark.parametrize(("stage", "gigabytes"), [(0, 120), (1, 31.4), (2, 16.6), (3, 1.9)])
def test_figure_1_of_the_zero_paper(stage, gigabytes):
    assert sharding.bytes_per_gpu(7.5e9, 64, stage) / 1e9 == pytest.approx(gigabytes, abs=0.05)


def test_adams_part_is_what_adam_stores():
    weight = torch.nn.Parameter(torch.ones(1000))
    adam = torch.optim.Adam([weight])
    weight.sum().backward()
    adam.step()
    means = sum(t.nbytes for t in adam.state[weight].values() if t.shape == weight.shape)
    assert sharding.held(1000, 1, 0).optimizer == means + weight.nbytes  # a float32 copy of the weights comes with it
    half = weight.detach().bfloat16()
    assert sharding.held(1000, 1, 0).weights == sharding.held(1000, 1, 0).gradients == half.nbytes


def test_one_gpu_has_nobody_to_share_with():
    assert {sharding.bytes_per_gpu(1e6, 1, stage) for stage in sharding.STAGES} == {16e6}


def test_there_is_no_fourth_stage():
    with pytest.raises(ValueError, match="got 4"):
        sharding.bytes_per_gpu(1e6, 2, 4)


@pytest.mark.parametrize(("stages", "parts"), [(1, 3), (4, 1), (4, 8), (3, 12)])
def test_the_bubble_is_what_the_schedule_leaves_empty(stages, parts):
    schedule = sharding.schedule(stages, parts)
    empty = sum(entry is None for row in schedule for entry in row) / sum(map(len, schedule))
    assert sharding.pipeline_bubble(stages, parts) == pytest.approx(empty)
    for before, after in pairwise(schedule):
        for part in range(parts):
            assert after.index(part) == before.index(part) + 1  # a part goes on when the previous GPU is done with it
