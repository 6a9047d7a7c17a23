# %% [markdown]
# # 38 · Diffusion and flow matching
# <!-- badge -->
#
# You build what replaced GANs: a network that turns noise into pictures in small steps. You find out why the steps must be small, what that costs, and when it pays.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | Gaussians, Bayes' rule and the KL divergence (lesson 21); derivatives, integrals and integration by parts; a training loop in PyTorch (lesson 01); for the comparisons, the VAE (lesson 24) and the Fréchet distance and recall (lesson 34) | derive diffusion's simple loss, and say what it leaves out<br>prove why one leap blurs and many steps don't<br>train a flow, and draw from it with four samplers at equal cost<br>guide it towards a class, and measure what that costs<br>choose between GAN, VAE and flow by numbers |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
flow_steps = None  # None: chosen for this machine
vae_steps = None
pictures = None  # judged of each sampler

# %%
import time

import sympy
import torch
from torch import nn

from aigc_lab import (
    check,
    datasets,
    flow,
    gan,
    metrics,
    plots,
    pretrained,
    runtime,
    training,
    transforms,
    vae,
    verify,
    widgets,
)
from aigc_lab.flow import diffusion, matching
from aigc_lab.flow import pictures as flow_pictures
from aigc_lab.pretrained import classifier

# %%
runtime.seed_everything(seed)
flow_budget = flow_steps or runtime.pick(ci=5, cpu=320, gpu=4000)
vae_budget = vae_steps or runtime.pick(ci=20, cpu=350, gpu=1500)
n = pictures or runtime.pick(ci=60, cpu=1000)
looks = runtime.pick(ci=4, cpu=20)  # evaluations of the network a picture

digits, test = datasets.load("digits"), datasets.load("digits", split="test")
train_x, test_x = transforms.to_signed(digits.images), transforms.to_signed(test.images)
judge = classifier.load_classifier("digits")
ten = torch.arange(10)


def dice(number=0):
    """A source of random numbers of its own for each number; all follow the seed."""
    return torch.Generator().manual_seed(1000 * seed + number)


# %% [markdown]
# ## One leap or twenty steps
#
# Here is a network that removes noise. In training it saw digits under more or less noise, from a trace to nothing but noise, each with its class, and learnt to say in
# which direction the digit lies. Give it pure noise and ask for the digits 0 to 9. First let it go all the way in one leap. Then let it go a little
# way, look again, go a little further, and so on.

# %%
trained = flow.FlowRecipe.for_data(digits)
weights = pretrained.load("flow_digits")  # in half precision; float32 in the network
trained.averaged.load_state_dict(weights)
noise = torch.randn(10, 1, 28, 28, generator=dice())


def ten_digits(x, t):
    """The network's velocity of ten pictures, of the classes 0 to 9."""
    return trained.velocity(x, t, ten)


# %%
drawn = {}
for name, steps in {"1 step": 1, "2 steps": 2, "5 steps": 5, "20 steps": 20}.items():
    drawn[name] = flow.follow(ten_digits, noise, steps, "euler").clamp(-1, 1)
plots.image_rows(
    {name: transforms.from_signed(x) for name, x in drawn.items()},
    title="The same network, the same noise: one leap blurs, twenty steps draw",
    alt="The digits 0 to 9. In one step: blurs. In two and five: clearer. "
    "In twenty: sharp, each in its own hand.",
)

# %% [markdown]
# The first row looks like something you know. Compare it with the average of each digit in the training set:

# %%
averages = torch.stack([train_x[digits.labels == c].mean(dim=0) for c in range(10)])
pairs = zip(drawn["1 step"].flatten(1), averages.flatten(1))
alike = torch.stack([torch.corrcoef(torch.stack(pair))[0, 1] for pair in pairs])
rounded = [round(value, 2) for value in alike.tolist()]
print("correlation of the leap with the average digit:", rounded)
verify.promise("each of the ten is above 0.95", got=alike, above=0.95)
fact = pretrained.info("flow_digits")
print(
    f"The network: {fact['parameters']:,} weights, trained for {fact['steps']:,} "
    f"steps of {fact['batch']} pictures on {fact['data']}, "
    f"{fact['seconds'] / 60:.0f} minutes on {fact['machine']}; "
    f"made by {fact['script']}."
)

# %% [markdown]
# Asked once, it draws averages; asked twenty times, it draws digits. It is the same network with the same weights. Why? The answer has two halves: why one leap ends at an average, and why
# many small steps don't. By the end of this lesson you will have proved both, and trained such a network yourself.
#
# ## Noise, step by step
#
# Diffusion (Sohl-Dickstein et al., 2015; Ho, Jain and Abbeel, 2020) begins with the easy direction. Call the picture $x_0$. Each small step shrinks it a little and
# adds a little fresh noise:
#
# $$q(x_t \mid x_{t-1}) = N\left(\sqrt{1 - \beta_t}\, x_{t-1},\; \beta_t I\right), \qquad t = 1, \dots, T$$
#
# After $T = 1000$ such steps nothing is left of the picture. To train a network on step 700 you don't want to walk 700 steps, and you needn't: two steps together are one
# larger step of the same kind. The first leaves a share $1 - \beta_1$ of the variance, the second a share $1 - \beta_2$ of that, and noise makes up the rest:

# %%
b1, b2 = sympy.symbols("beta_1 beta_2", positive=True)
# the variance of the first noise after the second step, and that of the second noise
carried = (1 - b2) * b1 + b2
filled = 1 - (1 - b1) * (1 - b2)
verify.agree("noise after two steps: variance 1 - (1 - β₁)(1 - β₂)", carried, filled)

# %% [markdown]
# Let $\bar\alpha_t = \prod_{s \le t} (1 - \beta_s)$, the share of the variance that is still the picture's. By induction:
#
# $$q(x_t \mid x_0) = N\left(\sqrt{\bar\alpha_t}\, x_0,\; (1 - \bar\alpha_t)\, I\right)$$
#
# Simulate it. Walk 20,000 copies of one pixel of value 0.8 through 300 small steps, and compare mean and variance:

# %%
betas = diffusion.linear_betas()  # from 0.0001 to 0.02 in 1000 steps, as in the paper
alpha_bar = diffusion.signal_left(betas)
x = torch.full((20_000,), 0.8, dtype=torch.float64)
rng = dice()
for beta in betas[:300]:
    fresh = torch.randn(len(x), generator=rng, dtype=torch.float64)
    x = (1 - beta).sqrt() * x + beta.sqrt() * fresh
left = alpha_bar[299].item()
verify.agree("mean after 300 steps = √ᾱ x₀", verify.estimate(x), left**0.5 * 0.8)
squares = verify.estimate((x - left**0.5 * 0.8) ** 2)
verify.agree("variance after 300 steps = 1 - ᾱ", squares, 1 - left)

# %%
# NBVAL_CHECK_OUTPUT
for t in (1, 10, 100, 300, 500, 1000):
    beta, share = betas[t - 1].item(), alpha_bar[t - 1].item()
    print(f"t = {t:4}   β = {beta:.5f}   share of the picture, ᾱ = {share:.5f}")

# %% [markdown]
# Now write the leap: a draw of $q(x_t \mid x_0)$, made from the picture and a standard normal ε of the same shape.


# %% tags=["exercise"]
def noised(images, noise, alpha_bar):
    """A draw of q(x_t | x_0): images and noise (n, c, h, w),
    alpha_bar (n,), one for each picture -> (n, c, h, w)."""
    ...  # your code


# %% tags=["check"]
noised = check("flow.noised", noised)

# %%
chosen = [1, 50, 150, 300, 500, 1000]
four = train_x[digits.labels == 4][:1].expand(len(chosen), -1, -1, -1)
same = torch.randn(1, 1, 28, 28, generator=dice()).expand_as(four)
seen = noised(four, same, alpha_bar[[t - 1 for t in chosen]])
seen = torch.as_tensor(seen).float()
seen = seen / seen.abs().amax(dim=(1, 2, 3), keepdim=True)  # each to its own range
plots.images(
    transforms.from_signed(seen),
    labels=[f"t = {t}" for t in chosen],
    title="The picture goes under; at t = 1000 nothing is left",
    alt="A 4: clear at t = 1, grainy at 50 and 150, a shade at 300, then gone.",
    scale=1.1,
)

# %% [markdown]
# ## One step back
#
# To draw, walk the other way: from $x_t$ to $x_{t-1}$. If you knew the picture $x_0$, Bayes' rule would give the step back exactly:
#
# $$q(x_{t-1} \mid x_t, x_0) \;\propto\; q(x_t \mid x_{t-1})\; q(x_{t-1} \mid x_0)$$
#
# Both factors are Gaussian in $x_{t-1}$, and so is their product. Its log is a parabola: the mean is where the slope is 0, and the variance is minus one over the second
# derivative. Let sympy work it out, with $\alpha = 1 - \beta_t$ and $A = \bar\alpha_{t-1}$, so that $\bar\alpha_t = \alpha A$:

# %%
alpha, A = sympy.symbols("alpha A", positive=True)
back, x_t, x_0, eps = sympy.symbols("x_{t-1} x_t x_0 epsilon", real=True)
log_q = -((x_t - sympy.sqrt(alpha) * back) ** 2) / (2 * (1 - alpha))
log_q -= (back - sympy.sqrt(A) * x_0) ** 2 / (2 * (1 - A))
mean = sympy.solve(sympy.diff(log_q, back), back)[0]
variance = -1 / sympy.diff(log_q, back, 2)
below = 1 - alpha * A
stated = sympy.sqrt(A) * (1 - alpha) / below * x_0
stated += sympy.sqrt(alpha) * (1 - A) / below * x_t
verify.agree(
    "mean = √ᾱₜ₋₁ β / (1 - ᾱₜ) x₀ + √(1 - β) (1 - ᾱₜ₋₁) / (1 - ᾱₜ) xₜ", mean, stated
)
stated = (1 - A) / below * (1 - alpha)
verify.agree("variance = (1 - ᾱₜ₋₁) / (1 - ᾱₜ) β", variance, stated)


# %% tags=["exercise"]
def step_back_mean(x_t, x_0, beta, before):
    """Mean of q(x_{t-1} | x_t, x_0): x_t and x_0 of the same shape,
    beta = β_t and before = ᾱ_{t-1} scalar tensors."""
    ...  # your code


# %% tags=["check"]
step_back_mean = check("flow.step_back_mean", step_back_mean)

# %%
both = torch.randn(2, 1, 1, 28, 28, generator=dice(), dtype=torch.float64)
a_picture, its_noise = both
at = 300  # the step
at_step = torch.as_tensor(noised(a_picture, its_noise, alpha_bar[[at - 1]]))
package_mean, spread = diffusion.step_back(at_step, a_picture, betas, at)
mine = step_back_mean(at_step, a_picture, betas[at - 1], alpha_bar[at - 2])
claim = "your mean is that of diffusion.step_back, which the lesson uses from here on"
verify.agree(claim, mine, package_mean)

# %% [markdown]
# But you don't know $x_0$. That is what the network is for: it guesses. Let it take a step back of the same variance, which is called $\tilde\beta$, with a mean computed from its guess.
# How wrong is that? Measure it by the KL divergence of the network's step from the true one. For two Gaussians of *equal* variance only the means count:
#
# $$\mathrm{KL}\left(N(m_1, s^2) \,\|\, N(m_2, s^2)\right) = \frac{(m_1 - m_2)^2}{2 s^2}$$
#
# And let the network guess the noise ε instead of the picture. One gives the other, since $x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \varepsilon$. The cell below checks both: the KL, and
# what the mean is in terms of ε.

# %%
m_1, m_2, s = torch.randn(3, 50, generator=dice(), dtype=torch.float64)
s = s.exp()
true, guessed = (torch.distributions.Normal(m, s) for m in (m_1, m_2))
kl = torch.distributions.kl_divergence(true, guessed)
squared = (m_1 - m_2) ** 2 / (2 * s**2)
verify.agree("KL of equal variances is a squared distance over 2 s²", kl, squared)
from_noise = mean.subs(x_0, (x_t - sympy.sqrt(below) * eps) / sympy.sqrt(alpha * A))
stated = (x_t - (1 - alpha) / sympy.sqrt(below) * eps) / sympy.sqrt(alpha)
verify.agree("mean = (xₜ - β / √(1 - ᾱₜ) ε) / √(1 - β)", from_noise, stated)

# %% [markdown]
# $x_t$ is known, so the two means differ only by the two noises:
#
# $$\mathrm{KL} = \underbrace{\frac{\beta_t}{2\,(1 - \beta_t)\,(1 - \bar\alpha_{t-1})}}_{\text{weight}} \; \|\varepsilon - \hat\varepsilon\|^2$$
#
# (Put $\tilde\beta$ in for $s^2$ and cancel.) Check it on the picture above, with a guess that is somewhat wrong:


# %%
def weight(t):
    return betas[t - 1] / (2 * (1 - betas[t - 1]) * (1 - alpha_bar[t - 2]))


slip = 0.3 * torch.randn(its_noise.shape, generator=dice(1), dtype=torch.float64)
guess = its_noise + slip
a_bar = alpha_bar[at - 1]
guessed_picture = (at_step - (1 - a_bar).sqrt() * guess) / a_bar.sqrt()
guessed_mean, _ = diffusion.step_back(at_step, guessed_picture, betas, at)
kl = ((package_mean - guessed_mean) ** 2).sum() / (2 * spread)
# the package's loss is a mean over pixels
squares = 784 * diffusion.simple_loss(guess, its_noise)
claim = "KL of the two steps back = weight times |ε - guess|²"
verify.agree(claim, kl, weight(at) * squares)

# %%
# NBVAL_CHECK_OUTPUT
weights_at = {t: round(weight(t).item(), 4) for t in (2, 5, 20, 100, 500, 1000)}
print("weight of the squared error at step t:", weights_at)

# %% [markdown]
# Add up these KLs over all $t$ and you have, up to the two ends of the walk, the bound of a VAE (lesson 24), one with a thousand latents and an encoder that has nothing to learn. Ho et al.
# dropped the weight:
#
# $$L_\text{simple} = \mathbb{E}_{t, x_0, \varepsilon} \; \frac{1}{d} \|\varepsilon - \varepsilon_\theta(x_t, t)\|^2$$
#
# The numbers above show what that changes: the bound cares most about the last traces of noise, which can't be seen. The simple loss spends the network's effort on the
# rest. In the paper the likelihood gets worse by it and the pictures get better, on purpose.
#
# ## A straight path
#
# Now make it simpler still. Nothing in "add noise, guess, step back" needs a thousand small steps. Take a straight line from a noise to a picture (Lipman et al., 2023; Liu et al., 2023), and let time
# run towards the picture. **From here on $t = 0$ is noise and $t = 1$ is the picture**; diffusion's own $t$ counts the other way.
#
# $$x_t = (1 - t)\,\varepsilon + t\,x, \qquad \frac{dx_t}{dt} = x - \varepsilon$$
#
# The network sees $x_t$ and $t$ and learns the velocity $v = x - \varepsilon$. Is that another model? Hardly. For $0 < t < 1$, the point $x_t$ and any one of picture, noise and velocity give the other two:

# %%
t, picture = sympy.symbols("t x", real=True)
point, v = (1 - t) * eps + t * picture, picture - eps
verify.agree("the picture is xₜ + (1 - t) v", point + (1 - t) * v, picture)
verify.agree("the noise is xₜ - t v", point - t * v, eps)
verify.agree(
    "the picture is (xₜ - (1 - t) ε) / t", (point - (1 - t) * eps) / t, picture
)
of_picture = (point - t * picture) / (1 - t)
verify.agree("the noise is (xₜ - t x) / (1 - t)", of_picture, eps)

# %%
guess = sympy.symbols("guess", real=True)  # of v
of_noise, of_picture = (point - t * guess) - eps, (point + (1 - t) * guess) - picture
verify.agree("error of the noise = -t × error of v", of_noise, -t * (guess - v))
verify.agree(
    "error of the picture = (1 - t) × error of v", of_picture, (1 - t) * (guess - v)
)

# %%
some_noise = torch.randn(5, 3, generator=dice())
some_x = torch.randn(5, 3, generator=dice(1))
times = torch.rand(5)
straight = flow.between(some_noise, some_x, times)
squared_size = times**2 + (1 - times) ** 2
diffused = diffusion.noised(some_x, some_noise, times**2 / squared_size)
verify.agree(
    "divided by its size, the straight path is diffusion's, "
    "with ᾱ = t² / (t² + (1 - t)²)",
    straight / squared_size.sqrt()[:, None],
    diffused,
    tolerance=1e-5,
)

# %% [markdown]
# So predicting the noise, the picture or the velocity gives three losses that differ, at each time, by a factor $t^2$ or $(1-t)^2$: they spend the network's effort at different times. And the two paths, diffusion's and
# the straight one, differ by a scale and a clock.
#
# The ends are another matter. At $t = 0$ the point *is* the noise: a perfect guess of the noise says nothing about the picture, and you can't divide by $t = 0$. At $t = 1$ the same is true of the picture and the noise.
# The velocity gives both at every $t$, which is one reason to learn it.
#
# ## What the network can't know
#
# Many lines pass through the same point, on their way from different noises to different pictures. The network sees the point and must give one answer, $a$. Which one does a squared error ask for?
# Let $u = x - \varepsilon$ be the velocity of a line through this point, and $m = \mathbb{E}[u]$ the mean over all of them. Write $u - a = (u - m) + (m - a)$ and expand the square:
#
# $$\mathbb{E}\,\|u - a\|^2 = \mathbb{E}\,\|u - m\|^2 + 2\,(m - a) \cdot \underbrace{\mathbb{E}[u - m]}_{0} + \|m - a\|^2$$
#
# Only the last term depends on the answer, and at $a = m$ it is 0. So the best answer is the mean, and what is left of the loss is the variance. An example: let the velocity be $u_1$ with probability $p$, else $u_2$.

# %%
a, b, p, answer = sympy.symbols("u_1 u_2 p answer", real=True)
error = p * (answer - a) ** 2 + (1 - p) * (answer - b) ** 2
(best,) = sympy.solve(sympy.diff(error, answer), answer)
verify.agree("the best answer is the mean", best, p * a + (1 - p) * b)
left_over, variance = error.subs(answer, best), p * (1 - p) * (a - b) ** 2
verify.agree("and what is left is the variance", left_over, variance)

# %% [markdown]
# So the best velocity is the conditional mean, $v(x, t) = \mathbb{E}[x_1 - \varepsilon \mid x_t = x]$, where $x_1$ is the picture. **This is the first half
# of the answer.** At $t = 0$ the point is pure noise and says nothing about the picture. So the best guess of the picture is the mean of all pictures of the class: the blur.
#
# For the second half, take a case in which everything is known exactly: one dimension, and data from two humps, $x \sim 0.3\, N(-1.5, 0.3^2) + 0.7\, N(1, 0.3^2)$. Within a hump, picture and noise are Gaussian, so the mean is a
# linear function of $x_t$; the two humps are weighted by how probable each is at this point:

# %%
shares = torch.tensor([0.3, 0.7]).double()
centres = torch.tensor([-1.5, 1.0]).double()
width = 0.3


def humps_velocity(x, t):
    """E[x_1 - ε | x_t = x] of the two humps; x and t (n,) -> (n,)."""
    t = t[:, None]
    variance = (t * width) ** 2 + (1 - t) ** 2  # of x_t, within a hump
    off = x[:, None] - t * centres
    which = (shares.log() - off**2 / (2 * variance)).softmax(dim=1)
    return (which * (centres + (t * width**2 - (1 - t)) / variance * off)).sum(dim=1)


# %%
grid = torch.linspace(-5, 5, 4001, dtype=torch.float64)
humps = torch.distributions.Normal(centres, width)
density = (shares * humps.log_prob(grid[:, None]).exp()).sum(dim=1)
probe = torch.linspace(-2, 2, 9, dtype=torch.float64)
likelihood = (-((probe[:, None] - 0.6 * grid) ** 2) / (2 * 0.4**2)).exp()
seen_from = density * likelihood  # p(x_1) p(x_t | x_1)
by_integral = (seen_from * grid).sum(dim=1) / seen_from.sum(dim=1)
mean_picture = probe + 0.4 * humps_velocity(probe, torch.full_like(probe, 0.6))
claim = "E[x₁ | xₜ] by formula = by integration, at t = 0.6"
verify.agree(claim, mean_picture, by_integral, tolerance=1e-6)

# %% [markdown]
# ### The score
#
# The mean picture is also a slope. Take $p_t$, the density of the noised data, $p_t(x) = \int p(x_1)\, N(x;\, t x_1, (1-t)^2)\, dx_1$, and differentiate under the integral:
#
# $$\nabla p_t(x) = \int p(x_1)\, N(x;\, t x_1, (1-t)^2)\; \frac{t x_1 - x}{(1-t)^2}\, dx_1
# \quad\Rightarrow\quad \nabla \log p_t(x) = \frac{t\,\mathbb{E}[x_1 \mid x_t = x] - x}{(1-t)^2}$$
#
# That is Tweedie's formula. The slope of the log density is called the **score**, and it says the same as the mean picture: to denoise is to climb to where the data are denser (Song et al., 2021). Check it by autograd:

# %%
place = probe.clone().requires_grad_()
hump = torch.distributions.Normal(0.6 * centres, ((0.6 * width) ** 2 + 0.4**2) ** 0.5)
log_density = (shares.log() + hump.log_prob(place[:, None])).logsumexp(dim=1)
(score,) = torch.autograd.grad(log_density.sum(), place)
climbed = (probe + 0.4**2 * score) / 0.6
verify.agree("E[x₁ | xₜ] = (xₜ + (1 - t)² score) / t", mean_picture, climbed)

# %% [markdown]
# ### Lines cross, paths don't
#
# **Predict first.** On the left below you'll see straight lines from noises to examples, paired at random: they cross everywhere. Now start at the same noises and follow the *mean* velocity instead. Draw on paper what
# these paths look like, from $t = 0$ to $t = 1$, and where they end: at $-1.5$ and $1$, or at the mean of the data, $0.25$?

# %% tags=["predict"]
starts = torch.randn(60, generator=dice(), dtype=torch.float64)
hump_of = (torch.rand(60, generator=dice(1)) < 0.7).long()
ends = centres[hump_of] + width * torch.randn(60, generator=dice(2)).double()
paths = flow_pictures.trails(humps_velocity, starts, 100)
flow_pictures.lines_and_paths(starts, ends, paths)

# %% [markdown]
# You should have seen the paths set out for the middle, hesitate there, and then part into two bundles. None crosses another: at each point there is one velocity, so two paths that met would stay together. On a line, therefore,
# paths keep their order: the smallest noise becomes the smallest example.
#
# ### Why small steps end at the data
#
# **This is the second half of the answer:** points that follow the mean velocity are, at each $t$, distributed exactly like the $x_t$ of the lines. So at $t = 1$ they are distributed like the data. Here is a proof in four steps.
# Let $u = x_1 - \varepsilon$ be the velocity of a line, $p_t$ the density of $x_t$, and $f$ any smooth function that is 0 far out.
#
# 1. Along a line $dx_t / dt = u$. Use the chain rule:
#    $$\frac{d}{dt}\, \mathbb{E}\, f(x_t) = \mathbb{E}\left[\nabla f(x_t) \cdot u\right]$$
# 2. Average in two stages, first over all lines through the same point. There $\nabla f(x_t)$ is the same for all of them, and the mean of $u$ is $v$:
#    $$\mathbb{E}\left[\nabla f(x_t) \cdot u\right] = \mathbb{E}\left[\nabla f(x_t) \cdot v(x_t, t)\right]$$
# 3. Write the first and the last mean as integrals over $p_t$, and integrate the right one by parts. The boundary terms vanish, since $f$ is 0 far out:
#    $$\int f\; \partial_t p_t\; dx = \int \nabla f \cdot v\, p_t\; dx = -\int f\; \nabla \cdot (v\, p_t)\; dx$$
#    This holds for every $f$, so the factors of $f$ must be equal. That is the **continuity equation**:
#    $$\partial_t p_t = -\nabla \cdot (v\, p_t)$$
# 4. Now let points follow $v$ itself: $dy/dt = v(y, t)$, with $y_0 = \varepsilon$. Call their density $q_t$. Steps 1 and 3 hold for them with $v$ in place of $u$, and step 2 isn't needed: $\partial_t q_t = -\nabla \cdot (v\, q_t)$.
#    It is the same equation from the same start, $q_0 = p_0 = N(0, I)$. Where $v$ is smooth (Lipschitz in $x$), it has one solution for each start, so $q_t = p_t$.
#
# Check the steps on the humps. First 1 and 2, with $f(x) = e^{-x^2/2}$, whose mean is known in closed form, at $t = 0.6$:


# %%
def mean_of_f(t):
    """E f(x_t) of the two humps for f(x) = exp(-x²/2)."""
    wider = 1 + (t * width) ** 2 + (1 - t) ** 2
    return (shares * (-((t * centres) ** 2) / (2 * wider)).exp() / wider.sqrt()).sum()


moment = torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
(change,) = torch.autograd.grad(mean_of_f(moment), moment)

# %%
lines, rng = 100_000, dice(4)
tails = torch.randn(lines, generator=rng, dtype=torch.float64)  # the noises
heads = width * torch.randn(lines, generator=rng, dtype=torch.float64)
heads += centres[(torch.rand(lines, generator=rng) < 0.7).long()]  # the examples
between = flow.between(tails, heads, torch.full_like(heads, 0.6))
slope = -between * (-(between**2) / 2).exp()  # f'
by_lines = verify.estimate(slope * (heads - tails))
verify.agree("1: d/dt E f(xₜ) = E[f'(xₜ) u]", by_lines, change.item())
by_mean = slope * humps_velocity(between, torch.full_like(between, 0.6))
verify.agree("2: = E[f'(xₜ) v(xₜ, t)]", verify.estimate(by_mean), change.item())

# %% [markdown]
# Step 3 is an equation between derivatives, so autograd can check it at many places and times at once:

# %%
pairs = torch.cartesian_prod(probe, torch.linspace(0.05, 0.95, 19).double())
x, t = pairs[:, 0].clone().requires_grad_(), pairs[:, 1].clone().requires_grad_()
deviation = ((t * width) ** 2 + (1 - t) ** 2).sqrt()
hump = torch.distributions.Normal(t[:, None] * centres, deviation[:, None])
p_t = (shares * hump.log_prob(x[:, None]).exp()).sum(dim=1)
(by_time,) = torch.autograd.grad(p_t.sum(), t, retain_graph=True)
(by_place,) = torch.autograd.grad((humps_velocity(x, t) * p_t).sum(), x)
verify.agree("3: ∂p/∂t = -∂(v p)/∂x", by_time, -by_place)

# %% [markdown]
# And step 4: follow $v$ in many small steps, and compare the points with $p_t$. Since paths keep their order, the share of points to the left of each must stay what it was:

# %%
spots = torch.linspace(-2.5, 2.5, 41, dtype=torch.float64)
on_the_way = flow_pictures.trails(humps_velocity, spots, 1000)
rank = torch.distributions.Normal(0.0, 1.0).cdf(spots)
for share in (0.5, 1.0):
    deviation = ((share * width) ** 2 + (1 - share) ** 2) ** 0.5
    hump = torch.distributions.Normal(share * centres, deviation)
    reached = (shares * hump.cdf(on_the_way[int(1000 * share)][:, None])).sum(dim=1)
    claim = f"4: at t = {share}, the share of points to the left is as at the start"
    verify.agree(claim, reached, rank, tolerance=5e-3)

# %% [markdown]
# So the first step goes towards the mean, but it is a *little* step. Then the point tells more than before, the new mean is over fewer candidates, and in the end over one.
#
# ### The same densities, with noise on the way
#
# Paths without noise are one way to the data. There are others. Shake the points all along with noise of strength $g$, and let the score pull them back:
#
# $$dx = \left(v + \tfrac12 g^2\, \nabla \log p_t\right) dt + g\, dW$$
#
# The noise spreads a density $q_t$ like heat, which adds $\tfrac12 g^2\, \Delta q_t$ to $\partial_t q_t$ (that is the Fokker-Planck equation). The pull adds $-\nabla \cdot (\tfrac12 g^2\, q_t\, \nabla \log p_t)$. Put in $q_t = p_t$: since
# $p_t \nabla \log p_t = \nabla p_t$, the two cancel. So $p_t$ is still the solution, whatever $g$ is (Song et al., 2021).
#
# Then what is the noise good for? It forgets. Try $g^2 = 2 \lambda (1 - t)$; by Tweedie's formula the pull is then $-\lambda\, \hat\varepsilon$, where $\hat\varepsilon = x_t - t v$ is the mean noise. Start once correctly, and once with an error: all
# noises moved by 0.5.


# %%
def shaken(x, strength, steps=200):
    """Where points x (n,) end with g² = 2 λ (1 - t), λ being the strength."""
    rng, h = dice(5), 1 / steps
    for step in range(steps):
        t = torch.full_like(x, step * h)
        v = humps_velocity(x, t)
        fresh = torch.randn(len(x), generator=rng, dtype=x.dtype)
        g = (2 * strength * (1 - step * h)) ** 0.5
        x = x + h * (v - strength * (x - t * v)) + g * h**0.5 * fresh
    return x


# %%
data, right = heads[:5000].sort().values, tails[:5000]
apart = {"right start": [], "wrong start": []}
strengths = [0, 1, 4, 8]
for strength in strengths:
    for name, first in (("right start", right), ("wrong start", right + 0.5)):
        gap = (shaken(first, strength).sort().values - data).abs().mean().item()
        apart[name].append(gap)  # the Wasserstein distance to 5,000 examples
for name, row in apart.items():
    told = "   ".join(f"λ = {k}: {gap:.3f}" for k, gap in zip(strengths, row))
    print(f"{name}: distance to the data   {told}")

# %%
claim = "from the right start each λ ends at the data: distance below 0.1"
verify.promise(claim, got=dict(zip(strengths, apart["right start"])), below=0.1)
claim = "from the wrong start, λ = 8 ends more than five times as near as λ = 0"
ratio = apart["wrong start"][0] / apart["wrong start"][-1]
verify.promise(claim, got=ratio, above=5)

# %% [markdown]
# A path without noise carries an error to the end: a rank that is wrong stays wrong. With noise, old errors fade: at each time, pull and noise together drive the points towards $p_t$, wherever they come from. A trained network makes an error at every step; remember this when you compare samplers.
#
# ## A flow in the plane
#
# Now learn one. All that training needs is pairs: what the network sees, and what it should have said.


# %% tags=["exercise"]
def training_pair(noise, images, t):
    """x_t on the straight line, and its velocity:
    noise and images (n, ...), t (n,) -> two tensors (n, ...)."""
    ...  # your code


# %% tags=["check"]
training_pair = check("flow.training_pair", training_pair)


# %%
def learn(points, steps, width=96):
    """The velocity from noise to points (m, d), learnt by a small network."""
    torch.manual_seed(seed)
    d = points.shape[1]
    layers = [
        layer
        for size in (d + 1, width, width)
        for layer in (nn.Linear(size, width), nn.SiLU())
    ]
    network = nn.Sequential(*layers, nn.Linear(width, d))
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for step in range(steps):
        x_1 = points[torch.randint(len(points), (256,))]
        t = torch.rand(256)
        pair = training_pair(torch.randn_like(x_1), x_1, t)
        seen, wanted = map(torch.as_tensor, pair)
        loss = (network(torch.cat([seen, t[:, None]], dim=1)) - wanted).square().mean()
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - step / steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return lambda x, t: network(torch.cat([x, t[:, None]], dim=1)).detach()


# %% [markdown]
# That is the whole training: draw an example, a noise and a time; take one step down a squared error. There is no second network, no balance to keep, no encoder. Try it on two moons.

# %%
angle = torch.pi * torch.rand(2000, generator=dice(6))
moon = torch.stack([angle.cos(), angle.sin()], dim=1)
moon[1000:] = torch.tensor([1.0, 0.5]) - moon[1000:]
jitter = 0.05 * torch.randn(2000, 2, generator=dice(7))
moons = (moon - torch.tensor([0.5, 0.25])) * 1.3 + jitter
plane_velocity = learn(moons, runtime.pick(ci=50, cpu=1500))
plane_noise = torch.randn(120, 2, generator=dice(8))


# %%
def walk(steps, eta, t):
    """Paths from noise to the moons, and the velocity at one time."""
    settings = {"steps": steps, "eta": eta, "t": t, "seed": seed}
    flow_pictures.plane(plane_velocity, plane_noise, moons, **settings)


widgets.play(
    walk, steps=(1, 50, 1, 20), eta=(0.0, 1.0, 0.1, 0.0), t=(0.0, 0.95, 0.05, 0.6)
)

# %% [markdown]
# Set the steps to 1: all points land in the middle, between the moons, where no example is. Move $t$: at 0 all arrows point to the same place; later they part. And η adds fresh noise at each step, as λ did above.


# %%
def off(steps):
    """Mean distance of the ends to the nearest example."""
    ends = flow.follow(plane_velocity, plane_noise, steps, "euler")
    return metrics.nearest_neighbours(ends, moons)[0].mean().item()


print({steps: round(off(steps), 3) for steps in (1, 2, 5, 20, 50)})
claim = "twenty steps end twice as near to the moons as one"
verify.promise(claim, got=off(1) / off(20), above=2)

# %% [markdown]
# ## The perfect network
#
# For a finite set of examples the mean velocity can be written down, too: each example $x_i$ is a hump of width 0. Weight them by $N(x;\, t x_i, (1-t)^2)$, take the mean picture, and go there. On these examples no network can have a lower loss.

# %%
memory = train_x[:500].flatten(1)


def perfect_velocity(x, t):
    """The mean velocity if the data are these 500 digits; x (n, 784), t (n,)."""
    t = t[:, None]
    squares = torch.cdist(x, t[:1] * memory).square()
    which = (-squares / (2 * (1 - t) ** 2)).softmax(dim=1)
    return (which @ memory - x) / (1 - t)


# %% [markdown]
# **Predict first.** Take 500 training digits and follow this perfect velocity from noise, in 20 steps. What does it draw: averages, new digits, or something else?

# %% tags=["predict"]
start_pixels = torch.randn(10, 784, generator=dice())
copies = flow.follow(perfect_velocity, start_pixels, 20, "euler")
how_far, which = metrics.nearest_neighbours(copies, memory)
farthest = how_far.max()
pairs = {"drawn": copies, "nearest": memory[which[:, 0]]}
plots.image_rows(
    {name: transforms.from_signed(x.view(-1, 1, 28, 28)) for name, x in pairs.items()},
    title=f"The perfect network; largest distance to a training digit {farthest:.4f}",
    alt="Two rows of ten sharp digits: each drawn one equals the training digit below.",
)

# %% [markdown]
# You should have seen training digits, to the pixel. The perfect solution of the training problem is a copying machine. A real network draws new digits because it *can't* reach that solution: it is too
# small and too smooth to hold 8,000 spikes, so it generalises instead. Compare the losses of both, on digits that they know and on others:


# %%
def loss_at(velocity, pictures, t=0.7):
    """Loss at one time, with the same noise for both; pictures (n, 1, 28, 28)."""
    times = torch.full((len(pictures),), t)
    eps = torch.randn(pictures.shape, generator=dice())
    with torch.no_grad():
        guess = velocity(flow.between(eps, pictures, times), times)
        return flow.flow_loss(guess, eps, pictures).item()


def perfect_pictures(x, t):
    return perfect_velocity(x.flatten(1), t).view_as(x)


# %%
known, others = train_x[:300], test_x[:300]
losses = {}
for name, velocity in {"perfect": perfect_pictures, "U-Net": trained.velocity}.items():
    losses[name] = loss_at(velocity, known), loss_at(velocity, others)
    print(
        f"{name:8} loss at t = 0.7 on its training digits {losses[name][0]:.4f}, "
        f"on test digits {losses[name][1]:.4f}"
    )
perfect, unet = losses["perfect"], losses["U-Net"]
verify.promise("copies: less than 0.01 from a training digit", got=farthest, below=0.01)
verify.promise("perfect: lower on what it knows", perfect[0] < unet[0])
claim = "on test digits the U-Net's loss is less than half of the perfect one's"
verify.promise(claim, got=unet[1] / perfect[1], below=0.5)

# %% [markdown]
# A model that is large enough and trained for long on few pictures does get near it: from Stable Diffusion and others, Carlini et al. (2023) extracted more than a thousand training examples. Lesson 14 is about that.
#
# ## Train one
#
# For pictures the network is a U-Net (Ronneberger et al., 2015): it shrinks the picture to half its size, then to a quarter, so that each place sees far; then it enlarges it again, and copies the fine detail across. Time and class scale and shift its channels.
# `flow.FlowRecipe` combines it with the loss you derived. In one of ten examples it hides the class; you'll see why.


# %%
def show(step, recipe, history):
    drawn = recipe.sample(10, ten, dice(), steps=8, method="euler").cpu()
    title = f"After {step} of {flow_budget} steps"
    alt = f"The digits 0 to 9 as the flow draws them after {step} steps of training."
    picture.images(transforms.from_signed(drawn), title=title, alt=alt)


# %%
recipe = flow.FlowRecipe.for_data(digits)
picture = plots.live()
interval = max(1, flow_budget // 5)
history = training.fit(
    recipe, digits, steps=flow_budget, seed=seed, callback=show, every_steps=interval
)
recipe = recipe.to("cpu")  # where training used a GPU: drawing is cheap enough without
print(history)

# %%
smooth = torch.tensor(history["loss"]).unfold(0, min(20, flow_budget), 1).mean(dim=1)
nothing = 1 + train_x.square().mean().item()  # the loss of a network that always says 0
flat = torch.full_like(smooth, nothing)
plots.curves(
    history.steps[-len(smooth) :],
    {"loss, mean over 20 steps": smooth, "a network that says 0": flat},
    x_label="training steps",
    y_label="flow loss",
    title="Steep at first, then flat: the loss doesn't tell how good the pictures are",
)
claim = "it ends below a third of the loss of saying nothing"
verify.promise(claim, got=smooth[-1], below=nothing / 3)

# %% [markdown]
# It can't reach 0: whatever the network does, the variance of the lines through a point is left. So the curve looks finished long before the pictures are. Judge the pictures.
#
# ## Samplers at equal cost
#
# Drawing means following $v$, and each evaluation of the network costs the same. Which way of stepping makes the most of, say, 20 evaluations? Euler's step uses the velocity where it stands. A midpoint step looks half a
# step ahead first:
#
# $$x \leftarrow x + h\, v\left(x + \tfrac h2\, v(x, t),\; t + \tfrac h2\right)$$


# %% tags=["exercise"]
def midpoint_step(velocity, x, t, h):
    """One midpoint step: velocity(x, t) is a function of tensors,
    x (n, ...), t (n,), h a number -> x one step later, (n, ...)."""
    ...  # your code


# %% tags=["check"]
midpoint_step = check("flow.midpoint_step", midpoint_step)

# %%
truth = flow.follow(humps_velocity, spots, 2000, "midpoint")
cost, wrong = [8, 16, 32, 64, 128], {"Euler": [], "midpoint, yours": [], "Heun": []}
for evaluations in cost:
    steps = evaluations // 2
    x, h = spots, 1 / steps
    for step in range(steps):
        x = midpoint_step(humps_velocity, x, torch.full_like(x, step * h), h)
    by_euler = flow.follow(humps_velocity, spots, evaluations, "euler")
    by_heun = flow.follow(humps_velocity, spots, steps, "heun")
    for row, end in zip(wrong.values(), (by_euler, x, by_heun)):
        row.append((end - truth).abs().median().item())

# %%
title = "Two humps, exact velocity: twice the evaluations, half the error or a quarter"
plots.curves(
    cost,
    wrong,
    x_label="evaluations of the velocity",
    y_label="median error of the end",
    title=title,
    log_x=True,
    log_y=True,
    markers=True,
)
ratio = {name: row[-2] / row[-1] for name, row in wrong.items()}
claim = "from 64 to 128, Euler's error falls to about a half"
verify.promise(claim, got=ratio["Euler"], above=1.6, below=2.4)
claim = "that of midpoint to about a quarter"
verify.promise(claim, got=ratio["midpoint, yours"], above=3, below=5)

# %% [markdown]
# Diffusion has samplers of its own. The ancestral one (Ho et al.) guesses the picture and then draws a step back, with the fresh noise of $q(x_{t-1} \mid x_t, x_0)$. DDIM (Song, Meng and Ermon, 2021) guesses the picture, too, but reuses the noise that it guessed with it:
#
# $$x_s = s\,\hat x + (1 - s)\,\hat\varepsilon, \qquad \hat x = x_t + (1 - t)\, v, \quad \hat\varepsilon = x_t - t\, v$$
#
# Put $s = t + h$ in, and you get a step that you know. Between the two lies a dial, η: 0 is DDIM, 1 is ancestral, and in between a step has the share η of the ancestral one's fresh noise. That noise has the variance
#
# $$\sigma^2 = \eta^2 (1-s)^2 \left(1 - \left(\frac{t\,(1-s)}{s\,(1-t)}\right)^2\right)$$
#
# For small steps it is the noise you added on the humps, $g^2 = 2\lambda(1-t)$, with $\lambda = \eta^2/t$.

# %%
x_now, v_now = sympy.symbols("x_t v", real=True)
t, h, eta = sympy.symbols("t h eta", positive=True)
s_next = t + h
ddim = s_next * (x_now + (1 - t) * v_now) + (1 - s_next) * (x_now - t * v_now)
verify.agree("DDIM's step on the straight path is Euler's", ddim, x_now + h * v_now)
kept = t * (1 - s_next) / (s_next * (1 - t))
fresh = eta**2 * (1 - s_next) ** 2 * (1 - kept**2)
in_the_limit = sympy.limit(sympy.cancel(fresh / h), h, 0)
claim = "as h → 0, fresh noise per unit of time = 2 λ (1 - t) with λ = η² / t"
verify.agree(claim, in_the_limit, 2 * (eta**2 / t) * (1 - t))

# %% [markdown]
# `diffusion.denoise` has that dial, and you moved it in the plane. Here are all four samplers, and the judge's features for the Fréchet distance of lesson 34:

# %%
asked = torch.arange(n) % 10
start = torch.randn(n, 1, 28, 28, generator=dice(10))


def class_velocity(x, t):
    return trained.velocity(x, t, asked[: len(x)])


def by(way, evaluations, count=n):
    """Pictures by one of four samplers, all from the same noise."""
    x = start[:count]
    if way == "ancestral":
        x = diffusion.denoise(class_velocity, x, evaluations, 1.0, dice(11))
    else:
        steps = evaluations // matching.METHODS[way]
        x = flow.follow(class_velocity, x, steps, way)
    return x.clamp(-1, 1)


# %%
@torch.no_grad()
def seen_by_judge(pictures):
    return torch.cat([judge.features(part) for part in pictures.split(250)])


def recognised(features, labels):
    """Share of the pictures that the judge takes for what their label says."""
    return (judge.head(features).argmax(dim=1) == labels).double().mean().item()


standard = seen_by_judge(test_x[:1000])

# %% [markdown]
# A distance says little without its floor: real digits that are compared with other real digits don't get 0 either, and the fewer they are, the farther they seem. So compare 1,000 pictures with 1,000 test digits, and put
# beside it what 1,000 *real* digits get, for several sets of them:

# %%
real = torch.cat([test_x[1000:], train_x])  # none of them in the standard


def floor(count):
    """Distances of six sets of real digits, the smallest first."""
    sets = (seen_by_judge(x) for x in real.split(count)[:6])
    return sorted(metrics.frechet_distance(standard, f) for f in sets)


floors = floor(1000)
low, high = floors[0], floors[-1]
print(f"1,000 real digits, six times: distance {low:.2f} to {high:.2f}")

# %% [markdown]
# **Predict first.** The trained network may be asked 4, 8 or 20 times a picture. (Midpoint and Heun take two evaluations a step, so at 4 they have 2 steps.) On the humps midpoint and Heun were far ahead. Will they be here? And
# will the fresh noise do good or harm? Rank the four at 4 evaluations and at 20.
#
# Each sampler drew 1,000 pictures at each cost, five times over, from other noise each time. That takes minutes, so a script of the course did it, and the cell reads what it stored.

# %% tags=["predict"]
stored, record = pretrained.load("flow_samplers"), pretrained.info("flow_samplers")
ways, budgets = record["axes"]["way"], record["axes"]["evaluations"]
frechet = dict(zip(ways, stored["frechet"].unbind(dim=1)))  # each (5 draws, 3 budgets)
recall = dict(zip(ways, stored["recall"].unbind(dim=1)))
for way in ways:
    f, r = frechet[way], recall[way].mean(dim=0)
    told = [
        f"{e:2}: {f[:, i].mean():6.2f} ± {f[:, i].std():.2f}, recall {r[i]:.2f}"
        for i, e in enumerate(budgets)
    ]
    print(f"{way:10}", "   ".join(told))
print(f"{record['cpu_seconds']:.0f} s on one core, by {record['script']}")

# %% [markdown]
# You should have seen three surprises, and all have the same cause: *this* velocity is a network's guess, not the truth.
#
# *The order of the method hardly matters.* On the humps a better step won by far. Here five times the cost takes less than a quarter off the distance of Euler and of midpoint, and both stay well above the floor: what is left is the
# network's own error, and no way of stepping can mend that.
#
# *Fresh noise helps.* It did so on the humps, where the start was wrong. Here every step is a little wrong: on a path without noise the next point is one that training never showed, and the answer there is worse. Fresh noise covers old errors, and
# brings the point back to where the network knows its way (Karras et al., 2022). The price: with few steps the ancestral sampler draws what is typical. Look at the recall at 4 evaluations.
#
# *Heun fails.* Its last evaluation is at $t = 1$. In training every point there was a picture, without a trace of noise. The point that Heun asks about is not quite a picture, and about such points the network has learnt nothing.

# %%
lines = {way: f.mean(dim=0) for way, f in frechet.items()}
lines["real digits"] = torch.full((len(budgets),), sum(floors) / len(floors))
bands = {way: (f.amin(dim=0), f.amax(dim=0)) for way, f in frechet.items()}
bands["real digits"] = tuple(torch.full((len(budgets),), at) for at in (low, high))
plots.curves(
    budgets,
    lines,
    bands=bands,
    x_label="evaluations of the network a picture",
    y_label="Fréchet distance, 1,000 pictures",
    title="Fresh noise is best, Heun fails, and none is as near as real digits",
    log_y=True,
    markers=True,
)

# %%
calm = torch.stack([frechet["euler"], frechet["midpoint"]])
lead = frechet["ancestral"] / calm.amin(dim=0)
claim = "ancestral is the nearest, at each cost and in each draw: ratio below 1"
verify.promise(claim, got=lead, below=1)
lag = frechet["heun"] / calm.amax(dim=0)
verify.promise("and Heun the farthest: ratio above 1.5", got=lag, above=1.5)
claim = "but ancestral, too, is farther than any set of real digits"
verify.promise(claim, got=frechet["ancestral"], above=high)

# %%
gain = {way: lines[way][-1] / lines[way][0] for way in ("euler", "midpoint")}
claim = "five times the cost takes less than a quarter off their distance"
verify.promise(claim, got=gain, above=0.75, below=1)
claim = "with 20 evaluations both stay above 1.5 times the highest floor"
verify.promise(claim, got=calm[..., -1] / high, above=1.5)
typical = recall["ancestral"][:, 0] / recall["midpoint"][:, 0]
claim = "at 4 evaluations ancestral's recall is below 0.85 of midpoint's"
verify.promise(claim, got=typical, below=0.85)

# %% [markdown]
# Don't take the table on trust. Draw from noise of your own, at the lowest cost:

# %%
fewest = budgets[0]
mine = {}
for way in ("euler", "ancestral"):
    mine[way] = metrics.frechet_distance(standard, seen_by_judge(by(way, fewest)))
    print(f"{way}: {mine[way]:.2f}; in the table {lines[way][0]:.2f}")
off_table = {way: mine[way] / lines[way][0].item() for way in mine}
claim = "within a quarter of the table"
verify.promise(claim, got=off_table, near=(1, 0.25))

# %% [markdown]
# If the last evaluation is what makes Heun fail, then leaving it out must help. Take Euler's step there:


# %%
def careful_heun(steps):
    """Heun's steps, but Euler's for the last one; 2 steps - 1 evaluations."""
    x, h = start, 1 / steps
    for step in range(steps):
        t = torch.full((n,), step * h)
        v = class_velocity(x, t)
        if step < steps - 1:
            v = (v + class_velocity(x + h * v, t + h)) / 2
        x = x + h * v
    return x.clamp(-1, 1)


# %%
failed = lines["heun"][0].item()
careful = seen_by_judge(careful_heun(fewest // 2))
mended = metrics.frechet_distance(standard, careful)
print(
    f"Heun: {failed:.1f} with {fewest} evaluations, "
    f"{mended:.2f} with {fewest - 1}, without the one at t = 1"
)
claim = "one evaluation fewer, and less than a twentieth of the distance"
verify.promise(claim, got=mended, below=failed / 20)

# %%
rows = {}
for e in (budgets[0], budgets[-1]):
    for way in ("euler", "heun", "ancestral"):
        rows[f"{way}, {e}"] = transforms.from_signed(by(way, e, 10))
plots.image_rows(
    rows,
    title=f"Above with {budgets[0]} evaluations, below with {budgets[-1]}",
    alt="Six rows of the digits 0 to 9. Above, Heun's are covered with noise, the "
    "others aren't. Below, Heun's have a little noise left.",
)

# %% [markdown]
# ## Guidance
#
# The network knows two velocities: with the class, and, because the class was hidden now and then, without. Their difference points to what is typical of the class. Walk further in that direction than the class asks for: this is classifier-free guidance (Ho and Salimans, 2022).
#
# $$v_w = v_\varnothing + w\,(v_y - v_\varnothing)$$
#
# Here $w = 1$ is the class's own velocity, as in most programs. (In the paper that is $w = 0$, which often confuses.)


# %% tags=["exercise"]
def guided(conditional, unconditional, guidance):
    """Classifier-free guidance:
    two velocities of the same shape and the number w -> a velocity."""
    ...  # your code


# %% tags=["check"]
guided = check("flow.guided", guided)


# %%
def pushed(w):
    """The velocity under guidance w; costs two evaluations."""

    def velocity(x, t):
        mixed = guided(class_velocity(x, t), trained.velocity(x, t), w)
        return torch.as_tensor(mixed, dtype=x.dtype)

    return velocity


# %%
pushes, shown, far = [0.0, 1.0, 2.0, 4.0, 8.0], {}, []
dial = {"recognised": [], "precision": [], "recall": []}
for w in pushes:
    steps = looks // 2  # two evaluations a step
    shown[w] = flow.follow(pushed(w), start, steps, "euler").clamp(-1, 1)
    f = seen_by_judge(shown[w])
    found = metrics.precision_recall(standard, f)
    dial["recognised"].append(recognised(f, asked))
    dial["precision"].append(found.precision)
    dial["recall"].append(found.recall)
    far.append(metrics.frechet_distance(standard, f))
    told = "   ".join(f"{name} {row[-1]:.3f}" for name, row in dial.items())
    print(f"w = {w:3.0f}   {told}   Fréchet {far[-1]:.2f}")
nearest, *_, farthest_real = floor(n)
print(f"{n:,} real digits, six times: Fréchet {nearest:.2f} to {farthest_real:.2f}")

# %%
title = "Guidance buys recognition with variety"
flow_pictures.guidance(pushes, dial, far, title=title)
read = dial["recognised"]
verify.promise(
    "w = 0 ignores the class: fewer than 25% recognised", got=read[0], below=0.25
)
as_often = read[2] >= read[1] - 0.005
verify.promise("w = 2 is recognised at least as often as w = 1", as_often)
claim = "w = 8 has a lower recall than w = 1"
verify.promise(claim, got=dial["recall"][4], below=dial["recall"][1])

# %%
sevens = [i for i in range(n) if i % 10 in (2, 7)][:12]
plots.image_rows(
    {f"w = {w:.0f}": transforms.from_signed(x[sevens]) for w, x in shown.items()},
    title="The same noises: any digit, 2 and 7, and a 2 and a 7 that are beyond doubt",
    alt="2 and 7 in turn. At w = 0 any digits, at 1 varied, at 8 heavy and all alike.",
)

# %% [markdown]
# This is the trade of lesson 34 once more, quality against variety, on a dial. A text-to-image model has a prompt in place of the class. It, too, follows its prompt more closely and varies less as its $w$ grows.
#
# ## GAN, VAE, flow
#
# Now all three before the same judge: a VAE and the flow from above, each trained here for some seconds, and two that scripts of the course trained for longer, the GAN of lesson 01 and the flow that you have been drawing with. Flows draw with
# fresh noise from here on.

# %%
coder = vae.VaeRecipe.for_data(digits)
trained_for = {
    "VAE": training.fit(coder, digits, steps=vae_budget, seed=seed).seconds[-1],
    "flow": history.seconds[-1],
}
coder.to("cpu")
drawer = gan.GanRecipe.for_data(digits)
drawer.averaged.load_state_dict(pretrained.load("gan_digits"))
trained_for |= {
    "GAN, longer": pretrained.info("gan_digits")["seconds"],
    "flow, longer": fact["seconds"],
}

# %%
wanted, noises = asked, torch.randn(n, 1, 28, 28, generator=dice(12))


def by_flow(of):
    def velocity(x, t):
        return of.velocity(x, t, wanted)

    return diffusion.denoise(velocity, noises, looks, 1.0, dice(13)).clamp(-1, 1)


# %%
ways = {
    "VAE": lambda: coder.sample(n, dice()) * 2 - 1,
    "flow": lambda: by_flow(recipe),
    "GAN, longer": lambda: drawer.sample(n, wanted, dice()),
    "flow, longer": lambda: by_flow(trained),
}
made, took = {}, {}
for name, way in ways.items():
    begun = time.perf_counter()
    made[name] = way()
    took[name] = (time.perf_counter() - begun) / n
made["real"] = test_x[1000 : 1000 + n]

# %%
table = {}
for name, x in made.items():
    f = seen_by_judge(x)
    found = metrics.precision_recall(standard, f)
    table[name] = {"Fréchet": metrics.frechet_distance(standard, f), **found._asdict()}
    if name != "VAE":  # which isn't asked for a class
        true = test.labels[1000 : 1000 + n] if name == "real" else wanted
        table[name]["recognised"] = recognised(f, true)

# %%
head = "training, s   evaluations   ms a picture   Fréchet   precision   recall"
print(f"{'':14} {head}   recognised")
for name, row in table.items():
    spent = f"{trained_for[name]:.0f}" if name in trained_for else "-"
    ms = f"{1000 * took[name]:.2f}" if name in took else "-"
    asks = "-" if name == "real" else looks if "flow" in name else 1
    read = f"{row['recognised']:.1%}" if "recognised" in row else "-"
    print(
        f"{name:13} {spent:>12} {asks:>13} {ms:>14} {row['Fréchet']:9.2f} "
        f"{row['precision']:11.2f} {row['recall']:8.2f} {read:>12}"
    )

# %%
plots.image_rows(
    {name: transforms.from_signed(x[:12]) for name, x in made.items()},
    title="VAE and flow after seconds, GAN and flow after minutes, and reality",
    alt="The VAE's digits are soft, the short flow's broken in part, "
    "those of the GAN and of the longer flow clear, like the real ones.",
)

# %%
longer, of_gan = table["flow, longer"], table["GAN, longer"]
costlier = took["flow, longer"] / took["GAN, longer"]
claim = "a picture of the flow takes more than 10 times as long as one of the GAN"
verify.promise(claim, got=costlier, above=10)
nearer = longer["Fréchet"] / table["flow"]["Fréchet"]
claim = "minutes bring the flow to less than a tenth of its distance"
verify.promise(claim, got=nearer, below=0.1)
far_gan, time_gan = of_gan["Fréchet"], trained_for["GAN, longer"]
verify.promise("the GAN is nearer still", got=far_gan, below=longer["Fréchet"])
claim = f"and about as near as real digits, {nearest:.2f} to {farthest_real:.2f}"
verify.promise(claim, got=far_gan, below=1.5 * farthest_real)
tenth = trained_for["flow, longer"] / 10
verify.promise("after less than a tenth of the time", got=time_gan, below=tenth)
lag_in_recall = of_gan["recall"] - longer["recall"]
verify.promise(
    "their recalls differ by less than 0.1", got=lag_in_recall, near=(0, 0.1)
)

# %% [markdown]
# Read the table by columns. On these digits and on two cores the GAN wins: a tenth of the training, one evaluation a picture in place of twenty, a distance like that of real digits, and about as much variety.
#
# So why did diffusion replace GANs? Because small grey pictures of ten kinds are easy. The GAN's settings were found by many trainings that failed. The flow's loss is a squared error that goes down, with no game that can be lost, and no reward for
# leaving out what is hard to draw, since every training picture enters the mean. So it can be made larger and trained for longer, on far more pictures. On the thousand classes of ImageNet, diffusion overtook the best GANs in 2021, in quality and in coverage
# (Dhariwal and Nichol). And what it draws in twenty evaluations can be taught to a network that needs fewer; that is called distillation (Salimans and Ho, 2022).
#
# ### Codes of a VAE, and a flow
#
# A flow on 784 pixels works on every detail of them. So give it less: let a VAE squeeze pictures into codes, and let a flow draw *codes*. That is latent diffusion (Rombach et al., 2022), the idea behind Stable Diffusion. You have both parts at hand: the VAE above, whose codes are a few numbers each, and `learn`, which drew the moons.

# %%
with torch.no_grad():
    mu, logvar = coder.encode(digits.images[:4000])
codes = mu + (logvar / 2).exp() * torch.randn(mu.shape, generator=dice())
middle, scale = codes.mean(dim=0), codes.std(dim=0)
code_steps = runtime.pick(ci=20, cpu=1500)
code_velocity = learn((codes - middle) / scale, code_steps, width=160)

# %%
code_noise = torch.randn(n, codes.shape[1], generator=dice())
z = flow.follow(code_velocity, code_noise, 10, "midpoint") * scale + middle
with torch.no_grad():
    latent = coder.decode(z) * 2 - 1
far_prior = table["VAE"]["Fréchet"]
far_latent = metrics.frechet_distance(standard, seen_by_judge(latent))
print(
    f"{codes.shape[1]} numbers a code. Fréchet distance: codes from the prior "
    f"{far_prior:.2f}, codes from a flow {far_latent:.2f}"
)

# %%
prior, by_codes = (transforms.from_signed(x[:12]) for x in (made["VAE"], latent))
plots.image_rows(
    {"from the prior": prior, "from a flow": by_codes},
    title="The same decoder, with codes from the prior and from a flow",
    alt="Two rows of digits by the same VAE; the upper has more that are no digit.",
)
claim = "the flow's codes decode to better digits"
verify.promise(claim, got=far_latent, below=far_prior)

# %% [markdown]
# The decoder is the same. A VAE's codes are distributed only roughly like its prior (lesson 33), and where the two differ, the prior draws codes that the decoder never saw. The flow learns where the codes are.
#
# ## Check the article
#
# The source article (FAQ 4) asks how AIGC differs from GANs, and answers that AIGC also has other generative models "such as VAE". As a map of image generation that is **imprecise**: most of it is missing. Two families are absent, and the best-known systems belong to them:
#
# - *autoregressive models*, which draw one token after another (lesson 39). DALL-E, which the article names in its introduction, is one: a transformer over the codes of a discrete VAE (Ramesh et al., 2021).
# - *diffusion*, this lesson. DALL-E 2 draws with it (Ramesh et al., 2022), and latent diffusion is a VAE *and* diffusion, as you just built.
#
# So the families combine, and one name, a year later, may stand for another family. And you have seen that a model can generate without a second network that judges, and without an encoder:

# %%
as_asked = recognised(seen_by_judge(made["flow, longer"]), wanted)
claim = "neither GAN nor VAE, and in over 90% of cases the digit that was asked for"
verify.promise(claim, got=as_asked, above=0.9)

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("38_diffusion_and_flow_matching")

# %% [markdown]
# ## What you should be able to do now
#
# Say why one leap draws an average and twenty steps draw digits, and prove both: by the square, and by the continuity equation. Derive the simple loss from Bayes' rule and the KL of two Gaussians, and say which weight it drops. Turn a prediction of the noise into one of the picture or the velocity, and say at which times you can't. Write the training loop of a flow from memory. Compare samplers at equal cost, beside the floor of the distance, and say what raising $w$ costs.
#
# Lesson 39, Language models, covers the other family that the article leaves out.
#
# ## References
#
# - Carlini, Hayes, Nasr, Jagielski, Sehwag, Tramèr, Balle, Ippolito, Wallace, "Extracting Training Data from Diffusion Models", USENIX Security 2023
# - Dhariwal, Nichol, "Diffusion Models Beat GANs on Image Synthesis", NeurIPS 2021
# - Ho, Jain, Abbeel, "Denoising Diffusion Probabilistic Models", NeurIPS 2020
# - Ho, Salimans, "Classifier-Free Diffusion Guidance", 2022
# - Karras, Aittala, Aila, Laine, "Elucidating the Design Space of Diffusion-Based Generative Models", NeurIPS 2022
# - Lipman, Chen, Ben-Hamu, Nickel, Le, "Flow Matching for Generative Modeling", ICLR 2023
# - Liu, Gong, Liu, "Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow", ICLR 2023
# - Ramesh, Pavlov, Goh, Gray, Voss, Radford, Chen, Sutskever, "Zero-Shot Text-to-Image Generation", ICML 2021 (DALL-E)
# - Ramesh, Dhariwal, Nichol, Chu, Chen, "Hierarchical Text-Conditional Image Generation with CLIP Latents", 2022 (DALL-E 2)
# - Rombach, Blattmann, Lorenz, Esser, Ommer, "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022
# - Ronneberger, Fischer, Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015
# - Salimans, Ho, "Progressive Distillation for Fast Sampling of Diffusion Models", ICLR 2022
# - Sohl-Dickstein, Weiss, Maheswaranathan, Ganguli, "Deep Unsupervised Learning using Nonequilibrium Thermodynamics", ICML 2015
# - Song, Meng, Ermon, "Denoising Diffusion Implicit Models", ICLR 2021
# - Song, Sohl-Dickstein, Kingma, Kumar, Ermon, Poole, "Score-Based Generative Modeling through Stochastic Differential Equations", ICLR 2021
