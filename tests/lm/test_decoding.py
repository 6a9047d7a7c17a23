"""Top-k, top-p, temperature and draws, against numbers worked out by hand and against frequencies of draws."""

import math

import pytest
import torch

from aigc_lab.lm import decoding


def logits(*probabilities):
    return torch.tensor(probabilities, dtype=torch.float64).log()


def left(cut):
    return cut.isfinite().nonzero()[:, -1].tolist()


@pytest.mark.parametrize(
    ("probabilities", "p", "expected"),
    [
        ((0.5, 0.41, 0.09), 0.9, [0, 1]),  # 0.91 is the first sum that reaches 0.9
        ((0.4, 0.3, 0.2, 0.1), 0.8, [0, 1, 2]),
        ((0.1, 0.2, 0.7), 0.75, [1, 2]),
        ((0.05, 0.9, 0.05), 0.3, [1]),  # the first always stays
        ((0.05, 0.9, 0.05), 1e-9, [1]),
        ((0.2, 0.3, 0.5), 1.0, [0, 1, 2]),
    ],
)
def test_top_p_keeps_the_smallest_set_that_reaches_p(probabilities, p, expected):
    assert left(decoding.top_p(logits(*probabilities), p)) == expected
    batch = decoding.top_p(torch.stack([logits(*probabilities)] * 2), p)
    assert torch.equal(batch[0], batch[1])


@pytest.mark.parametrize(("k", "expected"), [(1, [2]), (2, [1, 2]), (3, [0, 1, 2]), (9, [0, 1, 2])])
def test_top_k_keeps_k(k, expected):
    assert left(decoding.top_k(logits(0.1, 0.3, 0.6), k)) == expected


def test_what_stays_keeps_its_ratios():
    probabilities = decoding.top_k(logits(0.1, 0.3, 0.6), 2).softmax(-1).tolist()
    assert probabilities == pytest.approx([0, 1 / 3, 2 / 3])
    assert decoding.temperature(logits(0.2, 0.8), 0.5).softmax(-1).tolist() == pytest.approx([0.04 / 0.68, 0.64 / 0.68])


def test_temperature_and_cuts_commute_only_for_top_k():
    flat = torch.linspace(0, 3, 8).double()
    k_first = decoding.temperature(decoding.top_k(flat, 3), 2.0)
    torch.testing.assert_close(k_first, decoding.top_k(decoding.temperature(flat, 2.0), 3))
    p_first = decoding.top_p(flat, 0.8)
    assert len(left(p_first)) < len(left(decoding.top_p(decoding.temperature(flat, 2.0), 0.8)))


def test_arguments_out_of_range_are_named():
    for call in (
        lambda: decoding.temperature(logits(0.5, 0.5), 0.0),
        lambda: decoding.top_k(logits(0.5, 0.5), 0),
        lambda: decoding.top_p(logits(0.5, 0.5), 0.0),
        lambda: decoding.top_p(logits(0.5, 0.5), 1.1),
    ):
        with pytest.raises(ValueError, match=r"0|1"):
            call()


def test_entropy_of_equally_likely_tokens_is_their_logarithm():
    rows = torch.stack([torch.zeros(8), decoding.top_k(torch.tensor([2.0, 2, 2, 2, 1, 1, 1, 1]), 4)]).double()
    assert decoding.entropy(rows).tolist() == pytest.approx([3.0, 2.0])
    assert decoding.entropy(logits(1.0, 0.0)).item() == 0


def test_draws_follow_the_probabilities_and_the_seed():
    rows = logits(0.2, 0.0, 0.8).expand(20_000, 3)
    drawn = decoding.sample(rows, torch.Generator().manual_seed(0))
    assert torch.equal(drawn, decoding.sample(rows, torch.Generator().manual_seed(0)))
    counts = drawn.bincount(minlength=3) / len(rows)
    assert counts[1] == 0
    assert abs(counts[0] - 0.2) < 4 * math.sqrt(0.2 * 0.8 / len(rows))
    assert decoding.greedy(rows[:2]).tolist() == [2, 2]
    assert decoding.sample(rows[:6].view(2, 3, 3)).shape == (2, 3)


def test_repeated_share_of_a_loop_and_of_a_text_without_one():
    assert decoding.repeated_share("abcdefghijkl", 3) == 0
    assert decoding.repeated_share("ab" * 50, 4) == pytest.approx(95 / 97)  # two of the 97 runs are new
    assert decoding.repeated_share("ab", 4) == 0


@pytest.mark.parametrize(
    ("temperature", "expected"), [(1.0, [0.2, 0.8]), (0.5, [1 / 17, 16 / 17]), (2.0, [1 / 3, 2 / 3])]
)
def test_temperature_is_a_power_of_the_probabilities(temperature, expected):
    logits = torch.tensor([0.2, 0.8], dtype=torch.float64).log() + 5
    torch.testing.assert_close(
        decoding.with_temperature(logits, temperature), torch.tensor(expected, dtype=torch.float64)
    )


def test_low_temperature_doesnt_overflow():
    assert decoding.with_temperature(torch.tensor([0.0, 800.0]), 0.01).tolist() == [0.0, 1.0]
