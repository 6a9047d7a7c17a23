"""The area under the ROC curve, against scipy and scikit-learn."""

import pytest
import torch
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from aigc_lab.metrics.roc import roc_auc


@pytest.mark.parametrize("seed", range(4))
def test_roc_auc_is_mann_whitney(seed):
    rng = torch.Generator().manual_seed(seed)
    a, b = (torch.randint(-3, 4, (n,), generator=rng).double() for n in (17, 23))
    expected = mannwhitneyu(a.numpy(), b.numpy()).statistic / (17 * 23)
    assert roc_auc(a, b).item() == pytest.approx(expected)


def test_roc_auc_is_that_of_sklearn():
    torch.manual_seed(0)
    normal, anomalous = torch.randn(50).round(decimals=1), 0.5 + torch.randn(70).round(decimals=1)
    expected = roc_auc_score([0] * 50 + [1] * 70, torch.cat([normal, anomalous]).numpy())
    assert roc_auc(anomalous, normal).item() == pytest.approx(expected)
