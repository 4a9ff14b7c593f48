"""Writes that are waiting share a transaction, and so one wait for the disk.

One thread writes for the whole process. Who is alone is served at once; who comes while a transaction is
written is in the next one, with all who came. A thread waits for its answer, a coroutine awaits it. One that
is alone on its loop writes there while the disk is quick: waking a thread and being woken takes as long.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

W = TypeVar("W")

_MOST = 200
"""Writes in one transaction: other processes wait for its end."""
_IDLE = 5.0
"""Seconds without work after which the thread ends; the next write starts another."""
_QUICK = 0.001
"""Seconds that a transaction may take on the loop, where nothing else goes on meanwhile."""
_NEWEST = 0.3
"""What the newest one weighs in the average."""


class _Waiting(Generic[W]):
    """One caller's write, and what came of it."""

    def __init__(self, write: W, future: asyncio.Future[Any] | None = None) -> None:
        self.write = write
        self.result: Any = None
        self.future = future
        self._gate = threading.Lock()
        self._gate.acquire()

    def wait(self) -> Any:
        """The result, once it is there.

        Raises:
            Exception: what came instead.
        """
        self._gate.acquire()
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result

    def answer(self) -> None:
        """Let a waiting thread go on."""
        self._gate.release()

    def resolve(self) -> None:
        """Let a waiting coroutine go on; called on its loop."""
        if self.future is None or self.future.done():
            return
        if isinstance(self.result, BaseException):
            self.future.set_exception(self.result)
        else:
            self.future.set_result(self.result)


class GroupCommit(Generic[W]):
    """A queue of writes, and the thread that does what waits in it.

    Args:
        commit: does writes in one transaction; returns what came of each, an error of its own included.
        joins: whether a write may share its transaction with others.
        at_once: commits one write if nobody has to be waited for, and returns what came of it; else None.
        rest: called when the thread ends, on it.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[W]], Sequence[Any]],
        joins: Callable[[W], bool],
        at_once: Callable[[W], tuple[Any] | None],
        rest: Callable[[], None],
    ) -> None:
        self._commit, self._joins, self._at_once, self._rest = commit, joins, at_once, rest
        self.at_rest = threading.Lock()
        """Free between transactions: who forks holds it."""
        self._mutex = threading.Lock()
        self._queue: SimpleQueue[_Waiting[W]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._usual = 0.0

    def run(self, write: W) -> Any:
        """Do a write and return its result once it is committed. An error of its own undoes it alone."""
        waiting = _Waiting(write)
        self._put(waiting)
        return waiting.wait()

    async def soon(self, write: W, *, alone: bool = False) -> Any:
        """As ``run``, awaited. Who stops waiting for it does not stop it.

        ``alone``: nobody has to go on meanwhile on this loop.
        """
        if alone and (done := self._here(write)):
            if isinstance(done[0], BaseException):
                raise done[0]
            return done[0]
        future = asyncio.get_running_loop().create_future()
        self._put(_Waiting(write, future))
        return await future

    def _here(self, write: W) -> tuple[Any] | None:
        """Do a write on this thread, if that is quick; else None, and nothing was done."""
        if self._usual > _QUICK or self.waiting or not self.at_rest.acquire(blocking=False):
            return None
        try:
            with self._timed():
                return self._at_once(write)
        finally:
            self.at_rest.release()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self._usual += _NEWEST * (time.perf_counter() - begin - self._usual)

    @property
    def waiting(self) -> int:
        """How many writes are not yet taken up."""
        return self._queue.qsize()

    def _put(self, waiting: _Waiting[W]) -> None:
        with self._mutex:
            self._queue.put(waiting)
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._work, name="soravid-journal", daemon=True)
            try:
                self._thread.start()
                return
            except RuntimeError:  # the interpreter ends, and starts no more threads
                self._thread = None
        while self._do(self._taken(0.0)):
            pass

    def _work(self) -> None:
        while True:
            if self._do(self._taken(_IDLE)):
                continue
            with self._mutex:
                if self._queue.empty():
                    self._thread = None
                    break
        self._rest()

    def _taken(self, patience: float) -> list[_Waiting[W]]:
        """What waits, or the first that comes within ``patience`` seconds."""
        batch: list[_Waiting[W]] = []
        try:
            while len(batch) < _MOST:
                batch.append(self._queue.get(timeout=0 if batch else patience))
        except Empty:
            pass
        return batch

    def _do(self, batch: Sequence[_Waiting[W]]) -> bool:
        """Do what was taken, in its order; whether that was anything."""
        together: list[_Waiting[W]] = []
        for waiting in batch:
            if self._joins(waiting.write):
                together.append(waiting)
                continue
            self._transaction(together)
            self._transaction([waiting])
            together = []
        self._transaction(together)
        return bool(batch)

    def _transaction(self, together: Sequence[_Waiting[W]]) -> None:
        if not together:
            return
        with self.at_rest:
            try:
                with self._timed():
                    results = self._commit([waiting.write for waiting in together])
            except BaseException as fault:  # whoever waits must hear of it
                results = [fault] * len(together)
        loops: defaultdict[asyncio.AbstractEventLoop, list[_Waiting[W]]] = defaultdict(list)
        for waiting, result in zip(together, results, strict=True):
            waiting.result = result
            if waiting.future is None:
                waiting.answer()
            else:
                loops[waiting.future.get_loop()].append(waiting)
        for loop, answered in loops.items():
            with suppress(RuntimeError):  # a loop that has been closed waits for nothing
                loop.call_soon_threadsafe(_resolve, answered)


def _resolve(answered: Sequence[_Waiting[Any]]) -> None:
    for waiting in answered:
        waiting.resolve()
