"""Masks by their statistics, imputations against scikit-learn and closed forms."""

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression

from aigc_lab.cleaning import missing_values


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    x = rng.normal(size=20_000)
    return x, 0.8 * x + 0.6 * rng.normal(size=20_000)


def within_four_errors(values, expected):
    assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(len(values))


def test_masks_depend_on_what_they_should(pair):
    x, y = pair
    rng = np.random.default_rng(1)
    mcar = missing_values.mask_mcar(y, 0.3, rng)
    mar, mnar = missing_values.mask_mar(x, 0.1, 0.7, rng), missing_values.mask_mnar(y, 0.1, 0.7, rng)
    for above in (x > np.median(x), y > np.median(y)):
        within_four_errors(mcar[above].astype(float), 0.3)
    within_four_errors(mar[x > np.median(x)].astype(float), 0.7)
    within_four_errors(mnar[y > np.median(y)].astype(float), 0.7)
    upper = x > np.median(x)  # given x, MAR doesn't depend on y, and MNAR does
    high = y > np.median(y[upper])
    assert abs(mar[upper & high].mean() - mar[upper & ~high].mean()) < 0.03
    assert mnar[upper & high].mean() - mnar[upper & ~high].mean() > 0.1


def test_mean_is_that_of_scikit_learn():
    y = np.array([1.0, np.nan, 4.0, np.nan, 7.0])
    np.testing.assert_allclose(missing_values.impute_mean(y), SimpleImputer().fit_transform(y[:, None])[:, 0])


def test_regression_is_that_of_scikit_learn(pair):
    x, y = (column[:200] for column in pair)
    gaps = np.random.default_rng(2).random(200) < 0.4
    line = LinearRegression().fit(x[~gaps, None], y[~gaps]).predict(x[:, None])
    filled = missing_values.impute_regression(x, np.where(gaps, np.nan, y))
    np.testing.assert_allclose(filled, np.where(gaps, line, y), rtol=1e-10)


def test_draws_restore_the_variance_that_the_line_loses(pair):
    x, y = pair
    gaps = missing_values.mask_mcar(y, 0.5, np.random.default_rng(3))
    holed = np.where(gaps, np.nan, y)
    assert missing_values.impute_mean(holed).var() == pytest.approx(0.5, abs=0.03)
    assert missing_values.impute_regression(x, holed).var() == pytest.approx(1 - 0.5 * 0.36, abs=0.04)
    drawn = missing_values.impute_draw(x, holed, np.random.default_rng(4))
    assert drawn.var() == pytest.approx(1, abs=0.05)
    np.testing.assert_array_equal(drawn[~gaps], y[~gaps])


def test_rubins_rules_by_hand():
    mean, variance = missing_values.pooled(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3]))
    assert (mean, variance) == pytest.approx((2.0, 0.2 + (1 + 1 / 3) * 1.0))


def test_intervals_of_many_fillings_hold_the_truth_as_often_as_they_say_and_those_of_one_do_not():
    hits = np.zeros(2)
    for k in range(400):
        rng = np.random.default_rng(k)
        x = rng.normal(size=200)
        y = 0.8 * x + 0.6 * rng.normal(size=200)
        holed = np.where(missing_values.mask_mar(x, 0.2, 0.8, rng), np.nan, y)
        filled = np.stack([missing_values.impute_draw(x, holed, rng, refit=True) for _ in range(10)])
        means, variances = filled.mean(axis=1), filled.var(axis=1, ddof=1) / 200
        mean, variance = missing_values.pooled(means, variances)
        hits += [abs(means[0]) < 1.96 * variances[0] ** 0.5, abs(mean) < 1.96 * variance**0.5]
    one, many = hits / 400
    assert one < 0.87
    assert abs(many - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 400)


def test_conditional_mean_of_many_columns_is_multiple_regression():
    rng = np.random.default_rng(5)
    table = rng.normal(size=(300, 5)) @ rng.normal(size=(5, 5))
    gaps = np.zeros(table.shape, dtype=bool)
    gaps[:100, 3:] = True
    gaps[100:150, 0] = True
    filled = missing_values.impute_conditional(np.where(gaps, np.nan, table), ridge=0.0)
    whole = table[150:]
    two = LinearRegression().fit(whole[:, :3], whole[:, 3:]).predict(table[:100, :3])
    one = LinearRegression().fit(whole[:, 1:], whole[:, 0]).predict(table[100:150, 1:])
    np.testing.assert_allclose(filled[:100, 3:], two, atol=1e-8)
    np.testing.assert_allclose(filled[100:150, 0], one, atol=1e-8)
    np.testing.assert_array_equal(filled[~gaps], table[~gaps])


def test_conditional_draws_have_the_covariance_of_the_data():
    rng = np.random.default_rng(6)
    mixing = np.array([[1.0, 0, 0], [0.5, 1, 0], [0.2, -0.4, 0.7]])
    table = rng.normal(size=(20_000, 3)) @ mixing.T
    gaps = np.zeros(table.shape, dtype=bool)
    gaps[:10_000, 1:] = True
    holed = np.where(gaps, np.nan, table)
    drawn = np.cov(missing_values.impute_conditional(holed, rng, ridge=0.0).T)
    np.testing.assert_allclose(drawn, mixing @ mixing.T, atol=0.06)
    means = np.cov(missing_values.impute_conditional(holed, ridge=0.0).T)
    assert means[1, 1] < 0.8 * drawn[1, 1]


def test_without_complete_rows_it_says_so():
    with pytest.raises(ValueError, match="0 complete rows"):
        missing_values.impute_conditional(np.array([[1.0, np.nan], [np.nan, 2.0]]))
