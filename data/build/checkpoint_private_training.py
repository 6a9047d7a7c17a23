"""Train the small generator of lesson 14 in four ways with twenty seeds: data/checkpoints/private_training.safetensors and .json.

Run `python data/build/checkpoint_private_training.py [--seeds N]`: about 20 s of one core a seed. It stores measurements, not the weights: the
exposure of 24 planted codes, bits a character on new mails, and how well the loss tells sentences of the training text from new ones.
"""

import argparse
import json
import math
import os
import platform
import time
from pathlib import Path

import torch
from safetensors.torch import save

from aigc_lab import datasets
from aigc_lab.metrics import roc
from aigc_lab.privacy import dp_sgd, memorisation

OUT = Path(__file__).parents[1] / "checkpoints"
METHODS = ["ordinary training", "without duplicates", "DP-SGD", "both"]
COPIES = [1, 2, 4, 8, 16, 32]
SIZES = {"context": 16, "embedding": 8, "hidden": 64}
LONGEST = 80
ORDINARY = {"steps": 800, "batch_size": 32, "learning_rate": 1e-2}
PRIVATE = {"steps": 80, "batch_size": 256, "learning_rate": 0.025, "clip": 0.3}
EPSILON, DELTA = 8.0, 1e-5
CARD = "6011 0009 9013 9424"


def english(split: str) -> list[str]:
    """The sentences of the English mails."""
    mails = datasets.load("mails", split=split)
    pairs = zip(mails.texts, mails.languages, strict=True)
    return memorisation.sentences(text for text, language in pairs if language == "en")


def ordinary(records: list[str], seed: int, steps: int) -> memorisation.CharacterModel:
    settings = {**ORDINARY, "steps": steps}
    return memorisation.train(records, longest=LONGEST, seed=seed, **settings, **SIZES)


def private(records: list[str], seed: int) -> memorisation.CharacterModel:
    noise = dp_sgd.noise_for(EPSILON, PRIVATE["batch_size"] / len(records), PRIVATE["steps"], DELTA)
    torch.manual_seed(seed)
    model = memorisation.CharacterModel(**SIZES)
    codes = memorisation.encode(records, model.context, LONGEST)
    return dp_sgd.train(model, memorisation.record_loss, codes, noise_multiplier=noise, seed=seed, **PRIVATE)


def run(seed: int) -> dict[str, list]:
    """The results of the four methods with one seed: exposures, bits, area under the ROC curve of the loss."""
    texts, new = english("train"), english("test")
    canaries = memorisation.locker_codes(COPIES, seed)
    planted = texts + [f"My card number is {CARD}."] * 16 + [line for one in canaries for line in one.lines()]
    once = list(dict.fromkeys(planted))
    fewer = round(ORDINARY["steps"] * len(once) / len(planted))  # as many passes over the text
    models = [
        ordinary(planted, seed, ORDINARY["steps"]), ordinary(once, seed, fewer), private(planted, seed), private(once, seed)
    ]  # fmt: skip
    strangers = [sentence for sentence in dict.fromkeys(new) if sentence not in once]
    members = list(dict.fromkeys(texts))
    losses = [[memorisation.losses(model, group, LONGEST) for group in (members, strangers)] for model in models]
    return {
        "exposure": [memorisation.canary_exposures(model, canaries) for model in models],
        "bits": [memorisation.bits_per_character(model, new, LONGEST) for model in models],
        "roc_auc": [roc.roc_auc(-seen, -unseen) for seen, unseen in losses],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    count = parser.parse_args().seeds
    os.environ["AIGC_LAB_PROFILE"] = "ci"  # on the CPU, without progress bars
    torch.set_num_threads(1)
    start, start_cpu, runs = time.perf_counter(), time.process_time(), []
    for seed in range(count):
        runs.append(run(seed))
        print(f"seed {seed}: {runs[-1]['bits']}, {time.process_time() - start_cpu:.0f} CPU s", flush=True)
    tensors = {key: torch.tensor([one[key] for one in runs]).transpose(0, 1).float().contiguous() for key in runs[0]}
    canaries = memorisation.locker_codes(COPIES, 0)
    tensors["copies"] = torch.tensor([one.copies for one in canaries])
    tensors["reworded"] = torch.tensor([one.reworded for one in canaries])
    source = datasets.load("mails")
    record = {
        "name": "private_training",
        "model": "privacy.memorisation.CharacterModel",
        "settings": {
            **SIZES,
            "longest": LONGEST,
            "ordinary": ORDINARY,
            "private": PRIVATE,
            "epsilon": EPSILON,
            "delta": DELTA,
        },
        "trained_on": "sentences of the English mails, a card number 16 times, 24 codes 1 to 32 times",
        "dataset": "mails",
        "data_license": source.license,
        "script": "data/build/checkpoint_private_training.py",
        "seed": list(range(count)),
        "torch": torch.__version__.split("+")[0],
        "machine": f"one thread, {platform.machine()}",
        "seconds": round(time.perf_counter() - start),
        "cpu_seconds": round(time.process_time() - start_cpu),
        "methods": METHODS,
        "result": {name: round(float(bits.mean()), 4) for name, bits in zip(METHODS, tensors["bits"], strict=True)},
    }
    assert all(math.isfinite(value) for value in record["result"].values())
    OUT.mkdir(exist_ok=True)
    path = OUT / "private_training.safetensors"
    path.write_bytes(save(tensors))
    path.chmod(0o644)
    path.with_suffix(".json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
