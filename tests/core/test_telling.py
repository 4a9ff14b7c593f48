"""What the log and the callbacks hear of a job: each change once, in order, without a secret."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest

import soravid
from soravid import observe
from soravid.observe import Event
from tests.core.helpers import MODEL
from tests.fakes.openai import OpenAIFake


def heard(home: Path, job_id: str) -> list[str]:
    assert observe.flush()
    return [event.name for event in observe.read(home, job_id=job_id) if event.name != "job.status"]


def test_a_clip_is_told_from_hold_to_store(openai: OpenAIFake, home: Path) -> None:
    job = soravid.generate("a kite", model=MODEL)
    job.wait()
    names = heard(home, job.id)
    assert names == ["job.held", "job.submitted", "job.completed", "money.spend", "job.stored"]
    line = json.loads((home / "log/soravid.jsonl").read_text().splitlines()[0])
    assert (line["name"], line["prompt"], line["held_usd"]) == ("job.held", "a kite", "0.4")
    assert line["deployment"].startswith(f"{MODEL}@127.0.0.1:")
    soravid.generate("a kite", model=MODEL, reuse=True).wait()
    assert heard(home, job.id)[-1] == "job.reused"


@pytest.mark.parametrize(
    ("prompt", "ends"),
    [
        ("[refuse]", ["job.held", "job.refused", "money.void"]),
        ("[moderation]", ["job.held", "job.submitted", "job.failed", "money.void"]),
        ("[500]", ["job.held", "job.unknown"]),
    ],
)
def test_each_end_is_told(openai: OpenAIFake, home: Path, prompt: str, ends: list[str]) -> None:
    job = soravid.generate(prompt, model=MODEL)
    with suppress(soravid.SoravidError):
        job.wait()
    assert heard(home, job.id) == ends


def test_callbacks_hear_it_and_harm_nothing(openai: OpenAIFake, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Event] = []

    def broken(event: Event) -> None:
        raise RuntimeError(event.name)

    async def later(event: Event) -> None:
        told.append(event)

    soravid.callbacks.on_success.append(broken)
    soravid.callbacks.on_success.append(later)
    soravid.callbacks.on_spend.append(told.append)
    try:
        clip = soravid.generate("a kite", model=MODEL).wait()
        assert observe.flush()
        assert "broken failed; jobs go on" in caplog.text
    finally:
        for heard_by in (soravid.callbacks.on_success, soravid.callbacks.on_spend):
            heard_by.clear()
    assert {(event.name, event.job_id) for event in told} == {
        ("job.completed", clip.job_id),
        ("money.spend", clip.job_id),
    }


def test_the_key_is_in_no_log(openai: OpenAIFake, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openai.api_key = "canary-3f9d2e-key"
    monkeypatch.setenv("OPENAI_API_KEY", openai.api_key)
    soravid.generate("a kite for canary-3f9d2e-key", model=MODEL).wait()
    assert observe.flush()
    assert "canary-3f9d2e" not in (home / "log/soravid.jsonl").read_text()
