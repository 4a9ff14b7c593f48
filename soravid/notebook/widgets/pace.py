"""How often live widgets speak: each one at most five times a second, all together at most twenty times."""

from __future__ import annotations

import bisect
import threading
import time
from collections.abc import Callable
from contextvars import copy_context

from soravid import loop

OWN_GAP = 0.21
"""Seconds between two messages of one widget: five in any one second, never six."""
GAP = 0.057
"""Seconds between two messages of any: eighteen in any second, and room for those that come late."""

_lock = threading.Lock()
_booked: list[float] = []


def soon(send: Callable[[], object], earliest: float = 0.0, messages: int = 1) -> None:
    """Call ``send`` when there is room for what it sends: at once, or a little later on the loop thread.

    Args:
        send: sends so many ``messages``; it keeps the header of the cell that runs now.
        earliest: not before this moment of ``time.monotonic``.
        messages: how many it sends.
    """
    wait = _book(max(earliest, time.monotonic()), messages) - time.monotonic()
    if wait <= 0:
        send()
        return
    run, its_loop = copy_context().run, loop.loop()
    its_loop.call_soon_threadsafe(lambda: its_loop.call_later(wait, run, send))


def _book(at: float, messages: int) -> float:
    """Take the first moment from ``at`` on that has room on both sides."""
    length = GAP * messages
    with _lock:
        del _booked[: bisect.bisect_left(_booked, time.monotonic() - GAP)]
        for taken in _booked:
            if taken >= at + length:
                break
            at = max(at, taken + GAP)
        for k in range(messages):
            bisect.insort(_booked, at + k * GAP)
        return at
