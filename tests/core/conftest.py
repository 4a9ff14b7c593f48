"""Each test has a home, a working folder and a fake provider of its own, and leaves nothing running."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from soravid import loop, planning
from soravid.pipeline import Pipeline
from tests.core.helpers import KEY, save_picture
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def surroundings(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Quick polls and quick second tries; what is still running afterwards is stopped."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("SORAVID_HOME", str(home))
    monkeypatch.setenv("SORAVID_POLL_SECONDS", "0.02")
    for module in ("transport", "download"):
        monkeypatch.setattr(f"soravid.{module}.backoff", lambda attempt: 0.01)
    made: list[Pipeline] = []

    def pipeline(*parts: object) -> Pipeline:
        made.append(Pipeline(*parts))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr("soravid.planning.Pipeline", pipeline)
    yield
    planning.pipeline.cache_clear()
    asyncio.run_coroutine_threadsafe(_leave(made), loop.loop()).result(10)


@pytest.fixture(params=["httpx2", "aiohttp"])
def connections(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both kinds of connections, by turns: the ordinary ones and those for many calls at once."""
    monkeypatch.setattr("soravid.transport.Transport._many", request.param == "aiohttp")


async def _leave(pipelines: list[Pipeline]) -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for line in pipelines:
        for transport in line.transport._in_process.values():
            app = getattr(transport, "_app", None)
            if app is not None:
                await asyncio.to_thread(app.state.engine.close)
        await line.transport.close()
        line.journal.close()


@pytest.fixture
def fake() -> OpenAIFake:
    return OpenAIFake(retry_after="0.01", poll_after_ms=10)


@pytest.fixture
def url(fake: OpenAIFake) -> Iterator[str]:
    with serve(fake) as address:
        yield address


@pytest.fixture
def openai(url: str, fake: OpenAIFake, monkeypatch: pytest.MonkeyPatch) -> OpenAIFake:
    """The fake as the environment's OpenAI."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
    return fake


@pytest.fixture
def azure(url: str, fake: OpenAIFake, monkeypatch: pytest.MonkeyPatch) -> OpenAIFake:
    """The fake as the environment's Azure resource."""
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    monkeypatch.setenv("AZURE_OPENAI_API_BASE", f"{url}/")
    return fake


@pytest.fixture
def picture() -> Path:
    """`path/to/image.jpg` in the working folder, as large as the default clip."""
    return save_picture(Path("path/to/image.jpg"))
