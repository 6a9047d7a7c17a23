# %% [markdown]
# # 32 · Cats and dogs
# <!-- badge -->
#
# You carry out the article's case study, 1,000 cats and 1,000 dogs, so that it works, and you measure which changes of its pictures a GAN can stand.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | lessons 13 and 23; the inverse and the eigenvalues of a matrix | show that a conditional GAN obeys its label<br>explain why a discriminator must see fakes<br>change pictures where both players see it, and predict whether the change leaks<br>tell from scores that a discriminator has learnt its pictures by heart, and find copies if there are any<br>report quality, discriminating power and diversity with their floors and their spread |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
seed = 0
steps = None  # None: chosen for this machine
short = None  # steps of each of the four small trainings
source = "silhouettes"  # or "quickdraw": sketches by people, a download of 1.6 MB

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
from aigc_lab.transforms import augment, from_signed, to_signed

# %%
runtime.seed_everything(seed)
gan_steps = steps or runtime.pick(ci=20, cpu=320, gpu=2000)
small_steps = short or runtime.pick(ci=8, cpu=210, gpu=600)

# %% [markdown]
# ## The case
#
# "Suppose we have 1,000 pictures of cats and 1,000 of dogs", says section 4.3 of the article that this course grew out of. Here they are, as silhouettes. A fifth is set
# aside for testing: no model of this lesson sees it. Among the rest are fourteen drawings that occur twice (lesson 12 finds them).
#
# Nobody sat down and drew these animals. Their author asked a text-to-image model for "a clean black silhouette", cut out what it drew and shrank it; what *that* model learnt from isn't
# stated (the datasheet `data/cats_dogs.md` says what is known). So a picture that this lesson calls real is one that *your* generator didn't draw. For sketches by people, set `source` above to `"quickdraw"`: two
# thousand drawings of the game Quick, Draw!. The promises below were measured on the silhouettes; you will see which ones carry over.

# %%
animals, test = evaluation.load_animals(source)
real, new = to_signed(animals.images), to_signed(test.images)
training_set = (real, animals.labels)
rows = {}
for i, kind in enumerate(animals.names):
    rows[kind] = animals.images[animals.labels == i][:12]
title = (
    f"{len(animals):,} pictures to learn from, {len(test)} to test with, "
    "half of each are cats"
)
kind_of = {"cats_dogs": "White silhouettes", "quickdraw_2000": "White line drawings"}
alt = f"{kind_of[animals.name]} on black, twelve cats above twelve dogs, all upright."
plots.image_rows(rows, title=title, alt=alt)

# %% [markdown]
# Then comes a recipe. Its step for D reads: draw a batch of *real* pictures, such as cats and dogs; let D give probabilities; compute D's loss, update D. It never mentions a fake. Take it at its
# word.

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
# You should have seen numbers near 1 everywhere. "Real" was the right answer each time D was asked, so "real" is what it learnt. What can a generator learn from such a D? G's loss is -log D(G(z)), and
# D's advice is the gradient of that loss:

# %%
fresh = gan.Discriminator((1, 28, 28), classes=2, width=8)
noise = torch.randn(64, untrained.latent)


def advice(discriminator):
    """Length of the gradient that G's weights get at the first step."""
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
# D praises noise, so G has no reason to draw anything else. (In the pairing loss of our GAN the mistake can't even be written down: each real picture needs a drawn partner.) D must see both kinds. With that, the case study can begin.
#
# ## A judge of cats, dogs and gravity
#
# "It looks like a cat" is no measurement. A small classifier, trained on the 1,600 training pictures, is stored with the course (for Quick, Draw! one is trained now, which takes half a minute). It
# has eight answers: cat or dog, upright or turned by one, two or three quarters. First judge the judge, on the test pictures turned in all four ways:

# %%
judge = evaluation.judge_of(animals, seed)
seen = [evaluation.positions(judge, new.rot90(k, (-2, -1))) for k in range(4)]
right_animal, right_turn = [], []
for k, (animal, turn) in enumerate(seen):
    right_animal.append((animal == test.labels).double().mean().item())
    right_turn.append((turn == k).double().mean().item())
text = "it names the animal in at least 96% of 1,600 cases"
verify.promise(text, got=np.mean(right_animal), at_least=0.96)
text = "it sees the position in at least 98%"
verify.promise(text, got=np.mean(right_turn), at_least=0.98)

# %%
real_features, new_features = judge.features(real), judge.features(new)
between_real = {"frechet": [], "precision": [], "recall": [], "coverage": []}
for part in real_features.split(400):
    pair = metrics.precision_recall(new_features, part)
    between_real["frechet"].append(metrics.frechet_distance(new_features, part))
    between_real["precision"].append(pair.precision)
    between_real["recall"].append(pair.recall)
    coverage = metrics.density_coverage(new_features, part).coverage
    between_real["coverage"].append(coverage)
best = {measure: float(np.mean(values)) for measure, values in between_real.items()}
print("400 real training pictures, four times, against the 400 test pictures:")
for measure, values in between_real.items():
    print(f"{measure:9} {best[measure]:5.2f}  ({min(values):.2f} to {max(values):.2f})")

# %% [markdown]
# The judge also lends its 64 features to four measures (lesson 34 takes them apart). The *Fréchet distance* compares mean and covariance of two sets. *Precision* is the share of drawings that have a real picture close by, *recall* the share of real ones that have a drawing
# close by; *coverage* asks the same as recall, but lets the real pictures say what "close" means. The judge was trained to see animal and position, so these numbers notice a wrong animal and a turned one, and are rather blind to a rough outline. No feature space is neutral: say
# which one you used. And no score means anything without its floor: real pictures, compared with real ones, don't get 0 or 1 either.
#
# ## A GAN that is told what to draw
#
# `GanRecipe` is conditional: G gets a class code beside its noise, and D judges a picture *as* a cat or *as* a dog. Train it on all 1,600 pictures. `AugmentedGanRecipe` is the same game, except that D sees every picture, real or drawn, only after a random change: mirrored, moved by up to 2
# pixels, turned by up to 10 degrees, each with a probability that rises from 0 to 0.4 during training. The reasons for this follow below. Every few steps a callback measures what G draws.

# %%
small = Changes(flip=True, shift=2, turn=10)
often = max(1, gan_steps // 24)


def measure(step, recipe, history):
    small.probability = 0.4 * step / gan_steps
    if step and (step % (3 * often) == 0 or step == gan_steps):
        at.append(step)
        measured.append(evaluation.report(recipe, judge, training_set, test))


# %%
runtime.seed_everything(seed)
recipe = AugmentedGanRecipe.for_data(animals, augment=small, width=16)
at, measured = [], []
history = training.fit(
    recipe,
    training_set,
    steps=gan_steps,
    seed=seed,
    callback=measure,
    every_steps=often,
)
recipe = recipe.to("cpu")

# %%
title = "Which of these panels tells you that the pictures get better?"
evaluation_pictures.losses_beside_scores(history, at, measured, title=title)

# %%
d_losses = [np.mean(third) for third in np.array_split(history["discriminator"], 3)]
g_losses = [np.mean(third) for third in np.array_split(history["generator"], 3)]
for name, losses in (("D", d_losses), ("G", g_losses)):
    print(
        f"mean loss of {name} by thirds:", ", ".join(f"{loss:.2f}" for loss in losses)
    )
text = "a draw would be log 2 = 0.69 for both: by this score D leads, G trails"
verify.promise(text, d_losses[2] < np.log(2) < g_losses[2])
text = "from the middle third to the last neither loss changes by a quarter"
change = max(abs(d_losses[2] / d_losses[1] - 1), abs(g_losses[2] / g_losses[1] - 1))
verify.promise(text, got=change, below=0.25)
third = max(0, len(measured) // 3 - 1)
later = measured[-1]["frechet"] / measured[third]["frechet"]
text = "after the first third the Fréchet distance still falls by a quarter or more"
verify.promise(text, got=later, at_most=0.75)

# %% [markdown]
# By the losses little happens after the first third, and G keeps losing. By the measurements blots became animals, and went on getting better. A GAN's losses are the score of a game between two players who both improve: read measurements of the *pictures*, against held-out ones.

# %%
rng = torch.Generator().manual_seed(seed)
z = torch.randn(12, recipe.generator.latent, generator=rng)
rows = {}
for i, kind in enumerate(animals.names):
    with torch.no_grad():
        rows[f"z, {kind}"] = from_signed(recipe.averaged(z, torch.full((12,), i)))
title = "Same noise in each column, another label in each row"
alt = "Twelve drawn cats above twelve drawn dogs, one noise a column."
plots.image_rows(rows, title=title, alt=alt)

# %% [markdown]
# Does G obey its label, or does it only look so? Ask the judge, who isn't told what was asked for.

# %%
told = torch.arange(400) % 2
drawn = recipe.sample(400, labels=told, generator=torch.Generator().manual_seed(seed))
animal, _ = evaluation.positions(judge, drawn)
seen_as = [torch.bincount(animal[told == i], minlength=2) / 200 for i in range(2)]
plots.heatmap(
    torch.stack(seen_as),
    rows=animals.names,
    columns=animals.names,
    numbers=True,
    size=(4, 2.6),
    x_label="the judge sees",
    y_label="asked for",
    title=f"Asked for dogs, it draws {seen_as[1][1]:.0%} dogs",
)

# %%
obeys = (animal == told).double().mean().item()
text = "at least 85% show the animal that was asked for"
verify.promise(text, got=obeys, at_least=0.85)

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
    share = evaluation.positions(judge, pictures)[0].double().mean().item()
    title = f"{dog:.0%} dog by its code; the judge calls {share:.0%} of them dogs"
    plots.images(from_signed(pictures), columns=12, title=title)


widgets.play(between, dog=(0.0, 1.0, 0.1, 0.5), drawing=(0, 20, 1, 0))

# %% [markdown]
# ## Where to put an augmentation
#
# Two thousand pictures are few, and the article advises turning, cropping and mirroring them (sections 2.3 and 3.2.4). Lesson 13 showed with a mixture model that what you do to the data comes out again. A GAN offers another place: *in front of D*, for real and drawn pictures alike. Then G's
# loss is computed from what D sees, and its gradient must come back through the change.


# %% tags=["exercise"]
def generator_loss_in_view(discriminator, change, real, drawn):
    """G's pairing loss, -log σ(D(drawn) - D(real)), mean over the batch, where D sees
    every picture only after `change`. Its gradient must reach `drawn`; whether one
    reaches `real` doesn't matter.
    discriminator: pictures -> logits; change: pictures -> pictures, differentiable.
    real, drawn: (n, c, h, w) -> scalar. F.softplus and F.logsigmoid are there."""
    ...  # your code


# %% tags=["check"]
generator_loss_in_view = check(
    "cats_dogs.generator_loss_in_view", generator_loss_in_view
)

# %% [markdown]
# Is that enough? Take a change that turns pictures at random by quarters. A picture is in one of four positions: upright 0, turned 1, 2 or 3 quarters. If a generator draws positions with shares $a = (a_0, a_1, a_2, a_3)$ and
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
# All real animals are upright: $a = (1, 0, 0, 0)$. The change is safe if no *other* shares of G give D the same view. If $M$ can be inverted, that is certain. $M$ is a circulant, so its eigenvalues are the
# discrete Fourier transform of $t$, and none of them may be 0.
#
# That is more than you need, though: shares can't be negative, and the data are known. Suppose that G draws a share $s$ of its animals in wrong positions, $a = (1 - s)(1, 0, 0, 0) + s\,b$ with $b_0 = 0$. Then D's view differs from the real one by $s\,(M b - M(1, 0, 0, 0))$. So look for
# the $b$ that differs least. If even that one is seen, nothing leaks.

# %%
steps_of_b = torch.arange(21, dtype=torch.float64) / 20
b = torch.cartesian_prod(steps_of_b, steps_of_b, steps_of_b)
never_upright = F.pad(b[(b.sum(dim=1) - 1).abs() < 1e-9], (1, 0))  # (0, b1, b2, b3)


def least_seen(mixing):
    """By how much D's view differs at least if no drawn animal is upright, from 0 to 1:
    half the sum of the differences of the four shares."""
    apart = mixing @ never_upright.T - mixing[:, :1]
    return (apart.abs().sum(dim=0) / 2).min().item()


# %%
# NBVAL_CHECK_OUTPUT
turnings = {
    "no turn": [1, 0, 0, 0],
    "one quarter, every time": [0, 1, 0, 0],
    "random quarter, p = 0.4": [0.7, 0.1, 0.1, 0.1],
    "random quarter, every time": [0.25, 0.25, 0.25, 0.25],
    "0 or 180, evenly": [0.5, 0, 0.5, 0],
    "0 or 90, evenly": [0.5, 0.5, 0, 0],
    "90, 180 or 270, never 0": [0, 1 / 3, 1 / 3, 1 / 3],
}
mixing_of, eigenvalues = {}, {}
print(f"{'':28} smallest |eigenvalue|   least seen")
for name, t in turnings.items():
    mixing = torch.as_tensor(position_mixing(torch.tensor(t, dtype=torch.float64)))
    mixing_of[name] = mixing
    eigenvalues[name] = torch.linalg.eigvals(mixing).abs().sort()[0]
    print(f"{name:28} {eigenvalues[name][0]:21.2f} {least_seen(mixing):12.2f}")

# %%
for name, t in turnings.items():
    claim = f"{name}: |eigenvalues| are the Fourier transform of t"
    fourier = np.sort(abs(np.fft.fft(t)))
    verify.agree(claim, eigenvalues[name], fourier, tolerance=1e-7)
alternating = torch.tensor([1, -1, 1, -1]).double()
claim = "0 or 90, evenly: what changes sign with every quarter is lost"
verify.agree(claim, mixing_of["0 or 90, evenly"] @ alternating, torch.zeros(4).double())

# %% [markdown]
# Read the list slowly, for it corrects two half-truths: that a change "every time" leaks, and that a change which can't be inverted does.
#
# - *One quarter, every time*: a permutation. D sees every picture on its side, and nothing is lost. To look right on its side, an animal must have been upright before.
# - *Random quarter, every time*, four angles with equal chances: everything is lost. Whatever positions G draws, D sees a quarter of each.
# - *0 or 180, evenly*: D sees the same whether G draws upright animals or stands half of them on their heads.
# - *0 or 90, evenly*: an eigenvalue is 0 here too, since $M$ sends $(1, -1, 1, -1)$ to 0. But to get from $(1, 0, 0, 0)$ along this direction, forwards or backwards, some share must become negative, which no G can draw. Only upright looks right.
# - *90, 180 or 270, never 0*: also every time, and yet safe. The missing position gives the original away.
#
# So the question is not how often pictures are changed, but whether what D sees still tells your data from everything else that G might draw. Karras et al. (2020) ask that the *distribution* can be recovered, whatever it is: that is sufficient, for any data. A probability below 1 secures it here, because it leaves
# one position more frequent than the others. Try your own change:

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
    mixing = torch.as_tensor(position_mixing(t / t.sum().clamp(min=1e-9)))
    real_view = mixing[:, 0]
    drawn_view = mixing @ torch.tensor(g_shares[G_draws]).double()
    apart = (real_view - drawn_view).abs().sum().item() / 2
    least = least_seen(mixing)
    views = {}
    for i in range(4):
        pair = {"real": real_view[i].item(), "drawn": drawn_view[i].item()}
        views[f"{90 * i} degrees"] = pair
    title = f"D's view differs by {apart:.2f}; with none upright by {least:.2f} or more"
    plots.grouped_bars(views, y_label="share", title=title, size=(7, 2.8))


# %%
# slider: from, to, step, start
most, some = (0.0, 1.0, 0.05, 0.7), (0.0, 1.0, 0.05, 0.1)
chances = {"turn_0": most, "turn_90": some, "turn_180": some, "turn_270": some}
widgets.play(view_of_d, **chances, G_draws=list(g_shares))

# %% [markdown]
# ## Watch it leak
#
# Algebra speaks of the best G against the best D. Now train four small GANs, each for some seconds, on all 1,600 pictures:
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
    rising.probability = 0.5 * step / small_steps


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
# **Predict first.** In each of the four rows of the table above: what share of the drawn animals will be upright? A random quarter turn leaves a picture as it is with chance 1/4, so p = 0.5 turns 37.5% of them.

# %% tags=["predict"]
sheets, upright = {}, {}
for name, view in views.items():
    runtime.seed_everything(seed)
    game, data = small_gan(view)
    training.fit(
        game, data, steps=small_steps, seed=seed, callback=raise_p, every_steps=10
    )
    rng = torch.Generator().manual_seed(seed)
    sheets[name] = game.to("cpu").sample(400, labels=told, generator=rng)
    _, turn = evaluation.positions(judge, sheets[name])
    upright[name] = (turn == 0).double().mean().item()
for name, share in upright.items():
    print(f"{name:29} {share:.0%} upright")

# %% [markdown]
# You should have seen the algebra come true. Changing the data only, G draws what the data now are. With the same change on both sides, the two changes that D can see through leave most animals on their feet, although one of them is applied every time. After the random turn every time no position
# is wrong in D's eyes, so chance decides where G stands: run it with another `seed`. The drawings are rough, because each generator learnt for a few seconds only.

# %%
rows = {
    f"{name}: {upright[name]:.0%}": from_signed(sheets[name][:12]) for name in sheets
}
title = "Which of these four generators know which way is up?"
alt = "Rough animals. Upright are " + "; ".join(rows) + "."
plots.image_rows(rows, title=title, alt=alt)

# %%
half_way = (1 + 0.625) / 2  # between all upright and the share in the changed data
text = "data only: nearer to the data's 62.5% upright than to 100%"
verify.promise(text, got=upright["data only"], below=half_way)
for name in ("both, p < 1", "both, 90 degrees, every time"):
    text = f"{name}: at least 5 points more upright than with data only"
    verify.promise(text, got=upright[name] - upright["data only"], at_least=0.05)

# %% [markdown]
# Why does p rise slowly? The algebra says where the optimum is, not how soon it is found. If G settles in a wrong position before D can tell positions apart through the turns, it may take long to come back. At first G draws noise and D needs no help, so begin without changes. Try the opposite: in `raise_p` replace
# `0.5 * step / small_steps` by 0.5; then run that cell and the four trainings again, with two or three seeds.
#
# ## Does it help?
#
# Not leaking is the least you can ask. Augmentation is there to keep D from learning its pictures by heart. How would you notice that it has? A D trained on differences has no threshold, so count pairs.


# %% tags=["exercise"]
def win_rate(higher, lower):
    """In what share of all pairs, one of each set, is the logit from `higher` above the
    one from `lower`? A tie counts half.
    (n,), (m,) -> scalar."""
    ...  # your code


# %% tags=["check"]
win_rate = check("cats_dogs.win_rate", win_rate)

# %% [markdown]
# Use it three times: pictures that D has *seen* against *drawn* ones; *held-out* real pictures against drawn ones; and *seen* against *held-out*. The last is 1/2 for a D that knows cats and dogs, since both are real, and 1 for a D that knows
# its album by heart. Karras et al. put it in one number, from the means of the logits:


# %% tags=["exercise"]
def overfitting(seen, held_out, drawn):
    """Where the mean logit of held-out pictures lies between that of seen ones (0) and
    that of drawn ones (1).
    Tensors (n,), (m,), (k,) -> scalar."""
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
    share = float(win_rate(logits[a], logits[b]))
    print(f"{a:9} above {b:9} in {share:.1%} of pairs")
print(f"overfitting: {float(overfitting(*logits.values())):.2f}")
print(f"D has seen each picture {gan_steps * 64 / len(real):.0f} times")
memory = float(win_rate(logits["seen"], logits["held out"]))
text = "with 1,600 pictures and so few steps D hardly prefers those it has seen"
verify.promise(text, got=memory, at_most=0.56)

# %% [markdown]
# To see the disease you need fewer pictures and more steps, which takes minutes. So a script of the course has done it beforehand, on silhouettes: 100 cats and 100 dogs, 800 steps (256 times each picture), in seven ways, with several seeds each: no change, or one change and nothing else. In two of the ways the data alone are changed.

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
    title="With 200 pictures and no change D learns them by heart",
    markers=True,
)

# %%
ways = [
    "none",
    "90 degrees, both, every time",
    "quarter turns, both, p < 1",
    "quarter turns, both, every time",
    "quarter turns, data only",
    "small changes, both",
    "small changes, data only",
]
scores = {way: facts["result"][f"200 pictures: {way}"] for way in ways}
asked_of = {
    "upright": "quality:\nupright",
    "frechet": "quality:\nFréchet distance",
    "real_held_out": "discriminating power:\nheld-out above drawn",
    "recall": "diversity:\nrecall",
    "coverage": "diversity:\ncoverage",
}

# %%
title = (
    f"200 pictures, 800 steps, seven ways; a dot for each of {len(facts['seed'])} seeds"
)
evaluation_pictures.trainings(scores, asked_of, title=title, logarithmic=["frechet"])

# %%
heads = {"upright": "upright", "frechet": "Fréchet", "real_held_out": "held-out"}
heads |= {"recall": "recall", "coverage": "coverage"}
print(evaluation.spread(scores, heads, {"real against real": best}))

# %%
none, small_changes = scores["none"], scores["small changes, both"]
fixed, at_random = (scores[way] for way in (ways[1], ways[3]))
text = "a fixed quarter turn: over 90% upright with each seed"
verify.promise(text, got=min(fixed["upright"]), above=0.9)
text = "quarter turns on both sides, p < 1: over 90% upright with each seed"
verify.promise(text, got=min(scores[ways[2]]["upright"]), above=0.9)
text = "on the data only: with no seed more upright than the data's 70%"
verify.promise(text, got=max(scores[ways[4]]["upright"]), at_most=0.70)
ends = ", ".join(f"{share:.0%}" for share in at_random["upright"])
print(f"upright after random turns, every time, by seed: {ends}")

# %%
text = "small changes on both sides: D ranks more held-out pictures above drawn ones"
worst, of_none = min(small_changes["real_held_out"]), max(none["real_held_out"])
verify.promise(text, got=worst - of_none, above=0.15)
text = "and the Fréchet distance falls by a quarter or more, seed by seed"
ratios = np.divide(small_changes["frechet"], none["frechet"])
verify.promise(text, got=max(ratios), at_most=0.75)

# %%
for way in ("90 degrees, both, every time", "quarter turns, both, p < 1"):
    text = f"{way}: hardly another Fréchet distance than without a change"
    ratio = np.mean(scores[way]["frechet"]) / np.mean(none["frechet"])
    verify.promise(text, got=ratio, near=(1, 0.25))
data_only = np.mean(scores["small changes, data only"]["frechet"])
of_none, of_small = np.mean(none["frechet"]), np.mean(small_changes["frechet"])
text = "small changes, data only: nearer to both sides than to no change"
verify.promise(text, got=data_only, below=(of_none + of_small) / 2)
turned = scores["quarter turns, data only"]
text = "quarter turns, data only: recall above that of no change, coverage below"
above = np.mean(turned["recall"]) > np.mean(none["recall"])
below = np.mean(turned["coverage"]) < np.mean(none["coverage"])
verify.promise(text, above and below)

# %% [markdown]
# Quarter turns on the data only bring a surprise: by recall they beat no change, by coverage they lose. Which is right? You can make such drawings: turn three of eight that your own GAN drew.

# %%
some = torch.arange(400) % 8 < 3
turned = drawn.clone()
turned[some] = drawn[some].rot90(1, (-2, -1))
diversity = {}
sets = {"as drawn": drawn, "3 of 8 turned": turned, "the other 5": drawn[~some]}
for name, images in sets.items():
    of = judge.features(images)
    recall = metrics.precision_recall(new_features, of).recall
    coverage = metrics.density_coverage(new_features, of).coverage
    diversity[name] = {"recall": recall, "coverage": coverage}
    print(f"{name:15} recall {recall:.2f}   coverage {coverage:.2f}")
five, eight = diversity["the other 5"], diversity["3 of 8 turned"]
text = "the turned ones add next to nothing to recall"
verify.promise(text, got=eight["recall"] - five["recall"], near=(0, 0.03))
text = "recall hardly suffers, or rises"
loss = diversity["as drawn"]["recall"] - eight["recall"]
verify.promise(text, got=loss, below=0.02)
text = "coverage falls"
verify.promise(text, got=eight["coverage"] - diversity["as drawn"]["coverage"], below=0)

# %% [markdown]
# With 1,600 pictures D has less to learn by heart. What do small changes do then?

# %%
few, many = {}, {}
for way in ("none", "small changes, both"):
    few[way] = facts["result"][f"200 pictures: {way}"]
    many[way] = facts["result"][f"1600 pictures: {way}"]
heads = {"frechet": "Fréchet", "real_held_out": "held-out", "memory": "memory"}
for count, found in (("200 pictures", few), ("1,600 pictures", many)):
    print(count + "\n" + evaluation.spread(found, heads, {"real against real": best}))

# %%
gain = np.mean(few["none"]["frechet"]) - np.mean(few["small changes, both"]["frechet"])
later = np.mean(many["none"]["frechet"]) - np.mean(
    many["small changes, both"]["frechet"]
)
text = "small changes lower the Fréchet distance at least three times as much with 200"
verify.promise(text, got=gain - 3 * abs(later), above=0)

# %% [markdown]
# Read from these tables:
#
# - *The leak is as the algebra says*, now with finished pictures. Turns on the data only come out again. After random turns every time no position is wrong in D's eyes, so chance decides, seed by seed. A fixed turn every time does no harm; it does no good either, for D meets each picture in one form only and learns it by heart as before.
# - *D keeps its power.* Without changes it is sure about the pictures it has seen, and little better than guessing about new ones. With small changes on both sides it judges new pictures far better. That is what augmentation is for.
# - *G gets better if pictures are few.* With 200 of them, small changes lower the Fréchet distance clearly. With 1,600 there is little left to gain. Small changes on the data only do almost as well here: what leaks is a small turn or shift, and a judge that was trained on small turns and shifts is the wrong one to ask about it.
# - *Which change matters.* Quarter turns with p < 1 don't leak, yet they help G little. D must also learn what animals lying on their side look like, which nobody will ever draw.
# - *One number is never enough.* Turn three of eight drawings, and recall hardly suffers or even rises. The turned ones add next to nothing: the other five alone score about the same. But where drawings are sparser, each one's nearest neighbours lie farther away, so its ball widens and takes in more real pictures. Coverage puts the balls round the real pictures, which don't change, and falls.
#
# Zhao et al. and Karras et al. find the same with larger networks and richer pictures: large gains with few pictures, small ones with many. So the article's "augmentation raises quality and diversity" holds under conditions that it doesn't state: a change that doesn't leak, on both sides, when data are short.

# %%
rows = {way: stored[f"200 pictures: {way}/drawn"][::2] for way in ways}
title = "Drawn after 800 steps on 200 pictures: five cats, five dogs"
shares = [f"{way}: {scores[way]['upright'][0]:.0%} upright" for way in ways]
alt = "A row for each kind of change, first seed. " + "; ".join(shares) + "."
plots.image_rows(rows, title=title, alt=alt)

# %% [markdown]
# ## New, or remembered?
#
# A generator that hands out its training pictures would score well in nearly all of the above. Put beside each drawing its nearest training picture, then. Nearest in *what*? A copy that is mirrored and moved by one pixel is still a copy, but its pixels lie far from the original's. So compare with every training picture in 18 versions:
# mirrored or not, in nine places. And test the test: plant copies, and see whether it finds them.


# %%
def versions(images):
    """Mirrored or not, moved by up to one pixel down and right: 18 of each picture."""
    framed = F.pad(torch.cat([images, images.flip(-1)]), (1, 1, 1, 1), value=-1.0)
    windows = [(i, j) for i in range(3) for j in range(3)]
    return torch.cat([framed[..., i : i + 28, j : j + 28] for i, j in windows])


planted = drawn[:200].clone()  # a generator that copies every fifth picture
originals = torch.randperm(len(real), generator=rng)[:40]
copies = augment(real[originals], flip=True, shift=1, generator=rng)
grain = 0.1 * torch.randn(copies.shape, generator=rng)
planted[::5] = (copies + grain).clamp(-1, 1)
sets = {"held-out": new[:200], "drawn": drawn[:200], "a fifth copied": planted}

# %%
plain_pixels = real.flatten(1), lambda images: images.flatten(1)
spaces = {
    "pixels": plain_pixels,
    "judge's features": (real_features, judge.features),
    "pixels, 18 versions": (versions(real).flatten(1), plain_pixels[1]),
}
nearest, by = {}, {}
for space, (known, view) in spaces.items():
    views = torch.cat([view(images) for images in sets.values()])
    distance, by[space] = metrics.nearest_neighbours(views, known)
    nearest[space] = dict(zip(sets, distance[:, 0].split(200)))

# %%
print(f"{'':22}{'mean distance':>36}{'below the limit':>24}")
print(f"{'':22}" + "".join(f"{name:>15}" for name in sets) + "     drawn    copies")
found = {}
for space, of in nearest.items():
    limit = of["held-out"].quantile(0.02)
    below = of["drawn"] < limit
    found[space] = (of["a fifth copied"][::5] < limit).double().mean().item()
    means = "".join(f"{distances.mean():15.2f}" for distances in of.values())
    print(f"{space:22}{means}{below.double().mean():10.1%}{found[space]:10.1%}")

# %% [markdown]
# The limit is set by held-out pictures, which can't be copies: 2% of them lie below it. The mean doesn't serve: with a fifth of copies it falls a little, and nothing says how much would be too much. Look at the *lower tail*, in a space where a copy lies near its original. In plain pixels, and in the judge's features too, most of these copies lie no nearer to it than strangers do.

# %%
text = "18 versions: at least 95% of the planted copies are found"
verify.promise(text, got=found["pixels, 18 versions"], at_least=0.95)
others = max(found["pixels"], found["judge's features"])
text = "neither pixels as they are nor features find half of them"
verify.promise(text, got=others, below=0.5)
of = nearest["pixels, 18 versions"]
ratio = of["a fifth copied"].mean() / of["held-out"].mean()
text = "yet their mean distance stays above 0.8 of what new pictures have"
verify.promise(text, got=float(ratio), above=0.8)

# %%
closest = of["drawn"].argsort()[:12]
rows_of = 200 + closest  # rows 200 to 399 are the drawn ones
which = by["pixels, 18 versions"][rows_of, 0]
of_feature = by["judge's features"][rows_of, 0]
rows = {
    "drawn": from_signed(drawn[closest]),
    "nearest of 18 versions": from_signed(versions(real)[which]),
    "nearest in features": from_signed(real[of_feature]),
}
title = "The twelve drawings that lie closest to a training picture"
alt = "Below each drawn animal two training pictures: nearest in pixels, in features."
plots.image_rows(rows, title=title, alt=alt)

# %% [markdown]
# These are the most suspicious of 200, so look for copies here first. A drawing above the limit isn't proved to be new; a drawing below it isn't proved to be a copy, since 2% of new real pictures lie there too, and a smooth drawing of a sitting cat lies near many cats. If many more than 2% of yours do, look closer.
#
# ## The report
#
# Section 4.3.3 of the article asks for quality, discriminating power and diversity, and gives no way to measure them. Here is such a report, on the GAN you trained above.

# %%
own = metrics.nearest_neighbours(new.flatten(1), real.flatten(1))[0].mean().item()
final = evaluation.report(recipe, judge, training_set, test)
on_real = ((seen[0][0] == test.labels) & (seen[0][1] == 0)).double().mean().item()
beside = {
    "recognised": f"judge on real test pictures {on_real:.1%}",
    "frechet": f"real against real {best['frechet']:.1f}",
    "precision": f"real against real {best['precision']:.2f}",
    "real_held_out": "guessing 50%",
    "memory": "nothing remembered 50%",
    "recall": f"real against real {best['recall']:.2f}",
    "coverage": f"real against real {best['coverage']:.2f}",
    "distance": f"held-out real {own:.1f}",
}
print(evaluation.table(final, beside))

# %%
text = "Fréchet distance at least twice its floor: still far from real"
verify.promise(text, got=final["frechet"] / best["frechet"], at_least=2)
text = "coverage below what real pictures reach: some kinds of animals are never drawn"
verify.promise(text, got=final["coverage"] - best["coverage"], below=0)
text = "D still ranks held-out pictures above drawn ones in over 60% of pairs"
verify.promise(text, got=final["real_held_out"], above=0.6)

# %% [markdown]
# Read it line by line, each number beside what real pictures get. The drawings are well recognised and still far from the floor in Fréchet distance: the judge sees the right animal in a rough outline. D isn't fooled yet, so more steps should help: set `steps` above to three times as many, if you have
# two minutes.
#
# ## Check the article
#
# **Section 4.3.2, the steps of training: wrong as written.** D is trained on real pictures only. You tried it: D calls noise real, and G gets little advice. (Section 3.2.3 of the same article has it right: real and generated pictures together.)
#
# **Sections 2.3 and 3.2.4, augmentation raises quality and diversity: it depends on where.** On the data only, it comes out again in the drawings. On both sides, it is safe if what D sees still tells the data from everything else; then it can keep D from learning by heart, and helps where pictures are few. Check the extreme case once more: a
# turn by a fixed quarter every time is safe, a random one every time is not.

# %%
one_quarter = mixing_of["one quarter, every time"]
any_quarter = mixing_of["random quarter, every time"]
four_times = torch.linalg.matrix_power(one_quarter, 4)
claim = "a fixed quarter turn, four times, is no turn: it can be undone"
verify.agree(claim, four_times, torch.eye(4).double())
claim = "after a random one, upright and on their heads look the same"
verify.agree(claim, any_quarter[:, 0], any_quarter[:, 2])

# %% [markdown]
# **Section 4.3.3, quality by "comparing generated and real pictures": imprecise.** There is no pair to compare: which real cat should drawing 17 resemble? Compare *distributions*, in stated features, beside a floor.
#
# **Section 4.3.3, D's judgement as a measure of success: imprecise.** The same D scores higher because G is worse, because D is better, or because D has learnt its pictures by heart. Held-out pictures tell the third case from the second.
#
# **Section 4.3.3, diversity shows that the model generalises: imprecise.** A model that hands out its training pictures is as diverse as they are. Measure diversity by recall and coverage, and look for copies before you speak of generalising.

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("32_cats_and_dogs")

# %% [markdown]
# ## What you should be able to do now
#
# Train a conditional GAN on few pictures and show that it obeys; explain what D learns without fakes; say of an augmentation, before training, whether it leaks, and prove it by a matrix; tell a D that knows cats from a D that knows its album; find copies, and prove that you would have found them; write a report in which each number has
# a floor or a spread.
#
# Lesson 33 learns the same kind of pictures with a VAE. Lesson 34 asks how far the numbers of this report can be trusted, and lesson 35 takes the class code and the noise as handles.
#
# ## References
#
# - S. Zhao, Z. Liu, J. Lin, J.-Y. Zhu, S. Han, *Differentiable Augmentation for Data-Efficient GAN Training*, NeurIPS 2020.
# - T. Karras, M. Aittala, J. Hellsten, S. Laine, J. Lehtinen, T. Aila, *Training Generative Adversarial Networks with Limited Data*, NeurIPS 2020.
# - Z. Zhao, Z. Zhang, T. Chen, S. Singh, H. Zhang, *Image Augmentations for GAN Training*, 2020.
# - M. Naeem, S. Oh, Y. Uh, Y. Choi, J. Yoo, *Reliable Fidelity and Diversity Metrics for Generative Models*, ICML 2020.
# - D. Ha, D. Eck, *A Neural Representation of Sketch Drawings*, ICLR 2018 (on drawings of Quick, Draw!).
# - T. Miyato, M. Koyama, *cGANs with Projection Discriminator*, ICLR 2018.
# - T. Kynkäänniemi, T. Karras, S. Laine, J. Lehtinen, T. Aila, *Improved Precision and Recall Metric for Assessing Generative Models*, NeurIPS 2019.
# - I. Goodfellow et al., *Generative Adversarial Nets*, 2014.
