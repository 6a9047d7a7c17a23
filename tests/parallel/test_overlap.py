"""Messages during a backward pass: against a case worked out by hand, and within bounds that hold for every schedule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_lab.parallel import overlap

seconds = st.floats(0.0, 10.0)


def test_three_layers_by_hand():
    """The link is busy with layer 0 until 2 + 5; layer 1 waits for it, layer 2 for both."""
    plan = overlap.timeline([2, 3, 1], [5, 1, 2], overlapped=True)
    assert plan.computing == [(0, 2), (2, 5), (5, 6)]
    assert plan.sending == [(2, 7), (7, 8), (8, 10)]
    assert plan.seconds == 10
    late = overlap.timeline([2, 3, 1], [5, 1, 2], overlapped=False)
    assert late.computing == plan.computing
    assert late.sending == [(6, 11), (11, 12), (12, 14)]
    assert late.seconds == 14


def test_with_short_messages_only_the_last_one_shows():
    assert overlap.timeline([4] * 8, [3] * 8, overlapped=True).seconds == 8 * 4 + 3


def test_with_long_messages_only_the_first_layer_shows():
    assert overlap.timeline([3] * 8, [4] * 8, overlapped=True).seconds == 3 + 8 * 4


@given(layers=st.lists(st.tuples(seconds, seconds), min_size=1, max_size=8))
def test_overlapping_lies_between_the_longer_of_the_two_and_their_sum(layers):
    computing, sending = zip(*layers, strict=True)
    hidden = overlap.timeline(computing, sending, overlapped=True).seconds
    assert max(sum(computing), sum(sending)) - 1e-9 <= hidden <= sum(computing) + sum(sending) + 1e-9


@pytest.mark.parametrize(("computing", "sending"), [([], []), ([1, 2], [1])])
def test_each_layer_has_both_times(computing, sending):
    with pytest.raises(ValueError, match="each layer needs a time"):
        overlap.timeline(computing, sending, overlapped=True)
