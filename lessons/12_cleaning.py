# %% [markdown]
# # 12 · Cleaning
# <!-- badge -->
#
# You plant five defects in good data, find them again, repair them, and measure what each did to a classifier and to a generator.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | NumPy; what variance and a straight-line fit are; lesson 11 helps | find exact and near duplicates among pictures and texts, without comparing all pairs<br>tell whether a test score is honest<br>find wrong labels with a model that never saw them<br>choose an imputation by what it does to mean and spread<br>say what noise and imbalance do to a generator |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
gan_steps = None  # None: chosen for this machine

# %%
import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from aigc_lab import check, datasets, lm, plots, runtime, verify, widgets
from aigc_lab.cleaning import defects, duplicates, minhash, missing_values
from aigc_lab.distributions import class_gaussians
from aigc_lab.gan import many_runs

runtime.seed_everything(seed)
gan_steps = gan_steps or runtime.pick(ci=300, cpu=1500)
report = {}  # for the table at the end: defect -> (how it was measured, sound, with the defect, repaired)

# %% [markdown]
# ## A score that can't be true
#
# You collected 2,000 pictures of clothes. A second site had half of them too: a little darker there, saved as JPEG, shrunk to a thumbnail, or
# moved by a pixel. Nobody noticed, so you have 3,000 pictures.

# %%
clothes = datasets.load("fashion").images[:2000]
pool, source, kinds = defects.plant_copies(clothes, share=0.5, seed=seed)
firsts = [2000 + int(np.argmax(kinds[2000:] == kind)) for kind in range(4)]
plots.image_rows(
    {"first site": pool[source[firsts]], "second site": pool[firsts]},
    title="The same four pictures, collected twice: " + ", ".join(defects.KINDS),
    alt="Two rows of four clothes; below each picture its copy, which is darker, blurred or moved by a pixel.",
)

# %% [markdown]
# Now an experiment that should fail. For each of the 2,000 originals you throw a coin, and the coin is its label, heads or tails. A copy gets the
# label of its original. There is nothing to learn: no picture of a shirt tells how a coin fell. You split the 3,000 at random, train on three
# quarters, and test on the rest. The classifier says what the most similar training picture says (nearest neighbour).
#
# **Predict first.** What share of the coins will it get right on the test pictures? Write your guess down, then run the cell.


# %% tags=["predict"]
def flat(images):
    return images.flatten(1).numpy() / 255


def test_score(train, test, labels):
    nearest = KNeighborsClassifier(1).fit(flat(pool[train]), labels[train])
    return nearest.score(flat(pool[test]), labels[test])


coins = np.random.default_rng(seed + 1).integers(0, 2, len(clothes))[source]
train, test = duplicates.split_by_group(
    torch.arange(len(pool)), share=0.25, seed=seed
)  # each picture a group: at random
coins_leaky = test_score(train, test, coins)
print(f"{coins_leaky:.0%} of the coins are guessed right")
verify.promise(
    "more than 65 % of the coins are guessed right", coins_leaky > 0.65, got=coins_leaky
)

# %% [markdown]
# You should have seen about 70 %, and a fair test would give 50 %. The test does not measure what was learnt about clothes, it measures what was
# *remembered*: for every second test picture, its double stands in the training set, and the double knows how the coin fell. Two thirds of the
# 3,000 pictures have a double, and of these three quarters have it on the training side. If all doubles were recognised, the score would be
#
# $$\tfrac12 + \tfrac12 \cdot \tfrac23 \cdot \tfrac34 = 0.75 .$$
#
# With the true labels the lie is smaller, and so harder to see. The honest number comes from pictures that were set aside long before.

# %%
labels = datasets.load("fashion").labels[:2000].numpy()[source]
aside = datasets.load("fashion", split="test")
leaky = test_score(train, test, labels)
honest = (
    KNeighborsClassifier(1)
    .fit(flat(pool), labels)
    .score(flat(aside.images), aside.labels.numpy())
)
print(
    f"kind of clothes: {leaky:.1%} on the random split, {honest:.1%} on pictures set aside"
)
verify.promise(
    "the random split promises over 8 points more than is true",
    leaky - honest > 0.08,
    got=leaky - honest,
)

# %% [markdown]
# Nobody plants such copies on purpose, and they are everywhere. Lee et al. (2022) found that in four usual sets of texts for language models near
# duplicates are common, and that one sentence of 61 words occurs more than 60,000 times in C4. What is there so often is learnt by heart.
#
# ## Fingerprints of pictures
#
# Lesson 11 removed texts that were equal to the bit, with a hash. For pictures that fails, since one changed bit changes the hash:

# %%
exact = len(pool) - len({picture.numpy().tobytes() for picture in pool})
print(f"{exact} of 1,000 copies are equal to the bit")

# %% [markdown]
# You need a fingerprint that stays when brightness, size or file format change. What stays is the *order*: a pixel that is brighter than its left
# neighbour is so in the darker copy as well. The difference hash (dHash) shrinks a picture to 8 rows of 9 pixels, because fine detail is what thumbnails
# and JPEG change, and asks in each row, eight times: does it get brighter to the right? That makes 64 bits.
#
# Write it. `duplicates.shrink(images, height, width)` gives grey pictures of the size that you ask for, each new pixel the mean of its area.


# %% tags=["exercise"]
def difference_hash(images):
    """(n, c, h, w) -> bool (n, 64): True where the right neighbour is brighter, row by row, at 8 rows of 9 pixels."""
    ...  # your code


# %% tags=["check"]
difference_hash = check("duplicates.difference_hash", difference_hash)

# %%
photos = datasets.load("photos").images
twice, origin, _ = defects.plant_copies(photos, share=1.0, seed=seed)
three = twice[
    [7, int(np.flatnonzero(origin == 7)[1]), 70]
]  # a photograph, its copy, another one
bits, small = difference_hash(three), duplicates.shrink(three, 8, 9)[:, None] / 255
plots.image_rows(
    {"shrunk": small, "bits": bits.reshape(3, 1, 8, 8).float()},
    title="A photograph, its copy, another photograph: the bits tell them apart",
    alt="Three small grey pictures and below each its 64 bits as black and white squares; the first two patterns are nearly the same.",
)
print("bits that differ:", duplicates.hamming(bits[:1], bits[1:])[0].tolist())

# %% [markdown]
# The number of bits that differ is the Hamming distance. How many may differ before you say "another picture"? You have planted the copies, so you can
# count. `perceptual_hash` (pHash) is the second fingerprint of the package: it keeps the 64 lowest frequencies of the cosine transform, and asks of each
# whether it is above the median. Move the threshold, and compare the two.

# %%
first, second = np.triu_indices(len(twice), 1)
is_copy = origin[first] == origin[second]
distances = {}
for name, fingerprint in [
    ("pHash", duplicates.perceptual_hash),
    ("dHash", difference_hash),
]:
    hashes = fingerprint(twice)
    distances[name] = duplicates.hamming(hashes, hashes).numpy()[first, second]


def at_threshold(threshold, fingerprint):
    d = distances[fingerprint]
    found, false = (
        (d[is_copy] <= threshold).mean(),
        int((d[~is_copy] <= threshold).sum()),
    )
    with plots.figure(
        title=f"{fingerprint}, at most {threshold} bits: {found:.0%} of the copies found, {false} false pairs",
        alt=f"Counts of pairs by distance: copies near 0, other pairs around 32, on a logarithmic scale; a line at {threshold}.",
    ) as ax:
        ax.hist(
            [d[is_copy], d[~is_copy]],
            np.arange(0, 62, 2),
            label=["copies", "other pairs"],
            color=plots.COLOURS[:2],
        )
        ax.axvline(threshold + 1, color="black", ls="--", label="threshold")
        ax.set(yscale="log", xlabel="bits that differ, of 64", ylabel="pairs")
        ax.legend(frameon=False)


widgets.play(at_threshold, threshold=(0, 24, 1, 10), fingerprint=["pHash", "dHash"])

# %%
d = distances["pHash"]
verify.promise(
    "pHash, 10 bits: over 95 % of the copies of photographs are found",
    (d[is_copy] <= 10).mean() > 0.95,
)
verify.promise(
    "and no false pair among 79,000",
    (d[~is_copy] <= 10).sum() == 0,
    got=int((d[~is_copy] <= 10).sum()),
)
false = int((distances["dHash"][~is_copy] <= 10).sum())
verify.promise("dHash, 10 bits: over 50 false pairs", false > 50, got=false)

# %% [markdown]
# Two unrelated pictures differ in about 32 of 64 bits, as coins would. The copies stand far to the left, so on photographs a threshold is easy to choose.
#
# ## The hash proposes, the pixels decide
#
# Cats and dogs in silhouette are harder: flat black, flat white, and many sit alike. This is real data, nothing is planted.

# %%
animals = datasets.load("cats_dogs")
proposed = duplicates.pairs_within(
    duplicates.perceptual_hash(animals.images), distance=4
)
alike = duplicates.likeness(
    animals.images, proposed
)  # correlation of the pixels, moved by up to one pixel
ranked = alike.argsort(descending=True)
print(
    f"{len(proposed)} pairs within 4 bits, of {len(animals) * (len(animals) - 1) // 2:,}"
)
shown = ranked[[0, 5, 11, 12, 13, 14, 15, 40, 100]]
plots.image_rows(
    {
        "one": animals.images[proposed[shown, 0]],
        "other": animals.images[proposed[shown, 1]],
    },
    title="Correlation " + "  ".join(f"{r:.3f}" for r in alike[shown].tolist()),
    alt="Nine pairs of silhouettes within 4 bits. The first five are the same drawing, the others are different animals in a similar pose.",
)

# %% [markdown]
# The same hash distance, and yet only the left ones are the same drawing. So use the hash for what it is good at: it leaves 143 pairs of 1.3
# million. For so few you can afford to look at the pixels. Where is the gap?

# %%
plots.curves(
    np.arange(1, 41),
    {"": alike[ranked[:40]]},
    x_label="rank of the pair",
    y_label="correlation",
    markers=True,
    title="After the fourteenth pair there is a gap",
    alt="Correlations of the 40 most similar pairs: eleven at 1, three above 0.99, then a step down to 0.977 and a slow fall.",
)
same = proposed[alike > 0.985]
equal = (animals.images[same[:, 0]] == animals.images[same[:, 1]]).flatten(1).all(dim=1)
for name, animal in [("cat", 0), ("dog", 1)]:
    these = animals.labels[same[:, 0]] == animal
    print(
        f"{name}s: {int((these & equal).sum())} pairs equal to the bit, {int((these & ~equal).sum())} nearly equal"
    )
verify.promise(
    "8 cats and 3 dogs are there twice, 3 more pairs nearly",
    (int(equal.sum()), len(same)) == (11, 14),
)

# %% [markdown]
# The datasheet of `cats_dogs` says the same, and that no test picture is among them. It is worth the minute to check.
#
# Back to the clothes. Now you choose the first threshold generously and the second one strictly. Pairs make groups, and a group goes to one side of the
# split *as a whole*. You need not even delete anything: a false pair then costs nothing but a little freedom in the split, a missed pair costs the truth.

# %%
proposed = duplicates.pairs_within(duplicates.perceptual_hash(pool), distance=10)
kept = proposed[duplicates.likeness(pool, proposed) > 0.95]
group = duplicates.groups(len(pool), kept)
train, test = duplicates.split_by_group(group, share=0.25, seed=seed)
repaired, coins_repaired = (
    test_score(train, test, labels),
    test_score(train, test, coins),
)
hit = (source[kept[:, 0]] == source[kept[:, 1]]).sum() / 1000
print(f"{len(proposed):,} proposed, {len(kept)} kept; {hit:.0%} of the copies found")
plots.grouped_bars(
    {
        "coins": {
            "random split": coins_leaky,
            "split by groups": coins_repaired,
            "the truth": 0.5,
        },
        "kind of clothes": {
            "random split": leaky,
            "split by groups": repaired,
            "the truth": honest,
        },
    },
    y_label="test accuracy",
    title="Once groups stay together, the score is honest again, nearly",
    alt="Two groups of three bars: the random split is far above the truth, the split by groups close to it.",
)
verify.promise(
    "by groups the score is within 5 points of the truth",
    abs(repaired - honest) < 0.05,
    got=repaired - honest,
)
verify.promise("at least 70 % of the copies are found", hit >= 0.7, got=float(hit))
verify.promise("the coins are below 60 %", coins_repaired < 0.6, got=coins_repaired)
for name, kind in zip(defects.KINDS, range(4), strict=True):
    copies_of_kind = np.flatnonzero(kinds == kind)
    print(
        f"{name:10} {(group[copies_of_kind] == group[source[copies_of_kind]]).float().mean():.0%} found"
    )
report["duplicates"] = (
    "test accuracy, clothes (true: the first)",
    honest,
    leaky,
    repaired,
)

# %% [markdown]
# One copy in five still escapes, most of them thumbnails and shifted ones, and the coins know it: they may stay a little above one half. A coin test like this is a fine
# alarm for your own data. Throw a coin for each source, run the whole pipeline, and if it still beats chance, something leaks.
#
# ## Nearly the same text, among millions
#
# Texts come back with a new headline, a corrected typo, a changed date. You take 800 paragraphs of Moby Dick, and 200 of them come a second time with
# up to 30 % of the words damaged.

# %%
chapters = datasets.load("moby_dick").texts
paragraphs = [
    p for chapter in chapters for p in chapter.split("\n\n") if 300 < len(p) < 1500
][:800]
rng = np.random.default_rng(seed)
again = rng.choice(800, 200, replace=False)
documents = paragraphs + [
    defects.plant_typos(paragraphs[i], rng.uniform(0, 0.3), rng) for i in again
]
of = np.concatenate([np.arange(800), again])
print(documents[of[900]][:160], "\n", documents[900][:160], sep="")

# %% [markdown]
# Cut each text into *shingles*, its runs of two words, and forget their order. Two texts are as alike as their sets: what they share, divided by what
# either has. This is the Jaccard similarity $J = |A \cap B| / |A \cup B|$.

# %%
# NBVAL_CHECK_OUTPUT
one, two = (
    minhash.shingles(t, words=2)
    for t in ("Call me Ishmael. Some years ago", "Call me Ishmael! Many years ago")
)
print(
    sorted(one & two),
    "of",
    len(one | two),
    "shingles are shared: J =",
    round(minhash.jaccard(one, two), 3),
)

# %% [markdown]
# To compare all pairs of 1,000 texts is half a million set operations; for the $10^7$ pages of lesson 11 it is $5 \cdot 10^{13}$. Two ideas get you out.
#
# **First idea: a short signature.** Shuffle all shingles of the world, and of each text note the one that comes first. When do two texts note the same?
# The first shingle of $A \cup B$ is equally likely to be any of them, and it is in both with probability $|A \cap B| / |A \cup B| = J$. So the chance to agree
# *is* the similarity. A hash function $h_k(x) = (a_k x + b_k) \bmod P$ shuffles scattered numbers well enough (`minhash.numbers` scatters the shingles first), "comes first" is "has the smallest hash", and 128 functions make 128
# notes. That is MinHash (Broder, 1997).


# %% tags=["exercise"]
def signature(items, a, b):
    """The smallest hash of the items under each function (a[k] * x + b[k]) % minhash.PRIME: int64 (n,), (count,), (count,) -> (count,)."""
    ...  # your code


# %% tags=["check"]
signature = check("minhash.signature", signature)

# %% [markdown]
# Check the claim on a pair with known similarity: 60 shingles in both, 20 only in one, 20 only in the other, $J = 0.6$.

# %%
items = np.random.default_rng(seed).choice(minhash.PRIME, 100, replace=False)
left, right = items[:80], items[20:]
functions = minhash.hash_functions(64_000, seed=seed)
agreement = signature(left, *functions) == signature(right, *functions)
verify.agree(
    "P(two signatures agree at a place) = J", verify.estimate(agreement), 60 / 100
)

# %% [markdown]
# **Second idea: let the similar ones meet.** Cut the signature into $b$ bands of $r$ numbers, and put each text, for each band, into the bucket with this
# content. Only texts that share a bucket are ever compared (locality-sensitive hashing). What is the chance that two texts of similarity $s$ meet
# in at least one of $b$ bands? All $r$ numbers of a band must agree.


# %% tags=["exercise"]
def candidate_probability(similarity, bands, rows):
    """Chance that two texts agree in all `rows` numbers of at least one of the `bands`."""
    ...  # your code


# %% tags=["check"]
candidate_probability = check("minhash.candidate_probability", candidate_probability)

# %%
meets = (
    agreement.reshape(500, 16, 8).all(axis=2).any(axis=1)
)  # 500 independent signatures of 16 bands with 8 rows
verify.agree(
    "P(the pair meets), 16 bands of 8",
    verify.estimate(meets),
    candidate_probability(0.6, bands=16, rows=8),
)

# %% [markdown]
# Now with the real texts. Each dot is a pair of an original and its copy, at 1 if they met. Fewer rows and more bands move the S to the left: more copies
# are found, and more pairs that have nothing to do with each other meet too. You can't have both, but you can choose.

# %%
sets = [minhash.shingles(document, words=2) for document in documents]
functions = minhash.hash_functions(128, seed=seed)
signatures = np.stack([signature(minhash.numbers(s), *functions) for s in sets])
similarity = np.array(
    [minhash.jaccard(sets[i], sets[800 + k]) for k, i in enumerate(again)]
)


def s_curve(log2_of_bands):
    bands, s = 2**log2_of_bands, np.linspace(0, 1, 101)
    pairs = minhash.candidates(signatures, bands)
    met = np.array([(i, 800 + k) in pairs for k, i in enumerate(again)])
    false = len(pairs) - met.sum()
    with plots.figure(
        title=f"{bands} bands of {128 // bands}: {met.mean():.0%} of the copies meet, and {false} other pairs",
        alt=f"An S-shaped curve of probability against similarity for {bands} bands, and a dot at 0 or 1 for each real pair.",
    ) as ax:
        ax.plot(
            s,
            candidate_probability(s, bands, 128 // bands),
            color=plots.COLOURS[0],
            label="1 - (1 - s^r)^b",
        )
        ax.plot(
            similarity,
            met,
            "o",
            color=plots.COLOURS[1],
            alpha=0.4,
            label="copies: met (1) or not (0)",
        )
        ax.set(xlabel="Jaccard similarity", ylabel="probability to meet")
        ax.legend(frameon=False)


widgets.play(s_curve, log2_of_bands=(2, 6, 1, 4))

# %%
found = minhash.candidates(signatures, bands=32)
copies = [(i, j) for i, j in found if of[i] == of[j]]
print(
    f"{len(found)} candidates of {1000 * 999 // 2:,} pairs; {len(copies)} of 200 copies among them"
)
verify.promise(
    "32 bands of 4 find at least 95 % of the copies",
    len(copies) >= 190,
    got=len(copies),
)
verify.promise(
    "with at most 20 other pairs to look at",
    len(found) - len(copies) <= 20,
    got=len(found) - len(copies),
)

# %% [markdown]
# What do copies across the split do to a *generator*? A 6-gram model of the characters writes like Melville. Its score is bits per character of held-out text,
# the fewer the better. Hold out a hundred documents at random. Train once on all the others, and once without those that are copies of a held-out one.

# %%
text_group = duplicates.groups(1000, torch.tensor(sorted(found))).numpy()
order = np.random.default_rng(seed).permutation(1000)
held, rest = order[:100], order[100 : runtime.pick(ci=400, cpu=1000)]
copies_of_held = np.isin(text_group, text_group[held])


def bits_on_held(train):
    model = lm.NgramModel(
        "\n\n".join(documents[i] for i in train), 6, lm.Vocabulary("".join(documents))
    )
    cost = sum(-model.score(documents[i]).sum() for i in held)
    return cost / np.log(2) / sum(len(documents[i]) for i in held)


bits_leaky, bits_clean = bits_on_held(rest), bits_on_held(rest[~copies_of_held[rest]])
print(
    f"bits per character of the same 100 documents: {bits_leaky:.2f} with their copies in training, {bits_clean:.2f} without"
)
verify.promise(
    "the copies flatter the model by over 0.1 bit",
    bits_clean - bits_leaky > 0.1,
    got=bits_clean - bits_leaky,
)

# %% [markdown]
# The model did not get better at English by a tenth of a bit. It has read the test.
#
# ## Wrong labels
#
# Somebody labelled 1,437 small digits, and every fifth label is wrong. What does that cost? The classifier is again the nearest neighbour. The generator is the
# smallest there is, one Gaussian a digit (`ClassGaussians`), which draws to order; a judge that was trained on the right labels reads its drawings.

# %%
digits, digits_test = (
    datasets.load("digits_8x8"),
    datasets.load("digits_8x8", split="test"),
)
X, y = flat(digits.images), digits.labels.numpy()
X_test, y_test = flat(digits_test.images), digits_test.labels.numpy()
judge = KNeighborsClassifier(3).fit(X, y)


def accuracy(examples, labels):
    return KNeighborsClassifier(1).fit(examples, labels).score(X_test, y_test)


def readable(examples, labels, **settings):
    """Share of 2,000 drawings in which the judge reads the digit that was asked for."""
    asked = np.arange(2000) % 10
    drawn, _ = class_gaussians.ClassGaussians(examples, labels, **settings).sample(
        2000, np.random.default_rng(seed), asked
    )
    return (judge.predict(drawn.clip(0, 1)) == asked).mean()


given = defects.plant_wrong_labels(y, share=0.2, classes=10, seed=seed)
wrong = given != y
print(
    f"classifier {accuracy(X, y):.1%} -> {accuracy(X, given):.1%}; generator {readable(X, y):.1%} -> {readable(X, given):.1%}"
)
verify.promise(
    "a fifth of wrong labels costs the classifier over 15 points",
    accuracy(X, y) - accuracy(X, given) > 0.15,
)
verify.promise(
    "and the generator over 10 points", readable(X, y) - readable(X, given) > 0.1
)

# %% [markdown]
# To find them, ask a model what it thinks of each example, and look where it contradicts the label. But the model must not have been trained on that very label. A
# nearest neighbour finds each training example next to itself, and believes everything:

# %%
itself = KNeighborsClassifier(1).fit(X, given).predict(X)
print(
    "labels that the model contradicts after training on them:", (itself != given).sum()
)
outside = cross_val_predict(
    LogisticRegression(max_iter=300), X, given, cv=5, method="predict_proba"
)
print(
    "labels that a model contradicts which never saw them:   ",
    (outside.argmax(axis=1) != given).sum(),
)

# %% [markdown]
# `outside` holds out-of-fold probabilities: five models, each trained on four fifths, each asked about the fifth it has not seen. The second line finds too many: hard
# examples as well as wrong ones. Confident learning (Northcutt et al., 2021) asks for more than a contradiction. Each class $j$ gets a threshold of its own, the mean
# probability that the examples *labelled* $j$ get for $j$. A label is suspicious if the most probable class *among those that reach their threshold* is another one.


# %% tags=["exercise"]
def suspicious_labels(probabilities, labels):
    """True where, among the classes that reach their threshold, the most probable is not the label: (n, classes), (n,) -> bool (n,)."""
    ...  # a threshold for each class
    ...  # which classes reach it, and which of these is the most probable; none: not suspicious


# %% tags=["check"]
suspicious_labels = check("defects.suspicious_labels", suspicious_labels)

# %%
suspicious = suspicious_labels(outside, given)
contradicted = outside.argmax(axis=1) != given
for name, flags in [("contradicted", contradicted), ("suspicious", suspicious)]:
    scores = defects.found_and_right(flags, wrong)
    print(
        f"{name:12} {flags.sum():3} labels: {scores['found']:.0%} of the wrong ones found, {scores['right']:.0%} rightly accused"
    )
right = defects.found_and_right(suspicious, wrong)["right"]
verify.promise(
    "at least 90 % of the suspicious labels are wrong", right >= 0.9, got=right
)

# %% [markdown]
# Stricter accusation, fewer finds: the same trade as with the bands. Which you want depends on what an error costs. If a person looks at each accused label, take the
# longer list. If you delete unseen, take the shorter one: what you delete wrongly are the unusual but correct examples, which are what a model most needs.

# %%
places = np.flatnonzero(suspicious)[:10]
plots.images(
    digits.images[places],
    labels=[str(digit) for digit in given[places]],
    title="Ten suspicious labels: judge for yourself",
    alt="Ten small digits with their given label below; most labels are plainly wrong.",
)
kept = ~suspicious
print(
    f"after removal: classifier {accuracy(X[kept], given[kept]):.1%}, generator {readable(X[kept], given[kept]):.1%}"
)
verify.promise("removal wins back over two thirds of what the classifier lost",
               accuracy(X[kept], given[kept]) - accuracy(X, given) > 2 / 3 * (accuracy(X, y) - accuracy(X, given)))  # fmt: skip
verify.promise("the same for the generator",
               readable(X[kept], given[kept]) - readable(X, given) > 2 / 3 * (readable(X, y) - readable(X, given)))  # fmt: skip
report["wrong labels"] = (
    "drawings recognised",
    readable(X, y),
    readable(X, given),
    readable(X[kept], given[kept]),
)

# %% [markdown]
# ## A noisy sensor
#
# Each pixel now carries an error with standard deviation $\sigma = 0.4$, on a scale where ink is 1. How would you find that out, without the clean pictures? Look where you know
# that nothing happens: the border pixels of a digit are always black, so whatever varies there is the sensor. (Astronomers close the shutter and call it a dark frame.)

# %%
noisy = X + np.random.default_rng(seed).normal(0, 0.4, X.shape)
sigma = np.sqrt(np.median(np.sort(noisy.var(axis=0))[:6]))
print(f"estimated from the six quietest pixels: sigma = {sigma:.3f}")
verify.promise(
    "the estimate is right to 5 %", abs(sigma / 0.4 - 1) < 0.05, got=float(sigma)
)

# %% [markdown]
# Independent noise adds $\sigma^2$ to the variance in *every* direction: $\mathrm{Cov}(x + e) = \Sigma + \sigma^2 I$. So an eigenvalue $\lambda$ of the noisy data holds $\lambda - \sigma^2$ of signal. The best linear
# guess of the clean picture keeps of each direction the share that is signal, $1 - \sigma^2/\lambda$ (Wiener), and drops the directions that are all noise.

# %%
center = noisy.mean(axis=0)
values, vectors = np.linalg.eigh(np.cov(noisy.T))
keep = np.clip(1 - sigma**2 / values, 0, None)
denoised = center + (noisy - center) @ (vectors * keep) @ vectors.T
psnr = {
    name: -10 * np.log10(((Z - X) ** 2).mean())
    for name, Z in [("noisy", noisy), ("denoised", denoised)]
}
plots.image_rows(
    {
        name: Z[:10].clip(0, 1).reshape(-1, 1, 8, 8)
        for name, Z in [("clean", X), ("noisy", noisy), ("denoised", denoised)]
    },
    title=f"Noise removed: {psnr['noisy']:.1f} dB before, {psnr['denoised']:.1f} dB after",
    alt="Three rows of ten digits: clean, drowned in noise, and denoised, blurred but legible.",
)
verify.promise(
    "denoising gains over 6 dB",
    psnr["denoised"] - psnr["noisy"] > 6,
    got=psnr["denoised"] - psnr["noisy"],
)

# %% [markdown]
# The classifier profits. And the generator? A generator learns *all* that is in its data, noise as well, and draws it. Train it on the noisy pictures, on the denoised ones, or on the noisy ones while
# taking $\sigma^2$ off its variances.

# %%
drawn = {
    "noisy pictures": readable(noisy, y),
    "denoised pictures": readable(denoised, y),
    "noisy, less σ²": readable(noisy, y, noise=sigma**2),
    "clean pictures": readable(X, y),
}
plots.bars(
    drawn,
    y_label="drawings recognised",
    title="Better pictures do not make a better generator, a better distribution does",
    alt="Four bars: trained on noisy and on denoised pictures about the same, with the noise variance subtracted nearly as good as clean.",
)
print(
    f"classifier: {accuracy(noisy, y):.1%} noisy, {accuracy(denoised, y):.1%} denoised"
)
verify.promise(
    "denoising gains the classifier over 5 points",
    accuracy(denoised, y) - accuracy(noisy, y) > 0.05,
)
verify.promise(
    "taking off σ² gains the generator over 8 points",
    drawn["noisy, less σ²"] - drawn["noisy pictures"] > 0.08,
)
verify.promise(
    "denoised pictures gain it less than 3",
    abs(drawn["denoised pictures"] - drawn["noisy pictures"]) < 0.03,
)
report["sensor noise"] = (
    "drawings recognised",
    drawn["clean pictures"],
    drawn["noisy pictures"],
    drawn["noisy, less σ²"],
)

# %% [markdown]
# Remember this one, for it comes again in a minute. A denoised picture is a best guess, an average over what it could have been, with errors of its own left in it. A set of best guesses does not have
# the spread of the things guessed. What is best for each example need not be best for the distribution.
#
# ## What is not there
#
# A table of people: $x$ and $y$ are related (correlation 0.8), and half of the $y$ are missing. *Why* are they missing? Rubin (1976) tells three cases apart.
#
# | mechanism | the chance to be missing depends on | example |
# |---|---|---|
# | MCAR, completely at random | nothing | a letter was lost |
# | MAR, at random given what is seen | what you *did* observe | the old were asked less often, and you know who is old |
# | MNAR, not at random | the missing value itself | who earns much doesn't say how much |
#
# The names are unlucky: MAR isn't random as a coin is. And three usual repairs: fill in the mean; fill in what a line through the complete pairs expects; fill in what the line expects *plus a random residual*.
# The second one is yours:


# %% tags=["exercise"]
def impute_regression(x, y):
    """y with each NaN replaced by the least-squares line through the pairs that have both values: (n,), (n,) -> (n,)."""
    ...  # your code


# %% tags=["check"]
impute_regression = check("missing.impute_regression", impute_regression)

# %% [markdown]
# **Predict first.** The complete $y$ has mean 0 and variance 1. Of the three repairs, under MAR: which get the mean right? Which get the variance right? And is there any that is right under MNAR? Write down nine
# guesses (three mechanisms, three repairs), then run the cell.


# %% tags=["predict"]
def experiment(rng, n=1000, rho=0.8):
    """Mean and variance of y after each repair, in each mechanism: (3 mechanisms, 3 repairs, 2)."""
    x = rng.normal(size=n)
    y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=n)
    masks = [
        missing_values.mask_mcar(y, 0.5, rng),
        missing_values.mask_mar(x, 0.2, 0.8, rng),
        missing_values.mask_mnar(y, 0.2, 0.8, rng),
    ]
    result = []
    for mask in masks:
        z = np.where(mask, np.nan, y)
        repairs = [
            missing_values.impute_mean(z),
            impute_regression(x, z),
            missing_values.impute_draw(x, z, rng),
        ]
        result.append([(filled.mean(), filled.var()) for filled in repairs])
    return np.array(result)


runs = np.stack([experiment(np.random.default_rng(seed + k)) for k in range(200)])
names = {
    "rows": ["MCAR", "MAR", "MNAR"],
    "columns": ["mean", "line", "line + residual"],
}
for k, what in enumerate(["mean of y (true: 0)", "variance of y (true: 1)"]):
    table = "; ".join(
        f"{m}: {', '.join(f'{v:.2f}' for v in r)}"
        for m, r in zip(names["rows"], runs.mean(axis=0)[..., k])
    )
    plots.heatmap(
        runs.mean(axis=0)[..., k],
        **names,
        numbers=True,
        size=(6, 2.4),
        title=what,
        alt=f"Table. {table}.",
    )

# %% [markdown]
# You should have seen that only the last column keeps the variance, and only under MCAR and MAR. Filling in the mean halves the variance under MCAR, as it must: half of the values are now one and the same.
# The line keeps the mean under MAR and loses the spread around it. Under MNAR everybody is wrong, and *nothing in the data tells you so*: the observed half looks the same as under some MAR.
#
# These numbers have closed forms. With share $p$ missing: the mean leaves $1-p$, the line $1 - p(1-\rho^2)$, the residual restores 1. And half-observed tails shift a mean by
# $0.6\sqrt{2/\pi}$, under MAR times $\rho$. Check them:

# %%
p, rho, shift = 0.5, 0.8, 0.6 * np.sqrt(2 / np.pi)
mcar, mar, mnar = 0, 1, 2
verify.agree("MCAR, mean: variance 1 - p", verify.estimate(runs[:, mcar, 0, 1]), 1 - p)
verify.agree(
    "MCAR, line: variance 1 - p (1 - ρ²)",
    verify.estimate(runs[:, mcar, 1, 1]),
    1 - p * (1 - rho**2),
)
verify.agree(
    "MCAR, line + residual: variance 1", verify.estimate(runs[:, mcar, 2, 1]), 1
)
verify.agree(
    "MAR, mean: mean -0.6 ρ sqrt(2/π)",
    verify.estimate(runs[:, mar, 0, 0]),
    -rho * shift,
)
verify.agree("MAR, line: mean 0", verify.estimate(runs[:, mar, 1, 0]), 0)
verify.agree(
    "MNAR, mean: mean -0.6 sqrt(2/π)", verify.estimate(runs[:, mnar, 0, 0]), -shift
)

# %% [markdown]
# ## Half a picture
#
# Now a generator. Half of the digits lose their lower half: by a coin (MCAR), or where there is much ink above (MAR), or where there is much ink *below* (MNAR). `impute_conditional` does for many columns
# what your line does for one, by the conditional mean of a Gaussian for each digit, or by a draw from it.

# %%
below = np.arange(64) >= 32
ink = X[:, below].sum(axis=1)
rng = np.random.default_rng(seed)
masks = {
    "MCAR": missing_values.mask_mcar(ink, 0.5, rng),
    "MAR": missing_values.mask_mar(X[:, ~below].sum(axis=1), 0.1, 0.9, rng),
    "MNAR": missing_values.mask_mnar(ink, 0.1, 0.9, rng),
}


def repair(mask, how):
    holed = X.copy()
    holed[np.ix_(mask, below)] = np.nan
    if how == "black":
        return np.nan_to_num(holed)
    if how == "mean":
        return np.where(np.isnan(holed), np.nanmean(holed, axis=0), holed)
    chance = np.random.default_rng(seed) if how == "draw" else None
    for c in range(10):
        holed[y == c] = missing_values.impute_conditional(holed[y == c], chance)
    return holed


# %%
ways, asked = ["black", "mean", "conditional", "draw"], np.arange(2000) % 10
share, drawn_ink, rows = {}, {}, {}
for name, mask in masks.items():
    share[name], drawn_ink[name] = {}, {}
    for how in ways:
        images, _ = class_gaussians.ClassGaussians(repair(mask, how), y).sample(
            2000, np.random.default_rng(seed), asked
        )
        images = images.clip(0, 1)
        share[name][how] = (judge.predict(images) == asked).mean()
        drawn_ink[name][how] = images[:, below].sum(axis=1).mean()
        if name == "MNAR":
            rows[how] = images[:10].reshape(-1, 1, 8, 8)
plots.image_rows(
    rows,
    title="Drawn after each repair: only the black one taught the generator gaps",
    alt="Four rows of the digits 0 to 9 as drawn: after filling with black the lower halves fade; after the other repairs they are whole.",
)
plots.heatmap(
    [list(by_way.values()) for by_way in share.values()],
    rows=list(share),
    columns=ways,
    numbers=True,
    size=(6, 2.6),
    title="Share recognised: how it was filled matters more than why it was missing",
    alt="Table of 3 mechanisms and 4 repairs: black 0.72 to 0.85, mean about 0.87, conditional mean and draw about 0.99.",
)

# %% [markdown]
# In all twelve cases half of the lower halves were missing. Filled with black, the generator learns that digits fade; filled with the mean, that they blur; filled by what the upper half tells, it draws as if nothing had been missing.
# Readable is not the same as right, though. Look at how much ink it draws:

# %%
full, _ = class_gaussians.ClassGaussians(X, y).sample(
    2000, np.random.default_rng(seed), asked
)
full = full.clip(0, 1)[:, below].sum(axis=1).mean()
for name, by_way in drawn_ink.items():
    print(
        f"{name:5} ink drawn below: "
        + ", ".join(f"{how} {v / full - 1:+.1%}" for how, v in by_way.items())
    )
verify.promise(
    "draws keep the ink within 3 % under MCAR and MAR",
    all(abs(drawn_ink[m]["draw"] / full - 1) < 0.03 for m in ("MCAR", "MAR")),
)
verify.promise(
    "and lose over 2.5 % under MNAR",
    drawn_ink["MNAR"]["draw"] / full - 1 < -0.025,
    got=drawn_ink["MNAR"]["draw"] / full - 1,
)
verify.promise(
    "black costs over 10 points in each mechanism",
    all(share[m]["conditional"] - share[m]["black"] > 0.1 for m in share),
)
verify.promise(
    "with conditional or draw over 97 % are recognised",
    all(min(s["conditional"], s["draw"]) > 0.97 for s in share.values()),
)
report["missing halves, MCAR"] = (
    "drawings recognised",
    readable(X, y),
    share["MCAR"]["black"],
    share["MCAR"]["draw"],
)

# %% [markdown]
# Under MNAR all digits come out a little thin, whole and legible, and wrong. No picture looks suspicious. To repair that you need to know *why* values are missing, or to go and measure some of them.
#
# ## The rare class
#
# Nothing is missing or wrong here, only rare. First a classifier that gets 12 eights and over a hundred of each other digit.

# %%
eights = np.flatnonzero(y == 8)
few = np.sort(np.concatenate([np.flatnonzero(y != 8), eights[:12]]))
for weight in [None, "balanced"]:
    guess = (
        LogisticRegression(max_iter=300, class_weight=weight)
        .fit(X[few], y[few])
        .predict(X_test)
    )
    recall = (guess[y_test == 8] == 8).mean()
    print(
        f"class weights {weight!s:9} accuracy {(guess == y_test).mean():.1%}, eights found {recall:.0%}"
    )
    report[f"rare eights, weights {weight}"] = recall
full_recall = (
    LogisticRegression(max_iter=300).fit(X, y).predict(X_test)[y_test == 8] == 8
).mean()
before, after = (report.pop(f"rare eights, weights {w}") for w in (None, "balanced"))
report["rare class"] = ("eights found", full_recall, before, after)
verify.promise(
    "weighting the rare class finds over 15 points more eights",
    after - before > 0.15,
    got=after - before,
)

# %% [markdown]
# Accuracy hardly shows it, because eights are a tenth of the test. Look at each class on its own.
#
# And a generator? The article says that with imbalanced data a model leans to the rare classes. Two kinds of models, two answers. Points lie in two heaps, 90 % on the left, 10 % on the right. A model that
# maximises likelihood, here a mixture of two Gaussians, gets this right almost by definition: the best estimate of a share is the frequency.


# %%
def two_heaps(rare, n=4000):
    points = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed + 1)) * 0.3
    points[:, 0] += torch.where(torch.arange(n) < rare * n, 2.0, -2.0)
    return points


points = two_heaps(rare=0.1)
mixture = GaussianMixture(2, random_state=seed).fit(points.numpy())
sampled = mixture.sample(10_000)[0]
verify.promise("the likelihood model draws the rare heap in 9 to 11 % of cases", 0.09 < (sampled[:, 0] > 0).mean() < 0.11, got=float((sampled[:, 0] > 0).mean()))  # fmt: skip

# %% [markdown]
# Now GANs. One run would tell you about one run, so train eight at once, each with its own start, first on equal heaps, then on 90 to 10.

# %%
equal_heaps = many_runs.train(
    two_heaps(rare=0.5), runs=8, steps=gan_steps, seed=seed, every=gan_steps
)[-1]
heaps = many_runs.train(points, runs=8, steps=gan_steps, seed=seed, every=gan_steps)[-1]
right_share = {
    name: (drawn[..., 0] > 0).float().mean(dim=1)
    for name, drawn in [("50 : 50", equal_heaps), ("90 : 10", heaps)]
}
with plots.figure(
    columns=2,
    title="Share of the right heap in what eight GANs draw; the dashed line is the truth",
    alt="Two panels of eight bars. With equal heaps nearly all GANs draw about half. With 90 to 10 most of them draw nothing of the rare heap.",
    size=(8, 3),
) as axes:
    for ax, (name, shares), truth in zip(axes, right_share.items(), [0.5, 0.1]):
        ax.bar(range(1, 9), shares.numpy(), color=plots.COLOURS[0])
        ax.axhline(truth, color=plots.COLOURS[1], ls="--")
        ax.set(title=f"heaps {name}", xlabel="run", ylim=(0, 1))
lost = int((right_share["90 : 10"] < 0.01).sum())
print(
    f"90 : 10: {lost} of 8 GANs lost the rare heap; shares {[round(v, 3) for v in right_share['90 : 10'].tolist()]}"
)

# %%
verify.promise("at least 4 of 8 GANs lose the rare heap", lost >= 4, got=lost)
verify.promise(
    "none of the 8 draws it too often",
    right_share["90 : 10"].max() < 0.15,
    got=right_share["90 : 10"].max(),
)
both = int(((right_share["50 : 50"] > 0.1) & (right_share["50 : 50"] < 0.9)).sum())
verify.promise("with equal heaps at least 6 of 8 draw both", both >= 6, got=both)

# %% [markdown]
# Why? The discriminator sees the rare heap in six of 64 points of a batch. A generator that never draws there is caught by none of its *own* points: its loss only asks whether what it *does* draw looks real. A likelihood asks the
# opposite: each real point that the model deems impossible costs dearly. These GANs are tiny, and have none of the cures of part 2x; others keep
# a rare heap more often, and no loss of theirs promises it. The repair is to show the rare class more often, if you have labels for it: then the right panel becomes the left one. You pay with a distribution that is no
# longer the true one, and must weight it back when you draw.
#
# ## The bill
#
# Every defect was planted, found, repaired, and measured three times:

# %%
print(f"{'defect':22} {'measured by':42} {'sound':>7} {'defect':>7} {'repaired':>9}")
for name, (measure, sound, with_defect, after) in report.items():
    print(f"{name:22} {measure:42} {sound:7.1%} {with_defect:7.1%} {after:9.1%}")

# %% [markdown]
# The first row is the odd one: the defect made the number *better*. That's why duplicates come first in any cleaning. Before you have split by groups, no score can tell you whether another repair helped. For the
# same reason, whatever a repair learns from data (thresholds, means, lines) it learns from the training part.
#
# ## Check the article
#
# | the source article says | verdict | proof |
# |---|---|---|
# | 2.3: with imbalanced classes a generative model leans to the rare ones | wrong: likelihood models follow the frequencies, GANs often drop the rare ones | eight GANs above |
# | 2.3: noise in the data disturbs what the model learns | right, and more exactly: a generator learns the noise and draws it; subtract its variance | "A noisy sensor" |
# | 2.3: missing values make it hard to generate complete data | imprecise: it depends on the mechanism and on the imputation. Filled with a conditional mean or draw the drawings were complete; under MNAR complete and wrong | "Half a picture" |
# | 2.3: as a cure, augment, tune the model, design the loss | imprecise: the cures above change the data or how they are sampled; augmentation neither corrects a label nor adds a missing class | this lesson; 13 |
# | 3.2.1: clean, remove repeats and noise, to train better | right, and half of it: repeats across the split also falsify the *test* | coins at 70 % |

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("12_cleaning")

# %% [markdown]
# ## What you should be able to do now
#
# You can find pictures and texts that are there twice, choose bands and rows for the similarity you care about, and split so that groups stay together. You can test your own pipeline with coins. You find wrong labels with a model that has not seen them.
# You ask why a value is missing before you fill it in, and you know which repair keeps the spread. And you don't expect a GAN to keep what is rare.
#
# Lesson 13 prepares the clean data for training: scales, augmentation, features. Lesson 14 removes personal data, and shows what repeats do to privacy. Lesson 34 asks how one measures that a generator has dropped a mode.
#
# ## References
#
# - A. Broder: *On the resemblance and containment of documents*, Compression and Complexity of Sequences, 1997.
# - J. Leskovec, A. Rajaraman, J. Ullman: *Mining of Massive Datasets*, chapter 3, Cambridge University Press, 2nd edition, 2014.
# - K. Lee, D. Ippolito, A. Nystrom, C. Zhang, D. Eck, C. Callison-Burch, N. Carlini: *Deduplicating Training Data Makes Language Models Better*, ACL 2022.
# - C. Zauner: *Implementation and Benchmarking of Perceptual Image Hash Functions*, diploma thesis, 2010. N. Krawetz: *Kind of Like That*, The Hacker Factor Blog, 2013.
# - C. Northcutt, L. Jiang, I. Chuang: *Confident Learning: Estimating Uncertainty in Dataset Labels*, Journal of Artificial Intelligence Research, 2021.
# - D. Rubin: *Inference and missing data*, Biometrika, 1976. S. van Buuren: *Flexible Imputation of Missing Data*, 2nd edition, Chapman & Hall/CRC, 2018.
# - I. Goodfellow et al.: *Generative Adversarial Nets*, NeurIPS 2014.
