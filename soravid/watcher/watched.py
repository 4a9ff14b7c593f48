"""One job in flight: who waits for it, and its pace. No I/O; times are seconds on the watcher's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from soravid import settings, transport
from soravid.errors import DeadlineExceeded, NotFound, RateLimited, SoravidError
from soravid.ledger import JobRow
from soravid.providers import Provider
from soravid.types import Video

if TYPE_CHECKING:
    from soravid.watcher.account import Account

OnRow = Callable[[JobRow], None]

_GONE_AFTER = 3
"""A job that the provider denies this often in a row is gone; the first denials may be a slow replica."""
_LAST_LOOK = 0.05
"""Seconds that a job is left alone at least, even with its deadline at hand."""


@dataclass(eq=False, slots=True)
class Follower:
    """Somebody who waits for a job's end."""

    end: asyncio.Future[JobRow]
    on_row: OnRow | None
    until: float
    deadline: float

    def fail(self, wrong: Exception) -> None:
        """End the wait with an exception."""
        if not self.end.done():
            self.end.set_exception(wrong)


@dataclass(eq=False, slots=True)
class Watched:
    """One job in flight: who waits for it, and when it is to be asked for again."""

    row: JobRow
    video_id: str
    provider: Provider
    account: Account
    shortest: float
    longest: float
    pause: float
    followers: list[Follower] = field(default_factory=list)
    due: float | None = None
    """When it is to be asked for; None while it is asked for, and once it is forgotten."""
    asking: bool = False
    again: bool = False
    """Whether it is to be asked for once more right after the answer that is on its way."""
    alone: bool = False
    """Whether a list did not tell of it: it is then asked for by its id."""
    ahead: int | None = None
    """How many jobs are before it in the provider's queue, where that is told."""
    faults: int = 0
    denials: int = 0

    @classmethod
    def of(cls, row: JobRow, provider: Provider, account: Account) -> Watched:
        """A job that has an id at its provider.

        Raises:
            NotFound: it has none.
        """
        if not row.video_id:
            raise NotFound("The provider has not given this job an id.", job_id=row.id)
        longest = settings.poll_seconds(provider.profile.poll_seconds)
        shortest = min(1.0, longest)
        return cls(row, row.video_id, provider, account, shortest, longest, shortest)

    @property
    def first_wait(self) -> float:
        """Seconds until the first look: none, unless its provider has told its state just now, taking it."""
        left = self.shortest - (time.time() - self.row.updated_at)
        return left if 0 < left <= self.shortest else 0.0

    def saw(self, row: JobRow, video: Video) -> float:
        """Take an answer, tell the followers, and return the seconds until the next look."""
        self.row, self.faults, self.denials, self.alone = row, 0, 0, False
        self.ahead = video.ahead
        for follower in list(self.followers):
            try:
                if follower.on_row:
                    follower.on_row(row)
            except Exception as wrong:  # theirs alone
                follower.fail(wrong)
                self.followers.remove(follower)
        return self._wait(video._poll_after)

    def stumbled(self, fault: SoravidError) -> float:
        """Take a fault that may pass, and return the seconds until the next look.

        Raises:
            NotFound: denied once too often.
        """
        advice: float | None = None
        if isinstance(fault, RateLimited):
            advice = fault.retry_after
        elif isinstance(fault, NotFound):
            self.denials += 1
            if self.denials > _GONE_AFTER:
                fault.job_id = self.row.id
                fault.hint = "Its money stays held: whether it was billed is not known."
                raise fault
        else:
            self.faults, self.denials = self.faults + 1, 0
            later = self.faults - transport.ATTEMPTS + 1
            advice = transport.backoff(self.faults) if later < 1 else 2.0**later
            advice = min(transport.LONGEST_WAIT, advice)
        return self._wait(advice)

    def _wait(self, advice: float | None) -> float:
        wait = self.pause if advice is None else max(advice, self.shortest)
        self.pause = min(self.pause * 1.5, self.longest)
        return wait

    def next_look(self, now: float, wait: float) -> float:
        """When a job is due that is to be left alone for ``wait`` seconds: not after its first deadline."""
        first = min((follower.until for follower in self.followers), default=now + wait)
        return now + min(wait, max(_LAST_LOOK, first - now))

    def leave(self, follower: Follower) -> None:
        """Let somebody go who has heard the end, or waits no more."""
        if follower in self.followers:
            self.followers.remove(follower)
        if follower.end.done() and not follower.end.cancelled():
            follower.end.exception()  # a wait that is cancelled as it ends does not look

    def expire(self, now: float) -> None:
        """Let go of the followers whose time is over."""
        for follower in [one for one in self.followers if one.until <= now]:
            self.followers.remove(follower)
            follower.fail(
                DeadlineExceeded(
                    f"The job has not ended after {follower.deadline:g} s.",
                    hint="It goes on at the provider: resume it later, it costs nothing more.",
                    job_id=self.row.id,
                )
            )

    def end(self, wrong: Exception | None = None) -> None:
        """Tell every follower that the watch is over, and why."""
        while self.followers:
            follower = self.followers.pop()
            if wrong:
                follower.fail(wrong)
            elif not follower.end.done():
                follower.end.set_result(self.row)
