"""The GRU and the transformer, against torch's own cell and against gradients."""

import pytest
import torch

from aigc_lab.lm import networks


def test_gru_step_is_torch_gru_cell():
    torch.manual_seed(0)
    cell = torch.nn.GRUCell(5, 7).double()
    x, h = torch.randn(3, 5).double(), torch.randn(3, 7).double()
    got = networks.gru_step(x @ cell.weight_ih.T + cell.bias_ih, h @ cell.weight_hh.T + cell.bias_hh, h)
    torch.testing.assert_close(got, cell(x, h))


@pytest.mark.parametrize("name", ["transformer", "gru"])
def test_no_gradient_flows_from_the_future(name, request):
    model = request.getfixturevalue(name)
    seen = {}
    model.embedding.register_forward_hook(lambda module, arguments, out: seen.setdefault("x", out.retain_grad() or out))
    tokens = torch.randint(11, (1, 10))
    logits, _ = model(tokens)
    logits[0, 4].sum().backward() if name == "gru" else logits[0, 4, 3].backward()
    reach = seen["x"].grad[0].abs().sum(-1)
    assert (reach[:5] > 0).all()
    assert (reach[5:] == 0).all()


@pytest.mark.parametrize("name", ["transformer", "gru"])
def test_changing_a_character_changes_no_earlier_prediction(name, request):
    model = request.getfixturevalue(name)
    tokens = torch.randint(11, (1, 10))
    changed = tokens.clone()
    changed[0, 6] = (changed[0, 6] + 1) % 11
    before, after = model(tokens)[0], model(changed)[0]
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert (before[:, 6:] - after[:, 6:]).abs().amax() > 1e-4


def test_gru_in_pieces_is_gru_in_one(gru):
    tokens = torch.randint(11, (2, 9))
    whole, _ = gru(tokens)
    first, state = gru(tokens[:, :4])
    second, _ = gru(tokens[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
