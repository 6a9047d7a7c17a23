"""Things to play with: controls that redraw a picture."""

import html
from collections.abc import Callable
from typing import Any

from aigc_lab import display, runtime


def play(function: Callable[..., None], **controls: Any) -> None:
    """Show controls, and below them what `function` draws for their values.

    Where there is no widget front end (in a terminal, or while notebooks are built), the picture for the starting values is
    shown instead.

    Args:
        function: draws with `plots`; called with one keyword a control.
        controls: a tuple (low, high, step, start) is a slider of its numbers' type, a list is a choice that starts at its first
            entry, a bool a tick box, a str a line of text. A ready ipywidget is used as it is.

    Raises:
        TypeError: a control of another kind.
    """
    import ipywidgets

    made = {name: _control(name, value) for name, value in controls.items()}
    if runtime.building() or not display.in_notebook():
        function(**{name: control.value for name, control in made.items()})
        note = "Run this cell to get the controls: " + ", ".join(_words(name) for name in made)
        display.show(f'<div style="opacity:.7">▷ {html.escape(note)}.</div>', note)
        return
    output = ipywidgets.interactive_output(function, made)
    display.show_widget(ipywidgets.VBox([*made.values(), output]))


def _control(name: str, value: Any) -> Any:
    import ipywidgets

    shared = {"description": _words(name), "style": {"description_width": "initial"}}
    if isinstance(value, bool):
        return ipywidgets.Checkbox(value=value, **shared)
    if isinstance(value, str):
        return ipywidgets.Text(value=value, continuous_update=False, **shared)
    if isinstance(value, list):
        return ipywidgets.Dropdown(options=value, value=value[0], **shared)
    if isinstance(value, tuple) and len(value) == 4:
        low, high, step, start = value
        slider = ipywidgets.IntSlider if all(isinstance(v, int) for v in value) else ipywidgets.FloatSlider
        return slider(
            min=low, max=high, step=step, value=start, continuous_update=False, layout={"width": "420px"}, **shared
        )
    if isinstance(value, ipywidgets.Widget):
        return value
    raise TypeError(
        f"control {name!r} must be (low, high, step, start), a list, a bool, a str or a widget, got {value!r}"
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
