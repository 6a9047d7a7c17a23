"""What to ask of a conditional GAN after training: quality, discriminating power, diversity. Here for the cats and dogs of lesson 32."""

from collections.abc import Mapping

import torch
from torch import Tensor

from aigc_lab import datasets, metrics
from aigc_lab.metrics.roc import roc_auc
from aigc_lab.pretrained.classifier import load_classifier
from aigc_lab.transforms import to_signed

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


def positions(images: Tensor) -> tuple[Tensor, Tensor]:
    """The animal (0 cat, 1 dog) and the quarter turns (0 to 3, counter-clockwise) that the stored judge sees in each picture, (n,) twice."""
    answers = load_classifier("cats_dogs")(images).argmax(dim=1)
    return answers % 2, answers // 2


@torch.no_grad()
def report(recipe, seen: tuple[Tensor, Tensor], held_out: datasets.Dataset, n: int = 400, quarters: int = 0, seed: int = 1) -> dict[str, float]:  # fmt: skip
    """Measure a GAN of cats and dogs.

    Args:
        recipe: a trained `GanRecipe`; if D has a change in front, it is left out.
        seen: pictures in [-1, 1] and labels that it was trained on.
        held_out: pictures that it was not.
        n: how many pictures it draws, half of them cats.
        quarters: turn all pictures so often before D sees them, for a D that was trained on turned ones only.
        seed: of the noise.

    Returns:
        Quality: `recognised` (the asked animal, upright), `upright`, `frechet` (in the judge's features, against held_out), `precision`.
        Discriminating power: how often D puts real above drawn (`real_seen`, `real_held_out`), and seen above held-out pictures (`memory`; 1/2 is
        none). Diversity: `recall` and `coverage`, both in the judge's features; `distance`, from a drawn picture to the nearest seen one, in pixels'
        Euclidean distance.
    """
    judge = load_classifier("cats_dogs")
    labels = torch.arange(n) % 2
    drawn = recipe.sample(n, labels=labels, generator=torch.Generator().manual_seed(seed)).cpu()
    new = to_signed(held_out.images)
    animal, turned = positions(drawn)
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
    """A `report` to print: a line a score, under quality, D's power and diversity, and beside each what to compare it with.

    Args:
        scores: as `report` gives them.
        beside: {score: text}: a floor, a ceiling, what guessing gives. Without it a score stands alone.
    """
    lines = []
    for score, (group, name, form) in ROWS.items():
        line = f"{group:17}{name:30}{format(scores[score], form):>6}   {beside.get(score, '')}"
        lines.append(line.rstrip())
    return "\n".join(lines)
