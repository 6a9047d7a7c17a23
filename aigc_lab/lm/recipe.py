r"""Training of `GruLM` and `TransformerLM`, which read one character at a time.

Both have the same loss, the surprise of the next character,

.. math:: L = -\frac{1}{T} \sum_t \log p(x_{t+1} \mid x_{\le t})

in nats; divided by log 2 it is the bits per character of `lm.scoring`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aigc_lab.recipes.learning_rate import scale_rate, warmup_cosine
from aigc_lab.recipes.optimizer_step import OptimizerStep
from aigc_lab.recipes.recipe import BaseRecipe


class LmRecipe(BaseRecipe):
    """How a language model learns: AdamW, gradients clipped to norm 1, a rate that warms up and falls along a cosine as the budget is spent.

    Args:
        model: `GruLM` or `TransformerLM`.
        learning_rate: the highest, reached after 100 steps, or after a tenth of the budget if that comes first.
        weight_decay: AdamW's.

    Attributes:
        steps_done: steps taken so far.
        progress: the share of the budget that is spent, 0 to 1, kept by `training.fit`; the learning rate falls with it.
    """

    parts = ("model", "optimizer", "steps_done")
    compilable = ("model",)

    def __init__(self, model: nn.Module, *, learning_rate: float = 3e-3, weight_decay: float = 0.01) -> None:
        self.model, self.steps_done = model, 0
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=learning_rate, betas=(0.9, 0.99), weight_decay=weight_decay, fused=True
        )
        self.optimizer_step = OptimizerStep(clip=1.0)

    def step(self, batch: tuple[Tensor]) -> dict[str, Tensor]:
        """One update on windows of text: each character but the first is predicted from those before it.

        Args:
            batch: (windows,), tokens int64 (batch, time + 1), as `windows` cuts them.

        Returns:
            "bits": the loss in bits per character.

        Raises:
            ValueError: the batch is anything else.
        """
        if len(batch) != 1 or batch[0].ndim != 2 or batch[0].dtype != torch.int64 or batch[0].shape[1] < 2:
            got = " and ".join(f"{tensor.dtype} {tuple(tensor.shape)}" for tensor in batch)
            raise ValueError(
                f"a language model learns from windows of tokens, int64 (n, time + 1), as lm.windows cuts them; got {got}"
            )
        self.model.train()
        scale_rate(self.optimizer, warmup_cosine(self.progress, self.steps_done))
        scalars = self.optimizer_step(self._loss, self.optimizer, batch)
        self.steps_done += 1
        return scalars

    def _loss(self, batch: tuple[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        (tokens,) = batch
        logits, _ = self.model(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        return loss, {"bits": loss / math.log(2)}


def windows(tokens: Tensor, length: int = 128) -> Tensor:
    """Overlapping windows (n, length + 1) of a text's tokens, each half a window further on; a view, not a copy.

    Raises:
        ValueError: the text is too short for one window.
    """
    if len(tokens) <= length:
        raise ValueError(
            f"a text of {len(tokens)} characters has no window of {length + 1}: take a longer text or shorter windows"
        )
    return tokens.unfold(0, length + 1, max(1, length // 2))
