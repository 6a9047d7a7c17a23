# %% [markdown]
# # 31 · Debug the article's GAN
# <!-- badge -->
#
# You take a GAN that can't work, find its eight defects with checks that serve for any GAN, repair it, and end with a program of your own that draws digits.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | lesson 23, or its two losses | find out in a minute which of two networks learns, and from what<br>write D's step and G's step so that neither spoils the other<br>say what a loss must be before training, and distrust one that falls<br>show generated pictures so that they can be compared<br>write the training loop of a GAN from memory |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
dense_steps = None  # of the repaired program; None: chosen for this machine
own_steps = None  # of your own GAN

# %%
import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from aigc_lab import check, datasets, gan, plots, runtime, transforms, verify, widgets
from aigc_lab.pretrained import classifier
from aigc_lab.recipes import ema

# %%
runtime.seed_everything(seed)
dense_steps = dense_steps or runtime.pick(ci=150, cpu=2400, gpu=4000)
own_steps = own_steps or runtime.pick(ci=15, cpu=450, gpu=3000)
digits = datasets.load("digits")
images = transforms.to_signed(digits.images)  # (8000, 1, 28, 28), -1: black, 1: white
LATENT = 100  # how many random numbers a picture starts from

# %% [markdown]
# ## A program that ought to draw digits
#
# The article that this course grew out of ends in a GAN of some seventy lines, in Keras. Here is our own program with the same design, in PyTorch, and with the same defects. There are
# eight. Read it before you run anything. How many do you see?


# %%
def article_generator(channels=3):
    return nn.Sequential(
        nn.Linear(LATENT, 128),
        nn.LeakyReLU(0.2),
        nn.Linear(128, channels * 28 * 28),
        nn.Unflatten(1, (channels, 28, 28)),
        nn.LeakyReLU(0.2),
    )


# %%
def dense_discriminator(channels):
    """A logit a picture: l, so that σ(l) is the probability of being real."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(channels * 28 * 28, 128),
        nn.LeakyReLU(0.2),
        nn.Linear(128, 1),
        nn.Flatten(0),
    )


# %%
def train_stacked(generator, discriminator, steps, size=64):
    stacked = nn.Sequential(generator, discriminator)
    optimizer = torch.optim.Adam(stacked.parameters(), lr=1e-4)
    for _ in range(steps):
        with torch.no_grad():
            fake = generator(torch.randn(size, LATENT))
        examples = torch.cat([images[:size], fake])
        labels = torch.cat([torch.ones(size), torch.zeros(size)])  # 1: real, 0: fake
        loss = F.binary_cross_entropy_with_logits(stacked(examples), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# %%
try:
    train_stacked(article_generator(), dense_discriminator(3), steps=1)
except RuntimeError as error:
    print("it stops:", error)

# %% [markdown]
# ## Defect 1: pictures that don't fit
#
# An error message is the friendliest kind of defect: it says where. Two tensors can't be put into one batch. So the first check of any program: follow one example through it and read
# the shapes.


# %%
def shapes(model, x):
    """Print the shape of a batch after each layer."""
    print(f"{'in':12} {tuple(x.shape)}")
    for layer in model:
        x = layer(x)
        print(f"{type(layer).__name__:12} {tuple(x.shape)}")


shapes(article_generator(), torch.randn(64, LATENT))

# %%
# NBVAL_CHECK_OUTPUT
print("digits:   ", tuple(images[:64].shape))
print("generated:", tuple(article_generator()(torch.randn(64, LATENT)).shape))

# %% [markdown]
# The data are grey, one channel; G draws in colour, three. The article's own drawing code hides it, because it shows channel 0 only. The repair is a number. What G draws must have the
# shape of the data, so take it from the data:

# %%
channels = images.shape[1]
try:
    train_stacked(article_generator(channels), dense_discriminator(channels), steps=1)
except RuntimeError as error:
    print("it stops:", error)

# %% [markdown]
# ## Defect 2: a stack that eats noise
#
# The next message, and it comes from a `Linear`: a layer that expects 100 numbers was given rows of 28. Which one expects 100? G's first. `stacked` is G followed by D, so what goes in
# is noise. The program feeds it pictures.
#
# This is no slip of the pen. Ask who would train D, if the call could run. D has to see real pictures, and there is no way into the stack for them. A stack is good for one thing only, for
# G's step: noise in, D's opinion of G's picture out. D needs a step of its own. The smallest patch that runs calls D directly:


# %%
def patched_loss(generator, discriminator, size=64, gradient=False):
    with torch.set_grad_enabled(gradient):
        fake = generator(torch.randn(size, LATENT))
    logits = discriminator(torch.cat([images[:size], fake]))
    labels = torch.cat([torch.ones(size), torch.zeros(size)])
    return F.binary_cross_entropy_with_logits(logits, labels)


# %%
def patched_training(generator, discriminator, steps, **how):
    both = [*generator.parameters(), *discriminator.parameters()]
    optimizer, losses = torch.optim.Adam(both, lr=1e-3), []
    for _ in range(steps):
        loss = patched_loss(generator, discriminator, **how)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %%
generator, discriminator = article_generator(channels), dense_discriminator(channels)
z = torch.randn(10, LATENT)
before = generator(z).detach()
losses = patched_training(generator, discriminator, steps=100)
lines = {"loss of the program": losses, "log 2: a coin": [math.log(2)] * 100}
title = "It runs, and the loss falls as one wishes"
plots.curves(range(1, 101), lines, x_label="step", y_label="nats", title=title)
text = "after 100 steps the loss is below 0.05 nats"
verify.promise(text, got=losses[-1], below=0.05)

# %% [markdown]
# No error any more, and a beautiful curve. Here the dangerous part begins: from now on nothing will tell you that something is wrong. You have to ask.
#
# The first number one can ask for is the loss *before* any training. A fresh D knows nothing, its logits are near 0, so σ(l) is near a half, and the binary cross-entropy
# is $-\log\tfrac12 = \log 2$. A first loss far from that says that the logits are not near 0: pictures on a scale of 0 to 255, say. One a little off, 0.724, gives away
# a common slip: a D that ends in a sigmoid, under a loss that applies another one.

# %%
fresh_d = dense_discriminator(channels)
first = patched_loss(article_generator(channels), fresh_d).item()
text = "the first loss lies within 0.15 of log 2 = 0.693"
verify.promise(text, got=first, near=(math.log(2), 0.15))

# %%
bce = F.binary_cross_entropy_with_logits
zeros, labels = torch.zeros(64), torch.cat([torch.ones(32), torch.zeros(32)])
verify.agree("one mean over both halves: log 2", bce(zeros, labels), math.log(2))
two_means = gan.discriminator_loss(zeros, zeros)
claim = "the sum of two means, as in aigc_lab.gan: 2 log 2"
verify.agree(claim, two_means, 2 * math.log(2))
twice = bce(torch.sigmoid(zeros), labels)
expected = math.log(1 + math.exp(0.5)) - 0.25
verify.agree("a sigmoid too many: 0.724", twice, expected)

# %% [markdown]
# The first loss is as it should be, near log 2. Both conventions, log 2 and 2 log 2, are in use; know yours.
#
# ## Who has learned?
#
# The second question is worth more than any curve. After a step of training, *which* parameters are other numbers than before? Write the check. You will use it on every GAN you meet.


# %% tags=["exercise"]
def parameters_that_changed(module, step):
    """Names of the parameters of `module` that are other numbers after `step()` than
    before: a set of strings.
    step: a function without arguments; call it once."""
    ...  # your code


# %% tags=["check"]
parameters_that_changed = check(
    "debugging.parameters_that_changed", parameters_that_changed
)

# %% [markdown]
# **Predict first.** The loss of the patched program fell to nearly 0. In one more step of it, how many of G's four parameters (two weights, two biases) change, and how many of D's? What
# do G's pictures look like after the 100 steps?


# %% tags=["predict"]
def more():
    patched_training(generator, discriminator, steps=1)


for name, network in (("G", generator), ("D", discriminator)):
    changed = parameters_that_changed(network, more)
    print(f"{name}: {len(changed)} of 4 parameters change {sorted(changed)}")
largest = (generator(z) - before).abs().max().item()
print("largest change of a pixel that G draws, after 100 steps:", largest)

# %% [markdown]
# You should have seen 0 of G's and 4 of D's, and a largest change of exactly 0. The falling loss was D's, learning to tell digits from the noise of a G that stands still. Ten thousand steps later G would draw what it
# draws now.
#
# ## Defect 3: fakes without a gradient
#
# Why does G stand still, though the optimiser owns its weights? An optimiser leaves a weight alone that has no gradient. Ask whether one arrives:


# %%
def reached(network, loss):
    """How many parameters of a network a loss sends a gradient to."""
    slopes = torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)
    return sum(slope is not None for slope in slopes)


for gradient in (False, True):
    loss = patched_loss(generator, discriminator, gradient=gradient)
    made = "with no_grad" if not gradient else "without it  "
    count = reached(generator, loss)
    print(f"fakes made {made}: the loss reaches {count} of 4 parameters of G")

# %% [markdown]
# `no_grad` makes the pictures constants. (`.detach()` does the same, and so does a round trip through NumPy, which is what the article's `predict` amounts to.) In D's step that is right: D should learn from the pictures, and G
# should not hear of it. In G's step it is the end of all learning.
#
# So switch the gradient on, and train again. Now both networks change. Is that enough?

# %%
generator, discriminator = article_generator(channels), dense_discriminator(channels)


def more():
    patched_training(generator, discriminator, steps=1, gradient=True)


print("changed in G:", sorted(parameters_that_changed(generator, more)))
print("changed in D:", sorted(parameters_that_changed(discriminator, more)))

# %% [markdown]
# ## Defect 4: G learns the wrong thing
#
# A third check: G's step must make D find the *same* fakes *more* real. Let G alone learn for a few steps from the program's loss, hold D still, and watch D's logit on ten fixed noise vectors.


# %%
def g_alone(label, steps=60):
    """D's mean logit on fixed fakes while only G learns, with a label for its fakes."""
    g, d = copy.deepcopy(generator), copy.deepcopy(discriminator)
    optimizer = torch.optim.Adam(g.parameters(), lr=1e-3)
    logits = []
    for _ in range(steps):
        fake_logits = d(g(z))
        logits.append(fake_logits.mean().item())
        optimizer.zero_grad()
        bce(fake_logits, torch.full_like(fake_logits, label)).backward()
        optimizer.step()
    return logits


# %%
patched_training(generator, discriminator, steps=30)  # D learns a little
with_label = {"label 0, as the program has it": g_alone(0), "label 1": g_alone(1)}

# %%
plots.curves(
    range(60),
    with_label,
    x_label="step of G",
    y_label="D's mean logit on the same fakes",
    title="With label 0, G learns to be found out",
)
wrong, right = (line[-1] - line[0] for line in with_label.values())
verify.promise("with label 0 the logit falls", got=wrong, below=0)
verify.promise("with label 1 it rises", got=right, above=0)

# %% [markdown]
# One loss for both players makes them partners: D wants its fakes to be recognised, and G helps. That is why the curve at the top was so beautiful. In a game the same pictures get label 0 when it is D's turn and label 1 when it is G's. Two losses, so
# two steps.
#
# ## Defect 5: D learns to be fooled
#
# Take G's step, with label 1, and the optimiser that the stack suggests, which owns both networks. D's logit on the fakes rises. Whose doing is that? Four combinations tell: old and new G, with old and new D.

# %%
old_g, old_d = copy.deepcopy(generator), copy.deepcopy(discriminator)
both = torch.optim.Adam([*generator.parameters(), *discriminator.parameters()], lr=1e-3)


def g_step_of_the_stack():
    loss = gan.generator_loss(discriminator(generator(z)))
    both.zero_grad()
    loss.backward()
    both.step()


changed = parameters_that_changed(discriminator, g_step_of_the_stack)
print("changed in D by G's step:", sorted(changed))
for _ in range(19):
    g_step_of_the_stack()

# %%
with torch.no_grad():
    opinions = {
        "before": old_d(old_g(z)),
        "G new, D old": old_d(generator(z)),
        "G old, D new": discriminator(old_g(z)),
        "both new": discriminator(generator(z)),
        "both new, on real digits": discriminator(images[1000:2000]),
        "before, on real digits": old_d(images[1000:2000]),
    }
logit = {name: logits.mean().item() for name, logits in opinions.items()}
title = "G's steps changed D: it doubts the old fakes less than before"
plots.bars(logit, y_label="D's mean logit", title=title)
rise = logit["G old, D new"] - logit["before"]
text = "the new D alone raises the logit of the old fakes by more than 1"
verify.promise(text, got=rise, above=1)

# %% [markdown]
# Look at the third bar. The old G's pictures did not change at all, and the new D takes them for more real than the old D did. That share of G's success is no progress in drawing, it is an examiner bribed. So while G learns, D must stay as it is: frozen, or with its
# gradients thrown away. In Keras one compiles D, then sets `trainable = False` on it, then compiles the stack; in PyTorch each player has an optimiser of its own, and D is frozen for the duration of G's step, which also saves the work of computing
# gradients that nobody wants.
#
# Now write both steps. First D's. `real` and `fake` are pictures; `fake` comes straight from G, with its gradient. Return the loss as a number, the sum of two means, 2 log 2 for a coin.


# %% tags=["exercise"]
def discriminator_step(discriminator, optimizer, real, fake):
    """D learns once from real and generated pictures (n, c, h, w); its loss before
    the step, in nats. G stays untouched.
    discriminator: pictures -> logits (n,). F.softplus(l) is -log(1 - σ(l))."""
    ...  # your code


# %% tags=["check"]
discriminator_step = check("gan_steps.discriminator_step", discriminator_step)


# %% tags=["exercise"]
def generator_step(generator, discriminator, optimizer, z):
    """G learns once from what D says about G(z), z (n, latent); its loss -log D(G(z))
    before the step, in nats.
    D stays as it was, even if the optimiser owns it, and can learn again afterwards."""
    ...  # your code


# %% tags=["check"]
generator_step = check("gan_steps.generator_step", generator_step)

# %% [markdown]
# Check your steps with your own check, which is the point of having one:

# %%
g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3)
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3)


def step_of_d():
    fake = generator(torch.randn(64, LATENT))
    discriminator_step(discriminator, d_optimizer, images[:64], fake)


def step_of_g():
    generator_step(generator, discriminator, g_optimizer, torch.randn(64, LATENT))


# %%
# NBVAL_CHECK_OUTPUT
for name, step in (("D's step", step_of_d), ("G's step", step_of_g)):
    in_g = len(parameters_that_changed(generator, step))
    in_d = len(parameters_that_changed(discriminator, step))
    print(f"{name} changes {in_g} parameters of G and {in_d} of D")

# %% [markdown]
# ## Defect 6: always the same 64 digits
#
# One fixed batch is a useful *test*: a D that can't bring its loss on it to nearly 0 is too small or not connected. As training data it is a disaster. Let D learn from the program's batch, `images[:64]`, and ask it about digits
# that it has not met.


# %%
def batch_of_fakes(n=64):
    """Stand-ins for a half-trained G: real digits, blurred and spotted."""
    some = images[torch.randint(len(images), (n,))]
    blurred = F.avg_pool2d(some, 3, stride=1, padding=1)
    return (blurred + 0.2 * torch.randn(blurred.shape)).clamp(-1, 1)


def taught_on(draw, steps=300):
    d = dense_discriminator(channels)
    optimizer = torch.optim.Adam(d.parameters(), lr=1e-3)
    for _ in range(steps):
        fakes = batch_of_fakes()
        discriminator_step(d, optimizer, draw(), fakes)
    return d


# %%
narrow = taught_on(lambda: images[:64])
with torch.no_grad():
    opinions = {
        "the 64 digits of the batch": narrow(images[:64]),
        "2,000 other real digits": narrow(images[1000:3000]),
        "fakes": narrow(batch_of_fakes(500)),
    }
title = "D knows its 64 digits by heart, and doubts the others"
plots.histogram(opinions, x_label="logit: above 0 D says real", title=title)
on_known, on_others, _ = (logits.mean().item() for logits in opinions.values())
narrow_gap = on_known - on_others
text = "D's logit is higher by more than 1 on digits that it knows"
verify.promise(text, got=narrow_gap, above=1)

# %% [markdown]
# Such a D pushes G towards 64 pictures, and away from all other digits that people wrote. The check: count the different examples that a program shows to D. The program above would show 64 in a hundred years. Repair it.


# %% tags=["exercise"]
def batch(images, size):
    """`size` of the images, drawn at random: (n, c, h, w) -> (size, c, h, w)."""
    ...  # your code


# %% tags=["check"]
batch = check("debugging.batch", batch)

# %%
wide = taught_on(lambda: batch(images, 64))
with torch.no_grad():
    gap = (wide(images[:64]).mean() - wide(images[1000:3000]).mean()).item()
text = "with random batches the gap shrinks to less than a third"
verify.promise(text, abs(gap) < narrow_gap / 3, got=gap)

# %% [markdown]
# ## Defect 7: a range that G can't reach, and one that it can leave
#
# The data lie between -1 and 1, and four of five pixels are exactly black, -1. G ends in a LeakyReLU. Compare the two ranges before any training.

# %%
with torch.no_grad():
    outputs = {
        "digits": images[:500],
        "G with LeakyReLU": article_generator(1)(torch.randn(500, LATENT)),
    }
for name, values in outputs.items():
    black, grey = (values < -0.9).float().mean(), (values.abs() < 0.5).float().mean()
    span = f"{values.min():6.2f} to {values.max():5.2f}"
    shares = f"below -0.9: {black:.0%}, between -0.5 and 0.5: {grey:.0%}"
    print(f"{name:17} {span}; {shares}")

# %%
far = F.leaky_relu(torch.tensor([-5.0, 5.0]), 0.2)
claim = "LeakyReLU(0.2) needs an input of -5 to give black, and of 5 it makes 5"
verify.agree(claim, far, torch.tensor([-1.0, 5.0]))

# %% [markdown]
# To paint black G must push some 600 pixels a picture to -5, where the slope is a fifth; for white it must stop at 1, and nothing stops it. Until both are met D wins by looking at the range alone and has nothing to say about shapes. A `tanh` at the end is bounded by -1 and 1, for every input, and flat near both, so that most pixels stay black once
# they are. It is the usual cure, not a law: a linear head can work as well. What you must do in any case is compare the ranges.
#
# ## Defect 8: pictures that can't be compared
#
# The last defect hides all the others. The article shows its pictures as floats, and lets matplotlib stretch each one on its own. Here are an untrained G, a digit, and a faint copy of the digit, both ways.

# %%
with torch.no_grad():
    untrained = article_generator(1)(torch.randn(1, LATENT))
line_up = torch.cat([untrained, images[1:2], (images[1:2] + 1) * 0.15 - 1])
darkest = line_up.amin((1, 2, 3), keepdim=True)
lightest = line_up.amax((1, 2, 3), keepdim=True)
rows = {
    "each stretched on its own": (line_up - darkest) / (lightest - darkest),
    "one scale for all": transforms.from_signed(line_up),
}
title = "Above, noise has full contrast and the faint digit is as white as the other"
alt = "Noise, a digit, a faint digit; below, noise mid-grey and the last digit faint."
plots.image_rows(rows, title=title, alt=alt, scale=1.2)

# %% [markdown]
# Make one picture of all: bytes first, where -1 is black and 1 is white, then a sheet with `columns` pictures in a row.


# %% tags=["exercise"]
def sheet(images, columns):
    """One grey picture of many: floats in [-1, 1], (n, 1, h, w), n a multiple of
    columns -> uint8, (n / columns · h, columns · w).
    Values outside [-1, 1] become black or white. The first row holds the first
    pictures, from left to right."""
    ...  # your code


# %% tags=["check"]
sheet = check("debugging.sheet", sheet)

# %% [markdown]
# ## The repaired program
#
# Same networks as the article's, 128 hidden units, eight repairs. The loop is made of what you wrote: `batch` and the two steps.


# %%
def dense_generator():
    return nn.Sequential(
        nn.Linear(LATENT, 128),
        nn.LeakyReLU(0.2),
        nn.Linear(128, 784),
        nn.Tanh(),
        nn.Unflatten(1, (1, 28, 28)),
    )


def adam(network, lr=1e-3):
    # no momentum: the other player moves
    return torch.optim.Adam(network.parameters(), lr=lr, betas=(0.0, 0.99))


# %%
generator, discriminator = dense_generator(), dense_discriminator(1)
g_optimizer, d_optimizer = adam(generator), adam(discriminator)
d_losses, g_losses, sheets = [], [], {}
z = torch.randn(20, LATENT)

for step in range(dense_steps):
    if step in (0, dense_steps // 8, dense_steps // 2):
        sheets[f"step {step}"] = generator(z).detach()
    fake, real = generator(torch.randn(64, LATENT)), batch(images, 64)
    d_losses.append(discriminator_step(discriminator, d_optimizer, real, fake))
    noise = torch.randn(64, LATENT)
    g_losses.append(generator_step(generator, discriminator, g_optimizer, noise))
sheets[f"step {dense_steps}"] = generator(z).detach()

# %%
rows = {name: transforms.from_signed(page[:15]) for name, page in sheets.items()}
title = "The article's networks can draw, once the eight defects are gone"
alt = "Noise, blots, and then strokes that look more and more like digits."
plots.image_rows(rows, scale=0.55, title=title, alt=alt)
coin = 2 * math.log(2)
text = "D's first loss is near 2 log 2 = 1.386"
verify.promise(text, got=d_losses[0], near=(coin, 0.2))
text = "G's first loss is near log 2 = 0.693"
verify.promise(text, got=g_losses[0], near=(math.log(2), 0.2))

# %%
window = min(50, dense_steps)
losses = torch.tensor([d_losses, g_losses])
d_line, g_line = F.avg_pool1d(losses, window, stride=window)
at = torch.arange(len(d_line)) * window + window / 2
plots.curves(
    at,
    {"D's loss": d_line, "G's loss": g_line, "2 log 2": [coin] * len(at)},
    x_label="step",
    y_label=f"nats, mean of {window} steps",
    title="A healthy game: nobody wins",
)
late = torch.tensor(d_losses[len(d_losses) // 2 :]).mean().item()
text = "D's loss in the second half lies between 0.5 and 1.386"
verify.promise(text, got=late, above=0.5, below=1.387)

# %% [markdown]
# Compare this curve with the beautiful one above. There the loss went to 0 and G stood still; here it goes nowhere, and pictures appear.
#
# ## Five patients
#
# Now the other way round. The repaired program, with one defect put back. Each trains for a short time, and your checks take its temperature.


# %%
def one_step(defect, g, d, g_optimizer, d_optimizer):
    """One step of the game with a defect, "" for none; D's and G's losses."""
    real = images[:64] if defect == "first batch" else batch(images, 64)
    noise = torch.randn(64, LATENT)
    d_loss = discriminator_step(d, d_optimizer, real, g(noise))
    if defect in ("", "first batch", "LeakyReLU"):
        return d_loss, generator_step(g, d, g_optimizer, noise)
    fake_logits = d(g(noise).detach() if defect == "no gradient" else g(noise))
    sign = 1 if defect == "wrong label" else -1  # pushes towards label 0, or label 1
    loss = F.softplus(sign * fake_logits).mean()
    for optimizer in (g_optimizer, d_optimizer):
        optimizer.zero_grad()
    loss.backward()
    g_optimizer.step()
    if defect == "D not frozen":
        d_optimizer.step()
    return d_loss, loss.item()


# %%
def treat(defect, steps):
    torch.manual_seed(seed)
    g = article_generator(1) if defect == "LeakyReLU" else dense_generator()
    d = dense_discriminator(1)
    optimizers = adam(g), adam(d)
    history = [one_step(defect, g, d, *optimizers) for _ in range(steps)]
    d_loss, g_loss = torch.tensor(history[-50:]).mean(dim=0).tolist()
    moved = len(parameters_that_changed(g, lambda: one_step(defect, g, d, *optimizers)))
    with torch.no_grad():
        drawn, known, others = g(z), d(images[:64]), d(images[1000:3000])
    numbers = {"D's loss": d_loss, "G's loss": g_loss, "G moves": moved}
    numbers["known-others"] = known.mean().item() - others.mean().item()
    numbers |= {"drawn from": drawn.min().item(), "to": drawn.max().item()}
    return drawn, numbers


# %%
DEFECTS = ["no gradient", "wrong label", "D not frozen", "first batch", "LeakyReLU"]
patients = torch.randperm(5, generator=torch.Generator().manual_seed(seed)).tolist()
short = runtime.pick(ci=60, cpu=500, gpu=500)
found = {letter: treat(DEFECTS[i], short) for letter, i in zip("ABCDE", patients)}
pages = {}
for letter, (drawn, numbers) in found.items():
    pages[letter] = transforms.from_signed(drawn[:12])
    listed = "   ".join(f"{name} {number:.4g}" for name, number in numbers.items())
    print(f"patient {letter}: {listed}")
plots.image_rows(pages, title="What each of them draws")

# %% [markdown]
# *G moves*: how many of its four parameters change in a step. *Known-others*: D's mean logit on the first 64 digits minus that on 2,000 others.
#
# **Predict first.** Which patient has which defect? Write down five letters: no gradient, wrong label, D not frozen, first batch, LeakyReLU. Say for each which number gave it away.

# %% tags=["predict"]
for letter, i in zip("ABCDE", patients):
    print(letter, DEFECTS[i])

# %% [markdown]
# You should have seen that each defect has a number that gives it away:

# %%
of = {DEFECTS[i]: found[letter][1] for letter, i in zip("ABCDE", patients)}
moves = of["no gradient"]["G moves"]
verify.promise("no gradient: G moves 0 parameters", got=moves, equals=0)
partners = of["wrong label"]["D's loss"] + of["wrong label"]["G's loss"]
text = "wrong label: both losses below 0.1, two partners who agree"
verify.promise(text, got=partners, below=0.1)
loss = of["D not frozen"]["D's loss"]
text = "D not frozen: D's loss is above 2 log 2, worse than a coin's"
verify.promise(text, got=loss, above=coin)
by_heart = max(of, key=lambda defect: of[defect]["known-others"])
text = "first batch: the largest gap between known and other digits"
verify.promise(text, got=by_heart, equals="first batch")
verify.promise("LeakyReLU: values beyond 1", got=of["LeakyReLU"]["to"], above=1)

# %% [markdown]
# The pictures alone would have told you little, and misled you once: the patient whose D is not frozen draws rather well. In its D the two pushes on the fakes, label 0 in D's own step and label 1 in G's, nearly cancel, and so D is held back. That can steady a game.
# But it is an accident: you can't set its strength, and D's loss means nothing any more. If a D is to be held back, do it on purpose: R1, below, has a number for it.
#
# Try other combinations of defect and time:


# %%
def ward(defect, steps):
    drawn, numbers = treat("" if defect == "healthy" else defect, steps)
    plots.images(transforms.from_signed(drawn), title=f"{defect}, {steps} steps")
    print("   ".join(f"{name} {number:.4g}" for name, number in numbers.items()))


start = runtime.pick(ci=100, cpu=500, gpu=500)
widgets.play(ward, defect=["healthy", *DEFECTS], steps=(100, 2000, 100, start))

# %% [markdown]
# ## Your own GAN
#
# The dense networks draw, but coarsely: they have to learn anew for each pixel what a stroke is. Your own GAN gets convolutions, and it is told which digit it draws. It also uses R1 (lesson 23) and averaged weights of G. The whole program stands in the next four cells.
#
# G gets noise and the class as ten numbers, nine of them 0. D gives ten logits, "is it a real 0?", "is it a real 1?", and so on, and only the one that was asked for counts.


# %%
class MyGenerator(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.draw = nn.Sequential(
            nn.Linear(LATENT + 10, 4 * width * 7 * 7),
            nn.Unflatten(1, (4 * width, 7, 7)),
            nn.GroupNorm(4, 4 * width),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1),  # 14 × 14
            nn.GroupNorm(4, 2 * width),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(2 * width, 1, 4, 2, 1),  # 28 × 28
            nn.Tanh(),
        )

    def forward(self, z, labels):
        return self.draw(torch.cat([z, F.one_hot(labels, 10).float()], dim=1))


# %%
class MyDiscriminator(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv2d(1, width, 3, 2, 1),  # 14 × 14
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 3, 2, 1),  # 7 × 7
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 3, 1, 1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(4 * width * 7 * 7, 10),
        )

    def forward(self, images, labels):
        return self.look(images).gather(1, labels[:, None])[:, 0]


# %%
device = runtime.device()
generator, discriminator = MyGenerator().to(device), MyDiscriminator().to(device)
averaged = copy.deepcopy(generator)
g_optimizer, d_optimizer = adam(generator, 2e-3), adam(discriminator, 2e-3)
live, wanted = plots.live(), (torch.arange(20) % 10).to(device)
fixed = torch.randn(20, LATENT).to(device)

# %% tags=["whole-program"]
for step in range(1, own_steps + 1):
    chosen = torch.randint(len(images), (64,))
    real, labels = images[chosen].to(device), digits.labels[chosen].to(device)
    fake = generator(torch.randn(64, LATENT, device=device), labels)

    on_real, on_fake = discriminator(real, labels), discriminator(fake.detach(), labels)
    d_loss = gan.discriminator_loss(on_real, on_fake)
    if step % 8 == 0:  # γ/2 = 0.15, every 8th step only
        d_loss = d_loss + 8 * 0.15 * gan.r1_penalty(discriminator, real, labels)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    discriminator.requires_grad_(False)
    g_loss = gan.generator_loss(discriminator(fake, labels))
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    discriminator.requires_grad_(True)

    ema.update(averaged, generator, 1 - 1 / (1 + 0.2 * step))
    if step % max(1, own_steps // 5) == 0:
        with torch.no_grad():
            drawn = transforms.from_signed(averaged(fixed, wanted))
        alt = f"Digits 0 to 9, twice, drawn after {step} steps."
        live.images(drawn, title=f"Your GAN after {step} steps", alt=alt)

# %% [markdown]
# Let the examiner judge, who knows real digits only. A hundred of each digit:

# %%
asked = torch.arange(1000) % 10
averaged = averaged.cpu()
with torch.no_grad():
    drawn = averaged(torch.randn(1000, LATENT), asked)
share = classifier.recognised(drawn, asked)
text = "the examiner recognises at least 80 % of what was asked for"
verify.promise(text, got=share, at_least=0.8)

# %% [markdown]
# And does it draw a digit in more than one way?


# %%
def variety(pictures, labels):
    """Mean distance between two pictures of the same digit."""
    hundreds = [pictures[labels == k].flatten(1)[:100] for k in range(10)]
    return torch.stack([torch.pdist(some).mean() for some in hundreds]).mean().item()


ratio = variety(drawn, asked) / variety(images[:2000], digits.labels[:2000])
text = "two drawings of a digit differ at least 0.6 times as much as two written ones"
verify.promise(text, got=ratio, at_least=0.6)

# %%
print("values from", f"{drawn.min():.2f} to {drawn.max():.2f}")
title = "Sixty digits from your own GAN, on your own sheet"
alt = "Three rows of the digits 0 to 9, twice a row, in generated handwriting."
with plots.figure(title=title, alt=alt, size=(9, 1.7)) as ax:
    ax.imshow(sheet(drawn[:60], columns=20), cmap="gray", vmin=0, vmax=255)
    ax.axis("off")

# %% [markdown]
# ## Checks to take along
#
# | ask | healthy | what it finds |
# |---|---|---|
# | What shape has each layer's output? | G draws what the data are | channels, a stack fed with the wrong thing |
# | What is the loss before training? | log 2 for each mean of a loss | pictures on a wrong scale, a sigmoid too many |
# | Which parameters change in D's step, which in G's? | all of one, none of the other | no gradient, D not frozen |
# | Does G's step make D find the same fakes more real? | yes | wrong label, wrong sign |
# | Can D bring its loss on one batch to 0? | yes | a D that is too small or not connected |
# | How many different examples has D seen? | more each step | a fixed batch |
# | Does D judge unseen real examples as it judges seen ones? | nearly | memorising |
# | What range has the output, what range the data? | the same | the last layer, scaling |
# | Are all pictures on one scale? | yes | your eyes |
#
# Make the first four before you train for longer than a minute.

# %% [markdown]
# ## Check the article
#
# All from section 5.2.
#
# **Scaling by `(images - 127.5) / 127.5`: right.** It takes bytes to [-1, 1].
#
# **G: imprecise and wrong.** Three channels for grey data can't be joined with them (defect 1). Nothing bounds a LeakyReLU (defect 7); a tanh is the simple cure.
#
# **`train_gan`: wrong.** The stacked model takes 100 random numbers and is given pictures (defect 2), so the call can't run. If it could: D has no step of its own, it stays trainable in the stack (5), the
# label that G learns from is 0 (4), `images[:batch_size]` is the same batch for ever (6), and `predict` returns NumPy arrays without a gradient (3).
#
# **`generate_images`: imprecise.** The formula is right, the clipping and rounding are missing, and `imshow` stretches each picture on its own (8).
#
# **Section 5.3, which explains the program line by line: wrong where it says that training makes the pictures ever more realistic.** It describes what each line was meant to do. That is how bugs survive a review. And the networks? They were never the
# problem. You drew with the same 128 units:


# %%
def count(network):
    return sum(weight.numel() for weight in network.parameters())


ours, theirs = dense_generator(), article_generator(1)
claim = "the repaired G has as many weights as the article's with one channel"
verify.agree(claim, count(ours), count(theirs))

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("31_debug_a_gan")

# %% [markdown]
# ## What you should be able to do now
#
# Take any GAN program and find out in a minute which network learns and from what; write both steps and the loop; say what the losses must be at the start and why a falling loss proves nothing; keep the examiner honest with
# random batches, and your eyes with one scale.
#
# Lesson 32 trains a GAN on a thousand cats and a thousand dogs, where the defects are subtler. Lesson 34 replaces "it looks right" by measures.
#
# ## References
#
# - I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, Y. Bengio, *Generative Adversarial Nets*, NIPS 2014.
# - A. Radford, L. Metz, S. Chintala, *Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks*, ICLR 2016. (tanh at the end of G, convolutions.)
# - M. Mirza, S. Osindero, *Conditional Generative Adversarial Nets*, 2014.
# - L. Mescheder, A. Geiger, S. Nowozin, *Which Training Methods for GANs do actually Converge?*, ICML 2018. (R1 and averaged weights.)
