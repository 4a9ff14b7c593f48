"""The journal's database: SQLite in a file or PostgreSQL by URL, errors told as ours."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from soravid.errors import InvalidRequest, JournalError, MissingExtra
from soravid.ledger.group_commit import GroupCommit
from soravid.ledger.opening import bring_to_head

T = TypeVar("T")

_PATIENCE = 15
"""Seconds that a write waits for another process's."""
_all: weakref.WeakSet[Database] = weakref.WeakSet()
_resting: list[GroupCommit] = []
_inherited: list[sa.Engine] = []
"""A forked child keeps its parent's connections and touches them no more, not even to close them."""


class Database:
    """The tables in ``home/journal.db``, or at ``url``. Safe from any thread and several processes."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self._url = _checked(url) if url else sa.URL.create("sqlite", database=str(home / "journal.db"))
        sqlite = self._url.get_backend_name() == "sqlite"
        self._where = f"in {home}" if not url else f"at {_place(self._url)}"
        self._advice = (
            "Free the disk, or set SORAVID_HOME to a folder that can be written."
            if not url
            else "See that the server runs, has room and lets this account write."
        )
        self._open = False
        if sqlite:
            try:
                folder = Path(self._url.database or home).parent
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # prompts are private
            except OSError as wrong:
                raise self._broken(wrong.strerror or str(wrong)) from None
        self._make = _sqlite if sqlite else _postgresql
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
        self._engine.dispose()

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Do ``work`` in a transaction, shared with what else waits, and return once it is on the disk.

        ``work`` may be done again where a transaction was undone: it has no effect but in the database.
        """
        return self._writer.run(work)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads, sees one moment, and waits for nobody."""
        with self._errors_as_ours(), self._reading.connect() as db:
            yield db

    def _connect_anew(self) -> None:
        self._engine, self._reading = self._make(self._url)
        writing: Callable[[], AbstractContextManager[sa.Connection]]
        writing = self._engine.execution_options(write=True).connect
        self._writer = GroupCommit(writing, _keep_apart, self._told)

    def _after_fork(self) -> None:
        _inherited.append(self._engine)
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
    """Keep other processes' transactions with one of these names out until this one ends.

    SQLite has but one writer at a time, and needs it not.
    """
    if db.dialect.name == "postgresql":
        for name in sorted(names):
            db.execute(_LOCK, {"name": f"soravid {name}"})


_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_LOCK_ALONE = sa.text("SELECT pg_advisory_xact_lock_shared(hashtextextended('soravid writer', 0))")


def _keep_apart(db: sa.Connection, alone: bool) -> None:
    """On PostgreSQL, let one process at a time write for several callers.

    One caller's write takes its locks in one order and cannot meet another's in a circle; several in one
    transaction could.
    """
    if db.dialect.name != "postgresql":
        return
    if alone:
        db.execute(_LOCK_ALONE)
    else:
        lock(db, "writer")


def _checked(url: str) -> sa.URL:
    """The URL of a database as SQLAlchemy wants it."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is not None and parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed is None or parsed.drivername not in {"postgresql+psycopg", "sqlite", "sqlite+pysqlite"}:
        raise InvalidRequest(
            "The journal's URL must be postgresql://host/database or sqlite:///path.", param="url"
        ) from None
    return parsed


def _place(url: sa.URL) -> str:
    """A URL without what may be secret in it."""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"


def _sqlite(url: sa.URL) -> tuple[sa.Engine, sa.Engine]:
    """An engine, and the same one to read with."""
    engine = sa.create_engine(url, paramstyle="named")
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine, engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        f"busy_timeout={_PATIENCE}000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer takes the lock from the start: two processes then wait for each other, not fail midway.
    writes = connection.get_execution_options().get("write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: sa.URL) -> tuple[sa.Engine, sa.Engine]:
    """An engine, and one that sees one moment for as long as it reads."""
    try:
        engine = sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ImportError:
        raise MissingExtra("A journal in PostgreSQL", "proxy") from None
    sa.event.listen(engine, "connect", _prepare_postgresql)
    return engine, engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET lock_timeout = '{_PATIENCE}s'; SET idle_in_transaction_session_timeout = '{_PATIENCE}s'; "
            "SET synchronous_commit = on"
        )
    connection.commit()


def _close_all() -> None:
    for database in list(_all):
        database.close()


def _before_fork() -> None:
    # SQLite has locks of its own in memory: a child that is made while one is taken never gets it.
    _resting.extend(each._writer for each in _all if each._writer.at_rest.acquire(timeout=_PATIENCE))


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
