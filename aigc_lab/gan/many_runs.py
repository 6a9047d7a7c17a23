"""Many tiny GANs at once, for questions that one run can't answer: does it happen as a rule, or was it chance?

All runs share one data set of points. Their weights are stacked, (runs, inputs, outputs), so that one matrix product serves them all.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lab.gan import losses

LATENT, WIDTH = 2, 32


def train(
    points: Tensor, runs: int, steps: int, seed: int = 0, every_steps: int = 200, samples: int = 1000
) -> list[Tensor]:
    """Train independent GANs (two hidden layers each, non-saturating loss, Adam), and draw from each now and then.

    Args:
        points: float32, (n, d).
        runs: how many GANs; each has its own initial weights, batches and noise.
        steps: updates of both networks, batches of 64.
        every_steps: steps between two drawings.
        samples: drawn from each GAN at a time.

    Returns:
        One tensor (runs, samples, d) per drawing, in order.
    """
    rng = torch.Generator().manual_seed(seed)
    generators = _networks(runs, LATENT, points.shape[1], rng)
    discriminators = _networks(runs, points.shape[1], 1, rng)
    optimizers = [torch.optim.Adam(nets, lr=1e-3, betas=(0.5, 0.9)) for nets in (generators, discriminators)]
    drawn = []
    for step in range(1, steps + 1):
        real = points[torch.randint(len(points), (runs, 64), generator=rng)]
        fake = _forward(generators, torch.randn(runs, 64, LATENT, generator=rng))
        # The losses are means over all runs; times `runs`, each run gets the gradient that it would get alone.
        on_real, on_fake = _forward(discriminators, real), _forward(discriminators, fake.detach())
        _update(optimizers[1], runs * losses.discriminator_loss(on_real, on_fake))
        _update(optimizers[0], runs * losses.generator_loss(_forward(discriminators, fake)))
        if step % every_steps == 0:
            with torch.no_grad():
                drawn.append(_forward(generators, torch.randn(runs, samples, LATENT, generator=rng)))
    return drawn


def _networks(runs: int, inputs: int, outputs: int, rng: torch.Generator) -> list[Tensor]:
    parameters = []
    for a, b in [(inputs, WIDTH), (WIDTH, WIDTH), (WIDTH, outputs)]:
        parameters += [torch.randn(runs, a, b, generator=rng) * (2 / a) ** 0.5, torch.zeros(runs, 1, b)]
    return [p.requires_grad_() for p in parameters]


def _forward(parameters: list[Tensor], x: Tensor) -> Tensor:
    for i in range(0, len(parameters), 2):
        x = torch.baddbmm(parameters[i + 1], x, parameters[i])
        if i + 2 < len(parameters):
            x = F.leaky_relu(x, 0.2)
    return x


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
