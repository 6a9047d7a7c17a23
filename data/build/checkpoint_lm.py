"""Train the transformers of lesson 02 and store them: data/checkpoints/lm_moby_dick.safetensors and lm_quatrains.safetensors.

Run `python data/build/checkpoint_lm.py [moby_dick] [quatrains] [--minutes M]`. Some of the *training* texts are held out to choose the best
weights; the test split is scored once, at the end, from the stored file. The learning rate follows the clock, so a run always ends
with a low rate but can't be repeated to the bit: what a run did is recorded beside its weights, in NAME.json.
"""

import argparse
import json
import math
import platform
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn import functional as F

from aigc_lab import datasets, lm
from aigc_lab.lm import writer as lm_writer

OUT = Path(__file__).parents[1] / "checkpoints"
SEED = 0
SETTINGS = {
    "moby_dick": {
        "model": {"width": 96, "layers": 4, "heads": 3, "context": 128, "dropout": 0.02},
        "batch": 16, "rate": 0.02, "weight_decay": 0.05, "minutes": 35, "hold_out": 20,
    },
    "quatrains": {
        "model": {"width": 96, "layers": 2, "heads": 3, "context": 48, "dropout": 0.3},
        "batch": 32, "rate": 0.02, "weight_decay": 0.3, "minutes": 15, "hold_out": 12,
    },
}  # fmt: skip


class Muon:
    """Takes steps of equal size in every direction of a weight matrix: along its orthogonalised momentum (K. Jordan et al., "Muon", 2024)."""

    def __init__(self, parameters: list[Tensor], weight_decay: float) -> None:
        self.parameters, self.weight_decay = parameters, weight_decay
        self.momentum = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for p, m in zip(self.parameters, self.momentum, strict=True):
            m.lerp_(p.grad, 0.05)
            direction = orthogonal(p.grad.lerp(m, 0.95))
            p.mul_(1 - rate * self.weight_decay).add_(direction, alpha=-rate * max(1, p.shape[0] / p.shape[1]) ** 0.5)


def orthogonal(matrix: Tensor) -> Tensor:
    """Approximately U Vᵀ, from the matrix's singular value decomposition U S Vᵀ, by five Newton-Schulz steps."""
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


def train(model: nn.Module, tokens: Tensor, held: Tensor, settings: dict, seconds: float) -> dict:
    """Train for a number of seconds, and keep the weights that are best on the held-out text."""
    inner = [p for name, p in model.named_parameters() if p.ndim == 2 and "blocks" in name]
    outer = [p for name, p in model.named_parameters() if not (p.ndim == 2 and "blocks" in name)]
    muon, adam = Muon(inner, settings["weight_decay"]), torch.optim.AdamW(outer, betas=(0.9, 0.98), weight_decay=0.0)
    length = model.context
    best, curve, step, check = math.inf, [], 0, 0.05
    start, start_cpu = time.perf_counter(), time.process_time()
    weights = {}
    while True:
        share = min(1.0, (time.perf_counter() - start) / seconds)
        if share >= check or share == 1.0:
            check += 0.05
            bits = -lm_writer.log_probabilities(model, held).mean() / math.log(2)
            curve.append([step, round(time.process_time() - start_cpu), round(float(bits), 4)])
            print(f"step {step}, {share:.0%}, {curve[-1][1]} CPU s: held out {bits:.4f} bits", flush=True)
            if bits < best:
                best, weights = bits, {name: w.half() for name, w in model.state_dict().items()}
            if share == 1.0:
                return {"weights": weights, "steps": step, "curve": curve, "held_out_bits": round(float(best), 4)}
        rate = settings["rate"] * min(
            1.0, (step + 1) / 50, (1 - share) / 0.6
        )  # flat, then down to 0 over the last 60% of the time
        at = torch.randint(len(tokens) - length, (settings["batch"],))
        windows = torch.stack([tokens[i : i + length + 1] for i in at])
        model.train()
        loss = F.cross_entropy(model(windows[:, :-1])[0].flatten(0, 1), windows[:, 1:].flatten())
        model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        muon.step(rate)
        adam.param_groups[0]["lr"] = rate * 0.2
        adam.step()
        step += 1


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", nargs="*", help=f"{' or '.join(SETTINGS)}; all of them if none is given")
    parser.add_argument("--minutes", type=float)
    arguments = parser.parse_args()
    unknown = set(arguments.name) - set(SETTINGS)
    if unknown:
        parser.error(f"no model for {', '.join(sorted(unknown))}; there are: {', '.join(SETTINGS)}")
    for name in arguments.name or SETTINGS:
        build(name, arguments.minutes)


def build(name: str, minutes: float | None) -> None:
    """Train one model, store it, and score the stored file on the test split."""
    settings = SETTINGS[name]
    torch.set_num_threads(1)
    torch.manual_seed(SEED)

    texts = lm.documents(datasets.load(name).texts)
    vocabulary = lm.Vocabulary("".join(texts))
    held = [one for i, one in enumerate(texts) if i % settings["hold_out"] == 5]
    fit = [one for i, one in enumerate(texts) if i % settings["hold_out"] != 5]
    tokens, held_tokens = (vocabulary.encode(lm.START + "".join(part)) for part in (fit, held))
    model = lm.TransformerLM(len(vocabulary), **settings["model"])
    seconds = 60 * (minutes or settings["minutes"])
    start, start_cpu = time.perf_counter(), time.process_time()
    result = train(model, tokens, held_tokens, settings, seconds)

    OUT.mkdir(exist_ok=True)
    path = OUT / f"lm_{name}.safetensors"
    path.write_bytes(save(result.pop("weights")))
    path.chmod(0o644)
    model.load_state_dict({key: w.float() for key, w in load_file(path).items()})
    test = lm.documents(datasets.load(name, "test").texts)
    writer = lm.Writer(model, vocabulary)
    nats = sum(-writer.score(one).sum() for one in test)
    record = {
        "name": f"lm_{name}",
        "model": "lm.TransformerLM",
        "settings": {"vocabulary": len(vocabulary), **settings["model"]},
        "trained_on": f"datasets.load({name!r}), without every {settings['hold_out']}th text",
        "dataset": name,
        "data_license": datasets.load(name).license,
        "script": "data/build/checkpoint_lm.py",
        "seed": SEED,
        "torch": torch.__version__.split("+")[0],
        "machine": f"one thread, {platform.machine()}",
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(time.perf_counter() - start),
        "cpu_seconds": round(time.process_time() - start_cpu),
        "characters_read": result["steps"] * settings["batch"] * model.context,
        **result,
        "result": {"test_bits_per_character": round(nats / math.log(2) / sum(map(len, test)), 4)},
    }
    path.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record["result"]))


if __name__ == "__main__":
    main()
