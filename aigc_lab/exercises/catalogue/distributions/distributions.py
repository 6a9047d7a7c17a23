"""Exercises of lesson 21."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import rel_entr

from aigc_lab.distributions import divergences
from aigc_lab.exercises import Exercise, Mistake, case, normal, uniform

LESSON = "21 Learning a distribution"
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def double(*values):
    return torch.tensor(values, dtype=torch.float64)


def naive_bayes_log_joint(pixels, ink, shares):
    """log p(x, y) for each picture and class, when pixels are independent within a class."""
    return shares.log() + pixels @ ink.log().T + (1 - pixels) @ (1 - ink).log().T


def _gaussian_by_variance(x, mean, std):
    return -0.5 * ((x - mean) ** 2 / std**2 + (2 * math.pi * std**2).log())


def _gaussian_in_three_terms(x, mean, std):
    z = (x - mean) / std
    return -(z**2) / 2 - std.log() - math.log(2 * math.pi) / 2


def _kl_by_logs(p, q, step):
    terms = torch.where(p > 0, p * (torch.log(p) - torch.log(q)), 0.0)
    return terms.sum() * step


def _kl_by_loops(p, q, step):
    total = 0.0
    for here, there in zip(p.tolist(), q.tolist(), strict=True):
        if here > 0:
            total += here * math.log(here / there) * step if there > 0 else math.inf
    return total


def _moments_by_squares(weights, means, stds):
    mean = (weights * means).sum()
    mean_square = (weights * (stds**2 + means**2)).sum()
    return mean, (mean_square - mean**2).sqrt()


def _moments_by_loops(weights, means, stds):
    parts = list(zip(weights.tolist(), means.tolist(), stds.tolist(), strict=True))
    mean = sum(w * m for w, m, _ in parts)
    return mean, math.sqrt(sum(w * ((m - mean) ** 2 + s**2) for w, m, s in parts))


def _moments_by_torch(weights, means, stds):
    parts = torch.distributions.Normal(means, stds)
    mixture = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(weights), parts)
    return mixture.mean, mixture.stddev


def _moments_in_numpy(weights, means, stds):
    weights, means, stds = weights.numpy(), means.numpy(), stds.numpy()
    mean = np.average(means, weights=weights)
    return mean, np.sqrt(np.average(stds**2 + (means - mean) ** 2, weights=weights))


def _earth_by_ranks(a, b):
    return (a[a.argsort()] - b[b.argsort()]).abs().mean()


def _earth_by_loops(a, b):
    pairs = zip(a.sort().values, b.sort().values, strict=True)
    return sum((one - other).abs() for one, other in pairs) / len(a)


def _bayes_by_products(pixels, ink, shares):
    inked = pixels @ ink.log().T
    empty = (1 - pixels) @ (1 - ink).log().T
    return torch.log(shares)[None] + inked + empty


def _bayes_by_classes(pixels, ink, shares):
    columns = []
    for probability, share in zip(ink, shares, strict=True):
        factor = torch.where(pixels == 1, probability, 1 - probability)
        columns.append(factor.log().sum(dim=1) + share.log())
    return torch.stack(columns, dim=1)


def _bayes_in_numpy(pixels, ink, shares):
    pixels, ink, shares = pixels.numpy(), ink.numpy(), shares.numpy()
    return np.log(shares) + pixels @ np.log(ink / (1 - ink)).T + np.log(1 - ink).sum(axis=1)


def _bayes_by_cross_entropy(pixels, ink, shares):
    together = torch.broadcast_tensors(ink[None], pixels[:, None])
    return shares.log() - F.binary_cross_entropy(*together, reduction="none").sum(dim=-1)


def densities(rng, n=9, step=0.5):
    p, q = uniform(n, generator=rng) + 0.05, uniform(n, generator=rng) + 0.05
    return p / p.sum() / step, q / q.sum() / step


def kl_case(rng):
    p, q = densities(rng)
    return case(p=p, q=q, step=0.5)


def kl_case_with_zeros(rng):
    p, q = densities(rng)
    p[:3] = 0
    q[:2] = 0
    return case(p=p / p.sum() / 0.5, q=q / q.sum() / 0.5, step=0.5)


def far_case(rng):
    """Far out, where the density itself is 0 in floating point."""
    return case(x=60 + 9 * normal(3, generator=rng), mean=normal(1, generator=rng), std=0.2 + uniform(1, generator=rng))


def broadcast_case(rng):
    return case(
        x=2 * normal(3, 1, generator=rng), mean=normal(2, generator=rng), std=0.2 + 2 * uniform(2, generator=rng)
    )


def mixture_case(rng):
    weights = uniform(3, generator=rng) + 0.1
    return case(
        weights=weights / weights.sum(), means=3 * normal(3, generator=rng), stds=0.3 + uniform(3, generator=rng)
    )


def bayes_case(rng, n=4, d=5):
    pixels = (uniform(n, d, generator=rng) > 0.5).double()
    shares = uniform(3, generator=rng) + 0.1
    return case(pixels=pixels, ink=0.05 + 0.9 * uniform(3, d, generator=rng), shares=shares / shares.sum())


def samples_case(rng, n=6):
    return case(a=normal(n, generator=rng), b=2 * normal(n, generator=rng) + 1)


def gaussian(x, mean, std, scale=HALF_LOG_TWO_PI):
    return -0.5 * ((x - mean) / std) ** 2 - std.log() - scale


def moments(weights, means, stds, within, between):
    mean = (weights * means).sum()
    return mean, (within + between(mean)).sqrt()


EXERCISES = [
    Exercise(
        id="distributions.gaussian_log_density",
        reference=divergences.gaussian_log_density,
        cases=[
            case(x=double(0.0, 2.0), mean=double(1.0), std=double(2.0)),
            case(x=double(100.0), mean=double(0.0), std=double(1.0)),
            lambda rng: case(
                x=5 * normal(6, generator=rng), mean=normal(1, generator=rng), std=0.2 + uniform(1, generator=rng)
            ),
            far_case,
            broadcast_case,
        ],
        gradients=True,
        tolerance=1e-5,  # log(2 pi) in float32 is exact enough
        mistakes={
            "the density, not its log": Mistake(
                lambda x, mean, std: gaussian(x, mean, std).exp(),
                "This is the density itself. Forty deviations out it is 0.0 in floating point, while its log is a harmless -801.",
            ),
            "the log taken last": Mistake(
                lambda x, mean, std: (gaussian(x, mean, std).exp() + 1e-8).log(),
                "You added a small number to save the logarithm from 0. Now everything far out costs the same, 18.4 nats. Write the log of the "
                "formula: the exponential goes away.",
            ),
            "the log of a density that has underflowed": Mistake(
                lambda x, mean, std: gaussian(x, mean, std).exp().log(),
                "Right on paper. But 100 deviations out the density is 0.0 in floating point, and its log is -inf, where -5001 is right. Take "
                "the log of the formula by hand: the exponential goes away.",
            ),
            "sign forgotten": Mistake(
                lambda x, mean, std: -gaussian(x, mean, std),
                "This grows with the distance from the mean: it is the price, -log q. The log density is largest at the mean.",
            ),
            "normalisation left out": Mistake(
                lambda x, mean, std: -0.5 * ((x - mean) / std) ** 2,
                "Without -log std - log(2 pi)/2 the area is not 1. The widest bell would then always win, because nothing says that a wide bell is low.",
            ),
            "std taken for the variance": Mistake(
                lambda x, mean, std: -0.5 * (x - mean) ** 2 / std - 0.5 * std.log() - HALF_LOG_TWO_PI,
                "This divides (x - mean)² by std. At mean 1, std 2, x = 0 you get -1.516; it is -1.737. Which of the two has the unit of x?",
            ),
            "log(2 pi)/2 left out": Mistake(
                lambda x, mean, std: gaussian(x, mean, std, 0.0),
                "Nearly: log(2 pi)/2 = 0.919 is missing. It is the same for all Gaussians, so the best one stays the best. But compared with "
                "another kind of model, yours looks 0.919 nats better than it is.",
            ),
        },
        hints=[
            "The density is exp(-z²/2) / (std · √(2π)) with z = (x - mean) / std. What is the log of a product?",
            "Three terms: -z²/2, minus log std, minus half the log of 2π. math.log is for numbers, std.log() for tensors.",
        ],
        alternatives=[
            _gaussian_in_three_terms,
            _gaussian_by_variance,
            lambda x, mean, std: torch.distributions.Normal(mean, std).log_prob(x),
        ],
    ),
    Exercise(
        id="distributions.kl_divergence",
        reference=divergences.kl_divergence,
        cases=[
            case(p=double(0.5, 1.5), q=double(1.0, 1.0), step=0.5),
            case(p=double(0.0, 1.0), q=double(0.5, 0.5), step=1.0),
            case(p=double(1.0, 1.0), q=double(1.0, 0.0), step=0.5),
            case(p=double(0.0, 2.0, 0.0), q=double(0.0, 0.5, 1.5), step=0.5),
            kl_case,
            kl_case_with_zeros,
        ],
        mistakes={
            "the wrong way round": Mistake(
                lambda p, q, step: divergences.kl_divergence(q, p, step),
                "This is KL(q || p), an average over q. In KL(p || q) the average is over the data: p stands before the logarithm.",
            ),
            "nothing done about zeros": Mistake(
                lambda p, q, step: (p * (p / q).log()).sum() * step,
                "Where p is 0 you compute 0 · log 0 = nan. What never happens costs nothing: torch.xlogy(p, p) is p log p, and 0 where p is 0.",
            ),
            "a small number added": Mistake(
                lambda p, q, step: (p * ((p + 1e-3) / (q + 1e-3)).log()).sum() * step,
                "The small number changes the answer, and where q is 0 but p is not, it hides an infinite price. torch.xlogy handles zeros without it.",
            ),
            "the infinite price hidden": Mistake(
                lambda p, q, step: (torch.xlogy(p, p) - torch.xlogy(p, q + 1e-12)).sum() * step,
                "With p = (1, 1) and q = (1, 0) you get 13.8 nats; the answer is infinity. A number added to q, or a clamp, invents a price that "
                "depends only on how small that number is.",
            ),
            "places left out where q is 0": Mistake(
                lambda p, q, step: torch.where((p > 0) & (q > 0), p * (p / q).log(), 0.0).sum() * step,
                "You skip the places where q is 0. Where p is 0 as well that is right. But where p is above 0, there "
                "are data that q calls impossible, and their price is infinite.",
            ),
            "the step left out": Mistake(
                lambda p, q, step: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(),
                "A sum over grid points grows when the grid gets finer. An integral is the sum times the step.",
            ),
            "entropy left out": Mistake(
                lambda p, q, step: -torch.xlogy(p, q).sum() * step,
                "This is all that q pays, the cross-entropy. KL is what q pays beyond the entropy of p: for q = p it must be 0.",
            ),
            "bits": Mistake(
                lambda p, q, step: divergences.kl_divergence(p, q, step) / math.log(2),
                "This is in bits. The lesson counts in nats, with the natural logarithm.",
            ),
        },
        hints=[
            "For each grid point: p times (log p minus log q). Then add, and multiply by the step.",
            "torch.xlogy(p, q) is p · log q, and 0 where p is 0. So: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() * step.",
        ],
        alternatives=[
            lambda p, q, step: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() * step,
            _kl_by_logs,
            _kl_by_loops,
            lambda p, q, step: rel_entr(p.numpy(), q.numpy()).sum() * step,
            lambda p, q, step: (p[p > 0] * (p[p > 0] / q[p > 0]).log()).sum() * step,
        ],
    ),
    Exercise(
        id="distributions.mixture_moments",
        reference=divergences.mixture_moments,
        cases=[
            case(weights=double(0.5, 0.5), means=double(-3.0, 3.0), stds=double(1.0, 1.0)),
            case(weights=double(1.0), means=double(2.0), stds=double(0.5)),
            mixture_case,
        ],
        tolerance=1e-5,
        mistakes={
            "mean width of the parts": Mistake(
                lambda weights, means, stds: moments(
                    weights, means, stds, (weights * stds**2).sum(), lambda mean: 0 * mean
                ),
                "You averaged the variances within the parts, and no more. Two modes of width 1 at -3 and 3 spread far "
                "wider than 1, because their means differ.",
            ),
            "mean standard deviation": Mistake(
                lambda weights, means, stds: ((weights * means).sum(), (weights * stds).sum()),
                "Standard deviations don't average, and the distance between the means is missing. Variances add: within the parts, plus between them.",
            ),
            "all parts weigh the same": Mistake(
                lambda weights, means, stds: moments(
                    weights,
                    means,
                    stds,
                    (weights * stds**2).sum(),
                    lambda mean: (weights * (means - means.mean()) ** 2).sum(),
                ),
                "Inside the spread you subtract the unweighted mean. A part of weight 0.1 should count for a tenth "
                "there, too.",
            ),
            "variance returned": Mistake(
                lambda weights, means, stds: (
                    (weights * means).sum(),
                    (weights * (stds**2 + means**2)).sum() - (weights * means).sum() ** 2,
                ),
                "Right, but this is the variance, 10 for modes at -3 and 3 of width 1. The exercise asks for its root, 3.16.",
            ),
            "the square of the mean not taken off": Mistake(
                lambda weights, means, stds: ((weights * means).sum(), (weights * (stds**2 + means**2)).sum().sqrt()),
                "This is the root of the mean square. It is the standard deviation only when the mean is 0: Var x = E x² - (E x)².",
            ),
        },
        hints=[
            "E x is the weighted mean of the means. What is E x² of one Gaussian?",
            "For one part E x² = std² + mean². Weight them, add, subtract (E x)², take the root.",
        ],
        alternatives=[_moments_by_squares, _moments_by_loops, _moments_by_torch, _moments_in_numpy],
    ),
    Exercise(
        id="distributions.wasserstein_1",
        reference=divergences.wasserstein_1,
        cases=[
            case(a=double(0.0, 3.0), b=double(4.0, 1.0)),
            case(a=double(2.0), b=double(-1.0)),
            samples_case,
            lambda rng: samples_case(rng, 200),  # too many to try all pairings
        ],
        gradients=True,
        mistakes={
            "paired as they come": Mistake(
                lambda a, b: (a - b).abs().mean(),
                "You send the first of a to the first of b. For 0, 3 and 4, 1 that is 3 on average; 0 to 1 and 3 to 4 costs 1. Samples have no "
                "order: look for the cheapest pairing.",
            ),
            "distance of the means": Mistake(
                lambda a, b: (a.mean() - b.mean()).abs(),
                "Two samples with the same mean and different spread would be at distance 0. The absolute value goes inside the mean.",
            ),
            "each to its nearest": Mistake(
                lambda a, b: (a[:, None] - b[None]).abs().min(dim=1).values.mean(),
                "Each point goes to its nearest, so several may land on the same place in b while others stay empty. Each place in b takes one point.",
            ),
            "squared": Mistake(
                lambda a, b: ((a.sort().values - b.sort().values) ** 2).mean(),
                "The square belongs to W2, which also takes the root at the end. W1 is work: mass times distance.",
            ),
            "sum instead of mean": Mistake(
                lambda a, b: (a.sort().values - b.sort().values).abs().sum(),
                "This grows with the number of samples. Each sample carries 1/n of the mass.",
            ),
        },
        hints=[
            "Two heaps of earth on a line. Does it ever pay for two loads to pass each other?",
            "The smallest goes to the smallest, the next to the next: (a.sort().values - b.sort().values).abs().mean().",
        ],
        alternatives=[
            lambda a, b: (a.sort().values - b.sort().values).abs().mean(),
            _earth_by_ranks,
            _earth_by_loops,
        ],
    ),
    Exercise(
        id="distributions.naive_bayes_log_joint",
        reference=naive_bayes_log_joint,
        cases=[
            case(pixels=double([1.0, 0.0]), ink=double([0.9, 0.2], [0.5, 0.5]), shares=double(0.75, 0.25)),
            bayes_case,
            lambda rng: bayes_case(rng, 500, 196),  # as many pixels as in the lesson
        ],
        mistakes={
            "white pixels not counted": Mistake(
                lambda pixels, ink, shares: shares.log() + pixels @ ink.log().T,
                "Only inked pixels have a say here. An empty pixel is evidence as well: its probability is 1 - ink.",
            ),
            "share of the class forgotten": Mistake(
                lambda pixels, ink, shares: pixels @ ink.log().T + (1 - pixels) @ (1 - ink).log().T,
                "This is log p(x given y). The joint p(x, y) is p(y) times that: how often does the class occur at all?",
            ),
            "probability instead of its log": Mistake(
                lambda pixels, ink, shares: naive_bayes_log_joint(pixels, ink, shares).exp(),
                "A product of 196 numbers below 1 may be smaller than any float. Stay with logs and sums.",
            ),
            "normalised": Mistake(
                lambda pixels, ink, shares: naive_bayes_log_joint(pixels, ink, shares).log_softmax(dim=1),
                "This is log p(y given x): each row's probabilities add up to 1. That throws away how likely the "
                "picture itself is.",
            ),
            "share taken without log": Mistake(
                lambda pixels, ink, shares: shares + pixels @ ink.log().T + (1 - pixels) @ (1 - ink).log().T,
                "You add a probability to logs. p(y) p(x | y) becomes log p(y) + log p(x | y).",
            ),
        },
        hints=[
            "p(x, y) = p(y) times, for each pixel, ink where it is 1, and 1 - ink where it is 0. Take the log.",
            "pixels @ ink.log().T adds the logs of the inked pixels, for each picture (row) and class (column). The empty ones do the same "
            "with 1 - pixels and 1 - ink; then add shares.log().",
        ],
        alternatives=[_bayes_by_products, _bayes_by_classes, _bayes_in_numpy, _bayes_by_cross_entropy],
    ),
]
