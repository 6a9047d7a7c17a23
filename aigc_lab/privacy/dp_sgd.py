"""Differentially private training: clip each example's gradient, add noise, and keep account of what that guarantees."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from tqdm.auto import tqdm

from aigc_lab import runtime

ORDERS = tuple(range(2, 257))


def example_gradients(model: nn.Module, loss: Callable[[nn.Module, Tensor], Tensor], examples: Tensor) -> Tensor:
    """The gradient of each example's own loss, as rows.

    Args:
        model: what is trained, with d parameters in all.
        loss: (model, one example) -> scalar.
        examples: (n, ...).

    Returns:
        (n, d), parameters in the order of `model.parameters()`.
    """
    weights = {name: weight.detach() for name, weight in model.named_parameters()}

    def one(weights: dict[str, Tensor], example: Tensor) -> Tensor:
        return loss(lambda *inputs: functional_call(model, weights, inputs), example)

    gradients = vmap(grad(one), (None, 0))(weights, examples)
    return torch.cat([gradient.flatten(1) for gradient in gradients.values()], 1)


def clip_and_noise(gradients: Tensor, clip: float, noise: Tensor, expected_size: float) -> Tensor:
    r"""The private gradient of a batch: no example moves the sum by more than `clip`, and noise hides such a move.

    .. math:: \tilde g = \frac{1}{L}\Big(\sum_i g_i \min\big(1, C / \lVert g_i \rVert_2\big) + C\,\xi\Big), \qquad
              \xi \sim \mathcal N(0, \sigma^2 I)

    Args:
        gradients: (n, d), one row an example; n may be 0.
        clip: C; a longer row is shortened to this length.
        noise: (d,) draws with standard deviation sigma, the noise multiplier.
        expected_size: L, the batch size one *expects* under random sampling; the true n is itself private.

    Returns:
        (d,).

    Source:
        Abadi, Chu, Goodfellow, McMahan, Mironov, Talwar, Zhang, "Deep Learning with Differential Privacy", CCS 2016.
    """
    lengths = gradients.norm(dim=1, keepdim=True)
    clipped = gradients * (clip / lengths.clamp(min=clip))
    return (clipped.sum(0) + clip * noise) / expected_size


def train(model: nn.Module, loss: Callable[[nn.Module, Tensor], Tensor], examples: Tensor, *, steps: int, batch_size: int,
          clip: float, noise_multiplier: float, learning_rate: float, seed: int = 0) -> nn.Module:  # fmt: skip
    """Train the model in place with DP-SGD: every example joins a batch by its own coin toss (Poisson sampling).

    The update itself is Adam's: what happens after the noise can't undo the guarantee. If a batch turns out empty, the
    noisy step is taken all the same.

    Args:
        model, loss, examples: as for `example_gradients`.
        steps: how many batches to draw.
        batch_size: expected; each example is drawn with probability batch_size / len(examples).
        clip, noise_multiplier: C and sigma, as for `clip_and_noise`.
        seed: of the coin tosses and the noise. Anyone who knows it can subtract the noise, and then nothing is
            guaranteed. A model to be released needs a secret seed from the system's own source, such as
            `secrets.randbits(63)`, used once and thrown away.

    Returns:
        The model.

    Raises:
        ValueError: batch_size isn't between 1 and the number of examples.
    """
    if not 0 < batch_size <= len(examples):
        raise ValueError(f"batch_size must be between 1 and the number of examples, {len(examples)}, got {batch_size}")
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), learning_rate)
    sizes = [weight.numel() for weight in model.parameters()]
    for _ in tqdm(range(steps), desc="private training", leave=False, disable=runtime.building() or None):
        drawn = examples[torch.rand(len(examples), generator=generator) < batch_size / len(examples)]
        total = torch.zeros(sum(sizes))
        noise = noise_multiplier * torch.randn(sum(sizes), generator=generator)
        for part in drawn.split(64) if len(drawn) else ():  # all rows of a big batch would not fit into memory
            total += clip_and_noise(example_gradients(model, loss, part), clip, torch.zeros(()), 1)
        private = (total + clip * noise) / batch_size
        for weight, gradient in zip(model.parameters(), private.split(sizes), strict=True):
            weight.grad = gradient.view_as(weight)
        optimizer.step()
    return model


def renyi_divergence(rate: float, noise_multiplier: float, order: int) -> float:
    r"""Rényi divergence of one step of DP-SGD: the most that the presence of one example changes.

    .. math:: \frac{1}{\alpha-1}\log\sum_{k=0}^{\alpha}\binom{\alpha}{k}(1-q)^{\alpha-k}q^k
              \exp\frac{k^2-k}{2\sigma^2}

    Args:
        rate: q, the probability that an example is drawn.
        noise_multiplier: sigma, noise per clip length.
        order: alpha, an integer of at least 2.

    Returns:
        Nats. Without sampling (q = 1) this is alpha / (2 sigma^2), Mironov's value for the Gaussian mechanism.

    Source:
        Mironov, Talwar, Zhang, "Rényi Differential Privacy of the Sampled Gaussian Mechanism", 2019.
    """
    if rate == 0:
        return 0.0
    if rate == 1:
        return order / (2 * noise_multiplier**2)
    k = torch.arange(order + 1, dtype=torch.float64)
    top = torch.tensor(float(order), dtype=torch.float64)
    terms = torch.lgamma(top + 1) - torch.lgamma(k + 1) - torch.lgamma(top - k + 1)
    terms = terms + (order - k) * math.log1p(-rate) + k * math.log(rate) + (k * k - k) / (2 * noise_multiplier**2)
    return float(torch.logsumexp(terms, 0)) / (order - 1)


def epsilon(rate: float, noise_multiplier: float, steps: int, delta: float, orders: Sequence[int] = ORDERS) -> float:
    r"""The epsilon of (epsilon, delta)-differential privacy after `steps` steps of DP-SGD; an upper bound.

    Divergences of the steps add up; then, for the best order,

    .. math:: \varepsilon = \rho_\alpha + \log\frac{\alpha-1}{\alpha} - \frac{\log\delta + \log\alpha}{\alpha-1}

    It says that P(S) <= e^epsilon P'(S) + delta for every set of outcomes S, with the probabilities P and P' of
    training with and without one example. It holds for batches drawn by the coin tosses of :func:`train`; shuffled
    batches of a fixed size have another epsilon.

    Args:
        rate, noise_multiplier: q and sigma, as for `renyi_divergence`.
        steps: of training.
        delta: above 0; small against 1 / (number of examples).
        orders: the alpha to choose from, integers of at least 2.

    Returns:
        epsilon, 0 or more; infinite without noise.

    Source:
        Mironov, "Rényi Differential Privacy", CSF 2017; the conversion is the tighter one of Canonne, Kamath, Steinke,
        "The Discrete Gaussian for Differential Privacy", NeurIPS 2020.
    """
    if noise_multiplier == 0:
        return math.inf
    candidates = (
        steps * renyi_divergence(rate, noise_multiplier, order)
        + math.log1p(-1 / order)
        - (math.log(delta) + math.log(order)) / (order - 1)
        for order in orders
    )
    return max(0.0, min(candidates))


def noise_for(target: float, rate: float, steps: int, delta: float) -> float:
    """The smallest noise multiplier (to 3 decimal places) whose epsilon is at most the target, by bisection.

    Raises:
        ValueError: even 200 clip lengths of noise don't reach the target, or 0.2 is already more than enough.
    """
    low, high = 0.2, 200.0
    least, most = (epsilon(rate, noise, steps, delta) for noise in (high, low))
    if not least <= target <= most:
        raise ValueError(
            f"epsilon {target} is out of reach: {steps} steps at rate {rate:g} and delta {delta:g} spend from "
            f"{least:.3g} (noise {high:g}) to {most:.3g} (noise {low:g}); choose another target, or change steps or rate"
        )
    while high - low > 5e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if epsilon(rate, middle, steps, delta) > target else (low, middle)
    return math.ceil(high * 1000) / 1000


def odds_of_first(candidates: float, epsilon: float, delta: float) -> float:
    """The highest probability that epsilon and delta allow for a secret, held by one example, to be ranked first.

    Without that example the secret is one of `candidates` equally likely ones: probability 1 / candidates.
    """
    return min(1.0, math.exp(min(epsilon, 700.0)) / candidates + delta)
