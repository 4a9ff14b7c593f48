"""Who is alone on its loop writes there while the disk is quick; nobody is kept waiting by it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from soravid import loop
from soravid.errors import BudgetExceeded
from soravid.ledger.journal import Journal
from soravid.planning import current
from soravid.types import Video
from tests.core.helpers import KEY as API_KEY
from tests.core.helpers import MODEL, python
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.ledger.helpers import HERE, KEY, KITE, USER, end, hold, stands, told
from tests.ledger.test_group_commit import counted, held_up, waiting


@pytest.fixture
def alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """A journal in a file, for one coroutine at a time, on a disk that counts as quick."""
    monkeypatch.setattr("soravid.ledger.group_commit._QUICK", 60.0)
    journal = Journal(home)
    hold(journal, 0, KEY)  # the connection is open, and the account is there
    journal.soon.alone = True
    yield journal
    assert journal.verify() == []
    journal.close()


async def pair(journal: Journal, amount: int, cost: int) -> None:
    row, new = await journal.soon.open(KITE, HERE, amount, scopes=[KEY])
    assert new
    await journal.soon.submitted(row.id, Video(id=f"video_{row.id}", status="queued"))
    await journal.soon.observe(row.id, told("completed"), cost)


def test_a_write_is_done_where_it_is_asked_for(alone: Journal) -> None:
    with counted(alone) as elsewhere:
        asyncio.run(pair(alone, 100, 70))
    assert elsewhere == []
    assert stands(alone, KEY) == [(70, 0)]


def test_a_server_is_asked_on_the_writers_thread(
    journal: Journal, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soravid.ledger.group_commit._QUICK", 60.0)
    hold(journal, 0, KEY)
    journal.soon.alone = True
    with counted(journal) as elsewhere:
        asyncio.run(pair(journal, 100, 70))
    assert len(elsewhere) == (3 if url else 0)
    assert stands(journal, KEY) == [(70, 0)]


def test_an_error_is_told_and_undoes_its_own(alone: Journal) -> None:
    alone.budgets.set(KEY, 100)

    async def story() -> None:
        await pair(alone, 60, 60)
        with pytest.raises(BudgetExceeded):
            await pair(alone, 60, 60)
        with pytest.raises(KeyError):
            await alone.soon.unknown("job_none", BudgetExceeded("No."))
        await pair(alone, 40, 40)

    with counted(alone) as elsewhere:
        asyncio.run(story())
    assert stands(alone, KEY) == [(100, 0)]
    assert elsewhere in ([], [1])  # the new limit has to be written down first


def test_an_account_that_is_not_there_yet_is_made_on_the_writers_thread(alone: Journal) -> None:
    async def story() -> None:
        for _ in range(2):
            await alone.soon.open(KITE, HERE, 10, scopes=[USER])

    with counted(alone) as elsewhere:
        asyncio.run(story())
    assert elsewhere == [1]
    assert stands(alone, USER) == [(0, 20)]


def test_on_a_slow_disk_the_loop_goes_on(alone: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soravid.ledger.group_commit._QUICK", 0.0)
    with counted(alone) as elsewhere:
        asyncio.run(pair(alone, 100, 70))
    assert elsewhere == [1, 1, 1]


def test_the_loop_goes_on_while_another_process_writes(alone: Journal, home: Path) -> None:
    async def story(other: sqlite3.Connection) -> int:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(pair(alone, 100, 70))
        beats = 0
        while beats < 20:
            beats += 1
            await asyncio.sleep(0.01)
        assert not writing.done()
        other.execute("ROLLBACK")
        await writing
        return beats

    with closing(sqlite3.connect(home / "journal.db", isolation_level=None)) as other:
        assert asyncio.run(story(other)) == 20
    assert stands(alone, KEY) == [(70, 0)]


def test_who_comes_while_others_wait_waits_with_them(alone: Journal) -> None:
    async def story() -> None:
        await alone.soon.open(KITE, HERE, 10, scopes=[KEY])

    with ThreadPoolExecutor(4) as pool:
        with held_up(alone) as shared:
            rows = [pool.submit(hold, alone, 10, KEY) for _ in range(3)]
            waiting(alone, 3)
            later = pool.submit(asyncio.run, story())
            waiting(alone, 4)
        later.result(20)
        assert len({row.result(20).id for row in rows}) == 3
    assert shared == [4]


def test_threads_and_a_lone_loop_write_together(alone: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the writer's thread keeps ending, too, and gives its connection back."""
    monkeypatch.setattr("soravid.ledger.group_commit._IDLE", 0.001)

    async def loop_story() -> None:
        for _ in range(100):
            await pair(alone, 10, 7)

    def thread_story() -> None:
        for _ in range(50):
            end(alone, hold(alone, 10, KEY), 7)

    threads = [threading.Thread(target=thread_story) for _ in range(3)]
    for thread in threads:
        thread.start()
    asyncio.run(loop_story())
    for thread in threads:
        thread.join(60)
    assert stands(alone, KEY) == [(250 * 7, 0)]


def test_a_full_disk_is_told_and_gone_on_with(home: Path) -> None:
    said = python(
        """if True:
        import asyncio, resource, sys
        from pathlib import Path
        from soravid.errors import JournalError
        from soravid.ledger import group_commit
        from soravid.ledger.journal import Journal
        from tests.ledger.helpers import HERE, KEY, KITE, hold
        group_commit._QUICK = 60.0
        home = Path(sys.argv[1])
        journal = Journal(home)
        hold(journal, 400, KEY)
        journal.soon.alone = True
        most = max(file.stat().st_size for file in home.iterdir()) + 100_000
        async def story():
            done = 0
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            try:
                while done < 500:
                    await journal.soon.open(KITE, HERE, 400, scopes=[KEY])
                    done += 1
            except JournalError as wrong:
                assert "cannot be used" in str(wrong), wrong
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            await journal.soon.open(KITE, HERE, 400, scopes=[KEY])
            return done
        done = asyncio.run(story())
        assert 0 < done < 500
        assert journal.verify() == []
        print(done)
        """,
        str(home),
        timeout=60,
    )
    journal = Journal(home)
    assert (stands(journal, KEY), journal.verify()) == ([(0, (int(said) + 2) * 400)], [])
    journal.close()


def test_a_connection_that_fails_is_made_anew(alone: Journal) -> None:
    async def story() -> None:
        driver = alone._database._transactions._driver
        assert driver
        driver.connection.close()
        await pair(alone, 10, 7)

    asyncio.run(story())
    assert stands(alone, KEY) == [(7, 0)]


def test_one_create_is_alone_and_two_at_once_are_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    with serve(OpenAIFake()) as address:
        monkeypatch.setenv("SORAVID_HOME", str(home))
        monkeypatch.setenv("OPENAI_API_KEY", API_KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
        journal = current().journal
        carried_out = journal._database.carried_out

        async def watched(order: Any, *, alone: bool = False) -> Any:
            seen.append(alone)
            return await carried_out(order, alone=alone)

        monkeypatch.setattr(journal._database, "carried_out", watched)
        from soravid import AsyncClient

        videos = AsyncClient().videos

        async def creates(prompts: Sequence[str]) -> None:
            await asyncio.gather(*(videos.create(prompt, MODEL) for prompt in prompts))

        loop.run(creates(["one"]))
        assert (seen, journal.soon.alone) == ([True, True], False)
        seen.clear()
        loop.run(creates(["two", "three"]))
        assert (False in seen, len(seen)) == (True, 4)
        assert not journal.soon.alone
