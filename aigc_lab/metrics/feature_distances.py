"""Are generated examples distributed as the real ones? Fréchet and kernel distance, and the inception score.

The two distances compare two sets of features; the inception score looks at the generated set alone.

Features are numbers computed from an example, such as `classifier.load_classifier("digits").features(images)`. A
distance means something only together with the features and the number of examples, and next to the distance of two
sets of real examples.
"""

import warnings

import torch
from torch import Tensor

from aigc_lab.metrics.neighbours import chunks, two_sets


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    r"""Squared Fréchet distance of two Gaussians that have the means and covariances of the two sets.

    .. math:: \|\mu_r - \mu_f\|^2 + \mathrm{tr}\left(\Sigma_r + \Sigma_f - 2 (\Sigma_r \Sigma_f)^{1/2}\right)

    The trace of the root needs no matrix root. With :math:`\Sigma = R^T R`, from a QR decomposition of the centred
    examples, it is the sum of the singular values of :math:`R_r R_f^T`. So it is exact for the sample covariances
    (divided by n - 1), even where these are singular.

    It is biased upwards: two sets from one distribution get more than 0, about in proportion to 1/n. So compare only
    values of equal n, and look at the value of real against real as well.

    Args:
        real, fake: features, floating point, (n, d) and (m, d).

    Returns:
        A number of 0 or more, in squared units of the features.

    Raises:
        TypeError, ValueError: other types or shapes, NaN, different d, fewer than 2 examples.

    Warns:
        UserWarning: no more examples than dimensions.

    Source:
        Dowson, Landau, "The Fréchet distance between multivariate normal distributions", 1982; as a metric of generators: Heusel et al., "GANs Trained by
        a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", 2017.
    """
    real, fake = two_sets(real, fake)
    n, d = min(len(real), len(fake)), real.shape[1]
    if n <= d:
        warnings.warn(
            f"{n} examples of {d} features: their covariance has rank {n - 1} at most, and the Fréchet distance comes out far too large, "
            "even between two sets of one distribution. Take more examples or fewer features, or compare with the value of real against real.",
            stacklevel=2,
        )
    root_real, root_fake = _covariance_root(real), _covariance_root(fake)
    means = (real.mean(dim=0) - fake.mean(dim=0)).square().sum()
    traces = root_real.square().sum() + root_fake.square().sum()
    root_trace = torch.linalg.svdvals(root_real @ root_fake.T).sum()
    return max(0.0, (means + traces - 2 * root_trace).item())  # equal sets: rounding may give -1e-13


def kernel_distance(real: Tensor, fake: Tensor) -> float:
    r"""Squared maximum mean discrepancy with the kernel :math:`k(x, y) = (x \cdot y / d + 1)^3`, estimated without bias.

    .. math::
        \frac{1}{n(n-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{m(m-1)} \sum_{i \ne j} k(y_i, y_j) - \frac{2}{nm} \sum_{i, j} k(x_i, y_j)

    No example is compared with itself. That makes the estimate right on average, whatever n: 0 for equal distributions.
    Single values can therefore be negative, and are reported as they are. The kernel compares the first three moments.

    Args:
        real, fake: features, floating point, (n, d) and (m, d). All pairs are used.

    Returns:
        A number around 0 or above, in the units of the kernel.

    Raises:
        TypeError, ValueError: other types or shapes, NaN, different d, fewer than 2 examples.

    Source:
        Bińkowski, Sutherland, Arbel, Gretton, "Demystifying MMD GANs", 2018.
    """
    real, fake = two_sets(real, fake)
    n, m = len(real), len(fake)
    within_real = (_kernel_sum(real, real) - _kernel(real.square().sum(dim=1), real.shape[1]).sum()) / (n * (n - 1))
    within_fake = (_kernel_sum(fake, fake) - _kernel(fake.square().sum(dim=1), fake.shape[1]).sum()) / (m * (m - 1))
    return (within_real + within_fake - 2 * _kernel_sum(real, fake) / (n * m)).item()


def inception_score(probabilities: Tensor) -> float:
    r"""Does a classifier name each example with confidence, and all classes equally often?

    .. math:: \exp \frac{1}{n} \sum_i \mathrm{KL}\left(p(y|x_i) \,\|\, p(y)\right), \qquad p(y) = \frac{1}{n} \sum_i p(y|x_i)

    It never looks at a real example: one perfect picture a class gets the highest score. (The name is that of the classifier its authors used.)

    Args:
        probabilities: p(y|x) of each generated example, rows that sum to 1, floating point, (n, classes).

    Returns:
        From 1 (nothing is told apart) to the number of classes.

    Raises:
        TypeError, ValueError: other types or shapes, NaN, fewer than 2 examples, or rows that are no probabilities (logits need a softmax).

    Source:
        Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen, "Improved Techniques for Training GANs", 2016.
    """
    p = torch.as_tensor(probabilities).detach()
    if not p.is_floating_point():
        raise TypeError(f"probabilities must be floating point, got {p.dtype}")
    if p.ndim != 2 or len(p) < 2:
        raise ValueError(f"probabilities must have shape (n, classes) with n >= 2, got {tuple(p.shape)}")
    p = p.to("cpu", torch.float64)
    if not (p.min() >= 0 and (p.sum(dim=1) - 1).abs().max() <= 1e-3):  # NaN fails, too
        raise ValueError("each row of probabilities must be 0 or more and sum to 1; logits need .softmax(dim=1) first")
    p = p / p.sum(dim=1, keepdim=True)  # float32 rows sum to 1 only nearly
    marginal = p.mean(dim=0)
    information = (
        torch.special.entr(marginal).sum() - torch.special.entr(p).sum(dim=1).mean()
    )  # mean KL = H(y) - H(y|x)
    return information.exp().item()


def _covariance_root(examples: Tensor) -> Tensor:
    """R with RᵀR = the sample covariance, (min(n, d), d)."""
    centred = (examples - examples.mean(dim=0)) / (len(examples) - 1) ** 0.5
    return torch.linalg.qr(centred, mode="r").R


def _kernel(products: Tensor, d: int) -> Tensor:
    base = products / d + 1
    return base * base * base


def _kernel_sum(a: Tensor, b: Tensor) -> Tensor:
    """The sum of k over all pairs."""
    return torch.stack([_kernel(a[rows] @ b.T, a.shape[1]).sum() for rows in chunks(len(a), len(b))]).sum()
