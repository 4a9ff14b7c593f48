"""The one way to a clip, the same for every surface.

    VideoRequest -> guard -> price -> hold -> route -> submit -> journal -> watch -> settle -> store

Everything here runs on the loop thread (``loop.py``) and reaches a provider only through ``Transport.drive``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from soravid import loop, sending
from soravid.deployments import Connection
from soravid.errors import NotFound, SoravidError
from soravid.ledger import JobRow
from soravid.providers import Provider
from soravid.sending import Sending
from soravid.shelf import Shelf
from soravid.transport import Transport
from soravid.types import Video
from soravid.watcher import OnRow, Watcher

if TYPE_CHECKING:
    from soravid.ledger.journal import Journal

OVERDUE = sending.OVERDUE
JOB_DEADLINE = 3600.0
"""Seconds that a job is waited for unless the caller says otherwise; it can be resumed afterwards."""


class Pipeline(Sending):
    """From hold to store, for one journal; ``drafting.draw_up`` does what comes before."""

    def __init__(self, journal: Journal, transport: Transport) -> None:
        super().__init__(journal, transport)
        self.shelf = Shelf(journal, transport, self.accounts)
        self.watcher = Watcher(transport, self.accounts.provider_of, self._heard)

    # --- watch, settle -------------------------------------------------------------------------------

    async def retrieve(
        self, video_id: str, model: str | None = None, given: Connection | None = None
    ) -> tuple[Video, JobRow | None]:
        """A job's state from the deployment that made it; its end settles it.

        Raises:
            InvalidRequest: the journal does not know the id and no model was given.
        """
        row = await self.accounts.row_of(video_id)
        provider = self.accounts.provider_for(video_id, row, model, given)
        flow = provider.retrieve((row and row.video_id) or video_id)
        video = await self.transport.drive(flow, provider.deployment.timeout)
        if row:
            row = await self._heard(row, video)
        return video, row

    async def watch(self, row: JobRow, on_row: OnRow | None = None, deadline: float = JOB_DEADLINE) -> JobRow:
        """Ask until the job ends; passing faults are waited out.

        Raises:
            DeadlineExceeded: it has not ended within ``deadline`` seconds; it goes on at the provider.
        """
        return await self.watcher.follow(row, on_row, deadline)

    async def settle_overdue(self, which: Callable[[JobRow], bool] | None = None) -> list[JobRow]:
        """Look once more at each job that is past its deadline; returns those that have ended now.

        ``which`` chooses among them.

        What its provider says ends it. What its provider does not know is closed, and its money given back.
        One whose provider cannot be reached, or whose create was never answered, keeps its hold.
        """
        ended = []
        for row in await loop.in_thread(self.journal.overdue, time.time()):
            if row.video_id is None or (which and not which(row)):
                continue
            try:
                _, seen = await self.retrieve(row.id)
            except NotFound as gone:
                seen = self.accounts.remember(await self.journal.soon.voided(row.id, gone))
            except SoravidError:
                continue
            if seen and seen.final:
                ended.append(seen)
        return ended

    async def _heard(self, row: JobRow, video: Video) -> JobRow:
        """What an answer says of a job, written down where it is news."""
        row = self.accounts.remember(row)
        news = (video.status, video.progress) != (row.status, row.progress)
        return await self._observe(row, video) if news else row

    # --- the account ---------------------------------------------------------------------------------

    async def list(
        self, model: str, given: Connection, *, after: str | None, limit: int | None, order: str | None
    ) -> tuple[Sequence[Video], bool]:
        """One page of an account's jobs, and whether there are more."""
        provider = self.accounts.provider_for("", None, model, given)
        flow = provider.list(after=after, limit=limit, order=order)
        return await self.transport.drive(flow, provider.deployment.timeout)

    async def delete(self, video_id: str, model: str | None, given: Connection) -> None:
        """Remove a finished job at its provider. The journal and the stored clip stay."""
        row = await self.accounts.row_of(video_id)
        provider = self.accounts.provider_for(video_id, row, model, given)
        flow = provider.delete((row and row.video_id) or video_id)
        await self.transport.drive(flow, provider.deployment.timeout)
        if row and not row.final:
            await self._stopped(row, provider)

    async def cancel(self, row: JobRow) -> JobRow:
        """Stop a job at its provider and give its money back.

        Raises:
            UnsupportedOperation: the provider finishes, and may bill, what has begun.
        """
        row = await loop.in_thread(self.journal.get, row.id)
        if not row.final and row.video_id:
            # One more look: to many servers a delete of what has just been finished is the clip's end.
            _, seen = await self.retrieve(row.id)
            row = seen or row
        if row.final or not row.video_id:
            return row
        provider = self.accounts.provider_of(row)
        await self.transport.drive(provider.cancel(row.video_id))
        return await self._stopped(row, provider)

    async def _stopped(self, row: JobRow, provider: Provider) -> JobRow:
        """Settle a job that was stopped: some providers charge what had begun to run."""
        video = Video(id=row.video_id or row.id, status="cancelled")
        if row.status == "in_progress" and provider.profile.bills_stopped_runs:
            video._bill = row.held
        return await self._observe(row, video)
