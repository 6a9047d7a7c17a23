"""Counting what follows what: an n-gram model with Witten-Bell smoothing, and Shannon's way to write without a table."""

import copy
import math
from collections import Counter, defaultdict
from collections.abc import Mapping

import numpy as np

from aigc_lab.lm.vocabulary import START, Vocabulary


def count_followers(corpus: str, order: int) -> dict[str, Counter]:
    """For every run of fewer than `order` characters in the corpus (the empty one too), what followed it and how often."""
    followers: dict[str, Counter] = defaultdict(Counter)
    for length in range(order):
        for gram, count in Counter(corpus[i : i + length + 1] for i in range(len(corpus) - length)).items():
            followers[gram[:-1]][gram[-1]] = count
    return dict(followers)


def ngram_probability(character: str, context: str, followers: Mapping[str, Mapping[str, int]], size: int) -> float:
    r"""Witten-Bell estimate of the probability of a character after a context, interpolated over all its endings.

    With :math:`n(hc)` how often c followed h, :math:`n(h)` how often anything did, and :math:`T(h)` how many *kinds* of characters did,

    .. math:: p(c \mid h) = \frac{n(hc) + T(h)\, p(c \mid h')}{n(h) + T(h)}

    where h' is h without its first character; below the empty context stands the uniform 1 / size.

    Args:
        character: c, one character.
        context: h, the characters before it; longer than any in `followers` is fine.
        followers: for each context its followers' counts, as `count_followers` gives them; a context that is missing was never seen.
        size: V, the number of characters in the vocabulary.

    Returns:
        A probability > 0; over the V characters they sum to 1.

    Source:
        Witten & Bell, "The Zero-Frequency Problem", IEEE Transactions on Information Theory, 1991; interpolated as in Chen & Goodman,
        "An Empirical Study of Smoothing Techniques for Language Modeling", 1999.
    """
    probability = 1 / size
    for start in range(len(context), -1, -1):  # from the empty context to the longest
        seen = followers.get(context[start:])
        if seen is None:
            break
        total, kinds = sum(seen.values()), len(seen)
        probability = (seen.get(character, 0) + kinds * probability) / (total + kinds)
    return probability


class NgramModel:
    """A table of what followed what. Order n looks at the n - 1 characters before.

    Args:
        corpus: the text to count in.
        order: n >= 1.
        vocabulary: None takes that of the corpus.
    """

    def __init__(self, corpus: str, order: int, vocabulary: Vocabulary | None = None) -> None:
        self.order, self.vocabulary = order, vocabulary or Vocabulary(corpus)
        self.followers = count_followers(corpus, order)
        self._totals = {context: sum(seen.values()) for context, seen in self.followers.items()}

    def __len__(self) -> int:
        """Number of counts stored: the model's parameters."""
        return sum(len(seen) for context, seen in self.followers.items() if len(context) < self.order)

    def up_to(self, order: int) -> "NgramModel":
        """The model of a lower order, from the same counts."""
        shorter = copy.copy(self)
        shorter.order = min(order, self.order)
        return shorter

    def score(self, written: str) -> np.ndarray:
        """Natural log of the probability of each character, from those before it and a blank line in front; (n,)."""
        padded, size = START + written, len(self.vocabulary)
        scores = np.empty(len(written))
        for i in range(len(START), len(padded)):
            probability = 1 / size  # `ngram_probability`, with the totals looked up instead of added
            for start in range(i, max(-1, i - self.order), -1):
                seen = self.followers.get(padded[start:i])
                if seen is None:
                    break
                kinds = len(seen)
                probability = (seen.get(padded[i], 0) + kinds * probability) / (self._totals[padded[start:i]] + kinds)
            scores[i - len(START)] = math.log(probability)
        return scores

    def next_log_probabilities(self, context: str) -> np.ndarray:
        """Natural logs (V,) of the probability of each next character after `context`."""
        probability = np.full(len(self.vocabulary), 1 / len(self.vocabulary))
        for length in range(min(self.order - 1, len(context)) + 1):
            seen = self.followers.get(context[len(context) - length :])
            if seen is None:
                break
            probability *= len(seen)
            for character, count in seen.items():
                probability[self.vocabulary.index.get(character, 0)] += count
            probability /= self._totals[context[len(context) - length :]] + len(seen)
        return np.log(probability)


def quote(corpus: str, order: int, length: int, *, seed: int = 0) -> str:
    """Shannon's way to write without a table: find the last order - 1 characters somewhere in the book, copy what follows them.

    The place is drawn at random among all where the book has these characters, so this is the unsmoothed n-gram model
    itself. The text begins as the corpus does after its first blank line, and has `length` characters in all.

    Source:
        Shannon, "A Mathematical Theory of Communication", 1948, section 3, who opened a book at random and read on to the next place.
    """
    rng = np.random.default_rng(seed)
    start = corpus.find(START) + len(START) if START in corpus else 0
    written = corpus[start : start + order - 1]
    while len(written) < length:
        ending, places = written[len(written) - order + 1 :], []
        place = corpus.find(ending, 0, -1)  # something must follow
        while place >= 0:
            places.append(place)
            place = corpus.find(ending, place + 1, -1)
        written += corpus[rng.choice(places) + order - 1] if places else corpus[start]
    return written
