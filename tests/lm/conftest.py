"""What several test files share: a small transformer and a small GRU."""

import pytest
import torch

from aigc_lab import lm


@pytest.fixture
def transformer():
    torch.manual_seed(0)
    return lm.TransformerLM(11, width=16, layers=2, heads=2, context=12).double().eval()


@pytest.fixture
def gru():
    torch.manual_seed(0)
    return lm.GruLM(11, width=6, state=10).double().eval()
