# %% [markdown]
# # 22 · The discriminator
# <!-- badge -->
#
# You build the judge of a GAN from a coin's likelihood, and find out what its number means, what it looks at, what it forgets, and when to believe it.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | Python, torch modules and autograd; derivatives, chain rule and logarithms; Bayes' rule; densities and KL from lesson 21; lesson 01 for how exercises work | derive the loss of a discriminator, signs included<br>say what the best possible discriminator answers, and read a ratio of densities off it<br>show what a convolution keeps when a picture moves, and what a recurrent network forgets<br>tell whether D's probabilities can be believed, and repair them |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
gan_steps = None  # None: chosen for this machine
d_steps = None

# %%
import itertools
import random
import re
from collections import defaultdict

import scipy.stats
import sympy
import torch
import torch.nn.functional as F
from torch import nn

from aigc_lab import (
    check,
    datasets,
    gan,
    lm,
    plots,
    runtime,
    training,
    transforms,
    verify,
    widgets,
)

# %%
runtime.seed_everything(seed)
gan_budget = gan_steps or runtime.pick(ci=15, cpu=150, gpu=150)
d_budget = d_steps or runtime.pick(ci=20, cpu=300, gpu=300)

# %% [markdown]
# ## A perfect discriminator in one line
#
# A *discriminator* D gets an example and says whether it is real or generated. Here are digits that people wrote, and digits that a generator draws
# after a few seconds of training.

# %%
digits, test = datasets.load("digits"), datasets.load("digits", split="test")
recipe = gan.GanRecipe.for_data(digits)
training.fit(recipe, digits, steps=gan_budget, seed=seed)
recipe = recipe.to("cpu")
rng = torch.Generator().manual_seed(seed)
drawn = recipe.sample(10_000, labels=torch.arange(10_000) % 10, generator=rng)
real = transforms.to_signed(digits.images)
real, real_more = real[:6000], real[6000:]  # `more`: kept for a repair, much later
real_test = transforms.to_signed(test.images)
fake, fake_more, fake_test = drawn[:6000], drawn[6000:8000], drawn[8000:]
plots.image_rows(
    {"real": test.images[:12], "drawn": transforms.from_signed(fake_test[10:22])},
    title="Written by people, and drawn after a few seconds of training",
    alt="Handwritten digits; below, generated ones, some broken or smeared.",
)

# %% [markdown]
# You could tell many of them apart. Before you train a network to do it, try this discriminator. It looks at one pixel, the one in the upper left corner.


# %%
def one_pixel(images):
    """True where the picture is taken for real."""
    return images[:, 0, 0, 0] == -1


def share_right(says_real, real, fake):
    on_real = says_real(real).double().mean().item()
    on_fake = (~says_real(fake)).double().mean().item()
    return (on_real + on_fake) / 2


right = share_right(one_pixel, real_test, fake_test)
claim = "one pixel tells at least 99% of 2,000 real and 2,000 drawn digits apart"
verify.promise(claim, got=right, at_least=0.99)

# %% [markdown]
# It is hardly ever wrong, and it hasn't looked at a single digit. A real background is exactly -1. The generator ends in a tanh, which reaches -1 only
# at infinity, so its black is -0.99 or so. No eye sees that. A discriminator may.
#
# Remember this for every detector of generated content: D learns whatever separates the two sets that you gave it. If they differ in file format, in size or in
# rounding, then that is what it learns. So mend the leak: everything darker than a quarter of the range becomes black, in both sets.


# %%
def as_seen(images):
    return torch.where(images > -0.5, images, -1.0)


sets = [as_seen(images) for images in (real, real_more, real_test)]
sets += [as_seen(images) for images in (fake, fake_more, fake_test)]
right = share_right(one_pixel, sets[2], sets[5])
claim = "now one pixel is hardly better than a coin"
verify.promise(claim, got=right, above=0.45, below=0.55)

# %% [markdown]
# **Predict first.** Was that the only leak? Both sets have the same range and the same black. The real digits were stored as bytes, 0 to 255. Which one-line test could still tell the two sets apart?


# %% tags=["predict"]
def whole_bytes(images):
    """True where each pixel is one of the 256 values that a byte can have."""
    levels = (images + 1) * 127.5
    return (levels - levels.round()).abs().flatten(1).amax(1) < 1e-3


leak = share_right(whole_bytes, sets[2], sets[5])
claim = "'all pixels are whole bytes' is right about at least 99%"
verify.promise(claim, got=leak, at_least=0.99)

# %% [markdown]
# You should have seen the second leak: rounding. A drawn pixel may have any value, a stored one only 256. The safe way is to send *both* sets down the whole road that the real ones have travelled. Here: store everything as bytes, then read it back.


# %%
def as_stored(images):
    return transforms.to_signed(transforms.from_signed(images))


real, real_more, real_test, fake, fake_more, fake_test = map(as_stored, sets)
right = {
    "one pixel": share_right(one_pixel, real_test, fake_test),
    "whole bytes": share_right(whole_bytes, real_test, fake_test),
}
claim = "after the same preparation neither is better than a coin"
verify.promise(claim, got=right, above=0.45, below=0.55)

# %% [markdown]
# ## The loss: a coin's likelihood
#
# Write $y=1$ for real and $y=0$ for generated. D bets on a coin: it says that $y=1$ has probability $D(x)$. The probability that it gives to the outcome $y$ is
#
# $$P(y \mid x) = D(x)^{y} \, (1 - D(x))^{1-y},$$
#
# a Bernoulli likelihood: for $y=1$ only the first factor remains, for $y=0$ only the second. For $n$ independent examples the likelihoods multiply and their logarithms add. A good D makes the sum
# large. A loss is something to make *small*, so it is minus the sum, and divided by $n$ so that it does not grow with the batch:
#
# $$L = -\frac 1 n \sum_i \big[\, y_i \log D(x_i) + (1 - y_i) \log (1 - D(x_i)) \,\big].$$
#
# This is the *binary cross-entropy*, in nats. The network's output is not a probability but a *logit* $l$, any real number, and $D = \sigma(l) = 1/(1+e^{-l})$. Insert that:

# %%
l, y = sympy.symbols("l y", real=True)
D = 1 / (1 + sympy.exp(-l))
softplus = sympy.log(1 + sympy.exp(l))
difference = sympy.expand_log(-sympy.log(D) - (softplus - l), force=True)
verify.agree("real, y = 1:  -log σ(l) = softplus(l) - l", difference, 0)
on_generated = -sympy.log(sympy.simplify(1 - D))
verify.agree("generated, y = 0:  -log(1 - σ(l)) = softplus(l)", on_generated, softplus)
slope = sympy.diff(softplus - y * l, l)
verify.agree("the slope in l is D - y, for both", slope, D - y)

# %% [markdown]
# The last line is worth a second look. Whatever the network, the slope of an example's loss in its logit is $D - y$: what D said, minus what was true.
# Now write the loss. It must also work where $\sigma(l)$ is rounded to 1, up to logits of $\pm 1000$, and the gradient must reach the logits.


# %% tags=["exercise"]
def bce(logits, targets):
    """Binary cross-entropy, mean over the batch, in nats. Logits (n,) and targets
    (n,), 1.0 real and 0.0 generated -> scalar. Gradients must reach the logits."""
    ...  # your code


# %% tags=["check"]
bce = check("discriminator.bce", bce)

# %% [markdown]
# Is that what PyTorch computes, and what our GANs are trained with? Mind the convention: as in the paper, `gan.discriminator_loss` *adds* two means, one over the real half and one over the generated half.
# With equal halves that is twice your mean over all. Papers quote the sum, in which a D that is guessing pays $2 \log 2$.

# %%
logits = 3 * torch.randn(20, generator=torch.Generator().manual_seed(seed)).double()
targets = torch.cat([torch.ones(10), torch.zeros(10)]).double()
of_torch = F.binary_cross_entropy_with_logits(logits, targets)
verify.agree("PyTorch's", bce(logits, targets), of_torch)
of_gan = gan.discriminator_loss(logits[:10], logits[10:])
verify.agree("twice, it is the GAN's", 2 * bce(logits, targets), of_gan)

# %%
# NBVAL_CHECK_OUTPUT
undecided = torch.zeros(1)
mean, total = bce(undecided, undecided), gan.discriminator_loss(undecided, undecided)
print(f"a D that is guessing pays {mean:.3f}, and in the GAN's sum {total:.3f}")

# %% [markdown]
# ## The best possible answer
#
# How good can D get? Look at one place $x$. Real examples occur there with density $p(x)$, generated ones with density $q(x)$, and both kinds are equally frequent overall. If D
# answers $d$ there, it pays $-p \log d - q \log(1-d)$. Its answers elsewhere make no difference to that. So minimise over the one number $d$:

# %%
p, q = sympy.symbols("p q", positive=True)
d = sympy.symbols("d", positive=True)
pays = -p * sympy.log(d) - q * sympy.log(1 - d)
(best,) = sympy.solve(sympy.diff(pays, d), d)
verify.agree("the slope is 0 at d = p / (p + q)", best, p / (p + q))
curvature = sympy.simplify(sympy.diff(pays, d, 2).subs(d, best))
claim = "the curvature there is (p + q)³ / (pq), positive, so it is the minimum"
verify.agree(claim, curvature, (p + q) ** 3 / (p * q))
logit = sympy.expand_log(sympy.log(sympy.simplify(best / (1 - best))))
verify.agree("its logit is log p - log q", logit, sympy.log(p) - sympy.log(q))

# %% [markdown]
# $D^* = p/(p+q)$ is the probability that an example found at $x$ is real. That is Bayes' rule, and it came out of a loss that mentions neither $p$ nor $q$: samples are enough.
#
# ### Why this loss? Proper scores
#
# Other losses also punish a wrong answer. Let $r$ be the probability that an example is real, and let D say $d$. Three losses, each averaged over what may come:
#
# - logarithm (ours): $-r \log d - (1-r) \log(1-d)$
# - square, called the *Brier score*: $r\,(1-d)^2 + (1-r)\,d^2$
# - absolute difference: $r\,(1-d) + (1-r)\,d$
#
# **Predict first.** Let $r = 0.7$. Which $d$ is the cheapest answer, under each of the three?

# %% tags=["predict"]
r, said = 0.7, torch.linspace(0.001, 0.999, 999).double()
expected = {
    "logarithm": -r * said.log() - (1 - r) * (1 - said).log(),
    "square": r * (1 - said) ** 2 + (1 - r) * said**2,
    "absolute difference": r * (1 - said) + (1 - r) * said,
}
cheapest = {name: said[cost.argmin()].item() for name, cost in expected.items()}
title = "Two of the losses are smallest for the honest answer, 0.7"
inner = {name: cost[50:-50] for name, cost in expected.items()}
plots.curves(said[50:-50], inner, x_label="D says", y_label="mean loss", title=title)

# %% [markdown]
# You should have seen 0.7, 0.7, and 1. A loss for which the honest probability is the one best answer is a *strictly proper score* (Gneiting and Raftery, 2007). Under the absolute difference D would say 1 wherever $p > q$: it would classify as well, but it would hide *how much* more frequent real examples are. Everything that follows, ratios, corrections
# and calibration, needs a proper score.

# %%
honest = {name: cheapest[name] for name in ("logarithm", "square")}
verify.promise("logarithm, square: 0.7 is cheapest", got=honest, near=(0.7, 0.002))
dishonest = cheapest["absolute difference"]
verify.promise("absolute difference: it is best to say 1", got=dishonest, above=0.99)

# %% [markdown]
# Does training find $p/(p+q)$? Take densities that you know, let a small network see samples only, and compare. One function trains every discriminator of this lesson. Its learning rate falls to zero, so that the noise of single batches averages out.


# %%
def train(network, real, fake, steps, rate=4e-3, half=32, look=None):
    """Binary cross-entropy on batches of `half` real and `half` generated examples.
    `look(step)` is called before each step and after the last one."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), rate)
    for step in range(steps):
        if look:
            look(step)
        optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
        batch = [x[torch.randint(len(x), (half,))] for x in (real, fake)]
        real_logits, fake_logits = network(torch.cat(batch)).chunk(2)
        loss = gan.discriminator_loss(real_logits, fake_logits)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    if look:
        look(steps)
    return network


# %%
def normal_density(x, mean, spread):
    scale = spread * (2 * torch.pi) ** 0.5
    return torch.exp(-0.5 * ((x - mean) / spread) ** 2) / scale


def p_data(x):
    return 0.4 * normal_density(x, -1.5, 0.15) + 0.6 * normal_density(x, 1.0, 0.7)


def p_model(x):
    return normal_density(x, 0.0, 1.5)


# %%
rng = torch.Generator().manual_seed(seed)
z = torch.randn(30_000, 1, generator=rng)
in_narrow_peak = torch.rand(30_000, 1, generator=rng) < 0.4
data = torch.where(in_narrow_peak, -1.5 + 0.15 * z, 1.0 + 0.7 * z)
model = 1.5 * torch.randn(30_000, 1, generator=rng)
torch.manual_seed(seed)
hidden = [nn.Linear(1, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU()]
critic = nn.Sequential(*hidden, nn.Linear(64, 1), nn.Flatten(0))
critic = train(critic, data, model, steps=5 * d_budget, rate=5e-3, half=256)

# %%
x = torch.linspace(-4, 4, 401)
with torch.no_grad():
    found = torch.sigmoid(critic(x[:, None]))
ideal = gan.optimal_discriminator(p_data(x), p_model(x))
given = {"p, the data": p_data(x), "q, the model": p_model(x)}
plots.curves(
    x,
    given | {"D found by training": found, "p / (p + q)": ideal},
    x_label="x",
    y_label="density, or probability",
    title="Training finds p / (p + q), not p",
)

# %%
weight = (p_data(x) + p_model(x)) / (p_data(x) + p_model(x)).sum()
off = ((found - ideal).abs() * weight).sum().item()
off_p = ((found - p_data(x)).abs() * weight).sum().item()
claim = "D is within 0.04 of p / (p + q), on average over what it sees"
verify.promise(claim, got=off, below=0.04)
verify.promise("and more than 0.15 away from p", got=off_p, above=0.15)
highest = p_data(x).max()
verify.promise("p goes above 1, which no probability can", got=highest, above=1)

# %% [markdown]
# Play with it. Move the model, and the answer at a fixed $x$ changes although the data stay as they are: D says nothing about $x$ alone. Move the model on top of the data, and D answers
# one half everywhere. The third control makes real examples more common than generated ones; you will meet it again at the end.


# %%
def judged(model_mean, model_spread, share_real):
    real_here = share_real * normal_density(x, 0.0, 1.0)
    fake_here = (1 - share_real) * normal_density(x, model_mean, model_spread)
    best = gan.optimal_discriminator(real_here, fake_here)
    shown = {"real": real_here, "generated": fake_here, "best D": best}
    title = f"At x = 0 the best D says {best[200]:.2f}"
    plots.curves(
        x, shown, x_label="x", y_label="how often, or probability", title=title
    )


widgets.play(
    judged,
    model_mean=(-3.0, 3.0, 0.25, 1.5),
    model_spread=(0.5, 2.5, 0.1, 1.0),
    share_real=(0.05, 0.95, 0.05, 0.5),
)

# %% [markdown]
# ## D measures a ratio
#
# The logit of the best D is $\log (p/q)$. So a trained D tells you how many times more frequent an example is in the data than in the model, without knowing either density (Sugiyama et al., 2012). Two uses:
#
# *Measure how far apart the two are.* The mean of $\log (p/q)$ over real examples is the Kullback-Leibler divergence $KL(p\,\|\,q)$ of lesson 21:

# %%
fine = torch.linspace(-12, 12, 200_001).double()
pf, qf = p_data(fine), p_model(fine)
exact = torch.trapezoid(torch.where(pf > 0, pf * (pf / qf).log(), 0.0), fine)
ideal_logit = (p_data(data) / p_model(data)).log()
claim = "mean logit of the best D on real examples = KL(p || q)"
verify.agree(claim, verify.estimate(ideal_logit), exact)
with torch.no_grad():
    measured = critic(data).mean().item()
claim = "the trained D measures KL within 0.08 nats"
verify.promise(claim, got=measured, near=(exact.item(), 0.08))

# %% [markdown]
# *Correct what the model gets wrong.* An average over the data is an average over the model with weights:
#
# $$\mathbb E_{x \sim p}[f(x)] = \int q(x)\, \frac{p(x)}{q(x)}\, f(x)\, dx = \mathbb E_{x \sim q}\big[e^{l(x)} f(x)\big].$$
#
# A trained D isn't perfect, so its weights don't average to 1; divide them by their sum. Logits may be so large that $e^l$ overflows (900, say); your mean must survive that. No gradient is needed, and NumPy is fine.


# %% tags=["exercise"]
def importance_mean(values, logits):
    """Mean of f over the data, from examples of the model only.
    Values f(x) (n,) and D's logits (n,) -> a number.
    Each example has weight p/q; the weights are divided by their sum."""
    ...  # your code


# %% tags=["check"]
importance_mean = check("discriminator.importance_mean", importance_mean)

# %%
with torch.no_grad():
    logits = critic(model)
for name, f in {"x": model[:, 0], "x²": model[:, 0] ** 2}.items():
    of_data = (data if name == "x" else data**2).mean().item()
    weighted = float(importance_mean(f, logits))
    print(
        f"mean of {name:2}:  model {f.mean():5.2f}   "
        f"model, weighted by D {weighted:5.2f}   data {of_data:5.2f}"
    )
corrected = float(importance_mean(model[:, 0] ** 2, logits))
claim = "weighted, the mean of x² is within 0.15 of the data's"
verify.promise(claim, got=corrected, near=((data**2).mean().item(), 0.15))

# %% [markdown]
# Lesson 35 uses such weights to discard bad drawings. Trust them only where D has seen both kinds of examples. Elsewhere the loss doesn't care what D says, and D says something all the same.
#
# ## The article's network
#
# For pictures the article proposes convolution, ReLU and pooling, twice, then two dense layers, much like LeCun et al. (1998). Here it is, line by line.


# %%
def article_network():
    return nn.Sequential(
        *(nn.Conv2d(1, 8, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * 7 * 7, 32), nn.ReLU()),
        *(nn.Linear(32, 1), nn.Flatten(0)),
    )


# %%
torch.manual_seed(seed)
article_d = train(article_network(), real, fake, steps=2 * d_budget)
with torch.no_grad():
    on_real, on_fake = article_d(real_test), article_d(fake_test)
right = ((on_real > 0).double().mean() + (on_fake < 0).double().mean()).item() / 2
claim = "it is right about at least 93% of new digits, real and drawn"
verify.promise(claim, got=right, at_least=0.93)
loss = gan.discriminator_loss(on_real, on_fake)
verify.promise("its loss is far below that of guessing, 1.386", got=loss, below=0.4)

# %%
rows = {
    "real, doubted most": real_test[on_real.argsort()[:10]],
    "drawn, believed most": fake_test[on_fake.argsort(descending=True)[:10]],
    "real, believed most": real_test[on_real.argsort(descending=True)[:10]],
    "drawn, doubted most": fake_test[on_fake.argsort()[:10]],
}
plots.image_rows(
    {name: transforms.from_signed(row) for name, row in rows.items()},
    title="Where D errs most, and where it is surest",
    alt="Four rows of digits: real ones that D doubts, drawn ones that it believes, "
    "real ones that it believes, drawn ones that it doubts.",
)

# %% [markdown]
# The last row is what a generator learns from: whatever makes D so sure there is what G would change next.
#
# ### What happens when the digit moves
#
# The article says that a CNN has "translation invariance". *Invariant* would mean: move the digit, and the output stays the same. A convolution does
# something else. It slides the same small filter over all places, so if the picture moves, its output *moves with it*. That is called *equivariance*:
# layer(moved picture) = moved layer(picture). Write the test. `roll` moves everything to the right, and what leaves on the right comes in on the left. No gradient is needed.


# %% tags=["exercise"]
def equivariance_gap(layer, images, move, stride):
    """Largest |layer(moved images) - moved layer(images)|, a number.
    Images (n, c, h, w). The output moves by `move` places to the right,
    the images by `move * stride` pixels; use .roll(..., dims=-1)."""
    ...  # your code


# %% tags=["check"]
equivariance_gap = check("discriminator.equivariance_gap", equivariance_gap)

# %%
some = real_test[:100]
# "circular": what lies beyond the edge is the other edge
around = nn.Conv2d(1, 8, kernel_size=3, padding=1, padding_mode="circular")
dense = nn.Sequential(nn.Flatten(), nn.Linear(784, 784), nn.Unflatten(1, (1, 28, 28)))
layers = {
    "convolution": (around, 1),
    "ReLU": (nn.ReLU(), 1),
    "max pool, moved by 2 pixels": (nn.MaxPool2d(2), 2),
    "dense layer": (dense, 1),
}
gaps = {}
for name, (layer, stride) in layers.items():
    with torch.no_grad():
        gaps[name] = float(equivariance_gap(layer, some, 1, stride))
    print(f"{name:28} {gaps[name]:.1e}")

# %%
pooled, pooled_moved = F.max_pool2d(some, 2), F.max_pool2d(some.roll(1, -1), 2)
half_step = min((pooled_moved - pooled.roll(k, -1)).abs().max().item() for k in (0, 1))
print(
    f"{'max pool, moved by 1 pixel':28} {half_step:.1e} "
    "from the unmoved output and from that moved by one place"
)
claim = "the output of a convolution moves along, but for rounding"
verify.agree(claim, gaps["convolution"], 0.0, tolerance=1e-5)
claim = "that of a dense layer does not"
verify.promise(claim, got=gaps["dense layer"], above=0.1)

# %% [markdown]
# Pooling moves along only in whole steps: move the picture by one pixel, half a step of its output, and the result is neither the old one nor the old one moved. Azulay and Weiss (2019) found that for this reason large networks too change their minds when a picture moves by a pixel.
#
# Now look into the trained network. The second row is what one filter of the first layer makes of the first row. Only digits with four empty columns on either side are moved, so that nothing is cut off.


# %%
def with_room(images, columns=4):
    """The images whose outer columns are black on both sides."""
    edges = torch.cat([images[..., :columns], images[..., -columns:]], dim=-1)
    return images[(edges == -1).flatten(1).all(1)]


# %%
four = with_room(real_test[test.labels == 4])[:1]
moved = torch.cat([four.roll(k, -1) for k in (-4, -2, 0, 2, 4)])
with torch.no_grad():
    maps = torch.relu(article_d[0](moved))  # (5 pictures, 8 filters, 28, 28)
on_strokes, on_background = maps.amax((0, 2, 3)), maps[0, :, 3, 3]
chosen = (on_strokes - 2 * on_background).argmax()  # sees strokes, not background
filtered = maps[:, chosen, None] / maps[:, chosen].max()
plots.image_rows(
    {"a 4, moved": (moved + 1) / 2, "one filter": filtered},
    title="The filter's answer moves with the digit",
    alt="A 4 at five places; below, a filter's response, of one shape at all five.",
    scale=1.1,
)

# %%
inner = filtered[:, :, 2:-2, 2:-2]
claim = "away from the border the map has moved along by 2"
verify.agree(claim, inner[3][..., 4:-1], inner[2][..., 2:-3], tolerance=1e-5)

# %% [markdown]
# What comes after the last pooling is a *dense* layer, with a weight of its own for each place. It can answer differently to the same strokes elsewhere.
#
# All the training data are centred, so D never had to say how real a digit looks four pixels further right. Move some, real and drawn, and see.

# %%
moves = list(range(-4, 5))
roomy_real, roomy_fake = with_room(real_test)[:300], with_room(fake_test)[:300]
with torch.no_grad():  # logits (moves, pictures)
    by_move = torch.stack([article_d(roomy_real.roll(k, -1)) for k in moves])
    drawn_by_move = torch.stack([article_d(roomy_fake.roll(k, -1)) for k in moves])
verdicts = {"real digits": by_move.mean(1), "drawn digits": drawn_by_move.mean(1)}
plots.curves(
    moves,
    verdicts | {"undecided": [0.0] * len(moves)},
    x_label="pixels moved to the right",
    y_label="mean logit of D",
    title="Not invariant: moved drawings look more real to D",
)

# %%
passed = (drawn_by_move > 0).double()
in_place, somewhere = passed[4].mean(), passed.amax(0).mean()
print(f"drawn digits believed: {in_place:.0%} in place, {somewhere:.0%} at some place")
claim = "in place fewer than one drawing in eight is called real"
verify.promise(claim, got=in_place, below=0.125)
claim = "moved by at most four pixels, more than half get through at some place"
verify.promise(claim, got=somewhere, above=0.5)
rise = verdicts["drawn digits"][[0, -1]].amax() - verdicts["drawn digits"][4]
verify.promise("at one edge the mean logit is up by more than 3", got=rise, above=3)

# %% [markdown]
# Away from the middle D believes many a drawing that it rejects in place. Nobody taught it that. It has seen no moved digit of either kind, so the loss never asked, and
# a dense layer answers anyway. A forger who tries a few places for each drawing gets most of them through.
#
# Invariance can be had: average each map over all places before the last layer. A mean over all places doesn't depend on where its parts are.

# %%
with torch.no_grad():
    pooled = torch.relu(around(some)).mean((2, 3))
    pooled_moved = torch.relu(around(some.roll(5, -1))).mean((2, 3))
claim = "convolution, ReLU, mean over all places: invariant"
verify.agree(claim, pooled_moved, pooled, tolerance=1e-5)

# %% [markdown]
# Your turn as a forger. These digits were drawn, and D mostly knows it. Can you move one so that it gets through?


# %%
roomy = with_room(with_room(fake_test, 3).mT, 3).mT  # on all four sides


def moved_forgery(right, down, digit):
    one = roomy[digit : digit + 1].roll((down, right), dims=(-2, -1))
    with torch.no_grad():
        says = torch.sigmoid(article_d(one)).item()
    title = f"D says: real with probability {says:.3f}"
    alt = f"{title}. A drawn digit, moved over its black square."
    plots.images((one + 1) / 2, title=title, alt=alt, scale=1.8)


shift, numbers = (-3, 3, 1, 0), list(range(10))
widgets.play(moved_forgery, right=shift, down=shift, digit=numbers)

# %% [markdown]
# ## A network that reads lines
#
# For texts the article proposes a recurrent network. Real lines are 40 characters cut out of *Moby Dick*. The forger is Shannon's (1948): it looks only at its last character, finds some place where the
# book has it, and writes the character that follows there.


# %%
def forge(corpus, length, seed):
    """Write with a bigram model of the corpus."""
    followers = defaultdict(list)
    for one, following in itertools.pairwise(corpus):
        followers[one].append(following)
    draw, written = random.Random(seed), ["T"]
    while len(written) < length:
        written.append(draw.choice(followers[written[-1]]))
    return "".join(written)


# %%
book, new_book = (
    re.sub(r"\s+", " ", " ".join(datasets.load("moby_dick", split).texts))
    for split in ("train", "test")
)
vocabulary = lm.Vocabulary(book)


def lines(written, n, seed, length=40):
    """n lines cut out at random places, as numbers: (n, length)."""
    tokens = vocabulary.encode(written)
    rng = torch.Generator().manual_seed(seed)
    starts = torch.randint(len(tokens) - length, (n,), generator=rng)
    return tokens[starts[:, None] + torch.arange(length)]


# %%
first = 100 * seed  # a seed of its own for each draw
book_lines, new_lines = lines(book, 20_000, first + 1), lines(new_book, 1500, first + 2)
forged = lines(forge(book, 200_000, first + 3), 20_000, first + 4)
new_forged = lines(forge(book, 60_000, first + 5), 1500, first + 6)
for name, row in {"book  ": new_lines, "forger": new_forged}.items():
    print(f"{name}  {vocabulary.decode(row[0])}\n{name}  {vocabulary.decode(row[1])}")

# %% [markdown]
# A plain recurrent network reads one character $x_t$ after another and keeps a state, $h_t = \tanh(W h_{t-1} + U x_t + b)$. Its last state goes through a linear layer to the logit.


# %%
class Reader(nn.Module):
    """Embedding, recurrent network, logit.
    `gather` makes one vector of the states (n, time, 64)."""

    def __init__(self, network=nn.RNN, gather=lambda states: states[:, -1]):
        super().__init__()
        self.embedding = nn.Embedding(len(vocabulary), 32)
        self.network = network(32, 64, batch_first=True)
        self.head, self.gather = nn.Linear(64, 1), gather

    def forward(self, tokens):
        states, _ = self.network(self.embedding(tokens))
        return self.head(self.gather(states))[:, 0]


# %%
def share_told_apart(network, real, fake):
    with torch.no_grad():
        on_real = (network(real) > 0).double().mean()
        on_fake = (network(fake) < 0).double().mean()
    return (on_real + on_fake).item() / 2


torch.manual_seed(seed)
plain = train(Reader(), book_lines, forged, steps=2 * d_budget, rate=3e-3, half=64)
right = share_told_apart(plain, new_lines, new_forged)
claim = "it is right about at least 85% of new lines, written and forged"
verify.promise(claim, got=right, at_least=0.85)

# %% [markdown]
# ### What it can learn from
#
# The article says that an RNN "can handle long and short dependencies". How does the last state depend on the first character? By the chain rule, through a product with one factor a step,
#
# $$\frac{\partial h_T}{\partial h_{T-k}} = J_T\, J_{T-1} \cdots J_{T-k+1}, \qquad J_t = \frac{\partial h_t}{\partial h_{t-1}}.$$
#
# Derive one factor. You need the derivative of tanh, $1 - \tanh^2$, and the *new* state already is the tanh. The lesson multiplies your matrices; NumPy is fine.


# %% tags=["exercise"]
def rnn_jacobian(weight, state):
    """d h_t / d h_(t-1) of h_t = tanh(W h_(t-1) + ...).
    W (d, d) and the new state h_t (d,) -> (d, d), row i for new state i."""
    ...  # your code


# %% tags=["check"]
rnn_jacobian = check("discriminator.rnn_jacobian", rnn_jacobian)

# %%
torch.manual_seed(seed)
cell = nn.RNN(32, 64, batch_first=True).double()
weight = cell.weight_hh_l0.detach()
inputs = torch.randn(1, 40, 32, generator=torch.Generator().manual_seed(seed)).double()
states = cell(inputs)[0][0].detach()  # (40, 64)
product, sizes = torch.eye(64).double(), []
for t in range(39, 0, -1):
    product = product @ torch.as_tensor(rnn_jacobian(weight, states[t]))
    sizes.append(torch.linalg.matrix_norm(product, 2).item())
    if t == 35:
        by_hand = product

# %%
by_autograd = torch.autograd.functional.jacobian(
    lambda h: cell(inputs[:, 35:], h)[0][0, -1], states[None, None, 34]
)
claim = "five factors multiplied are autograd's d h_40 / d h_35"
verify.agree(claim, by_hand, by_autograd.squeeze())
shrink = (sizes[-1] / sizes[9]) ** (1 / (len(sizes) - 10))
claim = "each further step shrinks the product to less than 0.7"
verify.promise(claim, got=shrink, below=0.7)

# %% [markdown]
# Each factor shrinks the product, and after forty of them hardly anything is left: the gradient *vanishes* (Bengio et al., 1994). With larger weights the factors may stretch it instead, and the gradient *explodes* (Pascanu et al., 2013). Here is the gradient of the last state
# with respect to each character, before any training, for three networks: the plain one; a GRU, which carries part of its state over unchanged; and a plain one that passes on the *mean* of all its states.


# %%
def gradient_by_distance(network, tokens):
    """Mean norm of d(a random projection of what the head sees) / d(character),
    nearest character first."""
    embedded = network.embedding(tokens).detach().requires_grad_()
    seen = network.gather(network.network(embedded)[0])
    projection = torch.randn(64, generator=torch.Generator().manual_seed(seed))
    (slope,) = torch.autograd.grad((seen * projection).sum(), embedded)
    return slope.norm(dim=2).mean(dim=0).flip(0)


# %%
torch.manual_seed(seed)
kinds = {"plain": Reader(), "GRU": Reader(nn.GRU)}
kinds["plain, mean of all states"] = Reader(gather=lambda states: states.mean(1))
fade = {name: gradient_by_distance(kinds[name], new_lines[:200]) for name in kinds}
plots.curves(
    range(40),
    {name: line.clamp(min=1e-20) for name, line in fade.items()},
    x_label="characters before the end",
    y_label="size of the gradient",
    title="What a network could learn from each character, before training",
    log_y=True,
)

# %%
faded = (fade["plain"][39] / fade["plain"][0]).item()
claim = "plain: the first character has less than 1e-8 of the last one's gradient"
verify.promise(claim, got=faded, below=1e-8)
of_gru = (fade["GRU"][39] / fade["GRU"][0]).item()
claim = "GRU: more than ten times that share"
verify.promise(claim, got=of_gru / faded, above=10)

# %% [markdown]
# Forge ten characters of each line and leave thirty as they are in the book. In one set of lines the *first* ten are forged, in the other the *last* ten.


# %%
def spoilt(real, fake, where):
    """Real lines with ten characters forged."""
    if where == "first":
        return torch.cat([fake[:, :10], real[:, 10:]], 1)
    return torch.cat([real[:, :30], fake[:, 30:]], 1)


others, new_others = (
    lines(book, 20_000, 100 * seed + 7),
    lines(new_book, 1500, 100 * seed + 8),
)

# %% [markdown]
# **Predict first.** For each of the two sets you train a plain network to tell it from lines of the book. About what share of new lines
# will each be right? Write down two numbers. And a third: the first ten forged, with the mean of all states instead of the last one.


# %% tags=["predict"]
trials = [
    ("last ten forged, last state", "last", lambda states: states[:, -1]),
    ("first ten forged, last state", "first", lambda states: states[:, -1]),
    ("first ten forged, mean of all states", "first", lambda states: states.mean(1)),
]
found_out = {}
for name, where, gather in trials:
    spoilt_lines = spoilt(others, forged, where)
    new_spoilt = spoilt(new_others, new_forged, where)
    torch.manual_seed(seed)
    network = Reader(gather=gather)
    train(network, book_lines, spoilt_lines, d_budget * 5 // 3, rate=3e-3, half=64)
    found_out[name] = share_told_apart(network, new_lines, new_spoilt)
    print(f"{name:38} {found_out[name]:.0%} told apart")

# %% [markdown]
# You should have seen about four in five, one half, and three in four. Ten forged characters at the end are found. The same ten at the beginning might as well not be there: after just as many steps
# the network is still tossing a coin. Its state could hold them. But it can't *learn* to, since the gradient from there is lost in the noise of the batches. With the mean of all states each character is one step from the output, and the forgery is found.
# That shortcut, an output that can look at every place, is the idea behind attention (lesson 39).

# %%
last, first, first_of_mean = found_out.values()
verify.promise("last ten forged: more than 70% told apart", got=last, above=0.7)
verify.promise("first ten forged: less than 57%", got=first, below=0.57)
claim = "with the mean of all states: more than 65%"
verify.promise(claim, got=first_of_mean, above=0.65)

# %% [markdown]
# Is a plain RNN then always blind to what is far away? No. Training can lengthen its reach if the task leads it there step by step. The network that you trained on whole lines found forged characters everywhere, near ones first.

# %%
reach = {
    "before training": fade["plain"],
    "after training on whole lines": gradient_by_distance(plain, new_lines[:200]),
}
shares = {name: (line[20] / line[0]).item() for name, line in reach.items()}
for name, share in shares.items():
    print(
        f"{name:32} 20 characters back, the gradient is {share:.0e} "
        "of the last character's"
    )
before, after = shares.values()
claim = "training makes that share more than a hundred times as large"
verify.promise(claim, got=after / before, above=100)

# %% [markdown]
# ## Can you believe the number?
#
# When D says 0.9, it should be right in nine of ten such cases. Then it is *calibrated*. A proper score rewards that: $D^*$ is calibrated exactly. But D sees a limited number of examples. Give it only 50 real and 50 drawn digits, keep training,
# and watch the loss on new pictures from the first steps on.

# %%
torch.manual_seed(seed)
few = article_network()
pairs = {
    "on the 100 it trains on": (real[:50], fake[:50]),
    "on new pictures": (real_test[:500], fake_test[:500]),
}
shares = (0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.16, 0.2, 0.4, 0.6, 0.8, 1)
curve, last_step = {name: {} for name in pairs}, d_budget * 5 // 3
checkpoints = {int(share * last_step) for share in shares}


def look(step):
    if step not in checkpoints:
        return
    for name, (r, f) in pairs.items():
        with torch.no_grad():
            curve[name][step] = gan.discriminator_loss(few(r), few(f)).item()


few = train(few, real[:50], fake[:50], last_step, rate=2e-3, look=look)

# %%
on_seen, on_new = curve.values()
turn = min(on_new, key=on_new.get)
plots.curves(
    list(on_new),
    {name: list(losses.values()) for name, losses in curve.items()},
    x_label="step",
    y_label="nats",
    title=f"After step {turn} D only learns its 100 pictures by heart",
    markers=True,
)

# %%
claim = "the loss on new pictures is smallest in the first half of the training"
verify.promise(claim, got=turn / last_step, below=0.5)
worse = on_new[last_step] / on_new[turn]
claim = "and at the end more than 1.3 times as large"
verify.promise(claim, got=worse, above=1.3)
claim = "on the 100, at the end, it is below 0.1"
verify.promise(claim, got=on_seen[last_step], below=0.1)

# %% [markdown]
# The curve on new pictures turns early, long before the other one reaches zero. Stopping there is one remedy. Without new pictures you wouldn't see where.
#
# How sure is the D that trained to the end, and how right? Sort 4,000 new pictures by what D says into ten bins, and look how often each bin was real. The average distance between the two, weighted by the size of the bins, is the *expected calibration error* (Naeini et al., 2015).


# %%
def reliability(probabilities, targets, bins=10):
    """For each bin that isn't empty: mean probability said, share that was real, and
    share of all pictures."""
    place = (probabilities * bins).long().clamp(max=bins - 1)
    members = [place == b for b in range(bins) if (place == b).any()]
    said = torch.stack([probabilities[m].mean() for m in members])
    was = torch.stack([targets[m].mean() for m in members])
    return said, was, torch.stack([m.double().mean() for m in members])


def calibration_error(probabilities, targets):
    said, was, size = reliability(probabilities, targets)
    return (size * (said - was).abs()).sum().item()


# %%
with torch.no_grad():
    repair_logits = torch.cat([few(real_more), few(fake_more)])
    new_logits = torch.cat([few(real_test), few(fake_test)])
was_real = torch.cat([torch.ones(2000), torch.zeros(2000)])

# %% [markdown]
# The repair has a single number (Guo et al., 2017). Divide all logits by a *temperature* $T$, and choose the $T$ with the smallest loss on pictures that D was not trained on: the 4,000 that you kept. $T$ is positive, so no logit changes its sign, and no verdict changes. Only the sureness does.


# %%
def best_temperature(logits, targets):
    temperatures = torch.logspace(-0.6, 1.6, 400)  # 0.25 to 40
    losses = [float(bce(logits / T, targets)) for T in temperatures]
    return temperatures[losses.index(min(losses))].item()


# %%
T = best_temperature(repair_logits, was_real)
answers = {
    "as trained": torch.sigmoid(new_logits),
    f"logits divided by {T:.1f}": torch.sigmoid(new_logits / T),
}
off = [calibration_error(said, was_real) for said in answers.values()]
diagrams = {name: reliability(said, was_real)[:2] for name, said in answers.items()}
diagrams["calibrated"] = ([0, 1], [0, 1])
plots.curves(
    {name: said for name, (said, _) in diagrams.items()},
    {name: share for name, (_, share) in diagrams.items()},
    x_label="D says: real with this probability",
    y_label="share that was real",
    title=f"Calibration error {off[0]:.2f} as trained, {off[1]:.2f} with a temperature",
    markers=True,
)

# %%
verify.promise("the best temperature is above 1.5: D was too sure", got=T, above=1.5)
claim = "calibration error: the temperature at least halves it"
verify.promise(claim, got=off[1] / off[0], at_most=0.5)
losses = [float(bce(logits, was_real)) for logits in (new_logits, new_logits / T)]
claim = "loss on pictures that neither D nor T has seen: it falls by a fifth or more"
verify.promise(claim, got=losses[1] / losses[0], at_most=0.8)
surprise = diagrams["as trained"][1][0]
claim = "of those that D as trained calls real with less than 0.1, over 8% were"
verify.promise(claim, got=surprise, above=0.08)

# %% [markdown]
# Look at the left end of the diagram: D as trained is nearly sure that these pictures are drawn, and many were real. A GAN's D gets into this state whenever real pictures are few. It sees the same ones again and again and becomes too sure. Then its logits no longer measure $\log (p/q)$, and G learns from wrong numbers. Augmentation of what D sees (lesson 32) and gradient penalties (lesson 23) work against that.
#
# ## When the classes aren't half and half
#
# D was trained on equal halves. Outside the lab the shares are seldom equal. Take the better D from above, trained on 6,000 of each, and give it a temperature of its own. Suppose that one picture in a hundred is generated, and that you flag whatever D calls generated.

# %%
with torch.no_grad():
    repair_logits = torch.cat([article_d(real_more), article_d(fake_more)])
T = best_temperature(repair_logits, was_real)
says_fake_of_fake = (on_fake < 0).double().mean().item()
says_fake_of_real = (on_real < 0).double().mean().item()
print(
    f"D flags {says_fake_of_fake:.1%} of the generated pictures "
    f"and {says_fake_of_real:.1%} of the real ones"
)

# %% [markdown]
# **Predict first.** With one generated picture in a hundred: of all pictures that D flags, what share is really generated? Write down a number.

# %% tags=["predict"]
flagged_fake, flagged_real = 0.01 * says_fake_of_fake, 0.99 * says_fake_of_real
wrongly = flagged_real / (flagged_fake + flagged_real)
print(f"of what D flags, {1 - wrongly:.0%} is generated, {wrongly:.0%} is real")
claim = "D flags fewer than one real picture in ten"
verify.promise(claim, got=says_fake_of_real, below=0.1)
claim = "yet more than a quarter of what it flags was made by people"
verify.promise(claim, got=wrongly, above=0.25)

# %% [markdown]
# You should have seen that a D that is seldom wrong about a real picture still accuses many people wrongly. There are ninety-nine times as many real pictures to be wrong about. D's threshold of 0.5 was right for halves. Bayes' rule with other shares, $\pi$ of real and $1 - \pi$ of generated examples, says
#
# $$\frac{P(\text{real} \mid x)}{P(\text{generated} \mid x)} = \frac{p(x)}{q(x)} \cdot \frac{\pi}{1-\pi}.$$
#
# In logits a product is a sum. Write the correction (Saerens et al., 2002). No gradient is needed, and NumPy is fine.


# %% tags=["exercise"]
def with_prior(logits, share_real):
    """Logits of a D trained on halves, corrected for a place where `share_real`
    of the examples are real; logits (n,), a number in (0, 1) -> logits (n,)."""
    ...  # your code


# %% tags=["check"]
with_prior = check("discriminator.with_prior", with_prior)

# %%
ratio = p_data(fine) / p_model(fine)
part = ratio.log()[80_000:120_000]
with_shares = torch.sigmoid(torch.as_tensor(with_prior(part, 0.9)))
best_d = gan.optimal_discriminator(0.9 * pf, 0.1 * qf)[80_000:120_000]
verify.agree("it is the best D of unequal shares", with_shares, best_d, tolerance=1e-5)

# %% [markdown]
# Now flag by the corrected logits. Few real pictures will be flagged, perhaps none of 2,000. That doesn't prove a rate of 0: were it $3/n$, you would still see none in $n$ with probability $(1 - 3/n)^n \approx e^{-3} = 5\,\%$, the *rule of three*. So compute the largest rate that still has a 5% chance to show so few, and with it a lower bound of the precision.


# %%
def largest_rate(k, n):
    """Upper 95% bound of a rate that showed k times in n (Clopper and Pearson)."""
    return scipy.stats.beta.ppf(0.95, k + 1, n - k)


def precision(caught, wrong, share_fake=0.01):
    """Share of the flagged that is generated, by Bayes' rule."""
    return share_fake * caught / (share_fake * caught + (1 - share_fake) * wrong)


verify.agree(
    "rule of three, 0 in 2,000", largest_rate(0, 2000), 3 / 2000, tolerance=1e-4
)

# %%
report = {}
for name, share_real in {"as if halves": 0.5, "corrected for 99%": 0.99}.items():
    flag_real, flag_fake = (
        torch.as_tensor(with_prior(logits / T, share_real)) < 0
        for logits in (on_real, on_fake)
    )
    k, caught = int(flag_real.sum()), flag_fake.double().mean().item()
    print(f"{name}: {k} of 2,000 real pictures flagged")
    report[name] = {
        "of flagged, generated": precision(caught, k / 2000),
        "of flagged, generated: at least": precision(caught, largest_rate(k, 2000)),
        "of generated, flagged": caught,
    }

# %%
title = "Among 1% generated pictures, fewer and better accusations"
plots.grouped_bars(report, y_label="share", title=title)
halves, corrected = report.values()
claim = "corrected, even the lower bound is above what halves gave"
at_least = corrected["of flagged, generated: at least"]
verify.promise(claim, got=at_least, above=halves["of flagged, generated"])
lost = halves["of generated, flagged"] - corrected["of generated, flagged"]
claim = "the price: at least 3% of the generated pictures now pass as well"
verify.promise(claim, got=lost, at_least=0.03)

# %% [markdown]
# The correction can't make D see better. It stops D from accusing where it isn't sure enough, and where one picture in a hundred is generated, it must be very sure. That has a price, the last bar of each group: generated pictures that were caught before now pass.
#
# ## Check the article
#
# **Section 4.1.1, "D(x) = p(x)": wrong.** $D(x)$ estimates the probability that $x$ is real, $p/(p+q)$ at best. Training found that, while $p$ itself went above 1. The same $x$ gets another answer from a D with another opponent.
#
# **Section 4.2.1, the two parts of D's loss written without minus: wrong.** The formula above them has the minus signs; the parts have lost them. It matters. Descend both versions, with one logit for a real and one for a generated example:

# %%
# NBVAL_CHECK_OUTPUT
for name, sign in {"with minus   ": 1, "without minus": -1}.items():
    logits = torch.zeros(2, requires_grad=True)  # one real, one generated
    for _ in range(100):
        loss = sign * gan.discriminator_loss(logits[:1], logits[1:])
        (slope,) = torch.autograd.grad(loss, logits)
        logits = (logits - 0.5 * slope).detach().requires_grad_()
    of_real, of_fake = torch.sigmoid(logits).tolist()
    print(
        f"{name}: D of the real example {of_real:.2f}, "
        f"of the generated one {of_fake:.2f}"
    )

# %% [markdown]
# **Section 4.2.1, D's outputs "for real and generated data" come close to "0 and 1": read in that order, the wrong way round.** Real goes to 1 and generated to 0, as you have just seen. And where both kinds occur, not all the way: to $p/(p+q)$.
#
# **Section 4.1.2, the binary cross-entropy with targets $y$: right**, minus sign and all. So is its network, which you trained.
#
# **Section 3.1.2, "CNN: translation invariance": imprecise.** Convolution is equivariant, pooling only for whole steps, a dense layer is neither equivariant nor invariant. You moved a digit, and the verdict changed.
#
# **Section 3.1.2, "RNN handles long and short dependencies": wrong for the plain RNN**, as far as learning goes. Ten forged characters thirty places back were not found.
#
# **Section 2.2, "a discriminative model judges whether the data is real": too narrow.** Discriminative models give $p(y \mid x)$ for any label $y$ (lesson 21). A GAN's discriminator is the case in which $y$ says *real*. CNN and RNN are ways to build networks, generators included.

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("22_the_discriminator")

# %% [markdown]
# ## What you should be able to do now
#
# Derive D's loss from a likelihood, with its signs, and say why it must be a proper score; say what the best D answers and turn its logit into a ratio, a divergence or weights; prepare real and generated examples alike; test a layer for equivariance; measure from how far back a recurrent network can learn;
# draw a reliability diagram, compute the calibration error, fit a temperature, and correct for shares other than halves.
#
# Lesson 23 puts a generator against this D. Lesson 35 uses D's ratio to reject bad drawings, lesson 34 asks people to be the discriminator.
#
# ## References
#
# - I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, Y. Bengio, *Generative Adversarial Nets*, NIPS 2014. (Proposition 1: the optimal D.)
# - T. Gneiting, A. E. Raftery, *Strictly Proper Scoring Rules, Prediction, and Estimation*, Journal of the American Statistical Association 102(477), 2007.
# - M. Sugiyama, T. Suzuki, T. Kanamori, *Density Ratio Estimation in Machine Learning*, Cambridge University Press, 2012.
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-Based Learning Applied to Document Recognition*, Proceedings of the IEEE 86(11), 1998.
# - A. Azulay, Y. Weiss, *Why do deep convolutional networks generalize so poorly to small image transformations?*, JMLR 20, 2019.
# - Y. Bengio, P. Simard, P. Frasconi, *Learning long-term dependencies with gradient descent is difficult*, IEEE Transactions on Neural Networks 5(2), 1994.
# - R. Pascanu, T. Mikolov, Y. Bengio, *On the difficulty of training recurrent neural networks*, ICML 2013.
# - C. E. Shannon, *A Mathematical Theory of Communication*, Bell System Technical Journal 27, 1948.
# - M. P. Naeini, G. F. Cooper, M. Hauskrecht, *Obtaining Well Calibrated Probabilities Using Bayesian Binning*, AAAI 2015. (The calibration error.)
# - C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, *On Calibration of Modern Neural Networks*, ICML 2017.
# - C. J. Clopper, E. S. Pearson, *The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial*, Biometrika 26(4), 1934.
# - M. Saerens, P. Latinne, C. Decaestecker, *Adjusting the Outputs of a Classifier to New a Priori Probabilities: A Simple Procedure*, Neural Computation 14(1), 2002.
