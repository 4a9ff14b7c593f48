"""Showing a job in a notebook: live while it runs, durable afterwards, in the same output."""

from __future__ import annotations

import base64
import contextvars
import mimetypes
import os
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from soravid.cards import running_html, running_text
from soravid.errors import InvalidRequest
from soravid.views import JobView

EMBED_LIMIT = 20_000_000
"""Bytes of the largest clip that is put into a notebook file, unless told otherwise."""

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


def in_colab() -> bool:
    """Whether this is Google Colab, whose outputs cannot reach files beside the notebook."""
    return "google.colab" in sys.modules


def notebook_dir() -> Path:
    """The folder that relative URLs in an output start from: the notebook's, else the working folder."""
    shell = get_ipython()
    in_vscode = shell.user_ns.get("__vsc_ipynb_file__") if shell is not None else None
    for name in (in_vscode, os.environ.get("JPY_SESSION_NAME")):
        # The working folder changes with os.chdir; the notebook's does not.
        if name and Path(name).is_absolute() and Path(name).is_file():
            return Path(name).parent
    return Path.cwd()


def notebook_src(path: Path) -> str | None:
    """The clip's URL relative to the notebook, percent-encoded.

    None when no notebook server would hand it out: it is not under the notebook's folder, or in a hidden one.
    The caller then embeds the clip.
    """
    base = notebook_dir()
    here = base / path
    for file, folder in ((Path(os.path.abspath(here)), base), (here.resolve(), base.resolve())):  # noqa: PTH100
        if file.is_relative_to(folder):
            parts = file.relative_to(folder).parts
            hidden = any(part.startswith(".") for part in parts)
            return None if hidden else urllib.parse.quote("/".join(parts))
    return None


def embed_src(path: Path, limit_bytes: int = EMBED_LIMIT) -> str:
    """The clip itself as a ``data:`` URL, about a third larger than the file.

    Raises:
        InvalidRequest: the file is larger than ``limit_bytes``.
    """
    size = path.stat().st_size
    if size > limit_bytes:
        raise InvalidRequest(
            f"The clip is {size / 1e6:.1f} MB; at most {limit_bytes / 1e6:.1f} MB are put into a notebook.",
            param="embed",
            hint=f"It is in {path.name}; leave --embed out to show it from there.",
        )
    kind = mimetypes.guess_type(path.name)[0] or "video/mp4"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
