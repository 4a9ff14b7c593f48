"""What a press on Cancel would cost is said before it is pressed."""

from __future__ import annotations

from dataclasses import replace

import pytest

import soravid
from soravid.stopping import stopping, stopping_all
from soravid.views import JobView
from tests.fakes.fal_ai import FalAIFake
from tests.fakes.server import serve

VIEW = JobView("job_1", "gemini/gemini-omni-1.2-flash", "A kite", "in_progress", 0.0, held=800_000_000)


@pytest.mark.parametrize(
    ("changes", "question"),
    [
        ({}, "Stop it? The $0.80 held is given back."),
        ({"held": 0}, "Stop it? Nothing is charged."),
        ({"held": None}, "Stop it? Nothing is charged."),
        ({"model": "runwayml/gen4.5"}, "Stop it? It still costs $0.80."),
        ({"model": "runwayml/gen4.5", "held": None}, "Stop it? What it costs is not known."),
        ({"model": "runwayml/gen4.5", "status": "queued"}, "Stop it? The $0.80 held is given back."),
        (
            {"model": "fal_ai/bytedance/seedance-2.5", "status": "queued"},
            "Stop it? The $0.80 held is given back.",
        ),
        ({"model": "openai/one-of-mine"}, "Stop it? The $0.80 held is given back."),
    ],
)
def test_it_is_asked_with_what_it_costs(changes: dict[str, object], question: str) -> None:
    assert stopping(replace(VIEW, **changes)).question == question  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "xai/grok-imagine-video-1.5"}, "xai does not stop a job"),
        ({"model": "fal_ai/bytedance/seedance-2.5"}, "fal_ai stops a job only while it is queued"),
        ({"status": "completed"}, "It has ended."),
        ({"status": "downloading"}, "It has ended."),
        ({"model": "nobody/model"}, "nobody is not installed here."),
    ],
)
def test_what_cannot_be_stopped_has_a_reason(changes: dict[str, object], reason: str) -> None:
    stop = stopping(replace(VIEW, **changes))  # type: ignore[arg-type]
    assert stop.reason.startswith(reason)
    assert not stop.question


def test_all_are_stopped_that_can_be() -> None:
    views = [VIEW, replace(VIEW, model="runwayml/gen4.5"), replace(VIEW, model="xai/grok-imagine-video-1.5")]
    assert stopping_all(views) == "Stop all 2? It still costs $0.80. The $0.80 held is given back."
    assert stopping_all(views[2:]) == ""
    assert stopping_all(views[:1]) == "Stop it? The $0.80 held is given back."


def test_a_place_in_the_queue_is_told_as_the_provider_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FalAIFake(polls_to_finish=8)
    with serve(fake) as url:
        monkeypatch.setenv("FAL_KEY", "sk-test")
        monkeypatch.setenv("FAL_AI_API_BASE", url)
        job = soravid.generate("a kite", model="fal_ai/bytedance/seedance-2.5")
        seen: list[tuple[str, str]] = []
        job.on_update(lambda view: seen.append((view.status, view.aside)))
        job.wait()
    assert ("queued", "next in line") in seen
    assert seen[-1] == ("completed", "")
