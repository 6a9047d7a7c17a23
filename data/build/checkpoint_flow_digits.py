"""Train a flow on the digits for a quarter of an hour and store it: data/checkpoints/flow_digits.safetensors and .json.

Run `python data/build/checkpoint_flow_digits.py`, about 15 minutes on two cores. It trains the recipe of lesson 38 unchanged, only for longer: on the 8,000
training digits, without augmentation. It stores the running average of the weights, in half precision, and scores the stored file, read back, on the test digits.
"""

import argparse
import json
import platform
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from aigc_lab import datasets, flow, metrics, runtime, training
from aigc_lab.flow import diffusion
from aigc_lab.pretrained import classifier
from aigc_lab.transforms import to_signed

OUT = Path(__file__).parents[1] / "checkpoints"
SEED, STEPS, BATCH = 0, 12_000, 64
JUDGED, EVALUATIONS = 1000, 20


def report(step: int, recipe: flow.FlowRecipe, history: training.History) -> None:
    """Print a line now and then, so that you know how long it will take."""
    if step:
        print(f"step {step}, {history.seconds[-1]:.0f} s: loss {history['loss'][-200:].mean():.4f}", flush=True)


@torch.no_grad()
def judged(drawn: Tensor, asked: Tensor) -> dict[str, float]:
    """The judge's scores for pictures (n, 1, 28, 28) in [-1, 1], compared with as many test digits."""
    judge, test = classifier.load_classifier("digits"), datasets.load("digits", split="test")

    def seen(images: Tensor) -> Tensor:
        return torch.cat([judge.features(part) for part in images.split(250)])

    real, fake = seen(to_signed(test.images[: len(drawn)])), seen(drawn)
    found = metrics.precision_recall(real, fake)
    return {
        "frechet": round(metrics.frechet_distance(real, fake), 3),
        "precision": round(found.precision, 3),
        "recall": round(found.recall, 3),
        "recognised": round(classifier.recognised(drawn, asked), 4),
        "pictures": len(drawn),
    }


def score(recipe: flow.FlowRecipe) -> dict[str, float]:
    """The scores of 1,000 pictures, drawn by the ancestral sampler with 20 evaluations of the network each."""
    asked, dice = torch.arange(JUDGED) % 10, torch.Generator().manual_seed(SEED)
    noise = torch.randn(JUDGED, *recipe.shape, generator=dice)
    drawn = diffusion.denoise(lambda x, t: recipe.velocity(x, t, asked), noise, EVALUATIONS, 1.0, dice).clamp(-1, 1)
    return judged(drawn, asked) | {"evaluations": EVALUATIONS}


def store(network: nn.Module, name: str) -> nn.Module:
    """Write the weights in half precision, and load what was stored back into the network."""
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{name}.safetensors"
    path.write_bytes(save({key: w.half().contiguous() for key, w in network.state_dict().items()}))
    path.chmod(0o644)
    network.load_state_dict(load_file(path))
    return network


def record(network: nn.Module, history: training.History, cpu_seconds: float) -> dict[str, float | str]:
    """For the record of a network: time spent, machine, and training data."""
    digits = datasets.load("digits")
    return {
        "seed": SEED,
        "batch": BATCH,
        "parameters": sum(p.numel() for p in network.parameters()),
        "seconds": round(float(history.seconds[-1]), 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "machine": f"{torch.get_num_threads()} threads, {platform.machine()}",
        "torch": torch.__version__.split("+")[0],
        "data": f"{len(digits):,} training digits",
        "dataset": digits.name,
        "data_license": digits.license,
    }


def write(facts: dict, name: str) -> None:
    (OUT / f"{name}.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(facts)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=STEPS)
    steps = parser.parse_args().steps
    runtime.seed_everything(SEED)
    digits = datasets.load("digits")
    recipe = flow.FlowRecipe.for_data(digits)
    start = time.process_time()
    history = training.fit(recipe, digits, steps=steps, batch_size=BATCH, seed=SEED, callback=report, every_steps=500)
    cpu_seconds = time.process_time() - start
    recipe.to("cpu")
    averaged = store(recipe.averaged, "flow_digits")
    facts = {
        "script": "data/build/checkpoint_flow_digits.py",
        "model": "flow.FlowRecipe.for_data(digits), its averaged network, stored in half precision",
        "steps": steps,
        **record(averaged, history, cpu_seconds),
        "loss": round(float(history["loss"][-1000:].mean()), 4),
        "result": score(recipe),
    }
    write(facts, "flow_digits")


if __name__ == "__main__":
    main()
