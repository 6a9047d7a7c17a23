import numpy as np
import pytest
import scipy.ndimage
import torch

from aigc_lab.transforms import augment, augmentation, from_signed, to_signed

PICTURES = torch.randint(0, 256, (400, 1, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


def equal(a, b):
    return (a == b).flatten(1).all(dim=1)


def within_four_errors(share, expected, n=400):
    return abs(share - expected) <= 4 * (expected * (1 - expected) / n) ** 0.5


@pytest.mark.parametrize("images", [PICTURES, to_signed(PICTURES)], ids=["bytes", "floats"])
def test_nothing_happens_by_default_or_at_probability_0(images):
    kept = augment(images)
    assert torch.equal(kept, images)
    assert kept.data_ptr() != images.data_ptr()
    assert torch.equal(augment(images, flip=True, shift=3, turn=(90, 30), probability=0), images)


@pytest.mark.parametrize("probability", [1.0, 0.5])
def test_flip_mirrors_a_share_of_p_over_2_and_leaves_the_rest(probability):
    out = augment(PICTURES, flip=True, probability=probability, generator=seeded())
    mirrored = equal(out, PICTURES.flip(-1))
    assert (mirrored | equal(out, PICTURES)).all()
    assert within_four_errors(mirrored.double().mean().item(), probability / 2)


def test_shift_is_numpys_roll_inside_and_black_outside():
    padded = torch.nn.functional.pad(PICTURES[:50], (3, 3, 3, 3))
    out = augment(PICTURES[:50], shift=3, generator=seeded())
    places = set()
    for i in range(50):
        found = [
            (down, right)
            for down in range(-3, 4)
            for right in range(-3, 4)
            if np.array_equal(np.roll(padded[i, 0].numpy(), (down, right), (0, 1))[3:11, 3:11], out[i, 0].numpy())
        ]
        assert len(found) == 1
        places.add(found[0])
    assert len(places) > 20
    white = augment(torch.full((200, 1, 8, 8), 255, dtype=torch.uint8), shift=3, generator=seeded())
    assert set(white.unique().tolist()) == {0, 255}
    signed = augment(torch.ones(200, 1, 8, 8), shift=3, generator=seeded())
    assert set(signed.unique().tolist()) == {-1.0, 1.0}


def test_quarter_turns_move_pixels_and_change_none():
    for angle, k in ((90, 1), (180, 2), (270, 3), (-90, 3)):
        assert np.array_equal(augment(PICTURES, turn=(angle,)).numpy(), np.rot90(PICTURES.numpy(), k, (2, 3)))
    out = augment(PICTURES, turn=(0, 90, 180, 270), generator=seeded())
    for k in range(4):
        assert within_four_errors(equal(out, PICTURES.rot90(k, (-2, -1))).double().mean().item(), 0.25)
    with pytest.raises(ValueError, match="square"):
        augment(torch.zeros(1, 1, 4, 6), turn=(90,))


def test_other_turns_are_scipys():
    smooth = torch.from_numpy(
        scipy.ndimage.gaussian_filter(np.random.default_rng(0).random((1, 1, 32, 32)), (0, 0, 3, 3))
    )
    inside = np.hypot(*np.mgrid[-15.5:16, -15.5:16]) < 13
    for angle in (20, -37.5, 100):
        ours = augment(smooth.float(), turn=(angle,), fill=0)[0, 0].numpy()
        theirs = scipy.ndimage.rotate(smooth[0, 0].numpy(), angle, reshape=False, order=1)
        np.testing.assert_allclose(ours[inside], theirs[inside], atol=1e-5)


def test_a_turn_up_to_15_degrees_there_and_back():
    bar = torch.zeros(300, 1, 33, 33)
    bar[:, :, 16, 8:25] = 1
    out = augment(bar, turn=15, fill=0, generator=seeded())
    x, y = torch.meshgrid(torch.arange(33) - 16.0, torch.arange(33) - 16.0, indexing="xy")
    weight = out[:, 0]
    slope = torch.rad2deg(torch.atan2(-(weight * x * y).sum((1, 2)), (weight * x * x).sum((1, 2))))
    assert slope.abs().max() < 15.5
    assert slope.std().item() == pytest.approx(30 / 12**0.5, rel=0.15)  # uniform on [-15, 15]


def test_the_same_seed_gives_the_same_pictures_and_types_stay():
    settings = {"flip": True, "shift": 2, "turn": 10, "probability": 0.7}
    one, two = (augment(PICTURES, generator=seeded(5), **settings) for _ in range(2))
    assert torch.equal(one, two)
    assert one.dtype == torch.uint8
    floats = augment(to_signed(PICTURES), generator=seeded(5), **settings)
    assert (from_signed(floats).int() - one.int()).abs().max() <= 1  # bytes and floats get the same changes


def test_gradients_flow_to_every_pixel_that_stays_in_the_picture():
    images = torch.rand(6, 3, 8, 8, requires_grad=True)
    augment(images, flip=True, turn=(0, 90, 180, 270), generator=seeded()).sum().backward()
    assert (images.grad == 1).all()
    images.grad = None
    augment(images, shift=2, turn=10, generator=seeded()).sum().backward()
    assert torch.isfinite(images.grad).all()
    assert images.grad.abs().sum() > 0


def places(height, width, dtype=torch.float64):
    """Pictures 5 x 7 and points inside and outside of them, on no pixel's edge (there a slope has no one value)."""
    rng = seeded(3)
    images = torch.randn(2, 3, 5, 7, generator=rng, dtype=dtype).requires_grad_()
    x = (torch.rand(2, height, width, generator=rng, dtype=dtype) * 12 - 3).requires_grad_()
    y = (torch.rand(2, height, width, generator=rng, dtype=dtype) * 10 - 3).requires_grad_()
    return images, x, y


def test_bilinear_and_its_slopes_are_grid_samples():
    images, x, y = places(6, 9)
    grid = torch.stack([(2 * x + 1) / 7 - 1, (2 * y + 1) / 5 - 1], dim=-1)
    theirs = torch.nn.functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    ours = augmentation.bilinear(images, x, y)
    torch.testing.assert_close(ours, theirs)
    weights = torch.randn(ours.shape, generator=seeded(4), dtype=torch.float64)
    for a, b in zip(
        *(torch.autograd.grad((out * weights).sum(), (images, x, y)) for out in (ours, theirs)), strict=True
    ):
        torch.testing.assert_close(a, b)


def test_bilinear_has_a_second_derivative():
    assert torch.autograd.gradgradcheck(augmentation.bilinear, places(2, 3))


def test_a_penalty_on_the_slope_goes_through_every_change():
    images = torch.rand(16, 1, 8, 8, generator=seeded(), dtype=torch.float64).requires_grad_()
    scale = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    changed = augment(images, flip=True, shift=1, turn=10, fill=0, generator=seeded())
    (slope,) = torch.autograd.grad((scale * changed**2).sum(), images, create_graph=True)
    (of_penalty,) = torch.autograd.grad(slope.square().sum(), scale)
    torch.testing.assert_close(of_penalty, 2 * slope.square().sum() / scale)  # the slope is proportional to the scale


def test_bad_requests_say_why():
    with pytest.raises(ValueError, match="probability"):
        augment(PICTURES, flip=True, probability=1.5)
    with pytest.raises(ValueError, match=r"\(n, c, h, w\)"):
        augment(PICTURES[0])
