"""Ranking by a score, against scipy and scikit-learn."""

import pytest
import torch
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from aigc_lab.metrics import roc


@pytest.mark.parametrize("seed", range(4))
def test_win_rate_is_mann_whitney(seed):
    rng = torch.Generator().manual_seed(seed)
    a, b = (torch.randint(-3, 4, (n,), generator=rng).double() for n in (17, 23))
    expected = mannwhitneyu(a.numpy(), b.numpy()).statistic / (17 * 23)
    assert roc.win_rate(a, b).item() == pytest.approx(expected)


def test_area_is_that_of_sklearn():
    torch.manual_seed(0)
    normal, anomalous = torch.randn(50).round(decimals=1), 0.5 + torch.randn(70).round(decimals=1)
    expected = roc_auc_score([0] * 50 + [1] * 70, torch.cat([normal, anomalous]).numpy())
    assert roc.area_under_roc(normal, anomalous) == pytest.approx(expected)
