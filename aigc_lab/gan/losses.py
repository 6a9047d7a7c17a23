r"""What the two players of a GAN minimise. D gives a logit l for each example; σ(l) is its probability that the example is real.

Every loss takes logits and is finite, with a finite gradient, at logits of ±80 and beyond: log σ(l) = -softplus(-l) is never formed as a
logarithm of a probability. Every loss is a mean over the batch, in nats (the hinge and Wasserstein games have scores instead of logits, and no unit).
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    r"""Binary cross-entropy of telling real examples from generated ones.

    .. math:: L_D = -\mathbb{E}_x[\log\sigma(D(x))] - \mathbb{E}_z[\log(1 - \sigma(D(G(z))))]

    Args:
        real_logits: logits of D on real examples, any shape.
        fake_logits: logits of D on generated examples, any shape.

    Returns:
        Scalar in nats. The two means are added, so 2 log 2 = 1.386 says that D is guessing.

    Raises:
        TypeError, ValueError: logits that aren't floating-point numbers, or none.

    Source:
        Goodfellow et al., "Generative Adversarial Nets", 2014, eq. 1.
    """
    _require_logits(real_logits=real_logits, fake_logits=fake_logits)
    on_real = F.softplus(-real_logits).mean()  # -log σ(l)
    on_fake = F.softplus(fake_logits).mean()  # -log(1 - σ(l)) = -log σ(-l)
    return on_real + on_fake


def generator_loss(fake_logits: Tensor) -> Tensor:
    r"""Non-saturating loss of the generator: how surprised D would be to hear that the fakes are real.

    .. math:: L_G = -\mathbb{E}_z[\log\sigma(D(G(z)))], \qquad \frac{dL_G}{dl} = -(1 - \sigma(l))

    Its slope is largest where D is sure that it sees a fake, which is where G has most to learn.

    Args:
        fake_logits: logits of D on generated examples, any shape.

    Returns:
        Scalar in nats; log 2 = 0.693 where D is guessing.

    Raises:
        TypeError, ValueError: logits that aren't floating-point numbers, or none.

    Source:
        Goodfellow et al., "Generative Adversarial Nets", 2014, section 3.
    """
    _require_logits(fake_logits=fake_logits)
    return F.softplus(-fake_logits).mean()


def minimax_generator_loss(fake_logits: Tensor) -> Tensor:
    r"""The generator's side of the original game, to be minimised: mean log(1 - D).

    .. math:: L_G = \mathbb{E}_z[\log(1 - \sigma(D(G(z))))], \qquad \frac{dL_G}{dl} = -\sigma(l)

    Its slope vanishes where D is sure that it sees a fake: the loss saturates when G most needs advice.

    Args:
        fake_logits: logits of D on generated examples, any shape.

    Returns:
        Scalar in nats, never positive; -log 2 = -0.693 where D is guessing.

    Raises:
        TypeError, ValueError: logits that aren't floating-point numbers, or none.

    Source:
        Goodfellow et al., "Generative Adversarial Nets", 2014, eq. 1.
    """
    _require_logits(fake_logits=fake_logits)
    return -F.softplus(fake_logits).mean()


def relativistic_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    r"""Pairing loss of D: in each pair, which of the two is the real one?

    .. math:: L_D = -\mathbb{E}_{x, z}[\log\sigma(D(x) - D(G(z)))]

    Only the difference counts, so D can't win by calling everything fake: it must place each fake *below its partner*.

    Args:
        real_logits, fake_logits: logits of the two members of each pair, same shape.

    Returns:
        Scalar in nats; log 2 = 0.693 where D is guessing.

    Raises:
        TypeError, ValueError: logits that aren't floating-point numbers, none, or shapes that don't pair up.

    Source:
        Jolicoeur-Martineau, "The relativistic discriminator", 2018; with gradient penalties in Huang et al., "The GAN is dead; long live
        the GAN!", 2024.
    """
    _require_pairs(real_logits, fake_logits)
    return F.softplus(-(real_logits - fake_logits)).mean()


def relativistic_generator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    r"""Pairing loss of G: the same question with the answer that G wants to hear.

    .. math:: L_G = -\mathbb{E}_{x, z}[\log\sigma(D(G(z)) - D(x))]

    Args, Returns, Raises, Source:
        as for `relativistic_discriminator_loss`.
    """
    _require_pairs(real_logits, fake_logits)
    return F.softplus(-(fake_logits - real_logits)).mean()


def hinge_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    r"""Hinge loss of D: real examples should score above 1, generated ones below -1; those that do add nothing.

    .. math:: L_D = \mathbb{E}_x[\max(0, 1 - D(x))] + \mathbb{E}_z[\max(0, 1 + D(G(z)))]

    Args:
        real_logits, fake_logits: scores of D, any shape.

    Returns:
        Scalar, never negative; 2 where all scores are 0.

    Raises:
        TypeError, ValueError: scores that aren't floating-point numbers, or none.

    Source:
        Lim and Ye, "Geometric GAN", 2017; Tran, Ranganath and Blei, "Hierarchical Implicit Models", 2017.
    """
    _require_logits(real_logits=real_logits, fake_logits=fake_logits)
    return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()


def wasserstein_critic_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    r"""Minus the difference of mean scores.

    If the critic is 1-Lipschitz, the difference bounds the Wasserstein-1 distance from below.

    .. math:: L_D = \mathbb{E}_z[D(G(z))] - \mathbb{E}_x[D(x)]

    D is a critic here, and its output a score, not a logit. Something else must keep its slope at 1
    (`gradient_penalty`, `with_spectral_norm`); without that the loss has no minimum.

    Args:
        real_scores, fake_scores: scores of the critic, any shape.

    Returns:
        Scalar in units of the data; 0 where the critic sees no difference.

    Raises:
        TypeError, ValueError: scores that aren't floating-point numbers, or none.

    Source:
        Arjovsky, Chintala and Bottou, "Wasserstein GAN", 2017.
    """
    _require_logits(real_logits=real_scores, fake_logits=fake_scores)
    return fake_scores.mean() - real_scores.mean()


def wasserstein_generator_loss(fake_scores: Tensor) -> Tensor:
    r"""Minus the mean score of the fakes, for the Wasserstein and for the hinge game.

    .. math:: L_G = -\mathbb{E}_z[D(G(z))]

    Args, Returns, Raises, Source:
        as for `wasserstein_critic_loss`. Its slope is -1 everywhere: it never saturates.
    """
    _require_logits(fake_logits=fake_scores)
    return -fake_scores.mean()


hinge_generator_loss = wasserstein_generator_loss  # in the hinge game G's loss is the same


def optimal_discriminator(p_data: Tensor | float, p_model: Tensor | float) -> Tensor:
    r"""The best answer that any discriminator can give at a point: the probability that an example found there is real.

    .. math:: D^*(x) = \frac{p_{\text{data}}(x)}{p_{\text{data}}(x) + p_{\text{model}}(x)}

    Real and generated examples are assumed to come equally often.

    Args:
        p_data, p_model: densities of the two distributions at the same points, 0 or more; shapes that broadcast.

    Returns:
        Probabilities (not logits; these would be log p_data - log p_model). 0.5 where both densities are 0: no example is ever seen there.

    Raises:
        ValueError: a density that is negative or not a finite number.

    Source:
        Goodfellow et al., "Generative Adversarial Nets", 2014, proposition 1.
    """
    p, q = torch.as_tensor(p_data), torch.as_tensor(p_model)
    for name, density in (("p_data", p), ("p_model", q)):
        if not (density.isfinite() & (density >= 0)).all():
            raise ValueError(f"{name} must be densities, finite and 0 or more; did you pass log densities?")
    total = p + q
    return torch.where(total > 0, p / torch.where(total > 0, total, 1), 0.5)


def _require_logits(**named: Tensor) -> None:
    for name, logits in named.items():
        if not logits.is_floating_point():
            raise TypeError(f"{name} must be floating-point logits, got {logits.dtype}")
        if logits.numel() == 0:
            raise ValueError(f"{name} is empty: the mean over no example is not a number")


def _require_pairs(real_logits: Tensor, fake_logits: Tensor) -> None:
    _require_logits(real_logits=real_logits, fake_logits=fake_logits)
    if real_logits.shape != fake_logits.shape:
        raise ValueError(
            f"a pair is one real and one fake: shapes must be equal, got {tuple(real_logits.shape)} and {tuple(fake_logits.shape)}"
        )
