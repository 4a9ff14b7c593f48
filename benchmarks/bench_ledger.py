"""The money ledger: reservations that are settled, and a budget under a rush."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import median
from unittest import mock

from benchmarks.report import Report, Row
from soravid.errors import BudgetExceeded
from soravid.ledger import Scope
from soravid.ledger.journal import Journal
from tests.ledger.helpers import USD, end, hold
from tests.ledger.postgresql import Server, binaries, server

ROUNDS = 3
CLIP, BUDGET, CREATES = 800_000_000, 10 * USD, 200
AT_LEAST_SQLITE, AT_LEAST_POSTGRESQL = 1000, 500


@mock.patch.dict("os.environ", {"SORAVID_LOG": "off"})  # the ledger's own cost, not that of telling of it
def run() -> Report:
    """Measure pairs on each database, then the rush on a budget beside check-then-charge."""
    report = Report("ledger: reserve and settle, every answer on the disk (synchronous=FULL, fsync)")
    with tempfile.TemporaryDirectory(prefix="soravid-bench-") as folder:
        rate = _flushes(Path(folder))
        report.notes.append(f"This disk flushes {rate:.0f} times a second, one after the other.")
        report.notes.append("Targets are times a pair: 1 ms is 1,000 pairs a second.")
        journal = Journal(Path(folder) / "pairs")
        report.rows += [
            _pairs(journal, "SQLite, 1 caller", 1, 60, 1),
            _pairs(journal, "SQLite, 100 callers, one key", 100, 15, 1, AT_LEAST_SQLITE),
            _pairs(journal, "SQLite, 100 callers, 64 keys", 100, 15, 64),
        ]
        journal.close()
        report.rows.append(_rush(Journal(Path(folder) / "rush"), "SQLite"))
    if shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        with server() as running, tempfile.TemporaryDirectory(prefix="soravid-bench-") as folder:
            report.notes.append(f"PostgreSQL: {binaries()}")
            report.rows += _on_postgresql(running, Path(folder))
    else:
        report.notes.append("PostgreSQL is not installed here: apt-get install postgresql")
    return report


def _on_postgresql(running: Server, home: Path) -> list[Row]:
    journal = Journal(home, url=running.new())
    rows = [
        _pairs(journal, "PostgreSQL, 1 caller", 1, 60, 1),
        _pairs(journal, "PostgreSQL, 16 callers, 64 keys", 16, 40, 64),
        _pairs(journal, "PostgreSQL, 16 callers, one key", 16, 40, 1, AT_LEAST_POSTGRESQL),
        _pairs(journal, "PostgreSQL, 100 callers, one key", 100, 15, 1, AT_LEAST_POSTGRESQL),
    ]
    journal.close()
    return [*rows, _rush(Journal(home, url=running.new()), "PostgreSQL")]


def _pairs(
    journal: Journal, what: str, callers: int, each: int, keys: int, at_least: int | None = None
) -> Row:
    """Milliseconds a pair, the median of some rounds."""
    scopes = [Scope("key", f"key-{number}") for number in range(keys)]
    for scope in scopes:
        journal.budgets.set(scope, 10**17)

    def caller(number: int) -> None:
        for turn in range(each):
            end(journal, hold(journal, 400, scopes[(number + turn * 7) % keys]), 300)

    took = median(_timed(caller, callers) for _ in range(ROUNDS)) / (callers * each) * 1000
    if problems := journal.verify():
        raise RuntimeError(f"The ledger does not add up: {problems[0]}")
    return Row(
        f"{what}, a pair",
        took,
        "ms",
        below=1000 / at_least if at_least else None,
        note=f"{what}: {1000 / took:,.0f} pairs/s.",
    )


def _timed(work: Callable[[int], None], callers: int) -> float:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(callers)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begin


def _rush(journal: Journal, where: str) -> Row:
    """What 200 creates of $0.80 at once are let spend of $10, in USD, beside a ledger that charges later."""
    scope = Scope("key", "rush")
    journal.budgets.set(scope, BUDGET)

    def create(_: int) -> None:
        try:
            row = hold(journal, CLIP, scope)
        except BudgetExceeded:
            return
        _upstream()
        end(journal, row, CLIP)

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(create, range(CREATES)))
    spent = journal.budgets.get(scope).spent
    journal.close()
    theirs = _check_then_charge()
    return Row(
        f"{where}: spent of $10 by {CREATES} creates of $0.80 at once",
        spent / USD,
        "USD",
        ("check-then-charge", theirs / USD),
        below=BUDGET / USD,
    )


def _check_then_charge() -> int:
    """The usual way: look at what was spent, send, add the cost when the answer is there."""
    with tempfile.TemporaryDirectory(prefix="soravid-bench-") as folder:
        file = Path(folder) / "spend.db"
        with closing(sqlite3.connect(file)) as db, db:
            db.execute("CREATE TABLE spend (amount INTEGER)")

        def create(_: int) -> None:
            with closing(sqlite3.connect(file, timeout=60)) as db:
                (spent,) = db.execute("SELECT coalesce(sum(amount), 0) FROM spend").fetchone()
                if spent + CLIP > BUDGET:
                    return
                _upstream()
                with db:
                    db.execute("INSERT INTO spend VALUES (?)", (CLIP,))

        with ThreadPoolExecutor(50) as pool:
            list(pool.map(create, range(CREATES)))
        with closing(sqlite3.connect(file)) as db:
            total: int = db.execute("SELECT sum(amount) FROM spend").fetchone()[0]
    return total


def _upstream() -> None:
    """A provider takes its time."""
    time.sleep(0.05)


def _flushes(folder: Path) -> float:
    """Transactions a second of one caller with SQLite alone, synchronous=FULL."""
    with closing(sqlite3.connect(folder / "flush.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE t (x INTEGER)")
        begin = time.perf_counter()
        for number in range(100):
            db.execute("INSERT INTO t VALUES (?)", (number,))
    return 100 / (time.perf_counter() - begin)
