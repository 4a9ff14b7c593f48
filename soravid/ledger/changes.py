"""The statements on a job's row and its entries."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cache
from typing import Any

import sqlalchemy as sa

from soravid.errors import InvalidRequest
from soravid.ledger.driver import Asked, Driver, Row
from soravid.ledger.orders import Change, Opening
from soravid.ledger.prepared import Prepared
from soravid.ledger.reading import same
from soravid.ledger.rows import JobRow
from soravid.ledger.schema import entries, jobs
from soravid.types import FINAL

SUBMITTING, UNKNOWN = "submitting", "unknown"

ANY = sa.true()
RUNNING = sa.and_(*(jobs.c.status != status for status in sorted(FINAL)))
SENDING = jobs.c.status == SUBMITTING
UNTOLD = sa.and_(sa.or_(jobs.c.seconds.is_(None), jobs.c.size.is_(None)), ~RUNNING)
BLANK: dict[str, Any] = {column.name: None for column in jobs.c} | {"delivered": False, "over": False}
_LATER = {"video_id", "progress", "error", "cost", "over", "clip", "clip_bytes", "poster", "ended_at"}
"""Columns that nothing is known of when a job is opened."""
NEW = Prepared(jobs.insert().inline(), sets=BLANK.keys() - _LATER)
ENTRY = Prepared(entries.insert().inline(), sets=[column.name for column in entries.c if column.name != "id"])


def entry(job_id: str, kind: str, amount: int | None, session: str) -> Row:
    """An entry, of the session that asked for the job; a saving is of the one that saved."""
    return {"job_id": job_id, "session": session, "kind": kind, "amount": amount, "at": time.time()}


def changing(db: Driver, change: Change) -> Asked:
    """Change a job, if it is as the change wants it; gives it changed."""
    values = change.values
    given = {"of_job": change.job_id, **values}
    if "cost" in values:
        given["of_cost"] = values["cost"]
    return db.ask(_update(frozenset(values), change.where), given)


@cache
def _update(columns: frozenset[str], where: sa.ColumnElement[bool]) -> Prepared:
    statement = jobs.update().where(jobs.c.id == sa.bindparam("of_job"), where).returning(jobs)
    if "cost" in columns:
        # Where nothing was known to hold, nothing is passed.
        more = sa.bindparam("of_cost", type_=sa.BigInteger) > jobs.c.held
        statement = statement.values(over=sa.func.coalesce(more, sa.false()))
    return Prepared(statement, jobs.c, columns)


def by_id(db: Driver, job_id: str) -> JobRow:
    """The job of that id.

    Raises:
        KeyError: there is none.
    """
    found = db.ask(_BY_ID, {"of_job": job_id}).first()
    if found is None:
        raise KeyError(job_id)
    return JobRow(**found)


class Known:
    """The jobs that there are already for what is asked for, and those that this transaction adds."""

    def __init__(self, db: Driver, openings: Iterable[Opening]) -> None:
        self._asked: list[tuple[dict[str, JobRow], str, Asked]] = []
        self._keyed: dict[str, JobRow] = {}
        self._same: dict[str, JobRow] = {}
        for opening in openings:
            row = opening.row
            if key := row["idempotency_key"]:
                self._asked.append((self._keyed, key, db.ask(_KEYED, {"of_key": key})))
            if opening.reuse:
                clip = row["fingerprint"]
                self._asked.append((self._same, clip, db.ask(_SAME, {"of_clip": clip})))

    def read(self) -> None:
        """Take the answers."""
        for known, name, asked in self._asked:
            if found := asked.first():
                known[name] = JobRow(**found)

    def of(self, opening: Opening) -> JobRow | None:
        """The job for a request, if there is one.

        Raises:
            InvalidRequest: the idempotency key belongs to a job that asked for something else.
        """
        row = opening.row
        keyed = self._keyed.get(row["idempotency_key"] or "")
        if keyed and keyed.fingerprint != row["fingerprint"]:
            raise InvalidRequest(
                "This idempotency_key belongs to a job that asked for something else.",
                param="idempotency_key",
            )
        return keyed or (self._same.get(row["fingerprint"]) if opening.reuse else None)

    def add(self, row: JobRow) -> None:
        """Know of a job that is added."""
        self._same[row.fingerprint] = row
        if row.idempotency_key:
            self._keyed[row.idempotency_key] = row


_BY_ID = Prepared(sa.select(jobs).where(jobs.c.id == sa.bindparam("of_job")), jobs.c)
_KEYED = Prepared(sa.select(jobs).where(jobs.c.idempotency_key == sa.bindparam("of_key")), jobs.c)
_SAME = Prepared(
    sa.select(jobs).where(same(sa.bindparam("of_clip"))).order_by(jobs.c.created_at.desc()).limit(1), jobs.c
)
