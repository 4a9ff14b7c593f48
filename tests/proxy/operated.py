"""A real proxy, as whoever runs one starts it: the command, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from tests.fakes.openai import OpenAIFake

T = TypeVar("T")

ROOT = Path(__file__).parents[2]

MASTER = "sk-master-qL7vT2mXw9RzB4nKc8Yd"
MODEL = "kite"
PRICE = "0.10"
"""USD for a second."""
LENGTH = 4
COST = 0.4
"""USD that a clip costs."""
_ADDRESS = re.compile(r"running on (http://\S+)")


def config(upstream: str, more: dict[str, Any] | None = None, **models: str) -> dict[str, Any]:
    """A configuration with one account at ``upstream``; ``models`` are further groups and their models."""
    groups = {MODEL: "openai/kite-1", **models}
    connection = {"api_key": "sk-test", "api_base": f"{upstream}/v1"}
    known = {
        "seconds": ["4", "8"],
        "sizes": ["720x1280", "1280x720"],
        "abilities": ["text", "image", "remix"],
    }
    return {
        "model_list": [
            {"model_name": group, "litellm_params": {"model": model, **connection}}
            for group, model in groups.items()
        ],
        "general_settings": {"master_key": MASTER},
        "soravid_settings": {
            "models": [
                {"id": model, "default_seconds": "4", "default_size": "1280x720", "prices": {"any": PRICE}}
                | known
                for model in groups.values()
            ],
            **(more or {}),
        },
    }


class Proxy:
    """A running proxy.

    Args:
        home: its SORAVID_HOME, beside which its configuration is written.
        settings: the configuration.
        env: more environment variables.
    """

    def __init__(self, home: Path, settings: dict[str, Any] | str, env: dict[str, str] | None = None) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        file = home / "config.yaml"
        # YAML holds JSON.
        file.write_text(settings if isinstance(settings, str) else json.dumps(settings))
        command = [sys.executable, "-m", "soravid", "proxy", "--config", str(file), "--port", "0"]
        own = {"SORAVID_HOME": str(home), "SORAVID_POLL_SECONDS": "0.1"}
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | own | (env or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        self.url = self._address()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._clients: list[httpx2.Client] = []
        self.master = self.client(MASTER)

    def _address(self) -> str:
        assert self._process.stderr
        for text in self._process.stderr:
            self.said.append(text)
            if found := _ADDRESS.search(text):
                return found[1]
        raise RuntimeError("The proxy did not start:\n" + "".join(self.said))

    def _read(self) -> None:
        assert self._process.stderr
        self.said.extend(self._process.stderr)

    def client(self, key: str) -> httpx2.Client:
        """A client with a key of its own, until the proxy ends."""
        self._clients.append(httpx2.Client(base_url=self.url, headers=bearer(key), timeout=30))
        return self._clients[-1]

    def key(self, **fields: Any) -> dict[str, Any]:
        """A new virtual key, as the answer tells it."""
        return dict(good(self.master.post("/key/generate", json=fields)))

    def make(self, client: httpx2.Client, prompt: str = "A red kite", **fields: Any) -> str:
        """Create a clip; returns its id."""
        return str(good(client.post("/v1/videos", json={"model": MODEL, "prompt": prompt, **fields}))["id"])

    def ended(self, client: httpx2.Client, video_id: str) -> dict[str, Any]:
        """The video once it has ended."""
        return until(
            lambda: good(client.get(f"/v1/videos/{video_id}")),
            lambda video: video["status"] in {"completed", "failed"},
        )

    def memory(self) -> int:
        """Bytes that it has in memory."""
        return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Tell it to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        for client in self._clients:
            client.close()
        if self._process.poll() is None:
            self._process.send_signal(how)
        self._process.wait(30)
        self._reader.join(10)
        assert self._process.stderr
        self._process.stderr.close()


@contextmanager
def running(home: Path, settings: dict[str, Any] | str, env: dict[str, str] | None = None) -> Iterator[Proxy]:
    """A proxy, for as long as the block lasts."""
    proxy = Proxy(home, settings, env)
    try:
        yield proxy
    finally:
        proxy.stop()


def fake(**settings: Any) -> OpenAIFake:
    """A provider whose clips are ready at the first look."""
    return OpenAIFake(seconds=("4", "8"), polls_to_finish=1, **settings)


def bearer(key: str) -> dict[str, str]:
    """The header that a key stands in."""
    return {"authorization": f"Bearer {key}"}


def good(answer: httpx2.Response) -> Any:
    """The JSON of an answer that is none but good."""
    assert answer.is_success, f"{answer.status_code}: {answer.text}"
    return answer.json() if answer.content else None


def until(look: Callable[[], T], wanted: Callable[[T], bool], patience: float = 20) -> T:
    """What a look gives, once it is as wanted."""
    give_up = time.monotonic() + patience
    while True:
        seen = look()
        if wanted(seen):
            return seen
        assert time.monotonic() < give_up, f"still {seen!r}"
        time.sleep(0.02)
