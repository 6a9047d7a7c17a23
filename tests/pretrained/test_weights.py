"""Stored weights: a request for a missing checkpoint is answered with a list of those there are."""

import pytest

from aigc_lab import pretrained


def test_an_unknown_checkpoint_is_an_error_that_lists_what_there_is():
    with pytest.raises(FileNotFoundError, match=r"available: .*classifier_digits"):
        pretrained.load("clasifier_digits")
