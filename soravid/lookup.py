"""Finds a job whose create was sent and whose answer was lost, without sending a billable request again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from soravid import loop
from soravid.errors import SoravidError
from soravid.ledger import DIGEST, JobRow
from soravid.providers import Provider
from soravid.types import Video, VideoRequest

if TYPE_CHECKING:
    from soravid.sending import Sending

_CLOCKS_DIFFER = 30.0
"""Seconds that a provider's clock may be behind ours."""
_SENT_WITHIN = 600.0
"""Seconds after which a create is no longer under way: what is made later was asked for by somebody else."""


async def find_lost_job(
    pipeline: Sending,
    row: JobRow,
    provider: Provider,
    request: VideoRequest | None,
    timeout: float = 30.0,
) -> Video | None:
    """The provider's job for a row whose outcome is not known, or None when that cannot be told.

    Where the provider replays a create with the same idempotency key, it is asked so, if ``request`` is
    still known whole; elsewhere its list is searched for the one job that the journal does not know and
    that asks for the same at the same time. No question waits longer than ``timeout`` seconds.
    """
    try:
        if request and provider.profile.replays_creates:
            flow = provider.create(request, idempotency_key=row.idempotency_key or row.id)
            return await pipeline.transport.drive(flow, timeout)
        pages = provider.list(after=None, limit=50, order="desc")
        page, _ = await pipeline.transport.drive(pages, timeout, attempts=2)
    except SoravidError:
        return None
    candidates = [video for video in page if _may_be(video, row)]
    known = await loop.in_thread(
        lambda: {video.id for video in candidates if pipeline.journal.knows_video(video.id)}
    )
    strangers = [video for video in candidates if video.id not in known]
    return strangers[0] if len(strangers) == 1 else None


def _may_be(video: Video, row: JobRow) -> bool:
    """The same prompt and source, made while it was sent, and of no other duration or size than was asked."""
    earliest, latest = row.created_at - _CLOCKS_DIFFER, row.created_at + _SENT_WITHIN
    if video.prompt != row.prompt or not earliest <= video.created_at <= latest:
        return False
    asked = row.parameters
    if video.remixed_from_video_id not in {None, asked.get("source_id")}:
        return False
    names = ("size",) if row.operation == "extend" else ("seconds", "size")  # it reports the stitched whole
    return all(asked.get(name) in {None, getattr(video, name)} for name in names if getattr(video, name))


def request_of(row: JobRow) -> VideoRequest | None:
    """What a job asked for, if the journal holds all of it: no picture, no text that stands as its digest."""
    if {"input_reference", "last_frame", "references"} & row.parameters.keys() or DIGEST in json.dumps(
        row.parameters.get("extra_body")
    ):
        return None
    return VideoRequest(model=row.model, prompt=row.prompt, **row.parameters)
