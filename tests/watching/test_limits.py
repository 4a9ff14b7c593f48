"""A rate limit is the whole account's; a job that is woken waits for it, too. No time passes."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import Response

from soravid.errors import DeadlineExceeded
from soravid.watcher.account import EACH
from tests.core.servers import down
from tests.watching.bench import Workbench, run


@pytest.fixture(autouse=True)
def own_pace(monkeypatch: pytest.MonkeyPatch, surroundings: None) -> None:
    """As the providers want it, not as quick as other tests have it."""
    monkeypatch.delenv("SORAVID_POLL_SECONDS")


# --- rate limits ---


def limiting(bench: Workbench, seconds: str) -> None:
    """Answer the next request with 429."""
    left = [down(429, retry_after=seconds)]

    def answer(request: Request) -> Response | None:
        return left.pop() if left else None

    bench.answer = answer


def test_a_rate_limit_holds_for_every_job_of_its_account_and_for_no_other() -> None:
    async def test(bench: Workbench) -> None:
        for number in range(10):
            bench.follow(bench.job(number, account="one"))
        await bench.advance(0)
        limiting(bench, "30")
        bench.seen.clear()
        await bench.advance(1.1)
        limited = len(bench.seen)
        other = bench.follow(bench.job(99, account="two"))
        await bench.advance(28)
        paths = [path for _, path in bench.seen[limited:]]
        assert set(paths) == {"/video_00099"}
        assert limited == 1
        assert not other.done()
        await bench.advance(5)
        assert {path for _, path in bench.seen[limited:]} == {f"/video_{n:05}" for n in [*range(10), 99]}

    run(test)


def test_after_a_rate_limit_half_as_much_is_asked_at_once_until_answers_come() -> None:
    async def test(bench: Workbench) -> None:
        bench.follow(bench.job())
        limiting(bench, "10")
        await bench.advance(10.5)
        for number in range(1, 200):
            bench.follow(bench.job(number))
        await asyncio.sleep(0)
        assert bench.watcher.asking == EACH // 2
        await bench.quiet()
        for number in range(200, 300):
            bench.follow(bench.job(number))
        await asyncio.sleep(0)
        assert EACH // 2 < bench.watcher.asking <= EACH

    run(test)


def test_a_deadline_within_a_rate_limit_is_kept_without_asking() -> None:
    async def test(bench: Workbench) -> None:
        limiting(bench, "600")
        task = bench.follow(bench.job(), deadline=20)
        await bench.advance(21)
        assert isinstance(task.exception(), DeadlineExceeded)
        assert bench.times() == [0]

    run(test)


def test_an_account_that_is_limited_all_the_time_keeps_its_jobs() -> None:
    async def test(bench: Workbench) -> None:
        bench.answer = lambda request: down(429, retry_after="5")
        task = bench.follow(bench.job())
        await bench.advance(1000)
        assert not task.done()
        assert bench.times() == [float(n) for n in range(0, 1001, 5)]

    run(test)


# --- woken ---


def test_a_job_that_is_woken_is_asked_for_at_once() -> None:
    async def test(bench: Workbench) -> None:
        bench.fake.poll_after_ms = 60_000
        task = bench.follow(bench.job())
        await bench.advance(5)
        bench.fake.finish("video_00000")
        assert bench.watcher.wake("job_00000")
        await bench.advance(0)
        assert (task.result().status, bench.times()) == ("completed", [0, 5])

    run(test)


def test_a_job_that_is_woken_while_it_is_asked_for_is_asked_for_again() -> None:
    async def test(bench: Workbench) -> None:
        bench.follow(bench.job())
        await asyncio.sleep(0)
        assert bench.watcher.asking == 1
        assert bench.watcher.wake("job_00000")
        await bench.advance(0)
        assert bench.times() == [0, 0]

    run(test)


def test_a_rate_limit_is_kept_even_when_a_job_is_woken() -> None:
    async def test(bench: Workbench) -> None:
        limiting(bench, "30")
        bench.follow(bench.job())
        await bench.advance(5)
        bench.watcher.wake("job_00000")
        await bench.advance(20)
        assert bench.times() == [0]
        await bench.advance(10)
        assert bench.times()[1] == 30

    run(test)


def test_what_nobody_waits_for_is_not_woken() -> None:
    async def test(bench: Workbench) -> None:
        assert not bench.watcher.wake("job_00000")
        await bench.advance(1)
        assert bench.seen == []

    run(test)
