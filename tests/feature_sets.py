"""Two sets of features from different distributions."""

import torch


def features(n=40, m=50, d=6, seed=0, shift=0.3):
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(d, d, generator=generator, dtype=torch.float64)
    real = torch.randn(n, d, generator=generator, dtype=torch.float64) @ mix
    return real, torch.randn(m, d, generator=generator, dtype=torch.float64) * 1.2 + shift
