"""The arithmetic of training on several processes: whose gradient counts how much, and how much time they save."""

from collections.abc import Sequence

from torch import Tensor


def averaged_gradient(gradients: Tensor, sizes: Sequence[int]) -> Tensor:
    r"""The gradient of a whole batch from the gradients of its parts, where the loss is a mean over examples.

    .. math:: \bar g = \sum_{i=1}^{p} \frac{n_i}{n}\, g_i, \qquad n = \sum_i n_i

    Args:
        gradients: one row a part, (p, d); row i is the gradient of the mean loss of part i.
        sizes: examples of each part.

    Returns:
        (d,). With equal parts it is the plain mean of the rows.

    Raises:
        ValueError: not as many sizes as rows, or no example at all.
    """
    if len(sizes) != len(gradients) or sum(sizes) <= 0:
        raise ValueError(f"{len(gradients)} gradients need as many sizes with a sum above 0, got {list(sizes)}")
    return gradients.new_tensor(list(sizes)) / sum(sizes) @ gradients


def speed_up(serial: float, processes: float) -> float:
    r"""How much faster p processes do the same work, of which a share s can't be divided (Amdahl).

    .. math:: S(p) = \frac{1}{s + (1 - s)/p}

    Args:
        serial: s, from 0 to 1. processes: p, at least 1.

    Returns:
        From 1 to p; never above 1/s.

    Source:
        Amdahl, "Validity of the single processor approach to achieving large scale computing capabilities", AFIPS 1967.
    """
    return 1 / (serial + (1 - serial) / processes)


def serial_share(measured: float, processes: int) -> float:
    r"""The share that wasn't divided, read off a measured speed-up (Karp and Flatt).

    .. math:: s = \frac{1/S - 1/p}{1 - 1/p}

    Args:
        measured: S, time on one process over time on p. processes: p, at least 2.

    Returns:
        0 for S = p, 1 for S = 1; above 1 if the processes only get in each other's way, below 0 if S is above p.

    Source:
        Karp and Flatt, "Measuring parallel processor performance", CACM 1990.
    """
    return (1 / measured - 1 / processes) / (1 - 1 / processes)


def steps_needed(fewest: float, batch: float, noise_scale: float) -> float:
    r"""Steps to a given loss, by the size of the batch.

    .. math:: S(B) = S_{\min} \left(1 + \frac{B_{\text{noise}}}{B}\right)

    Args:
        fewest: the steps that an endless batch would need.
        batch: B, examples a step.
        noise_scale: B_noise, the batch at which noise and gradient are equally long, in examples.

    Returns:
        Steps. Far below the noise scale, doubling the batch nearly halves them; far above it, it saves hardly any.

    Source:
        McCandlish et al., "An Empirical Model of Large-Batch Training", 2018.
    """
    return fewest * (1 + noise_scale / batch)
