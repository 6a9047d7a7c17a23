r"""Neural language models that read one character at a time: a GRU, which remembers, and a transformer, which looks back.

Both are trained by the same loss, the surprise of the next character,

.. math:: L = -\frac{1}{T} \sum_t \log p(x_{t+1} \mid x_{\le t})

in nats; divided by log 2 it is the bits per character of `lm.scoring`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aigc_lab.recipes.learning_rate import warmup_cosine
from aigc_lab.recipes.optimizer_step import OptimizerStep
from aigc_lab.recipes.recipe import BaseRecipe


class LmRecipe(BaseRecipe):
    """How a language model learns: AdamW, gradients clipped to norm 1, a rate that warms up and falls along a cosine.

    Args:
        model: `GruLM` or `TransformerLM`.
        steps: for how many steps the rate's schedule is laid out.
        learning_rate: its top, reached after a tenth of the steps (at most 100).
    """

    parts = ("model", "optimizer", "schedule")
    compilable = ("model",)

    def __init__(
        self, model: nn.Module, *, steps: int, learning_rate: float = 3e-3, weight_decay: float = 0.01
    ) -> None:
        self.model, self.steps = model, steps
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=learning_rate, betas=(0.9, 0.99), weight_decay=weight_decay
        )
        self.optimizer_step = OptimizerStep(clip=1.0)
        warm = max(1, min(100, steps // 10))
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: warmup_cosine(step, steps, warm))

    def step(self, batch: tuple[Tensor]) -> dict[str, Tensor]:
        """One update on windows of text, (batch, time + 1) tokens: each character but the first is predicted from those before it."""
        self.model.train()
        scalars = self.optimizer_step(self._loss, self.optimizer, batch)
        self.schedule.step()
        return scalars

    def _loss(self, batch: tuple[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        (tokens,) = batch
        logits, _ = self.model(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        return loss, {"bits": loss / math.log(2)}


def windows(tokens: Tensor, length: int = 128) -> Tensor:
    """Overlapping windows (n, length + 1) of a text's tokens, each half a window further; a view, no copy."""
    if len(tokens) <= length:
        raise ValueError(f"a text of {len(tokens)} characters has no window of {length + 1}")
    return tokens.unfold(0, length + 1, max(1, length // 2))
