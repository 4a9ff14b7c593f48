"""One proxy for most stories, before a fake of OpenAI's API: each story has keys of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.proxy.operated import Proxy, config, running


@dataclass
class Shared:
    """A proxy that stories share, and the provider behind it."""

    proxy: Proxy
    fake: OpenAIFake

    def key(self, **fields: Any) -> httpx2.Client:
        """A client with a new key."""
        return self.proxy.client(self.proxy.key(**fields)["key"])

    def creates(self, prompt: str) -> int:
        """How many clips the provider was asked for with this prompt."""
        return sum(call.fields.get("prompt") == prompt for call in self.fake.asked("POST"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    fake = OpenAIFake(polls_to_finish=2, poll_after_ms=20, retry_after="0.01")
    with serve(fake) as upstream:
        settings = config(upstream)
        settings["model_list"].append({"model_name": "draft", "litellm_params": {"model": "local/animatic"}})
        # One story's faults are not another's.
        settings["router_settings"] = {"allowed_fails": 1_000_000, "cooldown_time": 1e-6}
        settings["soravid_settings"]["models"][0]["abilities"] += ["remix_fields", "edit", "extend"]
        with running(tmp_path_factory.mktemp("proxy") / "home", settings) as proxy:
            yield Shared(proxy, fake)
