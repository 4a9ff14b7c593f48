"""A callback's own thread: what is slow, fails or hangs there holds up nobody else."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable

from soravid.observe.events import DROPPABLE, Event
from soravid.observe.faults import tell_once
from soravid.observe.outbox import Outbox

_LIMIT = 10_000
"""Events that wait for one callback."""


class Lane:
    """Calls one function, plain or async, with events in their order.

    An async call is cancelled after ``timeout`` seconds. A plain one cannot be: while it takes longer, it
    gets no further events.
    """

    def __init__(self, function: Callable[[Event], object], timeout: float, what: str) -> None:
        self.function = function
        self._timeout = timeout
        self._name = f"{what} callback {getattr(function, '__qualname__', repr(function))}"
        self._since: float | None = None
        self._runner: asyncio.Runner | None = None
        self._outbox = Outbox(self._call, f"soravid-{what}", _LIMIT, self._failed, self._end)

    @property
    def late(self) -> bool:
        """Whether a call takes longer than it may."""
        since = self._since
        late = since is not None and time.monotonic() - since > self._timeout + 0.1
        if late:
            tell_once(f"The {self._name} takes more than {self._timeout:g} s: events pass it by.")
        return late

    @property
    def behind(self) -> bool:
        """Whether it has something to do."""
        return self._since is not None or self._outbox.waiting > 0

    def put(self, event: Event) -> None:
        """Have the function called, soon."""
        if not self.late:
            self._outbox.put(event, droppable=event.name in DROPPABLE)

    def wait(self, seconds: float) -> bool:
        """Wait until it has had all its events, or is late; whether it has."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.late:
            if self._outbox.flush(min(left, 0.2)):
                return True
        return False

    def close(self) -> None:
        """Call the function no more."""
        self._outbox.close()

    def _call(self, batch: list[Event]) -> None:
        for event in batch:
            if self._outbox.closed:
                return
            self._since = time.monotonic()
            try:
                answer = self.function(event)
                if inspect.isawaitable(answer):
                    self._await(answer)
            except Exception as wrong:
                self._failed(wrong)
            finally:
                self._since = None

    def _await(self, answer: object) -> None:
        async def bounded() -> None:
            try:
                async with asyncio.timeout(self._timeout):
                    await answer  # type: ignore[misc]
            except TimeoutError as late:
                raise TimeoutError(f"It took more than {self._timeout:g} s.") from late

        if self._runner is None:
            self._runner = asyncio.Runner()  # one loop for all its calls: it may keep a connection open
        self._runner.run(bounded())

    def _end(self) -> None:
        if self._runner is not None:
            self._runner.close()

    def _failed(self, wrong: Exception) -> None:
        tell_once(f"The {self._name} failed; jobs go on.", wrong, trace=True)
