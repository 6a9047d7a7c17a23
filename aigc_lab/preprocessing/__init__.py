"""Preprocessing: pictures, texts and sounds as numbers, and back. Lesson 13. (Ranges of pixels are in `aigc_lab.transforms`.)

- `bpe`: byte-pair encoding
- `audio`: from a waveform to a log-mel spectrogram
- `features`: principal components, distances, nearest neighbours
- `pictures`: tokens of a text, coloured; a spectrum in hertz and in mel
"""

__all__ = ["audio", "bpe", "features", "pictures"]
