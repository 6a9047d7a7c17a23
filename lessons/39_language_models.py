# %% [markdown]
# # 39 · Language models
# <!-- badge -->
#
# From a table that can't look back to a small GPT: you build attention, check that it doesn't peek, make it write, make it fast, and measure what size buys.
#
# | time | needs | you will be able to |
# | --- | --- | --- |
# | <!-- time --> | bits per character, tables of counts and the GRU (lesson 02); gradients, the softmax, PyTorch modules; logarithms | build attention, say what each of its parts is for, and give it positions<br>test in two ways whether a model sees the future<br>choose how a model writes: temperature, top-k, top-p<br>build a cache of keys and values and compute its memory<br>fit a scaling law and say how far to trust it |

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
import sympy
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
recall_budget = recall_steps or runtime.pick(ci=20, cpu=400)
gpt_budget = gpt_steps or runtime.pick(ci=8, cpu=600, gpu=3000)
train, test = (
    lm.documents(datasets.load("moby_dick", split).texts) for split in ("train", "test")
)
book = "".join(train)
vocabulary = lm.Vocabulary(book)

# %% [markdown]
# ## A game that counting loses
#
# Eight letters get a digit each. Then the letters come again in another order, and you are asked for their digits. A child who may look back can do it.

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
game = symbols.decode(unseen[0])
print(f"told: {game[:16]}   asked: {game[16:]}")

# %% [markdown]
# Lesson 02's best counting model looked at the four or five characters before. Take one that looks at six, let it count in thousands of games, and have it play.

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
# The table hardly beats guessing, and more text wouldn't help. To a table, every possible context is a case of its own, with counts of its own, and no text is long enough to fill in as many as were just printed. Yet the rule
# is the same in all of them: *find where this letter stood, and copy what came after it*. What is needed is a way to look something up.
#
# ## A soft dictionary
#
# Given a *query* q, a Python dictionary returns the *value* whose *key* equals q. Written as a sum over all entries,
#
# $$\text{look up}(q) = \sum_j w_j v_j, \qquad w_j = 1 \text{ if } k_j = q, \text{ else } 0$$
#
# No gradient gets through an equality. So let keys and queries be vectors, and let a score $s_j = q \cdot k_j$ say how well they fit. How should scores become weights? The weights should be positive and add up to 1, and
# the ratio of two weights should depend only on the difference of their scores: $w_i / w_j = f(s_i - s_j)$. Since $w_i/w_k = (w_i/w_j)(w_j/w_k)$, this f satisfies $f(a + b) = f(a) f(b)$, and the only continuous functions that do so
# are exponentials. Weights proportional to $e^{s_j}$ that add up to 1: that is the softmax.
#
# For many queries at once, with the vectors as rows,
#
# $$\text{attention}(Q, K, V) = \text{softmax}\!\left(\frac{Q K^\top}{\sqrt d}\right) V$$
#
# where d is the length of queries and keys; why $\sqrt d$ is there comes in a moment. A mask may forbid some pairs: it is `True` where query i may look at key j, and elsewhere the weight must be 0. Which score has $e^s = 0$?


# %% tags=["exercise"]
def attention(query, key, value, mask=None):
    """Weighted means of the values: what you return, and its gradients, are checked.

    (..., n, d), (..., m, d), (..., m, e), bool (n, m) or None -> (..., n, e)
    Scores may be as large as 1000. Each query may look at one key at least.
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
# Let the components of q and k be independent with mean 0 and variance 1. Each product $q_i k_i$ then has mean 0 and variance $1 \cdot 1$, and variances of independent numbers add up:
#
# $$\text{Var}(q \cdot k) = \sum_{i=1}^{d} \text{Var}(q_i k_i) = d$$

# %%
for d in (4, 64, 1024):
    q, k = torch.randn(2, 4000, d, dtype=torch.float64)
    verify.agree(
        f"d = {d}: the mean of (q·k)² is d", verify.estimate((q * k).sum(dim=1) ** 2), d
    )

# %% [markdown]
# So at d = 1024 a score is typically as large as 32, and one key takes nearly all the weight. That hurts because of the softmax's gradient. Its Jacobian is
#
# $$\frac{\partial a_i}{\partial s_j} = a_i (\delta_{ij} - a_j), \qquad \text{trace} = \sum_i a_i (1 - a_i) = 1 - \sum_i a_i^2$$
#
# The trace is 0 as soon as one weight is 1: the network has decided, and no gradient tells it when it has decided wrongly.


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
    title="Undivided scores of long vectors leave the softmax no gradient",
)
least = min(left["q·k / √d"])
verify.promise(
    "divided by √d, at least 0.7 is left at every d", got=least, at_least=0.7
)
last = left["q·k"][-1]
verify.promise("undivided, less than 0.15 at d = 4096", got=last, below=0.15)

# %% [markdown]
# Do queries and keys start with variance 1? That depends on how their matrices are drawn. Inputs of variance 1 and a matrix whose entries have variance 1/width give components of variance 1. GPT-2, and `lm.TransformerLM` after it, draw every matrix with standard
# deviation 0.02 instead, however wide the model is. Measure the scores before the division: in a new model drawn each way, and in the model that a script of this course trained on *Moby Dick*. All three have d = 32.


# %%
@torch.no_grad()
def score_sizes(model, tokens):
    """Standard deviation of q·k in each layer, before the division by √d."""
    kept = []
    hooks = [
        block.to_qkv.register_forward_hook(lambda *call: kept.append(call[-1]))
        for block in model.blocks
    ]
    model.eval()(tokens)
    for hook in hooks:
        hook.remove()
    heads = [qkv.unflatten(2, (3, -1, 32)).permute(2, 0, 3, 1, 4) for qkv in kept]
    return [(query @ key.mT).std().item() for query, key, _ in heads]


# %%
stored = lm.load("moby_dick")
new = lm.TransformerLM(len(vocabulary), width=64, layers=2, heads=2)
unit = lm.TransformerLM(len(vocabulary), width=64, layers=2, heads=2)
for block in unit.blocks:
    nn.init.normal_(block.to_qkv.weight, std=64**-0.5)
windows = lm.windows(vocabulary.encode(book), 64)
models = {"new, std 0.02": new, "new, variance 1/width": unit, "trained": stored}
sizes = {name: score_sizes(one, windows[:64, :-1]) for name, one in models.items()}
for name, found in sizes.items():
    print(f"{name:22} std of q·k, layer by layer:", *(f"{one:6.2f}" for one in found))

# %%
small_start = max(sizes["new, std 0.02"])
verify.promise("drawn small, scores start below 0.5", got=small_start, below=0.5)
grown = max(sizes["trained"])
verify.promise("some trained layer's scores exceed √d", got=grown, above=math.sqrt(32))

# %% [markdown]
# With variance 1 the scores start around $\sqrt{32} \approx 5.7$, as computed. In `lm.TransformerLM` they start so small that the division changes next to nothing: at first all weights are nearly equal. (The wider the model, the larger they start; GPT-2 is twelve times as wide.) Training then makes the scores grow, and in some layers past
# $\sqrt{32}$. The division does the same everywhere: queries and keys of the same size give weights of the same sharpness, however long they are.
#
# Try it, for components of variance 1: how does the number of keys matter?


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
# A model that can look there learns nothing else. Hence the *causal mask*.


# %% tags=["exercise"]
def causal_mask(length):
    """bool (length, length): True at (i, j) where position i may look at position j."""
    ...  # your code


# %% tags=["check"]
causal_mask = check("language.causal_mask", causal_mask)

# %%
# NBVAL_CHECK_OUTPUT
for row in causal_mask(5):
    print("".join("█" if may else "·" for may in row))

# %% [markdown]
# The mask looks right. Does the network obey it? If output i doesn't depend on input j, its gradient with respect to input j is 0. Not small: 0. So a gradient that isn't 0 convicts. Below are three layers of attention, and the whole language model trained on
# *Moby Dick*, which has four. For each pair (i, j): how much does input j move output i?


# %%
def project(x, W):
    """Queries, keys and values of each position; x (n, width), W (3, width, width)."""
    return x @ W


def past_only(length):
    return torch.as_tensor(causal_mask(length)).bool()


def masked(x, W):
    return attention(*project(x, W), past_only(len(x)))


def unmasked(x, W):
    return attention(*project(x, W))


def too_late(x, W):
    query, key, value = project(x, W)
    weights = (query @ key.T / x.shape[1] ** 0.5).softmax(dim=1)
    return weights * past_only(len(x)) @ value


# %%
keeper = lm.load("moby_dick").double()


def from_embeddings(x):
    """The language model's logits (T, V), given embeddings (T, 96) for characters.

    Characters have no gradient, embeddings do: x stands in for what the layer gives.
    """
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
def random_layer(length, width):
    """Inputs (length, width) and the three maps of a layer of attention."""
    x = torch.randn(length, width, dtype=torch.float64)
    return x, torch.randn(3, width, width, dtype=torch.float64) / width**0.5


x14, W14 = random_layer(14, 8)
whale = keeper.embedding(vocabulary.encode("Call me Ishmael")[:14]).detach()
networks = {
    "causal mask": (lambda x: masked(x, W14), x14),
    "no mask": (lambda x: unmasked(x, W14), x14),
    "mask after softmax": (lambda x: too_late(x, W14), x14),
    "the language model": (from_embeddings, whale),
}
moved = {name: reach(*both) for name, both in networks.items()}

# %% [markdown]
# **Predict first.** The second layer has no mask. The third applies it *after* the softmax: it sets the forbidden weights to 0. For which of the four is everything above the diagonal exactly 0? Write it down.

# %% tags=["predict"]
for name, size in moved.items():
    print(f"{name:20} largest gradient from the future: {np.triu(size, 1).max():.2g}")

# %% [markdown]
# You should have seen 0 for two of them, the layer with the mask and the language model. The mask that comes too late does hide the future's *values*, but each weight was divided by a sum over all scores, the future's among them. That sum leaks. And
# the weights in a row no longer add up to 1.

# %%
title = "White is exactly 0: a mask after the softmax lets the future through"
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
query, key, _ = project(x14, W14)
late = (query @ key.T / 8**0.5).softmax(dim=1) * past_only(14)
sums = [round(total, 2) for total in late.sum(dim=1).tolist()]
print("sums of the weights, mask after the softmax:", sums)

# %% [markdown]
# **A gradient of 0 acquits nobody.** It says only that *small* changes *at this point* do nothing. Rounding, a `detach`, or a ReLU that happens to be off lets information through and no gradient. So add a second test, which needs no gradient: draw the future anew, and compare the past's
# outputs bit for bit. Here is a fifth suspect, which adds to each output the next input, rounded.


# %%
def peeks(x):
    return masked(x, W14) + x.roll(-1, dims=0).round()


def changed(network, x):
    """Largest change of outputs 0 to i when all inputs after i are drawn anew."""
    changes = []
    for i in range(len(x) - 1):
        other = torch.cat([x[: i + 1], torch.randn_like(x[i + 1 :])])
        with torch.no_grad():
            changes.append((network(other) - network(x))[: i + 1].abs().max().item())
    return max(changes)


# %% [markdown]
# **Predict first.** What will each of the two tests say about the fifth?

# %% tags=["predict"]
networks["rounded peek"] = (peeks, x14)
changes = {name: changed(*both) for name, both in networks.items()}
for name, both in networks.items():
    gradient = np.triu(reach(*both), 1).max()
    print(f"{name:20} gradient {gradient:7.2g}   outputs change by {changes[name]:.2g}")

# %% [markdown]
# You should have seen that the gradient finds no fault with the fifth, and that its outputs change. The gradient shows *where* a leak is, but can miss one; a changed future catches such leaks, too, but doesn't say where they are. Neither test is a proof for all inputs. The proof is in the formula: a weight
# $e^{-\infty} = 0$ times any finite value is 0. The tests tell you that the code does what the formula says.

# %%
for name in ("causal mask", "the language model"):
    verify.promise(
        f"{name}: with another future, the same outputs to the bit",
        got=changes[name],
        equals=0,
    )
blind = float(np.triu(reach(*networks["rounded peek"]), 1).max())
verify.promise("the rounded peek: its gradient is 0", got=blind, equals=0)
verify.promise("but its outputs change", got=changes["rounded peek"], above=0.5)

# %% [markdown]
# ## Attention by hand wins the game
#
# Now play with attention. Query: *the letter that stands here*. Key: *what stood one place before*. Value: *what stands there*. So each position asks: where did my letter come just before, and what stands there? There is no
# training, only the right three vectors.

# %%
one_hot = torch.eye(len(symbols), dtype=torch.float64)


def by_hand(lines, value=None):
    here = one_hot[lines]
    before = F.pad(here, (0, 0, 1, 0))[:, :-1]  # all moved by one place
    value = here if value is None else value
    return attention(400 * here, before, value, past_only(lines.shape[1]))


said = by_hand(unseen).argmax(dim=-1)[:, 2 * pairs :: 2]
right["attention by hand"] = said == answers
always = bool(right["attention by hand"].all())
verify.promise("attention set by hand is always right", always)

# %%
# the mean of unit vectors is the weights themselves
looks = by_hand(unseen[:1], torch.eye(4 * pairs).double())[0]
plots.heatmap(
    looks[2 * pairs :: 2, : 2 * pairs],
    rows=game[2 * pairs :: 2],
    columns=game[: 2 * pairs],
    x_label="what was told",
    y_label="letter that is asked for",
    title="Each letter looks at the digit that followed it",
    size=(7.0, 3.0),
)

# %% [markdown]
# Can the three maps be *learned*? And what about a network that remembers, the GRU of lesson 02? Its state has 64 numbers, in which it must keep eight pairs before it knows which one it will be asked for. Both begin with two
# pairs and get more on the way. With eight from the start, attention at first looks everywhere a little, which says nothing about *where* to look, and may be stuck for hundreds of steps. The loss counts only the answers.


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
        return attention(query, key, value, past_only(lines.shape[1])), None


# %%
def learn(model, rate):
    """Train on games, new each time; the loss of each step, in nats for an answer."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    rng, losses = torch.Generator().manual_seed(seed + 1), []
    for step in range(recall_budget):
        # two pairs at first, all of them from the middle on
        n = min(pairs, 2 + step * 12 // recall_budget)
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
    np.arange(1, recall_budget + 1),
    losses | {"guessing": [math.log(10)] * recall_budget},
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
    title="Attention answers equally well at every distance",
)
shares = {name: hits.float().mean().item() for name, hits in right.items()}
print({name: f"{value:.0%}" for name, value in shares.items()})

# %%
if runtime.profile() != "ci":
    verify.promise(
        "learned attention is right in at least 95% of the cases",
        got=shares["attention, learned"],
        at_least=0.95,
    )
    verify.promise(
        "the GRU in less than 80%, after as many steps",
        got=shares["GRU, learned"],
        below=0.8,
    )

# %% [markdown]
# Attention has learned the rule, and it is the same rule at every distance. The GRU does better than the table: it keeps a part of what it was told. But all of it has to pass through 64 numbers, and the more pairs there are, the more
# must be squeezed into them in case one is asked for. Attention squeezes nothing: it keeps the key and the value of every character and looks them up. That isn't free. Its memory grows with the text, as you will see below.
#
# Why does the GRU's line *rise*? What stands far back is mostly asked for late, and the last question is the easiest for a network that keeps count: seven of the eight digits have been given, so one is left.

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
# A recurrent network reaches the past through its own steps. Each of them multiplies the gradient by a matrix of the same kind, so that over n steps it vanishes (or explodes) exponentially. Attention gets
# there in one step, however far back it is. How much do inputs n places back move the last output, before any training?

# %%
x60, W60 = random_layer(60, 32)
torch.manual_seed(seed)
rnn, gru = nn.RNN(32, 64).double(), nn.GRU(32, 64).double()
kinds = {
    "plain recurrent network": lambda x: rnn(x)[0],
    "GRU": lambda x: gru(x)[0],
    "attention": lambda x: masked(x, W60),
}
moves = {}
for name, network in kinds.items():
    inputs = x60.clone().requires_grad_()
    last = network(inputs)[-1]
    direction = torch.randn(len(last), dtype=torch.float64)
    gradient = torch.autograd.grad(last @ direction, inputs)[0].norm(dim=1)
    moves[name] = (gradient / gradient[-1]).flip(0)

# %%
plots.curves(
    np.arange(len(x60)),
    moves,
    log_y=True,
    x_label="places back",
    y_label="gradient; last input = 1 (log scale)",
    title="Untrained recurrent networks forget exponentially; attention doesn't",
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
# The factor is no accident. torch draws the 64 × 64 matrix with variance $1/(3 \cdot 64)$; such a matrix multiplies lengths by about $\sqrt{64 \cdot 1/(3 \cdot 64)} = 1/\sqrt 3 = 0.58$, and the slope of tanh, which is below 1, takes a little more. A GRU *can* learn to hold
# on, by closing its gate, but has to be taught.
#
# ## Where am I? Attention needs positions
#
# Attention has a blind spot. Its sums know no order: shuffle the inputs, and the outputs are shuffled likewise. Even with the causal mask, the last position can't tell in which order the others came.

# %%
order = torch.randperm(len(x60) - 1)
shuffled = torch.cat([x60[:-1][order], x60[-1:]])
everything = torch.randperm(len(x60))
verify.agree(
    "attention(shuffled) is attention, shuffled",
    unmasked(x60[everything], W60),
    unmasked(x60, W60)[everything],
)
verify.agree(
    "with the mask: the last output, whatever the order before it",
    masked(shuffled, W60)[-1],
    masked(x60, W60)[-1],
)

# %%
scrambled = torch.cat([whale[:9][torch.randperm(9)], whale[9:]])
before, after = (from_embeddings(text)[-1].softmax(0) for text in (whale, scrambled))
change = (after - before).abs().sum().item() / 2
print(
    f"scrambling the first 9 of 14 characters moves {change:.1%} "
    "of the language model's probability"
)
verify.promise("the language model notices", got=change, above=1e-3)

# %% [markdown]
# After "the whale struck the ship." and after "the ship struck the whale.", one layer of attention would predict the same: the characters are the same, and so is the last of them. So `lm.TransformerLM` adds to each character's embedding one for its *place*, learned like any other weight. It also has a convolution
# over the last four characters, a shortcut of this course: it gives each position what "one place before" gave you in the game. (A stack of several layers with a causal mask can find out about places without any of this, because position i sees i + 1
# characters and can learn to count them: Haviv et al., 2022.)
#
# ### Rotary positions
#
# A learned embedding for place 128 exists only if training saw place 128, and what matters in a text is mostly how far *apart* two words are. Many language models since, Llama among them, add nothing. They *rotate* queries and keys (RoPE; Su et al., 2021): take the components in pairs, as points of a plane, and turn pair k
# of the vector at place m by the angle $m\,\theta_k$. Turning q by $m\theta$ and k by $n\theta$ leaves only the difference in their product:
#
# $$(R_{m\theta}\, q) \cdot (R_{n\theta}\, k) = q^\top R_{m\theta}^\top R_{n\theta}\, k = q^\top R_{(n-m)\theta}\, k$$


# %%
def rotate(x, place, base=10_000):
    """Turn component i and its partner i + d/2 by place · base^(-2i/d); x (n, d)."""
    half = x.shape[-1] // 2
    speed = base ** (-torch.arange(half, dtype=x.dtype) / half)
    cos, sin = (place[:, None] * speed).cos(), (place[:, None] * speed).sin()
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


# %%
m, n, angle = sympy.symbols("m n theta", real=True)


def R(by):
    return sympy.rot_ccw_axis3(by)[:2, :2]  # the turn of a plane by an angle


difference = R(m * angle).T * R(n * angle) - R((n - m) * angle)
verify.agree("RᵀR is the turn by n - m", sum(abs(sympy.simplify(difference))), 0)
query, key, _ = project(x60, W60)
place = torch.arange(60, dtype=torch.float64)
here, moved_on = (
    rotate(query, place + by) @ rotate(key, place + by).T for by in (0, 1000)
)
verify.agree("scores, all places moved on by 1000", moved_on, here, tolerance=1e-9)

# %%
lengths = rotate(query, place).norm(dim=1)
verify.agree("no length changes", lengths, query.norm(dim=1), tolerance=1e-9)


def rotary(x, W):
    query, key, value = project(x, W)
    turned = rotate(query, place[: len(x)]), rotate(key, place[: len(x)])
    return attention(*turned, value, past_only(len(x)))


moved_last = (rotary(shuffled, W60) - rotary(x60, W60))[-1].norm().item()
share = moved_last / rotary(x60, W60)[-1].norm().item()
verify.promise("now the last output depends on the order", got=share, above=0.01)

# %%
apart = torch.arange(200, dtype=torch.float64)
same = torch.ones(200, 64, dtype=torch.float64)  # a query that equals its key
scores = {
    f"base {base:,}": (rotate(same, 0 * apart, base) * rotate(same, apart, base)).sum(1)
    / 64
    for base in (100, 10_000)
}
plots.curves(
    apart,
    scores,
    x_label="places between query and key",
    y_label="score, as a share of the score at 0",
    title="Turned, equal vectors fit best at the same place",
)

# %% [markdown]
# The slow pairs hardly turn within a text and compare contents; the fast ones tell neighbours apart. The base sets how slow the slowest is: a longer window asks for a larger one. This course's models keep to learned places.
#
# ## A block, and a GPT
#
# One attention asks one question. *Heads* ask several, each in its own part of the vector, and a matrix mixes the answers. Then each position is worked through by itself, in two layers, the inner one four times as wide. Both parts *add* to what is there, so that
# gradients have a straight way through, and both read a normalised copy. That is all there is to `lm.Block`; here it is with your attention inside.

# %%
block = keeper.blocks[0]
stream = torch.randn(1, 10, 96, dtype=torch.float64)
parts = block.to_qkv(block.norm_look(stream)).chunk(3, dim=-1)
query, key, value = (
    part.view(1, 10, block.heads, -1).transpose(1, 2) for part in parts
)  # (1, heads, 10, 96 / heads)
seen = attention(query, key, value, past_only(10)).transpose(1, 2).flatten(2)
y = stream + block.mix(seen)
y = y + block.think(block.norm_think(y))
verify.agree(
    "a block of lm.TransformerLM, step by step", y, block(stream), tolerance=1e-12
)

# %% [markdown]
# Stack two of them, put embeddings in front and logits behind, and train: a small GPT, live. Its loss is the surprise at the next character.

# %%
torch.manual_seed(seed)
small = lm.TransformerLM(
    len(vocabulary), width=64, layers=2, heads=2, context=64, dropout=0.0
)
recipe = lm.LmRecipe(small, learning_rate=6e-3)
history = training.fit(recipe, windows, steps=gpt_budget, batch_size=32, seed=seed)

# %%
recipe.to("cpu")
parameters = sum(p.numel() for p in small.parameters())
read, recent = gpt_budget * 32 * 64, history["bits"][-20:].mean()
print(
    f"{parameters:,} parameters, {read:,} characters read "
    f"({read / len(book):.1f} of the book)"
)
print(f"on what it reads it now pays {recent:.2f} bits per character; it writes:\n")
own, characters = lm.Writer(small, vocabulary), runtime.pick(ci=60, cpu=300)
print(textwrap.fill(writer.write(own, characters, seed=seed, temperature=0.8), 100))

# %% [markdown]
# Now lesson 02's ruler, on chapters that none of them has read: what do the alphabet, the best counts, this GPT, and a larger one that was trained for longer pay for a character?

# %%
longest = runtime.pick(ci=1500, cpu=12_000)
chapters = [one[:longest] for one in test[: runtime.pick(ci=1, cpu=3)]]
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
    title="The GPT trained for longer pays least",
)
best = min(paid, key=paid.get)
verify.promise(
    "the stored GPT pays least",
    best == "GPT, trained beforehand",
    got=paid["GPT, trained beforehand"],
)
if runtime.profile() == "cpu":
    behind = paid["GPT, trained just now"] - paid["counts, order 6"]
    verify.promise(
        "the GPT trained just now pays more than the counts", got=behind, above=0.1
    )
print(
    f"{len(counted):,} counts, filled in one reading; {parameters:,} weights, "
    f"moved {gpt_budget} times"
)

# %% [markdown]
# After the few hundred steps of a laptop, the GPT that you have just built **loses to counting**, though it can look back ten times as far. The table stores every context it meets, each in an entry of its own, and one reading fills it. The GPT has far fewer numbers, which all contexts share,
# and each step moves them only a little: it needs many steps before it spells as well as the table does. But the table is near its end: the longer its contexts are, the more of them are new to it in another chapter (lesson 02). A GPT can be made larger and go on learning: more weights and many more
# rounds take the other one past the counts.
#
# And a different language: the same class, trained on Tang poems. Its vocabulary has thousands of characters, and most of them stand for a word, so bits for each of *its* characters can't be compared with those above.

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
# A model gives probabilities, and something has to choose. Why not always take the most likely one?

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
# **Predict first.** The stored GPT writes and takes the most likely character each time (*greedy* decoding). What will the page look like? Describe it in a sentence.

# %% tags=["predict"]
print(textwrap.fill("The " + written(decoding.greedy)[0], 100))

# %% [markdown]
# You should have seen it go in circles. Always taking the likeliest character doesn't give the likeliest text, and even the likeliest text would be unlike one: Melville's surprises the model by about 2 bits a character. So draw. But a draw sometimes takes
# what the model finds nearly impossible: each such character is rare, but there are dozens of them, and their small probabilities add up. After one bad character the model has to go on from it. Three knobs help.
#
# *Temperature* divides the logits (lesson 02). *Top-k* (Fan et al., 2018) keeps the k most likely tokens.


# %% tags=["exercise"]
def top_k_probabilities(logits, k, tau):
    """Probabilities of the k most likely tokens at temperature tau, 0 for all others.

    (..., V) -> (..., V), the probabilities add up to 1; k may be larger than V
    """
    ...  # your code


# %% tags=["check"]
top_k_probabilities = check("decoding.top_k_probabilities", top_k_probabilities)

# %% [markdown]
# But how many characters are plausible depends on the place. After "The wha" hardly more than one is, after "The " nearly any letter. *Top-p*, or nucleus sampling (Holtzman et al., 2020), keeps the smallest set of most likely tokens that together hold at least the probability p. The token that reaches p
# is in; leaving it out is a common mistake.


# %% tags=["exercise"]
def top_p_probabilities(logits, p):
    """Probabilities within the smallest set of most likely tokens that holds p, else 0.

    (..., V) -> (..., V), they add up to 1; 0 < p <= 1, and p = 1 keeps all tokens
    """
    ...  # your code


# %% tags=["check"]
top_p_probabilities = check("decoding.top_p_probabilities", top_p_probabilities)

# %%
# NBVAL_CHECK_OUTPUT
four = torch.tensor([0.4, 0.1, 0.3, 0.2], dtype=torch.float64).log()
for p in (0.3, 0.5, 0.75, 1.0):
    left_over = torch.as_tensor(top_p_probabilities(four, p)).tolist()
    print(f"p = {p:.2f}:", "  ".join(f"{q:.3f}" for q in left_over))

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
# Top-k keeps ten in both places: too many after "The wha", where it lets in what is nearly impossible. Now measure what the knobs do to whole pages: how undecided the draw is (entropy in bits), how much is repeated (runs of 12 characters that already stood
# on the page), and what share of the words exists in the book.

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
print(f"{'':16} entropy    repeated  words that exist")
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
# No row is best in everything: surprise is traded against correctness, as variety is against fidelity in lessons 34 and 35. Turn the knobs yourself. They act one after the other: temperature first, then k, then p.


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
# To write character t + 1, the model reads t characters; for the next it reads t + 1. But what has changed for the first t? Nothing: the mask keeps them from seeing the new one, so their keys and values in every layer are what they were. Keep them. Then the new character
# compares *its* query with the kept keys, and is the only one that has to be worked through. In one layer:

# %%
keys, values, outputs = [], [], []
for new in x14:
    query, key, value = new @ W14
    keys.append(key)
    values.append(value)
    outputs.append(attention(query[None], torch.stack(keys), torch.stack(values))[0])
verify.agree(
    "one position at a time, with kept keys and values",
    torch.stack(outputs),
    masked(x14, W14),
    tolerance=1e-12,
)

# %% [markdown]
# No mask was needed: the future isn't there yet. `kv_cache.CachedTransformer` does this in every layer of `lm.TransformerLM`. It must keep something else as well. What would go wrong if it kept only keys and values? (The convolution looks three characters
# back, so their embeddings are kept, too. And the place of the new character is t, not 0.)

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
# On a quiet machine the factor grows with the length and stays far below the saving in work. A pass over 100 positions at once isn't 100 times as slow as a pass over one: processors are better at large matrices, and Python takes the same time for each layer. On a
# GPU the difference is larger still. There, a single new token means multiplying each matrix by *one* vector; all weights are fetched from memory for it, and fetching takes most of the time. Lesson 36 measures where that border lies.
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
# So a server that writes forty full-length texts at a time needs more memory for caches than for weights. It is one reason why newer models let several heads share their keys and values (grouped-query attention; Ainslie et al., 2023).
#
# ## What size buys: a scaling law
#
# Is a larger model better, and by how much? A script of this course trained transformers of six sizes on *Moby Dick*, from two thousand to nearly four hundred thousand parameters (N, without embeddings), all on the same number of characters (D), each with two seeds. Each
# size got its own learning rate, the best of several short trials: one rate for all would handicap some sizes, and the "law" would be about the rate. These runs are stored, so they don't follow `seed`.

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
# In logarithms this is a straight line. Fit it.


# %% tags=["exercise"]
def power_law(sizes, losses):
    """(alpha, N_c) of the power law, by least squares in the logarithms.

    sizes, losses: NumPy arrays (n,) of positive numbers -> two numbers
    """
    ...  # your code


# %% tags=["check"]
power_law = check("language.power_law", power_law)

# %%
alpha, scale = map(float, power_law(N, L))
straight = -alpha * (np.log(N) - np.log(scale))
rest = np.log(L) - straight
# bootstrap: what if the remainders had come in another order?
drawn = np.random.default_rng(seed).choice(rest, (len(N), 4000))
others = -np.polyfit(np.log(N), straight[:, None] + drawn, 1)[0]
low, high = np.quantile(others, [0.025, 0.975])
print(f"alpha = {alpha:.3f}, 95% interval {low:.3f} to {high:.3f}")
print(
    f"Kaplan's 0.076 lies {'inside' if low <= 0.076 <= high else 'outside'}; "
    f"ten times the size: {1 - 10**-alpha:.0%} less loss"
)
print("what the line misses, in % of the loss:", np.round(100 * rest, 1).tolist())

# %% [markdown]
# Look at the last row before you believe the interval. The interval assumes that the line is true and that what it misses is noise. Is it? The sizes are in order, each with its two seeds. Here both seeds of a size miss in the same direction, and the signs go from + to − and back to +: the points lie on a curve, not on a line.

# %%
misses = rest.reshape(-1, 2)  # sizes by seeds
verify.agree(
    "both seeds miss on the same side", np.sign(misses[:, 0]), np.sign(misses[:, 1])
)
turns = int((np.diff(np.sign(misses[:, 0])) != 0).sum())
verify.promise("the sign changes twice along the sizes", got=turns, equals=2)

# %% [markdown]
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
    f"95%: floors from {lowest:.2f} to {highest:.2f} nats, "
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
# So an exponent is worth little without the form that it belongs to and the range that it was fitted in. And our runs differ from Kaplan's in more than size.
#
# - Our text is one book, read several times over. Kaplan's models had text enough, so that only N limited them. Ours are limited by both, and what a larger model gains on the text it has read it may not gain on a new chapter.
# - Ours predict characters, and much of that is spelling, which is soon learned. Theirs predict pieces of words.
# - Ours stop after the same number of characters, at very different D/N. Kaplan's were trained until they hardly got better.
# - Embeddings aren't counted, as in Kaplan's law. In our smallest model they are about half of all parameters, and they learn, too; in a large one they hardly matter. Pearce and Song (2024) trace much of the difference
#   between Kaplan's advice and that of Hoffmann et al. (2022) to this.
# - The floor. Kaplan's fit has none; that of Hoffmann et al. has one, and another exponent. Ours is more than the text's own entropy: all runs read the same number of characters, so what further reading would save is in it, too.
# - The rates. For the smallest model the highest rate that was tried was the best, so it might do a little better at a still higher one.
#
# Had our number come out at 0.076, that would have been no confirmation either.
#
# ### Reading more, and reading again
#
# The same record has one size trained on less, with the schedule laid out anew for each length.

# %%
one = laws["over_tokens"]["width"]
over = sorted(
    (run for run in runs if run["width"] == one), key=lambda run: run["tokens"]
)
D = np.array([run["tokens"] for run in over], dtype=float)
LD = np.array([run["test_nats"] for run in over])
halves = [LD[d == D].mean() for d in np.unique(D)]

# %%
title = "Two ways to a lower loss: a larger model, or more reading"
with plots.figure(title=title, size=(9.0, 3.2), columns=2) as (left_ax, right_ax):
    left_ax.plot(np.unique(N), means, "o-", color=plots.COLOURS[0])
    left_ax.set(xlabel=f"parameters N (D = {most:,.0f})")
    right_ax.plot(np.unique(D) / 1e6, halves, "o-", color=plots.COLOURS[1])
    size = f"N = {over[0]['parameters']:,}"
    right_ax.set(xlabel=f"millions of characters read, D ({size})")
    for ax in (left_ax, right_ax):
        ax.set(xscale="log", ylabel="nats per character, test chapters")
    right_ax.set_xticks([0.2, 1, 5], ["0.2", "1", "5"])
    right_ax.minorticks_off()

# %%
once = laws["characters"]
print("rounds of the text:", np.round(np.unique(D) / once, 2).tolist())
print("what each doubling of D saved, in nats:", np.round(-np.diff(halves), 3).tolist())
print(
    f"exponent of D, without a floor: {float(power_law(D, LD)[0]):.3f} "
    "(Kaplan's, for the size of the data set: 0.095)"
)
falls = bool((np.diff(halves) < 0).all())
verify.promise("reading more helps at each step", falls, got=halves[-1])
shrinks = bool((np.diff(-np.diff(halves)) < 0).all())
verify.promise("each doubling saves less than the one before", shrinks)

# %% [markdown]
# Each doubling saves less. Is that because the book is read again? It would be a mistake to conclude so: the savings shrink from the start, where no character is read twice, and under a power law they shrink on fresh text, too. What is missing is a *control*: runs that read
# equally much and differ only in how much of it is new. So the same model was trained on as many characters as the book has: on all of it once, on a quarter of it (every fourth window) four times, on a sixteenth 16 times, and so on.
#
# **Predict first.** How much is lost by reading a quarter of the book four times, instead of all of it once? And a 64th of it 64 times?

# %% tags=["predict"]
parts = laws["parts_read_again"]
rounds = sorted({run["rounds"] for run in parts})
again_nats = [[one["test_nats"] for one in parts if one["rounds"] == n] for n in rounds]
for n, (first_seed, second_seed) in zip(rounds, again_nats, strict=True):
    read = parts[0]["tokens"] / n
    print(
        f"{read:9,.0f} characters {n:2} times: {first_seed:.3f} and {second_seed:.3f}"
    )

# %% [markdown]
# You should have seen hardly any difference for the quarter, and more than a nat for the 64th. For this model, four rounds are as good as new text, 16 nearly so; with 64 it reads a few pages so often that it can learn them by heart, and that doesn't help on other chapters. Muennighoff et al. (2023) found the same for models of up to nine billion parameters: up to four rounds hardly differ from fresh text.

# %%
pays = dict(zip(rounds, np.mean(again_nats, axis=1), strict=True))
plots.curves(
    rounds,
    {"": list(pays.values())},
    log_x=True,
    markers=True,
    x_label="times that the same part is read (log scale)",
    y_label="nats per character, test chapters",
    title="The same number of characters, fewer and fewer of them new",
)
verify.promise(
    "four times a quarter: as good as fresh text, within 0.02 nats",
    got=abs(pays[4] - pays[1]),
    below=0.02,
)
verify.promise(
    "64 times a 64th: at least 0.1 nats worse", got=pays[64] - pays[1], at_least=0.1
)

# %% [markdown]
# A larger model and more reading compete for the same computation, $C = 6 N D$. Kaplan's law said to put most of it into size, and GPT-3 was built that way: 1.7 tokens for each parameter. Hoffmann et al. found that both should grow together, and trained a smaller model,
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
# **"Data sets in laboratories are usually small" (1.2): not those of the models it cites.** GPT-3 read 300 billion tokens, and the last picture shows why: once a model has read all the text there is, it can only read it again, and that helps only for so many rounds.
#
# **"An RNN handles long-range dependence" (3.1.2): imprecise.** It can in principle. You measured which share of the gradient a plain one keeps at each step, and to the power of fifty almost nothing is left of it. That is why attention was brought in.
#
# **"A CNN is translation invariant" (3.1.2): wrong.** A convolution is *equivariant*: move the input, and the output moves along. Invariant would mean that the output stays as it is. Our language model contains a convolution, so try it.

# %%
signal = torch.randn(1, 96, 30, dtype=torch.float64)  # 30 positions
later = F.pad(signal, (5, 0))[..., :30]  # five places to the right
with torch.no_grad():
    before, after = keeper.near(signal), keeper.near(later)
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
# Build attention, and say what the softmax, the square root and the mask are for; test in two ways what a network can't see; say why recurrent networks forget, and how rotary positions tell how far apart two words are; choose temperature, top-k and top-p by what they cut off; build a cache of keys and values,
# and compute its memory; fit a power law, find its interval, and doubt it; ask for a control before you name a cause.
#
# Let the other model write with the cache: `print(chinese.decode(kv_cache.generate(lm.load("quatrains"), chinese.encode("明月")[None], 100, decoding.greedy)[0]))`. Its window holds 48 characters, so what does it know of the first poem when it writes the fourth? Lesson 36 measures where the time goes, lesson 37 what training costs beyond one GPU.
#
# ## References
#
# - A. Vaswani, N. Shazeer, N. Parmar, J. Uszkoreit, L. Jones, A. N. Gomez, Ł. Kaiser, I. Polosukhin, *Attention Is All You Need*, NIPS 2017.
# - D. Bahdanau, K. Cho, Y. Bengio, *Neural Machine Translation by Jointly Learning to Align and Translate*, ICLR 2015. (Where attention began.)
# - Y. Bengio, P. Simard, P. Frasconi, *Learning Long-Term Dependencies with Gradient Descent is Difficult*, IEEE Transactions on Neural Networks 5(2), 1994.
# - S. Arora, S. Eyuboglu, A. Timalsina, I. Johnson, M. Poli, J. Zou, A. Rudra, C. Ré, *Zoology: Measuring and Improving Recall in Efficient Language Models*, ICLR 2024. (The game, for large models.)
# - A. Haviv, O. Ram, O. Press, P. Izsak, O. Levy, *Transformer Language Models without Positional Encodings Still Learn Positional Information*, Findings of EMNLP 2022.
# - J. Su, Y. Lu, S. Pan, A. Murtadha, B. Wen, Y. Liu, *RoFormer: Enhanced Transformer with Rotary Position Embedding*, arXiv 2104.09864, 2021.
# - A. Radford, J. Wu, R. Child, D. Luan, D. Amodei, I. Sutskever, *Language Models are Unsupervised Multitask Learners*, 2019.
# - T. Brown et al., *Language Models are Few-Shot Learners*, NeurIPS 2020.
# - A. Fan, M. Lewis, Y. Dauphin, *Hierarchical Neural Story Generation*, ACL 2018.
# - A. Holtzman, J. Buys, L. Du, M. Forbes, Y. Choi, *The Curious Case of Neural Text Degeneration*, ICLR 2020.
# - J. Ainslie, J. Lee-Thorp, M. de Jong, Y. Zemlyanskiy, F. Lebrón, S. Sanghai, *GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints*, EMNLP 2023.
# - J. Kaplan et al., *Scaling Laws for Neural Language Models*, arXiv 2001.08361, 2020.
# - J. Hoffmann et al., *Training Compute-Optimal Large Language Models*, arXiv 2203.15556, 2022.
# - N. Muennighoff et al., *Scaling Data-Constrained Language Models*, NeurIPS 2023.
# - T. Pearce, J. Song, *Reconciling Kaplan and Chinchilla Scaling Laws*, arXiv 2406.12907, 2024.
# - A. Karpathy, *nanoGPT* and the lecture *Let's build GPT: from scratch, in code, spelled out*, 2023. (The next thing to watch.)
