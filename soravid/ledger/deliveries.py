"""Ends of jobs that somebody is to be told of: written down first, and told until they have arrived."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from soravid.ledger.budgets import insert_into
from soravid.ledger.rows import JobRow
from soravid.ledger.schema import jobs, marks, webhook_deliveries
from soravid.types import FINAL

if TYPE_CHECKING:
    from soravid.ledger.database import Database
    from soravid.ledger.journal import Journal

_TOLD = "webhooks"
_LONGEST = 2 * 86_400.0
"""Seconds that a job takes at most, from its beginning to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One end of a job on its way to one address; see ``schema.webhook_deliveries`` for the columns."""

    id: str
    endpoint: str
    job_id: str
    event: str
    tries: int
    status: int | None
    next_at: float | None
    delivered: bool
    created_at: float
    updated_at: float


class Deliveries:
    """The deliveries of one journal's database. Blocking: call it from a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def of(cls, journal: Journal) -> Deliveries:
        """The deliveries of a journal."""
        return cls(journal._database)

    # --- what has ended ------------------------------------------------------------------------------

    def mark(self) -> float | None:
        """Until when every end has been written down, in Unix seconds; None: nobody has begun to."""
        with self._database.read() as db:
            at: float | None = db.scalar(sa.select(marks.c.at).where(marks.c.name == _TOLD))
        return at

    def set_mark(self, at: float) -> None:
        """Note that every end until then has been written down."""

        def work(db: sa.Connection) -> None:
            insert = insert_into(db, marks).values(name=_TOLD, at=at)
            db.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"at": at}))

        self._database.write(work)

    def untold(self, since: float, until: float) -> list[JobRow]:
        """The jobs that their providers took, that ended then, and of which nobody is told yet.

        Without their posters.
        """
        columns = (column for column in jobs.c if column.name != "poster")
        query = sa.select(*columns).where(
            jobs.c.created_at > since - _LONGEST,
            jobs.c.ended_at > since,
            jobs.c.ended_at <= until,
            jobs.c.status.in_(FINAL),
            jobs.c.video_id.is_not(None),
            ~sa.exists().where(webhook_deliveries.c.job_id == jobs.c.id),
        )
        with self._database.read() as db:
            rows = db.execute(query.order_by(jobs.c.ended_at)).mappings()
            return [JobRow(**row, poster=None) for row in rows]

    def add(self, job_id: str, event: str, endpoints: list[str]) -> int:
        """Write down that these are to be told; returns how many were not yet."""
        now = time.time()
        rows = [
            {
                "id": f"msg_{secrets.token_hex(12)}",
                "endpoint": endpoint,
                "job_id": job_id,
                "event": event,
                "tries": 0,
                "status": None,
                "next_at": now,
                "delivered": False,
                "created_at": now,
                "updated_at": now,
            }
            for endpoint in endpoints
        ]

        def work(db: sa.Connection) -> int:
            insert = insert_into(db, webhook_deliveries).on_conflict_do_nothing()
            new = insert.returning(webhook_deliveries.c.id)
            return sum(db.scalar(new, row) is not None for row in rows)

        return self._database.write(work) if rows else 0

    # --- on the way ----------------------------------------------------------------------------------

    def due(self, now: float, limit: int, but: Iterable[str] = ()) -> list[Delivery]:
        """What is to be tried now, the longest due first; nothing for the addresses of ``but``."""
        here = webhook_deliveries.c
        query = sa.select(webhook_deliveries).where(here.next_at <= now, here.endpoint.not_in(list(but)))
        return self._many(query.order_by(here.next_at).limit(limit))

    def next_at(self, now: float) -> float | None:
        """When the next try is due after ``now``."""
        at = webhook_deliveries.c.next_at
        with self._database.read() as db:
            found: float | None = db.scalar(sa.select(sa.func.min(at)).where(at > now))
        return found

    def claim(self, delivery: Delivery, until: float) -> bool:
        """Take a try on; nobody else does before ``until``. False: somebody else has."""
        here = webhook_deliveries.c
        mine = sa.and_(here.id == delivery.id, here.tries == delivery.tries, here.next_at == delivery.next_at)
        news = {"tries": delivery.tries + 1, "next_at": until, "updated_at": time.time()}
        change = webhook_deliveries.update().where(mine).values(news)
        return bool(self._database.write(lambda db: db.execute(change).rowcount))

    def tried(self, delivery_id: str, status: int | None, again_at: float | None) -> None:
        """Note what a try was answered with, and when the next one is."""
        news = {"status": status, "delivered": is_good(status), "next_at": again_at}
        here = webhook_deliveries.c.id == delivery_id
        change = webhook_deliveries.update().where(here).values(news | {"updated_at": time.time()})
        self._database.write(lambda db: db.execute(change))

    # --- looking back --------------------------------------------------------------------------------

    def waiting(self) -> int:
        """How many have not arrived and are tried again."""
        query = sa.select(sa.func.count()).where(webhook_deliveries.c.next_at.is_not(None))
        with self._database.read() as db:
            return int(db.scalar(query) or 0)

    def recent(self, limit: int) -> list[Delivery]:
        """The newest, newest first."""
        return self._many(
            sa.select(webhook_deliveries).order_by(webhook_deliveries.c.created_at.desc()).limit(limit)
        )

    def forget(self, before: float) -> int:
        """Remove those that nobody tries any more and that are older; returns how many."""
        old = sa.and_(webhook_deliveries.c.next_at.is_(None), webhook_deliveries.c.created_at < before)
        return int(
            self._database.write(lambda db: db.execute(webhook_deliveries.delete().where(old)).rowcount)
        )

    def _many(self, query: sa.Select[Any]) -> list[Delivery]:
        with self._database.read() as db:
            return [Delivery(**row) for row in db.execute(query).mappings()]


def is_good(status: int | None) -> bool:
    """Whether an answer says that the event has arrived."""
    return status is not None and 200 <= status < 300
