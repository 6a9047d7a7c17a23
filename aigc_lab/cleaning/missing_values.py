"""Values that are not there: why they are missing, and what filling them in does to mean and spread.

The three mechanisms (Rubin, "Inference and missing data", 1976) differ in what the probability of being missing depends
on: nothing (MCAR), what was observed (MAR), or the missing value itself (MNAR). From the data alone MAR and MNAR can't
be told apart.
"""

import numpy as np


def mask_mcar(values: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Missing completely at random: each value with the same probability, whatever it is. Returns bool, (n,), True = missing."""
    return rng.random(len(values)) < share


def mask_mar(seen: np.ndarray, low: float, high: float, rng: np.random.Generator) -> np.ndarray:
    """Missing at random, *given what is seen*: with probability `high` where another, observed column is above its median, else `low`.

    Args:
        seen: the column that decides, (n,): always observed, and not the one whose values go missing.

    Returns:
        bool, (n,), True = missing.
    """
    return rng.random(len(seen)) < np.where(seen > np.median(seen), high, low)


def mask_mnar(values: np.ndarray, low: float, high: float, rng: np.random.Generator) -> np.ndarray:
    """Missing not at random: with probability `high` where the value *itself* is above its median, else `low`."""
    return rng.random(len(values)) < np.where(values > np.median(values), high, low)


def impute_mean(y: np.ndarray) -> np.ndarray:
    r"""NaN replaced by the mean of what is there, (n,) -> (n,).

    With a share p missing, a variance of :math:`s^2` shrinks to about :math:`(1 - p)\,s^2`.
    """
    return np.where(np.isnan(y), np.nanmean(y), y)


def impute_regression(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    r"""NaN in y replaced by what the line through the complete pairs expects at x.

    .. math:: \hat y_i = \bar y + \frac{\mathrm{cov}(x, y)}{\mathrm{var}(x)} (x_i - \bar x), \quad \text{all four from pairs with both values}

    Args:
        x: complete, (n,).
        y: with NaN where missing, (n,).

    Returns:
        y, complete, (n,). The filled values lie on the line itself, without the spread that real ones have around it.
    """
    there = ~np.isnan(y)
    x_mean, y_mean = x[there].mean(), y[there].mean()
    slope = ((x[there] - x_mean) * (y[there] - y_mean)).mean() / ((x[there] - x_mean) ** 2).mean()
    return np.where(there, y, y_mean + slope * (x - x_mean))


def impute_draw(x: np.ndarray, y: np.ndarray, rng: np.random.Generator, *, refit: bool = False) -> np.ndarray:
    """Stochastic regression: like `impute_regression`, plus a residual drawn from those of the observed pairs.

    Args:
        x: complete, (n,).
        y: with NaN where missing, (n,).
        rng: draws the residuals.
        refit: fit the line to a bootstrap sample (as many pairs, drawn with replacement), so that repeated draws also
            reflect how uncertain the line is. Multiple imputation needs this.

    Returns:
        y, complete, (n,).

    Source:
        van Buuren, "Flexible Imputation of Missing Data", 2nd edition, 2018, sections 1.3.5 and 3.1.
    """
    there = ~np.isnan(y)
    pairs = np.flatnonzero(there)
    if refit:
        pairs = rng.choice(pairs, len(pairs))
    x_mean, y_mean = x[pairs].mean(), y[pairs].mean()
    slope = ((x[pairs] - x_mean) * (y[pairs] - y_mean)).mean() / ((x[pairs] - x_mean) ** 2).mean()
    line = y_mean + slope * (x - x_mean)
    residuals = (y - line)[pairs]
    return np.where(there, y, line + rng.choice(residuals, len(y)))


def pooled(estimates: np.ndarray, variances: np.ndarray) -> tuple[float, float]:
    r"""One estimate and its variance from m filled tables (Rubin's rules).

    .. math:: \bar q = \frac1m \sum_i q_i, \qquad T = \frac1m \sum_i u_i + \left(1 + \frac1m\right) \frac{1}{m-1} \sum_i (q_i - \bar q)^2

    Args:
        estimates: q, what each table says, (m,), m >= 2.
        variances: u, the squared standard error that each table claims for it, as if nothing had been missing, (m,).

    Returns:
        The mean of the estimates, and T, whose second term is what the gaps cost.

    Source:
        Rubin, "Multiple Imputation for Nonresponse in Surveys", 1987, chapter 3.
    """
    m = len(estimates)
    return float(estimates.mean()), float(variances.mean() + (1 + 1 / m) * estimates.var(ddof=1))


def impute_conditional(
    table: np.ndarray, rng: np.random.Generator | None = None, *, model: np.ndarray | None = None, ridge: float = 1e-3
) -> np.ndarray:
    r"""Many columns: NaN replaced by the conditional mean of a Gaussian given what is there, or, with `rng`, by a draw from it.

    .. math:: \mu_m + \Sigma_{mo} \Sigma_{oo}^{-1} (x_o - \mu_o), \qquad \Sigma_{mm} - \Sigma_{mo} \Sigma_{oo}^{-1} \Sigma_{om}

    Args:
        table: (n, d) with NaN.
        rng: source of the draws; None fills in the conditional means.
        model: complete rows to take mean and covariance from; default: the complete rows of the table.
        ridge: added to the variances, so that constant columns do no harm (in squared units of the table).

    Returns:
        The table without NaN, (n, d).

    Raises:
        ValueError: fewer than two complete rows.
    """
    gaps = np.isnan(table)
    whole = table[~gaps.any(axis=1)] if model is None else model
    if len(whole) < 2:
        raise ValueError(f"{len(whole)} complete rows: mean and covariance need at least 2; pass a `model`")
    mean, cov = whole.mean(axis=0), np.cov(whole.T) + ridge * np.eye(table.shape[1])
    filled = table.copy()
    for pattern in np.unique(gaps[gaps.any(axis=1)], axis=0):
        rows, (m, o) = (gaps == pattern).all(axis=1), (pattern, ~pattern)
        weights = np.linalg.solve(cov[np.ix_(o, o)], cov[np.ix_(o, m)])  # Σ_oo^-1 Σ_om
        value = mean[m] + (table[rows][:, o] - mean[o]) @ weights
        if rng is not None:
            rest = cov[np.ix_(m, m)] - cov[np.ix_(m, o)] @ weights
            value = value + rng.multivariate_normal(np.zeros(m.sum()), rest, rows.sum(), method="eigh")
        filled[np.ix_(rows, m)] = value
    return filled
