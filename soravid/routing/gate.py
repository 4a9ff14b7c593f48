"""What keeps a deployment's creates apart: so many at once, so many jobs at once, so many a minute.

The rest queue in order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from soravid.limits import Rate
from soravid.routing.health import Clock

_LOOK_AGAIN = 30.0
"""Seconds after which a queue that waits for jobs to end looks whether one has been forgotten."""


class Gate:
    """First come, first in; who gives up waiting leaves no gap. For one event loop.

    Args:
        cap: how many may be inside at once; None: any number.
        rate: how many may go in a minute.
        clock: seconds, never backwards.
        most_jobs: how many may be inside or at work at once; None: any number.
        at_work: how many jobs have been let out and have not ended.
    """

    def __init__(
        self,
        cap: int | None,
        rate: Rate | None,
        clock: Clock,
        most_jobs: int | None = None,
        at_work: Callable[[], int] = int,
    ) -> None:
        self.cap = cap
        self.inside = 0
        self._rate = rate
        self._clock = clock
        self._most_jobs = most_jobs
        self._at_work = at_work
        self._queue: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many queue."""
        return sum(not turn.done() for turn in tuple(self._queue))

    @property
    def free(self) -> bool:
        """Whether one could go in at once."""
        return (
            not self.waiting
            and (self.cap is None or self.inside < self.cap)
            and not self._is_full
            and (self._rate is None or not self._rate.wait(self._clock()))
        )

    @property
    def _is_full(self) -> bool:
        """Whether as many jobs are on their way or at work as may be."""
        return self._most_jobs is not None and self.inside + self._at_work() >= self._most_jobs

    def queue(self) -> asyncio.Future[None]:
        """A place in the queue: done when it is its turn, given up by ``cancel()``; then ``leave``."""
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        turn.add_done_callback(lambda turn: self.let_in() if turn.cancelled() else None)
        self.let_in()
        return turn

    def leave(self) -> None:
        """One that had its turn is done."""
        self.inside -= 1
        self.let_in()

    def let_in(self) -> None:
        """Let in whoever may go in now, and look again when the next one may."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._queue and (self.cap is None or self.inside < self.cap):
            if self._queue[0].done():
                self._queue.popleft()
                continue
            if self._is_full:  # until a job ends, or is heard of no more
                self._timer = asyncio.get_running_loop().call_later(_LOOK_AGAIN, self.let_in)
                return
            if self._rate and (wait := self._rate.take(self._clock())):
                self._timer = asyncio.get_running_loop().call_later(wait, self.let_in)
                return
            self.inside += 1
            self._queue.popleft().set_result(None)
