"""Many clips at once: as they end, and one for each of many prompts; one that fails stops no other."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import soravid
from soravid.batches import Batch
from soravid.errors import DeadlineExceeded, InvalidRequest, Refused, UnknownKeyword, UnknownModel
from tests.core.helpers import MODEL, jobs, query, until
from tests.fakes.openai import OpenAIFake

NEVER = 10**9
"""Polls: a video of the fake that ends when the test says so."""


def finish(fake: OpenAIFake, prompt: str) -> None:
    """End the one video of that prompt, once it is there."""
    until(lambda: any(video.prompt == prompt for video in fake.videos.values()))
    next(video for video in fake.videos.values() if video.prompt == prompt).finish()


def running(fake: OpenAIFake) -> list[str]:
    return [video.prompt for video in fake.videos.values() if video.live]


# --- as they end --------------------------------------------------------------------------------------


def test_jobs_come_in_the_order_in_which_they_end(openai: OpenAIFake) -> None:
    openai.polls_to_finish = NEVER
    prompts = ["one", "two", "[moderation] three"]
    first, second, third = started = [soravid.generate(prompt, model=MODEL) for prompt in prompts]
    ended = []
    finish(openai, prompts[1])
    for job in soravid.as_completed(started):
        ended.append(job)
        left = [prompts[2], prompts[0]][len(ended) - 1 :]
        if left:
            finish(openai, left[0])
    assert ended == [second, third, first]
    assert isinstance(third.error, Refused)
    assert first.clip.prompt == "one"


def test_they_come_in_the_order_in_which_they_end_to_async_code_too(openai: OpenAIFake) -> None:
    openai.polls_to_finish = NEVER

    async def work() -> list[str]:
        started = [soravid.generate(prompt, model=MODEL) for prompt in ("one", "two")]
        ended = []
        await asyncio.to_thread(finish, openai, "two")
        async for job in soravid.as_completed(started):
            ended.append(job.view.prompt)
            await asyncio.to_thread(finish, openai, "one")
        return ended

    assert asyncio.run(work()) == ["two", "one"]


def test_what_has_ended_before_comes_as_well(openai: OpenAIFake) -> None:
    job = soravid.generate("a kite", model=MODEL)
    job.wait()
    assert [each.clip for each in soravid.as_completed([job])] == [job.clip]
    assert list(soravid.as_completed([])) == []


@pytest.mark.parametrize("jobs", ["a kite", ["a kite"], [None]])
def test_something_else_than_jobs_is_told(jobs: object) -> None:
    with pytest.raises(InvalidRequest, match=r"as_completed takes jobs"):
        soravid.as_completed(jobs)  # type: ignore[arg-type]


# --- a clip for each ----------------------------------------------------------------------------------


def test_there_is_a_clip_for_each_prompt_in_their_order(openai: OpenAIFake) -> None:
    batch = soravid.map(["one", "two", "three"], model=MODEL)
    assert [clip.prompt for clip in batch.clips] == ["one", "two", "three"]
    assert batch.cost == Decimal("1.2")
    assert batch.failed == []
    assert repr(batch) == "<Batch: 3 clips>"


def test_one_that_fails_stops_no_other(openai: OpenAIFake) -> None:
    batch = soravid.map(["one", "[moderation] two", "", "four"], model=MODEL, concurrency=1)
    assert [clip.prompt for clip in batch.clips] == ["one", "four"]
    refused, empty = batch.failed
    assert (refused.prompt, type(refused.error)) == ("[moderation] two", Refused)
    assert "The prompt is empty." in str(empty.error)
    with pytest.raises(Refused):
        refused.clip  # noqa: B018 - reading it raises
    table = batch.table()
    assert table.caption == "2 of 4 clips, 2 failed"
    assert [row["State"] for row in table] == ["Done", "Failed", "Failed", "Done"]
    assert table[1]["Clip"] == "Refused by the provider's safety check"


def test_a_prompt_may_have_options_of_its_own(openai: OpenAIFake) -> None:
    batch = soravid.map([{"prompt": "one", "seconds": 8}, "two"], model=MODEL, seconds=4)
    assert [clip.seconds for clip in batch.clips] == [8.0, 4.0]


def test_no_more_run_at_once_than_are_wanted(openai: OpenAIFake) -> None:
    openai.polls_to_finish = NEVER
    batch = soravid.map([f"{k}" for k in range(5)], model=MODEL, concurrency=2)
    for k in range(5):
        wanted = [f"{n}" for n in range(k, min(k + 2, 5))]
        until(lambda wanted=wanted: running(openai) == wanted)  # type: ignore[misc]
        finish(openai, f"{k}")
    assert len(batch.clips) == 5


def test_a_generator_gives_no_more_than_can_be_sent(openai: OpenAIFake) -> None:
    openai.polls_to_finish = NEVER
    asked: list[int] = []
    threads = set()

    def prompts() -> Iterator[str]:
        for k in range(1_000_000):
            asked.append(k)
            threads.add(threading.current_thread().name)
            yield f"{k}"

    batch = soravid.map(prompts(), model=MODEL, concurrency=3)
    until(lambda: len(running(openai)) == 3)
    assert asked == [0, 1, 2]
    assert batch.board().tally.total is None
    batch.stop()
    for k in asked:
        finish(openai, f"{k}")
    assert [item.number for item in batch.items] == [0, 1, 2]
    assert batch.board().tally.label == "3 clips"


def test_each_is_given_as_it_ends(openai: OpenAIFake) -> None:
    openai.polls_to_finish = NEVER
    seen = []
    finish_next = iter(["two", "one"])
    batch = soravid.map(["one", "two"], model=MODEL)
    finish(openai, next(finish_next))
    for item in batch:
        seen.append((item.number, item.prompt, item.clip.prompt))
        if (prompt := next(finish_next, None)) is not None:
            finish(openai, prompt)
    assert seen == [(1, "two", "two"), (0, "one", "one")]
    assert [item.prompt for item in batch] == ["two", "one"]


def test_async_code_awaits_it_or_each(openai: OpenAIFake) -> None:
    async def work() -> tuple[Batch, list[str], Batch]:
        whole = await soravid.amap(["one", "two"], model=MODEL)
        each = [item.prompt async for item in soravid.map(["three"], model=MODEL)]
        return whole, each, await soravid.map(["four"], model=MODEL)

    whole, each, last = asyncio.run(work())
    assert [clip.prompt for clip in whole.clips] == ["one", "two"]
    assert each == ["three"]
    assert last.done()


def test_run_again_it_goes_on_where_it_ended(openai: OpenAIFake) -> None:
    soravid.map(["one", "two"], model=MODEL, reuse=True).wait()
    again = soravid.map(["one", "two", "three"], model=MODEL, reuse=True)
    assert len(again.clips) == 3
    assert again.cost == Decimal("0.4")
    assert openai.creates == 3
    assert [row["Money"] for row in again.table()][:2] == ["$0.00 (saved $0.40)"] * 2


def test_nothing_is_wanted_and_nothing_is_made(openai: OpenAIFake) -> None:
    assert soravid.map([], model=MODEL).clips == []
    assert openai.creates == 0


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"seconds": 5}, InvalidRequest, "takes seconds"),
        ({"model": "openia/sora-2"}, UnknownModel, "Did you mean openai"),
        ({"secnds": 4}, UnknownKeyword, "Did you mean seconds"),
        ({"concurrency": 0}, InvalidRequest, "concurrency must be 1 to 1000, not 0"),
        ({"concurrency": "4"}, InvalidRequest, "concurrency must be"),
        ({"max_cost": "0.01"}, InvalidRequest, "above the limit of"),
    ],
)
def test_a_mistake_that_all_share_is_told_at_once(
    openai: OpenAIFake, home: Path, options: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        soravid.map(["one", "two"], **{"model": "openai/sora-2", **options})  # type: ignore[arg-type]
    assert jobs(home) == []


@pytest.mark.parametrize("prompts", ["a kite", {"prompt": "a kite"}])
def test_one_prompt_is_not_many(prompts: object) -> None:
    with pytest.raises(InvalidRequest, match="map takes several prompts"):
        soravid.map(prompts)  # type: ignore[arg-type]


def test_what_the_prompts_raise_is_told_once_and_loses_nothing(openai: OpenAIFake) -> None:
    def prompts() -> Iterator[str]:
        yield "one"
        raise LookupError("My list ends here.")

    batch = soravid.map(prompts(), model=MODEL)
    with pytest.raises(LookupError, match="My list"):
        batch.wait()
    assert [clip.prompt for clip in batch.clips] == ["one"]


def test_a_budget_lets_through_what_fits(openai: OpenAIFake, home: Path) -> None:
    soravid.budget("0.80")
    batch = soravid.map(["one", "two", "three"], model=MODEL, concurrency=3)
    assert len(batch.clips) == 2
    assert [type(item.error).__name__ for item in batch.failed] == ["BudgetExceeded"]
    assert sum(row["cost"] for row in jobs(home)) == 800_000_000


# --- it is given up -----------------------------------------------------------------------------------


def test_an_interrupt_sends_no_more_and_what_was_sent_goes_on(openai: OpenAIFake) -> None:
    openai.polls_to_finish = NEVER
    batch = soravid.map(["one", "two", "three"], model=MODEL, concurrency=1)
    until(lambda: running(openai) == ["one"])
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        batch.wait()
    finish(openai, "one")
    assert [clip.prompt for clip in batch.clips] == ["one"]
    assert openai.creates == 1
    batch.resume()
    for prompt in ("two", "three"):
        finish(openai, prompt)
    assert [clip.prompt for clip in batch.clips] == ["one", "two", "three"]


def test_a_wait_may_end_before_the_batch_does(openai: OpenAIFake) -> None:
    openai.polls_to_finish = NEVER
    batch = soravid.map(["one", "two"], model=MODEL, concurrency=1)
    with pytest.raises(DeadlineExceeded, match=r"not ended after 0\.05 s"):
        batch.wait(0.05)
    for prompt in ("one", "two"):
        finish(openai, prompt)
    assert len(batch.clips) == 2


def test_cancelling_stops_what_runs(home: Path) -> None:
    batch = soravid.map(
        ["one", "two", "three"], seconds=1, size="64x64", concurrency=2, extra_body={"pace": 60}
    )
    until(lambda: len([row for row in jobs(home) if row["video_id"]]) == 2)
    batch.cancel()
    assert [item.view.status for item in batch.items] == ["cancelled", "cancelled"]
    assert batch.board().tally.label == "0 of 2 clips, 2 cancelled"


def test_one_that_is_just_being_sent_is_cancelled_too(home: Path) -> None:
    asked, answer = threading.Event(), threading.Event()

    def take_your_time(prompt: str) -> None:
        if prompt == "two":
            asked.set()
            assert answer.wait(30)

    soravid.guard(take_your_time)
    batch = soravid.map(["one", "two", "three"], seconds=1, size="64x64", extra_body={"pace": 60})
    assert asked.wait(30)
    batch.cancel()
    answer.set()
    assert [item.view.status for item in batch.items] == ["cancelled", "cancelled"]


# --- what it costs to keep ----------------------------------------------------------------------------


def test_a_clip_that_has_ended_is_kept_without_its_picture(openai: OpenAIFake, home: Path) -> None:
    """A poster is about 20 kB; the journal has it."""
    batch = soravid.map([f"{k}" for k in range(8)], model=MODEL).wait()
    assert all(item.view.poster is None for item in batch.items)
    assert all(row["poster"] for row in query(home, "SELECT poster FROM jobs"))
    assert all(item.clip.view.poster for item in batch.items)


def test_a_few_are_all_on_its_card_and_of_many_some(openai: OpenAIFake) -> None:
    few = soravid.map(["one", "[moderation] two"], model=MODEL).wait().bundle()
    assert few["text/html"].count("<video") == 1
    assert "Refused by the provider" in few["text/html"]
    many = soravid.map([f"{k}" for k in range(30)], model=MODEL, concurrency=8).wait()
    html = many.bundle()["text/html"]
    assert html.count("<video") == 24
    assert "And 6 more." in html
