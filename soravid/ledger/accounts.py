"""Whose money it is, and how an account stands: plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from soravid.card_text import minute
from soravid.errors import InvalidRequest, one_of
from soravid.money import show

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
    """What a scope has spent and holds in one window, in nano-USD. It shows itself as a line, or a card.

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

    @property
    def line(self) -> str:
        """``$0.80 spent · $1.60 held · $2.60 left of $5.00``."""
        parts = [f"{show(self.spent)} spent", f"{show(self.held)} held"]
        if self.limit is not None:
            parts.append(f"{show(self.remaining)} left of {show(self.limit)}")
        return " · ".join(parts)

    @property
    def note(self) -> str:
        """Whose it is, and when it begins anew."""
        whose = "This session" if self.scope.kind == "session" else f"The {self.scope}"
        if self.limit is None:
            return f"{whose} has no budget."
        return f"{whose}'s budget" + (
            f", begins anew on {minute(self.resets_at)}." if self.resets_at else "."
        )

    def __repr__(self) -> str:
        return f"{self.line} · {self.note}"

    def _repr_html_(self) -> str:
        from soravid.cards import notice_html  # looked at in a notebook only: the first import stays quick

        return notice_html(self.line, self.note)
