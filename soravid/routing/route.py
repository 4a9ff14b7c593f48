"""A deployment at work: its place in the queue, its health, and the jobs that it has."""

from __future__ import annotations

import asyncio
from typing import Self

from soravid.deployments import Connection
from soravid.ledger import JobRow
from soravid.limits import Rate
from soravid.routing.entries import Entry
from soravid.routing.gate import Gate
from soravid.routing.health import Clock, Health
from soravid.routing.policy import Policy

DEPLOYMENT, GROUP = "soravid.deployment", "soravid.group"
"""Names among a job's labels: the deployment that made it, and the group that was asked for."""
_FORGOTTEN = 3600.0
"""Seconds after which a job that nobody asks for is no load, and a latency says nothing more."""
_WEIGHT = 0.3
"""Of the newest measure in an average."""


class Route:
    """One entry of ``model_list`` and what is known of it now. Changed on the loop thread, read on any."""

    def __init__(self, entry: Entry, policy: Policy, clock: Clock) -> None:
        self.entry = entry
        self.policy = policy
        self.clock = clock
        self.health = Health(policy, clock)
        self._tickets = 0
        self._jobs: dict[str, float] = {}
        rate = Rate(entry.rpm) if entry.rpm else None
        self.gate = Gate(entry.max_parallel_requests, rate, clock, entry.parallel_jobs, self._at_work)
        self._latencies: dict[str, tuple[float, float]] = {}

    @property
    def connection(self) -> Connection:
        """How it is reached, with the policy's timeout where the entry says none."""
        return {"timeout": self.policy.timeout, **self.entry.connection}

    @property
    def labels(self) -> dict[str, str]:
        """What the journal remembers of it, with each of its jobs."""
        return {DEPLOYMENT: self.entry.id}

    @property
    def load(self) -> int:
        """Creates under way or queued, and jobs of which no end has been seen."""
        return self._tickets + self._at_work()

    def _at_work(self) -> int:
        """Jobs of which no end has been seen."""
        oldest = self.clock() - _FORGOTTEN
        return sum(since > oldest for since in tuple(self._jobs.values()))

    @property
    def latency(self) -> float | None:
        """Seconds that a clip takes here: until its create is answered, and then until it is made.

        Averages in which the newest count most; None where nothing has been measured lately.
        """
        oldest = self.clock() - _FORGOTTEN
        known = [seconds for seconds, at in tuple(self._latencies.values()) if at > oldest]
        return sum(known) if known else None

    def saw(self, row: JobRow) -> None:
        """Note the state of one of its jobs."""
        if not row.final:
            self._jobs.setdefault(row.id, self.clock())
            while self._jobs and next(iter(self._jobs.values())) <= self.clock() - _FORGOTTEN:
                del self._jobs[next(iter(self._jobs))]
        elif self._jobs.pop(row.id, None) is not None:
            if row.status == "completed" and row.ended_at:
                self.measured("job", row.ended_at - row.created_at)
            self.gate.let_in()

    def measured(self, what: str, seconds: float) -> None:
        """Count a duration in its average."""
        before, at = self._latencies.get(what, (seconds, self.clock()))
        if at <= self.clock() - _FORGOTTEN:
            before = seconds
        self._latencies[what] = before + _WEIGHT * (seconds - before), self.clock()

    def count(self, tickets: int) -> None:
        """Add tickets to the load, or take them off."""
        self._tickets += tickets


class Ticket:
    """One create's way through a deployment; without a route, through what is open to all.

    Used as ``with ticket:`` around the create, which begins once ``turn`` returns.
    """

    def __init__(self, route: Route | None) -> None:
        self._route = route
        self._trial = route.health.begin() if route else False
        if route:
            route.count(1)  # from now on: whoever chooses next sees it
        self._turn: asyncio.Future[None] | None = None
        self._given_up = False
        self._since: float | None = None

    @property
    def waits(self) -> bool:
        """Whether it has not been its turn yet."""
        return self._route is not None and self._since is None

    async def turn(self) -> None:
        """Wait in the deployment's queue.

        Raises:
            asyncio.CancelledError: given up.
        """
        if self._route is None:
            return
        if self._given_up:
            raise asyncio.CancelledError
        self._turn = self._route.gate.queue()
        try:
            await self._turn
        except asyncio.CancelledError:
            if not self._turn.cancel() and not self._turn.cancelled():
                self._route.gate.leave()  # it had its turn in the very moment in which it was given up
            raise
        self._since = self._route.clock()

    def give_up(self) -> None:
        """Leave the queue; what has had its turn goes on."""
        self._given_up = True
        if self._turn and self.waits:
            self._turn.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, wrong: BaseException | None, trace: object) -> None:
        route = self._route
        if route is None:
            return
        route.count(-1)
        if self._since is None:
            route.health.end(asyncio.CancelledError(), trial=self._trial)
            return
        route.gate.leave()
        route.health.end(wrong, trial=self._trial)
        if wrong is None:
            route.measured("create", route.clock() - self._since)
