"""The smallest recipe of the course: it reads digits, in float64, so that rounding hides nothing. Lesson 37 trains it with two processes."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aigc_lab import datasets, training, transforms
from aigc_lab.recipes.optimizer_step import OptimizerStep
from aigc_lab.recipes.recipe import BaseRecipe


def digits(n: int = 2000) -> tuple[Tensor, Tensor]:
    """The first n training digits: (n, 784) in [0, 1], float64, and what they show, (n,)."""
    data = datasets.load("digits")
    return transforms.to_unit(data.images[:n]).flatten(1).double(), data.labels[:n]


class DigitClassifier(BaseRecipe):
    """Two layers that say which digit a picture shows. Classifiers with the same seed start from the same weights."""

    parts = ("model", "optimizer")

    def __init__(self, seed: int = 1, learning_rate: float = 0.5) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = nn.Sequential(nn.Linear(784, 32), nn.Tanh(), nn.Linear(32, 10)).double()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=learning_rate)
        self.optimizer_step = OptimizerStep()

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        return self.optimizer_step(self.loss, self.optimizer, batch)

    def loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy in nats, a mean over the examples of a batch: pictures (n, 784) and labels (n,)."""
        pictures, labels = batch
        value = nn.functional.cross_entropy(self.model(pictures), labels)
        return value, {"loss": value}

    @torch.no_grad()
    def weights(self) -> Tensor:
        """All weights as one vector on the CPU."""
        return nn.utils.parameters_to_vector(self.model.parameters()).clone().cpu()


def seconds_a_step(recipe: Any, data: Any, batch_size: int, steps: int) -> float:
    """The median time of a step under `training.fit`, without the first few, in which memory is allocated.

    Losses are read after each step, so that a GPU has done what it is timed for.
    """
    history = training.fit(recipe, data, steps=steps, batch_size=batch_size, callback=lambda *_: None, every_steps=1)
    return float(np.median(np.diff(history.seconds)[2:]))
