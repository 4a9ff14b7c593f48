"""Guardrails in the pipeline: before anything is held, and before a clip is handed out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import soravid
from soravid import guarding, observe, planning
from soravid.guardrails import BlockList, Call, Guard, GuardrailBlocked, Verdict
from tests.core.helpers import MODEL, kinds
from tests.fakes.openai import OpenAIFake


@pytest.fixture(autouse=True)
def nobody_watches_afterwards() -> Iterator[None]:
    yield
    guarding.use(Guard())


def test_a_blocked_prompt_is_neither_held_nor_sent(openai: OpenAIFake, home: Path) -> None:
    soravid.guard(BlockList(["gore"]))
    with pytest.raises(GuardrailBlocked, match="nothing was sent"):
        soravid.video_generation("A kite and G\u200bORE", MODEL)
    assert (openai.requests, kinds(home)) == ([], [])
    soravid.video_generation("A kite", MODEL)


def test_a_price_is_told_whatever_the_guardrails_say(openai: OpenAIFake) -> None:
    soravid.guard(BlockList(["gore"]))
    assert soravid.estimate("gore", model=MODEL).usd


def test_a_rewritten_prompt_is_what_is_sent(openai: OpenAIFake) -> None:
    soravid.guard(Call(lambda stage, context: Verdict("rewrite", text=f"{context.prompt}, in daylight")))
    soravid.video_generation("A kite", MODEL)
    assert openai.asked("POST")[0].fields["prompt"] == "A kite, in daylight"


def watch_clips(verdict: Verdict) -> None:
    def look(stage: str, context: Any) -> Verdict:
        assert context.frames
        return verdict

    soravid.guard(Call(look, stages="output_frames", name="looker"))


def test_a_blocked_clip_is_paid_for_and_locked_away(openai: OpenAIFake, home: Path) -> None:
    watch_clips(Verdict("block", rule="seen", reason="The clip shows something that is not allowed here."))
    job = soravid.generate("a kite", model=MODEL)
    for _ in range(2):  # also when it is asked for once more
        with pytest.raises(GuardrailBlocked, match="not allowed here"):
            job.wait()
    assert kinds(home) == ["hold", "spend"]
    assert not list(Path("soravid_media").glob("*.mp4"))
    (away,) = (home / "quarantine").iterdir()
    assert away.read_bytes() == openai.bytes_of(next(iter(openai.videos)))
    with pytest.raises(GuardrailBlocked):
        soravid.video_content(job.id)
    assert job.view.status == "failed"
    assert job.view.cost == 400_000_000


def test_a_flagged_clip_comes_and_is_noted(openai: OpenAIFake, home: Path) -> None:
    watch_clips(Verdict("flag", rule="odd", reason="It looks odd."))
    job = soravid.generate("a kite", model=MODEL)
    assert job.wait().path.exists()
    assert observe.flush()
    (noted,) = [event for event in observe.read(home) if event.name == "guard.flagged"]
    assert (noted.job_id, noted.error_message) == (job.id, "It looks odd.")


def test_guardrails_come_from_the_configuration(openai: OpenAIFake) -> None:
    Path("config.yaml").write_text("guardrails:\n  - {name: words, type: blocklist, words: [gore]}\n")
    soravid.load_config("config.yaml")
    with pytest.raises(GuardrailBlocked):
        soravid.video_generation("gore", MODEL)
    assert planning.current().journal.recent() == []


def test_the_source_of_a_remix_is_looked_at(openai: OpenAIFake) -> None:
    source = soravid.generate("a kite", model=MODEL).wait()

    def look(stage: str, context: Any) -> Verdict:
        assert stage == "input_video"
        assert context.frames
        return Verdict("block", reason="Not this video.")

    soravid.guard(Call(look, stages="input_video"))
    with pytest.raises(GuardrailBlocked, match="Not this video"):
        soravid.video_remix("at night", source.job_id)
    assert openai.creates == 1


def test_a_guardrail_may_run_only_where_it_is_named(openai: OpenAIFake) -> None:
    soravid.guard(BlockList(["gore"], name="strict", default_on=False))
    soravid.video_generation("gore", MODEL)
    with pytest.raises(GuardrailBlocked):
        soravid.video_generation("gore", MODEL, guardrails=["strict"])
