"""A widget that lasts: live while its kernel is there, HTML in the saved notebook, in the same output."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from IPython.display import display

from soravid import cells, settings
from soravid.card_parts import NO_MATHS
from soravid.media.links import must_embed
from soravid.notebook.display import Bundle, Output, rich_front, view_of

if TYPE_CHECKING:
    from soravid.notebook.lots import Lot
    from soravid.notebook.widgets.page import PageWidget

_OPENING = 1.0
"""Seconds that a page is given to open a widget."""
_open: dict[tuple[str, str], list[LastingOutput]] = {}
"""What the newest run of each cell shows."""


class LastingOutput:
    """One output of the running cell: a widget, and what a saved notebook has in its place.

    A page that can (JupyterLab, Notebook) is given the HTML alone, and shows the widget in its place while
    the kernel lives: a widget whose kernel is gone would be an error there. Any other front-end is given
    both. All methods may be called from any thread.

    Args:
        widget: what is shown.
        html: what lasts. text: the same in plain text.
    """

    def __init__(self, widget: Any, html: str, text: str) -> None:
        self._widget = widget
        self._lock = threading.RLock()
        self._over = False
        self._born = time.monotonic()
        self._page = page()
        self._data = self._lasting(html, text)
        self._bundle = view_of(widget)
        self._close_elder()
        hosted = self._page is not None and self._page.hosts
        self._output = Output(*self._shown(hosted))
        if self._page is not None:
            self._page.keep(widget.model_id, self._data)
            if not hosted:
                self._page.when_hosted(self._replace)

    def update(self, html: str, text: str) -> None:
        """Change what lasts."""
        with self._lock:
            self._data = self._lasting(html, text)
            if self._page is not None:
                self._page.keep(self._widget.model_id, self._data)
            self._replace()

    def become(self, widget: Any, html: str, text: str) -> None:
        """Show another widget in the same place, and close this one."""
        with self._lock:
            before, self._widget = self._widget, widget
            self._data = self._lasting(html, text)
            self._bundle = view_of(widget)
            if self._page is not None:
                self._page.keep(before.model_id, self._data)  # a page that knows only that one
                self._page.keep(widget.model_id, self._data)
            self._replace()
        self._output.run(before.close)

    def end(self, html: str, text: str) -> None:
        """Put in its place, for good, what needs no widget any more, and close that."""
        with self._lock:
            self._over, self._data = True, {"text/html": html, "text/plain": text}
            if self._page is not None:
                self._page.keep(self._widget.model_id, self._data, last=True)
            self._replace()
        self._close_soon()

    def run(self, function: Callable[..., object], *args: object) -> None:
        """Call a function as if the cell ran that made the output."""
        self._output.run(function, *args)

    def close(self) -> None:
        """Give the widget up; what lasts stays."""
        if self._page is not None:
            self._page.keep(self._widget.model_id, None)
        self._output.run(self._widget.close)

    def _close_soon(self) -> None:
        """Close the widget, but let the page open it first: it would report one that has gone as broken."""
        left = self._born + _OPENING - time.monotonic()
        if left <= 0:
            self._output.run(self._widget.close)
            return
        timer = threading.Timer(left, self._output.run, [self._widget.close])
        timer.daemon = True
        timer.start()

    def _lasting(self, html: str, text: str) -> dict[str, str]:
        host = f'<div class="{NO_MATHS}" data-soravid="{self._widget.model_id}">{html}</div>'
        return {"text/html": host, "text/plain": text}

    def _shown(self, hosted: bool) -> tuple[Bundle, dict[str, Any]]:
        if hosted or self._over:
            return self._data, {}
        live, metadata = self._bundle
        return live | ({} if must_embed() else self._data), metadata  # there a file would not play

    def _replace(self) -> None:
        with self._lock:
            self._output.replace(*self._shown(self._page is not None and self._page.hosts))

    def _close_elder(self) -> None:
        """Close what an earlier run of this cell shows: its outputs are gone."""
        cell = cells.running()
        if not cell:
            return
        key = (cell[cells.CELL], cell[cells.COUNT])
        for other in [other for other in _open if other[0] == key[0] and other != key]:
            for elder in _open.pop(other):
                elder.close()
        _open.setdefault(key, []).append(self)


def show(lot: Lot, widget: Callable[[], Any]) -> None:
    """Show a lot: live in a notebook; where nobody looks, what came of it; else as text."""
    if not rich_front():
        print(repr(lot))  # noqa: T201
        return
    if settings.waits():
        lot.wait()
    else:
        try:
            widget()._ipython_display_()
            return
        except ModuleNotFoundError:  # without the widgets' packages it is shown as it is now
            pass
    display({"text/html": lot.html(), "text/plain": repr(lot)}, raw=True)  # type: ignore[no-untyped-call]


def page() -> PageWidget | None:
    """The page of this kernel, made when something is first shown; None where nobody looks."""
    if not rich_front() or settings.waits():
        return None
    try:
        return _page()
    except ImportError:
        return None


@cache
def _page() -> PageWidget:
    from soravid.notebook.widgets.page import PageWidget

    return PageWidget()
