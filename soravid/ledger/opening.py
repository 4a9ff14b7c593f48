"""A database that is opened is brought to this version's tables, by one process at a time."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from soravid.errors import JournalError
from soravid.ledger.schema import HEAD, metadata

VERSION_TABLE = "alembic_version"
FIRST = "0001"
"""The tables as they were before there were revisions."""


def bring_to_head(engine: sa.Engine) -> None:
    """Make the tables, or change them to the newest revision; nothing is done where they are.

    Raises:
        JournalError: a newer soravid has changed them to what this one does not know.
    """
    with engine.connect() as db:
        if _revision(db) == HEAD:
            return
    with engine.execution_options(write=True).begin() as db:
        if db.dialect.name == "postgresql":
            db.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended('soravid tables', 0))")
        revision = _revision(db)
        if revision is None and not sa.inspect(db).has_table("jobs"):
            metadata.create_all(db)
            _alembic(db, stamp=HEAD)
        elif revision != HEAD:
            _alembic(db, stamp=FIRST if revision is None else None)


def _revision(db: sa.Connection) -> str | None:
    if not sa.inspect(db).has_table(VERSION_TABLE):
        return None
    found: str | None = db.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608
    return found


def _alembic(db: sa.Connection, stamp: str | None) -> None:
    """Stamp, then upgrade what is not at head, in the caller's transaction."""
    if stamp == HEAD:  # new tables: alembic itself, which takes a while to load, has nothing to do
        table = sa.Table(
            VERSION_TABLE,
            sa.MetaData(),
            sa.Column("version_num", sa.String(32), primary_key=True),
        )
        table.create(db)
        db.execute(table.insert(), {"version_num": HEAD})
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": db})
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    if stamp:
        command.stamp(config, stamp)
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise JournalError(
            "The journal was written by a newer soravid.", hint="Update: pip install -U soravid"
        ) from None
