"""The stored comparison of four samplers: one of its sets drawn again by Euler's rule as it is written, and the floor under it."""

import pytest
import torch

from aigc_lab import datasets, flow, metrics, pretrained
from aigc_lab.pretrained import classifier
from aigc_lab.transforms import to_signed


@pytest.fixture(scope="module")
def judge():
    network = classifier.load_classifier("digits")

    @torch.no_grad()
    def features(pictures):
        return torch.cat([network.features(part) for part in pictures.split(250)])

    return features


@torch.no_grad()
def test_a_set_drawn_again_has_the_stored_distance(judge):
    recipe = flow.FlowRecipe.for_data(datasets.load("digits"))
    recipe.averaged.load_state_dict(pretrained.load("flow_digits"))
    x = torch.randn(1000, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(1000) % 10
    for t in (0.0, 0.25, 0.5, 0.75):
        parts = zip(x.split(250), labels.split(250), strict=True)
        x = x + 0.25 * torch.cat([recipe.averaged(part, torch.full((250,), t), asked) for part, asked in parts])
    test = to_signed(datasets.load("digits", split="test").images)
    record = pretrained.info("flow_samplers")
    assert record["axes"]["way"][0] == "euler"
    assert record["axes"]["evaluations"][0] == 4
    stored = pretrained.load("flow_samplers")["frechet"][0, 0, 0].item()
    distance = metrics.frechet_distance(judge(test[:1000]), judge(x.clamp(-1, 1)))
    assert distance == pytest.approx(stored, abs=0.02)


def test_no_set_is_nearer_to_the_test_digits_than_real_ones_are(judge):
    """A value below this floor would say that the sets are too small to tell samplers apart."""
    test = to_signed(datasets.load("digits", split="test").images)
    floor = metrics.frechet_distance(judge(test[:1000]), judge(test[1000:]))
    assert pretrained.load("flow_samplers")["frechet"].min() > floor
