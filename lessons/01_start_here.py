# %% [markdown]
# # 01 · Start here
# <!-- badge -->
#
# In the next minute this computer learns to draw digits, and you learn how the course works.
#
# | time | needs | you will be able to |
# | --- | --- | --- |
# | <!-- time --> | Python, and nothing you would have to know about machine learning | train a generator and ask it for the digits you want<br>measure what share of its drawings others can read<br>say which part of a GAN you need for training and which for drawing<br>tell generated content from the technology that generates it<br>use the exercises, hints and predictions of this course |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
steps = None  # None: chosen for this machine
wanted = "3141592653"  # digits to draw: try your phone number

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
steps = steps or runtime.pick(ci=80, cpu=450, gpu=3000)

# %% [markdown]
# ## A machine that draws
#
# Below are thirty digits that people wrote by hand. You could draw another one, and nobody would find it among them. Can a computer?
# It gets 8,000 such digits to look at, and no rule about how a 4 is made.

# %%
digits = datasets.load("digits")
title = f"Thirty of the {len(digits):,} digits that people wrote"
alt = "Three rows of handwritten digits, white on black, with their label below."
labels = digits.labels[:30].tolist()
plots.images(digits.images[:30], labels=labels, title=title, alt=alt)

# %% [markdown]
# Run the next cell and watch. Each column asks for one digit, from 0 to 9, and gets it twice. The random numbers behind each
# drawing stay the same from picture to picture, so that you see the same drawing take shape.

# %%
recipe = gan.GanRecipe.for_data(digits)
picture = plots.live()


def show(step, recipe, history):
    rng = torch.Generator().manual_seed(seed)
    drawn = recipe.sample(20, labels=torch.arange(20) % 10, generator=rng)
    title = f"After {step} of {steps} steps"
    alt = f"Two rows of the digits 0 to 9, drawn by the generator after {step} steps."
    picture.images(transforms.from_signed(drawn), title=title, alt=alt)


often = max(1, steps // 8)
history = training.fit(
    recipe, digits, steps=steps, callback=show, every_steps=often, seed=seed
)
recipe = recipe.to("cpu")  # where training used a GPU: drawing is cheap enough without

# %% [markdown]
# Now ask for what you want. Change the string `wanted` above to your phone number and run that cell and this one again: each run draws the number
# anew, because each starts from fresh random numbers.

# %%
ask = torch.tensor([int(digit) for digit in wanted if digit.isdigit()])
plots.images(
    transforms.from_signed(recipe.sample(len(ask), labels=ask)),
    title=f"{wanted}, drawn to order",
    alt=f"The digits {wanted} in generated handwriting.",
)

# %% [markdown]
# ## Can others read it?
#
# You can read your own number in almost anything. So ask somebody who doesn't know what was wanted: a classifier, a
# network that was trained to name digits, on real ones only. It takes 1,000 drawings, a hundred of each digit, and says what it sees.

# %%
examiner = classifier.load_classifier("digits")
asked = torch.arange(1000) % 10
drawn = recipe.sample(1000, labels=asked)
with torch.no_grad():
    seen = examiner(drawn).argmax(dim=1)
share = (seen == asked).double().mean().item()
text = "at least 90 % of the drawings are recognised as the digit that was asked for"
verify.promise(text, got=share, at_least=0.9)

# %%
by_digit = {str(d): (seen[asked == d] == d).double().mean().item() for d in range(10)}
title = "Some digits are harder to draw than others"
plots.bars(by_digit, y_label="share recognised", title=title, horizontal=False)

# %% [markdown]
# Keep two doubts, for later lessons. The examiner errs too: it names at least 98 % of real test digits rightly, not all. And a share says nothing
# about variety. A generator that draws the same ten pictures for ever would score 100 %. Lesson 34 asks "is it any good?" with
# measures that notice.

# %%
test = datasets.load("digits", split="test")
with torch.no_grad():
    named = examiner(transforms.to_signed(test.images)).argmax(dim=1)
on_real = (named == test.labels).double().mean().item()
text = "the examiner names at least 98 % of 2,000 real test digits rightly"
verify.promise(text, got=on_real, at_least=0.98)

# %% [markdown]
# ## Real or drawn?
#
# Here are twelve digits. Some are real, from the test set that the generator never saw; some were drawn just now.

# %%
mixed = torch.Generator().manual_seed(seed + 1)
which = torch.randperm(len(test), generator=mixed)[:12]
is_drawn = torch.rand(12, generator=mixed) < 0.5
drawn_ones = recipe.sample(12, labels=test.labels[which], generator=mixed)
fakes = transforms.from_signed(drawn_ones)
lineup = torch.where(is_drawn[:, None, None, None], fakes, test.images[which])
names = list("abcdefghijkl")
title = "Which of these did nobody write?"
plots.images(lineup, columns=6, labels=names, scale=1.0, title=title)

# %% [markdown]
# **Predict first.** Write down the letters that you take for drawn. Then run the next cell.

# %% tags=["predict"]
letters = [name for name, is_fake in zip(names, is_drawn) if is_fake]
print("drawn by the generator:", " ".join(letters))

# %% [markdown]
# Whatever your score, you have just done the job of the second network in the game that trained the first.
#
# ## A game of two
#
# The **generator** G turns random numbers and a wanted digit into a picture. The **discriminator** D gets two pictures of the same
# digit, one real, one drawn, and must say which one is real. D learns from its errors. G learns from D: it changes
# its weights in the direction that would have made D more doubtful. Neither ever sees a rule. This pair is a *generative adversarial network*,
# a GAN (Goodfellow et al., 2014).

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
# The curve below is D's loss during training, in nats. It is $\log 2 \approx 0.693$ for somebody who tosses a coin, and 0 for somebody
# who is right and sure of it each time.

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
text = "in the second half D's loss lies between 0.2 and 0.6"
verify.promise(text, got=late, above=0.2, below=0.6)

# %% [markdown]
# In most of machine learning a loss that stops falling is bad news. Here it is what you hope for: as D gets better, so does G. Don't read quality
# off this curve. That is what the examiner was for.

# %% [markdown]
# ## This course answers back
#
# Each lesson has exercises: a function with a blank, and below it a cell that checks what you wrote. Nothing breaks if you skip one. The reference
# answer steps in and says so. Run the two cells as they are, then fill the blank and run both again.
#
# The first exercise is about the two ranges of a pixel. Stored pictures hold whole numbers from 0 (black) to 255 (white). The networks above
# work with numbers from -1 to 1. Write the function that takes the pictures there: 0 must become -1, and 255 must become 1.


# %% tags=["exercise"]
def to_signed(images):
    """Scale bytes to [-1, 1]: uint8, any shape -> floats, same shape."""
    ...  # your code


# %% tags=["check"]
to_signed = check("start.to_signed", to_signed)

# %%
# NBVAL_CHECK_OUTPUT
black_and_white = torch.tensor([0, 255], dtype=torch.uint8)
print("black and white become", to_signed(black_and_white).tolist())

# %% [markdown]
# The panel knows usual mistakes by name. Try one: `return images / 255`. If you are stuck, unfold a hint; the last one nearly gives the answer.
#
# The second exercise is the measure you used above. The examiner gives each picture ten scores, one a digit, and its answer is the highest.
# What share of `n` pictures does it take for what was wanted?


# %% tags=["exercise"]
def recognised_share(logits, wanted):
    """Share of pictures that are recognised; scores (n, classes), wanted classes (n,)
    -> a number from 0 to 1."""
    ...  # your code


# %% tags=["check"]
recognised_share = check("start.recognised_share", recognised_share)

# %% [markdown]
# Your function (or the reference, if you skipped it) must find the same share as the cell above did:

# %%
with torch.no_grad():
    your_share = recognised_share(examiner(drawn), asked)
verify.agree("your share is the share found above", your_share, share)

# %% [markdown]
# Lines with a green mark, like the one above, are checks that the lesson makes on itself. Some compare two sides of an equation. Others are promises: they say
# what this lesson expects and what you got. With another seed, a smaller budget or another version of torch a promise may not hold. Then read on with your numbers.
#
# ## From one drawing to another
#
# Every drawing starts from 32 random numbers, its *latent* $z$. Two latents give two drawings. What lies between them?
# Write the function that walks from one to the other in a straight line, with `n` stops, both ends included.


# %% tags=["exercise"]
def between(start, end, n):
    """n evenly spaced points from start to end, both included; (d,), (d,) -> (n, d)."""
    ...  # your code


# %% tags=["check"]
between = check("start.between", between)


# %%
@torch.no_grad()
def picture_of(z, labels):
    # averaged: G, with its weights averaged over the last steps
    return transforms.from_signed(recipe.averaged(z, labels))


ends = torch.randn(4, 2, 32, generator=torch.Generator().manual_seed(seed))
walks = torch.cat([between(z[0], z[1], 10) for z in ends]).float()
digit = torch.tensor([2, 3, 5, 8]).repeat_interleave(10)
title = "Each row walks from one 2, 3, 5 or 8 to another"
alt = "Within a row the digit stays the same while slant and stroke change gradually."
plots.images(picture_of(walks, digit), title=title, alt=alt)

# %% [markdown]
# No picture on the way is a mixture of two pictures, as a cross-fade would give. The generator has learned a space of handwriting, and you walked through it.
#
# ## Play
#
# `spread` multiplies the random numbers. At 0 all drawings of a digit are the same: the middle of the space. What do you gain and lose as it grows?


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
# The same notebook uses a GPU where there is one. It finds the device by itself and takes a larger budget of steps. Each lesson knows three such budgets, its
# *profiles*: `gpu`, `cpu` for a laptop, and `ci`, a taste of a few seconds that only tests that everything runs. Set the environment variable
# `AIGC_LAB_PROFILE` to one of the three before you start Jupyter if you want another than the lesson takes:

# %%
print(f"profile {runtime.profile()}, device {runtime.device()}")
took = history.seconds[-1]
speed = f"{64 * steps / took:,.0f} digits a second went through both networks"
print(f"{steps} steps in {took:.0f} s: {speed}")

# %% [markdown]
# A GPU does thousands of multiplications side by side. It pays only if there is enough to do side by side, which is what the batch (the
# number of pictures in one step) is for.
#
# **Predict first.** So far a step used 64 pictures. If it uses 8, will it take an eighth of the time? Write down your guess for the ratio, then run the cell.

# %% tags=["predict"]
seconds = {}
for batch_size in (8, 64):
    trial = gan.GanRecipe.for_data(digits)
    started = time.perf_counter()
    training.fit(trial, digits, steps=10, batch_size=batch_size)
    seconds[batch_size] = (time.perf_counter() - started) / 10
    print(f"batch {batch_size:2d}: {1000 * seconds[batch_size]:6.1f} ms a step")
print(f"ratio {seconds[64] / seconds[8]:.1f}")

# %% [markdown]
# You should have seen that eight times the pictures cost less than eight times the time: each step has a fixed price, whatever the batch. A GPU
# makes the arithmetic cheap and leaves the fixed price, which is why it pays for large networks and large batches first. Lesson 36
# measures it, on your machine.

# %% [markdown]
# ## The map of the course
#
# You have walked the whole way once: data were there, a model was trained, it generated, you evaluated. The lessons take the stations one by one.

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
# The course grew out of an article on generative AI. Its map is good, and many of its details are not. Each lesson checks what it says on the lesson's
# subject. Three statements for a start.
#
# **"AIGC is a technology based on generative models" (section 1.1): imprecise.** AIGC stands for AI-generated *content*, as UGC stands for user-generated content:
# it says where a text or a picture comes from. The technology is *generative AI*. The number at the top of this notebook, drawn to order, is AIGC. The
# generator that drew it is generative AI. The difference matters as soon as a rule applies to one and not to the other: one labels
# content, one audits systems.
#
# **The diagram in which both the generative and the discriminative model feed data generation (section 2.4): wrong.** D takes part in training only. If
# that is so, G alone must draw the very same pictures:

# %%
fresh = gan.GanRecipe.for_data(digits)  # new, untrained networks
# G gets the trained weights, D stays untrained
fresh.averaged.load_state_dict(recipe.averaged.state_dict())
sevens = torch.full((10,), 7)
with_d = recipe.sample(10, labels=sevens, generator=torch.Generator().manual_seed(7))
without_d = fresh.sample(10, labels=sevens, generator=torch.Generator().manual_seed(7))
verify.agree("the drawings are the same without the trained D", without_d, with_d)

# %% [markdown]
# **"Install TensorFlow with `pip install tensorflow-gpu`" (section 5.1): out of date.** That package was withdrawn in December 2022. PyTorch, which this course uses, is
# one package for both, and decides when it runs:

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
# training and not for drawing; tell content from technology; use exercises, hints, predictions and promises.
#
# Lesson 02 does the same for text, and walks through four ways of generating that people have tried, from rules to transformers. If you would rather start where every
# project starts, with data, go to lesson 11.
#
# ## References
#
# - I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, Y. Bengio, *Generative Adversarial Nets*, NIPS 2014.
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document recognition*, Proceedings of the IEEE 86(11), 1998. (The digits: MNIST.)
# - A. Jolicoeur-Martineau, *The relativistic discriminator: a key element missing from standard GAN*, 2018. (D compares a real and a drawn picture.)
# - J. Wu, W. Gan, Z. Chen, S. Wan, H. Lin, *AI-Generated Content (AIGC): A Survey*, 2023.
