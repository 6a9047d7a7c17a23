# %% [markdown]
# # 23 · The GAN loss
# <!-- badge -->
#
# You derive the loss that trains a GAN, check each step of the derivation against the code that trains, and see where the game fails and what cures it.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | densities, expectations, the KL and Jensen-Shannon divergences (lesson 21); partial derivatives and the chain rule; PyTorch: autograd, modules, an optimiser; eigenvalues of a 2×2 matrix for one section | write both players' losses from logits, and say which numbers to expect<br>derive the best discriminator and what the generator then minimises<br>tell from a gradient whether a loss saturates<br>say why a GAN circles, and cure it with a penalty<br>count the modes that a GAN has lost, and compare losses by that count |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
runs = None  # GANs trained side by side for each loss; None: chosen for this machine
ring_steps = None  # of each of them

# %%
import math
from functools import partial

import numpy as np
import sympy
import torch
import torch.nn.functional as F
from torch import nn

from aigc_lab import check, gan, plots, runtime, verify, widgets
from aigc_lab.distributions.divergences import gaussian_log_density as log_normal
from aigc_lab.gan import pictures, ring
from aigc_lab.gan.pictures import log_humps, pulls

# %%
runtime.seed_everything(seed)
gans = runs or runtime.pick(ci=2, cpu=16, gpu=16)
updates = ring_steps or runtime.pick(ci=25, cpu=1000, gpu=1000)

# %% [markdown]
# ## Saturation: one of these generators never starts
#
# Here is the smallest generator: it draws $x = m + z$ with noise $z$ from N(0, 1), and has one weight, $m$. The data come from N(0, 1), so $m$ should go to
# 0. It starts at 6, and learns from the best discriminator there can be (you derive it below), which is renewed after every step. Train it twice, each time with another loss.

# %%
levels = (torch.arange(400, dtype=torch.float64) + 0.5) / 400
z = torch.distributions.Normal(0.0, 1.0).icdf(levels)  # N(0, 1), evenly


# %%
def descend(loss, optimizer_of):
    """The path of m in 200 steps of an optimiser."""
    m, path = torch.tensor(6.0, dtype=torch.float64, requires_grad=True), []
    optimizer = optimizer_of([m])
    for _ in range(200):
        made = m + z
        # what the best D answers
        best_logit = log_normal(made, 0.0, 1.0) - log_normal(made, m.detach(), 1.0)
        optimizer.zero_grad()
        loss(best_logit).backward()
        optimizer.step()
        path.append(m.item())
    return path


# %%
plain_descent = partial(torch.optim.SGD, lr=0.05)
paths = {
    "minimax loss, log(1 - D)": descend(gan.minimax_generator_loss, plain_descent),
    "non-saturating loss, -log D": descend(gan.generator_loss, plain_descent),
}
plots.curves(
    range(200),
    paths,
    x_label="step",
    y_label="m (the data are at 0)",
    title="Same start, same discriminator: one generator never starts",
)

# %%
minimax_end, other_end = (path[-1] for path in paths.values())
claim = "after 200 steps the minimax generator has moved by less than 0.2"
verify.promise(claim, got=minimax_end, above=6 - 0.2)
claim = "the other one has come to within 0.05 of the data"
verify.promise(claim, got=other_end, near=(0, 0.05))

# %% [markdown]
# Both losses have their minimum at the right place, and both ask for the same thing: fakes that D takes for real. Yet one of them is useless here. To see where such differences come from, derive the losses from the start.
#
# ## The game in one line
#
# D gives the probability $D(x)$ that $x$ is real. It is rewarded by the logarithm of the probability it gave to the truth, on real examples and on fakes:
#
# $$V(D, G) = \mathbb{E}_{x \sim p}[\log D(x)] + \mathbb{E}_{z}[\log(1 - D(G(z)))], \qquad \min_G \max_D V(D, G).$$
#
# D climbs $V$, G descends it. An optimiser descends, so D's loss is $L_D = -V$: minus signs on *both* terms. And a program works with the logit $l$ instead of $D = \sigma(l)$, because once a probability has been rounded to 0 or 1, its logarithm
# is lost. Write the loss from logits.


# %% tags=["exercise"]
def discriminator_loss(real_logits, fake_logits):
    """-V(D, G) in nats: mean over the real examples plus mean over the fakes.
    Two tensors of logits, each of any shape -> scalar tensor with a gradient.
    Right for logits of ±60, too."""
    ...  # your code


# %% tags=["check"]
discriminator_loss = check("gan.discriminator_loss", discriminator_loss)

# %%
real = torch.randn(1000, dtype=torch.float64)
fake = torch.randn(1000, dtype=torch.float64)
loss = discriminator_loss(real, fake)
value = real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean()
verify.agree("the loss is -V, from probabilities", loss, -value)
labelled = torch.cat([torch.ones(1000), torch.zeros(1000)]).double()
bce = F.binary_cross_entropy_with_logits(torch.cat([real, fake]), labelled)
claim = "it is twice PyTorch's cross-entropy with labels 1 and 0"
verify.agree(claim, loss, 2 * bce)
undecided = torch.zeros(5).double()
guessing = discriminator_loss(undecided, undecided)
verify.agree("a D that guesses has loss log 4", guessing, math.log(4))

# %% [markdown]
# Twice, because the cross-entropy averages over all 2,000 examples, while $V$ adds two means. So when you see a plot of D's loss, ask which one it is: a D that guesses shows $\log 4 = 1.386$ in
# one program and $\log 2 = 0.693$ in another.
#
# ## The best D
#
# Hold G still. Which D is best? First rewrite the second term. G turns noise into examples, and $q$ is the density of what comes out. Then
#
# $$\mathbb{E}_z[\log(1 - D(G(z)))] = \int q(x) \log(1 - D(x))\, dx.$$
#
# Where has $z$ gone? Nobody has solved $x = G(z)$ for $z$. An average is the same whether you run through the noise or through the examples that it becomes. Check this for a G that bends its noise, $G(z) = e^{z/2}$, whose density is known
# (the log-normal one), and for some D:

# %%
noise = torch.randn(200_000, dtype=torch.float64)
bent = (noise / 2).exp()


def logit_of(x):
    return 1.5 - x  # some discriminator


grid = torch.linspace(1e-4, 30, 30_001, dtype=torch.float64)
# log x is N(0, 1/4), and dx = x d(log x)
density = log_normal(grid.log(), 0.0, 0.5).exp() / grid
over_x = torch.trapezoid(density * F.logsigmoid(-logit_of(grid)), grid)
over_z = verify.estimate(F.logsigmoid(-logit_of(bent)))
verify.agree("average over z = integral over x", over_z, over_x)

# %% [markdown]
# Now $V$ is one integral, $\int p \log D + q \log(1 - D)\,dx$, and D may give any answer at each $x$. So maximise the integrand at one $x$, where $p$ and $q$ are two numbers:

# %%
p_, q_, d = sympy.symbols("p q D", positive=True)
at_one_point = p_ * sympy.log(d) + q_ * sympy.log(1 - d)
best = sympy.solve(sympy.diff(at_one_point, d), d)
claim = "the only place where the slope is 0 is D = p / (p + q)"
verify.agree(claim, best[0], p_ / (p_ + q_))
curvature = sympy.diff(at_one_point, d, 2)
claim = "the curvature is -p/D² - q/(1 - D)²: negative, so this is a maximum"
verify.agree(claim, curvature, -p_ / d**2 - q_ / (1 - d) ** 2)

# %% [markdown]
# $D^*(x) = p(x) / (p(x) + q(x))$. As a logit it is simpler still: $l^*(x) = \log p(x) - \log q(x)$. That is what the best D answered in `descend`, at the start.
#
# Does descent on the loss find it? Let D be a table, one logit for each of three values of $x$, and let it descend *your* loss on examples in these proportions:

# %%
# NBVAL_CHECK_OUTPUT
real_values = torch.tensor([0, 0, 0, 1, 1, 2])  # p = 3/6, 2/6, 1/6
fake_values = torch.tensor([0, 1, 1, 2, 2, 2])  # q = 1/6, 2/6, 3/6
table = torch.zeros(3, dtype=torch.float64, requires_grad=True)
for _ in range(400):
    loss = discriminator_loss(table[real_values], table[fake_values])
    (slope,) = torch.autograd.grad(loss, table)
    table.data -= 2.0 * slope
print("D after descent:", [round(v, 3) for v in table.sigmoid().tolist()])

# %%
of_real, of_fake = (
    torch.bincount(values, minlength=3).double() / 6
    for values in (real_values, fake_values)
)
ideal = gan.optimal_discriminator(of_real, of_fake)
claim = "descent on the loss ends at p / (p + q)"
verify.agree(claim, table.sigmoid(), ideal, tolerance=1e-6)

# %% [markdown]
# ## What G minimises if D is perfect
#
# Put $D^*$ back into $V$. What is left depends on G alone; Goodfellow et al. call it $C(G)$. With the average of the two densities, $r = (p + q)/2$:
#
# $$C(G) = \int p \log\frac{p}{p + q} + q \log\frac{q}{p + q}\,dx = -\log 4 + \mathrm{KL}(p \,\|\, r) + \mathrm{KL}(q \,\|\, r) = -\log 4 + 2\,\mathrm{JS}(p, q).$$
#
# Each fraction is half of a density divided by $r$, and each half contributes $-\log 2$. Check the identity under the integral first, then the whole with numbers, against the loss that trains:

# %%
halfway = (p_ + q_) / 2
left = p_ * sympy.log(p_ / (p_ + q_)) + q_ * sympy.log(q_ / (p_ + q_))
kl_terms = p_ * sympy.log(p_ / halfway) + q_ * sympy.log(q_ / halfway)
right = -(p_ + q_) * sympy.log(2) + kl_terms
claim = "under the integral, at each x (p and q integrate to 1 each)"
verify.agree(claim, sympy.expand_log(left - right), sympy.Integer(0))

# %%
x = torch.linspace(-14, 14, 28_001, dtype=torch.float64)
integral = partial(torch.trapezoid, x=x)


def js(log_p, log_q):
    """Jensen-Shannon divergence in nats of two log densities on the grid x."""
    log_r = torch.logaddexp(log_p, log_q) - math.log(2)
    p_to_r = integral(log_p.exp() * (log_p - log_r))
    q_to_r = integral(log_q.exp() * (log_q - log_r))
    return 0.5 * (p_to_r + q_to_r)


# %%
n, rng = 200_000, torch.Generator().manual_seed(seed)
signs = 2 * torch.randint(2, (n,), generator=rng) - 1
around = 0.6 * torch.randn(n, generator=rng, dtype=torch.float64)
data = 2 * signs + around  # humps at -2 and 2
drawn = 1 + torch.randn(n, generator=rng, dtype=torch.float64)  # G(z) = 1 + z
on_data, on_drawn = (log_humps(v, 4.0) - log_normal(v, 1.0, 1.0) for v in (data, drawn))
v_each = F.logsigmoid(on_data) + F.logsigmoid(-on_drawn)
exact = -math.log(4) + 2 * js(log_humps(x, 4.0), log_normal(x, 1.0, 1.0))
claim = "-L_D of the best D, on 200,000 pairs = -log 4 + 2 JS"
verify.agree(claim, verify.estimate(v_each), exact)
loss = discriminator_loss(on_data, on_drawn)
verify.agree("and that mean is the loss that trains", -loss, v_each.mean())

# %% [markdown]
# JS lies between 0 (equal) and $\log 2$ (no overlap). So $C(G)$ has its minimum, $-\log 4$, exactly where $q = p$, and a G that reaches it has learnt the data's distribution. That is the theorem on which GANs rest.
#
# Read the conditions, too. D is perfect after *each* step of G. Both expectations are exact. And G can produce any density. In practice D takes one step on a hundred examples, and both are networks. Then nothing
# forces any divergence to fall at each step (Fedus et al. 2018), and below you see a game that never arrives.
#
# ## Where the gradient goes
#
# Goodfellow et al. analyse one loss and recommend another: G descends $-\log D(G(z))$ instead of $\log(1 - D(G(z)))$. Early in training D is nearly always right: its logit on a
# fake may be $-8$.
#
# **Predict first.** At logit $-8$, which of the two losses still has a slope, and how large is it? And at $+8$, when D takes the fake for real? Write four numbers down. Then run the cell.

# %% tags=["predict"]
logit = torch.linspace(-10, 10, 201, dtype=torch.float64, requires_grad=True)
total = {
    "minimax, log(1 - σ(l))": gan.minimax_generator_loss(logit) * 201,
    "non-saturating, -log σ(l)": gan.generator_loss(logit) * 201,
}
slopes = {name: torch.autograd.grad(loss, logit)[0] for name, loss in total.items()}
plots.curves(
    logit.detach(),
    slopes,
    x_label="logit of D on a fake",
    y_label="slope of G's loss",
    title="Two losses, two places where they push",
)
for name, slope in slopes.items():
    print(f"{name:26} slope at -8: {slope[20]:.5f}   at 8: {slope[180]:.5f}")

# %% [markdown]
# At $-8$ the slopes are $-0.0003$ (minimax) and $-1$; at $8$ they have changed places. The algebra behind the picture takes two lines:

# %%
ell = sympy.symbols("l", real=True)
sigma = 1 / (1 + sympy.exp(-ell))
slope = sympy.diff(sympy.log(1 - sigma), ell)
verify.agree("minimax: d/dl log(1 - σ(l)) = -σ(l)", slope, -sigma)
slope = sympy.diff(-sympy.log(sigma), ell)
verify.agree("non-saturating: d/dl [-log σ(l)] = -(1 - σ(l))", slope, -(1 - sigma))
claim = "same direction, always; the ratio of the slopes is exp(l)"
verify.agree(claim, sigma / (1 - sigma), sympy.exp(ell))

# %% [markdown]
# Both slopes are negative: both losses push the logit up. They differ in *how hard*. At logit $-8$ the slope of the minimax loss is smaller by a factor of $e^8$, about 3,000: $1 - D$ is already almost 1, and a slightly less certain D changes
# $\log(1 - D)$ by next to nothing. The loss *saturates*. Write the other one.


# %% tags=["exercise"]
def generator_loss(fake_logits):
    """The non-saturating loss -log D, mean over the fakes, in nats.
    Logits of any shape -> scalar tensor with a gradient.
    Right for logits of any size: at -800 it is 800."""
    ...  # your code


# %% tags=["check"]
generator_loss = check("gan.generator_loss", generator_loss)

# %% [markdown]
# So should you never use minimax? That depends on the optimiser. The race at the start used plain gradient descent. Adam divides each step by the recent size of the gradients, so a slope that is 3,000 times smaller *all the time* makes no difference. The same race, with Adam:

# %%
adam = partial(torch.optim.Adam, lr=0.05, betas=(0.5, 0.99))
race = {"minimax": gan.minimax_generator_loss, "non-saturating": generator_loss}
with_adam = {name: descend(loss, adam) for name, loss in race.items()}
plots.curves(
    range(200),
    with_adam,
    x_label="step",
    y_label="m (the data are at 0)",
    title="With Adam the order is reversed: the minimax generator arrives first",
)
claim = "with Adam the minimax generator is within 0.05 of the data after 100 steps"
verify.promise(claim, got=with_adam["minimax"][99], near=(0, 0.05))
claim = "the other one is still 2 or more away then"
verify.promise(claim, got=with_adam["non-saturating"][99], above=2)

# %% [markdown]
# The non-saturating slope shrinks on the way, and Adam still divides by the large slopes that it remembers; the minimax slope grows on the way. What Adam can't change is the *weighting within a batch*: minimax listens to the few fakes that D already half believes, the non-saturating loss to those that D rejects. You will
# see what comes of both on the ring.
#
# ### Which distance does the non-saturating loss descend?
#
# Not JS: the theorem above was about $V$. With the best D held still, its gradient is that of $\mathrm{KL}(q\|p) - 2\,\mathrm{JS}(p, q)$ (Arjovsky and Bottou 2017). Here is why. G has a parameter $\theta$, so $q$ depends on $\theta$; $D^*$ and a ratio marked by a bar are held still. First, since $1 - D^* = q/(p+q) = \frac qp D^*$,
#
# $$-\log D^* = \log\frac{\bar q}{p} - \log(1 - D^*).$$
#
# Second, in the gradient of KL the ratio may be held still, because a density integrates to 1 whatever $\theta$ is:
#
# $$\nabla\,\mathrm{KL}(q\|p) = \int \nabla q\,\log\frac{q}{p}\,dx + \int q\,\nabla\!\log q\,dx = \nabla\,\mathbb{E}_{q}\Big[\log\frac{\bar q}{p}\Big], \qquad\text{as } \int q\,\nabla\!\log q\,dx = \int \nabla q\,dx = \nabla 1 = 0.$$
#
# Third, in $2\,\mathrm{JS} = \log 4 + \int p \log D^* + q \log(1 - D^*)\,dx$ the best D may be held still, because it is a maximum, where the integrand's slope with respect to $D$ is 0:
#
# $$\nabla\,2\,\mathrm{JS} = \int \nabla q\,\log(1 - D^*)\,dx + \int \Big(\frac{p}{D^*} - \frac{q}{1 - D^*}\Big)\nabla D^*\,dx = \nabla\,\mathbb{E}_{q}[\log(1 - D^*)], \qquad\text{as } \frac{p}{D^*} = p + q = \frac{q}{1 - D^*}.$$
#
# The mean over $q$ of the first line is the second minus the third. Check the result at seven positions of a generator $m + z$ against humps at ±2, with gradients from the loss:

# %%
q_over_p, best_d, one_minus_d = q_ / p_, p_ / (p_ + q_), q_ / (p_ + q_)
difference = -sympy.log(best_d) - (sympy.log(q_over_p) - sympy.log(one_minus_d))
claim = "-log D* = log(q/p) - log(1 - D*)"
verify.agree(claim, sympy.expand_log(difference), sympy.Integer(0))

# %%
places, by_loss, by_divergence = np.linspace(-3, 3, 7), [], []
fine = torch.linspace(-9, 9, 9001, dtype=torch.float64)
weight = log_normal(fine, 0.0, 1.0).exp()
for place in places:
    m = torch.tensor(place, requires_grad=True)
    made = m + fine  # the noise on a grid; an average over z is a weighted sum
    best_logit = log_humps(made, 4.0) - log_normal(made, m.detach(), 1.0)
    loss = torch.trapezoid(weight * F.softplus(-best_logit), fine)
    by_loss.append(torch.autograd.grad(loss, m)[0])
    of_data, of_g = log_humps(x, 4.0), log_normal(x, m, 1.0)
    divergence = integral(of_g.exp() * (of_g - of_data)) - 2 * js(of_data, of_g)
    by_divergence.append(torch.autograd.grad(divergence, m)[0])
gradients = torch.stack(by_loss), torch.stack(by_divergence)
claim = "gradient of -log D* = gradient of KL(q‖p) - 2 JS"
verify.agree(claim, *gradients, tolerance=1e-6)

# %% [markdown]
# So the loss that everybody uses contains the *reverse* KL divergence, which forgives a model that leaves out a mode and punishes one that draws where no data are (lesson 21). Minimax, under a perfect D, descends JS, which has no such term. If theory is a guide, the non-saturating loss should lose modes more
# often; at the end of this lesson you count.
#
# ## Move the densities, and feel the pull
#
# On the left: data, model, best D. In the middle: what each loss would charge a sample at $x$. On the right: how hard each loss pulls on the model's mean, wherever that might be; the dot is where it is.
# Try to find: (1) a place where minimax pulls with less than 0.01 and the other with more than 5; (2) a narrow model that covers one hump and feels no pull from the other; (3) two *equal* densities, and what D* looks like then.

# %%
widgets.play(
    pictures.densities,
    gap=(0.0, 8.0, 0.5, 4.0),
    model_mean=(-6.0, 6.0, 0.25, 3.5),
    model_spread=(0.3, 2.5, 0.1, 0.6),
)

# %%
far, hump = (pulls(4.0, torch.tensor([at]).double(), 0.6) for at in (6.0, 2.0))
claim = "(1) at 6 minimax pulls with less than 0.01, the other with more than 5"
seen = f"{far[0].item():.2g} and {far[1].item():.3g}"
verify.promise(claim, abs(far[0]) < 0.01 and abs(far[1]) > 5, got=seen)
strongest = max(abs(pull) for pull in hump)
claim = "(2) on a hump both pull with less than 0.01"
verify.promise(claim, got=strongest, below=0.01)
at_hump = torch.tensor(2.0, dtype=torch.float64)
p_there = log_humps(at_hump, 4.0).exp()
q_there = log_normal(at_hump, 2.0, 0.6).exp()
d_there = gan.optimal_discriminator(p_there, q_there)
claim = "(2) D* on the hump that the model holds is 1/3"
verify.agree(claim, d_there, 1 / 3, tolerance=1e-6)
equal = log_humps(x, 0.0) - log_normal(x, 0.0, 0.6)  # gap 0, mean 0, spread 0.6
verify.agree("(3) for equal densities D* is 1/2 at every x", equal.sigmoid(), 0.5)

# %% [markdown]
# In (2) both pulls are small, and D* is $\frac13$ on the hump that the model holds: half of the data lie on the other one, so real examples are outnumbered two to one here. D *knows* that a hump is missing: there D* is 1. But no sample of G lies there to
# be told. That is mode collapse in one dimension.
#
# ## Why a GAN circles: a game of two numbers
#
# So far D was perfect. Let both learn by gradient steps, in the smallest game there is (Mescheder et al. 2018): all data sit at 0, all fakes at $\theta$, and $D$ has the logit $\psi x$. Two numbers. They should come to rest at $\theta = 0$, $\psi = 0$. The players take turns, as in training: D first, then G.


# %%
def orbit(
    g_loss=gan.generator_loss,
    d_loss=gan.discriminator_loss,
    penalty=None,
    rate=0.3,
    at_once=False,
):
    """300 rounds of (θ, ψ): D's step, then G's, or both at once; (301, 2)."""
    place, theta = torch.zeros(1, 1), torch.ones(1, 1, requires_grad=True)
    D = nn.Linear(1, 1, bias=False)
    nn.init.ones_(D.weight)
    path = [(1.0, 1.0)]
    for _ in range(300):
        objective = d_loss(D(place), D(theta.detach()))
        if penalty is not None:
            objective = objective + penalty(D, place, theta)
        (of_d,) = torch.autograd.grad(objective, D.weight)
        D.weight.data -= 0 if at_once else rate * of_d
        (of_g,) = torch.autograd.grad(g_loss(D(theta)), theta)
        D.weight.data -= rate * of_d if at_once else 0
        theta.data -= rate * of_g
        path.append((theta.item(), D.weight.item()))
    return np.array(path)


# %% [markdown]
# **Predict first.** Four games: (a) the original, minimax; (b) with the non-saturating loss; (c) Wasserstein's loss plus 0.25 times the gradient penalty $(|\psi| - 1)^2$, which pulls D's slope to 1 (both are explained below); (d) non-saturating with *R1*, which adds $\frac\gamma2 \mathbb{E}_p\|\nabla D\|^2$ to D's loss ($\gamma = 1$ here) and so pulls
# D's slope *at the data* to 0. Which of the four come to rest at the cross within 300 rounds? Write down yes or no four times.


# %% tags=["predict"]
def r1(D, data, fakes):
    return 1.0 / 2 * gan.r1_penalty(D, data)


def pull_to_one(D, data, fakes):
    return 0.25 * gan.gradient_penalty(D, data, fakes)


wasserstein_losses = gan.wasserstein_generator_loss, gan.wasserstein_critic_loss
games = {
    "(a) minimax": orbit(gan.minimax_generator_loss),
    "(b) non-saturating": orbit(),
    "(c) Wasserstein + penalty": orbit(*wasserstein_losses, pull_to_one),
    "(d) non-saturating + R1": orbit(penalty=r1),
}
pictures.orbits(games)

# %% [markdown]
# Only (d) comes to rest there. The original game goes on circling; the non-saturating one creeps inwards and is still far out after 300 rounds; (c) circles too: the penalty wants slope 1 or -1, which is wrong once the fakes are where the data are. (With weight 1 instead of 0.25 it does come to rest, but at θ = 2: to turn round, ψ must pass 0, and there the penalty is at its highest.) R1 lets D become flat there, so the game
# can end.

# %%
ends = {name: float(np.hypot(*path[-1])) for name, path in games.items()}
for name, end in ends.items():
    print(f"{name:28} distance from rest: {end:.2g}")
*others, with_r1 = ends.values()
claim = "with R1 the distance from rest falls below 0.001"
verify.promise(claim, got=with_r1, below=1e-3)
verify.promise("in each other game it stays above 0.2", got=min(others), above=0.2)
strict = orbit(*wasserstein_losses, lambda *who: 4 * pull_to_one(*who))
theta_end = float(strict[-1, 0])
claim = "with weight 1, (c) comes to rest at θ = 2"
verify.promise(claim, got=theta_end, near=(2, 0.02))

# %% [markdown]
# Why circles? Write down how the two numbers move. With $s = \sigma(\psi\theta)$, D moves by $\dot\psi = -s\,\theta$ and the minimax G by $\dot\theta = s\,\psi$. Together they move at a right angle to the way home. With infinitely small steps that is a circle. For steps of size $h$ it depends on who moves when:

# %%
theta, psi, gamma, h = sympy.symbols("theta psi gamma h", real=True)
s = 1 / (1 + sympy.exp(-psi * theta))
squared, theta_dot, psi_dot = theta**2 + psi**2, s * psi, -s * theta
change = sympy.diff(squared, theta) * theta_dot + sympy.diff(squared, psi) * psi_dot
verify.agree("minimax: θ² + ψ² does not change", change, sympy.Integer(0))
after = (theta + h * s * psi) ** 2 + (psi - h * s * theta) ** 2
claim = "in steps of h, both at once, it grows by 1 + h² s²: outwards"
verify.agree(claim, after, squared * (1 + h**2 * s**2))
# near rest s is 1/2, and each player's turn is a shear of the plane (θ, ψ)
turn_of_d = sympy.Matrix([[1, 0], [-h / 2, 1]])
turn_of_g = sympy.Matrix([[1, h / 2], [0, 1]])
claim = "in turns, near rest, a round keeps every area: neither in nor out"
verify.agree(claim, (turn_of_g * turn_of_d).det(), sympy.Integer(1))

# %%
in_turns, at_once = (
    np.hypot(*orbit(gan.minimax_generator_loss, at_once=both).T)
    for both in (False, True)
)
claim = "in turns, minimax stays between 1.25 and 1.45 from rest, where it began"
verify.promise(claim, got=in_turns, above=1.25, below=1.45)
claim = "both at once, it ends more than twice as far out as it began"
verify.promise(claim, got=at_once[-1], above=2 * at_once[0])

# %% [markdown]
# Mescheder et al. treat both kinds of steps. Turns are kinder than steps at once, but they don't lead home either. Now the non-saturating G, and D with R1:

# %%
# non-saturating G; D with R1
flow = sympy.Matrix([(1 - s) * psi, -s * theta - gamma * psi])
at_rest = flow.jacobian([theta, psi]).subs({theta: 0, psi: 0})
found = sorted(at_rest.eigenvals(), key=str)
verify.agree("near rest the eigenvalues add up to -γ", sum(found), -gamma)
root = sympy.sqrt(gamma**2 - 1)
difference = found[0] * found[1] - ((-gamma + root) / 2) * ((-gamma - root) / 2)
verify.agree("and they are (-γ ± √(γ² - 1)) / 2", difference, sympy.Integer(0))

# %% [markdown]
# Without a penalty, $\gamma = 0$, the eigenvalues are $\pm i/2$: a rotation, with no pull to the middle. Each $\gamma > 0$ gives them a negative real part. From $\gamma = 1$ on nothing rotates any more; with a much larger $\gamma$ one eigenvalue is near 0, and the way home is slow. Do these formulas describe the code that ran above?

# %%
t = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
w = torch.tensor(-0.5, dtype=torch.float64, requires_grad=True)
at_zero = torch.zeros(1, 1, dtype=torch.float64)


def D(points):
    return w * points


objective = discriminator_loss(D(at_zero), D(t.detach()[None]))
objective = objective + 1.0 / 2 * gan.r1_penalty(D, at_zero)
(slope_of_g,) = torch.autograd.grad(generator_loss(D(t)), t)
(slope_of_d,) = torch.autograd.grad(objective, w)
moves = torch.stack([-slope_of_g, -slope_of_d])
by_flow = [float(part.subs({theta: 0.8, psi: -0.5, gamma: 1.0})) for part in flow]
verify.agree("minus the gradients of the two losses = the flow", moves, by_flow)

# %%
g_losses = {"non-saturating": gan.generator_loss, "minimax": gan.minimax_generator_loss}


def play_orbit(gamma, rate, generator, at_once):
    """One orbit, drawn."""
    path = orbit(
        g_losses[generator],
        penalty=lambda D, place, fakes: gamma / 2 * gan.r1_penalty(D, place),
        rate=rate,
        at_once=at_once,
    )
    pictures.orbits({f"{generator}, γ = {gamma:g}": path})


widgets.play(
    play_orbit,
    gamma=(0.0, 4.0, 0.1, 0.3),
    rate=(0.05, 1.0, 0.05, 0.3),
    generator=list(g_losses),
    at_once=False,
)

# %% [markdown]
# ## Eight modes on a ring
#
# Now two real networks. The data are eight narrow Gaussians on a ring, the usual test for mode collapse, because there you can *count*. A sample is good if it lies within $3\sigma$ of a centre. A mode's fair share is an eighth of all samples; it counts as hit if it has a fifth of that in good samples, or more.
# Write the count; you will judge every loss by it.


# %% tags=["exercise"]
def mode_coverage(samples, centres, sigma):
    """Modes hit (int) and share of good samples (float);
    samples (n, 2), centres (modes, 2).
    Good: 3 sigma or less, measured in the plane, from the nearest centre.
    Hit: n / (5 · modes) or more good samples are nearest to it."""
    ...  # your code


# %% tags=["check"]
mode_coverage = check("ring.mode_coverage", mode_coverage)

# %% [markdown]
# How many samples of a perfect model are good? "Within three sigma" may remind you of 99.7%, but that is for one dimension. Count real samples:

# %%
modes, share = mode_coverage(
    ring.sample(100_000, torch.Generator().manual_seed(seed)),
    ring.centres(),
    ring.SIGMA,
)
verify.agree(
    "in two dimensions 1 - exp(-9/2) = 98.9% lie within 3σ",
    verify.Estimate(float(share), math.sqrt(share * (1 - share) / 100_000), 100_000),
    1 - math.exp(-4.5),
)
verify.agree("and real samples hit all eight modes", modes, 8)

# %% [markdown]
# Next, what D descends in one step. It is short, and easy to get wrong without any error message. D must learn from this loss, and G must not: any gradient that reaches G here would teach it to look fake.


# %% tags=["exercise"]
def discriminator_objective(discriminator, generator, real, z, loss):
    """What D minimises in one step: `loss(real_logits, fake_logits)` of D's logits
    on `real` and on what `generator` makes of `z`, passed by position.
    Call D once for each of the two.
    backward() of the result must reach D's weights, and none of G's."""
    ...  # your code


# %% tags=["check"]
discriminator_objective = check("ring.discriminator_objective", discriminator_objective)

# %% [markdown]
# The rest of the loop is as you would write it for one GAN. But one run proves little, since much depends on luck. So `ring.SideBySide` holds many independent networks that train side by side, one batched product for all of them; the loop is written as if there were one.


# %% tags=["whole-program"]
def train(d_loss, g_loss, penalty=None, g_every=1, times=5):
    """Train `gans` GANs on the ring.
    Returns their samples, (gans, 1000, 2), at `times` moments."""
    runtime.seed_everything(seed)
    G, D = ring.SideBySide(gans, 2, 2), ring.SideBySide(gans, 2, 1)
    g_optimizer, d_optimizer = (
        torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.99)) for net in (G, D)
    )
    moments = []
    for step in range(1, updates + 1):
        real, z = ring.sample(64 * gans), torch.randn(64 * gans, 2)
        objective = discriminator_objective(D, G, real, z, d_loss)
        if penalty is not None:
            objective = objective + penalty(D, real, G(z).detach())
        d_optimizer.zero_grad()
        objective.backward()
        d_optimizer.step()
        if step % g_every == 0:
            D.requires_grad_(False)  # G's turn: no gradient for D's weights is computed
            g_optimizer.zero_grad()
            g_loss(D, real, G(z)).backward()
            g_optimizer.step()
            D.requires_grad_(True)
        if step % (updates // times) == 0:
            with torch.no_grad():
                moments.append(G(torch.randn(1000 * gans, 2)).unflatten(0, (gans, -1)))
    return moments


# %%
moments_at = [(i + 1) * updates // 5 for i in range(5)]


def watch(moments, run, title):
    """Five moments of one run, as a strip."""
    strip = {f"step {at}": samples[run] for at, samples in zip(moments_at, moments)}
    pictures.rings(strip, title=title)


def counted(moments):
    """Modes hit and share of good samples: two arrays (moments, runs)."""
    found = np.zeros((2, len(moments), gans))
    for i, moment in enumerate(moments):
        for run, samples in enumerate(moment):
            hit, good = mode_coverage(samples, ring.centres(), ring.SIGMA)
            found[:, i, run] = int(hit), float(good)
    return found


# %%
def non_saturating(D, real, fakes):
    return gan.generator_loss(D(fakes))


results = {"non-saturating": train(gan.discriminator_loss, non_saturating)}
modes, share = counted(results["non-saturating"])
worst, most = (int(pick(modes[1:].sum(axis=0))) for pick in (np.argmin, np.argmax))
watch(results["non-saturating"], worst, f"Run {worst} held the fewest modes on its way")
watch(results["non-saturating"], most, f"Run {most}: same program, most modes")

# %%
for at, hit in zip(moments_at, modes.astype(int)):
    print(f"step {at:4}: modes hit, run by run: {' '.join(map(str, hit))}")
if runtime.profile() != "ci":
    claim = "after two fifths of the steps some run holds all 8 modes"
    verify.promise(claim, got=int(modes[1].max()), equals=8)
    claim = "and another one 3 or fewer"
    verify.promise(claim, got=int(modes[1].min()), at_most=3)

# %% [markdown]
# In a bad run G moves to where D says "real", all of it at once. D learns that fakes come from there, its verdict turns, and G moves on: the circle of the two numbers above, in thousands of weights. Other runs spread out over all modes early. Between them there is no difference but the
# random numbers, so never judge a loss by one run.
#
# ## A distance instead of a verdict
#
# The minimax G of the start stood still because JS has no slope where the densities don't overlap. *Wasserstein's* distance has one. It is the least work that it takes to carry one heap of sand to where the other one lies, mass times distance. In one dimension it is the area between the two cumulative distributions.


# %%
def wasserstein(log_p, log_q):
    """Area between two cumulative distributions on the grid x."""
    below = torch.cumsum(log_p.exp() - log_q.exp(), dim=0) * (x[1] - x[0])
    return integral(below.abs())


# %%
shifts = torch.linspace(0, 6, 41)
at_zero = log_normal(x, 0.0, 0.4)
moved = [log_normal(x, shift, 0.4) for shift in shifts]
distances = {
    "JS": torch.stack([js(at_zero, log_q) for log_q in moved]),
    "Wasserstein": torch.stack([wasserstein(at_zero, log_q) for log_q in moved]),
}
plots.curves(
    shifts,
    distances,
    x_label="how far the model has been moved",
    y_label="distance",
    title="JS is flat where there is no overlap; Wasserstein's distance always slopes",
)

# %%
claim = "Wasserstein's distance of a density moved by s is s"
verify.agree(claim, distances["Wasserstein"], shifts, tolerance=1e-5)
verify.agree("JS ends at log 2", distances["JS"][-1], math.log(2))

# %% [markdown]
# How could a network compute it? By a theorem of Kantorovich and Rubinstein, the least work equals the largest difference of mean scores that a critic $f$ can reach if its slope is nowhere steeper than 1:
#
# $$W(p, q) = \max_{\|\nabla f\| \le 1}\; \mathbb{E}_p[f] - \mathbb{E}_q[f].$$
#
# In one dimension you can write down the best critic: it climbs at slope 1 wherever sand must be carried to the right, and falls at slope 1 elsewhere. Check that it reaches the least work, with `gan.wasserstein_critic_loss` on samples:

# %%
log_p, log_q = log_humps(x, 4.0), log_normal(x, 1.0, 1.0)
dx = x[1] - x[0]
# sand to be moved from q to p across x
to_the_right = torch.cumsum(log_q.exp() - log_p.exp(), dim=0) * dx
best_critic = torch.cumsum(to_the_right.sign(), dim=0) * dx
work = wasserstein(log_p, log_q)
best_sees = integral(best_critic * (log_p.exp() - log_q.exp()))
claim = "what the best critic sees = least work"
verify.agree(claim, best_sees, work, tolerance=1e-3)


# %%
def score(points):
    return torch.from_numpy(np.interp(points, x, best_critic))


differences = score(data) - score(drawn)
verify.agree("the same from 200,000 samples", verify.estimate(differences), work)
loss = gan.wasserstein_critic_loss(score(data), score(drawn))
verify.agree("which is minus the critic's loss", -loss, differences.mean())

# %% [markdown]
# A network doesn't keep its slope below 1 by itself. Arjovsky et al. clip its weights; below you see what comes of that. Gulrajani et al. *penalise*: at points between real and generated examples the critic's slope should have length 1, since the best critic has that slope along the lines on which sand is carried.
#
# $$\mathrm{GP} = \mathbb{E}\big[(\|\nabla_{\hat x} f(\hat x)\| - 1)^2\big], \qquad \hat x = \alpha x + (1 - \alpha)\, G(z), \quad \alpha \sim U(0, 1).$$
#
# Five lines of code, and nearly each of them has been written wrongly in public. Try it. Examples may be points or pictures, and the critic may be flat somewhere.


# %% tags=["exercise"]
def gradient_penalty(critic, real, fake):
    """GP of a critic (examples -> (n,) scores), with one random α for each pair;
    real, fake (n, ...) -> scalar with a graph to the critic's weights.
    Call the critic once, on all n points. The penalty's gradient must be
    finite where the critic's slope is 0."""
    ...  # your code


# %% tags=["check"]
gradient_penalty = check("gan_penalties.gradient_penalty", gradient_penalty)

# %% [markdown]
# Two of the errors deserve a look, since both run without complaint; the WGAN-GP example of Keras had both (its issues 143, 415 and 624). The first draws α from a normal distribution. The second takes the length as `square().sum().sqrt()`:

# %%
alpha = torch.randn(100_000, generator=torch.Generator().manual_seed(seed))
outside = verify.estimate(((alpha < 0) | (alpha > 1)).double())
expected = 1.5 - 0.5 * (1 + math.erf(1 / math.sqrt(2)))
claim = "with α ~ N(0, 1), 1.5 - Φ(1) = 65.9% of the points lie outside"
verify.agree(claim, outside, expected)

# %%
# the slope of a critic that hasn't learnt anything yet
flat = torch.zeros(2, requires_grad=True)
lengths = flat.square().sum().sqrt(), torch.linalg.vector_norm(flat)
by_root, by_norm = (
    torch.autograd.grad((length - 1) ** 2, flat)[0].tolist() for length in lengths
)
print(
    f"gradient where the slope is 0, by the square root: {by_root}  "
    f"by vector_norm: {[g + 0.0 for g in by_norm]}"
)
claim = "the square root gives nan, vector_norm gives 0"
verify.promise(claim, np.isnan(by_root).all() and by_norm == [0.0, 0.0])

# %% [markdown]
# One `nan` in D's weights ends the training. Now let networks be the critic, on the two densities from before: sixteen of them, side by side, with the penalty's usual weight λ = 10.

# %%
runtime.seed_everything(seed)
critics = ring.SideBySide(16, 1, 1)
optimizer = torch.optim.Adam(critics.parameters(), lr=3e-3)
for _ in range(runtime.pick(ci=20, cpu=200, gpu=200)):
    rows = torch.randint(n, (16 * 128,))
    real, fake = (sample[rows, None].float() for sample in (data, drawn))
    objective = gan.wasserstein_critic_loss(critics(real), critics(fake))
    objective = objective + 10 * gradient_penalty(critics, real, fake)
    optimizer.zero_grad()
    objective.backward()
    optimizer.step()


# %%
def scores_on_grid(networks):
    """The scores of networks side by side on the grid x: (networks, x)."""
    count = networks.runs
    with torch.no_grad():
        return networks(x[:, None].float().repeat(count, 1)).reshape(count, -1).double()


# %%
def draw_critics(named, title, y_label="score"):
    """Curves over the middle of x, each shifted so that its mean on the data is 0."""
    shown = (x > -4.5) & (x < 4.5)
    centred = {name: f - integral(f * log_p.exp()) for name, f in named.items()}
    plots.curves(
        x[shown],
        {name: f[shown] for name, f in centred.items()},
        x_label="x (data at -2 and 2, model at 1)",
        y_label=y_label,
        title=title,
    )


# %%
learnt = scores_on_grid(critics)
of_work = integral(learnt * (log_p.exp() - log_q.exp())) / work
near_it = ((of_work > 0.85) & (of_work < 1.2)).sum().item()
named = {
    "best critic": best_critic,
    f"reads off the most, {of_work.max():.0%}": learnt[of_work.argmax()],
    f"reads off the least, {of_work.min():.0%}": learnt[of_work.argmin()],
}
draw_critics(named, f"{near_it} of 16 critics read off 85 to 120% of the least work")
if runtime.profile() != "ci":
    claim = "the highest reading lies between 85 and 120% of the least work"
    verify.promise(claim, got=of_work.max().item(), above=0.85, below=1.2)
    claim = "the lowest is negative"
    verify.promise(claim, got=of_work.min().item(), below=0)

# %% [markdown]
# Depending on its first weights, a critic finds the distance or not even its sign: some slope the wrong way and can't turn round. To see why, take a straight critic with slope $w$, positive in the right direction, and let the two means lie $g$ apart. It descends $-g w + \lambda(|w| - 1)^2$. Solve on either side of 0:

# %%
w_, g_, lam = sympy.symbols("w g lambda", real=True)
right_way = sympy.solve(sympy.diff(-g_ * w_ + lam * (w_ - 1) ** 2, w_), w_)[0]
wrong_way = sympy.solve(sympy.diff(-g_ * w_ + lam * (-w_ - 1) ** 2, w_), w_)[0]
claim = "the right valley lies at w = 1 + g / 2λ"
verify.agree(claim, right_way, 1 + g_ / (2 * lam))
claim = "the wrong one at w = -1 + g / 2λ, as long as that is negative"
verify.agree(claim, wrong_way, -1 + g_ / (2 * lam))
right_depth = -g_ * right_way + lam * (right_way - 1) ** 2
wrong_depth = -g_ * wrong_way + lam * (-wrong_way - 1) ** 2
verify.agree("their depths differ by 2 g", wrong_depth - right_depth, 2 * g_)

# %% [markdown]
# Two valleys, and between them the ridge at slope 0, where the penalty is λ in full. With λ = 10 and $g = 1$ the ridge is 10 high and the valleys differ by 2, so descent doesn't cross. The wrong valley disappears at $g = 2\lambda$: that is where game (c) came to rest with weight 1, at θ = 2. A small λ leaves no wrong valley and lets the slope exceed 1. So train several critics, and look at the sign.
#
# Still, the loss of a good critic means something: its negative, without the penalty, estimates a distance in units of the data. In the original game a perfect D's loss is $\log 4 - 2\,\mathrm{JS}$, and where nothing overlaps that is 0, near or far.
#
# ### What clipping does instead
#
# Clip every weight to $[-c, c]$ after each step, as Arjovsky et al. did (with $c = 0.01$), and the slope is bounded, too: in a network $1 \to 64 \to 64 \to 1$ a slope is a sum over $64 \cdot 64$ paths of products of three weights, so at most $64^2 c^3$. Train three critics side by side, with three values of $c$:

# %%
runtime.seed_everything(seed)
clips = torch.tensor([0.01, 0.1, 0.3])
bounds = clips.reshape(3, 1, 1)
clipped = ring.SideBySide(3, 1, 1)
optimizer = torch.optim.Adam(clipped.parameters(), lr=3e-3)
for _ in range(runtime.pick(ci=20, cpu=300, gpu=300)):
    rows = torch.randint(n, (256,))
    real, fake = (s[rows, None].float().repeat(3, 1) for s in (data, drawn))
    objective = gan.wasserstein_critic_loss(clipped(real), clipped(fake))
    optimizer.zero_grad()
    objective.backward()
    optimizer.step()
    with torch.no_grad():
        for weight in clipped.parameters():
            weight.copy_(weight.clamp(-bounds, bounds))

# %%
each = scores_on_grid(clipped)
readings = integral(each * (log_p.exp() - log_q.exp()))
slopes = each.diff(dim=1) / dx
steepest = slopes.abs().max(dim=1).values
scaled = {"best critic": best_critic}
for c, f, slope in zip(clips.tolist(), each, steepest):
    scaled[f"c = {c:g}, its scores / {slope:.2g}"] = f / slope
title = "Clipped critics: only one shape, on three scales"
draw_critics(scaled, title, y_label="score / steepest slope")

# %%
at_the_clip = sum((p.abs() > 0.99 * bounds).sum((1, 2)) for p in clipped.parameters())
share_clipped = at_the_clip / sum(p[0].numel() for p in clipped.parameters())
for c, read, slope, at in zip(clips.tolist(), readings, steepest, share_clipped):
    print(
        f"c = {c:4.2f}: reads off {read:7.3g} (least work {work:.2f}); steepest slope "
        f"{slope:7.3g}, at most {64**2 * c**3:6.3g}; {at:.0%} of its weights at ±c"
    )

# %%
if runtime.profile() != "ci":
    of_bound = steepest / (64**2 * clips.double() ** 3)
    claim = "each critic is steeper than a third of its own bound, 64² c³"
    verify.promise(claim, got=of_bound, above=1 / 3, below=1)
    claim = "in each critic more than 75% of the weights lie at ±c"
    verify.promise(claim, got=share_clipped, above=0.75)
    claim = "none of the three turns: they slope one way, from -4.5 to 4.5"
    middle = slopes[:, (x[1:] > -4.5) & (x[1:] < 4.5)]
    verify.promise(claim, got=middle.max(dim=1).values, below=0)

# %% [markdown]
# All three slope the right way, since nothing here keeps a slope from passing 0. But the loss asks for steepness, and only the clip stops it, so most weights end there, and what is left is a simple shape without a turn. What the critics read off is a matter of $c^3$ and of the number of layers, not of the data: too small by a factor of hundreds, or too large by dozens. The slopes that G gets are as
# far off. Gulrajani et al. show both effects for deeper networks. The penalty asks for the right slope, at the price of the ridge.
#
# ## Two more losses: hinge and pairs
#
# *Hinge.* $L_D = \mathbb{E}_p[\max(0, 1 - D)] + \mathbb{E}_q[\max(0, 1 + D)]$: D should score real examples above 1 and fakes below -1; beyond this margin an example costs nothing. Which divergence hides in this loss? Find the best score at each $x$ by trying them all:

# %%
scores = torch.linspace(-3, 3, 121, dtype=torch.float64)[:, None]
p, q = log_p.exp(), log_q.exp()
cost = p * F.relu(1 - scores) + q * F.relu(1 + scores)  # (scores, x)
least, smaller = cost.min(dim=0).values, torch.minimum(p, q)
verify.agree("the least cost at each x is 2 min(p, q)", least, 2 * smaller)


# %%
def sign(points):
    return (log_humps(points, 4.0) - log_normal(points, 1.0, 1.0)).sign()


each = F.relu(1 - sign(data)) + F.relu(1 + sign(drawn))
overlap = integral(torch.minimum(p, q))
claim = (
    "so the best D answers sign(p - q), and its loss is twice the overlap, 2 (1 - TV)"
)
verify.agree(claim, verify.estimate(each), 2 * overlap)
loss = gan.hinge_discriminator_loss(sign(data), sign(drawn))
verify.agree("in the function that trains", loss, each.mean())

# %% [markdown]
# The best D answers 1 or -1, so the game is about the total variation distance TV, as flat as JS where nothing overlaps. What hinge changes is D's slope: an example beyond the margin, ±1, isn't pushed any further, while one that scores 0.5 on the right side still is. G's loss is $-D$, as in the Wasserstein game: it never saturates.
#
# *Pairs* (the relativistic loss, Jolicoeur-Martineau 2018): D sees one real and one generated example and says which is which, $L_D = -\mathbb{E}[\log\sigma(D(x) - D(G(z)))]$, and G wants the opposite. Only differences count:

# %%
rng = torch.Generator().manual_seed(seed)
real = torch.randn(500, generator=rng, dtype=torch.float64) + 1
fake = torch.randn(500, generator=rng, dtype=torch.float64)
pairs = gan.relativistic_discriminator_loss
claim = "all logits up by 7: the pairing loss stays"
verify.agree(claim, pairs(real + 7, fake + 7), pairs(real, fake))
before, after = discriminator_loss(real, fake), discriminator_loss(real + 7, fake + 7)
print(f"D's ordinary loss goes from {before:.3f} to {after:.3f}")
for level in (0.0, 7.0):
    logit = torch.tensor(level, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(generator_loss(logit), logit)
    print(f"G's ordinary slope at logit {level:g}: {slope:.3f}")

# %% [markdown]
# A D that raises or lowers *all* its logits gains nothing here. It must put each fake below its partner, wherever the modes are, and G's step, too, compares with real examples. That alone doesn't stop the circles: in the game of two numbers the logit of the real
# example is always 0, so nothing changes. Huang et al. (2024) therefore add R1 and R2, its twin on the fakes. The GAN of this course (`aigc_lab/gan/recipe.py`, lessons 31 and 32) uses pairs and R1.
#
# The slopes of all these losses, side by side:

# %%
partner = torch.zeros(161, dtype=torch.float64)
for_g = {
    "minimax": gan.minimax_generator_loss,
    "non-saturating; pairs, partner at 0": partial(
        gan.relativistic_generator_loss, partner
    ),
    "hinge, Wasserstein": gan.hinge_generator_loss,
}
for_d = {
    "original": lambda logits: F.softplus(-logits).mean(),
    "hinge": lambda logits: F.relu(1 - logits).mean(),
    "Wasserstein": lambda logits: -logits.mean(),
}


# %%
def slopes_of(losses):
    """The slope of each loss at 161 logits; a loss is a mean over all of them."""
    return {
        name: 161 * torch.autograd.grad(loss(logits), logits)[0]
        for name, loss in losses.items()
    }


logits = torch.linspace(-4, 4, 161, dtype=torch.float64, requires_grad=True)
pictures.loss_slopes(logits.detach(), slopes_of(for_g), slopes_of(for_d))

# %% [markdown]
# ## Which loss keeps the modes?
#
# Back to the ring, with the same networks, seed and steps for all. Theory under a perfect D predicts an order for the first two: minimax descends JS, the non-saturating loss KL(q‖p) - 2 JS, which forgives a lost mode. For the Wasserstein game the penalty's weight λ matters, so there are two of them.


# %%
def minimax(D, real, fakes):
    return gan.minimax_generator_loss(D(fakes))


def minus_score(D, real, fakes):
    return gan.wasserstein_generator_loss(D(fakes))


def above_partner(D, real, fakes):
    return gan.relativistic_generator_loss(D(real).detach(), D(fakes))


def flat_at_data(D, real, fakes):
    return 0.1 / 2 * gan.r1_penalty(D, real)


def ten_gp(critic, real, fakes):
    return 10 * gradient_penalty(critic, real, fakes)


# %%
distance_game = gan.wasserstein_critic_loss, minus_score
contest = {
    "minimax": (gan.discriminator_loss, minimax),
    "hinge": (gan.hinge_discriminator_loss, minus_score),
    "Wasserstein, λ = 1": (*distance_game, gradient_penalty),
    "λ = 1, G every 5th": (*distance_game, gradient_penalty, 5),
    "λ = 10, G every 5th": (*distance_game, ten_gp, 5),
    "non-saturating + R1": (gan.discriminator_loss, non_saturating, flat_at_data),
    "pairs + R1": (pairs, above_partner, flat_at_data),
}
for name, game in contest.items():
    results[name] = train(*game)

# %%
counts = {name: counted(moments) for name, moments in results.items()}
print(
    f"{'':22}  modes hit, mean of {gans} runs, at 5 moments    "
    "good at the end   worst run"
)
for name, (modes, share) in counts.items():
    means = "  ".join(f"{m:.1f}" for m in modes.mean(axis=1))
    good, fewest = share[-1].mean(), modes[-1].min()
    print(f"{name:22}  {means:42}  {good:15.0%}   {fewest:.0f} modes")

# %%
means = {name: modes.mean(axis=1) for name, (modes, _) in counts.items()}
title = f"Which loss finds the modes, and when (means of {gans} runs)"
pictures.modes_by_step(moments_at, means, title=title)
run_0 = {name: moments[2][0] for name, moments in results.items()}
title = "Run 0 of each, after three fifths of the steps"
pictures.rings(run_0, columns=4, title=title)

# %%
end = {name: modes[-1] for name, (modes, _) in counts.items()}
with_r1, pairs_with_r1 = end["non-saturating + R1"], end["pairs + R1"]
early = {name: modes[1].mean() for name, (modes, _) in counts.items()}
if runtime.profile() != "ci":
    claim = "after two fifths of the steps minimax holds more modes, on average"
    verify.promise(claim, got=early["minimax"], above=early["non-saturating"])
    claim = "each run of minimax ends with 6 modes or more"
    verify.promise(claim, got=end["minimax"], at_least=6)
    claim = "with R1 the mean is above 7 at the end, whichever loss"
    verify.promise(claim, got=[with_r1.mean(), pairs_with_r1.mean()], above=7)
    claim = "hinge alone ends with at least 2 modes fewer, on average"
    verify.promise(claim, got=end["hinge"].mean(), at_most=with_r1.mean() - 2)

# %%
best_share = max(share[-1].mean() for _, share in counts.values())
if runtime.profile() != "ci":
    claim = "Wasserstein, step for step, has found fewer than 2 modes, on average"
    verify.promise(claim, got=end["Wasserstein, λ = 1"].mean(), below=2)
    claim = "with five steps of the critic to one of G it has found more than 3"
    verify.promise(claim, got=end["λ = 1, G every 5th"].mean(), above=3)
    claim = "with λ = 10 it has found fewer than 2 by then"
    verify.promise(claim, got=end["λ = 10, G every 5th"].mean(), below=2)
    claim = "no game reaches 80% of good samples"
    verify.promise(claim, got=best_share, below=0.8)

# %% [markdown]
# Read the table with care: one data set, one set of networks, 1,000 steps. Other settings give another order: in a large study most losses reached similar scores once each had been searched long enough (Lucic et al. 2018). What you can take with you:
#
# - Minimax, which stood still at the start, is ahead of the loss that was meant to replace it. Adam makes up for its small slopes, as it did for the one weight, and then the order is the one that JS against reverse KL predicts: the non-saturating runs stay longer on a few modes. What holds under a perfect D needn't hold under a real one; here it does.
# - The same loss with and without R1: with it, hardly a run stays on a few modes. It costs D a second backward pass.
# - Hinge without any bound on D's slope stays on a few modes for long. In practice D is bounded as well, mostly by spectral normalisation (`gan.with_spectral_norm`, Miyato et al. 2018).
# - The Wasserstein game fails step for step. It makes progress when G waits for its critic, as in Gulrajani et al., although G then takes a fifth of the steps: a critic far from its best measures no distance.
# - With their λ = 10, chosen for pictures, the same game fails on the ring. A penalty's weight belongs to its problem, so report it with the result.
# - No game comes near the 98.9% of real samples. G is continuous, so it can't jump: between two modes it draws a bridge.
#
# ## Check the article
#
# The article gives G's loss as $-\mathbb{E}[\log D]$ and says that its gradient is proportional to D's output: the closer to 1, the larger. Compute both losses' slopes at three outputs of D.

# %%
# NBVAL_CHECK_OUTPUT
print("   D    -log D: slope    log(1 - D): slope      (per logit)")
for probability in (0.01, 0.5, 0.99):
    logit = torch.tensor(probability, dtype=torch.float64).logit().requires_grad_()
    slopes = [
        torch.autograd.grad(loss(logit), logit)[0].item()
        for loss in (gan.generator_loss, gan.minimax_generator_loss)
    ]
    print(f"{probability:5}{slopes[0]:13.2f}{slopes[1]:20.2f}")
D_ = sympy.symbols("D", positive=True)
verify.agree(
    "per unit of D, too, -log D is steepest where D is near 0: slope -1/D",
    sympy.diff(-sympy.log(D_), D_),
    -1 / D_,
)

# %% [markdown]
# The loss is the right one, and the sentence is true of *another*: the slope of $\log(1 - D)$ is $-\sigma(l) = -D$, exactly proportional to D's output. For $-\log D$ it is the other way round, and that is why this loss is used.
#
# Elsewhere (4.1.1) the article calls D's output $p(x)$, the probability of $x$. It is the probability that $x$ is *real*. Where model and data agree, D answers one half, whatever their density. Train a small D, whose logit is a cubic, to tell one half of the data from the other half, and then from the model:


# %%
def trained(real, fake):
    """The answers of a cubic D on the grid x, trained on your loss."""
    weights = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=50, line_search_fn="strong_wolfe")

    def logit_at(points):
        return (points[:, None] / 3) ** torch.arange(4) @ weights

    def closure():
        weights.grad = None
        (loss := discriminator_loss(logit_at(real), logit_at(fake))).backward()
        return loss

    optimizer.step(closure)
    return logit_at(x).sigmoid().detach()


# %%
inside = (x > -3.5) & (x < 3.5)
on_itself = trained(data[: n // 2], data[n // 2 :])[inside]
on_model = trained(data, drawn)[inside]
dense = log_p.exp()[inside]
print(f"the data's density varies from {dense.min():.1g} to {dense.max():.2f}")
print(f"data against data: D from {on_itself.min():.3f} to {on_itself.max():.3f}")
print(f"data against model: D from {on_model.min():.3f} to {on_model.max():.3f}")
claim = "where p = q, the trained D answers 1/2 within 0.05, dense or rare"
verify.promise(claim, got=on_itself, near=(0.5, 0.05))

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("23_the_gan_loss")

# %% [markdown]
# ## What you should be able to do now
#
# You can write $L_D$ and both losses of G from logits, and know that a guessing D shows 1.386. You can derive $D^* = p/(p+q)$ and $C(G) = -\log 4 + 2\,\mathrm{JS}$, and name the three conditions of the theorem. From the slope per logit you can
# tell where a loss saturates. You know why two players circle, what R1 does about it, why clipping is no way to bound a critic, and the usual errors in a gradient penalty. And you count modes, over several runs, before you believe that a GAN works.
#
# Lesson 24 derives the other loss of this course, the VAE's. Lesson 31 puts this one to work on pictures, starting from a program that gets it wrong; lesson 34 measures diversity where you can't see the modes.
#
# ## References
#
# - I. Goodfellow et al., "Generative Adversarial Nets", NIPS 2014: the game, the best D, $C(G)$, and the non-saturating loss.
# - M. Arjovsky, L. Bottou, "Towards Principled Methods for Training Generative Adversarial Networks", ICLR 2017: what that loss descends.
# - M. Arjovsky, S. Chintala, L. Bottou, "Wasserstein Generative Adversarial Networks", ICML 2017: the distance, and clipping. I. Gulrajani et al., "Improved Training of Wasserstein GANs", NIPS 2017: what clipping does, and the gradient penalty.
# - L. Mescheder, A. Geiger, S. Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018: the game of two numbers, and R1.
# - W. Fedus et al., "Many Paths to Equilibrium: GANs Do Not Need to Decrease a Divergence At Every Step", ICLR 2018.
# - J. H. Lim, J. C. Ye, "Geometric GAN", 2017 (arXiv:1705.02894): the hinge loss. A. Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from standard GAN", ICLR 2019 (2018 as a preprint): pairs.
# - N. Huang, A. Gokaslan, V. Kuleshov, J. Tompkin, "The GAN is dead; long live the GAN! A Modern GAN Baseline", NeurIPS 2024: pairs with R1 and R2.
# - M. Lucic et al., "Are GANs Created Equal? A Large-Scale Study", NeurIPS 2018. T. Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.
# - A. Srivastava et al., "VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning", NIPS 2017: counting modes on a ring.
# - keras-io, issues 143, 415 (closed by pull request 1463) and 624: α from a normal distribution, and the square root's `nan`, in the WGAN-GP example.
