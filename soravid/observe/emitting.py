"""From ``emit`` to the file and the subscribers: one queue, one thread."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from soravid import settings
from soravid.observe import spans
from soravid.observe.events import DROPPABLE, Event, EventName, Job, about, to_line
from soravid.observe.faults import tell_once
from soravid.observe.files import LogFiles
from soravid.observe.hashing import hashed, salt_of
from soravid.observe.options import LogOptions, log_options
from soravid.observe.outbox import Outbox
from soravid.observe.redact import redact

LIMIT = 10_000
"""Events that may wait. From there on those of ``DROPPABLE`` make room; the others are never dropped."""
_PATIENCE = 5.0
"""Seconds that the end of the interpreter waits for the last events."""

Receive = Callable[[Event], object]
Wait = Callable[[float], bool]


@dataclass(frozen=True, slots=True)
class _Emitted:
    event: Callable[[], Event]
    """Makes it, on the log's thread."""
    home: Path
    caller: Any
    """The OpenTelemetry span in which it happened, if there is one."""


_files: dict[Path, LogFiles] = {}
_subscribers: dict[Receive, Wait | None] = {}
_lost = 0
_leaving = False


def emit(event: Event, home: Path | None = None) -> None:
    """Hand an event over: to the home's log, the subscribers and OpenTelemetry. Never raises, never waits.

    It is redacted before anything else sees it. ``home`` is ``SORAVID_HOME`` where it is not given.
    """
    with _quietly():
        _put(event.name, lambda: event, home)


def tell(name: EventName, job: Job, home: Path | None = None, **more: Any) -> None:
    """As ``emit``, of a job as it stands now; ``more`` are fields of ``Event``.

    The event is made on the log's thread, since somebody waits for whoever tells: ``job`` must not change.
    """
    with _quietly():
        _put(name, partial(about, name, job, time.time(), **more), home)


def _put(name: EventName, event: Callable[[], Event], home: Path | None) -> None:
    emitted = _Emitted(event, home or _home(os.environ.get("SORAVID_HOME")), spans.caller())
    _outbox.put(emitted, droppable=name in DROPPABLE)
    if _leaving:
        flush(_PATIENCE / 2)  # nobody comes by later


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        yield
    except Exception as wrong:
        tell_once("An event could not be taken.", wrong)


def heard() -> bool:
    """Whether anybody wants to know: the log, a subscriber, or OpenTelemetry. Where nobody does, be quick."""
    mode = os.environ.get("SORAVID_LOG", "").strip().lower()
    return mode != "off" or bool(_subscribers) or "opentelemetry" in sys.modules


@cache
def _home(_: str | None) -> Path:
    """``settings.home()``, which takes longer than all the rest of ``emit``."""
    return settings.home().absolute()


def flush(timeout: float = _PATIENCE) -> bool:
    """Wait until what was emitted before is written and has reached the subscribers.

    False where that took more than ``timeout`` seconds, or this is the thread that would have to do it.
    """
    end = time.monotonic() + timeout
    reached = _outbox.flush(timeout)
    for wait in list(_subscribers.values()):
        if wait is not None:
            reached = wait(max(0.0, end - time.monotonic())) and reached
    return reached


def subscribe(receive: Receive, wait: Wait | None = None) -> None:
    """Have ``receive`` called with every event, redacted, in order, on the log's thread: it must be quick.

    ``wait(seconds)`` is what ``flush`` calls where ``receive`` hands on to somebody else; it says whether
    all is done.
    """
    _subscribers[receive] = wait


def unsubscribe(receive: Receive) -> None:
    """End a subscription; nothing happens where there is none."""
    _subscribers.pop(receive, None)


def lost() -> int:
    """How many events of this process could not be kept: dropped while waiting, or not to be written."""
    return _outbox.dropped + _lost


def _deliver(batch: list[_Emitted]) -> None:
    options = log_options()
    lines: dict[Path, list[bytes]] = {}
    for each in batch:
        time.sleep(0)  # lets a thread go on that somebody waits for: this one nobody does
        try:
            values = redact(each.event().as_dict())
            clean = Event(**values)
            event = spans.traced(clean, each.caller, each.home)
            if options.mode != "off":
                known = values if event is clean else event.as_dict()
                lines.setdefault(each.home, []).append(_line(known, each.home, options))
        except Exception as wrong:
            _lose(1, "An event could not be written.", wrong)
            continue
        for receive in list(_subscribers):
            try:
                receive(event)
            except Exception as wrong:
                tell_once(f"A subscriber of soravid.observe failed: {receive!r}.", wrong)
    for home, written in lines.items():
        _write(home, written, options)


def _line(values: dict[str, Any], home: Path, options: LogOptions) -> bytes:
    return to_line(hashed(values, salt_of(home)) if options.mode == "hashed" else values)


def _write(home: Path, lines: list[bytes], options: LogOptions) -> None:
    try:
        files = _files.setdefault(home, LogFiles(home))
        files.append(lines, most_bytes=options.most_bytes, days=options.days)
    except Exception as wrong:
        _lose(len(lines), f"The log in {home} cannot be written. Jobs go on without it.", wrong)


def _lose(count: int, what: str, wrong: Exception) -> None:
    global _lost
    _lost += count
    tell_once(what, wrong)


def _faulty(wrong: Exception) -> None:
    tell_once("Events could not be delivered.", wrong)


_outbox: Outbox[_Emitted] = Outbox(_deliver, "soravid-log", LIMIT, _faulty)


def _leave() -> None:
    global _leaving
    # The loop thread may end later than this: what it still emits is written at once.
    _leaving = True
    flush()


atexit.register(_leave)
if hasattr(os, "register_at_fork"):
    # A child appends to the same files with handles of its own.
    os.register_at_fork(after_in_child=_files.clear)
