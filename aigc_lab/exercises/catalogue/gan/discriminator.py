"""Exercises of lesson 22."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from aigc_lab.exercises import Exercise, Mistake, case, normal, uniform

LESSON = "22 The discriminator"


def bce(logits, targets):
    """Mean of -log P(target): softplus(l) - y l."""
    return (F.softplus(logits) - targets * logits).mean()


def importance_mean(values, logits):
    """Mean of `values` under the data, from examples of the model: weights proportional to p/q = exp(l), which add up to 1."""
    return (torch.softmax(logits, dim=0) * values).sum()


def equivariance_gap(layer, images, move, stride):
    """How far layer(moved images) is from the moved layer(images)."""
    return (layer(images.roll(move * stride, dims=-1)) - layer(images).roll(move, dims=-1)).abs().max()


def rnn_jacobian(weight, state):
    """d h' / d h of h' = tanh(W h + ...): diag(1 - h'^2) W."""
    return (1 - state**2)[:, None] * weight


def with_prior(logits, share_real):
    """Logits of a D trained on halves, for a place where a share of the examples is real."""
    share = torch.as_tensor(share_real, dtype=logits.dtype)
    return logits + share.log() - (1 - share).log()


def _bce_in_one_line(logits, targets):
    return (F.softplus(logits) - targets * logits).mean()


def _bce_by_cases(logits, targets):
    return torch.where(targets == 1, F.softplus(-logits), F.softplus(logits)).mean()


def _bce_by_logsigmoid(logits, targets):
    return -(targets * F.logsigmoid(logits) + (1 - targets) * F.logsigmoid(-logits)).sum() / len(logits)


def _bce_by_loops(logits, targets):
    total = 0.0
    for logit, target in zip(logits, targets, strict=True):
        total = total + (F.softplus(-logit) if target == 1 else F.softplus(logit))
    return total / len(logits)


def _importance_by_softmax(values, logits):
    return (torch.softmax(logits, dim=0) * values).sum()


def _importance_by_exp(values, logits):
    weights = torch.exp(logits - logits.max())
    return (weights * values).sum() / weights.sum()


def _importance_by_loops(values, logits):
    largest = max(logits.tolist())
    weights = [math.exp(logit - largest) for logit in logits.tolist()]
    return sum(w * v for w, v in zip(weights, values.tolist(), strict=True)) / sum(weights)


def _importance_in_numpy(values, logits):
    weights = np.exp(logits.numpy() - logits.numpy().max())
    return np.average(values.numpy(), weights=weights)


def _gap_by_roll(layer, images, move, stride):
    moved = layer(images.roll(move * stride, dims=-1))
    return (moved - layer(images).roll(move, dims=-1)).abs().max()


def _rotated(images, by):
    by %= images.shape[-1]
    return torch.cat([images[..., images.shape[-1] - by :], images[..., : images.shape[-1] - by]], dim=-1)


def _gap_by_slices(layer, images, move, stride):
    moved_first, moved_last = layer(_rotated(images, move * stride)), _rotated(layer(images), move)
    return max(torch.max(moved_first - moved_last), torch.max(moved_last - moved_first))


def _gap_in_numpy(layer, images, move, stride):
    moved = layer(torch.roll(images, move * stride, -1)).detach().numpy()
    return np.abs(moved - np.roll(layer(images).detach().numpy(), move, axis=-1)).max()


def _gap_by_loops(layer, images, move, stride):
    worst = 0.0
    for one in images.split(1):
        difference = layer(one.roll(move * stride, dims=3)) - layer(one).roll(move, dims=3)
        worst = max(worst, difference.abs().max().item())
    return worst


def _jacobian_by_rows(weight, state):
    return (1 - state**2)[:, None] * weight


def _jacobian_by_diag(weight, state):
    return torch.diag(1 - state.square()) @ weight


def _jacobian_by_loops(weight, state):
    slopes = [1 - h * h for h in state.tolist()]
    return torch.tensor([[s * w for w in row] for s, row in zip(slopes, weight.tolist(), strict=True)]).to(state)


def _jacobian_in_numpy(weight, state):
    return (1 - state.numpy() ** 2).reshape(-1, 1) * weight.numpy()


def _prior_by_log(logits, share_real):
    return logits + math.log(share_real / (1 - share_real))


def _prior_by_logit(logits, share_real):
    return logits + torch.logit(torch.tensor(share_real))  # a number in float32


def _prior_in_numpy(logits, share_real):
    return logits.numpy() + np.log(share_real) - np.log1p(-share_real)


def _prior_by_loops(logits, share_real):
    return torch.stack([logit + math.log(share_real) - math.log(1 - share_real) for logit in logits])


def _conv(seed, **settings):
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return nn.Conv2d(1, 2, 3, padding=1, **settings).double().requires_grad_(False)


def _labels(n, rng):
    return (uniform(n, generator=rng) < 0.5).double()


_D = torch.tensor

EXERCISES = [
    Exercise(
        id="discriminator.bce",
        reference=bce,
        cases=[
            case(logits=_D([2.0, -1.0]).double(), targets=_D([1.0, 0.0]).double()),
            case(logits=_D([80.0, -80.0, 80.0]).double(), targets=_D([0.0, 1.0, 1.0]).double()),
            case(logits=_D([1000.0, -1000.0, 1000.0, -1000.0]).double(), targets=_D([0.0, 1.0, 1.0, 0.0]).double()),
            lambda rng: case(logits=3 * normal(6, generator=rng), targets=_labels(6, rng)),
        ],
        gradients=("logits",),
        mistakes={
            "no minus sign": Mistake(
                lambda logits, targets: -bce(logits, targets),
                "This is the mean log-likelihood. It is never positive, and minimising it makes D as wrong as it can be. A loss is minus that.",
            ),
            "targets swapped": Mistake(
                lambda logits, targets: bce(logits, 1 - targets),
                "Logit 2 says `real` with probability 0.88. With target 1 that should cost little, 0.127. You charge 2.127, its price with target 0. Real is 1.",
            ),
            "sum instead of mean": Mistake(
                lambda logits, targets: bce(logits, targets) * len(logits),
                "The sum grows with the batch, and so would every step of training. What would twice the batch cost?",
            ),
            "sigmoid twice": Mistake(
                lambda logits, targets: bce(torch.sigmoid(logits), targets),
                "You gave probabilities to a formula for logits. Logit 80 became 1, then σ(1) = 0.73: no loss could reward D for being surer than that.",
            ),
            "log of a rounded probability": Mistake(
                lambda logits, targets: (
                    -(targets * torch.sigmoid(logits).log() + (1 - targets) * (1 - torch.sigmoid(logits)).log()).mean()
                ),
                "Right on paper. But σ(80) is rounded to 1, and log(1 - 1) is minus infinity, where the loss should be 80. "
                "Stay with logits: -log(1 - σ(l)) = softplus(l).",
            ),
            "binary cross-entropy of probabilities": Mistake(
                lambda logits, targets: F.binary_cross_entropy(torch.sigmoid(logits), targets),
                "F.binary_cross_entropy takes probabilities. Logits of 100 and 1000 both become 1.0, and the function "
                "cuts each logarithm off at -100. Stay with logits: there is a sister function that takes them.",
            ),
            "exp overflows": Mistake(
                lambda logits, targets: ((1 + logits.exp()).log() - targets * logits).mean(),
                "Right on paper. But exp(1000) is infinite in floating point. F.softplus(l) is log(1 + exp(l)) without that trouble.",
            ),
            "generated examples cost nothing": Mistake(
                lambda logits, targets: (targets * F.softplus(-logits)).mean(),
                "Only examples with target 1 are charged. A D that always says `real` would then be perfect. Where is the (1 - y) term?",
            ),
        },
        hints=[
            "What does the formula become for y = 1, and what for y = 0?",
            "-log σ(l) is softplus(-l), and -log(1 - σ(l)) is softplus(l).",
            "softplus(-l) = softplus(l) - l, so both cases together are softplus(l) - y l. Then the mean.",
        ],
        alternatives=[
            _bce_in_one_line,
            _bce_by_cases,
            lambda logits, targets: F.binary_cross_entropy_with_logits(logits, targets),
            _bce_by_logsigmoid,
            _bce_by_loops,
        ],
    ),
    Exercise(
        id="discriminator.importance_mean",
        reference=importance_mean,
        cases=[
            case(values=_D([10.0, 20.0]).double(), logits=_D([0.0, 1.0986122886681098]).double()),
            case(values=_D([1.0, 2.0, 4.0]).double(), logits=_D([900.0, 899.0, -900.0]).double()),
            lambda rng: case(values=normal(7, generator=rng), logits=2 * normal(7, generator=rng)),
        ],
        tolerance=1e-5,
        mistakes={
            "weighted by D": Mistake(
                lambda values, logits: (torch.sigmoid(logits) * values).sum() / torch.sigmoid(logits).sum(),
                "D is p/(p + q), but the weight is p/q = D/(1 - D). At D = 0.5 and 0.75 the weights are as 1 to 3, not as 2 to 3.",
            ),
            "ratio upside down": Mistake(
                lambda values, logits: (torch.softmax(-logits, dim=0) * values).sum(),
                "exp(-l) is q/p. What is more frequent in the data than in the model must count more, not less.",
            ),
            "plain mean": Mistake(
                lambda values, logits: values.mean(),
                "This is the mean under the model. D's logits say how the data differ, and you have not used them.",
            ),
            "weights that need not add up to 1": Mistake(
                lambda values, logits: (logits.exp() * values).mean(),
                "The weights exp(l) average to 1 only for a perfect D and many examples. If all values were 7, would your answer be 7?",
            ),
            "exp overflows": Mistake(
                lambda values, logits: (logits.exp() * values).sum() / logits.exp().sum(),
                "Right on paper, but exp(900) is infinite, and infinity divided by infinity is not a number. Subtract the largest logit first, as softmax does.",
            ),
        },
        hints=[
            "D = p/(p + q). What is D/(1 - D), in terms of the logit?",
            "Weights exp(l) divided by their sum: there is a function of torch for that.",
            "torch.softmax(logits, dim=0), times the values, summed.",
        ],
        alternatives=[_importance_by_softmax, _importance_by_exp, _importance_by_loops, _importance_in_numpy],
    ),
    Exercise(
        id="discriminator.equivariance_gap",
        reference=equivariance_gap,
        cases=[
            case(layer=_conv(0, padding_mode="circular"), images=normal(1, 1, 4, 4), move=1, stride=1),
            lambda rng: case(layer=_conv(1), images=normal(2, 1, 6, 6, generator=rng), move=2, stride=1),
            lambda rng: case(layer=nn.MaxPool2d(2), images=normal(2, 1, 8, 8, generator=rng), move=1, stride=2),
            lambda rng: case(layer=nn.MaxPool2d(3, 2), images=normal(2, 1, 9, 9, generator=rng), move=1, stride=2),
            lambda rng: case(layer=_conv(2, stride=2), images=normal(2, 1, 8, 6, generator=rng), move=2, stride=2),
        ],
        mistakes={
            "tests invariance": Mistake(
                lambda layer, images, move, stride: (layer(images.roll(move * stride, -1)) - layer(images)).abs().max(),
                "You ask whether the output stays where it was. That is invariance. Equivariance asks whether it moves along.",
            ),
            "output moved by pixels of the input": Mistake(
                lambda layer, images, move, stride: (
                    (layer(images.roll(move * stride, -1)) - layer(images).roll(move * stride, -1)).abs().max()
                ),
                "With stride 2, one place of the output is two pixels of the input. Move the images by `move * stride`, the output by `move`.",
            ),
            "images moved by steps of the output": Mistake(
                lambda layer, images, move, stride: (
                    (layer(images.roll(move, -1)) - layer(images).roll(move, -1)).abs().max()
                ),
                "Where is `stride`? To move the output by one place, the images must move by `stride` pixels.",
            ),
            "moved down": Mistake(
                lambda layer, images, move, stride: (
                    (layer(images.roll(move * stride, -2)) - layer(images).roll(move, -2)).abs().max()
                ),
                "dims=-2 moves down. The width is the last dimension, so to the right is dims=-1.",
            ),
            "mean instead of largest": Mistake(
                lambda layer, images, move, stride: (
                    (layer(images.roll(move * stride, -1)) - layer(images).roll(move, -1)).abs().mean()
                ),
                "A mean hides a fault in one place, such as the border. One counterexample is enough, so take the largest.",
            ),
        },
        hints=[
            "There are two orders: move the images, then apply the layer; or apply the layer, then move its output.",
            "images.roll(move * stride, dims=-1) moves to the right; what leaves on the right comes in on the left.",
            "(layer(moved images) - layer(images).roll(move, dims=-1)).abs().max()",
        ],
        alternatives=[_gap_by_roll, _gap_by_slices, _gap_in_numpy, _gap_by_loops],
    ),
    Exercise(
        id="discriminator.rnn_jacobian",
        reference=rnn_jacobian,
        cases=[
            case(weight=_D([[1.0, 2.0], [3.0, 4.0]]).double(), state=_D([0.0, 0.5]).double()),
            lambda rng: case(weight=normal(3, 3, generator=rng), state=torch.tanh(normal(3, generator=rng))),
        ],
        mistakes={
            "slope left out": Mistake(
                lambda weight, state: weight.clone(),
                "This is the derivative of W h + U x + b. The tanh around it has a slope as well, below 1 everywhere but at 0.",
            ),
            "columns scaled instead of rows": Mistake(
                lambda weight, state: weight * (1 - state**2),
                "Row i belongs to output i, whose tanh has slope 1 - h_i². You scaled column i, which belongs to input i.",
            ),
            "transposed": Mistake(
                lambda weight, state: ((1 - state**2)[:, None] * weight).T,
                "Entry (i, j) is the derivative of new state i with respect to old state j. You have it the other way round.",
            ),
            "tanh twice": Mistake(
                lambda weight, state: (1 - torch.tanh(state) ** 2)[:, None] * weight,
                "The state is a tanh already. Its slope is 1 - state²; at state 0.5 that is 0.75, not 0.79.",
            ),
            "1 - h instead of 1 - h²": Mistake(
                lambda weight, state: (1 - state)[:, None] * weight,
                "That is no slope of tanh: for a state of -0.5 you would get 1.5, but tanh nowhere rises faster than 1.",
            ),
        },
        hints=[
            "The derivative of tanh(a) is 1 - tanh(a)², and tanh(a) is the new state.",
            "Chain rule: row i of W times the slope of tanh at output i.",
            "(1 - state**2)[:, None] * weight",
        ],
        alternatives=[_jacobian_by_rows, _jacobian_by_diag, _jacobian_by_loops, _jacobian_in_numpy],
    ),
    Exercise(
        id="discriminator.with_prior",
        reference=with_prior,
        cases=[
            case(logits=_D([0.0]).double(), share_real=0.9),
            case(logits=_D([-2.0, 3.0]).double(), share_real=0.5),
            lambda rng: case(logits=2 * normal(5, generator=rng), share_real=0.98),
            lambda rng: case(logits=2 * normal(3, generator=rng), share_real=0.2),
        ],
        tolerance=1e-5,  # the logarithm may be taken in float32
        mistakes={
            "wrong sign": Mistake(
                lambda logits, share_real: 2 * logits - with_prior(logits, share_real),
                "Where nine in ten are real, an example with logit 0 is real with probability 0.9, so its corrected logit is +2.2, not -2.2.",
            ),
            "log of the share only": Mistake(
                lambda logits, share_real: logits + torch.as_tensor(share_real, dtype=logits.dtype).log(),
                "With equal shares nothing may change, but you add log 0.5. The odds are share / (1 - share).",
            ),
            "odds without a logarithm": Mistake(
                lambda logits, share_real: logits + share_real / (1 - share_real),
                "Odds multiply, and logits are logarithms of odds, so what you add must be a logarithm. With equal shares it must be 0.",
            ),
            "probabilities instead of logits": Mistake(
                lambda logits, share_real: torch.sigmoid(with_prior(logits, share_real)),
                "Right up to the last step. Return logits, so that a loss or a temperature can still use them.",
            ),
            "probability times share": Mistake(
                lambda logits, share_real: torch.logit(torch.sigmoid(logits) * share_real),
                "Both answers have a prior. Real gets D times the share, generated gets (1 - D) times the rest, and then the two must be "
                "rescaled to add up to 1.",
            ),
        },
        hints=[
            "Bayes: P(real given x) / P(generated given x) = p(x) share / (q(x) (1 - share)).",
            "Take the logarithm. The first part is the logit that D gives.",
            "logits + log(share / (1 - share))",
        ],
        alternatives=[_prior_by_log, _prior_by_logit, _prior_in_numpy, _prior_by_loops],
    ),
]
