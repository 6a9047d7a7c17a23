"""Many tiny GANs in one training: each learns independently where a cluster of points lies."""

import torch

from aigc_lab.gan import many_runs


def test_gans_learn_a_heap_each_on_its_own():
    """Stacked training gives each run the gradient that it would get alone; here all learn the place of one cluster."""
    points = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0)) * 0.3 + torch.tensor([1.5, -1.0])
    drawn = many_runs.train(points, runs=3, steps=600, every_steps=300, samples=500)
    assert [tuple(d.shape) for d in drawn] == [(3, 500, 2)] * 2
    assert (drawn[-1].mean(dim=1) - points.mean(dim=0)).abs().max() < 0.5
    assert not torch.equal(drawn[-1][0], drawn[-1][1])
