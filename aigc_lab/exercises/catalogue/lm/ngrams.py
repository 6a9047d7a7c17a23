"""Exercises of lesson 02 on text: bits, counts, temperature, copies."""

import math

import numpy as np
import torch

from aigc_lab.exercises import Exercise, Mistake, case, normal, uniform
from aigc_lab.lm import decoding, ngrams, scoring

LESSON = "02 Four eras"

FOLLOWERS = {
    "": {"a": 3, "b": 1},
    "a": {"a": 1, "b": 2},
    "ba": {"a": 1},
}


def _bigger(rng: torch.Generator):
    corpus = "".join("abc "[i] for i in torch.randint(4, (60,), generator=rng))
    start = int(torch.randint(50, (1,), generator=rng))
    followers = {context: dict(seen) for context, seen in ngrams.count_followers(corpus, 3).items()}
    return case(character="c", context=corpus[start : start + 2], followers=followers, size=5)


def _no_smoothing(character, context, followers, size):
    seen = followers.get(context, {})
    return seen.get(character, 0) / max(1, sum(seen.values()))


def _denominator_forgets_kinds(character, context, followers, size):
    probability = 1 / size
    for start in range(len(context), -1, -1):
        seen = followers.get(context[start:])
        if seen is None:
            break
        probability = (seen.get(character, 0) + len(seen) * probability) / sum(seen.values())
    return probability


def _add_one(character, context, followers, size):
    seen = followers.get(context, {})
    return (seen.get(character, 0) + 1) / (sum(seen.values()) + size)


def _longest_first(character, context, followers, size):
    probability = 1 / size
    for start in range(len(context) + 1):
        seen = followers.get(context[start:])
        if seen is None:
            continue
        total, kinds = sum(seen.values()), len(seen)
        probability = (seen.get(character, 0) + kinds * probability) / (total + kinds)
    return probability


def _drops_the_last(character, context, followers, size):
    probability = 1 / size
    for length in range(len(context) + 1):
        seen = followers.get(context[:length])
        if seen is None:
            break
        total, kinds = sum(seen.values()), len(seen)
        probability = (seen.get(character, 0) + kinds * probability) / (total + kinds)
    return probability


def _bits_by_loops(log_probs, characters):
    return sum(-math.log2(math.exp(one)) for one in log_probs.tolist()) / characters


def _probability_by_recursion(character, context, followers, size):
    shorter = _probability_by_recursion(character, context[1:], followers, size) if context else 1 / size
    seen = followers.get(context)
    if not seen:
        return shorter
    return (seen.get(character, 0) + len(seen) * shorter) / (sum(seen.values()) + len(seen))


def _probability_by_hint(character, context, followers, size):
    p = 1 / size
    for start in range(len(context), -1, -1):
        if context[start:] not in followers:
            break
        seen = followers[context[start:]]
        kinds, total = len(seen), sum(seen.values())
        p = (seen.get(character, 0) + kinds * p) / (total + kinds)
    return p


def _probability_by_weights(character, context, followers, size):
    """A weight T / (n + T) for the shorter context, and the rest for the plain share."""
    p, known = 1 / size, [end for end in (context[i:] for i in range(len(context) + 1)) if end in followers]
    for end in reversed(known):
        counts = np.array(list(followers[end].values()))
        weight = len(counts) / (counts.sum() + len(counts))
        p = (1 - weight) * followers[end].get(character, 0) / counts.sum() + weight * p
    return p


def _temperature_of_probabilities(logits, temperature):
    p = torch.softmax(logits, -1) ** (1 / temperature)
    return p / p.sum(-1, keepdim=True)


def _temperature_in_numpy(logits, temperature):
    scaled = logits.numpy() / temperature
    weights = np.exp(scaled - scaled.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def _letters(count, rng):
    return "".join("abc"[i] for i in torch.randint(3, (count,), generator=rng))


def _copied_by_hint(written, corpus, length):
    copied = [False] * len(written)
    for start in range(len(written) - length + 1):
        if written[start : start + length] in corpus:
            copied[start : start + length] = [True] * length
    return sum(copied) / max(1, len(written))


def _copied_by_set(written, corpus, length):
    if not written:
        return 0
    starts = [i for i in range(len(written) - length + 1) if corpus.find(written[i : i + length]) >= 0]
    return len({i + j for i in starts for j in range(length)}) / len(written)


def _copied_by_character(written, corpus, length):
    runs = {corpus[i : i + length] for i in range(len(corpus) - length + 1)}
    marks = [
        any(written[s : s + length] in runs for s in range(max(0, i - length + 1), i + 1)) for i in range(len(written))
    ]
    return float(np.mean(marks)) if marks else 0.0


def _copied(written, corpus, length, mark):
    starts = [i for i in range(len(written) - length + 1) if written[i : i + length] in corpus]
    return mark(starts, written, length)


EXERCISES = [
    Exercise(
        id="text.bits_per_character",
        reference=scoring.bits_per_character,
        cases=[
            case(log_probs=torch.tensor([1 / 8, 1 / 2]).double().log(), characters=10),
            lambda rng: case(log_probs=-3 * uniform(12, generator=rng), characters=31),
            lambda rng: case(log_probs=-3 * uniform(7, generator=rng), characters=7),
        ],
        mistakes={
            "nats instead of bits": Mistake(
                lambda log_probs, characters: -log_probs.sum() / characters,
                "`log_probs` are natural logarithms, so this is in nats. A fair coin must cost 1 bit; you get 0.693. What is log2(x) in terms of ln(x)?",
            ),
            "bits per token": Mistake(
                lambda log_probs, characters: -log_probs.mean() / math.log(2),
                "This divides by the number of tokens. Two words of 10 characters in all that cost 3 + 1 bits cost 2 a word, but 0.4 a character. "
                "Divided by tokens, a model that reads whole words looks worse than one that reads letters, on the same text.",
            ),
            "the whole text's bits": Mistake(
                lambda log_probs, characters: -log_probs.sum() / math.log(2),
                "This is what the whole text costs, and it grows with the text. Divide by the number of characters.",
            ),
            "sign": Mistake(
                lambda log_probs, characters: log_probs.sum() / (math.log(2) * characters),
                "The logarithm of a probability is never positive, and a text can't cost less than nothing. Which sign is missing?",
            ),
        },
        hints=[
            "Each token costs -log2 of its probability. Add up the costs, then divide by the number of characters.",
            "log2(p) = ln(p) / ln(2), and ln(2) is `math.log(2)`.",
            "-log_probs.sum() / (math.log(2) * characters)",
        ],
        alternatives=[
            lambda log_probs, characters: -log_probs.sum() / (math.log(2) * characters),
            lambda log_probs, characters: -log_probs.mean() / math.log(2) * len(log_probs) / characters,
            lambda log_probs, characters: np.sum(-np.log2(np.exp(log_probs.numpy()))) / characters,
            _bits_by_loops,
        ],
    ),
    Exercise(
        id="text.ngram_probability",
        reference=ngrams.ngram_probability,
        cases=[
            case(character="a", context="a", followers=FOLLOWERS, size=3),
            case(character="c", context="a", followers=FOLLOWERS, size=3),
            case(character="b", context="ba", followers=FOLLOWERS, size=3),
            case(character="a", context="ca", followers=FOLLOWERS, size=4),
            _bigger,
        ],
        mistakes={
            "no smoothing": Mistake(
                _no_smoothing,
                "This is the plain share n(hc) / n(h): 0 for what was never seen after this context. One such character in a chapter and "
                "the whole chapter has probability 0, infinitely many bits. What does T(h) times the shorter context's estimate add?",
            ),
            "denominator without T(h)": Mistake(
                _denominator_forgets_kinds,
                "You give away T(h) of probability mass but divide by n(h) only. Add up your p over a, b and c after the empty context: "
                "(3 + 1 + 2) / 4 = 1.5. By what must you divide for 1?",
            ),
            "adds one to every count": Mistake(
                _add_one,
                "This is Laplace's add-one rule on the longest context alone. After a context seen twice, it gives 81 characters one count each: "
                "nearly all the mass goes to characters that never came. Witten-Bell asks the shorter context instead.",
            ),
            "from the longest context to the shortest": Mistake(
                _longest_first,
                "The last word now belongs to the empty context, and what the longest has seen is diluted at each step. The recursion ends in the "
                "uniform 1/V: start there, and go from the empty context up.",
            ),
            "context cut at the wrong end": Mistake(
                _drops_the_last,
                "You shorten the context from the right: of `ba` you keep `b`. Which of the two stands next to the character you predict? "
                "`context[start:]` keeps the end.",
            ),
        },
        hints=[
            "Start with p = 1/size. Then improve p once for each ending of the context, from the empty one to the whole.",
            "The endings are context[start:] for start = len(context), ..., 1, 0. Stop at the first that `followers` doesn't have.",
            "One improvement: p = (seen.get(character, 0) + kinds * p) / (total + kinds), with seen = followers[context[start:]], kinds = len(seen), "
            "total = sum(seen.values()).",
        ],
        alternatives=[_probability_by_hint, _probability_by_recursion, _probability_by_weights],
    ),
    Exercise(
        id="text.with_temperature",
        reference=decoding.with_temperature,
        cases=[
            case(logits=torch.tensor([0.2, 0.8]).double().log(), temperature=0.5),
            lambda rng: case(logits=3 * normal(6, generator=rng), temperature=0.5),
            lambda rng: case(logits=normal(2, 5, generator=rng), temperature=2.0),
            case(logits=torch.tensor([0.0, 10.0, 800.0]).double(), temperature=0.7),
        ],
        mistakes={
            "divides the probabilities": Mistake(
                lambda logits, temperature: torch.softmax(logits, -1) / temperature,
                "Dividing the probabilities by the temperature changes no ratio between them, and they no longer add up to 1. At temperature 0.5, "
                "(0.2, 0.8) becomes (0.4, 1.6). Temperature acts on the logits.",
            ),
            "softmax of probabilities": Mistake(
                lambda logits, temperature: torch.softmax(torch.softmax(logits, -1) / temperature, -1),
                "You take the softmax twice: once to get probabilities, once over them as if they were logits. (0.2, 0.8) at temperature 0.5 gives "
                "(0.231, 0.769), flatter than it was, though 0.5 should sharpen it to (0.059, 0.941).",
            ),
            "multiplies by the temperature": Mistake(
                lambda logits, temperature: torch.softmax(logits * temperature, -1),
                "This is upside down: temperature 0.5 flattens and 2 sharpens. Cold should mean sure of itself.",
            ),
            "not normalised": Mistake(
                lambda logits, temperature: (logits / temperature).exp(),
                "exp(l / T) has the right ratios but doesn't add up to 1. And at logits of 800 it overflows: `torch.softmax` subtracts the largest first.",
            ),
        },
        hints=[
            "p to the power 1/T, normalised. What is that in terms of log p?",
            "Divide the logits, then make them probabilities: `torch.softmax(..., dim=-1)`.",
            "torch.softmax(logits / temperature, dim=-1)",
        ],
        alternatives=[
            lambda logits, temperature: torch.softmax(logits / temperature, dim=-1),
            lambda logits, temperature: torch.log_softmax(logits / temperature, -1).exp(),
            _temperature_of_probabilities,
            _temperature_in_numpy,
        ],
    ),
    Exercise(
        id="text.copied_share",
        reference=scoring.copied_share,
        cases=[
            case(written="a whale!", corpus="the whale", length=6),
            case(written="the white whale", corpus="see the white whale blow", length=7),
            case(written="whale whale", corpus="the whale", length=5),
            case(written="sea", corpus="the sea", length=5),
            case(written="s", corpus="the sea", length=1),
            case(written="", corpus="the sea", length=2),
            lambda rng: case(written=_letters(24, rng), corpus=_letters(30, rng), length=3),
        ],
        mistakes={
            "share of the starts": Mistake(
                lambda written, corpus, length: _copied(
                    written, corpus, length, lambda starts, text, n: len(starts) / max(1, len(text) - n + 1)
                ),
                "You count the places where a copied run *starts*. In `a whale!` one window of three is copied, but the run is 6 of the 8 characters.",
            ),
            "runs counted twice where they overlap": Mistake(
                lambda written, corpus, length: _copied(
                    written, corpus, length, lambda starts, text, n: len(starts) * n / max(1, len(text))
                ),
                "Runs overlap: a copied stretch of 8 characters holds two runs of 7, and you count 14. Mark each character once instead.",
            ),
            "only the first character of each run": Mistake(
                lambda written, corpus, length: _copied(
                    written, corpus, length, lambda starts, text, n: len(starts) / max(1, len(text))
                ),
                "Only the character at which a run starts is marked. Its other length - 1 characters are copied too.",
            ),
        },
        hints=[
            "Keep a list with one False for each character of `written`. Which ones become True?",
            "For each start, if written[start : start + length] is in the corpus, mark all `length` of these characters.",
            "copied[start : start + length] = [True] * length; at the end, sum(copied) / max(1, len(written)).",
        ],
        alternatives=[_copied_by_hint, _copied_by_set, _copied_by_character],
    ),
]
