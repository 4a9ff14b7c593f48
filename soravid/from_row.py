"""A job's row as each surface wants it: a video object, a view, an exception."""

from __future__ import annotations

from pathlib import Path

from soravid import clips
from soravid.clips import CREDENTIALS, Clip
from soravid.errors import Cancelled, GenerationFailed, Refused, SoravidError
from soravid.ledger import JobRow
from soravid.money import to_usd
from soravid.refusals import REFUSED
from soravid.routing import GROUP
from soravid.types import Usage, Video, VideoError
from soravid.views import JobView, Problem


def video_of(row: JobRow) -> Video:
    """A job's row as the provider's video object."""
    seconds = row.seconds or row.parameters.get("seconds")
    video = Video(
        id=row.video_id or row.id,
        status=row.status,
        model=row.model,
        prompt=row.prompt,
        progress=row.progress,
        created_at=int(row.created_at),
        completed_at=int(row.ended_at) if row.ended_at else None,
        size=row.size or row.parameters.get("size"),
        seconds=seconds,
        error=VideoError(**row.error) if row.error else None,
        usage=usage_of(seconds) if seconds else None,
    )
    return dressed(video, row)


def clip_of(row: JobRow, path: Path, *, reused: bool = False) -> Clip:
    """A completed job's clip, which lies at ``path``."""
    return Clip(
        path=path,
        video=video_of(row),
        model=row.model,
        prompt=row.prompt,
        cost=None if row.cost is None else to_usd(row.cost),
        job_id=row.id,
        reused=reused,
        view=view_of(row, path=path, reused=reused),
    )


def usage_of(seconds: str) -> Usage:
    """Usage where the provider reports none: video is billed by its duration."""
    return Usage(duration_seconds=float(seconds))


def dressed(video: Video, row: JobRow) -> Video:
    """The provider's answer with what the journal knows beside it: the cost, before the end its estimate."""
    video.model = row.model  # as it was asked for, not as the server calls it
    video._cost = row.cost if row.final else row.held
    video._job_id = row.id
    return video


def failure_of(row: JobRow) -> SoravidError:
    """The exception for a job that ended without a clip."""
    error = row.error or {}
    code, message = error.get("code"), error.get("message") or ""
    own_code = error.get("provider_code") or code
    if row.status == "cancelled":
        return Cancelled("The job was cancelled.", job_id=row.id)
    if code == REFUSED:
        return Refused(
            message or "The request was not accepted.",
            hint="Rephrase the prompt and run it again.",
            provider_code=own_code,
            job_id=row.id,
        )
    return GenerationFailed(
        message or "The provider gives no reason.",
        hint="Run it again, or try another model.",
        provider_code=own_code,
        job_id=row.id,
    )


def problem_of(error: SoravidError) -> Problem:
    """An exception as a card tells it: what happened, what to do next, the provider's own code."""
    advice = str(error)
    provider_code = getattr(error, "provider_code", None)
    return Problem(error.title, advice, detail=provider_code or error.code)


def view_of(
    row: JobRow,
    *,
    path: Path | None = None,
    reused: bool = False,
    fetching: bool = False,
    error: SoravidError | None = None,
    ahead: int | None = None,
) -> JobView:
    """A row as surfaces show it."""
    if error is None and row.status in {"failed", "cancelled"}:
        error = failure_of(row)
    parameters = row.parameters
    return JobView(
        job_id=row.id,
        model=row.model,
        prompt=row.prompt,
        # A clip that is done at its provider and cannot be had is none.
        status="downloading" if fetching else "failed" if error and row.status == "completed" else row.status,
        started_at=row.created_at,
        finished_at=row.ended_at or (row.updated_at if error else None),
        progress=None if fetching else row.progress,
        ahead=ahead,
        seconds=row.seconds or parameters.get("seconds"),
        size=row.size or parameters.get("size"),
        held=row.held,
        cost=row.cost,
        reused_from=row.created_at if reused else None,
        path=clips.shown_path(path) if path else None,
        poster=row.poster,
        problem=problem_of(error) if error else None,
        details={
            label: str(value)
            for label, value in (
                ("Group", row.labels.get(GROUP)),
                ("Seed", parameters.get("seed")),
                ("Take", parameters.get("take")),
                ("Video", row.video_id),
                ("Credentials", row.labels.get(CREDENTIALS)),
            )
            if value is not None
        },
    )
