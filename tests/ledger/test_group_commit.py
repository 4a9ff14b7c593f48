"""Many callers share a transaction; each gets its own answer, and nobody waits for nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from soravid.errors import BudgetExceeded, JournalError
from soravid.ledger.journal import Journal
from tests.core.helpers import python, until
from tests.ledger.helpers import HERE, KEY, KITE, USER, end, hold, stands


@contextmanager
def held_up(journal: Journal) -> Any:
    """A write that takes until the block ends, so that what comes meanwhile waits; the commits after it."""
    go, in_it = threading.Event(), threading.Event()
    commits: list[Any] = []

    def slow(db: sa.Connection) -> None:
        in_it.set()
        go.wait(20)

    sa.event.listen(journal._database._engine, "commit", commits.append)
    first = threading.Thread(target=journal._database.write, args=(slow,))
    first.start()
    in_it.wait(20)
    yield commits
    go.set()
    first.join()


def waiting(journal: Journal, count: int) -> None:
    until(lambda: len(journal._database._writer._waiting) == count)


def test_callers_who_wait_share_one_transaction(journal: Journal) -> None:
    with ThreadPoolExecutor(40) as pool:
        with held_up(journal) as commits:
            rows = [pool.submit(hold, journal, 10, KEY) for _ in range(40)]
            waiting(journal, 40)
        assert len({row.result().id for row in rows}) == 40
    assert len(commits) == 2  # the slow one's and everybody else's
    assert stands(journal, KEY) == [(0, 400)]


def test_an_error_is_its_own_callers_only(journal: Journal) -> None:
    journal.budgets.set(KEY, 100)
    with ThreadPoolExecutor(20) as pool:
        with held_up(journal) as commits:
            amounts = [10, 1000] * 10
            rows = [pool.submit(hold, journal, amount, USER, KEY) for amount in amounts]
            broken = pool.submit(journal._database.write, lambda db: db.execute(sa.text("SELECT nonsense")))
            waiting(journal, 20)
        for row, amount in zip(rows, amounts, strict=True):
            if amount == 10:
                assert row.result().held == 10
            else:
                with pytest.raises(BudgetExceeded):
                    row.result()
        with pytest.raises(JournalError, match="nonsense"):
            broken.result()
    assert len(commits) <= 3
    assert stands(journal, USER, KEY) == [(0, 100), (0, 100)]


def test_a_single_caller_commits_alone_and_at_once(journal: Journal) -> None:
    commits: list[Any] = []
    sa.event.listen(journal._database._engine, "commit", commits.append)
    end(journal, hold(journal, 10, KEY), 10)
    assert len(commits) == 2
    assert not journal._database._writer._led


def test_many_callers_reserve_and_settle(journal: Journal) -> None:
    journal.budgets.set(KEY, 10**6)

    def pair(number: int) -> None:
        end(journal, hold(journal, 400, KEY, USER), number)

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(pair, range(150)))
    assert stands(journal, KEY, USER) == [(sum(range(150)), 0)] * 2


def test_an_interpreter_that_ends_while_threads_write_loses_nothing_that_was_answered(
    journal: Journal, home: Any, url: str | None
) -> None:
    said = python(
        """if True:
        import sys, threading, time
        from pathlib import Path
        from soravid.ledger.journal import Journal
        from tests.ledger.helpers import hold, KEY
        journal = Journal(Path(sys.argv[1]), url=sys.argv[2] or None)
        answered = []
        def work():
            for _ in range(200):
                answered.append(hold(journal, 1, KEY))
        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()
        while len(answered) < 20:
            time.sleep(0.001)
        sys.stdout.write(str(len(answered)))
        """,
        str(home),
        url or "",
    )
    assert journal.budgets.get(KEY).held >= int(said) >= 20


def test_a_fork_has_a_writer_of_its_own(journal: Journal, home: Any, url: str | None) -> None:
    said = python(
        """if True:
        import os, sys, threading
        from pathlib import Path
        from soravid.ledger.journal import Journal
        from tests.ledger.helpers import hold, KEY
        journal = Journal(Path(sys.argv[1]), url=sys.argv[2] or None)
        stop = threading.Event()
        def work():
            while not stop.is_set():
                hold(journal, 1, KEY)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            child = os.fork()
            if not child:
                for _ in range(5):
                    hold(journal, 1000, KEY)
                os._exit(0)
            print(os.waitpid(child, 0)[1], end=" ")
        stop.set()
        for thread in threads:
            thread.join()
        journal.close()
        """,
        str(home),
        url or "",
        timeout=60,
    )
    assert said == "0 " * 10
    assert journal.budgets.get(KEY).held // 1000 >= 50


def test_a_journal_that_was_closed_is_opened_again_by_its_next_use(journal: Journal) -> None:
    journal.close()
    assert journal.open(KITE, HERE, 1)[1]
