"""Looks at jobs with the time that is left: whoever waits for an answer is not kept waiting by a look.

A look costs as much processor time as half a create, and of thousands of jobs some are always due. So looks
take turns, as many at a time as fit into the part of the loop's time that nobody else needs.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TypeVar

from soravid.pipeline import Pipeline
from soravid.providers.base import Flow
from soravid.transport import ATTEMPTS, Transport

T = TypeVar("T")

_SHARE = 0.5
"""The part of the loop's time up to which looks are made."""
_ROUND = 0.05
"""Seconds between two countings of that time."""
_COST = 0.001
"""Seconds of it that a look takes, about."""
_AT_LEAST, _AT_FIRST = 1, 8
"""Looks in a round however much there is to do, and when there was nothing to do before."""


class Polite(Transport):
    """A transport whose flows wait for their turn; it sends them on the connections of another one."""

    def __init__(self, within: Transport) -> None:
        super().__init__()
        self._within = within
        self._turns = _Turns()

    async def drive(self, flow: Flow[T], timeout: float = 60.0, attempts: int = ATTEMPTS) -> T:
        """Run a flow when it is its turn, as the other transport does."""
        await self._turns.wait()
        return await self._within.drive(flow, timeout, attempts)


def watch_politely(line: Pipeline) -> None:
    """Have a pipeline's jobs in flight looked at politely."""
    line.watcher.ask_through(Polite(line.transport))


class _Turns:
    """First come, first served, so many a round. For one event loop."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._left = _AT_FIRST
        self._counted = (0.0, 0.0)
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self) -> None:
        """Wait for one's turn."""
        loop = asyncio.get_running_loop()
        if self._timer is None:
            self._left, self._counted = _AT_FIRST, (loop.time(), time.thread_time())
            self._timer = loop.call_later(_ROUND, self._round, loop)
        if self._left > 0 and not self._waiting:
            self._left -= 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _round(self, loop: asyncio.AbstractEventLoop) -> None:
        before, now = self._counted, (loop.time(), time.thread_time())
        length = now[0] - before[0]
        spare = _SHARE * length - (now[1] - before[1])
        self._counted, self._left = now, max(_AT_LEAST, int(spare / _COST))
        while self._waiting and self._left > 0:
            turn = self._waiting.popleft()
            if not turn.done():  # who gave up waiting needs no turn
                turn.set_result(None)
                self._left -= 1
        idle = not self._waiting and self._left > _AT_FIRST
        self._timer = None if idle else loop.call_later(_ROUND, self._round, loop)
