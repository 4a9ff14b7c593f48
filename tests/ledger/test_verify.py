"""Whatever is changed behind the ledger's back is found."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from soravid.errors import RateLimited
from soravid.ledger.journal import Journal
from tests.ledger.helpers import KEY, TEAM, end, hold


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A ledger with a job of each kind of end."""
    journal = Journal(tmp_path)
    journal.budgets.set(KEY, 5000, "1mo")
    end(journal, hold(journal, 400, KEY, TEAM), 300)
    end(journal, hold(journal, 400, KEY), 700)
    end(journal, hold(journal, 400, KEY), None, "failed")
    hold(journal, 400, KEY)
    journal.refused(hold(journal, None, TEAM).id, RateLimited("wait"))
    assert journal.verify() == []
    journal.close()
    return tmp_path


_END = "(SELECT id FROM postings WHERE kind = 'spend' LIMIT 1)"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE accounts SET spent = spent - 1 WHERE kind = 'key'", r"Account 1 of key k1 .* says .* spent"),
        ("UPDATE accounts SET held = held + 1 WHERE kind = 'team'", "team film says .* held"),
        ("UPDATE accounts SET running = 0 WHERE kind = 'key'", "says 0 jobs running; its postings make 1"),
        ("UPDATE accounts SET max_budget = 9 WHERE kind = 'key'", "never posted"),
        (f"DELETE FROM postings WHERE id = {_END}", "0 ends, not 1"),
        ("DELETE FROM postings WHERE kind = 'hold'", "0 holds, not 1"),
        ("UPDATE postings SET held = held + 1 WHERE kind = 'void'", "still holds"),
        ("UPDATE postings SET over = 0", "not marked as over"),
        ("UPDATE postings SET max_budget = 500 WHERE kind = 'limit' AND max_budget = 5000", "above"),
        ("UPDATE jobs SET cost = 1 WHERE cost = 300", "cost .* its entries spent"),
        ("UPDATE jobs SET over = 1 WHERE cost = 300", "marked as over and should not be"),
        ("UPDATE jobs SET status = 'queued' WHERE status = 'completed'", "1 ends, not 0"),
        ("UPDATE jobs SET status = 'failed' WHERE status = 'submitting'", "0 ends, not 1"),
        ("UPDATE jobs SET held = 1 WHERE held = 400", "says that it held"),
        ("UPDATE jobs SET accounts = '[2]'", "names the accounts"),
        ("DELETE FROM entries WHERE kind = 'hold'", "0 holds, not 1"),
        ("DELETE FROM entries WHERE kind = 'void'", "0 ends, not 1"),
        (
            "INSERT INTO entries (job_id, session, kind, amount, at) "
            "SELECT job_id, session, kind, amount, at FROM entries WHERE kind = 'spend'",
            "2 ends, not 1",
        ),
        (
            "INSERT INTO postings (account_id, job_id, kind, held, spent, over, at) "
            "SELECT account_id, job_id, kind, held, spent, over, at FROM postings WHERE kind = 'void'",
            "2 ends, not 1",
        ),
    ],
)
def test_a_change_behind_its_back_is_found(home: Path, change: str, found: str) -> None:
    with closing(sqlite3.connect(home / "journal.db")) as db, db:
        assert db.execute(change).rowcount > 0
    journal = Journal(home)
    problems = "\n".join(journal.verify())
    journal.close()
    assert re.search(found, problems), problems
