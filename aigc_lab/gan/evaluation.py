"""What to ask of a conditional GAN after training: quality, discriminating power, diversity. Here for the cats and dogs of lesson 32."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lab import datasets, display, metrics
from aigc_lab.metrics.roc import roc_auc
from aigc_lab.pretrained.classifier import Classifier, load_classifier
from aigc_lab.training import rng
from aigc_lab.transforms import augment, to_signed

ROWS = {  # of a report as a table: the score, its group, what it says, how it is written
    "recognised": ("quality", "recognised as asked, upright", ".1%"),
    "frechet": ("", "Fréchet distance", ".1f"),
    "precision": ("", "precision", ".2f"),
    "real_held_out": ("D's power", "held-out real above drawn", ".1%"),
    "memory": ("", "seen above held-out", ".1%"),
    "recall": ("diversity", "recall", ".2f"),
    "coverage": ("", "coverage", ".2f"),
    "distance": ("", "distance to nearest seen", ".1f"),
}


PICTURES = {"silhouettes": "cats_dogs", "quickdraw": "quickdraw_2000"}  # what a reader may choose


def load_animals(which: str) -> tuple[datasets.Dataset, datasets.Dataset]:
    """Cats and dogs to learn from and to test with. If a download fails, this says so and gives the silhouettes.

    Args:
        which: "silhouettes" or "quickdraw".

    Raises:
        ValueError: `which` is neither "silhouettes" nor "quickdraw".
    """
    if which not in PICTURES:
        raise ValueError(f"no pictures {which!r}; choose from: {', '.join(PICTURES)}")
    from aigc_lab.datasets.downloads import Unavailable  # only here: what it imports takes time

    try:
        return datasets.load(PICTURES[which]), datasets.load(PICTURES[which], split="test")
    except Unavailable as reason:
        display.say(f"QuickDraw isn't available now: {reason}.\nThe lesson goes on with the silhouettes.")
        return load_animals("silhouettes")


def judge_of(animals: datasets.Dataset, seed: int = 0) -> Classifier:
    """The judge of drawings of these animals: a stored classifier for the silhouettes, else one trained now."""
    return load_classifier("cats_dogs") if animals.name == "cats_dogs" else train_judge(animals, seed=seed)


def train_judge(animals: datasets.Dataset, *, epochs: int = 20, seed: int = 0) -> Classifier:
    """A classifier whose answer 2 k + c means animal c, turned counter-clockwise by k quarter turns.

    In every epoch each picture is mirrored, moved and slightly turned anew, then given a random quarter turn.
    """
    with rng.forked(seed):
        model, images = Classifier(classes=8), to_signed(animals.images)
        optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
        batches = [
            chosen for _ in range(epochs) for chosen in torch.randperm(len(images)).split(128) if len(chosen) == 128
        ]
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=6e-3, total_steps=len(batches))
        for chosen in batches:
            quarters = torch.randint(4, chosen.shape)
            seen = augment(images[chosen], flip=True, shift=2, turn=10)
            seen = torch.stack([seen.rot90(k, (-2, -1)) for k in range(4)])[quarters, torch.arange(len(chosen))]
            loss = F.cross_entropy(model(seen), 2 * quarters + animals.labels[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval().requires_grad_(False)


def positions(judge: Classifier, images: Tensor) -> tuple[Tensor, Tensor]:
    """The animal (0 cat, 1 dog) and the quarter turns (0 to 3, counter-clockwise) that a judge sees in each picture, (n,) twice."""
    answers = judge(images).argmax(dim=1)
    return answers % 2, answers // 2


@torch.no_grad()
def report(
    recipe,
    judge: Classifier,
    seen: tuple[Tensor, Tensor],
    held_out: datasets.Dataset,
    n: int = 400,
    quarters: int = 0,
    seed: int = 1,
) -> dict[str, float]:
    """Measure a GAN of cats and dogs.

    Args:
        recipe: a trained `GanRecipe`; a random change in front of D is left out.
        judge: names animal and position, and lends its features (`judge_of`).
        seen: pictures in [-1, 1] and labels that the GAN was trained on.
        held_out: pictures that it was not trained on.
        n: how many pictures it draws, half of them cats.
        quarters: quarter turns of all pictures before D sees them, for a D that was trained on turned pictures only.
        seed: of the noise.

    Returns:
        Quality: `recognised` (the asked animal, upright), `upright`, `frechet` (in the judge's features, against held_out), `precision`.
        Discriminating power: how often D puts real above drawn (`real_seen`, `real_held_out`), and seen above held-out pictures (`memory`; 1/2 is
        none). Diversity: `recall` and `coverage`, both in the judge's features; `distance`, from a drawn picture to the nearest seen one, in pixels'
        Euclidean distance.
    """
    labels = torch.arange(n) % 2
    drawn = recipe.sample(n, labels=labels, generator=torch.Generator().manual_seed(seed)).cpu()
    new = to_signed(held_out.images)
    animal, turned = positions(judge, drawn)
    real_features, drawn_features = judge.features(new), judge.features(drawn)
    precision, recall = metrics.precision_recall(real_features, drawn_features)
    network = getattr(recipe.discriminator, "plain", recipe.discriminator)
    device = next(network.parameters()).device

    def logits(images: Tensor, classes: Tensor) -> Tensor:
        return network(images.rot90(quarters, (-2, -1)).to(device), classes.to(device)).cpu()

    on_seen, on_new, on_drawn = logits(*seen), logits(new, held_out.labels), logits(drawn, labels)
    return {
        "recognised": ((animal == labels) & (turned == 0)).double().mean().item(),
        "upright": (turned == 0).double().mean().item(),
        "frechet": metrics.frechet_distance(real_features, drawn_features),
        "precision": precision,
        "real_seen": roc_auc(on_seen, on_drawn).item(),
        "real_held_out": roc_auc(on_new, on_drawn).item(),
        "memory": roc_auc(on_seen, on_new).item(),
        "recall": recall,
        "coverage": metrics.density_coverage(real_features, drawn_features).coverage,
        "distance": metrics.nearest_neighbours(drawn.flatten(1), seen[0].flatten(1))[0].mean().item(),
    }


def table(scores: Mapping[str, float], beside: Mapping[str, str]) -> str:
    """A `report` to print, one line per score: quality, D's power and diversity, with something to compare each with.

    Args:
        scores: as `report` gives them.
        beside: {score: text}: a floor, a ceiling, what guessing gives; scores may be left out.
    """
    lines = []
    for score, (group, name, form) in ROWS.items():
        line = f"{group:17}{name:30}{format(scores[score], form):>6}   {beside.get(score, '')}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def spread(
    scores: Mapping[str, Mapping[str, Sequence[float]]],
    measures: Mapping[str, str],
    beside: Mapping[str, Mapping[str, float]],
) -> str:
    """Several ways of training to print, one line each.

    A cell holds the mean over seeds, and after ± half the range from the lowest to the highest.

    Args:
        scores: {way: {measure: [score with the first seed, with the second, ...]}}.
        measures: {measure: head of its column}.
        beside: {name: {measure: score}}, lines to compare with, such as real pictures; a measure may be missing.
    """
    width = max(map(len, [*scores, *beside])) + 2
    lines = [" " * width + "".join(f"{head:>15}" for head in measures.values())]
    for way, found in scores.items():
        cells = [f"{sum(found[m]) / len(found[m]):.2f} ±{(max(found[m]) - min(found[m])) / 2:.2f}" for m in measures]
        lines.append(f"{way:{width}}" + "".join(f"{cell:>15}" for cell in cells))
    for name, found in beside.items():
        cells = [f"{found[m]:.2f}      " if m in found else "" for m in measures]
        lines.append(f"{name:{width}}" + "".join(f"{cell:>15}" for cell in cells).rstrip())
    return "\n".join(lines)
