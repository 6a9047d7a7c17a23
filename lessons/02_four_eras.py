# %% [markdown]
# # 02 · Four eras
# <!-- badge -->
#
# Four machines write in the manner of *Moby Dick*: one follows rules, one counts, one remembers, one looks back. You build or train them, and one number
# says how well each predicts a chapter that it has not read.
#
# | time | needs | you will be able to |
# | --- | --- | --- |
# | <!-- time --> | Python with regular expressions, probabilities, logarithms; lesson 01 (tensors, exercises) | score any model of text in bits per character<br>build an n-gram model for which nothing is impossible<br>say what a GRU keeps and what it forgets<br>set a temperature, and tell writing from copying<br>say what ten times the data buys, and what the score doesn't show |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
corpus = "moby_dick"  # or "quatrains": Tang poems of four lines
steps = None  # of training the GRU; None: chosen for this machine

# %%
import lzma
import math
import random
import re
import textwrap
import time

import numpy as np
import torch

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
from aigc_lab.lm import grammar, ngrams, writer

# %%
english = corpus == "moby_dick"
source = datasets.load(corpus)
train = lm.documents(source.texts)
test = lm.documents(datasets.load(corpus, "test").texts)
vocabulary = lm.Vocabulary("".join(train))
if runtime.profile() == "ci":  # a taste
    train = train[: len(train) // 6]
    test = [one[:5000] for one in test[: 3 if english else 60]]
book, unseen = "".join(train), "".join(test)
print(
    f"{source.name}: {len(book):,} characters to learn from, {len(unseen):,} held out"
)


# %%
def page(written):
    """For print: English in lines of 100 characters, a poem to the line."""
    if english:
        paragraphs = [one for one in written.strip().split("\n") if one]
        return "\n".join(textwrap.fill(one, 100) for one in paragraphs)
    poems = written.strip().split("\n\n")
    return "\n".join(poem.strip().replace("\n", "，") for poem in poems)


# %% [markdown]
# ## Who wrote this?
#
# Three of the four passages below were written by machines that read *Moby Dick*. One was written by Melville, in a chapter that no machine here has read. (The book is
# from 1851, and so are its words for people, which the machines repeat.)

# %%
started = time.process_time()
counts = lm.NgramModel(book, 7 if english else 3, vocabulary)
counting_seconds = time.process_time() - started
transformer = lm.Writer(lm.load(corpus), vocabulary)

# %%
length = runtime.pick(ci=100, cpu=220)
low, high = (3, 6) if english else (1, 2)
few, more = counts.up_to(low), counts.up_to(high)
passages = {
    f"counts of {low} characters": writer.write(few, length, seed=seed),
    f"counts of {high} characters": writer.write(more, length, seed=seed + 1),
    "a transformer": writer.write(transformer, length, seed=seed, temperature=0.8),
    "the book": test[0][2000 : 2000 + length] if english else unseen[:length],
}
order = random.Random(seed + 2).sample(list(passages), len(passages))
for letter, name in zip("abcd", order, strict=True):
    print(f"({letter}) {page(passages[name])}\n")

# %% [markdown]
# **Predict first.** Which one is the book? Put the others in order, from the machine that knows least about English to the one that knows most. Write it down, then run the cell.

# %% tags=["predict"]
for letter, name in zip("abcd", order, strict=True):
    print(f"({letter}) {name}")

# %% [markdown]
# If you got the order right, there is something to measure. What gave the machines away: words that don't exist, words that don't go together, or
# sentences that go nowhere? One number sees the first two, and you will find out how much it sees of the third.
#
# ## Bits per character: one ruler for all of them
#
# Give a machine the beginning of a text and ask for the probability of each possible next character. Then show it the character that comes next in the text.
# If the machine gave it the probability $p$, it pays $-\log_2 p$ bits: nothing for $p = 1$, 1 bit for $p = \frac12$, much
# for a surprise. The mean over a text that it never saw is its score in *bits per character* (Shannon, 1948 and 1951). A program that compresses with the
# machine's probabilities needs just as many bits, so one well-chosen sample can't improve the score.
#
# A model may read words instead of characters. Then it pays once for each word, and its bits are still divided by the number of characters, so that the two can be compared.
#
# $$\text{bits per character} = -\frac{1}{n \ln 2} \sum_i \ln p_i \qquad (n \text{ characters, tokens } i)$$


# %% tags=["exercise"]
def bits_per_character(log_probs, characters):
    """Bits per character of a text, a scalar.

    log_probs: natural logs of the probabilities of its n tokens (letters or words)
    characters: how many characters the text has
    """
    ...  # your code


# %% tags=["check"]
bits_per_character = check("text.bits_per_character", bits_per_character)

# %% [markdown]
# Two marks on the ruler. A model that knows only the alphabet finds all $V$ characters equally likely and pays $\log_2 V$ bits for each. And a compression program such as `xz`, which
# uses the method LZMA, is a model of text too: how many more bytes does it need for the held-out text once it has seen the book?

# %%
V = len(vocabulary)
uniform = torch.full((1000,), -math.log(V), dtype=torch.float64)
verify.agree(
    "knowing only the alphabet costs log2 V bits",
    bits_per_character(uniform, 1000),
    math.log2(V),
    tolerance=1e-4,
)


def packed(written):
    return 8 * len(lzma.compress(written.encode(), preset=9))


compressed = (packed(book + unseen) - packed(book)) / len(unseen)
print(f"alphabet only: {math.log2(V):.2f} bits per character, xz: {compressed:.2f}")

# %% [markdown]
# ## Era 1: rules
#
# Somebody who knows how Melville writes puts it into rules. `{WHO}` stands for any of the lines under WHO, whose own `{...}` are replaced in turn, until only words are left.

# %%
ENGLISH = {
    "TEXT": [
        "{WHEN} {WHO} {DID} {WHAT}, {HOW}. {CRY}",
        "{CRY} {WHEN} {WHO} {DID} {WHAT}; {HOW}, {WHO} {DID} {WHAT}.",
    ],
    "WHEN": ["Now,", "At last", "In the midwatch", "Towards evening"],
    "WHO": ["the {A} {MAN}", "Captain Ahab", "Queequeg", "the {A} mate"],
    "A": ["old", "grim", "silent", "pagan"],
    "MAN": ["harpooneer of the Pequod", "whaleman", "Nantucketer"],
    "DID": ["beheld", "struck at", "sang of", "was given up to"],
    "WHAT": ["the {A} sea", "the White Whale", "that {A} leviathan", "the deep"],
    "HOW": ["as all mortal men must", "with a {A} laugh", "like {WHAT} itself"],
    "CRY": ["There she blows!", "Oh, ye {A} gods!", "Woe to {WHAT}!"],
}

# %%
CHINESE = {
    "TEXT": ["{AT}{SEE}\n{ONE}{DO}\n{AT}{DO}\n{ONE}{SEE}"],
    "AT": ["明月", "空山", "春風", "孤舟", "落日"],
    "ONE": ["故人", "飛鳥", "行客", "歸雁"],
    "DO": ["{VERB}千里", "{VERB}天涯", "何處{VERB}"],
    "VERB": ["望", "去", "歸", "思"],
    "SEE": ["照我衣", "入江流", "無人知", "自徘徊"],
}
rules = ENGLISH if english else CHINESE
for i in range(3):
    print(page(grammar.expand(rules, random.Random(seed + i).choice)) + "\n")
print(f"{grammar.count_texts(rules):,} different texts, no other")

# %% [markdown]
# Every word exists, every sentence is correct, and you could promise your lawyer that nothing else will ever come out. But what probability does the grammar
# give to what Melville wrote? Use it the other way round, to *recognise*: for each held-out paragraph, could the rules have produced it?


# %%
def pattern(symbol="TEXT"):
    """The grammar as a regular expression: a symbol becomes the choice of its rules."""
    choices = [
        re.sub(r"\\{(\w+)\\}", lambda found: pattern(found[1]), re.escape(rule))
        for rule in rules[symbol]
    ]
    return "(?:" + "|".join(choices) + ")"


own = grammar.expand(rules, random.Random(seed).choice)
fits = bool(re.fullmatch(pattern(), own))
paragraphs = unseen.strip().split(lm.START)
recognised = sum(bool(re.fullmatch(pattern(), one)) for one in paragraphs)
print(f"its own text: {fits} - of {len(paragraphs)} held-out paragraphs: {recognised}")
verify.promise(
    "the grammar could have written none of the held-out paragraphs",
    got=recognised,
    equals=0,
)

# %% [markdown]
# None. The grammar gives the book the probability 0 and pays infinitely many bits. That is what "rules can't cover everything" means in numbers.
#
# ## Era 2: statistics
#
# Instead of saying how Melville writes, count it. After `whal`, which characters came, and how often?

# %%
for context in ["q", "th", "whal", "Ahab"] if english else ["明", "不", "春風", "\n白"]:
    seen = counts.followers.get(context[-6:], {})
    print(
        f"{context!r:8} {sum(seen.values()):6} times, then",
        sorted(seen.items(), key=lambda pair: -pair[1])[:5],
    )

# %% [markdown]
# Shares of such counts are probabilities. A model of *order* n uses the n - 1 characters before, its *context*. The trouble: what was never seen gets 0, and one such character
# makes a whole chapter impossible, as with the grammar. The cure, *smoothing*, is to keep some probability back for the unseen, and to let a shorter context say how to
# share it out.
#
# How much is kept back? Witten and Bell (1991) count how often something *new* came after this context: so often something new may come again. After $h$ came $n(h)$ characters of
# $T(h)$ kinds, and each kind was new once. With $h'$ the context without its first character,
#
# $$p(c \mid h) = \frac{n(hc) + T(h)\, p(c \mid h')}{n(h) + T(h)}$$
#
# and for the empty context $1/V$ takes the place of $p(c \mid h')$. In *Moby Dick* only two kinds came after `q` in more than a thousand times, so there hardly anything is kept back.


# %% tags=["exercise"]
def ngram_probability(character, context, followers, size):
    """p(character | context) by Witten and Bell, a number.

    followers: {context: {character: count}}, without contexts never seen; size: V
    """
    ...  # your code


# %% tags=["check"]
ngram_probability = check("text.ngram_probability", ngram_probability)

# %% [markdown]
# Whatever the context, the probabilities add up to 1, and none is 0.

# %%
# NBVAL_CHECK_OUTPUT
tiny = ngrams.count_followers("the whale the whole the while", 4)
p = {c: ngram_probability(c, "wh", tiny, 27) for c in "abcdefghijklmnopqrstuvwxyz "}
print(
    f"a {p['a']:.3f}   o {p['o']:.3f}   i {p['i']:.3f}   z {p['z']:.4f}   "
    f"sum {sum(p.values()):.6f}"
)

# %% [markdown]
# How far back should it look? Below, one model counts in all of the text, one in a tenth of it, one in a hundredth. Each is scored on held-out text, order by order.


# %%
def bits(model, texts):
    """Bits per character over all of the texts together."""
    scores = np.concatenate([model.score(one) for one in texts])
    return float(bits_per_character(torch.from_numpy(scores), len(scores)))


tenth, hundredth = "".join(train[::10]), "".join(train[::100])
orders = range(1, counts.order + 1)
by_order = {}
for part in (book, tenth, hundredth):
    model = counts if part is book else lm.NgramModel(part, counts.order, vocabulary)
    by_order[f"{len(part):,} characters"] = [
        bits(model.up_to(n), test[::2]) for n in orders
    ]

# %%
plots.curves(
    list(orders),
    by_order,
    markers=True,
    x_label="order n of the model",
    y_label="bits per character",
    title="With more text a longer context pays",
)

# %%
best = {size: 1 + int(np.argmin(row)) for size, row in by_order.items()}
print("best order:", best)
ngram = counts.up_to(next(iter(best.values())))
if english:
    lowest = [min(row) for row in by_order.values()]
    verify.promise(
        "ten times the text saves the best n-gram model at least 0.3 bits",
        got=lowest[1] - lowest[0],
        at_least=0.3,
    )
    of_all, of_a_tenth, of_a_hundredth = best.values()
    verify.promise(
        "with all of the text the best order is 5 or 6, with a hundredth 4 or less",
        of_all in (5, 6) and of_a_hundredth <= 4,
        got=best,
    )

# %%
print(page(writer.write(ngram, 400, seed=seed)))

# %% [markdown]
# A context has to be seen before it can help, and there are $V^{n-1}$ possible ones. Short contexts are soon seen often enough, most long ones never are. So there is a best order, and
# it grows with the data.
#
# **Predict first.** What does an *unsmoothed* model of order 12 write? It looks up the last 11 characters in the book and copies the one that followed, at a place drawn at random among all that fit. Does
# it write better than order 6? Write down your guess, then run the cell.

# %% tags=["predict"]
long_memory = 12 if english else 4
quoted = ngrams.quote(book, long_memory, 400, seed=seed)
print(page(quoted))

longest, start = "", 0  # the longest stretch that stands in the book as it is
for end in range(1, len(quoted) + 1):
    while quoted[start:end] not in book:
        start += 1
    longest = max(longest, quoted[start:end], key=len)
print(f"\n{len(longest)} characters in a row from the book: {longest!r}")

# %% [markdown]
# You should have seen nearly flawless English. It is quoted: most runs of 11 characters occur once in the book, so there is one way to go on, and it is Melville's. Repeating
# what it was shown doesn't make a model a writer. So a second number goes with each sample from here on: the share of its characters that lie in a run of at least 20
# that stands in the book word for word.


# %% tags=["exercise"]
def copied_share(written, corpus, length):
    """Share of the characters of `written` that are copied from `corpus`, from 0 to 1.

    Copied: in a run of at least `length` characters found there. 0 for an empty text.
    """
    ...  # your code


# %% tags=["check"]
copied_share = check("text.copied_share", copied_share)

# %%
run = 20 if english else 5
for name, sample in {
    f"order {ngram.order}": writer.write(ngram, 600, seed=seed),
    f"order {long_memory}, unsmoothed": ngrams.quote(book, long_memory, 600, seed=seed),
    "held-out text": unseen[5000:5600],
}.items():
    print(f"{name:22} {copied_share(sample, book, run):6.1%} copied")
contexts = [quoted[i : i + long_memory - 1] for i in range(0, 380, 5)]
single = np.mean([book.count(context) == 1 for context in contexts])
verify.promise(
    "at least half of the contexts it met stand in the book only once",
    got=single,
    at_least=0.5,
)

# %% [markdown]
# ## Era 3: deep
#
# In the table of counts, `whale` and `whales` have nothing to do with each other: what it learns about one says nothing about the other. A network turns each character, and everything
# read so far, into numbers, so that similar pasts give similar predictions. The *gated recurrent unit* (Cho et al., 2014) keeps a state $h$, here of 128 numbers, and renews it at each character $x$.
# From $a = W x + c$, for what comes in, and $b = U h + d$, for what it remembers, each in three parts,
#
# $$r = \sigma(a_r + b_r), \quad z = \sigma(a_z + b_z), \quad n = \tanh(a_n + r \odot b_n), \quad h' = (1 - z) \odot n + z \odot h$$
#
# $n$ proposes a new state, $r$ says how much of the old one the proposal may use, and $z$ how much of the old one stays as it is. Where $z$ is near 1, something is remembered.


# %% tags=["exercise"]
def gru_step(from_input, from_state, state):
    """h' of a GRU; a, b (batch, 3 size), h (batch, size) -> (batch, size).

    a = from_input and b = from_state, each in the order r, z, n; h = state.
    Stay in torch: gradients must flow.
    """
    ...  # your code


# %% tags=["check"]
gru_step = check("lm.gru_step", gru_step)

# %% [markdown]
# `lm.GruLM` uses torch's GRU, which takes this very step in a fast loop. Check it:

# %%
torch.manual_seed(seed)
gru = lm.GruLM(len(vocabulary), width=48, state=128)
w, x = gru.gru, gru.embedding(vocabulary.encode("whale"))
h = torch.zeros(1, 128)
for character in x[:, None]:
    from_input = character @ w.weight_ih_l0.T + w.bias_ih_l0
    from_state = h @ w.weight_hh_l0.T + w.bias_hh_l0
    h = gru_step(from_input, from_state, h)
verify.agree(
    "your steps over 'whale' end where torch's GRU ends",
    h[0],
    gru.gru(x[None])[1][0, 0],
    tolerance=1e-3,
)

# %% [markdown]
# It learns by the same ruler. Its loss is its mean surprise at the next character, and each training step changes its weights so that the loss falls.

# %%
budget = steps or runtime.pick(ci=20, cpu=400 if english else 150, gpu=3000)
recipe = lm.LmRecipe(gru, learning_rate=1e-2)
started = time.process_time()
windows = lm.windows(vocabulary.encode(book), 64)
history = training.fit(recipe, windows, steps=budget, batch_size=16, seed=seed)
gru_seconds = time.process_time() - started

# %%
recipe.to("cpu")
gru_writer = lm.Writer(gru, vocabulary)
print(
    f"{budget} steps, {gru_seconds:.0f} s. On the first held-out text: "
    f"{bits(gru_writer, test[:1]):.2f} bits per character,"
)
print(f"the counts pay {bits(ngram, test[:1]):.2f}\n")
print(page(writer.write(gru_writer, 400, seed=seed)))

# %% [markdown]
# With a laptop's budget it scores worse than the counts and writes worse. That says little about networks: it has hardly begun to read.

# %%
read = budget * 16 * 64
print(
    f"the GRU has read {read:,} characters, {read / len(book):.1f} of the book; "
    f"the counts read all of it, in {counting_seconds:.0f} s"
)

# %%
# mean of the last 20 steps
recent = np.convolve(history["bits"], np.ones(20) / 20, mode="valid")
seconds = history.seconds
plots.curves(
    {"GRU, on what it reads": seconds[19:], "counts, held out": [0, seconds[-1]]},
    {"GRU, on what it reads": recent, "counts, held out": [bits(ngram, test[::2])] * 2},
    x_label="seconds of training",
    y_label="bits per character",
    title="Counting is done at once; the network gets better as it trains",
)

# %% [markdown]
# ## Era 4: large scale
#
# The transformer (Vaswani et al., 2017) keeps no state. It looks back at the characters before (here up to 128) and decides for each how much
# it matters. In training, all positions are computed at the same time, so that it keeps thousands of processors busy. That is why transformers could be made large. Lesson 39
# builds one; here you meet one that a script of this course trained beforehand, on the same chapters.

# %%
record = pretrained.info(f"lm_{corpus}")
parameters = sum(p.numel() for p in transformer.model.parameters())
print(
    f"{parameters:,} parameters, {record['steps']:,} steps, "
    f"{record['cpu_seconds']} s of one processor core"
)
rounds = record["characters_read"] / len("".join(source.texts))
print(
    f"it read {record['characters_read']:,} characters: the book {rounds:.1f} times\n"
)
characters = runtime.pick(ci=80, cpu=400)
print(page(writer.write(transformer, characters, seed=seed, temperature=0.8)))

# %% [markdown]
# "Large scale" is about size, and this one isn't large. How far is it from GPT-3, which the article cites? A common estimate for training is 6
# operations for each parameter and each token read (a *token* is what a model reads at a time: here a character, there a piece of a word). For GPT-3, with 175 billion parameters
# and 300 billion tokens, it comes close to what its authors report, 3.14e23 operations.

# %%
ours = 6 * parameters * record["characters_read"]
gpt3 = 6 * 175e9 * 300e9
verify.agree("6 N D gives GPT-3's training operations", gpt3, 3.14e23, tolerance=0.01)
print(
    f"ours: {ours:.1e} operations; "
    f"GPT-3's are 10^{math.log10(gpt3 / ours):.0f} times as many"
)

# %% [markdown]
# ## Side by side
#
# Same held-out text, same ruler. How sure is the order? Chapters differ: some are sermons, some are sailors shouting. So draw chapters at random, with replacement, again and
# again, and see how much the mean changes. (This is the *bootstrap*; the error bars are two of its standard deviations.)

# %%
models = {"statistics": ngram, "deep": gru_writer, "large scale": transformer}
per_text = {
    name: np.array([model.score(one).sum() for one in test]) / -math.log(2)
    for name, model in models.items()
}
lengths = np.array([len(one) for one in test])
score = {name: cost.sum() / lengths.sum() for name, cost in per_text.items()}

# %%
drawn = np.random.default_rng(seed).integers(len(test), size=(2000, len(test)))
spread = {
    name: (cost[drawn].sum(1) / lengths[drawn].sum(1)).std()
    for name, cost in per_text.items()
}
bar = {"alphabet only": math.log2(V), "xz": compressed, **score}
plots.bars(
    bar,
    errors={name: 2 * spread.get(name, 0.0) for name in bar},
    y_label="bits per character of held-out text (rules: infinitely many)",
    title="The transformer pays least, after "
    f"{record['cpu_seconds']:,} s of training; the GRU had {gru_seconds:.0f} s",
)

# %%
by_text = {name: cost / lengths for name, cost in per_text.items()}
if english:
    plots.curves(
        np.arange(len(test)) + 1,
        by_text,
        markers=True,
        x_label="held-out chapter",
        y_label="bits per character",
        title="Hard chapters are hard for all: compare models within a chapter",
    )

# %%
difference = (per_text["statistics"] - per_text["large scale"]) / lengths
saved = verify.estimate(difference)
print(f"transformer against counts, text by text: {saved} bits saved")
if len(test) > 3:
    verify.promise(
        "chapters differ more than these two models do",
        got=np.ptp(by_text["statistics"]),
        above=difference.mean(),
    )
verify.promise(
    "the transformer pays less than the n-gram model "
    "in at least 90% of the held-out texts",
    got=(difference > 0).mean(),
    at_least=0.9,
)

# %% [markdown]
# From chapter to chapter the score of one model changes more than the two models differ. Yet there is no doubt about their order, because within the chapters the differences agree.
# Compare on the same examples, in pairs, wherever you can.
#
# ## What bits per character can't see
#
# Does a model with a good score follow what a chapter says? Take a held-out chapter and put its sentences in random order, so that no sentence follows from the one before.
# Then do the same with its words. How much more does each model pay?

# %%
chapter = test[0] if english else re.sub(r"\n+", "\n", "".join(test[:50]))
marks = {"sentences": ". ", "words": " "} if english else {"lines": "\n"}
extra = {}
for what, mark in marks.items():
    parts = chapter.split(mark)
    mixed = mark.join(random.Random(seed).sample(parts, len(parts)))
    for name in ("statistics", "large scale"):
        more = bits(models[name], [mixed]) - bits(models[name], [chapter])
        extra[f"{what} mixed, {name}"] = more
        print(f"{what:9} in random order: {name:11} pays {more:.2f} bits more")
if english:
    text = "sentences in random order cost the transformer less than 0.15 bits"
    verify.promise(text, got=extra["sentences mixed, large scale"], below=0.15)
    text = "words in random order cost it more than 0.4 bits"
    verify.promise(text, got=extra["words mixed, large scale"], above=0.4)

# %% [markdown]
# The order of the words counts, the order of the sentences hardly does. The n-gram model sees a few characters back and the transformer 128, about two sentences, so a chapter without a thread
# costs them nearly the same as one with it. A low score says that a model predicts the next characters well. Whether what it writes holds together, and whether it is true, the score doesn't say.
#
# And what do the samples show? For those you need several numbers: what they cost, whether their words exist (for poems: whether a line has five characters), and what they copy.

# %%
words = set(re.findall(r"[a-z']+", book.lower()))


def well_formed(written):
    """Share of words that the book has; for poems, of lines with five characters."""
    if english:
        found = re.findall(r"[a-z']+", written.lower())
        return sum(word in words for word in found) / len(found)
    lines = [line for line in written.split("\n") if line]
    return sum(len(line) == 5 for line in lines) / len(lines)


# %%
samples, pace = {}, {}
length = runtime.pick(ci=150, cpu=600)
for name, model in {"rules": None, **models}.items():
    started = time.perf_counter()
    if name == "rules":
        choices = [random.Random(i).choice for i in range(12)]
        samples[name] = "\n\n".join(grammar.expand(rules, choose) for choose in choices)
    else:
        samples[name] = writer.write(model, length, seed=seed)
    pace[name] = len(samples[name]) / (time.perf_counter() - started)

# %%
numbers = {
    "rules": (sum(map(len, rules.values())), 0, math.inf),
    "statistics": (len(ngram), counting_seconds, score["statistics"]),
    "deep": (sum(p.numel() for p in gru.parameters()), gru_seconds, score["deep"]),
    "large scale": (parameters, record["cpu_seconds"], score["large scale"]),
}
good = "words that exist" if english else "lines of five"
print(f"{'':12} parameters  s to train  bits/char  {good}  copied  characters/s")
for name, (size, seconds, per_character) in numbers.items():
    copied = copied_share(samples[name], book, run)
    print(
        f"{name:12} {size:10,}  {seconds:10.0f}  {per_character:9.2f}  "
        f"{well_formed(samples[name]):16.1%}  {copied:6.1%}  {pace[name]:12,.0f}"
    )

# %% [markdown]
# ## Temperature
#
# A model gives probabilities, and to write is to draw from them. Before the draw you may sharpen them ($\tau < 1$, more of what is likely) or flatten them ($\tau > 1$):
#
# $$q_i \propto p_i^{1/\tau}, \qquad\text{which is}\qquad q = \text{softmax}(l / \tau) \text{ for logits } l$$


# %% tags=["exercise"]
def with_temperature(logits, temperature):
    """Probabilities at a temperature > 0; logits (..., V) -> (..., V).

    Log probabilities are logits, too. Large logits must not overflow.
    """
    ...  # your code


# %% tags=["check"]
with_temperature = check("text.with_temperature", with_temperature)

# %%
context = "\n\nThe whale" if english else "\n\n明月"
log_probs = torch.from_numpy(ngram.next_log_probabilities(context))
verify.agree(
    "temperature 1/2 squares the probabilities, and normalises",
    with_temperature(log_probs, 0.5),
    log_probs.exp() ** 2 / (log_probs.exp() ** 2).sum(),
    tolerance=1e-4,
)

# %% [markdown]
# Now play with all of it. At which temperature does the transformer begin to invent words? From which order on do the counts quote? And what
# does a model write at the cold end, where it nearly always takes what is most likely?


# %%
def let_write(machine, temperature, order, sheet):
    if machine == "rules":
        choices = [random.Random(20 * sheet + i).choice for i in range(3)]
        written = "\n\n".join(grammar.expand(rules, choose) for choose in choices)
    else:
        model = counts.up_to(order) if machine == "statistics" else models[machine]
        written = writer.write(model, 300, seed=sheet, temperature=temperature)
    print(page(written))
    print(
        f"\n{copied_share(written, book, run):.0%} copied in runs of {run} or more; "
        f"well formed: {well_formed(written):.0%}"
    )


# %%
widgets.play(
    let_write,
    machine=["statistics", "rules", "deep", "large scale"],
    temperature=(0.1, 2.0, 0.1, 0.7),
    order=(1, counts.order, 1, counts.order),
    sheet=(1, 9, 1, 1),
)

# %% [markdown]
# ## Rules never went away
#
# The eras did not replace one another. A rule says what must not happen, statistics say what is likely, and the two can be combined. The GRU spells badly, but
# it can be checked while it writes: a character is allowed if it begins, continues or ends a word that stands in the book.

# %%
beginnings = {word[:i] for word in words for i in range(1, len(word) + 1)}


def allowed(written):
    """Whether the last character of `written` may stand where it does."""
    if english:
        last = re.search(r"([A-Za-z']*)([^A-Za-z']?)$", written[-40:])
        return last[1].lower() in (words if last[2] else beginnings) or not last[1]
    # lines of five characters, poems of four lines: the line breaks have fixed places
    place = (len(written) - len(lm.START) - 1) % 25
    return (written[-1] == "\n") == (place in (5, 11, 17, 23, 24))


# %%
ruled = writer.write(gru_writer, length, seed=seed, allowed=allowed)
complete = ruled[: ruled.rfind(" ")] if english else ruled
free, bound = well_formed(samples["deep"]), well_formed(complete)
print(page(ruled[:400]))
print(f"\nwell formed: {free:.0%} without the rule, {bound:.0%} with it")
verify.promise("under the rule at least 99% is well formed", got=bound, at_least=0.99)

# %% [markdown]
# Products do this all day: output that must be valid JSON, words that must not appear, a filter before the answer is sent.
#
# ## From the lab to the product
#
# What does ten times the data buy? For the counts you have measured it. Now for the GRU.
#
# **Predict first.** Train the same GRU for as many steps as before, but on a tenth of the text. Will it score much worse, a little worse, or better than the one that had all of
# it? And which is better with a tenth of the text, the counts or the GRU? Write down both guesses, then run the cell.

# %% tags=["predict"]
torch.manual_seed(seed)
small = lm.GruLM(len(vocabulary), width=48, state=128)
small_recipe = lm.LmRecipe(small, learning_rate=1e-2)
windows = lm.windows(vocabulary.encode(tenth), 64)
training.fit(small_recipe, windows, steps=budget, batch_size=16, seed=seed)
small_recipe.to("cpu")
counted = lm.NgramModel(tenth, best[f"{len(tenth):,} characters"], vocabulary)
at_tenth = {"statistics": bits(counted, test)}
at_tenth["deep"] = bits(lm.Writer(small, vocabulary), test)
for name, value in at_tenth.items():
    print(
        f"{name:12} {value:.2f} bits with a tenth of the text, "
        f"{score[name]:.2f} with all of it"
    )

# %% [markdown]
# You should have seen that the counts lose 0.3 bits or more, and the GRU hardly anything: in so few steps it can't make use of more text. Data, parameters and seconds
# work together, and whichever is scarcest decides. Ten times as much of one of them may buy nothing. (Lesson 39 fits the law that ties the three together.)

# %%
smallest = lm.NgramModel(hundredth, best[f"{len(hundredth):,} characters"], vocabulary)
least = bits(smallest, test)
sizes = [len(hundredth), len(tenth), len(book)]
costs = {
    "statistics": [least, at_tenth["statistics"], score["statistics"]],
    "deep, same steps": [at_tenth["deep"], score["deep"]],
    "large scale": [score["large scale"]],
}

# %%
plots.curves(
    {"statistics": sizes, "deep, same steps": sizes[1:], "large scale": sizes[2:]},
    costs,
    markers=True,
    log_x=True,
    x_label="characters to learn from (log scale)",
    y_label="bits per character",
    title="Ten times the data helps the model that was short of data",
)
if english:
    lost = {name: at_tenth[name] - score[name] for name in at_tenth}
    verify.promise(
        "with a tenth of the text the counts pay at least 0.3 bits more",
        got=lost["statistics"],
        at_least=0.3,
    )
    text = "with a tenth of the text the GRU pays less than 0.15 bits more"
    verify.promise(text, got=lost["deep"], below=0.15)

# %% [markdown]
# And this is what time buys. The script that trained the transformer recorded its score along the way, on text that it held out from its training chapters.

# %%
curve = np.array(record["curve"], dtype=float)
times = {
    "statistics": [counting_seconds, curve[-1, 1]],
    "deep": history.seconds[19:],
    "large scale": curve[:, 1],
}
level = [score["statistics"]] * 2
plots.curves(
    times,
    {"statistics": level, "deep": recent, "large scale": curve[:, 2]},
    x_label="seconds of one processor core (log scale)",
    y_label="bits per character",
    log_x=True,
    title="Counting is cheap and soon done; the transformer overtakes it with time",
)

# %% [markdown]
# The article (1.2) sees the difference between laboratory and business in the size of the data and in user experience. Here are five other differences, each
# with a figure from this lesson.

# %%
mails, language = datasets.load("mails", "test"), "en" if english else "zh"
pairs = zip(mails.texts, mails.languages, strict=True)
mails = [mail for mail, spoken in pairs if spoken == language]
mails = lm.documents(mails[: runtime.pick(ci=2, cpu=12)])
paid = np.concatenate([transformer.score(one) for one in mails])
known = np.array([c in vocabulary.index for c in "".join(mails)])  # not: @, for one
drift = float(bits_per_character(torch.from_numpy(paid[known]), int(known.sum())))

# %%
loss, speed = score["large scale"], pace["large scale"]
hours_writing, hours_training = 1e6 / speed / 3600, record["cpu_seconds"] / 3600
copied = copied_share(samples["large scale"], book, run)
print(f"rights   {source.name}: {source.license}")
print(
    f"drift    {loss:.2f} bits on the held-out text, {drift:.2f} on business mails "
    f"(without the {(~known).mean():.1%} of characters that the book doesn't have)"
)
print(
    f"latency  {speed:,.0f} characters a second, "
    f"so {500 / speed:.0f} s for an answer of 500"
)
print(
    f"cost     {hours_writing:.1f} core hours to write a million characters, "
    f"{hours_training:.2f} to train"
)
print(
    f"safety   {copied:.1%} of what it writes is copied word for word "
    "from its training text"
)

# %% [markdown]
# *Rights*: a book of 1851 is free to use. Most of the web isn't, and a product must be able to show its licences. *Drift*: customers don't write like Melville, and what they
# write changes; the score that counts is the one on today's texts. *Latency* and *cost* come with each answer, while training is paid once: compare the two figures.
# *Safety*: what a model has seen often enough it may write again, be it a line of Melville or a customer's number. Lesson 14 measures that.
#
# ## Check the article
#
# **"Rule-based, statistical, deep, large-scale" (1.1): right as a map.** You have walked through it, and each step brought something that could be measured.
#
# **As a history it is imprecise.** Statistics did not follow rules: Markov counted letters of *Eugene Onegin* in 1913 and Shannon wrote with n-grams in 1948, long before ELIZA, the famous rule-based program (Weizenbaum, 1966).
# Nor did rules go away, as you saw. And the last three eras share one objective. The same function scores them all:

# %%
tokens = vocabulary.encode(lm.START + unseen[:200])[None]
logits = gru(tokens)[0][0, len(lm.START) - 1 : -1]
loss = torch.nn.functional.cross_entropy(logits, vocabulary.encode(unseen[:200]))
verify.agree(
    "the GRU's training loss, in bits, is the ruler of the n-gram model",
    loss.detach() / math.log(2),
    bits_per_character(torch.from_numpy(gru_writer.score(unseen[:200])), 200),
    tolerance=1e-4,
)

# %% [markdown]
# **"GPT-3 generates much text of high quality in short time" (1.1): not a property of the model.** In short time on which computer? Each token costs about 2 operations for each of 175 billion
# parameters. How long would yours take for one?

# %%
a = torch.randn(1000, 1000)
started = time.perf_counter()
for _ in range(20):
    a @ a
speed = 20 * 2 * 1000**3 / (time.perf_counter() - started)
print(
    f"{speed / 1e9:.0f} billion operations a second: "
    f"{2 * 175e9 / speed:.0f} s for each token, if its weights fitted into memory"
)

# %% [markdown]
# It is quick where many processors share the work, and somebody pays for them. "High quality", too, needs a measure; you now have one, and lesson 34 has more.
#
# **"Data sets in laboratories are usually small" (1.2): not those of the models it cites.** GPT-3 read 300 billion tokens, and DALL-E learned from pairs gathered on the web. What the
# laboratory lacks is rather what the five lines above show: cleared rights, input that drifts, a clock, a bill, and somebody who answers for the output.
#
# ## Quiz

# %%
widgets.quiz("02_four_eras")

# %% [markdown]
# ## What you should be able to do now
#
# Score any model of text in bits per character, say why a single impossible character ruins the score, and what the score doesn't show; smooth counts; write the step of a GRU; set a temperature;
# measure what is copied; compare two models on the same texts; say which of data, parameters and time a model is short of.
#
# Set `corpus = "quatrains"` at the top and run all again: thousands of different characters, far less text, and a strict form. Which era gains, which loses? Lesson 11 goes on
# with where data come from; lesson 39 builds the transformer.
#
# ## References
#
# - C. E. Shannon, *A Mathematical Theory of Communication*, Bell System Technical Journal 27, 1948; *Prediction and Entropy of Printed English*, Bell System Technical Journal 30, 1951.
# - I. H. Witten, T. C. Bell, *The Zero-Frequency Problem: Estimating the Probabilities of Novel Events in Adaptive Text Compression*, IEEE Transactions on Information Theory 37(4), 1991.
# - S. F. Chen, J. Goodman, *An Empirical Study of Smoothing Techniques for Language Modeling*, Computer Speech & Language 13(4), 1999.
# - D. Jurafsky, J. H. Martin, *Speech and Language Processing*, chapter "N-gram Language Models". (The next thing to read.)
# - J. Weizenbaum, *ELIZA: A Computer Program for the Study of Natural Language Communication between Man and Machine*, Communications of the ACM 9(1), 1966.
# - K. Cho, B. van Merriënboer, C. Gulcehre, D. Bahdanau, F. Bougares, H. Schwenk, Y. Bengio, *Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation*, EMNLP 2014.
# - A. Vaswani, N. Shazeer, N. Parmar, J. Uszkoreit, L. Jones, A. N. Gomez, Ł. Kaiser, I. Polosukhin, *Attention Is All You Need*, NIPS 2017.
# - A. Radford, J. Wu, R. Child, D. Luan, D. Amodei, I. Sutskever, *Language Models are Unsupervised Multitask Learners*, 2019.
# - T. Brown et al., *Language Models are Few-Shot Learners*, NeurIPS 2020.
# - A. Karpathy, *The Unreasonable Effectiveness of Recurrent Neural Networks*, 2015; Y. Goldberg's answer, *The Unreasonable Effectiveness of Character-level Language Models (and why RNNs are still cool)*, 2015.
