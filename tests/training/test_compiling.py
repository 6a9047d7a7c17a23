"""fit(compile=True): the same training, with fused code."""

import pytest
import torch
from torch import nn

from aigc_lab import datasets, flow, gan, lm, runtime, training, vae
from aigc_lab.recipes.optimizer_step import OptimizerStep

CPU = torch.device("cpu")


class Line:
    """The smallest recipe: one layer with an activation, float64."""

    compilable = ("model",)

    def __init__(self):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(3, 5), nn.SiLU(), nn.Linear(5, 1)).double()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.optimizer_step = OptimizerStep()

    def step(self, batch):
        return self.optimizer_step(self._loss, self.optimizer, batch)

    def _loss(self, batch):
        loss = (self.model(batch[0])[:, 0] - batch[1]).square().mean()
        return loss, {"loss": loss}

    def to(self, device):
        return self


@pytest.mark.skipif(runtime.compiler(CPU) is None, reason="no C++ compiler for torch.compile on this machine")
def test_a_compiled_training_is_the_same_training(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    x = torch.randn(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    data = (x, x.sum(dim=1).sin())
    plain, fused = Line(), Line()
    expected = training.fit(plain, data, steps=20, batch_size=8)
    found = training.fit(fused, data, steps=20, batch_size=8, compile=True)
    assert fused.model._compiled_call_impl is not None
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-10)
    assert list(fused.model.state_dict()) == list(plain.model.state_dict())  # a checkpoint fits both


def test_without_a_compiler_the_message_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    monkeypatch.setattr(runtime, "compiler", lambda device: None)
    with pytest.raises(ValueError, match=r"needs a C\+\+ compiler such as g\+\+"):
        training.fit(Line(), (torch.zeros(4, 3), torch.zeros(4)), steps=1, compile=True)


def test_a_recipe_that_names_no_network_is_told_so(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    recipe = Line()
    recipe.compilable = ()
    with pytest.raises(ValueError, match="Line names no network in `compilable`"):
        training.fit(recipe, (torch.zeros(4, 3), torch.zeros(4)), steps=1, compile=True)


def test_each_recipe_names_networks_that_it_has():
    from operator import attrgetter

    digits = datasets.load("digits")
    recipes = [kind.for_data(digits) for kind in (gan.GanRecipe, vae.VaeRecipe, flow.FlowRecipe)]
    recipes.append(lm.LmRecipe(lm.TransformerLM(10, context=8)))
    for recipe in recipes:
        for name in recipe.compilable:
            assert isinstance(attrgetter(name)(recipe), nn.Module)
            assert type(attrgetter(name)(recipe)).forward is not nn.Module.forward, name
