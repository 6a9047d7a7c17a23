"""Output for both places: HTML in a notebook, plain text in a terminal."""

import sys
from typing import Any


def in_notebook() -> bool:
    """True inside IPython, so that a display call has somewhere to go."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return get_ipython() is not None


def say(text: str) -> None:
    """Print a text. A character that the stream's encoding doesn't have, as © on a Chinese Windows, becomes "?" and not an error."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def show(markup: str, plain: str, handle: "Handle | None" = None) -> None:
    """Display HTML with its plain-text twin; outside a notebook, print the twin. With a handle, redraw in its place."""
    if not in_notebook():
        say(plain)
        return
    bundle = {"text/html": markup, "text/plain": plain}
    if handle is not None:
        handle.show(bundle)
        return
    from IPython.display import display

    display(bundle, raw=True)


def show_widget(widget: Any) -> None:
    """Display an ipywidget."""
    from IPython.display import display

    display(widget)


class Handle:
    """A place in a notebook's output whose content can be replaced."""

    def __init__(self) -> None:
        self._place: Any = None

    def show(self, bundle: dict[str, str]) -> None:
        """Display {MIME type: content}, in place of what this handle showed before."""
        from IPython.display import DisplayHandle

        if self._place is None:
            self._place = DisplayHandle()
            self._place.display(bundle, raw=True)
        else:
            self._place.update(bundle, raw=True)
