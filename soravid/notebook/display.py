"""Showing a job in a notebook: live while it runs, durable afterwards, in the same output."""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from soravid.cards import running_html, running_text
from soravid.views import JobView

_STILL_EVERY = 1.0  # seconds between two still cards: each one is sent whole
_WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


class LiveOutput:
    """One output of the cell that makes it: a live status first, then what ``finish`` leaves there for good.

    Args:
        view: the job as it is now; it is shown at once.
        on_cancel: called when the person presses Cancel; None shows no button.

    All methods may be called from any thread: what they send carries the message header of the cell that
    made the output, so that it lands there whichever cell runs by then.
    """

    def __init__(self, view: JobView, on_cancel: Callable[[], object] | None = None) -> None:
        self._context = contextvars.copy_context()
        self._lock = threading.RLock()
        self._finished = False
        self._still_at = time.monotonic()
        self._widget = _status_widget(view, on_cancel)
        bundle: dict[str, Any] = {"text/plain": running_text(view), "text/html": running_html(view)}
        if self._widget is not None:
            bundle[_WIDGET_MIME] = {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self._widget.model_id,
            }
        self._handle: Any = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    @property
    def finished(self) -> bool:
        """Whether the output has its lasting content."""
        return self._finished

    def update(self, view: JobView) -> None:
        """Show the job as it is now. Ignored after ``finish``."""
        with self._lock:
            if self._finished:
                return
            if self._widget is not None:
                self._run(self._widget.show, view)
            elif time.monotonic() - self._still_at >= _STILL_EVERY:
                self._still_at = time.monotonic()
                self._replace(running_html(view), running_text(view))

    def drop(self) -> None:
        """Stop feeding it: its cell has been run again and shows something else."""
        with self._lock:
            self._finished = True
            if self._widget is not None:
                self._run(self._widget.close)

    def refuse_cancel(self, reason: str) -> None:
        """Take the Cancel button back, because the job cannot be cancelled, and say why."""
        with self._lock:
            if not self._finished and self._widget is not None:
                self._run(self._widget.refuse_cancel, reason)

    def finish(self, html: str, text: str) -> None:
        """Replace the output by HTML that needs no kernel. Only the first call counts."""
        with self._lock:
            if self._finished:
                return
            self._finished = True
            self._replace(html, text)
            if self._widget is not None:
                self._run(self._widget.finish, html, text)

    def _replace(self, html: str, text: str) -> None:
        self._run(self._handle.update, {"text/html": html, "text/plain": text}, raw=True)

    def _run(self, function: Callable[..., object], *args: object, **kwargs: object) -> None:
        # ipykernel keeps the header of the running cell in a context variable: go back to ours.
        # A copy, because one context cannot be entered twice at a time.
        self._context.copy().run(function, *args, **kwargs)


def _status_widget(view: JobView, on_cancel: Callable[[], object] | None) -> Any:
    """A live status, or None where the front-end or the installation has no widgets."""
    if not rich_front():
        return None
    try:
        from soravid.notebook.widgets.status import StatusWidget
    except ImportError:
        return None
    return StatusWidget(view, on_cancel)


def rich_front() -> bool:
    """Whether this is a kernel, whose front-end can show HTML, and not IPython in a terminal."""
    return hasattr(get_ipython(), "kernel")


def cell_id() -> str | None:
    """The running cell's id, where the front-end tells it."""
    kernel = getattr(get_ipython(), "kernel", None)
    parent = kernel.get_parent() if kernel is not None else {}
    found: str | None = parent.get("metadata", {}).get("cellId")
    return found


def in_colab() -> bool:
    """Whether this is Google Colab, whose outputs cannot reach files beside the notebook."""
    return "google.colab" in sys.modules
