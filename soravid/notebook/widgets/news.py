"""What a widget has to tell, told soon and once, however often it is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from soravid import loop
from soravid.notebook.widgets import pace


class News:
    """Calls ``send``, which sends so many ``messages``, soon after ``ask``: five messages a second at most.

    Any thread may ask. What is asked for while it is under way is done once more: the last state always
    arrives. It is called off the loop thread, for it may read the journal.
    """

    def __init__(self, send: Callable[[], object], messages: int = 1) -> None:
        self._send, self._messages = send, messages
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._asked = False
        self._sent_at = 0.0

    def ask(self) -> None:
        """Have it sent."""
        with self._lock:
            if self._asked:
                return
            self._asked = True
            earliest = self._sent_at + pace.OWN_GAP * self._messages
        pace.soon(lambda: loop.submit(loop.in_thread(self._now)), earliest, self._messages)

    def _now(self) -> None:
        with self._turn:
            with self._lock:
                self._asked = False
                self._sent_at = time.monotonic()
            self._send()
