"""Whose money it is, and how an account stands: plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from soravid.errors import InvalidRequest, one_of

Kind = Literal["session", "key", "user", "team", "provider"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Whose spending is counted together. ``name`` is stored and shown: never a secret.

    Raises:
        InvalidRequest: no such kind, or an empty name.
    """

    kind: Kind
    name: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidRequest(f"A scope's kind must be {one_of(KINDS)}, not {self.kind!r}.", param="scope")
        if not self.name or not isinstance(self.name, str):
            raise InvalidRequest("A scope's name must be text, and not empty.", param="scope")

    def __str__(self) -> str:
        return "session" if self.kind == "session" else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a scope has spent and holds in one window, in nano-USD.

    Attributes:
        limit: spent and held may not pass it; None: they are only counted.
        every: the window's length, such as ``"24h"``; None: one window for ever.
        starts_at: when the window began, in Unix seconds; 0 for the one that lasts for ever.
        resets_at: when the next one begins, with nothing spent; None: never.
        default_hold: what a job of unknown price holds; None: it is refused where there is a limit.
    """

    scope: Scope
    limit: int | None = None
    spent: int = 0
    held: int = 0
    every: str | None = None
    starts_at: int = 0
    resets_at: int | None = None
    default_hold: int | None = None

    @property
    def remaining(self) -> int | None:
        """What is left to hold, never below 0; None without a limit."""
        return None if self.limit is None else max(0, self.limit - self.spent - self.held)
