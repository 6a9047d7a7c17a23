"""Train the course's GAN on the digits for a minute and store its generator: data/checkpoints/gan_digits.safetensors and .json.

Run `python data/build/checkpoint_gan_digits.py`, about a minute on two cores. Lesson 38 compares it with a flow that was trained for longer. The recipe is
unchanged. The script stores the running average of the generator, in half precision, and scores the stored file, read back, in the same way as the flow.
"""

import time

import torch
from checkpoint_flow_digits import BATCH, JUDGED, SEED, judged, record, store, write

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
    averaged = store(recipe.averaged, "gan_digits")
    asked = torch.arange(JUDGED) % 10
    facts = {
        "script": "data/build/checkpoint_gan_digits.py",
        "model": "gan.GanRecipe.for_data(digits), its averaged generator, stored in half precision",
        "steps": STEPS,
        **record(averaged, history, cpu_seconds),
        "result": judged(recipe.sample(JUDGED, asked, torch.Generator().manual_seed(SEED)), asked),
    }
    write(facts, "gan_digits")


if __name__ == "__main__":
    main()
