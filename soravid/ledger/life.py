"""A job's life, step by step: what each step writes, and what is told of it once it is on the disk.

One text serves callers that wait and callers that await (``faces``): a step yields what is to be written and
is sent what came of it.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from soravid.deployments import Deployment
from soravid.errors import NotFound, SoravidError
from soravid.ledger import changes
from soravid.ledger.accounts import Scope
from soravid.ledger.faces import Bound, Steps
from soravid.ledger.limits import Limit
from soravid.ledger.orders import Change, Opening, Posting
from soravid.ledger.rows import DIGEST, JobRow
from soravid.observe import EventName
from soravid.types import Video, VideoError, VideoRequest


class Life(Bound):
    """The one text of the steps."""

    def open(
        self: Bound,
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
        limits: Mapping[Scope, Limit] | None = None,
        deadline: float | None = None,
    ) -> Steps[tuple[JobRow, bool]]:
        """Write a job and hold its estimate, before anything is sent; True says that it is new.

        The same step sees whether there is one already: with the same idempotency key or, for ``reuse``,
        with the same fingerprint (of what was asked for first, before any fallback); it holds nothing more.
        ``expected`` are the duration and size that the clip will have if nothing else is heard. The estimate
        is held on the account of each of the ``scopes``, some of which may have ``limits``. From ``deadline``
        on (Unix seconds) the job is ``overdue``.

        Raises:
            InvalidRequest: the idempotency key belongs to a job that asked for something else.
            LimitReached: a scope has as many jobs as it may have; nothing was written.
            BudgetExceeded: a scope has no room for it; nothing was written.
        """
        now = time.time()
        legs = tuple(dict.fromkeys(scopes))
        row: dict[str, Any] = changes.BLANK | {
            "id": f"job_{uuid.uuid4().hex[:16]}",
            "session": self.session,
            "model": request.model,
            "prompt": request.prompt,
            "operation": request.operation,
            "parameters": _storable(request.parameters()),
            "fingerprint": fingerprint or request.fingerprint(),
            "idempotency_key": idempotency_key,
            "user": request.user,
            "labels": labels or {},
            "api_base": deployment.api_base,
            "api_version": deployment.api_version,
            "status": changes.SUBMITTING,
            "seconds": expected[0],
            "size": expected[1],
            "deadline": deadline,
            "created_at": now,
            "updated_at": now,
        }
        kept = {scope: limit for scope, limit in (limits or {}).items() if scope in legs}
        opened: tuple[JobRow, bool] = yield Opening(row, legs, held, self._default_hold, reuse, kept)
        if opened[1]:
            self._tell("job.held", opened[0])
        return opened

    def submitted(self: Bound, job_id: str, video: Video) -> Steps[JobRow]:
        """The provider took the job and gave it an id. What has ended stays ended; ``observe`` ends it."""
        return _change(
            self,
            job_id,
            changes.RUNNING,
            "job.submitted",
            video_id=video.id,
            status="in_progress" if video.final else video.status,
            progress=video.progress,
            error=None,
        )

    def observe(self: Bound, job_id: str, video: Video, cost: int | None) -> Steps[JobRow]:
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
            return _change(self, job_id, changes.RUNNING, "job.status", **news)
        error = None if completed or not video.error else video.error.model_dump()
        return _end(self, job_id, cost if completed else cost or 0, news | {"error": error})

    def refused(self: Bound, job_id: str, error: SoravidError) -> Steps[JobRow]:
        """The provider definitely did not take the job: money and idempotency key are free again."""
        why = VideoError(code=error.code, message=error.message).model_dump()
        news = {"status": "failed", "error": why, "idempotency_key": None}
        return _end(self, job_id, 0, news, "job.refused")

    def voided(self: Bound, job_id: str, error: SoravidError | None = None) -> Steps[JobRow]:
        """End a job that its provider definitely does not have, by hand or by a look at the account there.

        The money goes back. Not for a job that is merely late: that one may be billed.
        """
        return Life.refused(self, job_id, error or NotFound("The provider does not have the job."))

    def unknown(self: Bound, job_id: str, error: SoravidError) -> Steps[JobRow]:
        """It is not known whether the provider took the job: the money stays held."""
        why = {"code": error.code, "message": error.message}
        return _change(self, job_id, changes.SENDING, "job.unknown", status=changes.UNKNOWN, error=why)

    def delivered(self: Bound, job_id: str) -> Steps[JobRow]:
        """The clip was handed to a caller, who keeps it."""
        return _change(self, job_id, changes.ANY, delivered=True)

    def stored(
        self: Bound,
        job_id: str,
        path: Path,
        poster: str | None,
        facts: tuple[str, str, int | None] | None = None,
        labels: dict[str, str] | None = None,
    ) -> Steps[JobRow]:
        """The clip is on disk. ``facts`` are its duration, size and cost, where nobody has said them.

        ``labels`` replace the job's.
        """
        size = path.stat().st_size
        values = {"clip": str(path.resolve()), "clip_bytes": size, "poster": poster}
        news = {} if labels is None else {"labels": labels}
        row = yield from _change(self, job_id, changes.ANY, "job.stored", **values, **news)
        return (yield from _corrected(self, row, *facts)) if facts else row

    def held_back(self: Bound, job_id: str, why: SoravidError) -> Steps[JobRow]:
        """The clip is there and paid for, and a guardrail does not let it out."""
        error = VideoError(code=why.code, message=why.message).model_dump()
        return _change(self, job_id, changes.ANY, error=error, clip=None, clip_bytes=None)


# --- pieces ------------------------------------------------------------------------------------------


def _change(
    book: Bound,
    job_id: str,
    where: sa.ColumnElement[bool],
    tells: EventName | None = None,
    /,
    **values: Any,
) -> Steps[JobRow]:
    row: JobRow
    row, changed = yield Change(job_id, values | {"updated_at": time.time()}, where)
    if changed and tells:
        book._tell(tells, row)
    return row


def _end(
    book: Bound, job_id: str, cost: int | None, news: dict[str, Any], tells: EventName | None = None
) -> Steps[JobRow]:
    """Settle a job that has not ended yet; one that has stays as it is."""
    now = time.time()
    values = news | {"cost": cost, "updated_at": now, "ended_at": now}
    spends = news["status"] == "completed" or bool(cost)

    def posts(row: JobRow) -> Posting:
        held = row.held or 0
        return Posting("spend" if spends else "void", cost if spends else row.held, -held, cost or 0, True)

    ended: JobRow
    ended, changed = yield Change(job_id, values, changes.RUNNING, posts)
    if changed:
        book._tell(tells or _ENDS[ended.status], ended)
        book._tell("money.spend" if spends else "money.void", ended)
    return ended


def _corrected(book: Bound, row: JobRow, seconds: str, size: str, cost: int | None) -> Steps[JobRow]:
    """Enter what was delivered, once; what was settled before is made up for by an entry of its own."""
    values: dict[str, Any] = {"seconds": row.seconds or seconds, "size": row.size or size}
    values |= {} if cost is None else {"cost": cost}
    more = 0 if cost is None else cost - (row.cost or 0)
    adjusts = cost is not None and cost != row.cost

    def posts(_: JobRow) -> Posting | None:
        return Posting("adjust", more, 0, more, False) if adjusts else None

    corrected: JobRow
    corrected, changed = yield Change(row.id, values, changes.UNTOLD, posts)
    if changed and adjusts:
        book._tell("money.adjust", corrected, cost=more)
    return corrected


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
