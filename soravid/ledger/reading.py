"""What the journal can be asked: jobs by their ids and states, and sums of money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from soravid.errors import InvalidRequest
from soravid.ledger.accounts import Scope
from soravid.ledger.rows import JobRow, Spend
from soravid.ledger.schema import entries, jobs
from soravid.types import FINAL

if TYPE_CHECKING:
    from soravid.ledger.database import Database

_UNFETCHED = sa.and_(jobs.c.status == "completed", jobs.c.clip.is_(None), ~jobs.c.delivered)
WAITING = sa.or_(jobs.c.status.not_in(FINAL), _UNFETCHED)
"""The condition for a job that may still give a clip."""


class Reading:
    """The half of the journal that changes nothing."""

    _database: Database

    def get(self, job_id: str) -> JobRow:
        """The job of that id.

        Raises:
            KeyError: there is none.
        """
        row = self._one(jobs.c.id == job_id)
        if row is None:
            raise KeyError(job_id)
        return row

    def find(self, text: str) -> JobRow | None:
        """The newest job with that id, that provider's id, or an id that begins so (4 characters or more).

        Raises:
            InvalidRequest: several jobs' ids begin so.
        """
        row = self._one(sa.or_(jobs.c.id == text, jobs.c.video_id == text))
        start = text.removeprefix("job_")
        if row is not None or len(start) < 4:
            return row
        begins = jobs.c.id.startswith(f"job_{start}", autoescape=True)
        rows = self._many(sa.select(jobs).where(begins).limit(2))
        if len(rows) > 1:
            raise InvalidRequest(
                f"Several jobs begin with {text!r}.", param="id", hint="Give more of the id."
            )
        return rows[0] if rows else None

    def same_request(self, fingerprint: str) -> JobRow | None:
        """The newest job for the same clip that has one, or may still: also one whose outcome is unknown."""
        return self._one(same(fingerprint))

    def recent(self, limit: int = 50) -> list[JobRow]:
        """The newest jobs, newest first."""
        return self._many(sa.select(jobs).order_by(jobs.c.created_at.desc()).limit(limit))

    def unfinished(self) -> list[JobRow]:
        """Jobs that may still give a clip: not final, or completed and never fetched; oldest first."""
        return self._many(sa.select(jobs).where(WAITING).order_by(jobs.c.created_at))

    def overdue(self, now: float) -> list[JobRow]:
        """Jobs that have not ended by their deadline (``now`` in Unix seconds), the longest overdue first.

        Their money stays held: whoever looks asks the provider, and ends them by what it says.
        """
        late = sa.and_(jobs.c.status.not_in(FINAL), jobs.c.deadline <= now)
        return self._many(sa.select(jobs).where(late).order_by(jobs.c.deadline, jobs.c.id))

    def knows_video(self, video_id: str) -> bool:
        """Whether some job has that provider's id."""
        return self._one(jobs.c.video_id == video_id) is not None

    def spend(self, session: str | None = None) -> Spend:
        """Settled, held and saved sums: of the jobs that one session asked for, or of all."""
        of_entries = sa.true() if session is None else entries.c.session == session
        of_jobs = sa.true() if session is None else jobs.c.session == session
        total = sa.func.coalesce(sa.func.sum(entries.c.amount), 0)
        held = sa.func.coalesce(sa.func.sum(jobs.c.held), 0)
        unpriced = sa.or_(
            sa.and_(jobs.c.status.not_in(FINAL), jobs.c.held.is_(None)),
            sa.and_(jobs.c.status == "completed", jobs.c.cost.is_(None)),
        )
        settled = entries.c.kind.in_(("spend", "adjust"))
        with self._database.read() as db:

            def count(query: sa.Select[Any]) -> int:
                return int(db.scalar(query) or 0)

            return Spend(
                settled=count(sa.select(total).where(of_entries, settled)),
                held=count(sa.select(held).where(of_jobs, jobs.c.status.not_in(FINAL))),
                saved=count(sa.select(total).where(of_entries, entries.c.kind == "saved")),
                unpriced=count(sa.select(sa.func.count()).where(of_jobs, unpriced)),
                jobs=count(sa.select(sa.func.count()).select_from(jobs).where(of_jobs)),
            )

    def running(self, scope: Scope) -> int:
        """How many jobs of a session, a user or a provider have not ended."""
        of = {"session": jobs.c.session == scope.name, "user": jobs.c.user == scope.name}
        belongs = of.get(scope.kind, jobs.c.model.startswith(f"{scope.name}/", autoescape=True))
        query = sa.select(sa.func.count()).select_from(jobs).where(belongs, jobs.c.status.not_in(FINAL))
        with self._database.read() as db:
            return int(db.scalar(query) or 0)

    def spend_by_model(self, session: str | None = None) -> list[tuple[str, int, int, int]]:
        """For each model its jobs, and nano-USD settled and held; the dearest first."""
        of_jobs = sa.true() if session is None else jobs.c.session == session
        running = jobs.c.status.not_in(FINAL)
        settled = sa.func.coalesce(sa.func.sum(sa.case((~running, jobs.c.cost), else_=0)), 0)
        held = sa.func.coalesce(sa.func.sum(sa.case((running, jobs.c.held), else_=0)), 0)
        query = sa.select(jobs.c.model, sa.func.count(), settled, held).where(of_jobs).group_by(jobs.c.model)
        with self._database.read() as db:
            rows = [(str(model), int(n), int(a), int(b)) for model, n, a, b in db.execute(query)]
        return sorted(rows, key=lambda row: (-row[2] - row[3], row[0]))

    def _one(self, where: sa.ColumnElement[bool]) -> JobRow | None:
        rows = self._many(sa.select(jobs).where(where).order_by(jobs.c.created_at.desc()).limit(1))
        return rows[0] if rows else None

    def _many(self, query: sa.Select[Any]) -> list[JobRow]:
        with self._database.read() as db:
            return [JobRow(**row) for row in db.execute(query).mappings()]


def same(fingerprint: str | sa.BindParameter[str]) -> sa.ColumnElement[bool]:
    """The condition for a job that gave, or may still give, the clip of that fingerprint."""
    return sa.and_(jobs.c.fingerprint == fingerprint, jobs.c.status != "failed", jobs.c.status != "cancelled")
