"""Exercises on missing values (lesson 12)."""

import numpy as np
import torch

from aigc_lab.cleaning import missing_values
from aigc_lab.exercises import Exercise, Mistake, case, normal

LESSON = "12 Cleaning"


def _table(rng: torch.Generator):
    x = normal(12, generator=rng) + 2
    y = 1 + 0.5 * x + 0.3 * normal(12, generator=rng)
    y[[1, 4, 5]] = torch.nan
    return case(x=x.numpy(), y=y.numpy())


def _line(x, y):
    there = ~np.isnan(y)
    return np.polyval(np.polyfit(x[there], y[there], 1), x)


def _through_the_origin(x, y):
    there = ~np.isnan(y)
    return np.where(there, y, (x[there] @ y[there]) / (x[there] @ x[there]) * x)


def _after_the_mean(x, y):
    return np.where(np.isnan(y), np.polyval(np.polyfit(x, missing_values.impute_mean(y), 1), x), y)


def _the_other_line(x, y):
    there = ~np.isnan(y)
    slope, offset = np.polyfit(y[there], x[there], 1)  # x explained by y, then turned round
    return np.where(there, y, (x - offset) / slope)


def _without_the_mean_of_x(x, y):
    there = ~np.isnan(y)
    slope = (x[there] @ y[there]) / (x[there] @ x[there])
    return np.where(there, y, y[there].mean() + slope * (x - x[there].mean()))


def _by_polyfit(x, y):
    there = ~np.isnan(y)
    slope_and_offset = np.polyfit(x[there], y[there], 1)
    return np.where(there, y, np.polyval(slope_and_offset, x))


def _by_least_squares(x, y):
    filled, there = y.copy(), ~np.isnan(y)
    matrix = np.stack([x[there], np.ones(there.sum())], axis=1)
    (slope, offset), *_ = np.linalg.lstsq(matrix, y[there], rcond=None)
    filled[~there] = slope * x[~there] + offset
    return filled


def _by_loops(x, y):
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if not np.isnan(b)]
    mean_x, mean_y = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
    slope = sum((a - mean_x) * (b - mean_y) for a, b in pairs) / sum((a - mean_x) ** 2 for a, _ in pairs)
    return np.array([mean_y + slope * (a - mean_x) if np.isnan(b) else b for a, b in zip(x, y, strict=True)])


def _falling(rng: torch.Generator):
    """A steep line that falls, far from the origin, with more gaps than values."""
    x = 3 * normal(9, generator=rng) - 20
    y = 50 - 4 * x + normal(9, generator=rng)
    y[[0, 2, 3, 6, 8]] = torch.nan
    return case(x=x.numpy(), y=y.numpy())


EXERCISES = [
    Exercise(
        id="missing.impute_regression",
        reference=missing_values.impute_regression,
        cases=[
            case(x=np.array([0.0, 1.0, 2.0, 3.0]), y=np.array([1.0, 2.0, 2.0, np.nan])),
            case(x=np.array([5.0, 1.0, 3.0, 2.0]), y=np.array([np.nan, 6.0, 1.0, np.nan])),  # two points make a line
            case(x=np.array([1.0, 4.0, 2.0]), y=np.array([0.0, 1.0, 5.0])),  # no gap
            _table,
            _falling,
        ],
        alternatives=[_by_polyfit, _by_least_squares, _by_loops],
        mistakes={
            "filled with the mean": Mistake(
                lambda x, y: missing_values.impute_mean(y),
                "All gaps get the same value, and x is not used. Fill each gap with the y that its x leads you to "
                "expect.",
            ),
            "the mean first, then the line": Mistake(
                _after_the_mean,
                "You fill the gaps with the mean and fit the line to everything. The invented points are flat in x and pull the slope "
                "towards 0. Fit to the pairs that have both values.",
            ),
            "observed values replaced": Mistake(
                lambda x, y: _line(x, y),
                "You replace measured values by the line. Fill only the gaps: what was measured stays.",
            ),
            "a line through the origin": Mistake(
                _through_the_origin,
                "Your line has a slope and no offset, so it must pass through (0, 0). At x = 0 the first example has y = 1.",
            ),
            "a slope from the raw products": Mistake(
                _without_the_mean_of_x,
                "Your slope is the sum of x y over the sum of x². That formula holds only after both means have been "
                "subtracted. Moving the line so that it passes through the means doesn't correct its slope.",
            ),
            "x explained by y": Mistake(
                _the_other_line,
                "You fitted x as a function of y and turned the line round. That line is steeper, by 1/r²: it "
                "minimises errors in x. You want the y to expect for a given x.",
            ),
        },
        hints=[
            "`there = ~np.isnan(y)` marks the pairs that have both values. Fit a line to these only.",
            "`np.polyfit(x[there], y[there], 1)` gives slope and offset, `np.polyval` reads the line; `np.where` keeps what was there.",
        ],
    ),
]
