"""Jobs are followed to their end: on real sockets, with the journal, through the one pipeline."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

import soravid
from soravid import loop, planning, settings
from soravid.errors import Cancelled, DeadlineExceeded, NotFound
from soravid.ledger import JobRow
from soravid.pipeline import Pipeline
from soravid.providers.openai import OpenAI
from soravid.types import Video, VideoRequest
from tests.core.helpers import KEY, MODEL, kinds, until
from tests.core.servers import Gate, down, silence
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.fakes.xai import XAIFake


def made(prompt: str = "a kite", model: str = MODEL, **more: Any) -> tuple[Pipeline, JobRow]:
    """A job that the provider has, and that nobody follows."""
    video = soravid.video_generation(prompt, model, **more)
    line = planning.current()
    row = line.journal.find(video.id)
    assert row
    return line, row


def followed(line: Pipeline, row: JobRow, **more: Any) -> Future[JobRow]:
    return loop.submit(line.watch(row, **more))


def wake(line: Pipeline, row: JobRow) -> bool:
    async def here() -> bool:
        return line.watcher.wake(row.id)

    return loop.run(here())


def test_followers_of_one_job_share_its_requests_and_all_hear_of_it(openai: OpenAIFake) -> None:
    openai.polls_to_finish = 5
    line, row = made()
    heard: list[list[str]] = [[] for _ in range(20)]

    async def all_follow() -> list[JobRow]:
        following = [line.watch(row, lambda seen, mine=mine: mine.append(seen.status)) for mine in heard]  # type: ignore[misc]
        return await asyncio.gather(*following)

    assert {each.status for each in loop.run(all_follow())} == {"completed"}
    assert len(openai.asked("GET")) == 5
    assert heard == [["in_progress"] * 4 + ["completed"]] * 20


def test_a_follower_that_gives_up_stops_nobody_else(openai: OpenAIFake, home: Path) -> None:
    openai.polls_to_finish = 1_000_000
    line, row = made()
    stays, goes = followed(line, row), followed(line, row)
    until(lambda: len(openai.asked("GET")) > 3)
    goes.cancel()
    openai.finish(row.video_id or "")
    assert stays.result(5).status == "completed"
    assert kinds(home) == ["hold", "spend"]


def test_a_listener_that_breaks_ends_its_own_wait_only(openai: OpenAIFake) -> None:
    line, row = made()
    breaks = followed(line, row, on_row=lambda seen: 1 / 0)
    stays = followed(line, row)
    with pytest.raises(ZeroDivisionError):
        breaks.result(5)
    assert stays.result(5).status == "completed"


def test_a_deadline_ends_one_wait_and_the_other_goes_on(openai: OpenAIFake) -> None:
    openai.polls_to_finish = 1_000_000
    line, row = made()
    stays, hasty = followed(line, row), followed(line, row, deadline=0.2)
    with pytest.raises(DeadlineExceeded, match=r"after 0.2 s"):
        hasty.result(5)
    openai.finish(row.video_id or "")
    assert stays.result(5).status == "completed"


def test_a_job_that_is_followed_again_is_asked_for_again(openai: OpenAIFake) -> None:
    openai.polls_to_finish = 1_000_000
    line, row = made()
    with pytest.raises(DeadlineExceeded):
        followed(line, row, deadline=0.1).result(5)
    until(lambda: len(line.watcher) == 0)
    openai.finish(row.video_id or "")
    assert followed(line, row).result(5).status == "completed"


def test_looks_that_bring_no_news_write_nothing(openai: OpenAIFake, home: Path) -> None:
    openai.polls_to_finish = 1_000_000
    line, row = made()
    waiting = followed(line, row)
    until(lambda: len(openai.asked("GET")) > 5)
    written = {file: file.stat().st_mtime_ns for file in home.glob("journal.db*") if "shm" not in file.name}
    asked = len(openai.asked("GET"))
    until(lambda: len(openai.asked("GET")) > asked + 10)
    assert {file: file.stat().st_mtime_ns for file in written} == written
    waiting.cancel()


def test_a_webhooks_news_makes_a_job_due_at_once(openai: OpenAIFake) -> None:
    openai.poll_after_ms, openai.polls_to_finish = 3_600_000, 1_000_000
    line, row = made()
    waiting = followed(line, row)
    until(lambda: len(openai.asked("GET")) == 1 and not line.watcher.asking)
    openai.finish(row.video_id or "")
    assert wake(line, row)
    assert waiting.result(5).status == "completed"
    assert not wake(line, row)


def test_three_hundred_jobs_end_and_each_is_settled_once(openai: OpenAIFake, home: Path) -> None:
    openai.polls_to_finish = 1
    many = [made(f"take {number}") for number in range(60)]
    ends = [followed(line, row) for line, row in many for _ in range(5)]
    assert {end.result(30).status for end in ends} == {"completed"}
    assert sorted(kinds(home)) == ["hold"] * 60 + ["spend"] * 60
    until(lambda: len(many[0][0].watcher) == 0)


def test_jobs_of_the_dialect_are_asked_for_by_pages(
    fake: OpenAIFake, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.polls_to_finish = 1_000_000
    with serve(fake) as url:
        monkeypatch.setenv("LOCAL_API_BASE", f"{url}/v1")
        monkeypatch.setenv("LOCAL_API_KEY", KEY)
        monkeypatch.setenv("SORAVID_POLL_SECONDS", "0.3")
        many = [made(f"take {number}", "local/animatic", seconds=4, size="720x1280") for number in range(80)]
        ends = [followed(line, row) for line, row in many]
        until(lambda: fake.asked("GET", "/videos"))
        for video_id in fake.videos:
            fake.finish(video_id)
        assert {end.result(30).status for end in ends} == {"completed"}
    assert sorted(kinds(home)) == ["hold"] * 80 + ["spend"] * 80


def test_an_account_that_does_not_answer_keeps_no_other_waiting(openai: OpenAIFake) -> None:
    line, row = made()
    with silence() as nobody, ExitStack() as leaving:
        for number in range(70):
            lost = _elsewhere(line, f"{nobody}/v1", number)
            leaving.callback(followed(line, lost).cancel)
        until(lambda: line.watcher.asking >= 40)
        assert followed(line, row).result(5).status == "completed"


def _elsewhere(line: Pipeline, base: str, number: int) -> JobRow:
    """A job at an address that says nothing."""
    deployment = settings.deployment(OpenAI.profile, "sora-2", {"api_base": base, "api_key": KEY})
    row, _ = line.journal.open(VideoRequest(model=MODEL, prompt=f"take {number}"), deployment, 1)
    line.accounts.sends(row, deployment)
    return line.journal.submitted(row.id, Video(id=f"video_{number}"))


def test_a_rate_limit_is_shared_by_the_jobs_of_an_account(
    fake: OpenAIFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.polls_to_finish = 1_000_000
    with serve(gate := Gate(fake)) as url:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        many = [made(f"take {number}") for number in range(8)]
        ends = [followed(line, row) for line, row in many]
        until(lambda: len(gate.seen) > 100)
        left = [down(429, retry_after="1")]

        def limit(request: Request) -> Response | None:
            return left.pop() if left else None

        gate.answer = limit
        until(lambda: not left and not many[0][0].watcher.asking)
        asked = len(gate.seen)
        loop.run(asyncio.sleep(0.7))
        assert len(gate.seen) == asked
        for video_id in fake.videos:
            fake.finish(video_id)
        assert {end.result(10).status for end in ends} == {"completed"}


# --- another wire ---


@pytest.fixture
def xai(monkeypatch: pytest.MonkeyPatch) -> Any:
    with serve(fake := XAIFake()) as url:
        monkeypatch.setenv("XAI_API_KEY", KEY)
        monkeypatch.setenv("XAI_API_BASE", f"{url}/v1")
        yield fake


GROK = "xai/grok-imagine-video"


def test_a_job_of_another_wire_is_followed_to_its_bill(xai: XAIFake) -> None:
    line, row = made(model=GROK)
    ended = followed(line, row).result(5)
    assert (ended.status, ended.cost) == ("completed", 6 * 140_000_000)
    assert len(xai.asked("GET")) == 3


def test_a_clip_that_is_refused_in_the_end_ends_the_watch(xai: XAIFake) -> None:
    line, row = made("a kite [moderation]", GROK)
    ended = followed(line, row).result(5)
    assert (ended.status, ended.error and ended.error["code"]) == ("failed", "moderation_blocked")


def test_a_stumbling_wire_is_waited_for(xai: XAIFake) -> None:
    line, row = made("a kite [flaky]", GROK)
    assert followed(line, row).result(10).status == "completed"


def test_a_job_that_a_wire_denies_is_asked_for_four_times(xai: XAIFake) -> None:
    line, row = made(model=GROK)
    xai.jobs.clear()
    with pytest.raises(NotFound, match="Its money stays held"):
        followed(line, row).result(5)
    assert len(xai.asked("GET")) == 4


def test_a_job_that_is_cancelled_while_it_is_followed_leaves_nothing_behind(home: Path) -> None:
    job = soravid.generate("a kite", seconds=2, size="128x128", extra_body={"pace": 20})
    until(lambda: job.status != "submitting")
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait()
    until(lambda: len(planning.current().watcher) == 0)
    assert kinds(home) == ["hold", "void"]


def test_a_job_that_was_ended_here_by_another_way_is_followed_no_more(openai: OpenAIFake) -> None:
    """The provider goes on telling that it runs."""
    openai.polls_to_finish = 1_000_000
    line, row = made()
    waiting = followed(line, row)
    until(lambda: len(openai.asked("GET")) > 3)
    stopped = Video(id=row.video_id or "", status="cancelled")
    loop.run(line._observe(row, stopped))
    assert waiting.result(5).status == "cancelled"
