"""How `fit` has a recipe take its steps: what it was told, what the recipe brings along, and where memory ends."""

import pytest
import torch
from torch import nn

from aigc_lab import training
from aigc_lab.recipes.optimizer_step import OptimizerStep


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")


class Line:
    """The smallest recipe with a network, which steps as `fit` wants it to."""

    def __init__(self, clip=None):
        self.model = nn.Linear(1, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.optimizer_step = OptimizerStep(clip=clip)

    def step(self, batch):
        return self.optimizer_step(self.loss, self.optimizer, batch)

    def loss(self, batch):
        value = self.model(batch[0].float()[:, None]).square().mean()
        return value, {"loss": value}

    def to(self, device):
        return self


NUMBERS = torch.arange(10)


def test_a_recipe_that_steps_itself_can_t_be_told_how():
    class Old(Line):
        def __init__(self):
            super().__init__()
            del self.optimizer_step

        def step(self, batch):
            return {"loss": 0.0}

    assert len(training.fit(Old(), NUMBERS, steps=3)) == 3
    with pytest.raises(ValueError, match=r"Old takes its steps itself.*self.optimizer_step"):
        training.fit(Old(), NUMBERS, steps=3, clip=1.0)


def test_the_recipe_s_own_optimizer_step_comes_back():
    recipe = Line()
    own = recipe.optimizer_step
    training.fit(recipe, NUMBERS, steps=3, accumulate=2, clip=3.0)
    assert recipe.optimizer_step is own


@pytest.mark.parametrize(("given", "expected"), [(None, 3.0), (0.5, 0.5)])
def test_the_recipe_s_own_clip_counts_where_none_is_given(given, expected):
    class Witness(Line):
        def step(self, batch):
            clips.append(self.optimizer_step.clip)
            return super().step(batch)

    clips = []
    training.fit(Witness(clip=3.0), NUMBERS, steps=1, clip=given)
    assert clips == [expected]


@pytest.mark.parametrize("own", [None, 3.0])
def test_a_clip_of_0_is_refused_and_not_taken_for_none(own):
    with pytest.raises(ValueError, match="clip greater than 0, got 1 and 0"):
        training.fit(Line(clip=own), NUMBERS, steps=1, clip=0)


def test_out_of_memory_says_what_to_do_and_leaves_no_gradients():
    class Large(Line):
        def step(self, batch):
            super().step(batch)
            raise torch.OutOfMemoryError("CUDA out of memory")

    recipe = Large()
    with pytest.raises(training.OutOfMemoryError, match=r"4 examples.*accumulate=2"):
        training.fit(recipe, NUMBERS, steps=20, batch_size=4)
    assert all(weight.grad is None for weight in recipe.model.parameters())
