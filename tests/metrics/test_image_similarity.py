"""Pictures beside a reference, against scikit-image and plain pictures."""

import math

import pytest
import skimage.metrics
import torch

from aigc_lab import metrics

PAIRED = [metrics.mse, metrics.psnr, metrics.ssim]


def pictures(n=4, c=1, h=28, w=20, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    references = torch.rand(n, c, h, w, generator=generator, dtype=torch.float64)
    noise = 0.3 * torch.randn(n, c, h, w, generator=generator, dtype=torch.float64)
    return (references + noise).clamp(0, 1).to(dtype), references.to(dtype)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(28, 20), (11, 11), (12, 40)])
def test_paired_metrics_are_scikit_images(channels, size):
    images, references = pictures(5, channels, *size)
    for i, (a, b) in enumerate(zip(images.numpy(), references.numpy(), strict=True)):
        expected = skimage.metrics.structural_similarity(
            a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1, channel_axis=0
        )
        assert metrics.ssim(images, references)[i].item() == pytest.approx(expected, abs=1e-12)
        expected = skimage.metrics.peak_signal_noise_ratio(b, a, data_range=1)
        assert metrics.psnr(images, references)[i].item() == pytest.approx(expected, rel=1e-12)
        expected = skimage.metrics.mean_squared_error(a, b)
        assert metrics.mse(images, references)[i].item() == pytest.approx(expected, rel=1e-12)


def test_paired_metrics_of_plain_pictures():
    grey = torch.full((2, 1, 16, 16), 0.5)
    lighter = torch.full((2, 1, 16, 16), 0.6)
    black, white = torch.zeros(1, 3, 12, 12), torch.ones(1, 3, 12, 12)
    torch.testing.assert_close(metrics.mse(lighter, grey), torch.full((2,), 0.01))
    torch.testing.assert_close(metrics.psnr(lighter, grey), torch.full((2,), 20.0))
    # Without variance only the brightness term is left.
    expected = (2 * 0.5 * 0.6 + 1e-4) / (0.25 + 0.36 + 1e-4)
    torch.testing.assert_close(metrics.ssim(lighter, grey), torch.full((2,), expected))
    assert metrics.mse(black, white).tolist() == [1.0]
    assert metrics.psnr(black, white).tolist() == [0.0]
    assert metrics.ssim(black, white).item() == pytest.approx(1e-4 / (1 + 1e-4))
    assert metrics.psnr(grey, grey).tolist() == [math.inf, math.inf]
    assert metrics.ssim(grey, grey).tolist() == [1.0, 1.0]


def test_the_border_has_no_window_of_its_own():
    images, references = pictures(1, 1, 21, 21)
    whole = metrics.ssim(images, references)
    windows = [
        metrics.ssim(images[..., i : i + 11, j : j + 11], references[..., i : i + 11, j : j + 11])
        for i in range(11)
        for j in range(11)
    ]
    torch.testing.assert_close(whole, torch.stack(windows).mean(dim=0))


def test_a_negative_is_structurally_the_reverse():
    _, references = pictures(3)
    assert (metrics.ssim(1 - references, references) < 0).all()


@pytest.mark.parametrize("metric", PAIRED)
def test_pictures_come_back_in_the_type_they_came_in(metric):
    exact = metric(*pictures())
    single = metric(*pictures(dtype=torch.float32))
    assert single.dtype == torch.float32
    assert single.shape == (4,)
    torch.testing.assert_close(single.double(), exact, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(metric(*reversed(pictures())), exact)


@pytest.mark.parametrize("metric", PAIRED)
def test_many_pictures_are_the_same_as_few(metric):
    images, references = pictures(300, 1, 12, 12)
    torch.testing.assert_close(metric(images, references)[290:], metric(images[290:], references[290:]))


def test_ssim_can_be_descended():
    images, references = pictures(1, 1, 12, 12)
    assert torch.autograd.gradcheck(lambda x: metrics.ssim(x, references), images.clamp(0.01, 0.99).requires_grad_())


@pytest.mark.parametrize("metric", PAIRED)
def test_pictures_that_can_not_be_compared(metric):
    images, references = pictures()
    with pytest.raises(TypeError, match="to_unit"):
        metric((images * 255).to(torch.uint8), references)
    with pytest.raises(ValueError, match=r"\(4, 1, 28, 20\) and \(3, 1, 28, 20\)"):
        metric(images, references[:3])
    with pytest.raises(ValueError, match=r"\(n, c, h, w\)"):
        metric(images[0], references[0])
    with pytest.raises(ValueError, match="n >= 1"):
        metric(images[:0], references[:0])
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        metric(images * 2 - 1, references)
    with pytest.raises(ValueError, match=r"references must lie in \[0, 1\]"):
        metric(images, references * torch.nan)


def test_ssim_says_that_pictures_are_too_small():
    with pytest.raises(ValueError, match="11×11"):
        metrics.ssim(*pictures(h=28, w=8))
