"""Pictures of flow matching: the paths against velocities whose paths are known, and the texts of the pictures."""

import pytest
import torch

from aigc_lab import display, flow
from aigc_lab.flow import pictures as flow_pictures


@pytest.fixture
def shown(monkeypatch):
    pictures = []
    monkeypatch.setattr(display, "show", lambda markup, plain, handle=None: pictures.append(markup))
    return pictures


def test_along_a_constant_velocity_the_trail_is_a_ruler():
    noise, push = torch.randn(5, 2).double(), torch.tensor([1.0, -2.0]).double()
    paths = flow_pictures.trails(lambda x, t: push.expand_as(x), noise, 4)
    assert paths.shape == (5, 5, 2)
    for k in range(5):
        torch.testing.assert_close(paths[k], noise + k / 4 * push)


def test_without_fresh_noise_the_trail_ends_where_euler_ends():
    def bend(x, t):
        return torch.sin(x) + t[:, None]

    noise = torch.randn(6, 2, generator=torch.Generator().manual_seed(0)).double()
    paths = flow_pictures.trails(bend, noise, 7)
    torch.testing.assert_close(paths[-1], flow.follow(bend, noise, 7, "euler"))


def test_fresh_noise_moves_the_ends_and_repeats_with_its_generator():
    noise = torch.randn(6, 2).double()
    ends = [
        flow_pictures.trails(lambda x, t: -x, noise, 5, 1.0, torch.Generator().manual_seed(seed))[-1]
        for seed in (3, 3, 4)
    ]
    assert torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0], ends[2])


def test_the_plane_says_how_far_the_ends_are_from_the_data(shown):
    """With one example, the velocity points at it and arrives with the last step, however few there are."""
    goal = torch.tensor([[0.5, -0.5]]).double()
    flow_pictures.plane(lambda x, t: (goal - x) / (1 - t)[:, None], torch.randn(8, 2).double(), goal, steps=4, t=0.25)
    (markup,) = shown
    assert "t = 0.25" in markup
    assert "8 paths" in markup
    assert "0.00 from it" in markup


def test_lines_and_paths_are_described(shown):
    noise = torch.randn(9)
    flow_pictures.lines_and_paths(noise, noise + 1, torch.stack([noise, noise + 1]))
    assert "crossing" in shown[0]


def test_guidance_tells_each_share_and_the_distance(shown):
    shares = {"recognised": [0.125, 0.875], "recall": [0.75, 0.25]}
    flow_pictures.guidance([0.0, 4.0], shares, [11.0, 22.0], title="Guidance buys recognition with variety")
    (markup,) = shown
    for words in ("Guidance buys", "recognised", "0.875", "recall", "0.25", "Fréchet distance", "22"):
        assert words in markup
