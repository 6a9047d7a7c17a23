"""The pulls in lesson 23's widget, against finite differences of the expected loss."""

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from aigc_lab import display
from aigc_lab.gan import pictures, ring


def log_p(x, gap):
    return np.logaddexp(stats.norm.logpdf(x, -gap / 2, 0.6), stats.norm.logpdf(x, gap / 2, 0.6)) - np.log(2)


@pytest.mark.parametrize(("gap", "mean", "spread"), [(4.0, 1.0, 1.0), (0.0, 2.0, 0.5), (6.0, -1.5, 2.0)])
def test_pulls_are_minus_the_slope_of_the_expected_loss(gap, mean, spread):
    def expected_loss(loss, m):
        """E over z of the loss at x = m + s z, with the best D held at `mean`."""

        def integrand(z):
            x = m + spread * z
            return stats.norm.pdf(z) * loss(log_p(x, gap) - stats.norm.logpdf(x, mean, spread))

        return integrate.quad(integrand, -9, 9, limit=400, epsabs=1e-11)[0]

    h = 1e-4
    losses = (lambda logit: -np.logaddexp(0, logit), lambda logit: np.logaddexp(0, -logit))
    expected = [-(expected_loss(f, mean + h) - expected_loss(f, mean - h)) / (2 * h) for f in losses]
    found = [p.item() for p in pictures.pulls(gap, torch.tensor([mean], dtype=torch.float64), spread)]
    assert found == pytest.approx(expected, rel=0.01, abs=2e-3)  # 400 values of z stand for the integral


def test_humps_are_a_density():
    x = torch.linspace(-15, 15, 6001, dtype=torch.float64)
    for gap in (0.0, 3.0, 8.0):
        assert torch.trapezoid(pictures.log_humps(x, gap).exp(), x).item() == pytest.approx(1, abs=1e-9)
        np.testing.assert_allclose(pictures.log_humps(x, gap), log_p(x.numpy(), gap), rtol=1e-12)


def test_both_pulls_are_told(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: shown.append(plain))
    pictures.densities(0.0, 0.0, 0.6)  # data and model are equal: JS is 0 and nothing pulls
    assert "JS = 0.000" in shown[0]
    assert "humps at 0 and 0, the model's at 0 with spread 0.6" in shown[0]
    pictures.densities(4.0, 6.0, 0.6)
    minimax, other = (pull.item() for pull in pictures.pulls(4.0, torch.tensor([6.0], dtype=torch.float64), 0.6))
    assert f"minimax pulls with {minimax:.3g}, non-saturating with {other:.3g}" in shown[1]


def test_the_alternative_text_of_a_ring_counts(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: shown.append(plain))
    half = ring.centres()[:4].repeat(10, 1)  # four of eight modes, and as many points in the middle, where none is
    pictures.rings({"half": torch.cat([half, torch.zeros(40, 2)])}, title="Two kinds of points")
    assert "half, 4 of 8 circles hit, 50% of the points in one" in shown[0]
