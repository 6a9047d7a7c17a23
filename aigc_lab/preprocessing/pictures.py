"""Tokens of a text, each on its own colour."""

import html
from collections.abc import Sequence

from aigc_lab import display
from aigc_lab.preprocessing import bpe
from aigc_lab.preprocessing.bpe import Pair

_TINTS = ["#CCE3F5", "#F9DCC4", "#C9EBDD", "#F2DCE9", "#FBEBC4"]  # light relatives of the colours of `plots`


def draw(text: str, merges: Sequence[Pair]) -> None:
    """Show where byte-pair encoding cuts a text. A space is drawn as ·; a token that is part of a character as its bytes."""
    pieces = bpe.vocabulary(merges)
    tokens = bpe.encode(text, merges)
    words = [_readable(pieces[t]) for t in tokens]
    spans = "".join(
        f'<span style="background:{_TINTS[i % len(_TINTS)]};color:#000;padding:2px 1px;border-radius:3px">{html.escape(word)}</span>'
        for i, word in enumerate(words)
    )
    count = f"{len(text)} characters, {len(tokens)} tokens, with {len(merges)} merges"
    markup = f'<div style="font-family:monospace;line-height:2">{spans}</div><div style="opacity:.7">{count}</div>'
    display.show(markup, f"{'|'.join(words)}\n{count}")


def _readable(piece: bytes) -> str:
    try:
        return piece.decode().replace(" ", "·").replace("\n", "⏎")
    except UnicodeDecodeError:
        return "".join(f"⟨{b:02X}⟩" for b in piece)
