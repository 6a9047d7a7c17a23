# %% [markdown]
# # 39 · Language models
# <!-- badge -->
#
# From a table that can't look back to a small GPT: you build attention, prove that it doesn't peek, make it write, make it fast, and measure what size buys.
#
# | time | needs | you will be able to |
# | --- | --- | --- |
# | <!-- time --> | lesson 02 for bits per character; gradients | build attention and say what each of its parts is for<br>prove with gradients that a model can't see the future<br>choose how a model writes: temperature, top-k, top-p<br>build a cache of keys and values and compute its memory<br>fit a scaling law and say how far to trust it |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
recall_steps = None  # of the game below; None: chosen for this machine
gpt_steps = None

# %%
import math
import re
import textwrap
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from aigc_lab import (
    check,
    datasets,
    lm,
    plots,
    pretrained,
    runtime,
    training,
    verify,
    widgets,
)
from aigc_lab.lm import decoding, kv_cache, pictures, scaling, writer

# %%
runtime.seed_everything(seed)
recall_steps = recall_steps or runtime.pick(ci=20, cpu=400)
gpt_steps = gpt_steps or runtime.pick(ci=8, cpu=600, gpu=3000)
train, test = (
    lm.documents(datasets.load("moby_dick", split).texts) for split in ("train", "test")
)
book = "".join(train)
vocabulary = lm.Vocabulary(book)

# %% [markdown]
# ## A game that counting loses
#
# Eight letters get a digit each. Then the letters come again in another order, and you are to say their digits. Any child can do it who may look back.

# %%
# numbers 1-10 are the digits, 11-30 the letters
symbols = lm.Vocabulary("0123456789abcdefghijklmnopqrst")
pairs = 8


def games(n, rng, pairs=pairs):
    """n games, pairs told and then asked, (n, 32); how far back answers are, (n, 8)."""
    letters = 11 + torch.rand(n, 20, generator=rng).argsort(dim=1)[:, :pairs]
    digits = 1 + torch.randint(10, (n, pairs), generator=rng)
    order = torch.rand(n, pairs, generator=rng).argsort(dim=1)
    told = torch.stack([letters, digits], dim=2)
    asked = told.gather(1, order[..., None].expand(-1, -1, 2))
    distance = 2 * (pairs + torch.arange(pairs) - order)
    return torch.cat([told, asked], dim=1).flatten(1), distance


# %%
rng = torch.Generator().manual_seed(seed)
unseen, distance = games(runtime.pick(ci=100, cpu=300), rng)
answers = unseen[:, 2 * pairs + 1 :: 2]
line = symbols.decode(unseen[0])
print(f"told: {line[:16]}   asked: {line[16:]}")

# %% [markdown]
# Lesson 02's best counting model looked at the four or five characters before. Take one that looks at six, give it thousands of lines to count in, and let it play.

# %%
lines, _ = games(runtime.pick(ci=500, cpu=5000), rng)
table = lm.NgramModel("\n".join(symbols.decode(one) for one in lines), 7, symbols)


def by_table(one):
    """The table's eight answers in a game, from what stands before each of them."""
    written, places = symbols.decode(one), range(2 * pairs + 1, 4 * pairs, 2)
    return [int(table.next_log_probabilities(written[:i]).argmax()) for i in places]


# %%
right = {"table of counts": torch.tensor([by_table(one) for one in unseen]) == answers}
share = right["table of counts"].float().mean().item()
print(f"{len(table):,} counts; right: {share:.0%} (guessing: 10%)")
verify.promise(
    "the table is right in less than a fifth of the cases", got=share, below=0.2
)
print(
    "contexts that a table would need in order to look 30 characters back: "
    f"about 10^{math.log10(200**15):.0f}"
)

# %% [markdown]
# It hardly beats guessing, and no amount of text will help: to a table, each content of the window is a case of its own, and there are more of them than atoms in a grain of sand. Yet the rule is the same in
# all cases: *find where this letter stood, and copy what came after it*. What is needed is a way to look something up.
#
# ## A soft dictionary
#
# A Python dictionary gives for a *query* q the *value* whose *key* equals q. Written as a sum over all entries,
#
# $$\text{look up}(q) = \sum_j w_j v_j, \qquad w_j = 1 \text{ if } k_j = q, \text{ else } 0$$
#
# No gradient gets through an equality. So let keys and queries be vectors, and let a score $s_j = q \cdot k_j$ say how well they fit. What weights should the scores give? They should be positive, add up to 1, and
# a lead should mean the same wherever it occurs: $w_i / w_j = f(s_i - s_j)$. Then $f(a + b) = f(a) f(b)$, since $w_i/w_k = (w_i/w_j)(w_j/w_k)$, and the only continuous functions that do this
# are exponentials. Weights in proportion to $e^{s_j}$ that add up to 1: that is the softmax.
#
# For many queries at once, with the vectors as rows,
#
# $$\text{attention}(Q, K, V) = \text{softmax}\!\left(\frac{Q K^\top}{\sqrt d}\right) V$$
#
# where d is the length of queries and keys. Why $\sqrt d$ comes in a moment. A mask may forbid some pairs: it is `True` where query i may look at key j, and elsewhere the weight must be 0. Which score has $e^s = 0$?


# %% tags=["exercise"]
def attention(query, key, value, mask=None):
    """Weighted means of the values.

    (..., n, d), (..., m, d), (..., m, e), bool (n, m) or None -> (..., n, e)
    """
    ...  # your code


# %% tags=["check"]
attention = check("language.attention", attention)

# %%
# 2 texts, 4 heads, 10 positions, 16 numbers
query, key, value = torch.randn(3, 2, 4, 10, 16, dtype=torch.float64)
verify.agree(
    "it is torch's scaled_dot_product_attention, in float64",
    attention(query, key, value),
    F.scaled_dot_product_attention(query, key, value),
    tolerance=1e-12,
)

# %%
names = torch.eye(4).double()
numbers = torch.tensor([[10.0], [20.0], [30.0], [40.0]]).double()
for sharp in (1, 4, 100):
    mean = attention(sharp * names[2:3], names, numbers).item()
    print(f"query = {sharp:3} × the third key: {mean:.3f}")
found = attention(100 * names, names, numbers)
verify.agree("a long query makes it a dictionary", found, numbers, tolerance=1e-12)

# %% [markdown]
# A short query gets a bit of everything, a long one the entry that it names. In between there is a gradient, so that the network can learn what to ask for.
#
# ## Why divide by the square root of d
#
# Let the components of q and k be independent with mean 0 and variance 1, as they are when training begins. Each product $q_i k_i$ then has mean 0 and variance $1 \cdot 1$, and variances of independent numbers add up:
#
# $$\text{Var}(q \cdot k) = \sum_{i=1}^{d} \text{Var}(q_i k_i) = d$$

# %%
for d in (4, 64, 1024):
    q, k = torch.randn(2, 4000, d, dtype=torch.float64)
    verify.agree(
        f"d = {d}: the mean of (q·k)² is d", verify.estimate((q * k).sum(dim=1) ** 2), d
    )

# %% [markdown]
# So at d = 1024 scores are typically 32, and $e^{32}$ swamps everything. Why does that hurt? Because of the softmax's gradient. Its Jacobian is
#
# $$\frac{\partial a_i}{\partial s_j} = a_i (\delta_{ij} - a_j), \qquad \text{trace} = \sum_i a_i (1 - a_i) = 1 - \sum_i a_i^2$$
#
# The trace is 0 as soon as one weight is 1: the network has decided, and no gradient tells it that it decided wrongly.


# %%
def room(scores):
    """Trace of the softmax's Jacobian: how far the weights move with the scores."""
    return 1 - scores.softmax(dim=-1).square().sum(dim=-1)


some = torch.randn(6, dtype=torch.float64)
jacobian = torch.autograd.functional.jacobian(lambda s: s.softmax(dim=-1), some)
verify.agree("the Jacobian's trace is 1 - Σ a²", jacobian.trace(), room(some))

dims = [2**i for i in range(1, 13)]
left = {"q·k": [], "q·k / √d": []}
for d in dims:
    scores = torch.randn(500, d) @ torch.randn(32, d).T  # 500 queries, 32 keys
    left["q·k"].append(room(scores).mean().item())
    left["q·k / √d"].append(room(scores / d**0.5).mean().item())

# %%
plots.curves(
    dims,
    left,
    log_x=True,
    markers=True,
    x_label="d, the length of queries and keys (log scale)",
    y_label="trace of the softmax's Jacobian",
    title="Without the scale, the softmax is stuck before training begins",
)
least = min(left["q·k / √d"])
verify.promise(
    "with the scale at least 0.7 is left at every d", got=least, at_least=0.7
)
last = left["q·k"][-1]
verify.promise("without it less than 0.15 at d = 4096", got=last, below=0.15)

# %% [markdown]
# Try it: how does the number of keys matter?


# %%
def weights_drawn(d, keys, scaled):
    """One query's weights on its keys, from the largest to the smallest."""
    rng = torch.Generator().manual_seed(seed)
    scores = torch.randn(keys, d, generator=rng) @ torch.randn(d, generator=rng)
    scores = scores / d**0.5 if scaled else scores
    weights = scores.softmax(dim=0).sort(descending=True).values
    plots.curves(
        np.arange(1, keys + 1),
        {"": weights},
        markers=True,
        x_label="keys, best first",
        y_label="weight",
        title=f"The best key takes {weights[0]:.0%}",
        size=(6.0, 2.6),
    )


widgets.play(weights_drawn, d=(2, 512, 2, 64), keys=(2, 64, 1, 16), scaled=False)

# %% [markdown]
# ## No looking ahead
#
# A language model predicts character i + 1 from characters 0 to i. All positions of a text are trained at once, side by side, so the answer to each question stands in the input, one place to the right.
# Whoever can look there learns nothing else. Hence the *causal mask*.


# %% tags=["exercise"]
def causal_mask(length):
    """bool (length, length): True at (i, j) where position i may look at position j."""
    ...  # your code


# %% tags=["check"]
causal_mask = check("language.causal_mask", causal_mask)

# %%
# NBVAL_CHECK_OUTPUT
for row in causal_mask(5):
    print("".join("█" if may else "·" for may in row.tolist()))

# %% [markdown]
# That a mask *looks* right is no proof. This is: if output i doesn't depend on input j, its gradient with respect to input j is 0. Not small: 0. Below, three layers of attention, and a whole language model with 4 of
# them that a script of this course trained on *Moby Dick*. For each pair (i, j): how much does input j move output i?

# %%
T, width = 14, 8
x = torch.randn(T, width, dtype=torch.float64)
W = torch.randn(3, width, width, dtype=torch.float64) / width**0.5


def masked(x):
    query, key, value = x @ W  # of each position
    return attention(query, key, value, causal_mask(len(x)))


def unmasked(x):
    return attention(*(x @ W))


def too_late(x):
    query, key, value = x @ W
    return (query @ key.T / width**0.5).softmax(dim=1) * causal_mask(len(x)) @ value


# %%
keeper = lm.load("moby_dick").double()


def gpt(x):
    """The language model's logits from embeddings (T, 96): they can have a gradient."""
    hook = keeper.embedding.register_forward_hook(lambda *_: x[None])
    logits = keeper(torch.zeros(1, len(x), dtype=torch.int64))[0][0]
    hook.remove()
    return logits


# %%
def reach(network, x):
    """How much input j moves output i along a random direction r; (T, T)."""
    x = x.detach().clone().requires_grad_()
    out = network(x)
    direction = torch.randn(out.shape[1], dtype=x.dtype)
    rows = [  # the lengths of d(r·output_i) / d input_j
        torch.autograd.grad(row @ direction, x, retain_graph=True)[0].norm(dim=1)
        for row in out
    ]
    return torch.stack(rows).numpy()


# %%
whale = keeper.embedding(vocabulary.encode("Call me Ishmael")[:T])
moved = {
    "causal mask": reach(masked, x),
    "no mask": reach(unmasked, x),
    "mask after softmax": reach(too_late, x),
    "the language model": reach(gpt, whale),
}

# %% [markdown]
# **Predict first.** The second layer has no mask. The third applies it *after* the softmax: it sets the forbidden weights to 0. For which of the four is everything above the diagonal exactly 0? Write it down.

# %% tags=["predict"]
for name, size in moved.items():
    print(f"{name:20} largest gradient from the future: {np.triu(size, 1).max():.2g}")

# %% [markdown]
# You should have seen two empty triangles and two full ones. The mask that comes too late does hide the future's *values*, but each weight was divided by the sum over all scores, the future's too. That sum leaks. And
# the rows no longer add up to 1.

# %%
title = "White is exactly 0: only a mask before the softmax keeps the future out"
alt = (
    "Outputs i by inputs j. The triangle above the diagonal is empty with the causal "
    "mask and for the language model; for the other two it is filled."
)
with plots.figure(title=title, alt=alt, size=(10.0, 3.0), columns=4) as axes:
    for ax, (name, size) in zip(axes, moved.items(), strict=True):
        ax.imshow(np.log10(np.where(size > 0, size, np.nan)), cmap="cividis")
        ax.set(title=name, xlabel="input j", ylabel="output i")
        ax.grid(False)

# %%
ahead = {name: float(np.triu(size, 1).max()) for name, size in moved.items()}
for name in ("causal mask", "the language model"):
    verify.promise(
        f"{name}: the gradient from the future is exactly 0", got=ahead[name], equals=0
    )
for name in ("no mask", "mask after softmax"):
    verify.promise(f"{name}: the future leaks", got=ahead[name], above=1e-4)
query, key, _ = x @ W
late = (query @ key.T / width**0.5).softmax(dim=1) * causal_mask(T)
sums = [round(total, 2) for total in late.sum(dim=1).tolist()]
print("sums of the weights, mask after the softmax:", sums)

# %% [markdown]
# ## The game, won
#
# Now play with attention. Query: *the letter that stands here*. Key: *what stood one place before*. Value: *what stands there*. So a position asks: after which letter like mine did something come, and what was it? No
# training, only the right three vectors.

# %%
one_hot = torch.eye(len(symbols), dtype=torch.float64)


def by_hand(lines, value=None):
    here = one_hot[lines]
    before = F.pad(here, (0, 0, 1, 0))[:, :-1]  # all moved by one place
    value = here if value is None else value
    return attention(400 * here, before, value, causal_mask(lines.shape[1]))


said = by_hand(unseen).argmax(dim=-1)[:, 2 * pairs :: 2]
right["attention by hand"] = said == answers
always = bool(right["attention by hand"].all())
verify.promise("attention set by hand is always right", always)

# %%
# the mean of unit vectors is the weights themselves
looks = by_hand(unseen[:1], torch.eye(4 * pairs).double())[0]
plots.heatmap(
    looks[2 * pairs :: 2, : 2 * pairs],
    rows=line[2 * pairs :: 2],
    columns=line[: 2 * pairs],
    x_label="what was told",
    y_label="letter that is asked for",
    title="Each letter looks at the digit that followed it",
    size=(7.0, 3.0),
)

# %% [markdown]
# Can the three maps be *learned*? And what about a network that remembers, the GRU of lesson 02? Its state has 64 numbers, in which it must keep eight pairs before it knows which one it will be asked for. Both begin with two
# pairs and get more on the way: with eight at once, attention would look everywhere a little, learn nothing about *where*, and stay there. Only the answers count.


# %%
class Look(nn.Module):
    """Attention over "here" and "one place before"; the three maps are learned."""

    def __init__(self):
        super().__init__()
        size = len(symbols)
        self.query = nn.Linear(size, 32, bias=False)
        self.key = nn.Linear(size, 32, bias=False)
        self.value = nn.Linear(size, size, bias=False)

    def forward(self, lines):
        here = one_hot[lines].float()
        before = F.pad(here, (0, 0, 1, 0))[:, :-1]
        query, key, value = self.query(here), self.key(before), self.value(here)
        return attention(query, key, value, causal_mask(lines.shape[1])), None


# %%
def learn(model, rate):
    """Train on games, new each time; the loss of each step, in nats for an answer."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    rng, losses = torch.Generator().manual_seed(seed + 1), []
    for step in range(recall_steps):
        # two pairs at first, all of them from the middle on
        n = min(pairs, 2 + step * 12 // recall_steps)
        lines, _ = games(64, rng, n)
        logits = model(lines[:, :-1])[0][:, 2 * n :: 2]
        loss = F.cross_entropy(logits.flatten(0, 1), lines[:, 2 * n + 1 :: 2].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %%
torch.manual_seed(seed)
players = {
    "attention, learned": Look(),
    "GRU, learned": lm.GruLM(len(symbols), width=32, state=64),
}
rates = {"attention, learned": 2e-2, "GRU, learned": 5e-3}
losses = {name: learn(model, rates[name]) for name, model in players.items()}

# %%
plots.curves(
    np.arange(1, recall_steps + 1),
    losses | {"guessing": [math.log(10)] * recall_steps},
    x_label="step",
    y_label="nats for an answer",
    title="Learning to look back",
)

# %%
with torch.no_grad():
    for name, model in players.items():
        said = model.eval()(unseen[:, :-1])[0][:, 2 * pairs :: 2].argmax(dim=-1)
        right[name] = said == answers
near = [4, 12, 20, 28]
bands = [(distance > d - 4) & (distance <= d + 4) for d in near]
by_distance = {
    name: [hits[band].float().mean().item() for band in bands]
    for name, hits in right.items()
}

# %%
plots.curves(
    near,
    by_distance,
    markers=True,
    x_label="how far back the answer stands, in characters",
    y_label="share of right answers",
    title="To attention, far is as near as near",
)
shares = {name: hits.float().mean().item() for name, hits in right.items()}
print({name: f"{value:.0%}" for name, value in shares.items()})

# %%
if runtime.profile() != "ci":
    learned, kept = shares["attention, learned"], shares["GRU, learned"]
    verify.promise(
        "learned attention is right in at least 95 % of the cases",
        got=learned,
        at_least=0.95,
    )
    verify.promise(
        "the GRU in less than 80 %, after as many steps", got=kept, below=0.8
    )

# %% [markdown]
# Attention learned the rule, and it is the same rule at every distance. The GRU isn't stupid: it keeps a part of what it was told, much more than a table could, and with more steps it would keep more. But everything has to pass through its 64 numbers, and the more pairs there are, the more
# of them must be kept in case somebody asks. Attention keeps nothing and looks it up.
#
# Why does the GRU's line *rise*? What stands far back is mostly asked for late, and the last question is the easiest, if one keeps count: seven digits have been given, so one is left.

# %%
by_question = right["GRU, learned"].float().mean(dim=0)
parts = [round(one, 2) for one in by_question.tolist()]
print("share of right answers of the GRU, first to last question:", parts)
if runtime.profile() != "ci":
    lead = (by_question[-1] - by_question[0]).item()
    verify.promise(
        "the last question is answered at least 25 points more often than the first",
        got=lead,
        at_least=0.25,
    )

# %% [markdown]
# ### Why remembering is hard
#
# A recurrent network reaches the past through its own steps. Each multiplies the gradient by the same kind of matrix, so after n steps it has been multiplied n times: it vanishes (or explodes) exponentially. Attention goes
# there in one step, however far it is. How much do inputs n places back move the last output, before any training?

# %%
T, width = 60, 32
x = torch.randn(T, width, dtype=torch.float64)
W = torch.randn(3, width, width, dtype=torch.float64) / width**0.5
torch.manual_seed(seed)
rnn, gru = nn.RNN(width, 64).double(), nn.GRU(width, 64).double()
networks = {
    "plain recurrent network": lambda x: rnn(x)[0],
    "GRU": lambda x: gru(x)[0],
    "attention": masked,
}
moves = {}
for name, network in networks.items():
    inputs = x.clone().requires_grad_()
    last = network(inputs)[-1]
    direction = torch.randn(len(last), dtype=torch.float64)
    gradient = torch.autograd.grad(last @ direction, inputs)[0].norm(dim=1)
    moves[name] = (gradient / gradient[-1]).flip(0)

# %%
plots.curves(
    np.arange(T),
    moves,
    log_y=True,
    x_label="places back",
    y_label="gradient; last input = 1 (log scale)",
    title="Recurrent networks forget exponentially; attention doesn't",
)

# %%
plain, attended = moves["plain recurrent network"], moves["attention"][50].item()
factor = (plain[50] / plain[1]).item() ** (1 / 49)
print(f"plain network: each step keeps {factor:.2f} of the gradient")
claim = "the plain network keeps at most 0.65 of it a step"
verify.promise(claim, got=factor, at_most=0.65)
claim = "attention keeps a ten-thousandth or more of it over 50"
verify.promise(claim, got=attended, at_least=1e-4)

# %% [markdown]
# The factor is no accident. torch draws the 64 × 64 matrix with variance $1/(3 \cdot 64)$; such a matrix multiplies lengths by about $\sqrt{64 \cdot 1/(3 \cdot 64)} = 1/\sqrt 3 = 0.58$, and the tanh takes a little more. A GRU *can* learn to hold
# on, by closing its gate; it has to be taught.
#
# ## Where am I?
#
# Attention has a blind spot. Its sums don't know an order: shuffle the inputs, and the outputs are shuffled likewise. With the causal mask, the last position still can't tell in which order the others came.

# %%
order = torch.randperm(T - 1)
shuffled = torch.cat([x[:-1][order], x[-1:]])
everything = torch.randperm(T)
verify.agree(
    "attention(shuffled) is attention, shuffled",
    unmasked(x[everything]),
    unmasked(x)[everything],
)
verify.agree(
    "with the mask: the last output, whatever the order before it",
    masked(shuffled)[-1],
    masked(x)[-1],
)

# %%
scrambled = torch.cat([whale[:9][torch.randperm(9)], whale[9:]])
before, after = (gpt(text)[-1].softmax(0) for text in (whale, scrambled))
change = (after - before).abs().sum().item() / 2
print(
    f"scrambling the first 9 of 14 characters moves {change:.1%} "
    "of the language model's probability"
)
verify.promise("the language model minds", got=change, above=1e-3)

# %% [markdown]
# "The whale struck the ship" and "the ship struck the whale" would be the same to a layer of attention. So `lm.TransformerLM` adds to each character's embedding one of its *place*, learned like any other weight. It also has a convolution
# over the last four characters, a shortcut of this course: it gives each position what "one place before" gave you in the game. (A stack of several layers with a causal mask can find out about places without any of this, because position i sees i + 1
# characters and can learn to count them: Haviv et al., 2022. It is slow to.)
#
# ## A block, and a GPT
#
# One attention asks one question. *Heads* ask several, each in its own part of the vector, and a matrix mixes the answers. Then each position thinks for itself, in two layers with four times the width. Both *add* to what is there, so that
# gradients have a straight way through, and both read a normalised copy. That is all there is to `lm.Block`; here it is with your attention inside.

# %%
block = keeper.blocks[0]
x = torch.randn(1, 10, 96, dtype=torch.float64)
parts = block.to_qkv(block.norm_look(x)).chunk(3, dim=-1)
query, key, value = (
    part.view(1, 10, block.heads, -1).transpose(1, 2) for part in parts
)  # (1, heads, 10, 96 / heads)
seen = attention(query, key, value, causal_mask(10)).transpose(1, 2).flatten(2)
y = x + block.mix(seen)
y = y + block.think(block.norm_think(y))
verify.agree("a block of lm.TransformerLM, step by step", y, block(x), tolerance=1e-12)

# %% [markdown]
# Stack two of them, put embeddings in front and logits behind, and train: a small GPT, live. Its loss is the surprise at the next character.

# %%
torch.manual_seed(seed)
small = lm.TransformerLM(
    len(vocabulary), width=64, layers=2, heads=2, context=64, dropout=0.0
)
recipe = lm.LmRecipe(small, learning_rate=6e-3)
windows = lm.windows(vocabulary.encode(book), 64)
history = training.fit(recipe, windows, steps=gpt_steps, batch_size=32, seed=seed)

# %%
recipe.to("cpu")
parameters = sum(p.numel() for p in small.parameters())
read, recent = gpt_steps * 32 * 64, history["bits"][-20:].mean()
print(
    f"{parameters:,} parameters, {read:,} characters read "
    f"({read / len(book):.1f} of the book)"
)
print(f"on what it reads it pays {recent:.2f} bits per character by now; it writes:\n")
own, characters = lm.Writer(small, vocabulary), runtime.pick(ci=60, cpu=300)
print(textwrap.fill(writer.write(own, characters, seed=seed, temperature=0.8), 100))

# %% [markdown]
# Now lesson 02's ruler, on chapters that none of them has read: what do the alphabet, the best counts, this GPT, and a larger one that was trained for longer pay for a character? (Lesson 02 has the rest: rules pay infinitely much, and its GRU, after seconds of training, more than the counts.)

# %%
longest = runtime.pick(ci=1500, cpu=12_000)
chapters = [one[:longest] for one in test[: runtime.pick(ci=1, cpu=3)]]
stored = lm.load("moby_dick")
counted = lm.NgramModel(book[: runtime.pick(ci=100_000, cpu=len(book))], 6, vocabulary)


def bits(model):
    """Bits per character over the chapters."""
    nats = -sum(model.score(one).sum() for one in chapters)
    return float(nats / math.log(2) / sum(map(len, chapters)))


# %%
paid = {
    "alphabet only": math.log2(len(vocabulary)),
    "counts, order 6": bits(counted),
    "GPT, trained just now": bits(lm.Writer(small, vocabulary)),
    "GPT, trained beforehand": bits(lm.Writer(stored, vocabulary)),
}
record = pretrained.info("lm_moby_dick")
rounds = record["characters_read"] / len(book)
print(
    f"the larger one: {record['parameters']:,} parameters, "
    f"{record['cpu_seconds']} s of one core, {rounds:.1f} rounds of the book"
)

# %%
plots.bars(
    paid,
    y_label="bits per character of held-out chapters",
    title="Least is paid by the one that read the book again and again",
)
best = min(paid, key=paid.get)
verify.promise(
    "the stored GPT pays least",
    best == "GPT, trained beforehand",
    got=paid["GPT, trained beforehand"],
)

# %% [markdown]
# And a stranger: the same class, trained on Tang poems. Its vocabulary has thousands of characters, and most of them stand for a word, so bits for each of *its* characters can't be compared with those above.

# %%
poems = pretrained.info("lm_quatrains")
chinese = lm.Vocabulary("".join(lm.documents(datasets.load("quatrains").texts)))
poet = lm.Writer(lm.load("quatrains"), chinese)
print(
    f"{poems['result']['test_bits_per_character']:.2f} bits per character; "
    f"knowing only the alphabet: {math.log2(len(chinese)):.2f}\n"
)
for one in writer.write(poet, 75, seed=seed, temperature=0.7).strip().split("\n\n"):
    print(one.replace("\n", "，"))

# %% [markdown]
# ## How to choose the next character
#
# A model gives probabilities. Somebody has to choose. Why not always the most likely one?

# %%
prompt = vocabulary.encode(lm.START + "The ")[None]
length = runtime.pick(ci=60, cpu=400)


def written(choose, texts=1):
    """What the stored model writes after "The ", a number of times.

    choose: logits (texts, V) -> tokens (texts,)
    """
    tokens = kv_cache.generate(stored, prompt.repeat(texts, 1), length, choose)
    return [vocabulary.decode(row) for row in tokens]


# %% [markdown]
# **Predict first.** The stored GPT writes, and takes the most likely character each time (*greedy* decoding). What does the page look like? Write down one sentence.

# %% tags=["predict"]
print(textwrap.fill("The " + written(decoding.greedy)[0], 100))

# %% [markdown]
# You should have seen it go in circles. The likeliest character again and again is not the likeliest text, and even the likeliest text isn't like a text: people say surprising things, at about 2 bits a character. So draw. But a draw sometimes takes
# what the model finds nearly impossible, and with 82 characters to choose from the many small probabilities add up. One bad character, and the model goes on from there. Three knobs deal with it.
#
# *Temperature* divides the logits (lesson 02). *Top-k* (Fan et al., 2018) keeps the k most likely tokens.


# %% tags=["exercise"]
def top_k_probabilities(logits, k, tau):
    """Probabilities of the k most likely tokens at temperature tau, 0 for all others.

    (..., V) -> (..., V)
    """
    ...  # your code


# %% tags=["check"]
top_k_probabilities = check("decoding.top_k_probabilities", top_k_probabilities)

# %% [markdown]
# But how many are good depends on the place. After "The wha" hardly more than one will do, after "The " nearly any letter. *Top-p*, or nucleus sampling (Holtzman et al., 2020), keeps the smallest set of most likely tokens that together hold at least the probability p. The token that reaches p
# is in. It is often left out by mistake; look for "top_p" among the bug reports of any large library.


# %% tags=["exercise"]
def top_p_probabilities(logits, p):
    """Probabilities within the smallest set of most likely tokens that holds p, else 0.

    (..., V) -> (..., V)
    """
    ...  # your code


# %% tags=["check"]
top_p_probabilities = check("decoding.top_p_probabilities", top_p_probabilities)

# %%
# NBVAL_CHECK_OUTPUT
four = torch.tensor([0.4, 0.1, 0.3, 0.2], dtype=torch.float64).log()
for p in (0.3, 0.5, 0.75, 1.0):
    print(
        f"p = {p:.2f}:",
        "  ".join(f"{q:.3f}" for q in top_p_probabilities(four, p).tolist()),
    )

# %%
verify.agree(
    "yours is the package's top_p",
    top_p_probabilities(four, 0.6),
    decoding.top_p(four, 0.6).softmax(-1),
)
cuts = {
    "top-k 10": lambda logits: decoding.top_k(logits, 10),
    "top-p 0.9": lambda logits: decoding.top_p(logits, 0.9),
}

# %%
kept = {}
for context in ("The wha", "The "):
    with torch.no_grad():
        logits = stored(vocabulary.encode(lm.START + context)[None])[0][0, -1]
    for name, cut in cuts.items():
        stays = cut(logits).isfinite()
        kept[context, name] = int(stays.sum())
        probabilities = logits.softmax(-1)[stays]
        lost, least = 1 - probabilities.sum().item(), probabilities.min().item()
        print(
            f"after {context!r:10} {name:10} keeps {kept[context, name]:2}, "
            f"cuts off {max(lost, 0):.3f}, least likely kept: {least:.4f}"
        )
few, many = kept["The wha", "top-p 0.9"], kept["The ", "top-p 0.9"]
verify.promise("top-p keeps fewer where the model is sure", few < many, got=(few, many))

# %% [markdown]
# Top-k keeps ten in both places: too many in the one, where it lets in what is nearly impossible. Now measure what the knobs do to whole pages: how undecided the draw is (entropy in bits), how much is said again (runs of 12 characters that stood
# on the page before), and how many of the words exist in the book.

# %%
words = set(re.findall(r"[a-z']+", book.lower()))


def page(cut, texts=4):
    """(the pages, bits of entropy of a draw) when drawn from what `cut` leaves."""
    rng, undecided = torch.Generator().manual_seed(seed), []

    def choose(logits):
        left = cut(logits)
        undecided.append(decoding.entropy(left).mean().item())
        return decoding.sample(left, rng)

    return written(choose, texts), float(np.mean(undecided))


# %%
knobs = {
    "greedy": lambda logits: decoding.top_k(logits, 1),
    "temperature 0.5": lambda logits: decoding.temperature(logits, 0.5),
    "top-k 5": lambda logits: decoding.top_k(logits, 5),
    "top-p 0.8": lambda logits: decoding.top_p(logits, 0.8),
    "as it is": lambda logits: logits,
    "temperature 1.5": lambda logits: decoding.temperature(logits, 1.5),
}

# %%
entropy, again, exist = {}, {}, {}
print(f"{'':16} entropy  said again  words that exist")
for name, cut in knobs.items():
    pages, entropy[name] = page(cut)
    again[name] = np.mean([decoding.repeated_share(one) for one in pages])
    found = [
        word for one in pages for word in re.findall(r"[a-z']+", one.lower())[1:-1]
    ]
    exist[name] = np.mean([word in words for word in found])
    print(f"{name:16} {entropy[name]:7.2f}  {again[name]:10.1%}  {exist[name]:16.1%}")

# %%
if runtime.profile() != "ci":
    most_repeated = max(again, key=again.get)
    verify.promise(
        "greedy repeats itself more than any other",
        most_repeated == "greedy",
        got=again["greedy"],
    )
    cold, warm, hot = (
        exist[name] for name in ("temperature 0.5", "as it is", "temperature 1.5")
    )
    verify.promise("the hotter, the fewer words exist", cold > warm > hot, got=hot)

# %% [markdown]
# No row is best in everything: surprise and correctness are traded against each other, as in lessons 34 and 35. Turn the knobs yourself. They work one after the other: temperature first, then k, then p.


# %%
def let_write(temperature, k, p, sheet):
    rng = torch.Generator().manual_seed(sheet)

    def choose(logits):
        logits = decoding.temperature(logits, temperature)
        logits = decoding.top_k(logits, k)
        logits = decoding.top_p(logits, p)
        return decoding.sample(logits, rng)

    print(textwrap.fill("The " + written(choose)[0], 100))


widgets.play(
    let_write,
    temperature=(0.1, 2.0, 0.1, 0.8),
    k=(1, 82, 1, 82),
    p=(0.05, 1.0, 0.05, 0.9),
    sheet=(1, 9, 1, 1),
)

# %% [markdown]
# ## Writing without reading everything again
#
# To write character t + 1, the model reads t characters; for the next it reads t + 1. But what changed for the first t? Nothing: the mask forbids them to see the new one, so their keys and values in every layer are what they were. Keep them. Then the new character
# asks *its* query of the kept keys, and is the only one that has to be worked through. In one layer:

# %%
T, width = 14, 8
x = torch.randn(T, width, dtype=torch.float64)
W = torch.randn(3, width, width, dtype=torch.float64) / width**0.5
keys, values, outputs = [], [], []
for new in x:
    query, key, value = new @ W
    keys.append(key)
    values.append(value)
    outputs.append(attention(query[None], torch.stack(keys), torch.stack(values))[0])
verify.agree(
    "one position at a time, with kept keys and values",
    torch.stack(outputs),
    masked(x),
    tolerance=1e-12,
)

# %% [markdown]
# No mask was needed: the future isn't there yet. `kv_cache.CachedTransformer` does this in every layer of `lm.TransformerLM`. It must keep one thing more. What would go wrong if it kept only keys and values? (The convolution looks three characters
# back, so it keeps their embeddings too. And the place of the new character is t, not 0.)

# %%
tokens = vocabulary.encode(test[0][: keeper.context])[None]
incremental = kv_cache.CachedTransformer(keeper)  # in float64
one_by_one = torch.cat([incremental.read(one) for one in tokens.split(1, dim=1)], dim=1)
with torch.no_grad():
    whole = keeper(tokens)[0]
verify.agree(
    "with the cache or without: the same logits", one_by_one, whole, tolerance=1e-12
)
start = tokens[:, :8]
same = [
    kv_cache.generate(keeper, start, 100, decoding.greedy, cached=cached)
    for cached in (True, False)
]
verify.agree("and the same greedy text", same[0], same[1], tolerance=0)

# %% [markdown]
# **Predict first.** Without the cache, 120 characters take 1 + 2 + ... + 120 = 7,260 positions of work, with it 120. That is 60 times less. How many times faster will it be on your machine? More, less, or about 60 times?

# %% tags=["predict"]
speed = {}
for n in runtime.pick(ci=(15, 30), cpu=(15, 30, 60, 120)):
    seconds = {}
    for cached in (False, True):
        started = time.perf_counter()
        kv_cache.generate(stored, prompt[:, :1], n, decoding.greedy, cached=cached)
        seconds[cached] = time.perf_counter() - started
    speed[n] = seconds[False] / seconds[True]
    print(
        f"{n:4} characters: "
        f"{seconds[False]:.2f} s without, {seconds[True]:.2f} s with: "
        f"{speed[n]:.1f} times, work {(n + 1) / 2:.0f} times"
    )

# %% [markdown]
# You should have seen a factor that grows with the length and stays far below the saving in work. A pass over 100 positions at once isn't 100 times as slow as one over a single position: processors like big matrices, and Python's own time for each layer is the same. On a
# GPU this is extreme. A single new token there is a matrix times *one* vector, all weights are fetched from memory for it, and fetching takes most of the time. Lesson 36 measures where that border lies.
#
# The price is memory.


# %% tags=["exercise"]
def cache_bytes(layers, width, length, batch, number_bytes):
    """Bytes of a full cache.

    width: of one token's keys, all heads together; number_bytes: 4 for float32
    """
    ...  # your code


# %% tags=["check"]
cache_bytes = check("language.cache_bytes", cache_bytes)

# %%
verify.agree(
    "bytes of the cache above",
    incremental.nbytes,
    cache_bytes(len(keeper.blocks), 96, keeper.context, batch=1, number_bytes=8),
)
ours = cache_bytes(4, 96, 128, batch=1, number_bytes=4)
weights = 4 * record["parameters"]
gpt3 = cache_bytes(96, 12288, 2048, batch=1, number_bytes=2)
print(f"ours: {ours / 1e6:.2f} MB beside {weights / 1e6:.2f} MB of weights")
print(
    "GPT-3 (96 layers, width 12288, 2048 tokens, 2 bytes): "
    f"{gpt3 / 1e9:.1f} GB a text beside {2 * 175:.0f} GB of weights"
)
print(f"texts at a time until the cache is larger than the weights: {350e9 / gpt3:.0f}")

# %% [markdown]
# So a server that writes for forty people keeps more numbers of its readers than of the model. That is why newer models let several heads share their keys and values.
#
# ## What size buys
#
# Is a larger model better, and by how much? A script of this course trained transformers of six sizes on *Moby Dick*, from two thousand to nearly four hundred thousand parameters (N, without embeddings), all on the same number of characters (D), each with two seeds. Each
# size got its own learning rate, the best of several short trials: one rate for all would handicap some sizes, and the "law" would be about the rate.

# %%
laws = pretrained.info("lm_scaling")
runs = sorted(laws["runs"], key=lambda run: run["parameters"])
most = max(run["tokens"] for run in runs)
full = [run for run in runs if run["tokens"] == most]
print(
    f"{laws['cpu_seconds'] / 60:.0f} minutes of one core in all; "
    f"D = {most:,} characters, {most / laws['characters']:.1f} times the text"
)

# %%
tried = {one["width"]: len(one["nats"]) for one in laws["rates_tried"]}
for run, twin in zip(full[::2], full[1::2], strict=True):  # two seeds of each size
    size, nats = run["parameters"], run["test_nats"]
    print(
        f"N = {size:7,}  D/N = {most / size:6.0f}  "
        f"rate {run['rate']:.3f} of {tried[run['width']]} tried  "
        f"{nats:.3f} and {twin['test_nats']:.3f} nats  {nats / math.log(2):.2f} bits"
    )

# %%
points = len(full[0]["train_bits"])
first = [run for run in full if run["seed"] == 0]
plots.curves(
    (np.arange(points) + 0.5) * most / points,
    {f"N = {run['parameters']:,}": run["train_bits"] for run in first},
    x_label="characters read",
    y_label="bits per character, on what is read",
    title="Larger models learn faster and go further",
)

# %%
N = np.array([run["parameters"] for run in full], dtype=float)
L = np.array([run["test_nats"] for run in full])
means = [L[n == N].mean() for n in np.unique(N)]
falls = bool((np.diff(means) < 0).all())
verify.promise("each larger size pays less", falls, got=means[-1])

# %% [markdown]
# Kaplan et al. (2020) found that over many orders of magnitude the loss follows a power law,
#
# $$L(N) = \left(\frac{N_c}{N}\right)^{\alpha}, \qquad \alpha_N = 0.076$$
#
# Take logarithms, and it is a straight line. Fit it.


# %% tags=["exercise"]
def power_law(sizes, losses):
    """(alpha, N_c) of the power law, by least squares in the logarithms.

    sizes, losses: NumPy arrays
    """
    ...  # your code


# %% tags=["check"]
power_law = check("language.power_law", power_law)

# %%
alpha, scale = power_law(N, L)
line = -alpha * (np.log(N) - np.log(scale))
rest = np.log(L) - line
# bootstrap: other remainders might have come
drawn = np.random.default_rng(seed).choice(rest, (len(N), 4000))
others = -np.polyfit(np.log(N), line[:, None] + drawn, 1)[0]
low, high = np.quantile(others, [0.025, 0.975])
print(f"alpha = {alpha:.3f}, 95 % interval {low:.3f} to {high:.3f}")
print(
    f"Kaplan's 0.076 lies {'inside' if low <= 0.076 <= high else 'outside'}; "
    f"ten times the size: {1 - 10**-alpha:.0%} less loss"
)
print("what the line misses, in % of the loss:", np.round(100 * rest, 1).tolist())

# %% [markdown]
# Look at the last row before you believe the interval. It assumes that the line is true and the remainders are noise. Are they? The sizes are in order, each with its two seeds. If both seeds of a size miss in the same direction, and the signs go − + − (or + − +) along the sizes, then the points lie on a curve, not on a line.
#
# There is a reason to expect a curve. No model can pay less than the text's own entropy, so the law should level off at some floor:
#
# $$L(N) = L_\infty + \left(\frac{N_c}{N}\right)^{\alpha}$$
#
# Where is the floor? Assume one, fit the rest, and see how well it goes. Then assume another.

# %%
floors = np.linspace(0, L.min() - 0.02, 120)
profile = scaling.profile(N, L, floors)
pictures.floors(profile, len(N))

# %%
best, inside = profile.best, profile.inside
lowest, highest = floors[inside].min(), floors[inside].max()
exponents = profile.alphas[inside]
print(f"best floor {floors[best]:.2f} nats with alpha = {profile.alphas[best]:.3f}")
print(
    f"95 %: floors from {lowest:.2f} to {highest:.2f} nats, "
    f"exponents from {exponents.min():.3f} to {exponents.max():.3f}"
)

# %%
far = 100 * N.max()
guesses = [profile.curve(i, np.array([far]))[0] for i in np.flatnonzero(inside)]
print(
    f"at 100 times our largest size: {min(guesses):.2f} to {max(guesses):.2f} nats; "
    f"the pure power law says {(scale / far) ** alpha:.2f}"
)
print(
    f"width of the exponent's interval: {np.ptp(exponents):.3f} with a floor, "
    f"{high - low:.3f} without"
)

# %% [markdown]
# So an exponent is worth little without the form that it belongs to and the range that it was fitted in. And ours differs from Kaplan's in more than size.
#
# - Our text is one book, read several times over. Kaplan's models never ran out of text, so that N alone was short. Ours are short of both, and what a larger model gains on what it has read it may not gain on a new chapter.
# - Ours predict characters, of which spelling is the larger part and is soon learned. Theirs predict pieces of words.
# - Ours stop after the same number of characters, at very different D/N. Kaplan's were trained until they hardly got better.
# - Embeddings aren't counted, as with Kaplan. For our smallest model they are about half of all its parameters, and they learn, too; for a large one they hardly matter. Pearce and Song (2024) trace much of the difference
#   between Kaplan's advice and that of Hoffmann et al. (2022) to this.
# - The floor. Kaplan's fit has none; that of Hoffmann et al. has one, and another exponent. Ours is more than the text's own entropy: all runs read the same number of characters, so what further reading would save is in it, too.
# - The rates. For the smallest model the highest rate that was tried was the best, so that it may be able to do a little better.
#
# Had our number come out at 0.076, that would have been no confirmation either. The same record has one size trained on less, with the schedule laid out anew for each length.

# %%
one = laws["over_tokens"]["width"]
over = sorted(
    (run for run in runs if run["width"] == one), key=lambda run: run["tokens"]
)
D = np.array([run["tokens"] for run in over], dtype=float)
LD = np.array([run["test_nats"] for run in over])
halves = [LD[d == D].mean() for d in np.unique(D)]

# %%
plots.curves(
    {"more text read": np.unique(D), "larger model": np.unique(N)},
    {"more text read": halves, "larger model": means},
    log_x=True,
    markers=True,
    x_label="characters read D, or parameters N (log scale)",
    y_label="nats per character, test chapters",
    title="Two ways to a lower loss: read more, or be larger",
)

# %%
once = laws["characters"]
print(f"one round of the text is {once:,} characters; N = {over[0]['parameters']:,}")
print("what each doubling of D saved, in nats:", np.round(-np.diff(halves), 3).tolist())
print(
    f"exponent of D, without a floor: {power_law(D, LD)[0]:.3f} "
    "(Kaplan's, for the size of the data set: 0.095)"
)
falls = bool((np.diff(halves) < 0).all())
verify.promise("reading more helps at each step", falls, got=halves[-1])
earlier, later = -np.diff(halves)[-2:] / np.diff(np.unique(D) / once)[-2:]
verify.promise(
    "but each further round of the book helps less", later < earlier, got=later
)

# %% [markdown]
# Two ways to spend the same computation, $C = 6 N D$: a larger model, or more reading. Kaplan's law said to put most of it into size, and GPT-3 was built so: 1.7 tokens for each parameter. Hoffmann et al. found that both should grow together, and trained a smaller model,
# Chinchilla, on more text.

# %%
for name, n, d in (
    ("GPT-3", 175e9, 300e9),
    ("Chinchilla", 70e9, 1.4e12),
    ("our largest", N.max(), most),
):
    print(f"{name:12} D/N = {d / n:5.1f}   C = {6 * n * d:.1e} operations")
verify.agree(
    "GPT-3: 6 N D against the operations that its authors report",
    6 * 175e9 * 300e9,
    3.14e23,
    tolerance=0.01,
)

# %% [markdown]
# ## Check the article
#
# **"Data sets in laboratories are usually small" (1.2): not those of the models it cites.** GPT-3 read 300 billion tokens, and what the last picture shows is why: a model that has seen all the text there is must read it again, and each round is worth less.
#
# **"An RNN handles long-range dependence" (3.1.2): imprecise.** It can in principle. You measured what a plain one keeps of the gradient at each step, and to the power of fifty that is nothing. Attention was brought in because of that.
#
# **"A CNN is translation invariant" (3.1.2): wrong.** A convolution is *equivariant*: move the input, and the output moves along. Invariant would mean that the output stays as it is. Our language model contains a convolution, so ask it.

# %%
line = torch.randn(1, 96, 30, dtype=torch.float64)  # 30 positions
moved_on = F.pad(line, (5, 0))[..., :30]  # five places to the right
with torch.no_grad():
    before, after = keeper.near(line), keeper.near(moved_on)
verify.agree(
    "equivariant: the output moves by five places, too",
    after[..., 5:],
    before[..., :-5],
    tolerance=1e-12,
)
stays = ((after - before).abs().mean() / before.abs().mean()).item()
verify.promise(
    "not invariant: the output changes by more than half", got=stays, above=0.5
)

# %% [markdown]
# **Its reading list (6.5.3): names and titles mixed up.** *Language Models are Unsupervised Multitask Learners* is by Radford, Wu, Child, Luan, Amodei and Sutskever (2019); *Improved Techniques for Training GANs* by Salimans et al. (2016); and there is no paper "Variational Inference with Deep Learning": the thesis is Kingma's *Variational Inference & Deep Learning: A New Synthesis* (2017).
#
# ## Quiz

# %%
widgets.quiz("39_language_models")

# %% [markdown]
# ## What you should be able to do now
#
# Build attention, and say what the softmax, the square root and the mask are for; prove with gradients what a network can't see; say why recurrent networks forget; choose temperature, top-k and top-p by what they cut off; build a cache of keys and values,
# and compute its memory; fit a power law, find its interval, and doubt it.
#
# Let the other model write with the cache: `kv_cache.generate(lm.load("quatrains"), chinese.encode("明月")[None], 100, decoding.greedy)`. Its window holds 48 characters, so what does it know of the first poem when it writes the fourth? Lesson 36 measures where the time goes, lesson 37 what training costs beyond one GPU.
#
# ## References
#
# - A. Vaswani, N. Shazeer, N. Parmar, J. Uszkoreit, L. Jones, A. N. Gomez, Ł. Kaiser, I. Polosukhin, *Attention Is All You Need*, NIPS 2017.
# - D. Bahdanau, K. Cho, Y. Bengio, *Neural Machine Translation by Jointly Learning to Align and Translate*, ICLR 2015. (Where attention began.)
# - Y. Bengio, P. Simard, P. Frasconi, *Learning Long-Term Dependencies with Gradient Descent is Difficult*, IEEE Transactions on Neural Networks 5(2), 1994.
# - S. Arora, S. Eyuboglu, A. Timalsina, I. Johnson, M. Poli, J. Zou, A. Rudra, C. Ré, *Zoology: Measuring and Improving Recall in Efficient Language Models*, ICLR 2024. (The game, for large models.)
# - A. Haviv, O. Ram, O. Press, P. Izsak, O. Levy, *Transformer Language Models without Positional Encodings Still Learn Positional Information*, Findings of EMNLP 2022.
# - A. Radford, J. Wu, R. Child, D. Luan, D. Amodei, I. Sutskever, *Language Models are Unsupervised Multitask Learners*, 2019.
# - T. Brown et al., *Language Models are Few-Shot Learners*, NeurIPS 2020.
# - A. Fan, M. Lewis, Y. Dauphin, *Hierarchical Neural Story Generation*, ACL 2018.
# - A. Holtzman, J. Buys, L. Du, M. Forbes, Y. Choi, *The Curious Case of Neural Text Degeneration*, ICLR 2020.
# - J. Kaplan et al., *Scaling Laws for Neural Language Models*, arXiv 2001.08361, 2020.
# - J. Hoffmann et al., *Training Compute-Optimal Large Language Models*, arXiv 2203.15556, 2022.
# - T. Pearce, J. Song, *Reconciling Kaplan and Chinchilla Scaling Laws*, arXiv 2406.12907, 2024.
# - A. Karpathy, *nanoGPT* and the lecture *Let's build GPT: from scratch, in code, spelled out*, 2023. (The next thing to watch.)
