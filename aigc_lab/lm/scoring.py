r"""What a model of a text is worth: bits per character, and how much of what it wrote is copied.

Every model of a text here predicts the next character from those before it, so all are scored alike,

.. math:: \text{bits per character} = -\frac{1}{T} \sum_{t=1}^{T} \log_2 p(x_t \mid x_1 \dots x_{t-1})

which is also how many bits each character would take in a file that is compressed with the model.
"""

import math

from torch import Tensor


def bits_per_character(log_probs: Tensor, characters: int) -> Tensor:
    r"""What a model pays for a text, in bits for each of its characters.

    .. math:: -\frac{1}{n \ln 2} \sum_i \ln p_i

    Args:
        log_probs: natural logs of the probability of each token in its turn, any shape; tokens may be characters or whole words.
        characters: n, how many characters the text has.

    Returns:
        A scalar. A model that finds V characters equally likely pays log2(V): 6.34 for the 81 of Moby Dick.

    Source:
        Shannon, "A Mathematical Theory of Communication", 1948; as the score of a predictor, "Prediction and Entropy of Printed
        English", 1951.
    """
    return -log_probs.sum() / (math.log(2) * characters)


def copied_share(written: str, corpus: str, length: int = 20) -> float:
    """Share of the characters of `written` that lie in some run of at least `length` characters found word for word in `corpus`."""
    copied = [False] * len(written)
    for start in range(len(written) - length + 1):
        if written[start : start + length] in corpus:
            copied[start : start + length] = [True] * length
    return sum(copied) / max(1, len(written))
