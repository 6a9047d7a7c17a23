# %% [markdown]
# # 31 · Debug the article's GAN
# <!-- badge -->
#
# You take a GAN that can't work, find its eight defects with checks that work for any GAN, repair it, and end with a program of your own that draws digits.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | Python classes; PyTorch's modules, optimisers and autograd; the two losses of a GAN and R1 (lesson 23) | find out in a minute which of two networks learns, and from what<br>write D's step and G's step so that neither spoils the other<br>say what a loss must be before training, and distrust one that falls<br>show generated pictures so that they can be compared<br>write the training loop of a GAN from memory |

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
dense_updates = dense_steps or runtime.pick(ci=150, cpu=2400, gpu=4000)
own_updates = own_steps or runtime.pick(ci=15, cpu=450, gpu=3000)
digits = datasets.load("digits")
images = transforms.to_signed(digits.images)  # (8000, 1, 28, 28), -1: black, 1: white
LATENT = 100  # how many random numbers a picture starts from
bce = F.binary_cross_entropy_with_logits

# %% [markdown]
# ## A program that ought to draw digits
#
# The article that this course grew out of ends in a GAN of some seventy lines, in Keras. Here is our own program with the same design, in PyTorch, and with the same defects. There are
# eight: seven in the next three cells, and one in the way the pictures are shown. Read the cells before you run anything. How many do you see?


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
    """One logit l for each picture: σ(l) is the probability that it is real."""
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
        loss = bce(stacked(examples), labels)
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
# The data are grey, one channel; G draws in colour, three. The article's own drawing code hides this, because it shows channel 0 only. The repair is one number: what G draws must have the
# shape of the data, so take the number of channels from there:

# %%
channels = images.shape[1]
try:
    train_stacked(article_generator(channels), dense_discriminator(channels), steps=1)
except RuntimeError as error:
    print("it stops:", error)

# %% [markdown]
# ## Defect 2: a stack that expects noise and gets pictures
#
# The next message comes from a `Linear`: a layer that expects 100 numbers was given rows of 28. Which layer expects 100? G's first. `stacked` is G followed by D, so its input is
# noise. The program feeds it pictures.
#
# This is more than a typing error. Ask what would train D if the call could run. D has to see real pictures, and there is no way into the stack for them. A stack is good for one thing only, for
# G's step: noise in, D's opinion of G's picture out. D needs a step of its own. The smallest patch that runs calls D directly:


# %%
def patched_loss(generator, discriminator, size=64, gradient=False):
    with torch.set_grad_enabled(gradient):
        fake = generator(torch.randn(size, LATENT))
    logits = discriminator(torch.cat([images[:size], fake]))
    labels = torch.cat([torch.ones(size), torch.zeros(size)])
    return bce(logits, labels)


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
title = "It runs, and the loss falls as you would wish"
plots.curves(range(1, 101), lines, x_label="step", y_label="nats", title=title)
text = "after 100 steps the loss is below 0.05 nats"
verify.promise(text, got=losses[-1], below=0.05)

# %% [markdown]
# No error any more, and a beautiful curve. Here the dangerous part begins: from now on no message will tell you that something is wrong. You have to measure.
#
# The first number to ask for is the loss *before* any training. A fresh D knows nothing: its logits are near 0, so σ(l) is near a half, and the binary cross-entropy
# is near $-\log\tfrac12 = \log 2$. How near depends on D's random weights, so ask twenty fresh Ds. Then ask twenty more, which get the digits on a scale of 0 to 255.


# %%
@torch.no_grad()
def first_loss(real):
    """The loss of a fresh D on real pictures and as many of a fresh G."""
    fake = article_generator(channels)(torch.randn(len(real), LATENT))
    logits = dense_discriminator(channels)(torch.cat([real, fake]))
    labels = torch.cat([torch.ones(len(real)), torch.zeros(len(real))])
    return bce(logits, labels).item()


# %%
scales = {"-1 to 1": images[:64], "0 to 255": (images[:64] + 1) * 127.5}
firsts = {}
for name, real in scales.items():
    found = firsts[name] = torch.tensor([first_loss(real) for _ in range(20)])
    span = f"{found.min():.3f} to {found.max():.3f}, mean {found.mean():.3f}"
    print(f"digits from {name:8}  first losses {span}")
text = "-1 to 1: each first loss lies within 0.25 of log 2 = 0.693"
verify.promise(text, got=firsts["-1 to 1"], near=(math.log(2), 0.25))
text = "0 to 255: the mean first loss is above 1.5"
verify.promise(text, got=firsts["0 to 255"].mean().item(), above=1.5)

# %% [markdown]
# On the right scale the first losses scatter closely about log 2. On the wrong one most are far away, because the logits are. A single D may be lucky, so look at several.
#
# A small slip hides in the scatter: a D that ends in a sigmoid, under a loss that applies another one, starts near 0.724. To catch it, take the chance out. Set the last linear layer of D to 0, so that it gives 0 for every picture; then the loss
# must be log 2 to the last digit.


# %%
def loss_at_zero(*behind):
    """The loss when D's last linear layer gives 0, whatever layers stand behind it."""
    d = dense_discriminator(channels)
    nn.init.zeros_(d[-2].weight)
    nn.init.zeros_(d[-2].bias)
    logits = nn.Sequential(d, *behind)(images[:64])
    return bce(logits, torch.cat([torch.ones(32), torch.zeros(32)]))


verify.agree("one mean over both halves: log 2", loss_at_zero(), math.log(2))
expected = math.log(1 + math.exp(0.5)) - 0.25
verify.agree("a sigmoid too many: 0.724", loss_at_zero(nn.Sigmoid()), expected)
two_means = gan.discriminator_loss(torch.zeros(32), torch.zeros(32))
claim = "the sum of two means, as in aigc_lab.gan: 2 log 2"
verify.agree(claim, two_means, 2 * math.log(2))

# %% [markdown]
# Both conventions, log 2 and 2 log 2, are in use; know yours.
#
# ## Who has learned? Parameters before and after a step
#
# The second question is worth more than any curve. Which parameters have other values after a step of training than before? Write the check. You will use it on every GAN you meet.


# %% tags=["exercise"]
def parameters_that_changed(module, step):
    """Names of the parameters of `module` that are other numbers after `step()` than
    before: a set of strings. Every change counts, however small. Buffers, such as the
    running mean of a BatchNorm, are no parameters.
    step: a function without arguments; call it exactly once."""
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
text = "after 100 steps no pixel that G draws has changed"
verify.promise(text, got=largest, equals=0)

# %% [markdown]
# You should have seen 0 of G's and 4 of D's, and not a pixel changed. The loss fell because D learned to tell digits from the noise of a G that stands still. Ten thousand steps later G would draw what it
# draws now.
#
# ## Defect 3: fakes without a gradient
#
# Why does G stand still, though the optimiser owns its weights? An optimiser doesn't touch a weight that has no gradient. Ask whether one arrives:


# %%
def reached(network, loss):
    """The number of parameters of a network that get a gradient from a loss."""
    slopes = torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)
    return sum(slope is not None for slope in slopes)


for gradient in (False, True):
    loss = patched_loss(generator, discriminator, gradient=gradient)
    made = "with no_grad" if not gradient else "without it  "
    count = reached(generator, loss)
    print(f"fakes made {made}: the loss reaches {count} of 4 parameters of G")

# %% [markdown]
# `no_grad` makes the pictures constants. (`.detach()` does the same, and so does a round trip through NumPy, which is what the article's `predict` amounts to.) In D's step that is right: D should learn from the pictures, and G
# should not change. In G's step nothing is left to learn from.
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
# A third check: after G's step D must find the fakes from the *same* noise *more* real. Hold D still, let G alone learn for a few steps from the program's loss, and watch D's mean logit on the pictures of ten fixed noise vectors.


# %%
def g_alone(label, steps=60):
    """D's mean logit on G(z) while only G learns, with this label for its fakes."""
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
    y_label="D's mean logit, same noise",
    title="With label 0, G learns to be found out",
)
wrong, right = (line[-1] - line[0] for line in with_label.values())
verify.promise("with label 0 the logit falls", got=wrong, below=0)
verify.promise("with label 1 it rises", got=right, above=0)

# %% [markdown]
# One loss for both players makes them partners: D wants to recognise the fakes, and G helps. That is why the curve at the top was so beautiful. In a game the same pictures get label 0 when it is D's turn and label 1 when it is G's. Two losses, so
# two steps.
#
# ## Defect 5: D learns to be fooled
#
# Take G's step with label 1, and the optimiser that the stack suggests, which owns both networks. D's logit on the fakes rises. Which of the two networks is the reason? Combine the old and the new G with the old and the new D.

# %%
new_g, new_d = copy.deepcopy(generator), copy.deepcopy(discriminator)
both = torch.optim.Adam([*new_g.parameters(), *new_d.parameters()], lr=1e-3)


def g_step_of_the_stack():
    loss = gan.generator_loss(new_d(new_g(z)))
    both.zero_grad()
    loss.backward()
    both.step()


changed = parameters_that_changed(new_d, g_step_of_the_stack)
print("changed in D by G's step:", sorted(changed))
for _ in range(19):
    g_step_of_the_stack()

# %%
with torch.no_grad():
    opinions = {
        "before": discriminator(generator(z)),
        "G new, D old": discriminator(new_g(z)),
        "G old, D new": new_d(generator(z)),
        "both new": new_d(new_g(z)),
    }
logit = {name: logits.mean().item() for name, logits in opinions.items()}
title = "G's steps changed D, too: it takes the old fakes for more real than before"
plots.bars(logit, y_label="D's mean logit on fakes", title=title)
rise = logit["G old, D new"] - logit["before"]
text = "the new D alone raises the logit of the old fakes by more than 1"
verify.promise(text, got=rise, above=1)

# %% [markdown]
# Look at the third bar. The old G's pictures are the same as before, and yet the new D gives them a higher logit. This part of the rise has nothing to do with better pictures: G's step made D a worse judge. So D must stay as it is while G learns. Either
# freeze it, or throw away the gradients that it gets. In Keras you compile D, then set `trainable = False` on it, then compile the stack. In PyTorch each player has an optimiser of its own, and D is frozen during G's step, which also saves the
# work of computing gradients that nobody uses.
#
# Now write both steps. First D's. `real` and `fake` are pictures; `fake` comes straight from G, gradient and all. The loss is the sum of two means, 2 log 2 for a D that tosses a coin.


# %% tags=["exercise"]
def discriminator_step(discriminator, optimizer, real, fake):
    """One step of D on real and generated pictures (n, c, h, w); returns its loss
    before the step, in nats, as a float. G gets no gradient from it, and can learn
    from the same `fake` afterwards. D may hold gradients of an earlier step.
    discriminator: pictures -> logits (n,). F.softplus(l) is -log(1 - σ(l))."""
    ...  # your code


# %% tags=["check"]
discriminator_step = check("gan_steps.discriminator_step", discriminator_step)


# %% tags=["exercise"]
def generator_step(generator, discriminator, optimizer, z):
    """One step of G on what D says about G(z), z (n, latent); returns its loss, the
    mean of -log D(G(z)), before the step, in nats, as a float.
    D stays as it was, even if the optimizer owns it too, and can learn afterwards.
    Both may hold gradients of an earlier step."""
    ...  # your code


# %% tags=["check"]
generator_step = check("gan_steps.generator_step", generator_step)

# %% [markdown]
# Put your steps to your own check:

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
# ## How much arrives: gradient norms by layer
#
# Your checks say that a gradient arrives and that something moves. Neither says how much. And Adam hides the size, because it divides each gradient by the gradient's usual size. So measure the gradient itself, layer by layer. Here D has learned alone for 200 steps and is almost never wrong; G tries
# both losses of lesson 23 on the same pictures.


# %%
def gradient_norms(network, loss):
    """{layer: norm of the loss's gradient by the layer's weight matrix}."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    slopes = torch.autograd.grad(loss, parameters)
    found = zip(names, slopes, strict=True)
    return {name: slope.norm().item() for name, slope in found if slope.ndim > 1}


# %%
strong_d = copy.deepcopy(discriminator)
patched_training(generator, strong_d, steps=200)
noise = torch.randn(64, LATENT)
players = {"log(1 - D)": gan.minimax_generator_loss, "-log D": gan.generator_loss}
norms = {}
for name, loss in players.items():
    norms[name] = gradient_norms(generator, loss(strong_d(generator(noise))))
    listed = "   ".join(f"{layer} {norm:.2g}" for layer, norm in norms[name].items())
    print(f"G's loss {name:10}   {listed}")
shares = [norms["log(1 - D)"][layer] / norm for layer, norm in norms["-log D"].items()]
text = "in each layer log(1 - D) sends less than a tenth of what -log D sends"
verify.promise(text, got=torch.tensor(shares), below=0.1)

# %% [markdown]
# The gradient of log(1 - D) reaches every layer of G, but is next to nothing: the slope of log(1 - D) by the logit is -σ(l), almost 0 when D is sure. In a deeper G also compare the layers with each other. One whose norm is thousands of times smaller than its neighbours' gets almost nothing to learn from.
#
# ## Defect 6: always the same 64 digits
#
# One fixed batch is a useful *test*: a D that can't bring its loss on it to nearly 0 is too small or not connected. As training data it is far too little. Let D learn from the program's batch, `images[:64]`, and ask it about digits
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
title = "D knows its 64 digits by heart, and is less sure of the others"
plots.histogram(opinions, x_label="logit: above 0 D says real", title=title)
on_known, on_others, _ = opinions.values()
accepted = (on_others > 0).float().mean()
print(f"D takes {accepted:.0%} of the other real digits for real")
narrow_gap = (on_known.mean() - on_others.mean()).item()
text = "D's logit is higher by more than 1 on digits that it knows"
verify.promise(text, got=narrow_gap, above=1)

# %% [markdown]
# D may still take most of the others for real, as the number under the picture says, but it has begun to tell the digits that it has met from those that it hasn't. G can't use that difference. And what the other 7,936 digits could teach, D never learns, so G doesn't either. The check: count the
# different examples that a program shows to D. The program above shows 64, however long it runs. Repair it.


# %% tags=["exercise"]
def batch(images, size):
    """`size` images, each drawn at random from all n, others at each call:
    (n, c, h, w) -> (size, c, h, w). The same one may come twice in a batch."""
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
# To paint black, G must push some 600 pixels a picture to -5, where the slope is a fifth; for white it must stop at 1, and nothing stops it. That gives D a head start: for a while it needn't look at shapes at all, as a D shows that only counts black pixels:

# %%
shares = [(values < -0.9).float().mean((1, 2, 3)) for values in outputs.values()]
fewest, most = shares[0].min().item(), shares[1].max().item()
print(f"black pixels: at least {fewest:.0%} of a digit, at most {most:.0%} of a fake")
text = "by the number of black pixels alone, all 1,000 pictures are told apart"
verify.promise(text, got=fewest, above=most)

# %% [markdown]
# It is a head start, not a verdict: one of the patients below has this defect, and you will see what it draws. A `tanh` at the end is bounded by -1 and 1 for every input, and flat near both, so that a pixel once black tends to stay black. It is the usual cure, not a law: a linear
# last layer can work as well. What you must do in any case is compare the ranges.
#
# ## Defect 8: pictures that can't be compared
#
# The last defect hides all the others. The article shows its pictures as floats and lets matplotlib stretch the contrast of each one separately. Here are an untrained G, a digit, and a faint copy of the digit, both ways.

# %%
with torch.no_grad():
    untrained = article_generator(1)(torch.randn(1, LATENT))
line_up = torch.cat([untrained, images[1:2], (images[1:2] + 1) * 0.15 - 1])
darkest = line_up.amin((1, 2, 3), keepdim=True)
lightest = line_up.amax((1, 2, 3), keepdim=True)
rows = {
    "each stretched separately": (line_up - darkest) / (lightest - darkest),
    "one scale for all": transforms.from_signed(line_up),
}
title = "Above, noise has full contrast and the faint digit is as white as the other"
alt = "Noise, a digit, a faint digit; below, noise mid-grey and the last digit faint."
plots.image_rows(rows, title=title, alt=alt, scale=1.2)

# %% [markdown]
# Make one picture of all: bytes first, where -1 is black and 1 is white, then a sheet with `columns` pictures in a row.


# %% tags=["exercise"]
def sheet(images, columns):
    """One grey picture of many: floats, (n, 1, h, w), n a multiple of columns ->
    bytes (uint8), (n / columns · h, columns · w). -1 becomes 0, black; 1 becomes 255,
    white; between them round to the nearest byte. Values below -1 become black, above
    1 white. The first row holds the first pictures, from left to right."""
    ...  # your code


# %% tags=["check"]
sheet = check("debugging.sheet", sheet)

# %% [markdown]
# ## The repaired program
#
# The networks have the article's 128 hidden units, and all eight defects are repaired. The loop is made of what you wrote: `batch` and the two steps.


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

for step in range(dense_updates):
    if step in (0, dense_updates // 8, dense_updates // 2):
        sheets[f"step {step}"] = generator(z).detach()
    fake, real = generator(torch.randn(64, LATENT)), batch(images, 64)
    d_losses.append(discriminator_step(discriminator, d_optimizer, real, fake))
    noise = torch.randn(64, LATENT)
    g_losses.append(generator_step(generator, discriminator, g_optimizer, noise))
sheets[f"step {dense_updates}"] = generator(z).detach()

# %%
rows = {name: transforms.from_signed(page[:15]) for name, page in sheets.items()}
title = "The article's networks can draw, once the eight defects are gone"
alt = "Noise, blots, and then strokes that look more and more like digits."
plots.image_rows(rows, scale=0.55, title=title, alt=alt)
coin = 2 * math.log(2)
text = "D's first loss lies within 0.5 of 2 log 2 = 1.386"
verify.promise(text, got=d_losses[0], near=(coin, 0.5))
text = "G's first loss lies within 0.3 of log 2 = 0.693"
verify.promise(text, got=g_losses[0], near=(math.log(2), 0.3))

# %%
window = min(50, dense_updates)
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
# Compare this with the beautiful curve at the top. There the loss went to 0 and G stood still; here neither loss does, and pictures appear.
#
# ## Diversity: what none of your checks would notice
#
# Suppose G had found one picture that D likes, and drew it whatever the noise is. This is *mode collapse* (lesson 23). Shapes, range, first loss, changed parameters: all healthy. So ask how much G's pictures differ from each other, compared with the data's. Try this measure on a collapsed G, made from yours: from
# 500 noise vectors it takes the one whose picture D likes best, and adds only a hundredth of the usual noise to it.


# %%
def variety(pictures):
    """Mean distance between two of the pictures, as vectors of pixels."""
    return torch.pdist(pictures.flatten(1)).mean().item()


# %%
noise = torch.randn(500, LATENT)
with torch.no_grad():
    favourite = noise[discriminator(generator(noise)).argmax()]
    sources = {"G": noise, "collapsed G": favourite + 0.01 * noise}
    drawn = {name: generator(source) for name, source in sources.items()}
    liked = {name: discriminator(page).mean().item() for name, page in drawn.items()}
ratios = {name: variety(page) / variety(images[:500]) for name, page in drawn.items()}
for name, page in drawn.items():
    span = f"{page.min():.2f} to {page.max():.2f}"
    measured = f"D's mean logit {liked[name]:5.2f}, variety {ratios[name]:.2f}"
    print(f"{name:11}  values from {span}, {measured} of the data's")

# %%
better = liked["collapsed G"] - liked["G"]
verify.promise("D likes the collapsed G better", got=better, above=0)
text = "G's pictures vary at least 0.6 times as much as the data"
verify.promise(text, got=ratios["G"], at_least=0.6)
text = "those of the collapsed G vary less than 0.1 times as much"
verify.promise(text, got=ratios["collapsed G"], below=0.1)

# %% [markdown]
# A ratio near 1 is necessary, and not enough. A G that draws only two pictures still gets about a half, because half of all pairs differ. Lesson 34 measures how much of the data is covered.
#
# ## Five patients
#
# Now the other way round: the repaired program, with one defect put back. Each patient trains for a short time; then your checks measure it.


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
# Each defect has a number that gives it away:

# %%
of = {DEFECTS[i]: found[letter][1] for letter, i in zip("ABCDE", patients)}
moves = of["no gradient"]["G moves"]
verify.promise("no gradient: G moves 0 parameters", got=moves, equals=0)
partners = of["wrong label"]["D's loss"] + of["wrong label"]["G's loss"]
text = "wrong label: both losses together below 0.1, two partners who agree"
verify.promise(text, got=partners, below=0.1)
loss = of["D not frozen"]["D's loss"]
text = "D not frozen: D's loss is above 2 log 2, worse than tossing a coin"
verify.promise(text, got=loss, above=coin)
by_heart = max(of, key=lambda defect: of[defect]["known-others"])
text = "first batch: the largest gap between known and other digits"
verify.promise(text, got=by_heart, equals="first batch")

# %%
verify.promise("LeakyReLU: values beyond 1", got=of["LeakyReLU"]["to"], above=1)
loss = of["LeakyReLU"]["D's loss"]
text = "LeakyReLU: D's loss is above 0.5, so its head start is used up"
verify.promise(text, got=loss, above=0.5)

# %% [markdown]
# The pictures alone would have told you little, and may mislead you: look again at what the patient draws whose D is not frozen. Its D is pushed two ways on the fakes, towards label 0 in its own step and towards label 1 in G's. That holds D back, and a D that is held back can steady a game.
# But you can't set how strongly, and D's loss no longer says how well D judges. To hold D back on purpose, use R1, below: its strength is a number that you choose.
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
# The dense networks draw, but coarsely: they have to learn separately at each pixel what a stroke is. Your own GAN gets convolutions, and it is told which digit it draws. It also uses R1 (lesson 23) and averaged weights of G. The whole program stands in the next four cells.
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
for step in range(1, own_updates + 1):
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
    if step % max(1, own_updates // 5) == 0:
        with torch.no_grad():
            drawn = transforms.from_signed(averaged(fixed, wanted))
        alt = f"Digits 0 to 9, twice, drawn after {step} steps."
        live.images(drawn, title=f"Your GAN after {step} steps", alt=alt)

# %% [markdown]
# Let the examiner judge: a classifier that was trained on real digits only. It gets a hundred drawings of each digit:

# %%
asked = torch.arange(1000) % 10
artist = copy.deepcopy(averaged).cpu()
with torch.no_grad():
    drawn = artist(torch.randn(1000, LATENT), asked)
share = classifier.recognised(drawn, asked)
text = "the examiner recognises at least 80% of what was asked for"
verify.promise(text, got=share, at_least=0.8)

# %% [markdown]
# And does it draw each digit in more than one way? Compare within a digit, since ten different digits would look varied even if each were always the same:


# %%
def variety_within(pictures, labels):
    """The mean over the ten digits of the variety of a hundred pictures of it."""
    return sum(variety(pictures[labels == k][:100]) for k in range(10)) / 10


written = variety_within(images[:2000], digits.labels[:2000])
ratio = variety_within(drawn, asked) / written
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
# | What is the loss before training? | about log 2 for each mean in it; exactly log 2 if D's last layer is set to 0 | pictures on a wrong scale; a sigmoid too many |
# | Which parameters change in D's step, which in G's? | all of one, none of the other | no gradient, D not frozen |
# | Does D find G(z), for the same z, more real after G's step? | yes | wrong label, wrong sign |
# | What is the gradient's norm in each layer of G? | no layer far below the others, or below where it was | a loss that saturates, a layer cut off |
# | Can D bring its loss on one batch to 0? | yes | a D that is too small or not connected |
# | How many different examples has D seen? | more each step, until all | a fixed batch |
# | Does D judge unseen real examples as it judges seen ones? | nearly | memorising |
# | What range has the output, what range the data? | the same | the last layer, scaling |
# | How far apart are two of G's pictures, compared with two of the data's (`variety`)? | a ratio near 1 | mode collapse |
# | Are all pictures shown on one scale? | yes | pictures that can't be compared |
#
# Run the first four before you train for longer than a minute.

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
# **`generate_images`: imprecise.** The formula is right, clipping and rounding are missing, and `imshow` stretches the contrast of each picture separately (8).
#
# **Section 5.3, which explains the program line by line: wrong where it says that training makes the pictures ever more realistic.** It describes what each line was meant to do. That is how bugs survive a review. And the size of the networks? It was never the
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
# Take any GAN program and find out in a minute which network learns and from what; write both steps and the loop; say what the losses must be at the start and why a falling loss proves nothing; keep D honest with
# random batches, and your eyes with one scale; tell a G that draws well from one that always draws the same.
#
# Lesson 32 trains a GAN on a thousand cats and a thousand dogs, where the defects are subtler. Lesson 34 replaces "it looks right" by measures.
#
# ## References
#
# - I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, Y. Bengio, *Generative Adversarial Nets*, NIPS 2014.
# - A. Radford, L. Metz, S. Chintala, *Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks*, ICLR 2016. (tanh at the end of G, convolutions.)
# - M. Mirza, S. Osindero, *Conditional Generative Adversarial Nets*, 2014.
# - L. Mescheder, A. Geiger, S. Nowozin, *Which Training Methods for GANs do actually Converge?*, ICML 2018. (R1 and averaged weights.)
