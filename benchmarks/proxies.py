"""Two proxies before one fake provider, each as whoever runs it starts it: ours, and LiteLLM's."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.fresh import KEY, ROOT
from benchmarks.litellm_peer import ENV

MASTER = "sk-master-qL7vT2mXw9RzB4nKc8Yd"
_PATIENCE = 300
MODEL = "openai/sora-2"


class Proxy:
    """A running proxy.

    Attributes:
        started: seconds until it was ready.
        process: its id.
        url, key: where it is, and what it lets in.
    """

    def __init__(self, url: str, process: subprocess.Popen[str], started: float) -> None:
        self.url, self.process, self.started, self.key = url, process.pid, started, MASTER

    @property
    def headers(self) -> dict[str, str]:
        """What a request must say."""
        return {"authorization": f"Bearer {self.key}"}

    def client(self) -> httpx2.Client:
        """A client that it lets in."""
        return httpx2.Client(base_url=f"{self.url}/v1", headers=self.headers, timeout=_PATIENCE)


@contextmanager
def ours(models: Mapping[str, str], env: Mapping[str, str] | None = None) -> Iterator[Proxy]:
    """Our proxy with those groups, each at its address; its key has a budget that has to be kept."""
    with tempfile.TemporaryDirectory(prefix="soravid-bench-") as home:
        command = [sys.executable, "-m", "soravid", "proxy", "--port", "{port}", "--config", "{config}"]
        with _running(command, Path(home), models, {"SORAVID_HOME": home, **(env or {})}) as proxy:
            with proxy.client() as master:
                made = master.post("/key/generate", json={"max_budget": 1_000_000}).raise_for_status()
            proxy.key = made.json()["key"]
            yield proxy


@contextmanager
def litellms(python: Path, models: Mapping[str, str]) -> Iterator[Proxy]:
    """LiteLLM's proxy with the same. Its keys need a database, so it is asked with the master key."""
    with tempfile.TemporaryDirectory(prefix="soravid-bench-") as home:
        program = str(python.with_name("litellm"))
        command = [program, "--port", "{port}", "--config", "{config}", "--telemetry", "False"]
        with _running(command, Path(home), models, ENV) as proxy:
            yield proxy


@contextmanager
def _running(
    command: list[str], home: Path, models: Mapping[str, str], env: Mapping[str, str]
) -> Iterator[Proxy]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = home / "config.yaml"
    config.write_text(json.dumps(_config(models)))  # YAML holds JSON
    told = [word.format(port=port, config=config) for word in command]
    begin = time.perf_counter()
    with (home / "said").open("w+") as said:
        process = subprocess.Popen(
            told, cwd=ROOT, env={**os.environ, **env}, stdout=said, stderr=said, text=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _await(f"{url}/health/readiness", process, said)
            yield Proxy(url, process, time.perf_counter() - begin)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _config(models: Mapping[str, str]) -> dict[str, Any]:
    groups = [
        {
            "model_name": name,
            "litellm_params": {"model": MODEL, "api_base": f"{address}/v1", "api_key": KEY},
        }
        for name, address in models.items()
    ]
    return {
        "model_list": groups,
        "general_settings": {"master_key": MASTER},
        # A provider with faults is asked again all the same.
        "router_settings": {"allowed_fails": 1_000_000},
    }


def _await(url: str, process: subprocess.Popen[str], said: Any) -> None:
    """Wait until it answers."""
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if httpx2.get(url).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.02)
    said.seek(0)
    raise RuntimeError(f"The proxy did not start:\n{said.read()[-2000:]}")
