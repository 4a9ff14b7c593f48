"""What a soravid proxy says of the key that this process has there: what it may spend, and has spent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from soravid import settings
from soravid.deployments import Deployment
from soravid.errors import SoravidError
from soravid.money import show, to_nano
from soravid.providers import provider_class
from soravid.providers.base import Flow, Request
from soravid.transport import Transport

PROVIDER = "soravid"
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class KeyBudget:
    """A key's budget at its proxy, in nano-USD. ``name`` is what people call it, never the key."""

    name: str
    limit: int
    spent: int
    held: int = 0

    def __str__(self) -> str:
        left = max(0, self.limit - self.spent - self.held)
        return f"key{f' {self.name}' if self.name else ''}: {show(left)} left of {show(self.limit)}"


async def key_budget(transport: Transport) -> KeyBudget | None:
    """How the environment's key stands at the environment's proxy.

    None where there is no such key, it has no budget, or the proxy does not answer: nobody waits for it.
    """
    try:
        there = settings.deployment(provider_class(PROVIDER).profile, "")
        return await transport.drive(_ask(there), _PATIENCE, attempts=1)
    except SoravidError:
        return None


def _ask(there: Deployment) -> Flow[KeyBudget | None]:
    """GET /key/info, in LiteLLM's shape; a soravid proxy says beside it what the key's jobs hold."""
    url = there.api_base.removesuffix("/v1") + "/key/info"
    response = yield Request("GET", url, headers={"authorization": f"Bearer {there.api_key}"})
    try:
        info: Any = json.loads(response.content, parse_float=Decimal)["info"]
        if not response.ok or info["max_budget"] is None:
            return None
        name = str(info.get("key_alias") or info.get("key_name") or "")
        held = to_nano(info.get("held") or 0)
        return KeyBudget(name, to_nano(info["max_budget"]), to_nano(info["spend"]), held)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
