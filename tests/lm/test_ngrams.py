"""Counts and n-gram models, against closed forms and against counting by hand."""

import math
import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lab import lm
from aigc_lab.lm import ngrams

CORPUS = st.text(alphabet="ab c", min_size=2, max_size=60)


def test_bits_of_a_markov_source_reach_its_entropy_rate():
    # two states, stay with probability 0.9 and 0.6; stationary 0.8 and 0.2; rate = sum of pi_i H_i
    stay = {"a": 0.9, "b": 0.6}
    rng, written = random.Random(0), ["a"]
    for _ in range(200_000):
        now = written[-1]
        written.append(now if rng.random() < stay[now] else "ab"[now == "a"])
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


def test_quote_writes_only_what_the_book_has():
    book = "first\n\n" + "".join(random.Random(0).choice("abc") for _ in range(500))
    written = ngrams.quote(book, 4, 200, seed=3)
    assert len(written) == 200
    assert written.startswith(book[7:10])
    assert all(written[i : i + 4] in book for i in range(197))
