# %% [markdown]
# # 36 · GPU training
# <!-- badge -->
#
# You find out where training time and memory go on the machine in front of you, change what pays there, and lose nothing when the machine is taken away.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | lesson 01 | time work on a device that doesn't wait for you<br>say what an operation can reach at most on your machine, and what limits it<br>measure what a change to a training loop gains<br>count the memory of a training, and cut it without changing the gradient<br>go on after a crash as if nothing had happened |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
rounds = None  # None: chosen for this machine

# %%
import copy

import sympy
import torch
import torch.nn.functional as F
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

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
from aigc_lab.hardware import memory, pictures, profiler, roofline, speedups, timing
from aigc_lab.recipes import optimizer_step

# %%
runtime.seed_everything(seed)
rounds = rounds or runtime.pick(ci=1, cpu=5, gpu=15)
device = runtime.device()
here = timing.TorchDevice(device)  # now(), run(work), synchronize()
gpu = timing.QueuedDevice() if device.type == "cpu" else here
on_cuda, threads = device.type == "cuda", torch.get_num_threads()
name = torch.cuda.get_device_name(device) if on_cuda else device.type.upper()
print(f"All numbers below are those of this machine: {name}, {threads} threads.")

# %% [markdown]
# ## A thousand times too fast
#
# You multiply twenty large matrices on a GPU, and look at the clock before and after. The answer is wonderful. If there is no GPU here, a small stand-in
# takes its place: a thread that accepts orders and works them off one by one, while your program goes on. Only this is borrowed from the GPU. The matrices are
# multiplied on your CPU, for real.

# %%
size = runtime.pick(ci=400, cpu=800, gpu=4000)
matrix = torch.randn(size, size, device=device) / size**0.5
operations = 20 * 2 * size**3


def heavy():
    product = matrix
    for _ in range(20):
        product = matrix @ product
    return product


# %%
heavy()
gpu.synchronize()
start = gpu.now()
gpu.run(heavy)
asked = gpu.now() - start
print(
    f"the clock says {1e3 * asked:.3f} ms: "
    f"{operations / asked / 1e12:.0f} thousand billion operations a second!"
)

# %% [markdown]
# Compare that with what the maker of the machine promises, and you know that something is wrong. Nobody waited. The call returned as soon as the order was accepted. Wait for
# the work, then look again:

# %%
gpu.synchronize()
done = gpu.now() - start
print(
    f"after waiting: {1e3 * done:.1f} ms, "
    f"{operations / done / 1e12:.3f} thousand billion operations a second"
)
longer = f"{done / asked:,.0f} times as long"
verify.promise("waiting takes longer than asking", done > asked, got=longer)

# %% [markdown]
# On a CUDA GPU the wait is `torch.cuda.synchronize()`. Some operations wait without saying so: `loss.item()`, `.tolist()`, `.cpu()`, `print(tensor)`, `if tensor:`, `tensor.nonzero()`.
# Each has to see a number that the GPU may not have computed yet.
#
# Now write a timer that deserves the name. Run the work once without counting, since the first run compiles and allocates. Then time it `repeats` times, and give back the
# median, which one bad moment can't spoil. Think of the two moments at which the device must have nothing left to do. (The check uses a pretended device with a clock
# of its own, so that right and wrong differ by digits.)


# %% tags=["exercise"]
def time_it(device, work, repeats):
    """Median seconds of work(device), after one run that isn't counted;
    device has now() and synchronize()."""
    ...  # your code


# %% tags=["check"]
time_it = check("hardware.time_it", time_it)


# %%
def seconds(work, repeats=rounds):
    """Seconds that work() takes on this machine's device."""
    return time_it(here, lambda _: work(), repeats)


print(f"the twenty products, timed properly: {1e3 * seconds(heavy):.1f} ms")

# %% [markdown]
# ## How fast is this machine?
#
# A processor does two things: it computes, and it moves numbers between memory and its arithmetic. Measure both limits. For the first, multiply two large matrices. For the
# second, add long vectors, $a = b + 3c$, which takes next to no arithmetic.

# %%
large = runtime.pick(ci=768, cpu=2048, gpu=8192)
peak = roofline.measure_peak(device, size=large, repeats=rounds)
mebibytes = runtime.pick(ci=16, cpu=64, gpu=512)
bandwidth = roofline.measure_bandwidth(device, mebibytes=mebibytes, repeats=rounds)
machine = roofline.Machine("this machine, measured", peak, bandwidth)
ridge = machine.ridge
print(f"arithmetic: {peak / 1e9:,.0f} GFLOP/s in float32")
print(f"memory:     {bandwidth / 1e9:,.1f} GB/s")
print(f"for each byte it moves, it could do {ridge:.1f} floating-point operations")

# %% [markdown]
# The last number is the interesting one. A float32 has four bytes. If an operation does less with each number it fetches than this machine could, the arithmetic stands idle and
# waits for memory.
#
# How much does an operation do with each byte? This is its *arithmetic intensity*, the floating-point operations (FLOP) divided by the bytes that it must move if each
# number passes through memory once. For the product of an $(m, k)$ and a $(k, n)$ matrix, count: each of the $mn$ results is a sum of $k$ products; two matrices are read, one is
# written.


# %% tags=["exercise"]
def arithmetic_intensity(m, k, n, bytes_per_number):
    """FLOP a byte of an (m, k) times a (k, n) matrix;
    a multiplication and an addition count as two FLOP."""
    ...  # your code


# %% tags=["check"]
arithmetic_intensity = check("hardware.arithmetic_intensity", arithmetic_intensity)

# %% [markdown]
# For square float32 matrices of size $n$ it is $n / 6$: the larger, the better. For a matrix times a single vector it never reaches 1/2, however large the matrix.

# %%
side = sympy.symbols("n", positive=True)
square = roofline.arithmetic_intensity(side, side, side, 4)
verify.agree("square matrices, 4 bytes: n / 6", square, side / 6)
by_vector = roofline.arithmetic_intensity(side, side, 1, 4)
endless_size = sympy.limit(by_vector, side, sympy.oo)
verify.agree("matrix times vector, n → ∞: 1/2", endless_size, sympy.Rational(1, 2))

# %%
# NBVAL_CHECK_OUTPUT
for n in (16, 256, 4096):
    square = arithmetic_intensity(n, n, n, 4)
    print(f"{n:4} × {n:4} times {n:4} × {n:4}: {square:6.1f} FLOP/B")
by_vector = arithmetic_intensity(4096, 4096, 1, 4)
print(f"4096 × 4096 times a vector:  {by_vector:7.1f} FLOP/B")

# %% [markdown]
# A convolution is counted in the same way. `roofline.convolution` does it; torch's own counter, which watches the operations as they run, must come to the same FLOP.

# %%
layer = nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1)
maps = torch.randn(64, 16, 14, 14)
with FlopCounterMode(display=False) as counter, torch.no_grad():
    layer(maps)
counted = counter.get_total_flops()
work = roofline.convolution(64, 16, 14, 14, 32, kernel=3, stride=2, padding=1)
verify.agree("FLOP of a convolution: formula and torch's counter", work.flop, counted)
print(
    f"{work.flop / 1e6:.1f} MFLOP, {work.bytes / 1e6:.2f} MB: "
    f"{work.intensity:.1f} FLOP/B"
)

# %% [markdown]
# ## The roof
#
# From intensity $I$, the measured peak and the measured bandwidth follows the most that an operation can reach on this machine. Computing and moving go on at the same time.


# %% tags=["exercise"]
def attainable(intensity, peak, bandwidth):
    """The most FLOP/s at this intensity (FLOP/byte) on a machine
    with this peak (FLOP/s) and bandwidth (bytes/s)."""
    ...  # your code


# %% tags=["check"]
attainable = check("hardware.attainable", attainable)

# %% [markdown]
# **Predict first.** Two vectors of some million numbers are added: one FLOP for each twelve bytes (read 4, read 4, write 4). Which share of the measured peak will
# this reach here: about all of it, a half, a tenth, or a hundredth? Write it down.

# %% tags=["predict"]
long = runtime.pick(ci=2**22, cpu=2**24, gpu=2**27)
b, c, total = (torch.ones(long, device=device) for _ in range(3))
rate = long / seconds(lambda: torch.add(b, c, out=total))
roof = attainable(1 / 12, peak, bandwidth)
print(
    f"adding: {rate / 1e9:.2f} GFLOP/s, {rate / peak:.1%} of the peak; "
    f"the roof there is {roof / 1e9:.2f} GFLOP/s"
)

# %% [markdown]
# You should have seen a few hundredths or less, about what the roof allows. The arithmetic is idle nearly all the time. No better code for the *addition* can change that. Only fewer trips to
# memory can.
#
# Put more operations under the roof, each measured:

# %%
points = {}


def measure(name, work, run):
    """One point: where the operation stands, and how fast it really is."""
    with torch.no_grad():
        points[name] = (work.intensity, work.flop / seconds(run))


for n in (64, 256, 1024):
    pair = torch.randn(2, n, n, device=device)
    product = roofline.Work(2 * n**3, 12 * n**2)
    measure(f"matrices {n} × {n}", product, lambda pair=pair: pair[0] @ pair[1])

# %%
adding = roofline.Work(long, 12 * long)
measure("adding long vectors", adding, lambda: torch.add(b, c, out=total))
layer, maps = layer.to(device), maps.to(device)
measure("D's second convolution", work, lambda: layer(maps))
activation = roofline.Work(maps.numel(), 8 * maps.numel())
measure("an activation", activation, lambda: F.leaky_relu(maps, 0.2))

# %%
shares = {name: rate / peak for name, (_, rate) in points.items()}
for_product, for_adding = shares["matrices 1024 × 1024"], shares["adding long vectors"]
title = (
    f"{for_product:.0%} of the peak for a large product, {for_adding:.1%} for adding"
)
pictures.roofs([machine], points, title=title)

# %% [markdown]
# How to read it. *Under the slanted part* an operation waits for memory: make it move less. *Near the flat part* it computes as fast as it can: only less arithmetic or a
# lower precision helps. *Far below both* something else costs: starting the operation, or a shape that doesn't fill the machine. On a GPU most of a small model's operations lie
# there. A point *above* the slanted part found its numbers still in the cache, which is faster than memory.
# One above the flat part says that something else was running while the peak was measured: measure again.
#
# Now take a layer with 4096 × 4096 weights, and choose a machine and a batch size. The GPUs' numbers come from their data sheets, so they are promises, not measurements. How large must the batch be on each
# before it computes instead of waiting?

# %%
machines = {
    "this machine": (machine, 4),
    "T4, float32": (roofline.Machine("T4, float32, data sheet", 8.1e12, 320e9), 4),
    "T4, fp16": (roofline.Machine("T4, fp16, data sheet", 65e12, 320e9), 2),
    "H100, bf16": (roofline.Machine("H100 SXM, bf16, data sheet", 989e12, 3.35e12), 2),
}


# %%
def layer_under_roof(machine, batch_doublings):
    """A layer of 4096 × 4096 weights on a batch of 2^batch_doublings examples."""
    (chosen, width), batch = machines[machine], 2**batch_doublings
    intensity = arithmetic_intensity(batch, 4096, 4096, width)
    most = attainable(intensity, chosen.peak, chosen.bandwidth)
    reached = f"{intensity:.1f} FLOP/B, at most {most / chosen.peak:.0%} of the peak"
    title = f"A batch of {batch}: {reached}"
    pictures.roofs([chosen], {"the layer": (intensity, most)}, title=title)


widgets.play(
    layer_under_roof,
    machine=["H100, bf16", "T4, fp16", "T4, float32", "this machine"],
    batch_doublings=(0, 12, 1, 5),
)

# %%
# NBVAL_CHECK_OUTPUT
for name in ("T4, float32", "T4, fp16", "H100, bf16"):
    chosen, width = machines[name]
    batch = 1
    while arithmetic_intensity(batch, 4096, 4096, width) < chosen.ridge:
        batch *= 2
    print(f"{name}: it computes from a batch of {batch} on")

# %% [markdown]
# The faster the chip, the more it must be given at once. Arithmetic has grown faster than memory for decades. This is why the tricks of today's training are about traffic: larger batches, fused operations,
# half precision.
#
# ## Where the time goes
#
# Guesses about slow code are mostly wrong. A profiler writes down each operation with its time. Let it watch eight steps of the GAN of this course, and add up by kind.

# %%
digits = datasets.load("digits")
images, labels = digits.images.to(device), digits.labels.to(device)
recipe = gan.GanRecipe.for_data(digits).to(device)
order = training.Batches((images, labels), 64, seed)
for _ in range(8):  # two rounds of four: every fourth step has the R1 penalty
    recipe.step(next(order))

here.synchronize()
activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device.type == "cuda")
with profile(activities=activities) as watched:
    for _ in range(8):
        recipe.step(next(order))
    here.synchronize()
spent = profiler.seconds_by_kind(watched, device)

# %%
share = spent["convolutions"] / sum(spent.values())
plots.bars(
    {kind: 1e3 * time_of_kind / 8 for kind, time_of_kind in spent.items()},
    y_label="milliseconds a step",
    title=f"A GAN step on this machine: {share:.0%} of it is convolutions",
)
if device.type == "cpu":
    claim = "on a CPU, convolutions take more than half"
    verify.promise(claim, got=share, above=0.5)

# %% [markdown]
# On two CPU cores convolutions take about three quarters of a step. So a cleverer optimiser or a quicker random generator can't gain much there, however clever. (If a part with share $s$ becomes
# infinitely fast, the whole becomes $1/(1-s)$ times as fast. This is Amdahl's law.) On a GPU you see a different picture: the convolutions are over at once, and hundreds of small
# operations are left.
#
# What does the device do in the rest of the time? And which share of its peak does a step reach?


# %%
def four_steps():
    for _ in range(4):
        recipe.step(next(order))


step_flop, took = roofline.count_flop(four_steps) / 4, seconds(four_steps) / 4
print(
    f"a step: {step_flop / 1e6:.0f} MFLOP in {1e3 * took:.2f} ms, "
    f"{step_flop / took / peak:.1%} of the measured peak"
)
if device.type == "cuda":
    busy = sum(spent.values()) / 8 / took
    print(
        f"the GPU is at work in {busy:.0%} of that time; "
        "in the rest it waits for orders"
    )

# %% [markdown]
# ## One change a row
#
# The web is full of advice for faster training. Don't believe it; measure it. Below is a table in which each row is one change, timed before and after, in turns, so that a slow moment of the
# machine hits both. A row whose tool isn't there says so.
#
# **Data.** Tutorials load pictures one by one, turn each into floats, and glue 64 of them together. When the whole set fits into memory, one index does the same. And `DataLoader`'s workers are processes: they
# pay when a picture must be decoded from a file, but here?

# %%
table = speedups.SpeedupTable(here, rounds)
slow_images, slow_labels = images[:2000].cpu(), labels[:2000].cpu()


class OneByOne(Dataset):
    """A picture at a time, as tutorials load them."""

    def __len__(self):
        return len(slow_images)

    def __getitem__(self, i):
        return slow_images[i].float() / 127.5 - 1, slow_labels[i]


# %%
def endless(loader):
    while True:
        yield from loader


one_by_one = endless(DataLoader(OneByOne(), 64, shuffle=True, drop_last=True))
table.row(
    "data: index a tensor, not picture by picture",
    lambda: [tensor.to(device) for tensor in next(one_by_one)],
    lambda: transforms.to_signed(next(order)[0]),
)


# %%
few = TensorDataset(slow_images, slow_labels)
table.row(
    "data: no workers for 2,000 small pictures",
    lambda: list(DataLoader(few, 64, num_workers=2)),
    lambda: list(DataLoader(few, 64)),
)
floats = training.Batches((transforms.to_signed(images),), 64, seed)
table.row(
    "data: floats beforehand, not bytes to floats",
    lambda: transforms.to_signed(next(order)[0]),
    lambda: next(floats),
)

# %% [markdown]
# The last of these costs four times the memory and moves four times the bytes. Whether it is a gain at all, your row says.
#
# **Looking.** `loss.item()` at every step is in every tutorial. On a CPU it costs nothing. On a GPU each look waits until all work is done, and then the device waits for its next order.


# %%
def four_steps_with_a_look_at_each():
    for _ in range(4):
        for loss in recipe.step(next(order)).values():
            loss.item()


change = "loss: not looked at in each step"
table.row(change, four_steps_with_a_look_at_each, four_steps)

# %% [markdown]
# **Batch size.** More examples a step fill the machine better, so that each example mostly gets cheaper. That is only half of the story: what counts is how much is *learnt* in a minute, and there a larger
# batch means fewer steps. Below, "before" and "after" are both the time for the larger number of pictures.


# %%
def trainer(batch_size=64, precision=None, channels_last=False):
    """Four steps of the GAN, ready to be called."""
    recipe = gan.GanRecipe.for_data(digits).to(device)
    recipe.optimizer_step = optimizer_step.OptimizerStep(precision=precision)
    if channels_last:
        recipe.generator.to(memory_format=torch.channels_last)
        recipe.discriminator.to(memory_format=torch.channels_last)
    order = training.Batches((images, labels), batch_size, seed)
    return lambda: [recipe.step(next(order)) for _ in range(4)]


table.row("batch: 64 instead of 8", trainer(8), trainer(64), examples=(8, 64))
table.row("batch: 256 instead of 64", trainer(64), trainer(256), examples=(64, 256))

# %% [markdown]
# **Memory format.** A picture can lie in memory channel by channel, or with all channels of a pixel side by side (`channels_last`), as a GPU's matrix units want it. **Precision.** Half the
# bits are half the traffic, and a GPU's matrix units are many times as fast in them. But only hardware that *has* such units gains; a T4 has none for bf16, and emulates it.

# %%
table.row("memory format: channels_last", trainer(), trainer(channels_last=True))
precision = runtime.half_precision(device)
if precision:
    table.row(f"precision: {precision}", trainer(), trainer(precision=precision))
else:
    table.not_here("precision: bf16", "no units for it; it would be emulated, slowly")

# %% [markdown]
# **Fewer, larger operations.** An optimiser that loops over the weights starts several small operations for each tensor; a *fused* one does all in one. `torch.compile` does the same for any chain of
# operations: seven of them, which read and write the whole vector each, become one that reads and writes once. It takes a compiler and some patience at the first call.


# %%
def adam(**how):
    """Adam on copies of the GAN's weights, with a gradient for each."""
    weights = [*recipe.generator.parameters(), *recipe.discriminator.parameters()]
    weights = [weight.detach().clone().requires_grad_() for weight in weights]
    for weight in weights:
        weight.grad = torch.randn_like(weight)
    return torch.optim.Adam(weights, **how)


looping, fused = adam(foreach=False, fused=False), adam(fused=True)
table.row("optimiser: fused Adam", looping.step, fused.step)


# %%
def chain(x):
    return torch.sigmoid(1.7 * x) * x + 0.1 * x.square() - 1


vector = torch.randn(runtime.pick(ci=2**20, cpu=2**22, gpu=2**26), device=device)


# %%
tool, change = runtime.compiler(device), "compile: seven operations in one pass"
if runtime.profile() == "ci" or tool is None:
    table.not_here(change, "no compiler" if tool is None else "left out in profile ci")
else:
    try:
        compiled, begun = torch.compile(chain), here.now()
        compiled(vector)
        waited = here.now() - begun
        print(f"the first call took {waited:.1f} s: it wrote a program and compiled it")
        table.row(change, lambda: chain(vector), lambda: compiled(vector))
    except Exception as error:  # a half-installed compiler is as good as none
        table.not_here(change, f"{type(error).__name__} in the compiler")

# %% [markdown]
# **Another architecture.** The GAN's last layer must double the size. A transposed convolution can do that; so can a smaller convolution that draws four channels and lays them out as neighbours
# (`PixelShuffle`).

# %%
small = torch.randn(64, 32, 14, 14, device=device)
transposed = nn.ConvTranspose2d(32, 1, kernel_size=4, stride=2, padding=1).to(device)
four_channels = nn.Conv2d(32, 4, kernel_size=3, padding=1)
shuffled = nn.Sequential(four_channels, nn.PixelShuffle(2)).to(device)
table.row(
    "last layer: convolution and PixelShuffle",
    lambda: transposed(small).sum().backward(),
    lambda: shuffled(small).sum().backward(),
)
print()
table.show()

# %%
title = "On this machine: right of the line is a gain, left of it a loss"
pictures.factors(table.factors, title=title)

# %% [markdown]
# Mind what a row says: how much *its own piece* of the work gains. Fetching data fifty times as fast helps little if it was two per cent of a step. Multiply by the share that the profiler showed.
#
# The course's GAN went through such a table, with one more column: not steps a second but quality a minute, as the Fréchet distance (lesson 34) after 60 s on two CPU
# cores, in multiples of the floor that real digits reach. That column turned some advice around. What was learnt:
#
# | change | result |
# |---|---|
# | learning rate that falls with the known budget | 1.75 → 1.5 times the floor |
# | R1 penalty every 4 steps instead of every 8 or 16 | slower steps, better pictures in the same time |
# | batches of 32 or 96 instead of 64 | no better in the same time, either of them |
# | last layer by convolution and PixelShuffle | a few per cent more steps a second |
# | `channels_last` | nothing on the CPU |
#
# ## What fills the memory
#
# Training keeps four things in memory: the weights; a gradient for each; what the optimiser remembers, for Adam two running averages of each gradient; and what the forward pass must keep so that the backward
# pass can use it, the *activations*. The first three can be counted with pen and paper. The fourth too, with a hook: torch lets you watch each tensor that it saves for the backward pass.

# %%
network = gan.Discriminator((1, 28, 28), None, width=16).to(device)
optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
x = torch.randn(64, 1, 28, 28, device=device)
kept = memory.saved_bytes(lambda: network(x).sum(), without=network.parameters())
network(x).sum().backward()
optimizer.step()
filled = {
    "weights": memory.weight_bytes(network),
    "gradients": memory.gradient_bytes(network),
    "Adam's two averages": memory.optimizer_bytes(optimizer),
    "kept for backward": kept,
}

# %%
plots.bars(
    {name: held / 1e6 for name, held in filled.items()},
    y_label="MB, for a batch of 64",
    title="A small network's memory is nearly all activations",
)

# %% [markdown]
# Does the count come out? The discriminator has three convolutions. Each leaves its result for the activation behind it, and the activation's result is kept for the next layer: two sets of maps each, and the pictures
# themselves.

# %%
weights = list(network.parameters())
parameters, tensors = sum(weight.numel() for weight in weights), len(weights)
numbers = 784 + 2 * (16 * 14 * 14 + 32 * 7 * 7 + 64 * 7 * 7)
verify.agree("weights: 4 bytes each", filled["weights"], 4 * parameters)
verify.agree("gradients: 4 bytes a weight", filled["gradients"], 4 * parameters)
averages, counts = filled["Adam's two averages"], 4 * tensors
claim = "Adam: 8 bytes a weight, and a count of steps a tensor"
verify.agree(claim, averages, 8 * parameters + counts)
claim = "kept for backward: 4 bytes × 64 pictures × 16,464 numbers"
verify.agree(claim, filled["kept for backward"], 4 * 64 * numbers)

# %% [markdown]
# So you can say beforehand what a training will need. Write it down, also for mixed precision: under `torch.autocast` the weights, the gradients and Adam's averages stay in float32. What is kept for the backward pass is in
# half precision, and a half-precision copy of the weights joins them.


# %% tags=["exercise"]
def training_bytes(parameters, activations, mixed):
    """Bytes of a training with Adam: weights, gradients, averages,
    and `activations` kept numbers; mixed: True under autocast."""
    ...  # your code


# %% tags=["check"]
training_bytes = check("hardware.training_bytes", training_bytes)

# %%
counted = training_bytes(parameters, 64 * numbers, mixed=False)
measured = sum(filled.values()) - 4 * tensors
verify.agree("float32: counted and measured", counted, measured)

# %%
half = torch.float16 if runtime.half_precision(device) == "fp16" else torch.bfloat16


def forward_in_half():
    with torch.autocast(device.type, dtype=half):
        return network(x).sum()


less = memory.saved_bytes(forward_in_half, without=network.parameters())
print(
    f"kept for backward: {kept / 1e6:.2f} MB in float32, "
    f"{less / 1e6:.2f} MB in mixed precision"
)
claim = "mixed precision keeps 50 to 55 % of it"
verify.promise(claim, got=less / kept, at_least=0.5, at_most=0.55)

# %% [markdown]
# For a network this small the weights are nothing. For a language model it is the other way round. Before a single activation is kept:

# %%
# NBVAL_CHECK_OUTPUT
models = {
    "GPT-2, 124 million": 124e6,
    "GPT-2, 355 million": 355e6,
    "1.5 billion": 1.5e9,
    "7 billion": 7e9,
}
for name, n in models.items():
    need = training_bytes(n, 0, False) / 1e9
    t4, h100 = ("yes" if need < gigabytes else "no" for gigabytes in (16, 80))
    print(f"{name:18} {need:6.1f} GB: T4 (16 GB) {t4:3}  H100 (80 GB) {h100}")

# %% [markdown]
# What if it doesn't fit? Weights, gradients and averages can only be shared out among several GPUs (lesson 37, Beyond one GPU). The activations can be cut, in two ways that leave the gradient as it is.
#
# ## In parts
#
# Activations grow with the batch. Take the batch in parts, add up the gradients, and step once. The mean over $n$ examples is made of the parts' means, each with its share:
#
# $$\nabla \frac{1}{n} \sum_{j=1}^{n} \ell_j = \sum_i \frac{n_i}{n} \, \nabla \Big( \frac{1}{n_i} \sum_{j \in \text{part } i} \ell_j \Big)$$
#
# Well-known libraries had these weights wrong until 2024, for texts of unequal length, and nobody noticed until somebody compared. The last part may be smaller than the others.


# %% tags=["exercise"]
def accumulated_gradient(loss, weights, examples, size):
    """Gradient of loss(weights, examples), a mean over examples,
    with at most `size` examples at a time."""
    ...  # your code


# %% tags=["check"]
accumulated_gradient = check("hardware.accumulated_gradient", accumulated_gradient)

# %% [markdown]
# In `training.fit` the argument is `accumulate`. The memory for activations falls to the part's share, and the step is the same:

# %%
part = x[:16].clone()
by_part = memory.saved_bytes(lambda: network(part).sum(), without=network.parameters())
verify.agree("16 of 64 pictures keep a quarter", 4 * by_part, kept)


# %%
def weights_after_a_step(accumulate):
    twin = copy.deepcopy(network).cpu().double()
    step = optimizer_step.OptimizerStep(accumulate=accumulate)

    def loss(batch):
        return F.softplus(-twin(batch[0])).mean(), {}

    step(loss, torch.optim.SGD(twin.parameters(), lr=1.0), (x.cpu().double(),))
    return nn.utils.parameters_to_vector(twin.parameters()).detach()


at_once, in_parts = weights_after_a_step(1), weights_after_a_step(4)
verify.agree("a step with 64, and with four parts of 16", at_once, in_parts)

# %% [markdown]
# This holds as long as examples don't look at each other. Batch norm makes them do so, and lesson 37 shows what follows.
#
# ## Forget and compute again
#
# The other way: keep only what goes *into* each block of layers. When the backward pass arrives, run the block's forward pass once more, and have its activations for that moment. This is called activation
# checkpointing, and it is one line. Here are 12 blocks of a width that first grows fourfold, as in a transformer:

# %%
from torch.utils.checkpoint import checkpoint

blocks = nn.ModuleList(
    nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 64)) for _ in range(12)
).to(device)
tokens = torch.randn(256, 64, device=device, requires_grad=True)


def through_blocks(again):
    h = tokens
    for block in blocks:
        h = checkpoint(block, h, use_reentrant=False) if again else block(h)
    return h.square().mean()


# %%
def bytes_kept(again):
    return memory.saved_bytes(
        lambda: through_blocks(again), without=blocks.parameters()
    )


def gradient(again):
    inputs = [tokens, *blocks.parameters()]
    gradients = torch.autograd.grad(through_blocks(again), inputs)
    return torch.cat([gradient.flatten() for gradient in gradients])


# %%
full, less = bytes_kept(again=False), bytes_kept(again=True)
flop = roofline.count_flop(lambda: gradient(again=False))
more = roofline.count_flop(lambda: gradient(again=True))
print(
    f"kept for backward: {full / 1e6:.1f} MB, with checkpoints {less / 1e6:.1f} MB. "
    f"Arithmetic: {more / flop:.2f} times as much"
)
verify.agree("the gradients are equal", gradient(again=True), gradient(again=False))
verify.promise("less than a fifth is kept", got=less / full, above=0, below=1 / 5)
claim = "for at most a third more arithmetic"
verify.promise(claim, got=more / flop, above=1, at_most=4 / 3)

# %% [markdown]
# Why a third? A backward pass costs twice a forward pass, one for the gradient of the inputs and one for that of the weights. One more forward pass makes four units out of three. torch stops it as soon as it has what it
# needs, before the last product of each block, so that you may see less.
#
# Each of the 12 blocks keeps its input, 64 numbers an example, instead of 64 + 256 + 256. With a checkpoint around each $\sqrt{L}$ of $L$ layers, memory grows like $\sqrt{L}$ and not like $L$ (Chen et al., 2016).
#
# ## When the machine is taken away
#
# A free GPU comes without a promise. The session ends after hours, or after minutes. So kill a training for real and see what is left. This is the program; it runs in a process of its own, writes a
# checkpoint every five steps, and says where it is:

# %% tags=["whole-program"]
program = """
import sys, time, torch
from aigc_lab import datasets, gan, training

def tell(step, recipe, history):
    print("step", step, flush=True)
    time.sleep(0.01)  # so that one can watch

torch.set_num_threads(1)
torch.manual_seed(0)
digits = datasets.load("digits")
recipe = gan.GanRecipe.for_data(digits, width=4)
training.fit(
    recipe, digits, steps=120, batch_size=16, seed=1,
    checkpoint=sys.argv[1], save_every_steps=5, callback=tell, every_steps=1,
)
"""

# %%
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import aigc_lab
from aigc_lab.training import checkpoint as training_checkpoint

folder = Path(tempfile.mkdtemp())


def begin(file):
    package = Path(aigc_lab.__file__).parents[1]
    # profile ci: on the CPU, quietly
    settings = {"AIGC_LAB_PROFILE": "ci", "PYTHONPATH": str(package)}
    env = os.environ | settings
    command = [sys.executable, "-c", program, str(folder / file)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


# %% [markdown]
# Two of them start. One may finish. The other gets the signal that no program can catch (SIGKILL) as soon as it has said "step 33":

# %%
whole, broken = begin("whole"), begin("broken")
for line in broken.stdout:
    if line == "step 33\n":
        broken.kill()
        break
broken.wait()
whole.communicate()
newest, _ = training_checkpoint.load_newest(folder / "broken")
reached, code = len(newest["history"]["rows"]), broken.returncode
print(
    f"killed, exit code {code}. The newest whole checkpoint is that of step {reached}."
)
verify.promise("it did not end by itself", code != 0, got=code)

# %% [markdown]
# Now the same program again, with the same file. It says where it goes on. When it is done, compare its weights with those of the run that nobody touched:

# %%
said = begin("broken").communicate()[0].splitlines()
print(f"it began with {said[0]!r} and ended with {said[-1]!r}")
one, other = (training_checkpoint.load(folder / file) for file in ("whole", "broken"))
for part in ("generator", "discriminator", "averaged"):
    pairs = zip(one["recipe"][part].values(), other["recipe"][part].values())
    equal = all(torch.equal(left, right) for left, right in pairs)
    verify.promise(f"{part}: all weights equal, to the bit", equal)
equal = torch.equal(one["history"]["rows"], other["history"]["rows"])
verify.promise("so are all losses of all steps", equal)

# %% [markdown]
# Equal to the bit, not about equal. For that the file must hold everything that the next step depends on: weights, both optimisers' averages, the running average of G, the position in the shuffled data, and the state of each random
# generator. Anyone who saves only the weights starts with an optimiser that has forgotten everything, on examples it has already seen in this epoch. (On a GPU some operations add in an order that changes from run to run;
# there, resumed runs are equal up to that.)
#
# And what if the file is damaged? Do it, in three ways:

# %%
whole_file = (folder / "broken").read_bytes()
cut, flipped = whole_file[: len(whole_file) // 2], bytearray(whole_file)
flipped[len(flipped) // 2] ^= 1
damages = {"cut in half": cut, "one bit flipped": flipped, "another file": b"PK\3\4"}
claim = "noticed, and the checkpoint before it, of step 115, is read instead"
for damage, content in damages.items():
    (folder / "broken").write_bytes(content)
    try:
        training_checkpoint.load(folder / "broken")
    except training.CheckpointError as error:
        print(f"{damage}: {str(error).replace(str(folder), '...')}")
    state, _ = training_checkpoint.load_newest(folder / "broken")
    step = len(state["history"]["rows"])
    verify.promise(f"{damage}: {claim}", got=step, equals=115)

# %% [markdown]
# Each file carries the SHA-256 of its content, the previous checkpoint is kept, and reading executes no code from it. A new file gets its name only once it is on the disk; a kill in the middle of writing loses the newest at most.
#
# ### How often?
#
# Saving takes δ seconds, and a break comes every $M$ seconds on average. With a save each τ seconds you lose the share δ/τ to writing, and τ/2 of work at each break (Young, 1974):
#
# $$\text{cost}(\tau) = \frac{\delta}{\tau} + \frac{\tau}{2M}$$

# %%
tau, delta, mean_time = sympy.symbols("tau delta M", positive=True)
cost = delta / tau + tau / (2 * mean_time)
best = sympy.solve(sympy.diff(cost, tau), tau)[0]
stated = sympy.sqrt(2 * delta * mean_time)
verify.agree("the cheapest interval is √(2 δ M)", best, stated)


# %%
def write():
    training_checkpoint.save({"recipe": recipe.state_dict()}, folder / "timed")


saving = seconds(write, repeats=3)
print(
    f"writing this GAN takes {1e3 * saving:.1f} ms here; "
    f"for a break every 2 hours, save each {(2 * saving * 7200) ** 0.5:.0f} s"
)

# %% [markdown]
# In Colab the disk goes with the machine. Write where it stays:
#
# ```python
# from google.colab import drive
# drive.mount("/content/drive")
# training.fit(recipe, digits, seconds=3600, checkpoint="/content/drive/MyDrive/gan.checkpoint")
# ```
#
# After a break, run the same cells. For a run with a budget of *steps* the result is the one that an unbroken run would have had. A budget of seconds counts only the seconds that were spent training.
#
# ## Check the article
#
# The article's section 5.1 lists what one needs. "Usually a GPU, a Tesla V100 or better": **imprecise**. What one needs follows from the arithmetic of the model, which you can count. Here is the count for the GAN of this course:

# %%
need = 1000 * step_flop
print(
    f"1,000 steps of the GAN: {need / 1e12:.2f} TFLOP, "
    f"{1000 * took:.0f} s on this machine as it is, {need / peak:.1f} s at its peak"
)
print(f"on a T4 at the peak of its data sheet: {need / 8.1e12:.2f} s.")

# %% [markdown]
# And "V100 or better" is no order: a V100 has more arithmetic than many newer cards, and no units for bf16, which today's recipes take for granted. NVIDIA's chips have them from compute capability 8.0 on:

# %%
# NBVAL_CHECK_OUTPUT
for chip, capability in {"V100": 7.0, "T4": 7.5, "A100": 8.0, "H100": 9.0}.items():
    halves = "bf16" if capability >= 8.0 else "fp16 only, with a scaler"
    print(f"{chip}: compute capability {capability}, {halves}")

# %% [markdown]
# "A fast CPU for processing the data": **right** where pictures are decoded and augmented on the CPU. When the data fits into the GPU's memory, the table above says what is left of it. `pip install tensorflow-gpu`: **wrong** by now. The package was withdrawn in
# December 2022, as lesson 01 shows; `tensorflow` and `torch` find a GPU by themselves.
#
# ## Quiz

# %%
widgets.quiz("36_gpu_training")

# %% [markdown]
# ## What you should be able to do now
#
# You can time work on a GPU without being fooled. You can say whether an operation waits for memory or for arithmetic, on any machine of which you know two numbers. You have a table of what pays on yours. You can count a
# training's memory beforehand, cut it in two ways without touching the gradient, and go on after a crash to the bit.
#
# When one GPU isn't enough, go on with lesson 37, Beyond one GPU: the same step by several processes, and what a training run costs in hours, money and energy.
#
# ## References
#
# - Amdahl, "Validity of the Single Processor Approach to Achieving Large Scale Computing Capabilities", AFIPS 1967
# - Chen, Xu, Zhang, Guestrin, "Training Deep Nets with Sublinear Memory Cost", arXiv 1604.06174, 2016
# - Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015
# - McCalpin, "Memory Bandwidth and Machine Balance in Current High Performance Computers", IEEE TCCA Newsletter 1995
# - Micikevicius, Narang, Alben, Diamos, Elsen, Garcia, Ginsburg, Houston, Kuchaiev, Venkatesh, Wu, "Mixed Precision Training", ICLR 2018
# - Rajbhandari, Rasley, Ruwase, He, "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", SC 2020
# - Williams, Waterman, Patterson, "Roofline: An Insightful Visual Performance Model for Multicore Architectures", Communications of the ACM 2009
# - Young, "A First Order Approximation to the Optimum Checkpoint Interval", Communications of the ACM 1974
