"""Exercises of lesson 39 on decoding: two ways to cut off what is unlikely."""

import math

import numpy as np
import torch

from aigc_lab.exercises import Exercise, Mistake, case, normal
from aigc_lab.lm import decoding

LESSON = "39 Language models"

FOUR = torch.tensor([0.4, 0.1, 0.3, 0.2]).double().log()


def _top_k(logits, k, tau):
    return decoding.temperature(decoding.top_k(logits, k), tau).softmax(-1)


def _k_largest(logits, k):
    return torch.zeros_like(logits, dtype=torch.bool).scatter(-1, logits.topk(k).indices, True)


def _smallest_instead(logits, k, tau):
    least = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, (-logits).topk(k).indices, True)
    return (logits.masked_fill(least, -math.inf) / tau).softmax(-1)


def _k_by_hint(logits, k, tau):
    edge = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]
    return torch.softmax(logits.masked_fill(logits < edge, -math.inf) / tau, dim=-1)


def _k_by_powers(logits, k, tau):
    probabilities = torch.softmax(logits, -1)
    rank = (logits[..., None, :] > logits[..., :, None]).sum(-1)  # how many are larger
    left = torch.where(rank < k, probabilities ** (1 / tau), 0.0)
    return left / left.sum(-1, keepdim=True)


def _k_in_numpy(logits, k, tau):
    logits = logits.numpy()
    out = np.zeros_like(logits)
    for place in np.ndindex(logits.shape[:-1]):
        kept = np.argsort(logits[place])[::-1][:k]
        weights = np.exp((logits[place][kept] - logits[place].max()) / tau)
        out[place][kept] = weights / weights.sum()
    return out


def _p_by_hint(logits, p):
    probabilities, order = torch.softmax(logits, dim=-1).sort(dim=-1, descending=True)
    before = probabilities.cumsum(-1) - probabilities
    stays = before < p
    stays = torch.zeros_like(stays).scatter(-1, order, stays)
    return torch.softmax(logits.masked_fill(~stays, -math.inf), dim=-1)


def _p_by_pairs(logits, p):
    probabilities = logits.softmax(-1)
    larger = probabilities[..., None, :] > probabilities[..., :, None]
    before = (larger * probabilities[..., None, :]).sum(-1)
    left = torch.where(before < p, probabilities, 0.0)
    return left / left.sum(-1, keepdim=True)


def _p_by_loops(logits, p):
    probabilities = logits.softmax(-1).numpy()
    out = np.zeros_like(probabilities)
    for place in np.ndindex(probabilities.shape[:-1]):
        row, total = probabilities[place], 0.0
        for token in np.argsort(-row):
            out[place][token] = row[token]
            total += row[token]
            if total >= p:
                break
        out[place] /= total
    return out


def _top_p(logits, p):
    return decoding.top_p(logits, p).softmax(-1)


def _kept(logits, p, keeps, undo=True):
    """The kept probabilities, normalised; `keeps` says which of the sorted ones stay."""
    probabilities, order = logits.softmax(-1).sort(-1, descending=True)
    keep = keeps(probabilities, p)
    if undo:
        keep = torch.zeros_like(keep).scatter(-1, order, keep)
    left = logits.softmax(-1) * keep
    return left / left.sum(-1, keepdim=True)


def _below(probabilities, p):
    return probabilities.cumsum(-1) <= p


def _below_but_one(probabilities, p):
    keep = probabilities.cumsum(-1) <= p
    keep[..., 0] = True
    return keep


def _before(probabilities, p):
    return probabilities.cumsum(-1) - probabilities < p


def _not_shared_out(logits, p):
    probabilities, order = logits.softmax(-1).sort(-1, descending=True)
    keep = _before(probabilities, p)
    return logits.softmax(-1) * torch.zeros_like(keep).scatter(-1, order, keep)


EXERCISES = [
    Exercise(
        id="decoding.top_k_probabilities",
        reference=_top_k,
        cases=[
            case(logits=FOUR, k=3, tau=0.5),
            lambda rng: case(logits=2 * normal(6, generator=rng), k=2, tau=0.7),
            lambda rng: case(logits=2 * normal(2, 5, generator=rng), k=3, tau=2.0),
            lambda rng: case(logits=normal(2, 4, generator=rng), k=6, tau=0.7),
        ],
        mistakes={
            "temperature on the probabilities": Mistake(
                lambda logits, k, tau: decoding.top_k(logits, k).softmax(-1) / tau,
                "You divide probabilities by the temperature. That changes no ratio among them, and they add up to 1 / tau. The temperature "
                "divides the logits, before the softmax.",
            ),
            "logit 0 for what is cut": Mistake(
                lambda logits, k, tau: (logits * _k_largest(logits, k) / tau).softmax(-1),
                "A logit of 0 isn't probability 0: e^0 = 1. Beside logits that are negative, as log probabilities are, the tokens you cut "
                "off become the favourites.",
            ),
            "cuts the k least likely": Mistake(
                _smallest_instead,
                "You removed k tokens and kept the others. k counts those that *stay*.",
            ),
            "the rest isn't shared out": Mistake(
                lambda logits, k, tau: (logits / tau).softmax(-1) * _k_largest(logits, k),
                "The kept probabilities are those of the whole vocabulary, so they add up to less than 1. Cut first, then take the softmax.",
            ),
        },
        hints=[
            "Which logit gives probability 0? Give it to all but the k largest; then temperature; then softmax.",
            "The k-th largest: `edge = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]`. Cut what is "
            "smaller.",
            "torch.softmax(logits.masked_fill(logits < edge, -math.inf) / tau, dim=-1)",
        ],
        alternatives=[_k_by_hint, _k_by_powers, _k_in_numpy],
    ),
    Exercise(
        id="decoding.top_p_probabilities",
        reference=_top_p,
        cases=[
            case(logits=FOUR, p=0.6),
            case(logits=FOUR, p=0.25),
            lambda rng: case(logits=2 * normal(7, generator=rng), p=0.8),
            lambda rng: case(logits=2 * normal(2, 5, generator=rng), p=0.55),
            lambda rng: case(logits=normal(4, generator=rng), p=1.0),
        ],
        mistakes={
            "drops the token that reaches p": Mistake(
                lambda logits, p: _kept(logits, p, _below_but_one),
                "You keep tokens as long as the sum *with* them is at most p. The token that crosses p belongs in: of 0.4, 0.3, 0.2, 0.1 at "
                "p = 0.6 you keep only 0.4, which is less than 0.6. Ask for the sum of those *before* it.",
            ),
            "may keep none": Mistake(
                lambda logits, p: _kept(logits, p, _below),
                "Where the most likely token alone holds more than p, you keep no token at all, and 0 / 0 is NaN. Ask "
                "for the sum of the tokens *before* each one: for the first it is 0, so the first always stays.",
            ),
            "sorted and not put back": Mistake(
                lambda logits, p: _kept(logits, p, _before, undo=False),
                "What stays was decided in sorted order, and then used in the order of the vocabulary. `scatter` with the indices that `sort` "
                "gave puts it back.",
            ),
            "p as the least probability": Mistake(
                lambda logits, p: _kept(
                    logits, p, lambda probabilities, p: probabilities >= min(1 - p, probabilities.max())
                ),
                "You compare each probability by itself with a threshold. p is about their *sum*: how many of the most likely ones does it take "
                "to hold p together?",
            ),
            "the rest isn't shared out": Mistake(
                _not_shared_out,
                "You kept the right tokens with their old probabilities, which add up to less than 1. Share out what was cut, in proportion.",
            ),
        },
        hints=[
            "Sort the probabilities from the largest on. Which of them stay, in terms of the sum of those before each one?",
            "before = sorted.cumsum(-1) - sorted; stays = before < p. Then back into the old order: "
            "`torch.zeros_like(stays).scatter(-1, order, stays)`.",
            "Where a token doesn't stay, its logit becomes minus infinity: torch.softmax(logits.masked_fill(~stays, -math.inf), dim=-1)",
        ],
        alternatives=[_p_by_hint, _p_by_pairs, _p_by_loops],
    ),
]
