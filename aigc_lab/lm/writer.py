"""A model that writes: one character at a time, drawn from what it predicts."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aigc_lab import pretrained
from aigc_lab.lm.decoding import with_temperature
from aigc_lab.lm.networks import TransformerLM
from aigc_lab.lm.vocabulary import START, Vocabulary


def write(
    model: Any,
    length: int,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    prompt: str = START,
    allowed: Callable[[str], bool] | None = None,
) -> str:
    """Let a model write: draw a character from its distribution, append it, and ask again.

    Args:
        model: has a `vocabulary` and `next_log_probabilities(context) -> (V,)`.
        length: characters to write, without the prompt.
        seed: of the draws. The same seed and model write the same text.
        temperature: see `with_temperature`.
        prompt: what the text goes on from.
        allowed: a rule that overrules the statistics: is the text, with this character at its end, still allowed? Where
            no character is allowed, the rule is waived.

    Returns:
        The `length` characters.
    """
    rng, written = torch.Generator().manual_seed(seed), prompt
    for _ in range(length):
        log_probs = torch.from_numpy(model.next_log_probabilities(written)).clone()
        log_probs[0] = -math.inf  # never write the sign for "unknown"
        if allowed is not None:
            fits = torch.tensor([allowed(written + c) for c in model.vocabulary.characters])
            log_probs = torch.where(fits, log_probs, -math.inf) if fits[1:].any() else log_probs
        chosen = torch.multinomial(with_temperature(log_probs, temperature), 1, generator=rng)
        written += model.vocabulary.characters[int(chosen)]
    return written[len(prompt) :]


@torch.no_grad()
def log_probabilities(model: nn.Module, tokens: Tensor) -> np.ndarray:
    """Natural log of the probability that the model gave each token but the first, from those before it; (n,) -> (n - 1,).

    A model with a window (`model.context`) sees at least half of it before each token it is scored on, except at the start.
    """
    model.eval()
    tokens = tokens.to(next(model.parameters()).device)
    length = model.context or 512
    state, scores, start, scored = None, [], 0, 0
    while scored < len(tokens) - 1:
        piece = tokens[start : start + length + 1]
        logits, state = model(piece[None, :-1], state)
        chosen = logits[0].float().log_softmax(-1).gather(1, piece[1:, None])[:, 0]
        scores.append(chosen[scored - start :])
        scored = start + len(piece) - 1
        start = scored if model.context is None else max(0, scored - length // 2)
    return torch.cat(scores).cpu().double().numpy()


class Writer:
    """A trained model with its vocabulary: what `write` needs, and what gives each character of a text its probability.

    Args:
        model: `GruLM` or `TransformerLM`.
        vocabulary: the characters of its tokens.
    """

    def __init__(self, model: nn.Module, vocabulary: Vocabulary) -> None:
        self.model, self.vocabulary = model, vocabulary
        self._read, self._weights, self._state, self._next = "", None, None, None

    def score(self, written: str) -> np.ndarray:
        """Natural log of the probability of each character, from those before it and a blank line in front; (n,)."""
        tokens = self.vocabulary.encode(START + written)
        return log_probabilities(self.model, tokens)[len(START) - 1 :]

    @torch.no_grad()
    def next_log_probabilities(self, context: str) -> np.ndarray:
        """Natural logs (vocabulary,) of the probability of each character after `context`; "" is the start of a text."""
        self.model.eval()
        context, weights = context or START, list(self.model.parameters())
        new, state = context[-self.model.context :] if self.model.context else context, None
        # Counted by torch. After further training, the state of what a GRU has read is out of date.
        changes = [weight._version for weight in weights]
        if self.model.context is None and self._read and context.startswith(self._read) and changes == self._weights:
            new, state = context[len(self._read) :], self._state  # a GRU goes on from where it stopped
        if new:
            logits, self._state = self.model(self.vocabulary.encode(new)[None].to(weights[0].device), state)
            self._next = logits[0, -1].float().log_softmax(-1).cpu().double().numpy()
        self._read, self._weights = context, changes
        return self._next.copy()


def load(corpus: str) -> TransformerLM:
    """The transformer that `data/build/checkpoint_lm.py` trained on a corpus, "moby_dick" or "quatrains".

    Its vocabulary is that of `lm.documents` of the training split.
    """
    name = f"lm_{corpus}"
    model = TransformerLM(**pretrained.info(name)["settings"])
    model.load_state_dict({key: weights.float() for key, weights in pretrained.load(name).items()})
    return model.eval()
