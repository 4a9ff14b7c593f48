"""What is safe to repeat is repeated as the server asks, a POST never. A wait ends, a job goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import Response

import soravid
from soravid import loop, planning
from soravid.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    ServerError,
)
from soravid.pipeline import Pipeline
from soravid.transport import Transport
from tests.core.helpers import KEY, MODEL, kinds, posts, python, until
from tests.core.servers import Gate, closed_port, down
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve

pytestmark = pytest.mark.usefixtures("connections")


@pytest.fixture
def gate(fake: OpenAIFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The fake as the environment's OpenAI, behind a gate."""
    with serve(gate := Gate(fake)) as address:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
        yield gate


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were slept for, none of which pass."""
    naps: list[float] = []
    sleep = asyncio.sleep

    async def nap(seconds: float, result: object = None) -> None:
        if seconds:
            naps.append(round(seconds, 3))
        await sleep(0)

    monkeypatch.setattr("soravid.transport.asyncio.sleep", nap)
    return naps


def closed(gate: Gate, method: str, times: int, answer: Response) -> None:
    """Let the gate answer the next `times` requests of a method itself."""
    left = [answer] * times

    def stop(request: Request) -> Response | None:
        return left.pop() if left and request.method == method else None

    gate.answer = stop


def test_behind_an_http_proxy_there_is_one_kind_of_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert Transport().expect_many()
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:3128")
    assert not Transport().expect_many()


def test_the_asynchronous_client_is_awaited_on_our_own_loop_too(openai: OpenAIFake) -> None:
    async def story() -> list[str]:
        videos = soravid.AsyncClient().videos
        made = await asyncio.gather(*(videos.create(f"kite {number}", MODEL) for number in range(8)))
        return [(await videos.retrieve(video.id)).id for video in made]

    assert len(set(loop.run(story()))) == 8


def test_a_process_that_expects_many_calls_makes_its_clips_like_any_other(openai: OpenAIFake) -> None:
    said = python(
        """if True:
        import soravid
        from soravid import loop, planning
        loop.expect_many()
        assert planning.current().transport.expect_many()
        jobs = [soravid.generate("a kite", model="openai/sora-2", take=take) for take in range(1, 6)]
        clips = {job.wait().path for job in jobs}
        print(type(loop.loop()).__module__, len(clips), planning.current().journal.verify())
        """
    )
    assert said == "uvloop 5 []\n"


# --- repeated, or not ---


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_status_call_is_repeated_until_the_server_is_back(
    gate: Gate, slept: list[float], status: int
) -> None:
    video = soravid.video_generation("a kite", MODEL)
    closed(gate, "GET", 3, down(status))
    assert soravid.video_status(video.id).id == video.id
    assert slept == [0.01] * 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after_ms": "250", "retry_after": "7"}, 0.25),
        ({"retry_after": "soon"}, 0.01),
        ({"retry_after": "-5"}, None),
    ],
    ids=str,
)
def test_the_wait_is_the_one_that_the_server_asks_for(
    gate: Gate, slept: list[float], headers: dict[str, str], seconds: float | None
) -> None:
    video = soravid.video_generation("a kite", MODEL)
    closed(gate, "GET", 1, down(429, **headers))
    soravid.video_status(video.id)
    assert slept == ([] if seconds is None else [seconds])


def test_the_wait_may_be_asked_for_as_a_date(gate: Gate, slept: list[float]) -> None:
    from email.utils import formatdate

    video = soravid.video_generation("a kite", MODEL)
    closed(gate, "GET", 1, down(503, retry_after=formatdate(time.time() + 9, usegmt=True)))
    soravid.video_status(video.id)
    assert 7 <= slept[0] <= 9


def test_a_server_that_asks_for_too_long_is_reported_instead(gate: Gate, slept: list[float]) -> None:
    video = soravid.video_generation("a kite", MODEL)
    closed(gate, "GET", 1, down(429, retry_after="3600"))
    with pytest.raises(RateLimited) as caught:
        soravid.video_status(video.id)
    assert (caught.value.retry_after, slept) == (3600.0, [])


def test_a_server_that_stays_away_is_given_up_after_four_tries(gate: Gate, slept: list[float]) -> None:
    video = soravid.video_generation("a kite", MODEL)
    closed(gate, "GET", 99, down(503))
    gate.seen.clear()
    with pytest.raises(ServerError):
        soravid.video_status(video.id)
    assert len(gate.seen) == 4


def test_a_delete_is_repeated(gate: Gate, fake: OpenAIFake, slept: list[float]) -> None:
    video = soravid.video_generation("a kite", MODEL)
    fake.finish(video.id)
    closed(gate, "DELETE", 2, down(503))
    assert soravid.video_delete(video.id).deleted
    assert fake.videos == {}


def test_a_delete_whose_first_answer_was_lost_has_worked(gate: Gate, fake: OpenAIFake) -> None:
    """The second try finds nothing to delete, which is what was wanted."""
    video = soravid.video_generation("a kite", MODEL)
    fake.finish(video.id)

    def delete_and_say_nothing(request: Request) -> Response | None:
        if request.method == "DELETE" and fake.videos:
            fake.videos.clear()
            return down(502)
        return None

    gate.answer = delete_and_say_nothing
    assert soravid.video_delete(video.id).deleted


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_create_is_never_repeated(gate: Gate, slept: list[float], status: int) -> None:
    closed(gate, "POST", 99, down(status, retry_after="0"))
    with pytest.raises(soravid.SoravidError):
        soravid.video_generation("a kite", MODEL)
    assert sum(seen.startswith("POST") for seen in gate.seen) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_after_an_answer_that_may_come_from_a_proxy_the_outcome_is_unknown(gate: Gate, status: int) -> None:
    closed(gate, "POST", 99, down(status))
    with pytest.raises(OutcomeUnknown):
        soravid.video_generation("a kite", MODEL)


@pytest.mark.parametrize("operation", ["remix", "edit", "extend"])
def test_no_other_billable_request_is_repeated_either(
    gate: Gate, fake: OpenAIFake, operation: str, slept: list[float]
) -> None:
    video = soravid.video_generation("a kite", MODEL)
    fake.finish(video.id)
    closed(gate, "POST", 99, down(503, retry_after="0"))
    gate.seen.clear()
    job = soravid.generate(
        "on",
        model=MODEL,
        operation=operation,  # type: ignore[arg-type]
        video_id=video.id,
        seconds="4" if operation == "extend" else None,
    )
    with pytest.raises(OutcomeUnknown):
        job.wait()
    assert sum(seen.startswith("POST") for seen in gate.seen) == 1


def test_a_status_call_to_a_host_that_is_down_is_tried_again(slept: list[float]) -> None:
    with pytest.raises(ConnectionFailed):
        soravid.video_status("video_1", MODEL, api_key=KEY, api_base=closed_port())
    assert len(slept) == 3


# --- watching ---


def test_a_status_that_nobody_knows_is_still_running(openai: OpenAIFake) -> None:
    video = soravid.video_generation("a kite [weird]", MODEL)
    assert soravid.video_status(video.id).status == "processing"
    assert soravid.generate("a kite [weird]", model=MODEL).wait().path.is_file()


def test_a_server_that_stumbles_does_not_end_the_watch(openai: OpenAIFake) -> None:
    assert soravid.generate("a kite [flaky]", model=MODEL).wait().path.is_file()


def test_the_watch_asks_as_often_as_the_server_wants(openai: OpenAIFake, slept: list[float]) -> None:
    openai.poll_after_ms = 4_000
    soravid.generate("a kite", model=MODEL).wait()
    first, *later = slept
    assert 0 < first <= 1, "its state was told when it was taken"
    assert later == [4.0, 4.0]


def test_a_server_that_wants_to_be_asked_at_once_is_not_hammered(openai: OpenAIFake) -> None:
    openai.poll_after_ms, openai.polls_to_finish = 0, 10_000
    soravid.generate("a kite", model=MODEL)
    time.sleep(0.5)
    assert len(openai.asked("GET")) < 60


def test_a_watch_that_ends_too_early_says_so_and_the_job_can_be_resumed(
    openai: OpenAIFake, home: object
) -> None:
    openai.polls_to_finish = 10_000
    video = soravid.video_generation("a kite", MODEL)
    line = planning.current()
    row = line.journal.find(video.id)
    assert row
    with pytest.raises(DeadlineExceeded, match=r"after 0.2 s.*resume") as caught:
        loop.run(line.watch(row, deadline=0.2))
    assert caught.value.job_id == row.id
    openai.finish(video.id)
    (job,) = soravid.resume()
    assert job.wait().path.is_file()
    assert posts(openai) == 1


def test_the_same_job_can_be_resumed_after_its_deadline(
    openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    openai.polls_to_finish = 10_000
    video = soravid.video_generation("a kite", MODEL)
    job = soravid.find_job(video.id)
    with monkeypatch.context() as patch:
        patch.setattr(Pipeline.watch, "__defaults__", (None, 0.2))
        with pytest.raises(DeadlineExceeded):
            job.wait()
    openai.finish(video.id)
    assert job.resume().wait(5).path.is_file()


def test_a_wait_with_a_timeout_ends_and_the_job_goes_on(openai: OpenAIFake) -> None:
    openai.polls_to_finish = 20
    job = soravid.generate("a kite", model=MODEL)
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded, match=r"after 0.05 s"):
        job.wait(0.05)
    assert time.monotonic() - started < 1
    assert job.wait().path.is_file()
    assert posts(openai) == 1


def test_a_job_that_the_provider_denies_keeps_its_money_held(
    openai: OpenAIFake, home: object, slept: list[float]
) -> None:
    openai.polls_to_finish = 10_000  # else it may have ended before it is gone
    job = soravid.generate("a kite", model=MODEL)
    until(lambda: openai.videos)
    openai.videos.clear()
    with pytest.raises(NotFound, match="Its money stays held"):
        job.wait()
    assert soravid.spend().held == 400_000_000


def test_a_finished_job_that_is_asked_again_is_not_settled_twice(
    openai: OpenAIFake, tmp_path: object
) -> None:
    from soravid import settings

    clip = soravid.generate("a kite", model=MODEL).wait()
    for _ in range(3):
        soravid.video_status(clip.video.id)
    assert kinds(settings.home()) == ["hold", "spend"]
