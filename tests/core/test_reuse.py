"""Running a cell again costs nothing, sends nothing, and never loses or replaces a clip."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

import soravid
from soravid.errors import MissingKey, ModelRetired, NotFound, OutcomeUnknown, Refused
from tests.core.helpers import KEY, MODEL, posts, python
from tests.fakes.openai import OpenAIFake

HELD = 400_000_000


def test_running_again_costs_nothing_and_sends_nothing(openai: OpenAIFake) -> None:
    first = soravid.generate("a kite", model=MODEL, reuse=True).wait()
    sent = len(openai.requests)
    again = soravid.generate("a kite", model=MODEL, reuse=True).wait()
    assert (again.path, again.reused, first.reused) == (first.path, True, False)
    assert (len(openai.requests), soravid.spend().settled, soravid.spend().saved) == (sent, HELD, HELD)


def test_running_again_in_another_process_costs_nothing(openai: OpenAIFake) -> None:
    first = soravid.generate("a kite", model=MODEL, reuse=True).wait()
    sent = len(openai.requests)
    said = python("import soravid; print(soravid.generate('a kite', model='openai/sora-2', reuse=True).path)")
    assert (said.strip(), len(openai.requests)) == (str(first.path), sent)


def test_the_functions_reuse_only_when_asked(openai: OpenAIFake) -> None:
    made = [soravid.video_generation("a kite", MODEL, reuse=reuse).id for reuse in (False, False, True)]
    assert made[0] != made[1] == made[2]
    assert posts(openai) == 2


@pytest.mark.parametrize(
    "change", [{"seconds": "8"}, {"size": "1280x720"}, {"take": 2}, {"model": "openai/other"}]
)
def test_another_request_is_another_job(openai: OpenAIFake, change: dict[str, object]) -> None:
    wanted: dict[str, object] = {"prompt": "a kite", "model": MODEL, "reuse": True}
    soravid.generate(**wanted).wait()  # type: ignore[arg-type]
    soravid.generate(**{**wanted, **change}).wait()  # type: ignore[arg-type]
    assert posts(openai) == 2


def test_what_says_the_same_in_other_words_is_the_same_job(openai: OpenAIFake) -> None:
    soravid.generate("a kite", model=MODEL, seconds="8", size="1280x720", reuse=True).wait()
    soravid.generate(" a kite\n", model=MODEL, seconds=8.0, size="1280X720", reuse=True).wait()
    assert posts(openai) == 1


def test_a_running_job_is_joined(openai: OpenAIFake) -> None:
    first = soravid.generate("a kite", model=MODEL, reuse=True)
    second = soravid.generate("a kite", model=MODEL, reuse=True)
    assert first.wait().path == second.wait().path
    assert posts(openai) == 1


def test_two_equal_requests_at_the_same_moment_are_one_job(openai: OpenAIFake) -> None:
    soravid.spend()  # the journal is open

    async def both() -> list[soravid.Video]:
        return await asyncio.gather(
            *(soravid.avideo_generation("a kite", MODEL, reuse=True) for _ in range(3))
        )

    asyncio.run(both())
    assert posts(openai) == 1


def test_one_key_for_two_jobs_at_once_fetches_one_clip(openai: OpenAIFake) -> None:
    made = [soravid.generate("a kite", model=MODEL, idempotency_key="order-7") for _ in range(2)]
    paths = {job.wait().path for job in made}
    assert len(paths) == len(list(Path("soravid_media").iterdir())) == 1
    assert (posts(openai), len(openai.asked("GET", "/content"))) == (1, 1)


def test_a_failed_job_is_not_taken_for_the_clip(openai: OpenAIFake) -> None:
    for _ in range(2):
        with pytest.raises(Refused):
            soravid.generate("a kite [moderation]", model=MODEL, reuse=True).wait()
    assert posts(openai) == 2


def test_a_job_whose_outcome_is_unknown_is_looked_for_and_not_sent_again(openai: OpenAIFake) -> None:
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            soravid.generate("a kite [500]", model=MODEL, reuse=True).wait()
    assert (posts(openai), soravid.spend().held) == (1, HELD)


def test_a_clip_that_was_deleted_is_fetched_again_for_nothing(openai: OpenAIFake) -> None:
    soravid.generate("a kite", model=MODEL, reuse=True).path.unlink()
    gc.collect()
    again = soravid.generate("a kite", model=MODEL, reuse=True).wait()
    assert again.path.read_bytes() == openai.bytes_of(again.video.id)
    assert posts(openai) == 1


def test_a_deleted_clip_is_fetched_again_while_its_job_is_still_at_hand(openai: OpenAIFake) -> None:
    job = soravid.generate("a kite", model=MODEL, reuse=True)
    job.path.unlink()
    assert soravid.generate("a kite", model=MODEL, reuse=True).path.is_file()
    assert (job.done(), posts(openai)) == (True, 1)


def test_a_deleted_clip_that_the_provider_has_not_either_is_told_and_not_paid_again(
    openai: OpenAIFake,
) -> None:
    soravid.generate("a kite", model=MODEL, reuse=True).path.unlink()
    gc.collect()
    openai.videos.clear()
    with pytest.raises(NotFound):
        soravid.generate("a kite", model=MODEL, reuse=True).wait()
    assert posts(openai) == 1


def test_a_clip_that_was_cut_short_on_disk_is_not_shown(openai: OpenAIFake) -> None:
    path = soravid.generate("a kite", model=MODEL, reuse=True).path
    gc.collect()
    path.write_bytes(path.read_bytes()[:100])
    again = soravid.generate("a kite", model=MODEL, reuse=True).wait()
    assert again.path.read_bytes() == openai.bytes_of(again.video.id)


def test_a_clip_is_brought_beside_another_notebook(
    openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = soravid.generate("a kite", model=MODEL, reuse=True).path
    Path("other").mkdir()
    monkeypatch.chdir("other")
    again = soravid.generate("a kite", model=MODEL, reuse=True).path
    assert again.parent == Path("soravid_media").absolute()
    assert again.read_bytes() == first.read_bytes()


def test_reuse_keeps_a_file_of_ones_own(openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch) -> None:
    first = soravid.generate("a kite", model=MODEL, reuse=True).path
    Path("other/soravid_media").mkdir(parents=True)
    monkeypatch.chdir("other")
    mine = Path("soravid_media", first.name)
    mine.write_bytes(b"mine")
    soravid.generate("a kite", model=MODEL, reuse=True).wait()
    assert mine.read_bytes() == b"mine"


def test_a_clip_that_is_there_is_shown_without_a_key(
    openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = soravid.generate("a kite", model=MODEL, reuse=True).wait()
    monkeypatch.delenv("OPENAI_API_KEY")
    again = soravid.generate("a kite", model=MODEL, reuse=True).wait()
    assert (again.reused, again.path, openai.creates) == (True, first.path, 1)
    for prompt, reuse in (("another kite", True), ("a kite", False)):
        with pytest.raises(MissingKey):
            soravid.generate(prompt, model=MODEL, reuse=reuse)
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert soravid.generate("a kite", model=MODEL, reuse=True).wait().path == first.path
    monkeypatch.setenv("OPENAI_API_KEY", KEY)  # at OpenAI itself, which has shut the model down
    assert soravid.generate("a kite", model=MODEL, reuse=True).wait().path == first.path
    first.path.unlink()
    with pytest.raises(ModelRetired):
        soravid.generate("a kite", model=MODEL, reuse=True)
    assert openai.creates == 1
