"""The flow recipe: a first loss that is known, labels hidden as often as asked, samples and states that repeat."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from aigc_lab import flow


def recipe(**settings):
    torch.manual_seed(0)
    return flow.FlowRecipe((1, 8, 8), classes=3, width=8, **settings)


def batch(n=12):
    return torch.randint(256, (n, 1, 8, 8), dtype=torch.uint8), torch.arange(n) % 3


def test_a_step_learns_and_its_loss_starts_where_a_guess_of_nothing_would_be():
    model, data = recipe(), batch(64)
    nn.init.zeros_(model.network.unfold[2].weight)
    nn.init.zeros_(model.network.unfold[2].bias)
    first = model.step(data)["loss"].item()
    square = (data[0].float() / 127.5 - 1).square().mean().item()
    assert first == pytest.approx(1 + square, rel=0.05)
    losses = [model.step(data)["loss"].item() for _ in range(60)]
    assert sum(losses[-10:]) / 10 < 0.9 * first  # pictures of noise: little can be learnt but their mean square


def test_samples_are_pictures_and_repeat_with_their_seed():
    model = recipe()
    model.step(batch())
    one, other = (model.sample(4, 2, torch.Generator().manual_seed(7), steps=3) for _ in range(2))
    assert torch.equal(one, other)
    assert one.shape == (4, 1, 8, 8)
    assert one.abs().max() <= 1
    strong = model.sample(4, 2, torch.Generator().manual_seed(7), steps=3, guidance=4.0)
    assert not torch.equal(one, strong)


def test_labels_are_hidden_as_often_as_asked(monkeypatch):
    model, seen = recipe(label_dropout=0.25), []
    forward = model.network.forward
    monkeypatch.setattr(model.network, "forward", lambda x, t, y: (seen.append(y), forward(x, t, y))[1])
    for _ in range(40):
        model.step(batch(60))
    labels = torch.cat(seen)
    share = (labels == 3).double().mean().item()
    assert share == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / len(labels)) ** 0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: recipe().step((torch.zeros(0, 1, 8, 8), torch.zeros(0))), "n, 1, 8, 8"),
        (lambda: recipe().step((torch.zeros(2, 1, 8, 8),)), "3 classes"),
        (lambda: recipe().sample(2, 3), "out of range"),
        (lambda: recipe().sample(0), "at least 1"),
        (lambda: flow.FlowRecipe.for_data(SimpleNamespace(images=None)), "no|none"),
    ],
)
def test_what_can_t_be_done_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_state_travels_to_another_recipe():
    first, second, data = recipe(), recipe(learning_rate=1e-5), batch()
    first.step(data)
    second.load_state_dict(first.state_dict())
    for model in (first, second):
        torch.manual_seed(9)
        model.step(data)
    for one, other in zip(first.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("labels", [None, torch.arange(600) % 3], ids=["no class", "classes"])
@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_many_pictures_go_through_the_network_in_parts_and_none_is_mixed_up(labels, guidance):
    model, (x, t) = recipe(), (torch.randn(600, 1, 8, 8).double(), torch.rand(600).double())
    model.averaged.double()
    nn.init.normal_(model.averaged.unfold[2].weight)
    seen, forward = [], model.averaged.forward
    model.averaged.forward = lambda *told: seen.append(len(told[0])) or forward(*told)
    found = model.velocity(x, t, labels, guidance)
    assert max(seen) <= 250
    one_by_one = [
        model.velocity(x[i : i + 1], t[i : i + 1], None if labels is None else labels[i : i + 1], guidance)
        for i in range(0, 600, 37)
    ]
    torch.testing.assert_close(found[::37], torch.cat(one_by_one))
