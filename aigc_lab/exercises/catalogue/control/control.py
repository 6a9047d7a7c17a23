"""Exercises of lesson 35."""

import math
import random

import numpy as np
import torch

from aigc_lab.control import classifier_guidance, directions, sampling
from aigc_lab.exercises import Exercise, Mistake, case, normal, prop

LESSON = "35 Controlling generation"


def _redrawn(n, latent, threshold):
    z = torch.randn(n, latent)
    while (outside := z.abs() > threshold).any():
        z[outside] = torch.randn(int(outside.sum()))
    return z


def _number_by_number(n, latent, threshold):
    def one():
        while abs(z := random.gauss(0, 1)) > threshold:
            pass
        return z

    return torch.tensor([[one() for _ in range(latent)] for _ in range(n)])


def _by_scipy(n, latent, threshold):
    from scipy import stats

    return stats.truncnorm.rvs(-threshold, threshold, size=(n, latent))


def _by_torch(n, latent, threshold):
    return torch.nn.init.trunc_normal_(torch.empty(n, latent), a=-threshold, b=threshold)


def _redrawn_once(n, latent, threshold):
    z = torch.randn(n, latent)
    outside = z.abs() > threshold
    z[outside] = torch.randn(int(outside.sum()))
    return z


def _replaced_by_uniform(n, latent, threshold):
    z = torch.randn(n, latent)
    outside = z.abs() > threshold
    z[outside] = (2 * torch.rand(int(outside.sum())) - 1) * threshold
    return z


def _rows_dropped(n, latent, threshold):
    z = torch.randn(n, latent)
    return z[(z.abs() <= threshold).all(dim=1)]


def _squeezed(n, latent, threshold):
    z = torch.randn(n, latent)
    return z * threshold / z.abs().max()


def _drawn(sampler, n, latent, threshold):
    return torch.as_tensor(sampler(n, latent, threshold)).double()


def _has_shape(sampler):
    shape = tuple(_drawn(sampler, 64, 8, 0.5).shape)
    return shape == (64, 8) or f"shape {shape} for n = 64, latent = 8"


def _no_larger(sampler, threshold):
    largest = _drawn(sampler, 500, 4, threshold).abs().max().item()
    return largest <= threshold + 1e-6 or f"the largest of 2,000 numbers at threshold {threshold} is {largest:.2f}"


def _no_heap(sampler):
    share = (_drawn(sampler, 1000, 4, 1.0).abs() > 0.99).double().mean().item()
    return share < 0.03 or f"{share:.0%} of the numbers lie beyond 0.99 at threshold 1; without a heap it would be 0.7%"


def _variance(sampler, threshold, expected, within, n=1000):
    """Each `within` is more than 4 standard errors of the variance of 4 n numbers."""
    z = _drawn(sampler, n, 4, threshold)
    seen = z.var().item() if z.numel() > 1 else 0.0
    return abs(seen / expected - 1) < within or f"variance {seen:.3g} at threshold {threshold}, expected {expected:.3g}"


def _quantiles(sampler, threshold=1.5):
    """The largest gap between the shares below z and the truncated normal's: of 40,000 independent numbers in one run of a million above 0.0135."""
    z = _drawn(sampler, 10_000, 4, threshold).flatten().sort().values
    edge = torch.special.ndtr(torch.tensor(threshold, dtype=torch.float64))
    expected = (torch.special.ndtr(z) - (1 - edge)) / (2 * edge - 1)
    gap, where = (expected - torch.arange(len(z)) / len(z)).abs().max(dim=0)
    below = where.item() / len(z)
    return gap.item() < 0.0135 or (
        f"{below:.1%} of the numbers lie below {z[where].item():.2f} at threshold {threshold}; it should be {expected[where].item():.1%}"
    )


def _independent(sampler):
    z = _drawn(sampler, 5000, 8, 1.0)
    if len(z.flatten().unique()) < 0.95 * z.numel():
        return "many numbers appear more than once"
    columns = torch.corrcoef(z.T) - torch.eye(8)
    if columns.abs().max() > 0.08:  # the error of a correlation is 0.014
        return f"two columns have a correlation of {columns.abs().max().item():.2f}"
    rows = torch.corrcoef(torch.stack([z[:-1].flatten(), z[1:].flatten()]))[0, 1].item()
    return abs(rows) < 0.03 or f"neighbouring rows have a correlation of {rows:.2f}"


def _new_at_each_call(sampler):
    first, second = (_drawn(sampler, 50, 4, 1.0) for _ in range(2))
    return not torch.equal(first, second) or "two calls gave the same numbers"


def _means(codes, has, labels, combine):
    steps = []
    for label in labels.unique():
        own = labels == label
        if (own & has).any() and (own & ~has).any():
            steps.append(codes[own & has].mean(dim=0) - codes[own & ~has].mean(dim=0))
    return combine(torch.stack(steps))


def _all_classes(codes, has, labels):
    with_it = torch.stack([codes[(labels == k) & has].mean(dim=0) for k in labels[has].unique()])
    without = torch.stack([codes[(labels == k) & ~has].mean(dim=0) for k in labels[~has].unique()])
    return with_it.mean(dim=0) - without.mean(dim=0)


def _slope(z, log_likelihood, total=torch.sum):
    z = z.detach().requires_grad_(True)
    return torch.autograd.grad(total(log_likelihood(z)), z)[0]


def _by_class_by_list(codes, has, labels):
    found = []
    for label in labels.unique():
        with_it, without = codes[(labels == label) & has], codes[(labels == label) & ~has]
        if len(with_it) and len(without):
            found.append(with_it.mean(dim=0) - without.mean(dim=0))
    return torch.stack(found).mean(dim=0)


def _by_weights(codes, has, labels):
    """Each example's weight in the answer, and one product."""
    weights, used = torch.zeros(len(codes), dtype=codes.dtype), 0
    for label in set(labels.tolist()):
        own = labels == label
        count = (own & has).sum().item(), (own & ~has).sum().item()
        if min(count) > 0:
            used += 1
            weights[own & has] = 1 / count[0]
            weights[own & ~has] = -1 / count[1]
    return weights @ codes / used


def _by_numpy(codes, has, labels):
    codes, has, labels = codes.numpy(), has.numpy(), labels.numpy()
    steps = [
        codes[has & (labels == label)].mean(axis=0) - codes[~has & (labels == label)].mean(axis=0)
        for label in np.intersect1d(labels[has], labels[~has])
    ]
    return np.mean(steps, axis=0)


def _weighted_by_size(codes, has, labels):
    both = [k for k in labels.unique() if 0 < has[labels == k].sum() < (labels == k).sum()]
    of = [(labels == k) for k in both]
    steps = torch.stack([codes[own & has].mean(dim=0) - codes[own & ~has].mean(dim=0) for own in of])
    sizes = torch.stack([own.sum() for own in of]).to(codes.dtype)
    return (steps * sizes[:, None]).sum(dim=0) / sizes.sum()


def _codes(rng):
    """Class 1 lies elsewhere and has the attribute more often; in class 2 all have it, in class 3 none; class 7 is the largest."""
    labels = torch.tensor([0, 1, 2, 3] * 4 + [7] * 5)
    has = torch.tensor([1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0, 0], dtype=torch.bool)
    return case(codes=normal(21, 3, generator=rng) + 2 * labels[:, None], has=has, labels=labels)


def wanted(z):
    """log p(y|z) of a class that is likely where the coordinates are large, in two dimensions or more."""
    return torch.nn.functional.logsigmoid(2 * z[:, 0] + z[:, 1] - 1)


def _score_by_hint(z, log_likelihood, scale):
    z = z.detach().requires_grad_(True)
    return scale * torch.autograd.grad(log_likelihood(z).sum(), z)[0] - z  # with a graph: z asks for its gradient


def _score_of_the_whole(z, log_likelihood, scale):
    z = z.clone().detach().requires_grad_()
    log_density = -(z**2).sum() / 2 + scale * log_likelihood(z).sum()
    log_density.backward()
    return z.grad


def _score_code_by_code(z, log_likelihood, scale):
    rows = []
    for one in z:
        slope = torch.autograd.functional.jacobian(lambda code: log_likelihood(code[None])[0], one)
        rows.append(scale * slope - one)
    return torch.stack(rows)


def _acceptance_by_loop(logits, log_bound):
    return torch.tensor([math.exp(min(0.0, float(logit) - log_bound)) for logit in logits])


def _acceptance_by_d(logits, log_bound):
    d = torch.sigmoid(logits)
    return torch.minimum(d / (1 - d) / math.exp(log_bound), torch.ones_like(d))


EXERCISES = [
    Exercise(
        id="control.truncated_normal",
        reference=sampling.truncated_normal,
        alternatives=[_redrawn, _number_by_number, _by_scipy, _by_torch],
        properties=[
            prop(
                "shape (n, latent)",
                _has_shape,
                "64 rows were asked for. In 8 dimensions nearly every row has some number that is too large: draw the number again, not the row.",
            ),
            prop(
                "no number beyond the threshold", lambda f: _no_larger(f, 0.5), "Look at each number's absolute value."
            ),
            prop(
                "no heap at the edge",
                _no_heap,
                "Many numbers sit exactly at the threshold. Draw them again instead of moving them there.",
            ),
            prop(
                "each number is drawn on its own",
                _independent,
                "Noise of shape (n, latent) is n · latent independent numbers.",
            ),
            prop(
                "variance 0.291 at threshold 1",
                lambda f: _variance(f, 1.0, 0.2911, 0.025, n=10_000),
                "Numbers inside the threshold keep the bell's shape: a standard normal cut at 1 has variance 0.291.",
            ),
            prop(
                "the quantiles of the cut bell at threshold 1.5",
                _quantiles,
                "Numbers that are drawn again follow the bell, too: inside the threshold the density keeps its shape, "
                "and is only higher.",
            ),
            prop(
                "variance 1 at threshold 6",
                lambda f: _variance(f, 6.0, 1.0, 0.1),
                "A threshold that is never reached changes nothing.",
            ),
            prop(
                "flat at a tiny threshold",
                lambda f: _variance(f, 0.05, 0.05**2 / 3, 0.07),
                "Between -0.05 and 0.05 the bell is flat: all numbers are equally likely, and the variance is threshold² / 3.",
            ),
            prop(
                "another call draws other numbers",
                _new_at_each_call,
                "A seed set inside the function gives the same noise at each call. Seeds belong outside.",
            ),
        ],
        mistakes={
            "cut instead of drawn again": Mistake(
                lambda n, latent, threshold: torch.randn(n, latent).clamp(-threshold, threshold),
                "`clamp` puts all that is too large on the edge: at threshold 1 that is a third of the numbers. The generator gets codes from the edge "
                "of the box, not from its middle.",
            ),
            "drawn again only once": Mistake(
                _redrawn_once,
                "The second draw can be too large as well: at threshold 1 a tenth of all numbers still is. Look again until none is left.",
            ),
            "drawn again from another law": Mistake(
                _replaced_by_uniform,
                "What was too large came back uniform. At threshold 1 that is a third of the numbers, and they lie near the edge too often: draw them from N(0, 1) again.",
            ),
            "folded back": Mistake(
                lambda n, latent, threshold: torch.randn(n, latent).fmod(threshold),
                "The remainder of 1.1 at threshold 1 is 0.1: numbers that were just too large land in the middle, where too many are already.",
            ),
            "one number for each row": Mistake(
                lambda n, latent, threshold: _redrawn(n, 1, threshold).expand(n, latent),
                "The numbers of a row are all the same, so that all codes lie on one line through the origin.",
            ),
            "scaled": Mistake(
                lambda n, latent, threshold: torch.randn(n, latent) * threshold,
                "That is another dial, the temperature. 32% of the numbers are still beyond the threshold.",
            ),
            "squeezed until the largest fits": Mistake(
                _squeezed,
                "Dividing by the largest makes each number depend on the whole batch: the same code differs between a batch of 1 and of 1,000. "
                "And a threshold of 6 would stretch the noise.",
            ),
            "uniform": Mistake(
                lambda n, latent, threshold: (2 * torch.rand(n, latent) - 1) * threshold,
                "Inside the threshold the bell keeps its shape. At threshold 1 you hardly see the difference; at 6 the variance is 12, and it should be 1.",
            ),
            "rows thrown away": Mistake(
                _rows_dropped,
                "A row of 64 numbers at threshold 1 is all inside with probability 0.68 to the power of 64: "
                "practically never. Draw single numbers again, not rows.",
            ),
        },
        hints=[
            "Draw all numbers, find those that are too large, draw these anew, and look again.",
            "`while (outside := z.abs() > threshold).any():` and then `z[outside] = torch.randn(int(outside.sum()))`.",
        ],
    ),
    Exercise(
        id="control.attribute_direction",
        reference=directions.attribute_direction,
        alternatives=[_by_class_by_list, _by_weights, _by_numpy],
        cases=[
            case(
                codes=torch.tensor([[0.0], [1.0], [1.0], [10.0], [12.0]], dtype=torch.float64),
                has=torch.tensor([False, True, True, False, True]),
                labels=torch.tensor([0, 0, 0, 1, 1]),
            ),
            _codes,
        ],
        mistakes={
            "classes ignored": Mistake(
                lambda codes, has, labels: codes[has].mean(dim=0) - codes[~has].mean(dim=0),
                "If eights are thick more often than sevens, this direction is partly the way from a 7 to an 8. Subtract within each class.",
            ),
            "from with to without": Mistake(
                lambda codes, has, labels: -_means(codes, has, labels, lambda steps: steps.mean(dim=0)),
                "Added to a code, the direction should bring the attribute, not take it away.",
            ),
            "summed over the classes": Mistake(
                lambda codes, has, labels: _means(codes, has, labels, lambda steps: steps.sum(dim=0)),
                "Two classes with steps of 1 and 2 have a mean step of 1.5, not 3. With ten classes you would go ten times too far.",
            ),
            "large classes count more": Mistake(
                _weighted_by_size,
                "Each class's step was weighted by its number of examples. The mean over classes gives each class the same weight.",
            ),
            "normalised": Mistake(
                lambda codes, has, labels: _means(
                    codes, has, labels, lambda steps: torch.nn.functional.normalize(steps.mean(dim=0), dim=0)
                ),
                "The length says how far the thick ones are from the thin ones. With length 1 that is lost, and 'once the direction' means nothing.",
            ),
            "classes with one group only are kept": Mistake(
                _all_classes,
                "A class in which all have the attribute adds to one mean and not to the other. Where that class lies "
                "then becomes part of the direction.",
            ),
        },
        hints=[
            "For one class: mean code of those with the attribute, minus mean code of those without. What if one group is empty?",
            "Collect one difference for each of `labels.unique()` that has both groups, then `torch.stack(steps).mean(dim=0)`.",
        ],
    ),
    Exercise(
        id="control.guided_score",
        reference=classifier_guidance.guided_score,
        alternatives=[_score_by_hint, _score_of_the_whole, _score_code_by_code],
        cases=[
            case(z=torch.tensor([[1.0, 0.0]], dtype=torch.float64), log_likelihood=wanted, scale=1.0),
            lambda rng: case(z=normal(3, 2, generator=rng), log_likelihood=wanted, scale=3.0),
            lambda rng: case(z=normal(2, 3, generator=rng), log_likelihood=wanted, scale=0.5),
        ],
        mistakes={
            "prior forgotten": Mistake(
                lambda z, log_likelihood, scale: scale * _slope(z, log_likelihood),
                "Nothing keeps the code where the decoder has been trained: the classifier gets surer and surer, and the picture odder. What is the gradient of log N(z; 0, I)?",
            ),
            "prior with the wrong sign": Mistake(
                lambda z, log_likelihood, scale: z + scale * _slope(z, log_likelihood),
                "log p(z) = -|z|²/2 + const, so its gradient points inwards: -z. Yours drives the codes away.",
            ),
            "prior scaled, too": Mistake(
                lambda z, log_likelihood, scale: scale * (_slope(z, log_likelihood) - z),
                "That is the gradient of s log p(z|y): the temperature falls, and codes shrink to the mode. Only the classifier's term is scaled.",
            ),
            "mean over the batch": Mistake(
                lambda z, log_likelihood, scale: scale * _slope(z, log_likelihood, torch.mean) - z,
                "The mean divides each code's gradient by the number of codes: with 64 codes the guidance is 64 times too weak. Sum, then differentiate.",
            ),
            "away from the class": Mistake(
                lambda z, log_likelihood, scale: -scale * _slope(z, log_likelihood) - z,
                "This is the gradient of a loss, to go down. A score goes up: the class should become more likely.",
            ),
        },
        hints=[
            "Two terms: log p(z), whose gradient you know, and s log p(y|z), whose gradient autograd knows.",
            "`z = z.detach().requires_grad_(True)`, then `torch.autograd.grad(log_likelihood(z).sum(), z)`. Don't forget -z.",
        ],
    ),
    Exercise(
        id="control.acceptance",
        reference=sampling.acceptance,
        alternatives=[
            lambda logits, log_bound: (logits - log_bound).exp().clamp(max=1),
            _acceptance_by_loop,
            _acceptance_by_d,
            lambda logits, log_bound: np.minimum(1, np.exp(logits.numpy() - log_bound)),
        ],
        cases=[
            case(logits=torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64), log_bound=2.0),
            lambda rng: case(logits=2 * normal(6, generator=rng), log_bound=1.0),
            lambda rng: case(logits=5 * normal(4, generator=rng) - 1, log_bound=0.5),
        ],
        mistakes={
            "D as the probability": Mistake(
                lambda logits, log_bound: logits.sigmoid(),
                "D(x) is p / (p + q). Kept with that probability, pictures follow p q / (p + q), which is not p. The ratio p / q is D / (1 - D), the exponential of the logit.",
            ),
            "D over M": Mistake(
                lambda logits, log_bound: (torch.nn.functional.logsigmoid(logits) - log_bound).clamp(max=0).exp(),
                "You divided D by M. M bounds the ratio D / (1 - D), so divide that ratio by M.",
            ),
            "more than 1": Mistake(
                lambda logits, log_bound: (logits - log_bound).exp(),
                "Where the ratio exceeds M, this is no probability: logit 3 at log M = 2 gives 2.72. Cut at 1.",
            ),
            "M not in the exponent": Mistake(
                lambda logits, log_bound: (logits.exp() / log_bound).clamp(max=1),
                "`log_bound` is log M: you divided by the logarithm. Subtract it from the logit, before the exponential.",
            ),
            "keep or not": Mistake(
                lambda logits, log_bound: (logits >= log_bound).to(logits.dtype),
                "A threshold keeps only what D likes best. Rejection sampling also keeps some of the rest, in "
                "proportion: that is why what it keeps follows p.",
            ),
            "generated over real": Mistake(
                lambda logits, log_bound: (-logits - log_bound).clamp(max=0).exp(),
                "This keeps what D takes for generated. In which direction does a logit grow?",
            ),
        },
        hints=[
            "σ(l) / (1 - σ(l)) is one short expression of l. Which?",
            "The ratio is exp(l), so ratio / M = exp(l - log M). It must not exceed 1.",
        ],
    ),
]
