"""Exercises of lesson 13 on byte-pair encoding."""

import itertools
from collections import Counter

import torch

from aigc_lab.exercises import Exercise, Mistake, case
from aigc_lab.preprocessing import bpe

LESSON = "13 Preprocessing"


def _random_words(rng):
    words = {}
    for _ in range(12):
        length = int(torch.randint(1, 7, (1,), generator=rng))
        word = tuple(torch.randint(0, 4, (length,), generator=rng).tolist())
        words[word] = int(torch.randint(1, 9, (1,), generator=rng))
    return case(words=words)


def _counted_once(words):
    counts = Counter(pair for word in words for pair in itertools.pairwise(word))
    return min(counts, key=lambda pair: (-counts[pair], pair))


def _across_words(words):
    text = [token for word, n in words.items() for _ in range(n) for token in word]
    counts = Counter(itertools.pairwise(text))
    return min(counts, key=lambda pair: (-counts[pair], pair))


def _largest_of_equals(words):
    counts = bpe.pair_counts(words)
    return max(counts, key=lambda pair: (counts[pair], pair))


def _with_its_count(words):
    pair = bpe.most_frequent_pair(words)
    return pair, bpe.pair_counts(words)[pair]


def _first_only(tokens, pair, new):
    for i, found in enumerate(itertools.pairwise(tokens)):
        if found == tuple(pair):
            return (*tokens[:i], new, *tokens[i + 2 :])
    return tuple(tokens)


def _overlapping(tokens, pair, new):
    merged = []
    for i, token in enumerate(tokens):
        if tuple(tokens[i : i + 2]) == tuple(pair):
            merged.append(new)
        elif not (i and tuple(tokens[i - 1 : i + 1]) == tuple(pair)):
            merged.append(token)
    return tuple(merged)


def _last_lost(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens) - 1:
        found = (tokens[i], tokens[i + 1]) == tuple(pair)
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return tuple(merged)


def _partner_kept(tokens, pair, new):
    return tuple(new if tuple(tokens[i : i + 2]) == tuple(pair) else token for i, token in enumerate(tokens))


def _either_order(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        found = tuple(tokens[i : i + 2]) in (tuple(pair), tuple(pair)[::-1])
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return tuple(merged)


def _random_tokens(rng):
    return case(tokens=tuple(torch.randint(0, 3, (14,), generator=rng).tolist()), pair=(1, 1), new=9)


EXERCISES = [
    Exercise(
        id="bpe.most_frequent_pair",
        reference=bpe.most_frequent_pair,
        cases=[
            case(words={(1, 2, 3): 2, (2, 3): 1, (4, 1): 2}),
            case(words={(3, 1): 5, (1, 2): 1, (0, 1, 2): 1, (2, 2, 1, 2): 1}),
            case(words={(1, 5): 3, (0, 7): 3}),
            case(words={(2,): 9, (1, 3): 4, (0, 3): 3, (2, 1): 4}),
            _random_words,
        ],
        mistakes={
            "each word counted once": Mistake(
                _counted_once,
                "A word that occurs 5 times brings each of its pairs 5 times. Add the count of the word, not 1.",
            ),
            "across words": Mistake(
                _across_words,
                "Pairs were counted from the end of one word to the start of the next. Then tokens grow over spaces, and depend on the "
                "order of the dictionary.",
            ),
            "the largest of equals": Mistake(
                _largest_of_equals,
                "Of equally frequent pairs this takes the largest. Any rule would do, but all must follow one: here the smallest.",
            ),
            "the pair with its count": Mistake(
                _with_its_count,
                "This returns the pair and its count, as most_common does. Only the pair is asked for.",
            ),
        },
        hints=[
            "Count with a Counter: for each word and each pair in zip(word, word[1:]), add how often the word occurs.",
            "min(counts, key=lambda pair: (-counts[pair], pair)) is the most frequent, and of equals the smallest.",
        ],
    ),
    Exercise(
        id="bpe.merge",
        reference=bpe.merge,
        cases=[
            case(tokens=(5, 5, 5), pair=(5, 5), new=9),
            case(tokens=(1, 2, 3, 1, 2), pair=(1, 2), new=9),
            case(tokens=(2, 1, 2, 4), pair=(1, 2), new=9),
            case(tokens=(2, 1, 3), pair=(1, 2), new=9),
            _random_tokens,
        ],
        mistakes={
            "the first occurrence only": Mistake(
                _first_only, "Only the first pair was replaced. In (1, 2, 3, 1, 2) the pair (1, 2) stands twice."
            ),
            "overlapping pairs": Mistake(
                _overlapping,
                "(5, 5, 5) holds the pair (5, 5) twice, but the middle 5 can be used once. After a merge go on behind the second token.",
            ),
            "last token lost": Mistake(
                _last_lost,
                "The loop ends before the last token, and drops it if it was not merged. How long should (2, 1, 3) stay?",
            ),
            "the partner stays": Mistake(
                _partner_kept,
                "The second token of the pair is still there: new replaces two tokens, so go on two further.",
            ),
            "either order": Mistake(_either_order, "(2, 1) was merged as well. A pair has an order: `he` is not `eh`."),
        },
        hints=[
            "Walk with an index i. If tokens[i:i+2] is the pair, write new and go on by 2; else copy and go on by 1.",
            "Compare tuples with tuples; the result is a tuple.",
        ],
    ),
]
