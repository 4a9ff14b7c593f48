"""Spending as a bill has it: the jobs of a time, one line each, and their sums by key, model or day.

A job counts in the moment in which it was asked for, with what it cost once it has ended, and until then with
what it holds. So the lines of any time add up to the sums of the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from soravid.ledger.accounts import Kind, Scope
from soravid.ledger.rows import JobRow
from soravid.ledger.schema import accounts, jobs, postings, proxy_jobs
from soravid.types import FINAL

if TYPE_CHECKING:
    from soravid.ledger.database import Database
    from soravid.ledger.journal import Journal

By = Literal["key", "model", "day"]
Place = tuple[float, str]
"""Where a job stands among all: when it was asked for, and its id."""
_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which jobs.

    Attributes:
        since: Unix seconds; asked for then or later. ``until``: before.
        scopes: the job counts on the account of each of them.
        model: as it was asked for: a model group, or ``provider/model``.
        statuses: any of these, in the journal's words; empty: all.
        shown: only what its owner has not deleted, and not what stands in for another.
        before: only jobs older than the one at that place.
    """

    since: float | None = None
    until: float | None = None
    scopes: tuple[Scope, ...] = ()
    model: str | None = None
    statuses: tuple[str, ...] = ()
    shown: bool = False
    before: Place | None = None


class Labels(NamedTuple):
    """The names of the labels that hold a job's key, and the model group that was asked for."""

    key: str
    model: str


class Sum(NamedTuple):
    """The jobs of one key, model or day, in nano-USD.

    ``name`` is what they have in common; of days their number since 1970, of jobs without a key None.
    ``failed``: those that ended without a clip; ``unpriced``: those whose price is not known.
    """

    name: str | int | None
    jobs: int
    spent: int
    held: int
    failed: int
    unpriced: int


class Stand(NamedTuple):
    """What a scope has ever spent and holds now, in nano-USD; and its jobs that have not ended."""

    spent: int
    held: int
    running: int


class Spending:
    """Asks one journal's database for bills. Blocking: call it from a thread."""

    def __init__(self, database: Database, labels: Labels) -> None:
        self._database = database
        self._of_key = jobs.c.labels[labels.key].as_string()
        self._as_asked = sa.func.coalesce(jobs.c.labels[labels.model].as_string(), jobs.c.model)

    @classmethod
    def of(cls, journal: Journal, labels: Labels) -> Spending:
        """The spending of a journal."""
        return cls(journal._database, labels)

    def lines(self, which: Which, limit: int, offset: int = 0) -> list[JobRow]:
        """The jobs without their posters, newest first."""
        query = sa.select(*_COLUMNS).select_from(_joined(which)).where(*self._conditions(which))
        query = query.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit).offset(offset)
        with self._database.read() as db:
            return [JobRow(**row, poster=None) for row in db.execute(query).mappings()]

    def total(self, which: Which) -> Sum:
        """All of them together."""
        query = sa.select(sa.null(), *_SUMS).select_from(_joined(which)).where(*self._conditions(which))
        with self._database.read() as db:
            return Sum(*db.execute(query).one())

    def by(self, what: By, which: Which) -> list[Sum]:
        """A sum for each key, model or day: the dearest first, days in their order."""
        with self._database.read() as db:
            name = {"key": self._of_key, "model": self._as_asked, "day": _day(db)}[what]
            query = sa.select(name, *_SUMS).select_from(_joined(which)).where(*self._conditions(which))
            sums = [Sum(*row) for row in db.execute(query.group_by(name))]
        if what == "day":
            return sorted(sums, key=lambda each: int(each.name or 0))
        return sorted(sums, key=lambda each: (-each.spent - each.held, -each.jobs, str(each.name)))

    def of_accounts(self, kind: Kind) -> dict[str, Stand]:
        """How each scope of a kind stands that has ever had a job, by its name; all its windows together."""
        sums = (_sum(accounts.c.spent), _sum(accounts.c.held), _sum(accounts.c.running))
        query = sa.select(accounts.c.name, *sums).where(accounts.c.kind == kind).group_by(accounts.c.name)
        with self._database.read() as db:
            return {name: Stand(*stand) for name, *stand in db.execute(query)}

    def poster(self, job_id: str) -> str | None:
        """A job's poster, as a ``data:`` URL."""
        with self._database.read() as db:
            poster: str | None = db.scalar(sa.select(jobs.c.poster).where(jobs.c.id == job_id))
        return poster

    def _conditions(self, which: Which) -> list[sa.ColumnElement[bool]]:
        where = [_counts_on(scope) for scope in which.scopes]
        if which.since is not None:
            where.append(jobs.c.created_at >= which.since)
        if which.until is not None:
            where.append(jobs.c.created_at < which.until)
        if which.model is not None:
            where.append(sa.or_(self._as_asked == which.model, jobs.c.model == which.model))
        if which.statuses:
            where.append(jobs.c.status.in_(which.statuses))
        if which.shown:
            where.append(proxy_jobs.c.hidden_at.is_(None))
        if which.before is not None:
            at, job_id = which.before
            older = sa.and_(jobs.c.created_at == at, jobs.c.id < job_id)
            where += [jobs.c.created_at <= at, sa.or_(jobs.c.created_at < at, older)]
        return where


def _joined(which: Which) -> sa.FromClause:
    """What is read: what the proxy knows of a job is looked at only where it is asked about."""
    return jobs.outerjoin(proxy_jobs, proxy_jobs.c.job_id == jobs.c.id) if which.shown else jobs


def _counts_on(scope: Scope) -> sa.ColumnElement[bool]:
    """Whether a job is on a scope's account: by the index of its postings, however many others there are."""
    theirs = sa.select(accounts.c.id).where(accounts.c.kind == scope.kind, accounts.c.name == scope.name)
    held = postings.c.kind == "hold"
    return jobs.c.id.in_(sa.select(postings.c.job_id).where(postings.c.account_id.in_(theirs), held))


def _day(db: sa.Connection) -> sa.ColumnElement[int]:
    """The day, in UTC, as a whole number. A cast cuts off on SQLite and rounds on PostgreSQL."""
    days = jobs.c.created_at / _DAY
    return sa.cast(sa.func.floor(days) if db.dialect.name == "postgresql" else days, sa.Integer)


def _sum(value: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(value), 0), sa.BigInteger)


def _count(of: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return _sum(sa.case((of, 1), else_=0))


_COLUMNS = tuple(column for column in jobs.c if column.name != "poster")
_RUNNING = jobs.c.status.not_in(FINAL)
_COMPLETED = jobs.c.status == "completed"
_SUMS = (
    sa.func.count(),
    _sum(sa.case((~_RUNNING, jobs.c.cost), else_=0)),
    _sum(sa.case((_RUNNING, jobs.c.held), else_=0)),
    _count(sa.and_(~_RUNNING, ~_COMPLETED)),
    _count(sa.or_(sa.and_(_RUNNING, jobs.c.held.is_(None)), sa.and_(_COMPLETED, jobs.c.cost.is_(None)))),
)
