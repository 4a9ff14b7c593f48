"""What one transaction does to a job's row and its entries; the journal says when."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import sqlalchemy as sa

from soravid.errors import InvalidRequest
from soravid.ledger.database import lock
from soravid.ledger.prepared import Prepared, Step
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
NEW = Prepared(jobs.insert().inline(), sets=BLANK)
_ENTRY = Prepared(
    entries.insert().inline(), sets=[column.name for column in entries.c if column.name != "id"]
)


def entry(job_id: str, kind: str, amount: int | None, session: str) -> Step:
    """The step that adds an entry, to the session that asked for the job; a saving, to the one that saved."""
    return _ENTRY, {"job_id": job_id, "session": session, "kind": kind, "amount": amount, "at": time.time()}


def updated(
    db: sa.Connection, job_id: str, values: dict[str, Any], where: sa.ColumnElement[bool]
) -> JobRow | None:
    """Change a job, if it is as ``where`` says; returns it changed."""
    found = _update(frozenset(values), where).first(db, {"of_job": job_id, **values})
    return JobRow(**found) if found else None


@cache
def _update(columns: frozenset[str], where: sa.ColumnElement[bool]) -> Prepared:
    statement = jobs.update().where(jobs.c.id == sa.bindparam("of_job"), where).returning(jobs)
    return Prepared(statement, jobs.c, columns)


def marked(db: sa.Connection, row: JobRow) -> JobRow:
    """Mark a job that costs more than it held; where nothing was known to hold, nothing is passed."""
    over = row.held is not None and row.cost is not None and row.cost > row.held
    return row if over == row.over else updated(db, row.id, {"over": over}, ANY) or row


def already(db: sa.Connection, fingerprint: str, reuse: bool, idempotency_key: str | None) -> JobRow | None:
    """The job that there is for a request, if any; nobody else makes one until this transaction ends."""
    names = [f"key {idempotency_key}"] * bool(idempotency_key) + [f"clip {fingerprint}"] * reuse
    lock(db, *names)
    if idempotency_key:
        keyed = _KEYED.first(db, {"of_key": idempotency_key})
        if keyed and keyed["fingerprint"] != fingerprint:
            raise InvalidRequest(
                "This idempotency_key belongs to a job that asked for something else.",
                param="idempotency_key",
            )
        if keyed:
            return JobRow(**keyed)
    if not reuse:
        return None
    newest = sa.select(jobs).where(same(fingerprint)).order_by(jobs.c.created_at.desc()).limit(1)
    found = db.execute(newest).mappings().first()
    return JobRow(**found) if found else None


_KEYED = Prepared(sa.select(jobs).where(jobs.c.idempotency_key == sa.bindparam("of_key")), jobs.c)
