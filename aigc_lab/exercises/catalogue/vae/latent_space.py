"""Exercises of lesson 33."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy import stats
from torch import Tensor

from aigc_lab.control import interpolation
from aigc_lab.exercises import Exercise, Mistake, case, normal
from aigc_lab.metrics import roc
from aigc_lab.vae import latent_space


def area_under_roc(normal: Tensor, anomalous: Tensor) -> float:
    """How often an anomaly scores higher than a normal example; a tie counts half."""
    return float(roc.roc_auc(anomalous, normal))


LESSON = "33 Training a VAE"


def _arc(a, b, t, omega):
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


def _angle(a, b):
    return F.cosine_similarity(a, b, dim=1).arccos()[:, None]


def _pairs(normal_scores, anomalous):
    return anomalous[:, None] - normal_scores[None, :]


def _slerp_by_weights(a, b, t):
    omega = F.cosine_similarity(a, b, dim=1).clamp(-1, 1).arccos()[:, None]
    arc = torch.sin((1 - t) * omega) / torch.sin(omega) * a + torch.sin(t * omega) / torch.sin(omega) * b
    return torch.where(omega < 1e-4, (1 - t) * a + t * b, arc)


def _slerp_by_rows(a, b, t):
    rows = []
    for p, q in zip(a, b, strict=True):
        cosine = float(p @ q / (p.norm() * q.norm()))
        omega = math.acos(min(1.0, max(-1.0, cosine)))
        if omega < 1e-6:
            rows.append(p + t * (q - p))
        else:
            rows.append((math.sin((1 - t) * omega) * p + math.sin(t * omega) * q) / math.sin(omega))
    return torch.stack(rows)


def _area_by_differences(normal, anomalous):
    table = anomalous[:, None] - normal[None, :]
    return float((table > 0).double().mean() + 0.5 * (table == 0).double().mean())


def _area_by_sorting(normal, anomalous):
    """By the sum of ranks (Mann and Whitney)."""
    ranks = stats.rankdata(np.concatenate([anomalous.numpy(), normal.numpy()]))
    n, m = len(anomalous), len(normal)
    return (ranks[:n].sum() - n * (n + 1) / 2) / (n * m)


def _codes(rng):
    """Six dimensions: two in use, two that barely move, one that sits far from 0, one dead."""
    scale = torch.tensor([1.0, 0.6, 0.05, 0.05, 0.0, 0.0], dtype=torch.float64)
    offset = torch.tensor([0.0, 0.3, 0.0, 1.0, -4.0, 0.0], dtype=torch.float64)
    return case(mu=offset + scale * normal(40, 6, generator=rng))


# Rounding makes the cosine between this code and 0.47 times itself greater than 1.
SAME_WAY = torch.tensor([[0.3731, 0.1494, -0.6709, -0.2142, -0.4320]]).double()

EXERCISES = [
    Exercise(
        id="latent.slerp",
        reference=interpolation.slerp,
        cases=[
            case(a=torch.tensor([[2.0, 0.0]]).double(), b=torch.tensor([[0.0, 2.0]]).double(), t=0.5),
            case(a=torch.tensor([[2.0, 0.0]]).double(), b=torch.tensor([[1.0, 3.0]]).double(), t=0.25),
            lambda rng: case(a=normal(4, 16, generator=rng), b=normal(4, 16, generator=rng), t=0.3),
            case(a=torch.tensor([[1.0, 0.0]]).double(), b=torch.tensor([[1.0, 0.05]]).double(), t=0.3),
            case(a=SAME_WAY, b=0.47 * SAME_WAY, t=0.3),
        ],
        alternatives=[_slerp_by_weights, _slerp_by_rows],
        mistakes={
            "the straight line": Mistake(
                lambda a, b, t: (1 - t) * a + t * b,
                "Half way from [2, 0] to [0, 2] this gives [1, 1], of length 1.41. On the arc the length stays 2.",
            ),
            "the angle of vectors that were not normalised": Mistake(
                lambda a, b, t: _arc(a, b, t, (a * b).sum(dim=1, keepdim=True).arccos()),
                "a · b is the cosine times both lengths. For [2, 0] and [1, 3] it is 2, and no angle has the cosine 2: you get NaN.",
            ),
            "on the unit sphere": Mistake(
                lambda a, b, t: _arc(F.normalize(a), F.normalize(b), t, _angle(a, b)),
                "Normalised vectors are right for the angle. You blend them, too, so the code has length 1, and t = 0 "
                "does not give a back.",
            ),
            "t the wrong way round": Mistake(
                lambda a, b, t: _arc(b, a, t, _angle(a, b)),
                "At t = 0 you should be at a. At t = 0.5 the two directions can't be told apart, so test with t = 0.",
            ),
        },
        hints=[
            "What is the angle between a and b? How long the vectors are must not matter for it.",
            "For each row, cos ω = a · b / (|a| |b|): `F.cosine_similarity(a, b, dim=1)`. Add `[:, None]`, so that "
            "each row is multiplied by its own number.",
            "sin((1 - t) ω) / sin ω is the weight of a, sin(t ω) / sin ω that of b. `torch.where(ω < 1e-4, line, arc)` takes the line where the "
            "angle is 0; rounding may give a cosine above 1, so `.clamp(-1, 1)` it before `.arccos()`.",
        ],
    ),
    Exercise(
        id="latent.active_dimensions",
        reference=latent_space.active_dimensions,
        cases=[
            case(mu=torch.tensor([[1.0, 0.0, 5.0], [-1.0, 0.0, 5.0], [0.0, 0.0, 5.0], [2.0, 0.0, 5.0]]).double()),
            _codes,
            case(mu=torch.tensor([[0.0, 0.0], [2.0, 3.0]]).double(), threshold=2.0),  # one variance is 2: not above it
        ],
        alternatives=[
            lambda mu, threshold=0.01: int((mu.var(dim=0) > threshold).sum()),
            lambda mu, threshold=0.01: sum(np.var(column, ddof=1) > threshold for column in mu.numpy().T),
            lambda mu, threshold=0.01: int(((mu - mu.mean(0)).square().sum(0) > threshold * (len(mu) - 1)).sum()),
        ],
        mistakes={
            "far from 0 instead of varying": Mistake(
                lambda mu, threshold=0.01: int((mu.mean(dim=0).abs() > threshold).sum()),
                "A dimension that is 5 for every picture says nothing about the picture. It must differ between pictures.",
            ),
            "variance over the wrong axis": Mistake(
                lambda mu, threshold=0.01: int((mu.var(dim=1) > threshold).sum()),
                "`dim=1` gives the variance within one code, so you count pictures. How does one dimension vary over "
                "the pictures?",
            ),
            "standard deviation": Mistake(
                lambda mu, threshold=0.01: int((mu.std(dim=0) > threshold).sum()),
                "The threshold is for the variance. A standard deviation of 0.05 is a variance of 0.0025, below 0.01.",
            ),
            "a share": Mistake(
                lambda mu, threshold=0.01: float((mu.var(dim=0) > threshold).double().mean()),
                "This is the share of the dimensions. Return their number.",
            ),
        },
        hints=[
            "Which axis runs over the pictures?",
            "`mu.var(dim=0)` has one number for each dimension: count those above the threshold.",
        ],
    ),
    Exercise(
        id="latent.bits_per_dimension",
        reference=latent_space.bits_per_dimension,
        cases=[
            case(bound=torch.tensor([-784 * math.log(2)]).double(), shape=(1, 28, 28)),
            case(bound=torch.tensor([-2000.0, -3000.0]).double(), shape=(3, 8, 8)),
            lambda rng: case(bound=-100 + 10 * normal(5, generator=rng), shape=(1, 28, 28)),
        ],
        alternatives=[
            lambda bound, shape: -bound / (math.log(2) * shape[0] * shape[1] * shape[2]),
            lambda bound, shape: -bound * math.log2(math.e) / math.prod(shape),
        ],
        mistakes={
            "the sign kept": Mistake(
                lambda bound, shape: bound / (math.log(2) * math.prod(shape)),
                "A length in bits, -log2 p, is positive. The bound on log p is negative: change its sign.",
            ),
            "nats per dimension": Mistake(
                lambda bound, shape: -bound / math.prod(shape),
                "These are nats. A fair coin costs one bit, and log 2 = 0.693 nats; you get 0.693 for guessing.",
            ),
            "times log 2": Mistake(
                lambda bound, shape: -bound * math.log(2) / math.prod(shape),
                "A bit is smaller than a nat, so there are more of them: divide by log 2. Guessing costs 1 bit a "
                "pixel, and you get 0.48.",
            ),
            "channels forgotten": Mistake(
                lambda bound, shape: -bound / (math.log(2) * shape[1] * shape[2]),
                "A colour picture has three numbers a pixel, and each is a dimension.",
            ),
        },
        hints=[
            "What does a decoder pay if it guesses each black or white pixel? The answer should be 1 bit per "
            "dimension.",
            "-bound / (log 2 · c · h · w).",
        ],
    ),
    Exercise(
        id="latent.area_under_roc",
        reference=area_under_roc,
        cases=[
            case(normal=torch.tensor([1.0, 2.0, 3.0]).double(), anomalous=torch.tensor([2.0, 4.0]).double()),
            lambda rng: case(
                normal=normal(12, generator=rng).round(decimals=0),
                anomalous=1 + normal(9, generator=rng).round(decimals=0),
            ),
        ],
        alternatives=[_area_by_differences, _area_by_sorting],
        mistakes={
            "the two swapped": Mistake(
                lambda normal, anomalous: float((_pairs(anomalous, normal).sign() + 1).mean() / 2),
                "This is the probability that a normal example scores higher: 1 minus the area.",
            ),
            "ties lost": Mistake(
                lambda normal, anomalous: float((_pairs(normal, anomalous) > 0).double().mean()),
                "Two equal scores are a coin flip: count one half. Otherwise a score that is the same for all would "
                "get 0 instead of 0.5.",
            ),
            "ties won": Mistake(
                lambda normal, anomalous: float((_pairs(normal, anomalous) >= 0).double().mean()),
                "Two equal scores are a coin flip: count one half. Otherwise a score that is the same for all would "
                "get 1 instead of 0.5.",
            ),
            "one threshold": Mistake(
                lambda normal, anomalous: float((anomalous > normal.median()).double().mean()),
                "This asks what happens at one threshold, the median. The area compares each anomaly with each normal example.",
            ),
        },
        hints=[
            "Compare each anomaly with each normal example: how many pairs are there, and in how many does the anomaly score higher?",
            "`anomalous[:, None] - normal[None, :]` has all differences. Wins count 1, ties one half.",
        ],
    ),
]
