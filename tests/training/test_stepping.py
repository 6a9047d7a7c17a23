"""How `fit` makes a recipe take its steps: by its own arguments, by the recipe's, and when memory runs out."""

import pytest
import torch
from torch import nn

from aigc_lab import training
from aigc_lab.recipes.optimizer_step import OptimizerStep

from helpers import same


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")


class Line:
    """The smallest recipe with a network, which steps as `fit` wants it to."""

    def __init__(self, **own):
        self.model = nn.Linear(1, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.optimizer_step = OptimizerStep(**own)

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


class Witness(Line):
    """Records what it was asked to step with, and the result."""

    def __init__(self, **own):
        super().__init__(**own)
        self.used, self.parts, self.types = [], [], []
        self.model.register_forward_hook(lambda module, given, result: self.types.append(result.dtype))

    def step(self, batch):
        self.used.append(self.optimizer_step)
        return super().step(batch)

    def loss(self, batch):
        self.parts.append(len(batch[0]))
        return super().loss(batch)


OWN = {"accumulate": 2, "clip": 3.0, "precision": "bf16"}


def test_where_fit_is_told_nothing_the_recipe_s_own_ways_count():
    recipe = Witness(**OWN)
    training.fit(recipe, NUMBERS, steps=1, batch_size=8)
    assert {name: getattr(recipe.used[0], name) for name in OWN} == OWN
    assert recipe.parts == [4, 4]
    assert recipe.types == [torch.bfloat16] * 2


@pytest.mark.parametrize(
    ("name", "value"), [("accumulate", 1), ("accumulate", 4), ("clip", 0.5), ("precision", "fp16")]
)
def test_what_fit_is_told_counts_before_the_recipe_s_own(name, value):
    recipe = Witness(**OWN)
    training.fit(recipe, NUMBERS, steps=1, batch_size=8, **{name: value})
    assert {other: getattr(recipe.used[0], other) for other in OWN} == OWN | {name: value}


def test_a_recipe_s_own_mean_of_gradients_is_taken():
    seen = []
    training.fit(Witness(average=lambda gradients: seen.append(len(gradients))), NUMBERS, steps=3)
    assert seen == [2, 2, 2]  # a weight and a bias in each step


@pytest.mark.parametrize("settings", [{"accumulate": 2}, {"precision": "bf16"}, {"clip": 0.1}])
def test_told_to_fit_or_to_the_recipe_it_is_the_same_training(settings):
    torch.manual_seed(0)
    told, own = Line(), Line(**settings)
    own.model.load_state_dict(told.model.state_dict())
    training.fit(told, NUMBERS, steps=5, batch_size=8, **settings)
    training.fit(own, NUMBERS, steps=5, batch_size=8)
    assert same(told.model.state_dict(), own.model.state_dict())


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
