"""Exercises of lesson 34."""

import math

import numpy as np
import scipy.linalg
import torch
from scipy import stats

from aigc_lab import metrics
from aigc_lab.exercises import Exercise, Mistake, case, normal, uniform
from aigc_lab.metrics import two_alternative

LESSON = "34 Is it any good?"


def precision(real, fake, k):
    """The share of generated examples that lie in a ball of a real one."""
    return metrics.precision_recall(real, fake, k).precision


def votes_interval(right, votes):
    """The exact 95% interval."""
    low, high = two_alternative.votes_interval(right, votes)
    return low, high


def _fit(x, divide_by_n=False):
    return x.mean(dim=0), torch.cov(x.T, correction=0 if divide_by_n else 1)


def _root_trace(a, b):
    values, vectors = torch.linalg.eigh(a)
    half = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return torch.linalg.eigvalsh(half @ b @ half).clamp(min=0).sqrt().sum()


def _frechet(real, fake, root_trace=_root_trace, square=True, twice=2.0, **fit):
    (m, a), (n, b) = _fit(real, **fit), _fit(fake, **fit)
    means = (m - n).square().sum()
    return ((means if square else means.sqrt()) + a.trace() + b.trace() - twice * root_trace(a, b)).item()


def _k(a, b, d=None):
    return (a @ b.T / (d or a.shape[1]) + 1) ** 3


def _off_diagonal(table):
    return (table.sum() - table.trace()) / (len(table) * (len(table) - 1))


def _mmd(real, fake, within=_off_diagonal, cross=2, d=None):
    return (within(_k(real, real, d)) + within(_k(fake, fake, d)) - cross * _k(real, fake, d).mean()).item()


def _radii(x, k):
    return torch.cdist(x, x).sort(dim=1).values[:, k]  # column 0 is the example itself


def _inside(real, fake, radii):
    return torch.cdist(real, fake) <= radii[:, None] + 1e-12


def _nearest_ball(real, fake, k):
    table = torch.cdist(real, fake)
    return (table.min(dim=0).values <= _radii(real, k)[table.argmin(dim=0)]).double().mean().item()


def _normal_approximation(right, votes):
    p = right / votes
    error = 1.959964 * math.sqrt(p * (1 - p) / votes)
    return p - error, p + error


def _beta(right, votes, tail):
    low = float(stats.beta.ppf(tail, right, votes - right + 1)) if right else 0.0
    high = float(stats.beta.ppf(1 - tail, right + 1, votes - right)) if right < votes else 1.0
    return low, high


def _psnr_by_numpy(images, references):
    errors = ((images - references).numpy() ** 2).reshape(len(images), -1).mean(axis=1)
    return 10 * np.log10(1 / errors)


def _frechet_by_scipy(real, fake):
    a, b = np.atleast_2d(np.cov(real.T)), np.atleast_2d(np.cov(fake.T))
    means = ((real.mean(0) - fake.mean(0)) ** 2).sum().item()
    return means + np.trace(a + b - 2 * np.real(scipy.linalg.sqrtm(a @ b)))


def _frechet_by_eigenvalues(real, fake):
    """tr (AB)^½ is the sum of the roots of AB's eigenvalues."""
    a, b = (torch.cov(x.T).reshape(x.shape[1], -1) for x in (real, fake))
    roots = torch.linalg.eigvals(a @ b).real.clamp(min=0).sqrt()
    return (real.mean(0) - fake.mean(0)).square().sum() + (a + b).trace() - 2 * roots.sum()


def _kernel_by_tables(real, fake):
    d, n, m = real.shape[1], len(real), len(fake)
    rr, ff, rf = ((a @ b.T / d + 1) ** 3 for a, b in ((real, real), (fake, fake), (real, fake)))
    within = (rr.sum() - rr.trace()) / (n * (n - 1)) + (ff.sum() - ff.trace()) / (m * (m - 1))
    return within - 2 * rf.mean()


def _kernel_by_loops(real, fake):
    def k(a, b):
        return float(sum(p * q for p, q in zip(a.tolist(), b.tolist(), strict=True)) / len(a) + 1) ** 3

    def within(x):
        pairs = [(i, j) for i in range(len(x)) for j in range(len(x)) if i != j]
        return sum(k(x[i], x[j]) for i, j in pairs) / len(pairs)

    between = sum(k(a, b) for a in real for b in fake) / (len(real) * len(fake))
    return within(real) + within(fake) - 2 * between


def _precision_by_table(real, fake, k):
    radii = torch.cdist(real, real).sort(dim=1).values[:, k]
    return (torch.cdist(real, fake) <= radii[:, None]).any(dim=0).double().mean().item()


def _precision_by_loops(real, fake, k):
    inside = 0
    for point in fake:
        for center in real:
            radius = sorted(math.dist(center.tolist(), other.tolist()) for other in real)[k]
            if math.dist(center.tolist(), point.tolist()) <= radius:
                inside += 1
                break
    return inside / len(fake)


def _interval_of_scipy(right, votes):
    interval = stats.binomtest(right, votes).proportion_ci(0.95, method="exact")
    return interval.low, interval.high


SQUARE = torch.tensor([[0.0, 0], [1, 0], [0, 1], [1, 1]], dtype=torch.float64)

EXERCISES = [
    Exercise(
        id="metrics.psnr",
        reference=metrics.psnr,
        cases=[
            case(images=torch.full((1, 1, 2, 2), 0.1).double(), references=torch.zeros(1, 1, 2, 2).double()),
            lambda rng: case(images=uniform(3, 1, 4, 4, generator=rng), references=uniform(3, 1, 4, 4, generator=rng)),
            lambda rng: case(images=uniform(2, 3, 4, 4, generator=rng), references=uniform(2, 3, 4, 4, generator=rng)),
        ],
        alternatives=[
            lambda images, references: -10 * ((images - references) ** 2).mean((1, 2, 3)).log10(),
            _psnr_by_numpy,
        ],
        mistakes={
            "one number for the whole batch": Mistake(
                lambda images, references: -10 * ((images - references) ** 2).mean().log10(),
                "Your mean runs over the pictures, too. How many numbers should come back for 3 pictures?",
            ),
            "natural logarithm": Mistake(
                lambda images, references: -10 * ((images - references) ** 2).mean((1, 2, 3)).log(),
                "A decibel is ten times the decimal logarithm: an error of 0.1 everywhere is 20 dB, you get 46.05.",
            ),
            "20 where 10 belongs": Mistake(
                lambda images, references: -20 * ((images - references) ** 2).mean((1, 2, 3)).log10(),
                "20 log10 goes with an amplitude, such as the root of the MSE. The MSE is a power: 10 log10. An error of 0.1 is 20 dB, you get 40.",
            ),
            "a peak of 255": Mistake(
                lambda images, references: 10 * (255**2 / ((images - references) ** 2).mean((1, 2, 3))).log10(),
                "White is 1 in these pictures, not 255. With the wrong peak every picture gains 48 dB, and looks "
                "flawless.",
            ),
            "a mean of decibels": Mistake(
                lambda images, references: -10 * ((images - references) ** 2).mean((2, 3)).log10().mean(1),
                "You took the decibels of each channel and averaged those. The mean squared error runs over all channels first; the logarithm comes last.",
            ),
            "absolute error": Mistake(
                lambda images, references: -20 * (images - references).abs().mean((1, 2, 3)).log10(),
                "That is the mean absolute error. The noise's power is the mean of the squares.",
            ),
        },
        hints=["What is the mean squared error of each picture?", "The peak is 1, so PSNR is -10 log10(mse)."],
    ),
    Exercise(
        id="metrics.frechet_distance",
        reference=metrics.frechet_distance,
        cases=[
            case(
                real=torch.tensor([[0.0], [2.0]], dtype=torch.float64),
                fake=torch.tensor([[5.0], [6.0], [7.0]], dtype=torch.float64),
            ),
            lambda rng: case(
                real=normal(12, 3, generator=rng) @ normal(3, 3, generator=rng),
                fake=normal(15, 3, generator=rng) @ normal(3, 3, generator=rng) + 0.5,
            ),
            case(real=normal(6, 2), fake=normal(6, 2)),  # the same set twice
        ],
        tolerance=1e-6,
        alternatives=[_frechet_by_scipy, _frechet_by_eigenvalues],
        mistakes={
            "root of each entry": Mistake(
                lambda real, fake: _frechet(real, fake, lambda a, b: (a @ b).diagonal().abs().sqrt().sum()),
                "`sqrt` of an array takes the root entry by entry. You need the matrix whose product with itself is "
                "the argument: `scipy.linalg.sqrtm`. In one dimension you can't see the difference, in three you can.",
            ),
            "distance of the means not squared": Mistake(
                lambda real, fake: _frechet(real, fake, square=False),
                "All terms are squared lengths. For sets around 1 and 6 with standard deviations of 1.41 and 1 it is 25 + 0.17, you get 5 + 0.17.",
            ),
            "covariance divided by n": Mistake(
                lambda real, fake: _frechet(real, fake, divide_by_n=True),
                "The sample covariance divides by n - 1: `torch.cov` and `numpy.cov` do so by themselves, `numpy.std` and `numpy.var` don't.",
            ),
            "variances only": Mistake(
                lambda real, fake: _frechet(real, fake, lambda a, b: (a.diagonal() * b.diagonal()).sqrt().sum()),
                "This compares each feature's spread on its own. How the features vary together is in the other "
                "entries of the covariance.",
            ),
            "the factor 2 forgotten": Mistake(
                lambda real, fake: _frechet(real, fake, twice=1.0),
                "Compare a set with itself: the traces give 2 tr Σ, so 2 tr Σ must be taken away to arrive at 0.",
            ),
        },
        hints=[
            "Two means, two covariance matrices (features in columns: numpy.cov takes x.T), then four terms.",
            "scipy.linalg.sqrtm(a @ b) is the matrix root; with one feature numpy.cov gives a number, so use numpy.atleast_2d. Rounding may leave an imaginary part of 1e-9: take .real.",
        ],
    ),
    Exercise(
        id="metrics.kernel_distance",
        reference=metrics.kernel_distance,
        cases=[
            case(
                real=torch.tensor([[1.0], [-1.0]], dtype=torch.float64),
                fake=torch.tensor([[1.0], [-1.0]], dtype=torch.float64),
            ),
            lambda rng: case(real=normal(7, 3, generator=rng), fake=normal(5, 3, generator=rng) + 1),
        ],
        alternatives=[_kernel_by_tables, _kernel_by_loops],
        mistakes={
            "examples compared with themselves": Mistake(
                lambda real, fake: _mmd(real, fake, within=torch.mean),
                "The mean over all pairs contains k(x, x), which is larger than the others. This estimate is biased upwards. Leave the diagonal out, and "
                "divide by n(n - 1).",
            ),
            "diagonal left out, but divided by n²": Mistake(
                lambda real, fake: _mmd(real, fake, within=lambda t: (t.sum() - t.trace()) / len(t) ** 2),
                "Without the diagonal there are n(n - 1) pairs left, not n².",
            ),
            "product not divided by d": Mistake(
                lambda real, fake: _mmd(real, fake, d=1),
                "The kernel is (x·y / d + 1)³. Without the d it grows with the cube of the number of features.",
            ),
            "negative values cut off": Mistake(
                lambda real, fake: max(0.0, _mmd(real, fake)),
                "An estimate that scatters around 0 must sometimes be negative. Cut at 0, its mean is above 0, and it is no longer unbiased.",
            ),
            "the factor 2 forgotten": Mistake(
                lambda real, fake: _mmd(real, fake, cross=1),
                "It is a squared distance: a² + b² - 2ab. The mixed term counts twice.",
            ),
        },
        hints=[
            "Three tables of kernel values: real-real, fake-fake, real-fake. Leave the diagonal out of the first two.",
            "(table.sum() - table.trace()) / (n * (n - 1)) is the mean without the diagonal.",
        ],
    ),
    Exercise(
        id="metrics.precision",
        reference=precision,
        cases=[
            case(real=SQUARE, fake=torch.tensor([[0.5, 0.5], [3.0, 0.0]], dtype=torch.float64), k=1),
            case(real=SQUARE, fake=torch.tensor([[2.0, 0.0], [3.0, 0.0]], dtype=torch.float64), k=1),  # on the ball
            lambda rng: case(real=normal(14, 2, generator=rng), fake=1.3 * normal(11, 2, generator=rng) + 0.7, k=2),
            lambda rng: case(real=normal(9, 3, generator=rng), fake=normal(12, 3, generator=rng), k=1),
        ],
        alternatives=[_precision_by_table, _precision_by_loops],
        mistakes={
            "each example is its own neighbour": Mistake(
                lambda real, fake, k: _inside(real, fake, _radii(real, k - 1)).any(dim=0).double().mean().item(),
                "The nearest example in one's own set is oneself, at distance 0. It doesn't count: for k = 1 your radii are all 0.",
            ),
            "recall": Mistake(
                lambda real, fake, k: _inside(fake, real, _radii(fake, k)).any(dim=0).double().mean().item(),
                "You asked how many real examples lie among the generated ones. That is recall. Precision asks the reverse.",
            ),
            "coverage": Mistake(
                lambda real, fake, k: _inside(real, fake, _radii(real, k)).any(dim=1).double().mean().item(),
                "Right balls, wrong count: you took the share of balls that hold a generated example. Precision is the "
                "share of generated examples that lie in a ball.",
            ),
            "one radius for all": Mistake(
                lambda real, fake, k: (
                    _inside(real, fake, _radii(real, k).mean().expand(len(real))).any(dim=0).double().mean().item()
                ),
                "Each real example has a radius of its own: small in a crowd, large where there are few.",
            ),
            "only the ball of the nearest real example": Mistake(
                _nearest_ball,
                "An example may lie outside of the small ball of its nearest neighbour, and inside the large ball of another one. Any ball will do.",
            ),
        },
        hints=[
            "First the radius of each real example: its k-th smallest distance to the others. Then one table of distances real against fake.",
            "`torch.cdist(real, real).sort(dim=1).values[:, k]`: column 0 is the example itself. A fake is inside if any row says so.",
        ],
    ),
    Exercise(
        id="metrics.votes_interval",
        reference=votes_interval,
        cases=[
            case(right=20, votes=20),
            case(right=0, votes=5),
            case(right=15, votes=20),
            lambda rng: case(right=int(torch.randint(1, 40, (1,), generator=rng)), votes=40),
        ],
        alternatives=[lambda right, votes: _beta(right, votes, 0.025), _interval_of_scipy],
        tolerance=1e-5,
        mistakes={
            "p ± 1.96 standard errors": Mistake(
                _normal_approximation,
                "At 20 of 20 this interval is [1, 1]: after twenty votes you would be sure for ever. Ask instead which p make the count surprising.",
            ),
            "5% on each side": Mistake(
                lambda right, votes: _beta(right, votes, 0.05),
                "A 95% interval leaves 5% for both sides together, so 2.5% for each.",
            ),
            "the same beta distribution for both ends": Mistake(
                lambda right, votes: (
                    float(stats.beta.ppf(0.025, right + 1, votes - right + 1)),
                    float(stats.beta.ppf(0.975, right + 1, votes - right + 1)),
                ),
                "This is the Bayesian interval for someone who thought all p equally likely beforehand. The exact interval's ends come from "
                "P(K ≥ right) and P(K ≤ right), and so from two different beta distributions.",
            ),
            "no answer at the ends": Mistake(
                lambda right, votes: (
                    float(stats.beta.ppf(0.025, right, votes - right + 1)),
                    float(stats.beta.ppf(0.975, right + 1, votes - right)),
                ),
                "With no right vote, no p is too small: the lower end is 0. With all votes right the upper end is 1. The beta distribution doesn't exist there.",
            ),
        },
        hints=[
            "The lower end is the p at which `right` or more right votes have probability 0.025.",
            "low = stats.beta.ppf(0.025, right, votes - right + 1), high = stats.beta.ppf(0.975, right + 1, votes - right). What if right is 0, or all?",
        ],
    ),
]
