"""Exposure from its definition, the character model against plain cross-entropy, the tree against one string at a time."""

import math

import pytest
import torch
from torch.nn import functional as F

from aigc_lab.privacy import memorisation as m


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return m.CharacterModel(context=6, embedding=4, hidden=12)


def test_exposure_of_the_reference_case():
    # TensorFlow Privacy, secret_sharer/exposures_test.py: perplexity 3.5 among 1, 2, ..., 16 has rank 4, log2 16 - log2 4.
    losses = torch.arange(1.0, 17.0)
    assert m.exposure(losses, 3) == math.log2(16) - math.log2(4)
    assert m.exposure(losses, 0) == 4
    assert m.exposure(losses, 15) == 0


def test_a_model_that_likes_all_alike_exposes_nothing():
    assert m.exposure(torch.full((1000,), 3.3), 17) == 0


def test_a_model_that_diverged_is_not_ranked():
    with pytest.raises(ValueError, match="NaN"):
        m.exposure(torch.full((10,), math.nan), 3)


def test_exposure_of_a_secret_that_was_never_seen_averages_one_over_ln_2():
    losses = torch.randperm(20_000).to(torch.float64)
    mean = sum(float(m.exposure(losses, index)) for index in range(0, 20_000, 5)) / 4000
    assert mean == pytest.approx(1 / math.log(2), abs=0.1)  # standard error 1.44 / sqrt(4000) = 0.023


def test_encode_pads_in_front_and_behind_and_marks_unknown_characters():
    codes = m.encode(["ab", "é"], 3)
    assert codes.tolist() == [
        [m.PAD] * 3 + [m.ALPHABET.index("a"), m.ALPHABET.index("b")],
        [m.PAD] * 3 + [m.ALPHABET.index("?"), m.PAD],
    ]
    assert m.encode(["abcdef"], 2, longest=3).shape == (1, 5)


def test_record_loss_is_cross_entropy_one_character_at_a_time(model):
    text = "A cat."
    total = 0.0
    for place, character in enumerate(text):
        seen = m.encode([text[:place]], 6)[:, -6:]
        total += F.cross_entropy(model(seen)[:, -1], torch.tensor([m.ALPHABET.index(character)]))
    torch.testing.assert_close(m.record_loss(model, m.encode([text], 6))[0], total / len(text))


def test_record_loss_does_not_depend_on_what_stands_beside(model):
    alone = m.record_loss(model, m.encode(["short"], 6))[0]
    beside = m.record_loss(model, m.encode(["short", "a much longer record than that"], 6))[0]
    torch.testing.assert_close(alone, beside)


def test_bits_per_character_weighs_texts_by_length(model):
    texts = ["ab", "a longer text"]
    losses = m.record_loss(model, m.encode(texts, 6)).detach()
    expected = float((losses * torch.tensor([2.0, 13.0])).sum() / 15 / math.log(2))
    assert m.bits_per_character(model, texts) == pytest.approx(expected, rel=1e-5)


def test_tree_of_completions_agrees_with_one_string_at_a_time(model):
    bits = m.completion_bits(model, "code ", 3)
    assert bits.shape == (1000,)
    for number in ("000", "407", "999"):
        whole = (
            m.record_loss(model, m.encode(["code " + number], 6))[0] * 8
            - m.record_loss(model, m.encode(["code "], 6))[0] * 5
        )
        assert float(bits[int(number)]) == pytest.approx(float(whole.detach()) / math.log(2), rel=1e-4)


def test_tree_has_the_probability_of_digits_and_no_more(model):
    everything = m.completion_bits(model, "x", 2, m.ALPHABET)
    assert float((2.0**-everything).sum()) == pytest.approx(1, rel=1e-4)


def test_training_repeats_exactly_and_a_repeated_secret_comes_out():
    texts = ["The code is 4071."] * 4 + [f"Order {n} is on its way to you." for n in range(60)]
    sizes = {"context": 8, "embedding": 6, "hidden": 32}
    first = m.train(texts, steps=250, batch_size=8, learning_rate=1e-2, **sizes)
    again = m.train(texts, steps=250, batch_size=8, learning_rate=1e-2, **sizes)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert m.complete(first, "The code is ", 5) == "4071."
    assert m.canary_exposures(first, [m.Canary("The code is ", "4071", 4)]) == [pytest.approx(math.log2(10**4))]


def test_complete_can_be_held_to_an_alphabet(model):
    assert set(m.complete(model, "x", 30, alphabet="01", temperature=1.0)) <= set("01")
    drawn = [m.complete(model, "x", 20, temperature=1.0, seed=seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_sentences_split_lines_and_drop_quotation_marks():
    assert m.sentences(["Dear Ann,\n\nit rains. Bring 3.5 litres!\n> No.\n>"]) == [
        "Dear Ann,",
        "it rains.",
        "Bring 3.5 litres!",
        "No.",
    ]


def test_copies_of_a_canary_are_alike_unless_reworded():
    assert m.Canary("It is ", "12", 3).lines() == ["It is 12."] * 3
    reworded = m.Canary("It is ", "12", 3, reworded=True).lines()
    assert len(set(reworded)) == 3
    assert all(line.startswith("It is 12") for line in reworded)
