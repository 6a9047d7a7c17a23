r"""Neural language models that read one character at a time: a GRU, which remembers, and a transformer, which looks back.

Both are trained by the same loss, the surprise of the next character,

.. math:: L = -\frac{1}{T} \sum_t \log p(x_{t+1} \mid x_{\le t})

in nats; divided by log 2 it is the bits per character of `aigc_lab.text`.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aigc_lab import checkpoints, text
from aigc_lab.updates import Update


def gru_step(from_input: Tensor, from_state: Tensor, state: Tensor) -> Tensor:
    r"""The new state of a gated recurrent unit, from the three linear maps of its input and of its state.

    .. math::
        r = \sigma(a_r + b_r), \quad z = \sigma(a_z + b_z), \quad n = \tanh(a_n + r \odot b_n), \quad
        h' = (1 - z) \odot n + z \odot h

    Args:
        from_input: a = W x + bias, (batch, 3 size), in the order r, z, n.
        from_state: b = U h + bias, (batch, 3 size), in the same order.
        state: h, (batch, size).

    Returns:
        h', (batch, size).

    Source:
        Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation", 2014. As in
        `torch.nn.GRU`, r gates the mapped state b_n (the paper gates h before the map), and z says how much of h is kept.
    """
    a_r, a_z, a_n = from_input.chunk(3, dim=-1)
    b_r, b_z, b_n = from_state.chunk(3, dim=-1)
    reset = torch.sigmoid(a_r + b_r)
    keep = torch.sigmoid(a_z + b_z)
    proposal = torch.tanh(a_n + reset * b_n)
    return (1 - keep) * proposal + keep * state


class GruLM(nn.Module):
    """Embedding, one GRU, and a linear map to the logits of the next character."""

    context = None  # its state carries everything it has read: no window

    def __init__(self, vocabulary: int, *, width: int = 64, state: int = 256, dropout: float = 0.0) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.gru = nn.GRU(width, state, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(state, vocabulary)

    def forward(self, tokens: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Logits (batch, time, vocabulary) of the character after each of `tokens` (batch, time), and the state to go on from."""
        states, last = self.gru(self.dropout(self.embedding(tokens)), state)
        return self.head(self.dropout(states)), last


class Block(nn.Module):
    """One layer of a transformer: each position looks at those before it, then thinks for itself. Both add to what is there."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_look, self.norm_think = nn.LayerNorm(width), nn.LayerNorm(width)
        self.to_qkv = nn.Linear(width, 3 * width, bias=False)
        self.mix = nn.Linear(width, width, bias=False)
        self.think = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(dropout)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, time, width) -> the same shape."""
        batch, time, width = x.shape
        qkv = self.to_qkv(self.norm_look(x)).view(batch, time, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (batch, heads, time, width / heads)
        seen = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.mix(seen.transpose(1, 2).reshape(batch, time, width))
        return x + self.think(self.norm_think(x))


class TransformerLM(nn.Module):
    """A small GPT: embeddings of character and place, layers, and logits that share the embedding's weights.

    One thing is added: a convolution tells each position its last four characters before the layers begin. Spelling depends on
    neighbours above all, and attention alone takes long to find that out.

    Source:
        Vaswani et al., "Attention Is All You Need", 2017, the decoder; normalisation before each part as in Radford et al.,
        "Language Models are Unsupervised Multitask Learners", 2019.
    """

    def __init__(
        self,
        vocabulary: int,
        *,
        width: int = 128,
        layers: int = 4,
        heads: int = 4,
        context: int = 128,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.context = context
        self.embedding = nn.Embedding(vocabulary, width)
        self.place = nn.Embedding(context, width)
        self.near = nn.Conv1d(width, width, kernel_size=4)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.apply(self._start)
        for block in self.blocks:  # what each layer adds starts small, so that the sum over layers starts at unit scale
            for last in (block.mix, block.think[2]):
                nn.init.normal_(last.weight, std=0.02 / math.sqrt(2 * layers))

    @staticmethod
    def _start(module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, tokens: Tensor, state: None = None) -> tuple[Tensor, None]:
        """Logits (batch, time, vocabulary) of the character after each of `tokens` (batch, time <= context). No state: it looks."""
        x = self.embedding(tokens)
        x = x + self.near(F.pad(x.mT, (3, 0))).mT  # padded on the left only: no look ahead
        x = self.dropout(x + self.place(torch.arange(tokens.shape[1], device=tokens.device)))
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.embedding.weight), None


class LmRecipe:
    """How a language model learns: AdamW, gradients clipped to norm 1, a rate that warms up and falls along a cosine.

    Args:
        model: `GruLM` or `TransformerLM`.
        steps: for how many steps the rate's schedule is laid out.
        learning_rate: its top, reached after a tenth of the steps (at most 100).
    """

    compilable = ("model",)

    def __init__(
        self, model: nn.Module, *, steps: int, learning_rate: float = 3e-3, weight_decay: float = 0.01
    ) -> None:
        self.model, self.steps = model, steps
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=learning_rate, betas=(0.9, 0.99), weight_decay=weight_decay
        )
        self.update = Update(clip=1.0)
        warm = max(1, min(100, steps // 10))
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer,
            lambda step: min((step + 1) / warm, 0.5 + 0.5 * math.cos(math.pi * min(1.0, step / steps))),
        )

    def step(self, batch: tuple[Tensor]) -> dict[str, Tensor]:
        """One update on windows of text, (batch, time + 1) tokens: each character but the first is predicted from those before it."""
        self.model.train()
        scalars = self.update(self._loss, self.optimizer, batch)
        self.schedule.step()
        return scalars

    def _loss(self, batch: tuple[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        (tokens,) = batch
        logits, _ = self.model(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        return loss, {"bits": loss / math.log(2)}

    def to(self, device: torch.device) -> "LmRecipe":
        self.model.to(device)
        return self

    def state_dict(self) -> dict:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def load_state_dict(self, state: dict) -> None:
        for name, part in state.items():
            getattr(self, name).load_state_dict(part)


def windows(tokens: Tensor, length: int = 128) -> Tensor:
    """Overlapping windows (n, length + 1) of a text's tokens, each half a window further; a view, no copy."""
    if len(tokens) <= length:
        raise ValueError(f"a text of {len(tokens)} characters has no window of {length + 1}")
    return tokens.unfold(0, length + 1, max(1, length // 2))


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
    return torch.cat(scores).double().cpu().numpy()


class Writer:
    """A trained model with its vocabulary, in the form that `text.write` and `text.score` take.

    Args:
        model: `GruLM` or `TransformerLM`.
        vocabulary: the characters of its tokens.
    """

    def __init__(self, model: nn.Module, vocabulary: "text.Vocabulary") -> None:
        self.model, self.vocabulary = model, vocabulary
        self._read, self._state, self._next = "", None, None

    def score(self, written: str) -> np.ndarray:
        """Natural log of the probability of each character, from those before it and a blank line in front; (n,)."""
        tokens = self.vocabulary.encode(text.START + written)
        return log_probabilities(self.model, tokens)[len(text.START) - 1 :]

    @torch.no_grad()
    def next_log_probabilities(self, context: str) -> np.ndarray:
        """Natural logs (vocabulary,) of the probability of each next character after `context`."""
        self.model.eval()
        device = next(self.model.parameters()).device
        if self.model.context is None and self._read and context.startswith(self._read):
            new, state = context[len(self._read) :], self._state  # a GRU goes on from where it stopped
        else:
            new, state = context if self.model.context is None else context[-self.model.context :], None
        if new:
            logits, self._state = self.model(self.vocabulary.encode(new)[None].to(device), state)
            self._next = logits[0, -1].float().log_softmax(-1).double().cpu().numpy()
        self._read = context
        return self._next


def load(corpus: str) -> TransformerLM:
    """The transformer that `data/build/checkpoint_lm.py` trained on a corpus, "moby_dick" or "quatrains".

    Its vocabulary is that of `text.documents` of the training split.
    """
    name = f"lm_{corpus}"
    model = TransformerLM(**checkpoints.info(name)["settings"])
    model.load_state_dict({key: weights.float() for key, weights in checkpoints.load(name).items()})
    return model.eval()
