"""Many callers share a transaction; each gets its own answer, and nobody waits for nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from soravid.errors import BudgetExceeded, JournalError
from soravid.ledger.journal import Journal
from tests.core.helpers import python, until
from tests.ledger.helpers import HERE, KEY, KITE, USER, end, hold, stands, told


@contextmanager
def held_up(journal: Journal) -> Any:
    """A write that takes until the block ends; yields how many orders share each transaction after it."""
    go, in_it = threading.Event(), threading.Event()

    def slow(db: sa.Connection) -> None:
        in_it.set()
        go.wait(20)

    first = threading.Thread(target=journal._database.write, args=(slow,))
    first.start()
    in_it.wait(20)
    with counted(journal) as shared:
        yield shared
        go.set()
        first.join()


@contextmanager
def counted(journal: Journal) -> Any:
    """How many orders share each transaction from now on."""
    shared: list[int] = []
    writer = journal._database._writer
    commit = writer._commit

    def counting(writes: Sequence[Any]) -> list[Any]:
        shared.append(len(writes))
        return list(commit(writes))

    writer._commit = counting
    yield shared


def waiting(journal: Journal, count: int) -> None:
    until(lambda: journal._database._writer.waiting == count)


def test_callers_who_wait_share_one_transaction(journal: Journal) -> None:
    hold(journal, 0, KEY)  # the account is there
    with ThreadPoolExecutor(40) as pool:
        with held_up(journal) as shared:
            rows = [pool.submit(hold, journal, 10, KEY) for _ in range(40)]
            waiting(journal, 40)
        assert len({row.result().id for row in rows}) == 40
    assert shared == [40]
    assert stands(journal, KEY) == [(0, 400)]


def test_an_error_is_its_own_callers_only(journal: Journal) -> None:
    journal.budgets.set(KEY, 100)
    with ThreadPoolExecutor(22) as pool:
        with held_up(journal) as shared:
            amounts = [10, 1000] * 10
            rows = [pool.submit(hold, journal, amount, USER, KEY) for amount in amounts]
            broken = pool.submit(journal._database.write, lambda db: db.execute(sa.text("SELECT nonsense")))
            unheard_of = pool.submit(journal.delivered, "job_none")
            waiting(journal, 22)
        for row, amount in zip(rows, amounts, strict=True):
            if amount == 10:
                assert row.result().held == 10
            else:
                with pytest.raises(BudgetExceeded):
                    row.result()
        with pytest.raises(JournalError, match="nonsense"):
            broken.result()
        with pytest.raises(KeyError):
            unheard_of.result()
    assert sum(shared) == 22
    assert stands(journal, USER, KEY) == [(0, 100), (0, 100)]


def test_values_that_the_database_does_not_take_spoil_no_other_write(journal: Journal) -> None:
    row = hold(journal, 10, KEY)
    with ThreadPoolExecutor(10) as pool:
        with held_up(journal):
            rows = [pool.submit(hold, journal, 10, KEY) for _ in range(8)]
            spoilt = pool.submit(end, journal, row, 2**70)
            waiting(journal, 9)
        assert len({each.result().id for each in rows}) == 8
        with pytest.raises((JournalError, OverflowError)):
            spoilt.result()
    assert stands(journal, KEY) == [(0, 90)]


def test_an_end_makes_room_for_who_waits_with_it(journal: Journal) -> None:
    journal.budgets.set(KEY, 100)
    row = hold(journal, 100, KEY)
    with ThreadPoolExecutor(2) as pool:
        with held_up(journal) as shared:
            new = pool.submit(hold, journal, 90, KEY)
            waiting(journal, 1)
            ended = pool.submit(end, journal, row, 10)
            waiting(journal, 2)
        assert (new.result().held, ended.result().cost) == (90, 10)
    assert shared == [2]


def test_the_same_key_twice_in_one_transaction_is_one_job(journal: Journal) -> None:
    hold(journal, 0, KEY)
    with ThreadPoolExecutor(6) as pool:
        with held_up(journal) as shared:
            rows = [
                pool.submit(journal.open, KITE, HERE, 10, scopes=[KEY], idempotency_key="once")
                for _ in range(6)
            ]
            waiting(journal, 6)
        opened = [row.result() for row in rows]
    assert (len({row.id for row, _ in opened}), sum(new for _, new in opened), shared) == (1, 1, [6])
    assert stands(journal, KEY) == [(0, 10)]


def test_a_coroutine_awaits_its_write_and_may_stop_waiting(journal: Journal) -> None:
    async def story() -> None:
        row, new = await journal.soon.open(KITE, HERE, 10, scopes=[KEY])
        assert new
        gone = asyncio.create_task(journal.soon.observe(row.id, told("completed"), 7))
        await asyncio.sleep(0)
        gone.cancel()
        many = [journal.soon.open(KITE, HERE, 10, scopes=[KEY]) for _ in range(30)]
        assert len({row.id for row, _ in await asyncio.gather(*many)}) == 30
        with pytest.raises(KeyError):
            await journal.soon.unknown("job_none", BudgetExceeded("No."))

    asyncio.run(story())
    assert stands(journal, KEY) == [(7, 300)]


def test_who_is_alone_is_served_at_once(journal: Journal) -> None:
    hold(journal, 0, KEY)
    with counted(journal) as shared:
        end(journal, hold(journal, 10, KEY), 10)
    assert shared == [1, 1]


def test_the_thread_ends_when_there_is_nothing_to_do_and_comes_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soravid.ledger.group_commit._IDLE", 0.01)
    database = journal._database
    for _ in range(3):
        hold(journal, 10, KEY)
        until(lambda: database._writer._thread is None and database._transactions._driver is None)
    assert stands(journal, KEY) == [(0, 30)]


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
