# %% [markdown]
# # 23 · The GAN loss
# <!-- badge -->
#
# You derive the loss that trains a GAN, check each step of the derivation against the code that trains, and see where the game fails and what cures it.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | derivatives and logarithms; lesson 22 helps | write both players' losses from logits, and say which numbers to expect<br>derive the best discriminator and what the generator then minimises<br>tell from a gradient whether a loss saturates<br>say why a GAN circles, and cure it with a penalty<br>count the modes a GAN has lost, and compare losses by that |

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
runs = runs or runtime.pick(ci=2, cpu=4, gpu=16)
ring_steps = ring_steps or runtime.pick(ci=25, cpu=1000, gpu=4000)

# %% [markdown]
# ## One of them never starts
#
# Here is the smallest generator: it draws $x = m + z$ with noise $z$ from N(0, 1), and has one weight, $m$. The data come from N(0, 1), so $m$ should go to
# 0. It starts at 6. Beside it stands the best discriminator there can be (you derive it below), renewed after every step. Two generators learn from it. They
# differ in one thing: the loss.

# %%
levels = (torch.arange(400, dtype=torch.float64) + 0.5) / 400
z = torch.distributions.Normal(0.0, 1.0).icdf(levels)  # N(0, 1), evenly


def descend(loss):
    """The path of m under 200 steps of gradient descent."""
    m, path = torch.tensor(6.0, dtype=torch.float64, requires_grad=True), []
    for _ in range(200):
        x = m + z
        # what the best D answers
        best_logit = log_normal(x, 0.0, 1.0) - log_normal(x, m.detach(), 1.0)
        (slope,) = torch.autograd.grad(loss(best_logit), m)
        m.data -= 0.05 * slope
        path.append(m.item())
    return path


# %%
paths = {
    "minimax loss, log(1 - D)": descend(gan.minimax_generator_loss),
    "non-saturating loss, -log D": descend(gan.generator_loss),
}
plots.curves(
    range(200),
    paths,
    x_label="step",
    y_label="m (the data are at 0)",
    title="Same start, same discriminator: one of them never starts",
)

# %%
minimax_end, other_end = (path[-1] for path in paths.values())
claim = "after 200 steps the minimax generator has moved by less than 0.2"
verify.promise(claim, got=minimax_end, above=6 - 0.2)
claim = "the other one has come to within 0.05 of the data"
verify.promise(claim, got=other_end, near=(0, 0.05))

# %% [markdown]
# Both losses have their minimum at the right place, and both ask for the same thing: fakes that D takes for real. Still, one of them is useless here. The rest of this lesson is about such differences.
# You need the whole derivation to see them.
#
# ## The game in one line
#
# D gives the probability $D(x)$ that $x$ is real. It is rewarded by the logarithm of the probability it gave to the truth, on real examples and on fakes:
#
# $$V(D, G) = \mathbb{E}_{x \sim p}[\log D(x)] + \mathbb{E}_{z}[\log(1 - D(G(z)))], \qquad \min_G \max_D V(D, G).$$
#
# D climbs $V$, G descends it. A program descends, so D's loss is $L_D = -V$: minus signs on *both* terms. And a program has no $D$ but its logit $l$, with $D = \sigma(l)$, because $\log$ of a
# probability that has been rounded to 0 or 1 is lost. Write the loss from logits. It must hold at logits of ±60 too.


# %% tags=["exercise"]
def discriminator_loss(real_logits, fake_logits):
    """-V(D, G) in nats: mean over the real examples plus mean over the fakes.
    Two tensors of logits, any shape -> scalar."""
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
# Twice, because the cross-entropy averages over all 2,000 examples, while $V$ adds two means. So when you read a loss of D in somebody's plot, ask which: a guessing D shows $\log 4 = 1.386$ in
# one program and $\log 2 = 0.693$ in another.
#
# ## The best D
#
# Hold G still. Which D is best? First rewrite the second term. G turns noise into examples, and $q$ is the density of what comes out. Then
#
# $$\mathbb{E}_z[\log(1 - D(G(z)))] = \int q(x) \log(1 - D(x))\, dx.$$
#
# Many readers stumble here: where has $z$ gone? Nothing has been solved for $z$. An average over examples is the same whether you list the noise or the examples that it becomes. Check it on a G that bends its noise, $G(z) = e^{z/2}$, whose density you know
# (the log-normal one), and some D:

# %%
noise = torch.randn(200_000, dtype=torch.float64)
drawn = (noise / 2).exp()


def logit_of(x):
    return 1.5 - x  # some discriminator


x = torch.linspace(1e-4, 30, 30_001, dtype=torch.float64)
q = log_normal(x.log(), 0.0, 0.5).exp() / x  # log x is N(0, 1/4), and dx = x d(log x)
integral = torch.trapezoid(q * F.logsigmoid(-logit_of(x)), x)
average = verify.estimate(F.logsigmoid(-logit_of(drawn)))
verify.agree("average over z = integral over x", average, integral)

# %% [markdown]
# Now $V$ is one integral, $\int p \log D + q \log(1 - D)\,dx$, and D may answer each $x$ as it likes. So maximise the integrand at one $x$, where $p$ and $q$ are two numbers:

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
# $D^*(x) = p(x) / (p(x) + q(x))$. As a logit it is simpler still: $l^*(x) = \log p(x) - \log q(x)$. That is what "the best D" answered in `descend`, at the start.
#
# Does the function that trains find it? Give D a table, one logit for each of three values of $x$, and let it descend *your* loss on examples in these proportions:

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
p, q = (torch.bincount(v, minlength=3) / 6 for v in (real_values, fake_values))
best = gan.optimal_discriminator(p.double(), q.double())
claim = "descent on the loss ends at p / (p + q)"
verify.agree(claim, table.sigmoid(), best, tolerance=1e-6)

# %% [markdown]
# ## What G minimises, if D is perfect
#
# Put $D^*$ back into $V$. What is left depends on G alone; Goodfellow et al. call it $C(G)$. With the density half way, $r = (p + q)/2$:
#
# $$C(G) = \int p \log\frac{p}{p + q} + q \log\frac{q}{p + q}\,dx = -\log 4 + \mathrm{KL}(p \,\|\, r) + \mathrm{KL}(q \,\|\, r) = -\log 4 + 2\,\mathrm{JS}(p, q).$$
#
# Each of the two fractions is half of a density over $r$: that is where $-2 \log 2$ comes from. Check the identity under the integral, then the whole with real numbers, against the loss that trains:

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
# JS lies between 0 (equal) and $\log 2$ (no overlap). So $C(G)$ has its minimum, $-\log 4$, just where $q = p$, and G that descends it learns the data's distribution. That is the theorem on which GANs rest.
#
# Read its small print, too. D is perfect after *each* step of G. Both expectations are exact. And G may take any density. In practice D takes one step, sees a hundred examples, and both are networks. Then nothing
# forces any divergence to fall at each step (Fedus et al. 2018), and you are about to see a game that never arrives. Treat the theorem as a compass rather than a map.
#
# ## Where the gradient goes
#
# The same paper analyses one loss and recommends another. In practice G descends $-\log D(G(z))$ instead of $\log(1 - D(G(z)))$. Early in training D is nearly always right: its logit on a
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
# You should have seen $-0.0003$ and $-1$ at the left, and the same two numbers changed over at the right. The algebra behind the picture takes two lines:

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
# Both slopes are negative: both losses want the logit up. They differ in *how much they care*. At logit $-8$ the minimax loss cares 3,000 times less, because D is sure, and a little more certainty changes
# $\log(1 - D)$ by next to nothing. That is what *saturates* means. Write the other one.


# %% tags=["exercise"]
def generator_loss(fake_logits):
    """The non-saturating loss -log D, mean over the fakes, in nats.
    Logits of any shape, ±60 too -> scalar."""
    ...  # your code


# %% tags=["check"]
generator_loss = check("gan.generator_loss", generator_loss)

# %% [markdown]
# So never minimax? Mind the optimiser. `descend` used plain gradient descent. Adam divides each step by the usual size of the gradient, so it doesn't notice if *all* slopes are 3,000 times smaller. The same race, with Adam:

# %%
race = {"minimax": gan.minimax_generator_loss, "non-saturating": generator_loss}
for name, loss in race.items():
    m = torch.tensor(6.0, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([m], lr=0.05, betas=(0.5, 0.99))
    for _ in range(200):
        x_fixed, m_fixed = m.detach() + z, m.detach()
        logit = log_normal(m + z, 0.0, 1.0) - log_normal(x_fixed, m_fixed, 1.0)
        adam.zero_grad()
        loss(logit).backward()
        adam.step()
    print(f"{name:15} after 200 steps of Adam: m = {m.item():.3f}")
    if name == "minimax":
        claim = "under Adam the minimax generator reaches the data, within 0.05"
        verify.promise(claim, got=m.item(), near=(0, 0.05))

# %% [markdown]
# It arrives, and sooner than the other. What Adam can't mend is the *weighting within a batch*: minimax listens to the few fakes that D already half believes, the non-saturating loss to those that D rejects. Neither is always better. You will
# see both on the ring.
#
# ### Which distance does the non-saturating loss descend?
#
# Not JS: the theorem above was about $V$. With the best D held still, its gradient is that of $\mathrm{KL}(q\|p) - 2\,\mathrm{JS}(p, q)$ (Arjovsky and Bottou 2017). The proof has two parts. On the one hand,
# $-\log D^* = \log\frac{q}{p} - \log(1 - D^*)$. On the other, the mean of $\log\frac qp$ with the *ratio* held still has the gradient of $\mathrm{KL}(q\|p)$, and the mean of $\log(1 - D^*)$ that of $2\,\mathrm{JS}$.
# Check the result at seven positions of a generator $m + z$ against humps at ±2, with gradients from your own loss:

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
    log_p, log_q = log_humps(x, 4.0), log_normal(x, m, 1.0)
    divergence = integral(log_q.exp() * (log_q - log_p)) - 2 * js(log_p, log_q)
    by_divergence.append(torch.autograd.grad(divergence, m)[0])
gradients = torch.stack(by_loss), torch.stack(by_divergence)
claim = "gradient of -log D* = gradient of KL(q‖p) - 2 JS"
verify.agree(claim, *gradients, tolerance=1e-6)

# %% [markdown]
# So the loss that everybody uses contains the *reverse* KL divergence, which forgives a model that leaves out a mode and punishes one that draws where no data are (lesson 21). Keep this in mind when you watch a GAN collapse.
#
# ## Play with it
#
# Move the two densities. On the left: data, model, best D. In the middle: what each loss would charge a sample at $x$. On the right: how hard each loss pulls at the model's mean, wherever it might be; the dot is where it is.
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
claim = "(3) where data and model are equal, D* is 1/2"
verify.agree(claim, gan.optimal_discriminator(0.3, 0.3), 0.5)

# %% [markdown]
# In (2) both pulls are small and D* is $\frac13$ on the hump that the model holds: half of the data are missing there, so real examples are outnumbered two to one. D *knows* that a hump is missing: D* is 1 there. But no sample of G lies there to
# be told. That is mode collapse in one dimension.
#
# ## A game has no slope to go down
#
# So far D was perfect. Let both learn by gradient steps, in the smallest game there is (Mescheder et al. 2018): all data sit at 0, all fakes at $\theta$, and $D(x)$ has the logit $\psi x$. Two numbers. They should come to rest at $\theta = 0$, $\psi = 0$. Take turns as one does in training: D first, then G.


# %%
def orbit(
    g_loss=gan.generator_loss,
    d_loss=gan.discriminator_loss,
    penalty=None,
    rate=0.3,
    steps=300,
):
    """The path of (θ, ψ) under alternating steps of D and G; (steps + 1, 2)."""
    data, theta = torch.zeros(1, 1), torch.ones(1, 1, requires_grad=True)
    D = nn.Linear(1, 1, bias=False)
    nn.init.ones_(D.weight)
    path = [(1.0, 1.0)]
    for _ in range(steps):
        objective = d_loss(D(data), D(theta.detach()))
        if penalty is not None:
            objective = objective + penalty(D, data, theta)
        D.weight.data -= rate * torch.autograd.grad(objective, D.weight)[0]
        theta.data -= rate * torch.autograd.grad(g_loss(D(theta)), theta)[0]
        path.append((theta.item(), D.weight.item()))
    return np.array(path)


# %% [markdown]
# **Predict first.** Four games: (a) the original, minimax; (b) with the non-saturating loss; (c) Wasserstein's loss with the gradient penalty that pulls D's slope to 1 (both below); (d) non-saturating with *R1*, which adds $\frac\gamma2 \mathbb{E}_p\|\nabla D\|^2$ to D's loss and so pulls
# its slope *at the data* to 0. Which of the four come to rest in 300 rounds? Write down four times yes or no.


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
# You should have seen one yes: (d). The original game runs on its circle for ever; the non-saturating one creeps inwards and is still far out after 300 rounds; (c) circles too: the penalty wants slope 1 or -1, which is wrong once the fakes are where the data are. (With weight 1 instead of 0.25 it does come to rest, but at θ = 2: to turn round, ψ must pass 0, and there the penalty is at its highest.) R1 lets D fall flat there, and the game
# comes to rest.

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
# Why circles? Write the two slopes down. With $s = \sigma(\psi\theta)$, D moves by $\dot\psi = -s\,\theta$ and the minimax G by $\dot\theta = s\,\psi$. Each moves at a right angle to the way home:

# %%
theta, psi, gamma, h = sympy.symbols("theta psi gamma h", real=True)
s = 1 / (1 + sympy.exp(-psi * theta))
squared, theta_dot, psi_dot = theta**2 + psi**2, s * psi, -s * theta
change = sympy.diff(squared, theta) * theta_dot + sympy.diff(squared, psi) * psi_dot
verify.agree("minimax: θ² + ψ² does not change", change, sympy.Integer(0))
after = (theta + h * s * psi) ** 2 + (psi - h * s * theta) ** 2
claim = "in steps of h, both at once, it grows by 1 + h² s²: outwards"
verify.agree(claim, after, squared * (1 + h**2 * s**2))

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
# Without a penalty, $\gamma = 0$, the eigenvalues are $\pm i/2$: a rotation, with no pull to the middle. Each $\gamma > 0$ gives them a negative real part. At $\gamma = 1$ the rotation ends; with much larger $\gamma$ D is so lame that all becomes slow. These formulas describe the code that ran above:

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


def play_orbit(gamma, rate, generator):
    """One orbit, drawn."""
    path = orbit(
        g_losses[generator],
        penalty=lambda D, data, fakes: gamma / 2 * gan.r1_penalty(D, data),
        rate=rate,
    )
    pictures.orbits({f"{generator}, γ = {gamma:g}": path})


gamma_range, rate_range = (0.0, 4.0, 0.1, 0.3), (0.05, 1.0, 0.05, 0.3)
widgets.play(play_orbit, gamma=gamma_range, rate=rate_range, generator=list(g_losses))

# %% [markdown]
# ## Eight modes on a ring
#
# Now two real networks. The data: eight narrow Gaussians on a ring. It is the usual test for mode collapse, because you can *count*. A sample is good if it lies within $3\sigma$ of a centre, and a mode counts as hit if it has a fifth of its fair share of good samples (an
# eighth of all) or more. Write the count; you will judge every loss by it.


# %% tags=["exercise"]
def mode_coverage(samples, centres, sigma):
    """Modes hit (int) and share of good samples (float);
    samples (n, 2), centres (modes, 2).
    Good: within 3 sigma of the nearest centre, a distance in the plane.
    Hit: at least n / (5 · modes) good samples are nearest to it."""
    ...  # your code


# %% tags=["check"]
mode_coverage = check("ring.mode_coverage", mode_coverage)

# %% [markdown]
# How good is good? Real samples are the yardstick. "Within three sigma" reminds you of 99.7 %, but that is for one dimension:

# %%
modes, share = mode_coverage(
    ring.sample(100_000, torch.Generator().manual_seed(seed)),
    ring.centres(),
    ring.SIGMA,
)
verify.agree(
    "in two dimensions 1 - exp(-9/2) = 98.9 % lie within 3σ",
    verify.Estimate(share, math.sqrt(share * (1 - share) / 100_000), 100_000),
    1 - math.exp(-4.5),
)
verify.agree("and real samples hit all eight modes", modes, 8)

# %% [markdown]
# Next, what D descends in one step. It is short, and easy to get wrong in ways that no error message tells. D must learn from this loss, G must not: whatever reaches G here would teach it to look fake.


# %% tags=["exercise"]
def discriminator_objective(discriminator, generator, real, z, loss):
    """What D minimises in one step: `loss(real_logits, fake_logits)` of D's logits
    on `real` and on what `generator` makes of `z`. Its backward() must reach
    D's weights and leave G's without any gradient."""
    ...  # your code


# %% tags=["check"]
discriminator_objective = check("ring.discriminator_objective", discriminator_objective)

# %% [markdown]
# The rest of the loop holds no secrets. One run of a GAN proves little, though, since luck decides much. So `ring.SideBySide` holds several independent networks, which train together at little more than the price of one; the loop doesn't notice.


# %% tags=["whole-program"]
def train(d_loss, g_loss, penalty=None, g_every=1, times=5):
    """Train `runs` GANs on the ring.
    Returns their samples, (runs, 1000, 2), at `times` moments."""
    runtime.seed_everything(seed)
    G, D = ring.SideBySide(runs, 2, 2), ring.SideBySide(runs, 2, 1)
    g_optimizer, d_optimizer = (
        torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.99)) for net in (G, D)
    )
    moments = []
    for step in range(1, ring_steps + 1):
        real, z = ring.sample(128 * runs), torch.randn(128 * runs, 2)
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
        if step % (ring_steps // times) == 0:
            with torch.no_grad():
                moments.append(G(torch.randn(1000 * runs, 2)).unflatten(0, (runs, -1)))
    return moments


# %%
def watch(moments, run, title):
    """Five moments of one run, as a strip."""
    steps = [(i + 1) * ring_steps // 5 for i in range(5)]
    strip = {f"step {step}": samples[run] for step, samples in zip(steps, moments)}
    pictures.rings(strip, title=title)


def counted(moments):
    """Modes hit and share of good samples: two arrays (moments, runs)."""
    pairs = [
        [mode_coverage(samples, ring.centres(), ring.SIGMA) for samples in moment]
        for moment in moments
    ]
    return np.array(pairs).transpose(2, 0, 1)


# %%
def non_saturating(D, real, fakes):
    return gan.generator_loss(D(fakes))


results = {"non-saturating": train(gan.discriminator_loss, non_saturating)}
modes, share = counted(results["non-saturating"])
worst = int(modes[:-1].sum(axis=0).argmin())
watch(results["non-saturating"], worst, "The run that held the fewest modes on its way")

# %%
for run in range(runs):
    hit, good = modes[:, run].astype(int), share[-1, run]
    print(
        f"run {run}: modes hit at the five moments {hit}, "
        f"good samples at the end {good:.0%}"
    )
if runtime.profile() != "ci":
    claim = "on the way, some run holds 3 modes of 8 or fewer"
    verify.promise(claim, got=int(modes[:3].min()), at_most=3)

# %% [markdown]
# G runs to where D says "real", all of it at once. D learns that fakes come from there, its verdict turns, and G runs on. It is the circle of the two numbers above, in nearly 9,000 weights. Some runs spread out over all modes in the end, others stay
# on a few; the seed decides. Nothing in the printed losses tells you which, so count.
#
# ## A distance instead of a verdict
#
# The minimax G of the start stood still because JS has no slope where the densities don't overlap. There is a distance that has: *Wasserstein's*, the least work that it takes to carry one heap of sand to the other, mass times distance. In one dimension it is the area between the two cumulative distributions.


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
# How could a network compute it? By a theorem of Kantorovich and Rubinstein the least work equals the most that a critic $f$ can tell the two apart if its slope is nowhere above 1:
#
# $$W(p, q) = \max_{\|\nabla f\| \le 1}\; \mathbb{E}_p[f] - \mathbb{E}_q[f].$$
#
# In one dimension you can write down the best critic: it climbs at slope 1 wherever sand must be carried to the right, and falls at slope 1 elsewhere. Check that it reaches the least work, with `gan.wasserstein_critic_loss` on samples:

# %%
log_p, log_q = log_humps(x, 4.0), log_normal(x, 1.0, 1.0)
step = x[1] - x[0]
# sand to be moved from q to p across x
to_the_right = torch.cumsum(log_q.exp() - log_p.exp(), dim=0) * step
best_critic = torch.cumsum(to_the_right.sign(), dim=0) * step
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
# A network's slope must be held at 1 by force. Arjovsky et al. clipped weights. Gulrajani et al. *penalise*: at points between real and generated examples the critic's slope should have length 1, since the best critic has that slope along the lines on which sand is carried.
#
# $$\mathrm{GP} = \mathbb{E}\big[(\|\nabla_{\hat x} f(\hat x)\| - 1)^2\big], \qquad \hat x = \alpha x + (1 - \alpha)\, G(z), \quad \alpha \sim U(0, 1).$$
#
# Five lines of code, and people have got nearly each of them wrong. Try it. Examples may be points or pictures, and the critic may be flat somewhere.


# %% tags=["exercise"]
def gradient_penalty(critic, real, fake):
    """GP of a critic (examples -> (n,) scores), with one α for each pair;
    real, fake (n, ...) -> scalar with a graph to the critic's weights.
    Its gradient is finite where the critic's slope is 0."""
    ...  # your code


# %% tags=["check"]
gradient_penalty = check("gan_penalties.gradient_penalty", gradient_penalty)

# %% [markdown]
# Two of the errors deserve a look, since both run without complaint. The first drew α from a normal distribution; a tutorial of a well-known library did so. The second takes the length as `square().sum().sqrt()`:

# %%
alpha = torch.randn(100_000, generator=torch.Generator().manual_seed(seed))
outside = verify.estimate(((alpha < 0) | (alpha > 1)).double())
expected = 1.5 - 0.5 * (1 + math.erf(1 / math.sqrt(2)))
claim = "with α ~ N(0, 1), 1.5 - Φ(1) = 65.9 % of the points lie outside"
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
# One `nan` in D's weights ends the training. Now let a network be the critic, on the two densities from before:

# %%
runtime.seed_everything(seed)
hidden = [nn.Linear(1, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU()]
critic = nn.Sequential(*hidden, nn.Linear(64, 1), nn.Flatten(0))
optimizer = torch.optim.Adam(critic.parameters(), lr=3e-3)
for _ in range(runtime.pick(ci=20, cpu=300, gpu=300)):
    rows = torch.randint(n, (256,))
    real, fake = data[rows, None].float(), drawn[rows, None].float()
    objective = gan.wasserstein_critic_loss(critic(real), critic(fake))
    objective = objective + 10 * gradient_penalty(critic, real, fake)
    optimizer.zero_grad()
    objective.backward()
    optimizer.step()

# %%
with torch.no_grad():
    learnt = critic(x[:, None].float()).double()
    scores = [critic(sample[:, None].float()) for sample in (data, drawn)]
    seen = -gan.wasserstein_critic_loss(*scores).item()
shown = (x > -4.5) & (x < 4.5)
critics = {"best critic": best_critic, "network with gradient penalty": learnt}
centred = {name: f - integral(f * log_p.exp()) for name, f in critics.items()}
reads = f"The critic learns slope 1 and reads off {seen:.2f}"
plots.curves(
    x[shown],
    {name: f[shown] for name, f in centred.items()},
    x_label="x (data at -2 and 2, model at 1)",
    y_label="score",
    title=f"{reads}; the least work is {work:.2f}",
)

# %%
if runtime.profile() != "ci":
    claim = "the network reads off between 85 and 105 % of the true distance"
    verify.promise(claim, 0.85 < seen / work < 1.05, got=seen)

# %% [markdown]
# The network goes straight on where the best critic turns. To turn, its slope must pass 0, and there the penalty is at its highest; little sand has to be carried to the right there, so it pays to go straight on. What it reads off is a little too small.
#
# Still, the critic's loss means something: its negative, without the penalty, estimates a distance in units of the data. In the original game a perfect D's loss is $\log 4 - 2\,\mathrm{JS}$, and where nothing overlaps that is 0, near or far.
#
# ## Two more: hinge and pairs
#
# *Hinge.* $L_D = \mathbb{E}_p[\max(0, 1 - D)] + \mathbb{E}_q[\max(0, 1 + D)]$: D scores real examples above 1 and fakes below -1, and stops caring there. Which divergence hides in it? Find the best score at each $x$ by trying them all:

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
# The best D answers 1 or -1, so the game is about the total variation distance TV, as flat as JS where nothing overlaps. What hinge changes is the slope: D no longer pushes what is already on the right side. G's loss is $-D$, as in the Wasserstein game: it never saturates.
#
# *Pairs* (the relativistic loss, Jolicoeur-Martineau 2018): D sees one real and one generated example and says which is which, $L_D = -\mathbb{E}[\log\sigma(D(x) - D(G(z)))]$, and G wants the opposite. Only differences count:

# %%
rng = torch.Generator().manual_seed(0)
real = torch.randn(500, generator=rng, dtype=torch.float64) + 1
fake = torch.randn(500, generator=rng, dtype=torch.float64)
pairs = gan.relativistic_discriminator_loss
claim = "all logits up by 7: the pairing loss stays"
verify.agree(claim, pairs(real + 7, fake + 7), pairs(real, fake))
before, after = discriminator_loss(real, fake), discriminator_loss(real + 7, fake + 7)
print(f"D's ordinary loss goes from {before:.3f} to {after:.3f}")
at_0, at_7 = -1 / 2, -1 / (1 + math.exp(7))
print(f"G's ordinary slope at logit 0 is {at_0:.3f}, at logit 7 it is {at_7:.3f}")

# %% [markdown]
# A D that calls *everything* fake, or everything real, gains nothing by it here. It must put each fake below its partner, wherever the modes are; G learns from a comparison with real examples in its own step, too. That alone doesn't stop the circles (in the game of two numbers, the logit of the real
# example is always 0, so nothing changes). Huang et al. (2024) therefore add R1 and R2, its twin on the fakes. The GAN of this course (`aigc_lab/gan/recipe.py`, lessons 31 and 32) uses pairs and R1.
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
# Back to the ring, with the same networks, seeds and steps for all. Each penalty is a line.


# %%
def minimax(D, real, fakes):
    return gan.minimax_generator_loss(D(fakes))


def minus_score(D, real, fakes):
    return gan.wasserstein_generator_loss(D(fakes))


def above_partner(D, real, fakes):
    return gan.relativistic_generator_loss(D(real).detach(), D(fakes))


def flat_at_data(D, real, fakes):
    return 0.1 / 2 * gan.r1_penalty(D, real)


# %%
wasserstein_game = gan.wasserstein_critic_loss, minus_score, gradient_penalty
contest = {
    "minimax": (gan.discriminator_loss, minimax),
    "hinge": (gan.hinge_discriminator_loss, minus_score),
    "Wasserstein": wasserstein_game,
    "the same, G every 5th": (*wasserstein_game, 5),
    "non-saturating + R1": (gan.discriminator_loss, non_saturating, flat_at_data),
    "pairs + R1": (pairs, above_partner, flat_at_data),
}
for name, game in contest.items():
    results[name] = train(*game)

# %%
counts = {name: counted(moments) for name, moments in results.items()}
print(
    f"{'':22}  modes hit, mean of {runs} runs, at 5 moments    "
    "good at the end   worst run"
)
for name, (modes, share) in counts.items():
    means = "  ".join(f"{m:.1f}" for m in modes.mean(axis=1))
    good, fewest = share[-1].mean(), modes[-1].min()
    print(f"{name:22}  {means:42}  {good:15.0%}   {fewest:.0f} modes")

# %%
at = [(i + 1) * ring_steps // 5 for i in range(5)]
means = {name: modes.mean(axis=1) for name, (modes, _) in counts.items()}
title = f"Who finds the modes, and when (means of {runs} runs)"
pictures.modes_by_step(at, means, title=title)
run_0 = {name: moments[2][0] for name, moments in results.items()}
title = "Run 0 of each, after three fifths of the steps"
pictures.rings(run_0, columns=4, title=title)

# %%
end = {name: modes[-1] for name, (modes, _) in counts.items()}
with_r1, pairs_with_r1 = end["non-saturating + R1"], end["pairs + R1"]
if runtime.profile() != "ci":
    claim = "with R1, every run ends with 6 modes or more"
    fewest = min(with_r1.min(), pairs_with_r1.min())
    verify.promise(claim, got=fewest, at_least=6)
    claim = "hinge alone ends with fewer modes, on average"
    verify.promise(claim, got=end["hinge"].mean(), below=with_r1.mean() - 0.5)
    claim = "Wasserstein, step for step, has found fewer than 4"
    verify.promise(claim, got=end["Wasserstein"].mean(), below=4)

# %%
patient = end["the same, G every 5th"].mean()
best_share = max(share[-1].mean() for _, share in counts.values())
if runtime.profile() != "ci":
    claim = "with five steps of the critic to one of G it finds more than 5"
    verify.promise(claim, got=patient, above=5)
    claim = "no game reaches 80 % of good samples"
    verify.promise(claim, got=best_share, below=0.8)

# %% [markdown]
# Read the table with care: a few runs each, one data set, one set of networks, 1,000 steps. Other settings give another order: in a large study most losses reached similar scores once each had been searched long enough (Lucic et al. 2018). What you can take with you:
#
# - The same loss with and without R1: with it, no run stays on a few modes. It costs about half as much time again.
# - Minimax, which stood still at the start, keeps up. Adam makes up for small slopes, as it did for the one weight.
# - Hinge without any bound on D's slope sits on one or two modes for long. Those who use it bound D, mostly by spectral normalisation (`gan.with_spectral_norm`, Miyato et al. 2018).
# - The Wasserstein game fails step for step, and works when G waits for its critic, although G then makes only 200 steps. A critic far from its best measures no distance. (Gulrajani et al. take the same five.)
# - Nobody comes near the 98.9 % of real samples. G is continuous, so it can't jump: where it serves two modes, it draws a bridge between them.
#
# ## Check the article
#
# The article gives G's loss as $-\mathbb{E}[\log D]$ and says of it that the gradient is proportional to D's output: the closer to 1, the larger. Compute both losses' slopes at three outputs of D.

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
# The loss is the right one, and the sentence is true of *another*: the slope of $\log(1 - D)$ is $-\sigma(l) = -D$, proportional to D's output to the letter. For $-\log D$ it is the other way round, and that is why one uses it.
#
# Elsewhere (4.1.1) the article calls D's output $p(x)$, the probability of $x$. It is the probability that $x$ is *real*. Where model and data agree, D answers one half, whatever their density:

# %%
verify.agree(
    "p = q: D* is 1/2 at every x, dense or rare", gan.optimal_discriminator(p, p), 0.5
)
print(f"the density there varies from {p.min().item():.1g} to {p.max().item():.2f}")

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("23_the_gan_loss")

# %% [markdown]
# ## What you should be able to do now
#
# You can write $L_D$ and both losses of G from logits, and know that a guessing D shows 1.386. You can derive $D^* = p/(p+q)$ and $C(G) = -\log 4 + 2\,\mathrm{JS}$, and name the three conditions in the small print. From the slope per logit you can
# tell where a loss saturates. You know why two players circle, what R1 does about it, and the usual errors in a gradient penalty. And you don't believe a GAN before you have counted.
#
# Lesson 24 derives the other loss of this course, the VAE's. Lesson 31 puts this one to work on pictures, starting from a program that has it wrong; lesson 34 counts modes where you can't see them.
#
# ## References
#
# - I. Goodfellow et al., "Generative Adversarial Nets", NIPS 2014: the game, the best D, $C(G)$, and the non-saturating loss.
# - M. Arjovsky, L. Bottou, "Towards Principled Methods for Training Generative Adversarial Networks", ICLR 2017: what that loss descends.
# - M. Arjovsky, S. Chintala, L. Bottou, "Wasserstein GAN", ICML 2017. I. Gulrajani et al., "Improved Training of Wasserstein GANs", NIPS 2017: the gradient penalty.
# - L. Mescheder, A. Geiger, S. Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018: the game of two numbers, and R1.
# - W. Fedus et al., "Many Paths to Equilibrium: GANs Do Not Need to Decrease a Divergence At Every Step", ICLR 2018.
# - J. H. Lim, J. C. Ye, "Geometric GAN", 2017: the hinge loss. A. Jolicoeur-Martineau, "The relativistic discriminator", 2018.
# - N. Huang, A. Gokaslan, V. Kuleshov, J. Tompkin, "The GAN is dead; long live the GAN! A Modern GAN Baseline", NeurIPS 2024: pairs with R1 and R2.
# - M. Lucic et al., "Are GANs Created Equal? A Large-Scale Study", NeurIPS 2018. T. Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.
# - A. Srivastava et al., "VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning", NIPS 2017: counting modes on a ring.
