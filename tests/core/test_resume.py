"""A process that is killed in the middle loses nothing: the next one goes on, and nothing is paid twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import soravid
from soravid import planning, settings
from soravid.errors import OutcomeUnknown
from soravid.providers.local import Local
from soravid.types import Reference, VideoRequest
from tests.core.helpers import (
    KEY,
    MODEL,
    environment,
    fake_process,
    jobs,
    kinds,
    picture_bytes,
    python,
    running,
    until,
    videos_at,
)

RESUME = """if True:
    import soravid
    for job in soravid.resume():
        print(job.wait(20).path)
    """


def program(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def row(home: Path) -> dict[str, Any]:
    rows = jobs(home)
    return rows[0] if rows else {"video_id": None, "status": None, "progress": None}


@pytest.fixture
def provider() -> Iterator[str]:
    """A fake in a process of its own, whose jobs take about 40 looks."""
    with fake_process("--polls-to-finish", "40") as address:
        yield address


def test_a_killed_process_is_gone_on_from_by_the_next(
    provider: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{provider}/v1")
    with running(program(f'import soravid; soravid.generate("a kite", model="{MODEL}").wait()')):
        until(lambda: row(home)["status"] == "in_progress")
    assert not row(home)["ended_at"]
    (path,) = python(RESUME).split()
    assert Path(path).is_file()
    assert len(videos_at(provider)) == len(jobs(home)) == len(list(Path("soravid_media").iterdir())) == 1
    assert kinds(home) == ["hold", "spend"]


def test_running_the_cell_again_after_a_kill_pays_once(
    provider: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{provider}/v1")
    cell = f'import soravid; print(soravid.generate("a kite", model="{MODEL}", reuse=True).wait().path)'
    with running(program(cell)):
        until(lambda: row(home)["status"] == "in_progress")
    assert Path(python(cell).strip()).is_file()
    assert (len(videos_at(provider)), len(jobs(home))) == (1, 1)


def test_a_process_killed_before_the_answer_finds_its_job_at_the_provider(
    provider: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The create has left, the answer has not come: the prompt makes the fake answer a second late."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{provider}/v1")
    with running(program(f'import soravid; soravid.generate("a kite [slow]", model="{MODEL}").wait()')):
        until(lambda: videos_at(provider))
    assert row(home)["status"] == "submitting"
    (path,) = python(RESUME).split()
    assert Path(path).is_file()
    assert (len(videos_at(provider)), kinds(home)) == (1, ["hold", "spend"])


def test_the_local_engine_draws_a_killed_clip_again_under_its_id(home: Path) -> None:
    code = """if True:
        import soravid
        soravid.generate("a kite", seconds=1, size="128x128", extra_body={"pace": 2}).wait()
        """
    with running(program(code)):
        until(lambda: row(home)["progress"])
    video_id = row(home)["video_id"]
    (path,) = python(RESUME).split()
    assert Path(path).is_file()
    assert (row(home)["video_id"], row(home)["status"], len(jobs(home))) == (video_id, "completed", 1)
    assert len([each for each in (home / "engine").rglob("*.mp4") if "part" not in each.name]) == 1


def test_two_processes_may_resume_one_job_at_once(
    provider: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{provider}/v1")
    soravid.video_generation("a kite", MODEL)
    both = [subprocess.Popen(program(RESUME), env=environment(), stderr=subprocess.PIPE) for _ in range(2)]
    errors = [each.communicate(timeout=30)[1].decode() for each in both]
    assert [each.returncode for each in both] == [0, 0], errors
    assert kinds(home) == ["hold", "spend"]


def unsent(request: VideoRequest) -> str:
    """What a process leaves that is killed between the journal's entry and the create."""
    deployment = settings.deployment(Local.profile, "animatic")
    return planning.current().journal.open(request, deployment, 0, expected=("1", "128x128"))[0].id


def test_a_job_that_was_never_sent_is_drawn_by_the_local_engine() -> None:
    wanted = VideoRequest(model="local/animatic", prompt="a kite", seconds="1", size="128x128")
    job_id = unsent(wanted)
    assert soravid.find_job(job_id).wait(20).path.is_file()


def test_a_job_whose_picture_is_gone_is_not_drawn_without_it() -> None:
    """The journal keeps a picture's digest, not the picture."""
    picture = Reference(picture_bytes(128, 128), "image/png", "cat.png")
    wanted = VideoRequest(
        model="local/animatic", prompt="a kite", seconds="1", size="128x128", input_reference=picture
    )
    with pytest.raises(OutcomeUnknown):
        soravid.find_job(unsent(wanted)).wait(20)


def test_resume_takes_up_a_clip_that_was_finished_but_not_fetched(
    provider: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{provider}/v1")
    video = soravid.video_generation("a kite", MODEL)
    while soravid.video_status(video.id).status != "completed":
        pass
    (job,) = soravid.resume()
    assert job.wait(10).path.is_file()
    assert soravid.resume() == []
