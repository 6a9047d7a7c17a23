"""The ring gets the same sum as NumPy, by messages that can be counted."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from aigc_lab.parallel import ring_all_reduce


@pytest.mark.parametrize("p", [1, 2, 3, 4, 7])
def test_every_process_ends_with_the_sum(p):
    vectors = torch.randn(p, 2 * p, generator=torch.Generator().manual_seed(p)).double()
    states = list(ring_all_reduce.rounds(vectors))
    assert len(states) == 2 * p - 1
    assert torch.equal(states[0], vectors)
    np.testing.assert_allclose(states[-1].numpy(), np.tile(vectors.numpy().sum(axis=0), (p, 1)), rtol=0, atol=1e-12)


def test_after_half_of_the_rounds_each_process_has_one_finished_piece():
    """Process i has the whole sum of piece i + 1; nobody has two."""
    half = list(ring_all_reduce.rounds(torch.ones(5, 5)))[4]
    assert [(row == 5).nonzero().flatten().tolist() for row in half] == [[1], [2], [3], [4], [0]]


def test_what_is_sent_is_what_changes():
    """With powers of two no sum is right by chance: in each round one piece of each process changes, the one that it receives."""
    p = 4
    states = list(ring_all_reduce.rounds(torch.tensor([[2.0**i] * 8 for i in range(p)])))
    changed = [(after != before).sum(dim=1).tolist() for before, after in pairwise(states)]
    assert changed == [[2] * p] * 6
    numbers = sum(row[0] for row in changed)
    assert ring_all_reduce.bytes_sent(8 * 4, p) == 4 * numbers == 48


def test_vectors_of_the_caller_stay():
    vectors = torch.arange(9.0).reshape(3, 3)
    list(ring_all_reduce.rounds(vectors))
    assert torch.equal(vectors, torch.arange(9.0).reshape(3, 3))


def test_alone_nothing_is_sent():
    assert ring_all_reduce.bytes_sent(100, 1) == 0
    assert ring_all_reduce.seconds(100, 1, bandwidth=10, latency=1) == 0


def test_two_processes_send_one_vector_each():
    assert ring_all_reduce.bytes_sent(100, 2) == 100
    assert ring_all_reduce.seconds(100, 2, bandwidth=50, latency=0.5) == pytest.approx(2 + 1)


def test_pieces_must_be_equal():
    with pytest.raises(ValueError, match="5 numbers can't be cut into 2 equal pieces"):
        next(ring_all_reduce.rounds(torch.ones(2, 5)))
