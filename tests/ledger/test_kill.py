"""A process that is killed at any moment leaves every account and every job adding up."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.kill import kill


def test_a_ledger_whose_writers_are_killed_adds_up(home: Path, url: str | None) -> None:
    jobs, problems = kill(30, home, url)
    assert problems == []
    assert jobs > 30
