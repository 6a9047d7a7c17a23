"""The ring of Gaussians: counts against a slow, plain count; networks side by side against torch's own layers."""

import math

import pytest
import torch
import torch.nn.functional as F

from aigc_lab import gan
from aigc_lab.gan import ring


def plain_count(samples, centres, sigma):
    """Modes hit and good share, one sample at a time."""
    hits, good = [0] * len(centres), 0
    for x, y in samples.tolist():
        distances = [math.hypot(x - a, y - b) for a, b in centres.tolist()]
        if min(distances) <= 3 * sigma:
            hits[distances.index(min(distances))] += 1
            good += 1
    return sum(h >= len(samples) / (5 * len(centres)) for h in hits), good / len(samples)


def test_coverage_counts_as_by_hand():
    rng = torch.Generator().manual_seed(1)
    which = torch.multinomial(
        torch.tensor([0.5, 0.3, 0.1, 0.04, 0.03, 0.02, 0.01, 0.0]), 400, replacement=True, generator=rng
    )
    samples = ring.centres()[which] + 0.08 * torch.randn(400, 2, generator=rng)
    modes, share = ring.coverage(samples, ring.centres(), ring.SIGMA)
    assert (modes, share) == plain_count(samples, ring.centres(), ring.SIGMA)
    assert 3 <= modes <= 6


def test_real_samples_hit_all_and_98_9_percent_are_good():
    n = 20_000
    modes, share = ring.coverage(ring.sample(n, torch.Generator().manual_seed(0)), ring.centres(), ring.SIGMA)
    expected = 1 - math.exp(-4.5)  # Rayleigh: P(r <= 3σ) in the plane
    assert modes == 8
    assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / n)


def test_the_bar_is_a_fifth_of_a_fair_share_of_all_samples():
    # 800 samples, 100 for each mode in equal shares: 20 good ones hit a mode, 19 don't, however many of the others are bad.
    centres = ring.centres()
    samples = torch.cat([centres[:1].repeat(20, 1), centres[1:2].repeat(19, 1), torch.zeros(761, 2)])
    assert ring.coverage(samples, centres, ring.SIGMA) == (1, 39 / 800)


def test_a_blob_in_the_middle_hits_nothing():
    blob = 0.1 * torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
    assert ring.coverage(blob, ring.centres(), ring.SIGMA) == (0, 0.0)


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="no samples"):
        ring.coverage(torch.zeros(0, 2), ring.centres(), ring.SIGMA)


def test_networks_side_by_side_are_independent_networks():
    nets = ring.SideBySide(3, 2, 1, width=5, generator=torch.Generator().manual_seed(0))
    x = torch.randn(12, 2, generator=torch.Generator().manual_seed(1))
    layers = [layer for layer in nets if hasattr(layer, "weight")]
    expected = []
    for run, h in enumerate(x.split(4)):
        for i, layer in enumerate(layers):
            h = F.linear(h, layer.weight[run].T, layer.bias[run, 0])
            h = F.leaky_relu(h, 0.2) if i < 2 else h
        expected.append(h[:, 0])
    torch.testing.assert_close(nets(x), torch.cat(expected))


def test_a_penalty_serves_them_as_it_serves_one():
    nets = ring.SideBySide(2, 2, 1, width=4, generator=torch.Generator().manual_seed(0))
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(1))
    points = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(nets(points).sum(), points)
    torch.testing.assert_close(gan.r1_penalty(nets, x), slope.square().sum() / 6)


def test_same_seed_same_networks():
    a, b = (ring.SideBySide(2, 2, 2, generator=torch.Generator().manual_seed(4)) for _ in range(2))
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
