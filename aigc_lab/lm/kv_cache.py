r"""Writing with a memory of keys and values.

When a transformer has read t characters and gets one more, the keys and values of the first t stay the same, because no
position looks ahead. So they are kept, and only the new character is worked through. For T characters that is T passes
of one position each, instead of

.. math:: \sum_{t=1}^{T} t = \frac{T (T + 1)}{2}

positions. The price is memory; see `cache_bytes`.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from aigc_lab.lm.attention import attention, causal_mask
from aigc_lab.lm.networks import Block, TransformerLM


def cache_bytes(layers: int, width: int, length: int, batch: int = 1, number_bytes: int = 4) -> int:
    r"""Memory that the keys and values of all tokens take.

    .. math:: 2 \cdot \text{layers} \cdot \text{width} \cdot \text{length} \cdot \text{batch} \cdot \text{bytes of a number}

    Args:
        layers: each has keys and values of its own.
        width: of one token's keys in a layer, all heads together.
        length: tokens kept for each text.
        batch: texts at a time.
        number_bytes: 4 for float32, 2 for float16 and bfloat16.

    Returns:
        Bytes. One text of 2,048 tokens takes 9.7 GB in a model of GPT-3's size at 2 bytes a number.
    """
    return 2 * layers * width * length * batch * number_bytes


class CachedTransformer:
    """Reads a text piece by piece with `lm.TransformerLM`, and gives the logits that the model gives for all of it.

    Besides keys and values it keeps the embeddings of the last three characters, because the model's convolution looks
    back at them.

    Args:
        model: in eval mode; its weights are not changed.
        batch: texts at a time.
    """

    def __init__(self, model: TransformerLM, batch: int = 1) -> None:
        weight = model.embedding.weight
        heads, width = model.blocks[0].heads, weight.shape[1]
        shape = (len(model.blocks), batch, heads, model.context, width // heads)
        self.model, self.seen = model, 0
        self.keys, self.values = weight.new_zeros(shape), weight.new_zeros(shape)
        self.last = weight.new_zeros(batch, model.near.kernel_size[0] - 1, width)  # zeros: the padding before the text

    @property
    def nbytes(self) -> int:
        """Memory of the keys and values, in bytes. All of it is allocated at the start."""
        return self.keys.nbytes + self.values.nbytes

    @torch.no_grad()
    def read(self, tokens: Tensor) -> Tensor:
        """Logits (batch, new, V) of the character after each of the new `tokens` (batch, new).

        Raises:
            ValueError: the model's window is full.
        """
        new, end = tokens.shape[1], self.seen + tokens.shape[1]
        if end > self.model.context:
            raise ValueError(
                f"the window holds {self.model.context} characters: {self.seen} are read, {new} more don't fit"
            )
        x = self.model.embedding(tokens)
        recent = torch.cat([self.last, x], dim=1)
        self.last = recent[:, new:]
        places = torch.arange(self.seen, end, device=tokens.device)
        x = x + self.model.near(recent.mT).mT + self.model.place(places)
        for layer, block in enumerate(self.model.blocks):
            x = self._through(layer, block, x, end)
        self.seen = end
        return F.linear(self.model.norm(x), self.model.embedding.weight)

    def _through(self, layer: int, block: Block, x: Tensor, end: int) -> Tensor:
        """`Block.forward` for the new positions, with the old ones' keys and values from memory."""
        batch, new, width = x.shape
        qkv = block.to_qkv(block.norm_look(x)).view(batch, new, 3, block.heads, width // block.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        self.keys[layer, :, :, self.seen : end] = key
        self.values[layer, :, :, self.seen : end] = value
        mask = causal_mask(new, self.seen, x.device) if new > 1 else None  # a single new position may see all
        seen = attention(query, self.keys[layer, :, :, :end], self.values[layer, :, :, :end], mask)
        x = x + block.mix(seen.transpose(1, 2).reshape(batch, new, width))
        return x + block.think(block.norm_think(x))


@torch.no_grad()
def generate(
    model: TransformerLM,
    prompt: Tensor,
    length: int,
    choose: Callable[[Tensor], Tensor],
    *,
    cached: bool = True,
) -> Tensor:
    """Let a transformer write `length` tokens.

    When its window is full, it forgets the older half and reads the newer half again, with positions counted from
    there.

    Args:
        prompt: (batch, n >= 1) tokens; if it is longer than the window, only its end is read.
        length: tokens to write.
        choose: logits (batch, V) -> tokens (batch,); `decoding.greedy`, for example.
        cached: False works through the whole window for each token. The logits are the same, up to rounding.

    Returns:
        (batch, length) tokens, without the prompt; `vocabulary.decode(tokens[0])` is the first one's text.
    """
    model.eval()
    written, start, transformer = prompt, 0, None
    for _ in range(length):
        if written.shape[1] - start > model.context:
            start, transformer = written.shape[1] - model.context // 2, None
        if not cached:
            logits = model(written[:, start:])[0][:, -1]
        else:
            transformer = transformer or CachedTransformer(model, len(prompt))
            logits = transformer.read(written[:, start + transformer.seen :])[:, -1]
        written = torch.cat([written, choose(logits)[:, None]], dim=1)
    return written[:, prompt.shape[1] :]
