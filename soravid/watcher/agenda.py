"""What is due when: one heap and one timer for all jobs in flight."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable

from soravid.watcher.watched import Watched


class Clock:
    """Time as the watcher sees it, in seconds; a test brings its own."""

    def now(self) -> float:
        """Seconds since whenever; never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)


class Agenda:
    """Calls ``ring`` with the jobs that have become due. Only a job's latest plan counts."""

    def __init__(self, clock: Clock, ring: Callable[[list[Watched]], None]) -> None:
        self._clock = clock
        self._ring = ring
        # An entry counts while its job is due just then: what is planned anew leaves its old entry behind.
        self._heap: list[tuple[float, int, Watched]] = []
        self._number = itertools.count()
        self._timer: asyncio.Task[None] | None = None
        self._timer_at = 0.0

    def plan(self, job: Watched, due: float, now: float) -> None:
        """Have a job ring at ``due``, and no more at any other time."""
        job.due = due
        heapq.heappush(self._heap, (due, next(self._number), job))
        self._set_timer(now)

    def clear(self) -> None:
        """Forget all, and stop the timer."""
        self._heap.clear()
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, now: float) -> None:
        while self._heap and self._heap[0][2].due != self._heap[0][0]:
            heapq.heappop(self._heap)
        if not self._heap or (self._timer and self._timer_at <= self._heap[0][0]):
            return
        if self._timer:
            self._timer.cancel()
        self._timer_at = self._heap[0][0]
        self._timer = asyncio.create_task(self._wait(self._timer_at - now), name="soravid-agenda")

    async def _wait(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._timer = None
        now = max(self._timer_at, self._clock.now())  # a timer may be early by its own resolution
        due = []
        while self._heap and self._heap[0][0] <= now:
            at, _, job = heapq.heappop(self._heap)
            if job.due == at:
                due.append(job)
        self._ring(due)
        self._set_timer(now)
