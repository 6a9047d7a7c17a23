"""Pictures of densities: the texts place peaks and valleys where closed forms have them."""

import pytest
import torch

from aigc_lab import display
from aigc_lab.distributions import pictures


@pytest.fixture
def shown(monkeypatch):
    markups = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: markups.append(markup))
    return markups


def test_a_density_is_told_by_its_top(shown):
    x = torch.linspace(-9, 5, 141)
    density = 0.5 * (-((x - 2) ** 2)).exp()  # 0.5 at 2
    strip = torch.rand(13, 1, 4, 4)
    pictures.densities_on_a_line(torch.randn(50), x, {"model A": density}, strip, title="Two heaps")
    assert "model A has its top, 0.50, at 2.0" in shown[0]


def test_a_likelihood_is_told_by_its_top(shown):
    means, stds = torch.linspace(-1, 1, 5), torch.linspace(2, 6, 7)
    surface = -3 - means[:, None] ** 2 - (stds - 4.1) ** 2
    pictures.likelihood_surface(means, stds, surface, best=(torch.tensor(-0.01), torch.tensor(4.1)))
    assert "The top, model A, at mean 0.0 and deviation 4.1." in shown[0]


def test_both_integrands_are_told_by_their_extremes(shown):
    x = torch.tensor([-1.0, 0.0, 1.0])
    p, q = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.25, 0.25, 0.5])
    integrands = {
        "p log(p/q)": p * (p / q).log(),
        "q log(q/p)": q * (q / p).log(),
    }  # 0.5 log 2 = 0.35, -0.25 log 2 = -0.17
    pictures.kl_as_area(x, p, q, integrands, title="KL")
    for words in (
        "p has its top, 0.50, at -1.0; q has its top, 0.50, at 1.0",
        "p log(p/q) goes from -0.17 at 1.0 to 0.35 at -1.0; q log(q/p) goes from -0.17 at -1.0 to 0.35 at 1.0",
    ):
        assert words in shown[0]


def test_both_valleys_are_named_by_their_depth(shown):
    x, means = torch.linspace(-3, 3, 61), torch.linspace(-1, 1, 21)
    p = (-(x**2)).exp()
    pictures.fits_and_valleys(x, p, [p, p], (means, means**2 + 0.25, means**2 + 0.75))
    assert "Covering costs 0.25 nats forward, seeking 0.75 nats reverse" in shown[0]


def test_ellipses_are_told_by_their_middles(shown):
    u, v = torch.meshgrid(torch.linspace(-4, 4, 41), torch.linspace(-3, 3, 31), indexing="xy")
    levels = {"forward": -(u**2) - v**2, "reverse": -((u - 2) ** 2) - (v + 1) ** 2}
    pictures.two_ellipses(torch.randn(9, 2), u, v, levels)
    for words in ("forward fit around (0.0, 0.0)", "reverse fit around (2.0, -1.0)"):
        assert words in shown[0]


def test_learning_curves_tell_mean_errors_at_both_ends(shown):
    left, right = [[0.5, 0.3], [0.1, 0.1]], [[0.5, 0.7], [0.25, 0.15]]
    errors = {"as they are": {"naive Bayes": left}, "shuffled": {"naive Bayes": right}}
    pictures.learning_curves([20, 500], errors)
    for words in ("naive Bayes falls from 0.4 at 20 to 0.1 at 500", "naive Bayes falls from 0.6 at 20 to 0.2 at 500"):
        assert words in shown[0]
