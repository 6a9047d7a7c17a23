"""Train transformers of six sizes on Moby Dick and store what each scored: data/checkpoints/lm_scaling.safetensors and .json.

Run `python data/build/checkpoint_lm_scaling.py`: about 60 trainings, some 25 minutes of two cores. `--tokens N` trains for fewer tokens, to try the script out, and
`--out` stores the result elsewhere.

Each size gets a learning rate of its own, by one rule: train for an eighth of the tokens at 0.008 and at its neighbours (a factor of 2 apart), and follow
the better one until the next is worse, all judged on chapters held out from the training split. Then each size is trained with two seeds for all of the tokens,
and one size also for fewer. The schedule is adapted to the length of each run, so a short run ends as well as it can. The test split scores the end of each run.
Lesson 39 fits its law to these losses.

The size that was also trained for fewer tokens is then trained on as many characters as the text has, but from a part of it: all of it once, a quarter of it four
times, and so on. These runs differ only in how much they read again.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor
from torch.nn import functional as F

from aigc_lab import datasets, lm, runtime, training

OUT = Path(__file__).parents[1] / "checkpoints"
CONTEXT, BATCH, HOLD_OUT = 128, 16, 20
SIZES = [  # width, layers, heads: from 2 thousand to 370 thousand parameters without embeddings
    {"width": 12, "layers": 1, "heads": 2},
    {"width": 16, "layers": 2, "heads": 2},
    {"width": 24, "layers": 2, "heads": 2},
    {"width": 40, "layers": 2, "heads": 2},
    {"width": 64, "layers": 2, "heads": 2},
    {"width": 96, "layers": 3, "heads": 3},
]
OVER_TOKENS = 3  # the size that is also trained for fewer tokens
SHARES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
ROUNDS = (1, 4, 16, 64)  # how often the same part of the text is read
SEEDS = (0, 1)
FIRST_RATE, LOWEST, HIGHEST = 0.008, 0.0005, 0.064
POINTS = 40  # of each training curve


def corpus() -> tuple[lm.Vocabulary, Tensor, Tensor, Tensor]:
    """The vocabulary, and the tokens to train on, to choose rates with, and to test on."""
    texts = lm.documents(datasets.load("moby_dick").texts)
    vocabulary = lm.Vocabulary("".join(texts))
    held = [one for i, one in enumerate(texts) if i % HOLD_OUT == 5]
    fit = [one for i, one in enumerate(texts) if i % HOLD_OUT != 5]
    test = lm.documents(datasets.load("moby_dick", "test").texts)
    return vocabulary, *(vocabulary.encode(lm.START + "".join(part)) for part in (fit, held, test))


@torch.no_grad()
def nats(model: lm.TransformerLM, tokens: Tensor) -> float:
    """Mean surprise in nats at a character that has at least half a window before it."""
    model.eval()
    total, count, half = 0.0, 0, CONTEXT // 2
    for piece in tokens.unfold(0, CONTEXT + 1, half).split(32):
        logits = model(piece[:, :-1])[0][:, half:]
        total += F.cross_entropy(logits.flatten(0, 1), piece[:, half + 1 :].flatten(), reduction="sum").item()
        count += logits.shape[0] * logits.shape[1]
    return total / count


def parameters(model: lm.TransformerLM) -> int:
    """The number of parameters, without the embeddings of characters and positions."""
    return sum(p.numel() for name, p in model.named_parameters() if not name.startswith(("embedding", "place")))


def train(size: dict, tokens: int, rate: float, seed: int, every: int = 1) -> dict:
    """One training, on every `every`-th window of the text, and its scores."""
    torch.set_num_threads(1)
    runtime.seed_everything(seed)
    vocabulary, fit, held, test = corpus()
    model = lm.TransformerLM(len(vocabulary), **size, context=CONTEXT, dropout=0.0)
    steps = max(1, tokens // (BATCH * CONTEXT))
    windows = fit.unfold(0, CONTEXT + 1, CONTEXT)[::every]  # side by side: each character is trained on once a round
    start = time.process_time()
    history = training.fit(lm.LmRecipe(model, learning_rate=rate), windows, steps=steps, batch_size=BATCH, seed=seed)
    seconds = time.process_time() - start
    parts = torch.from_numpy(history["bits"]).tensor_split(min(POINTS, steps))
    run = {
        **size,
        "parameters": parameters(model),
        "tokens": steps * BATCH * CONTEXT,
        "rate": rate,
        "seed": seed,
        "held_out_nats": round(nats(model, held), 4),
        "test_nats": round(nats(model, test), 4),
        "train_bits": [round(float(part.mean()), 3) for part in parts],
        "cpu_seconds": round(seconds, 1),
    }
    print({name: value for name, value in run.items() if name != "train_bits"}, flush=True)
    return run


def tried(size: dict, tokens: int) -> list[dict]:
    """Short trainings of one size at several rates, until both neighbours of the best rate are worse."""
    runs: dict[float, dict] = {}

    def score(rate: float) -> float:
        if rate not in runs:
            runs[rate] = train(size, tokens, rate, SEEDS[0])
        return runs[rate]["held_out_nats"]

    best = FIRST_RATE
    while True:
        around = [rate for rate in (best / 2, best, best * 2) if LOWEST <= rate <= HIGHEST]
        better = min(around, key=score)
        if better == best:
            return list(runs.values())
        best = better


def jobs(tokens: int, rates: list[float]) -> Iterator[tuple[dict, int, float, int]]:
    """All the runs that count, the longest first."""
    for seed in SEEDS:
        for size, rate in reversed(list(zip(SIZES, rates, strict=True))):
            yield size, tokens, rate, seed
    for share in reversed(SHARES):
        for seed in SEEDS:
            yield SIZES[OVER_TOKENS], int(tokens * share), rates[OVER_TOKENS], seed


def repeats(tokens: int, rate: float) -> list[tuple[dict, int, float, int, int]]:
    """The runs that read a part of the text again and again, together no more characters than the text has."""
    tokens = min(tokens, len(corpus()[1]))
    return [(SIZES[OVER_TOKENS], tokens, rate, seed, rounds) for rounds in ROUNDS for seed in SEEDS]


def reread(run: dict, rounds: int) -> dict:
    """What is stored of a run that reads the same part again."""
    return {"rounds": rounds, **{name: run[name] for name in ("tokens", "seed", "test_nats", "cpu_seconds")}}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=6_000_000)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    os.environ["AIGC_LAB_PROFILE"] = "ci"  # on the CPU, without progress bars
    start = time.perf_counter()
    with ProcessPoolExecutor(max_workers=2) as pool:
        short = [arguments.tokens // 8] * len(SIZES)
        tuning = list(pool.map(tried, SIZES[::-1], short))[::-1]
        rates = [min(runs, key=lambda run: run["held_out_nats"])["rate"] for runs in tuning]
        runs = list(pool.map(train, *zip(*jobs(arguments.tokens, rates), strict=True)))
        again = repeats(arguments.tokens, rates[OVER_TOKENS])
        parts = [
            reread(run, job[-1]) for run, job in zip(pool.map(train, *zip(*again, strict=True)), again, strict=True)
        ]
    store(arguments.out, tuning, runs, parts, time.perf_counter() - start)


def store(folder: Path, tuning: list[list[dict]], runs: list[dict], parts: list[dict], seconds: float) -> None:
    """Write the record; the same numbers as tensors beside it."""
    names = ("parameters", "tokens", "rate", "seed", "held_out_nats", "test_nats")
    tensors = {name: torch.tensor([run[name] for run in runs], dtype=torch.float64) for name in names}
    everything = [run for tried_runs in tuning for run in tried_runs] + runs + parts
    record = {
        "name": "lm_scaling",
        "model": "lm.TransformerLM",
        "settings": {"context": CONTEXT, "batch": BATCH, "dropout": 0.0, "vocabulary": len(corpus()[0])},
        "trained_on": f"datasets.load('moby_dick'), without every {HOLD_OUT}th text",
        "dataset": "moby_dick",
        "data_license": datasets.load("moby_dick").license,
        "characters": len(corpus()[1]),
        "script": "data/build/checkpoint_lm_scaling.py",
        "seed": list(SEEDS),
        "torch": torch.__version__.split("+")[0],
        "machine": f"two processes of one thread, {platform.machine()}",
        "seconds": round(seconds),
        "cpu_seconds": round(sum(run["cpu_seconds"] for run in everything)),
        "parameters_are": "without the embeddings of characters and places",
        "tokens_are": "characters read in training, those read again counted again",
        "over_tokens": SIZES[OVER_TOKENS],
        "rates_tried": [
            {"width": one[0]["width"], "nats": {str(run["rate"]): run["held_out_nats"] for run in one}}
            for one in tuning
        ],
        "runs": runs,
        "parts_read_again": parts,
        "result": {f"{run['parameters']}, {run['tokens']}, seed {run['seed']}": run["test_nats"] for run in runs},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lm_scaling.safetensors").write_bytes(save(tensors))
    (folder / "lm_scaling.safetensors").chmod(0o644)
    (folder / "lm_scaling.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"{len(everything)} trainings, {record['cpu_seconds']} CPU seconds")


if __name__ == "__main__":
    main()
