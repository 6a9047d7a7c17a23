"""Interpolation of codes, against the geometry of circles."""

import torch

from aigc_lab.control import interpolation


def test_slerp_keeps_the_length_and_moves_at_a_steady_angle():
    torch.manual_seed(0)
    a, b = torch.nn.functional.normalize(torch.randn(2, 5, 16, dtype=torch.float64), dim=-1) * 3
    whole = torch.arccos((a * b).sum(1) / 9)
    for t in (0.0, 0.2, 0.5, 1.0):
        z = interpolation.slerp(a, b, t)
        torch.testing.assert_close(z.norm(dim=1), torch.full((5,), 3.0, dtype=torch.float64))
        torch.testing.assert_close(torch.arccos(((a * z).sum(1) / 9).clamp(-1, 1)), t * whole, atol=1e-7, rtol=1e-7)


def test_slerp_of_parallel_codes_is_finite():
    a = torch.tensor([[1.0, 2.0], [1.0, 0.0]])
    torch.testing.assert_close(interpolation.slerp(a, 2 * a, 0.5), 1.5 * a)
