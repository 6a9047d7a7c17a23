import math

import numpy as np
import pytest
import scipy.signal
import torch

from aigc_lab.preprocessing import audio


def test_stft_is_scipys_and_torchs():
    wave = torch.randn(4000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ours = audio.stft(wave, 256, 64)
    window = scipy.signal.get_window("hann", 256)
    _, _, theirs = scipy.signal.stft(
        wave.numpy(), window="hann", nperseg=256, noverlap=192, boundary=None, padded=False
    )
    np.testing.assert_allclose(ours.numpy(), theirs * window.sum(), atol=1e-10)  # scipy divides by the window's sum
    torchs = torch.stft(wave, 256, 64, window=torch.from_numpy(window), center=False, return_complex=True)
    torch.testing.assert_close(ours, torchs)


@pytest.mark.parametrize("bin_", [5, 32, 200])
def test_a_tone_on_a_bin_peaks_there_with_half_the_windows_sum(bin_):
    spectrum = audio.stft(audio.tone(bin_ * audio.RATE / 512)).abs()
    assert (spectrum.argmax(dim=0) == bin_).all()
    torch.testing.assert_close(spectrum[bin_], torch.full_like(spectrum[bin_], 512 / 4))  # Hann sums to N/2


def test_parseval():
    wave = torch.randn(512, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    power = audio.stft(wave, 512, 128)[:, 0].abs() ** 2
    both_sides = power[0] + 2 * power[1:-1].sum() + power[-1]
    assert (both_sides / 512).item() == pytest.approx(((wave * audio.hann(512)) ** 2).sum().item())


def test_a_chirp_is_where_it_should_be():
    frames = audio.stft(audio.chirp(500, 4500, 2.0)).abs().argmax(dim=0)
    centre = (torch.arange(len(frames)) * 128 + 256) / audio.RATE
    expected = (500 + 2000 * centre) * 512 / audio.RATE
    assert (frames - expected).abs().max() <= 1


def test_mel_values_of_the_htk_formula():
    # HTK's book gives the same formula with the natural logarithm as 1127 ln(1 + f/700), the factor rounded.
    assert audio.hz_to_mel(1000.0).item() == pytest.approx(999.99, abs=0.005)
    assert audio.hz_to_mel(60.0).item() == pytest.approx(1127 * math.log(1 + 60 / 700), rel=1e-4)
    assert audio.hz_to_mel(0.0).item() == 0
    hertz = torch.linspace(0, 8000, 100, dtype=torch.float64)
    torch.testing.assert_close(audio.mel_to_hz(audio.hz_to_mel(hertz)), hertz)


def test_triangles_by_interpolation():
    filters = audio.mel_filters(bands=20)
    f = np.arange(257) * audio.RATE / 512
    edges = 700 * (np.exp(np.linspace(0, np.log1p(8000 / 700), 22)) - 1)
    for band in range(20):
        expected = np.interp(f, edges[band : band + 3], [0, 1, 0])
        np.testing.assert_allclose(filters[band], expected, atol=1e-9)


def test_neighbouring_triangles_add_up_to_one():
    filters, f = audio.mel_filters(bands=40), torch.arange(257) * audio.RATE / 512
    edges = audio.mel_to_hz(torch.linspace(0, audio.hz_to_mel(8000.0).item(), 42))
    inner = (f >= edges[1]) & (f <= edges[-2])
    torch.testing.assert_close(filters.sum(dim=0)[inner], torch.ones(int(inner.sum()), dtype=torch.float64))


def test_empty_bands_are_refused():
    with pytest.raises(ValueError, match="hold no bin"):
        audio.mel_filters(bands=80, window=256)
    with pytest.raises(ValueError, match="a frame needs 512"):
        audio.stft(torch.zeros(100))


def test_log_mel_counts_power():
    wave = audio.vowel(audio.VOWELS["ah"])
    louder = audio.log_mel(10**0.5 * wave, floor=1e-12) - audio.log_mel(wave, floor=1e-12)
    torch.testing.assert_close(louder, torch.ones_like(louder))  # ten times the power is 1 in log10


@pytest.mark.parametrize("name", ["ee", "ah", "oo"])
def test_a_vowel_is_loud_at_its_formants_and_silent_between_overtones(name):
    first, second, _ = audio.VOWELS[name]
    wave = audio.vowel(audio.VOWELS[name], pitch=100, seconds=1.0)
    spectrum = torch.fft.rfft(wave).abs()  # one bin a hertz
    overtones = spectrum[100::100]
    assert spectrum.sum() - overtones.sum() < 1e-6 * spectrum.sum()
    near_second = overtones[round(second / 100) - 1]
    assert near_second > 2 * overtones[round((first + second) / 200) - 1] or second < 1000 or name == "ah"
    assert (overtones.argmax() + 1) * 100 == pytest.approx(first, abs=100)
    assert (wave**2).mean().item() == pytest.approx(0.01)
