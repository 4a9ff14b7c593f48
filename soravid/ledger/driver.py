"""A connection without SQLAlchemy between it and the database's driver, for what every job needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from soravid.ledger.prepared import Form, Prepared

Row = dict[str, Any]


class Asked:
    """A statement that was sent; on PostgreSQL its rows may still be on their way."""

    def __init__(self, cursor: Any, form: Form, rows: list[Any] | None) -> None:
        self._cursor, self._form, self._rows = cursor, form, rows

    def rows(self) -> list[Row]:
        """What came back."""
        if self._rows is None:
            self._rows = self._cursor.fetchall()
        return [self._form.row(row) for row in self._rows]

    def first(self) -> Row | None:
        """The first row, if any."""
        return next(iter(self.rows()), None)


class Driver:
    """Executes prepared statements on a driver's connection, in its transaction or in autocommit mode."""

    def __init__(self, dialect: sa.Dialect, connection: Any) -> None:
        self.dialect = dialect
        self.connection = connection
        self.postgresql = dialect.name == "postgresql"
        self._cursor = connection.cursor()
        self._waits: int | None = None

    @classmethod
    def of(cls, db: sa.Connection) -> Driver:
        """The driver beneath a connection of SQLAlchemy's, in its transaction."""
        return cls(db.dialect, db.connection.driver_connection)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is executed in the block is sent together; an answer is waited for where it is looked at."""
        if not self.postgresql:
            yield
            return
        with self.connection.pipeline():
            yield

    def wait_for_others(self, seconds: int) -> None:
        """How long a transaction on SQLite waits for another process's; a server's connections know."""
        if seconds != self._waits and not self.postgresql:
            self.tell(f"PRAGMA busy_timeout={seconds * 1000}")
            self._waits = seconds

    def tell(self, command: str) -> None:
        """Give a command that has no result."""
        (self.connection.cursor() if self.postgresql else self._cursor).execute(command)

    def ask(self, prepared: Prepared, values: Mapping[str, Any]) -> Asked:
        """Execute a statement that gives rows."""
        form = prepared.form(self.dialect)
        if self.postgresql:
            return Asked(self.connection.cursor().execute(form.text, form.parameters(values)), form, None)
        # At once: SQLite commits nothing while a statement has rows left to give.
        return Asked(None, form, self._cursor.execute(form.text, form.parameters(values)).fetchall())

    def run(self, prepared: Prepared, rows: Iterable[Mapping[str, Any]]) -> None:
        """Execute a statement that gives nothing, once for each row."""
        form = prepared.form(self.dialect)
        many: Sequence[Mapping[str, Any]] = [form.parameters(row) for row in rows]
        if many:
            (self.connection.cursor() if self.postgresql else self._cursor).executemany(form.text, many)
