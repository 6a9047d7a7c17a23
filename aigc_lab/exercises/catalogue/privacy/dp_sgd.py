"""Exercises on differentially private training (lesson 14)."""

import numpy as np
import torch

from aigc_lab.exercises import Exercise, Mistake, case, normal
from aigc_lab.privacy import dp_sgd


def _batch(generator: torch.Generator):
    n = int(torch.randint(2, 9, (1,), generator=generator))
    sizes = 10 ** (2 * torch.rand(n, 1, generator=generator, dtype=torch.float64) - 1)
    gradients = sizes * normal(n, 6, generator=generator)
    return case(gradients=gradients, clip=0.7, noise=normal(6, generator=generator), expected_size=5.0)


def _each(gradients, clip):
    return (gradients * (clip / gradients.norm(dim=1, keepdim=True).clamp(min=clip))).sum(0)


def _mean_clipped(gradients, clip, noise, expected_size):
    mean = gradients.sum(0) / expected_size
    return mean * (clip / mean.norm().clamp(min=clip)) + clip * noise / expected_size


def _by_hints(gradients, clip, noise, expected_size):
    lengths = gradients.norm(dim=1, keepdim=True)
    total = (gradients * (clip / lengths.clamp(min=clip))).sum(0)
    return (total + clip * noise) / expected_size


def _by_loops(gradients, clip, noise, expected_size):
    total = clip * noise
    for row in gradients:
        length = float((row**2).sum()) ** 0.5
        total = total + (row if length <= clip else row * clip / length)
    return total / expected_size


def _as_opacus(gradients, clip, noise, expected_size):
    """Opacus adds 1e-6 to the length, so that nothing is divided by 0."""
    factors = (clip / (torch.linalg.vector_norm(gradients, dim=1) + 1e-6)).clamp(max=1.0)
    return (torch.einsum("n,nd->d", factors, gradients) + noise * clip) / expected_size


def _in_numpy(gradients, clip, noise, expected_size):
    rows = gradients.numpy()
    factors = np.minimum(1, clip / np.maximum(np.linalg.norm(rows, axis=1), 1e-12))
    return (factors @ rows + clip * noise.numpy()) / expected_size


LESSON = "14 Privacy"

EXERCISES = [
    Exercise(
        id="dpsgd.clip_and_noise",
        reference=dp_sgd.clip_and_noise,
        cases=[
            case(
                gradients=torch.tensor([[3.0, 4.0], [0.3, 0.4]], dtype=torch.float64),
                clip=1.0,
                noise=torch.tensor([0.5, -0.5], dtype=torch.float64),
                expected_size=4.0,
            ),
            case(
                gradients=torch.tensor([[0.0, 0.0], [0.0, 8.0]], dtype=torch.float64),
                clip=0.5,
                noise=torch.tensor([-1.5, 2.0], dtype=torch.float64),
                expected_size=3.0,
            ),
            case(
                gradients=torch.zeros(0, 2, dtype=torch.float64),
                clip=2.0,
                noise=torch.tensor([0.5, -0.5], dtype=torch.float64),
                expected_size=4.0,
            ),
            _batch,
        ],
        mistakes={
            "the mean clipped": Mistake(
                _mean_clipped,
                "This clips the batch's mean. One example with a gradient of length 1000 still decides where the mean points: "
                "the noise hides a change of C, so each ROW must be at most C long before the rows are added.",
            ),
            "each number clipped": Mistake(
                lambda gradients, clip, noise, expected_size: (
                    (gradients.clamp(-clip, clip).sum(0) + clip * noise) / expected_size
                ),
                "This clamps each coordinate. A row of d numbers can then still be C·√d long: 100 C for 10,000 parameters. "
                "Shorten the row as a whole.",
            ),
            "all rows made equally long": Mistake(
                lambda gradients, clip, noise, expected_size: (
                    ((gradients * clip / gradients.norm(dim=1, keepdim=True)).sum(0) + clip * noise) / expected_size
                ),
                "This stretches short gradients up to C. Private, but an example that is already learned then pulls as hard as "
                "a new one: only shorten, min(1, C / length).",
            ),
            "noise without the clip": Mistake(
                lambda gradients, clip, noise, expected_size: (_each(gradients, clip) + noise) / expected_size,
                "The noise must be as long as what it hides: sigma times C. Without the factor, raising C to 100 lets "
                "examples speak 100 times louder under the same noise.",
            ),
            "noise after the division": Mistake(
                lambda gradients, clip, noise, expected_size: _each(gradients, clip) / expected_size + clip * noise,
                "You divide the sum by L, the expected size, and then add the noise undivided: L times too much. Add "
                "it to the sum, and divide both by L.",
            ),
            "the true size revealed": Mistake(
                lambda gradients, clip, noise, expected_size: (
                    (_each(gradients, clip) + clip * noise) / max(1, len(gradients))
                ),
                "This divides by the number of rows that happened to be drawn. Whether an example was drawn is part of the "
                "secret; the expected size is not.",
            ),
        },
        hints=[
            "The length of each row: `gradients.norm(dim=1, keepdim=True)`.",
            "min(1, C / length) is `clip / lengths.clamp(min=clip)`, which also survives a row of zeros.",
            "Add the rows, add clip * noise once, divide by the expected size.",
        ],
        alternatives=[_by_hints, _by_loops, _as_opacus, _in_numpy],
        tolerance=1e-4,  # Opacus' 1e-6 in the length is right, too
    ),
]
