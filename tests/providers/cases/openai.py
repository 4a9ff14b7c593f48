"""OpenAI's own wire, as a server that still speaks it has it."""

from typing import Any, cast

from tests.fakes.openai import OpenAIFake
from tests.providers.cases import KEY, Case

CASE = Case(
    model="openai/sora-2",
    fake=cast(Any, OpenAIFake),  # older than JobFake; it has what the contract asks of one
    environment=lambda url: {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url},
    cost="0.4",
    body={"prompt": "a red kite", "model": "sora-2", "seconds": "4", "size": "1280x720"},
    finds_lost=True,
    key_variable="OPENAI_API_KEY",
    full={"input_reference": "picture"},
    full_body={"input_reference": "<picture>"},
)
