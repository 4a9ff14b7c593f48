"""The journal's database: SQLite in a file, one transaction at a time, errors told as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from soravid.errors import JournalError
from soravid.ledger.schema import metadata


class Database:
    """The tables in ``home/journal.db``, made on first use. Safe from any thread and several processes."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._open = False
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)  # prompts are private
        except OSError as wrong:
            raise self._broken(wrong.strerror or str(wrong)) from None
        self._engine = sa.create_engine(sa.URL.create("sqlite", database=str(home / "journal.db")))
        sa.event.listen(self._engine, "connect", _prepare_connection)
        sa.event.listen(self._engine, "begin", _begin)
        with self.write() as db:
            metadata.create_all(db)
        self._open = True

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that may write; nobody else writes meanwhile."""
        with self._errors_as_ours(), self._engine.execution_options(write=True).begin() as db:
            yield db

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads, and waits for nobody."""
        with self._errors_as_ours(), self._engine.connect() as db:
            yield db

    @contextmanager
    def _errors_as_ours(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as wrong:
            raise self._broken(str(getattr(wrong, "orig", wrong))) from None

    def _broken(self, why: str) -> JournalError:
        sent = "" if self._open else ", so nothing was sent"
        return JournalError(
            f"The journal in {self._home} cannot be used ({why}){sent}.",
            hint="Free the disk, or set SORAVID_HOME to a folder that can be written.",
        )


def _prepare_connection(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    # A writer takes the lock from the start: two processes then wait for each other, not fail midway.
    writes = connection.get_execution_options().get("write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
