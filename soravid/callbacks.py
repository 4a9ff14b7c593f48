"""Functions of yours that are called when something happens to a job.

    @soravid.callbacks.on_success
    def note(event):
        print(event.job_id, event.cost)

Each list takes plain and async functions of one argument, a ``soravid.observe.Event``. They run on threads of
their own, never on soravid's: one that fails, is slow or hangs changes nothing for jobs or for the others.
It is told once, through ``logging``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, MutableSequence
from typing import TypeVar, overload

from soravid.observe import Event, EventName, subscribe
from soravid.observe.faults import tell_once
from soravid.observe.lanes import Lane
from soravid.observe.outbox import Outbox

__all__ = ["CallbackList", "on_failure", "on_spend", "on_status", "on_submit", "on_success"]

Callback = Callable[[Event], object]
F = TypeVar("F", bound=Callback)
TIMEOUT = 10.0
"""Seconds that a callback may take."""
_TURN = 0.5
"""Seconds that the next callback in a list waits for the one before it."""


class CallbackList(MutableSequence[Callback]):
    """The callbacks for some events, called in this order; used as a decorator it appends.

    An async callback is cancelled after ``timeout`` seconds. A plain one cannot be stopped: while it runs on,
    events pass it by.
    """

    def __init__(self, name: str, events: Iterable[EventName]) -> None:
        self.name = name
        self.events = frozenset(events)
        self._lanes: list[Lane] = []

    @overload
    def __call__(self, function: F) -> F: ...
    @overload
    def __call__(self, *, timeout: float) -> Callable[[F], F]: ...
    def __call__(self, function: F | None = None, *, timeout: float = TIMEOUT) -> F | Callable[[F], F]:
        """Append a function: ``@on_success``, or ``@on_success(timeout=60)`` for one that may take longer."""

        def add(each: F) -> F:
            self._lanes.append(Lane(each, timeout, self.name))
            return each

        return add if function is None else add(function)

    @overload
    def __getitem__(self, index: int) -> Callback: ...
    @overload
    def __getitem__(self, index: slice) -> MutableSequence[Callback]: ...
    def __getitem__(self, index: int | slice) -> Callback | MutableSequence[Callback]:
        if isinstance(index, slice):
            return [lane.function for lane in self._lanes[index]]
        return self._lanes[index].function

    @overload
    def __setitem__(self, index: int, value: Callback) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[Callback]) -> None: ...
    def __setitem__(self, index: int | slice, value: Callback | Iterable[Callback]) -> None:
        lanes = list(self._lanes)
        if isinstance(index, slice):
            lanes[index] = [self._lane(each) for each in value]  # type: ignore[union-attr]
        else:
            lanes[index] = self._lane(value)  # type: ignore[arg-type]
        self._become(lanes)

    def __delitem__(self, index: int | slice) -> None:
        lanes = list(self._lanes)
        del lanes[index]
        self._become(lanes)

    def __len__(self) -> int:
        return len(self._lanes)

    def insert(self, index: int, value: Callback) -> None:
        """Put a function before the one at ``index``."""
        self._lanes.insert(index, self._lane(value))

    def __repr__(self) -> str:
        return f"{self.name}{list(self)}"

    def _lane(self, function: Callback) -> Lane:
        return Lane(function, TIMEOUT, self.name)

    def _become(self, lanes: list[Lane]) -> None:
        gone = [lane for lane in self._lanes if lane not in lanes]
        self._lanes = lanes
        for lane in gone:
            lane.close()

    def _take(self, event: Event) -> None:
        for lane in list(self._lanes):
            behind = lane.behind
            lane.put(event)
            if not behind:
                lane.wait(_TURN)

    def _wait(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        done = [lane.wait(end - time.monotonic()) for lane in list(self._lanes)]
        return all(done)


on_submit = CallbackList("on_submit", ["job.submitted"])
"""The provider has taken a job."""
on_status = CallbackList("on_status", ["job.status"])
"""A job that runs has another state or progress. Where too much happens, some of these are left out."""
on_success = CallbackList("on_success", ["job.completed"])
"""The provider has made the clip."""
on_failure = CallbackList("on_failure", ["job.refused", "job.failed", "job.cancelled", "job.unknown"])
"""A job ended without a clip, or it is not known whether the provider took it."""
on_spend = CallbackList("on_spend", ["money.spend", "money.adjust"])
"""Money was spent: ``event.cost`` in nano-USD, below 0 where an adjustment gives back."""

_lists = (on_submit, on_status, on_success, on_failure, on_spend)


def _dispatch(batch: list[Event]) -> None:
    for event in batch:
        for each in _lists:
            if event.name in each.events:
                each._take(event)


def _faulty(wrong: Exception) -> None:
    tell_once("Callbacks could not be called.", wrong)


_outbox = Outbox(_dispatch, "soravid-callbacks", 10_000, _faulty)


def _receive(event: Event) -> None:
    if any(len(each) and event.name in each.events for each in _lists):
        _outbox.put(event, droppable=event.name == "job.status")


def _wait(seconds: float) -> bool:
    end = time.monotonic() + seconds
    done = [_outbox.flush(seconds), *(each._wait(end - time.monotonic()) for each in _lists)]
    return all(done)


subscribe(_receive, _wait)
