"""A job is a future: waited for, awaited, cancelled, shared, found again; what is there is not paid twice."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

import soravid
from soravid.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    Refused,
    UnsupportedOperation,
)
from soravid.views import JobView
from tests.core.helpers import KEY, MODEL, jobs, kinds, python, until
from tests.fakes.openai import OpenAIFake

HELD = 400_000_000


# --- a future ---


def test_a_job_is_there_at_once_and_its_parts_wait(openai: OpenAIFake) -> None:
    job = soravid.generate("a red kite", model=MODEL)
    assert job.id.startswith("job_")
    assert job.path.read_bytes() == openai.bytes_of(job.video.id)
    assert (job.status, str(job.cost), job.clip.seconds) == ("completed", "0.4", 4.0)


def test_a_clip_lies_beside_the_notebook_under_words_of_its_prompt(openai: OpenAIFake) -> None:
    clip = soravid.generate("A red kite, at dawn!", model=MODEL).wait()
    assert clip.path.parent == Path("soravid_media").absolute()
    assert clip.path.name.startswith("red-kite-at-dawn-")


def test_a_clip_stays_where_the_job_began(openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch) -> None:
    job = soravid.generate("a kite", model=MODEL)
    begun = Path.cwd()
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert job.path.parent == begun / "soravid_media"


@pytest.mark.parametrize(
    ("out", "there"), [("kite.mp4", "kite.mp4"), ("clips/", "clips"), ("a/b.mp4", "a/b.mp4")]
)
def test_a_clip_goes_where_it_was_asked_to(openai: OpenAIFake, out: str, there: str) -> None:
    path = soravid.generate("a kite", model=MODEL, path=out).path
    assert Path(there).absolute() in {path, path.parent}


def test_a_job_can_be_awaited_many_times(openai: OpenAIFake) -> None:
    async def main() -> None:
        job = soravid.generate("a kite", model=MODEL)
        first, second = await asyncio.gather(job, job)
        assert first is second is await job

    asyncio.run(main())


def test_one_job_is_awaited_on_several_loops(openai: OpenAIFake) -> None:
    async def clip(job: soravid.Job) -> Path:
        return (await job).path

    job = soravid.generate("a kite", model=MODEL)
    assert asyncio.run(clip(job)) == asyncio.run(clip(job)) == job.path


def test_an_await_that_was_given_up_leaves_no_noise_when_the_job_ends(
    openai: OpenAIFake, caplog: pytest.LogCaptureFixture
) -> None:
    openai.polls_to_finish = 10_000

    async def give_up(job: soravid.Job) -> None:
        await asyncio.wait_for(job, 0.1)

    job = soravid.generate("a kite", model=MODEL)
    with pytest.raises(TimeoutError):
        asyncio.run(give_up(job))
    until(lambda: openai.videos)
    openai.finish(next(iter(openai.videos)))
    with caplog.at_level(logging.WARNING):
        job.wait()
        time.sleep(0.05)
    assert caplog.records == []


def test_many_waiters_get_the_same_clip(openai: OpenAIFake) -> None:
    job = soravid.generate("a kite", model=MODEL)
    with ThreadPoolExecutor(8) as threads:
        assert len({id(clip) for clip in threads.map(lambda _: job.wait(), range(8))}) == 1
    assert len(openai.asked("GET", "/content")) == 1


def test_a_failed_job_raises_and_tells_why_it_has_no_clip(openai: OpenAIFake) -> None:
    job = soravid.generate("a kite [moderation]", model=MODEL)
    with pytest.raises(Refused, match="blocked"):
        job.wait()
    assert isinstance(job.error, Refused)
    assert (job.done(), job.status, job.view.cost) == (True, "failed", 0)


def test_a_refused_create_raises_when_it_is_waited_for(openai: OpenAIFake) -> None:
    job = soravid.generate("a kite [refuse]", model=MODEL)
    with pytest.raises(Refused):
        job.wait()
    assert soravid.spend().held == 0


def test_a_key_given_with_the_call_lasts_to_its_end(fake: OpenAIFake, url: str) -> None:
    """The environment has none: the clip must not be lost for that once it is paid."""
    job = soravid.generate("a kite", model=MODEL, api_key=KEY, api_base=f"{url}/v1")
    assert job.wait().path.is_file()


def test_headers_given_with_the_call_last_to_its_end(openai: OpenAIFake) -> None:
    soravid.generate("a kite", model=MODEL, extra_headers={"x-team": "seven"}).wait()
    assert {call.headers.get("x-team") for call in openai.requests} == {"seven"}


# --- listeners ---


def test_a_listener_hears_each_change_to_the_end(openai: OpenAIFake) -> None:
    heard: list[JobView] = []
    job = soravid.generate("a kite", model=MODEL)
    job.on_update(heard.append)
    job.wait()
    until(lambda: heard and heard[-1].done)
    assert heard[-1].status == "completed"
    assert heard[-1].path


def test_a_listener_that_breaks_harms_nobody(openai: OpenAIFake) -> None:
    heard: list[str] = []
    job = soravid.generate("a kite", model=MODEL)
    job.on_update(lambda view: 1 / 0)
    job.on_update(lambda view: heard.append(view.status))
    assert job.wait().path.is_file()
    assert heard


def test_a_listener_that_waits_for_its_job_does_not_stop_the_world() -> None:
    said = python(
        """if True:
        import soravid
        job = soravid.generate("a kite", seconds=1, size="128x128", extra_body={"pace": 0.5})
        job.on_update(lambda view: job.cost)
        print(job.wait(6).path.is_file())
        """
    )
    assert said == "True\n"


# --- cancelled ---


def slow_animatic() -> soravid.Job:
    return soravid.generate("a kite", seconds=2, size="128x128", extra_body={"pace": 20})


def test_a_job_of_the_local_engine_is_cancelled(home: Path) -> None:
    job = slow_animatic()
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait()
    assert (job.status, kinds(home)) == ("cancelled", ["hold", "void"])


def test_a_job_begun_by_another_process_is_cancelled(home: Path, openai: OpenAIFake) -> None:
    """This process has never waited for it."""
    openai.polls_to_finish = 10_000
    video = soravid.video_generation("a kite", MODEL)
    said: list[BaseException] = []

    def cancel() -> None:
        try:
            soravid.find_job(video.id).cancel()
        except BaseException as wrong:
            said.append(wrong)

    threading.Thread(target=cancel, daemon=True).start()
    until(lambda: said, 3)
    assert isinstance(said[0], UnsupportedOperation)


def test_a_provider_that_does_not_cancel_says_so_and_the_job_goes_on(openai: OpenAIFake, home: Path) -> None:
    openai.polls_to_finish = 10_000
    job = soravid.generate("a kite", model=MODEL)
    with pytest.raises(UnsupportedOperation, match="does not stop"):
        job.cancel()
    assert (soravid.spend().held, kinds(home)) == (HELD, ["hold"])
    openai.finish(next(iter(openai.videos)))
    assert job.wait().path.is_file()


def test_cancelling_a_job_that_has_just_finished_does_not_throw_the_clip_away(
    openai: OpenAIFake, home: Path
) -> None:
    openai.poll_after_ms = 60_000
    job = soravid.generate("a kite", model=MODEL)
    until(lambda: openai.asked("GET"))
    openai.finish(next(iter(openai.videos)))
    with suppress(soravid.SoravidError):
        job.cancel()
    assert openai.videos
    assert "void" not in kinds(home)


def test_cancelling_twice_is_no_error(home: Path) -> None:
    job = slow_animatic()
    job.cancel()
    job.cancel()
    assert kinds(home) == ["hold", "void"]


# --- found again ---


def test_jobs_are_listed_newest_first(openai: OpenAIFake) -> None:
    made = [soravid.video_generation(f"take {number}", MODEL).job_id for number in range(3)]
    assert [job.id for job in soravid.jobs()] == made[::-1]
    assert [job.id for job in soravid.jobs(1)] == made[:1:-1]


def test_a_job_is_found_by_either_id_and_by_a_beginning(openai: OpenAIFake) -> None:
    video = soravid.video_generation("a kite", MODEL)
    whole = video.job_id or ""
    for text in (whole, video.id, whole[:10], whole.removeprefix("job_")[:4]):
        assert soravid.find_job(text).id == whole


@pytest.mark.parametrize("text", ["", "job_", "abc", "%", "job_%%%%", "____", "no-such-job"])
def test_what_names_no_job_finds_none(openai: OpenAIFake, text: str) -> None:
    soravid.video_generation("a kite", MODEL)
    with pytest.raises(InvalidRequest, match="has no job"):
        soravid.find_job(text)


def test_finished_jobs_show_their_end_without_asking_anybody(openai: OpenAIFake) -> None:
    path = soravid.generate("a kite", model=MODEL).path
    sent = len(openai.requests)
    gc.collect()
    (job,) = soravid.jobs()
    assert (job.done(), job.path, len(openai.requests)) == (True, path, sent)


def test_a_running_job_times_out_without_ending(openai: OpenAIFake) -> None:
    openai.polls_to_finish = 10_000
    soravid.video_generation("a kite", MODEL)
    (job,) = soravid.jobs(unfinished=True)
    with pytest.raises(DeadlineExceeded):
        job.wait(0.1)
    assert not job.done()


def test_nothing_is_left_open_when_a_process_ends(openai: OpenAIFake, home: Path) -> None:
    python(
        """if True:
        import asyncio, soravid
        async def main():
            video = await soravid.avideo_generation("a kite", "openai/sora-2")
            return await soravid.avideo_status(video.id)
        asyncio.run(main())
        asyncio.run(main())
        """
    )
    assert [job["status"] for job in jobs(home)] == ["in_progress"] * 2
    assert os.listdir(Path.cwd()) == []  # noqa: PTH208 - as short as it can be said
