r"""What keeps a discriminator from winning too steeply: penalties on its slope, and a bound on its slope by construction.

The penalties are means over the batch, of a squared slope or of its squared distance from 1. They carry a graph to D's
weights, so that they can be added to D's loss.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def r1_penalty(discriminator: nn.Module, real: Tensor, *conditions: Tensor) -> Tensor:
    r"""Mean squared gradient of D at real examples. Multiplied by γ/2 and added to D's loss, it flattens D where the data is.

    .. math:: R_1 = \mathbb{E}_x\!\left[\lVert\nabla_x D(x)\rVert^2\right]

    Args:
        discriminator: real, conditions -> logits, one an example.
        real: (n, ...), floating point.
        conditions: what D takes beside the example, such as labels (n,).

    Returns:
        Scalar, logit² per squared unit of the data, with a graph to D's weights. 0 says that D is flat.

    Raises:
        TypeError, ValueError: real isn't floating point, or empty.

    Source:
        Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", 2018.
    """
    return _mean_squared_slope(discriminator, "real", real, conditions)


def r2_penalty(discriminator: nn.Module, fake: Tensor, *conditions: Tensor) -> Tensor:
    r"""Mean squared gradient of D at generated examples: R1 at the other end of the game.

    .. math:: R_2 = \mathbb{E}_z\!\left[\lVert\nabla_x D(G(z))\rVert^2\right]

    Args, Returns, Raises, Source:
        as for `r1_penalty`, with generated examples. No gradient flows to the generator.
    """
    return _mean_squared_slope(discriminator, "fake", fake, conditions)


def gradient_penalty(
    critic: nn.Module, real: Tensor, fake: Tensor, *conditions: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    r"""Squared deviation of the critic's slope from 1, between real and generated examples. Multiplied by λ (10) and added to its loss.

    .. math:: \mathrm{GP} = \mathbb{E}\!\left[(\lVert\nabla_{\hat x} D(\hat x)\rVert - 1)^2\right], \qquad
              \hat x = \alpha x + (1 - \alpha) G(z), \quad \alpha \sim U(0, 1)

    One α is drawn for each pair, so that every point lies *inside* the segment between its two ends; α from a normal
    distribution is a common mistake. Where the slope is exactly 0, the gradient of its length is taken as 0, not as the
    infinity of the square root.

    Args:
        critic: examples, conditions -> scores, one an example.
        real, fake: the two ends, (n, ...), floating point, same shape.
        conditions: what the critic takes beside the example, such as labels (n,).
        generator: source of α, on the device of the examples.

    Returns:
        Scalar; 1 where the critic is flat. No gradient flows to the generator of `fake`.

    Raises:
        TypeError, ValueError: examples that aren't floating point, none, or different in shape.

    Source:
        Gulrajani et al., "Improved Training of Wasserstein GANs", 2017.
    """
    _require_examples("real", real)
    _require_examples("fake", fake)
    if real.shape != fake.shape:
        raise ValueError(
            f"real and fake are the ends of segments: expected one shape, got {tuple(real.shape)} and {tuple(fake.shape)}"
        )
    one_a_pair = (len(real),) + (1,) * (real.ndim - 1)
    alpha = torch.rand(one_a_pair, generator=generator, dtype=real.dtype, device=real.device)
    between = alpha * real.detach() + (1 - alpha) * fake.detach()
    norm = torch.linalg.vector_norm(_slope(critic, between, conditions).flatten(1), dim=1)
    return (norm - 1).square().mean()


def spectral_norm(weight: Tensor, iterations: int = 100) -> Tensor:
    r"""Largest singular value of a layer's weights, by power iteration: the most that the layer can stretch a vector.

    .. math:: v \leftarrow \frac{W^\top u}{\lVert W^\top u\rVert}, \quad u \leftarrow \frac{W v}{\lVert W v\rVert},
              \qquad \sigma(W) \approx u^\top W v

    Args:
        weight: (outputs, ...): what follows the first axis counts as the inputs. For a convolution this is the usual stand-in for the
            stretch of the whole layer, which it bounds only up to a factor that depends on the kernel's size.
        iterations: how often u and v are refined; training spends one a step, since the weights hardly move in between.

    Returns:
        Scalar with a graph to the weights (u and v count as constants). Never above the true value.

    Raises:
        TypeError, ValueError: weights that aren't floating point, or have fewer than two axes, or none.

    Source:
        Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative Adversarial Networks", 2018.
    """
    _require_examples("weight", weight)
    if weight.ndim < 2:
        raise ValueError(f"weight must have at least two axes, (outputs, inputs), got shape {tuple(weight.shape)}")
    matrix = weight.flatten(1)
    with torch.no_grad():
        u = torch.randn(len(matrix), generator=torch.Generator().manual_seed(0)).to(matrix)
        for _ in range(iterations):
            v = F.normalize(matrix.T @ u, dim=0)
            u = F.normalize(matrix @ v, dim=0)
    return u @ matrix @ v


def with_spectral_norm(module: nn.Module) -> nn.Module:
    r"""Divide each layer's weights by their largest singular value, from now on: :math:`W / \sigma(W)`.

    Applies torch's own parametrization (one power iteration a step) to every linear, convolution and embedding layer inside `module`, which is
    changed and returned. For linear layers a bound on D's slope follows: 1, if the activations between them have slopes up to 1.

    Source:
        Miyato et al., 2018, as for `spectral_norm`.
    """
    layers = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.Embedding)
    for layer in list(module.modules()):
        if isinstance(layer, layers):
            nn.utils.parametrizations.spectral_norm(layer)
    return module


def _mean_squared_slope(
    discriminator: nn.Module, name: str, examples: Tensor, conditions: tuple[Tensor, ...]
) -> Tensor:
    _require_examples(name, examples)
    return _slope(discriminator, examples.detach(), conditions).square().flatten(1).sum(dim=1).mean()


def _slope(discriminator: nn.Module, examples: Tensor, conditions: tuple[Tensor, ...]) -> Tensor:
    """The gradient of each example's logit at the example. The sum serves all: a logit depends on its own example only.

    In full precision even under autocast: a squared slope in half of it overflows or vanishes.
    """
    with torch.autocast(examples.device.type, enabled=False):
        examples = examples.clone().requires_grad_()
        (slope,) = torch.autograd.grad(discriminator(examples, *conditions).sum(), examples, create_graph=True)
    return slope


def _require_examples(name: str, examples: Tensor) -> None:
    if not examples.is_floating_point():
        raise TypeError(
            f"{name} must be floating point to have a gradient, got {examples.dtype}: scale the images first"
        )
    if examples.numel() == 0:
        raise ValueError(f"{name} is empty: there is nothing to take the gradient at")
