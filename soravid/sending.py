"""The half of the pipeline that costs money: hold, route, submit, journal.

A create is sent once. Its money is held before it leaves, and what came of it is on the disk before anybody
hears of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from soravid import costs, limiting, loop
from soravid.accounts import Accounts
from soravid.deployments import Deployment
from soravid.errors import (
    Cancelled,
    ConnectionFailed,
    ConnectionLost,
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
from soravid.providers import provider_class
from soravid.routing import Choices, Ticket
from soravid.transport import Transport
from soravid.types import Video, VideoRequest
from soravid.watcher import OnRow

if TYPE_CHECKING:
    from soravid.ledger.journal import Journal

_SENDING = 90.0
"""Seconds that a create may be under way elsewhere before it counts as lost."""
OVERDUE = 86_400.0
"""Seconds after which a job that has not ended is looked at once more."""


class Sending:
    """Sends creates for one journal."""

    def __init__(self, journal: Journal, transport: Transport) -> None:
        self.journal = journal
        self.transport = transport
        self.accounts = Accounts(journal)
        self._queued: dict[str, Ticket] = {}
        self._under_way = 0

    async def submit(self, plan: Plan, on_row: OnRow | None = None) -> JobRow:
        """Hold the money, send the create once, journal the answer; fall back on definite errors.

        Raises:
            OutcomeUnknown: sent, and it is not known whether the provider took it; the money stays held.
            ProviderError, ConnectionFailed: definitely not taken, by the last choice too; the money is back.
            LimitReached: a limit on creates a minute, or on jobs at once; nothing was held or sent.
            NoDeployment: every deployment of the model group cools down; nothing was held or sent.
        """
        with self._counted():
            return await self._submit(plan, on_row)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Tell the journal whether one create is under way, or many."""
        self._under_way += 1
        self.journal.soon.alone = self._under_way == 1
        try:
            yield
        finally:
            self._under_way -= 1
            self.journal.soon.alone = self._under_way == 1

    async def _submit(self, plan: Plan, on_row: OnRow | None) -> JobRow:
        choices = Choices(plan.steps)
        wrong: SoravidError | None = None
        for step in choices:
            ticket = Ticket(step.route)
            # Whoever waits may give up; the request and its journal entry are finished all the same, unless
            # it is still in a deployment's queue.
            work = self._take(step, plan, on_row, ticket, again=wrong is not None)
            taking = asyncio.create_task(work, name=loop.SENDING)
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

    async def _take(
        self, step: Step, plan: Plan, on_row: OnRow | None, ticket: Ticket, *, again: bool
    ) -> JobRow:
        """Hold, send and journal one step; or the job that there is already."""
        with ticket:
            row, new = await self._hold(step, plan, again=again)
            if on_row:
                on_row(row)
            if new:
                await self._queue(row, ticket)
                return await self._send(row, step.request, step.deployment)
        return await self._joined(row) if row.video_id is None and not row.final else row

    async def _hold(self, step: Step, plan: Plan, *, again: bool) -> tuple[JobRow, bool]:
        scopes = (*self._scopes(step), *plan.scopes)
        limits = {**limiting.active.of(scopes), **plan.limits}
        if again:  # what was refused elsewhere has been counted
            limits = {scope: limit.for_a_fallback for scope, limit in limits.items()}
        return await self.journal.soon.open(
            step.request,
            step.deployment,
            plan.estimate,  # whichever of the choices it comes to, the money is there
            fingerprint=plan.request.fingerprint(),
            reuse=plan.reuse,
            idempotency_key=plan.idempotency_key,
            labels={**plan.labels, **step.labels},
            expected=step.expected,
            scopes=scopes,
            limits=limits,
            deadline=time.time() + OVERDUE,
        )

    def _scopes(self, step: Step) -> list[Scope]:
        """Whose spending a job always counts for."""
        scopes = [Scope("session", self.journal.session), Scope("provider", step.deployment.provider)]
        return [*scopes, Scope("user", step.request.user)] if step.request.user else scopes

    async def _queue(self, row: JobRow, ticket: Ticket) -> None:
        """Wait for a deployment's turn; a job that is given up meanwhile gets its money back."""
        if not ticket.waits:
            return
        self._queued[row.id] = ticket
        task = asyncio.current_task()
        try:
            if task:
                task.set_name(f"soravid-queued {row.id}")  # nothing is being sent yet
            await ticket.turn()
        except asyncio.CancelledError:
            await self.journal.soon.refused(row.id, Cancelled("Given up before it was sent."))
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
                await self.journal.soon.unknown(row.id, lost)
                raise OutcomeUnknown(
                    f"{lost.message} It is not known whether {deployment.provider} took the job.",
                    hint=f"It was not sent again. {show(row.held)} stays held; `resume` looks once more.",
                    job_id=row.id,
                ) from lost
            video = found
        except SoravidError as refused:
            await self.journal.soon.refused(row.id, refused)
            refused.job_id = row.id
            raise
        except Exception as fault:
            # A fault of ours: whether the request had left cannot be told.
            await self.journal.soon.unknown(row.id, SoravidError(f"{type(fault).__name__}"))
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
        row = await self.journal.soon.submitted(row.id, video)
        return await self._observe(row, video) if video.final else self.accounts.remember(row)

    async def _observe(self, row: JobRow, video: Video) -> JobRow:
        """Journal what an answer says of a job; its end settles it."""
        cost = costs.settled(row, video) if video.final else None
        return self.accounts.remember(await self.journal.soon.observe(row.id, video, cost))
