from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from aigc_lab import datasets
from aigc_lab.preprocessing import bpe

SHIFT = 0x4E00  # one letter a byte, in the order of the bytes, so that the library breaks ties as we do


def letters(data: bytes) -> str:
    return "".join(chr(SHIFT + b) for b in data)


def library(text: str, merges: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split("\n", "removed")
    alphabet = [chr(SHIFT + b) for b in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=256 + merges, initial_alphabet=alphabet, min_frequency=2, show_progress=False
    )
    words = "\n".join(letters(word.encode()) for word in bpe.cut(text))
    tokenizer.train_from_iterator([words], trainer)
    return tokenizer


@pytest.fixture(scope="module")
def corpus() -> str:
    whale, poems = datasets.load("moby_dick"), datasets.load("quatrains")
    return whale.texts[5][:6000] + "\n".join(poems.texts[:40])


def test_merges_and_their_order_are_the_librarys_ties_included(corpus):
    theirs = sorted(library(corpus, 300).get_vocab().items(), key=lambda entry: entry[1])
    ours = [letters(piece) for piece in bpe.vocabulary(bpe.train(corpus, 300))]
    assert ours == [piece for piece, _ in theirs]
    counts = [bpe.pair_counts(bpe.word_counts(corpus))[pair] for pair in bpe.train(corpus, 300) if max(pair) < 256]
    assert len(set(counts)) < len(counts), "no ties in this corpus: it proves less than it says"


def test_a_text_is_cut_into_the_librarys_tokens(corpus):
    merges, theirs = bpe.train(corpus, 300), library(corpus, 300)
    unseen = datasets.load("moby_dick", split="test").texts[0][:2000] + "床前明月光"
    pieces = bpe.vocabulary(merges)
    ours = [letters(pieces[t]) for t in bpe.encode(unseen, merges)]
    assert ours == [t for word in bpe.cut(unseen) for t in theirs.encode(letters(word.encode())).tokens]


def test_the_example_of_sennrich_et_al():
    # low x5, lower x2, newest x6, widest x3: the paper's first merges are e-s, es-t, then l-o, lo-w (its end-of-word mark apart).
    text = " ".join(["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3)
    pieces = [piece.decode() for piece in bpe.vocabulary(bpe.train(text, 5))[256:]]
    assert pieces[:2] == ["es", "est"]
    assert "low" in pieces


def test_training_is_the_two_taught_functions_again_and_again(corpus):
    words, learned = bpe.word_counts(corpus[:3000]), []
    for new in range(256, 296):
        learned.append(bpe.most_frequent_pair(words))
        merged = Counter()
        for word, n in words.items():
            merged[bpe.merge(word, learned[-1], new)] += n
        words = merged
    assert learned == bpe.train(corpus[:3000], 40)


@given(st.text())
def test_any_text_comes_back(text):
    merges = bpe.train("the theme of the thesis 明月明月", 12)
    assert "".join(bpe.cut(text)) == text
    assert bpe.decode(bpe.encode(text, merges), merges) == text
    assert bpe.encode(text, []) == list(text.encode())


@given(st.lists(st.integers(0, 2), max_size=20))
def test_merging_is_replacement_from_left_to_right(tokens):
    as_text = "".join("abc"[t] for t in tokens)
    for pair in ((0, 0), (0, 1)):
        expected = as_text.replace("".join("abc"[t] for t in pair), "n")
        assert "".join({9: "n"}.get(t) or "abc"[t] for t in bpe.merge(tokens, pair, 9)) == expected


def test_training_stops_when_no_pair_comes_twice():
    assert bpe.train("abc", 10) == []
    assert bpe.most_frequent_pair({(1,): 3}) is None


def test_broken_bytes_are_shown_as_such():
    assert bpe.decode([0xE6, 0x98], []) == "\N{REPLACEMENT CHARACTER}"
