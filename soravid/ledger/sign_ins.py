"""Who is signed in to a proxy's admin page: all replicas know, and a sign-out holds everywhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from soravid.ledger.schema import sign_ins

if TYPE_CHECKING:
    from soravid.ledger.database import Database
    from soravid.ledger.journal import Journal


class SignIns:
    """The sign-ins of one journal's database, by their tokens' digests. Blocking: call it from a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def of(cls, journal: Journal) -> SignIns:
        """The sign-ins beside a journal."""
        return cls(journal._database)

    def add(self, digest: str, expires_at: float) -> None:
        """Sign somebody in until then (Unix seconds); what has expired is forgotten."""

        def work(db: sa.Connection) -> None:
            db.execute(sign_ins.delete().where(sign_ins.c.expires_at <= time.time()))
            db.execute(sign_ins.insert(), {"digest": digest, "expires_at": expires_at})

        self._database.write(work)

    def expires_at(self, digest: str) -> float:
        """Until when somebody is signed in, in Unix seconds; 0: nobody is."""
        query = sa.select(sign_ins.c.expires_at).where(sign_ins.c.digest == digest)
        with self._database.read() as db:
            return float(db.scalar(query) or 0)

    def remove(self, digest: str) -> None:
        """Sign somebody out."""
        self._database.write(lambda db: db.execute(sign_ins.delete().where(sign_ins.c.digest == digest)))
