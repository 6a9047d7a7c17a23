"""Exercises on training with several processes, and what it costs (lesson 37)."""

import numpy as np
import torch

from aigc_lab.exercises import Exercise, Mistake, case, normal
from aigc_lab.parallel import costs, data_parallel, ring_all_reduce, sharding

LESSON = "37 Beyond one GPU"


def _parts(generator: torch.Generator):
    p = int(torch.randint(2, 6, (1,), generator=generator))
    sizes = torch.randint(1, 40, (p,), generator=generator).tolist()
    return case(gradients=normal(p, 3, generator=generator), sizes=sizes)


def _shared(gradients, sizes):
    return gradients.new_tensor(sizes) @ gradients


def _stages(weights, gpus, stage, each=(2, 2, 12), first_shared=(3, 2, 1)):
    """Bytes with `each` a weight for weights, gradients, optimiser, shared out from the stages in `first_shared`."""
    shares = (size / gpus if stage >= first else size for size, first in zip(each, first_shared, strict=True))
    return weights * sum(shares)


def _weighted_rows(gradients, sizes):
    weights = torch.tensor(sizes, dtype=gradients.dtype) / sum(sizes)
    return (weights[:, None] * gradients).sum(dim=0)


def _example_by_example(gradients, sizes):
    total = torch.zeros_like(gradients[0])
    for row, count in zip(gradients, sizes, strict=True):
        for _ in range(count):  # each example brings its part's mean
            total = total + row
    return total / sum(sizes)


def _sent_by_counting_messages(size, processes):
    sent = 0.0
    for _half in range(2):
        for _message in range(processes - 1):
            sent += size / processes
    return sent


def _held_by_cases(weights, gpus, stage):
    if stage == 0:
        return 16 * weights
    if stage == 1:
        return 4 * weights + 12 * weights / gpus
    return 2 * weights + 14 * weights / gpus if stage == 2 else 16 * weights / gpus


def _held_part_by_part(weights, gpus, stage):
    total = 0.0
    for size, first_shared in ((12, 1), (2, 2), (2, 3)):
        part = size * weights
        if stage >= first_shared:
            part /= gpus
        total += part
    return total


def _hours_step_by_step(flops, peak, utilisation):
    reached = peak * utilisation
    seconds = flops / reached
    minutes = seconds / 60
    return minutes / 60


EXERCISES = [
    Exercise(
        id="parallel.averaged_gradient",
        reference=data_parallel.averaged_gradient,
        alternatives=[
            _weighted_rows,
            _example_by_example,
            lambda gradients, sizes: np.average(np.asarray(gradients), axis=0, weights=sizes),
        ],
        cases=[
            case(gradients=torch.tensor([[1.0, 0.0], [5.0, 4.0]], dtype=torch.float64), sizes=[3, 1]),
            case(gradients=torch.tensor([[2.0], [4.0]], dtype=torch.float64), sizes=[8, 8]),
            case(gradients=torch.tensor([[3.0, -1.0]], dtype=torch.float64), sizes=[5]),
            _parts,
        ],
        mistakes={
            "every part counts the same": Mistake(
                lambda gradients, sizes: gradients.mean(dim=0),
                "This is the plain mean of the rows. With 3 examples in one part and 1 in the other, that one then weighs as much "
                "as the three together: 1/2, against 1/6 for each of the three. All should weigh 1/4.",
            ),
            "summed instead of averaged": Mistake(
                lambda gradients, sizes: gradients.sum(dim=0),
                "This adds the rows. Each is already a mean, so p equal rows come out p times too long, and with 8 processes you train "
                "with 8 times the learning rate.",
            ),
            "weighted, but not divided": Mistake(
                _shared,
                "The rows are weighted by their sizes, and that is right. But the weights must add up to 1: divide by the number "
                "of all examples.",
            ),
            "divided twice": Mistake(
                lambda gradients, sizes: _shared(gradients, sizes) / sum(sizes) / len(sizes),
                "The weights n_i / n add up to 1 already. Dividing by the number of parts as well makes the step p times too "
                "short. It happens when you weight the losses and a library then takes the mean over processes.",
            ),
        },
        hints=[
            "The mean over all n examples is a sum over examples, divided by n. Group the sum by parts.",
            "Part i contributes n_i times its own mean, over n.",
            "`weights = torch.tensor(sizes, dtype=gradients.dtype) / sum(sizes)`, then a weighted sum of the rows: "
            "`(weights[:, None] * gradients).sum(dim=0)`.",
        ],
    ),
    Exercise(
        id="parallel.ring_bytes",
        reference=ring_all_reduce.bytes_sent,
        alternatives=[
            lambda size, processes: 2 * (processes - 1) * (size / processes),
            _sent_by_counting_messages,
            lambda size, processes: 2 * size - 2 * size / processes,
        ],
        cases=[
            case(size=100.0, processes=4),
            case(size=100.0, processes=2),
            case(size=100.0, processes=1),
            lambda rng: case(
                size=float(torch.randint(1, 10**9, (1,), generator=rng)),
                processes=int(torch.randint(3, 200, (1,), generator=rng)),
            ),
        ],
        mistakes={
            "only the first half": Mistake(
                lambda size, processes: (processes - 1) * size / processes,
                "After these rounds each process has the whole sum of one piece only. The finished pieces must still travel "
                "round the ring, which takes as many rounds again.",
            ),
            "whole vectors in each round": Mistake(
                lambda size, processes: 2 * (processes - 1) * size,
                "In each round a process sends one piece, a p-th of the vector. You count whole vectors: 600 bytes for 4 "
                "processes and 100 bytes, where 150 are sent.",
            ),
            "two vectors, however many processes": Mistake(
                lambda size, processes: 2 * size,
                "Two vectors are the limit for many processes. But each half takes p - 1 rounds, not p. How much does "
                "a process send if it is the only one?",
            ),
            "the mean over processes": Mistake(
                lambda size, processes: 2 * (processes - 1) * size / processes**2,
                "You divide by p once too often. A piece is size / p; there are 2 (p - 1) messages of one piece from EACH process.",
            ),
        },
        hints=[
            "How large is one piece, and how many rounds are there?",
            "p - 1 rounds to gather the sums, p - 1 to hand the results round.",
            "2 (p - 1) messages of size / p.",
        ],
    ),
    Exercise(
        id="parallel.bytes_per_gpu",
        reference=sharding.bytes_per_gpu,
        alternatives=[_held_by_cases, _held_part_by_part, lambda weights, gpus, stage: _stages(weights, gpus, stage)],
        cases=[
            case(weights=1e9, gpus=4, stage=0),
            case(weights=1e9, gpus=4, stage=1),
            case(weights=1e9, gpus=4, stage=2),
            case(weights=1e9, gpus=4, stage=3),
            case(weights=1e9, gpus=1, stage=2),
            lambda rng: case(
                weights=7e9,
                gpus=int(torch.randint(2, 100, (1,), generator=rng)),
                stage=int(torch.randint(4, (1,), generator=rng)),
            ),
        ],
        mistakes={
            "the float32 copy of the weights forgotten": Mistake(
                lambda weights, gpus, stage: _stages(weights, gpus, stage, each=(2, 2, 8)),
                "You count 12 bytes a weight. Adam's two means take 8, and half-precision training also keeps a float32 copy of each "
                "weight (4), or small steps would be lost in rounding: 16 in all.",
            ),
            "everything in float32": Mistake(
                lambda weights, gpus, stage: _stages(weights, gpus, stage, each=(4, 4, 8)),
                "4 + 4 + 8 is 16 as well, so stage 0 comes out right. Here it is 2 + 2 + 12, and stage 1 already shares out most of it: "
                "7 GB are left instead of 10 for 10^9 weights on 4 GPUs.",
            ),
            "one stage too far": Mistake(
                lambda weights, gpus, stage: _stages(weights, gpus, stage, first_shared=(2, 1, 1)),
                "Stage 1 shares out the optimiser's 12 bytes and nothing else. You share the gradients in stage 1 and the weights in "
                "stage 2.",
            ),
            "everything shared from stage 1": Mistake(
                lambda weights, gpus, stage: _stages(weights, gpus, stage, first_shared=(1, 1, 1)),
                "This divides all 16 bytes by p as soon as anything is shared. Until stage 3 each GPU has all weights: which part is shared "
                "in stage 1, which in stage 2?",
            ),
            "weights never shared": Mistake(
                lambda weights, gpus, stage: _stages(weights, gpus, stage, first_shared=(9, 2, 1)),
                "In stage 3 the weights are shared out, too. With all of them on each GPU, a model whose 16-bit weights don't fit "
                "one GPU would fit no number of them.",
            ),
        },
        hints=[
            "Stage 0 first: 2 bytes for the weight, 2 for its gradient, 12 in the optimiser.",
            "The optimiser's part is divided by p from stage 1, the gradient's from stage 2, the weight's from stage 3.",
            "Stage 0 is 16 N, stage 1 is 4 N + 12 N / p, stage 2 is 2 N + 14 N / p, stage 3 is 16 N / p.",
        ],
    ),
    Exercise(
        id="parallel.gpu_hours",
        reference=costs.gpu_hours,
        alternatives=[
            lambda flops, peak, utilisation: flops / (peak * utilisation) / 3600,
            lambda flops, peak, utilisation: flops / peak / utilisation / 3600,
            _hours_step_by_step,
            lambda flops, peak, utilisation: flops / (3600 * utilisation * peak),
        ],
        cases=[
            case(flops=3.6e15, peak=1e12, utilisation=0.5),
            case(flops=3.14e23, peak=312e12, utilisation=0.4),
            lambda rng: case(
                flops=1e21 * float(torch.rand(1, generator=rng)) + 1e20,
                peak=65e12,
                utilisation=0.1 + 0.5 * float(torch.rand(1, generator=rng)),
            ),
        ],
        mistakes={
            "the data sheet taken at its word": Mistake(
                lambda flops, peak, utilisation: flops / peak / 3600,
                "This is the time at the full peak. No training reaches it: at a utilisation of 0.5 it takes twice as long, and you "
                "have booked half of the machines.",
            ),
            "the lower the utilisation, the faster": Mistake(
                lambda flops, peak, utilisation: flops * utilisation / peak / 3600,
                "Here a machine that is used half as well is done in half the time. The rate that you really get is peak times "
                "utilisation. Divide by that.",
            ),
            "seconds": Mistake(
                lambda flops, peak, utilisation: flops / (peak * utilisation),
                "Operations over operations a second are seconds. An hour has 3600.",
            ),
            "minutes": Mistake(
                lambda flops, peak, utilisation: flops / (peak * utilisation) / 60,
                "You divided by 60 once, so these are minutes. GPUs are rented by the hour: divide by 60 again.",
            ),
        },
        hints=[
            "How many operations a second do you really get?",
            "Operations over (peak times utilisation) gives seconds.",
            "`flops / (peak * utilisation) / 3600`",
        ],
    ),
]
