"""Callbacks are told in order, on threads of their own, and can harm nothing."""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from soravid import callbacks, loop, observe
from soravid.observe import Event
from tests.core.helpers import python, until
from tests.observe.helpers import event, lines


def names(events: list[Event]) -> list[str]:
    return [each.name for each in events]


def test_each_list_gets_its_events() -> None:
    assert observe.flush(10)  # what other tests have left to be told
    had: dict[str, list[Event]] = {each.name: [] for each in callbacks._lists}
    for each in callbacks._lists:
        each.append(had[each.name].append)
    for name in (
        *("job.held", "job.submitted", "job.status", "job.completed", "money.spend", "job.stored"),
        *("job.refused", "job.unknown", "job.failed", "job.cancelled", "money.void", "money.adjust"),
    ):
        observe.emit(event(name))
    assert observe.flush(10)
    assert {name: names(events) for name, events in had.items()} == {
        "on_submit": ["job.submitted"],
        "on_status": ["job.status"],
        "on_success": ["job.completed"],
        "on_failure": ["job.refused", "job.unknown", "job.failed", "job.cancelled"],
        "on_spend": ["money.spend", "money.adjust"],
    }


def test_a_decorated_function_is_still_itself() -> None:
    @callbacks.on_success
    def note(told: Event) -> str:
        return told.name

    @callbacks.on_success(timeout=60)
    def slow(told: Event) -> str:
        return f"slow {told.name}"

    assert (note(event("job.held")), slow(event("job.held"))) == ("job.held", "slow job.held")
    assert list(callbacks.on_success) == [note, slow]


def test_an_async_callback_is_awaited_on_one_loop() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    @callbacks.on_success
    async def note(told: Event) -> None:
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())

    for _ in range(3):
        observe.emit(event("job.completed"))
    assert observe.flush(10)
    assert len(loops) == 3
    assert len(set(loops)) == 1
    assert loops[0] is not loop.loop()


def test_a_partial_of_an_async_function_is_awaited_too() -> None:
    had: list[str] = []

    async def note(what: str, told: Event) -> None:
        had.append(what + told.name)

    callbacks.on_success.append(partial(note, "it is "))
    observe.emit(event("job.completed"))
    assert observe.flush(10)
    assert had == ["it is job.completed"]


def test_callbacks_are_called_in_the_lists_order_and_events_in_theirs() -> None:
    had: list[tuple[str, str | None]] = []
    for name in ("a", "b", "c"):
        callbacks.on_success.append(lambda told, name=name: had.append((name, told.job_id)))  # type: ignore[misc]
    for number in range(50):
        observe.emit(event("job.completed", job_id=f"job_{number}"))
    assert observe.flush(20)
    for name in ("a", "b", "c"):
        assert [job for each, job in had if each == name] == [f"job_{number}" for number in range(50)]
    assert [name for name, job in had if job == "job_0"] == ["a", "b", "c"]


def test_a_callback_that_was_removed_is_not_called() -> None:
    had: list[Event] = []
    callbacks.on_success.append(had.append)
    callbacks.on_success.insert(0, print)
    callbacks.on_success.remove(had.append)
    assert list(callbacks.on_success) == [print]
    callbacks.on_success[:] = []
    observe.emit(event("job.completed"))
    assert observe.flush(10)
    assert had == []


def test_a_lists_places_can_be_replaced() -> None:
    first: list[Event] = []
    second: list[Event] = []
    callbacks.on_success.append(first.append)
    callbacks.on_success[0] = second.append
    observe.emit(event("job.completed"))
    assert observe.flush(10)
    assert (len(first), len(second)) == (0, 1)
    assert callbacks.on_success[0:1] == [second.append]


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_one_that_fails_is_told_once_and_harms_nothing(
    kind: str, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    had: list[Event] = []

    def fails(told: Event) -> None:
        raise ValueError("Bearer canary-0123456789")

    async def fails_async(told: Event) -> None:
        raise ValueError("Bearer canary-0123456789")

    callbacks.on_success.append(fails if kind == "plain" else fails_async)
    callbacks.on_success.append(had.append)
    for _ in range(3):
        observe.emit(event("job.completed"))
    assert observe.flush(10)
    assert len(had) == len(lines(home)) == 3
    assert len(caplog.records) == 1
    assert "ValueError" in caplog.text
    assert "canary" not in caplog.text


def test_one_that_hangs_harms_nothing(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    had: list[Event] = []
    calls: list[Event] = []
    go = threading.Event()

    @callbacks.on_success(timeout=0.2)
    def hangs(told: Event) -> None:
        calls.append(told)
        go.wait(30)

    callbacks.on_success.append(had.append)
    try:
        observe.emit(event("job.completed"))
        until(lambda: len(had) == 1, 5)
        time.sleep(0.4)
        for _ in range(20):
            observe.emit(event("job.completed"))
        until(lambda: len(had) == 21, 5)
        observe.flush(1)
        assert len(lines(home)) == 21
        assert len(calls) == 1
        assert [record.message for record in caplog.records] == [
            "The on_success callback test_one_that_hangs_harms_nothing.<locals>.hangs takes more than 0.2 s: "
            "events pass it by."
        ]
    finally:
        go.set()
    until(lambda: not callbacks.on_success._lanes[0].behind)
    observe.emit(event("job.completed"))
    assert observe.flush(5)
    assert len(calls) == 2  # it has returned and is told again


def test_an_async_one_that_hangs_is_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    @callbacks.on_success(timeout=0.1)
    async def hangs(told: Event) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(told.name)

    observe.emit(event("job.completed"))
    observe.emit(event("job.completed"))
    assert observe.flush(10)
    assert ended == ["job.completed"] * 2
    assert len(caplog.records) == 1
    assert "It took more than 0.1 s." in caplog.text


def test_a_slow_one_gets_every_event(home: Path) -> None:
    had: list[Event] = []

    @callbacks.on_success
    def slow(told: Event) -> None:
        time.sleep(0.02)
        had.append(told)

    begin = time.monotonic()
    for _ in range(50):
        observe.emit(event("job.completed"))
    assert time.monotonic() - begin < 0.5
    assert observe.flush(20)
    assert len(had) == 50


def test_a_callback_may_call_soravid_and_wait_for_it() -> None:
    answers: list[int] = []

    async def work() -> int:
        return 7

    @callbacks.on_success
    def asks(told: Event) -> None:
        answers.append(loop.run(work()))

    observe.emit(event("job.completed"))
    assert observe.flush(10)
    assert answers == [7]


def test_callbacks_run_off_the_loop_thread() -> None:
    threads: list[str] = []
    callbacks.on_success.append(lambda told: threads.append(threading.current_thread().name))

    async def finish() -> None:
        observe.emit(event("job.completed"))

    loop.run(finish())
    assert observe.flush(10)
    assert threads == ["soravid-on_success"]


def test_a_process_that_ends_waits_for_its_callbacks(home: Path) -> None:
    code = """
import time
from soravid import callbacks, observe
@callbacks.on_success
def note(event):
    time.sleep(0.2)
    print(event.job_id, flush=True)
observe.emit(observe.Event(name="job.completed", at=1.0, job_id="job_a"))
observe.emit(observe.Event(name="job.completed", at=1.0, job_id="job_b"))
"""
    assert python(code) == "job_a\njob_b\n"


def test_a_callback_that_hangs_does_not_keep_the_process(home: Path) -> None:
    code = """
import time
from soravid import callbacks, observe
@callbacks.on_success(timeout=0.5)
def note(event):
    time.sleep(60)
observe.emit(observe.Event(name="job.completed", at=1.0, job_id="job_a"))
"""
    begin = time.monotonic()
    python(code)
    assert time.monotonic() - begin < 10
    assert len(lines(home)) == 1
