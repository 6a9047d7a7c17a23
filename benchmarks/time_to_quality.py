"""Quality over seconds: this course's GAN and VAE compared with the recipes that people start from, on the same digits, machine and evaluator.

Each recipe trains in a process of its own with two threads, for a number of seconds of *training* (evaluation stops the clock). Then the table is printed.

    python benchmarks/time_to_quality.py                 # all, 60 s each; ours with three seeds
    python benchmarks/time_to_quality.py --long          # the recipes people start from get 1,200 s; ours as stored
    python benchmarks/time_to_quality.py --only "our GAN" "our VAE" --seconds 15   # these rows anew, the others stay as stored

All are judged by the stored classifier of digits (trained on the 8,000 training digits, never on the test digits): by the Fréchet distance of 2,000
samples to the 2,000 test digits in its 64 features, by precision and recall there (k = 3), and, if a model can be asked for a class, by the share of
samples in which it sees that class. For VAEs there is also the bound in nats on the test digits, binarised once with seed 0, with one draw of z.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

RESULTS = Path(__file__).parent / "results"
MOMENTS = (5, 10, 15, 30, 60, 120, 240, 480, 720, 960, 1200)  # seconds of training at which a model is judged
SAMPLES, FLOOR_DRAWS = 2000, 5
GANS = ("our GAN", "PyTorch DCGAN", "TensorFlow DCGAN", "perceptron GAN")
VAES = ("our VAE", "Keras VAE", "perceptron VAE")
OURS = ("our GAN", "our VAE")


class Ours:
    """A recipe of the course behind the interface that the peers have."""

    batch_size = 64

    def __init__(self, recipe: Any, conditional: bool) -> None:
        self.recipe, self.conditional = recipe, conditional
        if not conditional:
            self.bound: Callable[[Tensor], Tensor] = recipe.bound

    def step(self, images: Tensor, labels: Tensor, progress: float) -> None:
        self.recipe.progress = progress  # as training.fit does
        self.recipe.step((images, labels))

    def sample(self, n: int, labels: Tensor) -> Tensor:
        if self.conditional:
            return (torch.cat([self.recipe.sample(len(part), labels=part) for part in labels.split(500)]) + 1) / 2
        return self.recipe.sample(n)


def make(name: str) -> Any:
    """The model of a row, untrained."""
    from peers import gans, vaes

    from aigc_lab import datasets, gan, vae

    digits = datasets.load("digits")
    return {
        "our GAN": lambda: Ours(gan.GanRecipe.for_data(digits), conditional=True),
        "our VAE": lambda: Ours(vae.VaeRecipe.for_data(digits), conditional=False),
        "PyTorch DCGAN": gans.PytorchDcgan,
        "TensorFlow DCGAN": gans.TensorflowDcgan,
        "perceptron GAN": gans.PerceptronGan,
        "Keras VAE": vaes.KerasVae,
        "perceptron VAE": vaes.PerceptronVae,
    }[name]()


class Evaluator:
    """Judges samples in [0, 1], (n, 1, 28, 28)."""

    def __init__(self) -> None:
        from aigc_lab import datasets, transforms, vae
        from aigc_lab.pretrained import classifier

        self.judge = classifier.load_classifier("digits")
        test, train = datasets.load("digits", split="test"), datasets.load("digits")
        self.labels = test.labels  # so that as many samples of each class are drawn as there are test digits
        self.binary = vae.binarise(test.images, seed=0)
        self.test = self.features(transforms.to_unit(test.images))
        self.train_images = transforms.to_unit(train.images)

    def features(self, images: Tensor) -> Tensor:
        return torch.cat([self.judge.features(2 * part - 1) for part in images.split(500)]).double()

    def floor(self, change: Callable[[Tensor], Tensor] = lambda images: images) -> float:
        """Fréchet distance that `SAMPLES` real training digits have, a mean over several draws; `change` is applied to them first."""
        from aigc_lab import metrics

        rng = torch.Generator().manual_seed(0)
        draws = [
            self.train_images[torch.randperm(len(self.train_images), generator=rng)[:SAMPLES]]
            for _ in range(FLOOR_DRAWS)
        ]
        return sum(metrics.frechet_distance(self.test, self.features(change(draw))) for draw in draws) / FLOOR_DRAWS

    @torch.no_grad()
    def __call__(self, model: Any) -> dict[str, float]:
        from aigc_lab import metrics

        images = model.sample(SAMPLES, self.labels) if isinstance(model, Ours) else model.sample(SAMPLES)
        features = self.features(images)
        precision, recall = metrics.precision_recall(self.test, features)
        found = {
            "frechet": metrics.frechet_distance(self.test, features),
            "precision": float(precision),
            "recall": float(recall),
        }
        if getattr(model, "conditional", False):
            answers = self.judge.head(features.float()).argmax(dim=1)
            found["recognised"] = (answers == self.labels).double().mean().item()
        if hasattr(model, "bound"):
            found["bound"] = -model.bound(self.binary).double().mean().item()
        return found


def train(name: str, seconds: float, seed: int) -> dict[str, Any]:
    """Train one model in this process; judge it at each of the moments, and at the end."""
    from aigc_lab import datasets, runtime
    from aigc_lab.training.batches import Batches

    torch.set_num_threads(2)
    runtime.seed_everything(seed)
    evaluate, digits, model = Evaluator(), datasets.load("digits"), make(name)
    moments = [moment for moment in MOMENTS if moment < seconds] + [seconds]
    judged, trained = [], 0.0
    batches = Batches((digits.images, digits.labels), model.batch_size, seed)
    for steps, (images, labels) in enumerate(batches, start=1):
        started = time.perf_counter()
        model.step(images, labels, trained / seconds) if isinstance(model, Ours) else model.step(images)
        trained += time.perf_counter() - started
        if trained >= moments[0]:
            while moments and trained >= moments[0]:
                moments.pop(0)
            judged.append({"seconds": round(trained, 2), "steps": steps, **evaluate(model)})
            print(f"  {name}, seed {seed}: {_line(judged[-1])}", file=sys.stderr, flush=True)
        if not moments:
            return {"name": name, "seed": seed, "date": time.strftime("%Y-%m-%d"), "judged": judged}
    raise AssertionError("batches never end")


def train_apart(name: str, seconds: float, seed: int) -> dict[str, Any]:
    """The same in a process of its own, so that no recipe inherits another's memory, caches or threads."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.json"
        command = [
            sys.executable,
            __file__,
            "--one",
            name,
            "--seconds",
            str(seconds),
            "--seed",
            str(seed),
            "--out",
            str(out),
        ]
        subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "2", "AIGC_LAB_PROFILE": "cpu"})
        return json.loads(out.read_text(encoding="utf-8"))


def first_time(run: dict[str, Any], metric: str, target: float) -> float | None:
    """Seconds of training after which the metric was at or below the target, None if it never was."""
    return next((point["seconds"] for point in run["judged"] if point[metric] <= target), None)


def compare(runs: list[dict[str, Any]], floor: float) -> str:
    """The table, and how long each recipe took to reach what ours had after 60 s."""
    lines = [
        f"{'recipe':18} {'seed':>4} {'seconds':>7} {'steps':>6} {'Fréchet':>8} {'/ floor':>7} {'precision':>9} {'recall':>7} {'recognised':>10} {'nats':>7}"
    ]
    for run in runs:
        for point in (p for p in run["judged"] if p["seconds"] >= 15):
            optional = [
                f"{100 * point['recognised']:.1f}%" if "recognised" in point else "-",
                f"{point['bound']:.1f}" if "bound" in point else "-",
            ]
            lines.append(
                f"{run['name']:18} {run['seed']:4} {point['seconds']:7.0f} {point['steps']:6} {point['frechet']:8.2f} {point['frechet'] / floor:7.1f} "
                f"{point['precision']:9.3f} {point['recall']:7.3f} {optional[0]:>10} {optional[1]:>7}"
            )
    for metric, family, ours, unit in [
        ("frechet", GANS, "our GAN", "Fréchet distance"),
        ("bound", VAES, "our VAE", "nats"),
    ]:
        at_60 = [p[metric] for run in runs if run["name"] == ours for p in run["judged"] if 60 <= p["seconds"] < 62]
        for run in [run for run in runs if run["name"] in family and run["name"] != ours and at_60]:
            target, last = sum(at_60) / len(at_60), run["judged"][-1]
            reached = first_time(run, metric, target)
            what = (
                f"after {reached:.0f} s"
                if reached
                else f"not reached in {last['seconds']:.0f} s (there: {last[metric]:.1f})"
            )
            lines.append(f"{run['name']}: {unit} of {target:.2f}, which {ours} has after 60 s: {what}")
    return "\n".join(lines)


def plot(runs: list[dict[str, Any]], floor: float, path: Path) -> None:
    """Fréchet distance and bound over seconds, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from aigc_lab.plots import COLOURS

    names = [name for name in (*GANS, *VAES) if any(run["name"] == name for run in runs)]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.5))
    for run in runs:
        colour, label = COLOURS[names.index(run["name"]) % len(COLOURS)], run["name"] if run["seed"] == 0 else None
        seconds = [point["seconds"] for point in run["judged"]]
        left.plot(seconds, [point["frechet"] for point in run["judged"]], "o-", color=colour, label=label)
        if "bound" in run["judged"][0]:
            right.plot(seconds, [point["bound"] for point in run["judged"]], "o-", color=colour, label=label)
    left.axhline(floor, color="black", linestyle=":", label="real training digits")
    left.set(
        xscale="log",
        yscale="log",
        xlabel="seconds of training",
        ylabel="Fréchet distance",
        title="Samples: lower is better",
    )
    right.set(
        xscale="log",
        xlabel="seconds of training",
        ylabel="nats a digit",
        title="Bound on binarised test digits: lower is better",
    )
    for axes in (left, right):
        axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def _stored(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []


def _line(point: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in point.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--long", action="store_true", help="the recipes people start from get 1,200 s, one seed")
    parser.add_argument("--only", nargs="+", choices=[*GANS, *VAES], metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3, help="of ours; the others have one")
    for name, kind in (("--one", str), ("--seed", int), ("--out", Path)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        given.out.write_text(json.dumps(train(given.one, given.seconds, given.seed)), encoding="utf-8")
        return

    from peers import gans

    names = given.only or [name for name in (*GANS, *VAES) if not (given.long and name in OURS)]
    short, long = RESULTS / "time_to_quality.json", RESULTS / "time_to_quality_long.json"
    path = long if given.long else short
    runs = [
        run for run in _stored(path) if run["name"] not in names
    ]  # a long table may be measured on several evenings
    if given.long and not any(run["name"] in OURS for run in runs):
        runs += [run for run in _stored(short) if run["name"] in OURS and run["name"] not in names]
    for name in names:
        seconds = 1200 if given.long and name not in OURS else given.seconds
        runs += [train_apart(name, seconds, seed) for seed in range(given.seeds if name in OURS else 1)]
    runs.sort(key=lambda run: ((*GANS, *VAES).index(run["name"]), run["seed"]))
    evaluate = Evaluator()
    floor, through_64 = evaluate.floor(), evaluate.floor(lambda images: gans.reduce(gans.enlarge(images)))
    print(
        f"Real training digits have a Fréchet distance of {floor:.3f} ({through_64:.3f} when they went through 64×64, as PyTorch's DCGAN has them)."
    )
    print(compare(runs, floor))
    machine = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    RESULTS.mkdir(exist_ok=True)
    found = {
        "command": " ".join(sys.argv[1:]),
        "date": time.strftime("%Y-%m-%d"),
        **machine,
        "floor": floor,
        "floor_through_64": through_64,
        "runs": runs,
    }
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    plot(runs, floor, path.with_suffix(".png"))


if __name__ == "__main__":
    main()
