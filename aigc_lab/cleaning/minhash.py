"""Texts that are nearly the same, found among many without comparing every pair.

A text becomes the set of its shingles (runs of words). How alike two sets are is measured by their Jaccard similarity.
A signature of minima estimates that similarity from a few numbers, and banding brings together the texts whose
signatures agree in places.
"""

import itertools
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

PRIME = 2**31 - 1  # products of two numbers below it fit into int64


def shingles(text: str, words: int = 3) -> set[str]:
    """The runs of `words` words that occur in a text, in lower case and without punctuation. A shorter text is one shingle."""
    found = re.findall(r"\w+", text.lower())
    return {" ".join(found[i : i + words]) for i in range(max(1, len(found) - words + 1))}


def jaccard(a: set, b: set) -> float:
    r"""Similarity of two sets, :math:`|a \cap b| / |a \cup b|`; 1 if both are empty."""
    return len(a & b) / len(a | b) if a | b else 1.0


def numbers(items: Iterable[str]) -> np.ndarray:
    """A number below PRIME for each item, the same on every machine and in every run (Python's own `hash` is not): int64."""
    return np.fromiter((zlib.crc32(item.encode()) % PRIME for item in items), dtype=np.int64)


def hash_functions(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    r"""Random a, b of `count` functions :math:`h_k(x) = (a_k x + b_k) \bmod P`, each a shuffle of the numbers below P = 2^31 - 1."""
    draw = np.random.default_rng(seed)
    return draw.integers(1, PRIME, count), draw.integers(0, PRIME, count)


def signature(items: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""For each hash function, the smallest value that an item of the set gets.

    .. math:: \sigma_k = \min_{x} \; (a_k x + b_k) \bmod P

    In a random order, the probability that the first item of the union of two sets lies in both is their Jaccard
    similarity. This is therefore the probability that their signatures agree at any one place.

    Args:
        items: the set, as numbers below P, int64 (n,), n >= 1.
        a, b: of the hash functions, (count,).

    Returns:
        int64, (count,).

    Source:
        Broder, "On the resemblance and containment of documents", 1997.
    """
    return ((a[:, None] * items[None, :] + b[:, None]) % PRIME).min(axis=1)


def estimated_jaccard(left: np.ndarray, right: np.ndarray) -> float:
    r"""The share of places at which two signatures agree; standard error :math:`\sqrt{J(1-J)/\text{count}}`."""
    return float((left == right).mean())


def candidate_probability(similarity: np.ndarray, bands: int, rows: int) -> np.ndarray:
    r"""Probability that two texts meet in at least one band: an S over the similarity.

    .. math:: P = 1 - (1 - s^r)^b, \qquad P = \tfrac12 \text{ at } s = (1 - 2^{-1/b})^{1/r}

    (The usual rule of thumb, :math:`s = (1/b)^{1/r}`, is where :math:`P = 1 - (1 - 1/b)^b`, about 0.64.)

    Args:
        similarity: Jaccard similarity s, any shape.
        bands: b, into how many pieces a signature is cut.
        rows: r, how many numbers each piece has; all must agree.

    Source:
        Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 2014, section 3.4.
    """
    whole_band = np.asarray(similarity) ** rows  # all r numbers of one band agree
    no_band = (1 - whole_band) ** bands
    return 1 - no_band


def candidates(signatures: np.ndarray, bands: int) -> set[tuple[int, int]]:
    """Pairs i < j whose signatures agree in at least one whole band, found by sorting into buckets.

    Args:
        signatures: int64, (n, bands × rows).
        bands: how many pieces a signature is cut into; must divide its length.

    Raises:
        ValueError: the signatures can't be cut into that many equal bands.
    """
    n, length = signatures.shape
    if length % bands:
        raise ValueError(f"a signature of {length} numbers can't be cut into {bands} equal bands")
    found = set()
    for band in signatures.reshape(n, bands, -1).transpose(1, 0, 2):
        buckets = defaultdict(list)
        for i, piece in enumerate(np.ascontiguousarray(band)):
            buckets[piece.tobytes()].append(i)
        for members in buckets.values():
            found.update(itertools.combinations(members, 2))
    return found
