"""Exercises of lesson 24."""

import torch
import torch.nn.functional as F

from aigc_lab import vae
from aigc_lab.exercises import Exercise, Mistake, case, normal, prop

LESSON = "24 The VAE loss"


def _kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


def negative_elbo(x, logits, mu, logvar):
    """What a VAE with a Bernoulli decoder minimises: summed over pixels and latents, mean over the batch."""
    return -vae.elbo(vae.bernoulli_log_likelihood(x, logits), vae.kl_standard_normal(mu, logvar))


def _surprise(x, logits):
    """-log p(x|z) of each pixel."""
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def _posterior(rng):
    return case(mu=2 * normal(4, 3, generator=rng), logvar=normal(4, 3, generator=rng) - 1)


def _batch(rng):
    x = (normal(4, 6, generator=rng) > 0).double()
    logits, mu, logvar = 2 * normal(4, 6, generator=rng), normal(4, 3, generator=rng), normal(4, 3, generator=rng) - 1
    return case(x=x, logits=logits, mu=mu, logvar=logvar)


# Draws for the properties of a sampler: 4000 examples of 2 latents, one wide and one narrow, so that every moment has a known error.
MEAN, SD = torch.tensor([1.0, -3.0]).double(), torch.tensor([2.0, 0.5]).double()


def _drawn(sample, n=4000):
    mu = MEAN.expand(n, 2).clone().requires_grad_()
    logvar = (2 * SD.log()).expand(n, 2).clone().requires_grad_()
    return mu, logvar, sample(mu, logvar)


def _has_their_shape(sample):
    z = sample(torch.zeros(5, 3).double(), torch.zeros(5, 3).double())
    return tuple(z.shape) == (5, 3) or f"for mu and logvar of shape (5, 3) it is {tuple(z.shape)}"


def _has_the_mean(sample):
    z = _drawn(sample)[2].detach()
    off = ((z.mean(0) - MEAN) / SD).abs().max().item()
    return off < 4 / 4000**0.5 * 1.2 or f"mean {z.mean(0).numpy().round(2)} where mu is {MEAN.numpy()}"


def _has_the_deviation(sample):
    z = _drawn(sample)[2].detach()
    ratio = z.std(0) / SD
    return bool(((ratio - 1).abs() < 0.05).all()) or f"deviation {z.std(0).numpy().round(2)} where σ is {SD.numpy()}"


def _is_normal(sample):
    z = _drawn(sample)[2].detach()
    standard = (z - z.mean(0)) / z.std(0)
    skewness, kurtosis = standard.pow(3).mean().item(), standard.pow(4).mean().item()
    if abs(skewness) > 0.12:  # 8,000 draws know it to within 0.027
        return f"the skewness of z is {skewness:.2f}, and a normal distribution's is 0"
    # to within 0.055
    return abs(kurtosis - 3) < 0.24 or f"the kurtosis of z is {kurtosis:.2f}, and a normal distribution's is 3"


def _is_drawn_for_each(sample):
    z = _drawn(sample, 50)[2].detach()
    noise = (z - MEAN) / SD
    if (noise[0] - noise[1]).abs().max() < 1e-9:
        return "two examples got the same ε"
    return (noise[:, 0] - noise[:, 1]).abs().max().item() > 1e-9 or "the latents of one example share one ε"


def _gradient(sample, of):
    """Whether the gradient of the sum of all z is what it should be; a sentence where it is not."""
    mu, logvar, z = _drawn(sample, 50)
    if not z.requires_grad:
        return "z carries no gradient"
    (found,) = torch.autograd.grad(z.sum(), mu if of == "mu" else logvar, allow_unused=True)
    if found is None:
        return f"no gradient reaches {of}"
    expected = torch.ones_like(mu) if of == "mu" else (z - mu) / 2
    return (found - expected).abs().max().item() < 1e-9 or f"the gradient with respect to {of} has the wrong values"


def _kl_of_distributions(mu, logvar):
    of_each = torch.distributions.kl_divergence(
        torch.distributions.Normal(mu, (0.5 * logvar).exp()), torch.distributions.Normal(0.0, 1.0)
    )
    return of_each.sum(dim=-1)


def _mean_weight_beside_the_largest(log_weights):
    largest = log_weights.max(dim=0).values
    return largest + (log_weights - largest).exp().mean(dim=0).log()


def _by_rsample(mu, logvar):
    return torch.distributions.Normal(mu, logvar.exp().sqrt()).rsample()


def _by_one_epsilon_an_entry(mu, logvar):
    epsilon = torch.randn(*mu.shape, dtype=mu.dtype)
    return epsilon * torch.exp(logvar / 2) + mu


def _loss_by_pieces(x, logits, mu, logvar):
    surprise = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
    return (surprise + kl).mean()


def _loss_by_logsigmoid(x, logits, mu, logvar):
    explains = (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum()
    kl = -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()
    return (kl - explains) / len(x)


def _floor_by_loop(kl_per_dimension, nats):
    total = 0.0
    for column in kl_per_dimension.T:
        cost = column.sum() / len(column)
        total = total + (cost if cost > nats else nats + 0 * cost)
    return total


def _without_gradient(mu, logvar):
    with torch.no_grad():
        return mu + (0.5 * logvar).exp() * torch.randn_like(mu)


EXERCISES = [
    Exercise(
        id="vae.kl_standard_normal",
        reference=vae.kl_standard_normal,
        alternatives=[
            lambda mu, logvar: (0.5 * (mu**2 + logvar.exp() - 1 - logvar)).sum(dim=1),
            _kl_of_distributions,
        ],
        cases=[
            case(mu=torch.zeros(1, 1).double(), logvar=torch.full((1, 1), -2.0).double()),
            case(mu=torch.tensor([[1.0, 0.0]]).double(), logvar=torch.tensor([[0.0, 1.0]]).double()),
            _posterior,
        ],
        gradients=True,
        mistakes={
            "logvar taken for log sigma": Mistake(
                lambda mu, logvar: 0.5 * (mu**2 + (2 * logvar).exp() - 1 - 2 * logvar).sum(1),
                "This is right for log σ. `logvar` is log σ², so σ² is exp(logvar): at mu=0, logvar=-2 you get 1.509, and it is 0.568.",
            ),
            "the sign turned": Mistake(
                lambda mu, logvar: -_kl(mu, logvar).sum(1),
                "A KL divergence is never negative, and this is -KL. (The often copied 1 + logvar - mu² - exp(logvar) wants the factor -1/2.)",
            ),
            "mean over the latents": Mistake(
                lambda mu, logvar: _kl(mu, logvar).mean(1),
                "Independent dimensions add their KLs. The mean divides by their number: with 16 latents that is a β of 1/16 that nobody chose.",
            ),
            "one number for the batch": Mistake(
                lambda mu, logvar: _kl(mu, logvar).sum(),
                "You add up the examples as well. Return one number for each example: sum over dim 1 only.",
            ),
            "the 1 is missing": Mistake(
                lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar).sum(1),
                "At mu=0, logvar=0 the two distributions are the same, and the KL must be 0. You get 1/2 for each "
                "dimension.",
            ),
            "σ in the place of σ²": Mistake(
                lambda mu, logvar: 0.5 * (mu**2 + (0.5 * logvar).exp() - 1 - logvar).sum(1),
                "The second term is the variance, exp(logvar). You have the standard deviation there: at logvar=0 that is the same, at -2 you get 0.684 in place of 0.568.",
            ),
        },
        hints=[
            "KL = E[log q(z) - log p(z)]. Under q, E[z²] = mu² + σ² and E[(z - mu)²] = σ². What is left?",
            "Each dimension gives (mu² + σ² - 1 - log σ²)/2, with σ² = exp(logvar) and log σ² = logvar.",
            "0.5 * (mu**2 + logvar.exp() - 1 - logvar), summed over dim 1.",
        ],
    ),
    Exercise(
        id="vae.iwae_bound",
        reference=vae.iwae_bound,
        alternatives=[
            lambda log_weights: log_weights.logsumexp(dim=0) - torch.tensor(float(len(log_weights))).double().log(),
            _mean_weight_beside_the_largest,
        ],
        cases=[
            case(log_weights=torch.tensor([[0.0], [-2.0]]).double()),
            case(log_weights=torch.tensor([[-1000.0, -1.0], [-1001.0, -3.0], [-1000.5, -1.0]]).double()),
            lambda rng: case(log_weights=3 * normal(5, 4, generator=rng) - 90),
        ],
        gradients=True,
        mistakes={
            "without - log k": Mistake(
                lambda log_weights: log_weights.logsumexp(0),
                "This is the log of the sum. The mean divides by k, so log k comes off: without it, ten equal weights already claim 2.3 nats too many.",
            ),
            "over the batch": Mistake(
                lambda log_weights: log_weights.logsumexp(1) - torch.tensor(float(log_weights.shape[1])).log(),
                "This averages over the examples, and keeps the draws apart. The draws of one example lie along dim 0.",
            ),
            "the mean of the logarithms": Mistake(
                lambda log_weights: log_weights.mean(0),
                "Log and mean are in the wrong order: this is the ELBO again, only less noisy. More draws would never tighten it.",
            ),
            "exponentials that underflow": Mistake(
                lambda log_weights: log_weights.exp().mean(0).log(),
                "exp(-1000) is 0 in floating point, and log 0 is minus infinity. A picture easily has -100 to -1000 nats: use logsumexp.",
            ),
        },
        hints=[
            "log (1/k Σ w) = log Σ exp(log w) - log k.",
            "`log_weights.logsumexp(dim=0)` is the first part, and stays finite; k is len(log_weights).",
        ],
    ),
    Exercise(
        id="vae.reparameterize",
        reference=vae.reparameterize,
        alternatives=[
            lambda mu, logvar: mu + (logvar / 2).exp() * torch.randn_like(mu),
            _by_rsample,
            _by_one_epsilon_an_entry,
        ],
        properties=[
            prop("z has the shape of mu", _has_their_shape, "One number for each latent of each example."),
            prop(
                "the mean is mu",
                _has_the_mean,
                "The mean of 4,000 draws is known to within 5% of a standard deviation; ε must average to 0.",
            ),
            prop("the deviation is σ", _has_the_deviation, "σ is the square root of the variance: exp(logvar / 2)."),
            prop("z is normally distributed", _is_normal, "ε comes from N(0, 1), `torch.randn`."),
            prop("each latent of each example has an ε of its own", _is_drawn_for_each, "Draw ε in the shape of mu."),
            prop("the gradient reaches mu", lambda f: _gradient(f, "mu"), "z moves with mu: dz/dmu = 1."),
            prop("the gradient reaches logvar", lambda f: _gradient(f, "logvar"), "dz/dlogvar = σ ε / 2."),
        ],
        mistakes={
            "rand for randn": Mistake(
                lambda mu, logvar: mu + (0.5 * logvar).exp() * torch.rand_like(mu),
                "`rand` is uniform on [0, 1): its mean is 0.5, so every z is pushed up by σ/2 and never lies below mu. `randn` is the normal one.",
            ),
            "the variance for the deviation": Mistake(
                lambda mu, logvar: mu + logvar.exp() * torch.randn_like(mu),
                "exp(logvar) is σ². For σ = 2 your z spreads by 4, for σ = 0.5 by 0.25. Take exp(logvar / 2).",
            ),
            "logvar itself for the deviation": Mistake(
                lambda mu, logvar: mu + logvar * torch.randn_like(mu),
                "logvar is a logarithm, mostly negative. At logvar = 0 the deviation should be 1, and yours is 0.",
            ),
            "the gradient cut": Mistake(
                _without_gradient,
                "The values are right, but no gradient reaches the encoder (no_grad, detach, or Normal(...).sample()). "
                "It would never learn anything about the picture. `rsample` is the sampler that keeps it.",
            ),
            "no gradient to σ": Mistake(
                lambda mu, logvar: mu + (0.5 * logvar).exp().detach() * torch.randn_like(mu),
                "mu learns, σ does not: it was detached (or went through NumPy). Only the KL would still move it, up to 1.",
            ),
            "one ε for the whole batch": Mistake(
                lambda mu, logvar: mu + (0.5 * logvar).exp() * torch.randn(mu.shape[1], dtype=mu.dtype),
                "Every example gets the same ε, so the noise of a batch does not average out. Draw it in the shape of "
                "mu.",
            ),
            "no noise": Mistake(
                lambda mu, logvar: mu + 0 * logvar,
                "This is mu: a plain autoencoder, in which σ means nothing. (Good for showing reconstructions, wrong for training.)",
            ),
        },
        hints=[
            "A standard normal ε, stretched by σ and moved to mu, is normal with mean mu and deviation σ.",
            "σ = exp(logvar / 2). `torch.randn_like(mu)` draws one ε for each entry.",
        ],
    ),
    Exercise(
        id="vae.negative_elbo",
        reference=negative_elbo,
        alternatives=[_loss_by_pieces, _loss_by_logsigmoid],
        gradients=("logits", "mu", "logvar"),
        cases=[
            case(
                x=torch.tensor([[1.0, 0.0]]).double(),
                logits=torch.tensor([[2.0, 0.0]]).double(),
                mu=torch.tensor([[1.0, 0.0]]).double(),
                logvar=torch.tensor([[0.0, -2.0]]).double(),
            ),
            _batch,
        ],
        mistakes={
            "mean over the pixels": Mistake(
                lambda x, logits, mu, logvar: _surprise(x, logits).mean() + _kl(mu, logvar).sum(1).mean(),
                "The reconstruction is a mean over all pixels, the KL a sum over latents. With 196 pixels that is a β of 196. Add `reduction='none'` and sum over dim 1.",
            ),
            "mean over the latents": Mistake(
                lambda x, logits, mu, logvar: _surprise(x, logits).sum(1).mean() + _kl(mu, logvar).mean(),
                "The KL is a mean over latents, the reconstruction a sum over pixels. With 16 latents that is a β of 1/16.",
            ),
            "KL subtracted": Mistake(
                lambda x, logits, mu, logvar: (_surprise(x, logits).sum(1) - _kl(mu, logvar).sum(1)).mean(),
                "The bound is log p(x|z) MINUS the KL, and the loss is minus the bound, so the KL is added. Your loss rewards codes that are far from the prior.",
            ),
            "the bound, not the loss": Mistake(
                lambda x, logits, mu, logvar: -(_surprise(x, logits).sum(1) + _kl(mu, logvar).sum(1)).mean(),
                "This is the ELBO, which should rise. An optimiser lowers what you give it, so return minus the ELBO.",
            ),
            "sum over the batch": Mistake(
                lambda x, logits, mu, logvar: _surprise(x, logits).sum() + _kl(mu, logvar).sum(),
                "Pixels, latents and examples are all added. No β is hidden in that, but the size of the loss and its gradient now depend on the batch size. Take the mean over the batch.",
            ),
            "sigmoid twice": Mistake(
                lambda x, logits, mu, logvar: (_surprise(x, logits.sigmoid()).sum(1) + _kl(mu, logvar).sum(1)).mean(),
                "`binary_cross_entropy_with_logits` applies the sigmoid itself. After two of them no pixel can be darker than σ(0) = 0.5.",
            ),
        },
        hints=[
            "-log p(x|z) of each picture: `F.binary_cross_entropy_with_logits(logits, x, reduction='none').sum(1)`.",
            "Add the KL of each picture, then take the mean over the batch.",
        ],
    ),
    Exercise(
        id="vae.free_bits",
        reference=vae.free_bits,
        alternatives=[
            lambda kl_per_dimension, nats: kl_per_dimension.mean(dim=0).clamp(min=nats).sum(),
            _floor_by_loop,
        ],
        cases=[
            case(kl_per_dimension=torch.tensor([[0.0, 2.0], [0.8, 4.0]]).double(), nats=0.5),
            lambda rng: case(kl_per_dimension=normal(6, 4, generator=rng).abs(), nats=0.8),
        ],
        gradients=True,
        mistakes={
            "each example by itself": Mistake(
                lambda kl_per_dimension, nats: kl_per_dimension.clamp(min=nats).sum(1).mean(),
                "The floor comes before the mean over the batch. Then a dimension that is used by some examples only is charged for the others as well. First the mean, then the floor.",
            ),
            "one allowance for all dimensions": Mistake(
                lambda kl_per_dimension, nats: (
                    kl_per_dimension.sum(1).mean().clamp(min=nats * kl_per_dimension.shape[1])
                ),
                "The floor is under the sum, so one busy dimension can use up the allowance of all others, which may then collapse.",
            ),
            "a ceiling": Mistake(
                lambda kl_per_dimension, nats: kl_per_dimension.mean(0).clamp(max=nats).sum(),
                "`clamp(max=...)` makes everything ABOVE λ free. Then a code may cost any number of nats for nothing.",
            ),
            "only the excess": Mistake(
                lambda kl_per_dimension, nats: (kl_per_dimension.mean(0) - nats).clamp(min=0).sum(),
                "The gradients are right, the value is λ too low for each dimension: it would look like a better bound than it is.",
            ),
            "mean over the dimensions": Mistake(
                lambda kl_per_dimension, nats: kl_per_dimension.mean(0).clamp(min=nats).mean(),
                "The mean over the latents hides a β of 1/latents. Sum them.",
            ),
        },
        hints=[
            "First the mean over the batch: one KL for each dimension.",
            "`.clamp(min=nats)` gives max(λ, ·), and has no gradient below λ. Then sum.",
        ],
    ),
]
