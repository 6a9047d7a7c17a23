"""The GRU and the transformer, against torch's own cell, against gradients, and against a closed form."""

import math

import numpy as np
import pytest
import torch

from aigc_lab import datasets, lm, pretrained, training
from aigc_lab.lm import networks
from aigc_lab.lm import writer as lm_writer


def test_gru_step_is_torch_gru_cell():
    torch.manual_seed(0)
    cell = torch.nn.GRUCell(5, 7).double()
    x, h = torch.randn(3, 5).double(), torch.randn(3, 7).double()
    got = networks.gru_step(x @ cell.weight_ih.T + cell.bias_ih, h @ cell.weight_hh.T + cell.bias_hh, h)
    torch.testing.assert_close(got, cell(x, h))


@pytest.fixture
def transformer():
    torch.manual_seed(0)
    return lm.TransformerLM(11, width=16, layers=2, heads=2, context=12).double().eval()


@pytest.fixture
def gru():
    torch.manual_seed(0)
    return lm.GruLM(11, width=6, state=10).double().eval()


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


def test_log_probabilities_of_a_gru_are_one_pass(gru):
    tokens = torch.randint(11, (1500,))  # longer than a piece
    whole = gru(tokens[None, :-1])[0][0].log_softmax(-1)
    expected = whole[torch.arange(1499), tokens[1:]].detach().numpy()
    np.testing.assert_allclose(lm_writer.log_probabilities(gru, tokens), expected, rtol=1e-4)


@pytest.mark.parametrize("length", [2, 5, 12, 13, 14, 19, 60])
def test_log_probabilities_of_a_transformer_score_each_character_once_with_enough_context(transformer, length):
    tokens = torch.randint(11, (length,))
    got = lm_writer.log_probabilities(transformer, tokens)
    assert got.shape == (length - 1,)
    for i, value in enumerate(got):  # its context began at a multiple of 6 that leaves it 6 to 12 characters
        options = []
        for start in {0} | {s for s in range(0, length) if i + 1 - s >= 6}:
            if i + 1 - start <= 12:
                logits = transformer(tokens[None, start : i + 1])[0][0, -1].log_softmax(-1)
                options.append(logits[tokens[i + 1]].item())
        assert min(abs(value - option) for option in options) < 1e-4


@pytest.mark.parametrize("name", ["transformer", "gru"])
def test_writer_scores_what_it_would_write(name, request):
    model = request.getfixturevalue(name)
    writer = lm.Writer(model, lm.Vocabulary("abcdefghi\n"))
    written = "abcab"  # with the blank line before it, inside the window
    scores = writer.score(written)
    for i, c in enumerate(written):
        log_probs = writer.next_log_probabilities(lm.START + written[:i])
        assert np.exp(log_probs).sum() == pytest.approx(1, abs=1e-5)
        assert scores[i] == pytest.approx(log_probs[writer.vocabulary.index[c]], abs=1e-4)
    assert lm_writer.write(writer, 30, seed=4) == lm_writer.write(lm.Writer(model, writer.vocabulary), 30, seed=4)


def test_windows_overlap_by_half():
    assert lm.windows(torch.arange(11), 4).tolist() == [
        [0, 1, 2, 3, 4],
        [2, 3, 4, 5, 6],
        [4, 5, 6, 7, 8],
        [6, 7, 8, 9, 10],
    ]
    with pytest.raises(ValueError, match="no window"):
        lm.windows(torch.arange(4), 4)


@pytest.mark.parametrize("kind", [lm.GruLM, lm.TransformerLM])
def test_learns_a_cycle_and_starts_near_the_uniform_model(kind):
    torch.manual_seed(0)
    vocabulary = lm.Vocabulary("abcd")
    tokens = vocabulary.encode("abcd" * 200)
    sizes = {"width": 16, "state": 16} if kind is lm.GruLM else {"width": 16, "layers": 1, "heads": 2, "context": 16}
    recipe = lm.LmRecipe(kind(len(vocabulary), **sizes), steps=150, learning_rate=0.01)
    history = training.fit(recipe, lm.windows(tokens, 16), steps=150, batch_size=8)
    assert abs(history["bits"][0] - math.log2(5)) < 0.6
    assert history["bits"][-1] < 0.2


def test_recipe_goes_on_from_its_state():
    def recipe():
        torch.manual_seed(0)
        return lm.LmRecipe(lm.GruLM(5, width=4, state=6), steps=20)

    batches = torch.randint(5, (6, 3, 9), generator=torch.Generator().manual_seed(1))
    straight, first, second = recipe(), recipe(), recipe()
    for batch in batches:
        straight.step((batch,))
    for batch in batches[:3]:
        first.step((batch,))
    second.load_state_dict(first.state_dict())
    for batch in batches[3:]:
        second.step((batch,))
    for a, b in zip(straight.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", ["moby_dick", "quatrains"])
def test_checkpoint_scores_what_its_record_says(name):
    record = pretrained.info(f"lm_{name}")
    vocabulary = lm.Vocabulary("".join(lm.documents(datasets.load(name).texts)))
    writer = lm.Writer(lm.load(name), vocabulary)
    test = lm.documents(datasets.load(name, "test").texts)
    if name == "moby_dick":
        assert record["result"]["test_bits_per_character"] < 2.09  # the best n-gram model's figure
        test = test[:2]
    nats = -sum(writer.score(one).sum() for one in test)
    bits = nats / math.log(2) / sum(map(len, test))
    assert bits == pytest.approx(
        record["result"]["test_bits_per_character"], abs=0.12 if name == "moby_dick" else 0.002
    )
