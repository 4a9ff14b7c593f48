"""A budget under a rush: what fits is let in, and not one job more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from soravid.errors import BudgetExceeded
from soravid.ledger.journal import Journal
from tests.core.helpers import python
from tests.ledger.conftest import Open
from tests.ledger.helpers import HERE, KEY, KITE, SESSION, TEAM, USD, end, hold, stands

CLIP = 800_000_000
PROCESSES, CREATES = 8, 25
_CODE = """if True:
    import os, sys
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path
    from soravid.errors import BudgetExceeded
    from soravid.ledger import Scope
    from soravid.ledger.journal import Journal
    from tests.ledger.helpers import hold
    home, url, processes, creates = sys.argv[1:]
    legs = [Scope("key", "k1"), Scope("team", "film")]
    def create(number):
        try:
            hold(journal, 800_000_000, *legs[:: -1 if number % 2 else 1])
            return 1
        except BudgetExceeded:
            return 0
    gun, go = os.pipe()
    for _ in range(int(processes)):
        if not os.fork():
            os.close(go)
            journal = Journal(Path(home), url=url or None)
            os.read(gun, 1)  # ends when the parent fires
            with ThreadPoolExecutor(8) as pool:
                os.write(1, b"%d\\n" % sum(pool.map(create, range(int(creates)))))
            journal.close()
            os._exit(0)
    os.close(go)
    print(sum(os.wait()[1] for _ in range(int(processes))))
    """


def test_eight_processes_spend_ten_dollars_and_no_cent_more(
    opened: Open, home: Path, url: str | None
) -> None:
    journal = opened()
    journal.budgets.set(KEY, 10 * USD)
    said = python(_CODE, str(home), url or "", str(PROCESSES), str(CREATES), timeout=90)
    *admitted, failed = map(int, said.split())
    assert (len(admitted), failed, sum(admitted)) == (PROCESSES, 0, 12)
    assert stands(journal, KEY, TEAM) == [(0, 12 * CLIP)] * 2
    assert len(journal.recent(100)) == 12


def test_callers_of_one_process_spend_ten_dollars_and_no_cent_more(journal: Journal) -> None:
    journal.budgets.set(SESSION, 10 * USD)

    def create(_: int) -> bool:
        try:
            return bool(hold(journal, CLIP, SESSION))
        except BudgetExceeded:
            return False

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(create, range(200))) == 12
    assert stands(journal, SESSION) == [(0, 12 * CLIP)]


@pytest.mark.parametrize("options", [{"reuse": True}, {"idempotency_key": "once"}])
def test_the_same_clip_asked_for_at_once_is_one_job(opened: Open, options: dict[str, Any]) -> None:
    """From two journals, as from two processes."""
    both = opened(), opened()

    def create(number: int) -> str:
        return both[number % 2].open(KITE, HERE, CLIP, scopes=[KEY], **options)[0].id

    with ThreadPoolExecutor(12) as pool:
        assert len(set(pool.map(create, range(24)))) == 1
    assert stands(both[0], KEY) == [(0, CLIP)]


def test_one_job_ended_by_many_is_settled_once(opened: Open) -> None:
    both = opened(), opened()
    rows = [both[0].open(KITE, HERE, CLIP, scopes=[KEY, TEAM])[0] for _ in range(10)]

    def settle(number: int) -> None:
        end(both[number % 2], rows[number % 7 % 10], CLIP - number % 7)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(settle, range(70)))
    spent = sum(row.cost or 0 for row in map(both[0].get, [row.id for row in rows]))
    assert stands(both[0], KEY, TEAM) == [(spent, 3 * CLIP)] * 2
