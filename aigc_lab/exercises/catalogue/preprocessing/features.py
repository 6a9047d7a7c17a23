"""Exercises of lesson 13 on features."""

import numpy as np
import torch

from aigc_lab.exercises import Exercise, Mistake, case, normal
from aigc_lab.preprocessing import features

LESSON = "13 Preprocessing"

SMALL = case(
    examples=torch.tensor([[3.0, 4.0], [1.0, 1.0]], dtype=torch.float64),
    mean=torch.tensor([1.0, 1.0], dtype=torch.float64),
    components=torch.tensor([[0.6, 0.8], [-0.8, 0.6]], dtype=torch.float64),
)


def _drawn(rng):
    rows, _ = torch.linalg.qr(normal(6, 6, generator=rng))
    return case(examples=2 + normal(5, 6, generator=rng), mean=normal(6, generator=rng), components=rows[:2])


def _by_matrix(examples, mean, components):
    return (examples - mean) @ components.T


def _by_dot_products(examples, mean, components):
    scores = torch.zeros(len(examples), len(components), dtype=examples.dtype)
    for i, example in enumerate(examples):
        for k, component in enumerate(components):
            scores[i, k] = ((example - mean) * component).sum()
    return scores


def _mean_last(examples, mean, components):
    return torch.einsum("nd,kd->nk", examples, components) - components @ mean


def _by_numpy(examples, mean, components):
    return np.inner(examples.numpy() - mean.numpy(), components.numpy())


EXERCISES = [
    Exercise(
        id="features.pca_project",
        reference=features.pca_project,
        cases=[
            SMALL,
            case(
                examples=torch.tensor([[2.0, 0.0, 5.0]], dtype=torch.float64),
                mean=torch.tensor([1.0, 3.0, -1.0], dtype=torch.float64),
                components=torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64),
            ),
            _drawn,
        ],
        alternatives=[_by_matrix, _by_dot_products, _mean_last, _by_numpy],
        mistakes={
            "not centred": Mistake(
                lambda examples, mean, components: examples @ components.T,
                "Components are directions from the mean. Measured from the origin, the average example does not come out as 0.",
            ),
            "centred on its own mean": Mistake(
                lambda examples, mean, components: (examples - examples.mean(dim=0)) @ components.T,
                "This uses the mean of the examples at hand. One picture alone would always land at 0, and test data would be moved "
                "onto the training data. The origin is part of what was learned: use `mean`.",
            ),
            "mean added": Mistake(
                lambda examples, mean, components: (examples + mean) @ components.T,
                "You add the mean. It is added on the way back to the examples; on the way to the coordinates it is "
                "subtracted.",
            ),
            "one mean for all features": Mistake(
                lambda examples, mean, components: (examples - mean.mean()) @ components.T,
                "Each feature has a mean of its own: (n, d) minus (d,), not minus one number.",
            ),
            "brought back at once": Mistake(
                lambda examples, mean, components: (examples - mean) @ components.T @ components + mean,
                "These are the rebuilt examples, with d numbers each. Stop one step earlier, at the coordinates: k "
                "numbers for each example.",
            ),
        },
        hints=[
            "What should the average training example become?",
            "A coordinate is the dot product of (example - mean) with a component. Components are rows, (k, d); you need (d, k).",
            "`(examples - mean) @ components.T`",
        ],
    ),
]
