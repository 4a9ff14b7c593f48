"""A request, its answers, and a clock that a test can set."""

from __future__ import annotations

from soravid.deployments import Deployment
from soravid.ledger import JobRow, Scope
from soravid.ledger.journal import Journal
from soravid.types import Video, VideoRequest

USD = 1_000_000_000
HERE = Deployment(provider="openai", model="sora-2", api_base="http://127.0.0.1/v1", own_host=False)
KITE = VideoRequest(model="openai/sora-2", prompt="a kite")
SESSION, KEY, USER, TEAM = (
    Scope("session", "s1"),
    Scope("key", "k1"),
    Scope("user", "ann"),
    Scope("team", "film"),
)


def told(status: str) -> Video:
    return Video(id="video_1", status=status)


def hold(journal: Journal, amount: int | None, *scopes: Scope) -> JobRow:
    """A new job that holds an amount."""
    return journal.open(KITE, HERE, amount, scopes=scopes)[0]


def end(journal: Journal, row: JobRow, cost: int | None, status: str = "completed") -> JobRow:
    return journal.observe(row.id, told(status), cost)


def stands(journal: Journal, *scopes: Scope) -> list[tuple[int, int]]:
    """What each scope's account has spent and holds."""
    return [(account.spent, account.held) for account in map(journal.budgets.get, scopes)]


CLOCKED = ("batch", "budgets", "changes", "holds", "life")
"""The ledger's modules that read the wall clock."""


class Clock:
    """In place of the module ``time`` where the ledger reads the wall clock."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now
