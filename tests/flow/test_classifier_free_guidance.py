"""Guidance without a classifier: it interpolates between the two velocities, and extrapolates."""

import torch

from aigc_lab import flow


def test_guidance_goes_through_both_velocities():
    conditional, unconditional = torch.randn(2, 5)
    torch.testing.assert_close(flow.guided(conditional, unconditional, 1.0), conditional)
    torch.testing.assert_close(flow.guided(conditional, unconditional, 0.0), unconditional)
    torch.testing.assert_close(flow.guided(conditional, unconditional, 3.0), 3 * conditional - 2 * unconditional)
