"""What the exercise on accumulated gradients checks: how many examples go through the loss at a time, and what is kept of them."""

import torch
import torch._dynamo  # else the first use of torch.func would import it, within an answer's time limit

from aigc_lab.exercises import lookup
from aigc_lab.exercises.judging.judge import RIGHT, examine

EXERCISE = lookup.find("hardware.accumulated_gradient")


def test_torch_func_is_no_way_around_the_watch():
    def part_by_part(loss, weights, examples, size):
        parts = examples.split(size)
        return sum(len(part) * torch.func.grad(loss)(weights, part) for part in parts) / len(examples)

    def all_kept(loss, weights, examples, size):
        def whole(weights):
            return sum(len(part) * loss(weights, part) for part in examples.split(size)) / len(examples)

        return torch.func.grad(whole)(weights)

    assert examine(EXERCISE, part_by_part).state == RIGHT
    assert examine(EXERCISE, all_kept).mistake == "one backward pass at the end"


def test_a_graph_that_is_kept_on_purpose_is_told():
    def retained(loss, weights, examples, size):
        weights = weights.clone().requires_grad_()
        for part in examples.split(size):
            value = len(part) / len(examples) * loss(weights, part)
            value.backward(retain_graph=True)
        return weights.grad

    verdict = examine(EXERCISE, retained)
    assert verdict.broken.name.startswith("nothing of a part is kept")
    assert verdict.mistake is None


def test_a_part_that_only_a_cycle_keeps_is_free_memory():
    def with_a_cycle(loss, weights, examples, size):
        weights, total = weights.clone().requires_grad_(), 0
        for part in examples.split(size):
            value = loss(weights, part)
            value.itself = [value]
            total = total + len(part) / len(examples) * torch.autograd.grad(value, weights)[0]
        return total

    assert examine(EXERCISE, with_a_cycle).state == RIGHT
