"""A bounded queue to a thread of its own, for whoever must not wait."""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_GATHER = 0.05
"""Seconds after some work in which more is only gathered: to wake a thread is what costs the caller most."""
_all: weakref.WeakSet[Outbox[Any]] = weakref.WeakSet()


class Outbox(Generic[T]):
    """Hands items in order to ``deliver``, on a daemon thread that the first item starts.

    Args:
        deliver: is given what has come since its last call; what it raises goes to ``fault``.
        name: of the thread.
        limit: items that may wait; from there on droppable ones make room, oldest first.
        fault: told what ``deliver`` raised.
        at_end: called on the thread when it ends after ``close``.
    """

    def __init__(
        self,
        deliver: Callable[[list[T]], None],
        name: str,
        limit: int,
        fault: Callable[[Exception], None],
        at_end: Callable[[], None] | None = None,
    ) -> None:
        self._deliver, self._name, self._limit, self._fault = deliver, name, limit, fault
        self._at_end = at_end
        self.dropped = 0
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._delivering = threading.Lock()
        self._wake = threading.Lock()  # held while there is nothing to do; a lock is the quickest signal
        self._wake.acquire()
        self._items: dict[int, T | threading.Event] = {}  # a threading.Event is a mark: set when reached
        self._droppable: deque[int] = deque()
        self._idle = True
        self._count = 0
        self._thread: threading.Thread | None = None
        self.closed = False

    def put(self, item: T, *, droppable: bool = False) -> None:
        """Take an item and return at once. One that is not droppable is never lost."""
        with self._lock:
            if len(self._items) >= self._limit and not self._make_room() and droppable:
                self.dropped += 1
                return
            self._add(item)
            if droppable:
                self._droppable.append(self._count)

    def flush(self, timeout: float) -> bool:
        """Wait until all that was put before is delivered; False after ``timeout`` seconds."""
        if threading.current_thread() is self._thread:
            return False  # delivering is what it would wait for
        mark = threading.Event()
        with self._lock:
            self._add(mark)
            self._signal()
        if self._thread is None:
            self._drain()
        return mark.wait(timeout)

    def close(self) -> None:
        """Deliver nothing more and end the thread; what waits is let go."""
        self.closed = True
        with self._lock:
            self._signal()

    @property
    def waiting(self) -> int:
        """Items that are not yet taken up."""
        return len(self._items)

    def _make_room(self) -> bool:
        if self._droppable:
            del self._items[self._droppable.popleft()]
            self.dropped += 1
            return True
        return False

    def _add(self, item: T | threading.Event) -> None:
        self._count += 1
        self._items[self._count] = item
        if self._thread is None:
            self._start()
        if self._idle:
            self._signal()

    def _signal(self) -> None:
        self._idle = False
        if self._wake.locked():
            self._wake.release()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return  # the interpreter ends and starts no more threads: ``flush`` delivers
        self._thread = thread

    def _run(self) -> None:
        while not self.closed:
            if not self._wake.acquire(timeout=_GATHER):
                with self._lock:
                    self._idle = not self._items
                if self._idle:
                    self._wake.acquire()
            self._drain()
        if self._at_end is not None:
            self._at_end()

    def _drain(self) -> None:
        with self._delivering:
            with self._lock:
                items, self._items = self._items, {}
                self._droppable.clear()
            batch: list[T] = []
            for item in items.values():
                if isinstance(item, threading.Event):
                    self._hand_over(batch)
                    batch = []
                    item.set()
                else:
                    batch.append(item)
            self._hand_over(batch)

    def _hand_over(self, batch: list[T]) -> None:
        if not batch or self.closed:
            return
        try:
            self._deliver(batch)
        except Exception as wrong:
            self._fault(wrong)


def _forget() -> None:
    """A forked child has the queues but not their threads; its parent delivers what was in them."""
    for outbox in list(_all):
        outbox._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
