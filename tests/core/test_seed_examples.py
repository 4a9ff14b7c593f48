"""The examples of LiteLLM's /videos page run as they stand there, with another import."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

import soravid
from tests.core.helpers import KEY, MODEL, posts
from tests.core.seed_examples import (
    ASYNC_USAGE,
    AZURE,
    OPTIONAL_PARAMETERS,
    QUICK_START,
    REFERENCE_IMAGE,
    REMIX,
    STATUS_CHECKING,
)
from tests.fakes.openai import OpenAIFake

PROMPT = "A cat playing with a ball of yarn in a sunny garden"


@pytest.fixture(autouse=True)
def short_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep, asleep = time.sleep, asyncio.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.001)))
    monkeypatch.setattr(asyncio, "sleep", lambda seconds, result=None: asleep(min(seconds, 0.001), result))


def run(example: str) -> dict[str, Any]:
    """Run an example with another import, and with the tests' key instead of the page's."""
    names: dict[str, Any] = {}
    text = example.replace("from litellm import", "from soravid import").replace('"sk-.."', f'"{KEY}"')
    exec(compile(text, "example", "exec"), names)
    return names


def test_the_quick_start_leaves_the_clip(openai: OpenAIFake, capsys: pytest.CaptureFixture[str]) -> None:
    names = run(QUICK_START)
    assert Path("generated_video.mp4").read_bytes() == openai.bytes_of(names["response"].id)
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"Video ID: {names['response'].id}",
        "Initial Status: queued",
        "Current Status: processing",
        "Current Status: processing",
        "Current Status: completed",
    ]


def test_the_quick_start_sends_what_it_says(openai: OpenAIFake) -> None:
    run(QUICK_START)
    (create,) = openai.asked("POST", "/v1/videos")
    assert create.is_multipart
    assert create.fields == {"prompt": PROMPT, "model": "sora-2", "seconds": "8", "size": "720x1280"}


def test_the_async_example_leaves_the_clip(openai: OpenAIFake) -> None:
    run(ASYNC_USAGE)
    (video_id,) = openai.videos
    assert Path("generated_video.mp4").read_bytes() == openai.bytes_of(video_id)


def test_the_status_of_a_video_made_elsewhere_can_be_asked(
    openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    video = soravid.video_generation("a kite", MODEL)
    openai.videos["video_1234567890"] = openai.videos.pop(video.id)
    monkeypatch.setenv("SORAVID_HOME", str(Path("another").absolute()))
    run(STATUS_CHECKING)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Video Status: processing"
    assert said[2] == "Model: sora-2"


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_the_reference_image_is_uploaded_whole(openai: OpenAIFake, picture: Path) -> None:
    run(REFERENCE_IMAGE)
    (create,) = openai.asked("POST")
    upload = create.files["input_reference"]
    assert (upload.data, upload.content_type) == (picture.read_bytes(), "image/jpeg")
    assert upload.filename.endswith((".jpg", ".jpeg"))


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_a_remix_without_a_video_starts_from_the_image(openai: OpenAIFake, picture: Path) -> None:
    response = run(REMIX)["response"]
    (create,) = openai.asked("POST")
    assert (create.path, create.fields["prompt"]) == ("/v1/videos", "Make the cat jump higher")
    assert create.files["input_reference"].data == picture.read_bytes()
    assert (response.status, response.seconds) == ("queued", "8")


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_the_optional_parameters_are_taken(openai: OpenAIFake, picture: Path) -> None:
    response = run("from litellm import video_generation\n" + OPTIONAL_PARAMETERS)["response"]
    assert response.status == "queued"
    assert openai.creates == 1


def test_azure_is_asked_on_its_own_path_with_the_query_last(
    azure: OpenAIFake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = AZURE.replace("your-azure-api-key", KEY).replace("https://your-resource.openai.azure.com", url)
    video_id = run(text)["response"].id
    while soravid.video_status(video_id=video_id, model="azure/sora-2").status != "completed":
        pass
    assert soravid.video_retrieval(video_id=video_id, model="azure/sora-2") == azure.bytes_of(video_id)
    soravid.video_remix(video_id=video_id, model="azure/sora-2", prompt="Make the cat jump higher")
    paths = [call.path.replace(video_id, "ID") for call in azure.requests]
    assert paths == [
        "/openai/v1/videos",
        *["/openai/v1/videos/ID"] * 3,
        "/openai/v1/videos/ID/content",
        "/openai/v1/videos/ID/remix",
    ]
    assert all(call.query == {"api-version": "2024-02-15-preview"} for call in azure.requests)
    assert all(call.headers["api-key"] == KEY for call in azure.requests)
    assert not any("authorization" in call.headers for call in azure.requests)


def test_the_answer_has_the_documented_fields(openai: OpenAIFake) -> None:
    video = soravid.video_generation(model=MODEL, prompt=PROMPT, seconds="8", size="720x1280")
    assert (video["object"], video["status"], video["size"], video["seconds"]) == (
        "video",
        "queued",
        "720x1280",
        "8",
    )
    assert isinstance(video["created_at"], int)
    assert dict(video["usage"]) == {
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "total_tokens": 0,
        "duration_seconds": 8.0,
    }


def test_the_model_of_the_answer_is_the_same_at_create_and_at_status(openai: OpenAIFake) -> None:
    made = soravid.video_generation(PROMPT, MODEL)
    assert soravid.video_status(made.id, MODEL).model == made.model


def test_one_video_keeps_one_id(openai: OpenAIFake) -> None:
    made = soravid.video_generation(PROMPT, MODEL)
    assert soravid.video_status(made.id).id == made.id == next(iter(openai.videos))


def test_the_client_says_what_openai_says_and_the_functions_what_their_page_says(openai: OpenAIFake) -> None:
    made = soravid.video_generation(PROMPT, MODEL)
    assert soravid.Client().videos.retrieve(made.id).status == "in_progress"
    assert soravid.video_status(made.id).status == "processing"


def test_a_missing_key_is_a_key_error_and_get_has_a_default(openai: OpenAIFake) -> None:
    video = soravid.video_generation(PROMPT, MODEL)
    with pytest.raises(KeyError, match="colour"):
        video["colour"]
    assert video.get("colour", "teal") == "teal"
    assert "id" in video
    assert "colour" not in video


def test_video_content_is_video_retrieval() -> None:
    assert soravid.video_content is soravid.video_retrieval
    assert soravid.avideo_content is soravid.avideo_retrieval


def test_a_refused_video_is_told_once_and_costs_nothing(openai: OpenAIFake) -> None:
    made = soravid.video_generation("a cat [moderation]", MODEL)
    while (video := soravid.video_status(made.id)).status != "failed":
        pass
    assert video.error
    assert video.error.code == "moderation_blocked"
    assert (str(video.cost), posts(openai)) == ("0", 1)
