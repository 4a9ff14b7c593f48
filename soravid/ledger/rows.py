"""What the journal hands out: a job's row and a spend summary, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soravid.ledger.accounts import Account
from soravid.money import show
from soravid.types import FINAL, Operation

DIGEST = "sha256:"
"""Begins what stands for a text that was not written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job as the journal has it; see ``schema.jobs`` for the columns."""

    id: str
    session: str
    model: str
    prompt: str
    operation: Operation
    parameters: dict[str, Any]
    fingerprint: str
    idempotency_key: str | None
    user: str | None
    labels: dict[str, str]
    api_base: str
    api_version: str | None
    video_id: str | None
    status: str
    progress: int | None
    seconds: str | None
    size: str | None
    error: dict[str, Any] | None
    held: int | None
    cost: int | None
    delivered: bool
    clip: str | None
    clip_bytes: int | None
    poster: str | None = field(repr=False)
    created_at: float
    updated_at: float
    ended_at: float | None
    deadline: float | None = None
    over: bool = False
    accounts: list[int] | None = field(default=None, repr=False)
    stands: tuple[Account, ...] = field(default=(), repr=False, compare=False)
    """How those of its accounts that have a limit stood right after its hold; told to whoever opened it."""

    @property
    def final(self) -> bool:
        """Whether the provider is done with it."""
        return self.status in FINAL

    @property
    def path(self) -> Path | None:
        """The stored clip, if it is on disk as it was stored."""
        path = Path(self.clip) if self.clip else None
        return path if path and path.is_file() and path.stat().st_size == self.clip_bytes else None


@dataclass(frozen=True, slots=True)
class Spend:
    """Sums in nano-USD, and how many jobs have no known price in them."""

    settled: int
    held: int
    saved: int
    unpriced: int
    jobs: int

    def __str__(self) -> str:
        parts = [f"{show(self.settled)} spent", f"{show(self.held)} held", f"saved {show(self.saved)}"]
        if self.unpriced:
            parts.append(f"{self.unpriced} with unknown price")
        return " · ".join(parts)
