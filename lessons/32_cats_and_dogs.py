# %% [markdown]
# # 32 · Cats and dogs
# <!-- badge -->
#
# You carry out the article's case study, 1,000 cats and 1,000 dogs, so that it works, and you measure which augmentation a GAN can stand.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | lessons 13 and 23 | show that a conditional GAN obeys its label<br>say what a discriminator learns that never sees a fake<br>put an augmentation where both players see it, and predict whether it leaks<br>tell from three scores that a discriminator has learnt its pictures by heart<br>report quality, discriminating power and diversity with their floors and their spread |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
steps = None  # None: chosen for this machine
short = None  # steps of each of the four small trainings

# %%
import numpy as np
import torch
import torch.nn.functional as F

from aigc_lab import (
    check,
    datasets,
    gan,
    metrics,
    plots,
    pretrained,
    runtime,
    training,
    verify,
    widgets,
)
from aigc_lab.gan import evaluation, evaluation_pictures
from aigc_lab.gan.augmented import AugmentedGanRecipe, Changes
from aigc_lab.pretrained.classifier import load_classifier
from aigc_lab.transforms import augment, from_signed, to_signed

# %%
runtime.seed_everything(seed)
steps = steps or runtime.pick(ci=20, cpu=320, gpu=2000)
short = short or runtime.pick(ci=8, cpu=210, gpu=600)

# %% [markdown]
# ## The case
#
# "Suppose we have 1,000 pictures of cats and 1,000 of dogs", says section 4.3 of the article that this course grew out of. Here they are, as silhouettes. A fifth is set
# aside for testing: no model of this lesson sees it. Of the rest, a dozen are doubles (lesson 12 finds them).

# %%
animals, test = datasets.load("cats_dogs"), datasets.load("cats_dogs", split="test")
real, new = to_signed(animals.images), to_signed(test.images)
training_set = (real, animals.labels)
rows = {}
for i, kind in enumerate(animals.names):
    rows[kind] = animals.images[animals.labels == i][:12]
title = (
    f"{len(animals):,} pictures to learn from, {len(test)} to test with, "
    "half of each are cats"
)
alt = "White silhouettes. Most cats sit, most dogs stand or sit; all are upright."
plots.image_rows(rows, title=title, alt=alt)

# %% [markdown]
# Then comes a recipe. Its step for D reads: draw a batch of *real* pictures, such as cats and dogs; let D give probabilities; compute D's loss, update D. No fake is
# mentioned. Take it at its word.

# %%
literal = gan.Discriminator((1, 28, 28), classes=2, width=8)
optimizer = torch.optim.Adam(literal.parameters(), lr=2e-3)
losses = []
for images, labels in training.Batches(training_set, batch_size=64, seed=seed):
    loss = F.softplus(-literal(images, labels)).mean()  # -log D(x), real pictures only
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    if len(losses) == 60:
        break
print(f"loss of D: {losses[0]:.3f} at first, {losses[-1]:.5f} after 60 steps")

# %% [markdown]
# A splendid curve: D is right about nearly every picture it meets.
#
# **Predict first.** What probability of being real does this D give to test pictures, to animals standing on their heads, to noise, and to what an untrained generator
# draws? Write down four numbers.

# %% tags=["predict"]
untrained = gan.Generator((1, 28, 28), classes=2, width=8)
with torch.no_grad():
    others = {
        "real, held out": new,
        "on their heads": new.flip(-2),
        "noise": torch.rand(400, 1, 28, 28) * 2 - 1,
        "an untrained G's": untrained(torch.randn(400, untrained.latent), test.labels),
    }
    says = {
        name: literal(images, test.labels).sigmoid().mean().item()
        for name, images in others.items()
    }
for name, probability in says.items():
    print(f"{name:17}  D says real with probability {probability:.3f}")

# %% [markdown]
# You should have seen numbers near 1 everywhere. "Real" was the right answer each time D was asked, so "real" is what it learnt. What can a generator learn from it? Its loss is -log D(G(z)), and its
# advice is the gradient of that loss:

# %%
fresh = gan.Discriminator((1, 28, 28), classes=2, width=8)
noise = torch.randn(64, untrained.latent)


def advice(discriminator):
    """Length of the gradient that G's weights get, at the first step."""
    labels = test.labels[:64]
    loss = gan.generator_loss(discriminator(untrained(noise, labels), labels))
    slopes = torch.autograd.grad(loss, list(untrained.parameters()))
    return sum(slope.square().sum() for slope in slopes).sqrt().item()


# %%
text = "D calls everything real with probability above 0.9, on average"
verify.promise(text, got=min(says.values()), above=0.9)
ratio = advice(literal) / advice(fresh)
text = "G's gradient is less than half of what an untrained D gives it"
verify.promise(text, got=ratio, below=0.5)

# %% [markdown]
# D praises noise, and G has no reason to change it. (In the pairing loss of our GAN the mistake can't even be written down: each real picture needs a drawn partner.) So D must see both. With that, the case study can begin.
#
# ## A judge of cats, dogs and gravity
#
# "It looks like a cat" is no measurement. A small classifier, trained on the 1,600 training pictures, is stored with the course. It has eight answers: cat or dog, upright
# or turned by one, two or three quarters. First judge the judge, on the test pictures turned in all four ways:

# %%
judge = load_classifier("cats_dogs")
with torch.no_grad():
    seen = [evaluation.positions(new.rot90(k, (-2, -1))) for k in range(4)]
right_animal, right_turn = [], []
for k, (animal, turn) in enumerate(seen):
    right_animal.append((animal == test.labels).double().mean().item())
    right_turn.append((turn == k).double().mean().item())
text = "it names the animal in at least 96 % of 1,600 cases"
verify.promise(text, got=np.mean(right_animal), at_least=0.96)
text = "it sees the position in at least 98 %"
verify.promise(text, got=np.mean(right_turn), at_least=0.98)

# %%
with torch.no_grad():
    real_features, new_features = judge.features(real), judge.features(new)
floor = metrics.frechet_distance(new_features, real_features[:400])
best = metrics.precision_recall(new_features, real_features[:400])
compared = "400 real training pictures against the 400 test pictures"
print(f"floor: {compared}: Fréchet distance {floor:.2f}")
print(f"ceiling: precision {best.precision:.2f}, recall {best.recall:.2f}")

# %% [markdown]
# The judge also lends its 64 features to the Fréchet distance and to precision and recall (lesson 34). It was trained to see animal and position, so these numbers will notice a wrong animal and a turned one, and will be rather blind to a rough outline.
# A judge trained on digits would have been more neutral, but has never seen a leg. No feature space is innocent: say which one you used. And no score means anything without its floor: real pictures don't get 0 either.
#
# ## A GAN that is told what to draw
#
# `GanRecipe` is conditional: G gets a class code beside its noise, and D judges a picture *as* a cat or *as* a dog. Train it on all 1,600 pictures. `AugmentedGanRecipe` is the same game with a change of pictures in front of D, real and drawn alike: mirrored, moved by up to 2
# pixels, turned by up to 10 degrees, each with a probability that rises during training to 0.4. Below you find out why just so. Every few steps the callback measures, instead of looking at losses.

# %%
small = Changes(flip=True, shift=2, turn=10)
often = max(1, steps // 24)


def measure(step, recipe, history):
    small.probability = min(0.4, step / 1000)
    if step and (step % (3 * often) == 0 or step == steps):
        at.append(step)
        measured.append(evaluation.report(recipe, training_set, test))


# %%
runtime.seed_everything(seed)
recipe = AugmentedGanRecipe.for_data(animals, augment=small, width=16)
at, measured = [], []
history = training.fit(
    recipe, training_set, steps=steps, seed=seed, callback=measure, every_steps=often
)
recipe = recipe.to("cpu")

# %%
title = "Which of the two panels tells you that it works?"
evaluation_pictures.losses_beside_scores(history, at, measured, title=title)

# %% [markdown]
# The losses of a GAN are the score of a game between two players who both improve. After the first hundred steps theirs goes nowhere, while the pictures change from blots to animals. Read measurements of the *pictures*, against held-out data.

# %%
rng = torch.Generator().manual_seed(seed)
z = torch.randn(12, recipe.generator.latent, generator=rng)
rows = {}
for i, kind in enumerate(animals.names):
    with torch.no_grad():
        rows[f"z, {kind}"] = from_signed(recipe.averaged(z, torch.full((12,), i)))
title = "Same noise in each column, another label in each row"
alt = "Twelve drawn cats above twelve drawn dogs; some columns share posture or size."
plots.image_rows(rows, title=title, alt=alt)

# %% [markdown]
# Does G obey its label, or do you only believe so? Ask the judge, who isn't told what was asked for.

# %%
told = torch.arange(400) % 2
drawn = recipe.sample(400, labels=told, generator=torch.Generator().manual_seed(seed))
with torch.no_grad():
    animal, _ = evaluation.positions(drawn)
seen_as = [torch.bincount(animal[told == i], minlength=2) / 200 for i in range(2)]
plots.heatmap(
    torch.stack(seen_as),
    rows=animals.names,
    columns=animals.names,
    numbers=True,
    size=(4, 2.6),
    x_label="the judge sees",
    y_label="asked for",
    title="Ask for a dog, get a dog",
)

# %%
obeys = (animal == told).double().mean().item()
text = "at least 88 % show the animal that was asked for"
verify.promise(text, got=obeys, at_least=0.88)

# %% [markdown]
# A cat and a dog are two points in the space of class codes. Nothing keeps you from asking for what lies between.


# %%
@torch.no_grad()
def between(dog=0.5, drawing=0):
    g, rng = recipe.averaged, torch.Generator().manual_seed(int(drawing))
    noise = torch.randn(12, g.latent, generator=rng)
    cat_code, dog_code = g.class_code.weight
    code = torch.cat([noise, cat_code.lerp(dog_code, dog).expand(12, -1)], dim=1)
    pictures = g.draw(g.to_map(code).unflatten(1, g.small))
    share = evaluation.positions(pictures)[0].double().mean().item()
    title = f"{dog:.0%} dog by its code; the judge calls {share:.0%} of them dogs"
    plots.images(from_signed(pictures), columns=12, title=title)


widgets.play(between, dog=(0.0, 1.0, 0.1, 0.5), drawing=(0, 20, 1, 0))

# %% [markdown]
# ## Where to put an augmentation
#
# Two thousand pictures are few, and the article advises to turn, crop and mirror them (sections 2.3 and 3.2.4). Lesson 13 showed on a mixture model that what you do to the data comes out again. A GAN offers another place: *in front of D*, on both sides. Then G's loss is computed from what D
# sees, and its gradient must come back through the change.


# %% tags=["exercise"]
def generator_loss_in_view(discriminator, change, real, drawn):
    """G's pairing loss, -log σ(D(drawn) - D(real)), mean over the batch, where D sees
    every picture only after `change`.
    discriminator: pictures -> logits; change: pictures -> pictures, differentiable.
    F.softplus is there."""
    ...  # your code


# %% tags=["check"]
generator_loss_in_view = check(
    "cats_dogs.generator_loss_in_view", generator_loss_in_view
)

# %% [markdown]
# Is that enough? Think of a change that turns pictures by quarters at random. A picture stands in one of four positions: upright 0, turned 1, 2 or 3 quarters. If a generator draws positions with shares $a = (a_0, a_1, a_2, a_3)$ and
# the change turns by $k$ quarters with probability $t_k$, then D sees the shares $M a$, where column $j$ of the matrix $M$ says where a picture in position $j$ comes out.


# %% tags=["exercise"]
def position_mixing(probabilities):
    """Entry [i, j] is the probability that a picture in position j comes out in
    position i.
    probabilities: (4,), of a turn by 0, 1, 2, 3 quarters -> (4, 4)."""
    ...  # your code


# %% tags=["check"]
position_mixing = check("cats_dogs.position_mixing", position_mixing)

# %% [markdown]
# All real animals are upright: $a = (1, 0, 0, 0)$. The change is safe if no *other* shares of G give D the same view. If $M$ can be inverted, that is certain. Each such matrix is a circulant, so its eigenvalues are the
# discrete Fourier transform of $t$, and the smallest of them says how much of a difference survives.

# %%
# NBVAL_CHECK_OUTPUT
turnings = {
    "no turn": [1, 0, 0, 0],
    "one quarter, every time": [0, 1, 0, 0],
    "random quarter, p = 0.4": [0.7, 0.1, 0.1, 0.1],
    "random quarter, every time": [0.25, 0.25, 0.25, 0.25],
    "0 or 180, evenly": [0.5, 0, 0.5, 0],
    "90, 180 or 270, never 0": [0, 1 / 3, 1 / 3, 1 / 3],
}
mixing_of = {}
for name, t in turnings.items():
    mixing_of[name] = position_mixing(torch.tensor(t, dtype=torch.float64))
    values = torch.linalg.eigvals(mixing_of[name]).abs()
    print(f"{name:28} smallest |eigenvalue| {values.min():.2f}")

# %%
for name, t in turnings.items():
    values = torch.linalg.eigvals(mixing_of[name]).abs().sort()[0]
    claim = f"{name}: |eigenvalues| are the Fourier transform of t"
    verify.agree(claim, values, np.sort(abs(np.fft.fft(t))), tolerance=1e-7)

# %% [markdown]
# Read the list slowly, for it corrects a common half-truth, that a change "every time" leaks.
#
# - *One quarter, every time*: a permutation. D sees every picture on its side, and nothing is lost. The only way to look right on the side is to be upright before.
# - *Random quarter, every time*, four angles with equal chances: everything is lost. Whatever positions G draws, D sees a quarter of each.
# - *0 or 180, evenly*: D sees the same, whether G draws upright animals or half of them on their heads.
# - *90, 180 or 270, never 0*: also every time, and yet invertible. The missing position gives the original away.
#
# So the question is not how often, but whether the *distribution* can be recovered (Karras et al., 2020). A probability below 1 of leaving the picture alone helps because it makes one position more frequent than the others. Try your own change:

# %%
g_shares = {  # of upright, turned by 1, 2, 3 quarters
    "on their heads": [0, 0, 1, 0],
    "half of each": [0.5, 0, 0.5, 0],
    "all four": [0.25, 0.25, 0.25, 0.25],
    "upright": [1, 0, 0, 0],
}


# %%
def view_of_d(turn_0=0.7, turn_90=0.1, turn_180=0.1, turn_270=0.1, G_draws="upright"):
    t = torch.tensor([turn_0, turn_90, turn_180, turn_270], dtype=torch.float64)
    mixing = position_mixing(t / t.sum().clamp(min=1e-9))
    real_view = mixing[:, 0]
    drawn_view = mixing @ torch.tensor(g_shares[G_draws]).double()
    apart = (real_view - drawn_view).abs().sum().item() / 2
    smallest = torch.linalg.eigvals(mixing).abs().min().item()
    views = {}
    for i in range(4):
        pair = {"real": real_view[i].item(), "drawn": drawn_view[i].item()}
        views[f"{90 * i} degrees"] = pair
    title = f"D's view differs by {apart:.2f}; smallest |eigenvalue| {smallest:.2f}"
    plots.grouped_bars(views, y_label="share", title=title, size=(7, 2.8))


# %%
# slider: from, to, step, start
most, some = (0.0, 1.0, 0.05, 0.7), (0.0, 1.0, 0.05, 0.1)
chances = {"turn_0": most, "turn_90": some, "turn_180": some, "turn_270": some}
widgets.play(view_of_d, **chances, G_draws=list(g_shares))

# %% [markdown]
# ## Watch it leak
#
# Algebra speaks of the best G against the best D. Now train four small GANs, each for a few seconds, on all 1,600 pictures:
#
# | | real pictures | drawn pictures |
# |---|---|---|
# | data only | random quarter, p = 0.5 | as drawn |
# | both, p < 1 | random quarter, p rising from 0 to 0.5 | the same |
# | both, random, every time | random quarter, p = 1 | the same |
# | both, 90 degrees, every time | turned by 90 degrees | the same |

# %%
quarters = (0, 90, 180, 270)
rising = Changes(turn=quarters)
views = {
    "data only": None,
    "both, p < 1": rising,
    "both, random, every time": lambda x: augment(x, turn=quarters),
    "both, 90 degrees, every time": lambda x: augment(x, turn=(90,)),
}


def raise_p(step, recipe, history):
    rising.probability = min(0.5, step / short)


# %%
def small_gan(view):
    """A GAN whose D looks through `view`, or for None turned data; and its data."""
    if view is not None:
        game = AugmentedGanRecipe.for_data(animals, width=8, augment=view)
        return game, training_set
    turned = [augment(real, turn=quarters, probability=0.5) for _ in range(4)]
    data = torch.cat(turned), animals.labels.repeat(4)
    return gan.GanRecipe.for_data(animals, width=8), data


# %% [markdown]
# **Predict first.** In each of the four rows of the table above: what share of the drawn animals will be upright? A random quarter turn leaves a picture as it is with chance 1/4, so p = 0.5 turns 37.5 % of them.

# %% tags=["predict"]
sheets, upright = {}, {}
for name, view in views.items():
    runtime.seed_everything(seed)
    game, data = small_gan(view)
    training.fit(game, data, steps=short, seed=seed, callback=raise_p, every_steps=10)
    rng = torch.Generator().manual_seed(seed)
    sheets[name] = game.to("cpu").sample(400, labels=told, generator=rng)
    with torch.no_grad():
        _, turn = evaluation.positions(sheets[name])
    upright[name] = (turn == 0).double().mean().item()
for name, share in upright.items():
    print(f"{name:29} {share:.0%} upright")

# %% [markdown]
# You should have seen the algebra come true. Changing the data only, G draws what the data now are. On both sides, the two invertible changes leave most animals on their feet, although one of them is applied every time. The random turn every time lets G
# stand where chance puts it: no position is wrong in D's eyes. The drawings are rough, for each generator learnt for a few seconds only.

# %%
rows = {name: from_signed(sheet[:14]) for name, sheet in sheets.items()}
title = "Two of these four generators know which way is up"
alt = "Rough animals; in rows 1 ('data only') and 3 (random turns) many are turned."
plots.image_rows(rows, title=title, alt=alt)

# %%
turned, lost = upright["data only"], upright["both, random, every time"]
safe = {name: upright[name] for name in ("both, p < 1", "both, 90 degrees, every time")}
verify.promise("data only: fewer than 70 % upright", got=turned, below=0.70)
text = "both, random, every time: fewer than with either safe change"
verify.promise(text, got=lost, below=min(safe.values()))
for name, share in safe.items():
    verify.promise(f"{name}: at least 65 % upright", got=share, at_least=0.65)

# %% [markdown]
# Why does p rise slowly? *Recoverable* says where the optimum is, not how soon it is found. When this text was written, p = 0.5 from the first step left most animals in a wrong position with one seed of two: G had settled there before D could
# tell positions apart through the turns. At first G draws noise and D needs no help, so begin without changes. Try it: in `raise_p` replace `min(0.5, step / short)` by 0.5; then run that cell and the four trainings again.
#
# ## Does it help?
#
# Not leaking is the least one can ask. Augmentation is there to keep D from learning its pictures by heart. How would you notice? A D trained on differences has no threshold, so count pairs.


# %% tags=["exercise"]
def win_rate(higher, lower):
    """In what share of all pairs, one of each set, is the logit from `higher` above the
    one from `lower`? A tie counts half.
    (n,), (m,) -> scalar."""
    ...  # your code


# %% tags=["check"]
win_rate = check("cats_dogs.win_rate", win_rate)

# %% [markdown]
# Use it three times: pictures D has *seen* against *drawn* ones; *held-out* real pictures against drawn ones; and *seen* against *held-out*. The last must be 1/2 for a D that knows cats and dogs, for both are real. It is 1 for a D that knows
# its album. Karras et al. put it in one number, from the means of the logits:


# %% tags=["exercise"]
def overfitting(seen, held_out, drawn):
    """Where the mean logit of held-out pictures lies between that of seen ones (0) and
    that of drawn ones (1).
    Three tensors (n,), (m,), (k,) -> scalar."""
    ...  # your code


# %% tags=["check"]
overfitting = check("cats_dogs.overfitting", overfitting)

# %%
with torch.no_grad():
    plain = recipe.discriminator.plain  # D without the change in front
    logits = {
        "seen": plain(real, animals.labels),
        "held out": plain(new, test.labels),
        "drawn": plain(drawn, told),
    }
title = "What D thinks of three kinds of pictures"
plots.histogram(logits, x_label="logit of D", title=title)

# %%
for a, b in [("seen", "drawn"), ("held out", "drawn"), ("seen", "held out")]:
    print(f"{a:9} above {b:9} in {win_rate(logits[a], logits[b]):.1%} of pairs")
print(f"overfitting: {overfitting(*logits.values()):.2f}")
memory = win_rate(logits["seen"], logits["held out"]).item()
text = "with 1,600 pictures and so few steps, D remembers none: at most 56 %"
verify.promise(text, got=memory, at_most=0.56)

# %% [markdown]
# Here D has seen each picture a dozen times only. To see the disease you need fewer pictures and more steps, which takes minutes. So a script of the course has done it beforehand: 100 cats and 100 dogs, 800 steps (256 times each picture), in six ways, with two seeds each.

# %%
facts, stored = pretrained.info("cats_dogs_gans"), pretrained.load("cats_dogs_gans")
print(
    f"{facts['script']}: {facts['seconds']:.0f} s of one thread, seeds {facts['seed']}"
)


# %%
runs = {
    "no change": "200 pictures: none",
    "small changes, both": "200 pictures: small changes, both",
    "no change, 1,600 pictures": "1600 pictures: none",
}
means, bands = {}, {}
for name, run in runs.items():
    remembered = stored[f"{run}/scores"][:, :, facts["measures"].index("memory")]
    means[name] = remembered.mean(dim=0)  # (seeds, times) -> (times,)
    bands[name] = remembered.amin(dim=0), remembered.amax(dim=0)

# %%
plots.curves(
    facts["steps"],
    means,
    bands=bands,
    x_label="step",
    y_label="share of pairs: seen above held-out",
    title="With 200 pictures D learns them by heart",
    markers=True,
)

# %%
ways = [
    "none",
    "small changes, both",
    "quarter turns, both, p < 1",
    "90 degrees, both, every time",
    "quarter turns, both, every time",
    "quarter turns, data only",
]
scores = {way: facts["result"][f"200 pictures: {way}"] for way in ways}
asked_of = {
    "recognised": "quality:\nupright, right animal",
    "frechet": "quality:\nFréchet distance",
    "real_held_out": "discriminating power:\nheld-out above drawn",
    "recall": "diversity:\nrecall",
}

# %%
title = f"200 pictures, 800 steps: six ways, {len(facts['seed'])} seeds each"
evaluation_pictures.trainings(scores, asked_of, title=title, logarithmic=["frechet"])

# %%
heads = {"recognised": "recognised", "frechet": "Fréchet"}
heads |= {"real_held_out": "held-out", "memory": "memory"}
heads |= {"recall": "recall", "distance": "distance"}
print(f"{'':32}" + "".join(f"{head:>11}" for head in heads.values()))
for way in ways:
    row = [np.mean(scores[way][measure]) for measure in heads]
    print(f"{way:32}" + "".join(f"{mean:11.2f}" for mean in row))

# %%
none = float(np.mean(scores["none"]["real_held_out"]))
both_sides = float(np.mean(scores["small changes, both"]["real_held_out"]))
text = "without changes D wins at most 65 % of pairs on held-out pictures"
verify.promise(text, got=none, at_most=0.65)
text = "with small changes on both sides at least 72 %"
verify.promise(text, got=both_sides, at_least=0.72)

# %%
fixed_turn = scores["90 degrees, both, every time"]["upright"]
data_only = scores["quarter turns, data only"]["upright"]
random_turn = scores["quarter turns, both, every time"]["upright"]
text = "a fixed quarter turn: over 95 % upright"
verify.promise(text, got=min(fixed_turn), above=0.95)
verify.promise("on the data only: under 85 %", got=max(data_only), below=0.85)
one, other = random_turn
seeds = f"{one:.0%} with one seed, {other:.0%} with the other"
print(f"upright after random turns, every time: {seeds}")
leaves_it_to_chance = max(random_turn) > 0.8 and min(random_turn) < 0.05
verify.promise("one seed above 80 %, one below 5 %", leaves_it_to_chance)

# %% [markdown]
# With 1,600 pictures D has less to learn by heart. What do small changes do then?

# %%
few, many = {}, {}
for way in ("none", "small changes, both"):
    few[way] = facts["result"][f"200 pictures: {way}"]
    many[way] = facts["result"][f"1600 pictures: {way}"]
    for number, result in ((200, few[way]), (1600, many[way])):
        frechet, recall = result["frechet"], result["recall"]
        said = f"Fréchet distance {frechet}, recall {recall}"
        print(f"{number:5} pictures, {way:20} {said}")

# %%
unchanged, changed = few["none"], few["small changes, both"]
text = "200 pictures: Fréchet distance lower by a third or more"
verify.promise(text, max(changed["frechet"]) < min(unchanged["frechet"]) / 1.5)
text = "200 pictures: recall higher in both seeds"
verify.promise(text, min(changed["recall"]) > max(unchanged["recall"]))
spread = many["none"]["frechet"] + many["small changes, both"]["frechet"]
text = "1,600 pictures: all four within 30 %"
verify.promise(text, got=max(spread) / min(spread), below=1.3)

# %% [markdown]
# Read from these tables:
#
# - *The leak is as the algebra says*, now with finished pictures. Turns on the data only come out again. After random turns every time no position is wrong in D's eyes, so chance decides: one seed left nearly all animals on their feet, the other none. A fixed turn every time does no harm.
# - *D keeps its power.* Without changes it puts a new real picture below a drawn one in more than 4 of 10 pairs, while it is sure about those it has seen. With changes on both sides it judges new pictures far better. That is what augmentation is for.
# - *G gets better, if pictures are few.* With 200 of them, small changes nearly halve the Fréchet distance, and recall rises in both seeds. With 1,600 there is nothing left to see: the seeds differ more than the ways.
# - *Which change matters.* Quarter turns with p < 1 don't leak, yet they help less than small changes: D spends its effort on animals lying on their side, which nobody will ever draw.
# - *One number is never enough.* Turns on the data only have the highest recall of all: among turned animals some lie close to every real one.
#
# Zhao et al. and Karras et al. find the same with larger networks and richer pictures: large gains from few pictures, small ones from many. So the article's "augmentation raises quality and diversity" is right under two conditions that it doesn't state: on both sides, and when data are short.

# %%
rows = {way: stored[f"200 pictures: {way}/drawn"][::2] for way in ways}
title = "Drawn after 800 steps on 200 pictures: five cats, five dogs"
alt = "Most stand upright; in the last two rows some animals are turned."
plots.image_rows(rows, title=title, alt=alt)

# %% [markdown]
# ## New, or remembered?
#
# A generator that hands out its training pictures would score well in all of the above but one: `distance`. Put beside each drawing its nearest training picture. Nearest in *what*? In pixels a shift hides a copy, so mirror the training pictures too, and look in the judge's features as well.

# %%
both_ways = torch.cat([real, real.flip(-1)])
with torch.no_grad():
    drawn_features = judge.features(drawn)
    real_features_both_ways = judge.features(both_ways)
distance, by_pixel = metrics.nearest_neighbours(drawn.flatten(1), both_ways.flatten(1))
_, by_feature = metrics.nearest_neighbours(drawn_features, real_features_both_ways)
rows = {
    "drawn": from_signed(drawn[:12]),
    "nearest in pixels": from_signed(both_ways[by_pixel[:12].flatten()]),
    "nearest in features": from_signed(both_ways[by_feature[:12].flatten()]),
}
title = "Nearest training pictures: relatives, or originals?"
alt = "Below each drawn animal two training pictures, alike in posture, not in outline."
plots.image_rows(rows, title=title, alt=alt)

# %%
of_new, _ = metrics.nearest_neighbours(new.flatten(1), both_ways.flatten(1))
ours, held_out = distance.mean().item(), of_new.mean().item()
found = f"drawn {ours:.1f}, held-out real {held_out:.1f}"
print(f"mean distance to the nearest training picture: {found}")
text = (
    "drawings are no closer to the training pictures than 0.6 of what new real ones are"
)
verify.promise(text, got=ours / held_out, at_least=0.6)

# %% [markdown]
# The row to compare with is not 0, but real pictures that the model can't have copied: their nearest training picture is also not far, since many cats sit alike. A drawing as near as that is no copy.
#
# ## The report
#
# Section 4.3.3 of the article asks for quality, discriminating power and diversity, and gives no way to measure them. Here is such a report, on the GAN you trained above.

# %%
own = metrics.nearest_neighbours(new.flatten(1), real.flatten(1))[0].mean().item()
final = evaluation.report(recipe, training_set, test)
on_real = pretrained.info("classifier_cats_dogs")["result"]["test_accuracy_upright"]
beside = {
    "recognised": f"judge on real test pictures {on_real:.1%}",
    "frechet": f"real against real {floor:.1f}",
    "precision": f"real against real {best.precision:.2f}",
    "real_held_out": "guessing 50 %",
    "memory": "nothing remembered 50 %",
    "recall": f"real against real {best.recall:.2f}",
    "distance": f"held-out real {own:.1f}",
}
print(evaluation.table(final, beside))

# %% [markdown]
# Read it line by line, each number beside what real pictures get. The drawings are well recognised and still far from the floor in Fréchet distance: the judge sees the right animal in a rough outline. Recall is below its ceiling: some kinds of cats are never drawn. And as D is not yet fooled, more
# steps would help: set `steps` above to three times as many, if you have two minutes.
#
# ## Check the article
#
# **Section 4.3.2, the steps of training: wrong as written.** D is trained on real pictures only. You did it: D calls noise real, and G gets next to no advice. (Section 3.2.3 of the same article has it right: real and generated pictures together.)
#
# **Sections 2.3 and 3.2.4, augmentation raises quality and diversity: it depends on where.** On the data only, it comes out again in the drawings. On both sides, it is safe if the distribution can be recovered; then it keeps D from learning by heart, and helps where pictures are few. Check the sharp end once more: a turn by a fixed
# quarter every time is safe, a random one every time is not.

# %%
fixed = mixing_of["one quarter, every time"]
at_random = mixing_of["random quarter, every time"]
four_times = torch.linalg.matrix_power(fixed, 4)
claim = "a fixed quarter turn, four times, is no turn: it can be undone"
verify.agree(claim, four_times, torch.eye(4).double())
claim = "after a random one, upright and on their heads look the same"
verify.agree(claim, at_random[:, 0], at_random[:, 2])

# %% [markdown]
# **Section 4.3.3, quality by "comparing generated and real pictures": imprecise.** There is no pair to compare: which real cat should drawing 17 resemble? Compare *distributions*, in stated features, beside a floor.
#
# **Section 4.3.3, D's judgement as a measure of success: imprecise.** The same D scores higher because G is worse, because D is better, or because D has learnt its pictures by heart. Held-out pictures tell the last from the second.
#
# **Section 4.3.3, diversity shows that the model generalises: imprecise.** A model that hands out its training pictures is as diverse as they are. Diversity needs recall, and generalising needs the distance to what was seen.

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("32_cats_and_dogs")

# %% [markdown]
# ## What you should be able to do now
#
# Train a conditional GAN on few pictures and show that it obeys; explain what D learns without fakes; say of an augmentation, before training, whether it leaks, and prove it by a matrix; tell a D that knows cats from a D that knows its album; write a report in which each number has a floor or a spread.
#
# Lesson 33 learns the same kind of pictures with a VAE. Lesson 34 asks how far the numbers of this report can be trusted, and lesson 35 takes the class code and the noise as handles.
#
# ## References
#
# - S. Zhao, Z. Liu, J. Lin, J.-Y. Zhu, S. Han, *Differentiable Augmentation for Data-Efficient GAN Training*, NeurIPS 2020.
# - T. Karras, M. Aittala, J. Hellsten, S. Laine, J. Lehtinen, T. Aila, *Training Generative Adversarial Networks with Limited Data*, NeurIPS 2020.
# - Z. Zhao, Z. Zhang, T. Chen, S. Singh, H. Zhang, *Image Augmentations for GAN Training*, 2020.
# - T. Miyato, M. Koyama, *cGANs with Projection Discriminator*, ICLR 2018.
# - T. Kynkäänniemi, T. Karras, S. Laine, J. Lehtinen, T. Aila, *Improved Precision and Recall Metric for Assessing Generative Models*, NeurIPS 2019.
# - I. Goodfellow et al., *Generative Adversarial Nets*, 2014.
