"""The journal: every job and every cent, written before and after each step; a killed process loses nothing.

A job holds its estimate before anything is sent, on the job and on the account of each of its scopes. Its end
posts the cost (*spend*) or gives the money back (*void*), once: whoever changes the state first posts,
everyone else finds it done. An *unknown* job keeps its hold.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from soravid import observe
from soravid.deployments import Deployment
from soravid.errors import NotFound, SoravidError
from soravid.ledger import changes, holds
from soravid.ledger.accounts import Scope
from soravid.ledger.budgets import Budgets
from soravid.ledger.database import Database
from soravid.ledger.prepared import Step, together
from soravid.ledger.reading import Reading
from soravid.ledger.rows import DIGEST, JobRow
from soravid.ledger.verify import problems
from soravid.observe import EventName
from soravid.types import Video, VideoError, VideoRequest


class Journal(Reading):
    """The jobs and the money of one ``SORAVID_HOME``, or of one database.

    Args:
        home: the folder of the SQLite file; used where there is no ``url``.
        session: names this process's run, for the spend of a session.
        url: ``postgresql://...`` for a journal that several machines share.
        default_hold: nano-USD that a job of unknown price holds under a budget that has no default of its
            own; None: it is refused.

    Raises:
        JournalError: the database cannot be used.
        MissingExtra: PostgreSQL's driver is not installed.
    """

    def __init__(
        self,
        home: Path,
        session: str | None = None,
        url: str | None = None,
        *,
        default_hold: int | None = None,
    ) -> None:
        self.home = home
        self.session = session or uuid.uuid4().hex[:12]
        self._default_hold = default_hold
        self._database = Database(home, url)
        self.budgets = Budgets(self._database)

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def verify(self) -> list[str]:
        """What is wrong with the money, a sentence each; empty when every account and job adds up.

        It reads every entry: for an operator, not for each call.
        """
        with self._database.read() as db:
            return list(problems(db))

    # --- a job's life --------------------------------------------------------------------------------

    def open(
        self,
        request: VideoRequest,
        deployment: Deployment,
        held: int | None,
        *,
        fingerprint: str | None = None,
        reuse: bool = False,
        idempotency_key: str | None = None,
        labels: dict[str, str] | None = None,
        expected: tuple[str | None, str | None] = (None, None),
        scopes: Iterable[Scope] = (),
        deadline: float | None = None,
    ) -> tuple[JobRow, bool]:
        """Write a job and hold its estimate, before anything is sent; True says that it is new.

        The same step sees whether there is one already: with the same idempotency key or, for ``reuse``,
        with the same fingerprint (of what was asked for first, before any fallback); it holds nothing more.
        ``expected`` are the duration and size that the clip will have if nothing else is heard. The estimate
        is held on the account of each of the ``scopes``. From ``deadline`` on (Unix seconds) the job is
        ``overdue``.

        Raises:
            InvalidRequest: the idempotency key belongs to a job that asked for something else.
            BudgetExceeded: a scope has no room for it; nothing was written.
        """
        now = time.time()
        fingerprint = fingerprint or request.fingerprint()
        row: dict[str, Any] = changes.BLANK | {
            "id": f"job_{uuid.uuid4().hex[:16]}",
            "session": self.session,
            "model": request.model,
            "prompt": request.prompt,
            "operation": request.operation,
            "parameters": _storable(request.parameters()),
            "fingerprint": fingerprint,
            "idempotency_key": idempotency_key,
            "user": request.user,
            "labels": labels or {},
            "delivered": False,
            "api_base": deployment.api_base,
            "api_version": deployment.api_version,
            "status": changes.SUBMITTING,
            "seconds": expected[0],
            "size": expected[1],
            "deadline": deadline,
            "created_at": now,
            "updated_at": now,
        }
        legs = tuple(scopes)

        def work(db: sa.Connection) -> tuple[JobRow, bool]:
            there = changes.already(db, fingerprint, reuse, idempotency_key)
            if there is not None:
                return there, False
            amount, accounts = holds.reserve(db, legs, held, self._default_hold, now)
            new = row | {"held": amount, "accounts": accounts}
            steps: list[Step] = [(changes.NEW, new), changes.entry(new["id"], "hold", amount, self.session)]
            together(db, steps + holds.hold(new, amount))
            return JobRow(**new), True

        opened = self._database.write(work)
        if opened[1]:
            self._tell("job.held", opened[0])
        return opened

    def submitted(self, job_id: str, video: Video) -> JobRow:
        """The provider took the job and gave it an id. What has ended stays ended; ``observe`` ends it."""
        return self._change(
            job_id,
            changes.RUNNING,
            "job.submitted",
            video_id=video.id,
            status="in_progress" if video.final else video.status,
            progress=video.progress,
            error=None,
        )

    def observe(self, job_id: str, video: Video, cost: int | None) -> JobRow:
        """What the provider says of a job now. A final state settles it, once.

        ``cost`` is what a job that has ended costs: a clip its price (None: unknown), one without a clip
        mostly 0. Of a completed one the columns of duration and size hold only what the provider says.
        A cost above what was held is spent all the same, and the job is marked as ``over``.
        """
        news: dict[str, Any] = {"status": video.status, "progress": video.progress}
        completed = video.status == "completed"
        told = {name: getattr(video, name) for name in ("seconds", "size")}
        news |= {name: value for name, value in told.items() if value or completed}
        if not video.final:
            return self._change(job_id, changes.RUNNING, "job.status", **news)
        error = None if completed or not video.error else video.error.model_dump()
        return self._end(job_id, cost if completed else cost or 0, news | {"error": error})

    def refused(self, job_id: str, error: SoravidError) -> JobRow:
        """The provider definitely did not take the job: money and idempotency key are free again."""
        why = VideoError(code=error.code, message=error.message).model_dump()
        news = {"status": "failed", "error": why, "idempotency_key": None}
        return self._end(job_id, 0, news, "job.refused")

    def voided(self, job_id: str, error: SoravidError | None = None) -> JobRow:
        """End a job that its provider definitely does not have, by hand or by a look at the account there.

        The money goes back. Not for a job that is merely late: that one may be billed.
        """
        return self.refused(job_id, error or NotFound("The provider does not have the job."))

    def unknown(self, job_id: str, error: SoravidError) -> JobRow:
        """It is not known whether the provider took the job: the money stays held."""
        why = {"code": error.code, "message": error.message}
        return self._change(job_id, changes.SENDING, "job.unknown", status=changes.UNKNOWN, error=why)

    def delivered(self, job_id: str) -> JobRow:
        """The clip was handed to a caller, who keeps it."""
        return self._change(job_id, changes.ANY, delivered=True)

    def stored(
        self,
        job_id: str,
        path: Path,
        poster: str | None,
        facts: tuple[str, str, int | None] | None = None,
    ) -> JobRow:
        """The clip is on disk. ``facts`` are its duration, size and cost, where nobody has said them."""
        size = path.stat().st_size
        values = {"clip": str(path.resolve()), "clip_bytes": size, "poster": poster}
        row = self._change(job_id, changes.ANY, "job.stored", **values)
        return self._corrected(row, *facts) if facts else row

    def held_back(self, job_id: str, why: SoravidError) -> JobRow:
        """The clip is there and paid for, and a guardrail does not let it out."""
        error = VideoError(code=why.code, message=why.message).model_dump()
        return self._change(job_id, changes.ANY, error=error, clip=None, clip_bytes=None)

    def reused(self, row: JobRow) -> None:
        """Note what a re-run saved in this session."""
        saved = [changes.entry(row.id, "saved", row.cost, self.session)]
        self._database.write(lambda db: together(db, saved))
        self._tell("job.reused", row)

    # --- pieces --------------------------------------------------------------------------------------

    def _end(
        self, job_id: str, cost: int | None, news: dict[str, Any], tells: EventName | None = None
    ) -> JobRow:
        """Settle a job that has not ended yet; one that has stays as it is."""
        now = time.time()
        values = news | {"cost": cost, "updated_at": now, "ended_at": now}

        def work(db: sa.Connection) -> JobRow | None:
            row = changes.updated(db, job_id, values, changes.RUNNING)
            if row is None:
                return None
            spends = row.status == "completed" or bool(cost)
            kind, amount = ("spend", cost) if spends else ("void", row.held)
            legs = holds.settle(db, row, cost, kind)
            together(db, [changes.entry(job_id, kind, amount, row.session), *legs])
            return changes.marked(db, row)

        ended = self._database.write(work)
        if ended is None:
            return self.get(job_id)
        spent = ended.status == "completed" or bool(cost)
        self._tell(tells or _ENDS[ended.status], ended)
        self._tell("money.spend" if spent else "money.void", ended)
        return ended

    def _corrected(self, row: JobRow, seconds: str, size: str, cost: int | None) -> JobRow:
        """Enter what was delivered, once; what was settled before is made up for by an entry of its own."""
        values: dict[str, Any] = {"seconds": row.seconds or seconds, "size": row.size or size}
        values |= {} if cost is None else {"cost": cost}

        def work(db: sa.Connection) -> JobRow | None:
            changed = changes.updated(db, row.id, values, changes.UNTOLD)
            if changed is None or cost is None or cost == row.cost:
                return changed
            more = cost - (row.cost or 0)
            legs = holds.adjust(db, changed, more)
            together(db, [changes.entry(row.id, "adjust", more, row.session), *legs])
            return changes.marked(db, changed)

        corrected = self._database.write(work)
        if corrected and cost is not None and cost != row.cost:
            self._tell("money.adjust", corrected, cost=cost - (row.cost or 0))
        return corrected or self.get(row.id)

    def _change(
        self,
        job_id: str,
        where: sa.ColumnElement[bool],
        tells: EventName | None = None,
        /,
        **values: Any,
    ) -> JobRow:
        news = values | {"updated_at": time.time()}
        changed = self._database.write(lambda db: changes.updated(db, job_id, news, where))
        if changed and tells:
            self._tell(tells, changed)
        return changed or self.get(job_id)

    def _tell(self, name: EventName, row: JobRow, **more: Any) -> None:
        """Told once, by whoever made the change, after it is on disk."""
        if observe.heard():
            observe.emit(observe.about(name, row, **more), self.home)


_ENDS: dict[str, EventName] = {
    "completed": "job.completed",
    "failed": "job.failed",
    "cancelled": "job.cancelled",
}


def _storable(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters as they may be written down.

    Of ``extra_body``, which may hold anything, numbers and short words stay; a longer text, an address or a
    picture stands as its digest.
    """

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(name): plain(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(part) for part in value]
        if isinstance(value, str) and (len(value) > 40 or ":" in value):
            return DIGEST + hashlib.sha256(value.encode()).hexdigest()[:16]
        return value

    extra = parameters.get("extra_body")
    return parameters | ({"extra_body": plain(extra)} if extra else {})
