"""Writes that are waiting share a transaction, and so one wait for the disk.

The first caller leads: it does every write that waits beside its own and commits them together; then the
next that waits leads. A caller who is alone goes straight through. The main thread, which Ctrl-C may stop
anywhere, has its writes done by another: who waits for them must not wait for nobody.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar, cast

import sqlalchemy as sa

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

_MOST = 200
"""Writes in one transaction: other processes wait for its end."""


class _Write(Generic[T]):
    """One caller's write, and what came of it."""

    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.leads = False
        self.result: T | None = None
        self.error: BaseException | None = None
        self._gate = threading.Lock()
        self._gate.acquire()

    def wait(self) -> None:
        """Wait until it is done, or it is this caller's turn to lead."""
        self._gate.acquire()

    def wake(self) -> None:
        self._gate.release()

    def answer(self) -> T:
        if self.error is not None:
            raise self.error
        return cast(T, self.result)


class GroupCommit:
    """One writer at a time in this process; whoever comes meanwhile joins the next transaction.

    Args:
        connect: a connection without a transaction; leaving it rolls back what was not committed.
        alone: called first in a transaction, with whether it is one caller's only.
        told: turns an error into the one that a caller gets; called for each caller.
    """

    def __init__(
        self,
        connect: Callable[[], AbstractContextManager[sa.Connection]],
        alone: Callable[[sa.Connection, bool], None],
        told: Callable[[BaseException], BaseException],
    ) -> None:
        self._connect, self._alone, self._told = connect, alone, told
        self.at_rest = threading.Lock()
        """Free between transactions: who forks holds it."""
        self._mutex = threading.Lock()
        self._waiting: deque[_Write[Any]] = deque()
        self._led = False

    def run(self, work: Work[T]) -> T:
        """Do a write and return its result once it is committed. An error of its own undoes it alone."""
        write = _Write(work)
        if threading.current_thread() is not threading.main_thread():
            self._take_part(write)
            return write.answer()
        helper = threading.Thread(target=self._take_part, args=(write,), name="soravid-journal")
        try:
            helper.start()
        except RuntimeError:  # the interpreter ends, and starts no more threads
            self._take_part(write)
        else:
            helper.join()
        return write.answer()

    def _take_part(self, write: _Write[Any]) -> None:
        """Come back when the write is done, whoever does it."""
        with self._mutex:
            self._waiting.append(write)
            write.leads, self._led = not self._led, True
        if not write.leads:
            write.wait()
        if write.leads:
            self._lead(write)

    def _lead(self, leader: _Write[Any]) -> None:
        with self._mutex:
            batch = [self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))]
        try:
            with self.at_rest, self._connect() as db, db.begin():
                self._alone(db, len(batch) == 1)
                if len(batch) == 1:
                    leader.result = leader.work(db)
                else:
                    self._do(db, batch)
        except BaseException as wrong:
            for write in batch:
                write.error = write.error or self._told(wrong)
        for write in batch:  # first, so that who comes back at once is in the next transaction
            if write is not leader:
                write.wake()
        with self._mutex:
            self._led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].wake()

    def _do(self, db: sa.Connection, batch: list[_Write[Any]]) -> None:
        """Do each write so that an error undoes it alone."""
        mark = ["SAVEPOINT of_one"]
        for write in batch:
            _tell(db, mark)
            try:
                write.result = write.work(db)
            except Exception as wrong:
                # Where the database has given up the whole transaction this fails, and so does the whole.
                _tell(db, ["ROLLBACK TO SAVEPOINT of_one"])
                write.error = self._told(wrong)
            mark = ["RELEASE SAVEPOINT of_one", "SAVEPOINT of_one"]


def _tell(db: sa.Connection, commands: list[str]) -> None:
    """Give the driver commands that have no result; PostgreSQL's takes them in one go."""
    if db.dialect.name == "postgresql":
        commands = ["; ".join(commands)]
    for command in commands:
        db.connection.cursor().execute(command)
