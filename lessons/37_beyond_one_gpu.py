# %% [markdown]
# # 37 · Beyond one GPU
# <!-- badge -->
#
# You train one model with two processes, prove when that is the same training, measure what it gains, and compute what large runs need in memory, hours, energy and money.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | a training loop of your own, with backpropagation and Adam (lesson 21); mean, variance, derivatives; half precision and activations (lesson 36) | average gradients so that several processes train one model, and say where that breaks<br>start two processes from a notebook, lose one, and go on exactly; write it with PyTorch's DDP and FSDP<br>count what a ring all-reduce sends, say when it hides behind the backward pass, and read a scaling measurement<br>compute the memory of a sharded model for each GPU<br>estimate hours, energy, carbon and money of a run before you start it |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
timed_steps = None  # steps of each timing; None: chosen for this machine
watts = 30  # at the socket, while this computer trains: a guess, put in yours

# %%
import os
import shutil
import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path

import sympy
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from aigc_lab import (
    check,
    datasets,
    gan,
    plots,
    runtime,
    training,
    vae,
    verify,
    widgets,
)
from aigc_lab.parallel import (
    costs,
    data_parallel,
    digit_classifier,
    launcher,
    overlap,
    ring_all_reduce,
    sharding,
)
from aigc_lab.parallel import pictures as parallel_pictures
from aigc_lab.training import checkpoint

# %%
runtime.seed_everything(seed)
# Two processes need two GPUs; with fewer, everything here computes on the CPU.
if runtime.profile() != "ci":
    os.environ["AIGC_LAB_PROFILE"] = "gpu" if launcher.gpus_for(2) else "cpu"
steps_timed = timed_steps or runtime.pick(ci=8, cpu=60, gpu=200)
place = "GPU" if runtime.device().type == "cuda" else "CPU"
scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
folder = Path(scratch.name)

# %% [markdown]
# ## Two workers, twice as fast?
#
# One GPU is too slow, or too small. You get a second one. What do you do with it? Start the training twice, each process on its own half of the data, and hope?
#
# Try it. You need no GPU: a *process* is a running program, and two of them on a CPU raise most of the questions that a thousand GPUs raise. Here is the program that each of them runs. It asks which of how many it is, and
# takes every step on 16 examples of its own: first without any exchange, then with `training.fit`, the loop you know, which is told nothing about the other process. Last, it times a larger model; you will need those times further down.

# %% tags=["whole-program"]
worker = """
import sys
from itertools import islice
import torch
from aigc_lab import datasets, training, vae
from aigc_lab.parallel import digit_classifier
from aigc_lab.training.processes import Processes

steps_timed, seed = map(int, sys.argv[1:])
here = Processes()                      # here.index of here.count
data = digit_classifier.digits()        # 2,000 digits

Model = digit_classifier.DigitClassifier
alone, path = Model(seed), []           # 1. nobody talks
for batch in islice(training.Batches(data, 16, seed, here.index, here.count), 60):
    path.append(alone.weights())
    alone.step(batch)
path.append(alone.weights())

together, trail = Model(seed), []       # 2. the same steps under fit
def keep(step, recipe, history):
    trail.append(recipe.weights())
training.fit(
    together, data, steps=60, batch_size=16, seed=seed, callback=keep, every_steps=5
)

digits, seconds = datasets.load("digits"), {}
for batch_size in (32, 64):             # 3. how long does a step take?
    recipe = vae.VaeRecipe.for_data(digits)
    seconds[batch_size] = digit_classifier.seconds_a_step(
        recipe, digits, batch_size, steps_timed
    )

result = {"alone": torch.stack(path[::5]), "together": torch.stack(trail)}
torch.save(result | {"seconds": seconds}, f"result {here.index}")
"""

# %% [markdown]
# `digit_classifier.DigitClassifier` is the smallest recipe of the course: two layers that say which digit a picture shows, in float64. Each process builds it with the same first weights.
#
# What starts the two? A launcher, `torchrun`, which is a Python module. It tells each process its number and where to find the other, and watches over both. Start it from the notebook as a program of its own; `launcher.command` below only writes its command line. (A notebook can't be copied
# into several processes: it has open files, threads, perhaps a GPU.)


# %%
def start(program, home, *arguments, **options):
    """Two processes run a program in an empty folder `home`, with one thread each;
    what they print comes back."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (home / "worker.py").write_text(program, encoding="utf-8")
    return subprocess.run(
        [*launcher.command("worker.py", **options), *map(str, arguments)],
        cwd=home,
        env=launcher.environment(runtime.profile()),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=600,
    )


# %%
print("python", *launcher.command("worker.py")[1:])
pair = folder / "two processes"
run = start(worker, pair, steps_timed, seed)
if run.returncode:
    raise RuntimeError(run.stderr[-2000:])
results = [torch.load(pair / f"result {i}", weights_only=True) for i in range(2)]

# %%
zero, one = results
alone = (zero["alone"] - one["alone"]).norm(dim=1)
together = (zero["together"] - one["together"]).norm(dim=1)
plots.curves(
    torch.arange(0, 61, 5),
    {"each on its own": alone, "with fit": together},
    x_label="step",
    y_label="distance of the weights",
    title="Nobody averages: two processes train two models",
)
drift, kept = alone[-1].item(), together[-1].item()
verify.promise("on their own, the two have drifted apart", got=drift, above=0.01)
claim = "with fit, their weights are the same, to the last bit"
verify.promise(claim, got=kept, equals=0)

# %% [markdown]
# Two processes that don't talk train two models, each from half of the data. You have doubled the bill and gained nothing. Under `fit` they end with the *same* model, bit for bit. What did they tell each other?
#
# ## Averaging gradients: the one message they exchange
#
# Before each step, every process replaces its gradient by the mean over all processes. Why is that enough? Say the batch has $n$ examples with losses $\ell_j$, and part $i$ holds $n_i$ of them. The gradient is linear, so
#
# $$\nabla\,\frac1n\sum_{j=1}^{n}\ell_j \;=\; \frac1n\sum_{i=1}^{p}\;\sum_{j\in\text{part } i}\nabla\ell_j \;=\; \sum_{i=1}^{p}\frac{n_i}{n}\,g_i,\qquad g_i = \nabla\,\frac1{n_i}\sum_{j\in\text{part } i}\ell_j .$$
#
# Nothing is approximated. With equal parts all weights $n_i/n$ are $1/p$: the plain mean. That is all there is to it: `average` in `aigc_lab/training/processes.py` is a few lines around one call of Accelerate. (Under `fit` there is a second, tiny message about four times a second: all must agree on the time and on whether stop was pressed, so that all stop after the same step.)
# Write the mean for parts of any sizes.


# %% tags=["exercise"]
def averaged_gradient(gradients, sizes):
    """The whole batch's gradient. gradients: (p, d), row i is the gradient of the mean
    loss of part i. sizes: list of p numbers of examples. Returns (d,); no gradient
    has to flow through it."""
    ...  # your code


# %% tags=["check"]
averaged_gradient = check("parallel.averaged_gradient", averaged_gradient)

# %% [markdown]
# Check the derivation on a real network, in float64, where "equal" can mean nine digits and more:


# %%
def gradient(loss, model):
    """The gradient of a loss in all weights of a model, as one vector."""
    gradients = torch.autograd.grad(loss, model.parameters())
    return torch.cat([g.flatten() for g in gradients])


# %%
data = digit_classifier.digits()
pictures, labels = (tensor[:32] for tensor in data)
model = digit_classifier.DigitClassifier(seed).model
of_all = gradient(F.cross_entropy(model(pictures), labels), model)
for sizes in ([16, 16], [24, 8], [1, 30, 1]):
    parts = zip(pictures.split(sizes), labels.split(sizes))
    rows = [gradient(F.cross_entropy(model(x), y), model) for x, y in parts]
    mean = averaged_gradient(torch.stack(rows), sizes)
    claim = f"parts of {sizes}: weighted mean = gradient of the batch of 32"
    verify.agree(claim, mean, of_all)

# %% [markdown]
# And for whole trainings: same first weights, same gradients, same optimiser, so the same path. One process with batches of 32 must end where the two processes with 16 each did. `fit` deals the examples out so that the two parts of each
# step make up the batch that one process would have taken.

# %%
one = digit_classifier.DigitClassifier(seed)
training.fit(one, data, steps=60, batch_size=32, seed=seed)
claim = "60 steps of 2 × 16 end where 60 steps of 32 end"
verify.agree(claim, results[0]["together"][-1], one.weights(), tolerance=1e-10)

# %% [markdown]
# This time equality to the last bit isn't promised. A sum in another order is rounded differently, and training carries such differences on. That is why the claim allows $10^{-10}$ in float64, and why float32 runs on different numbers of GPUs hardly ever repeat each other exactly.
#
# ## Where averaging breaks
#
# The proof has a premise: the loss is a *mean* over examples, each of which has a loss of *its own*. Here are six losses on the same 32 digits, in two parts:
#
# - the mean of the cross-entropy, in parts of 16 and 16, and of 24 and 8;
# - its *sum* over the examples;
# - a discriminator with *layer norm* (each picture is scaled by its own mean and variance), and one with *batch norm* (by those of the batch), which tell digits from digits turned upside down, with the GAN loss;
# - a *contrastive* loss: each picture must recognise a shifted copy of itself among the copies of all others in the batch.


# %%
def mean_loss(model, x, y):
    return F.cross_entropy(model(x), y)


def sum_loss(model, x, y):
    return F.cross_entropy(model(x), y, reduction="sum")


# %%
torch.manual_seed(seed)
critics = {}
for name, norm in (("layer norm", nn.LayerNorm), ("batch norm", nn.BatchNorm1d)):
    layers = nn.Linear(784, 32), norm(32), nn.LeakyReLU(0.2), nn.Linear(32, 1)
    critics[name] = nn.Sequential(*layers).double()


def tell_apart(D, x, y):
    return gan.discriminator_loss(D(x), D(x.flip(1)))


def recognise(model, x, y):
    code = F.normalize(model(x), dim=1)
    other = F.normalize(model(x.roll(1, dims=1)), dim=1)
    return F.cross_entropy(code @ other.T / 0.1, torch.arange(len(x)))


# %% [markdown]
# **Predict first.** Two processes take the plain mean of their gradients, as PyTorch's `DistributedDataParallel` does. For which of the six is it the gradient of the whole batch? For which one is it wrong by a factor you can name? Write it down, then run.

# %% tags=["predict"]
trials = {
    "mean, 16 + 16": (model, mean_loss, [16, 16]),
    "mean, 24 + 8": (model, mean_loss, [24, 8]),
    "sum, 16 + 16": (model, sum_loss, [16, 16]),
    "layer norm, 16 + 16": (critics["layer norm"], tell_apart, [16, 16]),
    "batch norm, 16 + 16": (critics["batch norm"], tell_apart, [16, 16]),
    "contrastive, 16 + 16": (model, recognise, [16, 16]),
}
errors = {}
for name, (net, loss, sizes) in trials.items():
    parts = zip(pictures.split(sizes), labels.split(sizes))
    plain = torch.stack([gradient(loss(net, x, y), net) for x, y in parts]).mean(dim=0)
    true = gradient(loss(net, pictures, labels), net)
    errors[name] = ((plain - true).norm() / true.norm()).item()
    print(f"{name:22} relative error of the plain mean: {errors[name]:8.1e}")

# %% [markdown]
# You should have seen two exact rows, one that is wrong by half, and three with an error that no factor mends.
#
# - *Unequal parts* need the weights $n_i/n$. They come up in the last batch of an epoch, and wherever the mean runs over something that varies, such as the tokens of texts of unequal length.
# - *A sum* over the examples ties the step to the number of examples that *each process* has. The plain mean of the parts' sums is 16 times the gradient of the mean loss; one process with all 32 has 32 times. If you keep the total batch and cut it among more processes, the step shrinks with each of them. If you keep 16 for each process, the factor stays 16, however many take part.
# - *Batch norm* makes examples look at each other. Each process uses the mean and variance of its own part, so a picture gets another logit in another process.
# - *Contrastive losses* compare with all others in the batch. A part of 16 asks an easier question, one among 16 instead of one among 32, however well you average.

# %%
for name in ("mean, 16 + 16", "layer norm, 16 + 16"):
    verify.promise(f"{name}: exact", got=errors[name], below=1e-12)
halves = zip(pictures.split(16), labels.split(16))
sums = torch.stack([gradient(sum_loss(model, x, y), model) for x, y in halves])
claim = "mean of the parts' sums = 16 × the gradient of the mean loss"
verify.agree(claim, sums.mean(dim=0), 16 * of_all)
claim = "the sum over all 32 is twice that, so the error is 1/2"
verify.agree(claim, errors["sum, 16 + 16"], 0.5)
for name in ("mean, 24 + 8", "batch norm, 16 + 16", "contrastive, 16 + 16"):
    verify.promise(f"{name}: wrong by more than 1%", got=errors[name], above=0.01)

# %% [markdown]
# For batch norm you can see what is lost. The mean of the parts' means is the whole mean, but variances don't average:

# %%
hidden = critics["batch norm"][0](pictures).detach()
halves = torch.stack(hidden.split(16))  # (2, 16, 32)
means, variances = halves.mean(dim=1), halves.var(dim=1, correction=0)
verify.agree("the mean of the means is the mean", means.mean(dim=0), hidden.mean(dim=0))
verify.agree(
    "the variance is the mean of the variances plus the variance of the means",
    variances.mean(dim=0) + means.var(dim=0, correction=0),
    hidden.var(dim=0, correction=0),
)
first = critics["batch norm"]
shift = (first(pictures)[:16] - first(pictures[:16])).abs().max().item()
claim = "the same picture gets another logit beside other pictures"
verify.promise(claim, got=shift, above=1e-3)

# %% [markdown]
# In a GAN this hurts twice: D's judgement of one picture depends on the others in its part, and with eight processes each norm sees an eighth of the batch. The cures: a norm that looks at one example at a time (layer, group or instance norm),
# or `torch.nn.SyncBatchNorm`, which adds up sums and squares over all processes in each such layer. For contrastive losses, gather the codes of all processes before the loss, *with* their gradients.
#
# ## How a sum travels
#
# The mean over processes needs a sum. How does it get to all of them? The obvious way: all send their gradient to process 0, which adds them up and sends the result back. With $p$ processes and $M$ bytes, process 0 receives and sends $2(p-1)M$ bytes while the others wait. The busiest
# process gets busier with every one you add.
#
# A ring does better. Each process talks to its right neighbour only, and the vector is cut into $p$ pieces. In each round every process sends *one* piece and adds what arrives to its own. The pieces start at different places, so all links are always busy. Follow the number of processes whose contribution is in each piece:

# %%
states = list(ring_all_reduce.rounds(torch.ones(4, 4)))
title = "Three rounds gather the sums, three hand them round"
parallel_pictures.contributions(states, title=title)

# %% [markdown]
# After $p - 1$ rounds each process owns one finished piece. After another $p - 1$ every process has them all. With numbers in place of counts, three processes:

# %%
# NBVAL_CHECK_OUTPUT
vectors = torch.tensor([[1, 2, 3], [10, 20, 30], [100, 200, 300]])
for round_, state in enumerate(ring_all_reduce.rounds(vectors)):
    print(f"round {round_}:", "   ".join(str(row) for row in state.tolist()))

# %%
verify.agree("every process ends with the sum", state, vectors.sum(dim=0).expand(3, 3))

# %% [markdown]
# Count the messages, and you know what a process sends in all.


# %% tags=["exercise"]
def ring_bytes(size, processes):
    """Bytes that EACH process sends in one ring all-reduce
    of a vector of `size` bytes among `processes`."""
    ...  # your code


# %% tags=["check"]
ring_bytes = check("parallel.ring_bytes", ring_bytes)

# %%
# a message changes one number
changed = sum((after != before).sum().item() for before, after in pairwise(states))
claim = "counted in the pictures above: numbers that arrive at each of 4 processes"
verify.agree(claim, changed / 4, ring_bytes(4, 4))

# %%
parameters = vae.VaeRecipe.for_data(datasets.load("digits")).model.parameters()
weights = sum(w.numel() for w in parameters)
print(f"a VAE of {weights:,} weights, in float32")
for p in (2, 8, 1024):
    ring, obvious = ring_bytes(4 * weights, p) / 1e6, 2 * (p - 1) * 4 * weights / 1e6
    print(
        f"{p:5} processes: each sends {ring:.2f} MB a step; "
        f"the obvious way, process 0 moves {obvious:,.0f} MB"
    )
less = ring_bytes(1.0, 10**6) < 2
verify.promise("however many take part, each sends less than two vectors", less)

# %% [markdown]
# $2\frac{p-1}{p}M$: nearly independent of $p$. As long as the processes do the adding, no method lets the busiest of them send less (Patarasuk and Yuan 2009). (Some networks have switches that add: then each process sends its vector once, $M$ bytes, and the sum comes back.) What does grow is the number of *rounds*, $2(p-1)$, and each costs the
# *latency*: the time from sending a message to its arrival, however short it is. So libraries send the gradients of a step as a few large vectors, and use trees where the vectors are short. Play with it: from how many processes on does the latency cost more than the bytes?


# %%
process_counts = [2**k for k in range(1, 11)]


def communication_times(size, speed, wait):
    """Milliseconds by number of processes: bytes in all, bytes a second,
    seconds of latency."""
    return {
        "ring": [
            1e3 * ring_all_reduce.seconds(size, p, speed, wait) for p in process_counts
        ],
        "of which bytes": [1e3 * ring_bytes(size, p) / speed for p in process_counts],
        "all through process 0": [
            1e3 * 2 * (p - 1) * size / speed for p in process_counts
        ],
    }


# %%
def communication(megabytes, gigabytes_a_second, microseconds_a_message):
    speed, wait = gigabytes_a_second * 1e9, microseconds_a_message * 1e-6
    times = communication_times(megabytes * 1e6, speed, wait)
    most, by_bytes = times["ring"][-1], times["of which bytes"][-1]
    parts = f"{by_bytes:.2g} ms for bytes, {most - by_bytes:.2g} ms for latency"
    plots.curves(
        process_counts,
        times,
        x_label="processes",
        y_label="milliseconds",
        log_x=True,
        log_y=True,
        title=f"A ring of 1,024: {parts}",
    )


# %%
widgets.play(
    communication,
    megabytes=(1, 2000, 1, 500),
    gigabytes_a_second=(1, 400, 1, 50),
    microseconds_a_message=(0, 100, 5, 10),
)

# %% [markdown]
# ## Hiding the messages behind the backward pass
#
# The backward pass begins at the last layer, so that layer's gradient is ready first, and could travel while the others are still being computed. `fit` doesn't do this: it waits for all gradients and sends them as one vector. PyTorch's `DistributedDataParallel` does, with *buckets* of about 25 MB. Draw both, for eight equal layers on eight GPUs:


# %%
def backward_pass(ms_a_layer, megabytes_a_layer, gigabytes_a_second):
    speed = gigabytes_a_second * 1e9
    sending = ring_all_reduce.seconds(megabytes_a_layer * 1e6, 8, speed)
    layers = [ms_a_layer / 1e3] * 8, [sending] * 8
    plans = {
        "after it": overlap.timeline(*layers, overlapped=False),
        "during it": overlap.timeline(*layers, overlapped=True),
    }
    after, during = (1e3 * plan.seconds for plan in plans.values())
    title = f"Sent after the backward pass: {after:.0f} ms, during it: {during:.0f} ms"
    parallel_pictures.timelines(plans, title=title)


widgets.play(
    backward_pass,
    ms_a_layer=(1, 20, 1, 5),
    megabytes_a_layer=(10, 500, 10, 100),
    gigabytes_a_second=(5, 400, 5, 50),
)

# %% [markdown]
# As long as a message takes less time than a layer, only the message of the first layer sticks out, because nothing is left to hide it. If messages take longer, the link never rests, and in the end the GPU waits for it. On which side are you? Let $N$ weights in half precision see $T$ tokens a step on each GPU (you will meet these counts again below): the backward pass takes
# $4NT$ operations at $uP$ a second, the ring moves nearly $2 \cdot 2N$ bytes at $\beta$ a second. Set the two equal:

# %%
N, T, reached, beta = sympy.symbols("N T uP beta", positive=True)
enough = sympy.solve(sympy.Eq(4 * N * T / reached, 4 * N / beta), T)[0]
claim = "messages can hide from T = uP / β tokens on each GPU: N cancels"
verify.agree(claim, enough, reached / beta)
links = {
    "within a computer, 400 GB/s": 400e9,
    "between computers, 50 GB/s": 50e9,
    "10-gigabit Ethernet, 1.25 GB/s": 1.25e9,
}
print("H100, 400 TFLOP/s reached: messages can hide from ... tokens on each GPU")
for link, bandwidth in links.items():
    tokens = enough.subs({reached: 400e12, beta: bandwidth})
    print(f"{link:>31}: {float(tokens):10,.0f}")

# %% [markdown]
# This is lesson 36's roofline, with the network in the place of the memory: operations for each byte sent, instead of operations for each byte read. The size of the model doesn't matter; what matters is the link, and the work of each GPU between two messages. Where the link is too slow, send less often (accumulate the gradients of several parts) or send fewer bytes.
#
# ## Measured: one process against two
#
# Now the question from the start. The two processes above have also timed a step of the course's VAE, with one thread each, under `fit`, so without overlap. Time the same on one process, here, also with one thread. There are two questions to ask:
#
# - *Strong scaling*: the same work, divided. One process takes 64 examples a step, two take 32 each. Ideal: half the time.
# - *Weak scaling*: twice the work for twice the workers. Both take 64. Ideal: the same time.

# %%
threads = torch.get_num_threads()
torch.set_num_threads(1)
digits, single = datasets.load("digits"), {}
for n in (32, 64):
    recipe = vae.VaeRecipe.for_data(digits)
    single[n] = digit_classifier.seconds_a_step(recipe, digits, n, steps_timed)
torch.set_num_threads(threads)
double = results[0]["seconds"]

# %%
strong, weak = single[64] / double[32], single[64] / double[64]
plots.bars(
    {
        "1 process, 64 examples": 1e3 * single[64],
        "1 process, 32 examples": 1e3 * single[32],
        "2 processes, 32 each (strong)": 1e3 * double[32],
        "2 processes, 64 each (weak)": 1e3 * double[64],
    },
    y_label="milliseconds a step, median",
    title=f"Strong scaling {strong:.2f} × (ideal 2), "
    f"weak scaling {100 * weak:.0f} % (ideal 100%)",
)

# %%
cores = os.cpu_count()
if hasattr(os, "sched_getaffinity"):  # those that this process may use
    cores = len(os.sched_getaffinity(0))
units = torch.cuda.device_count() if place == "GPU" else cores
kind = "GPUs" if place == "GPU" else "CPU cores"
print(f"This machine has {units} {kind} for two processes.")
if units < 2:
    print(
        "They took turns on it, so neither kind of scaling can gain anything: "
        "you see what the communication costs."
    )

# %%
half, longer = single[32] / single[64], double[32] - single[32]
print(f"strong scaling: two processes are {strong:.2f} × as fast as one; ideal 2")
print(f"one process, 32 examples: {100 * half:.0f}% of the time for 64; ideal 50%")
print(f"32 examples, two processes against one: {1e3 * longer:+.1f} ms a step; ideal 0")
print(
    f"weak scaling: each process at {100 * weak:.0f}% of its speed alone, "
    f"together {2 * weak:.2f} × the work in the same time; ideal 2"
)

# %% [markdown]
# Check how many cores or GPUs this machine has before you compare: other machines, or your own when it is busy, give other numbers. Two things keep two processes from being twice as fast. Half of the examples take more than half of the time, since part of each step doesn't depend on the batch (starting
# layers; the optimiser, which every process runs in full). And the gradients must travel, while both processes share the machine's memory. Weak scaling suffers from the second only. That is why large runs are planned by it: give each GPU enough to do, and communication hides behind it.
#
# *Amdahl's law* deals with the first. If a share $s$ of the work can't be divided, $p$ processes take $s + (1-s)/p$ of the time:

# %%
s, p_ = sympy.symbols("s p", positive=True)
speed = 1 / (s + (1 - s) / p_)
verify.agree("one process: no gain", speed.subs(p_, 1), sympy.Integer(1))
verify.agree("endless processes: 1 / s", sympy.limit(speed, p_, sympy.oo), 1 / s)
halfway = sympy.solve(sympy.Eq(speed, 1 / (2 * s)), p_)[0]
claim = "half of that limit is reached with (1 - s) / s processes"
verify.agree(claim, halfway, (1 - s) / s)

# %%
if 1 < strong < 2:
    share = data_parallel.serial_share(strong, 2)
    print(
        f"{strong:.2f} × with two is what the law gives for s = {100 * share:.0f}%: "
        f"never more than {1 / share:.1f} ×, however many take part"
    )
elif strong <= 1:
    print(
        f"{strong:.2f} × with two: no s explains that. The law knows no cost of "
        "communication, and here it is more than what dividing the work saves."
    )
else:
    print(
        f"{strong:.2f} × with two: no s explains that. More than twice as fast means a "
        "disturbed timing, or a part that fits into a cache where the whole doesn't."
    )


# %%
def amdahl(percent_not_divided):
    p = 2.0 ** torch.arange(0, 11)
    share = percent_not_divided / 100
    gains = [data_parallel.speed_up(share, n.item()) for n in p]
    title = f"1,024 processes, {gains[-1]:.0f} × as fast"
    plots.curves(
        p,
        {"ideal": p, f"{percent_not_divided}% can't be divided": gains},
        x_label="processes",
        y_label="times as fast",
        log_x=True,
        log_y=True,
        title=title if share else "Nothing in common: ideal",
    )


widgets.play(amdahl, percent_not_divided=(0, 50, 1, 5))

# %% [markdown]
# If 5% of the work can't be divided, no number of processes is more than 20 times as fast as one, and 19 processes already reach half of that. (Gustafson's answer: with more GPUs you train a larger model or take a larger batch. The part that can be divided grows, the rest hardly does, so $s$ shrinks. That is weak scaling again.)
#
# ## One process dies
#
# Meta counted 419 unexpected interruptions in 54 days of training Llama 3 on 16,384 GPUs: one every three hours. What happens to the others when one is lost? They wait in the next all-reduce for a message that won't come. Watch. The program below kills process 1 at step 25 of its first attempt, with the signal that a system sends when memory runs out:
# no exception, no clean-up. `fit` saves a checkpoint every 10 steps, and the launcher may start both anew, once.

# %% tags=["whole-program"]
survivor = """
import os, signal, sys
import torch
from aigc_lab import training
from aigc_lab.parallel import digit_classifier
from aigc_lab.training.processes import Processes

here, seed = Processes(), int(sys.argv[1])
first_attempt = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"

def accident(step, recipe, history):
    with open(f"steps {here.index}", "a", encoding="utf-8") as log:
        log.write(f"{step} ")
    if first_attempt and here.index == 1 and step == 25:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

together = digit_classifier.DigitClassifier(seed)
training.fit(
    together, digit_classifier.digits(), steps=60, batch_size=16, seed=seed,
    checkpoint="run", save_every_steps=10, callback=accident, every_steps=5,
)
torch.save(together.weights(), f"survived {here.index}")
"""

# %%
restarted = folder / "one dies"
run = start(survivor, restarted, seed, restarts=1)
message = launcher.lost(run.stderr) or "nothing; the launcher ended it first."
print("The survivor said:", message)
steps_reported = (restarted / "steps 0").read_text(encoding="utf-8")
print("Steps that process 0 reported:", steps_reported)

# %%
reported = [int(step) for step in steps_reported.split()]
claim = "in the end the run is whole: the launcher reports success"
verify.promise(claim, got=run.returncode, equals=0)
claim = "the second attempt didn't begin at step 0"
verify.promise(claim, got=reported.count(0), equals=1)
survived = torch.load(restarted / "survived 0", weights_only=True)
same = torch.equal(survived, results[0]["together"][-1])
claim = "its weights are those of the run that was never killed, to the last bit"
verify.promise(claim, same, got=same)
saved = checkpoint.load(restarted / "run")
held, count = ", ".join(saved), len(saved["rng"])
print(f"in the checkpoint: {held} · random generator states of {count} processes")

# %% [markdown]
# The survivor says what it has lost, if there is time. The launcher ends it, too, and starts both again, and they go on from the checkpoint of step 20 as if nothing had happened. Three things make that possible. *One* process writes (two would overwrite each other). The file appears whole or not at all. And it holds everything that
# decides how training goes on: weights, optimiser, position in the data, and the state of the random generator (`rng`) of *every* process. So the number of processes must stay the same for an exact continuation.
#
# A trap, as of PyTorch 2.13: `torchrun` keeps the processes' addresses over a restart, so that now and then a new process waits for one that is dead. `launcher.environment` has them forgotten, with `TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1`. Set it where
# you call `torchrun` yourself, too.
#
# How often should you save? Young's rule (1974): with a save that takes $\delta$ seconds and a failure every $T$ on average, every $\sqrt{2\delta T}$ seconds. Where does it come from? If you save every $t$ seconds, saving costs $\delta/t$ of each second, and failures $t/2T$, since each of them throws away half an interval on average. Look for the least sum:

# %%
t, delta, T = sympy.symbols("t delta T", positive=True)
best = sympy.solve(sympy.diff(delta / t + t / (2 * T), t), t)[0]
verify.agree("the best interval is sqrt(2 δ T)", best, sympy.sqrt(2 * delta * T))
between = 54 * 24 * 3600 / 419  # seconds from one failure to the next
minutes = float(best.subs({delta: 30, T: between})) / 60
print(
    f"a save of 30 s, a failure every {between / 3600:.1f} h: "
    f"save every {minutes:.0f} minutes"
)

# %% [markdown]
# ## Too large for one GPU
#
# So far each process held everything. How much is that? In mixed precision with Adam, as the ZeRO paper counts it, a weight takes 16 bytes:
#
# | what | bytes a weight |
# |---|---|
# | the weight, in half precision, which computes | 2 |
# | its gradient | 2 |
# | the weight again, in float32, which is updated | 4 |
# | Adam's two running means, in float32 | 8 |
#
# Lesson 36 counts 18 bytes for mixed precision. Both are right, for different programs. `torch.autocast` keeps weights, gradients and Adam's means in float32 ($4 + 4 + 8$) and makes a 16-bit copy of the weights on the fly (2). In the table, weights and gradients are kept in 16 bits ($2 + 2$), as DeepSpeed and Megatron can do, and beside
# Adam's means there is a float32 *master copy* of the weights ($4 + 8$). The difference of 2 bytes is the gradient's.
#
# A model of 7 billion weights needs 112 GB before the first activation. A GPU has 16, 24 or 80. And $p$ GPUs with a copy each are no help at all: every one of them needs the 112.
#
# But why should all of them hold the same 12 bytes a weight of the optimiser? Adam treats each weight on its own. So let each process update a $p$-th of the weights, and hand the results round. Is that the same training?

# %%
whole, shared = (digit_classifier.DigitClassifier(seed).model for _ in range(2))
layers = list(shared.parameters())
full = torch.optim.Adam(whole.parameters(), lr=1e-2)
# two processes, every second tensor each
shards = [torch.optim.Adam(layers[i::2], lr=1e-2) for i in range(2)]
for _ in range(20):
    for net in (whole, shared):
        net.zero_grad()
        F.cross_entropy(net(pictures), labels).backward()
    for optimizer in (full, *shards):
        optimizer.step()


# %%
def numbers_stored(optimizer):
    states = optimizer.state.values()
    return sum(t.numel() for state in states for t in state.values() if t.ndim)


stored = [numbers_stored(optimizer) for optimizer in (full, *shards)]
print("numbers that Adam stores: {} whole, {} and {} in the two shards".format(*stored))
in_halves = nn.utils.parameters_to_vector(shared.parameters())
in_whole = nn.utils.parameters_to_vector(whole.parameters())
claim = "20 steps of two half optimisers = 20 steps of the whole"
verify.agree(claim, in_halves, in_whole, tolerance=1e-12)
both = stored[1] + stored[2]
verify.promise("together they store what one did", stored[0] == both, got=stored)

# %% [markdown]
# The same weights, and each process stores its share only. (Here by whole tensors, so the shares are unequal; libraries cut one long vector.) That is stage 1 of ZeRO, the *zero redundancy optimizer*. (Mind what does *not* treat weights one by one: clipping by the gradient's length needs one more small sum over all.) In stage 2 each process keeps only its share of the averaged gradient, too.
# Stage 3 shares the weights themselves: each layer is gathered just before it computes, and dropped after. PyTorch calls it FSDP, fully sharded data parallel. Compute what is left on each GPU.


# %% tags=["exercise"]
def bytes_per_gpu(weights, gpus, stage):
    """Bytes on each of `gpus` GPUs: 2 + 2 + 12 a weight (weight, gradient, optimiser).
    Stage 0 shares out nothing, 1 the optimiser, 2 also gradients, 3 also weights."""
    ...  # your code


# %% tags=["check"]
bytes_per_gpu = check("parallel.bytes_per_gpu", bytes_per_gpu)

# %%
# GB: 7.5 billion weights on 64 GPUs, figure 1 of Rajbhandari et al. 2020
published = [120, 31.4, 16.6, 1.9]
for stage, stated in enumerate(published):
    computed = bytes_per_gpu(7.5e9, 64, stage) / 1e9
    claim = f"stage {stage}: the paper's {stated} GB"
    verify.promise(claim, got=computed, near=(stated, 0.05))

# %%
# NBVAL_CHECK_OUTPUT
print("7 billion weights, GB on each GPU, without activations")
print(" GPUs  stage 0  stage 1  stage 2  stage 3")
for gpus in (1, 2, 8, 64, 512):
    row = [bytes_per_gpu(7e9, gpus, stage) / 1e9 for stage in range(4)]
    print(f"{gpus:5}" + "".join(f"{size:9.1f}" for size in row))

# %%
groups = {}
for stage in range(4):
    part = sharding.held(7e9, 8, stage)
    groups[f"stage {stage}: {part.total / 1e9:.4g} GB"] = {
        "weights": part.weights / 1e9,
        "gradients": part.gradients / 1e9,
        "optimiser": part.optimizer / 1e9,
    }
plots.grouped_bars(
    groups,
    y_label="GB on each of 8 GPUs",
    title="Most of the memory is the optimiser's, and it is shared out first",
)


# %% [markdown]
# What does the sharing cost? Stages 1 and 2 send what plain averaging sends: the first half of the ring leaves each process with its share of the summed gradient, the second half hands round updated weights instead of gradients. Stage 3 gathers the weights twice, forward and backward: one and a half times the
# traffic. The activations are left, and lesson 36 shows two remedies for them: smaller parts, and computing them again.
#
# *If one layer is too large, too.* **Tensor parallelism** cuts each matrix: with $W = [W_1, W_2]$ side by side, $xW = [xW_1, xW_2]$, each GPU multiplies by its block. The parts are put together in every layer, forward and backward, so this needs very fast links. **Pipeline
# parallelism** gives each GPU some consecutive layers. It sends little, but the second GPU waits for the first, so the batch is cut into $m$ parts that follow each other. The pipeline still fills and drains, and in that *bubble* GPUs stand idle for a share of $\frac{p-1}{m+p-1}$. Both change the program
# deeply, and the largest runs combine them all: tensor parallelism within a computer, pipelines across a few, data parallelism with sharding over the rest. Sharding alone reaches further than most people need.

# %%
x, W = torch.randn(5, 8).double(), torch.randn(8, 6).double()
side_by_side = torch.cat([x @ W[:, :3], x @ W[:, 3:]], dim=1)
verify.agree("half of the columns each, then side by side", side_by_side, x @ W)

# %%
plan = sharding.schedule(stages=4, parts=8)
turns = [part for row in plan for part in row]
idle = sum(part is None for part in turns) / len(turns)
claim = "4 GPUs, 8 parts: idle share counted = (p - 1) / (m + p - 1)"
verify.agree(claim, idle, 3 / 11)
title = f"Eight parts through four GPUs, forward: idle {idle:.0%} of the time (white)"
plots.heatmap(
    [[float("nan") if part is None else part + 1 for part in row] for row in plan],
    rows=[f"GPU {i}" for i in range(4)],
    columns=range(1, 12),
    x_label="turn",
    title=title,
    size=(7.0, 2.4),
)

# %% [markdown]
# ### In PyTorch: DDP and FSDP
#
# Here is how both are written with PyTorch alone. The training loop is the usual one. (The two processes compute on the CPU and talk by `gloo`; between GPUs, write `"nccl"` and `"cuda"`.)

# %%
loop = """
import sys
from itertools import islice
import torch
from torch import distributed, nn
from aigc_lab import training
from aigc_lab.parallel import digit_classifier

distributed.init_process_group("gloo")
rank, seed, data = distributed.get_rank(), int(sys.argv[1]), digit_classifier.digits()

def train(model):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for x, y in islice(training.Batches(data, 16, seed, rank, 2), 20):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    states = optimizer.state.values()           # of each weight: step, two means
    return [t for state in states for t in state.values() if t.ndim]
"""

# %% [markdown]
# Data parallelism is one wrapper around the model, sharding one call a layer. `to_local` is the part of a tensor that this process holds; `full_tensor` gathers the whole.

# %%
ddp_and_fsdp = """
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

copied = digit_classifier.DigitClassifier(seed).model
held = [*train(DistributedDataParallel(copied)), *copied.parameters()]

cut, mesh = digit_classifier.DigitClassifier(seed).model, init_device_mesh("cpu", (2,))
for part in (cut[0], cut[2], cut):
    fully_shard(part, mesh=mesh)
shards = [*train(cut), *cut.parameters()]

numbers = {
    "DDP": sum(t.numel() for t in held),
    "FSDP": sum(t.to_local().numel() for t in shards),
}
ends = copied.parameters(), (w.full_tensor() for w in cut.parameters())
weights = [torch.cat([w.detach().flatten() for w in end]) for end in ends]
torch.save({"numbers": numbers, "weights": weights}, f"result {rank}")
distributed.destroy_process_group()
"""

# %%
wrapped = folder / "ddp and fsdp"
run = start(loop + ddp_and_fsdp, wrapped, seed)
claim = "both trainings run to their end"
verify.promise(claim, run.returncode == 0, got=run.stderr[-300:] or "no error")
if run.returncode == 0:
    zero, one = (torch.load(wrapped / f"result {i}") for i in range(2))
    for name, count in zero["numbers"].items():
        print(f"{name:4}: {count:6,} weights and means of Adam's in process 0")
    claim = "sharded training ends with the weights of data parallelism"
    verify.agree(claim, *zero["weights"], tolerance=1e-9)
    both = zero["numbers"]["FSDP"] + one["numbers"]["FSDP"]
    claim = "the shards of both processes are one copy"
    verify.agree(claim, both, zero["numbers"]["DDP"])

# %% [markdown]
# Half of the numbers in each process, the same weights in the end. In production you also need what this program leaves out: checkpoints of shards (`torch.distributed.checkpoint`) and half precision (`MixedPrecisionPolicy`).
#
# ## Does a larger batch help at all?
#
# More processes mean a larger batch, unless you cut it thinner. What is it good for? The gradient of a batch is an *estimate* of the gradient $G$ over all data. If one example's gradient scatters around $G$ with variances that add up to $\mathrm{tr}\,\Sigma$, then a mean over $B$ of them has
#
# $$\mathbb{E}\,\|g_B - G\|^2 = \frac{\mathrm{tr}\,\Sigma}{B}.$$
#
# So the error falls as $1/\sqrt B$: four times the GPUs, half the error. (For examples drawn with replacement, or from so many that it makes no difference. All 8,000 digits, each taken once, have no error.) Check it on a model with one layer, where each example's gradient is known in closed form, $x\,(\hat y - y)^\top$. Look at two moments: at the start, and late.

# %%
every_picture, digit = digit_classifier.digits(8000)
constant = torch.ones(8000, 1).double()  # an input for the biases
inputs = torch.cat([every_picture, constant], dim=1)
targets, lengths = F.one_hot(digit, 10).double(), inputs.square().sum(dim=1)


def moments(weights):
    """Errors of the outputs, mean gradient, trace of one example's covariance."""
    error = (inputs @ weights).softmax(dim=1) - targets
    mean = inputs.T @ error / len(inputs)
    squares = lengths * error.square().sum(dim=1)  # |x yᵀ|² = |x|² |y|²
    return error, mean, (squares.mean() - mean.square().sum()).item()


# %%
early, late = torch.zeros(785, 10).double(), torch.zeros(785, 10).double()
for _ in range(runtime.pick(ci=100, cpu=300, gpu=300)):
    late -= 0.1 * moments(late)[1]
noise_scale = {}
for name, now in (("at the start", early), ("late", late)):
    _, mean, trace = moments(now)
    noise_scale[name] = trace / mean.square().sum().item()
    print(
        f"{name:12}  |G| = {mean.norm():.3f}   tr Σ = {trace:6.1f}   "
        f"equally long at B = {noise_scale[name]:.0f}"
    )

# %%
error, mean, trace = moments(late)
draw = torch.Generator().manual_seed(seed)
for size in (4, 16, 64, 256):
    misses = []
    for _ in range(200):
        rows = torch.randint(len(inputs), (size,), generator=draw)
        estimated = inputs[rows].T @ error[rows] / size
        misses.append((estimated - mean).square().sum().item())
    claim = f"B = {size}: mean of |g - G|² = tr Σ / B"
    verify.agree(claim, verify.estimate(misses), trace / size)
at_start, late_scale = noise_scale["at the start"], noise_scale["late"]
claim = "even late, the noise scale is below the number of digits, 8,000"
verify.promise(claim, got=late_scale, below=8000)
claim = "late in training the noise scale is at least three times that of the start"
verify.promise(claim, got=late_scale / at_start, at_least=3)

# %% [markdown]
# The batch at which noise and gradient are equally long, $B_{\text{noise}} = \mathrm{tr}\,\Sigma / \|G\|^2$, is the *noise scale* (McCandlish et al. 2018). Far below it a step is mostly noise: twice the batch allows about twice the step, and half as many steps are enough. Far above it the direction is already right, and a better estimate
# of it buys almost nothing. In this sense it is the *critical batch size*. (It says so for batches that the data can fill: a noise scale beyond the number of your examples means only that all of them together still help.) Their model of it, $S(B) = S_{\min}(1 + B_{\text{noise}}/B)$, with the noise scales you measured:

# %%
batches, lines = 2.0 ** torch.arange(0, 13), {}  # to 4,096 of the 8,000 digits
for name, scale in noise_scale.items():
    lines[name] = data_parallel.steps_needed(1.0, batches, scale)
lines["no fewer than this"] = torch.ones(len(batches))
plots.curves(
    batches,
    lines,
    x_label="examples a step",
    y_label="steps needed, times the fewest",
    log_x=True,
    log_y=True,
    title="Doubling the batch halves the steps, until it doesn't",
)

# %% [markdown]
# The gradient shrinks as training succeeds, and the noise shrinks much less. So the useful batch grows, and large runs increase it on the way. From the same picture comes the *linear scaling rule* (Goyal et al. 2017): with $k$ times the batch, take $k$ times the learning rate. One step of $k\eta$ on the joint batch is $k$ steps of $\eta$ on its parts, as long as the gradient
# hardly changes on the way. Then the gap between the two is of second order in $\eta$: at half the rate, a quarter of the gap should be left:


# %%
def mean_gradient(weights, rows):
    """The gradient of some examples' mean loss."""
    error = (inputs[rows] @ weights).softmax(dim=1) - targets[rows]
    return inputs[rows].T @ error / len(rows)


def gap(rate, k=4):
    """How far k steps of `rate` on k parts end from one of k times the rate on all."""
    everything = torch.arange(32 * k)
    walked = late.clone()
    for part in everything.split(32):
        walked -= rate * mean_gradient(walked, part)
    jumped = late - k * rate * mean_gradient(late, everything)
    return (walked - jumped).norm().item()


# %%
rates = [0.1 * 0.5**i for i in range(7)]
for rate in rates[:4]:
    print(f"rate {rate:.4f}: gap {gap(rate):.2e}, at half the rate {gap(rate / 2):.2e}")
claim = (
    "at small rates, half of the rate leaves a quarter of the gap "
    "(between 3.8 and 4.2 times less)"
)
verify.promise(claim, got=gap(rates[-2]) / gap(rates[-1]), above=3.8, below=4.2)

# %% [markdown]
# So the rule holds for small rates, and fails first where gradients change fast: at the beginning. That is what *warm-up* is for. It says nothing beyond the critical batch, and it is about plain gradient descent; for Adam, which divides by the noise, the rate should rise by something between the root of $k$ and $k$.
#
# ## What does it cost?
#
# A transformer with $N$ weights computes about $2N$ operations for each token forward and $4N$ backward. With $D$ tokens,
#
# $$C = 6\,N\,D .$$
#
# A GPU promises a peak $P$ of operations a second, and reaches a share $u$ of it, the *utilisation*, of 20 to 50% in good runs. Turn one into hours:


# %% tags=["exercise"]
def gpu_hours(flops, peak, utilisation):
    """Hours of one GPU: operations, operations a second by the data sheet,
    share of them that is reached."""
    ...  # your code


# %% tags=["check"]
gpu_hours = check("parallel.gpu_hours", gpu_hours)

# %% [markdown]
# Does this arithmetic reproduce published figures? GPT-3 has 175 billion weights and saw 300 billion tokens; the paper gives $3.14\cdot10^{23}$ operations. Patterson et al. (2021) estimate its energy from outside: on V100s (125 TFLOP/s at best), at 24.6 TFLOP/s measured for similar models, 330 W a
# GPU with its share of the computer, a building that adds 10%, electricity at 0.429 kg CO₂e a kWh.

# %%
gpt3 = costs.training_flops(175e9, 300e9)
verify.agree("6 N D, within 1%, is the paper's 3.14e23", gpt3, 3.14e23, tolerance=0.01)
hours = gpu_hours(3.14e23, peak=125e12, utilisation=24.6 / 125)
energy = costs.energy(hours, 0.330, overhead=1.10)
verify.agree("energy in MWh, published: 1,287", energy / 1000, 1287, tolerance=0.001)
tonnes = costs.carbon(energy, 0.429) / 1000
verify.agree("carbon in tonnes, published: 552", tonnes, 552, tolerance=0.001)
print(
    f"GPT-3: {hours:,.0f} GPU hours at a utilisation of {24.6 / 125:.0%}: "
    f"{hours / 24 / 365:.0f} years of one GPU, {hours / 24 / 10_000:.1f} days of 10,000"
)

# %% [markdown]
# Stable Diffusion 1 is documented by its makers, in the model card: 150,000 hours of an A100, 11,250 kg CO₂e. Which power and which electricity did they take? The numbers fit 250 W and 0.3 kg a kWh, so the hours are those of single GPUs, and neither the rest of the computers nor the cooling is counted.

# %%
sd_energy = costs.energy(150_000, 0.25)
kilograms = costs.carbon(sd_energy, 0.3)
verify.agree("150,000 h × 0.25 kW × 0.3 kg/kWh = 11,250 kg", kilograms, 11_250)
with_the_rest = costs.carbon(costs.energy(150_000, 0.25 * 1.4, 1.1), 0.3)
print(
    "with 40% more for the computers around the GPUs "
    f"and a building that adds 10%: {with_the_rest:,.0f} kg"
)
print(
    f"on 256 GPUs: {150_000 / 256 / 24:.0f} days. Rented at 2 dollars an hour "
    f"(put in today's price): {costs.money(150_000, 2.0):,.0f} dollars"
)

# %% [markdown]
# When you compare such numbers, keep in mind that GPT-3's is an estimate by others, Stable Diffusion's a self-report, and that they count different things. Trials, failed runs and the making of the hardware are in neither. Neither is *use*, which over a model's life can exceed its training.
#
# And this course? Count the operations of a step of the VAE and multiply by what your machine did above:

# %%
recipe = vae.VaeRecipe.for_data(digits).to(runtime.device())
batch = (digits.images[:64].to(runtime.device()),)
with FlopCounterMode(display=False) as counter:
    recipe.step(batch)
flop = counter.get_total_flops()
flops_a_second = flop / single[64]
print(
    f"{flop / 1e9:.2f} GFLOP a step, {flops_a_second / 1e9:.0f} GFLOP/s: "
    f"{60 * flops_a_second:.1e} operations in 60 s"
)

# %%
kilowatt_hours = costs.energy(60 / 3600, watts / 1000)
grams = 1000 * costs.carbon(kilowatt_hours, 0.3)
print(
    f"60 s at {watts} W: {1000 * kilowatt_hours:.2f} Wh, "
    f"{grams:.2f} g CO₂e at 0.3 kg/kWh"
)
years = 3.14e23 / flops_a_second / 3600 / 24 / 365
print(f"GPT-3 at this rate: {years:,.0f} years")

# %%
# kWh that warm a litre of water from 20 to 100 °C: 4,186 joules a degree
boiling = 80 * 4186 / 3.6e6
spent = {
    f"a minute of this course, {watts} W": kilowatt_hours,
    "a litre of water, boiled": boiling,
    "Stable Diffusion 1 (GPUs only)": sd_energy,
    "BLOOM, 176 billion weights": 433_196,
    "GPT-3 (estimate)": energy,
}
factor = energy / kilowatt_hours
title = f"From a minute of this course to GPT-3: a factor of {factor / 1e9:.1f} billion"
parallel_pictures.energies(spent, title=title)

# %% [markdown]
# ## Ten times, a thousand times more data
#
# There are two questions. The first is where the data is *kept*. `fit` keeps the data on the GPU if it takes at most half of its free memory. If not, batches come from the computer's memory; if that is too small, from the disk, which must keep up; in the end, from other machines. Take a computer with a GPU of 16 GB, 64 GB of memory, and 500 GB of disk:

# %%
# the rest of each is needed for other things
limits = {"GPU": 8e9, "memory": 32e9, "disk": 400e9}


def place_for(size):
    """The first place with room for that many bytes."""
    fits = (where for where, room in limits.items() if size <= room)
    return next(fits, "other machines")


# %%
# NBVAL_CHECK_OUTPUT
sets = {
    "8,000 digits, 28 × 28": 8000 * 28 * 28,
    "200,000 faces, 64 × 64 × 3": 200_000 * 64 * 64 * 3,
    "100,000 photos, 512 × 512 × 3": 100_000 * 512 * 512 * 3,
}
print(f"{'data, a byte a value':34}{'now':>20}{'10 times':>28}{'1,000 times':>31}")
for name, size in sets.items():
    columns = [
        f"{size * k / 1e9:,.2f} GB: {place_for(size * k)}" for k in (1, 10, 1000)
    ]
    print(f"{name:34}{columns[0]:>20}{columns[1]:>28}{columns[2]:>31}")

# %% [markdown]
# Each border you cross changes the program. Beyond the GPU: load the next batch while this one computes. Beyond memory: no more picking single examples at random, which a disk answers slowly. Pack thousands of examples into each file, read files in random order, and mix within a buffer. Keep pictures compressed, and decode them
# with as many workers as the GPU needs. Beyond the disk: stream the same files from a store; each process reads its own. And at a thousand times the data you can't look at it all any more, so the checks of lesson 12 (duplicates, outliers, rights) must run as a program.
#
# The second question is what it costs. The same model on $k$ times the data costs $k$ times as much. But a model that is to *use* the data must grow with it. Hoffmann et al. (2022) found that weights and tokens should grow alike, so $C = 6ND$ grows with the square:

# %%
# NBVAL_CHECK_OUTPUT
base = costs.training_flops(1e6, 20e6)  # a million weights, twenty million tokens
for k in (10, 1000):
    same_model = costs.training_flops(1e6, k * 20e6) / base
    grown = costs.training_flops(k * 1e6, k * 20e6) / base
    print(
        f"{k:5} × the data: {same_model:7,.0f} × the cost for the same model, "
        f"{grown:10,.0f} × for one that grows along"
    )

# %% [markdown]
# So plan backwards: the hours you can pay × peak × utilisation gives $C$; $C$ gives $N$ and $D$; $N$ gives the memory, the stage and the least number of GPUs; the critical batch gives the largest number that is useful.
#
# ## Check the article
#
# The article says that AIGC needs large computing resources, such as GPUs, and recommends for a project an "NVIDIA GPU, such as the Tesla V100 or better". Right or wrong? Neither sentence says for *what*. Compute for three models how long a V100 takes, and whether they fit its 16 GB.

# %%
# NBVAL_CHECK_OUTPUT
print(
    "weights, million   tokens, million   hours of a V100 at 30%   "
    "GB for training   least V100s with stage 3"
)
room = 12e9  # 4 of the 16 GB stay for activations
for n, tokens in ((1e6, 20e6), (125e6, 2.5e9), (7e9, 140e9)):
    needed = costs.gpu_hours(costs.training_flops(n, tokens), 125e12, 0.3)
    gigabytes = sharding.bytes_per_gpu(n, 1, 0) / 1e9
    least = next(p for p in range(1, 100) if sharding.bytes_per_gpu(n, p, 3) <= room)
    print(
        f"{n / 1e6:16,.0f}{tokens / 1e6:18,.0f}{needed:26,.3f}"
        f"{gigabytes:18.3f}{least:26}"
    )

# %% [markdown]
# A small model is done in seconds on any GPU, and this course trains its own on two CPU cores. For 7 billion weights one V100 is no machine at all: it can't hold the training, and the ten that can would compute for half a year. The article's first sentence is true of the models it cites; its advice is imprecise. What decides isn't the name of a GPU, but $16N$ bytes, $6ND$ operations,
# and whether the GPU is fast in the number format that you train in (a V100 has no bf16).
#
# ## Quiz

# %%
widgets.quiz("37_beyond_one_gpu")

# %% [markdown]
# ## What you should be able to do now
#
# You can say why averaged gradients are the big batch's, and name four cases where they aren't. You have started two processes, lost one, and ended with the same bits. You know that a ring sends $2\frac{p-1}{p}M$ bytes and when they hide behind the backward pass, can write DDP and FSDP, can read strong and weak scaling, and know what stands between two GPUs and twice the speed. You can compute
# memory for each GPU at each ZeRO stage, hours from $6ND$, and energy, carbon and money from hours, and you know which numbers go into a published figure.
#
# The lessons that follow use what you planned here: 38 trains diffusion and flow matching, 39 language models, where $6ND$ and the growth of $N$ with $D$ come back as a scaling law that you fit to your own runs.
#
# ## References
#
# - S. Rajbhandari, J. Rasley, O. Ruwase, Y. He, "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", SC 2020: 16 bytes a weight, the stages, figure 1.
# - P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", J. Parallel and Distributed Computing, 2009.
# - P. Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", 2017: linear scaling and warm-up.
# - S. McCandlish, J. Kaplan, D. Amodei et al., "An Empirical Model of Large-Batch Training", 2018: the noise scale.
# - Y. Huang et al., "GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism", NeurIPS 2019.
# - G. Amdahl, "Validity of the single processor approach to achieving large scale computing capabilities", AFIPS 1967. J. Gustafson, "Reevaluating Amdahl's Law", CACM 1988. A. Karp, H. Flatt, "Measuring parallel processor performance", CACM 1990.
# - Llama Team, "The Llama 3 Herd of Models", Meta, 2024: interruptions. J. Young, "A first order approximation to the optimum checkpoint interval", CACM 1974.
# - T. Brown et al., "Language Models are Few-Shot Learners", NeurIPS 2020: GPT-3's operations. D. Patterson et al., "Carbon Emissions and Large Neural Network Training", 2021: its energy.
# - R. Rombach et al., Stable Diffusion v1 model card, CompVis, 2022: hours and carbon. S. Luccioni et al., "Estimating the Carbon Footprint of BLOOM", JMLR 2023: its energy.
# - J. Kaplan et al., "Scaling Laws for Neural Language Models", 2020: $6ND$. J. Hoffmann et al., "Training Compute-Optimal Large Language Models", 2022: $N$ and $D$ grow alike.
