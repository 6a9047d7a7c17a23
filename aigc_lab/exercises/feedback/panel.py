"""A panel in a notebook: HTML that reads well on light and dark pages, and a plain-text twin."""

from __future__ import annotations

import html
import re
import sys
import textwrap
from dataclasses import dataclass, field

from aigc_lab.display import say

# A tone is said by word and sign too, never by colour alone. Colours of Okabe and Ito (2008), which colour-blind readers can tell apart.
TONES = {
    "right": ("#009e73", "✓"),
    "wrong": ("#d55e00", "✗"),
    "neutral": ("#56b4e9", "○"),
    "warning": ("#e69f00", "△"),
}
MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em"


@dataclass
class Panel:
    """What a panel says, from top to bottom. `code` between backticks is set in a fixed-width face."""

    tone: str
    title: str
    subject: str = ""
    parts: list[tuple] = field(default_factory=list)

    def text(self, text: str) -> Panel:
        """A paragraph."""
        return self._add("text", text)

    def rows(self, rows: list[tuple[str, str]]) -> Panel:
        """Labelled values, one below the other."""
        return self._add("rows", rows)

    def box(self, title: str, text: str) -> Panel:
        """A paragraph that stands out: the name of a mistake and its reason."""
        return self._add("box", title, text)

    def code(self, label: str, text: str) -> Panel:
        """Code or printed text, line by line."""
        return self._add("code", label, text)

    def hint(self, label: str, text: str, unfolded: bool = False) -> Panel:
        """A hint that unfolds."""
        return self._add("hint", label, text, unfolded)

    def note(self, text: str) -> Panel:
        """Small print."""
        return self._add("note", text) if text else self

    def _add(self, *part) -> Panel:
        self.parts.append(part)
        return self

    def show(self) -> None:
        """Display the panel in a notebook, or print it elsewhere."""
        if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
            from IPython.display import display

            display({"text/html": self.as_html(), "text/plain": self.as_text()}, raw=True)
        else:
            say(self.as_text())

    def as_html(self) -> str:
        """The panel as HTML with inline styles; text inherits the page's colour."""
        colour, sign = TONES[self.tone]
        subject = f"<span style='opacity:.7;{MONO}'>{html.escape(self.subject)}</span>" if self.subject else ""
        head = (
            f"<div style='display:flex;flex-wrap:wrap;align-items:baseline;gap:.1em .6em'>"
            f"<span aria-hidden='true' style='color:{colour};font-weight:700;font-size:1.15em'>{sign}</span>"
            f"<span style='font-weight:600;font-size:1.05em'>{_inline(self.title)}</span>{subject}</div>"
        )
        body = "".join(getattr(self, f"_html_{kind}")(*content) for kind, *content in self.parts)
        return (
            f"<div style='border-left:4px solid {colour};background:rgba(128,128,128,.09);border-radius:3px;padding:.75em 1.1em;"
            f'margin:.4em 0;max-width:54em;line-height:1.5;font-family:system-ui,-apple-system,"Segoe UI",sans-serif;font-size:14px\'>{head}{body}</div>'
        )

    def _html_text(self, text: str) -> str:
        return f"<div style='margin-top:.55em'>{_inline(text)}</div>"

    def _html_rows(self, rows: list[tuple[str, str]]) -> str:
        cells = "".join(
            f"<div style='opacity:.75;white-space:nowrap'>{html.escape(label)}</div>"
            f"<div style='{MONO};white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.55'>{html.escape(value)}</div>"
            for label, value in rows
        )
        return (
            "<div style='display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.25em 1.2em;align-items:baseline;"
            f"margin-top:.6em'>{cells}</div>"
        )

    def _html_box(self, title: str, text: str) -> str:
        colour = TONES["warning"][0]
        return (
            f"<div style='margin-top:.7em;padding:.5em .8em;border:1px solid {colour};border-radius:3px;background:rgba(230,159,0,.08)'>"
            f"<div style='font-weight:600'>{_inline(title)}</div><div>{_inline(text)}</div></div>"
        )

    def _html_code(self, label: str, text: str) -> str:
        head = f"<div style='opacity:.75'>{_inline(label)}</div>" if label else ""
        return (
            f"<div style='margin-top:.6em'>{head}"
            f"<div style='{MONO};white-space:pre-wrap;overflow-wrap:anywhere;padding:.35em .7em;margin-top:.2em;border-radius:3px;"
            f"background:rgba(128,128,128,.12)'>{html.escape(text)}</div></div>"
        )

    def _html_hint(self, label: str, text: str, unfolded: bool) -> str:
        return (
            f"<details style='margin-top:.4em'{' open' if unfolded else ''}><summary style='cursor:pointer'>{_inline(label)}</summary>"
            f"<div style='padding:.25em 0 .1em 1.1em'>{_inline(text)}</div></details>"
        )

    def _html_note(self, text: str) -> str:
        return f"<div style='margin-top:.6em;opacity:.75;font-size:.92em'>{_inline(text)}</div>"

    def as_text(self) -> str:
        """The same as plain text."""
        lines = [f"{TONES[self.tone][1]} {self.title}" + (f"  [{self.subject}]" if self.subject else "")]
        for kind, *content in self.parts:
            if kind in ("text", "note"):
                lines += _wrapped(content[0])
            elif kind == "rows":
                width = max(len(label) for label, _ in content[0])
                for label, value in content[0]:
                    lines += textwrap.indent(value, " " * (width + 4)).splitlines() or [""]
                    lines[-len(value.splitlines() or [""])] = (
                        f"  {label:<{width}}  {value.splitlines()[0] if value else ''}"
                    )
            elif kind == "box":
                lines += [*_wrapped(f"! {content[0]}"), *_wrapped(content[1], "    ")]
            elif kind == "code":
                lines += _wrapped(content[0]) if content[0] else []
                lines += textwrap.indent(content[1], "    | ", lambda line: True).splitlines()
            elif kind == "hint":
                lines += [*_wrapped(content[0]), *_wrapped(content[1], "    ")] if content[2] else []
        if any(kind == "hint" and not content[2] for kind, *content in self.parts):
            lines.append(f'  For hints: hint("{self.subject}")')  # plain text can't unfold
        return "\n".join(lines)


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, 96, initial_indent=indent, subsequent_indent=indent, break_long_words=False) or [""]


def _inline(text: str) -> str:
    """Escaped text, with `code` between backticks."""
    mono = f"<code style='{MONO};background:rgba(128,128,128,.14);padding:.05em .3em;border-radius:3px;color:inherit'>"
    return re.sub(r"`([^`]+)`", lambda found: f"{mono}{found[1]}</code>", html.escape(text))
