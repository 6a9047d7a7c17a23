"""What writes and scores, against frequencies, single passes through the networks and the checkpoints' records."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from aigc_lab import datasets, lm, pretrained
from aigc_lab.lm import writer as lm_writer


def test_writing_follows_the_distribution():
    model = lm.NgramModel("aab" * 200, 1)
    drawn = Counter(lm_writer.write(model, 3000, seed=1))
    share, p = drawn["a"] / 3000, 2 / 3
    assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / 3000) + 0.01
    assert (
        lm_writer.write(model, 50, seed=1) == lm_writer.write(model, 50, seed=1) != lm_writer.write(model, 50, seed=2)
    )
    assert set(lm_writer.write(model, 50, temperature=0.01)) == {"a"}


def test_a_rule_is_kept_and_waived_where_nothing_fits():
    model = lm.NgramModel("abab", 2)
    assert "b" not in lm_writer.write(model, 30, allowed=lambda so_far: not so_far.endswith("b"))
    assert len(lm_writer.write(model, 30, allowed=lambda so_far: False)) == 30


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


@pytest.mark.parametrize("name", ["transformer", "gru"])
@pytest.mark.parametrize("asked_before", [None, "abc", ""])
def test_without_a_context_it_is_the_first_character_of_a_text(name, asked_before, request):
    writer = lm.Writer(request.getfixturevalue(name), lm.Vocabulary("abcdefghi\n"))
    if asked_before is not None:
        writer.next_log_probabilities(asked_before)
    first = writer.next_log_probabilities("")
    scored = [writer.score(c)[0] for c in writer.vocabulary.characters[1:]]
    np.testing.assert_allclose(first[1:], scored, atol=1e-6)


@pytest.mark.parametrize("name", ["transformer", "gru"])
@pytest.mark.parametrize("context", ["abca", "abcab"])
def test_what_is_learnt_and_what_is_done_with_an_answer_changes_the_next_answer_as_it_should(name, context, request):
    model, vocabulary = request.getfixturevalue(name), lm.Vocabulary("abcdefghi\n")
    writer = lm.Writer(model, vocabulary)
    writer.next_log_probabilities("abca")[:] = 0  # the caller's own copy
    np.testing.assert_allclose(
        writer.next_log_probabilities(context), lm.Writer(model, vocabulary).next_log_probabilities(context)
    )
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1 * torch.randn_like(weight)
    np.testing.assert_allclose(
        writer.next_log_probabilities(context), lm.Writer(model, vocabulary).next_log_probabilities(context)
    )


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
