"""The page that LiteLLM's users have: its configuration and its commands work as they stand there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.helpers import KEY, save_picture
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.proxy import document
from tests.proxy.operated import Proxy, running, until

Run = Callable[..., bytes]


@pytest.fixture(scope="module")
def fake() -> OpenAIFake:
    return OpenAIFake(api_key=KEY, polls_to_finish=3)


@pytest.fixture(scope="module")
def proxy(fake: OpenAIFake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    home = tmp_path_factory.mktemp("page") / "home"
    with serve(fake) as upstream:
        keys = {"OPENAI_API_KEY": KEY, "AZURE_OPENAI_API_KEY": KEY}
        bases = {"OPENAI_BASE_URL": f"{upstream}/v1", "AZURE_OPENAI_API_BASE": f"{upstream}/"}
        with running(home, document.CONFIG + document.MASTER_KEY, keys | bases) as proxy:
            yield proxy


@pytest.fixture
def run(proxy: Proxy, tmp_path: Path) -> Run:
    """Run a command of the page; the address and the id are all that is put in."""

    def run(command: str, video_id: str = "video_1234567890") -> bytes:
        command = command.replace("http://0.0.0.0:4000", proxy.url).replace("video_1234567890", video_id)
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, timeout=30, check=True
        )
        return done.stdout

    return run


def video(answer: bytes) -> dict[str, Any]:
    """A video object as the page has it."""
    told: dict[str, Any] = json.loads(answer)
    assert told.keys() >= document.FIELDS, told
    return told


def test_a_clip_is_made_looked_at_and_fetched(run: Run, fake: OpenAIFake) -> None:
    made = video(run(document.GENERATION))
    assert (made["object"], made["status"], made["model"]) == ("video", "queued", "sora-2")
    assert (made["size"], made["seconds"], made["usage"]["duration_seconds"]) == ("720x1280", "8", 8.0)
    seen = []

    def completed() -> bool:
        seen.append(video(run(document.STATUS, made["id"]))["status"])
        return bool(seen[-1] == "completed")

    until(completed, bool)
    assert set(seen) <= {"queued", "processing", "completed"}
    assert run(document.RETRIEVAL, made["id"]) == fake.bytes_of(list(fake.videos)[-1])


def test_a_remix_starts_from_a_picture(run: Run, fake: OpenAIFake, tmp_path: Path) -> None:
    save_picture(tmp_path / "path/to/image.jpg")
    made = video(run(document.REMIX))
    (call,) = [call for call in fake.asked("POST") if call.fields["prompt"] == "Make the cat jump higher"]
    assert call.files["input_reference"].filename == "image.jpeg"
    assert (made["seconds"], call.fields["seconds"]) == ("8", "8")


def test_azure_is_asked_at_its_own_account(run: Run, fake: OpenAIFake) -> None:
    made = video(run(document.AZURE))
    assert made["model"] == "azure-sora-2"
    call = fake.asked("POST", "/videos")[-1]
    assert (call.path, call.query) == ("/openai/v1/videos", {"api-version": "2024-02-15-preview"})
    until(lambda: video(run(document.STATUS, made["id"])), lambda told: told["status"] == "completed")


def test_a_video_that_is_not_there_is_told_as_openai_tells_it(run: Run) -> None:
    error = json.loads(run(document.STATUS))["error"]
    assert (error["code"], error["type"]) == ("not_found", "invalid_request_error")


def test_the_page_s_key_works_and_is_called_weak(proxy: Proxy) -> None:
    said = "".join(proxy.said)
    assert re.search(r"easy to guess.*nobody guesses: sk-[\w-]{43}\n", said)
    assert "sk-1234" not in said
