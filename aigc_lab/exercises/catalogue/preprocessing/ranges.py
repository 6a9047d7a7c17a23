"""Exercises of lesson 13 on pixels."""

import numpy as np
import torch

from aigc_lab import transforms
from aigc_lab.exercises import Exercise, Mistake, case, normal

LESSON = "13 Preprocessing"

SAMPLE = torch.tensor([[-1.3, -1.0, -0.5], [0.0, 0.995, 1.2]], dtype=torch.float64)


def _scaled(images):
    return (images + 1) * 127.5


def _stretched(images):
    low, high = images.min(), images.max()
    return ((images - low) / (high - low) * 255).round().to(torch.uint8)


def _in_four_steps(images):
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def _clipped_first(images):
    return (images.clamp(-1, 1) * 127.5 + 127.5).round().byte()


def _by_numpy(images):
    return np.clip(np.rint((np.asarray(images) + 1) / 2 * 255), 0, 255).astype(np.uint8)


def _by_loops(images):
    levels = [min(255, max(0, round((x + 1) * 127.5))) for x in images.flatten().tolist()]
    return torch.tensor(levels, dtype=torch.uint8).reshape(images.shape)


EXERCISES = [
    Exercise(
        id="preprocessing.from_signed",
        reference=transforms.from_signed,
        cases=[
            case(images=SAMPLE),
            lambda rng: case(images=0.7 * normal(3, 1, 4, 4, generator=rng)),
            lambda rng: case(images=torch.linspace(-1.02, 1.02, 97, dtype=torch.float64)),
        ],
        alternatives=[_in_four_steps, _clipped_first, _by_numpy, _by_loops],
        mistakes={
            "no clipping": Mistake(
                lambda images: _scaled(images).round().to(torch.int64).to(torch.uint8),
                "1.2 gives 280.5, which no byte can hold: it keeps 280 - 256 = 24, nearly black. Clip to 0..255 before the cast.",
            ),
            "cut off instead of rounded": Mistake(
                lambda images: _scaled(images).clamp(0, 255).to(torch.uint8),
                "A cast to bytes drops the decimals: 254.4 becomes 254, but 254.9 as well. Round first.",
            ),
            "each picture stretched on its own": Mistake(
                _stretched,
                "This makes the darkest value black and the lightest white, whatever they are, as imshow does. "
                "A faint picture then looks like a strong one. -1 is black, 1 is white, always.",
            ),
            "clipped too late": Mistake(
                lambda images: _scaled(images).round().to(torch.int64).to(torch.uint8).clamp(10, 250),
                "Once the values are bytes there is nothing left to clip: they have wrapped already.",
            ),
            "from [0, 1]": Mistake(
                lambda images: (images * 255).round().clamp(0, 255).to(torch.uint8),
                "0, the middle of the range, became black. The range is [-1, 1]: shift by 1 before you scale.",
            ),
            "still floats": Mistake(
                lambda images: _scaled(images).clamp(0, 255),
                "The values are in range, but not whole: a byte picture has the type torch.uint8, and whole numbers.",
            ),
        },
        hints=[
            "Four steps: shift and scale, round, clip, cast. In which order?",
            "`((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)`",
        ],
    ),
]
