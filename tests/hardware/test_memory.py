"""Memory of a training: counted by hand, against the tensors' own bytes."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from aigc_lab.hardware import memory


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(10, 20), nn.Tanh(), nn.Linear(20, 5))


def test_weights_gradients_and_adam_take_sixteen_bytes_a_weight():
    model = network()
    parameters, tensors = 10 * 20 + 20 + 20 * 5 + 5, 4
    optimizer = torch.optim.Adam(model.parameters())
    assert memory.gradient_bytes(model) == memory.optimizer_bytes(optimizer) == 0
    model(torch.randn(3, 10)).sum().backward()
    optimizer.step()
    assert memory.weight_bytes(model) == memory.gradient_bytes(model) == 4 * parameters
    assert memory.optimizer_bytes(optimizer) == 8 * parameters + 4 * tensors
    total = memory.weight_bytes(model) + memory.gradient_bytes(model) + memory.optimizer_bytes(optimizer)
    assert memory.training_bytes(parameters, 0, mixed=False) == total - 4 * tensors


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_network_keeps_the_input_of_each_layer_once(n, dtype):
    """Tanh keeps its result, which is also the next layer's input: one tensor. The weights are in memory anyway."""
    model, x = network().to(dtype), torch.randn(n, 10, dtype=dtype)
    kept = memory.saved_bytes(lambda: model(x).sum(), without=model.parameters())
    assert kept == n * (10 + 20) * x.itemsize


def test_a_part_of_a_tensor_keeps_all_of_it():
    whole = torch.randn(100, 10)
    model = nn.Linear(10, 2)
    assert memory.saved_bytes(lambda: model(whole[:3]), without=model.parameters()) == whole.nbytes
    assert memory.saved_bytes(lambda: model(whole[:3].clone()), without=model.parameters()) == 3 * 10 * 4


def test_nothing_is_kept_without_gradients():
    model = network().requires_grad_(False)
    assert memory.saved_bytes(lambda: model(torch.randn(3, 10))) == 0


def test_backward_works_after_counting():
    model, x, made = network(), torch.randn(3, 10), []
    twin = copy.deepcopy(model)
    memory.saved_bytes(lambda: made.append(model(x).square().sum()))
    made[0].backward()
    twin(x).square().sum().backward()
    for one, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_checkpointed_blocks_keep_their_inputs_only():
    blocks = nn.ModuleList(nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 8)) for _ in range(4))
    x = torch.randn(5, 8, requires_grad=True)

    def forward(again):
        h = x
        for block in blocks:
            h = checkpoint(block, h, use_reentrant=False) if again else block(h)
        return h.sum()

    kept = [memory.saved_bytes(lambda again=again: forward(again), without=blocks.parameters()) for again in (0, 1)]
    assert kept == [4 * 5 * (8 + 32) * 4, 4 * 5 * 8 * 4]


def test_the_most_that_is_kept_at_once():
    """Two passes of different sizes: run one after the other, the larger one counts; if the first has to wait, both together."""
    model, weights = nn.Sequential(nn.Linear(8, 8, bias=False), nn.Tanh()), 4 * 8 * 8
    inputs = [torch.randn(n, 8) for n in (10, 3)]

    def in_turns():
        for x in inputs:
            model(x).sum().backward()

    def together():
        sum(model(x).sum() for x in inputs).backward()

    alone = [memory.saved_bytes(lambda x=x: model(x).sum(), without=model.parameters()) for x in inputs]
    assert alone == [10 * 16 * 4, 3 * 16 * 4]
    assert memory.most_saved_bytes(in_turns, without=model.parameters()) == alone[0]
    assert memory.most_saved_bytes(together, without=model.parameters()) == sum(alone)
    model[0].requires_grad_(False)
    inputs[0].requires_grad_()
    # now the inputs needn't be kept, but the weights are
    assert memory.most_saved_bytes(in_turns_of(model, inputs[:1])) == 10 * 8 * 4 + weights


def in_turns_of(model, inputs):
    return lambda: [model(x).sum().backward() for x in inputs]


@pytest.mark.parametrize("n", [12, 13, 15])
@pytest.mark.parametrize("size", [1, 4, 20])
def test_the_parts_gradient_is_the_whole_batch_s(n, size):
    torch.manual_seed(n)
    examples, weights = torch.randn(n, 4, dtype=torch.float64), torch.randn(3, dtype=torch.float64)

    def loss(w, part):
        return F.mse_loss(part[:, :3] @ w, part[:, 3])

    x, y = examples[:, :3], examples[:, 3]
    by_hand = 2 / n * x.T @ (x @ weights - y)
    torch.testing.assert_close(memory.accumulated_gradient(loss, weights, examples, size), by_hand, rtol=0, atol=1e-13)
    assert not weights.requires_grad


def test_mixed_precision_pays_from_some_batch_on():
    """The copy of the weights costs 2 bytes a weight, and each kept number saves 2: even at A = N."""
    assert memory.training_bytes(1000, 1000, True) == memory.training_bytes(1000, 1000, False)
    assert memory.training_bytes(1000, 1001, True) < memory.training_bytes(1000, 1001, False)
