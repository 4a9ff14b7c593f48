"""An output of a cell that can be changed later, and what front-end it is for."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from soravid import cards

Bundle = dict[str, Any]


class Output:
    """One output of the cell that makes it, which can be replaced later and from any thread.

    What it sends carries the message header of that cell, so that it lands there whichever cell runs by then.
    """

    def __init__(self, bundle: Bundle, metadata: dict[str, Any] | None = None) -> None:
        self._context = contextvars.copy_context()
        self._handle: Any = display(bundle, metadata=metadata, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def replace(self, bundle: Bundle, metadata: dict[str, Any] | None = None) -> None:
        """Show something else in its place."""
        self.run(self._handle.update, bundle, metadata=metadata, raw=True)

    def run(self, function: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Call a function as if the cell ran that made the output."""
        # ipykernel keeps the header of the running cell in a context variable: go back to ours.
        # A copy, because one context cannot be entered twice at a time.
        self._context.copy().run(function, *args, **kwargs)


def view_of(widget: Any) -> tuple[Bundle, dict[str, Any]]:
    """What a front-end needs to show a widget, as anywidget says it; nothing where there is none."""
    made = {} if widget is None else widget._repr_mimebundle_()
    return made if isinstance(made, tuple) else (made, {})


def show_notice(title: str, body: str = "", tone: str = "info") -> None:
    """A small card in the running cell; ``tone`` is as for ``cards.notice_html``."""
    html = cards.notice_html(title, body, tone)
    display({"text/html": html, "text/plain": title}, raw=True)  # type: ignore[no-untyped-call]


def rich_front() -> bool:
    """Whether this is a kernel, whose front-end can show HTML, and not IPython in a terminal."""
    return hasattr(get_ipython(), "kernel")


def cell_id() -> str | None:
    """The running cell's id, where the front-end tells it."""
    kernel = getattr(get_ipython(), "kernel", None)
    parent = kernel.get_parent() if kernel is not None else {}
    found: str | None = parent.get("metadata", {}).get("cellId")
    return found


def execution_count() -> int:
    """The number in the running cell's brackets."""
    return int(getattr(get_ipython(), "execution_count", 0))
