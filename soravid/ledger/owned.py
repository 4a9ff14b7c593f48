"""What a proxy asks of its jobs: one by its id, those of a scope a page at a time, and what hides them.

A job belongs to the scopes that it holds money on: its first posting on a scope's account is its place among
that scope's jobs. Nothing more has to be written for a list.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from soravid.ledger.accounts import Scope
from soravid.ledger.budgets import insert_into
from soravid.ledger.database import Database
from soravid.ledger.rows import JobRow
from soravid.ledger.schema import accounts, jobs, postings, proxy_jobs

if TYPE_CHECKING:
    from soravid.ledger.journal import Journal

Page = tuple[list[JobRow], bool]
"""Rows, and whether more follow."""


class Owned:
    """The jobs of one journal's database, by whose they are. Blocking: call it from a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def of(cls, journal: Journal) -> Owned:
        """The jobs of a journal."""
        return cls(journal._database)

    def find(self, job_id: str) -> JobRow | None:
        """The job of that id as it is now, or the one that stands in for it; None for one that is hidden."""
        with self._database.read() as db:
            found = db.execute(_WITH_MARKS.where(jobs.c.id == job_id, _SHOWN)).mappings().first()
            return _row(db, found) if found else None

    def page(
        self, scopes: Iterable[Scope] | None, *, after: str | None, limit: int, newest_first: bool
    ) -> Page:
        """Up to ``limit`` jobs of any of the scopes in the order of their making; None: of everybody.

        ``after`` is the id of the last job of the page before.
        """
        with self._database.read() as db:
            if scopes is None:
                found = _of_all(db, after, limit + 1, newest_first)
            else:
                found = _of_scopes(db, scopes, after, limit + 1, newest_first)
            return [_row(db, each) for each in found[:limit]], len(found) > limit

    def hide(self, job_id: str) -> None:
        """Have nobody find a job any more. The journal keeps it."""
        self._mark(job_id, hidden_at=time.time())

    def replace(self, job_id: str, by: str) -> None:
        """Have another job, which no list shows, stand in for one."""
        self._mark(by, hidden_at=time.time())
        self._mark(job_id, replaced_by=by)

    def _mark(self, job_id: str, **marks: Any) -> None:
        self._database.write(lambda db: mark(db, job_id, **marks))


def mark(db: sa.Connection, job_id: str, **marks: Any) -> None:
    """Note what has become of a job; see ``schema.proxy_jobs`` for the columns."""
    insert = insert_into(db, proxy_jobs).values(job_id=job_id, **marks)
    db.execute(insert.on_conflict_do_update(index_elements=["job_id"], set_=marks))


_SHOWN = proxy_jobs.c.hidden_at.is_(None)
_MARKED = jobs.outerjoin(proxy_jobs, proxy_jobs.c.job_id == jobs.c.id)
_WITH_MARKS = sa.select(jobs, proxy_jobs.c.replaced_by).select_from(_MARKED)


def _row(db: sa.Connection, found: Any) -> JobRow:
    values = dict(found)
    values.pop("place", None)
    while by := values.pop("replaced_by"):
        values = dict(db.execute(_WITH_MARKS.where(jobs.c.id == by)).mappings().one())
    return JobRow(**values)


def _of_all(db: sa.Connection, after: str | None, limit: int, newest_first: bool) -> list[Any]:
    made = sa.tuple_(jobs.c.created_at, jobs.c.id)
    query = _WITH_MARKS.where(_SHOWN).limit(limit)
    query = query.order_by(*(column.desc() if newest_first else column for column in made))
    if after is not None:
        last = db.execute(sa.select(jobs.c.created_at).where(jobs.c.id == after)).scalar_one()
        then = sa.tuple_(sa.literal(last), sa.literal(after))
        query = query.where(made < then if newest_first else made > then)
    return list(db.execute(query).mappings())


def _of_scopes(
    db: sa.Connection, scopes: Iterable[Scope], after: str | None, limit: int, newest_first: bool
) -> list[Any]:
    names = [(scope.kind, scope.name) for scope in scopes]
    theirs = sa.select(accounts.c.id).where(sa.tuple_(accounts.c.kind, accounts.c.name).in_(names))
    numbers = list(db.scalars(theirs))
    holds = postings.c.kind == "hold"
    query = (
        sa.select(jobs, proxy_jobs.c.replaced_by, postings.c.id.label("place"))
        .select_from(postings.join(_MARKED, jobs.c.id == postings.c.job_id))
        .where(holds, _SHOWN)
        .order_by(postings.c.id.desc() if newest_first else postings.c.id)
        .limit(limit)
    )
    if after is not None:
        first = sa.select(sa.func.min(postings.c.id))
        last = db.scalar(first.where(postings.c.job_id == after, holds, postings.c.account_id.in_(numbers)))
        query = query.where(postings.c.id < last if newest_first else postings.c.id > last)
    found: dict[str, Any] = {}
    for number in numbers:  # each by the index of its postings: an account may have any number of jobs
        for each in db.execute(query.where(postings.c.account_id == number)).mappings():
            known = found.get(each["id"])
            if known is None or each["place"] < known["place"]:
                found[each["id"]] = each
    return sorted(found.values(), key=lambda each: each["place"], reverse=newest_first)[:limit]
