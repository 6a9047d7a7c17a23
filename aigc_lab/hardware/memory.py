"""What fills the memory while a network trains: weights, gradients, the optimiser's averages, and what the forward pass keeps for the backward pass."""

import weakref
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks


def training_bytes(parameters: int, activations: int, mixed: bool) -> int:
    r"""Bytes that training with Adam takes at its fullest, right after the forward pass of a step.

    .. math:: 16 N + 4 A \text{ in float32}, \qquad 18 N + 2 A \text{ in mixed precision}

    A weight is 4 bytes, its gradient 4, and Adam's two running averages 4 each. In mixed precision (`torch.autocast`)
    all of these stay in float32. The numbers kept for the backward pass take 2 bytes instead of 4, and a copy of the
    weights in half precision joins them. Libraries that keep the gradients in half precision, too, take 16 bytes per
    weight: 2 for the weight, 2 for its gradient, 4 for a float32 original of the weight, and 8 for the averages
    (Rajbhandari et al., "ZeRO", 2020).

    Args:
        parameters: N, the number of weights.
        activations: A, the numbers that the forward pass keeps for the backward pass, weights not counted.
        mixed: True for bf16 or fp16 under autocast.
    """
    if mixed:
        return (4 + 4 + 8 + 2) * parameters + 2 * activations
    return (4 + 4 + 8) * parameters + 4 * activations


def weight_bytes(module: nn.Module) -> int:
    """Bytes of all weights."""
    return sum(weight.nbytes for weight in module.parameters())


def gradient_bytes(module: nn.Module) -> int:
    """Bytes of all gradients that exist now."""
    return sum(weight.grad.nbytes for weight in module.parameters() if weight.grad is not None)


def optimizer_bytes(optimizer: torch.optim.Optimizer) -> int:
    """Bytes of what an optimiser remembers: for Adam two averages per weight, and per tensor its count of steps."""
    states = optimizer.state.values()
    return sum(value.nbytes for state in states for value in state.values() if isinstance(value, Tensor))


def saved_bytes(forward: Callable[[], Any], without: Iterable[Tensor] = ()) -> int:
    """Bytes that a forward pass keeps for the backward pass.

    A tensor that is kept twice counts once, and a part of a tensor counts as the whole that it keeps alive.

    Args:
        forward: runs the forward pass, and returns what backward would start from.
        without: tensors that don't count, such as the weights, which are there anyhow.
    """
    known = {tensor.untyped_storage().data_ptr() for tensor in without}
    kept: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        alone = tensor.detach()  # the tensor itself would keep its own graph alive
        kept[tensor.untyped_storage().data_ptr()] = alone
        return alone

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        result = forward()
    total = sum(tensor.untyped_storage().nbytes() for address, tensor in kept.items() if address not in known)
    del result  # kept until here, so that no address was given out twice
    return total


def most_saved_bytes(work: Callable[[], Any], without: Iterable[Tensor] = ()) -> int:
    """The most bytes that are kept for backward passes at any one moment of some work, which may run several forward and backward passes.

    Counted as in `saved_bytes`.

    Args:
        work: runs forward and backward passes.
        without: tensors that don't count.
    """
    known = {tensor.untyped_storage().data_ptr() for tensor in without}
    holders: Counter[int] = Counter()
    now = most = 0

    def pack(tensor: Tensor) -> _Holder:
        nonlocal now, most
        storage, holder = tensor.untyped_storage(), _Holder(tensor.detach())
        address, size = storage.data_ptr(), storage.nbytes()
        if address not in known:
            now += 0 if holders[address] else size
            most, holders[address] = max(most, now), holders[address] + 1
            weakref.finalize(holder, release, address, size)
        return holder

    def release(address: int, size: int) -> None:
        nonlocal now
        holders[address] -= 1
        now -= 0 if holders[address] else size

    with saved_tensors_hooks(pack, lambda holder: holder.tensor):
        work()
    return most


class _Holder:
    """Holds a kept tensor, and is gone as soon as autograd lets go of it."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


def accumulated_gradient(
    loss: Callable[[Tensor, Tensor], Tensor], weights: Tensor, examples: Tensor, size: int
) -> Tensor:
    r"""The gradient of a whole batch, with no more than `size` examples in memory at a time.

    .. math:: g = \sum_i \frac{n_i}{n} \nabla_w L(w, \text{part}_i)

    Args:
        loss: (weights, examples) -> scalar, a mean over the examples.
        weights: where the gradient is taken.
        examples: (n, ...).
        size: examples in a part; the last part may have fewer.

    Returns:
        The gradient, in the shape of the weights.
    """
    weights = weights.detach().requires_grad_()
    total = torch.zeros_like(weights)
    for part in examples.split(size):
        (gradient,) = torch.autograd.grad(loss(weights, part), weights)
        total += len(part) / len(examples) * gradient
    return total
