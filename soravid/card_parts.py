"""What the cards are built of: tokens, the frame, a title with its shape, a line of facts, the fold.

Every style is inline, because JupyterLab drops ``<style>`` from notebooks it does not trust. Of an inline
style it keeps there only plain values, so what gives a card its layout is plain, and what gives it its
theme (``var()``) may fall away and leave the notebook's own colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from soravid.card_text import SHAPES, TONES, one_line

# JupyterLab's tokens, then VS Code's, then the page's own light or dark.
TOKENS = {
    "t": "var(--jp-ui-font-color1,var(--vscode-foreground,light-dark(#1f1f1f,#ececec)))",
    "m": "var(--jp-ui-font-color2,var(--vscode-descriptionForeground,light-dark(#5f6368,#b4b4b4)))",
    "g": "var(--jp-layout-color1,var(--vscode-editor-background,light-dark(#fff,#151515)))",
    "l": "var(--jp-border-color2,var(--vscode-panel-border,light-dark(#dadada,#3c3c3c)))",
    "a": "var(--jp-content-link-color,var(--vscode-textLink-foreground,light-dark(#1565c0,#82b1ff)))",
    "f": "var(--jp-code-font-family,var(--vscode-editor-font-family,ui-monospace,monospace))",
}
COLOURS = {
    "busy": "var(--jp-brand-color1,light-dark(#1565c0,#64b5f6))",
    "info": "var(--jp-brand-color1,light-dark(#1565c0,#64b5f6))",
    "good": "var(--jp-success-color1,light-dark(#2e7d32,#81c784))",
    "warn": "var(--jp-warn-color1,light-dark(#b45309,#ffb74d))",
    "bad": "var(--jp-error-color1,light-dark(#c62828,#ef9a9a))",
    "quiet": "var(--m)",
}
"""Each tone's colour, for shapes and bars; words keep the colour of text."""

_ROOT = (
    ";".join(f"--{name}:{value}" for name, value in TOKENS.items())
    + ";box-sizing:border-box;margin:4px 0;width:100%;overflow:hidden;border-radius:8px;"
    # The plain line stays where the themed one is dropped.
    "border:1px solid rgba(128,128,128,0.4);border-color:var(--l);background:var(--g);color:var(--t);"
    "font:13px/20px var(--jp-ui-font-family,system-ui,sans-serif)"
)
MUTED = "color:var(--m);font-variant-numeric:tabular-nums"
CODE = "font-family:var(--f);font-size:12px;background:none;color:inherit;padding:0"
PADDED = "padding:12px 16px"

# Else a key pressed with the element focused is a command to the notebook: `b` would add a cell.
KEYS = 'data-lm-suppress-shortcuts="true"'

# Else "$0.00 (saved $0.80)" is typeset as a formula.
NO_MATHS = "tex2jax_ignore mathjax_ignore"

# JupyterLab floats the parts of a list of terms.
_PLAIN = "float:none;width:auto;margin:0;padding:0"


def card(inside: str, style: str = f"{PADDED};max-width:680px") -> str:
    """The frame of every card, around HTML."""
    return f'<div class="soravid-card {NO_MATHS}" style="{_ROOT};{style}">{inside}</div>'


def titled(shape: str, tone: str, words: str) -> str:
    """A shape in its tone's colour, and what it stands for."""
    return (
        f'<span style="font-weight:600;overflow-wrap:break-word"><span aria-hidden="true" '
        f'style="color:{COLOURS[tone]}">{shape}</span>&ensp;{escape(words)}</span>'
    )


def head(status: str, words: str, end: str, aside: str = "") -> str:
    """The first line of a card: a job's state at the left, money or time at the right."""
    state = titled(SHAPES.get(status, "●"), TONES.get(status, "busy"), words)
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:0 16px;justify-content:space-between">'
        f"<span>{state}&ensp;{escape(aside)}</span>"
        f'<span style="font-variant-numeric:tabular-nums;white-space:nowrap">{escape(end)}</span></div>'
    )


def fact_line(parts: Sequence[str]) -> str:
    """Facts with dots between them; a line breaks after a dot, and within a fact only where it must."""
    words = [escape(one_line(part)) for part in parts]
    dotted = [f"{word} ·" for word in words[:-1]] + words[-1:]
    spans = " ".join(f'<span style="display:inline-block;max-width:100%">{word}</span>' for word in dotted)
    return f'<div style="{MUTED};overflow-wrap:break-word">{spans}</div>'


def paragraph(html: str) -> str:
    """A text under a title."""
    return f'<div style="margin-top:4px;overflow-wrap:break-word">{html}</div>'


def fold(rows: Mapping[str, str], *, lift: bool = False) -> str:
    """More facts, folded away: label to text. ``lift`` puts its handle at the end of the line above."""
    listed = "".join(
        f'<dt style="{_PLAIN};font-weight:400;color:var(--m)">{escape(name)}</dt>'
        f'<dd dir="auto" style="{_PLAIN};min-width:0;white-space:pre-wrap;overflow-wrap:break-word;'
        f'{CODE};line-height:20px;user-select:{"all" if name in {"File", "Job"} else "text"}">'
        f"{escape(text)}</dd>"
        for name, text in rows.items()
    )
    return (
        f'<details style="margin-top:{"-20px" if lift else "0"}"><summary {KEYS} style="display:list-item;'
        f"width:max-content;margin:0 0 0 auto;text-align:right;list-style-position:inside;cursor:pointer;"
        f'color:var(--m)">Details</summary><dl style="display:grid;gap:4px 16px;margin:8px 0 0;'
        f'grid-template-columns:max-content 1fr">{listed}</dl></details>'
    )
