"""Exercises of lesson 01."""

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


LESSON = "01 Start here"

EXERCISES = [
    Exercise(
        id="start.to_signed",
        reference=transforms.to_signed,
        cases=[case(images=BYTES), _random_bytes],
        mistakes={
            "scaled to [0, 1]": Mistake(
                lambda images: images / 255,
                "Black became 0. In [-1, 1] black is -1 and grey is 0: the range is two wide, and it needs a shift as well.",
            ),
            "centred, but half as wide": Mistake(
                lambda images: images / 255 - 0.5,
                "White became 0.5. The values are centred, but span [-0.5, 0.5]: stretch them by 2.",
            ),
            "divided by 128": Mistake(
                lambda images: (images.float() - 128) / 128,
                "White became 0.992, so a generator that ends in tanh could never be told to draw pure white. "
                "The middle of 0..255 is 127.5, and so is half its width.",
            ),
            "arithmetic in bytes": Mistake(
                lambda images: (images * 2 - 255) / 255,
                "A byte can't hold 2 x 200: it wraps round to 144. Turn the picture into floats before you calculate.",
            ),
        },
        hints=[
            "Which number must 0 become, which one 255? Two points fix a straight line.",
            "Divide by half of 255, then shift: x / 127.5 - 1.",
        ],
    ),
    Exercise(
        id="start.recognised_share",
        reference=classifier.recognised_share,
        cases=[case(logits=LOGITS, wanted=torch.tensor([0, 1, 2, 2])), _random_scores],
        mistakes={
            "a count, not a share": Mistake(
                lambda logits, wanted: (logits.argmax(dim=1) == wanted).sum().item(),
                "This counts the hits. A share is hits divided by pictures, so that 90 of 100 and 900 of 1,000 are the same.",
            ),
            "percent": Mistake(
                lambda logits, wanted: (logits.argmax(dim=1) == wanted).double().mean().item() * 100,
                "This is in percent. A share lies between 0 and 1; write it as percent when you print it.",
            ),
            "the best picture for each class": Mistake(
                lambda logits, wanted: (
                    sum(int(i == w) for i, w in zip(logits.argmax(dim=0), wanted, strict=False)) / len(wanted)
                ),
                "argmax ran down the pictures (dim=0): it tells which picture looks most like a 3. "
                "You want, for each picture, the class with the highest score: dim=1.",
            ),
            "confidence instead of hits": Mistake(
                lambda logits, wanted: logits.softmax(dim=1)[torch.arange(len(wanted)), wanted].mean().item(),
                "This averages how sure the classifier is of the wanted class. Recognised means that this class comes first, "
                "by however little.",
            ),
        },
        hints=[
            "Three steps: the classifier's answer for each picture, whether it is the wanted one, the mean.",
            "`logits.argmax(dim=1)` are the answers. The mean of a tensor of booleans needs `.float()` first.",
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
                "The last point stops one step short of the end: with i / n and i = 0 ... n-1 the largest t is (n-1)/n. "
                "Divide by n - 1.",
            ),
            "walks backwards": Mistake(
                lambda start, end, n: torch.stack([end + (start - end) * i / (n - 1) for i in range(n)]),
                "The first point is `end`. At t = 0 you should still stand at `start`.",
            ),
            "one step too many": Mistake(
                lambda start, end, n: torch.stack([start + (end - start) * i / n for i in range(n + 1)]),
                "There are n + 1 points. n points have n - 1 gaps between them.",
            ),
        },
        hints=[
            "How many gaps are there between n points?",
            "t = torch.linspace(0, 1, n)[:, None] has one row a point; mix the ends with weights 1 - t and t.",
        ],
    ),
]
