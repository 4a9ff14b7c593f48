"""Each test has a home of its own, two accounts at two servers, and no configuration but its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from soravid import config
from tests.core.conftest import home as home
from tests.core.conftest import surroundings as surroundings
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve

SEED = """
model_list:
  - model_name: sora-2
    litellm_params:
      model: openai/sora-2
      api_key: os.environ/OPENAI_API_KEY
  - model_name: azure-sora-2
    litellm_params:
      model: azure/sora-2
      api_key: os.environ/AZURE_OPENAI_API_KEY
      api_base: os.environ/AZURE_OPENAI_API_BASE
      api_version: "2024-02-15-preview"
"""
"""The configuration in LiteLLM's own page on video."""


@dataclass
class Account:
    """A fake provider, its address and its key."""

    fake: OpenAIFake
    url: str

    def params(self, model: str = "openai/sora-2", **more: Any) -> dict[str, Any]:
        return {"model": model, "api_base": self.url, "api_key": self.fake.api_key, **more}

    @property
    def strangers(self) -> list[str]:
        """What was asked with another account's key, or of another account's video."""
        return [
            f"{call.method} {call.path}"
            for call in self.fake.requests
            if call.headers.get("api-key", call.headers.get("authorization", "").removeprefix("Bearer "))
            != self.fake.api_key
        ]


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_active", config._NONE)
    monkeypatch.setattr(config, "_read_for", None)


@pytest.fixture
def accounts() -> Iterator[list[Account]]:
    """Three accounts, each at a server of its own and with a key of its own."""
    with ExitStack() as stack:
        made = []
        for name in "abc":
            fake = OpenAIFake(api_key=f"sk-{name}", retry_after="7", poll_after_ms=10)
            made.append(Account(fake, stack.enter_context(serve(fake))))
        yield made


@pytest.fixture
def seed(accounts: list[Account], monkeypatch: pytest.MonkeyPatch) -> list[Account]:
    """The seed's two accounts in the environment, and its file in the working folder."""
    first, second, _ = accounts
    monkeypatch.setenv("OPENAI_API_KEY", first.fake.api_key)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{first.url}/v1")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", second.fake.api_key)
    monkeypatch.setenv("AZURE_OPENAI_API_BASE", f"{second.url}/")
    Path("config.yaml").write_text(SEED)
    return [first, second]


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def group(name: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"model_name": name, "litellm_params": row} for row in rows]
