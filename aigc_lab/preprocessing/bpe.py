"""Byte-pair encoding: a vocabulary between bytes and words, learned by merging.

A text is bytes (UTF-8), so 256 tokens can write anything. Training looks for the pair of neighbours that is most frequent, makes it a new
token, and repeats. A text is first cut into words, with the space in front of the word it belongs to, and no merge crosses such a cut.

Source:
    Gage, "A new algorithm for data compression", 1994. Sennrich, Haddow, Birch, "Neural machine translation of rare words with subword
    units", ACL 2016. On bytes: Radford et al., "Language models are unsupervised multitask learners", 2019.
"""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

Pair = tuple[int, int]
Word = tuple[int, ...]

PATTERN = r" ?\w+| ?[^\w\s]+|\s+"  # where a text is cut


def cut(text: str) -> list[str]:
    """Words, runs of punctuation, runs of space; joined again they are the text. A single space stays with what follows it."""
    return re.findall(PATTERN, text)


def word_counts(text: str) -> Counter[Word]:
    """How often each word occurs; a word is a tuple of bytes, which are the first 256 tokens."""
    return Counter({tuple(word.encode()): n for word, n in Counter(cut(text)).items()})


def pair_counts(words: Mapping[Word, int]) -> Counter[Pair]:
    """How often each pair of neighbours occurs. A word that occurs n times counts n times."""
    counts: Counter[Pair] = Counter()
    for word, n in words.items():
        for pair in itertools.pairwise(word):
            counts[pair] += n
    return counts


def most_frequent_pair(words: Mapping[Word, int]) -> Pair | None:
    """The pair to merge next; None if no word has two tokens.

    Among equally frequent pairs it is the smallest, so that the result of training is unique.
    """
    counts = pair_counts(words)
    return min(counts, key=lambda pair: (-counts[pair], pair)) if counts else None


def merge(tokens: Sequence[int], pair: Pair, new: int) -> Word:
    """Replace each occurrence of pair by the token new, from left to right: (a, a, a) with pair (a, a) becomes (new, a)."""
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == tuple(pair):
            merged.append(new)
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return tuple(merged)


def train(text: str, merges: int) -> list[Pair]:
    """Learn merges: the list's entry k says which two tokens make token 256 + k.

    The result is that of calling `most_frequent_pair` and `merge` in turn. It comes faster because the counts are kept,
    and a merge changes them only in the words that hold the pair.

    Args:
        text: to learn from.
        merges: how many; fewer come back if the words run out of pairs that occur twice.
    """
    counted = word_counts(text)
    words, times = [list(word) for word in counted], list(counted.values())
    counts = pair_counts(counted)
    where: dict[Pair, set[int]] = defaultdict(set)  # the words that hold a pair
    for i, word in enumerate(words):
        for pair in itertools.pairwise(word):
            where[pair].add(i)
    learned: list[Pair] = []
    while len(learned) < merges and counts:
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        if counts[best] < 2:
            break
        for i in where.pop(best):
            for pair in zip(words[i], words[i][1:], strict=False):
                counts[pair] -= times[i]
            words[i] = merge(words[i], best, 256 + len(learned))
            for pair in zip(words[i], words[i][1:], strict=False):
                counts[pair] += times[i]
                where[pair].add(i)
        counts = +counts  # drops pairs that are gone
        learned.append(best)
    return learned


def encode(text: str, merges: Sequence[Pair]) -> list[int]:
    """The text as tokens: in each word the merges are applied in the order in which they were learned."""
    order = {pair: k for k, pair in enumerate(merges)}
    known: dict[str, Word] = {}  # a word that comes again costs nothing
    tokens: list[int] = []
    for word in cut(text):
        if word not in known:
            known[word] = _encode_word(tuple(word.encode()), order)
        tokens.extend(known[word])
    return tokens


def _encode_word(word: Word, order: Mapping[Pair, int]) -> Word:
    while len(word) > 1:
        first = min(itertools.pairwise(word), key=lambda pair: order.get(pair, len(order)))
        if first not in order:
            break
        word = merge(word, first, 256 + order[first])
    return word


def vocabulary(merges: Sequence[Pair]) -> list[bytes]:
    """What each token stands for; entry t belongs to token t."""
    pieces = [bytes([b]) for b in range(256)]
    for left, right in merges:
        pieces.append(pieces[left] + pieces[right])
    return pieces


def decode(tokens: Iterable[int], merges: Sequence[Pair]) -> str:
    """The text. Bytes that aren't valid UTF-8 (a model may write some) become the replacement character."""
    pieces = vocabulary(merges)
    return b"".join(pieces[t] for t in tokens).decode(errors="replace")
