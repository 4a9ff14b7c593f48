"""Sends the requests that tell how jobs are getting on: as many at once as is good, to whoever is due."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from soravid.errors import (
    ConnectionFailed,
    ConnectionLost,
    NotFound,
    RateLimited,
    ServerError,
    SoravidError,
)
from soravid.ledger import JobRow
from soravid.providers import Provider
from soravid.transport import Transport
from soravid.types import Video
from soravid.watcher.account import PAGE, Account, account_key
from soravid.watcher.agenda import Agenda, Clock
from soravid.watcher.watched import Follower, OnRow, Watched

AT_ONCE = 64
"""Requests under way at all accounts together, at most."""
_JITTER = 0.1
"""The part by which a pause is made longer at most, so that many jobs are not asked for in step."""
_PASSING = (RateLimited, NotFound, ConnectionFailed, ConnectionLost, ServerError)


class Watcher:
    """The jobs in flight of one pipeline. Everything here runs on the loop thread.

    ``provider_of`` gives the adapter for a job's deployment. ``heard`` journals what an answer says of a
    job, where it is news, and returns the job's row; a final state settles the job.

    Attributes:
        worst_lag: seconds that a request has left after it was due, at worst so far.
    """

    def __init__(
        self,
        transport: Transport,
        provider_of: Callable[[JobRow], Provider],
        heard: Callable[[JobRow, Video], Awaitable[JobRow]],
        clock: Clock | None = None,
    ) -> None:
        self.worst_lag = 0.0
        self._transport = transport
        self._provider_of = provider_of
        self._heard = heard
        self._clock = clock or Clock()
        self._agenda = Agenda(self._clock, self._ring)
        self._jobs: dict[str, Watched] = {}
        self._accounts: dict[tuple[object, ...], Account] = {}
        self._waiting: dict[Account, None] = {}  # those with due jobs, longest waiting first
        self._requests: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many jobs are watched."""
        return len(self._jobs)

    @property
    def asking(self) -> int:
        """How many requests are under way."""
        return len(self._requests)

    def ask_through(self, transport: Transport) -> None:
        """Send the requests another way from now on."""
        self._transport = transport

    # --- what others ask of it -----------------------------------------------------------------------

    async def follow(self, row: JobRow, on_row: OnRow | None, deadline: float) -> JobRow:
        """The job's row once it has ended; ``on_row`` is called at each look until then.

        Followers of one job share its requests, and each may give up without harm to the others.

        Raises:
            DeadlineExceeded: it has not ended within ``deadline`` seconds; it goes on at the provider.
            NotFound: the provider denies it, again and again; its money stays held.
            SoravidError: anything else that will not pass by itself.
        """
        if row.final:
            return row
        job = self._jobs.get(row.id) or self._begin(row)
        now = self._clock.now()
        end: asyncio.Future[JobRow] = asyncio.get_running_loop().create_future()
        follower = Follower(end, on_row, now + deadline, deadline)
        job.followers.append(follower)
        if job.due is None and not job.asking:
            if (wait := job.first_wait) > 0:
                self._plan(job, wait, now)
            else:
                self._ring([job])
        elif job.due is not None and job.due > follower.until:
            self._plan(job, job.due - now, now)
        try:
            return await end
        finally:
            job.leave(follower)
            if not job.followers:
                self._forget(job)

    def wake(self, job_id: str) -> bool:
        """Ask for a job now, since its end was told by another way; False: nobody here waits for it.

        A rate limit of its account is waited out all the same.
        """
        job = self._jobs.get(job_id)
        if job is None:
            return False
        job.pause = job.shortest
        if job.asking:
            job.again = True  # the answer on its way may be older than the news
        else:
            self._ring([job])
        return True

    def ahead(self, job_id: str) -> int | None:
        """How many jobs are before it in its provider's queue, where that is told and it is followed."""
        job = self._jobs.get(job_id)
        return job.ahead if job else None

    # --- a job's way ---------------------------------------------------------------------------------

    def _begin(self, row: JobRow) -> Watched:
        provider = self._provider_of(row)
        key = account_key(provider.deployment)
        account = self._accounts.get(key) or Account(key)
        job = Watched.of(row, provider, account)
        self._accounts[key] = account
        self._jobs[row.id] = job
        account.add(job)
        return job

    def _forget(self, job: Watched) -> None:
        if self._jobs.get(job.row.id) is not job:
            return
        del self._jobs[job.row.id]
        job.due = None
        job.account.discard(job)
        if not job.account.jobs and job.account.limited_until <= self._clock.now():
            self._accounts.pop(job.account.key, None)
        if not self._jobs:
            self._agenda.clear()

    def _end(self, job: Watched, wrong: Exception | None = None) -> None:
        job.end(wrong)
        self._forget(job)

    def _go_on(self, job: Watched, wait: float) -> None:
        """After a look: to the job's end, or to the next look in ``wait`` seconds."""
        job.asking = False
        now = self._clock.now()
        if job.row.final:
            self._end(job)
            return
        job.expire(now)
        if not job.followers:
            self._forget(job)
        elif job.again:
            job.again = False
            self._make_ready(job, now)
        else:
            self._plan(job, wait, now)

    def _plan(self, job: Watched, wait: float, now: float) -> None:
        self._agenda.plan(job, job.next_look(now, wait), now)

    def _jittered(self, wait: float) -> float:
        # A job alone has nobody to keep out of step with.
        return wait * random.uniform(1.0, 1.0 + _JITTER) if len(self._jobs) > 1 else wait  # noqa: S311

    def _ring(self, jobs: list[Watched]) -> None:
        """Ask for jobs now, as far as there is room."""
        now = self._clock.now()
        for job in jobs:
            self._make_ready(job, now)
        self._fill()

    def _make_ready(self, job: Watched, now: float) -> None:
        """Have a job asked for as soon as there is room, or once its account's rate limit is over."""
        account = job.account
        if account.limited_until > now:
            account.ready.pop(job.row.id, None)
            job.expire(now)
            if job.followers:
                self._plan(job, self._jittered(account.limited_until - now), now)
            else:
                self._forget(job)
            return
        job.due = now if job.due is None else min(now, job.due)
        account.ready[job.row.id] = job
        self._waiting[account] = None

    # --- requests ------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Send what is due, as far as there is room."""
        if len(self._requests) >= AT_ONCE:
            return
        now = self._clock.now()
        for account in list(self._waiting):
            if account.limited_until > now:
                for job in list(account.ready.values()):
                    self._make_ready(job, now)
            while account.ready and account.free and len(self._requests) < AT_ONCE:
                jobs, after = account.take(now)
                for job in jobs:
                    self.worst_lag = max(self.worst_lag, now - (job.due or now))
                    job.due, job.asking = None, True
                self._start(account, self._list(account, jobs, after) if jobs[1:] else self._ask(jobs[0]))
            if not account.ready:
                del self._waiting[account]

    def _start(self, account: Account, request: Coroutine[Any, Any, None]) -> None:
        account.asking += 1
        task = asyncio.create_task(request, name="soravid-watcher")
        self._requests.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._requests.discard(task)
            account.asking -= 1
            if not task.cancelled():
                self._fill()

        task.add_done_callback(done)

    async def _ask(self, job: Watched) -> None:
        """Ask for one job's state."""
        try:
            flow = job.provider.retrieve(job.video_id)
            # One attempt: whether and when there is a second is the job's pace and the account's limit.
            video = await self._transport.drive(flow, job.provider.deployment.timeout, attempts=1)
            job.account.answered()
            wait = job.saw(await self._heard(job.row, video), video)
        except _PASSING as fault:
            self._put_off(job, fault)
        except Exception as wrong:
            self._end(job, wrong)
        else:
            self._go_on(job, self._jittered(wait))

    def _put_off(self, job: Watched, fault: SoravidError) -> None:
        try:
            wait = job.stumbled(fault)
        except NotFound as gone:
            self._end(job, gone)
            return
        if isinstance(fault, RateLimited):
            job.account.limit(self._clock.now(), wait)
        self._go_on(job, self._jittered(wait))

    async def _list(self, account: Account, jobs: list[Watched], after: str) -> None:
        """Ask for one page of the account's list; it answers for every job on it, due or not."""
        provider = jobs[0].provider
        told: dict[str, Video] = {}
        try:
            flow = provider.list(after=after, limit=PAGE, order="desc")
            page, _ = await self._transport.drive(flow, provider.deployment.timeout, attempts=1)
            account.answered()
            told = {video.id: video for video in page}
        except RateLimited as limited:
            for job in jobs:
                self._put_off(job, limited)
            return
        except Exception:  # noqa: S110 - each job's own state tells what is wrong
            pass
        found = [job for job in jobs if job.video_id in told]
        for job in [other for video_id in told if (other := account.jobs.get(video_id))]:
            if not job.asking:
                account.ready.pop(job.row.id, None)
                job.due, job.asking = None, True
                found.append(job)
        account.listed(self._clock.now(), len(found))
        # One jitter for all of them: they are due together again, and share the next page as well.
        jitter = self._jittered(1.0)
        await asyncio.gather(*(self._take_in(job, told[job.video_id], jitter) for job in found))
        self._take_back(jobs, told)

    async def _take_in(self, job: Watched, video: Video, jitter: float) -> None:
        try:
            wait = job.saw(await self._heard(job.row, video), video)
        except Exception as wrong:
            self._end(job, wrong)
        else:
            self._go_on(job, wait * jitter)

    def _take_back(self, jobs: list[Watched], told: dict[str, Video]) -> None:
        """Have those asked for again that were not on their page: what is older may be on the next one."""
        oldest = min((job.row.created_at for job in jobs if job.video_id in told), default=0.0)
        now = self._clock.now()
        for job in jobs:
            if job.video_id not in told:
                job.asking, job.alone = False, job.row.created_at >= oldest
                if self._jobs.get(job.row.id) is job:
                    self._make_ready(job, now)
