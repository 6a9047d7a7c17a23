"""The stored classifier reads the test digits as well as its datasheet says."""

import pytest
import torch

from aigc_lab import datasets, pretrained
from aigc_lab.pretrained import classifier
from aigc_lab.transforms import to_signed


@pytest.fixture(scope="module")
def test_digits():
    digits = datasets.load("digits", split="test")
    return to_signed(digits.images), digits.labels


def test_accuracy_is_what_the_datasheet_says(test_digits):
    facts = pretrained.info("classifier_digits")
    share = classifier.recognised(*test_digits)
    assert share >= 0.985
    assert share == pytest.approx(facts["result"]["test_accuracy"], abs=0.0011)  # 2 of 2,000, for other machines
    assert facts["seconds"] > 0
    assert "seed" in facts


def test_sixty_four_features_decide(test_digits):
    images = test_digits[0]
    model = classifier.load_classifier("digits")
    features = model.features(images[:50])
    assert features.shape == (50, 64)
    torch.testing.assert_close(model.head(features), model(images[:50]))
    assert not any(weight.requires_grad for weight in model.parameters())
    assert not model.training


def test_noise_and_wrong_labels_are_not_recognised(test_digits):
    images, labels = test_digits
    assert classifier.recognised(images, (labels + 1) % 10) < 0.01
    noise = torch.rand(500, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert classifier.recognised(noise, torch.arange(500) % 10) < 0.2


def test_wrong_input_is_named(test_digits):
    images, labels = test_digits
    with pytest.raises(TypeError, match="to_signed"):
        classifier.recognised((images * 0).to(torch.uint8), labels)
    with pytest.raises(ValueError, match="one label for each"):
        classifier.recognised(images, labels[:3])
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        classifier.recognised(images * 127.5, labels)


def test_the_checkpoint_is_small():
    assert sum(t.numel() * t.element_size() for t in pretrained.load("classifier_digits").values()) <= 500_000
