"""The one way to a clip, the same for every surface.

    VideoRequest -> guard -> price -> hold -> route -> submit -> journal -> watch -> settle -> store

Everything here runs on the loop thread (``loop.py``) and reaches a provider only through ``Transport.drive``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from soravid import costs, loop, settings
from soravid.accounts import Accounts
from soravid.deployments import Connection, Deployment
from soravid.errors import (
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Refused,
    ServerError,
    SoravidError,
)
from soravid.ledger import JobRow
from soravid.lookup import find_lost_job, request_of
from soravid.money import show
from soravid.plans import Plan, Step
from soravid.providers import Provider, provider_class
from soravid.shelf import Shelf
from soravid.transport import LONGEST_WAIT, Transport
from soravid.types import Video, VideoRequest

if TYPE_CHECKING:
    from soravid.ledger.journal import Journal

OnRow = Callable[[JobRow], None]
_GONE_AFTER = 3
"""A job that the provider denies this often in a row is gone; the first denials may be a slow replica."""
_SENDING = 90.0
"""Seconds that a create may be under way elsewhere before it counts as lost."""
JOB_DEADLINE = 3600.0
"""Seconds that a job is waited for unless the caller says otherwise; it can be resumed afterwards."""


class Pipeline:
    """From hold to store, for one journal; ``plans.draw_up`` does what comes before."""

    def __init__(self, journal: Journal, transport: Transport) -> None:
        self.journal = journal
        self.transport = transport
        self.accounts = Accounts(journal)
        self.shelf = Shelf(journal, transport, self.accounts)

    # --- hold, submit, journal -----------------------------------------------------------------------

    async def submit(self, plan: Plan, on_row: OnRow | None = None) -> JobRow:
        """Hold the money, send the create once, journal the answer; fall back on definite errors.

        Raises:
            OutcomeUnknown: sent, and it is not known whether the provider took it; the money stays held.
            ProviderError, ConnectionFailed: definitely not taken, by the last choice too; the money is back.
        """
        for step in plan.steps:
            try:
                # Whoever waits may give up; the request and its journal entry are finished all the same.
                taking = asyncio.create_task(self._take(step, plan, on_row), name=loop.SENDING)
                return await asyncio.shield(taking)
            except (Refused, OutcomeUnknown):
                raise
            except (ProviderError, ConnectionFailed):
                if step is plan.steps[-1]:
                    raise
        raise AssertionError("unreachable: a plan has at least one step")

    async def _take(self, step: Step, plan: Plan, on_row: OnRow | None) -> JobRow:
        """Hold, send and journal one step; or the job that there is already."""
        row, new = await loop.in_thread(
            self.journal.open,
            step.request,
            step.deployment,
            step.price,
            fingerprint=plan.request.fingerprint(),
            reuse=plan.reuse,
            idempotency_key=plan.idempotency_key,
            labels=plan.labels,
            expected=step.expected,
        )
        if on_row:
            on_row(row)
        if new:
            return await self._send(row, step.request, step.deployment)
        return await self._joined(row) if row.video_id is None and not row.final else row

    async def _send(self, row: JobRow, request: VideoRequest, deployment: Deployment) -> JobRow:
        self.accounts.sends(row, deployment)
        provider = provider_class(deployment.provider)(deployment)
        flow = provider.create(request, idempotency_key=row.idempotency_key or row.id)
        try:
            video = await self.transport.drive(flow, deployment.timeout)
        except (ConnectionLost, ServerError) as lost:
            found = await find_lost_job(self, row, provider, request, deployment.timeout)
            if found is None:
                await loop.in_thread(self.journal.unknown, row.id, lost)
                raise OutcomeUnknown(
                    f"{lost.message} It is not known whether {deployment.provider} took the job.",
                    hint=f"It was not sent again. {show(row.held)} stays held; `resume` looks once more.",
                    job_id=row.id,
                ) from lost
            video = found
        except SoravidError as refused:
            await loop.in_thread(self.journal.refused, row.id, refused)
            refused.job_id = row.id
            raise
        except Exception as fault:
            # A fault of ours: whether the request had left cannot be told.
            await loop.in_thread(self.journal.unknown, row.id, SoravidError(f"{type(fault).__name__}"))
            raise
        return await self.took(row, video)

    async def _joined(self, row: JobRow) -> JobRow:
        """A job that somebody else is just sending, once they have their answer."""
        while row.status == "submitting" and time.time() - row.updated_at < _SENDING:
            if row.session == self.journal.session and not self.accounts.is_sent_here(row):
                break  # ours, and nobody here is sending it
            await asyncio.sleep(0.05)
            row = await loop.in_thread(self.journal.get, row.id)
        return row

    async def recover(self, row: JobRow) -> JobRow:
        """Look once more for a job whose create was sent and whose answer is not known.

        Raises:
            OutcomeUnknown: it still cannot be told; the money stays held.
        """
        video = await find_lost_job(self, row, self.accounts.provider_of(row), request_of(row))
        if video is None and row.status == "submitting":
            row = await self._joined(row)
            if row.video_id or row.final:
                return row
        if video is None:
            raise OutcomeUnknown(
                "It is still not known whether the provider took the job.",
                hint=f"{show(row.held)} stays held. Look at your account there; --again pays for a new one.",
                job_id=row.id,
            )
        return await self.took(row, video)

    async def took(self, row: JobRow, video: Video) -> JobRow:
        """Journal that the provider has the job."""
        row = await loop.in_thread(self.journal.submitted, row.id, video)
        return await self._observe(row, video) if video.final else self.accounts.remember(row)

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
            row = self.accounts.remember(row)
            if (video.status, video.progress) != (row.status, row.progress):
                row = await self._observe(row, video)
        return video, row

    async def watch(self, row: JobRow, on_row: OnRow | None = None, deadline: float = JOB_DEADLINE) -> JobRow:
        """Ask until the job ends; passing faults are waited out.

        Raises:
            DeadlineExceeded: it has not ended within ``deadline`` seconds; it goes on at the provider.
        """
        until = time.monotonic() + deadline
        provider = self.accounts.provider_of(row)
        longest = settings.poll_seconds(provider.profile.poll_seconds)
        pause = shortest = min(1.0, longest)
        faults = denials = 0
        while not row.final:
            advice: float | None = None
            try:
                video, seen = await self.retrieve(row.id)
                row, faults, denials, advice = seen or row, 0, 0, video._poll_after
                if on_row:
                    on_row(row)
            except RateLimited as limited:
                advice = limited.retry_after
            except NotFound as gone:
                denials += 1
                if denials > _GONE_AFTER:
                    gone.job_id = row.id
                    gone.hint = "Its money stays held: whether it was billed is not known."
                    raise
            except (ConnectionFailed, ConnectionLost, ServerError):
                faults, denials = faults + 1, 0
                advice = min(LONGEST_WAIT, 2.0**faults)
            if row.final:
                break
            if time.monotonic() >= until:
                raise DeadlineExceeded(
                    f"The job has not ended after {deadline:g} s.",
                    hint="It goes on at the provider: resume it later, it costs nothing more.",
                    job_id=row.id,
                )
            wait = pause if advice is None else max(advice, shortest)
            await asyncio.sleep(min(wait, max(0.05, until - time.monotonic())))
            pause = min(pause * 1.5, longest)
        return row

    async def _observe(self, row: JobRow, video: Video) -> JobRow:
        cost = costs.settled(row, video) if video.final else None
        return self.accounts.remember(await loop.in_thread(self.journal.observe, row.id, video, cost))

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
