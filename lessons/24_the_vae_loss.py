# %% [markdown]
# # 24 · The VAE loss
# <!-- badge -->
#
# You derive the loss of a variational autoencoder in three ways, check each step where the truth is known, and see what a wrong sign, square or mean does to pictures.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | densities, expectations, the KL divergence and Bayes' rule (lesson 21); gradients; PyTorch modules | derive the evidence lower bound in three ways, and say what the gap is<br>write the KL term, the sampling step and the loss without the usual mistakes<br>find the β that a `mean` hides, and say what it does before you train<br>compare two gradient estimators by their variance<br>recognise posterior collapse, and treat it |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
steps = None  # None: chosen for this machine

# %%
import math

import numpy as np
import sympy
import torch
import torch.nn.functional as F
from torch import nn

from aigc_lab import check, datasets, plots, runtime, vae, verify, widgets
from aigc_lab.transforms import to_unit
from aigc_lab.vae import pictures

runtime.seed_everything(seed)
updates = steps or runtime.pick(ci=60, cpu=1000, gpu=1000)
# draws for a Monte Carlo check
many = runtime.pick(ci=20_000, cpu=100_000, gpu=100_000)
f64 = torch.float64

# %% [markdown]
# ## An autoencoder that can't draw
#
# An autoencoder squeezes a picture into a few numbers, its *code*, and rebuilds the picture from them. So why not invent a code, and rebuild a picture that nobody drew? Try it. The pictures are the course's digits,
# shrunk to 14×14 and made black and white, so that training takes seconds.


# %%
def small(split):
    images = to_unit(datasets.load("digits", split=split).images)
    return (F.avg_pool2d(images, 2) > 0.5).float().flatten(1)


train_x, test_x = small("train"), small("test")


# %%
class Coder(nn.Module):
    """The encoder: 196 pixels -> two numbers for each latent dimension.
    The decoder: one number for each -> 196 logits."""

    def __init__(self, latent=16, hidden=256):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(196, hidden), nn.GELU(), nn.Linear(hidden, 2 * latent)
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, hidden), nn.GELU(), nn.Linear(hidden, 196)
        )

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=1)


# %% [markdown]
# The code is the first half of the encoder's output; the second half will get its meaning later. The loop below trains any of this lesson's models with any loss.


# %%
def train(model, loss):
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, fused=True)
    for step in range(updates):
        x = train_x[torch.randint(len(train_x), (100,))]
        optimizer.zero_grad()
        loss(model, x, step / updates).backward()
        optimizer.step()
    return model


# %%
def rebuilding_only(model, x, progress):
    code, _ = model.encode(x)
    logits = model.decoder(code)
    surprise = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return surprise.sum(dim=1).mean()


torch.manual_seed(seed)
autoencoder = train(Coder(), rebuilding_only)

# %%
invented = torch.randn(10, 16, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def draw(model, codes):
    return model.decoder(codes).sigmoid().reshape(-1, 1, 14, 14)


with torch.no_grad():
    codes = autoencoder.encode(test_x)[0]
fitted = codes.mean(dim=0) + codes.std(dim=0) * invented

# %%
rows = {
    "test digits": test_x[:10].reshape(-1, 1, 14, 14),
    "rebuilt": draw(autoencoder, codes[:10]),
    "code from N(0, 1)": draw(autoencoder, invented),
    "code from N(mean, spread)": draw(autoencoder, fitted),
}
plots.image_rows(
    rows,
    title="It rebuilds nearly everything, and can draw next to nothing",
    alt="Ten digits; the same, well rebuilt; two rows of broken strokes.",
)

# %% [markdown]
# The second row is nearly the first. In the third row the codes were drawn from a standard normal distribution, in the fourth from one with the mean and spread of the real codes. Both show strokes, and here and there something like a digit. Nothing
# has taught the decoder what to do between the codes that it knows, and nothing has told the encoder where to put them.
#
# The article that this course grew out of describes a VAE in these words: "the encoder maps to a low-dimensional space, the decoder generates from there". That is the machine you have trained. What is missing is a loss
# that makes the codes fill a distribution which you can draw from. It can be derived, and this lesson does so.

# %% [markdown]
# ## A model with something hidden
#
# Start from the wish: a distribution $p(x)$ over pictures, as high as possible on the data. A *latent variable model* builds it in two steps. First draw a hidden $z$ from a fixed *prior*, $p(z) = N(0, 1)$. Then draw the picture from
# $p(x \mid z)$, which the *decoder* describes. What you never see is $z$, so you have to add up all its values:
#
# $$p(x) = \int p(x \mid z)\, p(z)\, dz$$
#
# For a neural decoder nobody can do that integral. So begin with a decoder for which it is easy, a straight line with noise. It is the smallest case of *probabilistic PCA* (Tipping and Bishop, 1999):
#
# $$z \sim N(0, 1), \qquad x \mid z \sim N(wz + b,\ s^2)$$
#
# A sum of independent normal variables is normal, so $p(x) = N(b,\ w^2 + s^2)$. And Bayes' rule gives the distribution of $z$ once you have seen $x$, the *posterior*:
#
# $$p(z \mid x) = N\!\left(\frac{w(x-b)}{w^2+s^2},\ \frac{s^2}{w^2+s^2}\right)$$
#
# Don't take it on trust. Bayes' rule says $\log p(x \mid z) + \log p(z) = \log p(x) + \log p(z \mid x)$, for every $z$ and $x$:

# %%
z_, x_, w_, b_, m_ = sympy.symbols("z x w b m", real=True)
# v is the variance of a normal q(z), m its mean
s_, v_ = sympy.symbols("s v", positive=True)


def log_normal_(value, mean, variance):
    constants = sympy.log(2 * sympy.pi) + sympy.log(variance)
    return -(constants + (value - mean) ** 2 / variance) / 2


# %%
evidence_ = log_normal_(x_, b_, w_**2 + s_**2)
posterior_mean_ = w_ * (x_ - b_) / (w_**2 + s_**2)
posterior_variance_ = s_**2 / (w_**2 + s_**2)
left_ = log_normal_(x_, w_ * z_ + b_, s_**2) + log_normal_(z_, 0, 1)
right_ = evidence_ + log_normal_(z_, posterior_mean_, posterior_variance_)
verify.agree(
    "Bayes' rule holds for this posterior and this p(x)",
    sympy.expand(sympy.expand_log(left_ - right_, force=True)),
    0,
)

# %% [markdown]
# Now with numbers: a model, and one observation $x = 2.6$. Every claim of the next sections will be checked against its true $\log p(x)$.

# %%
# NBVAL_CHECK_OUTPUT
w, b, s, x = 1.5, 0.5, 0.8, 2.6


def log_normal(value, mean, variance):
    variance = torch.as_tensor(variance, dtype=f64)
    square = (value - mean) ** 2 / variance
    return -0.5 * (math.log(2 * math.pi) + variance.log() + square)


log_p = log_normal(x, b, w**2 + s**2).item()
posterior_mean = w * (x - b) / (w**2 + s**2)
posterior_variance = s**2 / (w**2 + s**2)
posterior = f"N({posterior_mean:.3f}, {posterior_variance:.3f})"
print(f"log p(x) = {log_p:.4f} nats; z given x is {posterior}")

# %% [markdown]
# ## First way: Jensen's inequality
#
# Take any distribution $q(z)$ that you can draw from; multiply and divide by it. The integral becomes an expectation under $q$:
#
# $$p(x) = \int q(z)\, \frac{p(x \mid z)\, p(z)}{q(z)}\, dz = \mathbb{E}_{z \sim q}\left[W\right], \qquad W = \frac{p(x \mid z)\, p(z)}{q(z)}$$
#
# You want its logarithm. The logarithm is concave, so the logarithm of a mean is at least the mean of the logarithms (Jensen):
#
# $$\log p(x) = \log \mathbb{E}_q[W] \ \ge\ \mathbb{E}_q[\log W] = \underbrace{\mathbb{E}_q[\log p(x \mid z)]}_{\text{how well } z \text{ explains } x} - \underbrace{\mathrm{KL}(q(z)\,\|\,p(z))}_{\text{how far } q \text{ is from the prior}}$$
#
# The right side is the *evidence lower bound*, ELBO. For our line and $q = N(m, v)$ both parts have a closed form. The first: under $q$ the square $(x - wz - b)^2$ has the mean $(x - wm - b)^2 + w^2 v$.
# The second you will derive below; take it as it is for now.


# %%
def exact_bound(m, logvar):
    """ELBO of the line model for q = N(m, exp(logvar)), in nats."""
    v = math.exp(logvar)
    explains = log_normal(x, w * m + b, s**2).item() - w**2 * v / (2 * s**2)
    return explains - 0.5 * (m**2 + v - 1 - logvar)


def log_weight(z, mu, logvar, data):
    """log W of each draw, by the package's functions: (n, d) four times -> (n,)."""
    noise = torch.tensor(2 * math.log(s), dtype=z.dtype)
    explains = vae.gaussian_log_likelihood(data, w * z + b, noise)
    prior = vae.gaussian_log_likelihood(z, 0 * z, torch.zeros_like(noise))
    return explains + prior - vae.gaussian_log_likelihood(z, mu, logvar)


# %%
def draw_log_weights(n, m, logvar):
    """log W of n draws from q = N(m, exp(logvar)): (n,)."""
    mu, logvar, data = (torch.full((n, 1), each, dtype=f64) for each in (m, logvar, x))
    return log_weight(vae.reparameterize(mu, logvar), mu, logvar, data)


m, logvar = 0.7, math.log(0.4)
log_w, bound = draw_log_weights(many, m, logvar), exact_bound(m, logvar)
verify.agree("the mean of W is p(x)", verify.estimate(log_w.exp()), math.exp(log_p))
verify.agree("the mean of log W is the ELBO", verify.estimate(log_w), bound)
print(f"log p(x) = {log_p:.3f}, ELBO = {bound:.3f}")

# %% [markdown]
# Jensen tells you that it is a bound. It doesn't tell you what you lose.

# %% [markdown]
# ## Second way: how far is $q$ from the posterior?
#
# Write down the KL divergence from $q$ to the true posterior, and replace the posterior by Bayes' rule:
#
# $$\mathrm{KL}(q(z)\,\|\,p(z \mid x)) = \mathbb{E}_q\left[\log q(z) - \log \frac{p(x \mid z)\,p(z)}{p(x)}\right] = \log p(x) - \mathbb{E}_q[\log W]$$
#
# Nothing was estimated here, so it is an equation:
#
# $$\log p(x) = \mathrm{ELBO} + \mathrm{KL}(q(z)\,\|\,p(z \mid x))$$
#
# The gap *is* a KL divergence. It is never negative, which proves the bound again, and it is 0 for exactly one $q$: the posterior. In the line model all three are formulas, so compare them as formulas:


# %%
def kl_normal_(mean, variance, other_mean, other_variance):
    ratio = variance / other_variance
    square = (mean - other_mean) ** 2 / other_variance
    return (ratio + square - 1 - sympy.log(ratio)) / 2


explains_ = log_normal_(x_, w_ * m_ + b_, s_**2) - w_**2 * v_ / (2 * s_**2)
elbo_ = explains_ - kl_normal_(m_, v_, 0, 1)
gap_ = kl_normal_(m_, v_, posterior_mean_, posterior_variance_)
difference_ = sympy.expand_log(evidence_ - elbo_ - gap_, force=True)
claim = "log p(x) - ELBO = KL(q || posterior), for every w, b, s, x and q"
verify.agree(claim, sympy.expand(difference_), 0)
best = exact_bound(posterior_mean, math.log(posterior_variance))
verify.agree("with q = posterior the bound is log p(x)", best, log_p)

# %% [markdown]
# Now play the encoder. Move $q$ until the gap is gone. Then try to push the bound above the line.


# %%
def be_the_encoder(mean, deviation):
    grid = torch.linspace(-3, 3, 301, dtype=f64)
    densities = {
        "prior": log_normal(grid, 0, 1).exp(),
        "posterior": log_normal(grid, posterior_mean, posterior_variance).exp(),
        "q, the encoder": log_normal(grid, mean, deviation**2).exp(),
    }
    bound = exact_bound(mean, 2 * math.log(deviation))
    pictures.encoder_and_bound(grid, densities, bound, log_p)


widgets.play(
    be_the_encoder, mean=(-2.0, 2.5, 0.05, 0.2), deviation=(0.1, 1.5, 0.02, 0.9)
)

# %% [markdown]
# A VAE has a data set, and so a posterior for each picture. Moving sliders for each of 8,000 pictures would take a while, so a network does it: the *encoder* reads $x$ and answers with $\mu$ and $\log\sigma^2$ of $q(z \mid x)$. It gives a *distribution*, not
# a point. And raising one number, the ELBO, does two things at once: it pulls $q$ to the posterior (the encoder's part), and raises $p(x)$ on the data (the decoder's part).

# %% [markdown]
# ## Third way: importance sampling
#
# The mean of $W$ is $p(x)$. So draw $k$ codes, average their weights, take the logarithm at the end:
#
# $$L_k = \mathbb{E}\left[\log \frac1k \sum_{i=1}^k W_i\right], \qquad z_i \sim q$$
#
# With $k = 1$ that is the ELBO. With more draws the average inside is closer to $p(x)$, so Jensen takes less: $L_1 \le L_2 \le \dots \le \log p(x)$ (Burda, Grosse and Salakhutdinov, 2016). Weights of pictures are numbers like $e^{-90}$,
# and those of larger pictures are 0 in floating point, so work with their logarithms.


# %% tags=["exercise"]
def iwae_bound(log_weights):
    """log of the mean weight of k draws, for each example;
    log weights (k, batch) -> nats (batch,).

    It must stay finite where exp underflows, and let gradients through."""
    ...  # your code


# %% tags=["check"]
iwae_bound = check("vae.iwae_bound", iwae_bound)

# %% [markdown]
# Watch it close the gap, for three encoders: a fair one, one that is too wide, and one that is too sure of itself.

# %%
ks, repeats = [1, 2, 5, 10, 20, 50, 100, 200], runtime.pick(ci=300, cpu=3000, gpu=3000)
encoders = {"fair": (0.7, 0.4), "too wide": (0.0, 2.0), "too sure": (0.7, 0.04)}
bounds = {}
for name, (mean, variance) in encoders.items():
    log_w = draw_log_weights(repeats * max(ks), mean, math.log(variance))
    log_w = log_w.reshape(max(ks), repeats)
    bounds[name] = [verify.estimate(iwae_bound(log_w[:k])) for k in ks]
    bound = exact_bound(mean, math.log(variance))
    verify.agree(f"{name}: k = 1 is the ELBO", bounds[name][0], bound)

# %%
pictures.bounds_by_draws(ks, bounds, log_p)
lacks = {name: log_p - line[-1].mean for name, line in bounds.items()}
claim = "with 200 draws the fair encoder lacks less than 0.01 nats"
verify.promise(claim, got=lacks["fair"], below=0.01)
verify.promise("and the one too sure more than 0.1", got=lacks["too sure"], above=0.1)
verify.promise(
    "at 5 draws the wide one is ahead of the one too sure",
    bounds["too wide"][2].mean > bounds["too sure"][2].mean,
)

# %% [markdown]
# The bars reach four standard errors to either side. The encoder that is too wide starts at an ELBO of -7.8, so low that the axis cuts it off, and by the fifth draw it has overtaken the one that is too sure. The encoder that is too sure draws from the middle of the posterior and hardly ever from its flanks. Its rare draws from there get enormous weights, and it takes many draws to meet one.
# Keep that in mind wherever you use importance sampling: draw from something a little too wide rather than a little too narrow.
#
# So three roads lead to one bound. Jensen's is the shortest. The KL to the posterior says what the gap is. Importance sampling says how to shrink it with the encoder that you have.

# %% [markdown]
# ## The KL term, and its two spellings
#
# For $q = N(\mu, \sigma^2)$ and $p = N(0, 1)$, write both logarithms out. The constants $\log 2\pi$ cancel:
#
# $$\log q(z) - \log p(z) = -\tfrac12 \log\sigma^2 - \frac{(z-\mu)^2}{2\sigma^2} + \frac{z^2}{2}$$
#
# Take the mean under $q$. The middle term is half a variance over itself, so $-\frac12$. And $\mathbb{E}_q[z^2] = \mu^2 + \sigma^2$. So
#
# $$\mathrm{KL} = \tfrac12\left(\mu^2 + \sigma^2 - 1 - \log\sigma^2\right)$$
#
# With several independent latents the logarithms add, so the KLs add: a *sum* over dimensions. An encoder may answer any real number, and a variance must be positive, so the network's second half is read as $\log\sigma^2$, called `logvar`.


# %% tags=["exercise"]
def kl_standard_normal(mu, logvar):
    """KL(N(mu, exp(logvar)) || N(0, 1)) of each example;
    (batch, d), (batch, d) -> nats (batch,).

    It is part of a loss, so gradients must flow to both."""
    ...  # your code


# %% tags=["check"]
kl_standard_normal = check("vae.kl_standard_normal", kl_standard_normal)

# %%
mu, logvar = torch.randn(500, 8, dtype=f64), torch.randn(500, 8, dtype=f64)
own = kl_standard_normal(mu, logvar)
normal = torch.distributions.Normal(mu, (logvar / 2).exp())
standard = torch.distributions.Normal(0.0, 1.0)
theirs = torch.distributions.kl_divergence(normal, standard).sum(1)
verify.agree("your KL is that of torch.distributions", own, theirs)
of_package = vae.kl_standard_normal(mu, logvar)
verify.agree("and the one that trains the course's VAE", own, of_package)

mu_n, logvar_n = mu[:1].expand(many, 8), logvar[:1].expand(many, 8)
z = vae.reparameterize(mu_n, logvar_n)
log_q = vae.gaussian_log_likelihood(z, mu_n, logvar_n)
log_prior = vae.gaussian_log_likelihood(z, 0 * z, torch.zeros((), dtype=f64))
by_draws = verify.estimate(log_q - log_prior)
verify.agree("and the mean of log q - log p over draws", by_draws, own[0].item())

# %% [markdown]
# Other programs let the network answer $\log\sigma$. Both are fine, each with its own formulas:
#
# | the network's number $l$ is | standard deviation | KL of one dimension |
# |---|---|---|
# | $\log\sigma^2$ (`logvar`) | $e^{l/2}$ | $\frac12(\mu^2 + e^{l} - 1 - l)$ |
# | $\log\sigma$ (`log_sigma`) | $e^{l}$ | $\frac12(\mu^2 + e^{2l} - 1 - 2l)$ |
#
# What is not fine is to take the deviation from one row and the KL from the other. A widely used graph library drew with $e^l$ and charged $\frac12(\mu^2 + e^l - 1 - l)$ until a user noticed in 2020; the same mixture was reported in a well-known VAE example in 2016. Such a bug can live for years, since training works: both
# formulas are 0 at the standard normal and grow away from it.
#
# But you have a model whose $\log p(x)$ you know. Give the mixed program the *true posterior* as its $q$, and read its "bound".


# %%
def kl_in(spelling, mu, l):
    """The KL formula of one row of the table, for one dimension."""
    if spelling == "log σ²":
        return 0.5 * (mu**2 + math.exp(l) - 1 - l)
    return 0.5 * (mu**2 + math.exp(2 * l) - 1 - 2 * l)


log_variance = math.log(posterior_variance)
l_of = {"log σ²": log_variance, "log σ": log_variance / 2}
at_mean = log_normal(x, w * posterior_mean + b, s**2).item()
explains = at_mean - w**2 * posterior_variance / (2 * s**2)

# %%
# NBVAL_CHECK_OUTPUT
reported = {}
for drawn, l in l_of.items():
    for charged in l_of:
        kl = kl_in(charged, posterior_mean, l)
        reported[f"draws by {drawn}, KL by {charged}"] = explains - kl
print(f"{'log p(x)':32} {log_p:.3f}")
for name, value in reported.items():
    verdict = "   above log p(x): not a bound" if value > log_p + 1e-9 else ""
    print(f"{name:32} {value:.3f}{verdict}")
excess = reported["draws by log σ, KL by log σ²"] - log_p
claim = "drawing by log σ and charging by log σ² reports 0.25 nats more than log p(x)"
verify.promise(claim, got=excess, near=(0.25, 0.005))

# %% [markdown]
# The mixture of the graph library reports more than the truth. For a narrow $q$ the KL is about $-\log\sigma$, and the wrong row charges half of that, so you pay half price for precision. A bound above $\log p(x)$ is no bound.
# The opposite mixture overcharges, and its reported number is too low. A wrong price also changes which $q$ is learnt. Let each program choose its best $q$ for our $x$:

# %%
grid = torch.linspace(-6, 2, 4001, dtype=f64)
sigma_of = {"log σ²": (grid / 2).exp(), "log σ": grid.exp()}
cost_of = {"log σ²": grid.exp() - grid, "log σ": (2 * grid).exp() - 2 * grid}
chosen = {}
for drawn, deviations in sigma_of.items():
    for charged, cost in cost_of.items():
        best = (w**2 * deviations**2 / (2 * s**2) + cost / 2).argmin()
        chosen[f"draws by {drawn}, KL by {charged}"] = deviations[best].item()

# %%
sigma = posterior_variance**0.5
plots.bars(
    chosen,
    y_label=f"σ of the q it learns (the posterior's is {sigma:.3f})",
    title="Both honest programs find the posterior's σ, both mixtures miss it",
)
consistent = [chosen[f"draws by {l}, KL by {l}"] for l in ("log σ²", "log σ")]
claim = "the honest ones find the posterior's σ"
verify.agree(claim, consistent, [sigma, sigma], tolerance=2e-3)
claim = "drawing by log σ, charging by log σ² makes q more than 20% too narrow"
narrow = chosen["draws by log σ, KL by log σ²"]
verify.promise(claim, got=narrow, below=0.8 * sigma)

# %% [markdown]
# **How to find it in your own code:** the loss curve won't show it. Draw $z$ for a fixed $\mu$ and $l$, estimate $\mathbb{E}[\log q - \log p]$ from the draws with the density of what you really drew, and compare with your formula. That is the last of the three checks under your own KL above.

# %% [markdown]
# ## A gradient through a random draw
#
# The first part of the bound, $\mathbb{E}_{q}[\log p(x \mid z)]$, is estimated with one draw of $z$. The encoder's $\mu$ and $\sigma$ decide *from where* you draw. How does a gradient get through a draw? There are two answers.
#
# **Score function** (Williams, 1992). For an $f$ that doesn't depend on $\mu$ itself, differentiate the density, and use $\nabla q = q\, \nabla \log q$:
#
# $$\nabla_\mu \mathbb{E}_q[f(z)] = \int f(z)\, \nabla_\mu q(z)\, dz = \mathbb{E}_q\left[f(z)\, \nabla_\mu \log q(z)\right]$$
#
# For a normal $q$ the factor $\nabla_\mu \log q(z)$ is $(z - \mu)/\sigma^2$. This estimator only asks *how good* a draw was.
#
# **Reparameterisation.** Draw $\varepsilon \sim N(0, 1)$, which has no parameters, and compute $z = \mu + \sigma\varepsilon$. Now the randomness comes from outside, $z$ is an ordinary function of $\mu$ and $\sigma$, and back-propagation does the rest:
#
# $$\nabla_\mu \mathbb{E}[f(\mu + \sigma\varepsilon)] = \mathbb{E}[f'(\mu + \sigma\varepsilon)] = \mathbb{E}_q[f'(z)]$$
#
# This one also asks *in which direction* the draw would have been better.


# %% tags=["exercise"]
def reparameterize(mu, logvar):
    """A draw from N(mu, exp(logvar)) through which gradients flow to both;
    (batch, d), (batch, d) -> (batch, d), in their dtype."""
    ...  # your code


# %% tags=["check"]
reparameterize = check("vae.reparameterize", reparameterize)

# %% [markdown]
# Compare the two on the line model, where the gradient of the ELBO is known: $\frac{d}{d\mu}\mathrm{ELBO} = \frac{w(x - w\mu - b)}{s^2} - \mu$. The $f$ of the ELBO is $\log W = \log p(x \mid z) + \log p(z) - \log q(z)$, and its last term does depend on $\mu$. That adds
# $-\mathbb{E}_q[\nabla_\mu \log q(z)]$ to the gradient, which is 0:
#
# $$\mathbb{E}_q[\nabla_\mu \log q(z)] = \int \nabla_\mu q(z)\, dz = \nabla_\mu \int q(z)\, dz = \nabla_\mu 1 = 0$$
#
# So the score function may be used with all of $\log W$ as its $f$.


# %%
def gradients(n, d, mean=0.7, variance=0.4):
    """n single-draw gradients to the first mu, d latents, by reparameterising, by the
    score, and by the score with a baseline; each (n,)."""
    mu = torch.full((n, d), mean, dtype=f64, requires_grad=True)
    logvar = torch.full((n, d), math.log(variance), dtype=f64)
    data = torch.full((n, d), x, dtype=f64)
    z = reparameterize(mu, logvar)
    f = log_weight(z, mu, logvar, data)
    through_draw = torch.autograd.grad(f.sum(), mu)[0][:, 0]
    score = ((z - mu) / variance)[:, 0].detach()
    return through_draw, f.detach() * score, (f.detach() - f.detach().mean()) * score


# %%
exact = w * (x - w * 0.7 - b) / s**2 - 0.7
by_draw, by_score, with_baseline = gradients(many, 1)
samples = {"reparameterised": by_draw, "score function": by_score}
for name, values in samples.items():
    verify.agree(f"{name}: the mean is the gradient", verify.estimate(values), exact)
plots.histogram(
    {name: values[values.abs() < 20] for name, values in samples.items()},
    x_label=f"gradient from one draw (exact: {exact:.2f}), between -20 and 20",
    title="Same mean; one is wide and lopsided, and that is with one latent",
    bins=80,
)
claim = "the score function's deviation is more than twice the other's"
verify.promise(claim, got=(by_score.std() / by_draw.std()).item(), above=2)

# %% [markdown]
# That is for one latent. A VAE has 16 or 200.
#
# **Predict first.** Take $d$ independent copies of the line model, and look at the gradient to the first $\mu$ only. How does the standard deviation of each estimator change when $d$ grows from 1 to 256: not at all, like $\sqrt d$, or like $d$? The third estimator subtracts from $f$ its
# mean over the draws, a *baseline*. Write down three guesses.

# %% tags=["predict"]
ds, n = [1, 4, 16, 64, 256], runtime.pick(ci=1000, cpu=3000, gpu=3000)
spread = {"score function": [], "score function, baseline": [], "reparameterised": []}
for d in ds:
    by_draw, by_score, with_baseline = gradients(n, d)
    for line, values in zip(spread.values(), (by_score, with_baseline, by_draw)):
        line.append(values.std().item())
plots.curves(
    ds,
    spread,
    x_label="latent dimensions d",
    y_label="standard deviation of one gradient",
    title="One of the three does not mind more dimensions",
    log_x=True,
    log_y=True,
    markers=True,
)
growth = {}
for name, line in spread.items():
    growth[name] = math.log(line[-1] / line[1]) / math.log(ds[-1] / ds[1])
    print(f"{name:26} grows like d^{growth[name]:.2f}")

# %% [markdown]
# You should have seen powers near 1, ½ and 0. The score function multiplies *one* direction by the sum of all $d$ terms. Their mean grows like $d$, and the baseline takes that away; their noise grows like $\sqrt d$, and stays. The reparameterised gradient to $\mu_1$ contains only what $z_1$ touches.
# To halve a standard deviation you need four times the draws, so at $d = 256$ the plain score function would need more than a hundred thousand draws for what reparameterising does with one.
#
# The score function has its place: it needs no $f'$. Where $z$ is discrete (a token, a choice) a draw has no derivative, and the score function comes back, in reinforcement learning for example. Or one draws something smooth that is nearly discrete, by the Gumbel-softmax (Jang, Gu and Poole, 2017; Maddison, Mnih and Teh, 2017): a gradient
# of less variance, of a slightly different objective.

# %%
ratio = (spread["score function"][-1] / spread["reparameterised"][-1]) ** 2
claim = "at d = 256 one draw is worth more than 100,000 of the score function's"
verify.promise(claim, got=ratio, above=1e5)
plain, baseline, through_draw = growth.values()
verify.promise("the score function's deviation grows like d", got=plain, near=(1, 0.15))
verify.promise("with a baseline like the root of d", got=baseline, near=(0.5, 0.15))
verify.promise("reparameterised it does not grow", got=through_draw, near=(0, 0.1))

# %% [markdown]
# ## The whole loss
#
# Back to digits. Each pixel is black or white, white with probability $\sigma(l)$, where the decoder gives the logit $l$. Pixels are independent *given* $z$, so the logarithms add up over 196 pixels:
#
# $$\log p(x \mid z) = \sum_{i=1}^{196} x_i \log\sigma(l_i) + (1 - x_i)\log(1 - \sigma(l_i))$$
#
# which is minus the binary cross-entropy, *summed*. An optimiser minimises, so the loss is minus the bound, averaged over the batch: $\;L = -\log p(x \mid z) + \mathrm{KL}(q(z \mid x)\,\|\,p(z))$, with $z$ drawn from $q(z \mid x)$.


# %% tags=["exercise"]
def negative_elbo(x, logits, mu, logvar):
    """The loss of a VAE with black and white pixels;
    x, logits (batch, pixels), mu, logvar (batch, latents) -> scalar.

    Gradients must flow to logits, mu and logvar; x is data."""
    ...  # your code


# %% tags=["check"]
negative_elbo = check("vae.negative_elbo", negative_elbo)

# %% [markdown]
# Is it the loss that trains the course's own VAE? Take that VAE untrained, let it take its first step, and compute the loss of the same step by your function. (Its networks want sides that are multiples of 4, so the pictures get a rim.)

# %%
padded = F.pad(test_x[:100].reshape(-1, 1, 14, 14), (1, 1, 1, 1))
recipe = vae.VaeRecipe((1, 16, 16))
torch.manual_seed(seed)
# as the recipe does: no change for 0 and 1, but it uses up random numbers
batch = torch.bernoulli(padded)
mu, logvar = recipe.model.encoder(padded)
logits = recipe.model.decoder(vae.reparameterize(mu, logvar))
by_hand = negative_elbo(batch.flatten(1), logits.flatten(1), mu, logvar).item()
torch.manual_seed(seed)
by_recipe = recipe.step((padded,))["loss"]
claim = "your loss is that of VaeRecipe.step"
verify.agree(claim, by_hand, by_recipe, tolerance=1e-5)

# %% [markdown]
# Now the small network of the first cells, with the same data, steps and optimiser, and this loss.


# %%
def honest(model, x, progress):
    mu, logvar = model.encode(x)
    return negative_elbo(x, model.decoder(reparameterize(mu, logvar)), mu, logvar)


torch.manual_seed(seed)
good = train(Coder(), honest)

# %%
with torch.no_grad():
    mu, logvar = good.encode(test_x)
    codes_vae = reparameterize(mu, logvar)
rows = {
    "test digits": test_x[:10].reshape(-1, 1, 14, 14),
    "rebuilt": draw(good, codes_vae[:10]),
    "VAE, code from N(0, 1)": draw(good, invented),
    "autoencoder, same codes": draw(autoencoder, invented),
}
plots.image_rows(
    rows,
    title="The same network with the derived loss can draw",
    alt="Ten digits; softer copies; most invented ones readable; broken strokes.",
)

# %%
means, deviations = codes_vae.mean(0), codes_vae.std(0)
largest = max(means.abs().max().item(), (deviations - 1).abs().max().item())
verify.promise(
    "each latent of the VAE's codes has mean 0 and deviation 1 "
    "over the test set, within 0.2",
    got=largest,
    below=0.2,
)
claim = "the autoencoder's codes spread by more than 2"
verify.promise(claim, got=codes.std().item(), above=2)

# %% [markdown]
# Same network, same number of steps. It rebuilds a little less sharply, and most invented codes now give digits. The KL has pushed the codes of all pictures together towards the prior, and the decoder has met more than single points, because each $z$ was drawn from a distribution.
#
# But "mean 0 and deviation 1 in each dimension" is not the reason. It is necessary for codes that fill the prior, and not sufficient: in the very first picture the fourth row was drawn from a normal distribution with the *right* mean and deviation of the autoencoder's codes, and it showed no digits. What has to fit is the whole distribution of
# the codes. So measure that.
#
# ## Do the codes fill the prior?
#
# Encode all $N$ training pictures and put their posteriors together: $q(z) = \frac1N \sum_n q(z \mid x_n)$, the *aggregate posterior*. Add and subtract $\log q(z)$ in the mean KL term, and it falls into two parts (Hoffman and Johnson, 2016):
#
# $$\frac1N \sum_n \mathrm{KL}(q(z \mid x_n)\,\|\,p(z)) = \underbrace{\mathbb{E}\left[\log \frac{q(z \mid x_n)}{q(z)}\right]}_{\text{how well } z \text{ tells } n} + \underbrace{\mathrm{KL}(q(z)\,\|\,p(z))}_{\text{how far all codes are from the prior}}$$
#
# The first part is a mutual information, and it can't be more than $\log N$: nobody needs more than that to tell $N$ pictures apart. You draw from $p(z)$ and the decoder has learnt from $q(z)$, so the second part is the one that you want to be small.


# %%
@torch.no_grad()
def two_parts(model, n=500):
    """The two parts of the KL at draws of n training pictures, each (n,), in nats."""
    mu, logvar = model.encode(train_x)
    chosen = torch.randperm(len(mu))[:n]
    z = reparameterize(mu[chosen], logvar[chosen])
    log_q_x = vae.gaussian_log_likelihood(z, mu[chosen], logvar[chosen])
    log_q = torch.stack(
        [
            vae.gaussian_log_likelihood(one.expand_as(mu), mu, logvar).logsumexp(0)
            for one in z
        ]
    ) - math.log(len(mu))
    log_p = vae.gaussian_log_likelihood(z, 0 * z, torch.zeros(()))
    return log_q_x - log_q, log_q - log_p


torch.manual_seed(seed)
parts = two_parts(good)
with torch.no_grad():
    kl_train = vae.kl_standard_normal(*good.encode(train_x)).mean().item()
claim = "the two parts add up to the KL term"
verify.agree(claim, verify.estimate(sum(parts)), kl_train)

# %%
tells, off_prior = parts
most = math.log(len(train_x))
print(f"KL term {kl_train:.2f} nats, of which")
print(f"tells the pictures apart  {verify.estimate(tells)}, at most log N = {most:.2f}")
print(f"KL(q(z) || p(z))          {verify.estimate(off_prior)}")
left = off_prior.mean().item()
claim = "the codes of all pictures are less than 5 nats from the prior"
verify.promise(claim, got=left, below=5)
verify.promise("that is less than half of the KL term", got=left / kl_train, below=0.5)

# %% [markdown]
# A few nats are left between the codes and the prior, so some of your drawings come from places that no picture's code has ever filled. That is one reason why a VAE's drawings are worse than its reconstructions. Put a number on it: how many of the 196 pixels separate a drawing from the nearest training digit? Test digits give the
# number that a perfect generator would get.


# %%
def pixels_to_nearest(pictures):
    """Pixels that differ from the nearest training digit, mean over the pictures."""
    black_and_white = (pictures.flatten(1) > 0.5).float()
    return torch.cdist(black_and_white, train_x, p=1).min(dim=1).values.mean().item()


# %%
noise = torch.randn(500, 16, generator=torch.Generator().manual_seed(seed))
distance = {
    "test digits": pixels_to_nearest(test_x[:500]),
    "VAE, codes of test digits": pixels_to_nearest(draw(good, codes_vae[:500])),
    "VAE, codes from N(0, 1)": pixels_to_nearest(draw(good, noise)),
    "autoencoder, N(mean, spread)": pixels_to_nearest(
        draw(autoencoder, codes.mean(0) + codes.std(0) * noise)
    ),
}
plots.bars(
    distance,
    y_label="pixels to the nearest training digit",
    title="The VAE draws nearer to real digits than the autoencoder with fitted codes",
)
by_vae, by_autoencoder = list(distance.values())[2:]
claim = "the autoencoder's drawings are at least 2 pixels further from real digits"
verify.promise(claim, got=by_autoencoder - by_vae, at_least=2)

# %% [markdown]
# (A drawing can also be *too near*: a blur, or a copy, has a small distance. Lesson 34 measures generators properly.)

# %% [markdown]
# ## The β that a `mean` hides
#
# Now make the most popular mistake. The usual loss functions take the mean over *everything* unless told otherwise, and the KL is summed, as the formula says:
#
# ```python
# loss = F.binary_cross_entropy_with_logits(logits, x) + kl.sum(dim=1).mean()
# ```
#
# It looks tidy, and it trains without complaint. The opposite mistake takes the mean of the KL, over the latents, and the sum over the pixels. Multiply each loss by what its mean divided by, and see what is really being minimised:


# %%
def pixels_averaged(model, x, progress):
    mu, logvar = model.encode(x)
    logits = model.decoder(reparameterize(mu, logvar))
    kl = vae.kl_per_dimension(mu, logvar)
    return F.binary_cross_entropy_with_logits(logits, x) + kl.sum(dim=1).mean()


def latents_averaged(model, x, progress):
    mu, logvar = model.encode(x)
    logits = model.decoder(reparameterize(mu, logvar))
    surprise = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    kl = vae.kl_per_dimension(mu, logvar)
    return surprise.sum(dim=1).mean() + kl.mean()


# %%
def with_beta(model, x, beta):
    mu, logvar = model.encode(x)
    logits = model.decoder(reparameterize(mu, logvar))
    explains = vae.bernoulli_log_likelihood(x, logits)
    return -vae.elbo(explains, vae.kl_standard_normal(mu, logvar), beta)


# %%
def same_draws(loss, *arguments):
    torch.manual_seed(seed)
    return loss(good, test_x, *arguments)


claim = "196 × the loss with averaged pixels = the loss with β = 196"
averaged, weighted = same_draws(pixels_averaged, 0), same_draws(with_beta, 196)
verify.agree(claim, 196 * averaged, weighted, tolerance=1e-4)
claim = "the loss with averaged latents = the loss with β = 1/16"
averaged, weighted = same_draws(latents_averaged, 0), same_draws(with_beta, 1 / 16)
verify.agree(claim, averaged, weighted, tolerance=1e-4)

# %% [markdown]
# A factor in front of the whole loss changes little (Adam divides it out again). A factor in front of *one* term changes what is being minimised: $\beta\,\mathrm{KL}$ in place of $\mathrm{KL}$ (β-VAE: Higgins et al., 2017, who chose it on purpose).
#
# Before you train, work out what β = 196 must do. Compare with a network that has given up: it ignores $x$, so KL = 0, and paints each pixel with its average grey. Its loss is a fixed number, and the best loss can't be higher. The cross-entropy of the pixels isn't negative, so at the optimum $\;196\,\mathrm{KL} \le$ (what giving up costs in pixels).
# How many nats of KL is that? And how many does it take to tell ten digits apart?

# %%
rate = train_x.mean(dim=0).clamp(1e-4, 1 - 1e-4)
always = torch.logit(rate).expand_as(test_x)
given_up = -vae.bernoulli_log_likelihood(test_x, always).mean().item()
most_kl = given_up / 196
print(
    f"giving up costs {given_up:.1f} nats a picture; divided by 196: {most_kl:.2f} nats"
)
print(f"to tell ten digits apart takes log 10 = {math.log(10):.2f} nats")
claim = "the KL can't be more than 0.3 nats at the optimum"
verify.promise(claim, got=most_kl, below=0.3)

# %%
mistakes = {
    "β = 196 (mean over pixels)": pixels_averaged,
    "β = 1/16 (mean over latents)": latents_averaged,
}
models = {"β = 1": good}
for name, loss in mistakes.items():
    torch.manual_seed(seed)
    models[name] = train(Coder(), loss)


# %%
@torch.no_grad()
def terms(model):
    mu, logvar = model.encode(test_x)
    logits = model.decoder(reparameterize(mu, logvar))
    surprise = -vae.bernoulli_log_likelihood(test_x, logits).mean().item()
    kl = vae.kl_standard_normal(mu, logvar).mean().item()
    return {"reconstruction": surprise, "KL": kl, "their sum, -ELBO": surprise + kl}


measured = {name: terms(model) for name, model in models.items()}
title = "Each hidden β moves nats from one term to the other, and the sum gets worse"
unit = "nats a test picture, lower is better"
plots.grouped_bars(measured, y_label=unit, title=title, size=(8, 3.4))

# %%
rows = {"test digits": test_x[:10].reshape(-1, 1, 14, 14)}
for name, model in models.items():
    with torch.no_grad():
        code = reparameterize(*model.encode(test_x[:10]))
    rows[f"rebuilt, {name.split(' (')[0]}"] = draw(model, code)
for name, model in models.items():
    rows[f"drawn, {name.split(' (')[0]}"] = draw(model, invented)
plots.image_rows(
    rows,
    title="β = 196: one grey picture for all. "
    "β = 1/16: sharper copies, and drawings that are not all digits",
    alt="Rebuilt: soft for β = 1, one blur for all for 196, sharper for 1/16. "
    "Drawn: readable digits, the same blur, sharp strokes, not all digits.",
)

# %%
one, hidden, weak = (row["their sum, -ELBO"] for row in measured.values())
kl = measured["β = 196 (mean over pixels)"]["KL"]
verify.promise("the average over pixels leaves a KL below 0.1 nats", got=kl, below=0.1)
verify.promise("and a bound more than 10 nats worse", got=hidden - one, above=10)
claim = "the average over latents is more than 10 nats worse, too"
verify.promise(claim, got=weak - one, above=10)

# %% [markdown]
# With β = 1/16 the codes cost little, so they spread further than the prior: sharper copies, and between the codes of real pictures the decoder is left to itself again, as in the autoencoder (β = 0). With β = 196 there is one blur for all. It is a classic question in forums: why does my VAE give the same picture for every input? There is no bug in the network, and the learning rate is fine. The loss asked for it.
#
# Keras' own example had this β in 2016. Every place of the latent space gave the same picture, until a user multiplied the mean by the number of pixels again. PyTorch's example looked much the same and was *not* a case of it: it divided the KL by batch × 784 as well, so both terms were means, and their ratio was right. Users reported it all the same (2018), and since then
# it has sums. Before you mend such a loss, work out the ratio.
#
# With squared errors the same mistake has an even clearer reading. A Gaussian decoder with deviation $\sigma$ has
# $-\log p(x \mid z) = \frac{1}{2\sigma^2}\sum_i (x_i - \hat x_i)^2 + \text{constant}$. So `F.mse_loss(x_hat, x)`, the mean over $D$ pixels, is honest for $\frac{1}{2\sigma^2} = \frac1D$:

# %%
x_hat, target = torch.rand(1, 784, dtype=f64), torch.rand(1, 784, dtype=f64)
variance = torch.tensor(784 / 2, dtype=f64)
nats = -vae.gaussian_log_likelihood(target, x_hat, variance.log()).item()
constant = 784 / 2 * math.log(2 * math.pi * 784 / 2)
mse = F.mse_loss(x_hat, target).item()
claim = "mse_loss is -log p(x|z) for σ² = D/2, but for a constant"
verify.agree(claim, mse, nats - constant)
print(f"28×28 pixels: σ = {math.sqrt(784 / 2):.1f}, for grey values between 0 and 1")

# %% [markdown]
# You told the model that grey values between 0 and 1 carry noise of deviation 19.8. Nothing in a picture stands out from such noise, so nothing is worth coding. (The sum without a half, `reduction="sum"`, says $\sigma^2 = \frac12$. Better still, learn $\sigma$: the course's `VaeRecipe` does.)
#
# **One rule for all of it: sum over the dimensions of an example, mean over the batch, for both terms.** It is the rule of `aigc_lab.vae`.

# %% [markdown]
# ## Posterior collapse
#
# So a KL of 0 can come from a wrong β. It can also come with the right one. Give the decoder a second source of knowledge: when it draws pixel $i$, let it peek at the pixels above and to the left, as a language model looks at the words before. Then
# $p(x \mid z) = \prod_i p(x_i \mid x_{<i}, z)$ is an honest likelihood still.


# %%
class Peeker(nn.Module):
    """A VAE whose decoder may use z and the pixels before:
    logit_i = decoder(z)_i + sum over j < i of W_ji x_j."""

    def __init__(self, latent=8, hidden=128, layers=3, peek=True):
        super().__init__()
        deep = [nn.Linear(latent, hidden), nn.Tanh()]
        for _ in range(layers - 1):
            deep += [nn.Linear(hidden, hidden), nn.Tanh()]
        self.encoder = nn.Sequential(
            nn.Linear(196, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent)
        )
        self.decoder = nn.Sequential(*deep, nn.Linear(hidden, 196))
        self.W, self.peek = nn.Parameter(torch.zeros(196, 196)), peek

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=1)

    def logits(self, z, x):
        return self.decoder(z) + (x @ self.W.triu(1) if self.peek else 0)


# %% [markdown]
# `triu(1)` keeps the weights from pixel $j$ to pixel $i > j$ only, so no pixel sees itself or what comes after. Now give peeking a head start, as one does who takes a finished language model for a decoder: train it alone, without any $z$.


# %%
def without_code(x, weights, grey):
    """-log p of each picture when peeking is all that the model has."""
    return -vae.bernoulli_log_likelihood(x, grey + x @ weights.triu(1))


# %%
head_start, grey = nn.Parameter(torch.zeros(196, 196)), nn.Parameter(torch.zeros(196))
optimizer = torch.optim.Adam([head_start, grey], lr=2e-2, fused=True)
for _ in range(updates // 2):
    batch = train_x[torch.randint(len(train_x), (100,))]
    optimizer.zero_grad()
    without_code(batch, head_start, grey).mean().backward()
    optimizer.step()
with torch.no_grad():
    peeking = without_code(test_x, head_start, grey).mean().item()
print(
    f"peeking alone: {peeking:.1f} nats a test digit; "
    f"the VAE without peeking: {one:.1f}"
)

# %% [markdown]
# Knowing the pixels before is worth about as much as a whole VAE. Together they should be better than either. Are they? Here are three treatments in case they are not. *KL annealing* (Bowman et al., 2016) starts with β = 0 and raises it to 1, so that the code is in use before it costs anything. *Free bits* (Kingma et al., 2016) let each latent
# dimension cost λ nats before it counts, $\sum_j \max(\lambda,\ \mathbb{E}[\mathrm{KL}_j])$, so nothing pushes it below λ. A *weaker decoder* does not peek. Write the second:


# %% tags=["exercise"]
def free_bits(kl_per_dimension, nats):
    """Sum over latents of max(nats, mean KL over the batch);
    (batch, latents), number -> scalar.

    It is part of a loss, so gradients must flow."""
    ...  # your code


# %% tags=["check"]
free_bits = check("vae.free_bits", free_bits)


# %%
def treated(warm_up=False, free=0.0, until=1.0):
    """A loss with KL annealing, or with free bits up to a share of the training."""

    def loss(model, x, progress):
        mu, logvar = model.encode(x)
        logits = model.logits(reparameterize(mu, logvar), x)
        explains = vae.bernoulli_log_likelihood(x, logits)
        ramp = min(1.0, max(0.0, (progress - 0.3) / 0.6))  # 0, then a ramp, then 1
        nats = free if progress < until else 0.0
        kl = free_bits(vae.kl_per_dimension(mu, logvar), nats)
        return -vae.elbo(explains, kl, ramp if warm_up else 1.0)

    return loss


# %%
patients = {
    "untreated": (Peeker, treated()),
    "KL annealing": (Peeker, treated(warm_up=True)),
    "free bits, 0.5 nats": (Peeker, treated(free=0.5)),
    "free bits, first half": (Peeker, treated(free=0.5, until=0.5)),
    "no peeking, one layer": (lambda: Peeker(layers=1, peek=False), treated()),
}
cured = {}
for name, (make, loss) in patients.items():
    torch.manual_seed(seed)
    patient = make()
    patient.W.data.copy_(head_start.data)
    patient.decoder[-1].bias.data.copy_(grey.data)
    cured[name] = train(patient, loss)

# %% [markdown]
# Judge them by three numbers: the KL of each latent dimension (what it says about the picture), the bound with β = 1 and without free bits (the only one that may be compared), and a test of whether the decoder listens: decode each picture with the code of *another* picture. If that costs nothing, it doesn't.


# %%
@torch.no_grad()
def examine(model):
    mu, logvar = model.encode(test_x)
    z, kl = reparameterize(mu, logvar), vae.kl_per_dimension(mu, logvar)
    swapped_z = z.roll(1, dims=0)
    right, swapped = (
        -vae.bernoulli_log_likelihood(test_x, model.logits(code, test_x)).mean()
        for code in (z, swapped_z)
    )
    of_each = kl.mean(dim=0).sort(descending=True).values
    loss = right + kl.sum(dim=1).mean()
    return of_each, loss.item(), (swapped - right).item()


# %%
found = {name: examine(model) for name, model in cured.items()}
plots.heatmap(
    np.stack([kl.numpy().round(2) for kl, _, _ in found.values()]),
    rows=list(found),
    columns=range(1, 9),
    x_label="latent dimension, sorted",
    title="KL of each latent dimension: the untreated model hardly uses its code",
    numbers=True,
    size=(7.5, 2.8),
)
print(f"{'':24}{'KL':>6}{'-ELBO':>8}{'cost of a wrong code':>23}")
for name, (kl, loss, cost) in found.items():
    print(f"{name:24}{kl.sum():6.2f}{loss:8.2f}{cost:23.2f}")

# %%
total_kl = {name: each.sum().item() for name, (each, _, _) in found.items()}
untreated_loss = found["untreated"][1]
improvement = {name: untreated_loss - loss for name, (_, loss, _) in found.items()}
verify.promise(
    "untreated, the KL is below 0.4 nats", got=total_kl["untreated"], below=0.4
)
cost = found["untreated"][2]
verify.promise("and a wrong code costs less than 1 nat", got=cost, below=1)
verify.promise(
    "annealed, the KL is above 4 nats", got=total_kl["KL annealing"], above=4
)
claim = "and the bound more than 1 nat better than untreated"
verify.promise(claim, got=improvement["KL annealing"], above=1)

# %%
least = found["free bits, 0.5 nats"][0].min().item()
verify.promise("free bits keep all 8 dimensions above 0.4", got=least, above=0.4)
claim = "free bits improve the bound by more than 0.4 nats"
verify.promise(claim, got=improvement["free bits, 0.5 nats"], above=0.4)
blind = "no peeking, one layer"
verify.promise("without peeking the KL is above 5 nats", got=total_kl[blind], above=5)
verify.promise("and the bound more than 2 nats worse", got=-improvement[blind], above=2)

# %% [markdown]
# The untreated model has thrown its code away. At the start $z$ is noise to the decoder, and its KL costs nats all the same. So the encoder goes silent before the decoder has learnt to listen, and a silent encoder teaches no decoder to listen.
#
# Does the bound raise an alarm? Its gap is $\mathrm{KL}(q(z \mid x)\,\|\,p(z \mid x))$. Where the decoder ignores $z$, the true posterior is the prior, and $q$ has found it. Then many draws should gain nothing over one:


# %%
@torch.no_grad()
def gained_by_draws(model, k=50, n=300):
    """Nats that k draws in one bound gain over one draw, for n test pictures: (n,)."""
    mu, logvar = model.encode(test_x[:n])
    rows = []
    for _ in range(k):
        z = reparameterize(mu, logvar)
        ratio = vae.gaussian_log_likelihood(z, 0 * z, torch.zeros(()))
        ratio = ratio - vae.gaussian_log_likelihood(z, mu, logvar)
        explains = vae.bernoulli_log_likelihood(test_x[:n], model.logits(z, test_x[:n]))
        rows.append(explains + ratio)
    rows = torch.stack(rows)
    return iwae_bound(rows) - rows.mean(dim=0)


torch.manual_seed(seed)
silent = verify.estimate(gained_by_draws(cured["untreated"]))
talking = verify.estimate(gained_by_draws(cured["KL annealing"]))
print(f"gained by 50 draws: untreated {silent}, annealed {talking} nats")
claim = "untreated, 50 draws gain less than 0.15 nats"
verify.promise(claim, got=silent.mean, below=0.15)

# %% [markdown]
# The collapsed model's bound is tight. No better encoder helps, and the bound raises no alarm. Only the comparison shows that something was missing: the bound of the annealed model is above the *log-likelihood* of the untreated one.
#
# Annealing gives the two time to meet while talking is free. Free bits pay for talking, for each dimension alike, and you may take them away half way. Both give a used code *and* a better bound. The decoder that can't peek uses its code most of all, and is the worst model: it has to say by $z$ what the pixels before would have told it.
# So "cured" has two meanings. If you want a *model*, compare bounds. If you want a *code*, for search, for sliders, for a second model on top, look at the KL of each dimension and at the cost of a wrong code.
#
# This collapse was a matter of *training*: the same model with the same loss has a better optimum, and annealing found it. There is another kind. For *linear* VAEs it has been proved that the ELBO adds no bad optima to those of $\log p(x)$, and that codes collapse where the decoder's noise level is too high (Lucas et al., 2019): the $\sigma$ of the last section. No annealing helps against
# that one; learning $\sigma$ does.

# %% [markdown]
# ## How tight is it on digits?
#
# On the line you knew $\log p(x)$. On digits you can only close in from below, by the third way: more draws. As a contrast, draw from the prior in place of $q$, which also has mean weight $p(x)$:


# %%
@torch.no_grad()
def log_weights(model, x, k, use_encoder=True):
    mu, logvar = model.encode(x) if use_encoder else torch.zeros(2, len(x), 16)
    rows = []
    for _ in range(k):
        z = reparameterize(mu, logvar)
        log_prior = vae.gaussian_log_likelihood(z, 0 * z, torch.zeros(()))
        log_q = vae.gaussian_log_likelihood(z, mu, logvar)
        explains = vae.bernoulli_log_likelihood(x, model.decoder(z))
        rows.append(explains + log_prior - log_q)
    return torch.stack(rows)


# %%
some, most_draws = test_x[:200], runtime.pick(ci=100, cpu=1000, gpu=1000)
torch.manual_seed(seed)
weights = {
    "draws from q(z|x)": log_weights(good, some, most_draws),
    "draws from the prior": log_weights(good, some, most_draws, False),
}
draws = [k for k in (1, 3, 10, 30, 100, 300, 1000) if k <= most_draws]
minus_bounds = {
    name: [-iwae_bound(rows[:k]).mean().item() for k in draws]
    for name, rows in weights.items()
}

# %%
plots.curves(
    draws,
    minus_bounds,
    x_label="k, draws in one bound",
    y_label="-bound, nats a picture",
    title="A thousand blind draws are worth less than one aimed one",
    log_x=True,
    markers=True,
)
aimed, blind = minus_bounds.values()
claim = "1,000 draws from q give at least 1 nat more than one"
verify.promise(claim, got=aimed[0] - aimed[-1], at_least=1)
claim = "1,000 from the prior give less than one from q"
verify.promise(claim, got=aimed[0] - blind[-1], below=0)

# %% [markdown]
# Most random codes have nothing to do with the picture before you, and their weights are next to 0. That is the second job of the encoder: it knows where to look. And when you report nats, say whether they are an ELBO or an importance-weighted bound, and with how many draws: the same model differs by
# more than a nat.
#
# Whose fault is the gap? A normal $q$ with independent latents may be too poor a *family* for the true posterior; or the encoder, one network for all pictures, may not find the best member of the family (*amortisation*; Cremer, Li and Duvenaud, 2018). To tell them apart, do without the encoder: start from its answer, and improve $\mu$ and $\log\sigma^2$ for
# each picture by gradient ascent, with the decoder as it is.

# %%
mu, logvar = (part.detach().requires_grad_() for part in good.encode(some))
optimizer = torch.optim.Adam([mu, logvar], lr=0.02)


def bound_of_each(n=1):
    z = reparameterize(mu.repeat(n, 1), logvar.repeat(n, 1))
    explains = vae.bernoulli_log_likelihood(some.repeat(n, 1), good.decoder(z))
    return explains.reshape(n, -1).mean(0) - vae.kl_standard_normal(mu, logvar)


with torch.no_grad():
    encoders_bound = bound_of_each(100).mean().item()
for _ in range(runtime.pick(ci=30, cpu=300, gpu=300)):
    optimizer.zero_grad()
    (-bound_of_each(4).sum()).backward()
    optimizer.step()

# %%
with torch.no_grad():
    own_bound = bound_of_each(100).mean().item()
whole = -aimed[-1] - encoders_bound
print(f"gap found with {draws[-1]} draws: {whole:.2f} nats, and of these")
print(f"  {own_bound - encoders_bound:.2f} from one encoder for all pictures")
claim = "q of its own for each picture gives at least 0.5 nats more"
verify.promise(claim, got=own_bound - encoders_bound, at_least=0.5)
claim = "and doesn't close the gap that the draws show"
verify.promise(claim, got=whole - (own_bound - encoders_bound), above=0)

# %% [markdown]
# Both have a share in it. A larger encoder, or one that was trained on more pictures, closes the first part; the rest needs a richer family, such as a flow.

# %% [markdown]
# ## Check the article
#
# **Section 4, "mathematical models and formulas": a gap.** It writes out the losses of a GAN, and none for a VAE. All that section 3.2.3 says of it is "reconstruction loss and regularisation loss". That names the two terms, and gives neither their form nor their weights. You have seen what the weights decide: the same two terms with β = 196, 1 and 1/16
# are three different machines. The formula it lacks is
#
# $$L = -\mathbb{E}_{q(z \mid x)}[\log p(x \mid z)] + \mathrm{KL}(q(z \mid x)\,\|\,p(z))$$
#
# **Section 3.1.1, "the encoder maps to a low-dimensional space, the decoder generates new data from there": imprecise.** It describes the autoencoder of the first cells, which can't draw. Two things about a VAE are left out. The encoder answers with a *distribution*, and to generate you don't need it at all: you draw $z$ from the *prior*.
# Nor must the space be smaller: the bound limits the nats of a code, not its dimensions.

# %%
nats_used = measured["β = 1"]["KL"]
with torch.no_grad():
    used = vae.kl_per_dimension(*good.encode(test_x)).mean(dim=0)
print(
    f"16 dimensions, {nats_used:.1f} nats in use; "
    f"the busiest carries {used.max():.2f}, the laziest {used.min():.2f}"
)
claim = "the code of a digit uses between 8 and 16 nats"
verify.promise(claim, got=nats_used, above=8, below=16)

# %% [markdown]
# **Section 3.2.3, "in training, generative and discriminative models compete": wrong for the VAE**, which the same section lists. There is no second player. Encoder and decoder raise one and the same bound, as you did with sliders and then by gradient.

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("24_the_vae_loss")

# %% [markdown]
# ## What you should be able to do now
#
# Derive the ELBO by Jensen, by the KL to the posterior and by importance sampling, and say what separates it from $\log p(x)$; write and test its KL in either spelling; get a gradient through a draw, and say why not the other way; read a β out of a loss that doesn't mention one; find a collapsed latent and
# treat it, without mistaking a used code for a better model.
#
# Lesson 33, *Training a VAE*, builds a convolutional one with these functions, walks through its latent space and reports its bound on test digits. Lesson 23, *The GAN loss*, derives the other road to a generator, without a likelihood. The same bound, with a fixed encoder that adds noise step by step, is what a
# diffusion model is trained on.
#
# ## References
#
# - D. P. Kingma, M. Welling, *Auto-Encoding Variational Bayes*, ICLR 2014.
# - D. J. Rezende, S. Mohamed, D. Wierstra, *Stochastic Backpropagation and Approximate Inference in Deep Generative Models*, ICML 2014.
# - Y. Burda, R. Grosse, R. Salakhutdinov, *Importance Weighted Autoencoders*, ICLR 2016.
# - S. R. Bowman, L. Vilnis, O. Vinyals, A. M. Dai, R. Jozefowicz, S. Bengio, *Generating Sentences from a Continuous Space*, CoNLL 2016.
# - D. P. Kingma, T. Salimans, R. Jozefowicz, X. Chen, I. Sutskever, M. Welling, *Improved Variational Inference with Inverse Autoregressive Flow*, NIPS 2016. (Free bits.)
# - I. Higgins et al., *beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework*, ICLR 2017.
# - J. Lucas, G. Tucker, R. Grosse, M. Norouzi, *Don't Blame the ELBO! A Linear VAE Perspective on Posterior Collapse*, NeurIPS 2019.
# - D. P. Kingma, *Variational Inference & Deep Learning: A New Synthesis*, PhD thesis, University of Amsterdam, 2017.
# - M. E. Tipping, C. M. Bishop, *Probabilistic Principal Component Analysis*, Journal of the Royal Statistical Society B 61(3), 1999.
# - R. J. Williams, *Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning*, Machine Learning 8, 1992. (The score function.)
# - E. Jang, S. Gu, B. Poole, *Categorical Reparameterization with Gumbel-Softmax*, ICLR 2017. C. J. Maddison, A. Mnih, Y. W. Teh, *The Concrete Distribution: A Continuous Relaxation of Discrete Random Variables*, ICLR 2017.
# - M. D. Hoffman, M. J. Johnson, *ELBO Surgery: Yet Another Way to Carve Up the Variational Evidence Lower Bound*, NIPS workshop on advances in approximate Bayesian inference, 2016.
# - C. Cremer, X. Li, D. Duvenaud, *Inference Suboptimality in Variational Autoencoders*, ICML 2018.
# - The public bugs: PyTorch Geometric, pull request 1368 (log σ read as log σ²); Keras, issue 3283 (the same in its VAE example), issue 3373 and pull request 3383 (a mean over pixels: β = 784); PyTorch examples, issues 290 and 294 and pull request 296 (two means made sums, with the same ratio).
