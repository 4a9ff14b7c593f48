"""Azure's surface of OpenAI's wire."""

from typing import Any, cast

from tests.fakes.openai import OpenAIFake
from tests.providers.cases import KEY, Case

CASE = Case(
    model="azure/sora-2",
    fake=cast(Any, OpenAIFake),
    environment=lambda url: {"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_API_BASE": url},
    cost="0.4",
    body={"prompt": "a red kite", "model": "sora-2", "seconds": "4", "size": "1280x720"},
    finds_lost=True,
    key_variable="AZURE_OPENAI_API_KEY",
    full={"input_reference": "picture"},
    full_body={"input_reference": "<picture>"},
)
