"""A flow whose exact velocity is known: from noise to a Gaussian."""

MEAN, STD = 1.5, 0.4


def exact_velocity(x, t):
    """E[x_1 - ε | x_t] where the data is N(MEAN, STD²): linear regression of jointly Gaussian variables."""
    t = t.view(-1, *[1] * (x.ndim - 1))
    variance = (1 - t) ** 2 + (t * STD) ** 2
    covariance = t * STD**2 - (1 - t)
    return MEAN + covariance / variance * (x - t * MEAN)
