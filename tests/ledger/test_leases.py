"""Which replica goes on with which jobs: one at a time, the next one soon, and none for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from soravid.ledger import JobRow
from soravid.ledger.journal import Journal
from soravid.ledger.leases import Leases
from soravid.ledger.owned import Owned
from tests.ledger.conftest import Open
from tests.ledger.helpers import HERE, KEY, KITE, end, hold
from tests.ledger.postgresql import Server

LONG = 600.0
LABEL = "proxy's"


def ids(rows: list[JobRow]) -> list[str]:
    return [row.id for row in rows]


@pytest.fixture
def one(opened: Open) -> Journal:
    return opened("one")


@pytest.fixture
def two(opened: Open) -> Leases:
    return Leases.of(opened("two"))


def test_a_job_is_its_makers_until_the_maker_gives_it_back(one: Journal, two: Leases) -> None:
    leases = Leases.of(one)
    assert leases.renew(LONG) == (False, False)  # it was not known
    assert leases.renew(LONG) == (True, False)
    two.renew(LONG)
    job = hold(one, 400, KEY).id
    done = end(one, hold(one, 400, KEY), 300).id
    assert ids(leases.mine()) == [job, done]  # the clip of the other is not here yet
    assert not two.take_over()
    leases.give_back()
    assert two.renew(LONG) == (True, True)
    assert two.take_over()
    assert (ids(two.mine()), leases.mine()) == ([job, done], [])
    assert (two.renew(LONG), two.take_over()) == ((True, False), False)


def test_a_lease_that_is_not_renewed_runs_out(one: Journal, two: Leases) -> None:
    leases = Leases.of(one)
    two.renew(LONG)
    leases.renew(-1.0)
    job = hold(one, 400, KEY).id
    assert two.take_over()
    # It was asleep, and not dead: it hears of it, and what it makes from now on is its own.
    assert leases.renew(LONG) == (False, False)
    assert leases.elsewhere([job]) == {job}
    new = hold(one, 400, KEY).id
    assert (ids(leases.mine()), ids(two.mine())) == ([new], [job])
    assert leases.elsewhere([new]) == two.elsewhere([job]) == set()


def test_what_was_taken_over_is_taken_over_again(one: Journal, two: Leases, opened: Open) -> None:
    leases, three = Leases.of(one), Leases.of(opened("three"))
    for each in (leases, two, three):
        each.renew(LONG)
    job = hold(one, 400, KEY).id
    for ending, next_one in ((leases, two), (two, three)):
        ending.give_back()
        assert next_one.take_over()
        assert ids(next_one.mine()) == [job]
    assert sorted(three.names()) == ["three"]


def test_of_many_who_would_take_over_one_does(one: Journal, opened: Open) -> None:
    Leases.of(one).renew(-1.0)
    jobs = [hold(one, 400, KEY).id for _ in range(5)]
    others = [Leases.of(opened(f"other {number}")) for number in range(6)]
    for other in others:
        other.renew(LONG)
    gun = threading.Barrier(len(others))

    def take(other: Leases) -> bool:
        gun.wait()
        return other.take_over()

    with ThreadPoolExecutor(len(others)) as hands:
        assert sorted(hands.map(take, others)) == [False] * 5 + [True]
    assert sorted(ids(other.mine()) for other in others) == [[]] * 5 + [jobs]


def test_who_is_just_taken_over_is_passed_by(home: Path, postgresql: Server) -> None:
    """On SQLite there is one writer at a time, and nothing to pass by."""
    url = postgresql.new()
    one, two = Journal(home, "one", url), Journal(home, "two", url)
    Leases.of(one).renew(-1.0)
    engine = sa.create_engine(url.replace("://", "+psycopg://"))
    with engine.begin() as db:
        db.execute(sa.text("SELECT name FROM replicas FOR UPDATE"))
        assert not Leases.of(two).take_over()
    engine.dispose()
    assert Leases.of(two).take_over()
    for journal in (one, two):
        journal.close()


def test_jobs_of_a_replica_that_nobody_knows_are_found(one: Journal, two: Leases) -> None:
    two.renew(LONG)
    job = one.open(KITE, HERE, 400, labels={LABEL: "x"}, scopes=[KEY])[0].id
    hold(one, 400, KEY)  # a notebook's
    two.find_strays(LABEL)
    assert two.take_over()
    assert job in ids(two.mine())
    two.find_strays(LABEL)
    assert two.renew(LONG) == (True, False)


def test_a_deleted_job_is_nobodys_and_one_that_stands_in_is_somebodys(one: Journal, two: Leases) -> None:
    leases, owned = Leases.of(one), Owned.of(one)
    failed, instead, deleted = (hold(one, 400, KEY).id for _ in range(3))
    owned.replace(failed, instead)
    owned.hide(deleted)
    assert ids(leases.mine()) == [failed, instead]
    owned.hide(failed)
    assert leases.mine() == []


def test_one_job_may_be_taken(one: Journal, two: Leases) -> None:
    job = hold(one, 400, KEY).id
    Owned.of(one).replace(hold(one, 400, KEY).id, job)
    two.take(job)
    assert ids(two.mine()) == [job]
