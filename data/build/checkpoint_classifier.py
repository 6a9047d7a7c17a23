"""Train the classifier of the digits and store it: data/checkpoints/classifier_digits.safetensors and .json.

Run `python data/build/checkpoint_classifier.py`, about 90 s on one core. It learns from the 8,000 training digits, each slightly turned, moved,
scaled and slanted anew in every epoch; the 2,000 test digits are scored once, at the end.
"""

import json
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import Tensor

from aigc_lab import datasets, runtime
from aigc_lab.pretrained.classifier import Classifier
from aigc_lab.transforms import to_signed

OUT = Path(__file__).parents[1] / "checkpoints"
SEED, EPOCHS, BATCH = 0, 20, 128
TURN, MOVE, SCALE, SLANT = math.radians(12), 2 / 28 * 2, 0.12, 0.15  # largest change; the picture is 2 units wide


def warp(images: Tensor) -> Tensor:
    """Each picture under a small affine map of its own, (n, c, h, w) in [-1, 1]; what comes in from outside is black."""
    n = len(images)
    turn, scale, slant, right, down = ((torch.rand(n) * 2 - 1) * most for most in (TURN, SCALE, SLANT, MOVE, MOVE))
    scale = 1 + scale
    rows = [
        torch.stack([scale * turn.cos(), slant - turn.sin(), right], dim=1),
        torch.stack([turn.sin(), scale * turn.cos(), down], dim=1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return F.grid_sample(images + 1, grid, align_corners=False) - 1


def main() -> None:
    torch.set_num_threads(1)
    runtime.seed_everything(SEED)
    train, test = datasets.load("digits"), datasets.load("digits", split="test")
    images, labels = to_signed(train.images), train.labels
    model = Classifier()
    steps = EPOCHS * (len(images) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=6e-3, total_steps=steps)
    start = time.process_time()
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(images)).split(BATCH)[: len(images) // BATCH]:
            loss = F.cross_entropy(model(warp(images[chosen])), labels[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}/{EPOCHS}: last loss {loss.item():.3f}", flush=True)
    seconds = time.process_time() - start
    model.eval()
    with torch.no_grad():
        accuracy = (model(to_signed(test.images)).argmax(dim=1) == test.labels).double().mean().item()
    OUT.mkdir(exist_ok=True)
    (OUT / "classifier_digits.safetensors").write_bytes(save(model.state_dict()))
    facts = {
        "script": "data/build/checkpoint_classifier.py",
        "seed": SEED,
        "seconds": round(seconds, 1),
        "seconds_are": "process time of one thread",
        "data": "8,000 training digits",
        "dataset": train.name,
        "data_license": train.license,
        "result": {"test_accuracy": round(accuracy, 6), "test_examples": len(test)},
    }
    (OUT / "classifier_digits.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(facts)


if __name__ == "__main__":
    main()
