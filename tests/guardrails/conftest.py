"""A fake of every service on loopback, and a transport that is closed behind each test."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from soravid import loop
from soravid.guardrails import Context, Guard, Outcome, Stage
from soravid.transport import Transport
from soravid.types import Reference
from tests.fakes.moderation import ModerationFake
from tests.fakes.server import serve
from tests.media.making import BLUE, GREEN, RED, make

KEY = "sk-secret-of-the-guardrail"

Run = Callable[..., Outcome]


def picture(colour: str = "teal") -> Reference:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 36), colour).save(buffer, "PNG")
    return Reference(buffer.getvalue(), "image/png", "reference.png")


def check(guard: Guard, prompt: str = "A boat", stage: Stage = "prompt", **more: object) -> Outcome:
    """Run a stage as the pipeline does, on the loop thread."""
    return loop.run(guard.check(stage, Context(prompt=prompt, **more)))  # type: ignore[arg-type]


@pytest.fixture
def fake() -> ModerationFake:
    return ModerationFake(KEY)


@pytest.fixture
def url(fake: ModerationFake) -> Iterator[str]:
    with serve(fake) as address:
        yield address


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Iterator[Transport]:
    monkeypatch.setattr("soravid.transport.backoff", lambda attempt: 0.01)
    made = Transport()
    yield made
    loop.run(made.close())


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds: red, green, blue."""
    return make(tmp_path_factory.mktemp("clip") / "clip.mp4", RED, GREEN, BLUE)
