"""A served engine, and small helpers around it."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from PIL import Image

from soravid.engine import create_app

Json = dict[str, Any]


class Served:
    """An engine on loopback."""

    def __init__(self, home: Path, **options: Any) -> None:
        self.home = home
        self.app: Any = create_app(home, **options)
        config = uvicorn.Config(self.app, port=0, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}/v1"
        self.http = httpx2.Client(base_url=self.url, timeout=30)

    def create(self, prompt: str = "A red kite, pan left", **fields: Any) -> Json:
        answer = self.http.post("/videos", json={"prompt": prompt, "size": "160x90", "seconds": 1, **fields})
        assert answer.status_code == 200, answer.text
        video: Json = answer.json()
        return video

    def get(self, video_id: str) -> Json:
        answer: Json = self.http.get(f"/videos/{video_id}").json()
        return answer

    def wait(self, video_id: str, until: Callable[[Json], bool] | None = None, timeout: float = 40) -> Json:
        ready = until or (lambda video: video["status"] in ("completed", "failed"))
        deadline = time.monotonic() + timeout
        while not ready(video := self.get(video_id)):
            assert time.monotonic() < deadline, video
            time.sleep(0.03)
        return video

    def make(self, prompt: str = "A red kite, pan left", **fields: Any) -> Json:
        return self.wait(self.create(prompt, **fields)["id"])

    def content(self, video_id: str, variant: str = "video") -> bytes:
        return (
            self.http.get(f"/videos/{video_id}/content", params={"variant": variant})
            .raise_for_status()
            .content
        )

    def close(self) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join()
        self.app.state.engine.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    engine = Served(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start an engine with options of the test's own."""
    started: list[Served] = []

    def start(home: Path = tmp_path / "home", **options: Any) -> Served:
        started.append(Served(home, **options))
        return started[-1]

    yield start
    for engine in started:
        engine.close()


def png(
    width: int = 32, height: int = 32, colour: tuple[int, ...] = (200, 60, 40), kind: str = "PNG"
) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour[:3]).save(buffer, kind)
    return buffer.getvalue()
