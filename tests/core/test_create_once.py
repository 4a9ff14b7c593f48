"""A billable request is sent once, whatever becomes of its answer, and its money is always accounted for."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

import soravid
from soravid.errors import (
    ConnectionFailed,
    InvalidRequest,
    OutcomeUnknown,
    RateLimited,
    Refused,
)
from tests.core.helpers import KEY, MODEL, jobs, kinds, posts, until
from tests.core.servers import Gate, closed_port, down, silence
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve

pytestmark = pytest.mark.usefixtures("connections")

HELD = 400_000_000  # nano-USD: 4 s of sora-2 at 720p


@pytest.fixture
def gate(fake: OpenAIFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The fake as the environment's OpenAI, behind a gate."""
    with serve(gate := Gate(fake)) as address:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
        yield gate


def no_list(gate: Gate) -> None:
    gate.answer = lambda request: (
        down() if (request.method, request.url.path) == ("GET", "/v1/videos") else None
    )


# --- the answer is lost ---


def test_a_lost_answer_is_found_again_and_the_job_goes_on(openai: OpenAIFake, home: Path) -> None:
    clip = soravid.generate("a kite [lost]", model=MODEL).wait()
    assert clip.path.read_bytes() == openai.bytes_of(clip.video.id)
    assert (posts(openai), openai.creates, kinds(home)) == (1, 1, ["hold", "spend"])


def test_a_slow_answer_past_the_timeout_is_found_again(openai: OpenAIFake) -> None:
    video = soravid.video_generation("a kite [slow]", MODEL, timeout=0.3)
    assert video.id in openai.videos
    assert posts(openai) == 1


def test_of_two_equal_lost_answers_each_finds_its_own(openai: OpenAIFake) -> None:
    made = [soravid.video_generation("a kite [lost]", MODEL).id for _ in range(2)]
    assert sorted(made) == sorted(openai.videos)


def test_a_server_error_leaves_the_outcome_unknown_and_the_money_held(openai: OpenAIFake, home: Path) -> None:
    with pytest.raises(OutcomeUnknown, match=r"not sent again.*\$0.40 stays held") as caught:
        soravid.video_generation("a kite [500]", MODEL)
    (job,) = jobs(home)
    assert (job["status"], job["held"], job["id"]) == ("unknown", HELD, caught.value.job_id)
    assert (posts(openai), kinds(home), soravid.spend().held) == (1, ["hold"], HELD)


def test_an_unknown_outcome_is_cleared_up_later(gate: Gate, fake: OpenAIFake, home: Path) -> None:
    no_list(gate)
    with pytest.raises(OutcomeUnknown):
        soravid.video_generation("a kite [lost]", MODEL)
    gate.answer = lambda request: None
    (job,) = soravid.resume()
    assert job.wait().path.is_file()
    assert (posts(fake), kinds(home)) == (1, ["hold", "spend"])


def test_a_job_that_was_cleared_up_shows_no_old_error(gate: Gate, fake: OpenAIFake) -> None:
    no_list(gate)
    with pytest.raises(OutcomeUnknown):
        soravid.video_generation("a kite [lost]", MODEL)
    gate.answer = lambda request: None
    (job,) = soravid.resume()
    video = job.wait().video
    assert (video.status, video.error) == ("completed", None)


def test_a_server_that_never_answers_is_given_up_in_the_time_that_was_set() -> None:
    async def impatient(address: str) -> None:
        call = soravid.avideo_generation("a kite", MODEL, api_base=address, api_key=KEY, timeout=0.2)
        await asyncio.wait_for(call, 3)

    with silence() as address, pytest.raises(OutcomeUnknown):
        asyncio.run(impatient(address))


# --- the answer is no ---


def test_a_refused_connection_gives_the_money_back(home: Path) -> None:
    with pytest.raises(ConnectionFailed, match=r"127.0.0.1 could not be reached.*nothing was sent"):
        soravid.video_generation("a kite", MODEL, api_base=closed_port(), api_key=KEY)
    assert (jobs(home)[0]["status"], kinds(home), soravid.spend().held) == ("failed", ["hold", "void"], 0)


def test_being_asked_to_wait_is_told_and_not_tried_again(openai: OpenAIFake, home: Path) -> None:
    openai.retry_after = "7"
    with pytest.raises(RateLimited) as caught:
        soravid.video_generation("a kite [429]", MODEL)
    assert (caught.value.retry_after, caught.value.status_code) == (7.0, 429)
    assert (posts(openai), kinds(home)) == (1, ["hold", "void"])


@pytest.mark.parametrize("surface", ["openai", "azure"])
def test_a_refusal_says_so_and_costs_nothing(
    surface: str, openai: OpenAIFake, azure: OpenAIFake, home: Path
) -> None:
    with pytest.raises(Refused, match=r"blocked.*Rephrase") as caught:
        soravid.video_generation("a kite [refuse]", f"{surface}/sora-2")
    assert caught.value.job_id == jobs(home)[0]["id"]
    assert (posts(openai), kinds(home)) == (1, ["hold", "void"])


# --- fallbacks ---


def test_a_definite_error_falls_back_to_the_next_model(
    openai: OpenAIFake, azure: OpenAIFake, home: Path
) -> None:
    video = soravid.video_generation("a kite [429]", MODEL, fallbacks=["azure/sora-2"])
    assert [call.path for call in openai.asked("POST")] == ["/v1/videos", "/openai/v1/videos"]
    assert [(job["model"], job["status"]) for job in jobs(home)] == [
        (MODEL, "failed"),
        ("azure/sora-2", "queued"),
    ]
    assert kinds(home) == ["hold", "void", "hold"]
    assert video.id in openai.videos


def test_a_host_that_is_down_falls_back_to_the_next_model(azure: OpenAIFake) -> None:
    base = closed_port()
    video = soravid.video_generation(
        "a kite", MODEL, api_base=base, api_key="sk-else", fallbacks=["azure/sora-2"]
    )
    assert video.id in azure.videos
    assert azure.asked("POST")[0].headers["api-key"] == KEY


@pytest.mark.parametrize(("trigger", "error"), [("[refuse]", Refused), ("[500]", OutcomeUnknown)])
def test_after_a_refusal_or_an_unknown_outcome_nobody_else_is_asked(
    openai: OpenAIFake, azure: OpenAIFake, trigger: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        soravid.video_generation(f"a kite {trigger}", MODEL, fallbacks=["azure/sora-2"])
    assert posts(openai) == 1


def test_when_every_model_fails_the_last_error_is_told(
    openai: OpenAIFake, azure: OpenAIFake, home: Path
) -> None:
    with pytest.raises(RateLimited):
        soravid.video_generation("a kite [429 always]", MODEL, fallbacks=["azure/sora-2"])
    assert kinds(home) == ["hold", "void"] * 2


def test_after_a_fallback_the_journal_shows_both_jobs(openai: OpenAIFake, azure: OpenAIFake) -> None:
    job = soravid.generate("a kite [429]", model=MODEL, fallbacks=["azure/sora-2"])
    job.wait()
    assert [each.status for each in soravid.jobs()] == ["completed", "failed"]


# --- idempotency keys ---


def test_the_same_key_and_body_give_the_same_job(openai: OpenAIFake) -> None:
    made = [soravid.video_generation("a kite", MODEL, idempotency_key="order-7").id for _ in range(2)]
    assert made[0] == made[1]
    assert (posts(openai), openai.asked("POST")[0].headers["idempotency-key"]) == (1, "order-7")


def test_the_same_key_with_another_body_is_refused(openai: OpenAIFake, home: Path) -> None:
    soravid.video_generation("a kite", MODEL, idempotency_key="order-7")
    with pytest.raises(InvalidRequest, match="idempotency_key") as caught:
        soravid.video_generation("a boat", MODEL, idempotency_key="order-7")
    assert caught.value.param == "idempotency_key"
    assert (posts(openai), kinds(home)) == (1, ["hold"])


def test_the_key_of_a_failed_create_may_be_used_again(openai: OpenAIFake) -> None:
    with pytest.raises(RateLimited):
        soravid.video_generation("a kite [429]", MODEL, idempotency_key="order-7")
    assert soravid.video_generation("a kite [429]", MODEL, idempotency_key="order-7").status == "queued"


def test_the_same_key_from_two_threads_at_once_makes_one_job(openai: OpenAIFake) -> None:
    soravid.spend()  # the journal is open

    def make(_: int) -> str | None:
        return soravid.video_generation("a kite", MODEL, idempotency_key="order-7").job_id

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(make, range(4)))
    assert len(set(made)) == posts(openai) == 1


def test_the_same_key_finds_the_job_that_a_fallback_made(openai: OpenAIFake, azure: OpenAIFake) -> None:
    def make() -> str:
        return soravid.video_generation(
            "a kite [429]", MODEL, fallbacks=["azure/sora-2"], idempotency_key="order-7"
        ).id

    assert make() == make()
    assert openai.creates == 1


def test_every_create_carries_a_key_of_its_own(openai: OpenAIFake) -> None:
    for _ in range(2):
        soravid.video_generation("a kite", MODEL)
    first, second = (call.headers["idempotency-key"] for call in openai.asked("POST"))
    assert first != second


# --- interrupted ---


def test_an_interrupt_during_a_create_leaves_the_job_in_the_journal(openai: OpenAIFake, home: Path) -> None:
    def interrupt() -> None:
        until(lambda: openai.creates)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        soravid.video_generation("a kite [slow]", MODEL)
    until(lambda: jobs(home)[0]["video_id"])
    assert (jobs(home)[0]["status"], kinds(home), posts(openai)) == ("queued", ["hold"], 1)


def test_an_awaiting_task_that_is_cancelled_leaves_the_job_in_the_journal(
    openai: OpenAIFake, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def give_up() -> None:
        await asyncio.wait_for(soravid.avideo_generation("a kite [slow]", MODEL), 0.4)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    until(lambda: jobs(home)[0]["video_id"])
    assert (jobs(home)[0]["status"], kinds(home), posts(openai)) == ("queued", ["hold"], 1)
    assert not caplog.records


def test_giving_up_before_anything_was_sent_holds_no_money(openai: OpenAIFake, home: Path) -> None:
    soravid.spend()  # the journal is there
    with closing(sqlite3.connect(home / "journal.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        async def give_up() -> None:
            await asyncio.wait_for(soravid.avideo_generation("a kite", MODEL), 0.3)

        with pytest.raises(TimeoutError):
            asyncio.run(give_up())
        other.execute("ROLLBACK")
    time.sleep(1.0)  # whatever waited for the lock has had its turn
    held = soravid.spend().held
    assert (posts(openai), held) in {(0, 0), (1, HELD)}
