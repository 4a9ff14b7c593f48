"""What keeps a deployment's creates apart: so many at once, so many a minute; the rest queue in order."""

from __future__ import annotations

import asyncio
from collections import deque

from soravid.limits import Rate
from soravid.routing.health import Clock


class Gate:
    """First come, first in; who gives up waiting leaves no gap. For one event loop."""

    def __init__(self, cap: int | None, rate: Rate | None, clock: Clock) -> None:
        self.cap = cap
        self.inside = 0
        self._rate = rate
        self._clock = clock
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
            and (self._rate is None or not self._rate.wait(self._clock()))
        )

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
            if self._rate and (wait := self._rate.take(self._clock())):
                self._timer = asyncio.get_running_loop().call_later(wait, self.let_in)
                return
            self.inside += 1
            self._queue.popleft().set_result(None)
