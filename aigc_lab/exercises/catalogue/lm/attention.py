"""Exercises of lesson 39: attention, its mask, the cache of keys and values, and a power law."""

import math

import numpy as np
import torch
from torch.nn import functional as F

from aigc_lab.exercises import Exercise, Mistake, case, normal
from aigc_lab.lm import attention, kv_cache, scaling

LESSON = "39 Language models"


def _causal_mask(length):
    return attention.causal_mask(length)


def _triangle(length, diagonal):
    return torch.ones(length, length, dtype=torch.bool).tril(diagonal)


def _attend(query, key, value, mask, scale, dim=-1):
    scores = query @ key.mT * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(dim) @ value


def _attention_by_hint(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1) @ value


def _attention_by_torch(query, key, value, mask=None):
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def _attention_by_exponentials(query, key, value, mask=None):
    scores = torch.einsum("...nd,...md->...nm", query, key) * query.shape[-1] ** -0.5
    seen = torch.ones_like(scores) if mask is None else mask.to(scores.dtype).expand_as(scores)
    largest = torch.where(seen > 0, scores, torch.full_like(scores, -math.inf)).amax(-1, keepdim=True)
    weights = torch.exp((scores - largest) * seen) * seen
    return (weights / weights.sum(-1, keepdim=True)) @ value


def _attention_by_rows(query, key, value, mask=None):
    rows = []
    for i in range(query.shape[-2]):
        scores = (query[..., i : i + 1, :] * key).sum(-1) / query.shape[-1] ** 0.5
        if mask is not None:
            scores = scores + torch.zeros(key.shape[-2], dtype=scores.dtype).masked_fill(~mask[i], -math.inf)
        rows.append((scores.softmax(-1)[..., None] * value).sum(-2))
    return torch.stack(rows, dim=-2)


def _without_softmax(query, key, value, mask):
    """Exponentials as the formula has them: they overflow."""
    weights = (query @ key.mT / math.sqrt(query.shape[-1])).exp()
    weights = weights if mask is None else weights * mask
    return weights / weights.sum(-1, keepdim=True) @ value


def _mask_afterwards(query, key, value, mask):
    weights = (query @ key.mT / math.sqrt(query.shape[-1])).softmax(-1)
    return (weights if mask is None else weights * mask) @ value


def _mask_with_zeros(query, key, value, mask):
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    return (scores if mask is None else scores * mask).softmax(-1) @ value


def _mask_by_comparison(length):
    place = torch.arange(length)
    return place[:, None] >= place


def _mask_by_loops(length):
    return torch.tensor([[j <= i for j in range(length)] for i in range(length)])


def _cache_by_hint(layers, width, length, batch, number_bytes):
    of_a_token = 2 * width
    return of_a_token * layers * length * batch * number_bytes


def _cache_by_layers(layers, width, length, batch, number_bytes):
    keys = batch * length * width * number_bytes
    values = keys
    return sum(keys + values for _ in range(layers))


def _law_by_hint(sizes, losses):
    slope, intercept = np.polyfit(np.log(sizes), np.log(losses), 1)
    alpha = -slope
    return alpha, np.exp(intercept / alpha)


def _law_by_covariance(sizes, losses):
    x, y = np.log10(sizes), np.log10(losses)
    alpha = -((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    return alpha, 10 ** (x.mean() + y.mean() / alpha)


def _law_by_equations(sizes, losses):
    x, y = torch.tensor(sizes).log2(), torch.tensor(losses).log2()
    columns = torch.stack([torch.ones_like(x), -x], dim=1)
    height, alpha = torch.linalg.solve(columns.T @ columns, columns.T @ y)
    return alpha.item(), 2 ** (height / alpha).item()


def _line(x, y):
    slope, intercept = np.polyfit(x, y, 1)
    return float(slope), float(intercept)


def _law(sizes, losses, read):
    """(alpha, N_c) read off the line through the logarithms."""
    return read(*_line(np.log(sizes), np.log(losses)))


def _log10_then_exp(sizes, losses):
    slope, intercept = _line(np.log10(sizes), np.log10(losses))
    return -slope, float(np.exp(-intercept / slope))


def _raw(sizes, losses):
    slope, intercept = _line(sizes, losses)
    return -slope, -intercept / slope


def _half_logarithmic(sizes, losses):
    slope, intercept = _line(np.log(sizes), losses)
    return -slope, float(np.exp(-intercept / slope))


def _noisy_law(rng):
    sizes = np.array([2e3, 8e3, 2e4, 9e4, 4e5])
    noise = 0.02 * normal(5, generator=rng).numpy()
    return case(sizes=sizes, losses=(3e6 / sizes) ** 0.11 * np.exp(noise))


def _one_text(layers, width, length, batch, number_bytes):
    return 2 * layers * width * length * number_bytes


EXERCISES = [
    Exercise(
        id="language.attention",
        reference=attention.attention,
        cases=[
            case(
                query=torch.tensor([[2.0, 0.0, 0.0, 0.0]]).double(),
                key=torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]).double(),
                value=torch.tensor([[10.0], [0.0]]).double(),
                mask=None,
            ),
            lambda rng: case(
                query=normal(3, 4, generator=rng),
                key=normal(5, 4, generator=rng),
                value=normal(5, 2, generator=rng),
                mask=None,
            ),
            lambda rng: case(
                query=normal(2, 2, 4, 9, generator=rng),
                key=normal(2, 2, 4, 9, generator=rng),
                value=normal(2, 2, 4, 3, generator=rng),
                mask=_triangle(4, 0),
            ),
            case(
                query=torch.tensor([[2000.0, 0.0, 0.0, 0.0]]).double(),
                key=torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]).double(),
                value=torch.tensor([[10.0], [0.0]]).double(),
                mask=None,
            ),
        ],
        gradients=True,
        mistakes={
            "no scale": Mistake(
                lambda query, key, value, mask: _attend(query, key, value, mask, 1.0),
                "The scores grow with d: their variance is d where the components have variance 1. At d = 64 a score is typically 8, and e^8 "
                "is 2981, so one key takes nearly all. By what must you divide for variance 1?",
            ),
            "divides by d": Mistake(
                lambda query, key, value, mask: _attend(query, key, value, mask, 1 / query.shape[-1]),
                "d is the *variance* of the scores. Divide by it and their standard deviation is 1 / sqrt(d): at d = 64 all weights are nearly "
                "equal. What is the standard deviation of a number whose variance is d?",
            ),
            "softmax over the queries": Mistake(
                lambda query, key, value, mask: _attend(query, key, value, mask, query.shape[-1] ** -0.5, -2),
                "Your weights add up to 1 over the queries, so queries compete for a key. One query's weights over all keys must add up to 1: "
                "the scores are (..., queries, keys), so which axis is that?",
            ),
            "mask after the softmax": Mistake(
                _mask_afterwards,
                "You set weights to 0 after the softmax. The rows then add up to less than 1, and the forbidden keys are still in the "
                "denominator: the future leaks. Set their scores to minus infinity before the softmax.",
            ),
            "exponentials that overflow": Mistake(
                _without_softmax,
                "Right for small scores, but e^1000 overflows to infinity, and infinity divided by infinity is NaN. Subtract the largest score of "
                "each row first, which changes no weight: torch.softmax does that for you.",
            ),
            "mask with zeros": Mistake(
                _mask_with_zeros,
                "You set forbidden scores to 0. That is a score like any other: e^0 = 1. Which number x has e^x = 0?",
            ),
            "mask turned round": Mistake(
                lambda query, key, value, mask: _attend(
                    query, key, value, None if mask is None else ~mask, query.shape[-1] ** -0.5
                ),
                "Here True means: may be seen. You shut out what is allowed, and a query that may see everything sees nothing: its softmax is "
                "0 / 0. (torch has both meanings: True allows in scaled_dot_product_attention and forbids in nn.MultiheadAttention.)",
            ),
        },
        hints=[
            "Three steps: scores of each query with each key, weights, and the mean of the values with these weights.",
            "scores = query @ key.transpose(-2, -1) / math.sqrt(d). The softmax runs over the keys, dim=-1.",
            "If there is a mask: scores = scores.masked_fill(~mask, -math.inf). Then return torch.softmax(scores, dim=-1) @ value.",
        ],
        alternatives=[_attention_by_hint, _attention_by_torch, _attention_by_exponentials, _attention_by_rows],
    ),
    Exercise(
        id="language.causal_mask",
        reference=_causal_mask,
        cases=[case(length=3), case(length=1), case(length=6)],
        mistakes={
            "nobody sees itself": Mistake(
                lambda length: _triangle(length, -1),
                "Position i predicts character i + 1 from the characters up to i, so it may see itself. Besides, your first row allows nothing: "
                "its softmax is 0 / 0.",
            ),
            "sees the next one": Mistake(
                lambda length: _triangle(length, 1),
                "Position i also sees i + 1, the very character it has to predict. The training loss will fall to nearly 0 and the model will "
                "have learned to copy its neighbour.",
            ),
            "looks ahead instead of back": Mistake(
                lambda length: _triangle(length, 0).T.contiguous(),
                "Row i says what position i may see. Your first row allows everything, your last row only itself. Turn the triangle over.",
            ),
            "True where it is forbidden": Mistake(
                lambda length: ~_triangle(length, 0),
                "Here True means *may look*, as in torch's scaled_dot_product_attention. (In torch.nn.MultiheadAttention it is the other way "
                "round: there True means forbidden.)",
            ),
        },
        hints=[
            "Write it down for three positions: which of 0, 1, 2 may position 1 see?",
            "True where j <= i. `torch.ones(length, length, dtype=torch.bool)` has True everywhere; which of it stays?",
            "torch.ones(length, length, dtype=torch.bool).tril() keeps the lower triangle with the diagonal.",
        ],
        alternatives=[
            lambda length: torch.ones(length, length, dtype=torch.bool).tril(),
            _mask_by_comparison,
            _mask_by_loops,
            lambda length: np.tri(length, dtype=bool),
        ],
    ),
    Exercise(
        id="language.cache_bytes",
        reference=kv_cache.cache_bytes,
        cases=[
            case(layers=3, width=2, length=5, batch=1, number_bytes=4),
            case(layers=4, width=96, length=128, batch=2, number_bytes=2),
            case(layers=96, width=12288, length=2048, batch=8, number_bytes=2),
        ],
        mistakes={
            "keys only": Mistake(
                lambda layers, width, length, batch, number_bytes: layers * width * length * batch * number_bytes,
                "Half of it is missing. What does a later position need of an earlier one: only its key, to find it, or also what it says?",
            ),
            "one layer": Mistake(
                lambda layers, width, length, batch, number_bytes: 2 * width * length * batch * number_bytes,
                "You count one layer. Each layer has keys and values of its own. How many layers are there?",
            ),
            "the table of weights": Mistake(
                lambda layers, width, length, batch, number_bytes: layers * length**2 * batch * number_bytes,
                "length**2 counts the table of who looks at whom, which is used once and thrown away. What is kept are "
                "keys and values: `width` numbers each, for each token.",
            ),
            "queries too": Mistake(
                lambda layers, width, length, batch, number_bytes: 3 * layers * width * length * batch * number_bytes,
                "You count queries, too. A query is used once, by its own position, and never again. Only keys and "
                "values are looked at later.",
            ),
            "one text": Mistake(
                _one_text,
                "You count one text. Each text of the batch has its own past. The weights are shared among texts; the "
                "cache isn't.",
            ),
        },
        hints=[
            "How many numbers does one token leave behind in one layer?",
            "A key and a value of `width` numbers each; then for all layers, tokens and texts, and each number has its bytes.",
            "2 * width numbers a token and layer; multiply by layers, length, batch and number_bytes.",
        ],
        alternatives=[
            _cache_by_hint,
            _cache_by_layers,
            lambda layers, width, length, batch, number_bytes: np.prod([2, layers, width, length, batch, number_bytes]),
        ],
    ),
    Exercise(
        id="language.power_law",
        reference=scaling.power_law,
        cases=[
            case(sizes=np.array([1e3, 1e4, 1e5]), losses=np.array([4.0, 2.0, 1.0])),
            case(sizes=np.array([8.0, 32.0, 128.0]), losses=np.array([0.5, 0.25, 0.125])),
            _noisy_law,
        ],
        mistakes={
            "a line through the raw numbers": Mistake(
                _raw,
                "A power law is a straight line only where both axes are logarithmic. Take the logarithm of the equation: ln L = ?",
            ),
            "only one axis logarithmic": Mistake(
                _half_logarithmic,
                "This fits L = a - b ln N, which falls below 0 for large N. ln L, not L, is linear in ln N.",
            ),
            "sign of the exponent": Mistake(
                lambda sizes, losses: _law(sizes, losses, lambda m, c: (m, float(np.exp(-c / m)))),
                "The slope of ln L against ln N is -alpha. Losses that fall with N have a positive alpha.",
            ),
            "intercept taken for ln N_c": Mistake(
                lambda sizes, losses: _law(sizes, losses, lambda m, c: (-m, float(np.exp(c)))),
                "The line is ln L = alpha ln N_c - alpha ln N, so the intercept is alpha times ln N_c. What is ln N_c?",
            ),
            "exp of a decimal logarithm": Mistake(
                _log10_then_exp,
                "You fitted log10 and went back with exp. The slope doesn't mind the base of the logarithm, but N_c does: 10 to the power x undoes log10.",
            ),
        },
        hints=[
            "Take logarithms on both sides of L = (N_c / N)^alpha. Which line is that?",
            "`slope, intercept = np.polyfit(np.log(sizes), np.log(losses), 1)`: alpha is -slope.",
            "N_c is where the line crosses ln L = 0: return alpha, np.exp(intercept / alpha).",
        ],
        alternatives=[_law_by_hint, _law_by_covariance, _law_by_equations],
    ),
]
