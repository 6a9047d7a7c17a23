# %% [markdown]
# # 34 · Is it any good?
# <!-- badge -->
#
# You learn to say with numbers how good a generator is, how sure you are, and how each number can be fooled.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | lesson 01; mean, covariance, eigenvalues; a binomial distribution; lessons 23, 24 and 32 for the generators | say which question a metric answers, and which it can't<br>compute PSNR, Fréchet and kernel distance, precision and recall, and state their floor<br>catch a generator that blurs, repeats, copies, or pleases only the judge<br>find out whether a generator only remembers<br>run a test with people, and say how many votes a claim needs |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
gan_steps = None  # None: chosen for this machine
vae_steps = None

# %%
import itertools

import numpy as np
import scipy.linalg
import sympy
import torch
import torch.nn.functional as F
from scipy import stats
from torch import nn

from aigc_lab import (
    check,
    datasets,
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
from aigc_lab.metrics import pictures, roc, two_alternative
from aigc_lab.preprocessing import features
from aigc_lab.pretrained import classifier

# %%
runtime.seed_everything(seed)
gan_updates = gan_steps or runtime.pick(ci=30, cpu=300, gpu=1500)
vae_updates = vae_steps or runtime.pick(ci=40, cpu=400, gpu=1500)
n = runtime.pick(ci=300, cpu=1000)  # pictures judged of each generator

digits, test = datasets.load("digits"), datasets.load("digits", split="test")
train_x, test_x = transforms.to_signed(digits.images), transforms.to_signed(test.images)
judge = classifier.load_classifier("digits")  # a CNN trained on the training digits
asked = torch.arange(n) % 10

# %% [markdown]
# ## Four generators, four records
#
# You are offered four generators of digits. Each holds a record: in one well-known metric it is as good as real handwriting, or better. Here
# are three of them. Would you buy one?

# %%
pool = runtime.pick(ci=1000, cpu=4000)  # training digits: the judge's features are kept
with torch.no_grad():
    known = torch.cat([judge.features(part) for part in train_x[:pool].split(250)])
    sure = judge.head(known).softmax(dim=1)
surest = (sure * F.one_hot(digits.labels[:pool], 10)).argmax(dim=0)  # one of each digit
averages = torch.stack([train_x[digits.labels == c].mean(dim=0) for c in range(10)])
copied = torch.randperm(pool, generator=torch.Generator().manual_seed(seed))[:n]

sets = {"A": train_x[surest][asked], "B": averages[asked], "C": train_x[copied]}
labels = {"A": asked, "B": asked, "C": digits.labels[copied]}
plots.image_rows(
    {name: transforms.from_signed(images[:12]) for name, images in sets.items()},
    title="Which of these generators would you take?",
    alt="A: clear digits 0 to 9. B: the same, blurred. C: digits in many hands.",
)

# %% [markdown]
# The code of the cell gives it away. A prints the same ten pictures for ever, B draws the average of each digit, and C hands out training pictures.
#
# D is a network that you train now, in a few seconds, to please one judge: the classifier of lesson 01. Its inputs are the 64 numbers that the judge's last hidden layer computes from a
# real digit; it must draw something for which the judge computes the same 64 numbers.

# %%
torch.manual_seed(seed)
layers = [nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 784), nn.Tanh()]
flatterer = nn.Sequential(*layers, nn.Unflatten(1, (1, 28, 28)))
optimizer = torch.optim.Adam(flatterer.parameters(), lr=3e-3)
wishes = (known - known.mean(dim=0)) / known.std()
for _ in range(runtime.pick(ci=100, cpu=150)):
    some = torch.randint(len(known), (64,))
    computed = judge.features(flatterer(wishes[some]))
    loss = (computed - known[some]).square().sum(dim=1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
sets["D"], labels["D"] = flatterer(wishes[:n]).detach(), digits.labels[:n]

# %%
ten = [int((labels["D"] == c).nonzero()[0]) for c in range(10)]
plots.images(
    transforms.from_signed(sets["D"][ten]),
    labels=list(range(10)),
    title="Generator D: in the judge's eyes these are 0 to 9",
    alt="Ten white squares with dark smears and specks, not digits.",
)
share = classifier.recognised(sets["D"], labels["D"])
verify.promise(
    "the judge recognises at least 97% of D's pictures", got=share, at_least=0.97
)

# %% [markdown]
# A judge that you optimise against stops being a judge. Lesson 01 took "the share recognised" as a measure of quality; D gets nearly full marks for it.
#
# ## Two honest competitors
#
# To have something worth judging, train two generators: a GAN and a VAE, each for a few hundred steps (lessons 23, 24 and 33 explain them). And take
# two sets of real test digits: one as the standard, the other as a contestant, since no generator can be asked to do better than reality.

# %%
gan_recipe, vae_recipe = gan.GanRecipe.for_data(digits), vae.VaeRecipe.for_data(digits)
training.fit(gan_recipe, digits, steps=gan_updates, seed=seed)
training.fit(vae_recipe, digits, steps=vae_updates, seed=seed)
gan_recipe, vae_recipe = gan_recipe.to("cpu"), vae_recipe.to("cpu")

# %%
noise = torch.Generator().manual_seed(seed)
contestants = {
    "real": test_x[n : 2 * n],
    "GAN": gan_recipe.sample(n, asked, noise),
    "VAE": vae_recipe.sample(n, noise) * 2 - 1,
}
sets = contestants | sets
labels = {"real": test.labels[n : 2 * n], "GAN": asked} | labels
standard = test_x[:n]
plots.image_rows(
    {name: transforms.from_signed(images[:12]) for name, images in contestants.items()},
    title="Reality and two generators after seconds of training",
    alt="The GAN's digits are sharp, 0 to 9; the VAE's are softer, some no digit.",
)

# %% [markdown]
# ## Against a picture: MSE, PSNR, SSIM
#
# The oldest metrics compare a picture with the picture it *should have been*: after compression, denoising, or an autoencoder's round trip. The
# mean squared error and its logarithm, the peak signal-to-noise ratio, look at one pixel at a time:
#
# $$\mathrm{MSE} = \frac{1}{chw} \sum_j (x_j - y_j)^2, \qquad \mathrm{PSNR} = 10 \log_{10} \frac{\mathrm{peak}^2}{\mathrm{MSE}} \text{ dB}$$


# %% tags=["exercise"]
def psnr(images, references):
    """Peak signal-to-noise ratio of pictures in [0, 1], in dB:
    (n, c, h, w) twice -> (n,). One mean a picture, over its channels too."""
    ...  # your code


# %% tags=["check"]
psnr = check("metrics.psnr", psnr)

# %% [markdown]
# SSIM (Wang et al., 2004) compares windows of 11×11 pixels: their mean brightness, their contrast, and how well their patterns agree. It is 1
# for equal pictures. Now damage digits in four ways, each just so much that the MSE is the same. Are they equally bad?

# %%
x = transforms.to_unit(digits.images[surest])
damaged = {
    "ghost": (x + x.roll(1, dims=-1)) / 2,
    "fainter": 0.0 * x,
    "blurred": F.avg_pool2d(x, 5, stride=1, padding=2),
    "noisy": torch.rand(x.shape, generator=torch.Generator().manual_seed(seed)),
}
goal = metrics.mse(damaged["ghost"], x)
for name, y in damaged.items():  # the MSE grows with the square of the blend
    blend = (goal / metrics.mse(y, x)).sqrt().clamp(max=1)
    damaged[name] = x + blend[:, None, None, None] * (y - x)
structure = {name: metrics.ssim(y, x).mean().item() for name, y in damaged.items()}

# %%
rows = {f"{name}, SSIM {structure[name]:.2f}": y for name, y in damaged.items()}
plots.image_rows({"original": x} | rows, title="Four damages, one and the same PSNR")
for name, y in damaged.items():
    claim = f"{name}: PSNR as of the ghost"
    verify.agree(claim, psnr(y, x), psnr(damaged["ghost"], x), tolerance=1e-4)
last = min(structure, key=structure.get)
verify.promise("SSIM puts the noisy ones last", last == "noisy", got=structure["noisy"])

# %% [markdown]
# So SSIM sees something that MSE doesn't. It has weaknesses of its own. Find one: which harmless change ruins all three metrics?


# %%
def damage(kind, strength):
    """Damage a digit and see what the three metrics say."""
    noise = torch.rand(x.shape, generator=torch.Generator().manual_seed(seed))
    blurred = F.avg_pool2d(x, 7, stride=1, padding=3)
    y = {
        "noise": x + strength * (noise - x),
        "blur": x + strength * (blurred - x),
        "move": x.roll(round(strength * 6), dims=-1),
        "fade": x * (1 - strength),
    }[kind]
    pair = y[4:5], x[4:5]
    mse, decibels, ssim = (m(*pair).item() for m in (metrics.mse, psnr, metrics.ssim))
    title = f"MSE {mse:.3f}   PSNR {decibels:.1f} dB   SSIM {ssim:.2f}"
    plots.images(torch.cat(pair), title=title, labels=[kind, "original"], scale=2.6)


# %%
widgets.play(
    damage, kind=["move", "noise", "blur", "fade"], strength=(0.0, 1.0, 0.05, 0.35)
)

# %%
two = metrics.ssim(x.roll(2, dims=-1), x).mean().item()
verify.promise(
    "moved by two pixels, digits have a lower SSIM than the noisy ones",
    got=two,
    below=structure["noisy"],
)

# %% [markdown]
# Move the digit by two pixels: nobody minds, and all three metrics collapse.
#
# But the real trouble comes when you use them for a generator. It is asked for a 7. With which picture should its 7 be compared? Take any real 7. Now let two
# generators compete. One is *perfect*: it draws from the distribution of real 7s. The other always draws their average, generator B's blur.
#
# **Predict first.** Which one has the higher PSNR against the real 7s, and by about how many decibels? Write it down.

# %% tags=["predict"]
sevens = transforms.to_unit(test.images[test.labels == 7]).double()
next_seven = sevens.roll(1, dims=0)
average = transforms.to_unit(transforms.from_signed(averages[7:8])).double()
perfect = metrics.mse(sevens, next_seven).mean()
blur = metrics.mse(average.expand_as(sevens), sevens).mean()
print(
    f"perfect generator: {-10 * perfect.log10():.2f} dB     "
    f"average of the training 7s: {-10 * blur.log10():.2f} dB",
)

# %% [markdown]
# You should have seen the blur win by about 3 dB. That is no accident of these digits. Let $x$ and $x'$ be two independent draws with mean $\mu$ and
# covariance $\Sigma$. Then
#
# $$\mathbb{E}\|x - x'\|^2 = 2 \, \mathrm{tr}\,\Sigma, \qquad \mathbb{E}\|x - \mu\|^2 = \mathrm{tr}\,\Sigma .$$
#
# The perfect generator has twice the error of the average, and $10 \log_{10} 2 = 3.01$ dB less. Check both on all pairs of real 7s, where the
# first holds exactly:

# %%
flat = sevens.flatten(1)
ordered_pairs = len(flat) * (len(flat) - 1)  # of two different 7s
of_pairs = torch.cdist(flat, flat).square().sum() / ordered_pairs
of_mean = (flat - flat.mean(dim=0)).square().sum() / (len(flat) - 1)
trace = flat.var(dim=0).sum()
verify.agree("mean over pairs of |x - x'|² = 2 tr Σ", of_pairs, 2 * trace)
verify.agree("mean of |x - mean|² = tr Σ, with n - 1", of_mean, trace)
lead = 10 * (perfect / blur).log10().item()
verify.promise("the average wins by 2.7 to 3.3 dB", got=lead, above=2.7, below=3.3)

# %% [markdown]
# So if you train or choose by MSE, you get blur. That is B's record. And it is why these metrics can't judge a generator: its pictures have no counterpart. Keep them for
# tasks where there is one.
#
# ## One set alone: the inception score
#
# The first popular metric without pairs asks a classifier. Is it sure of each picture? And does it see all classes equally often?
#
# $$\mathrm{IS} = \exp \; \mathbb{E}_x \, \mathrm{KL}\left(p(y \mid x) \,\|\, p(y)\right)$$
#
# It lies between 1 and the number of classes. (The classifier of its authors, Salimans et al., 2016, was called Inception. Ours is the judge.)


# %%
@torch.no_grad()
def seen_by(network, images):
    return torch.cat([network(part) for part in images.split(250)])


seen = {name: seen_by(judge.features, images) for name, images in sets.items()}
of_standard = seen_by(judge.features, standard)

# %%
logits = {name: judge.head(f) for name, f in seen.items()}
told, score = {}, {}  # share recognised, inception score
for name, own in logits.items():
    score[name] = metrics.inception_score(own.softmax(dim=1))
    if name in labels:
        told[name] = (own.argmax(dim=1) == labels[name]).double().mean().item()

print("            recognised   inception score")
for name in sets:
    recognised = f"{told[name]:.1%}" if name in told else "not asked"
    print(f"{name:10}  {recognised:>10}   {score[name]:10.2f}")
claim = "A, the ten prints, beats real digits by more than 1"
verify.promise(claim, got=score["A"], above=score["real"] + 1)

# %% [markdown]
# (This VAE can't be asked for a certain digit, so nothing counts as recognised.) Real digits don't get 10, since the judge is not sure of each. A holds the record: ten perfect pictures, all classes equally often. The formula never
# looks at a real picture, and within a class it can't tell ten thousand different pictures from one:

# %%
# NBVAL_CHECK_OUTPUT
print("one sure picture a class:", round(metrics.inception_score(torch.eye(10)), 6))
print(
    "ten thousand sure pictures a class:",
    round(metrics.inception_score(torch.eye(10).repeat(10_000, 1)), 6),
)
print("never sure:", round(metrics.inception_score(torch.full((50, 10), 0.1)), 6))

# %% [markdown]
# ## Two clouds of points: the Fréchet distance
#
# Compare the generated set with a real one. Let a network turn each picture into *features*, here the judge's 64 numbers. Each set
# is then a cloud of points. Summarise each cloud by mean and covariance, as if it were Gaussian, and measure how far one has to be moved to become the other:
#
# $$d^2 = \|\mu_r - \mu_f\|^2 + \mathrm{tr}\left(\Sigma_r + \Sigma_f - 2 \left(\Sigma_r \Sigma_f\right)^{1/2}\right)$$
#
# In one dimension the trace is a square you know:

# %%
s_r, s_f = sympy.symbols("sigma_r sigma_f", positive=True)
verify.agree(
    "σr² + σf² - 2 (σr² σf²)^½ = (σr - σf)²",
    s_r**2 + s_f**2 - 2 * sympy.sqrt(s_r**2 * s_f**2),
    (s_r - s_f) ** 2,
)

# %% [markdown]
# With Inception's features it is called FID (Heusel et al., 2017). Write it. The root is a *matrix* root, `scipy.linalg.sqrtm`: the matrix whose product with itself is the argument.


# %% tags=["exercise"]
def frechet_distance(real, fake):
    """Squared Fréchet distance of the Gaussians fitted to two sets of features,
    covariances with n - 1: (n, d), (m, d) tensors -> a real number, also for d = 1."""
    ...  # your code


# %% tags=["check"]
frechet_distance = check("metrics.frechet_distance", frechet_distance)

# %%
distance = {name: float(frechet_distance(of_standard, f)) for name, f in seen.items()}
label = f"Fréchet distance to {n:,} test digits, the judge's features"
plots.bars(distance, y_label=label, title="The copies are as near as reality")
verify.promise(
    "C, the copies, is at most 1.3 times as far as real digits",
    got=distance["C"],
    at_most=1.3 * distance["real"],
)
verify.promise(
    "B, the averages, is farther than A, the prints",
    got=distance["B"],
    above=distance["A"],
)

# %% [markdown]
# It catches A, B and D. It calls C perfect, and rightly so: C *is* distributed like real digits. That is C's record.
#
# Why is the bar of "real" not 0? Both sets come from the same source.
#
# **Predict first.** You draw two sets of $m$ real digits, again and again, and measure their distance. How does its mean depend on $m$: not at all, as
# $1/\sqrt m$, or as $1/m$? Guess the value for $m = 100$: the bar of "real" above is for 1,000.

# %% tags=["predict"]
sizes = runtime.pick(ci=[100, 200, 300], cpu=[100, 150, 250, 500, 1000])
rng = torch.Generator().manual_seed(seed)
floor, kernel = {}, {}
for m in sizes:
    orders = [torch.randperm(len(known), generator=rng) for _ in range(12)]
    pairs = [(known[order[:m]], known[order[m : 2 * m]]) for order in orders]
    floor[m] = np.array([metrics.frechet_distance(*pair) for pair in pairs])
    kernel[m] = np.array([metrics.kernel_distance(*pair) for pair in pairs])
    print(
        f"m = {m:5}   Fréchet {floor[m].mean():6.2f} ± {floor[m].std():.2f}   "
        f"kernel {kernel[m].mean():+.3f} ± {kernel[m].std():.3f}",
    )

# %% [markdown]
# You should have seen it fall about as $1/m$: from some 14 at 100 pictures to about 1 at 1,000. The covariance of a small sample is wrong in each of its 64 directions, and every error adds
# to the distance. So the Fréchet distance is biased upwards. A number without its $m$ says nothing. Worse, the bias differs from model to model
# (Chong and Forsyth, 2020), so an equal $m$ is needed, but isn't enough. What helps: measure at several $m$, plot over $1/m$, and read off where the line
# meets $1/m = 0$.


# %%
def some_of(examples, m):
    """m of the examples, drawn anew."""
    return examples[torch.randperm(len(examples), generator=rng)[:m]]


of_gan = []
for m in sizes:
    pairs = [(some_of(of_standard, m), some_of(seen["GAN"], m)) for _ in range(12)]
    of_gan.append(np.mean([metrics.frechet_distance(*pair) for pair in pairs]))
of_real = [floor[m].mean() for m in sizes]

# %%
inverse = [1 / m for m in sizes]
means = {"GAN against real": of_gan, "real against real": of_real}
lines = {name: np.polyfit(inverse, values, 1) for name, values in means.items()}
pictures.extrapolation(inverse, means, lines)
verify.promise(
    "at 100 pictures real digits are more than 5 from real digits",
    got=of_real[0],
    above=5,
)
rest = lines["real against real"][1]
verify.promise("extrapolated, less than 1 is left", got=rest, near=(0, 1))

# %% [markdown]
# ### A distance without bias
#
# The kernel distance (Bińkowski et al., 2018) compares all pairs. With $k(x, y) = (x \cdot y / d + 1)^3$:
#
# $$\frac{1}{n(n-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{m(m-1)} \sum_{i \ne j} k(y_i, y_j) - \frac{2}{nm} \sum_{i,j} k(x_i, y_j)$$
#
# No example meets itself, and that makes the mean right for any sample size. Write it.


# %% tags=["exercise"]
def kernel_distance(real, fake):
    """Unbiased estimate of the squared kernel distance:
    (n, d), (m, d) tensors -> a number, which may be negative."""
    ...  # your code


# %% tags=["check"]
kernel_distance = check("metrics.kernel_distance", kernel_distance)

# %% [markdown]
# You printed it above, next to the Fréchet distance: it scatters around 0 at each size, so it must often be negative. Unbiased does not mean precise, though.
# Look at the spread:

# %%
plots.curves(
    sizes,
    {"Fréchet": of_real, "kernel": [kernel[m].mean() for m in sizes]},
    bands={
        "Fréchet": ([floor[m].min() for m in sizes], [floor[m].max() for m in sizes]),
        "kernel": ([kernel[m].min() for m in sizes], [kernel[m].max() for m in sizes]),
    },
    x_label="pictures in each set",
    y_label="distance",
    title="Real against real: one is biased, the other scatters around 0",
    log_x=True,
    markers=True,
)

# %%
m = sizes[0]
orders = [torch.randperm(len(known), generator=rng) for _ in range(200)]
pairs = [(known[order[:m]], known[order[m : 2 * m]]) for order in orders]
at_100 = verify.estimate([metrics.kernel_distance(*pair) for pair in pairs])
verify.agree(
    "kernel distance of 100 real against 100 real digits is 0 on average", at_100, 0.0
)
negative = np.mean([metrics.kernel_distance(*pair) < 0 for pair in pairs])
claim = "more than half of the estimates are negative"
verify.promise(claim, got=negative, above=0.5)

# %% [markdown]
# More than half, and still 0 on average: the values above 0 are fewer and larger. That is the shape of a squared distance's estimate: cubing makes a few pairs count a lot.

# %% [markdown]
# ### One training is one throw of the dice
#
# Chance decides more than the samples. The first weights, the order of the examples and the noise are drawn, too. Lesson 32's stored trainings on 1,600 cats and dogs are equal in everything but the seed:

# %%
stored = pretrained.info("cats_dogs_gans")["result"]
of_way = {
    way: stored[f"1600 pictures: {way}"]["frechet"]
    for way in ("none", "small changes, both")
}
for way, values in of_way.items():
    told_of = ", ".join(f"{value:.2f}" for value in values)
    print(f"{way:20}  Fréchet distance by seed: {told_of}   mean {np.mean(values):.2f}")
apart = abs(np.subtract(*(np.mean(values) for values in of_way.values())))
widest = max(np.ptp(values) for values in of_way.values())
print(f"the ways differ by {apart:.2f}, the seeds of one way by up to {widest:.2f}")
single = [x - y for x, y in itertools.product(*of_way.values())]
print(f"with one training each: by {min(single):.2f} to {max(single):.2f}")
claim = "the ways differ by no more than one and a half times what the seeds do"
verify.promise(claim, got=apart / widest, below=1.5)

# %% [markdown]
# The two ways differ by about as much as two trainings of the same way. A paper with one training each could have reported anything in the last line. Do several trainings settle it? Suppose that the ways were equal. Then every split of the values into two groups of the same sizes is equally likely. In how many of them are the groups' means at least as far apart?

# %%
first, second = of_way.values()
pooled = np.array(first + second)
splits = list(itertools.combinations(range(len(pooled)), len(first)))
gaps = []
for chosen_values in splits:
    others = np.delete(pooled, list(chosen_values))
    gaps.append(abs(pooled[list(chosen_values)].mean() - others.mean()))
by_chance = np.mean(np.array(gaps) >= apart - 1e-9)
print(f"{by_chance:.0%} of {len(splits)} splits differ as much: a permutation test")
verify.promise("at least 1 of 10 splits does", got=by_chance, at_least=0.1)

# %% [markdown]
# So these trainings make it likely that small changes help a little on 1,600 pictures, and don't prove it: with three against three, even the clearest outcome has a chance of one in ten. Measure the spread over *samples* to say how well you know one model, and the spread over *trainings* to say how well you
# know a recipe. The second is dearer, so it is left out more often.

# %% [markdown]
# ### Mean and covariance are not all
#
# The Fréchet distance sees a cloud's mean and covariance, nothing else. So make a cloud that has the same mean and covariance and nothing else of its shape: draw from
# the Gaussian. Real features gather in ten clusters, one a class, and none is negative. The Gaussian fills the space between.

# %%
mean, covariance = known.double().mean(dim=0), torch.cov(known.double().T)
root = torch.linalg.cholesky(covariance + 1e-6 * torch.eye(64))
normal = torch.randn(n, 64, generator=torch.Generator().manual_seed(seed)).double()
cloud = mean + normal @ root.T

# %%
shapeless = metrics.frechet_distance(of_standard, cloud)
both = {"cloud": cloud, "real": seen["real"]}
kernels, among = {}, {}
for name, f in both.items():
    kernels[name] = metrics.kernel_distance(of_standard, f)
    among[name] = metrics.precision_recall(of_standard, f).precision
print(f"Fréchet distance {shapeless:.2f} (real: {distance['real']:.2f})")
print(f"kernel distance {kernels['cloud']:.2f} (real: {kernels['real']:.2f})")
inside = f"{among['cloud']:.0%} (real: {among['real']:.0%})"
print(f"share that lies among real features: {inside}")
verify.promise(
    "the shapeless cloud is at most 1.5 times as far as reality",
    got=shapeless,
    at_most=1.5 * distance["real"],
)
verify.promise(
    "less than half of it lies among real features", got=among["cloud"], below=0.5
)

# %%
scatter = kernel[sizes[-1]].std()  # of real digits against real digits
in_scatters = (kernels["cloud"] - kernels["real"]) / scatter
claim = "the cloud's kernel distance is more than 10 scatters from that of real digits"
verify.promise(claim, got=in_scatters, above=10)

# %% [markdown]
# The kernel distance sees third moments, too: for it the cloud is as far from real digits as many of its own scatters. Precision, which comes below, asks whether an example lies where real ones
# do, and most of the cloud doesn't.
#
# ### Near, in whose eyes?
#
# Everything so far was seen through the judge's features. Take two other pairs of eyes: the same network with *random* weights, and the first 64 principal
# components of the pixels. Distances have different units there, so divide each by that of real against real.

# %%
torch.manual_seed(seed + 1)
untrained = classifier.Classifier().eval()
space = features.pca(train_x[:pool].flatten(1), 64)
of_judge = seen | {"standard": of_standard}
eyes = {"judge": of_judge, "random network": {}, "pixels (PCA)": {}}
for name, images in (sets | {"standard": standard}).items():
    eyes["random network"][name] = seen_by(untrained.features, images)
    eyes["pixels (PCA)"][name] = space.project(images.flatten(1))
times_floor = {}
for eye, f in eyes.items():
    away = {name: metrics.frechet_distance(f["standard"], f[name]) for name in sets}
    times_floor[eye] = {name: value / away["real"] for name, value in away.items()}

# %%
table = np.array([[times_floor[eye][name] for eye in eyes] for name in sets])
plots.heatmap(
    np.log10(table),
    rows=list(sets),
    columns=list(eyes),
    title="Fréchet distance over its floor, as log10: eyes disagree",
    numbers=True,
)
judged, measured = times_floor["judge"], times_floor["pixels (PCA)"]
verify.promise(
    "the judge prefers A to B, pixels prefer B to A",
    judged["A"] < judged["B"] and measured["B"] < measured["A"],
)

# %%
behind = {eye: row["VAE"] / row["GAN"] for eye, row in times_floor.items()}
rounded = {eye: round(value, 1) for eye, value in behind.items()}
print("the VAE's distance over the GAN's:", rounded)
verify.promise(
    "next to the GAN, the VAE is twice as far for the judge as for pixels",
    behind["judge"] > 2 * behind["pixels (PCA)"],
)
verify.promise(
    "the judge prefers D to A; for pixels D is last",
    judged["D"] < judged["A"] and measured["D"] == max(measured.values()),
)

# %% [markdown]
# Which is better, ten prints or ten blurs? And how far is the VAE behind the GAN? It depends on who looks. A Fréchet distance is a statement about features. FID's features come
# from photographs of objects; on medical pictures, sketches or spectrograms they may miss what matters. Photographs have this trouble too: people's judgements of generators have been found to agree badly with FID, and better with features of another network, which was trained without labels (Stein et al., 2023). And two programs that resize pictures differently get different values
# for the same generator (Parmar et al., 2022). A generator that was trained on the features, as D was, must be judged with others.
#
# ## Quality and variety, apart
#
# One number can't say *what* is wrong. Ask two questions: does each generated example lie where real ones are (**precision**)? Is there a generated
# example near each real one (**recall**)? "Where" is made of balls: around each real example one that reaches to its $k$-th nearest real neighbour
# (Kynkäänniemi et al., 2019).

# %%
plane = torch.Generator().manual_seed(seed + 4)
corners = torch.tensor([[0.0, 0.0], [3.0, 0.0], [1.5, 2.5]])
crowd = corners[torch.arange(24) % 3] + 0.4 * torch.randn(24, 2, generator=plane)
spread = 0.22 * torch.randn(23, 2, generator=plane)
timid = crowd[::3].mean(dim=0) + spread  # stays with one of the three groups
to_three, _ = metrics.nearest_neighbours(crowd, crowd, k=3)
radii = to_three[:, -1]  # each finds itself first: this is k = 2
pictures.balls(crowd, radii, timid)


# %% tags=["exercise"]
def precision(real, fake, k):
    """Share of generated examples that lie in (or on) a real one's ball; the ball
    reaches to its k-th nearest neighbour among the other real examples:
    (n, d), (m, d) tensors, k -> a number from 0 to 1."""
    ...  # your code


# %% tags=["check"]
precision = check("metrics.precision", precision)

# %% [markdown]
# Recall needs no code of its own: swap the sets.
#
# **Predict first.** To the generated crosses above, which score poorly in recall, add a *single* point far away, at (40, 40).
# What happens to recall: nothing, a little, or a lot? And to coverage, the share of *real* balls that hold a generated point?

# %% tags=["predict"]
with_outlier = torch.cat([timid, torch.tensor([[40.0, 40.0]])])
of_recall = []
for name, points in {"crosses": timid, "with one outlier": with_outlier}.items():
    precise, recall = precision(crowd, points, 2), precision(points, crowd, 2)
    coverage = metrics.density_coverage(crowd, points, 2).coverage
    of_recall.append(recall)
    shares = f"precision {precise:.2f}   recall {recall:.2f}   coverage {coverage:.2f}"
    print(f"{name:18} {shares}")

# %% [markdown]
# You should have seen recall leap from about a quarter to nearly 1, and coverage stay. The outlier's nearest neighbours are far away, so its ball is huge and swallows
# the real points. That is why Naeem et al. (2020) draw balls around real examples only: **density** and **coverage**. Real outliers can
# do the same to precision, and there density helps.
#
# Now the digits. First the floor: the values that two sets of real digits get. They are not 1.

# %%
claim = "one outlier lifts recall by more than 0.4"
verify.promise(claim, got=of_recall[1] - of_recall[0], above=0.4)
four = {}
for name, f in seen.items():
    precise, recall = metrics.precision_recall(of_standard, f)
    coverage = metrics.density_coverage(of_standard, f).coverage
    four[name] = {"precision": precise, "recall": recall, "coverage": coverage}
title = "The GAN draws well, but fewer kinds; copies look perfect"
plots.grouped_bars(four, y_label="share", title=title)
claim = "two sets of real digits: precision between 0.75 and 0.95"
verify.promise(claim, got=four["real"]["precision"], above=0.75, below=0.95)
verify.promise(
    "A, B and D all have a recall below 0.05",
    max(four[name]["recall"] for name in "ABD") < 0.05,
)

# %% [markdown]
# ### A trade, not a property
#
# You can sell variety for quality after training. The GAN draws from noise $z$ with standard deviation 1; shrink the noise, and it stays with what it
# draws best. Watch all four numbers.

# %%
scales = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5]
noise = torch.Generator().manual_seed(seed)
z = torch.randn(n, gan_recipe.averaged.latent, generator=noise)
trade = {"precision": [], "recall": [], "coverage": [], "recognised": []}
far, shrunk = [], {}
for scale in scales:
    with torch.no_grad():
        shrunk[scale] = gan_recipe.averaged(scale * z, asked)
    f = seen_by(judge.features, shrunk[scale])
    coverage = metrics.density_coverage(of_standard, f).coverage
    read = (judge.head(f).argmax(dim=1) == asked).double().mean().item()
    values = (*metrics.precision_recall(of_standard, f), coverage, read)
    for row, value in zip(trade.values(), values):
        row.append(value)
    far.append(metrics.frechet_distance(of_standard, f))

# %%
pictures.quality_and_variety(scales, trade, far)
falls = trade["precision"][0] - trade["precision"][-1]
rises = trade["recall"][-1] - trade["recall"][0]
verify.promise(
    "precision falls and recall rises by more than 0.1 over the range",
    falls > 0.1 and rises > 0.1,
)
verify.promise(
    "the smallest noise is recognised more often than real digits, or as often",
    got=trade["recognised"][0],
    at_least=told["real"] - 0.002,
)

# %%
chosen = [i for i in range(n) if i % 10 in (2, 4, 7)][:12]
rows = {}
for scale in (0.25, 1.0, 1.5):
    rows[f"noise {scale}"] = transforms.from_signed(shrunk[scale][chosen])
plots.image_rows(
    rows,
    title="Alike and clean, as trained, varied and odd",
    alt="Digits 2, 4, 7: alike and clean at 0.25; varied, some broken, at 1.5.",
)

# %% [markdown]
# Quality and variety can be traded for each other: they are two ends of a dial. The Fréchet distance adds both into one number, and its minimum somewhere in the middle is
# one way to set the dial. Lesson 35 turns more of them.
#
# ## Is it only remembered?
#
# No metric so far minds that C copies. Each one rewards it. What tells is the distance to the *nearest training picture*, and how it compares
# with that of real digits that nobody trained on.

# %%
searched = runtime.pick(ci=pool, cpu=len(digits))
pixels = transforms.to_unit(digits.images[:searched]).flatten(1)
few = runtime.pick(ci=100, cpu=300)
suspects = {name: sets[name][:few] for name in ("real", "GAN", "VAE", "C")}
suspects["C, moved"] = suspects["C"].roll(1, dims=-1)  # copies, one pixel to the right
nearest = {}
for name, images in suspects.items():
    unit = (images.flatten(1) + 1) / 2
    nearest[name] = metrics.nearest_neighbours(unit, pixels)
    away, _ = nearest[name]
    share = (away < 1e-6).double().mean()
    print(f"{name:10} median distance {away.median():.2f}   copies {share:.0%}")

# %%
label = f"distance to the nearest of {searched:,} training digits, pixels in [0, 1]"
plots.histogram(
    {name: nearest[name][0] for name in ("real", "GAN", "VAE", "C, moved")},
    x_label=label,
    title="One pixel to the right, and a copy looks honest",
)
verify.promise("all of C are copies", (nearest["C"][0] < 1e-6).all())
verify.promise(
    "none of the real test digits and none of the GAN's is",
    min(nearest["real"][0].min(), nearest["GAN"][0].min()) > 0.1,
)

# %% [markdown]
# C lies at distance 0. But there is an easy escape: move each copy by one pixel, and its pixel distance is that of an honest picture. Do features help? As a detector of copies, "near to a training picture" is worth its area under the ROC curve: 1 sorts copies from honest digits without error, 0.5 is guessing.

# %%
trained_on = known
if searched > pool:
    others = seen_by(judge.features, train_x[pool:searched])
    trained_on = torch.cat([known, others])
in_features = {}
for name, images in suspects.items():
    f = seen_by(judge.features, images)
    in_features[name] = metrics.nearest_neighbours(f, trained_on)[0][:, 0]


# %%
def caught(distances):
    """How well nearness sorts moved copies from real test digits: area under ROC."""
    near = -distances["C, moved"], -distances["real"]
    return roc.roc_auc(*near).item()


in_pixels = {name: away[:, 0] for name, (away, _) in nearest.items()}
found = {"pixels": caught(in_pixels), "judge's features": caught(in_features)}
print("area under ROC:", {name: round(value, 2) for name, value in found.items()})
claim = "features tell moved copies better than pixels do, and still badly"
verify.promise(claim, found["pixels"] < found["judge's features"] < 0.85)

# %% [markdown]
# A search has to try what a copier may have changed. So move each suspect back: compare it in all nine positions, up to one pixel each way, and keep the nearest.


# %%
moves = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]


def nearest_of_moves(images):
    """Distance to the nearest training digit over nine positions: (n,)."""
    unit = (images + 1) / 2
    away = []
    for move in moves:
        moved = unit.roll(move, dims=(-2, -1)).flatten(1)
        away.append(metrics.nearest_neighbours(moved, pixels)[0])
    return torch.cat(away, dim=1).min(dim=1).values


shifted = {name: nearest_of_moves(suspects[name]) for name in ("real", "C, moved")}
found["nine positions"] = caught(shifted)
print("area under ROC:", {name: round(value, 2) for name, value in found.items()})
verify.promise(
    "nine positions find every moved copy", got=found["nine positions"], above=0.999
)

# %% [markdown]
# And look at the right end of the distances. Suppose that a generator copies only one picture in five. A median doesn't move. The *lower tail* does: how many pictures are nearer to a training digit than 99% of real digits are?

# %%
fifth = few // 5
mixed = torch.cat([shifted["C, moved"][:fifth], shifted["real"][fifth:]])
limit = shifted["real"].quantile(0.01)
for name, away in {"real": shifted["real"], "a fifth copied": mixed}.items():
    tail = (away < limit).double().mean()
    print(f"{name:15} median {away.median():.2f}   nearer than the limit {tail:.1%}")
verify.promise(
    "with a fifth copied, the median falls by less than a fifth",
    got=(mixed.median() / shifted["real"].median()).item(),
    above=0.8,
)
verify.promise(
    "and the lower tail holds at least 18% of the pictures",
    got=(mixed < limit).double().mean().item(),
    at_least=0.18,
)

# %% [markdown]
# Then use your own eyes: the most suspicious pictures of the GAN beside what they might be copied from.

# %%
away, which = nearest["GAN"]
most = away[:, 0].argsort()[:10]
drawn, training_digits = suspects["GAN"][most], digits.images[which[most, 0]]
plots.image_rows(
    {"GAN": transforms.from_signed(drawn), "training": training_digits},
    title="The GAN's ten nearest to a training picture",
    alt="Each of the GAN's digits and the training digit below it: alike, not equal.",
)

# %%
still = nearest["C, moved"][0].median().item() / nearest["real"][0].median().item()
verify.promise(
    "moved copies are more than half as far off in pixels as honest digits",
    got=still,
    above=0.5,
)

# %% [markdown]
# "No copy was found among those that I searched for" is all such a search can say. Lesson 14 measures memory in bits instead, with planted secrets.
#
# ## Ask people
#
# In the end people look. To make looking a measurement, show pairs: one real, one drawn, the side left to chance, and ask which is drawn. Let $p$ be
# the probability of a right answer. At $p = 0.5$ people guess; the higher it is, the easier the drawn ones are to tell. Nobody has to agree on what "good" means. (Zhou et al., 2019, made a benchmark of such judgements.)
#
# Both pictures of a pair below show the same digit. Vote at least twenty times.

# %%
noise = torch.Generator().manual_seed(seed + 1)
drawn = transforms.from_signed(gan_recipe.sample(100, test.labels[n : n + 100], noise))
votes = two_alternative.Test(test.images[n : n + 100], drawn, seed=seed)
votes.show()

# %%
print("you, so far:", votes.summary())

# %% [markdown]
# Say you were right 15 times of 20. That is 75%. Is the GAN caught? Which $p$ could have given such a count? Leave out every $p$ that makes
# 15 or more too surprising (probability below 2.5%), and those that make 15 or fewer too surprising. What remains is the interval of Clopper
# and Pearson (1934). Its ends are quantiles of beta distributions: `stats.beta.ppf(probability, a, b)`, with $a$ and $b$ = (right, wrong + 1) below and (right + 1, wrong) above.


# %% tags=["exercise"]
def votes_interval(right, votes):
    """Exact 95% interval of the probability of a right vote: (low, high);
    right may be 0 or all of the votes."""
    ...  # your code


# %% tags=["check"]
votes_interval = check("metrics.votes_interval", votes_interval)

# %%
# NBVAL_CHECK_OUTPUT
for right, of in [(15, 20), (20, 20), (10, 20), (530, 1000), (600, 1000)]:
    low, high = votes_interval(right, of)
    print(f"{right} of {of}: p is from {low:.3f} to {high:.3f}")
low, high = votes_interval(15, 20)
verify.agree(
    "at the lower end, 15 or more of 20 have probability 0.025",
    stats.binom.sf(14, 20, low),
    0.025,
)
verify.agree(
    "at the upper end, 15 or fewer of 20 have probability 0.025",
    stats.binom.cdf(15, 20, high),
    0.025,
)

# %% [markdown]
# 15 of 20 just rules out guessing. But 10 of 20 shows little: $p$ may be anything from 0.27 to 0.73. After
# twenty votes "people couldn't tell" is no finding: the sample is too small. How many does a claim need? Two claims, computed exactly:


# %%
def votes_to_tell(p, power=0.8):
    """Votes after which the interval lies above 0.5 with probability
    `power`, if p is the truth."""
    for of in range(6, 5000):
        # the least count of right answers that puts the lower end above 0.5
        least = int(stats.binom.isf(0.025, of, 0.5)) + 1
        if stats.binom.sf(least - 1, of, p) >= power:
            return of


needed = {p: votes_to_tell(p) for p in (0.9, 0.75, 0.6, 0.55)}
print("people can tell:", {f"p = {p}": of for p, of in needed.items()})


# %%
def votes_to_pin_down(half_width):
    """Votes after which an even split leaves p within 0.5 ± half_width."""
    for of in range(2, 5000, 2):
        if votes_interval(of // 2, of)[1] <= 0.5 + half_width:
            return of


pinned = {half: votes_to_pin_down(half) for half in (0.2, 0.1, 0.05)}
print("people can hardly tell:", {f"0.5 ± {half}": of for half, of in pinned.items()})
verify.promise("p = 0.6 needs about 200 votes", got=needed[0.6], above=180, below=220)
verify.promise("0.5 ± 0.05 needs about 400", got=pinned[0.05], above=380, below=420)

# %%
counts = np.unique(np.geomspace(10, 1000, 40).astype(int) // 2 * 2)
bounds = np.array([votes_interval(of // 2, of) for of in counts.tolist()])
plots.curves(
    counts,
    {"an even split": np.full(len(counts), 0.5)},
    bands={"an even split": (bounds[:, 0], bounds[:, 1])},
    x_label="votes",
    y_label="values of p left open",
    title="To halve the interval you need four times the votes",
    alt="A band around 0.5: 0.19 to 0.81 at 10 votes, 0.47 to 0.53 at 1,000 votes.",
    log_x=True,
)

# %% [markdown]
# Count votes only if they are independent: twenty by one person on the same five pictures are not twenty. Fix the number *before* you start. And
# people judge single pictures: a generator that repeats a thousand good ones for ever passes this test.
#
# ## The score sheet
#
# All sets, all questions. Each record is a column; quality is a row.


# %%
def same_digits(images, y):
    """The first eight of each digit, in [0, 1]."""
    unit = transforms.to_unit(transforms.from_signed(images))
    return torch.cat([unit[y == c][:8] for c in range(10)])


paired, copies, target = {}, {}, same_digits(standard, test.labels[:n])
for name, y in labels.items():
    error = metrics.mse(same_digits(sets[name], y), target).mean()
    paired[name] = -10 * error.log10().item()
hundred_each = torch.cat([images[:100].flatten(1) for images in sets.values()])
away, _ = metrics.nearest_neighbours((hundred_each + 1) / 2, pixels)
for name, part in zip(sets, away.split(100)):
    copies[name] = (part < 1e-6).double().mean().item()

# %%
print(
    "        PSNR, dB  recognised     IS  Fréchet  pixels*  precision  recall  copies"
)
for name in sets:
    psnr_of = f"{paired[name]:.2f}" if name in paired else "-"
    told_of = f"{told[name]:.1%}" if name in told else "-"
    precise, recall = four[name]["precision"], four[name]["recall"]
    print(
        f"{name:6} {psnr_of:>9} {told_of:>11} {score[name]:6.2f} {distance[name]:8.2f}",
        f"{measured[name]:8.1f} {precise:10.2f} {recall:7.2f} {copies[name]:7.0%}",
    )
print(
    "* Fréchet distance in pixel components, in floors. "
    "PSNR: against real digits of the same class."
)

# %%
lead = paired["B"] - paired["real"]
verify.promise(
    "PSNR: B, the averages, beats real digits by more than 2 dB", got=lead, above=2
)
claim = "D is recognised within 1.5% of real digits"
verify.promise(claim, got=told["D"], above=told["real"] - 0.015)
verify.promise(
    "the GAN is nearer to real digits than the VAE, in the judge's features",
    got=distance["GAN"],
    below=distance["VAE"],
)
copying = {name for name, share in copies.items() if share > 0.5}
verify.promise("only A and C consist of copies", copying == {"A", "C"})

# %% [markdown]
# | | record | how it is fooled | caught by |
# |---|---|---|---|
# | A, ten prints | inception score | one sure picture a class | recall, coverage |
# | B, averages | PSNR | the mean has the least squared error | Fréchet distance, recall |
# | C, copies | Fréchet distance, precision, recall | it *is* the distribution | nearest training neighbours, over moves |
# | D, flatterer | share recognised | trained on the judge | other features; your eyes |
#
# So report, for any generator: at least one distance with its features, its $m$ and the floor; precision and recall (or density and coverage); the nearest training
# neighbours; a sheet of samples that nobody picked; and the spread over seeds, which is next.
#
# ### How far can you trust the last digit?
#
# Draw $n$ pictures again with other noise, and the numbers move. That is the least spread there is: another training run adds its own. A difference smaller than this
# says nothing.

# %%
again = []
for other in range(5):
    noise = torch.Generator().manual_seed(seed + 100 + other)
    f = seen_by(judge.features, gan_recipe.sample(n, asked, noise))
    far_off = metrics.frechet_distance(of_standard, f)
    kernel_off = metrics.kernel_distance(of_standard, f)
    again.append((far_off, kernel_off, *metrics.precision_recall(of_standard, f)))
names = ("Fréchet", "kernel", "precision", "recall")
for name, column in zip(names, np.array(again).T):
    spread = f"{column.mean():7.3f} ± {column.std(ddof=1):.3f}"
    print(f"{name:10} {spread} over 5 sets of samples of the same GAN")

# %% [markdown]
# ## Check the article
#
# The source article (FAQ 5) measures the quality of generated images or text by mean squared error and structural similarity. **Wrong**, as a general
# answer: both compare with a paired reference, which unconditional samples don't have. Pair them at random and the score is about the pairing:

# %%
hundred = transforms.to_unit(test.images[:100])
own = metrics.ssim(hundred, hundred).mean().item()
shuffled = metrics.ssim(hundred, hundred.roll(1, dims=0)).mean().item()
print(
    f"SSIM of 100 real digits with themselves {own:.2f}, "
    f"in another order {shuffled:.2f}: the same set of pictures",
)
verify.promise("in another order SSIM is below 0.3", got=shuffled, below=0.3)

# %% [markdown]
# With a pair (compression, repair, an autoencoder's round trip) they are right in their place, and reward blur, as you computed. For text SSIM means
# nothing: it needs windows of brightness. Text has its own ways, such as the bits per character of lesson 02.
#
# The article (3.3) also lists "high quality" and "limited diversity" as properties of generated content. **Imprecise**: they are two ends of a dial, and both
# can be measured. You turned it: the same GAN, at noise 0.25 and 1.5, was at both ends.

# %%
recall = trade["recall"]
verify.promise("at noise 0.25 recall is below 0.1", got=recall[0], below=0.1)
verify.promise(
    "at noise 1.5 it is at least three times that",
    got=recall[-1],
    at_least=3 * recall[0],
)

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("34_is_it_any_good")

# %% [markdown]
# ## What you should be able to do now
#
# Say of each metric which question it answers, and which generator would fool it. Compute PSNR, Fréchet distance, kernel distance and precision yourself, and never report
# one without sample size, features and floor. Search for copies. Set up a test with people, and know beforehand how many votes it takes.
#
# Lesson 35, Controlling generation, turns the dial between quality and variety in other ways, and measures each. Lesson 32, Cats and dogs, uses all of this on
# a real case.
#
# ## References
#
# - Bińkowski, Sutherland, Arbel, Gretton, "Demystifying MMD GANs", ICLR 2018
# - Chong, Forsyth, "Effectively Unbiased FID and Inception Score and Where to Find Them", CVPR 2020
# - Clopper, Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial", Biometrika 1934
# - Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NIPS 2017
# - Kynkäänniemi, Karras, Laine, Lehtinen, Aila, "Improved Precision and Recall Metric for Assessing Generative Models", NeurIPS 2019
# - Naeem, Oh, Uh, Choi, Yoo, "Reliable Fidelity and Diversity Metrics for Generative Models", ICML 2020
# - Parmar, Zhang, Zhu, "On Aliased Resizing and Surprising Subtleties in GAN Evaluation", CVPR 2022
# - Stein, Cresswell, Hosseinzadeh, Sui, Ross, Villecroze, Liu, Caterini, Taylor, Loaiza-Ganem, "Exposing Flaws of Generative Model Evaluation Metrics and Their Unfair Treatment of Diffusion Models", NeurIPS 2023
# - Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen, "Improved Techniques for Training GANs", NIPS 2016
# - Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE Transactions on Image Processing 2004
# - Zhou, Gordon, Krishna, Narcomey, Fei-Fei, Bernstein, "HYPE: A Benchmark for Human eYe Perceptual Evaluation of Generative Models", NeurIPS 2019
