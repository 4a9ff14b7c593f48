"""One page of a list stands for the states of many jobs; what it does not tell is asked for by its id."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.core.servers import down
from tests.watching.bench import Listing, Plain, Workbench, run

LIST = ""
# The newest job is asked for by its id, and the page begins after it.


@pytest.fixture(autouse=True)
def own_pace(monkeypatch: pytest.MonkeyPatch, surroundings: None) -> None:
    """As the providers want it: each 10 s in the end."""
    monkeypatch.delenv("SORAVID_POLL_SECONDS")


async def settled(bench: Workbench, many: int) -> list[asyncio.Task[object]]:
    """Follow many jobs until their pace is an even one."""
    tasks = [bench.follow(bench.job(number)) for number in range(many)]
    await bench.advance(60)
    bench.seen.clear()
    return tasks  # type: ignore[return-value]


def statuses(bench: Workbench) -> int:
    return sum(path != LIST for _, path in bench.seen)


def lists(bench: Workbench) -> int:
    return sum(path == LIST for _, path in bench.seen)


def test_many_jobs_take_few_requests_and_none_is_forgotten() -> None:
    async def test(bench: Workbench) -> None:
        tasks = await settled(bench, 350)
        await bench.advance(110)
        assert lists(bench) + statuses(bench) < 100  # ten rounds of 350 jobs
        for video_id in bench.fake.videos:
            bench.fake.finish(video_id)
        await bench.advance(11)
        assert {task.result().status for task in tasks} == {"completed"}  # type: ignore[attr-defined]
        assert len(bench.watcher) == 0

    run(test, Listing)


def test_each_job_is_asked_for_by_its_id_where_a_list_does_not_tell() -> None:
    async def test(bench: Workbench) -> None:
        await settled(bench, 50)
        await bench.advance(20)
        assert (lists(bench), statuses(bench)) == (0, 100)

    run(test, Plain)


def test_few_jobs_are_asked_for_one_by_one() -> None:
    async def test(bench: Workbench) -> None:
        await settled(bench, 10)
        await bench.advance(60)
        assert lists(bench) == 0

    run(test, Listing)


def test_a_job_that_the_list_leaves_out_is_asked_for_by_its_id() -> None:
    async def test(bench: Workbench) -> None:
        tasks = await settled(bench, 60)

        def without(request: Request) -> Response | None:
            if request.url.path != "/v1/videos":
                return None
            page = [
                each.as_object() for each in reversed(bench.fake.videos.values()) if each.id != "video_00007"
            ]
            return JSONResponse({"object": "list", "data": page, "has_more": False})

        bench.answer = without
        await bench.advance(30)
        assert {path for _, path in bench.seen if path != LIST} - {"/video_00059"} == {"/video_00007"}
        bench.fake.finish("video_00007")
        await bench.advance(11)
        assert tasks[7].done()

    run(test, Listing)


@pytest.mark.parametrize(
    "answer", [down(500), down(404), JSONResponse({"data": "?"}), JSONResponse({"data": []})]
)
def test_where_lists_do_not_work_each_is_asked_for_by_its_id_for_a_minute(answer: Response) -> None:
    async def test(bench: Workbench) -> None:
        tasks = await settled(bench, 40)
        bench.answer = lambda request: answer if request.url.path == "/v1/videos" else None
        await bench.advance(55)
        assert lists(bench) == 1
        assert statuses(bench) >= 4 * 40
        assert not any(task.done() for task in tasks)

    run(test, Listing)


def test_a_limit_on_the_list_is_a_limit_for_the_account() -> None:
    async def test(bench: Workbench) -> None:
        await settled(bench, 40)
        bench.answer = lambda request: down(429, retry_after="50")
        await bench.advance(40)
        assert lists(bench) + statuses(bench) <= 2

    run(test, Listing)


def test_jobs_of_others_in_the_same_account_harm_nobody() -> None:
    async def test(bench: Workbench) -> None:
        mine = []
        for number in range(300):
            row = bench.job(number)
            if number % 3 == 0:
                mine.append(bench.follow(row))
        await bench.advance(60)
        bench.seen.clear()
        await bench.advance(100)
        assert lists(bench) + statuses(bench) < 300  # ten rounds of 100 jobs
        for video_id in bench.fake.videos:
            bench.fake.finish(video_id)
        await bench.advance(11)
        assert all(task.result().final for task in mine)

    run(test, Listing)


def test_the_error_of_a_failed_job_comes_with_the_list() -> None:
    async def test(bench: Workbench) -> None:
        tasks = await settled(bench, 20)
        for video in bench.fake.videos.values():
            video.prompt = "a kite [error]"
            video.finish()
        await bench.advance(11)
        assert {task.result().status for task in tasks} == {"failed"}  # type: ignore[attr-defined]
        assert {path for _, path in bench.seen if path != LIST} == {"/video_00019"}

    run(test, Listing)


def test_a_list_of_nonsense_is_no_end() -> None:
    async def test(bench: Workbench) -> None:
        tasks = await settled(bench, 40)
        bench.answer = lambda request: Response(json.dumps([1, 2]), media_type="application/json")
        await bench.advance(20)
        assert not any(task.done() for task in tasks)

    run(test, Listing)


def test_newer_videos_of_others_do_not_hide_ours() -> None:
    async def test(bench: Workbench) -> None:
        await settled(bench, 50)
        for number in range(1000, 1300):
            bench.job(number)
        await bench.advance(55)
        assert lists(bench) >= 5
        assert lists(bench) + statuses(bench) < 50  # five rounds of 50 jobs

    run(test, Listing)
