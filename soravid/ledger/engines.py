"""SQLAlchemy's engines for a journal's URL: SQLite in a file or PostgreSQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from soravid.errors import InvalidRequest, MissingExtra

PATIENCE = 15
"""Seconds that a write waits for another process's."""


def checked(url: str) -> sa.URL:
    """The URL of a database as SQLAlchemy wants it.

    Raises:
        InvalidRequest: it is none, or of a database that cannot hold a journal.
    """
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


def place(url: sa.URL) -> str:
    """A URL without what may be secret in it."""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"


def engines(url: sa.URL) -> tuple[sa.Engine, sa.Engine]:
    """An engine, and one whose transactions only read, and see one moment.

    Whoever writes with the first says so: ``execution_options(write=True)``.

    Raises:
        MissingExtra: PostgreSQL's driver is not installed.
    """
    return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)


def bare(engine: sa.Engine) -> Any:
    """A new connection of the driver's, in autocommit mode, that belongs to nobody else."""
    pooled = engine.raw_connection()
    connection: Any = pooled.driver_connection
    pooled.detach()
    if engine.dialect.name == "postgresql":
        connection.autocommit = True
    return connection


def _sqlite(url: sa.URL) -> tuple[sa.Engine, sa.Engine]:
    engine = sa.create_engine(url, paramstyle="named")
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine, engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        f"busy_timeout={PATIENCE}000",
        "cache_size=-16000",  # kB: an index that is written to all over stays in memory
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
    try:
        engine = sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ImportError:
        raise MissingExtra("A journal in PostgreSQL", "proxy") from None
    sa.event.listen(engine, "connect", _prepare_postgresql)
    return engine, engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET lock_timeout = '{PATIENCE}s'; SET idle_in_transaction_session_timeout = '{PATIENCE}s'; "
            "SET synchronous_commit = on"
        )
    connection.commit()
