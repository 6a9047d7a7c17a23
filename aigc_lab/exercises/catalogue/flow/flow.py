"""Exercises of lesson 38: noise added in one leap, the step back, what a flow learns from, the midpoint step, guidance."""

import math

import numpy as np
import torch

from aigc_lab import flow
from aigc_lab.exercises import Exercise, Mistake, case, normal, uniform
from aigc_lab.flow import diffusion

LESSON = "38 Diffusion and flow matching"


def step_back_mean(x_t, x_0, beta, before):
    """Mean of q(x_{t-1} | x_t, x_0); before is ᾱ_{t-1}."""
    now = before * (1 - beta)
    return before.sqrt() * beta / (1 - now) * x_0 + (1 - beta).sqrt() * (1 - before) / (1 - now) * x_t


def training_pair(noise, images, t):
    """What a flow's network sees and what it should say: x_t and the velocity of the line."""
    return flow.between(noise, images, t), images - noise


def midpoint_step(velocity, x, t, h):
    """One midpoint step of length h, at the cost of two evaluations."""
    return x + h * velocity(x + h / 2 * velocity(x, t), t + h / 2)


# What the checks and the mistakes need -------------------------------------------------------------------------------


def _column(values, images):
    return values.view(-1, *[1] * (images.ndim - 1))


def _swirl(x, t):
    """A velocity that depends on place and time."""
    return torch.sin(x) + t[:, None] * x


def _growth(x, t):
    return x + t[:, None]


def _on_a_line(x, t):
    return torch.cos(x) - t * x


def _backwards(noise, images, t):
    return flow.between(images, noise, t), images - noise


def _steps_case(rng):
    beta, before = uniform(2, generator=rng)
    return case(
        x_t=normal(3, 2, generator=rng),
        x_0=normal(3, 2, generator=rng),
        beta=0.02 + 0.3 * beta,
        before=0.2 + 0.7 * before,
    )


# Right answers written otherwise ----------------------------------------------------------------------------------


def _noised_by_column(images, noise, alpha_bar):
    a = alpha_bar.view(-1, 1, 1, 1)
    return torch.sqrt(a) * images + torch.sqrt(1 - a) * noise


def _noised_one_by_one(images, noise, alpha_bar):
    each = [math.sqrt(a) * x + math.sqrt(1 - a) * e for x, e, a in zip(images, noise, alpha_bar.tolist(), strict=True)]
    return torch.stack(each)


def _noised_in_numpy(images, noise, alpha_bar):
    share = alpha_bar.numpy()
    return np.einsum("nchw,n->nchw", images, share**0.5) + np.einsum("nchw,n->nchw", noise, (1 - share) ** 0.5)


def _mean_over_one_line(x_t, x_0, beta, before):
    now = before * (1 - beta)
    return (before.sqrt() * beta * x_0 + (1 - beta).sqrt() * (1 - before) * x_t) / (1 - now)


def _mean_by_precisions(x_t, x_0, beta, before):
    of_step, of_start = (1 - beta) / beta, 1 / (1 - before)  # 1 / variance of x_{t-1}, from x_t and from x_0
    return (of_step * x_t / (1 - beta) ** 0.5 + of_start * before**0.5 * x_0) / (of_step + of_start)


def _mean_in_numpy(x_t, x_0, beta, before):
    beta, before = beta.item(), before.item()
    below = 1 - before * (1 - beta)
    of_start, of_now = math.sqrt(before) * beta / below, math.sqrt(1 - beta) * (1 - before) / below
    return of_start * np.asarray(x_0) + of_now * np.asarray(x_t)


def _pair_by_view(noise, images, t):
    t = t.view(-1, *[1] * (images.ndim - 1))
    return (1 - t) * noise + t * images, images - noise


def _pair_as_a_list(noise, images, t):
    v = images - noise
    return [torch.stack([e + time * way for e, way, time in zip(noise, v, t, strict=True)]), v]


def _pair_in_numpy(noise, images, t):
    noise, images = noise.numpy(), images.numpy()
    share = t.numpy().reshape(len(t), *[1] * (noise.ndim - 1))
    return noise + share * (images - noise), images - noise


def _midpoint_in_two_lines(velocity, x, t, h):
    v = velocity(x, t)
    v = velocity(x + h / 2 * v, t + h / 2)
    return x + h * v


def _midpoint_by_half(velocity, x, t, h):
    half = 0.5 * h
    middle = torch.add(x, velocity(x, t), alpha=half)
    return torch.add(x, velocity(middle, t + half), alpha=2 * half)


def _guided_in_numpy(conditional, unconditional, guidance):
    both = np.stack([conditional, unconditional])
    return np.tensordot(np.array([guidance, 1 - guidance], dtype=both.dtype), both, axes=1)


EXERCISES = [
    Exercise(
        id="flow.noised",
        reference=diffusion.noised,
        alternatives=[_noised_by_column, _noised_one_by_one, _noised_in_numpy],
        cases=[
            case(
                images=torch.ones(2, 1, 2, 2).double(),
                noise=torch.full((2, 1, 2, 2), -1.0).double(),
                alpha_bar=torch.tensor([0.64, 0.36]).double(),
            ),
            lambda rng: case(
                images=normal(3, 1, 3, 3, generator=rng),
                noise=normal(3, 1, 3, 3, generator=rng),
                alpha_bar=uniform(3, generator=rng),
            ),
        ],
        mistakes={
            "the roots are forgotten": Mistake(
                lambda images, noise, alpha_bar: (
                    _column(alpha_bar, images) * images + (1 - _column(alpha_bar, images)) * noise
                ),
                "The *variance* of the noise is 1 - ᾱ; what you multiply ε by is its standard deviation. At ᾱ = 0.5 your x_t has variance "
                "0.5 for a picture of variance 1; it should stay 1.",
            ),
            "a variance for a standard deviation": Mistake(
                lambda images, noise, alpha_bar: (
                    _column(alpha_bar, images).sqrt() * images + (1 - _column(alpha_bar, images)) * noise
                ),
                "The picture's factor is right. But 1 - ᾱ is the noise's variance: at ᾱ = 0.64, ε has the factor 0.6, and you take 0.36.",
            ),
            "1 minus the root": Mistake(
                lambda images, noise, alpha_bar: (
                    _column(alpha_bar, images).sqrt() * images + (1 - _column(alpha_bar, images).sqrt()) * noise
                ),
                "The two factors don't add up to 1, their squares do. At ᾱ = 0.64 they are 0.8 and 0.6; yours are 0.8 and 0.2.",
            ),
            "picture and noise are swapped": Mistake(
                lambda images, noise, alpha_bar: diffusion.noised(noise, images, alpha_bar),
                "ᾱ is the share that is still the picture's. At ᾱ = 1 the picture should come back; you return the noise.",
            ),
            "each column gets its own ᾱ": Mistake(
                lambda images, noise, alpha_bar: alpha_bar.sqrt() * images + (1 - alpha_bar).sqrt() * noise,
                "Broadcasting aligns (n,) with the *last* axis: the ᾱ of picture 2 is used for column 2 of every "
                "picture. The code runs only because n equals the width here. Give ᾱ the shape (n, 1, 1, 1).",
            ),
        },
        hints=[
            "What are the mean and the variance of q(x_t | x_0)?",
            "A draw of N(m, s²) is m + s ε. Is s here 1 - ᾱ, or its root?",
            "a = alpha_bar.view(-1, 1, 1, 1); then a.sqrt() * images + (1 - a).sqrt() * noise.",
        ],
    ),
    Exercise(
        id="flow.step_back_mean",
        reference=step_back_mean,
        alternatives=[_mean_over_one_line, _mean_by_precisions, _mean_in_numpy],
        cases=[
            case(
                x_t=torch.tensor([0.0, 1.0]).double(),
                x_0=torch.tensor([1.0, 0.0]).double(),
                beta=torch.tensor(0.1).double(),
                before=torch.tensor(0.8).double(),
            ),
            _steps_case,
        ],
        mistakes={
            "the weights are swapped": Mistake(
                lambda x_t, x_0, beta, before: step_back_mean(x_0, x_t, beta, before),
                "A small step hardly leaves x_t: with β = 0.1 and ᾱ before it 0.8, x_t has weight 0.68, x_0 only 0.32. Yours are the other way round.",
            ),
            "ᾱ after the step for ᾱ before it": Mistake(
                lambda x_t, x_0, beta, before: (
                    (n := before * (1 - beta)).sqrt() * beta / (1 - n) * x_0 + (1 - beta).sqrt() * x_t
                ),
                "Your numerators use ᾱ_t, which belongs to x_t. Given x_0, the distribution of x_{t-1} is N(√ᾱ_{t-1} "
                "x_0, 1 - ᾱ_{t-1}): both numerators need the ᾱ before the step. Only the denominator is 1 - ᾱ_t.",
            ),
            "the roots are forgotten": Mistake(
                lambda x_t, x_0, beta, before: (
                    before * beta / (1 - before * (1 - beta)) * x_0
                    + (1 - beta) * (1 - before) / (1 - before * (1 - beta)) * x_t
                ),
                "x_{t-1} has mean √ᾱ_{t-1} x_0, and x_t has mean √(1 - β) x_{t-1}: both factors are roots.",
            ),
            "the step undone, as if nothing were known of x_0": Mistake(
                lambda x_t, x_0, beta, before: x_t / (1 - beta).sqrt(),
                "Dividing by √(1 - β) undoes the shrinking, but not the noise. Bayes' rule pulls towards √ᾱ_{t-1} x_0: where is x_0 in your answer?",
            ),
        },
        hints=[
            "You solved for it with sympy in the cell above.",
            "ᾱ_t is before * (1 - beta), and 1 - ᾱ_t is the denominator of both fractions.",
            "(before.sqrt() * beta * x_0 + (1 - beta).sqrt() * (1 - before) * x_t) / (1 - before * (1 - beta)).",
        ],
    ),
    Exercise(
        id="flow.training_pair",
        reference=training_pair,
        alternatives=[_pair_by_view, _pair_as_a_list, _pair_in_numpy],
        cases=[
            case(
                noise=torch.zeros(2, 2).double(), images=torch.ones(2, 2).double(), t=torch.tensor([0.25, 1.0]).double()
            ),
            lambda rng: case(
                noise=normal(3, 1, 3, 3, generator=rng),
                images=normal(3, 1, 3, 3, generator=rng),
                t=uniform(3, generator=rng),
            ),
        ],
        mistakes={
            "the line runs backwards": Mistake(
                _backwards,
                "At t = 1 your point is the noise. The velocity is that of a line that *ends* at the picture: such a line is at the noise at t = 0.",
            ),
            "the velocity points at the noise": Mistake(
                lambda noise, images, t: (flow.between(noise, images, t), noise - images),
                "Differentiate x_t = (1 - t) ε + t x with respect to t. From ε = 0 to x = 1 in unit time the velocity is +1; yours is -1, away from the picture.",
            ),
            "the way that is left": Mistake(
                lambda noise, images, t: (p := flow.between(noise, images, t), images - p),
                "You return x - x_t, which shrinks to 0 on the way: it is the velocity times the time left, (x - ε) (1 "
                "- t). The velocity itself is the same all along the line.",
            ),
            "the picture as target": Mistake(
                lambda noise, images, t: (flow.between(noise, images, t), images),
                "Your target is the picture. A network may well learn that, but then its answer isn't a velocity, and "
                "`follow` would walk in the wrong direction.",
            ),
            "each column gets its own t": Mistake(
                lambda noise, images, t: ((1 - t) * noise + t * images, images - noise),
                "Broadcasting aligns (n,) with the *last* axis: the t of picture 2 is used for column 2 of every picture. Give t the shape (n, 1, ...).",
            ),
        },
        hints=[
            "Where is the point at t = 0, and where at t = 1?",
            "The second thing to return is d x_t / dt.",
            "t needs as many axes as the pictures: t = t.view(-1, *[1] * (images.ndim - 1)). Then return (1 - t) * noise + t * images and images - noise.",
        ],
    ),
    Exercise(
        id="flow.midpoint_step",
        reference=midpoint_step,
        alternatives=[_midpoint_in_two_lines, _midpoint_by_half],
        cases=[
            case(velocity=_growth, x=torch.ones(1, 1).double(), t=torch.zeros(1).double(), h=0.5),
            lambda rng: case(velocity=_swirl, x=normal(3, 2, generator=rng), t=0.5 * uniform(3, generator=rng), h=0.4),
            lambda rng: case(velocity=_on_a_line, x=normal(4, generator=rng), t=0.5 * uniform(4, generator=rng), h=0.3),
        ],
        mistakes={
            "Euler's step": Mistake(
                lambda velocity, x, t, h: x + h * velocity(x, t),
                "This takes the velocity where you stand. For dx/dt = x + t from x = 1 and h = 0.5 it gives 1.5; the truth is 1.797, the midpoint 1.75.",
            ),
            "half a step only": Mistake(
                lambda velocity, x, t, h: x + h / 2 * velocity(x + h / 2 * velocity(x, t), t + h / 2),
                "You look ahead correctly, but then walk only half the way. Take the whole step h, with the velocity at its middle.",
            ),
            "the clock stands still": Mistake(
                lambda velocity, x, t, h: x + h * velocity(x + h / 2 * velocity(x, t), t),
                "The place is half a step ahead, the time is not. At the middle the network must be told t + h/2, or it expects more noise than there is.",
            ),
            "the place stands still": Mistake(
                lambda velocity, x, t, h: x + h * velocity(x, t + h / 2),
                "The time is half a step ahead, the place is not. That saves an evaluation, but the error then falls no faster than Euler's.",
            ),
            "the step goes on from the middle": Mistake(
                lambda velocity, x, t, h: (m := x + h / 2 * velocity(x, t)) + h * velocity(m, t + h / 2),
                "You walk to the middle, and from there a whole step: one and a half in all. The first half step only looks ahead; take the whole step from x.",
            ),
            "Heun's step": Mistake(
                lambda velocity, x, t, h: x + h / 2 * ((v := velocity(x, t)) + velocity(x + h * v, t + h)),
                "You average the velocities at the two ends. That is Heun's method, of the same order. The midpoint "
                "step takes the velocity at the *middle*.",
            ),
        },
        hints=[
            "Take half a step with the velocity where you stand. What is the velocity at the place you reach?",
            "Ask there: both place and time are half a step on, x + h/2 v and t + h/2.",
            "v = velocity(x, t); v = velocity(x + h / 2 * v, t + h / 2); then x + h * v.",
        ],
    ),
    Exercise(
        id="flow.guided",
        reference=flow.guided,
        alternatives=[
            lambda conditional, unconditional, guidance: unconditional + guidance * (conditional - unconditional),
            lambda conditional, unconditional, guidance: guidance * conditional + (1 - guidance) * unconditional,
            lambda conditional, unconditional, guidance: torch.lerp(unconditional, conditional, guidance),
            _guided_in_numpy,
        ],
        cases=[
            case(conditional=torch.tensor([3.0]).double(), unconditional=torch.tensor([1.0]).double(), guidance=2.0),
            lambda rng: case(
                conditional=normal(2, 3, generator=rng), unconditional=normal(2, 3, generator=rng), guidance=3.5
            ),
            lambda rng: case(
                conditional=normal(2, 3, generator=rng), unconditional=normal(2, 3, generator=rng), guidance=1.0
            ),
        ],
        mistakes={
            "the paper's w": Mistake(
                lambda conditional, unconditional, guidance: conditional + guidance * (conditional - unconditional),
                "In the paper of Ho and Salimans w = 0 gives the prediction for the class; here w = 1 does. Your "
                "formula is theirs, so w is off by one: at w = 1 it already pushes beyond that prediction.",
            ),
            "the roles are swapped": Mistake(
                lambda conditional, unconditional, guidance: flow.guided(unconditional, conditional, guidance),
                "At w = 1 you return the prediction without a class, and for w > 1 you walk *away* from the class.",
            ),
            "the difference is forgotten": Mistake(
                lambda conditional, unconditional, guidance: unconditional + guidance * conditional,
                "The weights should add up to 1, whatever w is; yours add up to 1 + w. If both predictions agree, the answer should be that prediction.",
            ),
        },
        hints=[
            "Which velocity should come out at w = 0, and which at w = 1?",
            "The answer lies on the straight line through both, and w says how far along it.",
            "unconditional + guidance * (conditional - unconditional).",
        ],
    ),
]
