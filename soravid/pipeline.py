"""The one way to a clip, the same for every surface.

    VideoRequest -> guard -> price -> hold -> route -> submit -> journal -> watch -> settle -> store

Everything here runs on the loop thread (``loop.py``) and reaches a provider only through ``Transport.drive``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from soravid import costs, limiting, loop
from soravid.accounts import Accounts
from soravid.deployments import Connection, Deployment
from soravid.errors import (
    Cancelled,
    ConnectionFailed,
    ConnectionLost,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Refused,
    ServerError,
    SoravidError,
)
from soravid.ledger import JobRow, Scope
from soravid.lookup import find_lost_job, request_of
from soravid.money import show
from soravid.plans import Plan, Step
from soravid.providers import Provider, provider_class
from soravid.routing import Choices, Ticket
from soravid.shelf import Shelf
from soravid.transport import Transport
from soravid.types import Video, VideoRequest
from soravid.watcher import OnRow, Watcher

if TYPE_CHECKING:
    from soravid.ledger.journal import Journal

_SENDING = 90.0
"""Seconds that a create may be under way elsewhere before it counts as lost."""
OVERDUE = 86_400.0
"""Seconds after which a job that has not ended is looked at once more."""
JOB_DEADLINE = 3600.0
"""Seconds that a job is waited for unless the caller says otherwise; it can be resumed afterwards."""


class Pipeline:
    """From hold to store, for one journal; ``plans.draw_up`` does what comes before."""

    def __init__(self, journal: Journal, transport: Transport) -> None:
        self.journal = journal
        self.transport = transport
        self.accounts = Accounts(journal)
        self.shelf = Shelf(journal, transport, self.accounts)
        self.watcher = Watcher(transport, self.accounts.provider_of, self._heard)
        self._queued: dict[str, Ticket] = {}

    # --- hold, submit, journal -----------------------------------------------------------------------

    async def submit(self, plan: Plan, on_row: OnRow | None = None) -> JobRow:
        """Hold the money, send the create once, journal the answer; fall back on definite errors.

        Raises:
            OutcomeUnknown: sent, and it is not known whether the provider took it; the money stays held.
            ProviderError, ConnectionFailed: definitely not taken, by the last choice too; the money is back.
            LimitReached: a limit on creates a minute, or on jobs at once; nothing was held or sent.
            NoDeployment: every deployment of the model group cools down; nothing was held or sent.
        """
        if limiting.active:
            scopes = (*self._scopes(plan.steps[0]), *plan.scopes)
            await loop.in_thread(limiting.active.take, scopes, self.journal.running)
        choices = Choices(plan.steps)
        wrong: SoravidError | None = None
        for step in choices:
            ticket = Ticket(step.route)
            # Whoever waits may give up; the request and its journal entry are finished all the same, unless
            # it is still in a deployment's queue.
            taking = asyncio.create_task(self._take(step, plan, on_row, ticket), name=loop.SENDING)
            try:
                return await asyncio.shield(taking)
            except asyncio.CancelledError:
                ticket.give_up()
                raise
            except (Refused, OutcomeUnknown):
                raise
            except (ProviderError, ConnectionFailed) as definite:
                wrong = definite
        raise wrong or choices.none()

    async def _take(self, step: Step, plan: Plan, on_row: OnRow | None, ticket: Ticket) -> JobRow:
        """Hold, send and journal one step; or the job that there is already."""
        with ticket:
            return await self._taken(step, plan, on_row, ticket)

    async def _taken(self, step: Step, plan: Plan, on_row: OnRow | None, ticket: Ticket) -> JobRow:
        row, new = await loop.in_thread(
            self.journal.open,
            step.request,
            step.deployment,
            plan.estimate,  # whichever of the choices it comes to, the money is there
            fingerprint=plan.request.fingerprint(),
            reuse=plan.reuse,
            idempotency_key=plan.idempotency_key,
            labels={**plan.labels, **step.labels},
            expected=step.expected,
            scopes=(*self._scopes(step), *plan.scopes),
            deadline=time.time() + OVERDUE,
        )
        if on_row:
            on_row(row)
        if new:
            await self._queue(row, ticket)
            return await self._send(row, step.request, step.deployment)
        return await self._joined(row) if row.video_id is None and not row.final else row

    def _scopes(self, step: Step) -> list[Scope]:
        """Whose spending a job always counts for."""
        scopes = [Scope("session", self.journal.session), Scope("provider", step.deployment.provider)]
        return [*scopes, Scope("user", step.request.user)] if step.request.user else scopes

    async def _queue(self, row: JobRow, ticket: Ticket) -> None:
        """Wait for a deployment's turn; a job that is given up meanwhile gets its money back."""
        self._queued[row.id] = ticket
        task = asyncio.current_task()
        try:
            if task:
                task.set_name(f"soravid-queued {row.id}")  # nothing is being sent yet
            await ticket.turn()
        except asyncio.CancelledError:
            await loop.in_thread(self.journal.refused, row.id, Cancelled("Given up before it was sent."))
            raise
        finally:
            if task:
                task.set_name(loop.SENDING)
            del self._queued[row.id]

    def withdraw(self, job_id: str) -> bool:
        """Take a job out of its deployment's queue, before it is sent; False: it is in none."""
        if ticket := self._queued.get(job_id):
            ticket.give_up()
        return ticket is not None

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
            row = await self._heard(row, video)
        return video, row

    async def watch(self, row: JobRow, on_row: OnRow | None = None, deadline: float = JOB_DEADLINE) -> JobRow:
        """Ask until the job ends; passing faults are waited out.

        Raises:
            DeadlineExceeded: it has not ended within ``deadline`` seconds; it goes on at the provider.
        """
        return await self.watcher.follow(row, on_row, deadline)

    async def settle_overdue(self) -> list[JobRow]:
        """Look once more at each job that is past its deadline; returns those that have ended now.

        What its provider says ends it. What its provider does not know is closed, and its money given back.
        One whose provider cannot be reached, or whose create was never answered, keeps its hold.
        """
        ended = []
        for row in await loop.in_thread(self.journal.overdue, time.time()):
            if row.video_id is None:
                continue
            try:
                _, seen = await self.retrieve(row.id)
            except NotFound as gone:
                seen = self.accounts.remember(await loop.in_thread(self.journal.voided, row.id, gone))
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
