"""From a waveform to a log-mel spectrogram, and sounds to try it on.

A *waveform* is air pressure at equal steps of time. Cut it into overlapping frames, take each frame's Fourier transform, keep the power:
a *spectrogram*. Sum its bins in bands that are equally wide for the ear, take the logarithm: a *log-mel spectrogram*, the form in
which most speech models read and write sound.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

RATE = 16_000  # samples a second

# Formants, the resonances of the throat and mouth: (hertz, ...), rounded from Peterson & Barney, 1952, men.
VOWELS = {"ee": (270.0, 2290.0, 3010.0), "ah": (730.0, 1090.0, 2440.0), "oo": (300.0, 870.0, 2240.0)}


# Sounds ---------------------------------------------------------------------------------------------------------------


def times(seconds: float, rate: int = RATE) -> Tensor:
    """When each sample is taken, in seconds."""
    return torch.arange(round(seconds * rate), dtype=torch.float64) / rate


def tone(hertz: float, seconds: float = 1.0, *, phase: float = 0.0, rate: int = RATE) -> Tensor:
    """A pure tone of amplitude 1: cos(2 pi f t + phase)."""
    return torch.cos(2 * math.pi * hertz * times(seconds, rate) + phase)


def chirp(start: float, end: float, seconds: float = 1.0, *, rate: int = RATE) -> Tensor:
    """A tone that rises evenly from start to end (hertz). The phase is the integral of the frequency."""
    t = times(seconds, rate)
    return torch.cos(2 * math.pi * (start * t + (end - start) * t**2 / (2 * seconds)))


def vowel(
    formants: Sequence[float],
    pitch: float = 120.0,
    seconds: float = 0.5,
    *,
    bandwidth: float = 80.0,
    rate: int = RATE,
    generator: torch.Generator | None = None,
) -> Tensor:
    """A sung vowel: the overtones of the voice, made louder near the formants.

    Args:
        formants: resonances in hertz; `VOWELS` has some.
        pitch: of the voice, hertz.
        bandwidth: of a resonance, hertz.
        generator: draws a phase for each overtone; without it all start at 0. The ear hardly hears the difference.

    Returns:
        Samples of mean power 0.01, whatever the phases, so that all vowels are equally loud and lie between -1 and 1.
    """
    overtones = torch.arange(1, int(rate / 2 / pitch) + 1, dtype=torch.float64)
    f = overtones * pitch
    loud = sum(1 / (1 + ((f - at) / (bandwidth / 2)) ** 2) ** 0.5 for at in formants) / overtones
    phase = torch.rand(len(f), generator=generator, dtype=torch.float64) * 2 * math.pi if generator else 0 * f
    wave = (loud[:, None] * torch.cos(2 * math.pi * f[:, None] * times(seconds, rate) + phase[:, None])).sum(dim=0)
    return 0.1 * wave / (wave**2).mean().sqrt()


# Spectrograms ---------------------------------------------------------------------------------------------------------


def hann(length: int) -> Tensor:
    """A window that fades in and out: sin^2(pi i / length). Shifted copies at hop length/4 or length/2 add up to a constant."""
    return torch.sin(math.pi * torch.arange(length, dtype=torch.float64) / length) ** 2


def stft(wave: Tensor, window: int = 512, hop: int = 128) -> Tensor:
    r"""Short-time Fourier transform: a spectrum for each frame.

    .. math:: X_{k,m} = \sum_{i=0}^{N-1} w_i \, x_{mH+i} \, e^{-2\pi j k i / N}

    Args:
        wave: samples, (length,), at least one window long. Samples at the end that fill no frame are dropped.
        window: N, samples in a frame.
        hop: H, samples from one frame to the next.

    Returns:
        Complex, (N/2 + 1 bins, frames). Bin k is at k * rate / N hertz.

    Raises:
        ValueError: the wave is shorter than a window.

    Source:
        Allen & Rabiner, "A unified approach to short-time Fourier analysis and synthesis", 1977.
    """
    if len(wave) < window:
        raise ValueError(f"the sound has {len(wave)} samples, a frame needs {window}")
    frames = wave.unfold(0, window, hop)  # (frames, window), overlapping
    return torch.fft.rfft(frames * hann(window).to(wave.dtype), dim=1).T


def hz_to_mel(hertz: Tensor | float) -> Tensor:
    r"""Pitch as the ear spaces it, in HTK's formula: :math:`2595 \log_{10}(1 + f / 700)`; 1,000 Hz is 999.99 mel.

    Source:
        O'Shaughnessy, "Speech communication", 1987; the scale is by Stevens, Volkmann, Newman, 1937. Other formulas are
        in use (Slaney's, librosa's default, is linear below 1,000 Hz), so compare only numbers from the same one.
    """
    return 2595 * torch.log10(1 + torch.as_tensor(hertz, dtype=torch.float64) / 700)


def mel_to_hz(mel: Tensor | float) -> Tensor:
    """The inverse of `hz_to_mel`."""
    return 700 * (10 ** (torch.as_tensor(mel, dtype=torch.float64) / 2595) - 1)


def mel_filters(
    bands: int = 40, window: int = 512, rate: int = RATE, low: float = 0.0, high: float | None = None
) -> Tensor:
    """Triangles of height 1, equally wide in mel, each from its left neighbour's peak to its right neighbour's.

    Args:
        bands: how many.
        window: samples in a frame of the spectrogram.
        rate: samples a second.
        low, high: edges in hertz; high is half the rate by default.

    Returns:
        (bands, window/2 + 1): multiply a power spectrogram from the left.

    Raises:
        ValueError: a triangle is so narrow that no bin falls into it. Take fewer bands, or a longer window.
    """
    edges = mel_to_hz(
        torch.linspace(hz_to_mel(low).item(), hz_to_mel(high or rate / 2).item(), bands + 2, dtype=torch.float64)
    )
    left, top, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    f = torch.arange(window // 2 + 1, dtype=torch.float64) * rate / window
    triangles = torch.minimum((f - left) / (top - left), (right - f) / (right - top)).clamp(min=0)
    empty = (triangles.sum(dim=1) == 0).sum().item()
    if empty:
        raise ValueError(
            f"{empty} of {bands} bands hold no bin: the bins are {rate / window:.1f} Hz apart, too far for the lowest "
            "bands; take fewer bands or a longer window"
        )
    return triangles


def log_mel(
    wave: Tensor, bands: int = 40, window: int = 512, hop: int = 128, rate: int = RATE, floor: float = 1e-5
) -> Tensor:
    """Log-mel spectrogram: log10 of the power in each band, (bands, frames).

    Args:
        floor: lower powers count as this one, so that silence has a finite logarithm; 1e-5 is far below what you hear
            of a sound of amplitude 1.
    """
    power = stft(wave, window, hop).abs() ** 2
    return (mel_filters(bands, window, rate).to(power.dtype) @ power).clamp(min=floor).log10()
