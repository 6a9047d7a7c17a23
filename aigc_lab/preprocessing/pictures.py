"""Pictures of text and sound as a model gets them: tokens, each on its own colour, and a spectrum on two scales of pitch."""

import html
from collections.abc import Sequence

from torch import Tensor

from aigc_lab import display, plots
from aigc_lab.preprocessing import bpe
from aigc_lab.preprocessing.bpe import Pair

_TINTS = ["#CCE3F5", "#F9DCC4", "#C9EBDD", "#F2DCE9", "#FBEBC4"]  # light relatives of the colours of `plots`


def tokens(text: str, merges: Sequence[Pair]) -> None:
    """Show where byte-pair encoding cuts a text. A space is drawn as ·, a token that is part of a character as its bytes."""
    pieces = bpe.vocabulary(merges)
    words = [_readable(pieces[token]) for token in bpe.encode(text, merges)]
    spans = "".join(
        f'<span style="background:{_TINTS[i % len(_TINTS)]};color:#000;padding:2px 1px;border-radius:3px">{html.escape(word)}</span>'
        for i, word in enumerate(words)
    )
    count = f"{len(text)} characters, {len(words)} tokens, with {len(merges)} merges"
    markup = f'<div style="font-family:monospace;line-height:2">{spans}</div><div style="opacity:.7">{count}</div>'
    display.show(markup, f"{'|'.join(words)}\n{count}")


def _readable(piece: bytes) -> str:
    try:
        return piece.decode().replace(" ", "·").replace("\n", "⏎")
    except UnicodeDecodeError:
        return "".join(f"⟨{b:02X}⟩" for b in piece)


def hertz_and_mel(spectrum: Tensor, log_mel: Tensor, seconds: float) -> None:
    """Draw the spectrogram of three vowels and a rising tone beside their log-mel spectrogram.

    Args:
        spectrum: log power, (bins, frames). log_mel: (bands, frames). seconds: how long the sound is.
    """
    with plots.figure(
        title="The same two and a half seconds, on a scale of hertz and on the ear's",
        alt="Left: formants crowd at the bottom, the rising tone is a straight line. "
        "Right: the vowels fill the picture, the tone is a bent line.",
        size=(8.5, 3.2),
        columns=2,
    ) as axes:
        for ax, picture, name in zip(axes, (spectrum, log_mel), ("bin (0 to 8,000 Hz)", "mel band"), strict=True):
            extent = (0, seconds, 0, len(picture))
            ax.imshow(picture, origin="lower", aspect="auto", cmap="cividis", extent=extent)
            ax.set(xlabel="seconds", ylabel=name)
            ax.grid(False)
