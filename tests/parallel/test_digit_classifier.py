"""The digit reader of lesson 37: the same start each time, and it learns to read."""

import torch

from aigc_lab import training
from aigc_lab.parallel import digit_classifier


def test_each_reader_starts_from_the_same_weights_and_disturbs_no_random_numbers():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one = digit_classifier.DigitClassifier()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(4)
    assert torch.equal(one.weights(), digit_classifier.DigitClassifier().weights())


def test_another_seed_gives_other_weights():
    one, same, other = (digit_classifier.DigitClassifier(seed).weights() for seed in (4, 4, 5))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_it_reads_most_digits_after_200_steps(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    one, (pictures, labels) = digit_classifier.DigitClassifier(), digit_classifier.digits()
    assert pictures.dtype == torch.float64
    training.fit(one, (pictures, labels), steps=200, batch_size=32)
    assert (one.model(pictures).argmax(dim=1) == labels).double().mean() > 0.85


def test_a_step_is_timed(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    assert (
        0 < digit_classifier.seconds_a_step(digit_classifier.DigitClassifier(), digit_classifier.digits(100), 8, 6) < 10
    )
