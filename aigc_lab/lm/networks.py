"""Networks that predict the next character: a GRU, which remembers, and a transformer, which looks back."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


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
    """Embedding, one GRU, and a linear map to the logits of the next character.

    Args:
        vocabulary: how many characters there are.
        width: of an embedding.
        state: numbers in the GRU's state.
        dropout: before and after the GRU.
    """

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
    """One layer of a transformer: each position looks at those before it, then thinks for itself.

    What either step finds is added to what it was given.
    """

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
    """A small GPT: embeddings of character and position, layers, and logits that share the embedding's weights.

    One thing is added: a convolution tells each position its last four characters before the layers begin. Spelling depends on
    neighbours above all, and attention alone takes long to find that out.

    Args:
        vocabulary: how many characters there are.
        width: of an embedding, and of every layer; `heads` must divide it.
        layers, heads: how many.
        context: the window, in characters.
        dropout: after the embeddings, and at the end of each layer.

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
        """Logits (batch, time, vocabulary) of the character after each of `tokens` (batch, time <= context), and no state."""
        x = self.embedding(tokens)
        x = x + self.near(F.pad(x.mT, (3, 0))).mT  # padded on the left only: no look ahead
        x = self.dropout(x + self.place(torch.arange(tokens.shape[1], device=tokens.device)))
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.embedding.weight), None
