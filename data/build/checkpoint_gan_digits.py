"""Train the course's GAN on the digits for a minute and store its generator: data/checkpoints/gan_digits.safetensors and .json.

Run `python data/build/checkpoint_gan_digits.py`, about a minute on two cores. Lesson 38 puts it beside a flow that was trained for longer. It is the recipe as
it is; what is stored is the running average of the generator, in half precision, and the stored file, read back, is scored as the flow is.
"""

import json
import platform
import time

import torch
from checkpoint_flow_digits import BATCH, JUDGED, OUT, SEED, judged
from safetensors.torch import load_file, save

from aigc_lab import datasets, gan, runtime, training

STEPS = 1700


def main() -> None:
    runtime.seed_everything(SEED)
    digits = datasets.load("digits")
    recipe = gan.GanRecipe.for_data(digits)
    start = time.process_time()
    history = training.fit(recipe, digits, steps=STEPS, batch_size=BATCH, seed=SEED)
    cpu_seconds = time.process_time() - start
    recipe.to("cpu")
    path = OUT / "gan_digits.safetensors"
    path.write_bytes(save({name: w.half().contiguous() for name, w in recipe.averaged.state_dict().items()}))
    path.chmod(0o644)
    recipe.averaged.load_state_dict(load_file(path))
    asked = torch.arange(JUDGED) % 10
    facts = {
        "script": "data/build/checkpoint_gan_digits.py",
        "model": "gan.GanRecipe.for_data(digits), its averaged generator, stored in half precision",
        "seed": SEED,
        "steps": STEPS,
        "batch": BATCH,
        "parameters": sum(p.numel() for p in recipe.averaged.parameters()),
        "seconds": round(float(history.seconds[-1]), 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "machine": f"{torch.get_num_threads()} threads, {platform.machine()}",
        "torch": torch.__version__.split("+")[0],
        "data": f"{len(digits):,} training digits",
        "result": judged(recipe.sample(JUDGED, asked, torch.Generator().manual_seed(SEED)), asked),
    }
    path.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(facts)


if __name__ == "__main__":
    main()
