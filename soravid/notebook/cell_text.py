"""A ``%%video`` cell as text: the inverse of how IPython and ``options.parse`` read one."""

from __future__ import annotations

import shlex
from argparse import Action, BooleanOptionalAction, Namespace
from collections.abc import Iterator
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from soravid.notebook.options import PARSER

_NOT_WRITTEN = {"form", "help"}
"""Options that make nothing."""


def cell_text(args: Namespace, prompt: str) -> str:
    """The cell that gives ``args`` and ``as_read(prompt)`` when it is run.

    A line has no room for line breaks: one in an option's text becomes a space.
    """
    words = [word for action in PARSER._actions for word in _words(action, getattr(args, action.dest))]
    return f"{' '.join(['%%video', *words])}\n{prompt.strip()}"


def as_read(prompt: str) -> str:
    """A cell's text as the magic gets it: IPython strips pasted sessions' prompts and empties blank lines."""
    lines = f"%%video\n{prompt.strip()}".splitlines(keepends=True)
    cleaners: list[Any] = TransformerManager().cleanup_transforms
    for clean in cleaners:
        lines = clean(lines)
    return "".join(lines[1:]).strip()


def _words(action: Action, value: Any) -> Iterator[str]:
    """An option as it stands on the line; nothing where it says what holds anyway."""
    if value == action.default or action.dest in _NOT_WRITTEN:
        return
    if isinstance(action, BooleanOptionalAction):
        yield action.option_strings[0 if value else 1]
    elif action.nargs == 0:
        yield action.option_strings[0]
    elif not action.option_strings:
        yield _quoted(value)
    else:
        for each in value if isinstance(value, list) else [value]:
            text = _quoted(str(each))
            # What begins with a dash would be taken for the next option.
            dashed = f"{action.option_strings[-1]}={text}"
            yield dashed if str(each).startswith("-") else f"{action.option_strings[0]} {text}"


def _quoted(text: str) -> str:
    """A word as ``shlex`` reads it, after IPython has filled in ``{name}`` and ``$name`` on the line.

    Doubled braces are braces to IPython, and a quote behind a dollar ends the name that would follow it.
    """
    if text and text.splitlines() != [text]:
        text = " ".join(text.split())
    return shlex.quote(text).replace("$", "$''").replace("{", "{{").replace("}", "}}")
