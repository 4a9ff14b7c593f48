"""How many jobs a scope may have, kept by all who share the ledger: two journals stand for two replicas."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from soravid.errors import BudgetExceeded, RateLimited
from soravid.ledger import JobRow, Scope
from soravid.ledger.journal import Journal
from soravid.ledger.limits import Limit, LimitReached
from tests.ledger.conftest import Open
from tests.ledger.helpers import HERE, KEY, KITE, TEAM, Clock, end, stands


def make(journal: Journal, amount: int = 0, /, **limits: Limit) -> JobRow:
    """A job of the key and the team, under limits."""
    named = {"key": KEY, "team": TEAM}
    said = {named[kind]: limit for kind, limit in limits.items()}
    return journal.open(KITE, HERE, amount, scopes=[KEY, TEAM], limits=said)[0]


def test_so_many_in_any_minute_whichever_replica_is_asked(opened: Open, clock: Clock) -> None:
    both, three = (opened(), opened()), Limit(requests_per_minute=3)
    for number, seconds in enumerate((0.0, 20.0, 20.0)):
        clock.now += seconds
        make(both[number % 2], key=three)
    for seconds in (0.0, 19.9):  # 59.9 s after the first
        clock.now += seconds
        for journal in both:
            with pytest.raises(LimitReached, match="key k1 may make 3 clips a minute") as caught:
                make(journal, key=three)
            assert caught.value.scope == KEY
    assert caught.value.retry_after == pytest.approx(0.1, abs=1e-3)
    clock.now += 0.1
    make(both[1], key=three)
    with pytest.raises(LimitReached):
        make(both[0], key=three)  # the second is 40 s old
    assert len(both[0].recent()) == 4


def test_a_burst_is_let_in_and_counts_for_its_whole_minute(journal: Journal, clock: Clock) -> None:
    limit = Limit(requests_per_minute=100)
    with ThreadPoolExecutor(20) as pool:
        for _ in pool.map(lambda _: make(journal, key=limit), range(100)):
            pass
    clock.now += 59
    with pytest.raises(LimitReached) as caught:
        make(journal, key=limit)
    assert caught.value.retry_after == 1
    clock.now += 1
    make(journal, key=limit)


def test_a_limit_that_changes_holds_at_once(journal: Journal, clock: Clock) -> None:
    for number in range(3):
        make(journal, key=Limit(requests_per_minute=10))
        clock.now += number + 1  # 0, 1 and 3
    with pytest.raises(LimitReached) as caught:
        make(journal, key=Limit(requests_per_minute=1))
    assert caught.value.retry_after == 60 - 3
    make(journal, key=Limit(requests_per_minute=4))
    make(journal)


def test_a_clock_that_was_set_back_locks_nobody_out(journal: Journal, clock: Clock) -> None:
    make(journal, key=Limit(requests_per_minute=1))
    clock.now -= 3600
    with pytest.raises(LimitReached) as caught:
        make(journal, key=Limit(requests_per_minute=1))
    assert caught.value.retry_after == 60


def test_what_one_scope_or_the_budget_refuses_counts_for_none(journal: Journal) -> None:
    journal.budgets.set(TEAM, 100)
    two, one = Limit(requests_per_minute=2), Limit(requests_per_minute=1)
    make(journal, key=two, team=one)
    for _ in range(3):
        with pytest.raises(LimitReached, match="team film may make 1 clip a minute"):
            make(journal, key=two, team=one)
        with pytest.raises(BudgetExceeded):
            make(journal, 1000, key=two)
    make(journal, key=two)
    with pytest.raises(LimitReached):
        make(journal, key=two)


def test_so_many_at_once_whichever_replica_is_asked(opened: Open) -> None:
    both, two = (opened(), opened()), Limit(parallel_jobs=2)
    rows = [make(journal, key=two) for journal in both]
    for journal in both:
        with pytest.raises(LimitReached, match="key k1 has 2 jobs running"):
            make(journal, key=two)
    end(both[0], rows[1], 0)
    third = make(both[1], key=two)
    both[0].refused(third.id, RateLimited("wait"))
    make(both[0], key=two)


def test_jobs_of_an_earlier_window_are_still_running(journal: Journal, clock: Clock) -> None:
    journal.budgets.set(KEY, 1000, "1h")
    row = make(journal)
    clock.now += 3600
    with pytest.raises(LimitReached):
        make(journal, key=Limit(parallel_jobs=1))
    end(journal, row, 0)
    make(journal, key=Limit(parallel_jobs=1))


def test_replicas_that_are_asked_at_once_let_in_no_more_than_one(opened: Open) -> None:
    """Also where the accounts are yet to be written down."""
    both = opened(), opened()
    limit = Limit(requests_per_minute=7, parallel_jobs=5)

    def create(number: int) -> bool:
        try:
            return bool(make(both[number % 2], 10, key=limit))
        except LimitReached:
            return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(create, range(48))) == 5
    assert stands(both[0], KEY) == [(0, 50)]


def test_a_limit_of_a_scope_that_is_not_held_on_is_none_of_the_job(journal: Journal) -> None:
    other = {Scope("user", "ann"): Limit(requests_per_minute=1)}
    for _ in range(2):
        assert journal.open(KITE, HERE, 0, scopes=[KEY], limits=other)[1]
