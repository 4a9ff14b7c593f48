"""Disks that are full, files that may not be written, databases that others hold; and after it."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from soravid.errors import JournalError
from soravid.ledger.journal import Journal
from tests.core.helpers import python
from tests.ledger.helpers import KEY, end, hold, stands
from tests.ledger.postgresql import Server


def test_a_full_disk_is_told_and_gone_on_with_when_there_is_room(home: Path) -> None:
    said = python(
        """if True:
        import resource, sys
        from concurrent.futures import ThreadPoolExecutor
        from pathlib import Path
        from soravid.errors import JournalError
        from soravid.ledger.journal import Journal
        from tests.ledger.helpers import KEY, end, hold
        home = Path(sys.argv[1])
        journal = Journal(home)
        rows = [hold(journal, 400, KEY) for _ in range(10)]
        most = max(file.stat().st_size for file in home.iterdir()) + 400_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        def write(_):
            try:
                return hold(journal, 400, KEY)
            except JournalError as wrong:
                return str(wrong)
        with ThreadPoolExecutor(8) as pool:
            said = list(pool.map(write, range(400)))
        errors = [each for each in said if isinstance(each, str)]
        assert 0 < len(errors) < 400, len(errors)
        assert all("cannot be used" in each and "Free the disk" in each for each in errors), errors[0]
        assert journal.verify() == []
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        for row in rows:
            end(journal, row, 300)
        assert journal.verify() == []
        print(len(said) - len(errors))
        """,
        str(home),
        timeout=60,
    )
    journal = Journal(home)
    assert (stands(journal, KEY), journal.verify()) == ([(10 * 300, int(said) * 400)], [])
    journal.close()


def test_a_locked_database_is_waited_for_then_told_and_gone_on_with(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soravid.ledger.engines.PATIENCE", 1)
    journal = Journal(home)
    with closing(sqlite3.connect(home / "journal.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(5) as pool:
            for held in [pool.submit(hold, journal, 400, KEY) for _ in range(5)]:
                with pytest.raises(JournalError, match="database is locked"):
                    held.result(20)
        other.execute("ROLLBACK")
    hold(journal, 400, KEY)
    assert stands(journal, KEY) == [(0, 400)]
    journal.close()


def test_a_file_that_may_not_be_written_is_told_and_can_still_be_read(home: Path) -> None:
    """With SQLite's own mark, since root may write any file."""
    journal = Journal(home)
    row = hold(journal, 400, KEY)
    driver = journal._database._transactions._driver
    assert driver
    driver.tell("PRAGMA query_only = ON")
    with pytest.raises(JournalError, match="readonly"):
        hold(journal, 400, KEY)
    assert journal.get(row.id).held == 400
    driver.tell("PRAGMA query_only = OFF")
    end(journal, row, 300)
    journal.close()


def test_a_postgresql_that_is_held_up_is_told_and_gone_on_with(
    postgresql: Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soravid.ledger.engines.PATIENCE", 1)
    url = postgresql.new()
    journal = Journal(home, url=url)
    row = hold(journal, 400, KEY)
    other = sa.create_engine(url.replace("://", "+psycopg://"))
    with other.begin() as db:
        db.execute(sa.text("LOCK TABLE accounts"))
        with pytest.raises(JournalError, match="lock timeout"):
            hold(journal, 400, KEY)
    other.dispose()
    end(journal, row, 300)
    assert (stands(journal, KEY), journal.verify()) == ([(300, 0)], [])
    journal.close()


def test_connections_that_the_server_cuts_are_made_anew(postgresql: Server, home: Path) -> None:
    url = postgresql.new()
    journal = Journal(home, url=url)
    admin = sa.create_engine(url.replace("://", "+psycopg://"), isolation_level="AUTOCOMMIT")
    stop, told = threading.Event(), []

    def work() -> None:
        while not stop.is_set():
            try:
                end(journal, hold(journal, 400, KEY), 300)
            except JournalError as wrong:
                told.append(wrong)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    cut = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with admin.connect() as db:
        for _ in range(15):
            stop.wait(0.05)
            db.execute(cut)
    stop.set()
    for thread in threads:
        thread.join(20)
    admin.dispose()
    end(journal, hold(journal, 400, KEY), 300)
    assert journal.verify() == []
    journal.close()


def test_ctrl_c_in_the_main_thread_leaves_the_ledger_whole(home: Path, url: str | None) -> None:
    said = python(
        """if True:
        import signal, sys, threading, time
        from pathlib import Path
        from soravid.errors import JournalError
        from soravid.ledger.journal import Journal
        from tests.ledger.helpers import KEY, end, hold
        journal = Journal(Path(sys.argv[1]), url=sys.argv[2] or None)
        stop = threading.Event()
        def work():
            while not stop.is_set():
                try:
                    end(journal, hold(journal, 400, KEY), 300)
                except JournalError:
                    pass
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        interrupts, until = 0, time.monotonic() + 20
        while interrupts < 60 and time.monotonic() < until:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.0007 * interrupts % 0.02)
                while True:
                    end(journal, hold(journal, 400, KEY), 300)
            except (KeyboardInterrupt, JournalError):
                interrupts += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
        stop.set()
        for thread in threads:
            thread.join(10)
        print(interrupts, any(thread.is_alive() for thread in threads), journal.verify())
        journal.close()
        """,
        str(home),
        url or "",
        timeout=60,
    )
    assert said == "60 False []\n"
