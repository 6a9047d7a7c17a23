"""Exercises of lesson 01."""

import numpy as np
import torch

from aigc_lab import transforms
from aigc_lab.control import interpolation
from aigc_lab.exercises import Exercise, Mistake, case, normal, uniform
from aigc_lab.pretrained import classifier

BYTES = torch.tensor([[0, 1, 100], [128, 200, 255]], dtype=torch.uint8)
LOGITS = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [0.0, 1.0, 5.0], [4.0, 0.0, 1.0]], dtype=torch.float64)


def _random_bytes(generator):
    return case(images=(uniform(2, 1, 4, 4, generator=generator) * 256).to(torch.uint8))


def _random_scores(generator):
    return case(logits=normal(40, 10, generator=generator), wanted=torch.randint(10, (40,), generator=generator))


def _signed_by_loops(images):
    values = [2 * value / 255 - 1 for value in images.flatten().tolist()]
    return torch.tensor(values).reshape(images.shape)


def _share_by_loops(logits, wanted):
    hits = 0
    for scores, digit in zip(logits.tolist(), wanted.tolist(), strict=True):
        hits += scores.index(max(scores)) == digit
    return hits / len(wanted)


def _between_by_loops(start, end, n):
    return torch.stack([start + (end - start) * i / (n - 1) for i in range(n)])


def _between_by_hint(start, end, n):
    t = torch.linspace(0, 1, n)[:, None]
    return (1 - t) * start + t * end


LESSON = "01 Start here"

EXERCISES = [
    Exercise(
        id="start.to_signed",
        reference=transforms.to_signed,
        cases=[case(images=BYTES), _random_bytes],
        mistakes={
            "scaled to [0, 1]": Mistake(
                lambda images: images / 255,
                "Black became 0 and white 1. In [-1, 1] black is -1: the new range is 2 wide, so stretch the values and then shift them.",
            ),
            "centred, but half as wide": Mistake(
                lambda images: images / 255 - 0.5,
                "White became 0.5. The values are centred, but span [-0.5, 0.5]: stretch them by 2.",
            ),
            "divided by 128": Mistake(
                lambda images: (images.float() - 128) / 128,
                "White became 0.992 instead of 1. The middle of 0 to 255 is 127.5, and so is half its width.",
            ),
            "arithmetic in bytes": Mistake(
                lambda images: (images * 2 - 255) / 255,
                "A byte can't hold 2 · 200 = 400: it starts again at 0 after 255, which gives 144. Turn the picture into floats before you calculate: "
                "`images.float()`.",
            ),
        },
        hints=[
            "What must 0 become, and what 255? Two points fix a straight line.",
            "Divide by half of 255, then shift: x / 127.5 - 1.",
        ],
        alternatives=[
            lambda images: images / 127.5 - 1,
            lambda images: images.float() * 2 / 255 - 1,
            lambda images: (images.double() - 127.5) / 127.5,
            lambda images: images.numpy() / 127.5 - 1,
            _signed_by_loops,
        ],
    ),
    Exercise(
        id="start.recognised_share",
        reference=classifier.recognised_share,
        cases=[case(logits=LOGITS, wanted=torch.tensor([0, 1, 2, 2])), _random_scores],
        mistakes={
            "a count, not a share": Mistake(
                lambda logits, wanted: (logits.argmax(dim=1) == wanted).sum().item(),
                "This counts the hits. A share is the hits divided by the number of pictures: 90 of 100 and 900 of 1,000 are both 0.9.",
            ),
            "percent": Mistake(
                lambda logits, wanted: (logits.argmax(dim=1) == wanted).double().mean().item() * 100,
                "This is in percent. A share lies between 0 and 1; write it as percent when you print it.",
            ),
            "the best picture for each class": Mistake(
                lambda logits, wanted: (
                    sum(int(i == w) for i, w in zip(logits.argmax(dim=0), wanted, strict=False)) / len(wanted)
                ),
                "`argmax` ran over the pictures (dim=0), so it says which picture looks most like a 3. "
                "You want the class with the highest score for each picture: dim=1.",
            ),
            "confidence instead of hits": Mistake(
                lambda logits, wanted: logits.softmax(dim=1)[torch.arange(len(wanted)), wanted].mean().item(),
                "This averages the probability that the classifier gives the wanted class. A picture is recognised if this class "
                "has the highest score, however close the others are.",
            ),
        },
        hints=[
            "Three steps: the classifier's answer for each picture, whether it is the wanted one, the mean.",
            "`logits.argmax(dim=1)` gives the answers. Compare them with `wanted`; to average booleans, call `.float()` first.",
            "(logits.argmax(dim=1) == wanted).float().mean()",
        ],
        alternatives=[
            lambda logits, wanted: (logits.argmax(dim=1) == wanted).float().mean(),
            lambda logits, wanted: (logits.argmax(-1) == wanted).sum().item() / len(wanted),
            lambda logits, wanted: np.mean(logits.numpy().argmax(axis=1) == wanted.numpy()),
            lambda logits, wanted: (logits.max(dim=1).indices - wanted == 0).double().mean(),
            _share_by_loops,
        ],
    ),
    Exercise(
        id="start.between",
        reference=interpolation.between,
        cases=[
            case(start=torch.zeros(2, dtype=torch.float64), end=torch.tensor([3.0, -6.0], dtype=torch.float64), n=4),
            lambda generator: case(start=normal(5, generator=generator), end=normal(5, generator=generator), n=6),
        ],
        mistakes={
            "never arrives": Mistake(
                lambda start, end, n: torch.stack([start + (end - start) * i / n for i in range(n)]),
                "The last point is one step short of the end: with i / n and i = 0 ... n - 1, the largest t is (n - 1) / n. "
                "Divide by n - 1.",
            ),
            "walks backwards": Mistake(
                lambda start, end, n: torch.stack([end + (start - end) * i / (n - 1) for i in range(n)]),
                "Your first point is `end` and your last one is `start`. At t = 0 you should be at `start`.",
            ),
            "one step too many": Mistake(
                lambda start, end, n: torch.stack([start + (end - start) * i / n for i in range(n + 1)]),
                "There are n + 1 points. n points have n - 1 gaps between them.",
            ),
        },
        hints=[
            "How many gaps are there between n points?",
            "`t = torch.linspace(0, 1, n)[:, None]` has one row for each point; mix the ends with the weights 1 - t and t.",
            "t = torch.linspace(0, 1, n)[:, None], then (1 - t) * start + t * end",
        ],
        alternatives=[
            _between_by_hint,
            lambda start, end, n: torch.lerp(start, end, torch.linspace(0, 1, n, dtype=start.dtype)[:, None]),
            lambda start, end, n: np.linspace(start.numpy(), end.numpy(), n),
            _between_by_loops,
        ],
    ),
]
