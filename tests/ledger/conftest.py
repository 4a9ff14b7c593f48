"""Every story is told on both databases: a SQLite file and a PostgreSQL server, both real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soravid.ledger.journal import Journal
from tests.ledger.helpers import CLOCKED, Clock
from tests.ledger.postgresql import Server, server

Open = Callable[..., Journal]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str | None:
    """The address of a new database; None: the file in the home."""
    if request.param == "sqlite":
        return None
    new: str = request.getfixturevalue("postgresql").new()
    return new


@pytest.fixture
def opened(home: Path, url: str | None) -> Iterator[Open]:
    """Open the journal, as often as a test wants; each is closed, and adds up, in the end."""
    made: list[Journal] = []

    def opened(session: str | None = None, default_hold: int | None = None) -> Journal:
        made.append(Journal(home, session, url, default_hold=default_hold))
        return made[-1]

    yield opened
    if made:
        assert made[0].verify() == []
    for journal in made:
        journal.close()


@pytest.fixture
def journal(opened: Open) -> Journal:
    return opened()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The ledger's wall clock, at 2026-11-22 12:00:00 UTC."""
    clock = Clock(1_795_348_800.0)
    for module in CLOCKED:
        monkeypatch.setattr(f"soravid.ledger.{module}.time", clock)
    return clock
