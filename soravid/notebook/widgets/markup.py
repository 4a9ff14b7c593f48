"""HTML of a widget's still parts, for the page to put in its place: what somebody wrote is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from soravid.card_parts import KEYS

_KEYED = {"button", "input", "select", "summary", "textarea"}
_EMPTY = {"img", "input"}


def tag(kind: str, /, *inside: str, **attributes: object) -> str:
    """An element: ``tag("label", escape("Takes"), class_="name", aria_label="Takes")``.

    Args:
        kind: the element's name. A key pressed in one that takes the focus is no command to the notebook.
        inside: HTML.
        attributes: an underscore stands for a hyphen; True gives a bare name, None and False nothing.
    """
    given = [kind, *([KEYS] if kind in _KEYED else [])]
    for key, value in attributes.items():
        written = key.rstrip("_").replace("_", "-")
        if value is True:
            given.append(written)
        elif value is not None and value is not False:
            given.append(f'{written}="{escape(str(value))}"')
    opening = f"<{' '.join(given)}>"
    return opening if kind in _EMPTY else f"{opening}{''.join(inside)}</{kind}>"


def select(options: Iterable[Sequence[str]], value: str = "", **attributes: object) -> str:
    """A choice of options, value and words each."""
    chosen = [tag("option", escape(words), value=each, selected=each == value) for each, words in options]
    return tag("select", *chosen, **attributes)


def part(name: str, words: str = "", /, **attributes: object) -> str:
    """A part that the page writes into, known by its first class."""
    return tag("div", escape(words), class_=name, **attributes)


def button(name: str, words: str, **attributes: object) -> str:
    """A button that the page knows by its first class."""
    return tag("button", escape(words), type="button", class_=name, **attributes)


def row(*inside: str, more: str = "") -> str:
    """Parts side by side, ``more`` names its further classes."""
    return tag("div", *inside, class_=f"{more} row".lstrip())
