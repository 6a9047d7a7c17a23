# %% [markdown]
# # 21 · Learning a distribution
# <!-- badge -->
#
# Two models learn from the same pictures: one draws what doesn't exist, the other leaves half of it out. You find out, in numbers, what each was asked to do.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | Python with NumPy and torch tensors; probability densities, expectations and the bell curve; partial derivatives; lesson 01 for how exercises work; lesson 13 for principal components. The section marked *optional* also needs covariance matrices | say what a model pays for data, and why the best likelihood is the smallest forward KL<br>foresee which model covers all modes and which picks one<br>tell why one distance between distributions goes flat and another doesn't<br>say what a generative model knows that a discriminative one never learned |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
repeats = None  # of each learning curve; None: chosen for this machine

# %%
import math

import numpy as np
import sympy
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from torch import nn

from aigc_lab import check, datasets, gan, lm, plots, runtime, verify, widgets
from aigc_lab.distributions import divergences, gaussian_mixture, pictures
from aigc_lab.preprocessing import features
from aigc_lab.pretrained import classifier
from aigc_lab.transforms import from_signed, to_signed, to_unit

runtime.seed_everything(seed)
repeated = repeats or runtime.pick(ci=3, cpu=8, gpu=8)
rng = torch.Generator().manual_seed(seed)
f64 = torch.float64

# %% [markdown]
# ## Which of the two has learned?
#
# Take the handwritten zeros and ones. Each picture has 784 pixels. To see a whole distribution at once, keep *one* number of each picture: its coordinate along the direction
# in which these pictures vary most (the first principal component, lesson 13). A formula leads back, so every point of the line is a picture.

# %%
digits, test = datasets.load("digits"), datasets.load("digits", split="test")
pixels = to_unit(digits.images[digits.labels < 2]).flatten(1).double()
line = features.pca(pixels, 1)
data = line.project(pixels)[:, 0]
held_out = line.project(to_unit(test.images[test.labels < 2]).flatten(1).double())[:, 0]
x = torch.linspace(-14, 12, 521, dtype=f64)
step = (x[1] - x[0]).item()
print(f"{len(data):,} zeros and ones to learn from, {len(held_out)} held out")


# %%
def pictures_at(points):
    """Points of the line -> (n, 1, 28, 28)."""
    return line.reconstruct(points[:, None]).clamp(0, 1).reshape(-1, 1, 28, 28)


strip = pictures_at(torch.arange(-8.0, 5, dtype=f64))
title = "All zeros and ones on a line: two heaps, and little between them"
pictures.densities_on_a_line(data, x, {}, strip, title=title)

# %% [markdown]
# A *model* of these data is a density that we can draw from. Here are two. Both are bell curves, with a mean and a standard deviation, and nothing else to learn.
# (B is fitted to a smoothed version of the data, in which each digit is a bell of width 0.4. Another width, from 0.2 to 0.6, moves B a little within the same heap.)


# %%
def smoothed(bandwidth):
    """Log density of the data at x, each digit a bell of this width."""
    kernels = divergences.gaussian_log_density(x[:, None], data[None], bandwidth)
    return kernels.logsumexp(dim=1) - math.log(len(data))


a = data.mean(), data.std(correction=0)
b = divergences.reverse_fit(smoothed(0.4), x)
bells, densities = {"model A": a, "model B": b}, {}
for name, (mean, std) in bells.items():
    print(f"{name}: mean {mean:6.2f}, standard deviation {std:.2f}")
    densities[name] = divergences.gaussian_log_density(x, mean, std).exp()
title = "A covers everything, even what isn't there; B fits one heap"
pictures.densities_on_a_line(data, x, densities, strip, title=title)
others = {h: divergences.reverse_fit(smoothed(h), x)[0] for h in (0.2, 0.3, 0.6)}
claim = "with other widths of smoothing B stays in the heap of ones"
verify.promise(claim, got=others, above=2.5, below=6)


# %%
def draw(mean, std, n):
    return mean + std * torch.randn(n, generator=rng, dtype=f64)


rows = {"digits": data[torch.randperm(len(data), generator=rng)[:18]]}
rows |= {name: draw(*bell, 18) for name, bell in bells.items()}
counts = {name: int(((row > 0) & (row < 2.5)).sum()) for name, row in rows.items()}
told = "; ".join(f"{name}: {k} of 18 between the heaps" for name, k in counts.items())
plots.image_rows(
    {name: pictures_at(points) for name, points in rows.items()},
    title="A draws zeros, ones and what lies between; B draws ones",
    alt=f"Rows of zeros and ones. {told}.",
)

# %%
many = draw(*a, 20_000)
between = {}
for name, coordinate in {"A": many, "digits": data}.items():
    between[name] = ((coordinate > 0) & (coordinate < 2.5)).double()
    print(f"{name}: {verify.estimate(between[name])} lie between 0 and 2.5")
claim = "A puts more than a fifth of its pictures there"
verify.promise(claim, got=between["A"].mean(), above=0.2)
claim = "fewer than 3% of the digits lie there"
verify.promise(claim, got=between["digits"].mean(), below=0.03)

# %% [markdown]
# A has the mean and the spread of the data right to the last decimal, and more than every fifth of its pictures is a ghost: a zero and a one at once. B draws hardly any ghosts, but no zeros either. Which of them "has learned the
# distribution"? That depends on what you ask of a model. This lesson makes the question exact in four ways, and by the end you know what was asked of A and of B.
#
# ## Density: probability per unit of length
#
# What is the probability that a digit lies at exactly 3.7? Zero: no two need ever agree in all decimals. Only an interval has a probability. A *density* $p(x)$ says how much of it there is per unit
# of length: the probability of an interval is the area under the density there, and the whole area is 1. A bell curve with mean $\mu$ and standard deviation $\sigma$ has
#
# $$q(x) = \frac{1}{\sigma \sqrt{2\pi}} \; e^{-\frac12 \left(\frac{x - \mu}{\sigma}\right)^2}$$
#
# Soon you will need its logarithm, at places where $q$ itself is too small for a float: 100 standard deviations out, say. Write it so that it never computes $q$. Stay in torch, so that gradients reach all three arguments.


# %% tags=["exercise"]
def gaussian_log_density(x, mean, std):
    """log q(x) of the bell curve, in nats (natural logarithm). Three tensors that
    broadcast (std > 0) -> a tensor of their common shape. Gradients must flow."""
    ...  # your code


# %% tags=["check"]
gaussian_log_density = check("distributions.gaussian_log_density", gaussian_log_density)

# %%
middle, width = torch.tensor([0.0, 0.1], dtype=f64)
narrow = gaussian_log_density(x, middle, width).exp()
verify.agree("the area under a narrow bell is 1", narrow.sum() * step, 1.0)
density_a = gaussian_log_density(x, *a).exp()
inside = (x > -0.01) & (x < 2.51)
area = torch.trapezoid(density_a[inside], x[inside])
claim = "area of A between 0 and 2.5 = share of its pictures there"
verify.agree(claim, verify.estimate(between["A"]), area)
claim = "that narrow bell is higher than 1 in its middle"
verify.promise(claim, got=narrow.max(), above=3.9)

# %% [markdown]
# A density may be larger than 1; an area may not. And a density has a unit, one over that of $x$. Measure lengths in centimetres instead of metres: every length is multiplied by 100, every density divided by 100, and every log density falls by
# $\log 100$. So a log density by itself means little. The *difference* of two models' log densities on the same data means a lot.
#
# ## Likelihood: what a model pays for the data
#
# In lesson 02 a model of text paid $-\log_2 p$ bits for each character. It is the same here: for each example $x_i$ the model pays $-\log q(x_i)$, in *nats*, the unit of the natural logarithm. How well does a model explain a whole data set? Multiply the densities of
# all examples, and you have the *likelihood*. Or rather, don't:

# %%
# NBVAL_CHECK_OUTPUT
each = gaussian_log_density(data, *a)
print("product of the densities:", each.exp().prod().item())
print(
    "below what a float can hold:",
    each.sum().item() < math.log(np.finfo(np.float64).smallest_subnormal),
)

# %% [markdown]
# The sum of the logs has no such trouble. Divided by $n$ it is the *mean log-likelihood*; with a minus sign it is a loss to minimise, the *negative log-likelihood*.
#
# **Predict first.** Some zeros and ones were held out. Which model has the better mean log-likelihood on them, A or B? By how many nats: a tenth, one, ten?

# %% tags=["predict"]
paid = {name: gaussian_log_density(held_out, *bell) for name, bell in bells.items()}
for name, log_q in paid.items():
    print(f"{name}: mean {verify.estimate(log_q)} nats, worst digit {log_q.min():.0f}")

# %% [markdown]
# You should have seen A win by some forty nats *per digit*. B pays little for the ones. But it calls zeros so improbable that the worst of them costs 190 nats, and such prices ruin the mean. Likelihood forgives ghosts, but never a digit that
# the model holds to be impossible.

# %%
mean_a, mean_b = paid["model A"].mean(), paid["model B"].mean()
verify.promise("A has about -2.8 nats", got=mean_a, near=(-2.8, 0.1))
verify.promise("B is at least 35 nats worse", got=mean_b, at_most=mean_a - 35)
claim = "B pays more than 180 nats for its worst digit"
verify.promise(claim, got=paid["model B"].min(), below=-180)

# %% [markdown]
# Choosing the parameters with the largest likelihood is called *maximum likelihood*. Where is the maximum, for a bell curve? The mean log density depends on the data only through two numbers, $m_1 = \frac1n \sum x_i$ and $m_2 = \frac1n \sum x_i^2$. Set both slopes to zero:

# %%
mu, sigma, m1, m2 = sympy.symbols("mu sigma m1 m2", positive=True)
mean_square = (m2 - 2 * mu * m1 + mu**2) / sigma**2
mean_log = -mean_square / 2 - sympy.log(sigma) - sympy.log(2 * sympy.pi) / 2
best_mu = sympy.solve(sympy.diff(mean_log, mu), mu)[0]
best_variance = sympy.solve(sympy.diff(mean_log, sigma).subs(mu, m1), sigma**2)[0]
verify.agree("the best mean is the mean of the data", best_mu, m1)
verify.agree("the best variance is the variance of the data", best_variance, m2 - m1**2)
of_data = {m1: data.mean().item(), m2: (data**2).mean().item()}
of_model = {mu: a[0].item(), sigma: a[1].item()}
claim = "and m1, m2 are all that the mean log density needs"
verify.agree(claim, each.mean(), float(mean_log.subs(of_data | of_model)))

# %% [markdown]
# Those are the two numbers of model A. (The variance divides by $n$, not by $n - 1$.) So that is what A is: the bell curve of maximum likelihood. Your own function confirms it, by its gradient at A:

# %%
top = [number.clone().requires_grad_() for number in a]
slopes = torch.autograd.grad(gaussian_log_density(data, *top).mean(), top)
verify.agree("both slopes are 0 at A", torch.stack(slopes), torch.zeros(2))

# %%
means, stds = torch.linspace(-4, 6, 51, dtype=f64), torch.linspace(2, 9, 36, dtype=f64)
log_q = gaussian_log_density(data[:, None, None], means[:, None], stds)
pictures.likelihood_surface(means, stds, log_q.mean(dim=0), best=a)

# %% [markdown]
# ## Entropy: the price that no model can beat
#
# How good can a model get? To answer, you must know the true density, and nobody knows that of the digits. So from here on look at a distribution of our own making: with probability 0.4 a bell around -2, with probability 0.6 one around 2.
#
# Suppose your model *is* this $p$. It still pays, because $x$ is uncertain. Its average price is the *entropy*, $H(p) = -\int p(x) \log p(x)\, dx$. Compute it twice: as a sum over a fine grid, and as a mean over draws.

# %%
weights = torch.tensor([0.4, 0.6], dtype=f64)
places = torch.tensor([-2.0, 2.0], dtype=f64)
widths = torch.tensor([0.8, 1.0], dtype=f64)
two = gaussian_mixture.Mixture(weights, places[:, None], widths[:, None, None])
log_p = two.log_density(x[:, None])
p = log_p.exp()
H = divergences.entropy(p, step)
draws = two.sample(20_000, rng)[:, 0]
price = verify.estimate(-two.log_density(draws[:, None]))
verify.agree("entropy = mean price of its own draws", price, H)

# %%
middle, width = torch.tensor([1.0, 1.5], dtype=f64)
bell = gaussian_log_density(x, middle, width).exp()
formula = math.log(1.5 * math.sqrt(2 * math.pi * math.e))
claim = "a bell curve's entropy is log(σ √(2πe)), whatever its mean"
verify.agree(claim, divergences.entropy(bell, step), formula)

# %% [markdown]
# Now let another model $q$ pay for draws of $p$. Its average price, $-\int p \log q$, is the *cross-entropy*. Whatever lies above the entropy is $q$'s own fault:
#
# $$KL(p \,\|\, q) = \underbrace{-\int p \log q \, dx}_{\text{what } q \text{ pays}} - \underbrace{\left(-\int p \log p\, dx\right)}_{\text{what no model can avoid}} = \int p(x) \log\frac{p(x)}{q(x)}\, dx$$
#
# This is the *Kullback-Leibler divergence*. Write it for densities on a grid; the integral becomes the sum over all $n$ points, times the step. Mind the zeros: where $p$ is 0, nothing happens and nothing is paid, whatever $q$ says. Where $p$ is above 0 and $q$ is 0, the price is
# infinite, and your function should return infinity.


# %% tags=["exercise"]
def kl_divergence(p, q, step):
    """KL(p || q) in nats, as a sum over n grid points that lie `step` apart, times
    `step`; densities (n,) and (n,) -> a number, which may be infinite.
    Have a look at torch.xlogy."""
    ...  # your code


# %% tags=["check"]
kl_divergence = check("distributions.kl_divergence", kl_divergence)

# %%
middle, width = torch.tensor([1.0, 1.5], dtype=f64)
q = gaussian_log_density(x, middle, width).exp()
forward, reverse = (float(kl_divergence(*pair, step)) for pair in ((p, q), (q, p)))
cross_entropy = -torch.xlogy(p, q).sum() * step
verify.agree("cross-entropy minus entropy", cross_entropy - H, forward)
integrands = {"p log(p/q)": torch.xlogy(p, p / q), "q log(q/p)": torch.xlogy(q, q / p)}
title = (
    "KL is an area, and which density weighs it matters: "
    f"{forward:.2f} against {reverse:.2f} nats"
)
pictures.kl_as_area(x, p, q, integrands, title=title)

# %% [markdown]
# Here and there the curve goes below zero: where $q$ is the higher of the two, it pays less than $p$ would. Can the whole area be negative? No. The logarithm lies below its tangent at 1, $\log t \le t - 1$, so with $t = q/p$
#
# $$-KL(p \| q) = \int p \log\frac{q}{p} \;\le\; \int p \left(\frac{q}{p} - 1\right) = \int q - \int p = 1 - 1 = 0,$$
#
# and only $q = p$ reaches 0. No model beats the entropy. Check both facts, the tangent at a thousand places $t$ and the divergence of a thousand random pairs:

# %%
t = torch.linspace(0.01, 10, 1000, dtype=f64)
verify.promise(
    "log t - (t - 1) <= 0 at 1,000 places", got=t.log() - t + 1, at_most=1e-15
)
pairs = torch.rand(2, 1000, 6, generator=rng, dtype=f64)
pairs = pairs / pairs.sum(dim=-1, keepdim=True)
of_pairs = divergences.kl_divergence(pairs[0], pairs[1])
claim = "KL of 1,000 random pairs of probabilities is never negative"
verify.promise(claim, got=of_pairs, at_least=0)
verify.agree("KL of p to itself", float(kl_divergence(p, p, step)), 0.0)

# %% [markdown]
# It is not a distance, though: the two directions gave different numbers. The rest of this lesson is about that difference.
#
# ## Maximum likelihood is forward KL
#
# Forward KL has the data in front: $KL(p_{\text{data}} \| q)$. Its first term, the entropy, doesn't depend on $q$. So making the mean log-likelihood large makes forward KL small, step by step, for *every* model:
#
# $$KL(p_{\text{data}} \| q) = -H(p_{\text{data}}) - \mathbb{E}_{x \sim p_{\text{data}}} \log q(x)$$
#
# Check it in two ways. First exactly: for 400 bell curves, the sum of the two is always the same number.

# %%
grid_of = [
    (m, s)
    for m in torch.linspace(-3, 3, 20, dtype=f64)
    for s in torch.linspace(1.5, 4, 20, dtype=f64)
]
kl = torch.tensor(
    [
        float(kl_divergence(p, gaussian_log_density(x, m, s).exp(), step))
        for m, s in grid_of
    ],
    dtype=f64,
)
log_likelihood = torch.stack(
    [(p * gaussian_log_density(x, m, s)).sum() * step for m, s in grid_of]
)
verify.agree(
    "KL(p || q) + E log q = -H(p) for 400 bell curves q", kl + log_likelihood, -H
)

# %% [markdown]
# Then as in training, where you have $n$ examples instead of $p$. The mean over the examples estimates the expectation, with an error that you know.

# %%
sigmas = torch.linspace(1.2, 4.5, 60, dtype=f64)
centre = torch.tensor(0.4, dtype=f64)
exact = [
    float(kl_divergence(p, gaussian_log_density(x, centre, s).exp(), step))
    for s in sigmas
]
lines, bands = {"KL(p || q), exact": exact}, {}
for n in (30, 1000):
    price = -gaussian_log_density(draws[-n:, None], centre, sigmas) - H  # (n, 60)
    mean, error = price.mean(dim=0), price.std(dim=0) / math.sqrt(n)
    lines[f"what {n:,} examples say"] = mean
    bands[f"what {n:,} examples say"] = mean - 2 * error, mean + 2 * error

# %%
plots.curves(
    sigmas,
    lines,
    bands=bands,
    x_label="standard deviation of q",
    y_label="nats",
    title="The loss, less the entropy, estimates forward KL",
)

# %% [markdown]
# So as examples come in, the bell curve of maximum likelihood should approach the bell curve of smallest forward KL. That one has the mean and the standard deviation of $p$, by the derivation above with $m_1 = \mathbb{E}\,x$, $m_2 = \mathbb{E}\,x^2$. Forward KL *copies moments*, and exactly
# those on which $\log q$ depends: for a bell curve $x$ and $x^2$, nothing else. It can't see that $p$ has two humps.
#
# For a mixture of bells both moments have a formula. Find it. No gradients are needed here; numbers of Python or NumPy will do.


# %% tags=["exercise"]
def mixture_moments(weights, means, stds):
    """Mean and standard deviation of a mixture of bell curves, whose weights (k,)
    add up to 1; means (k,), stds (k,) -> (number, number)."""
    ...  # your code


# %% tags=["check"]
mixture_moments = check("distributions.mixture_moments", mixture_moments)


# %%
def forward_fit(weights, means, stds):
    """The bell curve of smallest KL(mixture || q)."""
    moments = mixture_moments(weights, means, stds)
    return torch.tensor([float(moment) for moment in moments], dtype=f64)


best = forward_fit(weights, places, widths)
verify.agree("its mean is the grid's", best[0], (p * x).sum() * step, tolerance=1e-5)
kl_best = float(kl_divergence(p, gaussian_log_density(x, *best).exp(), step))
claim = "none of the 400 bell curves has a smaller forward KL"
verify.promise(claim, got=kl, at_least=kl_best)

# %%
examples, off = [10, 30, 100, 300, 1000, 3000], []
for n in examples:
    sets = two.sample(200 * n, rng).reshape(200, n)
    fitted = torch.stack([sets.mean(dim=1), sets.std(dim=1, correction=0)], dim=1)
    off.append((fitted - best).pow(2).mean(dim=0).sqrt())
off_mean, off_std = torch.stack(off).T
claim = "the means of 200 maximum-likelihood fits average to the best q's"
verify.agree(claim, verify.estimate(fitted[:, 0]), best[0])

# %%
slope = 1.2 / np.sqrt(examples)
plots.curves(
    examples,
    {"mean": off_mean, "standard deviation": off_std, "like 1/√n": slope},
    x_label="examples",
    y_label="typical error",
    title="Maximum likelihood approaches the minimum of forward KL",
    log_x=True,
    log_y=True,
    markers=True,
)

# %% [markdown]
# One consequence matters in practice. Nobody knows the entropy of real data, so nobody knows the KL of any model of them, not even whether it is near 0. But the *difference* of two models' KL is the difference of their log-likelihoods, since the entropy cancels. That you can
# measure on held-out examples, with an error bar. Here is A against a mixture of two bells, fitted to the same digits. (The fit climbs to a hill of the likelihood, not always the highest one, so it starts five times.)


# %%
def fit_mixture(examples, components, steps):
    """The likeliest of five mixtures, each fitted from another random start."""
    starts = range(5 * seed, 5 * seed + 5)
    settings = {"components": components, "steps": steps, "ridge": 0.01}
    fits = [gaussian_mixture.fit(examples, **settings, seed=start) for start in starts]
    return max(fits, key=lambda fitted: fitted.log_density(examples).mean())


# %%
two_bells = fit_mixture(data[:, None], components=2, steps=40)
gain = two_bells.log_density(held_out[:, None]) - gaussian_log_density(held_out, *a)
gained = verify.estimate(gain)
print(f"the forward KL of two bells is smaller than A's by {gained} nats")
claim = "the gain is between 0.6 and 0.9 nats"
verify.promise(claim, got=gain.mean(), above=0.6, below=0.9)

# %% [markdown]
# ## The other way round
#
# $KL(q \| p)$, *reverse* KL, has the model in front:
#
# $$KL(q \| p) = \mathbb{E}_{x \sim q} \left[\log q(x) - \log p(x)\right] = -H(q) - \mathbb{E}_{x \sim q} \log p(x)$$
#
# Forward KL takes examples from the data and asks the model: could you have drawn this? Reverse KL takes what the model draws and asks the data: could this be yours? The term $-H(q)$ keeps $q$ from shrinking to a point. (Training by reverse KL needs $\log p$, which nobody has for real data.
# It takes a trick, or an estimate of the ratio $p/q$: lessons 22 to 24.) In a toy world $\log p$ is known:


# %%
def two_modes(half_distance, left=0.5, left_width=1.0, right_width=1.0):
    """Weights, means and widths of a mixture of two bells."""
    weights = torch.tensor([left, 1 - left], dtype=f64)
    means = half_distance * torch.tensor([-1.0, 1.0], dtype=f64)
    return weights, means, torch.tensor([left_width, right_width], dtype=f64)


def log_density_of(weights, means, stds):
    log_parts = divergences.gaussian_log_density(x[:, None], means, stds)
    return (weights.log() + log_parts).logsumexp(dim=1)


# %% [markdown]
# **Predict first.** Let $p$ have two equal bells of width 1, at -3 and at 3. Which bell curve $q$ has the smallest forward KL, and which the smallest reverse KL? Write down the mean and the standard deviation of each, roughly.


# %% tags=["predict"]
for name, (mean, std) in {
    "forward": forward_fit(*two_modes(3.0)),
    "reverse": divergences.reverse_fit(log_density_of(*two_modes(3.0)), x),
}.items():
    print(f"{name}: mean {mean:.2f}, standard deviation {std:.2f}")

# %% [markdown]
# You should have seen forward KL put its mean at 0, where the data have a hole, with a standard deviation of $\sqrt{1 + 3^2} = 3.16$. Reverse KL takes one of the bells and leaves the other. (Both are equally good; which one it takes is up to a rounding error.) These behaviours are called *mode covering* and
# *mode seeking*. Now you know what B is: the bell curve of smallest reverse KL, with the smoothed data as $p$.
#
# Move the modes yourself. The curves on the right show how KL depends on the mean of $q$, each with the best standard deviation for that mean: they have one valley, or two. Try to find a distance at which reverse KL covers both modes. Then make the left bell rare, then narrow.


# %%
def valleys_of(log_p, mean, std):
    """For each mean of q, the smallest KL(p || q) and KL(q || p) over its standard
    deviation."""
    means = torch.linspace(-6, 6, 61, dtype=f64)
    best_std = (std**2 + (means - mean) ** 2).sqrt()  # forward, in closed form
    log_q = divergences.gaussian_log_density(x, means[:, None], best_std[:, None])
    forward = (log_p.exp() * (log_p - log_q)).sum(dim=1) * step
    stds = torch.logspace(-0.8, 0.8, 40, dtype=f64)
    reverse = divergences.reverse_kl(log_p, x, means, stds).min(dim=1).values
    return means, forward, reverse


# %%
def play_modes(half_distance, share_left, width_left, width_right):
    parts = two_modes(half_distance, share_left, width_left, width_right)
    log_p = log_density_of(*parts)
    covering, seeking = forward_fit(*parts), divergences.reverse_fit(log_p, x)
    fits = [gaussian_log_density(x, *fit).exp() for fit in (covering, seeking)]
    pictures.fits_and_valleys(x, log_p.exp(), fits, valleys_of(log_p, *covering))


widgets.play(
    play_modes,
    half_distance=(0.0, 4.5, 0.1, 3.0),
    share_left=(0.05, 0.95, 0.05, 0.4),
    width_left=(0.4, 2.0, 0.1, 0.7),
    width_right=(0.4, 2.0, 0.1, 1.0),
)

# %% [markdown]
# Reverse KL doesn't always seek. While the modes are close it covers both, much as forward KL does. How far apart must they be before it lets one go, and what does either choice cost?

# %%
halves = np.linspace(0, 4.5, runtime.pick(ci=16, cpu=46, gpu=46))
fits, covering_costs, seeking_costs, one_bell_costs = [], [], [], []
for half in halves:
    parts = two_modes(half)
    log_mix = log_density_of(*parts)
    wide = gaussian_log_density(x, *forward_fit(*parts)).exp()
    covering_costs.append(float(kl_divergence(log_mix.exp(), wide, step)))
    mean, std = divergences.reverse_fit(log_mix, x)
    fits.append(abs(mean.item()))
    cost = divergences.reverse_kl(log_mix, x, mean[None], std[None])
    seeking_costs.append(cost.item())
    one_bell = divergences.gaussian_log_density(x, half, 1.0).exp()
    one_bell_costs.append(float(kl_divergence(log_mix.exp(), one_bell, step)))

# %%
costs = {
    "covering, KL(p || q)": covering_costs,
    "seeking, KL(q || p)": seeking_costs,
    "one bell, KL(p || q)": one_bell_costs,
}
pictures.letting_go(halves, fits, costs)

# %%
jump = halves[np.argmax(np.array(fits) > 1)]
claim = "it lets go when the modes are between 5 and 6 widths apart"
verify.promise(claim, got=2 * jump, above=5, at_most=6)
claim = "far apart, leaving out half of the data costs log 2 nats"
verify.agree(claim, seeking_costs[-1], math.log(2), tolerance=1e-4)
rare = log_density_of(*two_modes(4.5, left=0.1))
right_bell = torch.tensor([[4.5], [1.0]], dtype=f64)  # mean and standard deviation
kept = divergences.reverse_kl(rare, x, *right_bell)
claim = "leaving out a tenth costs -log 0.9 nats"
verify.agree(claim, kept.item(), -math.log(0.9), tolerance=1e-4)

# %% [markdown]
# Look at the last two numbers. Under reverse KL, leaving out a share $w$ of the data costs $-\log(1-w)$. To see why, let $q$ be right on all that it keeps. There it is $p$, rescaled to area 1: $q = p/(1-w)$. So
#
# $$KL(q \| p) = \int q \log \frac{q}{p} = \int q \, \log \frac{1}{1-w} = -\log(1-w),$$
#
# and the share left out is never asked about, since $q$ is 0 there. A tenth of the data costs 0.1 nats, a price that many models will pay. Under forward KL the same omission costs more the more firmly $q$ excludes it, without limit. Neither is right or wrong. Do you need every rare case (a model of
# accidents, a compressor), or must nothing be drawn that isn't real (a font, a face)?
#
# ## Optional: the same in two dimensions
#
# You can skip to *When nothing overlaps*; this section needs covariance matrices. Keep two coordinates of the zeros and ones. As $p$ take a mixture of eight Gaussians fitted to them (by expectation-maximisation, in `gaussian_mixture`), so that the density is known. As $q$ take one Gaussian with any covariance matrix $C$.
#
# *Forward* needs no search: again $q$ copies the moments of $p$, here its mean $m$ and its covariance, which is the mean covariance within the eight parts plus the covariance between their means,
#
# $$C = \sum_k w_k \left[ C_k + (m_k - m)(m_k - m)^T \right].$$
#
# *Reverse* is found by gradient descent. A draw from $q$ is $\mu + L\varepsilon$, where $LL^T = C$ ($L$ is lower triangular, the *Cholesky factor*) and $\varepsilon$ is standard normal. With fixed $\varepsilon$ the gradient reaches $\mu$ and $L$; lesson 24 has more on this trick.

# %%
plane = features.pca(pixels, 2)
points = plane.project(pixels)
rounds = runtime.pick(ci=15, cpu=40, gpu=40)
p2 = fit_mixture(points, components=8, steps=rounds)
mean2 = (p2.weights[:, None] * p2.means).sum(dim=0)
away = p2.means - mean2
within = p2.roots @ p2.roots.mT  # (8, 2, 2)
between = away[:, :, None] * away[:, None]
covariance = (p2.weights[:, None, None] * (within + between)).sum(dim=0)
one = torch.ones(1, dtype=f64)
root = torch.linalg.cholesky(covariance)
covering2 = gaussian_mixture.Mixture(one, mean2[None], root[None])


# %%
def seek(start, steps):
    mu = torch.tensor(start, dtype=f64, requires_grad=True)
    root = torch.eye(2, dtype=f64).requires_grad_()
    fixed = torch.Generator().manual_seed(seed)
    noise = torch.randn(256, 2, generator=fixed, dtype=f64)
    optimizer = torch.optim.Adam([mu, root], lr=0.05)
    for _ in range(steps):
        lower = root.tril()
        entropy = lower.diagonal().abs().log().sum() + 1 + math.log(2 * math.pi)
        loss = -entropy - p2.log_density(mu + noise @ lower.T).mean()  # KL(q || p)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    lower = root.detach().tril()
    roots = (lower * lower.diagonal().sign())[None]
    return loss.item(), gaussian_mixture.Mixture(one, mu.detach()[None], roots)


# %%
descent_steps = runtime.pick(ci=60, cpu=250, gpu=250)
starts = ((-4.0, 0.0), (3.5, 0.0))
valleys = {start: seek(start, descent_steps) for start in starts}
for start, (loss, _) in valleys.items():
    print(f"started at {start}: KL(q || p) = {loss:.3f} nats")
seeking2 = min(valleys.values(), key=lambda found: found[0])[1]
left, right = (found.means[0, 0] for _, found in valleys.values())
claim = "started left, it ends in the heap of zeros"
verify.promise(claim, got=left, below=-2)
verify.promise("started right, it ends in the heap of ones", got=right, above=1)
deeper = valleys[starts[0]][0] - valleys[starts[1]][0]
verify.promise("the valley of the zeros is the deeper one", got=deeper, below=0)

# %% [markdown]
# Two starts, two valleys: where gradient descent ends depends on where it starts. The deeper valley holds the zeros, because the heap of ones is bent like a banana, and no ellipse fits that well. On the line it was the ones.


# %%
across = torch.linspace(-13, 12, 140, dtype=f64)
upwards = torch.linspace(-10, 8, 120, dtype=f64)
u, v = torch.meshgrid(across, upwards, indexing="xy")
where = torch.stack([u.flatten(), v.flatten()], dim=1)
levels = {
    "forward": covering2.log_density(where).reshape(u.shape),
    "reverse": seeking2.log_density(where).reshape(u.shape),
}
pictures.two_ellipses(points[::2], u, v, levels)

# %%
mixed = fit_mixture(points, components=4, steps=rounds)
models = {"forward": covering2, "reverse": seeking2, "four bells": mixed}
drawn = {"digits": points[torch.randperm(len(points), generator=rng)[:18]]}
drawn |= {name: model.sample(18, rng) for name, model in models.items()}
rows = {name: plane.reconstruct(row).clamp(0, 1) for name, row in drawn.items()}
plots.image_rows(
    {name: row.reshape(-1, 1, 28, 28) for name, row in rows.items()},
    title="Two numbers a digit: forward, reverse, and a model that needn't choose",
    alt="Digits; the forward fit, some of them zero and one at once; the reverse fit, "
    "one kind of digit only; four bells, zeros and ones.",
)

# %% [markdown]
# The last row is a mixture of four bells, fitted by maximum likelihood. It covers both heaps and draws hardly any ghosts. Forward and reverse differ only in *how they fail*: for a model that can be equal to $p$, both are 0. Measure both divergences. Then count the failures, in what the models draw and in what the data hold:

# %%
from_p, from_q = p2.sample(4000, rng), {}
cell = (u[0, 1] - u[0, 0]) * (v[1, 0] - v[0, 0])
p_grid = p2.log_density(where).exp()
for name, model in models.items():
    drawn = from_q[name] = model.sample(4000, rng)
    kl_forward = verify.estimate(p2.log_density(from_p) - model.log_density(from_p))
    kl_reverse = verify.estimate(model.log_density(drawn) - p2.log_density(drawn))
    on_grid = divergences.kl_divergence(model.log_density(where).exp(), p_grid, cell)
    verify.agree(f"{name}: KL(q || p) from draws = from the grid", kl_reverse, on_grid)
    print(f"{name:10}  KL(p || q) = {kl_forward}, KL(q || p) = {kl_reverse}")

# %%
# a place counts as empty for a density if fewer than 1% of its own draws lie where
# it is as low or lower
floor_p, table = p2.log_density(from_p).quantile(0.01), {}
for name, model in models.items():
    floor_q = model.log_density(from_q[name]).quantile(0.01)
    ghosts = (p2.log_density(from_q[name]) < floor_p).double().mean().item()
    missed = (model.log_density(from_p) < floor_q).double().mean().item()
    table[name] = {"drawn where no data are": ghosts, "data it never draws": missed}
plots.grouped_bars(
    table,
    y_label="share",
    title="Forward draws what isn't there, reverse misses what is there",
)

# %%
ghosts, missed = table["forward"].values()
claim = "forward: more than 15% drawn where no data are"
verify.promise(claim, got=ghosts, above=0.15)
verify.promise("forward: less than 2% missed", got=missed, below=0.02)
missed = table["reverse"]["data it never draws"]
verify.promise("reverse: more than 40% missed", got=missed, above=0.4)
most = max(table["four bells"].values())
verify.promise("four bells: below 5% of either", got=most, below=0.05)

# %% [markdown]
# Lesson 34 turns these two shares into *precision* and *recall* for pictures, where no density is known.
#
# ## When nothing overlaps
#
# A third measure asks both questions and is never infinite. Put the middle $m = \frac12(p + q)$ between the two, and average the divergences of both to it. This is the *Jensen-Shannon divergence*:
#
# $$JS(p, q) = \tfrac12 KL(p \| m) + \tfrac12 KL(q \| m)$$
#
# You will meet it in lesson 23, where a GAN's discriminator turns out to measure it. Its weakness shows on two blocks. $p$ is 1 between 0 and 1. $q$ is the same block, shifted by $\theta$. Where both are above zero, $m = p$, which costs nothing; where only one is, $m$ is half of it, which costs $\log 2$. So $JS = \theta \log 2$, until the blocks come apart.
#
# The fourth measure thinks of earth. To turn the heap $p$ into the heap $q$, how far must the earth be moved, on average? That is the *Wasserstein distance* $W_1$. Here it is $\theta$.

# %%
fine = torch.arange(-1, 5, 0.001, dtype=f64) + 0.0005
block = ((fine > 0) & (fine < 1)).double()
shifts = torch.linspace(0, 3, 61, dtype=f64)
shifted = ((fine > shifts[:, None]) & (fine < shifts[:, None] + 1)).double()
measures = {
    "JS": divergences.js_divergence(block, shifted, 0.001),
    "W1": divergences.wasserstein_1_densities(block, shifted, 0.001),
}
expected = shifts.clamp(max=1) * math.log(2)
verify.agree("JS = θ log 2, then log 2", measures["JS"], expected)
verify.agree("W1 = θ", measures["W1"], shifts)
at_once = divergences.kl_divergence(block, shifted, 0.001)[1:].isinf()
verify.promise("KL is infinite for every shift but 0", bool(at_once.all()))

# %%
plots.curves(
    shifts,
    measures,
    x_label="shift θ",
    y_label="JS in nats, W1 in units of x",
    title="Past the point of contact JS no longer says which way to go",
)

# %% [markdown]
# Past $\theta = 1$ JS says "different", as loudly at a shift of 1.1 as at one of 100. It compares $p$ and $q$ point by point, and never asks how far apart two points are. A model that follows its slope stands still. (Forward and reverse KL are infinite, which is no better.) $W_1$ has slope 1 everywhere.
#
# Is that far-fetched? A picture has many pixels, and real pictures fill a thin sliver of all that is possible. What a fresh generator draws fills another sliver. The two hardly ever meet (Arjovsky and Bottou, 2017).
#
# ### One family: f-divergences
#
# Would another formula that compares point by point do better? All three divergences have the same form. Take the ratio $t = p/q$ at each point, charge $f(t)$ for it, and average over $q$:
#
# $$D_f(p \,\|\, q) = \int q(x) \, f\!\left(\frac{p(x)}{q(x)}\right) dx$$
#
# where $f$ is any convex function with $f(1) = 0$: equal densities cost nothing (Csiszár; see Liese and Vajda, 2006). Each $f$ is a different opinion about which ratios are bad. A fourth member of the family, *total variation*, is half the area between the two curves. (Adding a multiple of $t - 1$ to $f$ changes nothing, because
# $\int q\,(p/q - 1) = 0$. It is used here to make each $f$ smallest at 1, so that every charge is at least 0.)

# %%
t = sympy.symbols("t", positive=True)
both_ways = (t * sympy.log(t) - (t + 1) * sympy.log((t + 1) / 2)) / 2
family = {
    "KL(p || q)": (t * sympy.log(t) - t + 1, divergences.kl_divergence(p, q, step)),
    "KL(q || p)": (-sympy.log(t) + t - 1, divergences.kl_divergence(q, p, step)),
    "JS": (both_ways, divergences.js_divergence(p, q, step)),
    "total variation": (sympy.Abs(t - 1) / 2, (p - q).abs().sum() * step / 2),
}
ratios, lines = torch.linspace(0.02, 4, 200, dtype=f64), {}
for name, (f, value) in family.items():
    charge = sympy.lambdify(t, f, torch)
    keep = p > 0  # far out p has underflowed
    as_mean = (q[keep] * charge(p[keep] / q[keep])).sum() * step
    verify.agree(f"{name} = the integral of q f(p/q)", as_mean, value)
    lines[name] = charge(ratios)

# %%
plots.curves(
    ratios,
    lines,
    x_label="t = p/q",
    y_label="f(t)",
    title="What each divergence charges: ghosts on the left, missing data on the right",
)

# %% [markdown]
# Now let the two be far apart. Where only $q$ is above zero, $t = 0$: all of $q$ pays $f(0)$. Where only $p$ is, $t$ is infinite, and each unit of $p$ pays $f(t)/t$ in the limit. So *every* $f$-divergence of densities that don't overlap is the same number, wherever they lie:

# %%
apart = {}
for name, (f, _) in family.items():
    ghosts = sympy.limit(f, t, 0, "+")
    missing = sympy.limit(sympy.expand_log(f / t), t, sympy.oo)
    apart[name] = ghosts + missing
    print(f"{name:16} {ghosts} + {missing} = {apart[name]}")
verify.agree("JS, without overlap, is log 2", apart["JS"], sympy.log(2))
infinite = [name for name, value in apart.items() if value == sympy.oo]
claim = "both KL are infinite, the others are not"
verify.promise(claim, got=infinite, equals=["KL(p || q)", "KL(q || p)"])

# %% [markdown]
# No $\theta$ in any of them. A slope that leads from one heap to the other needs a measure that knows how far apart two *places* are, as $W_1$ does. On a line $W_1$ is easy to compute. Two samples, $n$ points each: which point goes where, so that the mean distance is smallest? You will want its slope, so stay in torch.


# %% tags=["exercise"]
def wasserstein_1(a, b):
    """Mean distance from the points a to the points b, paired as cheaply as possible;
    (n,) and (n,) -> scalar tensor. Gradients must flow to a and b."""
    ...  # your code


# %% tags=["check"]
wasserstein_1 = check("distributions.wasserstein_1", wasserstein_1)

# %%
still = torch.randn(100, generator=rng, dtype=f64) * 0.2 + 5
spread = torch.rand(100, generator=rng, dtype=f64)
shift = torch.zeros((), dtype=f64, requires_grad=True)
(slope,) = torch.autograd.grad(wasserstein_1(spread + shift, still), shift)
print(f"slope of W1 with respect to a shift: {slope:.3f}")
theta = torch.tensor(4.0, dtype=f64, requires_grad=True)
far = divergences.gaussian_log_density(fine, theta, 0.1).exp()
near = divergences.gaussian_log_density(fine, 0.5, 0.1).exp()
js = divergences.js_divergence(near + 1e-300, far + 1e-300, 0.001)
(slope_js,) = torch.autograd.grad(js, theta)
print(f"slope of JS for two narrow bells, 3.5 apart: {slope_js.abs():.0e}")
verify.promise("W1 pulls with slope -1", got=slope.item(), near=(-1, 1e-9))
verify.promise("JS pulls with less than 1e-9", got=slope_js.item(), near=(0, 1e-9))

# %% [markdown]
# The same weakness spoils JS as a *score*. Split the real digits in two and ask how far one half is from the other. They have the same source, so the answer should be about 0. Of samples you have points, not densities, so count them in bins. How fine should the bins be?

# %%
even = 2 * (len(data) // 2)
half, other = data[torch.randperm(len(data), generator=rng)[:even]].reshape(2, -1)
bins, split = [5, 20, 100, 500, 2000, 10_000, 100_000], []
for k in bins:
    counts = [
        torch.histc(part, k, min=-11, max=7) / len(part) for part in (half, other)
    ]
    split.append(divergences.js_divergence(*counts).item())
splits = [data[torch.randperm(len(data), generator=rng)[:even]] for _ in range(20)]
moved = [wasserstein_1(*both.reshape(2, -1)).item() for both in splits]

# %%
plots.curves(
    bins,
    {"JS of two halves of the same data": split, "log 2": [math.log(2)] * len(bins)},
    x_label="bins",
    y_label="nats",
    title="In fine bins, two halves of the same data look as different as can be",
    log_x=True,
    markers=True,
)
moved = np.mean(moved)
print(
    f"W1 of two halves, mean of 20 splits: {moved:.2f}; the data spread by {a[1]:.1f}"
)
verify.promise("JS exceeds 0.6 nats", got=split[-1], above=0.6)
claim = "W1 is below a tenth of the spread"
verify.promise(claim, got=moved, below=0.1 * a[1].item())

# %% [markdown]
# $W_1$ needs no bins. It has weaknesses of its own. It is only as good as the distance between two points that you give it, and lesson 13 showed how badly pixel distances agree with the eye. In many dimensions it can't be found by sorting. And there even two large samples of the *same* distribution are far apart: the distance shrinks very slowly as they
# grow (Dudley, 1969). So no measure replaces the others:
#
# | measure | asks | a mode left out | a ghost drawn | no overlap |
# |---|---|---|---|---|
# | $KL(p \Vert q)$, forward | could the model have drawn the data? | no limit to the price | cheap | infinite |
# | $KL(q \Vert p)$, reverse | could this drawing be data? | $-\log(1-w)$ | no limit to the price | infinite |
# | JS | can the two be told apart? | at most log 2 | at most log 2 | flat at log 2 |
# | $W_1$ | how far must the earth be moved? | share times distance | share times distance | the distance |
#
# ## Generative or discriminative?
#
# So far the question was never *which* digit it is. A *discriminative* model learns $p(y \mid x)$: given the picture, which class? A *generative* model learns how the data come about: $p(x)$, or with labels $p(x, y)$. Either can draw. A model of $p(x, y)$ can also classify, by Bayes' rule, $p(y \mid x) = p(x, y) / \sum_{y'} p(x, y')$; a model of
# $p(x)$ alone can't.
#
# Compare the two kinds on the same digits, 14 by 14 pixels, black or white. The simplest generative model is *naive Bayes*: choose the class $y$ with probability $\pi_y$, then ink each pixel $j$ independently with probability $\theta_{yj}$. Maximum likelihood is counting. (We add 0.3 to each count, so that nothing is impossible.)
#
# The lesson calls your function with thousands of pictures at once: use matrices, not loops over pictures and pixels. NumPy is fine.


# %% tags=["exercise"]
def naive_bayes_log_joint(pixels, ink, shares):
    """log p(x, y) of each picture with each class, in nats; pixels 0.0 or 1.0 (n, d),
    ink probabilities above 0 and below 1 (k, d), class shares (k,) -> (n, k)."""
    ...  # your code


# %% tags=["check"]
naive_bayes_log_joint = check(
    "distributions.naive_bayes_log_joint", naive_bayes_log_joint
)


# %%
def black_and_white(images):
    return (F.avg_pool2d(to_unit(images), 2) > 0.4).double().flatten(1)


def log_joint(pixels, ink, shares):
    return torch.as_tensor(naive_bayes_log_joint(pixels, ink, shares))


def count(pixels, labels, extra=0.3):
    """Naive Bayes by maximum likelihood: ink (10, d), shares (10,)."""
    member = F.one_hot(labels, 10).double()
    size = member.sum(dim=0)
    ink = (member.T @ pixels + extra) / (size[:, None] + 2 * extra)
    return ink, (size + extra) / (size + extra).sum()


# %%
bits, kinds = black_and_white(digits.images), digits.labels
test_bits, test_kinds = black_and_white(test.images), test.labels
ink, shares = count(bits, kinds)
joint = log_joint(test_bits, ink, shares)
weight, bias = (ink / (1 - ink)).log(), shares.log() + (1 - ink).log().sum(dim=1)
scores = test_bits @ weight.T + bias
verify.agree("naive Bayes' scores are linear in the pixels", joint, scores)

# %% [markdown]
# That last line says: as a classifier, naive Bayes is a softmax of a linear function. So is *logistic regression*. It has the same form, but chooses the weights and biases that maximise $\sum \log p(y_i \mid x_i)$, whatever the distribution of the pictures. One form, two objectives. Ng and Jordan (2001) asked which
# learns faster. Their answer: with unlimited data the discriminative model is at least as good, but the generative one needs fewer examples to reach its own best, which may be worse.
#
# Try it twice. First on the digits as they are. Then on digits in which each pixel has been shuffled among the pictures of its class: each pixel keeps its statistics, but is independent of its neighbours. There naive Bayes' assumption is *true*.


# %%
def shuffled(pixels, labels):
    mixed = pixels.clone()
    for k in range(10):
        own = (labels == k).nonzero()[:, 0]
        order = torch.rand(len(own), pixels.shape[1], generator=rng).argsort(dim=0)
        mixed[own] = pixels[own].gather(0, order)
    return mixed


shuffled_bits = shuffled(bits, kinds), shuffled(test_bits, test_kinds)
worlds = {
    "digits as they are": (bits, test_bits),
    "pixels shuffled within each class": shuffled_bits,
}

# %%
rows = {name: train[:14].reshape(-1, 1, 14, 14) for name, (train, _) in worlds.items()}
drawn = torch.bernoulli(ink[kinds[:14]], generator=rng)
rows["drawn by naive Bayes"] = drawn.reshape(-1, 1, 14, 14)
plots.image_rows(
    rows,
    title="Naive Bayes draws the world as it would be if pixels were independent",
    alt="Clear digits; shuffled ones, clouds of scattered pixels; "
    "naive Bayes' drawings, clouds as well.",
)


# %%
def learn_both(train, held, n, sample_seed):
    """Test errors of both models, learned from the same n examples."""
    choice = torch.Generator().manual_seed(sample_seed)
    chosen = torch.randperm(len(train), generator=choice)[:n]
    naive = log_joint(held, *count(train[chosen], kinds[chosen]))
    logistic = LogisticRegression(C=1.0, max_iter=300)
    # matrices this small are six times slower on two threads
    with threadpool_limits(1):
        logistic.fit(train[chosen].numpy(), kinds[chosen].numpy())
    guess = torch.from_numpy(logistic.predict(held.numpy()))
    return {
        "naive Bayes": (naive.argmax(dim=1) != test_kinds).double().mean().item(),
        "logistic regression": (guess != test_kinds).double().mean().item(),
    }


# %%
sizes = [20, 50, 100, 200, 500, 1000, 2000]
sizes = runtime.pick(ci=[20, 100, 500], cpu=sizes, gpu=sizes)
errors = {}
for world, (train, held) in worlds.items():
    errors[world] = {"naive Bayes": [], "logistic regression": []}
    for n in sizes:
        runs = [learn_both(train, held, n, seed + r) for r in range(repeated)]
        for name, errors_at in errors[world].items():
            errors_at.append([run[name] for run in runs])

# %%
pictures.learning_curves(sizes, errors)

# %%
final = {}
for world, curves in errors.items():
    final[world] = {name: float(np.mean(runs[-1])) for name, runs in curves.items()}
    for name, error in final[world].items():
        print(f"{world}, {sizes[-1]} examples, {name}: {error:.1%} wrong")
as_they_are, mixed_up = worlds
naive, regression = final[as_they_are].values()
claim = "digits as they are: logistic regression ends lower"
verify.promise(claim, got=regression, below=naive)
naive, regression = final[mixed_up].values()
verify.promise("shuffled: naive Bayes ends lower", got=naive, below=regression)

# %%
at_100 = sizes.index(100)
naive, regression = (np.mean(r[at_100]) for r in errors[as_they_are].values())
claim = "digits as they are, 100 examples: less than 3 points apart"
verify.promise(claim, got=naive - regression, near=(0, 0.03))

# %% [markdown]
# On real digits naive Bayes has no clear early lead: with 100 examples the two are about equal. Neighbouring pixels do depend on each other, and naive Bayes never gets over that: it counts each stroke many times. Where its assumption is true, it is ahead, and with the most examples shown here logistic regression still hasn't
# caught up. An assumption about how the data come about is worth many examples, if it holds. (How clearly the two regimes show depends on data, smoothing and regularisation; logistic regression has scikit-learn's default here, `C=1`. Xue and Titterington, 2008, doubt that you can know beforehand where one regime ends.)
#
# ### What only the generative model knows
#
# Cover the lower half of each test digit. A generative model sums over everything that the hidden pixels could be. For naive Bayes that is easy: the two probabilities of a hidden pixel add up to 1, so it drops out. Logistic regression can't leave a pixel out; it must be given some value. Or it must be *trained again*, on upper halves only.

# %%
seen = torch.arange(196) < 98
taught = runtime.pick(ci=2000, cpu=8000, gpu=8000)
logistic, retrained = (LogisticRegression(C=1.0, max_iter=300) for _ in range(2))
with threadpool_limits(1):
    logistic.fit(bits[:taught].numpy(), kinds[:taught].numpy())
    retrained.fit(bits[:taught, seen].numpy(), kinds[:taught].numpy())
summed_out = log_joint(test_bits[:, seen], ink[:, seen], shares)
blacked = torch.where(seen, test_bits, torch.zeros(()).double())
filled = torch.where(seen, test_bits, bits.mean(dim=0))
answers = {
    "naive Bayes, whole digit": joint,
    "naive Bayes, hidden half summed out": summed_out,
    "naive Bayes, hidden half as black": log_joint(blacked, ink, shares),
    "logistic, whole digit": logistic.decision_function(test_bits),
    "logistic, hidden half as black": logistic.decision_function(blacked),
    "logistic, hidden half as mean ink": logistic.decision_function(filled),
    "logistic, trained again on halves": retrained.decision_function(
        test_bits[:, seen]
    ),
}

# %%
wrong = {
    name: (np.asarray(score).argmax(axis=1) != test_kinds.numpy()).mean()
    for name, score in answers.items()
}
title = "With p(x, y), half of x is enough, without training again"
plots.bars(wrong, y_label="test error", title=title)
summed = wrong["naive Bayes, hidden half summed out"]
verify.promise("summed out: fewer than 35% wrong", got=summed, below=0.35)
filled_in = {name: error for name, error in wrong.items() if "hidden half as" in name}
claim = "with a value filled in: more than 40% wrong"
verify.promise(claim, got=filled_in, above=0.4)
claim = "logistic regression trained for this very mask: fewest errors on halves"
again = wrong["logistic, trained again on halves"]
verify.promise(claim, got=again, below=summed)

# %% [markdown]
# The better classifier of whole digits is the worse one on half digits, as long as it must live with what it has learned. Trained again for this mask it wins. But it needs the data again, and a training for each of the $2^{196}$ masks. The generative model answers for any of them, at once.
#
# Now a harder test: show both models pictures that are no digits at all.
#
# ## Check the article
#
# **Sections 2.2 and 3.1.2, "a discriminative model judges whether its input is real": wrong, as a definition.** It models $p(y \mid x)$, for whatever $y$ the labels say. In a GAN, $y$ happens to be "real or generated", so a GAN's discriminator is one special case (lesson 22). Our digit classifier is a discriminative model as well: a CNN that reads more than 99% of
# the test digits. Ask it about clothes and about noise. If it judged whether its input is real, it would refuse them.

# %%
cnn = classifier.load_classifier("digits")
judged = runtime.pick(ci=500, cpu=2000, gpu=2000)
clothes = datasets.load("fashion", split="test").images[:judged]
noise = torch.rand(judged, 1, 28, 28, generator=rng) * 2 - 1


@torch.no_grad()
def sure(images):
    answers = [cnn(part).softmax(dim=1) for part in images.split(500)]
    return torch.cat(answers).max(dim=1).values


# %%
seen_digits = to_signed(test.images[:judged])
shown = {"digits": seen_digits, "clothes": to_signed(clothes), "noise": noise}
certainty = {
    name: (sure(images) > 0.9).double().mean().item() for name, images in shown.items()
}
plots.bars(
    certainty,
    y_label="share of pictures given one digit with more than 90%",
    title="The classifier is surest about noise",
)

# %%
right = (cnn(seen_digits).argmax(dim=1) == test_kinds[:judged]).double().mean()
said = cnn(noise[:200]).argmax(dim=1).bincount(minlength=10).argmax().item()
print(f"most of the noise, it says, shows the digit {said}")
verify.promise("it reads more than 99% of the test digits", got=right, above=0.99)
claim = "it is sure of more than half of all clothes"
verify.promise(claim, got=certainty["clothes"], above=0.5)
claim = "it is sure of more than 95% of the noise"
verify.promise(claim, got=certainty["noise"], above=0.95)

# %% [markdown]
# $p(y \mid x)$ must add up to 1 over ten digits, for every $x$. There is no room in it for "none of them". It could at least be unsure; but far from the training data a ReLU network becomes ever surer, and more digits don't change that (Hein et al., 2019). Naive Bayes, the poorer classifier, has a $p(x)$, and it notices at once that something is off. But don't
# trust that too far: ask it about an empty picture as well.


# %%
def log_p_x(pixels):
    return log_joint(pixels, ink, shares).logsumexp(dim=1)


known = log_p_x(test_bits)
noise_bits = black_and_white(from_signed(noise))
strange = {"clothes": log_p_x(black_and_white(clothes)), "noise": log_p_x(noise_bits)}
blank = log_p_x(torch.zeros(1, 196, dtype=f64)).item()
title = (
    f"Clothes and noise look unlikely. An empty picture, at {blank:.0f} nats, doesn't"
)
plots.histogram({"digits": known, **strange}, x_label="log p(x) in nats", title=title)

# %%
threshold = known.quantile(0.01)
caught = {
    name: (values < threshold).double().mean().item()
    for name, values in strange.items()
}
claim = "it finds more than 85% of the clothes less likely than 99% of the digits"
verify.promise(claim, got=caught["clothes"], above=0.85)
verify.promise("and all of the noise", got=caught["noise"], above=0.99)
claim = "an empty picture is likelier than more than three quarters of the digits"
verify.promise(claim, got=(known < blank).double().mean(), above=0.75)

# %% [markdown]
# A high density doesn't certify a digit: an empty picture holds few surprises, so it is cheap. Lesson 33 looks for anomalies with a better model and meets the same limit, which Nalisnick et al. (2019) showed for large models.
#
# **Section 3.1.2, "common discriminative models are CNN and RNN": imprecise.** These are architectures. The same layers serve either kind of model:


# %%
# NBVAL_CHECK_OUTPUT
def has(model, kind):
    return any(isinstance(module, kind) for module in model.modules())


print("digit classifier, discriminative, has convolutions:", has(cnn, nn.Conv2d))
print(
    "our GAN's generator, generative, has convolutions:",
    has(gan.Generator((1, 28, 28), classes=10), (nn.Conv2d, nn.ConvTranspose2d)),
)
print(
    "lesson 02's writer, generative, is recurrent:",
    has(lm.GruLM(80), (nn.GRU, nn.GRUCell, nn.RNN)),
)

# %% [markdown]
# **Section 3.1, "generative models learn the distribution of the data": right, but it leaves the main question open.** A and B both did, each in its way. Ask which divergence was made small, within which family of models, and how it fails when that family doesn't contain the truth.

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("21_learning_a_distribution")

# %% [markdown]
# ## What you should be able to do now
#
# Read a log-likelihood and compare two models by it, with an error bar; derive that maximum likelihood is forward KL, and say what it does to a model that is too small; foresee covering and seeking, and what each costs; say why every $f$-divergence goes flat without overlap and what $W_1$ does instead; name what $p(x, y)$ can do that $p(y \mid x)$ can't, and at what price.
#
# Lesson 22 lets a discriminator estimate $p/q$ from samples alone, which makes the measures of this lesson usable where no density is known. Lesson 23 finds JS inside the GAN, lesson 24 both directions of KL inside the VAE, and lesson 34 measures ghosts and missing modes in pictures.
#
# ## References
#
# - C. E. Shannon, *A Mathematical Theory of Communication*, Bell System Technical Journal 27, 1948.
# - S. Kullback, R. A. Leibler, *On Information and Sufficiency*, Annals of Mathematical Statistics 22, 1951.
# - R. M. Dudley, *The Speed of Mean Glivenko-Cantelli Convergence*, Annals of Mathematical Statistics 40, 1969.
# - J. Lin, *Divergence Measures Based on the Shannon Entropy*, IEEE Transactions on Information Theory 37(1), 1991.
# - A. Y. Ng, M. I. Jordan, *On Discriminative vs. Generative Classifiers: A Comparison of Logistic Regression and Naive Bayes*, NIPS 2001.
# - F. Liese, I. Vajda, *On Divergences and Informations in Statistics and Information Theory*, IEEE Transactions on Information Theory 52(10), 2006. (f-divergences.)
# - J.-H. Xue, D. M. Titterington, *Comment on "On Discriminative vs. Generative Classifiers: A Comparison of Logistic Regression and Naive Bayes"*, Neural Processing Letters 28, 2008.
# - I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, Y. Bengio, *Generative Adversarial Nets*, NIPS 2014. (JS in a game.)
# - M. Arjovsky, L. Bottou, *Towards Principled Methods for Training Generative Adversarial Networks*, ICLR 2017.
# - M. Arjovsky, S. Chintala, L. Bottou, *Wasserstein Generative Adversarial Networks*, ICML 2017. (Where JS is flat and $W_1$ is not.)
# - M. Hein, M. Andriushchenko, J. Bitterwolf, *Why ReLU Networks Yield High-Confidence Predictions Far Away From the Training Data and How to Mitigate the Problem*, CVPR 2019.
# - E. Nalisnick, A. Matsukawa, Y. W. Teh, D. Gorur, B. Lakshminarayanan, *Do Deep Generative Models Know What They Don't Know?*, ICLR 2019.
