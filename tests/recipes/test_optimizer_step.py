"""One step of an optimiser: parts of a batch, clipping, precision; against torch used by hand."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from aigc_lab.recipes.optimizer_step import OptimizerStep, widened


def problem(seed=0, n=24):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3)).double()
    return model, (torch.randn(n, 5).double(), torch.randint(3, (n,)))


def loss_of(model):
    def loss(batch):
        value = F.cross_entropy(model(batch[0]), batch[1])
        return value, {"loss": value}

    return loss


def by_hand(model, batch, clip=None):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    F.cross_entropy(model(batch[0]), batch[1]).backward()
    if clip:
        nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return list(model.parameters())


@pytest.mark.parametrize("clip", [None, 0.05, 100.0])
@pytest.mark.parametrize("accumulate", [1, 2, 5, 24])  # 5 doesn't divide 24: parts of 5 and of 4
def test_parts_and_clipping_take_the_step_of_the_whole_batch(accumulate, clip):
    model, batch = problem()
    twin = copy.deepcopy(model)
    before = loss_of(model)(batch)[0].item()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scalars = OptimizerStep(accumulate, clip)(loss_of(model), optimizer, batch)
    for one, other in zip(model.parameters(), by_hand(twin, batch, clip), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-13)
    assert scalars["loss"].item() == pytest.approx(before, abs=1e-13)
    assert not scalars["loss"].requires_grad


def test_gradients_left_from_before_don_t_count():
    model, batch = problem()
    twin = copy.deepcopy(model)
    (1000 * model(batch[0]).sum()).backward()
    OptimizerStep()(loss_of(model), torch.optim.SGD(model.parameters(), lr=0.1), batch)
    for one, other in zip(model.parameters(), by_hand(twin, batch), strict=True):
        assert torch.equal(one, other)


def test_bf16_computes_in_bf16_and_steps_in_float32():
    torch.manual_seed(0)
    model, seen = nn.Linear(4, 1), []
    model.register_forward_hook(lambda module, given, result: seen.append(result.dtype))

    def loss(batch):
        value = widened(model(batch[0]))[0].square().mean()
        return value, {"loss": value}

    OptimizerStep(precision="bf16")(loss, torch.optim.SGD(model.parameters(), lr=0.1), (torch.randn(8, 4),))
    assert seen == [torch.bfloat16]
    assert model.weight.dtype == model.weight.grad.dtype == torch.float32


def test_fp16_keeps_a_gradient_that_would_vanish_and_skips_one_that_overflows():
    """2e-8 is below the smallest fp16 number, 6e-8; scaled by 65,536 it isn't. Two optimisers have a scaler each."""
    first, second = (nn.Parameter(torch.zeros(1)) for _ in range(2))
    optimizers = [torch.optim.SGD([weight], lr=1.0) for weight in (first, second)]
    step = OptimizerStep(precision="fp16")

    def tiny(batch):
        value = (2e-8 * first.half().float()).sum()  # its gradient passes through fp16
        return value, {"tiny": value}

    def huge(batch):
        value = (first.new_tensor(float("inf")) * second).sum()
        return value, {}

    step(tiny, optimizers[0], (torch.zeros(2),))
    assert -first.item() == pytest.approx(2e-8, rel=1e-3)
    step(huge, optimizers[1], (torch.zeros(2),))
    assert second.item() == 0
    scales = [scaler["scale"] for scaler in step.state_dict()["scalers"]]
    assert scales == [65536.0, 32768.0]  # the one that overflowed is halved, the other left alone

    again = OptimizerStep(precision="fp16")
    again.load_state_dict(step.state_dict())
    for optimizer in optimizers:
        again(lambda batch, w=optimizer.param_groups[0]["params"][0]: (w.sum(), {}), optimizer, (torch.zeros(2),))
    assert [scaler["scale"] for scaler in again.state_dict()["scalers"]] == scales


@pytest.mark.parametrize("wrong", [{"accumulate": 0}, {"clip": 0.0}, {"clip": -1.0}, {"precision": "fp8"}])
def test_settings_that_make_no_sense(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        OptimizerStep(**wrong)


def test_more_parts_than_examples():
    model, batch = problem(n=3)
    with pytest.raises(ValueError, match="3 can't be cut into 4"):
        OptimizerStep(accumulate=4)(loss_of(model), torch.optim.SGD(model.parameters(), lr=0.1), batch)
