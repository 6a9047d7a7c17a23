# %% [markdown]
# # 38 · Diffusion and flow matching
# <!-- badge -->
#
# You build what replaced GANs: a network that turns noise into pictures in small steps. You find out why the steps must be small, what that costs, and when it pays.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | lesson 01, better lessons 24 and 34 | derive diffusion's simple loss, and say what it leaves out<br>explain why one leap blurs and many steps don't<br>train a flow, and draw from it with four samplers at equal cost<br>guide it towards a class, and measure what that costs<br>choose between GAN, VAE and flow by numbers |

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
flow_steps = flow_steps or runtime.pick(ci=5, cpu=320, gpu=4000)
vae_steps = vae_steps or runtime.pick(ci=20, cpu=350, gpu=1500)
n = pictures or runtime.pick(ci=60, cpu=200)
looks = runtime.pick(ci=4, cpu=20)  # evaluations of the network a picture

digits, test = datasets.load("digits"), datasets.load("digits", split="test")
train_x, test_x = transforms.to_signed(digits.images), transforms.to_signed(test.images)
judge = classifier.load_classifier("digits")
ten = torch.arange(10)


def dice(number=seed):
    return torch.Generator().manual_seed(number)


# %% [markdown]
# ## One leap or twenty steps
#
# Here is a network that takes noise away. It was shown digits with more or less noise on them, from a trace to nothing but noise, and told the class; it learnt to say
# where the digit lies from there. Give it pure noise and ask for the digits 0 to 9. First let it go all the way in one leap. Then let it go a little
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
verify.promise("on average more than 0.85", got=alike.mean(), above=0.85)
fact = pretrained.info("flow_digits")
print(
    f"The network: {fact['parameters']:,} weights, trained for {fact['steps']:,} "
    f"steps of {fact['batch']} pictures on {fact['data']}, "
    f"{fact['seconds'] / 60:.0f} minutes on {fact['machine']}; "
    f"made by {fact['script']}."
)

# %% [markdown]
# So it draws averages when asked once, and digits when asked twenty times. It is the same network with the same weights. Why? By the end of this lesson you will have
# proved both halves of the answer, and trained such a network yourself.
#
# ## Noise, step by step
#
# Diffusion (Sohl-Dickstein et al., 2015; Ho, Jain and Abbeel, 2020) begins with the easy direction. Call the picture $x_0$. Each small step shrinks it a little and
# adds a little fresh noise:
#
# $$q(x_t \mid x_{t-1}) = N\left(\sqrt{1 - \beta_t}\, x_{t-1},\; \beta_t I\right), \qquad t = 1, \dots, T$$
#
# After $T = 1000$ such steps nothing is left of the picture. To train a network on step 700 you don't want to walk 700 steps. You needn't: two steps are one
# larger step of the same kind. The first leaves a share $1 - \beta_1$ of the variance, the second a share $1 - \beta_2$ of that, and noise fills up the rest:

# %%
b1, b2 = sympy.symbols("beta_1 beta_2", positive=True)
# the variance of the first noise after the second step, and that of the second noise
carried = (1 - b2) * b1 + b2
filled = 1 - (1 - b1) * (1 - b2)
verify.agree("noise after two steps: variance 1 - (1 - β₁)(1 - β₂)", carried, filled)

# %% [markdown]
# By induction, with $\bar\alpha_t = \prod_{s \le t} (1 - \beta_s)$, the share of the variance that is still the picture's:
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
seen = noised(four, same, alpha_bar[[t - 1 for t in chosen]]).float()
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
# To draw, walk the other way: from $x_t$ to $x_{t-1}$. If somebody told you the picture $x_0$, Bayes' rule would give the step back exactly:
#
# $$q(x_{t-1} \mid x_t, x_0) \;\propto\; q(x_t \mid x_{t-1})\; q(x_{t-1} \mid x_0)$$
#
# Both factors are Gaussian in $x_{t-1}$, so the product is. Its log is a parabola: the mean is where the slope is 0, and the variance is minus one over the second
# derivative. Let sympy do it, with $\alpha = 1 - \beta_t$ and $A = \bar\alpha_{t-1}$, so that $\bar\alpha_t = \alpha A$:

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
step = 300
at_step = noised(a_picture, its_noise, alpha_bar[[step - 1]])
package_mean, spread = diffusion.step_back(at_step, a_picture, betas, step)
mine = step_back_mean(at_step, a_picture, betas[step - 1], alpha_bar[step - 2])
claim = "your mean is that of diffusion.step_back, which the lesson uses from here on"
verify.agree(claim, mine, package_mean)

# %% [markdown]
# But nobody tells you $x_0$. That is what the network is for: it guesses. Let it take a step back of the same variance $\tilde\beta$, with a mean computed from its guess.
# How wrong is that? Measure it by the KL divergence from the true step to the network's. Of two Gaussians with *equal* variance, only the means count:
#
# $$\mathrm{KL}\left(N(m_1, s^2) \,\|\, N(m_2, s^2)\right) = \frac{(m_1 - m_2)^2}{2 s^2}$$
#
# And let the network guess the noise ε instead of the picture. One gives the other, since $x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \varepsilon$. The mean becomes

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
# (Put $\tilde\beta$ in for $s^2$ and shorten.) Check it on the picture above, with a guess that is wrong somewhere:


# %%
def weight(t):
    return betas[t - 1] / (2 * (1 - betas[t - 1]) * (1 - alpha_bar[t - 2]))


slip = 0.3 * torch.randn(its_noise.shape, generator=dice(1), dtype=torch.float64)
guess = its_noise + slip
a_bar = alpha_bar[step - 1]
guessed_picture = (at_step - (1 - a_bar).sqrt() * guess) / a_bar.sqrt()
guessed_mean, _ = diffusion.step_back(at_step, guessed_picture, betas, step)
kl = ((package_mean - guessed_mean) ** 2).sum() / (2 * spread)
# the package's loss is a mean over pixels
squares = 784 * diffusion.simple_loss(guess, its_noise)
claim = "KL of the two steps back = weight times |ε - guess|²"
verify.agree(claim, kl, weight(step) * squares)

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
# Look at the numbers above for what that changes: the bound cares most about the last traces of noise, which nobody sees. The simple loss spends the network's effort on the
# rest. It is a worse likelihood and a better picture, on purpose.
#
# ## A straight path
#
# Now make it simpler still. Nothing in "noise it, guess, go back" needs a thousand small steps. Take a straight line from a noise to a picture (Lipman et al., 2023; Liu et al., 2023), and let the time
# run towards the picture. **From here on $t = 0$ is noise and $t = 1$ is the picture**; diffusion's own $t$ counts the other way.
#
# $$x_t = (1 - t)\,\varepsilon + t\,x, \qquad \frac{dx_t}{dt} = x - \varepsilon$$
#
# The network sees $x_t$ and $t$ and learns the velocity $v = x - \varepsilon$. Is that another model? No. Who knows $x_t$ and one of picture, noise and velocity knows all three:

# %%
t, picture = sympy.symbols("t x", real=True)
point, v = (1 - t) * eps + t * picture, picture - eps
verify.agree("the picture is xₜ + (1 - t) v", point + (1 - t) * v, picture)
verify.agree("the noise is xₜ - t v", point - t * v, eps)
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
# So predicting noise, picture or velocity are three losses that differ by a factor $t^2$ or $(1-t)^2$ at each time: by what they pay attention to, and by nothing else. The paths
# differ by a scale and a clock.
#
# ## What the network can't know
#
# Many lines pass through the same point, on their way from different noises to different pictures. The network sees the point and must give one answer. Which one does a squared error ask for? Let the velocity
# be $a$ with probability $p$, else $b$:

# %%
a, b, p, answer = sympy.symbols("a b p answer", real=True)
error = p * (answer - a) ** 2 + (1 - p) * (answer - b) ** 2
(best,) = sympy.solve(sympy.diff(error, answer), answer)
verify.agree("the best answer is the mean", best, p * a + (1 - p) * b)
left_over, variance = error.subs(answer, best), p * (1 - p) * (a - b) ** 2
verify.agree("and what is left is the variance", left_over, variance)

# %% [markdown]
# It is so for any distribution: the best answer is the conditional mean, $v(x, t) = \mathbb{E}[x_1 - \varepsilon \mid x_t = x]$, and the loss that is left is the variance around it. **Here is the first half
# of the answer.** At $t = 0$ the point is pure noise and says nothing of the picture. So the best guess of the picture is the mean of all pictures of the class: the blur.
#
# For the second half, take a case in which all is known exactly: one dimension, data from two humps, $x \sim 0.3\, N(-1.5, 0.3^2) + 0.7\, N(1, 0.3^2)$. Within a hump picture and noise are Gaussian, so the mean is a
# straight line in $x_t$; between the humps it weighs by how probable each is:

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
# There is another name for this mean. Take $p_t$, the density of the noised data, $p_t(x) = \int p(x_1)\, N(x;\, t x_1, (1-t)^2)\, dx_1$, and differentiate under the integral:
#
# $$\nabla p_t(x) = \int p(x_1)\, N(x;\, t x_1, (1-t)^2)\; \frac{t x_1 - x}{(1-t)^2}\, dx_1
# \quad\Rightarrow\quad \nabla \log p_t(x) = \frac{t\,\mathbb{E}[x_1 \mid x_t = x] - x}{(1-t)^2}$$
#
# That is Tweedie's formula. The slope of the log density, called the **score**, is the mean picture in other clothes: to denoise is to climb towards where the data are denser (Song et al., 2021). Check it by autograd:

# %%
place = probe.clone().requires_grad_()
hump = torch.distributions.Normal(0.6 * centres, ((0.6 * width) ** 2 + 0.4**2) ** 0.5)
log_density = (shares.log() + hump.log_prob(place[:, None])).logsumexp(dim=1)
(score,) = torch.autograd.grad(log_density.sum(), place)
climbed = (probe + 0.4**2 * score) / 0.6
verify.agree("E[x₁ | xₜ] = (xₜ + (1 - t)² score) / t", mean_picture, climbed)

# %% [markdown]
# ### Lines cross, their mean doesn't
#
# **Predict first.** On the left below you'll see straight lines from noises to examples, drawn at random: they cross everywhere. Whoever follows the *mean* velocity starts at the same noises. Draw on paper what
# these paths look like, from $t = 0$ to $t = 1$, and where they end: at $-1.5$ and $1$, or at the mean of the data, $0.25$?

# %% tags=["predict"]
starts = torch.randn(60, generator=dice(), dtype=torch.float64)
hump_of = (torch.rand(60, generator=dice(1)) < 0.7).long()
ends = centres[hump_of] + width * torch.randn(60, generator=dice(2)).double()
paths = flow_pictures.trails(humps_velocity, starts, 100)
flow_pictures.lines_and_paths(starts, ends, paths)

# %% [markdown]
# You should have seen the paths set out for the middle, hesitate there, and then part into two bundles. None crosses another: at a point there is one velocity, so whoever meets there stays together. But then, on a line, the
# paths keep their order, and the smallest noise becomes the smallest example.
#
# **Here is the second half of the answer.** If at time $t$ the points are distributed as the $x_t$ of the lines are, then a mean velocity moves just as much of them across each place as the lines do. So they stay distributed like that, up to $t = 1$: the data. The first step goes
# towards the mean, but a *little* step. Then the point tells more than before, a new mean is taken over fewer candidates, and in the end over one.
#
# On a line that is easily checked. Whoever keeps the order turns the normal quantile into the data's quantile:

# %%
spots = torch.linspace(-2.5, 2.5, 41, dtype=torch.float64)
on_the_way = flow_pictures.trails(humps_velocity, spots, 1000)
rank = torch.distributions.Normal(0.0, 1.0).cdf(spots)
for share in (0.5, 1.0):
    deviation = ((share * width) ** 2 + (1 - share) ** 2) ** 0.5
    hump = torch.distributions.Normal(share * centres, deviation)
    reached = (shares * hump.cdf(on_the_way[int(1000 * share)][:, None])).sum(dim=1)
    claim = f"at t = {share}, the share of points to the left is as at the start"
    verify.agree(claim, reached, rank, tolerance=5e-3)

# %% [markdown]
# ## A flow in the plane
#
# Time to learn one. All that training needs is a pair: what the network sees, and what it should have said.


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
        seen, wanted = training_pair(torch.randn_like(x_1), x_1, t)
        loss = (network(torch.cat([seen, t[:, None]], dim=1)) - wanted).square().mean()
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - step / steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return lambda x, t: network(torch.cat([x, t[:, None]], dim=1)).detach()


# %% [markdown]
# That is all of it: draw an example, a noise and a time; take one step down a squared error. No second network, no balance to keep, no encoder. Try it on two moons.

# %%
angle = torch.pi * torch.rand(2000, generator=dice())
moon = torch.stack([angle.cos(), angle.sin()], dim=1)
moon[1000:] = torch.tensor([1.0, 0.5]) - moon[1000:]
jitter = 0.05 * torch.randn(2000, 2, generator=dice())
moons = (moon - torch.tensor([0.5, 0.25])) * 1.3 + jitter
plane_velocity = learn(moons, runtime.pick(ci=50, cpu=1500))
plane_noise = torch.randn(120, 2, generator=dice())


# %%
def walk(steps, eta, t):
    """Paths from noise to the moons, and the velocity at one time."""
    flow_pictures.plane(plane_velocity, plane_noise, moons, steps=steps, eta=eta, t=t)


widgets.play(
    walk, steps=(1, 50, 1, 20), eta=(0.0, 1.0, 0.1, 0.0), t=(0.0, 0.95, 0.05, 0.6)
)

# %% [markdown]
# Set the steps to 1: all land in the middle, between the moons, where no example is. Move $t$: at 0 all arrows point to the same place, later they part. And η adds fresh noise at each step, of which more below.


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
# For a finite set of examples the mean velocity can be written down, too: each example $x_i$ is a hump of width 0. Weigh them by $N(x;\, t x_i, (1-t)^2)$, take the mean picture, and go there. On these examples no network can have a lower loss.

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
# small and too smooth to hold 8,000 spikes, and what it does instead is to generalise. Compare the losses of both, on digits that they know and on others:


# %%
def loss_at(velocity, pictures, t=0.7):
    """Loss at one time, with the same noise for everybody; pictures (n, 1, 28, 28)."""
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
verify.promise("perfect: lower on what it knows", perfect[0] < unet[0])
far_better = unet[1] < 0.5 * perfect[1]
verify.promise("on test digits the U-Net is better by far", far_better)

# %% [markdown]
# A model that is large enough, trained long enough on few pictures, does get near it: from Stable Diffusion and others, Carlini et al. (2023) extracted more than a thousand training examples. Lesson 14 is about that.
#
# ## Train one
#
# For pictures the network is a U-Net (Ronneberger et al., 2015): it folds the picture to half its size, then to a quarter, so that it sees far, unfolds it again, and hands the fine detail across. Time and class scale and shift its channels.
# `flow.FlowRecipe` puts it together with the loss you derived. In one of ten examples it hides the class; you'll see why.


# %%
def show(step, recipe, history):
    drawn = recipe.sample(10, ten, dice(), steps=8, method="euler").cpu()
    title = f"After {step} of {flow_steps} steps"
    alt = f"The digits 0 to 9 as the flow draws them after {step} steps of training."
    picture.images(transforms.from_signed(drawn), title=title, alt=alt)


# %%
recipe = flow.FlowRecipe.for_data(digits)
picture = plots.live()
interval = max(1, flow_steps // 5)
history = training.fit(
    recipe, digits, steps=flow_steps, seed=seed, callback=show, every_steps=interval
)
recipe = recipe.to("cpu")  # where training used a GPU: drawing is cheap enough without
print(history)

# %%
smooth = torch.tensor(history["loss"]).unfold(0, min(20, flow_steps), 1).mean(dim=1)
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
# It can't reach 0: the variance of the lines through a point is left, whatever the network does. So the curve looks finished long before the pictures are. Judge the pictures.
#
# ## Samplers at equal cost
#
# Drawing means following $v$, and each look at the network costs the same. Which way of stepping makes the most of, say, 20 evaluations? Euler's step uses the velocity where it stands. A midpoint step looks half a
# step ahead first:
#
# $$x \leftarrow x + h\, v\left(x + \tfrac h2\, v(x, t),\; t + \tfrac h2\right)$$


# %% tags=["exercise"]
def midpoint_step(velocity, x, t, h):
    """One midpoint step: velocity(x, t) is a function, x (n, ...), t (n,),
    h a number -> x one step later, (n, ...)."""
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
# Diffusion has samplers of its own. The ancestral one (Ho et al.) guesses the picture and then draws a step back, with the fresh noise of $q(x_{t-1} \mid x_t, x_0)$. DDIM (Song, Meng and Ermon, 2021) guesses the picture, too, but re-uses the noise that it guessed with it:
#
# $$x_s = s\,\hat x + (1 - s)\,\hat\varepsilon, \qquad \hat x = x_t + (1 - t)\, v, \quad \hat\varepsilon = x_t - t\, v$$
#
# Put that in for $s = t + h$. It is an old friend:

# %%
x_now, v_now, t, h = sympy.symbols("x_t v t h", real=True)
s_next = t + h
ddim = s_next * (x_now + (1 - t) * v_now) + (1 - s_next) * (x_now - t * v_now)
verify.agree("DDIM's step on the straight path is Euler's", ddim, x_now + h * v_now)

# %% [markdown]
# Between the two lies a dial, η, the share of the fresh noise: 0 is DDIM, 1 is ancestral. `diffusion.denoise` has it, and you moved it in the plane.
# Here are all four, and the judge's features for the Fréchet distance of lesson 34:

# %%
asked, start = torch.arange(n) % 10, torch.randn(n, 1, 28, 28, generator=dice())


def class_velocity(x, t):
    return trained.velocity(x, t, asked)


def by(way, evaluations):
    """Pictures by one of four samplers, all from the same noise."""
    if way == "ancestral":
        x = diffusion.denoise(class_velocity, start, evaluations, 1.0, dice(1))
    else:
        steps = evaluations // matching.METHODS[way]
        x = flow.follow(class_velocity, start, steps, way)
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
# **Predict first.** The trained network may be asked 4, 8 or 20 times a picture. (Midpoint and Heun take two evaluations a step, so at 4 they have 2 steps.) On the humps midpoint and Heun were far ahead. Will they be here? And what will
# the fresh noise do, good or harm? Rank the four at 4 evaluations and at 20.

# %% tags=["predict"]
budgets, frechet, recall, sheets = runtime.pick(ci=(2, 4), cpu=(4, 8, 20)), {}, {}, {}
for way in ("euler", "midpoint", "heun", "ancestral"):
    sheets[way] = {e: by(way, e) for e in budgets}
    seen = [seen_by_judge(x) for x in sheets[way].values()]
    frechet[way] = [metrics.frechet_distance(standard, f) for f in seen]
    recall[way] = [metrics.precision_recall(standard, f).recall for f in seen]
    row = zip(budgets, frechet[way], recall[way])
    told = [f"{e:2}: distance {d:6.2f}, recall {r:.2f}" for e, d, r in row]
    print(f"{way:10}", "   ".join(told))
parts = test_x[1000:].split(n)[:5]
floors = [metrics.frechet_distance(standard, seen_by_judge(part)) for part in parts]
low, high = min(floors), max(floors)
print(f"{n} real digits against 1,000, five times: distance {low:.2f} to {high:.2f}")

# %% [markdown]
# You should have seen three surprises, and all have the same cause: *this* velocity is a network's guess, not the truth.
#
# *The order of the method hardly matters.* On the humps a better step won by far. Here Euler and midpoint are level, and five times the cost changes little: what is left is the network's own error, and no way of stepping can mend that.
#
# *Fresh noise helps.* On a path without noise an error stays: the next point is one that training never showed, and the answer there is worse. Fresh noise covers old errors, and brings the point back to where
# the network knows its way (Karras et al., 2022). With the true velocity there would be nothing to cover. The price: with few steps it draws what is typical. Look at the recall.
#
# *Heun fails.* Its last look is at $t = 1$. In training every point there was a picture, without a trace of noise. The point that Heun asks about is not quite a picture, and about such points the network has learnt nothing.

# %%
plots.curves(
    list(budgets),
    frechet,
    x_label="evaluations of the network a picture",
    y_label=f"Fréchet distance, {n} pictures",
    title="Fresh noise is best, and Heun fails",
    log_y=True,
    markers=True,
)


# %%
def ranked(i):
    """The four ways from best to worst at a budget."""
    return sorted(frechet, key=lambda way: frechet[way][i])


last = all(ranked(i)[-1] == "heun" for i in range(len(budgets)))
verify.promise("Heun is the last at every budget", last)
first = all(ranked(i)[0] == "ancestral" for i in (-2, -1))
verify.promise("with 8 and with 20, ancestral is the first", first)
for way in ("euler", "midpoint"):
    gain = frechet[way][0] / frechet[way][-1]
    claim = f"{way}: five times the cost changes its distance by less than a quarter"
    verify.promise(claim, got=gain, above=0.75, below=1.25)

# %% [markdown]
# If the last look is what makes Heun fail, then leaving it out must help. Take Euler's step there:


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
fewest, failed = budgets[0], frechet["heun"][0]
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
        rows[f"{way}, {e}"] = transforms.from_signed(sheets[way][e][:10])
plots.image_rows(
    rows,
    title=f"Above with {budgets[0]} evaluations, below with {budgets[-1]}",
    alt="Six rows of the digits 0 to 9. Above, Heun's are covered with noise, the "
    "ancestral ones plain and clear. Below, all are digits but for one or two.",
)

# %% [markdown]
# ## Guidance
#
# The network knows two velocities: with the class, and, because the class was hidden now and then, without. Their difference points to what is typical of the class. Walk further in that direction than the class asks for: classifier-free guidance (Ho and Salimans, 2022).
#
# $$v_w = v_\varnothing + w\,(v_y - v_\varnothing)$$
#
# Here $w = 1$ is the class's own velocity, as in most programs. (In the paper that is $w = 0$; a frequent source of confusion.)


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
    return lambda x, t: guided(class_velocity(x, t), trained.velocity(x, t), w)


# %%
strengths, shown, far = [0.0, 1.0, 2.0, 4.0, 8.0], {}, []
dial = {"recognised": [], "precision": [], "recall": []}
for w in strengths:
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

# %%
title = "Guidance buys recognition with variety"
flow_pictures.guidance(strengths, dial, far, title=title)
read = dial["recognised"]
verify.promise(
    "w = 0 ignores the class: fewer than 25 % recognised", got=read[0], below=0.25
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
# It is the trade of lesson 34 once more: quality for variety, by a dial. A text-to-image model has a prompt in place of the class. It, too, follows its prompt more closely, and varies less, the larger its $w$ is.
#
# ## GAN, VAE, flow
#
# Now all three before the same judge. A VAE and the flow from above, each trained here for some seconds; and two that scripts of the course trained for longer, the GAN of lesson 01 and the flow that you have been drawing with. Flows draw with
# fresh noise from here on.

# %%
coder = vae.VaeRecipe.for_data(digits)
trained_for = {
    "VAE": training.fit(coder, digits, steps=vae_steps, seed=seed).seconds[-1],
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
many = runtime.pick(ci=60, cpu=1000)
wanted, noises = torch.arange(many) % 10, torch.randn(many, 1, 28, 28, generator=dice())


def by_flow(of):
    def velocity(x, t):
        return of.velocity(x, t, wanted)

    return diffusion.denoise(velocity, noises, looks, 1.0, dice(1)).clamp(-1, 1)


# %%
ways = {
    "VAE": lambda: coder.sample(many, dice()) * 2 - 1,
    "flow": lambda: by_flow(recipe),
    "GAN, longer": lambda: drawer.sample(many, wanted, dice()),
    "flow, longer": lambda: by_flow(trained),
}
made, took = {}, {}
for name, way in ways.items():
    begun = time.perf_counter()
    made[name] = way()
    took[name] = (time.perf_counter() - begun) / many
made["real"] = test_x[1000 : 1000 + many]

# %%
table = {}
for name, x in made.items():
    f = seen_by_judge(x)
    found = metrics.precision_recall(standard, f)
    table[name] = {"Fréchet": metrics.frechet_distance(standard, f), **found._asdict()}
    if name != "VAE":  # which isn't asked for a class
        true = test.labels[1000 : 1000 + many] if name == "real" else wanted
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
tenth = trained_for["flow, longer"] / 10
verify.promise("after less than a tenth of the time", got=time_gan, below=tenth)
apart = of_gan["recall"] - longer["recall"]
verify.promise("their recalls differ by less than 0.05", got=apart, near=(0, 0.05))

# %% [markdown]
# Read the table by columns. On these digits and on two cores the GAN wins: a tenth of the training, one evaluation a picture in place of twenty, a smaller distance, and as much variety.
#
# So why did diffusion replace GANs? Because of what small grey pictures of ten kinds don't ask for. The GAN's settings were found by many trainings that failed. The flow's loss is a squared error that goes down, with no game that can be lost, and no reward for
# leaving out what is hard to draw, since every training picture enters the mean. So it can be made larger and trained for longer, on all the pictures there are. On the thousand classes of ImageNet, diffusion overtook the best GANs in 2021, in quality and in coverage
# (Dhariwal and Nichol). And what it draws in twenty evaluations can be taught to a network that needs fewer; that is called distillation (Salimans and Ho, 2022).
#
# ### Codes of a VAE, and a flow
#
# A flow on 784 pixels spends most of its effort on detail. So do it where there is less: let a VAE squeeze pictures into codes, and let a flow draw *codes*. That is latent diffusion (Rombach et al., 2022), the idea behind Stable Diffusion. You have both parts at hand: the VAE above, whose codes are 20 numbers, and `learn`, which drew the moons.

# %%
with torch.no_grad():
    mu, logvar = coder.encode(digits.images[:4000])
codes = mu + (logvar / 2).exp() * torch.randn(mu.shape, generator=dice())
middle, scale = codes.mean(dim=0), codes.std(dim=0)
code_steps = runtime.pick(ci=20, cpu=1500)
code_velocity = learn((codes - middle) / scale, code_steps, width=160)

# %%
code_noise = torch.randn(many, codes.shape[1], generator=dice())
z = flow.follow(code_velocity, code_noise, 10, "midpoint") * scale + middle
with torch.no_grad():
    latent = coder.decode(z) * 2 - 1
far_prior = table["VAE"]["Fréchet"]
far_latent = metrics.frechet_distance(standard, seen_by_judge(latent))
print(
    f"Fréchet distance: codes from the prior {far_prior:.2f}, "
    f"codes from a flow {far_latent:.2f}"
)

# %%
prior, by_codes = (transforms.from_signed(x[:12]) for x in (made["VAE"], latent))
plots.image_rows(
    {"from the prior": prior, "from a flow": by_codes},
    title="The same decoder; who draws the codes?",
    alt="Two rows of digits by the same VAE; the upper has more that are no digit.",
)
claim = "the flow's codes decode to better digits"
verify.promise(claim, got=far_latent, below=far_prior)

# %% [markdown]
# The decoder is the same. A VAE's codes are only roughly distributed like its prior (lesson 33), and where they aren't, the prior draws codes that the decoder never saw. The flow learns where they are.
#
# ## Check the article
#
# The source article (FAQ 4) asks how AIGC differs from GANs, and answers that AIGC also has other generative models "such as VAE". As a map of image generation that is **imprecise**, and most of the map is missing. Two families are absent, and the systems that everybody has heard of belong to them:
#
# - *autoregressive models*, which draw one token after another (lesson 39). DALL-E, which the article names in its introduction, is one: a transformer over the codes of a discrete VAE (Ramesh et al., 2021).
# - *diffusion*, this lesson. DALL-E 2 draws with it (Ramesh et al., 2022), and latent diffusion is a VAE *and* diffusion, as you just built.
#
# So the names don't exclude each other, and the same name may stand for two families, a year apart. That one can generate without a second network that judges, and without an encoder, you have seen:

# %%
as_asked = recognised(seen_by_judge(made["flow, longer"]), wanted)
claim = "neither GAN nor VAE, and in over 90 % of cases the digit that was asked for"
verify.promise(claim, got=as_asked, above=0.9)

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("38_diffusion_and_flow_matching")

# %% [markdown]
# ## What you should be able to do now
#
# Say why one leap draws an average and twenty steps draw digits, and prove both halves. Derive the simple loss from Bayes' rule and the KL of two Gaussians, and say which weight it drops. Turn a prediction of noise into one of the picture or the velocity. Write the training loop of a flow from memory: it has five lines. Choose a sampler by cost, and set $w$ with open eyes.
#
# Lesson 39, Language models, has the other family that the article leaves out. Lesson 48 puts a prompt in place of the class.
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
