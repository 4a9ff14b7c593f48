"""What a soravid proxy says of the key that this process has there: what it may spend, and has spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from soravid import settings
from soravid.card_text import minute
from soravid.errors import SoravidError
from soravid.money import show, to_nano
from soravid.providers.soravid import Soravid
from soravid.transport import Transport

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class KeyBudget:
    """A key's budget at its proxy, in nano-USD. ``name`` is what people call it, never the key.

    Attributes:
        limit: None: it is not limited.
        resets_at: when it begins anew, in Unix seconds; None: never.
        expires_at: when the key is good no more; None: never.
    """

    name: str
    limit: int | None
    spent: int
    held: int = 0
    resets_at: float | None = None
    expires_at: float | None = None

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> KeyBudget | None:
        """The budget that ``/key/info`` tells; None where it does not tell one that can be read."""
        try:
            limit = info["max_budget"]
            return cls(
                name=str(info.get("key_alias") or info.get("key_name") or ""),
                limit=None if limit is None else to_nano(limit),
                spent=to_nano(info["spend"]),
                held=to_nano(info.get("held") or 0),
                resets_at=_moment(info.get("budget_reset_at")),
                expires_at=_moment(info.get("expires")),
            )
        except (ValueError, KeyError, TypeError):
            return None

    @property
    def left(self) -> str:
        """``$2.60 left of $5.00``, or what is spent where there is no limit."""
        if self.limit is None:
            return f"{show(self.spent)} spent, no limit"
        return f"{show(max(0, self.limit - self.spent - self.held))} left of {show(self.limit)}"

    @property
    def times(self) -> list[str]:
        """When it begins anew and when the key ends, as people read it."""
        known = (("begins anew on", self.resets_at), ("the key is good until", self.expires_at))
        return [f"{words} {minute(at)}" for words, at in known if at is not None]

    def __str__(self) -> str:
        return f"key{f' {self.name}' if self.name else ''}: {self.left}"


async def key_budget(transport: Transport) -> KeyBudget | None:
    """How this process's key stands at its proxy.

    None where there is no such key, it has no budget, or the proxy does not answer: nobody waits for it.
    """
    try:
        there = Soravid(settings.deployment(Soravid.profile, ""))
        info = await transport.drive(there.key_info(), _PATIENCE, attempts=1)
    except SoravidError:
        return None
    budget = KeyBudget.of(info or {})
    return budget if budget and budget.limit is not None else None


def _moment(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()
