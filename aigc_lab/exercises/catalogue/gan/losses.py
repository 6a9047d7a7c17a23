"""Exercises of lesson 23: the losses of both players. Its others are in `ring.py` and `penalties.py`."""

import torch
import torch.nn.functional as F

from aigc_lab import gan
from aigc_lab.exercises import Exercise, Mistake, case, normal

LESSON = "23 The GAN loss"

bce = F.binary_cross_entropy_with_logits


# The losses -----------------------------------------------------------------------------------------------------------


def _logits(*names: str):
    """A case of logits, mild or wild: a sigmoid is exactly 1 from 37 on in float64."""

    def draw(generator: torch.Generator):
        scale = (1.0, 4.0, 40.0)[int(torch.randint(3, (1,), generator=generator))]
        return case(**{name: scale * normal(3 + i, generator=generator) for i, name in enumerate(names)})

    return draw


def _f64(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _d_by_softplus(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def _d_by_logsigmoid(real_logits, fake_logits):
    return -(F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean())


def _d_by_cross_entropy(real_logits, fake_logits):
    on_real, on_fake = (bce(x, torch.full_like(x, y)) for x, y in ((real_logits, 1.0), (fake_logits, 0.0)))
    return on_real + on_fake


def _d_by_sums(real_logits, fake_logits):
    real, fake = real_logits.flatten(), fake_logits.flatten()
    on_real, on_fake = (torch.logaddexp(torch.zeros_like(x), x) for x in (-real, fake))
    return on_real.sum() / len(real) + on_fake.sum() / len(fake)


def _g_by_softplus(fake_logits):
    return F.softplus(-fake_logits).mean()


def _g_by_cross_entropy(fake_logits):
    return bce(fake_logits, torch.ones_like(fake_logits))


def _g_by_loop(fake_logits):
    total = 0.0
    for logit in fake_logits.flatten():
        total = total - F.logsigmoid(logit)
    return total / fake_logits.numel()


D_LOSS = Exercise(
    id="gan.discriminator_loss",
    reference=gan.discriminator_loss,
    cases=[
        case(real_logits=_f64(2.0), fake_logits=_f64(-1.0, 0.0)),
        case(real_logits=_f64(60.0, -3.0), fake_logits=_f64(60.0)),
        case(real_logits=_f64(1.0, -2.0, 3.0, 0.0).reshape(2, 2), fake_logits=_f64(-1.0, 4.0).reshape(2, 1)),
        _logits("real_logits", "fake_logits"),
    ],
    gradients=True,
    alternatives=[_d_by_softplus, _d_by_logsigmoid, _d_by_cross_entropy, _d_by_sums],
    mistakes={
        "labels swapped": Mistake(
            lambda real_logits, fake_logits: F.softplus(real_logits).mean() + F.softplus(-fake_logits).mean(),
            "This rewards a D that calls real examples fake. At logit 2 on a real example the loss should be small, "
            "0.127; you get 2.127.",
        ),
        "the value, not the loss": Mistake(
            lambda real_logits, fake_logits: F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean(),
            "This is V itself, which D wants to be large. An optimiser goes down: which sign does it need?",
        ),
        "one mean over all examples": Mistake(
            lambda real_logits, fake_logits: torch.cat([F.softplus(-real_logits), F.softplus(fake_logits)]).mean(),
            "V adds two means, one over real examples and one over fakes. One mean over all is half as large for equal "
            "batches (0.693 for a guessing D, not 1.386), and for unequal batches it weights real and fake by their "
            "sizes.",
        ),
        "sigmoid applied twice": Mistake(
            lambda real_logits, fake_logits: (
                bce(real_logits.sigmoid(), torch.ones_like(real_logits))
                + bce(fake_logits.sigmoid(), torch.zeros_like(fake_logits))
            ),
            "`binary_cross_entropy_with_logits` applies a sigmoid of its own. Given probabilities, it sees logits between 0 "
            "and 1: the loss on real examples can't fall below 0.313, however good D is.",
        ),
        "logarithm of a rounded probability": Mistake(
            lambda real_logits, fake_logits: (
                -real_logits.sigmoid().log().mean() - (1 - fake_logits.sigmoid()).log().mean()
            ),
            "Right on paper. But sigmoid(60) is exactly 1 in floating point, and log(1 - 1) is minus infinity; the loss "
            "should be 60. Use softplus or logsigmoid of the logit.",
        ),
        "the second logarithm at the wrong place": Mistake(
            lambda real_logits, fake_logits: F.softplus(-real_logits).mean() - (1 - F.logsigmoid(fake_logits)).mean(),
            "The second term is log(1 - D), not 1 - log D. Subtract first, then take the logarithm.",
        ),
    },
    hints=[
        "-log σ(l) is the cost of a real example. What is it for a fake, whose probability of being fake is 1 - σ(l)?",
        "1 - σ(l) = σ(-l), and -log σ(l) is `F.softplus(-l)`.",
        "`F.softplus(-real_logits).mean()` plus the same for the fakes, with the other sign inside.",
    ],
)

G_LOSS = Exercise(
    id="gan.generator_loss",
    reference=gan.generator_loss,
    cases=[
        case(fake_logits=_f64(-2.0)),
        case(fake_logits=_f64(-800.0, 60.0)),
        case(fake_logits=_f64(1.0, -2.0, 3.0, 0.0).reshape(2, 2)),
        _logits("fake_logits"),
    ],
    gradients=True,
    alternatives=[_g_by_softplus, _g_by_cross_entropy, _g_by_loop],
    mistakes={
        "minimax loss": Mistake(
            lambda fake_logits: F.logsigmoid(-fake_logits).mean(),
            "This is log(1 - D), from the original game. Its slope vanishes just where D is sure to see a fake: at logit -2 "
            "it is -0.12, while that of -log D is -0.88.",
        ),
        "minus the minimax loss": Mistake(
            lambda fake_logits: F.softplus(fake_logits).mean(),
            "This is -log(1 - D): small when D calls the fakes fake. It is D's own term, and a G that descends it learns to "
            "look fake. Which answer does G want to hear?",
        ),
        "a gain, not a loss": Mistake(
            lambda fake_logits: F.logsigmoid(fake_logits).mean(),
            "G wants log D to be large, and an optimiser makes things small. A sign is missing.",
        ),
        "the sum": Mistake(
            lambda fake_logits: F.softplus(-fake_logits).sum(),
            "This sums over the batch: twice the batch would mean twice the learning rate. The expectation is a mean.",
        ),
        "sigmoid applied twice": Mistake(
            lambda fake_logits: bce(fake_logits.sigmoid(), torch.ones_like(fake_logits)),
            "`binary_cross_entropy_with_logits` wants logits. Given probabilities, it never falls below 0.313, and its "
            "slope vanishes at large logits of either sign.",
        ),
        "logarithm of a rounded probability": Mistake(
            lambda fake_logits: -fake_logits.sigmoid().log().mean(),
            "Right on paper. But sigmoid(-800) is exactly 0 in floating point, so its logarithm is infinite and the gradient not "
            "a number; the loss should be 800. Use softplus or logsigmoid of the logit.",
        ),
        "Wasserstein loss": Mistake(
            lambda fake_logits: -fake_logits.mean(),
            "This is the loss for a critic whose slope is bounded. Its slope is -1 even where D already takes the fake "
            "for real.",
        ),
    },
    hints=[
        "G wants D to call the fakes real. What would D's loss be if these were real examples?",
        "-log σ(l) is `F.softplus(-l)`, finite at any logit.",
    ],
)


EXERCISES = [D_LOSS, G_LOSS]
