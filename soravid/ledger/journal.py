"""The journal: every job and every cent, written before and after each step; a killed process loses nothing.

A job holds its estimate before anything is sent, on the job and on the account of each of its scopes. Its end
posts the cost (*spend*) or gives the money back (*void*), once: whoever changes the state first posts,
everyone else finds it done. An *unknown* job keeps its hold.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from soravid.ledger import changes
from soravid.ledger.budgets import Budgets
from soravid.ledger.database import Database
from soravid.ledger.faces import Bound, at_once, soon
from soravid.ledger.life import Life
from soravid.ledger.reading import Reading
from soravid.ledger.rows import JobRow
from soravid.ledger.schema import entries
from soravid.ledger.verify import problems


class Journal(Bound, Reading):
    """The jobs and the money of one ``SORAVID_HOME``, or of one database.

    Args:
        home: the folder of the SQLite file; used where there is no ``url``.
        session: names this process's run, for the spend of a session.
        url: ``postgresql://...`` for a journal that several machines share.
        default_hold: nano-USD that a job of unknown price holds under a budget that has no default of its
            own; None: it is refused.

    Attributes:
        soon: the same steps for callers that await them.

    Raises:
        JournalError: the database cannot be used.
        MissingExtra: PostgreSQL's driver is not installed.
    """

    def __init__(
        self,
        home: Path,
        session: str | None = None,
        url: str | None = None,
        *,
        default_hold: int | None = None,
    ) -> None:
        database = Database(home, url)
        super().__init__(database, home, session or uuid.uuid4().hex[:12], default_hold)
        self.soon = Soon(database, home, self.session, default_hold)
        self.budgets = Budgets(database)

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def verify(self) -> list[str]:
        """What is wrong with the money, a sentence each; empty when every account and job adds up.

        It reads every entry: for an operator, not for each call.
        """
        with self._database.read() as db:
            return list(problems(db))

    def reused(self, row: JobRow) -> None:
        """Note what a re-run saved in this session."""
        saved = changes.entry(row.id, "saved", row.cost, self.session)
        self._database.write(lambda db: db.execute(entries.insert(), saved))
        self._tell("job.reused", row)

    open = at_once(Life.open)
    submitted = at_once(Life.submitted)
    observe = at_once(Life.observe)
    refused = at_once(Life.refused)
    voided = at_once(Life.voided)
    unknown = at_once(Life.unknown)
    delivered = at_once(Life.delivered)
    stored = at_once(Life.stored)
    held_back = at_once(Life.held_back)


class Soon(Bound):
    """A journal's steps, awaited: ``await journal.soon.submitted(...)``."""

    open = soon(Life.open)
    submitted = soon(Life.submitted)
    observe = soon(Life.observe)
    refused = soon(Life.refused)
    voided = soon(Life.voided)
    unknown = soon(Life.unknown)
