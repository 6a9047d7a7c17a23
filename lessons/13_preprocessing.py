# %% [markdown]
# # 13 · Preprocessing
# <!-- badge -->
#
# You turn pictures, texts and sounds into numbers that a generator can learn from, and back again, and see what each of these steps quietly decides.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | lesson 01; Gaussians, log density; matrices, the determinant and the singular value decomposition; what frequencies and a Fourier transform are | scale pictures to a network's range and back without loss, and shrink them without false patterns<br>say when augmentation helps a generator, and measure how it leaks into what is drawn<br>choose a space in which distance agrees with the eye<br>build byte-pair encoding, and say what it costs in English and in Chinese<br>read a log-mel spectrogram, and say what it has lost |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
each = 100  # digits drawn of each kind
merges_wanted = None  # None: chosen for this machine

# %%
import string
import unicodedata
from collections import Counter

import numpy as np
import scipy.signal
import sympy
import torch
import torch.nn.functional as F
from IPython.display import Audio, display
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from aigc_lab import check, datasets, plots, runtime, verify, widgets
from aigc_lab.distributions import gaussian_mixture
from aigc_lab.metrics import frechet_distance
from aigc_lab.preprocessing import audio, bpe, features, pictures
from aigc_lab.pretrained import classifier
from aigc_lab.transforms import augment, from_unit, to_signed, to_unit

runtime.seed_everything(seed)
# pictures to learn from, where all of them would take long
some = runtime.pick(ci=1000, cpu=4000, gpu=8000)

# %% [markdown]
# ## Three pictures that look alike
#
# A generator has drawn three pictures, as floats that should lie in [-1, 1]. The article that this course grew out of shows such pictures with
# `(x + 1) * 127.5` and matplotlib's `imshow(..., cmap="gray")`. Here is the result. Are the three equally bright?

# %%
digits, test = datasets.load("digits"), datasets.load("digits", split="test")
seven = to_unit(digits.images[digits.labels == 7][0, 0])
drawn = torch.stack([0.25 * seven, seven, 1.6 * seven]) * 2 - 1
with plots.figure(
    title="Shown the article's way: no difference to be seen",
    alt="The same handwritten 7 three times; all three look equally bright.",
    size=(6, 2.2),
    columns=3,
) as axes:
    for ax, x in zip(axes, drawn):
        ax.imshow((x + 1) * 127.5, cmap="gray")
        ax.axis("off")

# %% [markdown]
# Look at the numbers instead of the pictures:

# %%
# NBVAL_CHECK_OUTPUT
for x in drawn:
    grey = (x + 1) * 127.5
    print(f"from {grey.min():.0f} to {grey.max():.0f}")

# %% [markdown]
# The first has a quarter of the second one's brightness, and the third has values that no screen can show. `imshow` stretches each array on its own until
# its smallest value is black and its largest white. So you look at each of the three through different glasses. If you judge a
# generator this way, you can't see that it draws everything too faint, or that it leaves its range.
#
# The cure seems close: make bytes, and fix what black and white are. But the obvious way to make bytes goes wrong as well.

# %%
# A byte keeps what is left over after dividing by 256.
wrapped = ((drawn + 1) * 127.5).to(torch.int64).to(torch.uint8)
clipped = ((drawn + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
plots.image_rows(
    {"wrapped": wrapped[:, None], "clipped": clipped[:, None]},
    title="One grey scale for all, and two ways to make bytes",
    alt="Upper three 7s: faint, normal, speckled grey. Lower: faint, normal, white.",
    scale=1.3,
)

# %% [markdown]
# In the upper right, what should be whitest is a speckled grey: a byte has 256 levels, so of 408 it keeps 408 - 256 = 152. (A cast straight from float is worse: for values that
# don't fit, the result is undefined and depends on the machine.) Clip *before* you cast. Round, too: the cast cuts off the decimals,
# so that 126.99999, which should be 127, becomes 126.


# %% tags=["exercise"]
def from_signed(images):
    """Bytes from floats that should lie in [-1, 1]: a tensor of any shape -> uint8,
    same shape, -1 to 0 and 1 to 255. Values outside become black or white; each value
    goes to the nearest level."""
    ...  # your code


# %% tags=["check"]
from_signed = check("preprocessing.from_signed", from_signed)

# %% [markdown]
# Is anything lost on the way to [-1, 1] and back? There are only 256 levels, so try them all. And count what is lost without rounding.

# %%
# NBVAL_CHECK_OUTPUT
levels = torch.arange(256, dtype=torch.uint8)
signed, unit = from_signed(to_signed(levels)), from_unit(to_unit(levels))
verify.agree("all 256 levels survive the way to [-1, 1] and back", signed, levels)
verify.agree("all 256 levels survive the way to [0, 1] and back", unit, levels)
cut_off = ((to_signed(levels) + 1) * 127.5).to(torch.uint8)
changes = sorted(set((cut_off.int() - levels.int()).tolist()))
print("without rounding, levels come back as they were or one darker:", changes)

# %%
darker = (cut_off != levels).sum().item()
print(f"without rounding, {darker} of 256 levels come back darker")

# %% [markdown]
# You won't see a step of one level. But the hash of the file changes, and so does every comparison bit by bit.
#
# ## Scale or standardise?
#
# Which range? The one that your generator's last layer can reach: [0, 1] for a sigmoid, [-1, 1] for a tanh. You know the limits of a pixel
# beforehand, so both are fixed formulas that need no data.
#
# Tables are *standardised*: each column minus its mean, divided by its standard deviation, because metres and euros have no common unit. You may be
# tempted to do the same with each pixel. Try it on the test digits, with the mean and deviation of the training digits:

# %%
train_pixels = to_unit(digits.images).flatten(1)
test_pixels = to_unit(test.images).flatten(1)
mean, deviation = train_pixels.mean(dim=0), train_pixels.std(dim=0)
z = (test_pixels - mean) / deviation.clamp(min=1e-8)
known = deviation > 0
constant, largest = (~known).sum(), z[:, known].max()
print(f"{constant} of 784 pixels never change in training: their deviation is 0")
print(f"the largest value of the others is {largest:.0f} standard deviations")

# %%
odd = z[:, known].max(dim=1).values.argsort(descending=True)[:10]
standardised = ((z[odd] + 3) / 6).clamp(0, 1).reshape(-1, 1, 28, 28)
plots.image_rows(
    {"scaled": test.images[odd], "standardised": standardised},
    title="Standardised pixels: rare pixels at the rim outshine the digit",
    alt="Ten test digits. Standardised, they turn grey; pixels at the rim glare white.",
)
verify.promise("more than 50 pixels never change", got=constant, above=50)
verify.promise(
    "some pixel lies more than 30 standard deviations out", got=largest, above=30
)

# %% [markdown]
# A pixel at the rim is nearly always black, so its deviation is tiny, and one stray stroke becomes a huge number. A pixel that never changes gives 0/0.
# No tanh reaches 30. And to show what you generate, you need `mean` and `deviation` again: they belong to the model and must be stored with it.
# They come from the training data only, never from the test data, and never from a single picture, or you are back at the three sevens.
#
# So scale what has known limits. Standardise what has none, such as the latents of an autoencoder or the columns of a table.
#
# ## Shrinking: the same pictures, another data set
#
# Your pictures are larger than your network wants them. Shrink them to a quarter: take every fourth pixel (`nearest`), or let each new pixel
# average over the area that it replaces. Rings that get finer towards the rim show the difference:

# %%
ticks = torch.arange(-128.0, 128) + 0.5
rings = (
    0.5 + 0.5 * torch.cos(torch.pi * (ticks**2 + ticks[:, None] ** 2) / 512)[None, None]
)


def shrink(images, size, how):
    settings = {} if how == "nearest" else {"mode": "bilinear", "antialias": True}
    return F.interpolate(images, size=(size, size), **settings)


fourth, averaged = (shrink(rings, 64, how) for how in ("nearest", "antialiased"))
columns = {"original": rings, "every fourth pixel": fourth, "antialiased": averaged}

# %%
with plots.figure(
    title="Every fourth pixel invents rings that aren't there",
    alt="Left: rings that get finer towards the rim. Middle: false rings in other "
    "places. Right: rings in the middle, then even grey.",
    size=(7.5, 2.9),
    columns=3,
) as axes:
    for ax, (name, picture) in zip(axes, columns.items()):
        ax.imshow(picture[0, 0], cmap="gray", vmin=0, vmax=1)
        ax.set(title=name, xticks=[], yticks=[])

# %% [markdown]
# The false rings are *aliasing*. Stripes with $f$ periods a pixel, sampled at every fourth pixel, are $\cos(2\pi f \cdot 4m)$. For whole $m$ the cosine doesn't change if $4f$ changes by a whole number, so $f = 0.2$, that is
# $4f = 0.8$, looks just like $4f = -0.2$: fine stripes, 5 pixels wide, come back as coarse ones, 20 pixels wide. What a small picture can't show must be averaged away *before* it is sampled.

# %%
x = torch.arange(160, dtype=torch.float64)
fine, coarse = (torch.cos(2 * torch.pi * x / wide) for wide in (5, 20))
verify.agree(
    "of every fourth pixel, stripes of 5 and of 20 look alike", fine[::4], coarse[::4]
)
wide_stripes = fine.expand(1, 1, 160, 160)
left = shrink(wide_stripes, 40, "antialiased")[..., 4:-4].std() / fine.std()
print(f"antialiased, {left:.0%} of the fine stripes' contrast is left")
verify.promise("less than a tenth of the contrast is left", got=left, below=0.1)

# %% [markdown]
# Does it matter for pictures that have no stripes? Parmar et al. (2022) found that the functions for resizing in common libraries differ in just this, and that the usual score of a generator moves with them. That score is the Fréchet distance between the features of
# real and generated pictures: 0 means alike (lesson 34). Take no generator at all: the same 1,000 digits, shrunk to 10 by 10 in two ways and enlarged again in one way, seen by the course's small CNN.

# %%
examiner = classifier.load_classifier("digits")


@torch.no_grad()
def features_through(images, how):
    small = shrink(images, 10, how)
    large = F.interpolate(small, size=(28, 28), mode="bilinear")
    return examiner.features(2 * large - 1).double()


# %%
shuffled = torch.randperm(2000, generator=torch.Generator().manual_seed(seed))
one, other = to_unit(digits.images[:2000])[shuffled].split(1000)
ours = features_through(one, "antialiased")
distance = {
    "other digits, same shrinking": frechet_distance(
        ours, features_through(other, "antialiased")
    ),
    "same digits, other shrinking": frechet_distance(
        ours, features_through(one, "nearest")
    ),
}
print({name: round(value, 2) for name, value in distance.items()})
same_way, same_digits = distance.values()
claim = "the shrinking moves the distance over 50 times as far as all the pictures"
verify.promise(claim, got=same_digits / same_way, above=50)

# %% [markdown]
# Shrink with antialiasing, do it once, write down how, and treat real and generated pictures alike. Otherwise you compare resizing functions.

# %% [markdown]
# ## Augmentation: more data, or other data?
#
# You have 8,000 digits and would like more. Mirror them, shift them, turn them:


# %%
def changed(**how):
    rng = torch.Generator().manual_seed(seed)
    return augment(digits.images[:10], generator=rng, **how)


rows = {
    "as they are": digits.images[:10],
    "flip=True": changed(flip=True),
    "shift=4": changed(shift=4),
    "turn=20": changed(turn=20),
    "turn=(0, 90, 180, 270)": changed(turn=(0, 90, 180, 270)),
    "all, probability=0.5": changed(flip=True, shift=4, turn=20, probability=0.5),
}
plots.image_rows(rows, title="Which rows could a person have written?")

# %% [markdown]
# For a *classifier* nearly all of this is welcome: the label stays, the picture varies. A *generator* learns something else:
# the distribution of what it is shown. Test it on a generator that trains in a second. For each digit it is a mixture of
# ten Gaussians, in the space of 40 principal components (more on them below). It draws blurred digits, but you know all that it does. The digits 0, 1 and 8 are left out, because they look the same in the mirror.

# %%
kinds = [2, 3, 4, 5, 6, 7, 9]
chosen = torch.isin(digits.labels, torch.tensor(kinds))
lopsided = to_unit(digits.images[chosen][: 2 * some])
labels = digits.labels[chosen][: 2 * some]


# %%
def learn_and_draw(images):
    """Fit a mixture to each kind of digit, and draw `each` new ones of it."""
    space = features.pca(images[:some].flatten(1), 40)
    drawn = []
    for kind in kinds:
        points = space.project(images[labels == kind].flatten(1))
        model = gaussian_mixture.fit(points, components=10)
        points = model.sample(each, torch.Generator().manual_seed(seed))
        drawn.append(space.reconstruct(points).clamp(0, 1).reshape(-1, 1, 28, 28))
    return torch.cat(drawn)


drawn_as = torch.tensor(kinds).repeat_interleave(each)

# %% [markdown]
# Now you need a judge of whether a drawn digit is mirrored. It knows the test digits and their mirror images. For a drawn 4 it finds the five most similar
# pictures among all 4s, mirrored or not, and asks whether most of them are mirrored. First test the judge on real digits:


# %%
judges = {}
for kind in kinds:
    upright = to_unit(test.images[test.labels == kind])
    both = torch.cat([upright, upright.flip(-1)])  # the second half is mirrored
    space = features.pca(both.flatten(1), 30)
    judges[kind] = space, space.project(both.flatten(1))


# %%
def is_mirrored(images, labels):
    verdict = torch.zeros(len(images), dtype=torch.bool)
    for kind, (space, known) in judges.items():
        points = space.project(images[labels == kind].flatten(1))
        near = features.nearest(points, known, k=5)
        # the second half of the known ones is mirrored
        share = (near >= len(known) // 2).double().mean(dim=1)
        verdict[labels == kind] = share > 0.5
    return verdict


wrong = is_mirrored(lopsided[:1000], labels[:1000]).double().mean().item()
verify.promise(
    "the judge calls fewer than 3% of real digits mirrored", got=wrong, below=0.03
)

# %% [markdown]
# **Predict first.** You train the generator three times: on the digits as they are, on `augment(..., flip=True, probability=0.5)`, and on `augment(..., flip=True)`. What share of what it draws will be
# mirrored, in each case? Write down three numbers.

# %% tags=["predict"]
sheets = {"as they are": learn_and_draw(lopsided)}
for chance in (0.5, 1.0):
    rng = torch.Generator().manual_seed(seed)
    seen = augment(lopsided, flip=True, probability=chance, fill=0, generator=rng)
    sheets[f"flip, p = {chance}"] = learn_and_draw(seen)
mirrored = {}
for name, sheet in sheets.items():
    mirrored[name] = is_mirrored(sheet, drawn_as).double().mean().item()
    print(
        f"{name:12}  {mirrored[name]:.0%} of {len(drawn_as)} drawn digits are mirrored"
    )

# %% [markdown]
# You should have seen about 1% (the judge's own error), a quarter, and a half: just the shares in the training data, because `flip=True` mirrors a picture with probability $p/2$.
# Nothing told the generator that mirrored digits are a trick of yours.

# %%
rows = {name: sheet[7 :: each // 2][:14] for name, sheet in sheets.items()}
plots.image_rows(
    rows,
    title="The generator draws the augmentation, too",
    alt="Three rows of blurred drawn digits; mirrored ones in the second and third.",
)
as_is, at_half, at_one = mirrored.values()
verify.promise("trained as they are, fewer than 4% are mirrored", got=as_is, below=0.04)
verify.promise("p = 0.5: between 18 and 32%", got=at_half, above=0.18, below=0.32)
verify.promise("p = 1: between 43 and 57%", got=at_one, above=0.43, below=0.57)

# %% [markdown]
# ### Can the leak be stopped?
#
# Not by a smaller $p$: that leaks less, but still leaks. The idea of Zhao et al. and Karras et al. (2020) is to augment *both* sides of the comparison. In a GAN, a discriminator $D$ learns to tell real pictures from drawn ones, and the generator learns to fool it (lesson 22). Let $D$ see both kinds only after
# augmentation. A generator that draws upright digits then looks right. But could another one look right as well? Suppose it draws a share $q$ upright. What share is upright after the augmentation?

# %%
p, q = sympy.symbols("p q")
# upright stays so with 1 - p/2, mirrored becomes upright with p/2
mixing = sympy.Matrix([[1 - p / 2, p / 2], [p / 2, 1 - p / 2]])
upright_real = (mixing * sympy.Matrix([1, 0]))[0]
upright_drawn = (mixing * sympy.Matrix([q, 1 - q]))[0]
verify.agree(
    "the difference that is left for D to see is (1 - p)(1 - q)",
    upright_real - upright_drawn,
    (1 - p) * (1 - q),
)

# %%
verify.agree(
    "the mixing can be undone unless its determinant, 1 - p, is 0", mixing.det(), 1 - p
)
# four quarter turns, drawn evenly
turns = sympy.Matrix(4, 4, lambda i, j: 1 - 3 * p / 4 if i == j else p / 4)
verify.agree(
    "for quarter turns the determinant is (1 - p)^3", turns.det(), (1 - p) ** 3
)

# %% [markdown]
# At $p = 1$ nothing is left: for every $q$ the discriminator sees the same. Any mixture of orientations is as good as any other, and the leak is back although both sides are augmented. For
# each $p < 1$ the only way to look right is $q = 1$. That is what "with a probability below 1 the original can still be identified" means. Watch it on pictures: the worst
# generator, which draws everything mirrored, against real digits.

# %%
ps = [0.0, 0.25, 0.5, 0.75, 1.0]
rng = torch.Generator().manual_seed(seed)
hold, kind = lopsided[:1000], labels[:1000]
shares = {"real digits": [], "a generator that mirrors all": []}
for chance in ps:
    for name, source in zip(shares, (hold, hold.flip(-1))):
        shown = augment(source, flip=True, probability=chance, fill=0, generator=rng)
        shares[name].append(1 - is_mirrored(shown, kind).double().mean().item())

# %%
plots.curves(
    ps,
    shares,
    x_label="probability p of the augmentation",
    y_label="share upright, after it",
    title="What the discriminator can tell apart shrinks with p, and is gone at 1",
    markers=True,
)
gaps = np.subtract(*shares.values())
off = float(np.abs(gaps - (1 - np.array(ps))).max())
verify.promise("the gap is 1 - p, within 0.07", got=off, below=0.07)

# %% [markdown]
# The augmentation must let gradients through, since the generator learns through it; `augment` does. Lesson 32 trains a GAN this way on few pictures.
#
# ### Is it worth anything, then?
#
# Ask how probable the model finds held-out digits: take the mean log density of test digits, in nats; higher is better. For each digit, a mixture is trained on 20 or 300 real
# examples and on three changed copies of each. Its space, too, comes from those examples alone.


# %%
def examples_of(n):
    """n random training examples of each digit, and the space that they span."""
    rng = torch.Generator().manual_seed(seed)
    real = []
    for kind in range(10):
        all_of_kind = digits.images[digits.labels == kind]
        real.append(
            to_unit(all_of_kind[torch.randperm(len(all_of_kind), generator=rng)[:n]])
        )
    return real, features.pca(torch.cat(real).flatten(1), 30)


def test_density(real, space, **how):
    rng = torch.Generator().manual_seed(seed)
    total = 0.0
    for kind, originals in enumerate(real):
        copies = [augment(originals, fill=0, generator=rng, **how) for _ in range(3)]
        seen = space.project(torch.cat([originals, *copies]).flatten(1)).double()
        model = gaussian_mixture.fit(seen, components=5)
        unseen = space.project(test_pixels[test.labels == kind]).double()
        total += model.log_density(unseen).sum().item()
    return total / len(test)


# %%
ways = {
    "nothing": {},
    "shift=1": {"shift": 1},
    "turn=10": {"turn": 10},
    "flip": {"flip": True},
}
counts = runtime.pick(ci=(20,), cpu=(20, 300), gpu=(20, 300))
density = {}
for n in counts:
    known = examples_of(n)
    density[f"{n} a digit"] = {
        name: test_density(*known, **how) for name, how in ways.items()
    }

# %%
gain = {
    n: {name: row[name] - row["nothing"] for name in ways if name != "nothing"}
    for n, row in density.items()
}
title = "Augmentation pays while data are few"
plots.grouped_bars(gain, y_label="nats gained on test digits", title=title)

# %%
few, many = gain["20 a digit"], gain.get("300 a digit")
verify.promise(
    "with 20 a digit, a shift by up to 1 pixel gains more than 10 nats",
    got=few["shift=1"],
    above=10,
)
verify.promise(
    "with 20 a digit, the flip gains less than the shift",
    got=few["flip"],
    below=few["shift=1"],
)
if many:
    flip, turn = many["flip"], many["turn=10"]
    verify.promise("with 300 a digit, the flip loses", got=flip, below=0)
    verify.promise("with 300 a digit, small turns still gain", got=turn, above=0)

# %% [markdown]
# So the article has a point: with few examples even a wrong augmentation beats none, because it keeps the model from clinging to the twenty pictures it knows. With enough
# examples, only changes that a writer could have made still pay. And be careful with the measure. A perfect model that gives half of its weight to mirrored digits loses at most
# $\log 2 = 0.69$ nats a picture, next to nothing, while every second picture that it draws is wrong. Likelihood doesn't see what you see at once.

# %% [markdown]
# ## Features: a space to measure in
#
# A picture of 784 pixels is a point in 784 dimensions. Handwriting doesn't fill them. *Principal components* are the directions in which the digits vary most: the rows of $V^T$ in the singular value
# decomposition $X - \bar x = U S V^T$. A digit's coordinates are its projections onto them. To compute these you need two things from the training data: the components, and the origin from which they were measured.


# %% tags=["exercise"]
def pca_project(examples, mean, components):
    """Coordinates along the components: examples (n, d), mean of the training data
    (d,), components as orthonormal rows (k, d) -> (n, k)."""
    ...  # your code


# %% tags=["check"]
pca_project = check("features.pca_project", pca_project)

# %%
digits_pca = features.pca(train_pixels[:some])
scores = pca_project(test_pixels[:10], digits_pca.mean, digits_pca.components)
scores = torch.as_tensor(scores)
verify.agree(
    "with all components nothing is lost",
    features.pca_reconstruct(scores, digits_pca.mean, digits_pca.components),
    test_pixels[:10],
    tolerance=1e-4,
)


# %% [markdown]
# How many components do you need? Play with the number. The last row shows what is missing.


# %%
def rebuild(components):
    space = digits_pca.first(components)
    rebuilt = space.reconstruct(space.project(test_pixels[:10]))
    missing = ((test_pixels[:10] - rebuilt) / 2 + 0.5).clamp(0, 1)
    rows = {
        "test digits": test.images[:10],
        "rebuilt": rebuilt.clamp(0, 1).reshape(-1, 1, 28, 28),
        "missing": missing.reshape(-1, 1, 28, 28),
    }
    kept = (space.variances.sum() / space.total).item()
    title = f"{components} of 784 numbers keep {kept:.0%} of the variance"
    plots.image_rows(rows, title=title)


widgets.play(rebuild, components=(1, 300, 1, 25))

# %% [markdown]
# ### Which is closer?
#
# In each column below, the upper picture is the original. Which of the other two looks more like it, b or c? Write down six letters.

# %%
shuffled = torch.randperm(len(test), generator=torch.Generator().manual_seed(seed))
picked = shuffled[:200]
queries, query_labels = to_unit(test.images[picked]), test.labels[picked]
# two pixels down, two to the right
moved = F.pad(queries, (2, 0, 2, 0))[:, :, :28, :28]
other_digit = query_labels[:, None] != test.labels  # (200 queries, all test digits)


def nearest_stranger(to_features):
    """For each query the test picture of another digit that is nearest in a space."""
    apart = features.distances(to_features(queries), to_features(to_unit(test.images)))
    return to_unit(test.images)[apart.masked_fill(~other_digit, torch.inf).argmin(1)]


stranger = nearest_stranger(lambda x: x.flatten(1))

# %%
coins = torch.rand(6, generator=torch.Generator().manual_seed(seed)) < 0.5
swap = coins[:, None, None, None]
b = torch.where(swap, moved[:6], stranger[:6])
c = torch.where(swap, stranger[:6], moved[:6])
plots.image_rows(
    {"original": queries[:6], "b": b, "c": c}, title="Closer: b or c?", scale=1.0
)

# %% [markdown]
# One of the two is the original itself, moved by two pixels each way. The other, the stranger, is a test picture of *another* digit, the one that is nearest in pixels. Three spaces will answer the same question:
# pixels, 40 principal components, and the 64 features in which the course's small CNN sees digits before it names them.

# %%
short = digits_pca.first(40)
spaces = {
    "pixels": lambda x: x.flatten(1),
    "PCA, 40": lambda x: short.project(x.flatten(1)),
    "CNN, 64": lambda x: examiner.features(2 * x - 1),
}


@torch.no_grad()
def prefers_moved(to_features, stranger):
    """Share of the queries to which the moved original is nearer than the stranger."""
    here, own, other = map(to_features, (queries, moved, stranger))
    nearer = (here - own).norm(dim=1) < (here - other).norm(dim=1)
    return nearer.double().mean().item()


# %% [markdown]
# The strangers above were chosen to fool pixels, which would be unfair as a contest. So hold two others: one with any other digit, drawn at random, and one in which each space meets its *own* nearest stranger, the hardest for it.
#
# **Predict first.** Of 200 columns, in how many will each of the three spaces find the moved original nearer, in the first contest and in the second? Write down six numbers.

# %% tags=["predict"]
draws = torch.rand(other_digit.shape, generator=torch.Generator().manual_seed(seed))
drawn = to_unit(test.images)[draws.masked_fill(~other_digit, -1).argmax(dim=1)]
agrees = {}
for name, to_features in spaces.items():
    with torch.no_grad():
        hardest = nearest_stranger(to_features)
    agrees[name] = {
        "any other digit": prefers_moved(to_features, drawn),
        "its nearest stranger": prefers_moved(to_features, hardest),
    }
    print(name, {contest: f"{share:.0%}" for contest, share in agrees[name].items()})

# %% [markdown]
# You should have seen that only the CNN finds the moved original, and that pixels and PCA hardly ever do against the nearest stranger:

# %%
plots.grouped_bars(
    agrees,
    y_label="moved original is nearer",
    title="Only the CNN knows a digit again that has moved by two pixels",
)
at_random = {name: shares["any other digit"] for name, shares in agrees.items()}
hardest = {name: shares["its nearest stranger"] for name, shares in agrees.items()}
verify.promise("any digit: pixels below 50%", got=at_random["pixels"], below=0.5)
verify.promise("PCA below 75%", got=at_random["PCA, 40"], below=0.75)
verify.promise("the CNN above 97%", got=at_random["CNN, 64"], above=0.97)
fooled = {name: hardest[name] for name in ("pixels", "PCA, 40")}
verify.promise("nearest stranger: pixels and PCA below 5%", got=fooled, below=0.05)
verify.promise("the CNN above 90%", got=hardest["CNN, 64"], above=0.9)

# %% [markdown]
# To pixels, even most digits drawn at random are nearer than the moved original. Strokes are thin: moved by two pixels, a stroke hardly overlaps itself, and a different digit
# with ink in the same places counts as nearer. PCA helps little. It rotates the space, which changes no distance, and cuts off the axes along which little varies. These hold the finest detail, so what is left is blurred a bit, and
# forgives a bit. The CNN agrees with you: its pooling layers forgive small moves, and it was trained to.
# On photographs, too, deep features agree with people's judgements of thousands of such triplets far better than pixels do (Zhang et al., 2018).
#
# A second test needs no opinion: is the nearest neighbour the same digit?


# %%
@torch.no_grad()
def same_label(to_features, images, truth, reference, known):
    near = features.nearest(to_features(images), to_features(reference))[:, 0]
    return (known[near] == truth).double().mean().item()


half = some // 2
right = {}
for name, to_features in spaces.items():
    args = (query_labels, to_unit(digits.images[:half]), digits.labels[:half])
    right[name] = {
        "test digits": same_label(to_features, queries, *args),
        "moved by 2, 2": same_label(to_features, moved, *args),
    }

# %%
plots.grouped_bars(
    right,
    y_label="nearest neighbour has the same label",
    title="Two pixels are enough to fool a distance between pixels",
)
pixels_moved = right["pixels"]["moved by 2, 2"]
cnn_moved = right["CNN, 64"]["moved by 2, 2"]
verify.promise("moved, pixels fall below 50%", got=pixels_moved, below=0.5)
verify.promise("moved, the CNN stays above 90%", got=cnn_moved, above=0.9)

# %% [markdown]
# Is the CNN the better space, then? For digits, yes, and no wonder: it was trained on their labels. Give the same CNN clothes, which it has never seen:

# %%
clothes, new_clothes = datasets.load("fashion"), datasets.load("fashion", split="test")
asked = to_unit(new_clothes.images[picked]), new_clothes.labels[picked]
reference = to_unit(clothes.images[:half]), clothes.labels[:half]
on_clothes = {
    name: same_label(to_features, *asked, *reference)
    for name, to_features in spaces.items()
}
print({name: round(share, 3) for name, share in on_clothes.items()})
verify.promise(
    "on clothes plain pixels beat the digits' CNN",
    got=on_clothes["CNN, 64"],
    below=on_clothes["pixels"],
)

# %% [markdown]
# Learned features see what they were taught to see. Remember this in lesson 34, where a distance between features is the usual measure of a generator's quality. There is a second difference. PCA has a way back to pictures; the CNN's features have none
# that you know of. So you can judge with them, but you can't draw with them.

# %% [markdown]
# ## Text: between letters and words
#
# What is the pixel of a text: a letter, a byte, a word? Count each in two famous openings. Then take the first chapters of Moby Dick to learn from, and see
# how many words of another chapter are new.

# %%
merges_count = merges_wanted or runtime.pick(ci=200, cpu=600, gpu=600)
whale, poems = datasets.load("moby_dick"), datasets.load("quatrains")
english = "\n".join(whale.texts)[: 400 * merges_count]
held_out = "\n".join(datasets.load("moby_dick", split="test").texts)[:20_000]
for text in ("Call me Ishmael.", "床前明月光"):
    sizes = f"{len(text)} characters, {len(text.encode())} bytes"
    print(f"{text}: {sizes}, {len(bpe.cut(text))} words")
words, vocabulary = bpe.cut(held_out), set(bpe.cut(english))
unknown = sum(word not in vocabulary for word in words) / len(words)
print(
    f"{len(vocabulary):,} different words in the training text; "
    f"{unknown:.1%} of the words of another chapter are not among them"
)
verify.promise("more than 2% of new words are unknown", got=unknown, above=0.02)

# %% [markdown]
# ### Unicode: one word, two spellings
#
# Before you count anything, see that equal texts *are* equal. Unicode can write é as one character, or as an e and a combining accent. On the screen you see no difference; a hash, a vocabulary and a tokenizer do:

# %%
composed, decomposed = "caf\u00e9", "cafe\u0301"
for word in (composed, decomposed):
    print(
        f"{word}: {len(word)} characters, {len(word.encode())} bytes, {bpe.cut(word)}"
    )
as_nfc = unicodedata.normalize("NFC", decomposed)
print("equal:", composed == decomposed, " equal after NFC:", composed == as_nfc)
for text in ("x²", "ﬁne", "ＡＩ", "½"):
    print(f"NFKC: {text} becomes {unicodedata.normalize('NFKC', text)}")

# %% [markdown]
# The second spelling even falls into two words, because a combining accent is no letter. *NFC* composes what Unicode regards as the same character, so nothing is lost that a reader could see: do it first, for the training text and for every later input. *NFKC* goes further and
# replaces look-alikes. That helps a search engine, but "x²" and "x2" are not the same, so a generator trained on it can never write the square again.
#
# ### Byte-pair encoding
#
# Whole words give short sequences, but need a huge vocabulary and can't write a word that isn't in it. Bytes write everything with 256 tokens, but in long sequences: three for a common Chinese character.
# *Byte-pair encoding* merges (Gage, 1994): the most frequent pair of neighbours becomes a new token, again and again. Sennrich et al. (2016) brought it to neural translation and started from characters. Radford et al. (2019) start from bytes, as you do here. Two functions do it.
#
# Words come as a dictionary from a tuple of tokens to how often the word occurs. Pairs are counted within words, never across. The second function replaces a pair, from left to right.


# %% tags=["exercise"]
def most_frequent_pair(words):
    """The most frequent pair of neighbours, as a tuple; of equally frequent pairs the
    smallest. Every place counts, as often as its word occurs: {(5, 5, 5): 2} holds
    the pair (5, 5) four times. At least one word has two tokens.
    {(3, 1, 1): 5} -> (1, 1)."""
    ...  # your code


# %% tags=["check"]
most_frequent_pair = check("bpe.most_frequent_pair", most_frequent_pair)


# %% tags=["exercise"]
def merge(tokens, pair, new):
    """Replace each occurrence of pair, from left to right, by the token new; tuples
    of numbers in, a tuple out: (5, 5, 5), (5, 5), 9 -> (9, 5)."""
    ...  # your code


# %% tags=["check"]
merge = check("bpe.merge", merge)

# %% [markdown]
# Your two functions make a tokenizer. Train it on a rhyme, and read what it learns:

# %%
# NBVAL_CHECK_OUTPUT
rhyme = "the whale the white whale the whale that while we wait will wane"
counted = bpe.word_counts(rhyme)
learned = []
for new in range(256, 264):
    pair = most_frequent_pair(counted)
    learned.append(pair)
    counted = {merge(word, pair, new): n for word, n in counted.items()}
print([piece.decode() for piece in bpe.vocabulary(learned)[256:]])
print([bpe.decode([t], learned) for t in bpe.encode("the white whale wails", learned)])
print("as bpe.train:", learned == bpe.train(rhyme, 8))

# %% [markdown]
# `whale` is one token by now; `wails`, which never occurred, is written in pieces. Does a real library find the same? Many large language models use `tokenizers`, written in Rust. It breaks ties by another order of the bytes, so compare the set of pieces, not
# their order.

# %%
merges = bpe.train(english, merges_count)
library = Tokenizer(models.BPE())
in_words = pre_tokenizers.Split(Regex(bpe.PATTERN), "isolated")
in_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
library.pre_tokenizer = pre_tokenizers.Sequence([in_words, in_bytes])
alphabet = pre_tokenizers.ByteLevel.alphabet()
trainer = trainers.BpeTrainer(
    vocab_size=len(alphabet) + 100, initial_alphabet=alphabet, show_progress=False
)
library.train_from_iterator([english], trainer)

# %%
decoder = decoders.ByteLevel()
merged = [piece for piece in library.get_vocab() if len(piece) > 1]
theirs = {decoder.decode([piece]).replace("�", "") for piece in merged}
ours = {piece.decode(errors="ignore") for piece in bpe.vocabulary(merges[:100])[256:]}
verify.promise(
    "the first 100 merges make the same pieces as the library's",
    ours == theirs,
    got=len(ours & theirs),
)

# %% [markdown]
# Watch it cut a sentence, with more or fewer merges. A space belongs to the word after it. Change the `sentence`: try a name, a number, a word from another language.


# %%
def show_tokens(sentence, merges_used):
    pictures.tokens(sentence, merges[:merges_used])


widgets.play(
    show_tokens,
    sentence="The white whale swam before him, unforgettable.",
    merges_used=(0, len(merges), 10, len(merges)),
)

# %% [markdown]
# The first $k$ merges are the same whatever comes after, so one training run gives all smaller vocabularies. How large should yours be?

# %%
sizes = [k for k in (0, 20, 50, 100, 200, 400, 600) if k <= merges_count]
per_token = [len(held_out) / len(bpe.encode(held_out, merges[:k])) for k in sizes]
plots.curves(
    np.array(sizes) + 256,
    {"Moby Dick, new chapters": per_token},
    x_label="vocabulary",
    y_label="characters per token",
    title="Each further merge buys less",
    markers=True,
)
slopes = np.diff(per_token) / np.diff(sizes)
flatter = bool((np.diff(slopes) < 0).all())
verify.promise("the curve gets flatter from point to point", flatter)
decoded = bpe.decode(bpe.encode(held_out, merges), merges)
verify.promise("decoding gives the text back", decoded == held_out)

# %% [markdown]
# Each token also needs a row in the model's first and last layer, and must occur often enough for the model to learn what it means. Who pays with long sequences? Rare words, and languages that were rare in the training text:

# %%
seen = Counter(bpe.cut(english))
no_letters = string.punctuation + string.whitespace
distinct = {word for word in bpe.cut(held_out) if word.strip(no_letters)}
groups = {
    "100 times and more": (100, 10**9),
    "10 to 99 times": (10, 99),
    "1 to 9 times": (1, 9),
    "never": (0, 0),
}
cost = {}
for name, (low, high) in groups.items():
    chosen = [word for word in distinct if low <= seen[word] <= high]
    cost[name] = sum(len(bpe.encode(word, merges)) for word in chosen) / len(chosen)

# %%
plots.bars(cost, y_label="tokens per word", title="Rare words are spelled out")
verify.promise(
    "a word never seen takes more than twice the tokens of a frequent one",
    got=cost["never"],
    above=2 * cost["100 times and more"],
)

# %%
chinese = "\n".join(poems.texts)[: 50 * merges_count]
both = bpe.train(english[: len(english) // 2] + chinese, merges_count)
new_poems = "\n".join(datasets.load("quatrains", split="test").texts)[:4000]
new_texts = {"English": held_out, "Chinese": new_poems}


def tokens_a_character(merges):
    return {
        language: len(bpe.encode(text, merges)) / len(text)
        for language, text in new_texts.items()
    }


english_only, mixed = tokens_a_character(merges), tokens_a_character(both)

# %%
plots.grouped_bars(
    {"trained on English": english_only, "on English and Chinese": mixed},
    y_label="tokens per character",
    title="A tokenizer is expensive for languages it was not trained on",
)
before, after = english_only["Chinese"], mixed["Chinese"]
verify.promise(
    "English merges: a Chinese character takes more than 2.5 tokens",
    got=before,
    above=2.5,
)
verify.promise(
    "with both, Chinese gets cheaper and English more expensive",
    after < before and mixed["English"] > english_only["English"],
    got=after,
)

# %% [markdown]
# A model that is paid for by the token, or that sees a fixed number of tokens, treats its languages unequally, and the tokenizer decided that before training began. One more consequence: a token may be *part* of a character. A model that stops in the wrong place has written bytes that aren't text.

# %%
# NBVAL_CHECK_OUTPUT
tokens = bpe.encode("明月", [])
print(tokens, bpe.decode(tokens, []), bpe.decode(tokens[:4], []))

# %% [markdown]
# ## Sound: what the ear keeps
#
# Here is a sung "ah", half a second, 16,000 numbers a second. A voice is a sum of overtones, multiples of one pitch, loud where throat and mouth resonate (the *formants*). The second "ah" has the same overtones,
# equally loud, but each starts at another point of its swing. Listen to both, if you like.

# %%
ah, ee = (audio.vowel(audio.VOWELS[name], seconds=0.5) for name in ("ah", "ee"))
rng = torch.Generator().manual_seed(seed)
again = audio.vowel(audio.VOWELS["ah"], seconds=0.5, generator=rng)
for wave in (ah, again, ee):
    display(Audio(wave.numpy()[:4800], rate=audio.RATE))
first = slice(0, 400)
plots.curves(
    1000 * audio.times(0.5)[first],
    {"ah": ah[first], "ah, other phases": again[first]},
    x_label="milliseconds",
    y_label="pressure",
    title="Two waveforms, one vowel",
    alt="Two curves of period 8 ms: one has a sharp peak, the other is spread out.",
)

# %% [markdown]
# The third sound is an "ee". Which of the other two is closer to the first "ah"? Measure it on the waveforms, as you did with the pixels. Then cut each sound into overlapping frames of 32 ms, take the Fourier transform of each, and keep its power: the *spectrogram*.


# %%
_, _, by_scipy = scipy.signal.stft(
    ah.numpy(), nperseg=512, noverlap=384, boundary=None, padded=False
)
verify.agree(
    "audio.stft is scipy's, but for scipy's division by the sum of the window",
    audio.stft(ah).abs(),
    np.abs(by_scipy) * audio.hann(512).sum().item(),
)

# %% [markdown]
# So the course's frames are scipy's. Now the distances, as waves and as log-mels:


# %%
def apart_in(change):
    """Root mean square difference from the first vowel, after the change."""
    return {
        name: (change(ah) - change(wave)).pow(2).mean().sqrt().item()
        for name, wave in {"ah, other phases": again, "ee": ee}.items()
    }


as_waves, as_log_mel = apart_in(lambda wave: wave), apart_in(audio.log_mel)
for name, distance in as_waves.items():
    print(
        f"ah to {name:16}: {distance:.3f} as waves, {as_log_mel[name]:.3f} as log-mels"
    )

# %%
verify.promise(
    "as waves, ee is closer",
    got=as_waves["ee"],
    below=as_waves["ah, other phases"],
)
verify.promise(
    "as log-mels, the other ah is 50 times closer",
    got=as_log_mel["ah, other phases"],
    below=as_log_mel["ee"] / 50,
)

# %% [markdown]
# It is the story of the moved digit again. The waveform depends on *when* each overtone swings; the power at a frequency doesn't. The log-mel spectrogram in the last column copies two more habits of the ear.
#
# The first is pitch. From 200 to 300 Hz is a step that nobody misses; from 4,000 to 4,100 Hz is hardly a step at all. The *mel* scale (Stevens, Volkmann, Newman, 1937) has equal steps where people heard equal steps. Several formulas are in use; this is the HTK toolkit's:
#
# $$m = 2595 \, \log_{10}\left(1 + \frac{f}{700}\right)$$


# %% tags=["exercise"]
def hz_to_mel(hertz):
    """Mel from hertz, by HTK's formula: a float tensor of any shape -> the same shape.
    With the natural logarithm the factor is 2595 / ln 10, about 1127."""
    ...  # your code


# %% tags=["check"]
hz_to_mel = check("audio.hz_to_mel", hz_to_mel)

# %%
# NBVAL_CHECK_OUTPUT
mel = hz_to_mel(torch.tensor([200.0, 300.0, 1000.0, 4000.0, 4100.0]).double())
low, high = mel[1] - mel[0], mel[4] - mel[3]
print(f"1,000 Hz are {mel[2]:.2f} mel")
print(f"100 Hz more are {low:.0f} mel at 200 Hz, and {high:.0f} mel at 4,000 Hz")

# %% [markdown]
# So the 257 bins of the spectrum are summed in bands that are equally wide in mel: narrow below, wide above. (Slaney's formula, the default of the library librosa, is another curve and divides each triangle by its width. Feeding features
# of one kind to a model trained on the other is a classic silent error.)

# %%
filters = audio.mel_filters(bands=12)
plots.curves(
    torch.linspace(0, 8000, 257),
    {f"band {i}": filters[i] for i in (0, 3, 6, 9, 11)},
    x_label="hertz",
    y_label="weight",
    title="Five of 12 mel bands: the higher, the wider",
)

# %% [markdown]
# The second habit is loudness: ten times the power is one step louder, not ten. Hence the logarithm. Now look at what a speech model gets to see: three vowels, and a tone that rises evenly from 100 to 8,000 Hz.

# %%
vowels = [audio.vowel(audio.VOWELS[name], seconds=0.5) for name in ("ee", "ah", "oo")]
sounds = torch.cat([*vowels, 0.14 * audio.chirp(100, 8000, 1.0)])
spectrum = (audio.stft(sounds).abs() ** 2).clamp(min=1e-5).log10()
pictures.hertz_and_mel(spectrum, audio.log_mel(sounds), seconds=2.5)

# %%
in_mel = audio.log_mel(sounds).numel()
numbers = {"samples": len(sounds), "spectrogram": spectrum.numel(), "log-mel": in_mel}
print(numbers)

# %% [markdown]
# The log-mel is the smallest. What is lost? The phases, and the exact pitch of high overtones. A generator that writes log-mels needs a second model that guesses them, a *vocoder*. Each space in this lesson has its price:
#
# | from | to | the way back | lost |
# |---|---|---|---|
# | bytes | [-1, 1] | a formula | nothing |
# | large pictures | small pictures | a model that guesses | detail; without antialiasing also the truth of the rest |
# | pixels | PCA scores | a matrix | what varies little, even if you would see it |
# | pixels | CNN features | none known | all that the labels didn't need |
# | text | BPE tokens | a table | nothing |
# | waveform | log-mel | a model that guesses | phases, fine pitch |
#
# For judging, choose a space in which distance agrees with people. For generating, choose one with a way back.

# %% [markdown]
# ## Check the article
#
# **Section 5.2, `preprocess_images`, `(images - 127.5) / 127.5`: right.** It is `to_signed` in another order:

# %%
verify.agree(
    "(x - 127.5) / 127.5 is x / 127.5 - 1",
    (levels.float() - 127.5) / 127.5,
    to_signed(levels),
)

# %% [markdown]
# But the generator there ends in a LeakyReLU, which hardly reaches -1 and goes beyond 1 without limit. The range was prepared and then not used.
#
# **Section 5.2, `generate_images`: wrong.** It keeps floats, and each picture is stretched on its own. You saw three sevens that looked alike at the top of this lesson. Clip, round, make bytes, and show all pictures on one scale.
#
# **Section 3.2.2, "normalise, so that features have no differing units": imprecise.** That is the reason for standardising tables. Pixels share a unit already. You scale them so that the generator's last layer can reach all of the data, and so that
# the numbers inside the network have a size at which it learns well.
#
# **Sections 2.3 and 3.2.4, "augmentation raises quality and diversity": it depends.** You measured both sides. It gained many nats for a model of 20 examples a digit, and it came out again in what was drawn: a quarter or a half of the digits mirrored. For a GAN, augment
# real and drawn pictures alike, with a probability below 1.

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("13_preprocessing")

# %% [markdown]
# ## What you should be able to do now
#
# You can bring pictures into a network's range and back without loss, show them honestly, and shrink them without aliasing. You can say what standardising costs, measure whether an augmentation leaks, and prove when it need not. You can choose a space for judging and one for
# generating. You can normalise a text, train a tokenizer on it and read off what a language pays, and turn sound into a log-mel spectrogram and say what is lost.
#
# Lesson 14 asks whether you may keep what you have prepared. Lesson 39 trains language models on tokens, lesson 32 trains a GAN with augmentation on both sides, and lesson 34 measures generators in feature space.
#
# ## References
#
# - K. Pearson, *On lines and planes of closest fit to systems of points in space*, Philosophical Magazine 2(11), 1901.
# - S. Zhao, Z. Liu, J. Lin, J.-Y. Zhu, S. Han, *Differentiable Augmentation for Data-Efficient GAN Training*, NeurIPS 2020.
# - T. Karras, M. Aittala, J. Hellsten, S. Laine, J. Lehtinen, T. Aila, *Training Generative Adversarial Networks with Limited Data*, NeurIPS 2020.
# - G. Parmar, R. Zhang, J.-Y. Zhu, *On Aliased Resizing and Surprising Subtleties in GAN Evaluation*, CVPR 2022.
# - R. Zhang, P. Isola, A. A. Efros, E. Shechtman, O. Wang, *The Unreasonable Effectiveness of Deep Features as a Perceptual Metric*, CVPR 2018.
# - *Unicode Normalization Forms*, Unicode Standard Annex #15.
# - P. Gage, *A New Algorithm for Data Compression*, The C Users Journal 12(2), 1994.
# - R. Sennrich, B. Haddow, A. Birch, *Neural Machine Translation of Rare Words with Subword Units*, ACL 2016.
# - A. Radford, J. Wu, R. Child, D. Luan, D. Amodei, I. Sutskever, *Language Models are Unsupervised Multitask Learners*, 2019. (BPE on bytes.)
# - S. S. Stevens, J. Volkmann, E. B. Newman, *A Scale for the Measurement of the Psychological Magnitude Pitch*, Journal of the Acoustical Society of America 8, 1937.
# - G. E. Peterson, H. L. Barney, *Control Methods Used in a Study of the Vowels*, Journal of the Acoustical Society of America 24, 1952. (The formants.)
