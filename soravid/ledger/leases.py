"""Which replica goes on with which jobs, where several share one journal.

A job belongs to the session that made it, unless another has taken it over. So one row for each living
replica is the lease of all of its jobs: a create writes nothing more, and a renewal one row for all of them.
Times are the database's own, since the clocks of machines differ.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from soravid.ledger.budgets import insert_into
from soravid.ledger.database import Database
from soravid.ledger.owned import mark
from soravid.ledger.reading import WAITING
from soravid.ledger.rows import JobRow
from soravid.ledger.schema import jobs, proxy_jobs, replicas

if TYPE_CHECKING:
    from soravid.ledger.journal import Journal


class Leases:
    """The leases of one journal's database, for the replica of that name. Blocking: call it from a thread."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name

    @classmethod
    def of(cls, journal: Journal) -> Leases:
        """The leases beside a journal, for its session."""
        return cls(journal._database, journal.session)

    def renew(self, seconds: float) -> tuple[bool, bool]:
        """Hold on to this replica's jobs for so long from now on; the first time it makes itself known.

        Returns whether it had held on until now, else others may have taken its jobs; and whether there is
        a replica that does so no more.
        """

        def work(db: sa.Connection) -> tuple[bool, bool]:
            until = {"expires_at": _now(db) + seconds}
            held = db.execute(replicas.update().where(replicas.c.name == self._name).values(until)).rowcount
            if not held:
                db.execute(insert_into(db, replicas).values(name=self._name, **until))
            return bool(held), bool(db.scalar(sa.select(sa.exists().where(_gone(db)))))

        return self._database.write(work)

    def give_back(self) -> None:
        """Have others go on with this replica's jobs at once."""
        self.expire([self._name])

    def expire(self, names: Collection[str]) -> None:
        """Have others go on with the jobs of these replicas, which have ended."""
        ended = replicas.update().where(replicas.c.name.in_(names)).values(expires_at=0.0)
        self._database.write(lambda db: db.execute(ended))

    def names(self) -> list[str]:
        """The replicas that have a lease, be it that it has expired."""
        with self._database.read() as db:
            return list(db.scalars(sa.select(replicas.c.name)))

    def take_over(self) -> bool:
        """Take the jobs of one replica that has ended; False: there is none that nobody else just takes."""

        def work(db: sa.Connection) -> bool:
            longest = sa.select(replicas.c.name).where(_gone(db)).order_by(replicas.c.expires_at).limit(1)
            gone = db.scalar(longest.with_for_update(skip_locked=True))
            if gone is None:
                return False
            theirs = sa.select(jobs.c.id, sa.literal(self._name)).where(WAITING, _held_by(gone))
            insert = insert_into(db, proxy_jobs).from_select(["job_id", "holder"], theirs)
            taken = {"holder": insert.excluded.holder}
            db.execute(insert.on_conflict_do_update(index_elements=["job_id"], set_=taken))
            db.execute(replicas.delete().where(replicas.c.name == gone))
            return True

        return self._database.write(work)

    def take(self, job_id: str) -> None:
        """Take one job."""
        self._database.write(lambda db: mark(db, job_id, holder=self._name))

    def find_strays(self, label: str) -> None:
        """Have the jobs with a label taken over whose replica nobody knows: it was of an older soravid."""
        own = jobs.outerjoin(proxy_jobs, proxy_jobs.c.job_id == jobs.c.id)
        holder = sa.func.coalesce(proxy_jobs.c.holder, jobs.c.session)
        labelled = jobs.c.labels[label].as_string().is_not(None)
        unknown = holder.not_in(sa.select(replicas.c.name))
        found = sa.select(holder, sa.literal(0.0)).select_from(own).where(WAITING, labelled, unknown)

        def work(db: sa.Connection) -> None:
            insert = insert_into(db, replicas).from_select(["name", "expires_at"], found.distinct())
            db.execute(insert.on_conflict_do_nothing())

        self._database.write(work)

    def mine(self) -> list[JobRow]:
        """The jobs of this replica that may still give somebody a clip, oldest first."""
        first = proxy_jobs.alias()
        stands_in = sa.exists().where(first.c.replaced_by == jobs.c.id, first.c.hidden_at.is_(None))
        wanted = sa.or_(~_marked(proxy_jobs.c.hidden_at.is_not(None)), stands_in)
        query = sa.select(jobs).where(WAITING, _held_by(self._name), wanted).order_by(jobs.c.created_at)
        with self._database.read() as db:
            return [JobRow(**row) for row in db.execute(query).mappings()]

    def elsewhere(self, job_ids: Collection[str]) -> set[str]:
        """Those of the jobs that another replica has taken over."""
        here = proxy_jobs.c
        query = sa.select(here.job_id).where(here.job_id.in_(job_ids), here.holder != self._name)
        with self._database.read() as db:
            return set(db.scalars(query))


def _held_by(name: str) -> sa.ColumnElement[bool]:
    """The condition for a replica's jobs: those that it made and nobody took over, and those that it took."""
    made = sa.select(jobs.c.id).where(jobs.c.session == name, ~_marked(proxy_jobs.c.holder.is_not(None)))
    taken = sa.select(proxy_jobs.c.job_id).where(proxy_jobs.c.holder == name)
    return jobs.c.id.in_(made.union_all(taken))


def _marked(mark: sa.ColumnElement[bool]) -> sa.Exists:
    return sa.exists().where(proxy_jobs.c.job_id == jobs.c.id, mark)


def _gone(db: sa.Connection) -> sa.ColumnElement[bool]:
    return replicas.c.expires_at <= _now(db)


def _now(db: sa.Connection) -> sa.ColumnElement[Any]:
    if db.dialect.name == "postgresql":
        return sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()), sa.Float)
    return sa.literal(time.time())
