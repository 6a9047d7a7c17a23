"""Judge four samplers of the stored flow at three costs, with five seeds: data/checkpoints/flow_samplers.safetensors and .json.

Run `python data/build/checkpoint_flow_samplers.py`: 60 sets of 1,000 pictures, some three minutes of a core. Nothing is trained. Each set is compared with the
same 1,000 test digits, so that only the sampler, the cost and the noise make values differ. Lesson 38 shows the table.
"""

import json
import platform
import time

import torch
from checkpoint_flow_digits import OUT, judged
from safetensors.torch import save

from aigc_lab import datasets, flow, pretrained
from aigc_lab.flow import diffusion, matching

WAYS = ("euler", "midpoint", "heun", "ancestral")
EVALUATIONS, SEEDS, JUDGED = (4, 8, 20), (0, 1, 2, 3, 4), 1000


def drawn(recipe: flow.FlowRecipe, way: str, evaluations: int, seed: int, asked: torch.Tensor) -> torch.Tensor:
    """Pictures of the classes asked for. One seed gives all samplers the same noise to start from."""

    def velocity(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return torch.cat([recipe.velocity(*part) for part in zip(x.split(250), t.split(250), asked.split(250))])  # noqa: B905

    noise = torch.randn(len(asked), *recipe.shape, generator=torch.Generator().manual_seed(seed))
    if way == "ancestral":
        fresh = torch.Generator().manual_seed(100 + seed)
        return diffusion.denoise(velocity, noise, evaluations, 1.0, fresh).clamp(-1, 1)
    return flow.follow(velocity, noise, evaluations // matching.METHODS[way], way).clamp(-1, 1)


def main() -> None:
    recipe, asked = flow.FlowRecipe.for_data(datasets.load("digits")), torch.arange(JUDGED) % 10
    recipe.averaged.load_state_dict(pretrained.load("flow_digits"))
    begun, started = time.perf_counter(), time.process_time()
    rows = []
    for seed in SEEDS:
        for way in WAYS:
            for evaluations in EVALUATIONS:
                found = judged(drawn(recipe, way, evaluations, seed, asked), asked)
                rows.append({"way": way, "evaluations": evaluations, "seed": seed, **found})
                print(rows[-1], flush=True)
    shape = (len(SEEDS), len(WAYS), len(EVALUATIONS))
    tensors = {
        name: torch.tensor([row[name] for row in rows], dtype=torch.float64).view(shape)
        for name in ("frechet", "precision", "recall", "recognised")
    }
    digits = datasets.load("digits")
    record = {
        "script": "data/build/checkpoint_flow_samplers.py",
        "model": "flow_digits",
        "axes": {"seed": list(SEEDS), "way": list(WAYS), "evaluations": list(EVALUATIONS)},
        "seed": list(SEEDS),
        "pictures": JUDGED,
        "seconds": round(time.perf_counter() - begun, 1),
        "cpu_seconds": round(time.process_time() - started, 1),
        "machine": f"{torch.get_num_threads()} threads, {platform.machine()}",
        "torch": torch.__version__.split("+")[0],
        "dataset": digits.name,
        "data_license": digits.license,
        "result": {
            f"{way}, {evaluations}": round(tensors["frechet"][:, i, j].mean().item(), 3)
            for i, way in enumerate(WAYS)
            for j, evaluations in enumerate(EVALUATIONS)
        },
    }
    path = OUT / "flow_samplers.safetensors"
    path.write_bytes(save(tensors))
    path.chmod(0o644)
    (OUT / "flow_samplers.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(record["result"])


if __name__ == "__main__":
    main()
