"""The journal's database: SQLite in a file or PostgreSQL by URL, errors told as ours."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from soravid.errors import JournalError
from soravid.ledger.driver import Driver
from soravid.ledger.engines import PATIENCE, checked, engines, place
from soravid.ledger.group_commit import GroupCommit
from soravid.ledger.locks import lock_names
from soravid.ledger.opening import bring_to_head
from soravid.ledger.orders import Order
from soravid.ledger.transactions import Transactions, Write, joins

T = TypeVar("T")

_all: weakref.WeakSet[Database] = weakref.WeakSet()
_resting: list[GroupCommit[Write]] = []
_inherited: list[Any] = []
"""A forked child keeps its parent's connections and touches them no more, not even to close them."""


class Database:
    """The tables in ``home/journal.db``, or at ``url``. Safe from any thread and several processes."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self._url = checked(url) if url else sa.URL.create("sqlite", database=str(home / "journal.db"))
        self._where = f"in {home}" if not url else f"at {place(self._url)}"
        self._advice = (
            "Free the disk, or set SORAVID_HOME to a folder that can be written."
            if not url
            else "See that the server runs, has room and lets this account write."
        )
        self._open = False
        if self._url.get_backend_name() == "sqlite":
            try:
                folder = Path(self._url.database or home).parent
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # prompts are private
            except OSError as wrong:
                raise self._broken(wrong.strerror or str(wrong)) from None
        self._connect_anew()
        try:
            with self._errors_as_ours():
                bring_to_head(self._engine)
        except BaseException:
            self.close()
            raise
        self._open = True
        _all.add(self)

    def close(self) -> None:
        """Give the connections back."""
        self._rest()
        self._engine.dispose()

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Do ``work`` in a transaction of its own, and return once it is on the disk."""
        result: T = self._writer.run(work)
        return result

    def carry_out(self, order: Order) -> Any:
        """Do what is ordered, in a transaction shared with what else waits; return once it is on the disk."""
        return self._writer.run(order)

    async def carried_out(self, order: Order, *, alone: bool = False) -> Any:
        """As ``carry_out``, awaited on any loop; ``alone`` where nobody else has to go on there meanwhile."""
        return await self._writer.soon(order, alone=alone)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads, sees one moment, and waits for nobody."""
        with self._errors_as_ours(), self._reading.connect() as db:
            yield db

    def _connect_anew(self) -> None:
        self._engine, self._reading = engines(self._url)
        self._transactions = Transactions(self._engine.execution_options(write=True), self._told)
        commits = self._transactions
        self._writer = GroupCommit[Write](commits.commit, joins, commits.at_once, self._rest)

    def _rest(self) -> None:
        """Give the writer's connection back, once nothing is written on it."""
        if self._writer.at_rest.acquire(timeout=PATIENCE):
            try:
                self._transactions.close()
            finally:
                self._writer.at_rest.release()

    def _after_fork(self) -> None:
        _inherited.append((self._engine, self._transactions))
        self._connect_anew()

    @contextmanager
    def _errors_as_ours(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as wrong:
            raise self._told(wrong) from None

    def _told(self, wrong: BaseException) -> BaseException:
        if isinstance(wrong, (SQLAlchemyError, OSError, self._engine.dialect.loaded_dbapi.Error)):
            return self._broken(str(getattr(wrong, "orig", None) or wrong))
        return wrong

    def _broken(self, why: str) -> JournalError:
        sent = "" if self._open else ", so nothing was sent"
        if self._url.password:
            why = why.replace(str(self._url.password), "***")
        return JournalError(
            f"The journal {self._where} cannot be used ({' '.join(why.split())}){sent}.", hint=self._advice
        )


def lock(db: sa.Connection, *names: str) -> None:
    """Keep other processes' transactions with one of these names out until this one ends."""
    lock_names(Driver.of(db), names)


def _close_all() -> None:
    for database in list(_all):
        database.close()


def _before_fork() -> None:
    # SQLite has locks of its own in memory: a child that is made while one is taken never gets it.
    _resting.extend(each._writer for each in _all if each._writer.at_rest.acquire(timeout=PATIENCE))


def _after_fork_in_parent() -> None:
    while _resting:
        _resting.pop().at_rest.release()


def _after_fork() -> None:
    _resting.clear()
    for database in list(_all):
        database._after_fork()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork
    )
