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
from aigc_lab.cleaning import defects, duplicates, minhash, missing_values, pictures
from aigc_lab.distributions.class_gaussians import ClassGaussians
from aigc_lab.gan import many_runs

runtime.seed_everything(seed)
gan_steps = gan_steps or runtime.pick(ci=300, cpu=1500)
report = {}  # for the table at the end: defect -> (measure, sound, damaged, repaired)

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
    alt="Four clothes, and below each its copy: darker, blurred or moved by a pixel.",
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
alone = torch.arange(len(pool))  # each picture a group of its own: a split at random
train, test = duplicates.split_by_group(alone, share=0.25, seed=seed)
coins_leaky = test_score(train, test, coins)
print(f"{coins_leaky:.0%} of the coins are guessed right")
claim = "more than 65 % of the coins are guessed right"
verify.promise(claim, got=coins_leaky, above=0.65)

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
leaky = test_score(train, test, labels)
aside = datasets.load("fashion", split="test")
nearest = KNeighborsClassifier(1).fit(flat(pool), labels)
honest = nearest.score(flat(aside.images), aside.labels.numpy())
print(
    f"kind of clothes: {leaky:.1%} on the random split, "
    f"{honest:.1%} on pictures set aside"
)
claim = "the random split promises over 8 points more than is true"
verify.promise(claim, got=leaky - honest, above=0.08)

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
    """(n, c, h, w) -> bool (n, 64): True where the right neighbour is brighter,
    row by row, at 8 rows of 9 pixels."""
    ...  # your code


# %% tags=["check"]
difference_hash = check("duplicates.difference_hash", difference_hash)

# %%
photos = datasets.load("photos").images
twice, origin, _ = defects.plant_copies(photos, share=1.0, seed=seed)
its_copy = int(np.flatnonzero(origin == 7)[1])
three = twice[[7, its_copy, 70]]  # a photograph, its copy, another one
bits, small = difference_hash(three), duplicates.shrink(three, 8, 9)[:, None] / 255
plots.image_rows(
    {"shrunk": small, "bits": bits.reshape(3, 1, 8, 8).float()},
    title="A photograph, its copy, another photograph: the bits tell them apart",
    alt="Three small grey pictures, each over its 64 bits; the first two nearly agree.",
)
print("bits that differ:", duplicates.hamming(bits[:1], bits[1:])[0].tolist())

# %% [markdown]
# The number of bits that differ is the Hamming distance. How many may differ before you say "another picture"? You have planted the copies, so you can
# count. `perceptual_hash` (pHash) is the second fingerprint of the package: it keeps the 64 lowest frequencies of the cosine transform, and asks of each
# whether it is above the median. Move the threshold, and compare the two.

# %%
first, second = np.triu_indices(len(twice), 1)
is_copy = origin[first] == origin[second]


def bits_between_pairs(fingerprint):
    hashes = fingerprint(twice)
    return duplicates.hamming(hashes, hashes).numpy()[first, second]


distances = {
    "pHash": bits_between_pairs(duplicates.perceptual_hash),
    "dHash": bits_between_pairs(difference_hash),
}


# %%
def at_threshold(threshold, fingerprint):
    same = distances[fingerprint] <= threshold
    found, false = same[is_copy].mean(), same[~is_copy].sum()
    title = (
        f"{fingerprint}, at most {threshold} bits: "
        f"{found:.0%} of the copies found, {false} false pairs"
    )
    pictures.bits_that_differ(distances[fingerprint], is_copy, threshold, title=title)


widgets.play(at_threshold, threshold=(0, 24, 1, 10), fingerprint=["pHash", "dHash"])

# %%
same = distances["pHash"] <= 10
verify.promise(
    "pHash, 10 bits: over 95 % of the copies of photographs are found",
    same[is_copy].mean() > 0.95,
)
false = int(same[~is_copy].sum())
verify.promise("and no false pair among 79,000", got=false, equals=0)
false = int((distances["dHash"][~is_copy] <= 10).sum())
verify.promise("dHash, 10 bits: over 50 false pairs", got=false, above=50)

# %% [markdown]
# Two unrelated pictures differ in about 32 of 64 bits, as coins would. The copies stand far to the left, so on photographs a threshold is easy to choose.
#
# ## The hash proposes, the pixels decide
#
# Cats and dogs in silhouette are harder: flat black, flat white, and many sit alike. This is real data, nothing is planted.

# %%
animals = datasets.load("cats_dogs")
hashes = duplicates.perceptual_hash(animals.images)
proposed = duplicates.pairs_within(hashes, distance=4)
# the pixels' correlation, the best of all moves by up to one pixel
alike = duplicates.likeness(animals.images, proposed)
ranked = alike.argsort(descending=True)
pairs = len(animals) * (len(animals) - 1) // 2
print(f"{len(proposed)} pairs within 4 bits, of {pairs:,}")
shown = ranked[[0, 5, 11, 12, 13, 14, 15, 40, 100]]
one, other = animals.images[proposed[shown]].unbind(dim=1)
plots.image_rows(
    {"one": one, "other": other},
    title="Correlation " + "  ".join(f"{r:.3f}" for r in alike[shown].tolist()),
    alt="Nine pairs of silhouettes: five of the same drawing, then only similar poses.",
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
    alt="Eleven pairs at 1, three above 0.99, then a step to 0.977 and a slow fall.",
)

# %%
same = proposed[alike > 0.985]
left, right = animals.images[same].unbind(dim=1)
equal = (left == right).flatten(1).all(dim=1)
for name, animal in [("cat", 0), ("dog", 1)]:
    these = animals.labels[same[:, 0]] == animal
    print(
        f"{name}s: {int((these & equal).sum())} pairs equal to the bit, "
        f"{int((these & ~equal).sum())} nearly equal"
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
hit = (source[kept[:, 0]] == source[kept[:, 1]]).sum() / 1000
print(f"{len(proposed):,} proposed, {len(kept)} kept; {hit:.0%} of the copies found")

# %%
group = duplicates.groups(len(pool), kept)
train, test = duplicates.split_by_group(group, share=0.25, seed=seed)
repaired = test_score(train, test, labels)
coins_repaired = test_score(train, test, coins)
scores = {
    "coins": [coins_leaky, coins_repaired, 0.5],
    "kind of clothes": [leaky, repaired, honest],
}
splits = ["random split", "split by groups", "the truth"]
plots.grouped_bars(
    {task: dict(zip(splits, values)) for task, values in scores.items()},
    y_label="test accuracy",
    title="Once groups stay together, the score is honest again, nearly",
)

# %%
claim = "by groups the score is within 5 points of the truth"
verify.promise(claim, got=repaired - honest, near=(0, 0.05))
verify.promise("at least 70 % of the copies are found", got=float(hit), at_least=0.7)
verify.promise("the coins are below 60 %", got=coins_repaired, below=0.6)
for kind, name in enumerate(defects.KINDS):
    copies = np.flatnonzero(kinds == kind)
    share_found = (group[copies] == group[source[copies]]).float().mean()
    print(f"{name:10} {share_found:.0%} found")
measure = "test accuracy, clothes (true: the first)"
report["duplicates"] = (measure, honest, leaky, repaired)

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
every = [paragraph for chapter in chapters for paragraph in chapter.split("\n\n")]
paragraphs = [paragraph for paragraph in every if 300 < len(paragraph) < 1500][:800]
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
one = minhash.shingles("Call me Ishmael. Some years ago", words=2)
two = minhash.shingles("Call me Ishmael! Many years ago", words=2)
J = minhash.jaccard(one, two)
print(f"{sorted(one & two)} of {len(one | two)} shingles are shared: J = {J:.3f}")

# %% [markdown]
# To compare all pairs of 1,000 texts is half a million set operations; for the $10^7$ pages of lesson 11 it is $5 \cdot 10^{13}$. Two ideas get you out.
#
# **First idea: a short signature.** Shuffle all shingles of the world, and of each text note the one that comes first. When do two texts note the same?
# The first shingle of $A \cup B$ is equally likely to be any of them, and it is in both with probability $|A \cap B| / |A \cup B| = J$. So the chance to agree
# *is* the similarity. A hash function $h_k(x) = (a_k x + b_k) \bmod P$ shuffles scattered numbers well enough (`minhash.numbers` scatters the shingles first), "comes first" is "has the smallest hash", and 128 functions make 128
# notes. That is MinHash (Broder, 1997).


# %% tags=["exercise"]
def signature(items, a, b):
    """The smallest hash of the items under each function (a[k] * x + b[k]) %
    minhash.PRIME: int64 (n,), (count,), (count,) -> (count,)."""
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
    """Chance that two texts agree in all `rows` numbers of at least one of the
    `bands`."""
    ...  # your code


# %% tags=["check"]
candidate_probability = check("minhash.candidate_probability", candidate_probability)

# %%
# 500 independent signatures of 16 bands with 8 rows
meets = agreement.reshape(500, 16, 8).all(axis=2).any(axis=1)
expected = candidate_probability(0.6, bands=16, rows=8)
verify.agree("P(the pair meets), 16 bands of 8", verify.estimate(meets), expected)

# %% [markdown]
# Now with the real texts. Each dot is a pair of an original and its copy, at 1 if they met. Fewer rows and more bands move the S to the left: more copies
# are found, and more pairs that have nothing to do with each other meet too. You can't have both, but you can choose.

# %%
sets = [minhash.shingles(document, words=2) for document in documents]
functions = minhash.hash_functions(128, seed=seed)
signatures = np.stack([signature(minhash.numbers(s), *functions) for s in sets])
pairs_of_copies = [(i, 800 + k) for k, i in enumerate(again)]
similarity = np.array([minhash.jaccard(sets[i], sets[j]) for i, j in pairs_of_copies])


# %%
def s_curve(log2_of_bands):
    bands, s = 2**log2_of_bands, np.linspace(0, 1, 101)
    pairs = minhash.candidates(signatures, bands)
    met = np.array([pair in pairs for pair in pairs_of_copies])
    title = (
        f"{bands} bands of {128 // bands}: {met.mean():.0%} of the copies meet, "
        f"and {len(pairs) - met.sum()} other pairs"
    )
    chance = candidate_probability(s, bands, 128 // bands)
    pictures.s_curve(s, chance, similarity, met, title=title)


widgets.play(s_curve, log2_of_bands=(2, 6, 1, 4))

# %%
found = minhash.candidates(signatures, bands=32)
copies = [(i, j) for i, j in found if of[i] == of[j]]
print(
    f"{len(found)} candidates of {1000 * 999 // 2:,} pairs; "
    f"{len(copies)} of 200 copies among them"
)
verify.promise(
    "32 bands of 4 find at least 95 % of the copies", got=len(copies), at_least=190
)
others = len(found) - len(copies)
verify.promise("with at most 20 other pairs to look at", got=others, at_most=20)

# %% [markdown]
# What do copies across the split do to a *generator*? A 6-gram model of the characters writes like Melville. Its score is bits per character of held-out text,
# the fewer the better. Hold out a hundred documents at random. Train once on all the others, and once without those that are copies of a held-out one.

# %%
text_group = duplicates.groups(1000, torch.tensor(sorted(found))).numpy()
order = np.random.default_rng(seed).permutation(1000)
held, rest = order[:100], order[100 : runtime.pick(ci=400, cpu=1000)]
copies_of_held = np.isin(text_group, text_group[held])


def bits_on_held(train):
    text = "\n\n".join(documents[i] for i in train)
    model = lm.NgramModel(text, 6, lm.Vocabulary("".join(documents)))
    cost = sum(-model.score(documents[i]).sum() for i in held)
    return cost / np.log(2) / sum(len(documents[i]) for i in held)


# %%
bits_leaky, bits_clean = bits_on_held(rest), bits_on_held(rest[~copies_of_held[rest]])
print(
    "bits per character of the same 100 documents: "
    f"{bits_leaky:.2f} with their copies in training, {bits_clean:.2f} without"
)
claim = "the copies flatter the model by over 0.1 bit"
verify.promise(claim, got=bits_clean - bits_leaky, above=0.1)

# %% [markdown]
# The model did not get better at English by a tenth of a bit. It has read the test.
#
# ## Wrong labels
#
# Somebody labelled 1,437 small digits, and every fifth label is wrong. What does that cost? The classifier is again the nearest neighbour. The generator is the
# smallest there is, one Gaussian a digit (`ClassGaussians`), which draws to order; a judge that was trained on the right labels reads its drawings.

# %%
digits = datasets.load("digits_8x8")
digits_test = datasets.load("digits_8x8", split="test")
X, y = flat(digits.images), digits.labels.numpy()
X_test, y_test = flat(digits_test.images), digits_test.labels.numpy()


def accuracy(examples, labels):
    return KNeighborsClassifier(1).fit(examples, labels).score(X_test, y_test)


# %%
asked = np.arange(2000) % 10
judge = KNeighborsClassifier(3).fit(X, y)


def drawings(examples, labels, **settings):
    """2,000 drawings of the digits that are asked for, by one Gaussian a digit."""
    generator = ClassGaussians(examples, labels, **settings)
    drawn, _ = generator.sample(2000, np.random.default_rng(seed), asked)
    return drawn.clip(0, 1)


def readable(examples, labels, **settings):
    """Share of 2,000 drawings in which the judge reads the digit that was asked for."""
    return (judge.predict(drawings(examples, labels, **settings)) == asked).mean()


# %%
given = defects.plant_wrong_labels(y, share=0.2, classes=10, seed=seed)
wrong = given != y
print(
    f"classifier {accuracy(X, y):.1%} -> {accuracy(X, given):.1%}; "
    f"generator {readable(X, y):.1%} -> {readable(X, given):.1%}"
)
classifier_lost = accuracy(X, y) - accuracy(X, given)
generator_lost = readable(X, y) - readable(X, given)
claim = "a fifth of wrong labels costs the classifier over 15 points"
verify.promise(claim, classifier_lost > 0.15)
verify.promise("and the generator over 10 points", generator_lost > 0.1)

# %% [markdown]
# To find them, ask a model what it thinks of each example, and look where it contradicts the label. But the model must not have been trained on that very label. A
# nearest neighbour finds each training example next to itself, and believes everything:

# %%
itself = KNeighborsClassifier(1).fit(X, given).predict(X)
contradicted = (itself != given).sum()
print("labels that the model contradicts after training on them:", contradicted)
model = LogisticRegression(max_iter=300)
outside = cross_val_predict(model, X, given, cv=5, method="predict_proba")
contradicted = (outside.argmax(axis=1) != given).sum()
print("labels that a model contradicts which never saw them:   ", contradicted)

# %% [markdown]
# `outside` holds out-of-fold probabilities: five models, each trained on four fifths, each asked about the fifth it has not seen. The second line finds too many: hard
# examples as well as wrong ones. Confident learning (Northcutt et al., 2021) asks for more than a contradiction. Each class $j$ gets a threshold of its own, the mean
# probability that the examples *labelled* $j$ get for $j$. A label is suspicious if the most probable class *among those that reach their threshold* is another one.


# %% tags=["exercise"]
def suspicious_labels(probabilities, labels):
    """True where, among the classes that reach their threshold, the most probable
    is not the label: (n, classes), (n,) -> bool (n,)."""
    # a threshold for each class
    ...
    # which classes reach it, and which of these is the most probable;
    # none: not suspicious
    ...


# %% tags=["check"]
suspicious_labels = check("defects.suspicious_labels", suspicious_labels)

# %%
suspicious = suspicious_labels(outside, given)
contradicted = outside.argmax(axis=1) != given
for name, flags in [("contradicted", contradicted), ("suspicious", suspicious)]:
    scores = defects.found_and_right(flags, wrong)
    print(
        f"{name:12} {flags.sum():3} labels: {scores['found']:.0%} of the wrong ones "
        f"found, {scores['right']:.0%} rightly accused"
    )
right = defects.found_and_right(suspicious, wrong)["right"]
verify.promise(
    "at least 90 % of the suspicious labels are wrong", got=right, at_least=0.9
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
    alt="Ten small digits, below each its given label; most are plainly wrong.",
)

# %%
trusted = ~suspicious
classifier = accuracy(X[trusted], given[trusted])
generator = readable(X[trusted], given[trusted])
print(f"after removal: classifier {classifier:.1%}, generator {generator:.1%}")
claim = "removal wins back over two thirds of what the classifier lost"
verify.promise(claim, classifier - accuracy(X, given) > 2 / 3 * classifier_lost)
won_back = generator - readable(X, given)
verify.promise("the same for the generator", won_back > 2 / 3 * generator_lost)
sound, damaged = readable(X, y), readable(X, given)
report["wrong labels"] = ("drawings recognised", sound, damaged, generator)

# %% [markdown]
# ## A noisy sensor
#
# Each pixel now carries an error with standard deviation $\sigma = 0.4$, on a scale where ink is 1. How would you find that out, without the clean pictures? Look where you know
# that nothing happens: the border pixels of a digit are always black, so whatever varies there is the sensor. (Astronomers close the shutter and call it a dark frame.)

# %%
noisy = X + np.random.default_rng(seed).normal(0, 0.4, X.shape)
sigma = np.sqrt(np.median(np.sort(noisy.var(axis=0))[:6]))
print(f"estimated from the six quietest pixels: sigma = {sigma:.3f}")
verify.promise("the estimate is right to 5 %", got=float(sigma), near=(0.4, 0.05 * 0.4))

# %% [markdown]
# Independent noise adds $\sigma^2$ to the variance in *every* direction: $\mathrm{Cov}(x + e) = \Sigma + \sigma^2 I$. So an eigenvalue $\lambda$ of the noisy data holds $\lambda - \sigma^2$ of signal. The best linear
# guess of the clean picture keeps of each direction the share that is signal, $1 - \sigma^2/\lambda$ (Wiener), and drops the directions that are all noise.

# %%
center = noisy.mean(axis=0)
values, vectors = np.linalg.eigh(np.cov(noisy.T))
keep = np.clip(1 - sigma**2 / values, 0, None)
denoised = center + (noisy - center) @ (vectors * keep) @ vectors.T


def psnr(examples):
    return -10 * np.log10(((examples - X) ** 2).mean())


# %%
before, after = psnr(noisy), psnr(denoised)
versions = {"clean": X, "noisy": noisy, "denoised": denoised}
plots.image_rows(
    {name: Z[:10].clip(0, 1).reshape(-1, 1, 8, 8) for name, Z in versions.items()},
    title=f"Noise removed: {before:.1f} dB before, {after:.1f} dB after",
    alt="Ten digits: clean, drowned in noise, and denoised, blurred but legible.",
)
verify.promise("denoising gains over 6 dB", got=after - before, above=6)

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
title = "Better pictures do not make a better generator, a better distribution does"
plots.bars(drawn, y_label="drawings recognised", title=title)

# %%
before, after = accuracy(noisy, y), accuracy(denoised, y)
print(f"classifier: {before:.1%} noisy, {after:.1%} denoised")
verify.promise("denoising gains the classifier over 5 points", after - before > 0.05)
from_noisy, corrected = drawn["noisy pictures"], drawn["noisy, less σ²"]
verify.promise(
    "taking off σ² gains the generator over 8 points", corrected - from_noisy > 0.08
)
claim = "denoised pictures gain it less than 3"
verify.promise(claim, abs(drawn["denoised pictures"] - from_noisy) < 0.03)
sound = drawn["clean pictures"]
report["sensor noise"] = ("drawings recognised", sound, from_noisy, corrected)

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
    """y with each NaN replaced by the least-squares line through the pairs that
    have both values: (n,), (n,) -> (n,)."""
    ...  # your code


# %% tags=["check"]
impute_regression = check("missing.impute_regression", impute_regression)

# %% [markdown]
# The experiment draws a table of 1,000 people, hides half of the $y$ by each mechanism, and repairs each table in the three ways.


# %%
def experiment(rng, n=1000, rho=0.8):
    """Mean and variance of y after each repair: (3 mechanisms, 3 repairs, 2)."""
    x = rng.normal(size=n)
    y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=n)
    mcar = missing_values.mask_mcar(y, 0.5, rng)
    mar = missing_values.mask_mar(x, 0.2, 0.8, rng)
    mnar = missing_values.mask_mnar(y, 0.2, 0.8, rng)
    result = []
    for mask in [mcar, mar, mnar]:
        holed = np.where(mask, np.nan, y)
        by_mean = missing_values.impute_mean(holed)
        by_line = impute_regression(x, holed)
        by_draw = missing_values.impute_draw(x, holed, rng)  # line + residual
        repairs = (by_mean, by_line, by_draw)
        result.append([(filled.mean(), filled.var()) for filled in repairs])
    return np.array(result)


# %% [markdown]
# **Predict first.** The complete $y$ has mean 0 and variance 1. Of the three repairs, under MAR: which get the mean right? Which get the variance right? And is there any that is right under MNAR? Write down nine
# guesses (three mechanisms, three repairs), then run the cell.


# %% tags=["predict"]
runs = np.stack([experiment(np.random.default_rng(seed + k)) for k in range(200)])
for k, what in enumerate(["mean of y (true: 0)", "variance of y (true: 1)"]):
    plots.heatmap(
        runs.mean(axis=0)[..., k],
        rows=["MCAR", "MAR", "MNAR"],
        columns=["mean", "line", "line + residual"],
        numbers=True,
        size=(6, 2.4),
        title=what,
    )

# %% [markdown]
# You should have seen that only the last column keeps the variance, and only under MCAR and MAR. Filling in the mean halves the variance under MCAR, as it must: half of the values are now one and the same.
# The line keeps the mean under MAR and loses the spread around it. Under MNAR everybody is wrong, and *nothing in the data tells you so*: the observed half looks the same as under some MAR.
#
# These numbers have closed forms. With share $p$ missing: the mean leaves $1-p$, the line $1 - p(1-\rho^2)$, the residual restores 1. And half-observed tails shift a mean by
# $0.6\sqrt{2/\pi}$, under MAR times $\rho$. Check them:

# %%
p, rho, shift = 0.5, 0.8, 0.6 * np.sqrt(2 / np.pi)
means, variances = runs[..., 0], runs[..., 1]  # (runs, mechanisms, repairs)
mcar, mar, mnar = 0, 1, 2
around_line = 1 - rho**2  # the variance around the line
closed_forms = {
    "MCAR, mean: variance 1 - p": (variances[:, mcar, 0], 1 - p),
    "MCAR, line: variance 1 - p (1 - ρ²)": (variances[:, mcar, 1], 1 - p * around_line),
    "MCAR, line + residual: variance 1": (variances[:, mcar, 2], 1),
    "MAR, mean: mean -0.6 ρ sqrt(2/π)": (means[:, mar, 0], -rho * shift),
    "MAR, line: mean 0": (means[:, mar, 1], 0),
    "MNAR, mean: mean -0.6 sqrt(2/π)": (means[:, mnar, 0], -shift),
}
for claim, (measured, expected) in closed_forms.items():
    verify.agree(claim, verify.estimate(measured), expected)

# %% [markdown]
# ## Half a picture
#
# Now a generator. Half of the digits lose their lower half: by a coin (MCAR), or where there is much ink above (MAR), or where there is much ink *below* (MNAR). `impute_conditional` does for many columns
# what your line does for one, by the conditional mean of a Gaussian for each digit, or by a draw from it.

# %%
below = np.arange(64) >= 32
ink, ink_above = X[:, below].sum(axis=1), X[:, ~below].sum(axis=1)
rng = np.random.default_rng(seed)
masks = {
    "MCAR": missing_values.mask_mcar(ink, 0.5, rng),
    "MAR": missing_values.mask_mar(ink_above, 0.1, 0.9, rng),
    "MNAR": missing_values.mask_mnar(ink, 0.1, 0.9, rng),
}


# %%
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
ways = ["black", "mean", "conditional", "draw"]
share, drawn_ink, rows = {}, {}, {}
for name, mask in masks.items():
    share[name], drawn_ink[name] = {}, {}
    for how in ways:
        images = drawings(repair(mask, how), y)
        share[name][how] = (judge.predict(images) == asked).mean()
        drawn_ink[name][how] = images[:, below].sum(axis=1).mean()
        if name == "MNAR":
            rows[how] = images[:10].reshape(-1, 1, 8, 8)
plots.image_rows(
    rows,
    title="Drawn after each repair: only the black one taught the generator gaps",
    alt="Four rows of digits: after black the lower halves fade, else they are whole.",
)

# %%
plots.heatmap(
    [list(by_way.values()) for by_way in share.values()],
    rows=list(share),
    columns=ways,
    numbers=True,
    size=(6, 2.6),
    title="Share recognised: how it was filled matters more than why it was missing",
)

# %%
verify.promise(
    "black costs over 10 points in each mechanism",
    all(by_way["conditional"] - by_way["black"] > 0.1 for by_way in share.values()),
)
verify.promise(
    "with conditional or draw over 97 % are recognised",
    all(min(by_way["conditional"], by_way["draw"]) > 0.97 for by_way in share.values()),
)
sound, black, draw = readable(X, y), share["MCAR"]["black"], share["MCAR"]["draw"]
report["missing halves, MCAR"] = ("drawings recognised", sound, black, draw)

# %% [markdown]
# In all twelve cases half of the lower halves were missing. Filled with black, the generator learns that digits fade; filled with the mean, that they blur; filled by what the upper half tells, it draws as if nothing had been missing.
# Readable is not the same as right, though. Look at how much ink it draws:

# %%
full = drawings(X, y)[:, below].sum(axis=1).mean()
change = {}
for name, by_way in drawn_ink.items():
    change[name] = {how: ink / full - 1 for how, ink in by_way.items()}
    listed = ", ".join(f"{how} {more:+.1%}" for how, more in change[name].items())
    print(f"{name:5} ink drawn below: {listed}")
verify.promise(
    "draws keep the ink within 3 % under MCAR and MAR",
    all(abs(change[mechanism]["draw"]) < 0.03 for mechanism in ("MCAR", "MAR")),
)
verify.promise(
    "and lose over 2.5 % under MNAR", got=change["MNAR"]["draw"], below=-0.025
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


def rare_class(examples, labels, weights=None):
    """Accuracy on the test digits, and the share of their eights that is found."""
    model = LogisticRegression(max_iter=300, class_weight=weights)
    guess = model.fit(examples, labels).predict(X_test)
    return (guess == y_test).mean(), (guess[y_test == 8] == 8).mean()


# %%
recall = {}
for weights in [None, "balanced"]:
    score, recall[weights] = rare_class(X[few], y[few], weights)
    print(
        f"class weights {weights!s:9} accuracy {score:.1%}, "
        f"eights found {recall[weights]:.0%}"
    )
before, after = recall.values()
_, full_recall = rare_class(X, y)
report["rare class"] = ("eights found", full_recall, before, after)
claim = "weighting the rare class finds over 15 points more eights"
verify.promise(claim, got=after - before, above=0.15)

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
rare_share = float((sampled[:, 0] > 0).mean())
claim = "the likelihood model draws the rare heap in 9 to 11 % of cases"
verify.promise(claim, got=rare_share, above=0.09, below=0.11)

# %% [markdown]
# Now GANs. One run would tell you about one run, so train eight at once, each with its own start, first on equal heaps, then on 90 to 10.


# %%
def right_heap(points):
    """Share of the right heap in what each of eight GANs draws after training."""
    history = many_runs.train(
        points, runs=8, steps=gan_steps, seed=seed, every_steps=gan_steps
    )
    drawn = history[-1]  # after the last step
    return (drawn[..., 0] > 0).float().mean(dim=1)


even, uneven = right_heap(two_heaps(rare=0.5)), right_heap(points)
title = "Share of the right heap in what eight GANs draw; the dashed line is the truth"
pictures.shares_by_run(
    {"50 : 50": even, "90 : 10": uneven}, {"50 : 50": 0.5, "90 : 10": 0.1}, title=title
)

# %%
lost = int((uneven < 0.01).sum())
shares = [round(value, 3) for value in uneven.tolist()]
print(f"90 : 10: {lost} of 8 GANs lost the rare heap; shares {shares}")
verify.promise("at least 4 of 8 GANs lose the rare heap", got=lost, at_least=4)
verify.promise("none of the 8 draws it too often", got=uneven.max(), below=0.15)
both = int(((even > 0.1) & (even < 0.9)).sum())
verify.promise("with equal heaps at least 6 of 8 draw both", got=both, at_least=6)

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
