"""Each job is settled once, for what was made, whatever way its end is heard."""

from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path

import pytest

import soravid
from soravid import loop, planning, settings
from soravid.errors import InvalidRequest, MissingKey
from soravid.providers.openai import OpenAI
from soravid.types import Video, VideoRequest
from tests.core.helpers import KEY, MODEL, fake_process, kinds, posts, python, query, until, videos_at
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve

OFFERED = 400_000_000


def test_a_create_that_is_answered_with_the_finished_job_is_settled(openai: OpenAIFake, home: Path) -> None:
    """As a server does that replays an idempotency key, or that draws while the caller waits."""
    line = planning.current()
    deployment = settings.deployment(OpenAI.profile, "sora-2")
    row, _ = line.journal.open(VideoRequest(model=MODEL, prompt="a kite"), deployment, OFFERED)
    done = Video(id="video_1", status="completed", seconds="4", size="720x1280")
    ended = loop.run(line.took(row, done))
    assert (ended.status, ended.cost, ended.video_id) == ("completed", OFFERED, "video_1")
    assert kinds(home) == ["hold", "spend"]
    assert (soravid.spend().settled, soravid.spend().unpriced) == (OFFERED, 0)


def test_a_job_that_ends_in_its_create_as_failed_gives_its_money_back(openai: OpenAIFake, home: Path) -> None:
    video = soravid.video_generation("a kite", MODEL)
    journal = planning.current().journal
    row = journal.find(video.id)
    assert row
    failed = Video(id=video.id, status="failed", error={"code": "x", "message": "No."})  # type: ignore[arg-type]
    journal.submitted(row.id, failed)
    ended = journal.observe(row.id, failed, None)
    assert (ended.status, ended.cost, kinds(home)) == ("failed", 0, ["hold", "void"])


def test_an_extension_costs_what_was_added_not_the_stitched_whole(openai: OpenAIFake) -> None:
    first = soravid.generate("a kite", model=MODEL, seconds=8).wait()
    longer = soravid.generate("it lands", operation="extend", video_id=first.job_id, seconds=4).wait()
    assert longer.video.seconds == "12"
    assert longer.cost == Decimal("0.4")


def test_a_price_is_told_for_the_clip_that_would_be_made(openai: OpenAIFake) -> None:
    first = soravid.generate("a kite", model=MODEL, seconds=12).wait()
    assert soravid.estimate("at night", operation="remix", video_id=first.job_id).usd == Decimal("1.2")
    assert soravid.estimate("a kite", model=MODEL, seconds=8).usd == Decimal("0.8")


def test_a_clip_cannot_be_remixed_by_another_provider(openai: OpenAIFake, azure: OpenAIFake) -> None:
    first = soravid.generate("a kite", model=MODEL).wait()
    with pytest.raises(InvalidRequest, match=r"made by openai/sora-2; azure/sora-2 cannot remix it"):
        soravid.generate("at night", model="azure/sora-2", operation="remix", video_id=first.job_id)
    assert posts(azure) == 1  # the first one's: one fake stands for both


def test_resume_leaves_alone_what_a_caller_was_given(openai: OpenAIFake) -> None:
    video = soravid.video_generation("a kite", MODEL)
    until(lambda: soravid.video_status(video.id).status == "completed")
    assert len(soravid.jobs(unfinished=True)) == 1
    soravid.video_retrieval(video.id)
    assert soravid.resume() == []


def test_what_was_just_paid_for_is_not_called_saved(openai: OpenAIFake, home: Path) -> None:
    video = soravid.video_generation("a kite", MODEL, reuse=True)
    until(lambda: soravid.video_status(video.id).status == "completed")
    assert "saved" not in kinds(home)
    soravid.video_generation("a kite", MODEL, reuse=True)
    assert soravid.spend().saved == OFFERED


def test_the_key_of_the_environment_is_not_sent_to_another_address(
    openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job made at a call's own address is asked for there by a later process, and with no other key."""
    with serve(other := OpenAIFake(api_key="sk-other")) as address:
        video = soravid.video_generation("a kite", MODEL, api_base=f"{address}/v1", api_key="sk-other")
        planning.pipeline.cache_clear()
        with pytest.raises(MissingKey, match=r"127\.0\.0\.1"):
            soravid.video_status(video.id)
        assert KEY not in repr([call.headers for call in other.requests])
        assert soravid.video_status(video.id, api_key="sk-other").id == video.id


def test_a_program_that_ends_right_after_asking_has_its_job_in_the_journal(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_process("--slow-seconds", "1.5") as address:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
        python(f'import soravid; soravid.generate("a kite [slow]", model="{MODEL}")')
        (row,) = query(home, "SELECT video_id, status FROM jobs")
        assert row["video_id"] == videos_at(address)[0]["id"]


def test_many_threads_share_one_pipeline(openai: OpenAIFake) -> None:
    planning.pipeline.cache_clear()
    seen: list[object] = []
    threads = [threading.Thread(target=lambda: seen.append(planning.current())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, seen))) == 1
