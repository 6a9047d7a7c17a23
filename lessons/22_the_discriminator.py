# %% [markdown]
# # 22 · The discriminator
# <!-- badge -->
#
# You build the judge of a GAN from a coin's likelihood, find out what its number means, what it looks at, what it forgets, and when to believe it.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | lesson 01; some calculus | derive the loss of a discriminator, signs included<br>say what the best possible discriminator answers, and read a ratio of densities off it<br>show what a convolution keeps when a picture moves, and what a recurrent network forgets<br>tell whether D's probabilities can be believed, and repair them |

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
gan_steps = gan_steps or runtime.pick(ci=15, cpu=150, gpu=150)
d_steps = d_steps or runtime.pick(ci=20, cpu=300, gpu=300)

# %% [markdown]
# ## A perfect discriminator in one line
#
# A *discriminator* D gets an example and says whether it is real or generated. Here are digits that people wrote, and digits that a generator draws
# after a few seconds of training.

# %%
digits, test = datasets.load("digits"), datasets.load("digits", split="test")
recipe = gan.GanRecipe.for_data(digits)
training.fit(recipe, digits, steps=gan_steps, seed=seed)
recipe = recipe.to("cpu")
rng = torch.Generator().manual_seed(seed)
drawn = recipe.sample(8000, labels=torch.arange(8000) % 10, generator=rng)
real = transforms.to_signed(digits.images[:6000])
real_test = transforms.to_signed(test.images)
fake, fake_test = drawn[:6000], drawn[6000:]
plots.image_rows(
    {"real": test.images[:12], "drawn": transforms.from_signed(fake_test[10:22])},
    title="Written by people, and drawn after a few seconds of training",
    alt="Handwritten digits; below, generated ones, some broken or smeared.",
)

# %% [markdown]
# You could tell many of them apart. Before you train a network for it, try this discriminator. It looks at one pixel, the one in the upper left corner.


# %%
def one_pixel(images):
    """True where the picture is taken for real."""
    return images[:, 0, 0, 0] == -1


def share_right(says_real, real, fake):
    on_real = says_real(real).double().mean().item()
    on_fake = (~says_real(fake)).double().mean().item()
    return (on_real + on_fake) / 2


right = share_right(one_pixel, real_test, fake_test)
claim = "one pixel tells at least 99 % of 2,000 real and 2,000 drawn digits apart"
verify.promise(claim, got=right, at_least=0.99)

# %% [markdown]
# It is nearly never wrong, and it has not looked at a single digit. A real background is exactly -1. The generator ends in a tanh, which reaches -1 only
# at infinity, so its black is -0.99 or so. No eye sees that. A discriminator may.
#
# Remember this for every detector of generated content: D learns whatever separates the two heaps that you gave it. If the heaps differ in file format, in size, in
# rounding, then that is what it learns. So both heaps must go through the same preparation. Here, everything darker than a quarter of the range becomes black.


# %%
def as_seen(images):
    return torch.where(images > -0.5, images, -1.0)


real, real_test, fake, fake_test = map(as_seen, (real, real_test, fake, fake_test))
right = share_right(one_pixel, real_test, fake_test)
claim = "after the same preparation one pixel is no better than a coin"
verify.promise(claim, got=right, above=0.45, below=0.6)

# %% [markdown]
# ## The loss: a coin's likelihood
#
# Write $y=1$ for real and $y=0$ for generated. D is a bet on a coin: it says that $y=1$ comes with probability $D(x)$. The probability it gives to what really came is
#
# $$P(y \mid x) = D(x)^{y} \, (1 - D(x))^{1-y},$$
#
# a Bernoulli likelihood: for $y=1$ the first factor is left, for $y=0$ the second. For $n$ independent examples the likelihoods multiply and their logarithms add. A good D makes the sum
# large. A loss is something to make *small*, so it is minus the sum, and divided by $n$ so that it does not grow with the batch:
#
# $$L = -\frac 1 n \sum_i \big[\, y_i \log D(x_i) + (1 - y_i) \log (1 - D(x_i)) \,\big].$$
#
# This is the *binary cross-entropy*, in nats. The network gives no probability, but a *logit* $l$, any real number, and $D = \sigma(l) = 1/(1+e^{-l})$. Put that in:

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
# The last line is worth a second look. Whatever the network, each example pulls its logit by $D - y$: what D said, minus what was true.
# Now write the loss. It must also work where $\sigma(l)$ is rounded to 1.


# %% tags=["exercise"]
def bce(logits, targets):
    """Binary cross-entropy, mean over the batch, in nats.
    Logits (n,), targets 1 real and 0 generated (n,) -> scalar."""
    ...  # your code


# %% tags=["check"]
bce = check("discriminator.bce", bce)

# %% [markdown]
# Is it what PyTorch computes, and what our GANs train with? Mind the convention: as in the paper, `gan.discriminator_loss` *adds* two means, one over the real half and one over the generated half.
# With equal halves that is twice your mean over all. Papers quote the sum, and a D that is guessing pays $2 \log 2$.

# %%
logits = 3 * torch.randn(20, generator=torch.Generator().manual_seed(1)).double()
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
# How good can D get? Look at one place $x$. Real examples arrive there with density $p(x)$, generated ones with $q(x)$, equally often in all. Whatever D
# answers there, $d$, it pays $-p \log d - q \log(1-d)$. Nothing that it answers elsewhere matters. So minimise over the one number $d$:

# %%
p, q = sympy.symbols("p q", positive=True)
d = sympy.symbols("d", positive=True)
pays = -p * sympy.log(d) - q * sympy.log(1 - d)
(best,) = sympy.solve(sympy.diff(pays, d), d)
verify.agree("the slope is 0 at d = p / (p + q)", best, p / (p + q))
curvature = sympy.simplify(sympy.diff(pays, d, 2).subs(d, best))
claim = "the curvature there is (p + q)³ / (pq), positive, so it is the minimum"
verify.agree(claim, curvature, (p + q) ** 3 / (p * q))
odds = sympy.simplify(best / (1 - best))
verify.agree("its odds are p / q, so its logit is log p - log q", odds, p / q)

# %% [markdown]
# $D^* = p/(p+q)$ is the probability that an example found at $x$ is real. That is Bayes' rule, and it came out of a loss that mentions neither $p$ nor $q$: samples are enough. Does
# training find it? Take densities that you know, let a small network see samples only, and compare. One function trains every discriminator of this lesson.


# %%
def train(network, real, fake, steps, rate=2e-3, half=32):
    """Binary cross-entropy on batches of `half` real and `half` generated examples."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), rate)
    for _ in range(steps):
        batch = [x[torch.randint(len(x), (half,))] for x in (real, fake)]
        real_logits, fake_logits = network(torch.cat(batch)).chunk(2)
        loss = gan.discriminator_loss(real_logits, fake_logits)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
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
critic = train(critic, data, model, steps=5 * d_steps, rate=5e-3, half=256)

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
# Play with it. Move the model, and watch the answer at a fixed $x$ change although the data stays as it is: D says nothing about $x$ alone. Move the model on top of the data, and D answers
# one half everywhere. With the third control real examples get more common than generated ones; you will meet it again at the end.


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
# The logit of the best D is $\log p/q$. So a trained D tells you how many times more often the data has this example than the model, without ever knowing either density. Two things you can do with that.
#
# *Measure how far apart the two are.* The mean of $\log p/q$ over real examples is the Kullback-Leibler divergence $KL(p\,\|\,q)$ of lesson 21:

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
# A trained D is not perfect, so its weights don't average to 1; divide them by their sum.


# %% tags=["exercise"]
def importance_mean(values, logits):
    """Mean of f over the data, from examples of the model only.
    Values f(x) (n,) and D's logits (n,) -> scalar.
    Each example has weight p/q; the weights are divided by their sum."""
    ...  # your code


# %% tags=["check"]
importance_mean = check("discriminator.importance_mean", importance_mean)

# %%
with torch.no_grad():
    logits = critic(model)
for name, f in {"x": model[:, 0], "x²": model[:, 0] ** 2}.items():
    of_data = (data if name == "x" else data**2).mean().item()
    weighted = importance_mean(f, logits)
    print(
        f"mean of {name:2}:  model {f.mean():5.2f}   "
        f"model, weighted by D {weighted:5.2f}   data {of_data:5.2f}"
    )
corrected = importance_mean(model[:, 0] ** 2, logits).item()
claim = "weighted, the mean of x² is within 0.15 of the data's"
verify.promise(claim, got=corrected, near=((data**2).mean().item(), 0.15))

# %% [markdown]
# Lesson 35 uses these weights to throw away bad drawings. Trust them only where both kinds of examples were seen. Elsewhere the loss does not care what D says, and D says something all the same.
#
# ## The article's network
#
# For pictures the article proposes convolution, ReLU and pooling, twice, then two dense layers. Here it is, line by line.


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
article_d = train(article_network(), real, fake, steps=d_steps)
with torch.no_grad():
    on_real, on_fake = article_d(real_test), article_d(fake_test)
right = ((on_real > 0).double().mean() + (on_fake < 0).double().mean()).item() / 2
claim = "it tells at least 85 % of new real and drawn digits apart"
verify.promise(claim, got=right, at_least=0.85)
loss = gan.discriminator_loss(on_real, on_fake)
verify.promise("its loss is far below that of guessing, 1.386", got=loss, below=0.7)

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
    alt="Four rows of digits; the drawn ones doubted most are speckled or broken.",
)

# %% [markdown]
# The last row is what a generator learns from: whatever makes D so sure there is what G would change next.
#
# ### What happens when the digit moves
#
# The article says that a CNN has "translation invariance". *Invariant* would mean: move the digit, and the output stays the same. A convolution does
# something else. It slides the same small filter over all places, so if the picture moves, its output *moves along*. That is called *equivariance*:
# layer(moved picture) = moved layer(picture). Write the test. `roll` moves to the right and brings in on the left what leaves on the right.


# %% tags=["exercise"]
def equivariance_gap(layer, images, move, stride):
    """Largest |layer(moved images) - moved layer(images)|, a scalar.
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
        gaps[name] = equivariance_gap(layer, some, 1, stride).item()
    print(f"{name:28} {gaps[name]:.1e}")

# %%
pooled, pooled_moved = F.max_pool2d(some, 2), F.max_pool2d(some.roll(1, -1), 2)
half_step = min((pooled_moved - pooled.roll(k, -1)).abs().max().item() for k in (0, 1))
print(
    f"{'max pool, moved by 1 pixel':28} {half_step:.1e} "
    "from the unmoved output and from that moved by one place"
)
claim = "convolution moves along, but for rounding"
verify.agree(claim, gaps["convolution"], 0.0, tolerance=1e-5)
verify.promise("a dense layer does not", got=gaps["dense layer"], above=0.1)

# %% [markdown]
# See it in the trained network. The second row is what one filter of the first layer makes of the first row.

# %%
one = as_seen(transforms.to_signed(test.images[test.labels == 4][:1]))
moved = torch.cat([one.roll(k, -1) for k in (-6, -3, 0, 3, 6)])
with torch.no_grad():
    maps = torch.relu(article_d[0](moved))
# the filter that answers most to strokes, and not to the background
loudest = (maps.amax((0, 2, 3)) - 2 * maps[0, :, 3, 3]).argmax()
filtered = maps[:, loudest, None] / maps[:, loudest].max()
plots.image_rows(
    {"a 4, moved": (moved + 1) / 2, "one filter": filtered},
    title="The filter's answer moves with the digit",
    alt="A 4 at five places; below, a filter's response, of one shape at all five.",
    scale=1.1,
)

# %%
inner = filtered[:, :, 2:-2, 2:-2]
claim = "away from the border the map has moved along"
verify.agree(claim, inner[3][..., 5:-1], inner[2][..., 2:-4], tolerance=1e-5)

# %% [markdown]
# What comes after the last pooling is a *dense* layer, with a weight of its own for each place. It can answer differently to the same strokes elsewhere.
#
# The training data holds only centred digits, so nothing ever asked D how real a digit looks six pixels further right. Move some and see. These moved digits were written by people, each of them.

# %%
moves = list(range(-7, 8))
with torch.no_grad():  # logits (moves, pictures)
    by_move = torch.stack([article_d(real_test[:200].roll(k, -1)) for k in moves])
    drawn_by_move = torch.stack([article_d(fake_test[:200].roll(k, -1)) for k in moves])
verdicts = {"real digits": by_move.mean(1), "drawn digits": drawn_by_move.mean(1)}
plots.curves(
    moves,
    verdicts | {"undecided": [0.0] * len(moves)},
    x_label="pixels moved to the right",
    y_label="mean logit of D",
    title="Not invariant: D's verdict depends on where the digit stands",
)

# %%
swing = (by_move.amax(0) - by_move.amin(0)).median().item()
claim = "for half of the real digits moving changes the logit by more than 3"
verify.promise(claim, got=swing, above=3)
fooled = (drawn_by_move.amax(0) > 0).double().mean().item()
claim = "most drawn digits are called real at some place"
verify.promise(claim, got=fooled, above=0.8)

# %% [markdown]
# Far from the middle D calls everything real, and is surer of it than of any real digit where it belongs. Nobody taught it that. It has seen no moved digit of either kind, so the loss never asked, and
# a dense layer answers anyway. A forger who moves each drawing by a few pixels would get through.
#
# Invariance can be had: average each map over all places before the last layer. A sum over all places does not care where its parts stand.

# %%
with torch.no_grad():
    pooled = torch.relu(around(some)).mean((2, 3))
    pooled_moved = torch.relu(around(some.roll(5, -1))).mean((2, 3))
claim = "convolution, ReLU, mean over all places: invariant"
verify.agree(claim, pooled_moved, pooled, tolerance=1e-5)

# %% [markdown]
# Your turn as a forger. These digits were drawn, and D knows it. How little must you move one to get it through?


# %%
def moved_forgery(right, down, digit):
    one = fake_test[digit : digit + 1].roll((down, right), dims=(-2, -1))
    with torch.no_grad():
        says = torch.sigmoid(article_d(one)).item()
    title = f"D says: real with probability {says:.3f}"
    alt = f"{title}. A drawn digit, moved over its black square."
    plots.images((one + 1) / 2, title=title, alt=alt, scale=1.8)


shift, numbers = (-8, 8, 1, 0), list(range(10))
widgets.play(moved_forgery, right=shift, down=shift, digit=numbers)

# %% [markdown]
# ## A network that reads lines
#
# For texts the article proposes a recurrent network. Real lines are 40 characters cut out of *Moby Dick*. The forger is Shannon's: it looks at the last character only, finds a place where the
# book has it, and writes what stands behind it there.


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
book_lines, new_lines = lines(book, 20_000, 1), lines(new_book, 1500, 2)
forged = lines(forge(book, 200_000, 3), 20_000, 4)
new_forged = lines(forge(book, 60_000, 5), 1500, 6)
for name, row in {"book  ": new_lines, "forger": new_forged}.items():
    print(f"{name}  {vocabulary.decode(row[0])}\n{name}  {vocabulary.decode(row[1])}")

# %% [markdown]
# A plain recurrent network reads one character $x_t$ after the other and keeps a state, $h_t = \tanh(W h_{t-1} + U x_t + b)$. Its last state goes through a linear layer to the logit.


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
plain = train(Reader(), book_lines, forged, steps=d_steps, rate=3e-3, half=64)
right = share_told_apart(plain, new_lines, new_forged)
claim = "it tells at least 80 % of lines from new chapters and forged lines apart"
verify.promise(claim, got=right, at_least=0.8)

# %% [markdown]
# ### What it can learn from
#
# The article says that an RNN "can handle long and short dependencies". How does the last state depend on the first character? By the chain rule, through a product with one factor a step,
#
# $$\frac{\partial h_T}{\partial h_{T-k}} = J_T\, J_{T-1} \cdots J_{T-k+1}, \qquad J_t = \frac{\partial h_t}{\partial h_{t-1}}.$$
#
# Derive one factor. You need the derivative of tanh, $1 - \tanh^2$, and the *new* state is the tanh.


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
    product = product @ rnn_jacobian(weight, states[t])
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
# A number below 1, multiplied forty times by itself, is nearly nothing. (Start with larger weights and it may explode instead; only in between does it last.) Here is the gradient of the last state
# with respect to each character, before any training, for the plain network, for a GRU, which carries part of its state over unchanged, and for a plain network that hands on the *mean* of all its states.


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
claim = "plain: the first character has less than 1e-10 of the last one's gradient"
verify.promise(claim, got=faded, below=1e-10)
of_gru = fade["GRU"][39] / fade["GRU"][0]
claim = "GRU: more than a thousand times as much as that"
verify.promise(claim, of_gru > 1000 * faded)

# %% [markdown]
# Forge ten characters of each line and leave thirty as they are in the book. In one heap the *first* ten are forged, in the other the *last* ten.


# %%
def spoilt(real, fake, where):
    """Real lines with ten characters forged."""
    if where == "first":
        return torch.cat([fake[:, :10], real[:, 10:]], 1)
    return torch.cat([real[:, :30], fake[:, 30:]], 1)


others, new_others = lines(book, 20_000, 7), lines(new_book, 1500, 8)

# %% [markdown]
# **Predict first.** For each of the two heaps you train a plain network to tell it from lines of the book. What share of new lines
# will each tell apart? Write down two numbers. And a third: the first ten forged, with the mean of all states instead of the last one.


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
    train(network, book_lines, spoilt_lines, d_steps * 5 // 3, rate=3e-3, half=64)
    found_out[name] = share_told_apart(network, new_lines, new_spoilt)
    print(f"{name:38} {found_out[name]:.0%} told apart")

# %% [markdown]
# You should have seen about 80 to 85 %, 50 %, and 70 to 80 %. Ten forged characters at the end are found. The same ten at the beginning might as well not be there: after as many steps
# the network is still tossing a coin. It could hold them in its state. It can't *learn* to, since the gradient from there is too faint to be noticed among the noise of the batches. With the mean of all states each character is one step from the output, and is found.
# That shortcut, an output that can look at every place, is the idea behind attention (lesson 39).

# %%
last, first, first_of_mean = found_out.values()
verify.promise("last ten forged: more than 70 % told apart", got=last, above=0.7)
verify.promise("first ten forged: less than 57 %", got=first, below=0.57)
claim = "with the mean of all states: more than 65 %"
verify.promise(claim, got=first_of_mean, above=0.65)

# %% [markdown]
# Is a plain RNN then always blind to what is far away? No. Training can lengthen its reach, where the task leads it there step by step: the whole-line reader from above saw forged characters everywhere, near ones first.

# %%
reach = {
    "before training": fade["plain"],
    "after training on whole lines": gradient_by_distance(plain, new_lines[:200]),
}
for name, line in reach.items():
    share = line[20] / line[0]
    print(
        f"{name:32} 20 characters back, the gradient is {share:.0e} "
        "of the last character's"
    )

# %% [markdown]
# ## Can you believe the number?
#
# A D that says 0.9 should be right in nine of ten such cases. Then it is *calibrated*. The loss rewards that: $D^*$ is calibrated exactly. But D sees a limited number of examples. Give it only 100 real and 100 drawn digits, train on,
# and watch the loss on new pictures.

# %%
torch.manual_seed(seed)
few = article_network()
pairs = {
    "on the 200 it trains on": (real[:100], fake[:100]),
    "on new pictures": (real_test[:500], fake_test[:500]),
}
curve = {name: [] for name in pairs}
checkpoints = [0] + [d_steps * k // 6 for k in (1, 2, 3, 4, 6, 8, 10)]
for before, after in zip([0, *checkpoints], checkpoints):
    train(few, real[:100], fake[:100], steps=after - before)
    for name, (r, f) in pairs.items():
        with torch.no_grad():
            curve[name].append(gan.discriminator_loss(few(r), few(f)).item())

# %%
title = "Learnt by heart: the 200 cost nothing, new pictures ever more"
plots.curves(
    checkpoints, curve, x_label="step", y_label="nats", title=title, markers=True
)
at_end = {name: losses[-1] for name, losses in curve.items()}
verify.promise(
    "at the end the loss on new pictures is more than 5 times that on the 200",
    got=at_end["on new pictures"],
    above=5 * at_end["on the 200 it trains on"],
)

# %% [markdown]
# Now sort 2,000 new pictures by what D says, ten bins, and look how often it was real. The other 2,000 are kept for a repair.


# %%
def reliability(probabilities, targets, bins=10):
    """For each bin that isn't empty: mean probability said, share that was real."""
    place = (probabilities * bins).long().clamp(max=bins - 1)
    used = [b for b in range(bins) if (place == b).sum() >= 10]
    said = [probabilities[place == b].mean().item() for b in used]
    return said, [targets[place == b].double().mean().item() for b in used]


with torch.no_grad():
    said_logits = torch.cat([few(real_test), few(fake_test)])
was_real = torch.cat([torch.ones(2000), torch.zeros(2000)])
repair, new = slice(0, None, 2), slice(1, None, 2)  # every second picture

# %% [markdown]
# The repair has a single number. Divide all logits by a *temperature* $T$ and pick the one with the least loss on pictures that D was not trained on. The order of the pictures stays, so no answer changes sides; only the sureness changes.


# %%
def best_temperature(logits, targets):
    temperatures = torch.linspace(0.5, 16, 311)
    losses = torch.stack([bce(logits / T, targets) for T in temperatures])
    return temperatures[losses.argmin()].item()


# %%
T = best_temperature(said_logits[repair], was_real[repair])
raw, cooled = torch.sigmoid(said_logits[new]), torch.sigmoid(said_logits[new] / T)
diagrams = {
    "as trained": reliability(raw, was_real[new]),
    f"logits divided by {T:.1f}": reliability(cooled, was_real[new]),
    "calibrated": ([0, 1], [0, 1]),
}
plots.curves(
    {name: said for name, (said, _) in diagrams.items()},
    {name: share for name, (_, share) in diagrams.items()},
    x_label="D says: real with this probability",
    y_label="share that was real",
    title="Reliability: D as trained is too sure, a temperature mends most of it",
    markers=True,
)

# %%
verify.promise("the best temperature is above 1.3: D was too sure", got=T, above=1.3)
before = bce(said_logits[new], was_real[new]).item()
after = bce(said_logits[new] / T, was_real[new]).item()
change = f"{before:.3f} to {after:.3f} nats"
verify.promise("it lowers the loss on the other 2,000", after < before, got=change)
surprise = diagrams["as trained"][1][0]
claim = "in the lowest bin of D as trained, more than 8 % were real"
verify.promise(claim, got=surprise, above=0.08)
verify.agree("no verdict changed", (raw > 0.5).double(), (cooled > 0.5).double())

# %% [markdown]
# Look at the left end: among pictures that D as trained calls drawn for nearly sure, many were real. A GAN's D is in this position whenever real pictures are few: it sees the same ones again and again, and gets sure of itself. Then its logits no longer measure $\log p/q$, and G is told nonsense. Augmentation of what D sees (lesson 32) and gradient penalties (lesson 23) are there to prevent it.
#
# ## When the classes aren't half and half
#
# D was trained on equal halves. Out in the world shares are seldom equal. Take the better D from above, trained on 6,000 of each, with a temperature of its own. Say that one picture in a hundred is generated, and that you flag whatever it calls generated.

# %%
both = torch.cat([on_real, on_fake])
calibrated = both / best_temperature(both[repair], was_real[repair])
says_fake_of_fake = (calibrated[2000:] < 0).double().mean().item()
says_fake_of_real = (calibrated[:2000] < 0).double().mean().item()
print(
    f"D flags {says_fake_of_fake:.1%} of the generated pictures "
    f"and {says_fake_of_real:.1%} of the real ones"
)

# %% [markdown]
# **Predict first.** With one generated picture among a hundred: of all pictures that D flags, what share is really generated? Write down a number.

# %% tags=["predict"]
flagged_fake, flagged_real = 0.01 * says_fake_of_fake, 0.99 * says_fake_of_real
share_fake_of_flagged = flagged_fake / (flagged_fake + flagged_real)
print(
    f"{share_fake_of_flagged:.0%} of what is flagged is generated, "
    f"{1 - share_fake_of_flagged:.0%} was made by people"
)

# %% [markdown]
# You should have seen that D, which errs on few real pictures, accuses about as many of them as of generated ones, or more. There are ninety-nine times as many real ones to be wrong about. D's 0.5 was right for halves. Bayes' rule with other shares:
#
# $$\frac{P(\text{real} \mid x)}{P(\text{generated} \mid x)} = \frac{p(x)}{q(x)} \cdot \frac{\pi}{1-\pi}.$$
#
# In logits a product is a sum. Write the correction.


# %% tags=["exercise"]
def with_prior(logits, share_real):
    """Logits of a D trained on halves, corrected for a place where a share
    of the examples is real; (n,), number in (0, 1) -> (n,)."""
    ...  # your code


# %% tags=["check"]
with_prior = check("discriminator.with_prior", with_prior)

# %%
ratio = p_data(fine) / p_model(fine)
part = ratio.log()[80_000:120_000]
with_shares = torch.sigmoid(with_prior(part, 0.9))
best_d = gan.optimal_discriminator(0.9 * pf, 0.1 * qf)[80_000:120_000]
verify.agree("it is the best D of unequal shares", with_shares, best_d)

# %%
# 198,000 real, 2,000 generated
street = torch.cat([calibrated[:2000].repeat(99), calibrated[2000:]])
is_fake = torch.cat([torch.zeros(198_000), torch.ones(2000)]).bool()
verdicts = {"as if halves": street, "corrected": with_prior(street, 0.99)}
report = {}
for name, logits in verdicts.items():
    flagged = logits < 0
    caught = (flagged & is_fake).sum().item()
    report[name] = {
        "of flagged, generated": caught / max(1, flagged.sum().item()),
        "of generated, flagged": caught / 2000,
    }

# %%
title = "Among 1 % generated pictures, fewer and better accusations"
plots.grouped_bars(report, y_label="share", title=title)
halves, corrected = (rates["of flagged, generated"] for rates in report.values())
claim = "as if halves, some two in five of the flagged are real, or more"
verify.promise(claim, got=1 - halves, above=0.4)
claim = "corrected, the share of generated ones is more than 1.5 times as large"
verify.promise(claim, got=corrected, above=1.5 * halves)

# %% [markdown]
# The correction can't make D see better. It stops D from accusing where it is not sure enough, and where one picture in a hundred is generated, it must be very sure. That has a price, the right-hand bar: many generated pictures that were caught before now pass.
#
# ## Check the article
#
# **Section 4.1.1, "D(x) = p(x)": wrong.** $D(x)$ estimates the probability that $x$ is real, $p/(p+q)$ at best. You saw it found by training, while $p$ itself went above 1. The same $x$ gets another answer from a D with another opponent.
#
# **Section 4.2.1, the two parts of D's loss written without minus: wrong.** The formula above them has the minus signs, the parts have lost them. It matters. Follow each downhill, on one logit for a real and one for a generated example:

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
# **Section 4.2.1, D's outputs "for real and generated data" come close to "0 and 1": the wrong way round, read in order.** Real goes to 1 and generated to 0, as you have just seen. And not all the way: to $p/(p+q)$.
#
# **Section 4.1.2, the binary cross-entropy with targets $y$: right**, minus sign and all. So is its network, which you trained.
#
# **Section 3.1.2, "CNN: translation invariance": imprecise.** Convolution is equivariant, pooling is so for whole steps, dense layers are neither. You moved a digit, and the verdict changed.
#
# **Section 3.1.2, "RNN handles long and short dependencies": wrong for the plain RNN**, as far as learning goes. Ten forged characters thirty places back were not found.
#
# **Section 2.2, "a discriminative model judges whether the data is real": too narrow.** Discriminative models give $p(y \mid x)$ for any label $y$ (lesson 21). A GAN's discriminator is the case in which $y$ says *real*. CNN and RNN are ways to build networks, also generators.

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("22_the_discriminator")

# %% [markdown]
# ## What you should be able to do now
#
# Derive D's loss from a likelihood, with its signs; say what the best D answers and turn its logit into a ratio, a divergence or weights; prepare real and generated examples alike; test a layer for equivariance; measure how far back a recurrent network can learn from;
# draw a reliability diagram, fit a temperature, and correct for shares other than halves.
#
# Lesson 23 puts a generator against this D. Lesson 35 uses D's ratio to reject bad drawings, lesson 34 asks people to be the discriminator.
#
# ## References
#
# - I. Goodfellow et al., *Generative Adversarial Nets*, NIPS 2014. (Proposition 1: the optimal D.)
# - M. Sugiyama, T. Suzuki, T. Kanamori, *Density Ratio Estimation in Machine Learning*, Cambridge University Press, 2012.
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-Based Learning Applied to Document Recognition*, Proceedings of the IEEE 86(11), 1998.
# - A. Azulay, Y. Weiss, *Why do deep convolutional networks generalize so poorly to small image transformations?*, JMLR 20, 2019.
# - Y. Bengio, P. Simard, P. Frasconi, *Learning long-term dependencies with gradient descent is difficult*, IEEE Transactions on Neural Networks 5(2), 1994.
# - R. Pascanu, T. Mikolov, Y. Bengio, *On the difficulty of training recurrent neural networks*, ICML 2013.
# - C. E. Shannon, *A Mathematical Theory of Communication*, Bell System Technical Journal 27, 1948.
# - C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, *On Calibration of Modern Neural Networks*, ICML 2017.
# - M. Saerens, P. Latinne, C. Decaestecker, *Adjusting the Outputs of a Classifier to New a Priori Probabilities: A Simple Procedure*, Neural Computation 14(1), 2002.
