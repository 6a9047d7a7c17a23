"""Exercises of lesson 32."""

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lab.exercises import Exercise, Mistake, case, normal
from aigc_lab.metrics.roc import roc_auc


def win_rate(higher: Tensor, lower: Tensor) -> Tensor:
    """How often a score of the first set beats one of the second, over all pairs; a tie counts half."""
    return roc_auc(higher, lower)


LESSON = "32 Cats and dogs"


def position_mixing(probabilities):
    return torch.stack([probabilities.roll(j) for j in range(4)], dim=1)


def generator_loss_in_view(discriminator, change, real, drawn):
    return F.softplus(discriminator(change(real)) - discriminator(change(drawn))).mean()


def overfitting(seen, held_out, drawn):
    return (seen.mean() - held_out.mean()) / (seen.mean() - drawn.mean())


def _discriminator(images):
    weights = torch.linspace(-1, 2, images[0].numel(), dtype=images.dtype).reshape(images.shape[1:])
    return torch.tanh(images * weights).sum(dim=(1, 2, 3))


def _change(images):
    return 0.5 * images.rot90(1, (-2, -1)) - 0.2


def _cut_off(probabilities):
    rows = [[probabilities[i - j] if i >= j else 0 * probabilities[0] for j in range(4)] for i in range(4)]
    return torch.stack([torch.stack(row) for row in rows])


def _loss_case(rng):
    real, drawn = normal(4, 1, 4, 4, generator=rng), normal(4, 1, 4, 4, generator=rng)
    return case(discriminator=_discriminator, change=_change, real=real, drawn=drawn)


EXERCISES = [
    Exercise(
        id="cats_dogs.win_rate",
        reference=win_rate,
        cases=[
            case(higher=torch.tensor([1.0, 3.0]).double(), lower=torch.tensor([1.0, 2.0]).double()),
            lambda rng: case(
                higher=(1 + 2 * normal(12, generator=rng)).round(), lower=(2 * normal(12, generator=rng)).round()
            ),
        ],
        mistakes={
            "partners only": Mistake(
                lambda higher, lower: ((higher > lower).double() + 0.5 * (higher == lower).double()).mean(),
                "You compared the first with the first, the second with the second. Every logit of one set meets every logit of the other: 2 and 2 make "
                "4 pairs.",
            ),
            "threshold at 0": Mistake(
                lambda higher, lower: ((higher > 0).double().mean() + (lower < 0).double().mean()) / 2,
                "This asks whether logits are above or below 0. A D trained on differences may put all of them at 50: only who is above whom counts.",
            ),
            "ties are won": Mistake(
                lambda higher, lower: (higher[:, None] >= lower[None, :]).double().mean(),
                "A D that gives every picture the same logit would win all pairs so. It is guessing, and should get 1/2.",
            ),
            "ties are lost": Mistake(
                lambda higher, lower: (higher[:, None] > lower[None, :]).double().mean(),
                "A D that gives every picture the same logit would lose all pairs so. It is guessing, and should get 1/2.",
            ),
            "the wrong set wins": Mistake(
                lambda higher, lower: win_rate(lower, higher),
                "This is the share of pairs in which `lower` is above. At 1 and 3 against 1 and 2 the answer is 0.625, this gives 0.375.",
            ),
        },
        hints=[
            "How many pairs are there of n and m logits? Broadcasting makes them all: `higher[:, None] - lower[None, :]`.",
            "The mean of (difference > 0), plus half the mean of (difference == 0).",
        ],
    ),
    Exercise(
        id="cats_dogs.position_mixing",
        reference=position_mixing,
        cases=[
            case(probabilities=torch.tensor([0.7, 0.3, 0.0, 0.0]).double()),
            lambda rng: case(probabilities=normal(4, generator=rng).softmax(dim=0)),
        ],
        mistakes={
            "transposed": Mistake(
                lambda probabilities: position_mixing(probabilities).T,
                "Column j is where a picture in position j goes, and sums to 1. A quarter turn takes position 0 to position 1: that is entry [1, 0], yours has "
                "it at [0, 1].",
            ),
            "the start is forgotten": Mistake(
                lambda probabilities: probabilities[:, None].repeat(1, 4),
                "Every column is the same here, as if all pictures were upright before. A picture that already lies on its side and is left alone stays on "
                "its side.",
            ),
            "no way round": Mistake(
                _cut_off,
                "Your columns don't all sum to 1: a picture at position 3 that is turned once more is upright again, position 0. Count modulo 4.",
            ),
            "turned the other way": Mistake(
                lambda probabilities: torch.stack([probabilities.roll(-j) for j in range(4)], dim=1),
                "Entry [i, j] must be the chance of a turn by i - j. Yours uses i + j: a picture in position 1 that is not turned would come out in position 3.",
            ),
        },
        hints=[
            "Fill column 0 first: a picture that was upright comes out in position i with which probability?",
            "From position j to position i it takes i - j quarters, counted modulo 4.",
            "Column j is `probabilities` rolled by j: `probabilities.roll(j)`.",
        ],
    ),
    Exercise(
        id="cats_dogs.generator_loss_in_view",
        reference=generator_loss_in_view,
        cases=[
            lambda rng: case(
                discriminator=_discriminator,
                change=_change,
                real=normal(1, 1, 2, 2, generator=rng),
                drawn=normal(1, 1, 2, 2, generator=rng),
            ),
            _loss_case,
        ],
        gradients=True,
        mistakes={
            "drawn pictures are not changed": Mistake(
                lambda discriminator, change, real, drawn: F.softplus(
                    discriminator(change(real)) - discriminator(drawn)
                ).mean(),
                "D then tells the two apart by the change itself, and G learns to draw it. That is the leak.",
            ),
            "real pictures are not changed": Mistake(
                lambda discriminator, change, real, drawn: F.softplus(
                    discriminator(real) - discriminator(change(drawn))
                ).mean(),
                "G must then draw what looks real *after* the change: it learns to undo it beforehand.",
            ),
            "no gradient through the change": Mistake(
                lambda discriminator, change, real, drawn: (
                    F.softplus(discriminator(change(real)) - discriminator(change(drawn.detach()))).mean()
                    + 0 * drawn.sum()
                ),
                "The value is right, but no gradient reaches `drawn`: G would learn nothing. `detach` belongs in D's step; the change must be differentiable.",
            ),
            "D's loss": Mistake(
                lambda discriminator, change, real, drawn: F.softplus(
                    discriminator(change(drawn)) - discriminator(change(real))
                ).mean(),
                "This is small when real pictures rank above drawn ones. G wants its own pictures on top.",
            ),
        },
        hints=[
            "What does D see, on both sides?",
            "The loss of a pair is -log σ(D(drawn) - D(real)), with each picture changed first; -log σ(l) is softplus(-l).",
        ],
    ),
    Exercise(
        id="cats_dogs.overfitting",
        reference=overfitting,
        cases=[
            case(
                seen=torch.tensor([3.0, 5.0]).double(),
                held_out=torch.tensor([2.0, 3.0]).double(),
                drawn=torch.tensor([0.0, -2.0]).double(),
            ),
            lambda rng: case(
                seen=3 + normal(6, generator=rng),
                held_out=1 + normal(5, generator=rng),
                drawn=-2 + normal(7, generator=rng),
            ),
        ],
        mistakes={
            "the other part of the gap": Mistake(
                lambda seen, held_out, drawn: (held_out.mean() - drawn.mean()) / (seen.mean() - drawn.mean()),
                "This is 1 where D treats new pictures like those it has seen: the share that is *not* overfitting. Start from seen - held_out.",
            ),
            "not a share": Mistake(
                lambda seen, held_out, drawn: seen.mean() - held_out.mean(),
                "This is a difference in logits, and doubles when D doubles all its logits. Divide by the whole gap, seen - drawn.",
            ),
            "divided by the rest": Mistake(
                lambda seen, held_out, drawn: (seen.mean() - held_out.mean()) / (held_out.mean() - drawn.mean()),
                "This grows without limit when D takes new pictures for drawn ones. The whole gap, from seen to drawn, makes that case exactly 1.",
            ),
            "probabilities": Mistake(
                lambda seen, held_out, drawn: (
                    (seen.sigmoid().mean() - held_out.sigmoid().mean())
                    / (seen.sigmoid().mean() - drawn.sigmoid().mean())
                ),
                "σ squeezes all large logits to 1, so the gap between them vanishes. And a D trained on differences has no meaningful zero. Use the logits.",
            ),
        },
        hints=[
            "Three means on one line: seen on top, drawn at the bottom. Where between them is held_out?",
            "(seen - held_out) / (seen - drawn), of the means: 0 for no overfitting, 1 when new pictures look drawn.",
        ],
    ),
]
