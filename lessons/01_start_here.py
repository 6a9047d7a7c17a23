# %% [markdown]
# # 01 · Start here
# <!-- badge -->
#
# In the next minute this computer learns to draw digits, and you learn how the course works.
#
# | time | needs | you will be able to |
# | --- | --- | --- |
# | <!-- time --> | Python: functions, loops, lists; no machine learning | train a generator and ask it for the digits you want<br>measure what share of its drawings others can read<br>say which part of a GAN you need for training and which for drawing<br>say whether a rule concerns generated content or the system behind it<br>use the exercises, hints and predictions of this course |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
steps = None  # None: chosen for this machine

# %% [markdown]
# A notebook is a page of text and code. Click into a cell of code and press Shift+Enter: the cell runs, its result appears below, and you are
# in the next one. Go from top to bottom, because each cell uses what the cells above it made. If something is out of order, start afresh with
# *Kernel → Restart Kernel and Run All Cells* (in Colab: *Runtime → Restart session and run all*).

# %%
import math
import time

import torch

from aigc_lab import (
    check,
    datasets,
    gan,
    plots,
    runtime,
    training,
    transforms,
    verify,
    widgets,
)
from aigc_lab.plots import flowchart
from aigc_lab.pretrained import classifier

# %%
runtime.seed_everything(seed)
budget = steps or runtime.pick(ci=80, cpu=450, gpu=3000)

# %% [markdown]
# ## A machine that draws
#
# Below are thirty digits that people wrote by hand. You could draw one more, and nobody could pick it out. Can a computer?
# It gets 8,000 such digits to look at, and no rule that says how a 4 is made.

# %%
digits = datasets.load("digits")
title = f"Thirty of the {len(digits):,} digits that people wrote"
alt = "Three rows of handwritten digits, white on black, with their label below."
labels = digits.labels[:30].tolist()
plots.images(digits.images[:30], labels=labels, title=title, alt=alt)

# %% [markdown]
# To a computer each of them is a table of numbers, 28 rows of 28, from 0 for black to 255 for white. Such a table, with any number of axes, is called
# a *tensor*. `digits.images` is one tensor with four axes: which picture, which colour (there is one, grey), which row, which column. Its numbers are
# whole and fit into one byte each, a type that torch calls `uint8`. Here is the middle of the first digit:

# %%
print(tuple(digits.images.shape), digits.images.dtype)
print(digits.images[0, 0, 9:19, 8:20].numpy())

# %% [markdown]
# Now run the next cell and watch. Each column asks for one digit, from 0 to 9, and gets it twice. The random numbers behind each
# drawing stay the same from picture to picture, so that you see the same drawing take shape.

# %%
recipe = gan.GanRecipe.for_data(digits)
picture = plots.live()


def show(step, recipe, history):
    rng = torch.Generator().manual_seed(seed)
    drawn = recipe.sample(20, labels=torch.arange(20) % 10, generator=rng)
    title = f"After {step} of {budget} steps"
    alt = f"Two rows of the digits 0 to 9, drawn by the generator after {step} steps."
    picture.images(transforms.from_signed(drawn), title=title, alt=alt)


often = max(1, budget // 8)
history = training.fit(
    recipe, digits, steps=budget, callback=show, every_steps=often, seed=seed
)
recipe = recipe.to("cpu")  # if training used a GPU: drawing is cheap enough without

# %% [markdown]
# Now ask for what you want. Change `wanted` to your phone number and run the next cell again, as often as you like: each run starts from fresh
# random numbers, so each gives other drawings.

# %%
wanted = "3141592653"
ask = torch.tensor([int(digit) for digit in wanted if digit in "0123456789"])
plots.images(
    transforms.from_signed(recipe.sample(len(ask), labels=ask)),
    title=f"{wanted}, drawn to order",
    alt=f"The digits {wanted} in generated handwriting.",
)

# %% [markdown]
# ## Can others read it?
#
# You know your number, so you read it in almost anything. Ask somebody who doesn't know what was wanted: a *classifier*, a
# network that was trained to name digits, on real ones only. It gets 1,000 drawings, a hundred of each digit, and says what it sees.

# %%
examiner = classifier.load_classifier("digits")
asked = torch.arange(1000) % 10
drawn = recipe.sample(1000, labels=asked)
with torch.no_grad():
    seen = examiner(drawn).argmax(dim=1)
share = (seen == asked).double().mean().item()
text = "at least 90% of the drawings are recognised as the digit that was asked for"
verify.promise(text, got=share, at_least=0.9)

# %%
by_digit = {str(d): (seen[asked == d] == d).double().mean().item() for d in range(10)}
worst = min(by_digit, key=by_digit.get)
title = f"No digit is recognised less often than the {worst}: {by_digit[worst]:.0%}"
plots.bars(by_digit, y_label="share recognised", title=title, horizontal=False)

# %% [markdown]
# Keep two doubts for later lessons. First, the examiner makes mistakes too: of real test digits it names at least 98% correctly, not all. Second, the share says nothing
# about variety: a generator that always draws the same ten pictures could score 100%. Lesson 34 asks "is it any good?" with
# measures that notice.

# %%
test = datasets.load("digits", split="test")
with torch.no_grad():
    named = examiner(transforms.to_signed(test.images)).argmax(dim=1)
on_real = (named == test.labels).double().mean().item()
text = "the examiner names at least 98% of 2,000 real test digits correctly"
verify.promise(text, got=on_real, at_least=0.98)

# %% [markdown]
# ## Real or drawn?
#
# Here are twelve digits. Some are real, from the *test set*, which the generator never saw; the others were drawn just now.

# %%
mixed = torch.Generator().manual_seed(seed + 1)
which = torch.randperm(len(test), generator=mixed)[:12]
is_drawn = torch.rand(12, generator=mixed) < 0.5
drawn_ones = recipe.sample(12, labels=test.labels[which], generator=mixed)
fakes = transforms.from_signed(drawn_ones)
lineup = torch.where(is_drawn[:, None, None, None], fakes, test.images[which])
names = list("abcdefghijkl")
title = "Twelve digits: which of them did nobody write?"
plots.images(lineup, columns=6, labels=names, scale=1.0, title=title)

# %% [markdown]
# **Predict first.** Write down the letters of those that you believe the generator drew. Then run the next cell.

# %% tags=["predict"]
letters = [name for name, is_fake in zip(names, is_drawn) if is_fake]
print("drawn by the generator:", " ".join(letters))

# %% [markdown]
# Whatever your score, you have just done the job of a second network, the opponent from whom the first one learned.
#
# ## A game of two
#
# The **generator** G turns random numbers and a wanted digit into a picture. The **discriminator** D gets two pictures of the same
# digit, one real, one drawn, and must say which one is real. Each is a long formula with adjustable numbers, its *weights*, which begin at random. After each
# *step*, a round with 64 pairs of pictures, D's weights move a little in the direction that would have made its answers better, and G's in the direction that would
# have made D more doubtful. Nobody gives them a rule. This pair is a *generative adversarial network*, a GAN (Goodfellow et al., 2014).

# %%
boxes = {
    "random z": (0, 1),
    "generator G": (1, 1),
    "a drawing": (2, 1),
    "real digits": (2, 0),
    "discriminator D": (3, 0.5),
}
arrows = [
    ("random z", "generator G", ""),
    ("generator G", "a drawing", ""),
    ("a drawing", "discriminator D", ""),
    ("real digits", "discriminator D", ""),
]
orange = plots.COLOURS[1]
flowchart.draw(
    boxes,
    arrows,
    colours={"discriminator D": orange, "real digits": orange},
    title="Blue is needed to draw, orange only to train",
    alt="Random z, to G, to a drawing; the drawing and real digits go to D.",
)

# %% [markdown]
# What is to become small is called the *loss*. D's loss is $-\log p$, averaged over the pairs, where $p$ is the probability that D gave to the right answer. Tossing a coin
# costs $-\log\frac12 = \log 2 \approx 0.693$; being right and sure costs 0. With the natural logarithm, as here, the unit is called *nat*; with base 2 it would be the bit.

# %%
loss_of_d = history["discriminator"]
lines = {
    "discriminator's loss": loss_of_d,
    "a coin's loss, log 2": [math.log(2)] * len(history),
}
title = "The discriminator stays better than a coin, and far from sure"
plots.curves(history.steps, lines, x_label="step", y_label="nats", title=title)

# %%
undecided = torch.zeros(1)  # the same score for the real and the drawn picture
coin = gan.relativistic_discriminator_loss(undecided, undecided)
verify.agree("a coin's loss is log 2", coin, math.log(2))
late = float(loss_of_d[len(history) // 2 :].mean())
text = "in the second half D's mean loss lies between 0.2 nats and a coin's 0.693"
verify.promise(text, got=late, above=0.2, below=math.log(2))

# %% [markdown]
# Elsewhere in machine learning a loss that stops falling means that nothing more is learned. Here both players go on learning, and as D gets better, so does G. So you can't read
# the quality of the drawings off this curve. That is what the examiner was for.

# %% [markdown]
# ## This course answers back
#
# Each lesson has exercises: a function with a blank, and below it a cell that checks what you wrote. Nothing breaks if you skip one: the course's own
# answer, the *reference*, takes its place, and the panel says so. Run the two cells as they are. Then write your code where the three dots are, and run both again.
#
# The first exercise is about the two ranges of a pixel. Stored pictures hold whole numbers from 0 (black) to 255 (white), while the networks above
# work with numbers from -1 to 1. Write the function that converts one into the other: 0 must become -1, and 255 must become 1.


# %% tags=["exercise"]
def to_signed(images):
    """Scale bytes to [-1, 1]; a uint8 tensor of any shape -> floats, same shape."""
    ...  # your code


# %% tags=["check"]
to_signed = check("start.to_signed", to_signed)

# %%
# NBVAL_CHECK_OUTPUT
black_and_white = torch.tensor([0, 255], dtype=torch.uint8)
print("black and white become", to_signed(black_and_white).tolist())

# %% [markdown]
# The panel knows the usual mistakes. Try one: `return images / 255`. If you are stuck, unfold a hint; the last one nearly gives the answer.
#
# The second exercise is the measure that you used above. The examiner gives each picture ten scores, one for each digit; its answer is the digit with the highest score.
# For what share of the pictures is that the wanted digit?


# %% tags=["exercise"]
def recognised_share(logits, wanted):
    """Share of pictures that are recognised, a number from 0 to 1.

    logits: scores (n, classes); wanted: the class of each picture (n,); n >= 1
    """
    ...  # your code


# %% tags=["check"]
recognised_share = check("start.recognised_share", recognised_share)

# %% [markdown]
# Your function (or the reference, if you skipped it) must find the same share as the cell above did:

# %%
with torch.no_grad():
    your_share = recognised_share(examiner(drawn), asked)
text = "your share is the share found above"
verify.agree(text, your_share, share, tolerance=1e-4)

# %% [markdown]
# Lines with a green mark, like the one above, are checks that the lesson makes on itself. Some compare two sides of an equation. Others are promises: they say
# what this lesson expects and what you got. With a smaller budget or another version of torch a promise may not hold. Then read on with your numbers.
#
# ## From one drawing to another
#
# Every drawing starts from 32 random numbers, its *latent* $z$. Two latents give two drawings. What lies between them?
# Write the function that walks from one to the other in a straight line, in `n` points, both ends included.


# %% tags=["exercise"]
def between(start, end, n):
    """n >= 2 evenly spaced points from start to end, both included: (d,) -> (n, d)."""
    ...  # your code


# %% tags=["check"]
between = check("start.between", between)


# %%
@torch.no_grad()
def picture_of(z, labels):
    # averaged: G, with its weights averaged over the last steps
    return transforms.from_signed(recipe.averaged(z, labels))


ends = torch.randn(4, 2, 32, generator=torch.Generator().manual_seed(seed))
walks = torch.cat([torch.as_tensor(between(*pair, 10)) for pair in ends]).float()
digit = torch.tensor([2, 3, 5, 8]).repeat_interleave(10)
title = "Each row walks from one 2, 3, 5 or 8 to another"
alt = "Within a row the digit stays the same while slant and stroke change gradually."
plots.images(picture_of(walks, digit), title=title, alt=alt)

# %% [markdown]
# A cross-fade, as in films, would go from one picture to the other as well. Here are both ways between the same two drawings:

# %%
rows = {"walk": picture_of(walks[:10], digit[:10])}
first, last = rows["walk"][[0, -1]].double()
t = torch.linspace(0, 1, 10, dtype=torch.float64)[:, None, None, None]
rows["cross-fade"] = ((1 - t) * first + t * last).round().byte()
title = "In the walk the strokes move, in the cross-fade they fade"
plots.image_rows(rows, title=title)

# %%
half_a, half_b = torch.randn(2, 500, 32, generator=torch.Generator().manual_seed(seed))
asked_for = torch.arange(500) % 10
pair = [picture_of(z, asked_for).double() for z in (half_a, half_b)]
halfway = {
    "walk": picture_of((half_a + half_b) / 2, asked_for).double(),
    "cross-fade": (pair[0] + pair[1]) / 2,
}
grey = {way: ((x > 64) & (x < 192)).double().mean() for way, x in halfway.items()}
print({way: f"{share:.1%} of the pixels are grey" for way, share in grey.items()})
text = "half-way, the cross-fade has at least twice as many grey pixels (500 pairs)"
verify.promise(text, got=(grey["cross-fade"] / grey["walk"]).item(), at_least=2)

# %% [markdown]
# A mixture of two pictures is full of grey. Half-way between two latents stands a drawing in black and white, as at both ends: the generator has learned a space of
# handwriting, and you walked through it.
#
# ## Play
#
# `spread` multiplies the random numbers. At 0 all drawings of a digit are the same, the one in the middle of the space. What do you gain, and what do you lose, as it grows?


# %%
def draw(digit, spread, sheet):
    z = spread * torch.randn(20, 32, generator=torch.Generator().manual_seed(sheet))
    labels = torch.full((20,), digit)
    with torch.no_grad():
        drawn = recipe.averaged(z, labels)
        read = recognised_share(examiner(drawn), labels)
    title = f"{digit} at spread {spread}: {read:.0%} recognised"
    plots.images(transforms.from_signed(drawn), title=title)


widgets.play(draw, digit=(0, 9, 1, 7), spread=(0.0, 3.0, 0.25, 1.0), sheet=(1, 9, 1, 1))

# %% [markdown]
# Quality and variety pull against each other, and you set the balance. Lesson 35 measures it.
#
# ## What a GPU changes
#
# This notebook uses a GPU (a graphics processor) where there is one: it finds the device by itself and trains for more steps. Each lesson has three such budgets, its
# *profiles*: `gpu`, `cpu` for a laptop, and `ci`, a few seconds that only test that everything runs. If you want another profile than the lesson chooses, set the environment
# variable `AIGC_LAB_PROFILE` to its name before you start Jupyter.

# %%
print(f"profile {runtime.profile()}, device {runtime.device()}")
took = history.seconds[-1]
speed = f"{64 * budget / took:,.0f} digits a second went through both networks"
print(f"{budget} steps in {took:.0f} s: {speed}")

# %% [markdown]
# A GPU does thousands of multiplications at the same time. It pays only if there are thousands to do at the same time, which is why a step takes many pictures at once,
# a *batch*.
#
# **Predict first.** So far a batch had 64 pictures. If it has 8, will a step take an eighth of the time? Write down how many times as long a step with 64 takes, then run the cell.

# %% tags=["predict"]
seconds = {}
for batch_size in (8, 64):
    trial = gan.GanRecipe.for_data(digits)
    started = time.perf_counter()
    training.fit(trial, digits, steps=10, batch_size=batch_size, seed=seed)
    seconds[batch_size] = (time.perf_counter() - started) / 10
    print(f"batch {batch_size:2d}: {1000 * seconds[batch_size]:6.1f} ms a step")
print(f"a step with 64 takes {seconds[64] / seconds[8]:.1f} times as long")

# %% [markdown]
# You should have seen that eight times the pictures cost less than eight times the time: part of a step's time is the same for any batch. A GPU
# speeds up the arithmetic and leaves that part as it is, so it pays for large networks and large batches first. Lesson 36
# measures it on your machine.

# %% [markdown]
# ## The map of the course
#
# You have been through the whole cycle once: there were data, a model was trained, it generated, you evaluated. The lessons take the stations one by one.

# %%
stations = {
    "collect": (0, 0),
    "prepare": (1, 0),
    "train": (2, 0),
    "generate": (2, 1),
    "evaluate": (1, 1),
    "use": (0, 1),
}
notes = {
    "collect": "11, privacy: 14",
    "prepare": "12, 13",
    "use": "4x, 5x",
    "train": "2x theory, 3x practice",
    "generate": "3x",
    "evaluate": "3x",
}
ways = [
    ("collect", "prepare", ""),
    ("prepare", "train", ""),
    ("train", "generate", ""),
    ("generate", "evaluate", ""),
    ("evaluate", "use", "good enough"),
    ("evaluate", "prepare", "not yet"),
]

# %%
flowchart.draw(
    stations,
    ways,
    notes=notes,
    dashed=[("evaluate", "prepare")],
    colours={"use": plots.COLOURS[2]},
    title="From the first file to the people who use the model",
    alt="Collect, prepare, train, generate, evaluate, use; dashed: back to prepare.",
)

# %% [markdown]
# ## Check the article
#
# The course grew out of an article on generative AI. Its map of the field is good, many of its details are wrong. Each lesson checks what the article says about the lesson's
# subject. Three statements to begin with:
#
# **"AIGC is a technology based on generative models" (section 1.1): common usage, but ambiguous.** The letters stand for AI-generated *content*, as UGC stands for user-generated
# content; the word is used for the technology as well, also by the survey listed below. Here we keep the two apart: AIGC is what comes out, *generative AI* is what
# makes it. The number that you ordered above is AIGC, the generator that drew it is generative AI. It matters where a rule applies to one of them only: China, for
# example, has rules for labelling generated content (2025) and others for offering generative AI as a service (2023).
#
# **The diagram in which both the generative and the discriminative model feed data generation (section 2.4): wrong.** D takes part in training only. If
# that is so, G alone must draw exactly the same pictures:

# %%
fresh = gan.GanRecipe.for_data(digits)  # new, untrained networks
# G gets the trained weights, D stays untrained
fresh.averaged.load_state_dict(recipe.averaged.state_dict())
sevens = torch.full((10,), 7)
with_d = recipe.sample(10, labels=sevens, generator=torch.Generator().manual_seed(seed))
without_d = fresh.sample(
    10, labels=sevens, generator=torch.Generator().manual_seed(seed)
)
verify.agree("the drawings are the same without the trained D", without_d, with_d)

# %% [markdown]
# **"Install TensorFlow with `pip install tensorflow-gpu`" (section 5.1): out of date.** That package was withdrawn in December 2022. PyTorch, which this course uses, has
# one name with and without a GPU, and looks for one when it runs:

# %%
has_gpu, trains_on = torch.cuda.is_available(), runtime.device().type
print("torch sees a GPU:", has_gpu, "- the course trains on:", trains_on)

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("01_start_here")

# %% [markdown]
# ## What you should be able to do now
#
# Train a generator and ask it for digits; measure what share of its drawings is recognised, and say what this share can't see; say why D is needed for
# training and not for drawing; tell generated content from the system that makes it; use exercises, hints, predictions and promises.
#
# Lesson 02 does the same for text, with four ways of writing that people have tried, from rules to transformers. If you would rather start where every
# project starts, with data, go to lesson 11.
#
# ## References
#
# - I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, Y. Bengio, *Generative Adversarial Nets*, NIPS 2014.
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document recognition*, Proceedings of the IEEE 86(11), 1998. (The digits: MNIST.)
# - A. Jolicoeur-Martineau, *The relativistic discriminator: a key element missing from standard GAN*, 2018. (Here D compares a real picture with a drawn one.)
# - J. Wu, W. Gan, Z. Chen, S. Wan, H. Lin, *AI-Generated Content (AIGC): A Survey*, 2023.
