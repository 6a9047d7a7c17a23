"""Exercises of lesson 21."""

import math

import torch

from aigc_lab.distributions import divergences
from aigc_lab.exercises import Exercise, Mistake, case, normal, uniform

LESSON = "21 Learning a distribution"
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def double(*values):
    return torch.tensor(values, dtype=torch.float64)


def naive_bayes_log_joint(pixels, ink, shares):
    """log p(x, y) for each picture and class, when pixels are independent within a class."""
    return shares.log() + pixels @ ink.log().T + (1 - pixels) @ (1 - ink).log().T


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


def mixture_case(rng):
    weights = uniform(3, generator=rng) + 0.1
    return case(
        weights=weights / weights.sum(), means=3 * normal(3, generator=rng), stds=0.3 + uniform(3, generator=rng)
    )


def bayes_case(rng):
    pixels = (uniform(4, 5, generator=rng) > 0.5).double()
    shares = uniform(3, generator=rng) + 0.1
    return case(pixels=pixels, ink=0.05 + 0.9 * uniform(3, 5, generator=rng), shares=shares / shares.sum())


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
            lambda rng: case(
                x=5 * normal(6, generator=rng), mean=normal(1, generator=rng), std=0.2 + uniform(1, generator=rng)
            ),
        ],
        mistakes={
            "the density, not its log": Mistake(
                lambda x, mean, std: gaussian(x, mean, std).exp(),
                "This is the density itself. Of a point 40 deviations out it is 0.0 in floating point; its log is -800, no problem.",
            ),
            "the log taken last": Mistake(
                lambda x, mean, std: (gaussian(x, mean, std).exp() + 1e-8).log(),
                "You added a small number to save the logarithm from 0. Now everything far out costs the same, 18.4 nats. Write the log of the "
                "formula: the exponential goes away.",
            ),
            "sign forgotten": Mistake(
                lambda x, mean, std: -gaussian(x, mean, std),
                "This grows with the distance from the mean: it is the price, -log q. The log density is largest in the middle.",
            ),
            "normalisation left out": Mistake(
                lambda x, mean, std: -0.5 * ((x - mean) / std) ** 2,
                "Without -log std - log(2 pi)/2 the area is not 1. Then the widest bell would always win: nothing says that a wide bell is low.",
            ),
            "std taken for the variance": Mistake(
                lambda x, mean, std: -0.5 * (x - mean) ** 2 / std - 0.5 * std.log() - HALF_LOG_TWO_PI,
                "This divides (x - mean)² by std. At mean 1, std 2, x = 0 you get -1.516; it is -1.737. Which of the two has the unit of x?",
            ),
            "one over root 2 pi once too few": Mistake(
                lambda x, mean, std: gaussian(x, mean, std, 0.0),
                "Nearly: log(2 pi)/2 = 0.919 is missing. It is the same for all Gaussians, so the best one stays the best; but compared with "
                "another kind of model, yours looks 0.919 nats better than it is.",
            ),
        },
        hints=[
            "The density is exp(-z²/2) / (std · √(2π)) with z = (x - mean) / std. What is the log of a product?",
            "Three terms: -z²/2, minus log std, minus half the log of 2π. math.log is for numbers, std.log() for tensors.",
        ],
    ),
    Exercise(
        id="distributions.kl_divergence",
        reference=divergences.kl_divergence,
        cases=[
            case(p=double(0.5, 1.5), q=double(1.0, 1.0), step=0.5),
            case(p=double(0.0, 1.0), q=double(0.5, 0.5), step=1.0),
            kl_case,
            kl_case_with_zeros,
        ],
        mistakes={
            "the wrong way round": Mistake(
                lambda p, q, step: divergences.kl_divergence(q, p, step),
                "This is KL(q || p): it averages over q. In KL(p || q) the data weigh: p stands before the logarithm.",
            ),
            "nothing done about zeros": Mistake(
                lambda p, q, step: (p * (p / q).log()).sum() * step,
                "Where p is 0 you compute 0 · log 0 = nan. What happens with probability 0 costs nothing: torch.xlogy(p, p) is p log p and knows that.",
            ),
            "a small number added": Mistake(
                lambda p, q, step: (p * ((p + 1e-3) / (q + 1e-3)).log()).sum() * step,
                "The small number changes the answer, and where q is 0 but p is not, it hides an infinite price. Use torch.xlogy, which takes 0 as it is.",
            ),
            "the step left out": Mistake(
                lambda p, q, step: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(),
                "A sum over grid points grows when the grid gets finer. An integral is the sum times the step.",
            ),
            "entropy left out": Mistake(
                lambda p, q, step: -torch.xlogy(p, q).sum() * step,
                "This is what q pays, the cross-entropy. KL is what it pays beyond p's own price: for q = p it must be 0.",
            ),
            "bits": Mistake(
                lambda p, q, step: divergences.kl_divergence(p, q, step) / math.log(2),
                "This is in bits. Here all is in nats: the natural logarithm.",
            ),
        },
        hints=[
            "For each grid point: p times (log p minus log q). Then add, and multiply by the step.",
            "torch.xlogy(p, q) is p · log q, and 0 where p is 0.",
        ],
    ),
    Exercise(
        id="distributions.mixture_moments",
        reference=divergences.mixture_moments,
        cases=[
            case(weights=double(0.5, 0.5), means=double(-3.0, 3.0), stds=double(1.0, 1.0)),
            mixture_case,
        ],
        gradients=True,
        mistakes={
            "mean width of the parts": Mistake(
                lambda weights, means, stds: moments(
                    weights, means, stds, (weights * stds**2).sum(), lambda mean: 0 * mean
                ),
                "You averaged the variances within the parts. Two modes at -3 and 3 with width 1 spread far wider than 1: the means spread, too.",
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
                "One of the means is unweighted. A part with weight 0.1 pulls ten times less.",
            ),
            "variance returned": Mistake(
                lambda weights, means, stds: (
                    (weights * means).sum(),
                    (weights * (stds**2 + means**2)).sum() - (weights * means).sum() ** 2,
                ),
                "Right, but it is the variance, 10 for modes at -3 and 3 of width 1. Asked for is its root, 3.16.",
            ),
            "the square of the mean not taken off": Mistake(
                lambda weights, means, stds: ((weights * means).sum(), (weights * (stds**2 + means**2)).sum().sqrt()),
                "This is the root of the mean square. It is the standard deviation only when the mean is 0: Var x = E x² - (E x)².",
            ),
        },
        hints=[
            "E x is the weighted mean of the means. What is E x² of one Gaussian?",
            "For one part E x² = std² + mean². Weigh, add, take (E x)² off, take the root.",
        ],
    ),
    Exercise(
        id="distributions.wasserstein_1",
        reference=divergences.wasserstein_1,
        cases=[
            case(a=double(0.0, 3.0), b=double(4.0, 1.0)),
            lambda rng: case(a=normal(6, generator=rng), b=2 * normal(6, generator=rng) + 1),
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
                "Each point goes to its nearest, so several land on the same one, and others of b stay empty. Each place in b takes one point.",
            ),
            "squared": Mistake(
                lambda a, b: ((a.sort().values - b.sort().values) ** 2).mean(),
                "The square belongs to the distance called W2 (whose root is then taken). W1 is work: mass times distance.",
            ),
            "sum instead of mean": Mistake(
                lambda a, b: (a.sort().values - b.sort().values).abs().sum(),
                "This grows with the number of samples. Each sample carries 1/n of the mass.",
            ),
        },
        hints=[
            "Two heaps of earth on a line. Does it ever pay that two loads pass each other?",
            "The smallest goes to the smallest, the next to the next: a.sort().values.",
        ],
    ),
    Exercise(
        id="distributions.naive_bayes_log_joint",
        reference=naive_bayes_log_joint,
        cases=[
            case(pixels=double([1.0, 0.0]), ink=double([0.9, 0.2], [0.5, 0.5]), shares=double(0.75, 0.25)),
            bayes_case,
        ],
        mistakes={
            "white pixels not counted": Mistake(
                lambda pixels, ink, shares: shares.log() + pixels @ ink.log().T,
                "Only inked pixels have a say here. That a pixel is empty is news as well: it has probability 1 - ink.",
            ),
            "share of the class forgotten": Mistake(
                lambda pixels, ink, shares: pixels @ ink.log().T + (1 - pixels) @ (1 - ink).log().T,
                "This is log p(x given y). The joint p(x, y) is p(y) times that: how often does the class occur at all?",
            ),
            "probability instead of its log": Mistake(
                lambda pixels, ink, shares: naive_bayes_log_joint(pixels, ink, shares).exp(),
                "A product of 196 numbers below 1 may be smaller than any float. Stay with logs, and with sums.",
            ),
            "normalised": Mistake(
                lambda pixels, ink, shares: naive_bayes_log_joint(pixels, ink, shares).log_softmax(dim=1),
                "This is log p(y given x): each row's probabilities add up to 1. It has thrown away how likely the picture itself is.",
            ),
            "share taken without log": Mistake(
                lambda pixels, ink, shares: shares + pixels @ ink.log().T + (1 - pixels) @ (1 - ink).log().T,
                "You add a probability to logs. p(y) p(x | y) becomes log p(y) + log p(x | y).",
            ),
        },
        hints=[
            "p(x, y) = p(y) times, for each pixel, ink where it is 1, and 1 - ink where it is 0. Take the log.",
            "pixels @ ink.log().T adds the logs of the inked pixels, for each picture (row) and class (column).",
        ],
    ),
]
