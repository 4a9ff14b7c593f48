"""Faults of observing itself: each kind is told once, through ``logging``, and harms nothing else."""

from __future__ import annotations

import logging
import threading
import traceback

from soravid.observe.redact import redact

_log = logging.getLogger("soravid.observe")
_lock = threading.Lock()
_told: set[str] = set()


def tell_once(what: str, wrong: BaseException | None = None, *, trace: bool = False) -> None:
    """Warn of something that went wrong, the first time that it does; secrets are taken out."""
    kind = f"{what} {type(wrong).__name__}"
    with _lock:
        if kind in _told:
            return
        _told.add(kind)
    text = what if wrong is None else f"{what} ({type(wrong).__name__}: {wrong})"
    if trace and wrong is not None:
        text += "\n" + "".join(traceback.format_exception(wrong)).rstrip()
    _log.warning("%s", redact(text))
