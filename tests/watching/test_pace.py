"""When a job is asked for: its own pace, the server's wish, faults, deadlines. No time passes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from soravid.errors import AuthenticationFailed, DeadlineExceeded, NotFound
from soravid.watcher.account import EACH
from soravid.watcher.scheduler import AT_ONCE
from tests.core.servers import down
from tests.watching.bench import Workbench, run


@pytest.fixture(autouse=True)
def own_pace(monkeypatch: pytest.MonkeyPatch, surroundings: None) -> None:
    """As the providers want it, not as quick as other tests have it."""
    monkeypatch.delenv("SORAVID_POLL_SECONDS")
    monkeypatch.setattr("soravid.transport.backoff", lambda attempt: 0.5 * 2 ** (attempt - 1))


def test_looks_are_close_at_first_and_then_as_far_apart_as_the_provider_wants() -> None:
    async def test(bench: Workbench) -> None:
        bench.follow(bench.job())
        await bench.advance(50)
        gaps = [1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10, 10]
        assert bench.times() == [round(sum(gaps[:n]), 3) for n in range(len(gaps) + 1)]

    run(test)


def test_a_job_that_was_taken_just_now_is_left_alone_at_first() -> None:
    """Its provider told its state when it took it."""

    async def test(bench: Workbench) -> None:
        taken = time.time()
        bench.follow(replace(bench.job(1), updated_at=taken))
        bench.follow(replace(bench.job(2), updated_at=taken + 3600))  # another machine's clock
        await bench.advance(0.4)
        assert bench.times("1") == []
        assert bench.times("2") == [0]
        await bench.advance(1)
        assert len(bench.times("1")) == 1

    run(test)


def test_the_server_says_when_it_wants_to_be_asked() -> None:
    async def test(bench: Workbench) -> None:
        bench.fake.poll_after_ms = 4000
        bench.follow(bench.job())
        await bench.advance(12)
        assert bench.times() == [0, 4, 8, 12]

    run(test)


def test_a_server_that_wants_to_be_asked_at_once_is_asked_each_second() -> None:
    async def test(bench: Workbench) -> None:
        bench.fake.poll_after_ms = 0
        bench.follow(bench.job())
        await bench.advance(3)
        assert bench.times() == [0, 1, 2, 3]

    run(test)


def test_faults_are_waited_out_longer_each_time() -> None:
    async def test(bench: Workbench) -> None:
        bench.answer = lambda request: down(503)
        task = bench.follow(bench.job())
        await bench.advance(130)
        assert bench.times() == [0, 1, 2, 4, 6, 10, 18, 34, 66, 126]
        bench.answer = lambda request: None
        bench.fake.finish("video_00000")
        await bench.advance(60)
        assert task.result().status == "completed"

    run(test)


def test_a_job_is_gone_when_it_was_denied_four_times_in_a_row() -> None:
    async def test(bench: Workbench) -> None:
        task = bench.follow(bench.job())
        bench.fake.videos.clear()
        await bench.advance(60)
        with pytest.raises(NotFound, match="Its money stays held") as caught:
            task.result()
        assert caught.value.job_id == "job_00000"
        assert bench.times() == [0, 1, 2.5, 4.75]

    run(test)


def test_a_denial_in_between_is_forgotten() -> None:
    async def test(bench: Workbench) -> None:
        count = iter(range(1000))
        bench.answer = lambda request: down(404) if next(count) % 4 else None
        task = bench.follow(bench.job())
        await bench.advance(200)
        assert not task.done()

    run(test)


def test_what_will_not_pass_ends_the_watch_for_everybody() -> None:
    async def test(bench: Workbench) -> None:
        row = bench.job()
        bench.answer = lambda request: down(401)
        both = [asyncio.create_task(bench.watcher.follow(row, None, 60)) for _ in range(2)]
        await bench.advance(0)
        for task in both:
            with pytest.raises(AuthenticationFailed):
                task.result()
        assert (len(bench.seen), len(bench.watcher)) == (1, 0)

    run(test)


def test_a_job_without_an_id_at_its_provider_is_not_watched() -> None:
    async def test(bench: Workbench) -> None:
        with pytest.raises(NotFound, match="has not given this job an id"):
            await bench.watcher.follow(replace(bench.job(), video_id=None), None, 60)
        assert (len(bench.seen), len(bench.watcher)) == (0, 0)

    run(test)


# --- deadlines ---


def test_the_last_look_is_at_the_deadline() -> None:
    async def test(bench: Workbench) -> None:
        task = bench.follow(bench.job(), deadline=6)
        await bench.advance(5.9)
        assert not task.done()
        await bench.advance(0.2)
        with pytest.raises(DeadlineExceeded, match="after 6 s"):
            task.result()
        assert bench.times() == [0, 1, 2.5, 4.75, 6]

    run(test)


def test_each_follower_has_a_deadline_of_its_own() -> None:
    async def test(bench: Workbench) -> None:
        row = bench.job()
        patient = bench.follow(row)
        await bench.advance(20)
        hasty = bench.follow(row, deadline=0.5)
        await bench.advance(1)
        assert isinstance(hasty.exception(), DeadlineExceeded)
        bench.fake.finish(row.video_id or "")
        await bench.advance(10)
        assert patient.result().status == "completed"

    run(test)


# --- many ---


def test_many_jobs_are_not_asked_for_in_step() -> None:
    async def test(bench: Workbench) -> None:
        bench.fake.poll_after_ms = 10_000
        for number in range(200):
            bench.follow(bench.job(number))
        await bench.advance(11)
        again = bench.times()[200:]
        assert len(again) == 200
        assert 10 <= min(again) < max(again) <= 11
        assert max(sum(1 for time in again if at <= time < at + 0.1) for at in again) < 60

    run(test)


def test_no_more_requests_are_under_way_than_an_account_and_all_together_may_have() -> None:
    async def test(bench: Workbench) -> None:
        for number in range(100):
            bench.follow(bench.job(number, account="one"))
        await asyncio.sleep(0)
        assert bench.watcher.asking == EACH
        for number in range(100, 200):
            bench.follow(bench.job(number, account="two"))
        await asyncio.sleep(0)
        assert bench.watcher.asking == AT_ONCE
        await bench.quiet()
        assert len(bench.seen) == 200

    run(test)


def test_a_job_whose_followers_have_left_is_asked_for_no_more() -> None:
    async def test(bench: Workbench) -> None:
        task = bench.follow(bench.job())
        await bench.advance(2)
        task.cancel()
        await bench.advance(60)
        assert bench.times() == [0, 1]
        assert (len(bench.watcher), bench.clock.next()) == (0, None)

    run(test)
