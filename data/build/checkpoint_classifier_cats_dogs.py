"""Train the judge of the cats and dogs and store it: data/checkpoints/classifier_cats_dogs.safetensors and .json.

Run `python data/build/checkpoint_classifier_cats_dogs.py`, about 50 s on one core. The judge has eight answers: a cat or a dog, upright or turned by one, two or
three quarters. Answer 2 k + c is animal c turned k times, so 0 and 1 are the upright cat and dog, numbered as in the data. It learns from the 1,600
training pictures, each mirrored by chance and slightly turned, moved, scaled and slanted anew in every epoch, before it gets its quarter turns; the 400 test
pictures are scored once, at the end, in all four positions.
"""

import json
import time

import torch
import torch.nn.functional as F
from checkpoint_classifier import OUT, warp
from safetensors.torch import save
from torch import Tensor

from aigc_lab import datasets, runtime
from aigc_lab.pretrained.classifier import Classifier
from aigc_lab.transforms import augment, to_signed

SEED, EPOCHS, BATCH, TURNS = 0, 60, 128, 4


def turned(images: Tensor, quarters: Tensor) -> Tensor:
    """Picture i turned counter-clockwise by quarters[i]."""
    positions = torch.stack([images.rot90(k, (-2, -1)) for k in range(TURNS)])
    return positions[quarters, torch.arange(len(images))]


def main() -> None:
    torch.set_num_threads(1)
    runtime.seed_everything(SEED)
    train, test = datasets.load("cats_dogs"), datasets.load("cats_dogs", split="test")
    images, labels = to_signed(train.images), train.labels
    model = Classifier(classes=2 * TURNS)
    batches = len(images) // BATCH
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=6e-3, total_steps=EPOCHS * batches)
    start = time.process_time()
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(images)).split(BATCH)[:batches]:
            quarters = torch.randint(TURNS, (BATCH,))
            pictures = turned(warp(augment(images[chosen], flip=True)), quarters)
            loss = F.cross_entropy(model(pictures), 2 * quarters + labels[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}/{EPOCHS}: last loss {loss.item():.3f}", flush=True)
    seconds = time.process_time() - start
    model.eval()
    pictures = torch.cat([to_signed(test.images).rot90(k, (-2, -1)) for k in range(TURNS)])
    asked = torch.cat([2 * k + test.labels for k in range(TURNS)])
    with torch.no_grad():
        seen = model(pictures).argmax(dim=1)
    result = {
        "test_accuracy": (seen == asked).double().mean().item(),
        "test_accuracy_animal": (seen % 2 == asked % 2).double().mean().item(),
        "test_accuracy_position": (seen // 2 == asked // 2).double().mean().item(),
        "test_accuracy_upright": (seen == asked)[: len(test)].double().mean().item(),
    }
    OUT.mkdir(exist_ok=True)
    (OUT / "classifier_cats_dogs.safetensors").write_bytes(save(model.state_dict()))
    facts = {
        "script": "data/build/checkpoint_classifier_cats_dogs.py",
        "seed": SEED,
        "seconds": round(seconds, 1),
        "seconds_are": "process time of one thread",
        "data": "1,600 training pictures of cats_dogs",
        "dataset": train.name,
        "data_license": train.license,
        "answers": "2 k + c: animal c (0 cat, 1 dog), turned counter-clockwise by k quarters",
        "result": {name: round(share, 6) for name, share in result.items()} | {"test_examples": len(pictures)},
    }
    (OUT / "classifier_cats_dogs.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(facts)


if __name__ == "__main__":
    main()
