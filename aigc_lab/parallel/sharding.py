"""A model that is too large for one GPU: what each of p holds when they share it, and what the sharing costs."""

from typing import NamedTuple

STAGES = (0, 1, 2, 3)


class Bytes(NamedTuple):
    """Bytes that one GPU holds, by what they are for."""

    weights: float
    gradients: float
    optimizer: float

    @property
    def total(self) -> float:
        return self.weights + self.gradients + self.optimizer


def held(weights: float, gpus: int, stage: int) -> Bytes:
    r"""What one of p GPUs holds of a model of N weights: mixed precision, Adam, ZeRO stage 0 to 3.

    A weight takes 2 bytes in half precision, its gradient 2, and the optimiser's part 12: a float32 copy of the weight
    and Adam's two means, 4 each. Stage 1 shares out the optimiser's part, stage 2 the gradients as well, stage 3
    everything:

    .. math:: 16 N, \qquad 4 N + \frac{12 N}{p}, \qquad 2 N + \frac{14 N}{p}, \qquad \frac{16 N}{p}

    Args:
        weights: N. gpus: p, at least 1. stage: 0 keeps all of it on each GPU.

    Returns:
        Bytes. Activations, buffers and what the libraries need come on top.

    Raises:
        ValueError: no such stage.

    Source:
        Rajbhandari et al., "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", SC 2020, section 3 and figure 1. PyTorch's FSDP calls
        stage 3 FULL_SHARD and stage 2 SHARD_GRAD_OP.
    """
    if stage not in STAGES:
        raise ValueError(f"ZeRO has the stages 0, 1, 2 and 3, got {stage!r}")
    return Bytes(
        weights=2 * weights / (gpus if stage >= 3 else 1),
        gradients=2 * weights / (gpus if stage >= 2 else 1),
        optimizer=12 * weights / (gpus if stage >= 1 else 1),
    )


def bytes_per_gpu(weights: float, gpus: int, stage: int) -> float:
    """The total of `held`, in bytes."""
    return held(weights, gpus, stage).total


def pipeline_bubble(stages: int, parts: int) -> float:
    r"""The share of time that a GPU in a pipeline waits.

    p GPUs hold consecutive layers, and a batch passes through them in m parts, one after the other. The last part leaves after m + p - 1 turns, and each
    GPU works in m of them:

    .. math:: \frac{p - 1}{m + p - 1}

    Args:
        stages: p, GPUs in the pipeline. parts: m, parts that the batch is cut into, all alike.

    Source:
        Huang et al., "GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism", NeurIPS 2019.
    """
    return (stages - 1) / (parts + stages - 1)


def schedule(stages: int, parts: int) -> list[list[int | None]]:
    """Which part each GPU works on in the forward pass: one row per GPU, one entry per turn, None where it waits."""
    turns = range(parts + stages - 1)
    return [[turn - gpu if 0 <= turn - gpu < parts else None for turn in turns] for gpu in range(stages)]
