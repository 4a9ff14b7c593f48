"""The journal: every job and every cent, written before and after each step; a killed process loses nothing.

A job holds its estimate before anything is sent. Its end posts the cost (*spend*) or gives the money back
(*void*), once: whoever changes the state first posts, everyone else finds it done. An *unknown* job keeps
its hold.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from soravid.errors import InvalidRequest, SoravidError
from soravid.ledger.rows import JobRow, Spend
from soravid.ledger.schema import entries, jobs, metadata
from soravid.types import FINAL, Deployment, Video, VideoError, VideoRequest

SUBMITTING, UNKNOWN = "submitting", "unknown"


class JournalError(SoravidError):
    """The journal cannot be read or written: nothing is sent without it."""

    code = "journal_error"
    title = "The journal cannot be used"


class Journal:
    """The jobs and the money of one ``SORAVID_HOME``. Safe from any thread and from several processes.

    ``session`` names this process's run, for the spend of a session.
    """

    def __init__(self, home: Path, session: str | None = None) -> None:
        self.home = home
        self.session = session or uuid.uuid4().hex[:12]
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise self._broken(wrong.strerror or str(wrong)) from None
        self._engine = sa.create_engine(f"sqlite:///{home / 'journal.db'}")
        sa.event.listen(self._engine, "connect", _prepare_connection)
        sa.event.listen(self._engine, "begin", _begin)
        with self._write() as db:
            metadata.create_all(db)

    def close(self) -> None:
        """Give the database's connections back."""
        self._engine.dispose()

    # --- a job's life --------------------------------------------------------------------------------

    def open(
        self,
        request: VideoRequest,
        deployment: Deployment,
        held: int | None,
        *,
        idempotency_key: str | None = None,
        labels: dict[str, str] | None = None,
        expected: tuple[str | None, str | None] = (None, None),
    ) -> JobRow:
        """Write a job and hold its estimate, before anything is sent.

        ``expected`` are the duration and size that the clip will have if nothing else is heard.

        Raises:
            InvalidRequest: the idempotency key belongs to another job.
        """
        now = time.time()
        job_id = f"job_{uuid.uuid4().hex[:16]}"
        row = {
            "id": job_id,
            "session": self.session,
            "model": request.model,
            "prompt": request.prompt,
            "operation": request.operation,
            "parameters": _storable(request.parameters()),
            "fingerprint": request.fingerprint(),
            "idempotency_key": idempotency_key,
            "user": request.user,
            "labels": labels or {},
            "api_base": deployment.api_base,
            "api_version": deployment.api_version,
            "status": SUBMITTING,
            "seconds": expected[0],
            "size": expected[1],
            "held": held,
            "created_at": now,
            "updated_at": now,
        }
        try:
            with self._write() as db:
                db.execute(jobs.insert().values(row))
                self._post(db, job_id, "hold", held)
        except IntegrityError:
            raise InvalidRequest(
                "This idempotency_key belongs to a job that asked for something else.",
                param="idempotency_key",
            ) from None
        return self.get(job_id)

    def submitted(self, job_id: str, video: Video) -> JobRow:
        """The provider took the job and gave it an id."""
        with self._write() as db:
            db.execute(
                jobs.update()
                .where(jobs.c.id == job_id)
                .values(
                    video_id=video.id, status=video.status, progress=video.progress, updated_at=time.time()
                )
            )
        return self.get(job_id)

    def observe(self, job_id: str, video: Video, cost: int | None) -> JobRow:
        """What the provider says of a job now. A final state settles it, once.

        ``cost`` is what a completed job costs; a failed or cancelled one costs nothing.
        """
        now = time.time()
        news: dict[str, Any] = {"status": video.status, "progress": video.progress, "updated_at": now}
        news |= {name: getattr(video, name) for name in ("seconds", "size") if getattr(video, name)}
        if video.final:
            completed = video.status == "completed"
            news |= {"ended_at": now, "cost": cost if completed else 0}
            if not completed:
                news["error"] = video.error.model_dump() if video.error else None
        with self._write() as db:
            changed = db.execute(
                jobs.update().where(jobs.c.id == job_id, jobs.c.status.not_in(FINAL)).values(news)
            )
            if video.final and changed.rowcount:
                if video.status == "completed":
                    self._post(db, job_id, "spend", cost)
                else:
                    self._post(
                        db, job_id, "void", db.scalar(sa.select(jobs.c.held).where(jobs.c.id == job_id))
                    )
        return self.get(job_id)

    def refused(self, job_id: str, error: SoravidError) -> JobRow:
        """The provider definitely did not take the job: money and idempotency key are free again."""
        with self._write() as db:
            db.execute(jobs.update().where(jobs.c.id == job_id).values(idempotency_key=None))
        failed = Video(id="", status="failed", error=VideoError(code=error.code, message=error.message))
        return self.observe(job_id, failed, 0)

    def unknown(self, job_id: str, error: SoravidError) -> JobRow:
        """It is not known whether the provider took the job: the money stays held."""
        with self._write() as db:
            db.execute(
                jobs.update()
                .where(jobs.c.id == job_id, jobs.c.status == SUBMITTING)
                .values(
                    status=UNKNOWN,
                    error={"code": error.code, "message": error.message},
                    updated_at=time.time(),
                )
            )
        return self.get(job_id)

    def stored(self, job_id: str, path: Path, poster: str | None) -> JobRow:
        """The clip is on disk."""
        with self._write() as db:
            db.execute(
                jobs.update()
                .where(jobs.c.id == job_id)
                .values(
                    clip=str(path.resolve()),
                    clip_bytes=path.stat().st_size,
                    poster=poster,
                    updated_at=time.time(),
                )
            )
        return self.get(job_id)

    def reused(self, row: JobRow) -> None:
        """Note what a re-run saved in this session."""
        with self._write() as db:
            self._post(db, row.id, "saved", row.cost)

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
        """The newest job with that id, that provider's id, or an id that begins so (4 characters or more)."""
        row = self._one(sa.or_(jobs.c.id == text, jobs.c.video_id == text))
        if row is None and len(text.removeprefix("job_")) >= 4:
            row = self._one(jobs.c.id.startswith(f"job_{text.removeprefix('job_')}", autoescape=True))
        return row

    def by_key(self, idempotency_key: str) -> JobRow | None:
        """The job that was made with that idempotency key."""
        return self._one(jobs.c.idempotency_key == idempotency_key)

    def same_request(self, fingerprint: str) -> JobRow | None:
        """The newest job for the same clip that has one, or is still going to."""
        return self._one(
            sa.and_(jobs.c.fingerprint == fingerprint, jobs.c.status.not_in({"failed", "cancelled", UNKNOWN}))
        )

    def recent(self, limit: int = 50) -> list[JobRow]:
        """The newest jobs, newest first."""
        return self._many(sa.select(jobs).order_by(jobs.c.created_at.desc()).limit(limit))

    def unfinished(self) -> list[JobRow]:
        """Jobs that may still give a clip: not final, or completed with no clip stored yet; oldest first."""
        waiting = sa.or_(
            jobs.c.status.not_in(FINAL), sa.and_(jobs.c.status == "completed", jobs.c.clip.is_(None))
        )
        return self._many(sa.select(jobs).where(waiting).order_by(jobs.c.created_at))

    def knows_video(self, video_id: str) -> bool:
        """Whether some job has that provider's id."""
        return self._one(jobs.c.video_id == video_id) is not None

    def spend(self, session: str | None = None) -> Spend:
        """Settled, held and saved sums: of one session, or of all time."""
        of_entries = sa.true() if session is None else entries.c.session == session
        of_jobs = sa.true() if session is None else jobs.c.session == session
        total = sa.func.coalesce(sa.func.sum(entries.c.amount), 0)
        held = sa.func.coalesce(sa.func.sum(jobs.c.held), 0)
        unpriced = sa.or_(
            sa.and_(jobs.c.status.not_in(FINAL), jobs.c.held.is_(None)),
            sa.and_(jobs.c.status == "completed", jobs.c.cost.is_(None)),
        )
        with self._read() as db:
            return Spend(
                settled=db.scalar(sa.select(total).where(of_entries, entries.c.kind == "spend")) or 0,
                held=db.scalar(sa.select(held).where(of_jobs, jobs.c.status.not_in(FINAL))) or 0,
                saved=db.scalar(sa.select(total).where(of_entries, entries.c.kind == "saved")) or 0,
                unpriced=db.scalar(sa.select(sa.func.count()).where(of_jobs, unpriced)) or 0,
                jobs=db.scalar(sa.select(sa.func.count()).select_from(jobs).where(of_jobs)) or 0,
            )

    # --- the database --------------------------------------------------------------------------------

    def _post(self, db: sa.Connection, job_id: str, kind: str, amount: int | None) -> None:
        db.execute(
            entries.insert().values(
                job_id=job_id, session=self.session, kind=kind, amount=amount, at=time.time()
            )
        )

    def _one(self, where: sa.ColumnElement[bool]) -> JobRow | None:
        rows = self._many(sa.select(jobs).where(where).order_by(jobs.c.created_at.desc()).limit(1))
        return rows[0] if rows else None

    def _many(self, query: sa.Select[Any]) -> list[JobRow]:
        with self._read() as db:
            return [JobRow(**row) for row in db.execute(query).mappings()]

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.execution_options(write=True).begin() as db:
                yield db
        except IntegrityError:
            raise
        except SQLAlchemyError as wrong:
            raise self._broken(str(getattr(wrong, "orig", wrong))) from None

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect() as db:
                yield db
        except SQLAlchemyError as wrong:
            raise self._broken(str(getattr(wrong, "orig", wrong))) from None

    def _broken(self, why: str) -> JournalError:
        return JournalError(
            f"The journal in {self.home} cannot be used ({why}), so nothing was sent.",
            hint="Free the disk, or set SORAVID_HOME to a folder that can be written.",
        )


def _prepare_connection(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    # A writer takes the lock from the start: two processes then wait for each other, not fail midway.
    writes = connection.get_execution_options().get("write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _storable(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters without media: a long text (a data URL, say) stands as its beginning and its length."""

    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(name): short(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [short(part) for part in value]
        if isinstance(value, (bytes, bytearray)) or (isinstance(value, str) and len(value) > 2000):
            return f"{value[:20]!s}... ({len(value)} in all)"
        return value

    shortened: dict[str, Any] = short(parameters)
    return shortened
