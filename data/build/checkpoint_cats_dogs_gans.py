"""Train GANs of cats and dogs with and without augmentation, and store what they drew and scored: data/checkpoints/cats_dogs_gans.safetensors and .json.

Run `python data/build/checkpoint_cats_dogs_gans.py`: 27 trainings, some 17 minutes of one core, two at a time. Every way changes the pictures by one
augmentation or none. It is trained with each seed on 200 pictures (100 cats and 100 dogs, chosen by the seed, so the same for all ways); the first two
ways also on all 1,600. For each way there are two tensors: the scores after every 100 steps (seeds, times, measures), of which the last is a mean over
several drawings, and 20 pictures that the first seed's generator drew. Lesson 32 shows them.
"""

import json
import os
import time
from concurrent.futures import ProcessPoolExecutor

import torch
from checkpoint_classifier import OUT
from safetensors.torch import save

from aigc_lab import datasets, runtime, training
from aigc_lab.gan import GanRecipe
from aigc_lab.gan.augmented import AugmentedGanRecipe, Changes
from aigc_lab.gan.evaluation import judge_of, report
from aigc_lab.transforms import augment, from_signed, to_signed

SEEDS, STEPS, EVERY, WIDTH = (0, 1, 2), 800, 100, 16
DRAWINGS = 4  # the last score is a mean over so many reports on 400 drawn pictures each
MOST = 0.4  # the probability of a change: it rises by 0.1 in 100 steps, to this
QUARTERS = (0, 90, 180, 270)
SMALL = {"flip": True, "shift": 2, "turn": 10}
WAYS = [
    ("none", 200),
    ("small changes, both", 200),
    ("small changes, data only", 200),
    ("quarter turns, both, p < 1", 200),
    ("quarter turns, both, every time", 200),
    ("90 degrees, both, every time", 200),
    ("quarter turns, data only", 200),
    ("none", 1600),
    ("small changes, both", 1600),
]
DATA_ONLY = {"small changes, data only": SMALL, "quarter turns, data only": {"turn": QUARTERS}}


class DataOnly(GanRecipe):
    """The usual mistake: the pictures of the data are changed, those that G draws are not."""

    def step(self, batch):
        return super().step((augment(to_signed(batch[0]), probability=MOST, **self.changes), batch[1]))


def train(job):
    """One GAN: its scores over time, twenty of its pictures, seconds."""
    (way, pictures), seed = job
    torch.set_num_threads(1)
    runtime.seed_everything(seed)
    data, test = datasets.load("cats_dogs"), datasets.load("cats_dogs", split="test")
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(seed))
    chosen = torch.cat([order[data.labels[order] == kind][: pictures // 2] for kind in (0, 1)])
    images, labels = data.images[chosen], data.labels[chosen]
    rising = {"small changes, both": Changes(**SMALL), "quarter turns, both, p < 1": Changes(turn=QUARTERS)}
    every_time = {
        "quarter turns, both, every time": Changes(1.0, turn=QUARTERS),
        "90 degrees, both, every time": Changes(1.0, turn=(90,)),
    }
    if view := (rising | every_time).get(way):
        recipe = AugmentedGanRecipe.for_data(data, augment=view, width=WIDTH)
    else:
        recipe = (GanRecipe if way == "none" else DataOnly).for_data(data, width=WIDTH)
        recipe.changes = DATA_ONLY.get(way)
    scores, measuring = [], 0.0

    def score(step, recipe, history):
        nonlocal measuring
        for changes in rising.values():
            changes.probability = min(MOST, step / 1000)
        if step and step % EVERY == 0 and len(scores) < STEPS // EVERY:
            start = time.process_time()
            about = {
                "judge": judge_of(data),
                "seen": (to_signed(images), labels),
                "held_out": test,
                "quarters": int(way.startswith("90")),
            }
            reports = [report(recipe, **about, seed=i) for i in range(DRAWINGS if step == STEPS else 1)]
            scores.append({name: sum(r[name] for r in reports) / len(reports) for name in reports[0]})
            measuring += time.process_time() - start

    start = time.process_time()
    training.fit(recipe, (images, labels), steps=STEPS, seed=seed, callback=score, every_steps=20)
    seconds = time.process_time() - start - measuring
    drawn = recipe.sample(20, labels=torch.arange(20) // 10, generator=torch.Generator().manual_seed(0))
    print(way, pictures, "seed", seed, f"{seconds:.0f} s", {k: round(v, 3) for k, v in scores[-1].items()}, flush=True)
    return scores, from_signed(drawn), seconds


def store(runs):
    """Write the checkpoint from {(way, seed): what `train` returned}."""
    data = datasets.load("cats_dogs")
    example = GanRecipe.for_data(data, width=WIDTH)
    names = list(next(iter(runs.values()))[0][0])
    tensors, result = {}, {}
    for way, pictures in WAYS:
        mine = [runs[(way, pictures), seed] for seed in SEEDS]
        key = f"{pictures} pictures: {way}"
        scores = torch.tensor([[[point[name] for name in names] for point in scores] for scores, _, _ in mine])
        tensors[f"{key}/scores"], tensors[f"{key}/drawn"] = scores, mine[0][1]
        result[key] = {name: [round(x, 4) for x in scores[:, -1, i].tolist()] for i, name in enumerate(names)}
    facts = {
        "script": "data/build/checkpoint_cats_dogs_gans.py",
        "seed": list(SEEDS),
        "seconds": round(sum(seconds for _, _, seconds in runs.values()), 1),
        "seconds_are": "process time of one thread, all trainings together",
        "data": "200 or all 1,600 training pictures of cats_dogs",
        "dataset": data.name,
        "data_license": data.license,
        "steps": list(range(EVERY, STEPS + 1, EVERY)),
        "measures": names,
        "settings": {"width": WIDTH}
        | {
            name: getattr(example, name)
            for name in ("learning_rate", "gamma", "r1_every", "label_weight", "ema_horizon")
        },
        "largest_probability": MOST,
        "last_score_is": f"mean of {DRAWINGS} reports on 400 drawn pictures each",
        "result": result,
    }
    (OUT / "cats_dogs_gans.safetensors").write_bytes(save({k: t.contiguous() for k, t in tensors.items()}))
    (OUT / "cats_dogs_gans.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    os.environ.setdefault("AIGC_LAB_PROFILE", "ci")  # no progress bars
    jobs = [(way, seed) for seed in SEEDS for way in WAYS]
    with ProcessPoolExecutor(max_workers=2) as pool:
        store(dict(zip(jobs, pool.map(train, jobs), strict=True)))


if __name__ == "__main__":
    main()
