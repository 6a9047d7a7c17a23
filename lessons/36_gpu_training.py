# %% [markdown]
# # 36 · GPU training
# <!-- badge -->
#
# You find out where training time and memory go on the machine in front of you, change what pays there, and lose almost nothing when the machine is taken away.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | lessons 01 and 23 (the GAN that is timed here); PyTorch's modules, optimisers and autograd; derivatives; some idea of a process and of a file on a disk | time work on a device that doesn't wait for you<br>say what an operation can reach at most on your machine, and what limits it<br>measure what a change to a training loop gains<br>count the memory of a training, and cut it without changing the gradient<br>resume after a crash as if nothing had happened |

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
repeats = rounds or runtime.pick(ci=1, cpu=5, gpu=15)
device = runtime.device()
here = timing.TorchDevice(device)  # now(), run(work), synchronize()
gpu = timing.QueuedDevice() if device.type == "cpu" else here
on_cuda, threads = device.type == "cuda", torch.get_num_threads()
name = torch.cuda.get_device_name(device) if on_cuda else device.type.upper()
print(f"All numbers below are those of this machine: {name}, {threads} threads.")

# %% [markdown]
# ## Timing: too fast to be true
#
# You multiply twenty large matrices on a GPU, and look at the clock before and after. The result is wonderful. If there is no GPU here, a small stand-in
# takes its place: a thread that accepts orders and works through them one by one, while your program goes on. Only this queue is borrowed from the GPU; the matrices
# really are multiplied, on your CPU.

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
print(f"the clock says {1e3 * asked:.3f} ms: {operations / asked / 1e9:,.0f} GFLOP/s!")

# %% [markdown]
# A GFLOP/s is a billion ($10^9$) floating-point operations a second. Compare the number with the machine's data sheet, and you know that something is wrong. Nobody waited: the
# call returned as soon as the order was accepted. Wait for the work, then look again:

# %%
gpu.synchronize()
done = gpu.now() - start
print(f"after waiting: {1e3 * done:.1f} ms, {operations / done / 1e9:,.0f} GFLOP/s")
claim = "the work takes more than twice as long as giving the order"
verify.promise(claim, got=done / asked, above=2)

# %% [markdown]
# On a CUDA GPU the wait is `torch.cuda.synchronize()`. Some operations wait without saying so: `loss.item()`, `.tolist()`, `.cpu()`, `print(tensor)`, `if tensor:`, `tensor.nonzero()`.
# Each needs a number that the GPU may not have computed yet.
#
# Now write a timer that deserves the name. Run the work once without counting it, since the first run compiles and allocates. Then time it `repeats` times and return the
# median, which one bad moment can't spoil. Think of the two moments at which the device must have nothing left to do. (The check uses a simulated device with a clock
# of its own, so the right answer is an exact number.)


# %% tags=["exercise"]
def time_it(device, work, repeats):
    """Median seconds of `repeats` runs of work(device), after one run that isn't
    counted; device has now(), in seconds, and synchronize()."""
    ...  # your code


# %% tags=["check"]
time_it = check("hardware.time_it", time_it)


# %%
def seconds(work, repeats=repeats):
    """Seconds that work() takes on this machine's device."""
    return time_it(here, lambda _: work(), repeats)


print(f"the twenty products, timed properly: {1e3 * seconds(heavy):.1f} ms")

# %% [markdown]
# ## How fast is this machine?
#
# A processor does two things: it computes, and it moves numbers between memory and its arithmetic units. Measure both limits. For the first, multiply two large matrices. For the
# second, add long vectors, $a = b + 3c$, which takes next to no arithmetic: two vectors are read, one is written. A limit is what the machine can do undisturbed, so the fastest of
# several runs counts. On a GPU both are measured in full float32: TF32, a rounded float32 for matrix units, is switched off until its turn comes.

# %%
roofline.allow_tf32(False)
sizes = runtime.pick(ci=[512], cpu=[512, 1024], gpu=[4096, 8192])
peak = max(roofline.measure_peak(device, size, repeats=4 * repeats) for size in sizes)
mebibytes = runtime.pick(ci=64, gpu=512)  # far more than a cache holds
bandwidth = roofline.measure_bandwidth(device, mebibytes=mebibytes, repeats=repeats)
machine = roofline.Machine("this machine, measured", peak, bandwidth)
ridge = machine.ridge
print(f"arithmetic: {peak / 1e9:,.0f} GFLOP/s in float32")
print(f"memory:     {bandwidth / 1e9:,.1f} GB/s")
print(f"for each byte it moves, it could do {ridge:.1f} operations")

# %% [markdown]
# The last number is the interesting one. An operation that does less with each byte it moves leaves the arithmetic idle, waiting for memory.
#
# How much does an operation do with each byte? This is its *arithmetic intensity*: its floating-point operations (FLOP), divided by the bytes that it must move if each
# number passes through memory once. For the product of an $(m, k)$ and a $(k, n)$ matrix, count. Each of the $mn$ results is a sum of $k$ products; two matrices are read and one is
# written.


# %% tags=["exercise"]
def arithmetic_intensity(m, k, n, bytes_per_number):
    """FLOP per byte of an (m, k) times a (k, n) matrix, four whole numbers > 0;
    a multiplication and an addition count as two FLOP."""
    ...  # your code


# %% tags=["check"]
arithmetic_intensity = check("hardware.arithmetic_intensity", arithmetic_intensity)

# %% [markdown]
# For square float32 matrices of size $n$ it is $n / 6$: the larger, the better. For a float32 matrix times a single vector it never reaches 1/2, however large the matrix.

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
# A convolution is counted in the same way, by `roofline.convolution`. torch's own counter, which watches the operations as they run, must find the same FLOP.

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
# The intensity of an operation, the peak and the bandwidth together say what the operation can reach at most on this machine. Computing and moving go on at the same time.


# %% tags=["exercise"]
def attainable(intensity, peak, bandwidth):
    """The most FLOP/s at this intensity (FLOP/byte) on a machine
    with this peak (FLOP/s) and bandwidth (bytes/s)."""
    ...  # your code


# %% tags=["check"]
attainable = check("hardware.attainable", attainable)

# %% [markdown]
# **Predict first.** The roof was measured with a sum of vectors and a product of large matrices. Now test it on something else: a large matrix times a *vector*, which is what a
# language model does for each token that it writes. Its intensity is 1/2. Which share of the measured peak will it reach here: about all of it, a half, a tenth, or less? Write it down.

# %% tags=["predict"]
rows = runtime.pick(ci=4096, gpu=16384)
weight, vector = (
    torch.randn(rows, rows, device=device),
    torch.randn(rows, device=device),
)
intensity = arithmetic_intensity(rows, rows, 1, 4)
by_vector = 2 * rows**2 / seconds(lambda: weight @ vector)
roof = attainable(intensity, peak, bandwidth)
share = by_vector / peak
print(f"matrix times vector: {by_vector / 1e9:.2f} GFLOP/s, {share:.1%} of the peak")
print(f"the roof at {intensity:.2f} FLOP/B: {roof / 1e9:.2f} GFLOP/s")
print(f"so it reached {by_vector / roof:.0%} of its roof")
verify.promise("less than half of the peak", got=share, below=0.5)

# %% [markdown]
# The arithmetic is idle most of the time, and the roof foresaw that without having seen this operation. No better code for the multiplication can change it. Only fewer bytes can: weights in
# half precision, or several vectors at once.
#
# More than 100% is possible. Most CPUs fetch each line of memory before they overwrite it (*write-allocate*): the sum of vectors moved four vectors where we counted three, so the true bandwidth
# is up to 4/3 of the measured one, and an operation that only reads can show it. A roof is a model, good to a third and not to a per cent. (Far more than 133% means that something else used the memory while
# the bandwidth was measured, or that the matrix is still in a cache.)
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
long = runtime.pick(ci=2**22, cpu=2**24, gpu=2**27)
b, c, total = (torch.ones(long, device=device) for _ in range(3))
adding = roofline.Work(long, 12 * long)  # read 4 bytes, read 4, write 4
measure("adding long vectors", adding, lambda: torch.add(b, c, out=total))
points["matrix times vector"] = (intensity, by_vector)
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
# How to read it. *Near the slanted part* an operation waits for memory: make it move less. *Near the flat part* it computes as fast as it can: only less arithmetic or a
# lower precision helps. *Far below both* something else costs time: starting the operation, or a shape that doesn't fill the machine. On a GPU most of a small model's operations lie
# there. A point *above* the slanted part found its numbers still in the cache, which is faster than memory, or only reads.
# A point above the flat part means that something else was running while the peak was measured (measure again), or that a GPU rounded to TF32.
#
# Now take a layer with 4096 × 4096 weights, and choose a machine and a batch size. The GPUs' numbers come from their data sheets: they are what the maker promises, not measurements. How large must the
# batch be on each machine before the layer computes instead of waiting?

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
# The more arithmetic a chip has for each byte of bandwidth, the more it must be given at once. Arithmetic has grown faster than memory for decades, so most tricks of today's training save traffic: larger
# batches, fused operations, half precision.
#
# ## Where the time goes
#
# Guesses about slow code are mostly wrong. A profiler records each operation with its time. Let it watch eight steps of the GAN of this course, and add up by kind.

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
print(f"all else for nothing: {1 / share:.2f} times as fast")
if device.type == "cpu":
    claim = "on a CPU, convolutions take more than half"
    verify.promise(claim, got=share, above=0.5)

# %% [markdown]
# On a CPU most of a step is convolutions. So the cleverest optimiser and the quickest random generator can't gain much there: if everything but the convolutions took no time at all, the step would be
# faster by the factor printed above. (If a part with share $s$ takes no time, the whole becomes $1/(1-s)$ times as fast. This is Amdahl's law.) On a GPU the picture differs: the
# convolutions are over quickly, and hundreds of small operations remain.
#
# To see *when* things happen, not only how long they take, write the same recording to a file: `watched.export_chrome_trace("trace.json")`, and open it at `ui.perfetto.dev`. The upper rows are Python
# giving orders, the lower ones a GPU working on them. Gaps in the lower rows are a device that waits for Python: give it larger or fewer orders. A long bar above a gap, named `aten::item` or
# `cudaStreamSynchronize`, is Python waiting for the device: look less often.
#
# Which share of its peak does a step reach? And on a GPU, how much of the time is it at work?


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
# The web is full of advice for faster training. Don't believe it; measure it. Below is a table in which each row is one change. Before and after are timed in turns, so that a slow moment of the
# machine hits both. A row that this machine can't measure says why.
#
# **Data.** Tutorials load pictures one by one, turn each into floats, and stack 64 of them. When the whole set fits into memory, indexing one tensor does the same. And `DataLoader`'s workers are processes: they
# pay when a picture must be decoded from a file, but here?

# %%
table = speedups.SpeedupTable(here, repeats)
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
# The last of these takes four times the memory and moves four times the bytes. Your row says whether it gains anything.
#
# A GPU copies from *pinned* memory, which the system promises not to move, faster than from ordinary memory, and while Python goes on (`non_blocking=True`). `DataLoader(..., pin_memory=True)` hands out such
# batches. If everything is on the GPU already, as in this course, there is nothing to copy.

# %%
change = "data: copied from pinned memory"
if on_cuda:
    ordinary = torch.zeros(2**24, dtype=torch.uint8)
    pinned = ordinary.pin_memory()
    table.row(
        change,
        lambda: ordinary.to(device),
        lambda: pinned.to(device, non_blocking=True),
    )
else:
    table.not_here(change, "no CUDA GPU to copy to")

# %% [markdown]
# **Looking.** Many tutorials call `loss.item()` at every step. On a CPU this costs nothing. On a GPU each call waits until all work is done, and then the device waits for its next order.


# %%
def four_steps_with_a_look_at_each():
    for _ in range(4):
        for loss in recipe.step(next(order)).values():
            loss.item()


change = "loss: not looked at in each step"
table.row(change, four_steps_with_a_look_at_each, four_steps)

# %% [markdown]
# **Batch size.** More examples a step fill the machine better, so each example usually gets cheaper. That is only half of the story: what counts is how much is *learnt* in a minute, and a larger
# batch means fewer steps in it. Below, "before" and "after" are both the time for the larger number of pictures.


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
# bits are half the traffic, and a GPU's matrix units are many times as fast with them. But only hardware that *has* such units gains; a T4 has none for bf16, and emulates it. From an A100 on (compute
# capability 8.0) there is a step between: TF32 keeps float32's range, and 10 of its 23 bits after the point. torch allows it for convolutions by default, but not for matrix products.

# %%
table.row("memory format: channels_last", trainer(), trainer(channels_last=True))


def with_tf32(allowed, train):
    roofline.allow_tf32(allowed)
    train()


change, train = "precision: TF32, not float32", trainer()
if on_cuda and torch.cuda.get_device_capability(device) >= (8, 0):
    table.row(change, lambda: with_tf32(False, train), lambda: with_tf32(True, train))
else:
    table.not_here(change, "only CUDA GPUs from compute capability 8.0 on")
roofline.allow_tf32(False)

# %%
precision = runtime.half_precision(device)
if precision:
    table.row(f"precision: {precision}", trainer(), trainer(precision=precision))
else:
    table.not_here("precision: bf16", "no units for it; it would be emulated, slowly")

# %% [markdown]
# **Fewer, larger operations.** An optimiser that loops over the weights starts several small operations for each tensor. `foreach` does each kind of operation for all tensors together; on a GPU torch chooses
# it by itself. A *fused* optimiser does everything in one operation. Its row starts from what torch chooses by itself, since a gain over something that nobody runs is none. `torch.compile` fuses any chain of
# operations: seven of them, which each read and write the whole vector, become one that reads and writes once. It takes a compiler and some patience at the first call.


# %%
def adam(**how):
    """Adam on copies of the GAN's weights, with a gradient for each."""
    weights = [*recipe.generator.parameters(), *recipe.discriminator.parameters()]
    weights = [weight.detach().clone().requires_grad_() for weight in weights]
    for weight in weights:
        weight.grad = torch.randn_like(weight)
    return torch.optim.Adam(weights, **how)


loop, by_kind, default = adam(foreach=False), adam(foreach=True), adam()
table.row("optimiser: foreach, not a loop", loop.step, by_kind.step)
table.row("optimiser: fused, not the default", default.step, adam(fused=True).step)


# %%
def chain(x):
    return torch.sigmoid(1.7 * x) * x + 0.1 * x.square() - 1


long_vector = torch.randn(runtime.pick(ci=2**20, cpu=2**22, gpu=2**26), device=device)


# %%
tool, change = runtime.compiler(device), "compile: seven operations in one pass"
if runtime.profile() == "ci" or tool is None:
    table.not_here(change, "no compiler" if tool is None else "left out in profile ci")
else:
    try:
        compiled, begun = torch.compile(chain), here.now()
        compiled(long_vector)
        waited = here.now() - begun
        print(f"the first call took {waited:.1f} s: it wrote a program and compiled it")
        table.row(change, lambda: chain(long_vector), lambda: compiled(long_vector))
    except Exception as error:  # a half-installed compiler is as good as none
        table.not_here(change, f"{type(error).__name__} in the compiler")

# %% [markdown]
# A *CUDA graph* leaves the operations as they are, but hands all of them over as one order. It is recorded once, and always does the same on the same memory. So it gains where a GPU waits for Python, as it does
# with a network as small as this one.

# %%
z = torch.randn(64, recipe.generator.latent, device=device)


@torch.no_grad()
def draw():
    return recipe.generator(z, labels[:64])


change = "CUDA graph: 64 pictures by one order"
if on_cuda:
    try:
        table.row(change, draw, timing.recorded(draw))
    except Exception as error:  # what waits for the GPU can't be recorded
        table.not_here(change, f"{type(error).__name__} while recording")
else:
    table.not_here(change, "no CUDA GPU")

# %% [markdown]
# **Another architecture.** The GAN's last layer must double height and width. A transposed convolution can do that; so can a smaller convolution that draws four channels and lays them out as neighbours
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
gains = sum(factor > 1.1 for factor in table.factors.values())
title = f"{gains} of {len(table.factors)} changes gain more than 10% on this machine"
pictures.factors(table.factors, title=title)

# %% [markdown]
# Right of the line is a gain, left of it a loss. Note what a row says: how much *its own piece* of the work gains. Fetching data fifty times as fast helps little if it was two per cent of a step. Multiply by
# the share that the profiler showed.
#
# The course's GAN went through such a table, with one more column: not steps a second but quality after the same time, as the Fréchet distance (lesson 34) after 60 s on two CPU
# cores; real digits reach 0.44. That column turned some advice around (from `benchmarks/README.md`; one seed each, whose runs scatter by ±0.1):
#
# | change | Fréchet distance after 60 s |
# |---|---|
# | last layer by convolution and PixelShuffle: 3% more steps a second | 0.85 → 0.73 |
# | twice the learning rate, falling with the known budget | 0.73 → 0.66 to 0.74 |
# | R1 penalty every 4 steps instead of every 8: slower steps; a higher rate that falls earlier | 0.63 to 0.72 |
# | batches of 32 or 96 instead of 64 | no better |
# | `channels_last`: 32.4 ms a step instead of 31.7 | no better |
#
# Only the first change is larger than the scatter, and barely. A table of speed alone would show a gain of 3% for it, and a loss for the third.
#
# ## What fills the memory
#
# Training keeps four things in memory: the weights; a gradient for each; what the optimiser remembers, for Adam two running averages for each weight; and what the forward pass must keep for the backward
# pass, the *activations*. The first three can be counted with pen and paper. So can the fourth, and a hook checks the count: torch lets you watch each tensor that it saves for the backward pass.

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
share = kept / sum(filled.values())
plots.bars(
    {name: held / 1e6 for name, held in filled.items()},
    y_label="MB, for a batch of 64",
    title=f"{share:.0%} of a small network's memory is activations",
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
# So you can say beforehand what training will need. Write it down, for mixed precision, too. Under `torch.autocast` the weights, the gradients and Adam's averages stay in float32. What is kept for the backward pass is in
# half precision, and a half-precision copy of the weights joins them.


# %% tags=["exercise"]
def training_bytes(parameters, activations, mixed):
    """Bytes of training with Adam: `parameters` weights, their gradients and averages,
    and `activations` numbers kept for backward; mixed: True under autocast."""
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
claim = "mixed precision keeps 50 to 55% of it"
verify.promise(claim, got=less / kept, at_least=0.5, at_most=0.55)
copies = 2 * sum(weight.numel() for weight in weights if weight.dim() > 1)
claim = "2 bytes a kept number, and 2 a weight for the copies (none of the biases)"
verify.promise(claim, got=less, equals=2 * 64 * numbers + copies)

# %% [markdown]
# Elsewhere you may read 16 bytes a weight for mixed precision, in lesson 37 for one. Both are right, of different programs. DeepSpeed and Megatron can keep the weights *and the gradients* in half precision, beside
# one float32 original of the weights: 2 + 2 + 4 bytes, and 8 for Adam's averages (Rajbhandari et al., 2020). Autocast leaves weights and gradients in float32 and adds the copy: 4 + 4 + 2 + 8. The two bytes
# between them are the gradient's.
#
# For a network this small the weights are nothing. For a language model it is the other way round. Before a single activation is kept, in float32:

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
# What if it doesn't fit? Weights, gradients and averages can be divided among several GPUs (lesson 37, Beyond one GPU). The activations can be cut on one GPU, in three ways that leave the gradient as it is.
#
# ## A batch in parts
#
# Activations grow with the batch. Take the batch in parts, add up the gradients, and step once. The mean over $n$ examples is made of the parts' means, each weighted by its share:
#
# $$\nabla \frac{1}{n} \sum_{j=1}^{n} \ell_j = \sum_i \frac{n_i}{n} \, \nabla \Big( \frac{1}{n_i} \sum_{j \in \text{part } i} \ell_j \Big)$$
#
# The shares matter: the last part may be smaller than the others. And the gain is only there if nothing of a part is kept when the next one begins.


# %% tags=["exercise"]
def accumulated_gradient(loss, weights, examples, size):
    """Gradient at `weights` of loss(weights, examples), a mean over the examples.
    A call of loss gets at most `size` of them, and keeps nothing for the next."""
    ...  # your code


# %% tags=["check"]
accumulated_gradient = check("hardware.accumulated_gradient", accumulated_gradient)

# %% [markdown]
# For texts the share is easily got wrong. The loss of a language model is a mean over *tokens*, and parts with equally many texts have unequally many tokens. Divide by the number of parts, and a token in a short
# text counts more than one in a long one:

# %%
tokens_of = torch.tensor([3, 40, 5, 12]).double()  # of four texts
mean_losses = torch.tensor([4.0, 2.0, 4.0, 3.0]).double()  # of their tokens
by_tokens = (tokens_of / tokens_of.sum() * mean_losses).sum()
print(f"mean over all tokens: {by_tokens:.2f}")
print(f"mean of the four texts' means: {mean_losses.mean():.2f}")

# %% [markdown]
# Several well-known libraries trained with the second of these. The fault was reported in 2021, but most people learnt of it only in October 2024, when 32 texts at once and 32 texts one by one were compared and gave
# different losses (Marie, 2024; Unsloth, 2024).
#
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
# Does it save a whole GAN's memory, too? Its step has two turns, and pictures that are drawn for D's turn are used again in G's. Measure the most that is kept at any moment of a step:


# %%
def most_kept(parts):
    """The most bytes kept during a step of the GAN that takes 64 pictures in parts."""
    torch.manual_seed(seed)
    fresh = gan.GanRecipe.for_data(digits).to(device)
    fresh.optimizer_step = optimizer_step.OptimizerStep(accumulate=parts)
    networks = nn.ModuleList([fresh.generator, fresh.discriminator, fresh.averaged])
    batch = next(training.Batches((images, labels), 64, seed))
    return memory.most_saved_bytes(lambda: fresh.step(batch), networks.parameters())


# %%
most = {parts: most_kept(parts) for parts in (1, 2, 4, 8)}
for parts, held in most.items():
    print(f"parts: {parts}, at most {held / 1e6:4.1f} MB at once")
claim = "twice as many parts, half as much: 4 against 2, 8 against 4"
halves = torch.tensor([most[4] / most[2], most[8] / most[4]])
verify.promise(claim, got=halves, near=(0.5, 0.02))
claim = "two parts keep less than half of one"
verify.promise(claim, got=most[2] / most[1], below=0.5)

# %% [markdown]
# From one part to two it is even less than half. In one piece G draws once, and what its pictures need for G's gradient waits through all of D's turn. In parts that would keep the graphs of *all* parts, and
# nothing would be saved. So the recipe then draws without a graph for D and once more for G, from the same noise: some arithmetic for the memory. Accumulation is free only where one loss has one backward pass.
#
# ## Checkpointing: forget, and compute again
#
# The second way: keep only what goes *into* each block of layers. When the backward pass arrives, run the block's forward pass once more, and its activations are there for that moment. This is called activation
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
# Why a third? A backward pass costs twice a forward pass: one product for the gradient of the inputs and one for that of the weights. One more forward pass makes four units out of three. torch stops it as soon as it has what it
# needs, before the last product of each block, so you see less than a third.
#
# Each of the 12 blocks keeps its input, 64 numbers an example, instead of 64 + 256 + 256. With a checkpoint around each $\sqrt{L}$ of $L$ layers, memory grows like $\sqrt{L}$ and not like $L$ (Chen et al., 2016).
#
# ## FlashAttention: never write the large matrix
#
# The third way is for one operation that fills the memory of language models. *Attention* (lesson 39) gives each of $n$ positions a weighted mean of $n$ rows $v_j$. The weights are a softmax over the
# products of its query $q_i$ with all keys $k_j$:
#
# $$o_i = \sum_j \frac{e^{s_{ij}}}{\sum_l e^{s_{il}}}\, v_j, \qquad s_{ij} = \frac{q_i \cdot k_j}{\sqrt{d}}$$
#
# Written like this, $n \times n$ weights are kept for the backward pass. A text twice as long takes four times the memory.


# %%
def by_the_book(q, k, v):
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    return scores.softmax(-1) @ v


def attention_bytes(attend, n):
    shape = (1, 4, n, 32)  # a text, 4 heads, n positions, 32 numbers each
    qkv = [torch.randn(shape, device=device, requires_grad=True) for _ in range(3)]
    return memory.saved_bytes(lambda: attend(*qkv), without=qkv)


lengths = [128, 256, 512, 1024]
ways = {"by the book": by_the_book, "torch": F.scaled_dot_product_attention}
keeps = {
    way: torch.tensor([attention_bytes(attend, n) for n in lengths]).double()
    for way, attend in ways.items()
}

# %%
by_book, by_torch = (held[-1] / 1e6 for held in keeps.values())
plots.curves(
    lengths,
    {way: held / 1e6 for way, held in keeps.items()},
    x_label="positions",
    y_label="MB kept for backward",
    title=f"1,024 positions: {by_book:.1f} MB by the book, {by_torch:.1f} MB by torch",
    markers=True,
)
growth = {way: held[1:] / held[:-1] for way, held in keeps.items()}
claim = "by the book: twice the length, 4 times the bytes"
verify.promise(claim, got=growth["by the book"], near=(4, 0.01))
claim = "torch's own: twice the length, 2 times the bytes"
verify.promise(claim, got=growth["torch"], near=(2, 0.01))

# %% [markdown]
# How can a softmax be taken without having all of its row? Go through the keys in blocks and keep three things for each query: the largest score so far, the sum of $e^{s - \text{largest}}$, and the sum of the
# rows with these weights. When a block brings a larger score, shrink both sums to the new scale.


# %%
def in_blocks(q, k, v, size=64):
    """The same mean, with `size` keys at a time."""
    largest, total, mixed = torch.full_like(q[..., :1], -torch.inf), 0, 0
    for keys, values in zip(k.split(size, -2), v.split(size, -2)):
        scores = q @ keys.transpose(-2, -1) / q.shape[-1] ** 0.5
        larger = torch.maximum(largest, scores.amax(-1, keepdim=True))
        shrink, weights = (largest - larger).exp(), (scores - larger).exp()
        total = shrink * total + weights.sum(-1, keepdim=True)
        mixed = shrink * mixed + weights @ values
        largest = larger
    return mixed / total


q, k, v = torch.randn(3, 1, 4, 200, 32, dtype=torch.float64).unbind()
whole = by_the_book(10 * q, k, v)  # large scores, so that the scale matters
verify.agree("in blocks and by the book", in_blocks(10 * q, k, v), whole)
by_torch = F.scaled_dot_product_attention(10 * q, k, v)
verify.agree("torch's own and by the book", by_torch, whole)

# %% [markdown]
# FlashAttention (Dao et al., 2022) does this with blocks that fit into the fast memory on the chip. The scores never travel to the GPU's memory, and the backward pass computes them again from $q$, $k$ and one number for each
# query. It is checkpointing inside one operation, and on a GPU it is even faster than the book's way: the traffic that it saves costs more time than the arithmetic that it adds. The result is exact, not an approximation.
#
# ## When the machine is taken away
#
# A free GPU comes without a promise. The session may end after hours, or after minutes. So kill a training run for real and see what is left. This is the program. It runs in a process of its own, writes a
# checkpoint every five steps, and says where it is:

# %% tags=["whole-program"]
program = """
import sys, time, torch
from aigc_lab import datasets, gan, training

def tell(step, recipe, history):
    print("step", step, flush=True)
    time.sleep(0.02)  # so that you can watch

seed = int(sys.argv[2])
torch.set_num_threads(1)
torch.manual_seed(seed)
digits = datasets.load("digits")
recipe = gan.GanRecipe.for_data(digits, width=4)
training.fit(
    recipe, digits, steps=120, batch_size=16, seed=seed,
    checkpoint=sys.argv[1], save_every_steps=5, callback=tell, every_steps=1,
)
"""

# %%
import subprocess
import sys
import tempfile
from pathlib import Path

from aigc_lab.parallel import launcher
from aigc_lab.training import checkpoint as training_checkpoint

folder = Path(tempfile.mkdtemp())


def begin(file):
    command = [sys.executable, "-P", "-c", program, str(folder / file), str(seed)]
    env = launcher.environment("ci")  # on the CPU, quietly
    with open(folder / f"{file} errors", "a", encoding="utf-8") as errors:
        return subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=errors, encoding="utf-8"
        )


# %% [markdown]
# Two of them start. One may finish. The other gets the signal that no program can catch (SIGKILL) as soon as it has said "step 33":

# %%
whole, broken = begin("whole"), begin("broken")
for line in broken.stdout:
    if line == "step 33\n":
        broken.kill()
        break
else:  # it ended by itself
    raise RuntimeError((folder / "broken errors").read_text(encoding="utf-8")[-2000:])
broken.wait()
whole.communicate()
newest, _ = training_checkpoint.load_newest(folder / "broken")
reached, code = len(newest["history"]["rows"]), broken.returncode
print(
    f"killed, exit code {code}. The newest whole checkpoint is that of step {reached}."
)
claim = "it was killed between steps 33 and 119: a checkpoint of step 30 to 115 is left"
verify.promise(claim, got=reached, at_least=30, at_most=115)

# %% [markdown]
# Now start the same program again, with the same file. It says where it resumes. When it is done, compare its weights with those of the run that nobody touched:

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
# Equal to the bit, not nearly equal. For that the file must hold everything that the next step depends on: weights, both optimisers' averages, the running average of G, the position in the shuffled data, and the state of each random
# generator. If you save the weights alone, you resume with an optimiser that has forgotten everything, on examples it has already seen in this epoch. (On a GPU some operations add in an order that changes from run to run;
# there, resumed runs are equal up to that.)
#
# And what if the file is damaged? Damage it, in three ways:

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
# Each file carries the SHA-256 of its content, the previous checkpoint is kept, and reading it executes no code. A new file gets its name only once it is on the disk; a kill in the middle of writing loses the newest checkpoint at most.
#
# ### How often to save
#
# Saving takes δ seconds, and a break comes every $M$ seconds on average. If you save every τ seconds, you lose the share δ/τ to writing, and τ/2 of work at each break, so τ/(2M) of the time (Young, 1974):
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
    f"for a break every 2 hours, save every {(2 * saving * 7200) ** 0.5:.0f} s"
)

# %% [markdown]
# In Colab the disk goes with the machine. Write where it stays:
#
# ```python
# from google.colab import drive
# drive.mount("/content/drive")
# training.fit(recipe, digits, seconds=3600, checkpoint="/content/drive/MyDrive/gan.checkpoint")
# drive.flush_and_unmount()
# ```
#
# Drive writes late: the file is in a cache of the machine first, and copied in the background. If the machine is taken away before that, the newest checkpoints go with it, so count on losing more than the last interval.
# `flush_and_unmount()` waits until all is copied; call it at the end, before you let the machine go. After a break, run the same cells. For a run with a budget of *steps* the result is the one that an unbroken run would have had. A budget of seconds counts only the seconds that were spent training.
#
# ## Check the article
#
# The article's section 5.1 lists what you need. "Usually a GPU, a Tesla V100 or better": **imprecise**. What you need follows from the arithmetic of the model, which you can count. Here is the count for the GAN of this course:

# %%
need = 1000 * step_flop
print(
    f"1,000 steps of the GAN: {need / 1e12:.2f} TFLOP, "
    f"{1000 * took:.0f} s on this machine as it is, {need / peak:.1f} s at its peak"
)
print(f"on a T4 at the peak of its data sheet: {need / 8.1e12:.2f} s.")

# %% [markdown]
# And "V100 or better" is no ranking: a V100 does more arithmetic than many newer cards, but has no units for bf16, which today's recipes take for granted. NVIDIA's chips have them from compute capability 8.0 on:

# %%
# NBVAL_CHECK_OUTPUT
for chip, capability in {"V100": 7.0, "T4": 7.5, "A100": 8.0, "H100": 9.0}.items():
    halves = "bf16" if capability >= 8.0 else "fp16 only, with a scaler"
    print(f"{chip}: compute capability {capability}, {halves}")

# %% [markdown]
# "A fast CPU for processing the data": **right** where pictures are decoded and augmented on the CPU. When the data fits into the GPU's memory, the rows on data in your table say what is left of it. `pip install tensorflow-gpu`: **wrong** by now. The package was withdrawn in
# December 2022, as lesson 01 shows; `tensorflow` and `torch` find a GPU by themselves.
#
# ## Quiz

# %%
widgets.quiz("36_gpu_training")

# %% [markdown]
# ## What you should be able to do now
#
# You can time work on a GPU without being fooled. You can say whether an operation waits for memory or for arithmetic, on any machine of which you know two numbers. You have a table of what pays on yours. You can count the
# memory of a training run beforehand, cut it in three ways without changing the gradient, and resume after a crash to the bit.
#
# When one GPU isn't enough, go on with lesson 37, Beyond one GPU: several processes share one step, and you count what a training run costs in hours, money and energy.
#
# ## References
#
# - Amdahl, "Validity of the Single Processor Approach to Achieving Large Scale Computing Capabilities", AFIPS 1967
# - Chen, Xu, Zhang, Guestrin, "Training Deep Nets with Sublinear Memory Cost", arXiv 1604.06174, 2016
# - Dao, Fu, Ermon, Rudra, Ré, "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness", NeurIPS 2022
# - Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015
# - Marie, "Gradient accumulation yields worse results than the equivalent batch size", issue 2175 of TRL, October 2024
# - McCalpin, "Memory Bandwidth and Machine Balance in Current High Performance Computers", IEEE TCCA Newsletter 1995
# - Micikevicius, Narang, Alben, Diamos, Elsen, Garcia, Ginsburg, Houston, Kuchaiev, Venkatesh, Wu, "Mixed Precision Training", ICLR 2018
# - Rajbhandari, Rasley, Ruwase, He, "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", SC 2020
# - Unsloth, notes on the release "Gradient Accumulation Fix" (reported in 2021, found again in 2024), October 2024
# - Williams, Waterman, Patterson, "Roofline: An Insightful Visual Performance Model for Multicore Architectures", Communications of the ACM 2009
# - Young, "A First Order Approximation to the Optimum Checkpoint Interval", Communications of the ACM 1974
