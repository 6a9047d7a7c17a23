"""Exercises of lesson 32."""

import numpy as np
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


def _all_pairs(higher, lower):
    difference = higher[:, None] - lower[None, :]
    return (difference > 0).double().mean() + (difference == 0).double().mean() / 2


def _pair_by_pair(higher, lower):
    won = 0.0
    for a in higher.tolist():
        for b in lower.tolist():
            won += 1.0 if a > b else 0.5 if a == b else 0.0
    return won / (len(higher) * len(lower))


def _by_sorting(higher, lower):
    ordered = np.sort(np.asarray(lower))
    beaten = np.searchsorted(ordered, higher, side="left") + np.searchsorted(ordered, higher, side="right")
    return beaten.mean() / (2 * len(ordered))


def _rolled_columns(probabilities):
    return torch.stack([probabilities.roll(j) for j in range(4)]).T


def _entry_by_entry(probabilities):
    mixing = np.zeros((4, 4))
    for j in range(4):
        for quarters in range(4):
            mixing[(j + quarters) % 4, j] = probabilities[quarters]
    return mixing


def _by_index(probabilities):
    position = torch.arange(4)
    return probabilities[(position[:, None] - position[None, :]) % 4]


def _in_view_fixed_real(discriminator, change, real, drawn):
    with torch.no_grad():
        on_real = discriminator(change(real))
    return -F.logsigmoid(discriminator(change(drawn)) - on_real).mean()


def _in_view_one_batch(discriminator, change, real, drawn):
    on_real, on_drawn = discriminator(change(torch.cat([real, drawn]))).split([len(real), len(drawn)])
    return F.softplus(on_real - on_drawn).sum() / len(drawn)


def _in_view_by_logarithm(discriminator, change, real, drawn):
    gap = discriminator(change(drawn)) - discriminator(change(real).detach())
    return torch.log1p(torch.exp(-gap)).mean()


def _by_means(seen, held_out, drawn):
    top, middle, bottom = (logits.mean() for logits in (seen, held_out, drawn))
    return (top - middle) / (top - bottom)


def _gaps(seen, held_out, drawn):
    above, below = seen.mean() - held_out.mean(), held_out.mean() - drawn.mean()
    return above / (above + below)


def _in_numpy(seen, held_out, drawn):
    top, middle, bottom = (float(np.mean(np.asarray(logits))) for logits in (seen, held_out, drawn))
    return 1 - (middle - bottom) / (top - bottom)


def _discriminator(images):
    weights = torch.linspace(-1, 2, images[0].numel(), dtype=images.dtype).reshape(images.shape[1:])
    return torch.tanh(images * weights).sum(dim=(1, 2, 3))


def _change(images):
    return 0.5 * images.rot90(1, (-2, -1)) - 0.2


def _partners_only(higher, lower):
    n = min(len(higher), len(lower))
    return ((higher[:n] > lower[:n]).double() + 0.5 * (higher[:n] == lower[:n]).double()).mean()


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
            lambda rng: case(
                higher=(40 + normal(9, generator=rng)).round(), lower=(40 + normal(5, generator=rng)).round()
            ),
        ],
        alternatives=[_all_pairs, _pair_by_pair, _by_sorting],
        mistakes={
            "partners only": Mistake(
                _partners_only,
                "You compared the first with the first, and the second with the second. Every logit of one set meets "
                "every logit of the other: two and two make four pairs.",
            ),
            "threshold at 0": Mistake(
                lambda higher, lower: ((higher > 0).double().mean() + (lower < 0).double().mean()) / 2,
                "This asks whether logits lie above or below 0. A D trained on differences may put all of them near 50: only which of two is higher counts.",
            ),
            "ties are won": Mistake(
                lambda higher, lower: (higher[:, None] >= lower[None, :]).double().mean(),
                "Counted this way, a D that gives every picture the same logit wins all pairs. It is guessing, and should get 1/2.",
            ),
            "ties are lost": Mistake(
                lambda higher, lower: (higher[:, None] > lower[None, :]).double().mean(),
                "Counted this way, a D that gives every picture the same logit loses all pairs. It is guessing, and should get 1/2.",
            ),
            "the wrong set wins": Mistake(
                lambda higher, lower: win_rate(lower, higher),
                "This is the share of pairs in which `lower` is on top. For 1 and 3 against 1 and 2 the answer is 0.625; yours is 0.375.",
            ),
        },
        hints=[
            "How many pairs do n and m logits make? Broadcasting gives all of them: `difference = higher[:, None] - lower[None, :]`.",
            "The mean of `(difference > 0).double()`, plus half the mean of `(difference == 0).double()`.",
        ],
    ),
    Exercise(
        id="cats_dogs.position_mixing",
        reference=position_mixing,
        cases=[
            case(probabilities=torch.tensor([0.7, 0.3, 0.0, 0.0]).double()),
            lambda rng: case(probabilities=normal(4, generator=rng).softmax(dim=0)),
        ],
        alternatives=[_rolled_columns, _entry_by_entry, _by_index],
        mistakes={
            "transposed": Mistake(
                lambda probabilities: position_mixing(probabilities).T,
                "Column j is where a picture in position j goes, and sums to 1. A quarter turn takes position 0 to "
                "position 1. Its probability belongs at [1, 0]; yours is at [0, 1].",
            ),
            "the start is forgotten": Mistake(
                lambda probabilities: probabilities[:, None].repeat(1, 4),
                "All your columns are equal, as if every picture had been upright before. A picture that lies on its side and isn't turned stays on its side.",
            ),
            "no way round": Mistake(
                _cut_off,
                "Your columns don't all sum to 1: a picture at position 3 that is turned once more is upright again, position 0. Count modulo 4.",
            ),
            "turned the other way": Mistake(
                lambda probabilities: torch.stack([probabilities.roll(-j) for j in range(4)], dim=1),
                "Entry [i, j] is the probability of a turn by i - j quarters. Yours uses i + j: a picture in position 1 that isn't turned would come out in position 3.",
            ),
        },
        hints=[
            "Fill column 0 first: with which probability does an upright picture come out in position i?",
            "From position j to position i it takes i - j quarters, counted modulo 4.",
            "Column j is `probabilities.roll(j)`. `torch.stack` puts the four into rows, so transpose: `.T`.",
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
        gradients=["drawn"],
        alternatives=[_in_view_fixed_real, _in_view_one_batch, _in_view_by_logarithm],
        mistakes={
            "drawn pictures are not changed": Mistake(
                lambda discriminator, change, real, drawn: F.softplus(
                    discriminator(change(real)) - discriminator(drawn)
                ).mean(),
                "D can then tell the two apart by the change itself, and G learns to draw changed pictures. That is the leak.",
            ),
            "real pictures are not changed": Mistake(
                lambda discriminator, change, real, drawn: F.softplus(
                    discriminator(real) - discriminator(change(drawn))
                ).mean(),
                "G must then draw pictures that look real only *after* the change: it learns to undo the change beforehand.",
            ),
            "no gradient through the change": Mistake(
                lambda discriminator, change, real, drawn: (
                    F.softplus(discriminator(change(real)) - discriminator(change(drawn.detach()))).mean()
                    + 0 * drawn.sum()
                ),
                "The value is right, but no gradient reaches `drawn`, so G would learn nothing. Detaching what G drew belongs in D's step.",
            ),
            "D's loss": Mistake(
                lambda discriminator, change, real, drawn: F.softplus(
                    discriminator(change(drawn)) - discriminator(change(real))
                ).mean(),
                "This is small when real pictures rank above drawn ones. G wants its own pictures to rank higher.",
            ),
        },
        hints=[
            "What does D see of a real picture, and what of a drawn one?",
            "The loss of a pair is -log σ(D(change(drawn)) - D(change(real))); -log σ(l) is `-F.logsigmoid(l)`, or `F.softplus(-l)`. Take the mean.",
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
        alternatives=[_by_means, _gaps, _in_numpy],
        mistakes={
            "the other part of the gap": Mistake(
                lambda seen, held_out, drawn: (held_out.mean() - drawn.mean()) / (seen.mean() - drawn.mean()),
                "This is 1 for a D that treats new pictures like those it has seen, so it measures what is *not* overfitting. Start from seen - held_out.",
            ),
            "not a share": Mistake(
                lambda seen, held_out, drawn: seen.mean() - held_out.mean(),
                "This is a difference of logits: it doubles when D doubles all its logits. Divide by the whole gap, seen - drawn.",
            ),
            "divided by the rest": Mistake(
                lambda seen, held_out, drawn: (seen.mean() - held_out.mean()) / (held_out.mean() - drawn.mean()),
                "This grows without limit when D takes new pictures for drawn ones. Divided by the whole gap, from seen to drawn, that case gives exactly 1.",
            ),
            "probabilities": Mistake(
                lambda seen, held_out, drawn: (
                    (seen.sigmoid().mean() - held_out.sigmoid().mean())
                    / (seen.sigmoid().mean() - drawn.sigmoid().mean())
                ),
                "σ squeezes all large logits towards 1, so the gap between them vanishes; and the logits of a D trained on differences have no meaningful zero. "
                "Use the logits themselves.",
            ),
        },
        hints=[
            "Put the three means on a line, seen on top, drawn at the bottom. How far down from the top is held_out?",
            "With the three means, (seen - held_out) / (seen - drawn): 0 without overfitting, 1 where new pictures look drawn.",
        ],
    ),
]
