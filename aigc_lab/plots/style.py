"""The course's own settings of matplotlib: what the reader set for their own figures doesn't reach into ours, nor ours into theirs."""

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl


@contextmanager
def course_style() -> Iterator[None]:
    """Draw with matplotlib's own defaults, whatever style, font or resolution the reader has chosen; then put theirs back.

    Titles on a dark style's black would be white, and our figures have a white ground; with `text.usetex` a machine without LaTeX draws
    nothing at all. Only the reader's fonts are asked for letters that DejaVu Sans doesn't have, Chinese ones for example.
    """
    with mpl.rc_context():
        theirs = _fonts_of_the_reader()
        mpl.rcdefaults()
        mpl.rcParams["font.family"] = ["DejaVu Sans", *theirs]
        yield


def _fonts_of_the_reader() -> list[str]:
    """The fonts that the reader has both chosen and installed."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    chosen = [name for family in mpl.rcParams["font.family"] for name in mpl.rcParams.get(f"font.{family}", [family])]
    usual = mpl.rcParamsDefault["font.sans-serif"]
    return list(dict.fromkeys(name for name in chosen if name in installed and name not in usual))
