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


def _once_a_word(words):
    counts = Counter()
    for word, n in words.items():
        for pair in set(itertools.pairwise(word)):
            counts[pair] += n
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


def _as_text(tokens, pair, new):
    """Replaces in the text "1 2 3": there "1 2" also stands inside "11 2" and "1 20"."""
    text = " ".join(map(str, tokens)).replace(f"{pair[0]} {pair[1]}", str(new))
    return tuple(int(number) for number in text.split())


def _by_counter(words):
    counts = Counter()
    for word, n in words.items():
        for pair in zip(word, word[1:], strict=False):  # noqa: RUF007  (as the hint says)
            counts[pair] += n
    return min(counts, key=lambda pair: (-counts[pair], pair))


def _by_sorting(words):
    counts = {}
    for word in words:
        for i in range(len(word) - 1):
            counts[word[i], word[i + 1]] = counts.get((word[i], word[i + 1]), 0) + words[word]
    return sorted(counts, key=lambda pair: (counts[pair], -pair[0], -pair[1]))[-1]


def _by_two_maxima(words):
    pairs = [pair for word, n in words.items() for pair in list(itertools.pairwise(word)) * n]
    counts = Counter(pairs)
    most = max(counts.values())
    return min(pair for pair, count in counts.items() if count == most)


def _by_index(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        if tokens[i : i + 2] == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return tuple(merged)


def _by_stack(tokens, pair, new):
    """Merges backwards: a token is merged with the one before, unless that is merged already."""
    merged, free = [], False
    for token in tokens:
        if free and (merged[-1], token) == tuple(pair):
            merged[-1], free = new, False
        else:
            merged.append(token)
            free = True
    return tuple(merged)


def _by_recursion(tokens, pair, new):
    if len(tokens) < 2:
        return tuple(tokens)
    if tuple(tokens[:2]) == tuple(pair):
        return (new, *_by_recursion(tokens[2:], pair, new))
    return (tokens[0], *_by_recursion(tokens[1:], pair, new))


def _random_tokens(rng):
    return case(tokens=tuple(torch.randint(0, 3, (14,), generator=rng).tolist()), pair=(1, 1), new=9)


def _random_mixed_tokens(rng):
    return case(tokens=tuple(torch.randint(0, 3, (14,), generator=rng).tolist()), pair=(0, 2), new=300)


EXERCISES = [
    Exercise(
        id="bpe.most_frequent_pair",
        reference=bpe.most_frequent_pair,
        cases=[
            case(words={(1, 2, 3): 2, (2, 3): 1, (4, 1): 2}),
            case(words={(3, 1): 5, (1, 2): 1, (0, 1, 2): 1, (2, 2, 1, 2): 1}),
            case(words={(1, 5): 3, (0, 7): 3}),
            case(words={(2,): 9, (1, 3): 4, (0, 3): 3, (2, 1): 4}),
            case(words={(1, 2, 1, 2): 3, (3, 4): 5}),
            case(words={(5, 5, 5): 2, (0, 1): 3}),
            _random_words,
        ],
        alternatives=[_by_counter, _by_sorting, _by_two_maxima],
        mistakes={
            "each word counted once": Mistake(
                _counted_once,
                "A word that occurs 5 times brings each of its pairs 5 times. Add the count of the word, not 1.",
            ),
            "each pair counted once a word": Mistake(
                _once_a_word,
                "In (1, 2, 1, 2) the pair (1, 2) stands twice, and in (5, 5, 5) the pair (5, 5). Count each place, not each word "
                "that holds the pair.",
            ),
            "across words": Mistake(
                _across_words,
                "You also count pairs from the end of one word to the start of the next. Tokens would then grow across spaces, and depend "
                "on the order of the dictionary.",
            ),
            "the largest of equals": Mistake(
                _largest_of_equals,
                "Of equally frequent pairs this takes the largest. Any rule would do, but all must follow one: here the smallest.",
            ),
            "the pair with its count": Mistake(
                _with_its_count,
                "This returns the pair and its count, as most_common does. Return only the pair.",
            ),
        },
        hints=[
            "Count with a Counter: for each word and each pair in zip(word, word[1:]), add how often the word occurs.",
            "`min(counts, key=lambda pair: (-counts[pair], pair))` is the most frequent pair, and of equals the smallest.",
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
            case(tokens=(7,), pair=(7, 7), new=9),
            case(tokens=(1, 1, 2), pair=(1, 2), new=256),
            case(tokens=(11, 2, 1, 20, 1, 2), pair=(1, 2), new=300),
            _random_tokens,
            _random_mixed_tokens,
        ],
        alternatives=[_by_index, _by_stack, _by_recursion],
        mistakes={
            "the first occurrence only": Mistake(
                _first_only, "Only the first pair is replaced. In (1, 2, 3, 1, 2) the pair (1, 2) stands twice."
            ),
            "overlapping pairs": Mistake(
                _overlapping,
                "(5, 5, 5) holds the pair (5, 5) twice, but the middle 5 can be used only once. After a merge, go on after the second token.",
            ),
            "last token lost": Mistake(
                _last_lost,
                "Your loop ends before the last token, and drops it unless it was merged. How many tokens of (2, 1, 3) "
                "should be left?",
            ),
            "the partner stays": Mistake(
                _partner_kept,
                "The second token of the pair is still there: new replaces two tokens, so move on by two.",
            ),
            "replaced in a text": Mistake(
                _as_text,
                "Written as text, the pair 1 2 also stands inside 11 2 and 1 20. Compare tokens with tokens, not characters.",
            ),
            "either order": Mistake(_either_order, "You merge (2, 1) as well. A pair has an order: `he` is not `eh`."),
        },
        hints=[
            "After a merge, where does the next pair begin?",
            "Walk with an index i. If tokens[i:i+2] == pair, append new and go on by 2; else append tokens[i] and go on by 1. "
            "Return a tuple.",
        ],
    ),
]
