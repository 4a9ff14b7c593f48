"""Which sessions of a journal still run: a job of one that does not has been left by itself."""

from __future__ import annotations

import atexit
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from soravid.engine.ownership import Ownership
from soravid.ledger import JobRow
from soravid.ledger.journal import Journal


def begin(home: Path, url: str | None) -> Journal:
    """The journal of a home, in a new session; the operating system tells others when that has ended."""
    own = Ownership(home)
    journal = Journal(home, own.name, url)
    with suppress(OSError):  # a home that cannot be written: nobody can tell, and all else works
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        own.hold()
    atexit.register(own.release)
    return journal


def left(journal: Journal) -> tuple[list[JobRow], list[JobRow]]:
    """The jobs that may still give a clip: those of this session and of ended ones, and those of others."""
    rows = journal.unfinished()
    sessions = {row.session for row in rows} - {journal.session}
    elsewhere = {name for name in sessions if Ownership(journal.home).alive(name)}
    mine = [row for row in rows if row.session not in elsewhere]
    return mine, [row for row in rows if row.session in elsewhere]


def killed(journal: Journal, names: Iterable[str]) -> list[str]:
    """Those of the sessions that ran in this home and were killed; nothing is known of other machines'."""
    here = Ownership(journal.home)
    return [name for name in names if here.died(name)]


def lost(journal: Journal) -> list[JobRow]:
    """The jobs of sessions that have ended, as far as they are news: not what is long past its deadline."""
    mine, _ = left(journal)
    now = time.time()
    return [
        row
        for row in mine
        if row.session != journal.session and row.status != "unknown" and (row.deadline or now) >= now
    ]
