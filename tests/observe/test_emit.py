"""``emit`` returns at once, raises nothing and loses nothing that ends a job."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from soravid import observe
from soravid.ledger import JobRow
from soravid.observe import Event
from soravid.observe.outbox import Outbox
from tests.core.helpers import python
from tests.observe.helpers import event, lines


def silent(wrong: Exception) -> None:
    raise AssertionError(wrong)


class Slow:
    """A receiver that is held up until it is let go."""

    def __init__(self) -> None:
        self.go, self.held = threading.Event(), threading.Event()
        self.had: list[object] = []

    def __call__(self, batch: list[str]) -> None:
        self.held.set()
        assert self.go.wait(20)
        self.had += batch


def held_up(limit: int) -> tuple[Slow, Outbox[str]]:
    slow = Slow()
    outbox = Outbox(slow, "test", limit, silent)
    outbox.put("first")
    assert slow.held.wait(10)
    return slow, outbox


def test_where_too_much_waits_the_oldest_progress_is_dropped_and_counted() -> None:
    slow, outbox = held_up(limit=10)
    for number in range(100):
        outbox.put(f"progress {number}", droppable=True)
    slow.go.set()
    assert outbox.flush(10)
    assert slow.had == ["first", *(f"progress {number}" for number in range(90, 100))]
    assert outbox.dropped == 90
    outbox.close()


def test_what_ends_a_job_is_never_dropped() -> None:
    slow, outbox = held_up(limit=10)
    for number in range(10):
        outbox.put(f"progress {number}", droppable=True)
    for number in range(100):
        outbox.put(f"end {number}")
    outbox.put("late progress", droppable=True)
    slow.go.set()
    assert outbox.flush(10)
    assert slow.had == ["first", *(f"end {number}" for number in range(100))]
    assert outbox.dropped == 11
    outbox.close()


def test_a_flush_that_cannot_be_done_says_so() -> None:
    slow, outbox = held_up(limit=10)
    assert not outbox.flush(0.05)
    slow.go.set()
    assert outbox.flush(10)
    outbox.close()


def test_what_was_put_by_many_threads_arrives_once_and_in_each_ones_order() -> None:
    had: list[tuple[int, int]] = []
    outbox: Outbox[tuple[int, int]] = Outbox(had.extend, "test", 100, silent)

    def put(thread: int) -> None:
        for number in range(2000):
            outbox.put((thread, number))

    threads = [threading.Thread(target=put, args=(each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outbox.flush(20)
    assert sorted(had) == [(each, number) for each in range(4) for number in range(2000)]
    for each in range(4):
        assert [number for thread, number in had if thread == each] == list(range(2000))
    outbox.close()


def test_emit_never_raises(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Worse:
        def __str__(self) -> str:
            raise ValueError("no text")

    before = observe.lost()
    observe.emit(event(parameters={"extra_body": Worse()}))
    observe.emit("not an event")  # type: ignore[arg-type]
    observe.emit(event(job_id="job_b"))
    assert observe.flush()
    assert [each.job_id for each in observe.read()] == ["job_b"]
    assert observe.lost() == before + 1
    assert len(caplog.records) == 2


def test_emitting_takes_the_caller_no_time() -> None:
    told = event()
    observe.emit(told)
    took = []
    for _ in range(2000):
        begin = time.perf_counter_ns()
        observe.emit(told)
        took.append(time.perf_counter_ns() - begin)
    assert sorted(took)[1000] < 20_000  # nanoseconds; 3,000 on an idle machine
    assert observe.flush(20)


def test_a_subscriber_that_fails_changes_nothing_for_the_others(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    had: list[Event] = []

    def fails(_: Event) -> None:
        raise RuntimeError("Bearer 0123456789abcdef")

    observe.subscribe(fails)
    observe.subscribe(had.append)
    try:
        observe.emit(event(job_id="job_a"))
        observe.emit(event(job_id="job_b"))
        observe.flush()
    finally:
        observe.unsubscribe(fails)
        observe.unsubscribe(had.append)
    assert [each.job_id for each in had] == ["job_a", "job_b"]
    assert len(lines(home)) == 2
    assert len(caplog.records) == 1
    assert "0123456789abcdef" not in caplog.text


def test_flushing_from_a_subscriber_does_not_wait_for_itself() -> None:
    answers: list[bool] = []

    def flushes(_: Event) -> None:
        answers.append(observe.flush(5))

    observe.subscribe(flushes)
    try:
        observe.emit(event())
        assert observe.flush(4)
    finally:
        observe.unsubscribe(flushes)
    assert answers == [False]


# --- the end of a process ---

EMIT = """
import time
from soravid import observe
def tell(name, number):
    observe.emit(observe.Event(name=name, at=time.time(), job_id=f"job_{number}"))
"""


def test_a_process_that_ends_at_once_loses_nothing(home: Path) -> None:
    python(EMIT + "for number in range(2000): tell('job.completed', number)")
    assert [line["job_id"] for line in lines(home)] == [f"job_{number}" for number in range(2000)]


def test_what_is_emitted_while_the_interpreter_ends_is_there_too(home: Path) -> None:
    code = "import atexit\n" + "atexit.register(lambda: tell('job.completed', 2))\n"
    # Registered before soravid's own: it runs after it, as the loop thread's last tasks may.
    python(code + EMIT + "tell('job.held', 1)\n")
    assert [line["job_id"] for line in lines(home)] == ["job_1", "job_2"]


def test_the_loop_threads_last_words_are_there_too(home: Path) -> None:
    code = """
import asyncio
from soravid import loop
async def send():
    await asyncio.sleep(0.3)
    tell("job.submitted", 1)
async def begin():
    asyncio.create_task(send(), name=loop.SENDING)
loop.run(begin())
"""
    python(EMIT + code)
    assert [line["name"] for line in lines(home)] == ["job.submitted"]


def test_an_exception_at_the_end_loses_nothing(home: Path) -> None:
    python(EMIT + "import sys\ntell('job.failed', 1)\nsys.exit(0)")
    assert len(lines(home)) == 1


def test_a_forked_child_writes_its_own_events_and_not_its_parents(home: Path) -> None:
    code = """
import os
tell("job.held", 1)
child = os.fork()
tell("job.held", 2 if child else 3)
observe.flush()
if child:
    os.waitpid(child, 0)
else:
    os._exit(0)
"""
    python(EMIT + code)
    assert sorted(line["job_id"] for line in lines(home)) == ["job_1", "job_2", "job_3"]


def test_observing_imports_nothing_heavy() -> None:
    code = "import sys, soravid.callbacks; print(*sorted(name.partition('.')[0] for name in sys.modules))"
    heavy = {"opentelemetry", "structlog", "sqlalchemy", "httpx2"}
    assert heavy.isdisjoint(python(code).split())


# --- a job's row ---


def test_a_journals_row_tells_its_event() -> None:
    row = JobRow(
        id="job_a", session="s1", model="openai/sora-2", prompt="A kite", operation="create",
        parameters={"seconds": "8"}, fingerprint="f", idempotency_key=None, user="ada", labels={"team": "x"},
        api_base="http://127.0.0.1:8080/v1", api_version=None, video_id="video_1", status="failed",
        progress=40, seconds="8", size=None, error={"code": "bad", "message": "It is bad."}, held=5, cost=0,
        delivered=False, clip=None, clip_bytes=None, poster=None, created_at=time.time() - 2,
        updated_at=0.0, ended_at=None,
    )  # fmt: skip
    told = observe.about("job.failed", row, attempt=2, key="key_1")
    assert (told.deployment, told.attempt, told.key) == ("openai/sora-2@127.0.0.1:8080", 2, "key_1")
    assert (told.error_code, told.error_message, told.user) == ("bad", "It is bad.", "ada")
    assert told.elapsed is not None
    assert 1.9 < told.elapsed < 5
    assert told.labels == {"team": "x"}
