"""The journal: every job and every cent, written before and after each step; a killed process loses nothing.

A job holds its estimate before anything is sent. Its end posts the cost (*spend*) or gives the money back
(*void*), once: whoever changes the state first posts, everyone else finds it done. An *unknown* job keeps
its hold.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from soravid.deployments import Deployment
from soravid.errors import InvalidRequest, SoravidError
from soravid.ledger.database import Database
from soravid.ledger.rows import DIGEST, JobRow, Spend
from soravid.ledger.schema import entries, jobs
from soravid.types import FINAL, Video, VideoError, VideoRequest

SUBMITTING, UNKNOWN = "submitting", "unknown"


class Journal:
    """The jobs and the money of one ``SORAVID_HOME``.

    ``session`` names this process's run, for the spend of a session.
    """

    def __init__(self, home: Path, session: str | None = None) -> None:
        self.home = home
        self.session = session or uuid.uuid4().hex[:12]
        self._database = Database(home)

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

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
    ) -> tuple[JobRow, bool]:
        """Write a job and hold its estimate, before anything is sent; True says that it is new.

        The same step sees whether there is one already: with the same idempotency key or, for ``reuse``,
        with the same fingerprint (of what was asked for first, before any fallback). ``expected`` are the
        duration and size that the clip will have if nothing else is heard.

        Raises:
            InvalidRequest: the idempotency key belongs to a job that asked for something else.
        """
        now = time.time()
        row = {
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
            "delivered": False,
            "api_base": deployment.api_base,
            "api_version": deployment.api_version,
            "status": SUBMITTING,
            "seconds": expected[0],
            "size": expected[1],
            "held": held,
            "created_at": now,
            "updated_at": now,
        }
        with self._database.write() as db:
            there = _already(db, str(row["fingerprint"]), reuse, idempotency_key)
            if there is not None:
                return there, False
            new = _row(db.execute(jobs.insert().returning(jobs), row))
            self._post(db, new.id, "hold", held, new.session)
        return new, True

    def submitted(self, job_id: str, video: Video) -> JobRow:
        """The provider took the job and gave it an id. What has ended stays ended; ``observe`` ends it."""
        return self._change(
            job_id,
            jobs.c.status.not_in(FINAL),
            video_id=video.id,
            status="in_progress" if video.final else video.status,
            progress=video.progress,
            error=None,
        )

    def observe(self, job_id: str, video: Video, cost: int | None) -> JobRow:
        """What the provider says of a job now. A final state settles it, once.

        ``cost`` is what a job that has ended costs: a clip its price (None: unknown), one without a clip
        mostly 0. Of a completed one the columns of duration and size hold only what the provider says.
        """
        now = time.time()
        news: dict[str, Any] = {"status": video.status, "progress": video.progress, "updated_at": now}
        completed = video.status == "completed"
        told = {name: getattr(video, name) for name in ("seconds", "size")}
        news |= {name: value for name, value in told.items() if value or completed}
        if video.final:
            error = None if completed or not video.error else video.error.model_dump()
            cost = cost if completed else cost or 0
            news |= {"ended_at": now, "cost": cost, "error": error}
        with self._database.write() as db:
            running = jobs.c.id == job_id, jobs.c.status.not_in(FINAL)
            changed = (
                db.execute(jobs.update().where(*running).values(news).returning(jobs)).mappings().first()
            )
            if changed and video.final:
                kind, amount = ("spend", cost) if completed or cost else ("void", changed["held"])
                self._post(db, job_id, kind, amount, changed["session"])
        return JobRow(**changed) if changed else self.get(job_id)

    def refused(self, job_id: str, error: SoravidError) -> JobRow:
        """The provider definitely did not take the job: money and idempotency key are free again."""
        self._change(job_id, sa.true(), idempotency_key=None)
        failed = VideoError(code=error.code, message=error.message)
        return self.observe(job_id, Video(id="", status="failed", error=failed), 0)

    def unknown(self, job_id: str, error: SoravidError) -> JobRow:
        """It is not known whether the provider took the job: the money stays held."""
        why = {"code": error.code, "message": error.message}
        return self._change(job_id, jobs.c.status == SUBMITTING, status=UNKNOWN, error=why)

    def delivered(self, job_id: str) -> JobRow:
        """The clip was handed to a caller, who keeps it."""
        return self._change(job_id, sa.true(), delivered=True)

    def stored(
        self,
        job_id: str,
        path: Path,
        poster: str | None,
        facts: tuple[str, str, int | None] | None = None,
    ) -> JobRow:
        """The clip is on disk. ``facts`` are its duration, size and cost, where nobody has said them."""
        size = path.stat().st_size
        row = self._change(job_id, sa.true(), clip=str(path.resolve()), clip_bytes=size, poster=poster)
        return self._corrected(row, *facts) if facts else row

    def _corrected(self, row: JobRow, seconds: str, size: str, cost: int | None) -> JobRow:
        """Enter what was delivered, once; what was settled before is made up for by an entry of its own."""
        untold = sa.or_(jobs.c.seconds.is_(None), jobs.c.size.is_(None))
        values = {"seconds": row.seconds or seconds, "size": row.size or size, "cost": cost}
        with self._database.write() as db:
            update = jobs.update().where(jobs.c.id == row.id, untold).values(**values).returning(jobs)
            changed = db.execute(update).mappings().first()
            if changed and cost is not None and cost != row.cost:
                self._post(db, row.id, "adjust", cost - (row.cost or 0), row.session)
        return JobRow(**changed) if changed else self.get(row.id)

    def reused(self, row: JobRow) -> None:
        """Note what a re-run saved in this session."""
        with self._database.write() as db:
            self._post(db, row.id, "saved", row.cost, self.session)

    # --- look-up -------------------------------------------------------------------------------------

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
        return self._one(_same(fingerprint))

    def recent(self, limit: int = 50) -> list[JobRow]:
        """The newest jobs, newest first."""
        return self._many(sa.select(jobs).order_by(jobs.c.created_at.desc()).limit(limit))

    def unfinished(self) -> list[JobRow]:
        """Jobs that may still give a clip: not final, or completed and never fetched; oldest first."""
        unfetched = sa.and_(jobs.c.status == "completed", jobs.c.clip.is_(None), ~jobs.c.delivered)
        waiting = sa.or_(jobs.c.status.not_in(FINAL), unfetched)
        return self._many(sa.select(jobs).where(waiting).order_by(jobs.c.created_at))

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
        with self._database.read() as db:
            return Spend(
                settled=db.scalar(sa.select(total).where(of_entries, entries.c.kind.in_(("spend", "adjust"))))
                or 0,
                held=db.scalar(sa.select(held).where(of_jobs, jobs.c.status.not_in(FINAL))) or 0,
                saved=db.scalar(sa.select(total).where(of_entries, entries.c.kind == "saved")) or 0,
                unpriced=db.scalar(sa.select(sa.func.count()).where(of_jobs, unpriced)) or 0,
                jobs=db.scalar(sa.select(sa.func.count()).select_from(jobs).where(of_jobs)) or 0,
            )

    # --- pieces --------------------------------------------------------------------------------------

    def _change(self, job_id: str, where: sa.ColumnElement[bool], **values: Any) -> JobRow:
        with self._database.write() as db:
            update = jobs.update().where(jobs.c.id == job_id, where).returning(jobs)
            changed = db.execute(update.values(updated_at=time.time(), **values)).mappings().first()
        return JobRow(**changed) if changed else self.get(job_id)

    def _post(self, db: sa.Connection, job_id: str, kind: str, amount: int | None, session: str) -> None:
        """Add an entry, to the session that asked for the job (a saving: to the one that saved)."""
        entry = {"job_id": job_id, "session": session, "kind": kind, "amount": amount, "at": time.time()}
        db.execute(entries.insert(), entry)

    def _one(self, where: sa.ColumnElement[bool]) -> JobRow | None:
        rows = self._many(sa.select(jobs).where(where).order_by(jobs.c.created_at.desc()).limit(1))
        return rows[0] if rows else None

    def _many(self, query: sa.Select[Any]) -> list[JobRow]:
        with self._database.read() as db:
            return [JobRow(**row) for row in db.execute(query).mappings()]


def _already(db: sa.Connection, fingerprint: str, reuse: bool, idempotency_key: str | None) -> JobRow | None:
    """The job that there is for a request, if any."""
    if idempotency_key:
        keyed = (
            db.execute(sa.select(jobs).where(jobs.c.idempotency_key == idempotency_key)).mappings().first()
        )
        if keyed and keyed["fingerprint"] != fingerprint:
            raise InvalidRequest(
                "This idempotency_key belongs to a job that asked for something else.",
                param="idempotency_key",
            )
        if keyed:
            return JobRow(**keyed)
    if not reuse:
        return None
    newest = sa.select(jobs).where(_same(fingerprint)).order_by(jobs.c.created_at.desc()).limit(1)
    found = db.execute(newest).mappings().first()
    return JobRow(**found) if found else None


def _row(result: sa.CursorResult[Any]) -> JobRow:
    return JobRow(**result.mappings().one())


def _same(fingerprint: str) -> sa.ColumnElement[bool]:
    return sa.and_(jobs.c.fingerprint == fingerprint, jobs.c.status.not_in({"failed", "cancelled"}))


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
