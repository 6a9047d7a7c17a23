"""A falling rate: against torch's own schedulers, and with the progress that training reports."""

import pytest
import torch

from aigc_lab import training
from aigc_lab.recipes.learning_rate import falling, scale_rate, warmup_cosine
from aigc_lab.training import budget


def test_it_is_a_constant_and_then_torch_s_linear_schedule():
    """With 30 of 100 steps held and 70 falling, as `SequentialLR` of `ConstantLR` and `LinearLR` does it."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    parts = [
        torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=30),
        torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=70),
    ]
    theirs = torch.optim.lr_scheduler.SequentialLR(optimizer, parts, milestones=[30])
    for step in range(101):
        assert falling(step / 100) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-9), step
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize("wrong", [{"progress": 1.2}, {"progress": -0.1}, {"progress": float("nan")}, {"hold": 1.0}])
def test_a_share_outside_its_range(wrong):
    with pytest.raises(ValueError, match="progress must lie in"):
        falling(**{"progress": 0.5} | wrong)


def torch_s_warm_up_and_cosine(steps, warm):
    """The lower of torch's two schedules, at each step."""
    optimizers = [torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0) for _ in range(2)]
    up = torch.optim.lr_scheduler.LinearLR(optimizers[0], start_factor=1 / warm, total_iters=warm - 1)
    down = torch.optim.lr_scheduler.CosineAnnealingLR(optimizers[1], T_max=steps)
    factors = []
    for _ in range(steps + 1):
        factors.append(min(optimizer.param_groups[0]["lr"] for optimizer in optimizers))
        for optimizer, schedule in zip(optimizers, (up, down), strict=True):
            optimizer.step()
            schedule.step()
    return factors


@pytest.mark.parametrize("steps", [1000, 1234, 2500])
def test_in_a_long_training_100_steps_of_warm_up_and_a_cosine(steps):
    found = [warmup_cosine(step / steps, step) for step in range(steps + 1)]
    assert found == pytest.approx(torch_s_warm_up_and_cosine(steps, 100), abs=1e-9)


@pytest.mark.parametrize("steps", [20, 80, 500])
def test_in_a_short_one_a_tenth_of_it_is_the_warm_up(steps):
    """One step later than torch's: the first step can't know yet how long the budget is, and gets a hundredth."""
    found = [warmup_cosine(step / steps, step) for step in range(steps + 1)]
    line = [0.01, *torch_s_warm_up_and_cosine(10_000, steps // 10)]  # so long that its cosine is still 1
    cosine = torch_s_warm_up_and_cosine(steps, 1)
    expected = [min(line[step], cosine[step]) for step in range(steps + 1)]
    assert found == pytest.approx(expected, abs=1e-3)


def test_where_training_goes_on_with_a_new_budget_there_is_no_second_warm_up():
    assert warmup_cosine(0.0, 400) == 1
    assert warmup_cosine(0.5, 500) == pytest.approx(0.5)
    assert warmup_cosine(1.0, 600) == pytest.approx(0)


def test_every_group_keeps_its_first_rate_even_through_a_checkpoint():
    def optimizer(*rates):
        return torch.optim.Adam([{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates])

    one, other = optimizer(0.1, 0.2), optimizer(7.0, 7.0)
    scale_rate(one, 0.5)
    other.load_state_dict(one.state_dict())
    for changed in (one, other):
        scale_rate(changed, 0.25)  # of the first rate, not of the last
        assert [group["lr"] for group in changed.param_groups] == pytest.approx([0.025, 0.05])


class Witness:
    """A recipe that writes down its progress."""

    def __init__(self):
        self.seen = []

    def step(self, batch):
        self.seen.append(self.progress)
        return {"loss": 0.0}

    def to(self, device):
        return self


def test_fit_tells_the_share_of_steps_that_is_spent(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    recipe = Witness()
    training.fit(recipe, torch.arange(10), steps=4)
    assert recipe.seen == [0.0, 0.25, 0.5, 0.75]
    training.fit(recipe, torch.arange(10), steps=2)  # a second training starts anew
    assert recipe.seen[4:] == [0.0, 0.5]


def test_fit_tells_the_share_of_seconds_that_is_spent(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    ticks = iter(range(1000))
    monkeypatch.setattr(budget.time, "perf_counter", lambda: float(next(ticks)))
    recipe = Witness()
    history = training.fit(recipe, torch.arange(10), seconds=8.0)
    assert recipe.seen == [0.0, *(history.seconds[:-1] / 8)]
