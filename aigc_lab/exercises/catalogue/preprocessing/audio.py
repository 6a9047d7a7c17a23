"""Exercises of lesson 13 on sound."""

import numpy as np
import torch

from aigc_lab.exercises import Exercise, Mistake, case, uniform
from aigc_lab.preprocessing import audio

LESSON = "13 Preprocessing"


def _by_decimal_logarithm(hertz):
    return 2595 * torch.log10(1 + hertz / 700)


def _by_natural_logarithm(hertz):
    return 1127 * torch.log1p(hertz / 700)  # HTK's own book rounds the factor so: 2595 / ln 10 is 1126.99


def _by_numpy(hertz):
    return 2595 * (np.log10(700 + hertz.numpy()) - np.log10(700))


EXERCISES = [
    Exercise(
        id="audio.hz_to_mel",
        reference=audio.hz_to_mel,
        cases=[
            case(hertz=torch.tensor([0.0, 700.0, 1000.0], dtype=torch.float64)),
            lambda rng: case(hertz=8000 * uniform(2, 3, generator=rng)),
        ],
        alternatives=[_by_decimal_logarithm, _by_natural_logarithm, _by_numpy],
        tolerance=1e-5,  # both roundings of the factor are in use
        mistakes={
            "natural logarithm": Mistake(
                lambda hertz: 2595 * torch.log(1 + hertz / 700),
                "2595 goes with the decimal logarithm: 1,000 Hz are 1,000 mel, and you get 2,303. (With the natural one the factor is 1127.)",
            ),
            "without the 1": Mistake(
                lambda hertz: 2595 * torch.log10(hertz / 700),
                "0 Hz became minus infinity. The 1 keeps the scale nearly straight for low tones: 0 Hz is 0 mel.",
            ),
            "mel to hertz": Mistake(
                lambda hertz: 700 * (10 ** (hertz / 2595) - 1),
                "This is the way back, from mel to hertz. 1,000 becomes 1,000 either way, but 700 Hz should become 781 mel.",
            ),
            "Slaney's formula": Mistake(
                lambda hertz: torch.where(
                    hertz < 1000,
                    3 * hertz / 200,
                    15 + 27 * torch.log(hertz.clamp(min=1) / 1000) / torch.log(torch.tensor(6.4).double()),
                ),
                "This is Slaney's mel formula, the default of librosa, in which 1,000 Hz are 15 mel. The exercise asks "
                "for HTK's.",
            ),
        },
        hints=[
            "1,000 Hz must come out as 999.99 mel. Which logarithm gives that?",
            "`2595 * torch.log10(1 + hertz / 700)`",
        ],
    ),
]
