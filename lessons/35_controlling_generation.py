# %% [markdown]
# # 35 · Controlling generation
# <!-- badge -->
#
# You get from a trained generator what you want, without training it again, and you measure what each way of asking costs.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | gradients, Bayes' rule; what a GAN's discriminator learns (lesson 22), codes of a VAE (33), precision, recall and Fréchet distance (34) | ask for a class, truncate, set a temperature, and say what each does to quality and variety<br>change one property of a picture by a direction in latent space, and find the code of a given picture<br>guide a generator by a classifier, towards a class or away from one, and notice when it fools the classifier instead<br>reject samples by a discriminator so that what is kept follows the data |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
gan_steps = None  # None: chosen for this machine
vae_steps = None

# %%
import copy

import numpy as np
import torch
from torch import nn

from aigc_lab import (
    check,
    datasets,
    gan,
    metrics,
    plots,
    runtime,
    training,
    vae,
    verify,
    widgets,
)
from aigc_lab.control import pictures, sampling
from aigc_lab.control.directions import slant, stroke_thickness
from aigc_lab.preprocessing import features
from aigc_lab.pretrained import classifier
from aigc_lab.transforms import to_unit

# %%
runtime.seed_everything(seed)
gan_budget = gan_steps or runtime.pick(ci=12, cpu=300, gpu=1500)
vae_budget = vae_steps or runtime.pick(ci=25, cpu=450, gpu=2500)
n = runtime.pick(ci=100, cpu=300)  # pictures measured at each setting

# %% [markdown]
# ## A 7 like this one, but thicker
#
# Here is a 7 from the test set. You want one like it, written with a thicker pen.

# %%
digits, test = datasets.load("digits"), datasets.load("digits", split="test")
grey, test_grey = to_unit(digits.images), to_unit(test.images)
this = 26
plots.images(
    test_grey[this : this + 1],
    title="This one, but thicker",
    alt="A handwritten 7 with thin strokes.",
    scale=1.6,
)

# %% [markdown]
# You have two generators from earlier lessons: a GAN that was told the class of each picture (lesson 32), and a VAE that was not (lesson 33). Train both, and look at what they draw.

# %%
painter, coder = gan.GanRecipe.for_data(digits), vae.VaeRecipe.for_data(digits)
training.fit(painter, digits, steps=gan_budget, seed=seed)
training.fit(coder, digits, steps=vae_budget, seed=seed)
painter, coder = painter.to("cpu"), coder.to("cpu")


# %%
def dice(number=0):
    return torch.Generator().manual_seed(1000 * seed + number)


plots.image_rows(
    {
        "GAN, asked for 7": (painter.sample(12, 7, dice()) + 1) / 2,
        "VAE": coder.sample(12, dice()),
    },
    title="One takes a class, the other takes nothing",
    alt="Sevens in different hands; below them mixed digits, a little soft.",
)

# %% [markdown]
# The GAN draws sevens, but not *this* one. The VAE doesn't even know what a 7 is. Your wish has three parts: a class (7), an individual (this one), a property (thicker).
# A fourth part goes without saying: nothing broken, please. Each part needs a knob. None of the knobs in this lesson changes a weight of the two generators.
#
# ## A panel for all knobs
#
# Every knob costs something. So before you turn one, decide how to measure. Lesson 34 has the tools: *precision* is the share of generated pictures that lie among real ones; *recall* is the share of real ones
# that lie among generated ones. Both are computed in the features of a classifier, the judge. All knobs are measured with the same real digits and the same number of pictures, since both values depend on them.

# %%
judge = classifier.load_classifier("digits")


@torch.no_grad()
def seen(x):
    """The judge's 64 features of pictures in [0, 1]."""
    return torch.cat([judge.features(2 * part - 1) for part in x.split(250)])


standard, rest = seen(test_grey[:n]), seen(test_grey[n:])

# %%
curves = {}  # knob -> {setting: (precision, recall, Fréchet distance)}


def measure(knob, setting, x):
    """Note pictures as a point of a knob's curve, and return what was measured."""
    f = seen(x[:n])
    precision, recall = metrics.precision_recall(standard, f)
    distance = metrics.frechet_distance(rest, f)
    curves.setdefault(knob, {})[setting] = precision, recall, distance
    shares = f"precision {precision:.2f}   recall {recall:.2f}"
    print(f"{knob:18} {setting!s:>6}   {shares}   Fréchet {distance:6.1f}")
    return precision, recall, distance


# %%
real = measure("real digits", "-", test_grey[n : 2 * n])
print(f"standard error of a share of {n} pictures: up to {0.5 / n**0.5:.2f}")

# %% [markdown]
# Real digits measured against other real digits don't reach 1 either: what they reach is the mark to compare with. The last line says how uncertain a share is. The difference of two shares is uncertain by about 1.4 times as much, so ignore differences of a few hundredths.
#
# ## Knob 1: the class
#
# The GAN's generator takes the class beside the noise, and saw the labels when it was trained. So you only have to ask:

# %%
asked = torch.arange(n) % 10
noise = torch.randn(n, painter.averaged.latent, generator=dice())


@torch.no_grad()
def paint(z, labels):
    z = torch.as_tensor(z, dtype=torch.float32)
    return (painter.averaged(z, labels) + 1) / 2


told = classifier.recognised(2 * paint(noise, asked) - 1, asked)
verify.promise(
    "at least 85% are recognised as the digit asked for", got=told, at_least=0.85
)

# %%
measure("class", "all", paint(noise, asked))
only_sevens = paint(noise, torch.full((n,), 7))
measure("class", "7", only_sevens)
sevens_among_real = (test.labels[:n] == 7).double().mean().item()
covered = metrics.density_coverage(standard, seen(only_sevens)).coverage
print(f"sevens among the real digits: {sevens_among_real:.0%}; coverage {covered:.0%}")
verify.promise("sevens alone cover less than 20%", got=covered, below=0.2)

# %% [markdown]
# Asking for sevens alone gives up most of the variety, and that is what you wanted. So "limited diversity" need not be a property of a generator: here it is the setting of a knob.
#
# Recall can be far above the share of sevens: a generated digit that lies apart from the others has a large ball, and the ball reaches real digits of other classes. *Coverage* (lesson 34) draws balls around real digits only, so it isn't misled by this.
#
# ## Knob 2: truncation
#
# Noise far from 0 is rare, so the generator has had little practice there. Brock et al. (2019) cut it off: a number of $z$ beyond a threshold $t$ is *drawn again*.


# %% tags=["exercise"]
def truncated_normal(n, latent, threshold):
    """Noise from N(0, 1), (n, latent), in which each number beyond ±threshold
    was drawn again until none was left. Every number is drawn on its own, and
    each call draws new ones. A tensor or a NumPy array."""
    ...  # your code


# %% tags=["check"]
truncated_normal = check("control.truncated_normal", truncated_normal)

# %%
torch.manual_seed(seed)
cut = {}
for t in (0.1, 0.5, 1.0, 2.0, 4.0):
    cut[t] = paint(truncated_normal(n, painter.averaged.latent, t), asked)
    measure("truncation, GAN", t, cut[t])
chosen = [i for i in range(n) if i % 10 in (2, 4, 7)][:12]
plots.image_rows(
    {f"t = {t}": cut[t][chosen] for t in (0.1, 1.0, 4.0)},
    title="The closer the cut, the more alike the digits",
    alt="Digits 2, 4, 7: at 0.1 all twos are alike, all fours, all sevens; not at 4.",
)

# %%
truncated = curves["truncation, GAN"]
least, most = truncated[0.1][1], truncated[4.0][1]
verify.promise(
    "at t = 0.1 recall is less than half of that at t = 4", got=least, below=most / 2
)

# %% [markdown]
# At $t = 0.1$ the generator draws the same ten pictures over and over. At $t = 4$ practically nothing is cut.
#
# ## Knob 3: temperature
#
# The VAE's prior is $N(0, I)$. Draw from $N(0, T^2 I)$ instead: multiply $z$ by $T$. A low temperature is said to give safer samples.
#
# **Predict first.** At $T = 0.4$, how many different digits will the VAE draw? Will precision be higher than at $T = 1$, as with truncation, and the Fréchet distance smaller?

# %% tags=["predict"]
heat = {T: coder.sample(n, dice(), temperature=T) for T in (0.4, 0.7, 1.0, 1.5)}
for T, x in heat.items():
    measure("temperature, VAE", T, x)
for T, x in heat.items():
    print(
        f"T = {T}: read as 0 to 9",
        judge(2 * x - 1).argmax(dim=1).bincount(minlength=10).tolist(),
    )

# %% [markdown]
# You should have seen recall collapse, as with truncation. But whole digits are gone: at $T = 0.4$ the judge reads most of the pictures as one and the same digit. Precision gains little or nothing in return, and the Fréchet distance grows several times over. Look at what lies in the middle:

# %%
plots.image_rows(
    {f"T = {T}": coder.sample(12, dice(), temperature=T) for T in (0.0, 0.4, 1.0, 1.5)},
    title="In the middle of this latent space all digits meet",
    alt="At 0 one grey blend, at 0.4 its variants; then mixed, odder digits.",
)

# %%
cold, warm = (curves["temperature, VAE"][T] for T in (0.4, 1.0))
fall = warm[1] - cold[1]
verify.promise("from T = 1 to 0.4 recall falls by more than 0.15", got=fall, above=0.15)
verify.promise(
    "the Fréchet distance at T = 0.4 is more than twice that at T = 1",
    got=cold[2] / warm[2],
    above=2,
)

# %%
difference = cold[0] - warm[0]
uncertain = ((cold[0] * (1 - cold[0]) + warm[0] * (1 - warm[0])) / n) ** 0.5
print(f"precision at T = 0.4 minus that at T = 1: {difference:+.2f} ± {uncertain:.2f}")
largest_share = {}
for T, x in heat.items():
    largest_share[T] = judge(2 * x - 1).argmax(dim=1).bincount().max().item() / n
verify.promise(
    "at T = 0.4 more than 70% are read as one digit", got=largest_share[0.4], above=0.7
)
verify.promise("at T = 1 fewer than 50% are", got=largest_share[1.0], below=0.5)

# %% [markdown]
# This VAE doesn't know classes. Its digits lie around the origin like slices of a cake, and $z = 0$ is where they meet: a grey blend of them all. A low temperature draws that blend, again and again. In the GAN the class goes in
# separately, and the middle of the noise is a typical 3 or a typical 7. The same knob has another meaning in another model: a low temperature gives up what the model doesn't treat as an input of its own.
#
# ## Knob 4: a direction
#
# Now *this* 7. The VAE has an encoder, so you can look up its code, change the code, and decode. Which change is "thicker"? Take codes of digits with much ink, take codes of digits with little ink, subtract the means
# (people call it latent arithmetic), and add the difference.

# %%
with torch.no_grad():
    codes = torch.cat([coder.encode(part)[0] for part in grey.split(500)])
    test_codes = coder.encode(test_grey)[0]
ink = grey.mean(dim=(1, 2, 3))
inky = ink > ink.median()
more_ink = codes[inky].mean(dim=0) - codes[~inky].mean(dim=0)


# %%
def moved(code, direction, amounts):
    return coder.decode(torch.stack([code + a * direction for a in amounts]))


plots.image_rows(
    {
        "this one": test_grey[[this]],
        "plus ink": moved(test_codes[this], more_ink, [0, 0.5, 1, 1.5, 2, 2.5]),
    },
    title="Ink is added, and the 7 fades",
    alt="The thin 7, and six decodings with more and more ink, ever rounder.",
)

# %%
sevens = test_codes[test.labels == 7]


def still_seven(x):
    """Share of pictures that the judge reads as a 7."""
    return (judge(2 * x - 1).argmax(dim=1) == 7).double().mean().item()


at_first = still_seven(coder.decode(sevens))
by_ink = still_seven(coder.decode(sevens + 2 * more_ink))
print(
    f"read as a 7: {at_first:.0%} of the test sevens, encoded and decoded; "
    f"{by_ink:.0%} after 2 steps of ink"
)
verify.promise("after 2 steps fewer than 50% are still sevens", got=by_ink, below=0.5)

# %% [markdown]
# You got ink, and lost most of the sevens. What went wrong? See which digits have much ink:

# %%
share = {}
for i, name in enumerate(digits.names):
    share[str(name)] = inky[digits.labels == i].double().mean().item()
label = "share of each digit with more ink than the median"
plots.bars(share, y_label=label, title="Most zeros have much ink, hardly any ones")

# %% [markdown]
# Your direction is partly the way from the ones and sevens to the zeros. The property came mixed with the class, and you took both. Statisticians call that confounding. The cure: subtract *within* each class,
# then average over the classes.


# %% tags=["exercise"]
def attribute_direction(codes, has, labels):
    """Mean over classes of (mean code with the attribute - mean code without it),
    each class with the same weight, however many examples it has;
    codes (n, latent), has bool (n,), labels (n,) -> (latent,).
    Leave out classes in which all have it, or none."""
    ...  # your code


# %% tags=["check"]
attribute_direction = check("control.attribute_direction", attribute_direction)

# %% [markdown]
# And ask for what you mean. Ink is not thickness: a big 7 has more ink than a small one. Twice the ink divided by the length of its outline is the width of the pen, in pixels (`stroke_thickness`, from `aigc_lab.control.directions`). Bars of known width come out a little too thin, since their ends count as outline, too:

# %%
# NBVAL_CHECK_OUTPUT
bars = torch.zeros(3, 1, 40, 40, dtype=torch.float64)
for row, width in zip(bars, (1, 2, 4)):
    row[0, 2:38, 10 : 10 + width] = 1
widths = [round(value, 2) for value in stroke_thickness(bars).tolist()]
print("bars 1, 2 and 4 pixels wide:", widths)

# %%
thickness = stroke_thickness(grey)
is_thick = thickness > thickness.median()
within = {
    "ink, within classes": attribute_direction(codes, inky, digits.labels),
    "thickness, within classes": attribute_direction(codes, is_thick, digits.labels),
}
directions = {"ink": more_ink}
for name, v in within.items():
    directions[name] = torch.as_tensor(v, dtype=codes.dtype)

# %% [markdown]
# The three directions have different lengths, so the same number of steps is no fair comparison. Compare where all three have made the strokes thicker by the same number of pixels, in the mean over all sevens of the test set:

# %%
amounts = np.linspace(0, 5, 21)


@torch.no_grad()
def along(direction):
    """How much thicker the strokes are and how many sevens survive, by amount."""
    strokes, shares = [], []
    for a in amounts:
        x = coder.decode(sevens + float(a) * direction)
        strokes.append(stroke_thickness(x).mean().item())
        shares.append(still_seven(x))
    return np.maximum.accumulate(np.array(strokes) - strokes[0]), shares


# %%
followed = {name: along(v) for name, v in directions.items()}
# up to 0.8 pixels, or as far as all directions get
furthest = min(0.8, *(gained[-1] for gained, _ in followed.values()))
gains = np.linspace(0, furthest, 5)
kept, needed = {}, {}
for name, (gained, shares) in followed.items():
    kept[name] = np.interp(gains, gained, shares)
    needed[name] = np.interp(gains, gained, amounts)

# %%
plots.curves(
    gains,
    kept,
    x_label="strokes thicker by, in pixels",
    y_label="share still read as a 7",
    title="Equally thick, more sevens survive within classes",
    markers=True,
)

# %%
plots.image_rows(
    {
        name: moved(test_codes[this], v, needed[name].tolist())
        for name, v in directions.items()
    },
    title="The same 7, with ever thicker strokes",
    alt="Three rows of five pictures, from the thin 7 to a thicker digit.",
)

# %%
print(f"still sevens where strokes are {furthest:.2f} pixels thicker:")
last = {name: shares[-1] for name, shares in kept.items()}
print("   ".join(f"{name} {value:.0%}" for name, value in last.items()))
verify.promise(
    "within classes at least 5% more of the sevens survive",
    got=last["ink, within classes"] - last["ink"],
    at_least=0.05,
)
thicker = directions["thickness, within classes"]

# %% [markdown]
# Subtracting within classes is what saves the sevens. Whether you then asked for ink or for thickness matters far less, where both have made the strokes equally thick. (For the rest of the lesson, take thickness: it is what you meant.)
#
# Some sevens are lost even so: a straight line through a latent space sooner or later leaves the region where codes are. Play with it. Slant (`slant`: by how many columns a stroke leans to the right from one row to the row above) gives the second direction, made the same way. How far can you go before the digit turns into another?

# %%
leaning = slant(grey)
lean = attribute_direction(codes, leaning > leaning.median(), digits.labels)
lean = torch.as_tensor(lean, dtype=codes.dtype)


# %%
def dial(test_digit, thick, slanted, temperature):
    code = temperature * test_codes[test_digit] + thick * thicker + slanted * lean
    x = coder.decode(code[None])
    probability = judge(2 * x - 1).softmax(dim=1)[0]
    read = f"read as {probability.argmax().item()}, {probability.max():.0%} sure"
    plots.images(
        torch.cat([test_grey[[test_digit]], x]),
        labels=["original", read],
        title=f"Stroke {stroke_thickness(x).item():.1f} pixels",
        scale=1.4,
    )


# %%
widgets.play(
    dial,
    test_digit=(0, 199, 1, this),
    thick=(-3.0, 3.0, 0.1, 1.5),
    slanted=(-3.0, 3.0, 0.1, 0.0),
    temperature=(0.0, 1.5, 0.05, 1.0),
)

# %%
drawn = torch.randn(n, coder.latent, generator=dice())
for a in (0, 1, 2, 3):
    measure("direction, VAE", a, coder.decode(drawn + a * thicker))

# %% [markdown]
# A warning about the panel: you asked for thick digits only, and the Fréchet distance says that these are another distribution. Precision need not suffer, for it only asks whether each picture has a real one near, not whether the thin ones are missing. Read more than one column.
#
# ## Inversion: a code for this picture
#
# Can the GAN draw *this* 7? It has no encoder to look up a code. But its generator is differentiable, so you can search: start from many draws of $z$, and go down the gradient of the squared distance between $G(z, 7)$ and the picture (Zhu et al., 2016). This is called *inversion*.
# As a control, search for a picture that is no 7 at all: the same one, turned upside down.


# %%
rounds = runtime.pick(ci=20, cpu=150)


def invert(picture, label, starts=16):
    """The code for which the GAN draws most nearly this picture, of several starts."""
    z = torch.randn(starts, painter.averaged.latent, generator=dice(6))
    z, labels = z.requires_grad_(True), torch.full((starts,), label)
    adam = torch.optim.Adam([z], lr=0.1)
    for _ in range(rounds):
        x = (painter.averaged(z, labels) + 1) / 2
        distance = (x - picture).square().mean(dim=(1, 2, 3))
        adam.zero_grad()
        distance.sum().backward()
        adam.step()
    return z[distance.argmin()].detach()


# %%
seven = torch.tensor([7])
wanted = {"as it is": test_grey[this], "upside down": test_grey[this].flip(1, 2)}
found, rows, error = {}, {}, {}
for name, picture in wanted.items():
    found[name] = invert(picture, 7)
    searched = paint(found[name][None], seven)
    apart = (only_sevens - picture).square().mean(dim=(1, 2, 3))
    nearest = only_sevens[apart.argmin()][None]
    rows[name] = torch.cat([picture[None], nearest, searched])
    for way, x in (("nearest draw", nearest), ("search", searched)):
        error[name, way] = metrics.mse(x, picture[None]).item() ** 0.5

# %%
plots.image_rows(
    rows,
    title="Picture, nearest of many draws, found by search",
    alt="The search finds the thin 7, and no clean digit for the 7 turned upside down.",
)
for (name, way), value in error.items():
    print(f"{name:12} {way:13} root mean square error {value:.3f} a pixel")

# %%
verify.promise(
    "the search's error is at most 0.7 of the nearest draw's",
    got=error["as it is", "search"] / error["as it is", "nearest draw"],
    at_most=0.7,
)
verify.promise(
    "upside down the search's error is more than 1.3 times as large",
    got=error["upside down", "search"] / error["as it is", "search"],
    above=1.3,
)

# %% [markdown]
# The search comes much closer than the best of hundreds of draws. It also tells you what the generator *can't* draw: no code fits the control as well.
#
# With a code, the knobs of before work on this very picture. Shrink it towards 0, which is truncation for one picture, and *this* 7 turns into the typical one:

# %%
shrunk = torch.stack([t * found["as it is"] for t in (1, 0.75, 0.5, 0.25, 0)])
plots.images(
    torch.cat([test_grey[[this]], paint(shrunk, seven.expand(5))]),
    labels=["original", "z", "0.75 z", "0.5 z", "0.25 z", "0"],
    title="From this 7 to the typical 7",
    alt="The thin 7, the GAN's copy of it, and four steps towards an average 7.",
)

# %% [markdown]
# ## Knob 5: guidance by a classifier
#
# The VAE knows nothing of classes, but the judge does. Could the judge lead the VAE to a 7? First the obvious attempt, without any generator. Start from grey noise and change the *pixels* so that the judge's
# $\log p(7 \mid x)$ grows.
#
# **Predict first.** After 60 steps uphill, what will the pictures show, and how sure will the judge be that they show a 7?

# %% tags=["predict"]
x = 0.4 + 0.2 * torch.rand(10, 1, 28, 28, generator=dice())
for step in range(60):
    x.requires_grad_(True)
    (uphill,) = torch.autograd.grad(judge(2 * x - 1).log_softmax(dim=1)[:, 7].sum(), x)
    x = (x + 0.1 * (1 - step / 60) * uphill.sign()).clamp(0, 1).detach()
climbed = judge(2 * x - 1).softmax(dim=1)[:, 7].mean().item()
plots.images(
    x,
    title=f"The judge: a 7, {climbed:.0%} sure",
    alt="Ten squares of noise; nobody would see a digit.",
)
verify.promise("the judge is more than 90% sure of a 7", got=climbed, above=0.9)

# %% [markdown]
# You should have seen noise, and a judge without a doubt. These are adversarial pictures. A classifier has learnt what tells a 7 from a 3, but not what a digit looks like. What is missing is $p(x)$, and
# the VAE has that. By Bayes' rule, for a code $z$ and its picture $x(z)$,
#
# $$\log p(z \mid y) = \log p(z) + \log p(y \mid x(z)) + \text{const.}$$
#
# The prior says where codes lie, the judge which of them are sevens. With a *scale* $s$ on the second term ($s = 1$ is Bayes' rule, a larger $s$ insists more), the gradient is
#
# $$g(z) = -z + s \, \nabla_z \log p(y \mid x(z)).$$


# %% tags=["exercise"]
def guided_score(z, log_likelihood, scale):
    """Gradient of log p(z) + scale * log p(y|z) for each code, where p(z) = N(0, I);
    z (n, latent); log_likelihood is a function that gives log p(y|z) of each code,
    (n, latent) -> (n,), written in torch. -> (n, latent)"""
    ...  # your code


# %% tags=["check"]
guided_score = check("control.guided_score", guided_score)

# %% [markdown]
# Climbing $g$ would end at the code of a mode. To *draw* from $p(z \mid y)$, take half a step uphill and add noise of matching size, again and again (Langevin dynamics):
#
# $$z \leftarrow z + \tfrac{\epsilon}{2} \, g(z) + \sqrt{\epsilon} \, \xi, \qquad \xi \sim N(0, I).$$
#
# Check that where you can integrate to get the answer: one dimension, a classifier $p(y \mid z) = \sigma(3z - 2)$, and scale 2.

# %%
line = torch.linspace(-8, 8, 20_001, dtype=torch.float64)


def one_class(z):
    return nn.functional.logsigmoid(3 * z[:, 0] - 2)


density = (-(line**2) / 2 + 2 * one_class(line[:, None])).exp()
exact = (line * density).sum() / density.sum()
start = torch.randn(4000, 1, generator=dice(), dtype=torch.float64)
chains = sampling.langevin(
    start, lambda z: guided_score(z, one_class, 2.0), 300, 0.03, dice(1)
)
mean = verify.estimate(chains[:, 0])
verify.agree("mean of z given y: Langevin = the integral", mean, exact.item())

# %% [markdown]
# Now for digits. A set of chains asks for 0 to 9 in turn. You raise the scale from time to time, and look at the pictures each time.
#
# Who grades? Not the judge: it does the guiding. A *second judge* reads digits by their nearest neighbours in 30 principal components of the pixels. It is not as good as the first, but took no part in the guiding. The same components give a second Fréchet distance that doesn't use the judge's features.

# %%
axes = features.pca(grey.flatten(1), 30)
known = axes.project(grey.flatten(1))


def components(x):
    return axes.project(x.detach().flatten(1))


# %%
def second_judge(x):
    _, nearest = metrics.nearest_neighbours(components(x), known, k=5)
    return digits.labels[nearest].mode(dim=1).values


rest_components = components(test_grey[n:])


def second_distance(x):
    return metrics.frechet_distance(rest_components, components(x))


honest = (second_judge(test_grey[:500]) == test.labels[:500]).double().mean().item()
verify.promise(
    "the second judge reads at least 92% of test digits", got=honest, at_least=0.92
)


# %%
def log_likelihood(z):
    log_p = judge(2 * coder.decode(z) - 1).log_softmax(dim=1)
    return log_p[torch.arange(len(z)), asked]


def both_judges(z):
    x = coder.decode(z)
    first = (judge(2 * x - 1).argmax(dim=1) == asked).double().mean().item()
    second = (second_judge(x) == asked).double().mean().item()
    return first, second, z.norm(dim=1).mean().item(), second_distance(x)


# %%
z, verdict, guided = drawn, {0: both_judges(drawn)}, {0: coder.decode(drawn)}
for scale in (1, 5, 25, 100):
    size = min(0.15, 1.5 / scale)
    z = sampling.langevin(
        z,
        lambda z, s=scale: guided_score(z, log_likelihood, s),
        runtime.pick(ci=5, cpu=25),
        size,
        dice(2),
    )
    verdict[scale], guided[scale] = both_judges(z), coder.decode(z)
print("scale   judge   second judge   |z|   second Fréchet distance")
for scale, (first, second, length, far) in verdict.items():
    print(f"{scale:5} {first:7.0%} {second:14.0%} {length:5.1f} {far:10.2f}")
for scale, x in guided.items():
    measure("guidance, VAE", scale, x)

# %%
plots.image_rows(
    {f"scale {scale}": x[:20] for scale, x in guided.items()},
    title="A VAE without classes draws 0 to 9 in order",
    alt="Unguided: mixed digits; the higher the scale, the more of 0 to 9 in order.",
    scale=0.5,
)

# %%
verify.promise(
    "at scale 25 the second judge reads at least 70% as asked",
    got=verdict[25][1],
    at_least=0.7,
)
verify.promise("without guidance fewer than 25%", got=verdict[0][1], below=0.25)
guides = curves["guidance, VAE"][25][2] / curves["guidance, VAE"][0][2]
seconds = verdict[25][3] / verdict[0][3]
print(f"scale 25 against 0: Fréchet distance {guides:.2f}, second {seconds:.2f} times")
verify.promise(
    "the second distance gains less than that in the guide's features",
    got=seconds / guides,
    above=1.2,
)

# %% [markdown]
# The same gradient that painted noise in pixel space now draws digits, since it can only choose among what the decoder can draw. Diffusion models are steered in the same way (Dhariwal and Nichol, 2021).
#
# But compare the two distances. In the guide's own features the pictures seem to come much nearer to real digits than in features that the guide doesn't know: part of the gain is flattery.
#
# ### Away from a class
#
# Find the digit that the judge reads most often in the VAE's pictures, and ask for anything *but* that digit. By Bayes' rule the term to add is $\log(1 - p(y \mid x))$. The *negative prompts* of diffusion models come down to another one: $-\log p(y \mid x)$, the old term with its sign turned.
#
# **Think first.** Which of the two goes on pushing when the digit is gone?


# %%
unwanted = judge(2 * heat[1.0] - 1).argmax(dim=1).bincount().argmax().item()
others = [i for i in range(10) if i != unwanted]


def anything_but(z):
    """log(1 - p(unwanted|z)): the other nine together."""
    log_p = judge(2 * coder.decode(z) - 1).log_softmax(dim=1)
    return log_p[:, others].logsumexp(dim=1)


def negative(z):
    return -judge(2 * coder.decode(z) - 1).log_softmax(dim=1)[:, unwanted]


# %%
start, away = drawn[: n // 2], {"before": drawn[: n // 2]}
for name, term in {"anything but": anything_but, "negative prompt": negative}.items():
    away[name] = sampling.langevin(
        start,
        lambda z, f=term: guided_score(z, f, 5.0),
        runtime.pick(ci=5, cpu=25),
        0.15,
        dice(2),
    )
gone, lengths = {}, {}
for name, z in away.items():
    x = coder.decode(z)
    gone[name] = (judge(2 * x - 1).argmax(dim=1) == unwanted).double().mean().item()
    second = (second_judge(x) == unwanted).double().mean().item()
    lengths[name] = z.norm(dim=1).mean().item()
    reads = f"read as {unwanted}: judge {gone[name]:.0%}, second judge {second:.0%}"
    print(f"{name:15} {reads}   |z| {lengths[name]:.2f}")

# %%
verify.promise(
    "with either term the judge reads less than half as many",
    got={name: gone[name] / gone["before"] for name in list(gone)[1:]},
    below=0.5,
)
verify.promise(
    "the negative prompt pushes codes further out",
    got=lengths["negative prompt"] - lengths["anything but"],
    above=0.2,
)

# %% [markdown]
# Both terms do what you asked. But $\log(1 - p)$ can't rise above 0: where the digit is gone, its gradient is gone as well, and the prior decides. $-\log p$ has no upper bound. It goes on pushing towards whatever is *least* like the digit, and the codes end further out. That is why a negative prompt needs a moderate scale.
#
# ### Without the prior
#
# It is still the judge who asks. Take the prior away, keep climbing the judge's opinion through the decoder, and watch both judges on the left, the distance to real digits on the right.

# %%
m = min(200, n)
pushed, history = drawn[:m].clone(), []


def opinion(z):
    return judge(2 * coder.decode(z) - 1).log_softmax(dim=1)[torch.arange(m), asked[:m]]


for step in range(runtime.pick(ci=6, cpu=31)):
    if step % 5 == 0:
        x, p_asked = coder.decode(pushed), opinion(pushed).exp().mean().item()
        agrees = (second_judge(x) == asked[:m]).double().mean().item()
        history.append((step, p_asked, agrees, second_distance(x)))
    # adding z takes the prior's -z out again
    uphill = guided_score(pushed, opinion, 1.0).detach() + pushed
    pushed = pushed + 1.5 * nn.functional.normalize(uphill, dim=1)

# %%
at, first, second, far = (np.array(column) for column in zip(*history))
pictures.without_the_prior(at, first, second, far)
length, at_start = (c.norm(dim=1).mean().item() for c in (pushed, drawn))
further = far[-1] / far.min()
print(f"length of the codes: {length:.1f} at the end, {at_start:.1f} at the start")
nearly_surest = first.max() - 0.01
verify.promise("the judge is surest at the end", got=first[-1], at_least=nearly_surest)
verify.promise(
    "by then the distance is 1.2 times its minimum, or more", got=further, at_least=1.2
)
verify.promise(
    "codes end more than 1.5 times as far out", got=length / at_start, above=1.5
)

# %% [markdown]
# At first, pleasing the judge and drawing well go together. Then they part: the judge still gets surer, but the codes have left the region where the prior draws, and the pictures move away from real digits. The share that the second judge reads as asked
# hardly shows it. So keep the prior, keep the scale modest, never let the guide grade, and measure a distance besides.
#
# ## Knob 6: rejection by D
#
# A discriminator can't draw, but it can refuse. Draw many pictures, keep some: with which probability should $x$ be kept, so that what is kept follows the data's $p$ rather than the generator's $q$? In proportion to
# $p(x)/q(x)$. And lesson 22 found that the best discriminator knows exactly this ratio, since $D^* = p/(p+q)$:
#
# $$\frac{p(x)}{q(x)} = \frac{D^*(x)}{1 - D^*(x)} = e^{l(x)}, \qquad \text{keep with probability } \min\left(1, \frac{e^{l(x)}}{M}\right).$$
#
# $M$ is a bound on the ratio (Azadi et al., 2019).


# %% tags=["exercise"]
def acceptance(logits, log_bound):
    """Probability of keeping each picture, from D's logits l(x) (n,) and log M
    -> (n,)."""
    ...  # your code


# %% tags=["check"]
acceptance = check("control.acceptance", acceptance)

# %% [markdown]
# Check it where everything is known: the "generator" draws from $q = N(0, 1)$, the data are $p = N(1, 0.6^2)$. Then $l(x) = \log p(x) - \log q(x)$, with its maximum at $x = 1/(1 - 0.6^2)$. A popular shortcut keeps with probability $D$ itself. What does that give?

# %%
p, q = torch.distributions.Normal(1.0, 0.6), torch.distributions.Normal(0.0, 1.0)
x = torch.randn(100_000, generator=dice(), dtype=torch.float64)
peak = torch.tensor(1 / (1 - 0.6**2), dtype=torch.float64)
log_bound = (p.log_prob(peak) - q.log_prob(peak)).item()
logit = p.log_prob(x) - q.log_prob(x)
coin = torch.rand(len(x), generator=dice(1), dtype=torch.float64)
by_ratio = coin < torch.as_tensor(acceptance(logit, log_bound))
by_d = coin < logit.sigmoid()
mean = verify.estimate(x[by_ratio])
verify.agree("the mean of what is kept is the data's", mean, 1.0)
verify.agree("one in M is kept", verify.estimate(by_ratio.double()), np.exp(-log_bound))

# %%
print(
    f"kept with probability D instead: mean {x[by_d].mean():.2f}, "
    f"standard deviation {x[by_d].std():.2f}; data: 1 and 0.6"
)
off = x[by_d].mean() - 1
verify.promise(
    "with D itself the mean is off by more than 0.1", abs(off) > 0.1, got=off
)

# %% [markdown]
# Now the GAN. Its own discriminator compares pairs, and it was trained against a generator that kept changing. So train a small fresh one against the finished generator, with the loss of lesson 22. This one looks at the judge's features: one hidden layer, trained in a second or two.

# %%
many, pool = runtime.pick(ci=1000, cpu=6000), runtime.pick(ci=500, cpu=4000)


def digits_in_turn(count, number):
    """Generated pictures of 0 to 9 in turn; `number` seeds the noise."""
    z = torch.randn(count, painter.averaged.latent, generator=dice(number))
    return paint(z, torch.arange(count) % 10)


candidates = digits_in_turn(many, 3)
fake_f, real_f = seen(digits_in_turn(pool, 4)), seen(grey[:pool])
middle, spread = real_f.mean(dim=0), real_f.std(dim=0) + 1e-3

# %%
torch.manual_seed(seed)
D = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1), nn.Flatten(0))
optimizer = torch.optim.AdamW(D.parameters(), lr=3e-3)
for _ in range(runtime.pick(ci=60, cpu=400)):
    some, others = torch.randint(pool, (256,)), torch.randint(pool, (256,))
    on_real = D((real_f[some] - middle) / spread)
    on_fake = D((fake_f[others] - middle) / spread)
    loss = gan.discriminator_loss(on_real, on_fake)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %%
with torch.no_grad():
    logits = D((seen(candidates) - middle) / spread)
order = logits.argsort()
refused, welcome = candidates[order[:12]], candidates[order[-12:]]
plots.image_rows(
    {"least like real": refused, "most like real": welcome},
    title="What D would refuse, and what it would keep",
    alt="Above: twelve generated digits with flaws. Below: twelve clean ones.",
)

# %% [markdown]
# Are the refused ones all of one kind? Then D has found a digit that this generator draws badly, and will thin it out.
#
# The largest of thousands of estimated ratios is a bad $M$: one outlier, and hardly anything is kept. Take a quantile of the logits for $\log M$. That is the knob: the higher the quantile, the more is refused.

# %%
kept_at = {}
for level in (0.0, 0.5, 0.8, 0.95):
    probability = torch.as_tensor(acceptance(logits, logits.quantile(level).item()))
    keep = torch.rand(many, generator=dice(5)) < probability
    kept_at[level] = candidates[keep]
    accepted = keep.nonzero()[:, 0][:n]
    measure("rejection, GAN", level, candidates[accepted])
    right = second_judge(candidates[accepted]) == accepted % 10
    share, read = keep.double().mean(), right.double().mean()
    print(f"    {share:.0%} kept; the second judge reads {read:.1%} as asked")


# %%
def over_sets(x):
    """Precision and recall, in the mean over up to three sets of n pictures."""
    sets = [part for part in x.split(n)[:3] if len(part) == n]
    measured = [metrics.precision_recall(standard, seen(part)) for part in sets]
    return torch.tensor(measured).mean(dim=0)


change = (over_sets(kept_at[0.95]) - over_sets(kept_at[0.0])).tolist()
print("over up to three sets: precision {:+.3f}, recall {:+.3f}".format(*change))
verify.promise("precision rises by more than 0.02", got=change[0], above=0.02)
verify.promise("recall falls by less than 0.12", got=change[1], above=-0.12)

# %% [markdown]
# Precision goes up, and recall hardly suffers. That is no contradiction: truncation pays with variety, rejection pays with *work*, since most of what is drawn is thrown away. And beware: this D saw the same features in which precision is computed. It may flatter itself, as
# the judge did in the last section, so look at what the second judge reads, too.
#
# The strictest setting need not be the best. D's ratios are estimates, and the largest ones are the most wrong: whatever D overrates then fills the set. See whether the Fréchet distance still falls at the last level.
#
# What rejection can't do is invent what the generator never draws: where $q(x) = 0$ there is nothing to keep.
#
# ## All knobs on one picture

# %%
pictures.all_knobs(curves)
print("from the first setting to the last:")
for knob, points in list(curves.items())[1:]:
    start, *_, end = points.values()
    precision, recall, distance = (b - a for a, b in zip(start, end))
    shares = f"precision {precision:+.2f}   recall {recall:+.2f}"
    print(f"{knob:18} {shares}   Fréchet {distance:+.1f}")

# %% [markdown]
# Read it like a menu. Up is quality, right is variety. A curve that runs down to the right, as truncation does, is a trade: you choose the point, and somebody else with another purpose chooses another. Rejection climbs without moving to the left, and pays in
# something that isn't in the picture, draws that are thrown away. Guidance is no such climb: its gain is in the Fréchet distance, which isn't in the picture either, and which notices that all ten digits are now drawn equally often. It pays in gradients through a decoder and a classifier.
# And no setting of any knob reaches the real digits in both. To get there you must train better.

# %%
verify.promise(
    "at scale 25 the Fréchet distance is less than half of that without guidance",
    got=curves["guidance, VAE"][25][2] / curves["guidance, VAE"][0][2],
    below=0.5,
)
both = max(
    min(point[0] / real[0], point[1] / real[1])
    for knob, points in curves.items()
    for point in points.values()
    if knob != "real digits"
)
verify.promise("nothing reaches real digits in precision and recall", got=both, below=1)

# %% [markdown]
# ## Check the article
#
# The source article (2.4) draws an arrow from the discriminator to the generation of data. **Wrong**, for how a GAN generates: once it is trained, only G draws. Count how often each network is called, while the GAN draws and, on a copy, in one step of training:

# %%
calls = []
watched = copy.deepcopy(painter)
networks = {"D": watched.discriminator, "G": watched.generator, "Ḡ": watched.averaged}
for name, network in networks.items():
    network.register_forward_hook(lambda *_, name=name: calls.append(name))
watched.sample(10, torch.arange(10), dice())
drawing = list(calls)
calls.clear()
watched.step((digits.images[:64], digits.labels[:64]))
print("drawing:", drawing, "  a step of training:", calls)
verify.promise("drawing calls D never", got=drawing.count("D"), equals=0)
verify.promise("a step of training calls it", got=calls.count("D"), at_least=1)

# %% [markdown]
# (Ḡ is G with averaged weights, which draws the pictures.) D *can* be given a part in drawing. One way is the one you built: as a doorkeeper, with probability $\propto D/(1-D)$, and best with a D that was trained anew for it. Others let a Markov chain walk through the draws and have D accept each move (Turner et al., 2019), or
# put D's logit into the score of knob 5, in the place of the classifier's $\log p(y \mid x)$ (Che et al., 2020). All of them are additions to a GAN.
#
# The article (3.3) also names "high quality" and "limited diversity" as properties of generated content. **Imprecise**: they are a trade-off that you set and measure. The same GAN, two settings of one knob:

# %%
tight, loose = truncated[0.1], truncated[4.0]
for t in (0.1, 4.0):
    precision, recall, _ = truncated[t]
    print(f"t = {t}: precision {precision:.2f}, recall {recall:.2f}")
lead = tight[0] - loose[0]
verify.promise("truncated, precision is higher by more than 0.05", got=lead, above=0.05)
lead = loose[1] - tight[1]
verify.promise("untruncated, recall is higher by more than 0.3", got=lead, above=0.3)

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("35_controlling_generation")

# %% [markdown]
# ## What you should be able to do now
#
# Ask a conditional generator for a class, truncate its noise, and say what you lost. Know when a temperature makes samples safer and when it blends them. Find a direction for a property without dragging the class along, and the code of a given picture. Guide a generator by a classifier that
# took no part in its training, towards a class or away from one, with the prior in its place, and have somebody else grade. Turn a discriminator into a doorkeeper, with the ratio and not with D.
#
# Guidance returns with diffusion models in lesson 38, where it is the usual way to ask for something.
#
# ## References
#
# - Azadi, Olsson, Darrell, Goodfellow, Odena, "Discriminator Rejection Sampling", ICLR 2019
# - Brock, Donahue, Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", ICLR 2019
# - Che, Zhang, Sohl-Dickstein, Larochelle, Paull, Cao, Bengio, "Your GAN is Secretly an Energy-based Model and You Should use Discriminator Driven Latent Sampling", NeurIPS 2020
# - Dhariwal, Nichol, "Diffusion Models Beat GANs on Image Synthesis", NeurIPS 2021
# - Kynkäänniemi, Karras, Laine, Lehtinen, Aila, "Improved Precision and Recall Metric for Assessing Generative Models", NeurIPS 2019
# - Larsen, Sønderby, Larochelle, Winther, "Autoencoding beyond pixels using a learned similarity metric", ICML 2016
# - Nguyen, Clune, Bengio, Dosovitskiy, Yosinski, "Plug & Play Generative Networks: Conditional Iterative Generation of Images in Latent Space", CVPR 2017
# - Naeem, Oh, Uh, Choi, Yoo, "Reliable Fidelity and Diversity Metrics for Generative Models", ICML 2020
# - Turner, Hung, Frank, Saatci, Yosinski, "Metropolis-Hastings Generative Adversarial Networks", ICML 2019
# - White, "Sampling Generative Networks", 2016
# - Zhu, Krähenbühl, Shechtman, Efros, "Generative Visual Manipulation on the Natural Image Manifold", ECCV 2016
