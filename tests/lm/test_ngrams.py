"""Characters, bits and n-grams, against closed forms and against counting by hand."""

import math
import random
from collections import Counter
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lab import lm
from aigc_lab.lm import decoding, ngrams, scoring, writer
from aigc_lab.lm import grammar as lm_grammar

CORPUS = st.text(alphabet="ab c", min_size=2, max_size=60)


def test_vocabulary_gives_back_what_it_encoded_and_marks_the_unknown():
    vocabulary = lm.Vocabulary("banana\n")
    assert len(vocabulary) == len(set("ban\n")) + 1
    assert vocabulary.decode(vocabulary.encode("nab\nan")) == "nab\nan"
    assert vocabulary.decode(vocabulary.encode("bxn")) == "b□n"


def test_documents_end_in_one_blank_line():
    assert lm.documents(["one\n\n\n", "two"]) == ["one\n\n", "two\n\n"]


def test_uniform_model_pays_log2_of_the_alphabet():
    assert scoring.bits_per_character(torch.full((50,), -math.log(81.0)), 50).item() == pytest.approx(
        math.log2(81), rel=1e-6
    )


def test_bits_are_shared_among_the_characters_of_a_word():
    # two words of p = 1/8 and 1/2: 3 + 1 bits, over 10 characters
    words = torch.tensor([1 / 8, 1 / 2], dtype=torch.float64).log()
    assert scoring.bits_per_character(words, 10).item() == pytest.approx(0.4)


def test_bits_of_a_markov_source_reach_its_entropy_rate():
    # two states, stay with probability 0.9 and 0.6; stationary 0.8 and 0.2; rate = sum of pi_i H_i
    stay = {"a": 0.9, "b": 0.6}
    stream, written = random.Random(0), ["a"]
    for _ in range(200_000):
        now = written[-1]
        written.append(now if stream.random() < stay[now] else "ab"[now == "a"])
    source = "".join(written)

    def entropy(p):
        return -p * math.log2(p) - (1 - p) * math.log2(1 - p)

    rate = 0.8 * entropy(0.9) + 0.2 * entropy(0.6)
    model = lm.NgramModel(source[:150_000], 2)
    scores = -model.score(source[150_000:]) / math.log(2)
    error = scores.std() / math.sqrt(len(scores)) * 3  # neighbours are correlated
    assert abs(scores.mean() - rate) < 4 * error
    assert lm.NgramModel(source[:150_000], 1).score(source[150_000:]).mean() < model.score(source[150_000:]).mean()


def counted(corpus, context, character):
    """n(hc), n(h), T(h) by walking over the corpus."""
    after = [
        corpus[i + len(context)] for i in range(len(corpus) - len(context)) if corpus[i : i + len(context)] == context
    ]
    return after.count(character), len(after), len(set(after))


def by_hand(corpus, context, character, size):
    """Witten-Bell by recursion over shorter contexts, with nothing but string comparison."""
    shorter = 1 / size if context == "" else by_hand(corpus, context[1:], character, size)
    hits, total, kinds = counted(corpus, context, character)
    return shorter if total == 0 else (hits + kinds * shorter) / (total + kinds)


@settings(deadline=None)
@given(corpus=CORPUS, context=st.text(alphabet="ab cx", max_size=4), order=st.integers(1, 4))
def test_ngram_is_the_brute_force_recursion_and_sums_to_one(corpus, context, order):
    followers = ngrams.count_followers(corpus, order)
    vocabulary = lm.Vocabulary(corpus)
    used = context[max(0, len(context) - order + 1) :]
    expected = [by_hand(corpus, used, c, len(vocabulary)) for c in vocabulary.characters]
    got = [ngrams.ngram_probability(c, used, followers, len(vocabulary)) for c in vocabulary.characters]
    assert got == pytest.approx(expected)
    assert sum(got) == pytest.approx(1)
    model = lm.NgramModel(corpus, order)
    np.testing.assert_allclose(np.exp(model.next_log_probabilities(context)), expected)


@settings(deadline=None)
@given(corpus=CORPUS, written=st.text(alphabet="ab cx\n", max_size=12), order=st.integers(1, 5))
def test_score_is_next_log_probabilities_read_off(corpus, written, order):
    model = lm.NgramModel(corpus, order)
    tokens = model.vocabulary.encode(written)
    expected = [model.next_log_probabilities(lm.START + written[:i])[t] for i, t in enumerate(tokens)]
    np.testing.assert_allclose(model.score(written), expected)


def test_a_shorter_order_is_a_smaller_model():
    long, short = lm.NgramModel("abba baab ab", 4), lm.NgramModel("abba baab ab", 2)
    np.testing.assert_allclose(long.up_to(2).score("ab ba"), short.score("ab ba"))
    assert len(long.up_to(2)) == len(short) < len(long)


def test_a_model_is_a_distribution_over_whole_texts():
    model = lm.NgramModel("abba baab", 3)
    total = sum(math.exp(model.score("".join(s)).sum()) for s in product(model.vocabulary.characters, repeat=4))
    assert total == pytest.approx(1)


def test_number_of_counts():
    # "abab": after "": a, b; after a: b; after b: a
    assert len(lm.NgramModel("abab", 2)) == 4


@pytest.mark.parametrize(
    ("temperature", "expected"), [(1.0, [0.2, 0.8]), (0.5, [1 / 17, 16 / 17]), (2.0, [1 / 3, 2 / 3])]
)
def test_temperature_is_a_power_of_the_probabilities(temperature, expected):
    logits = torch.tensor([0.2, 0.8], dtype=torch.float64).log() + 5
    torch.testing.assert_close(
        decoding.with_temperature(logits, temperature), torch.tensor(expected, dtype=torch.float64)
    )


def test_low_temperature_doesnt_overflow():
    assert decoding.with_temperature(torch.tensor([0.0, 800.0]), 0.01).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("written", "share"),
    [
        ("the white whale", 1.0),
        ("xx white xx", 7 / 11),  # only " white "
        ("the whale", 7 / 9),  # "e whale", though not "the wha"
        ("whale", 0.0),  # shorter than a run
        ("", 0.0),
    ],
)
def test_copied_share(written, share):
    corpus = "see the white whale"
    assert scoring.copied_share(written, corpus, 7) == pytest.approx(share)


def test_writing_follows_the_distribution():
    model = lm.NgramModel("aab" * 200, 1)
    drawn = Counter(writer.write(model, 3000, seed=1))
    share, p = drawn["a"] / 3000, 2 / 3
    assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / 3000) + 0.01
    assert writer.write(model, 50, seed=1) == writer.write(model, 50, seed=1) != writer.write(model, 50, seed=2)
    assert set(writer.write(model, 50, temperature=0.01)) == {"a"}


def test_a_rule_is_kept_and_waived_where_nothing_fits():
    model = lm.NgramModel("abab", 2)
    assert "b" not in writer.write(model, 30, allowed=lambda so_far: not so_far.endswith("b"))
    assert len(writer.write(model, 30, allowed=lambda so_far: False)) == 30


def test_quote_writes_only_what_the_book_has():
    book = "first\n\n" + "".join(random.Random(0).choice("abc") for _ in range(500))
    written = ngrams.quote(book, 4, 200, seed=3)
    assert len(written) == 200
    assert written.startswith(book[7:10])
    assert all(written[i : i + 4] in book for i in range(197))


def test_grammar_counts_what_it_can_write():
    grammar = {"TEXT": ["{A} {B}.", "{B}!"], "A": ["x", "y"], "B": ["{A}{A}", "z"]}
    stream = random.Random(0)
    seen = {lm_grammar.expand(grammar, stream.choice) for _ in range(3000)}
    assert lm_grammar.count_texts(grammar) == len(seen) == 2 * 5 + 5
    assert "{" not in "".join(seen)
