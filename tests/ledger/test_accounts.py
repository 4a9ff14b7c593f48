"""Windows follow the wall clock, limits change, and every account is told."""

from __future__ import annotations

import pytest

from soravid.errors import BudgetExceeded
from soravid.ledger import Scope
from soravid.ledger.journal import Journal
from tests.ledger.helpers import KEY, TEAM, USER, Clock, end, hold, stands


def test_a_new_window_is_a_new_account(journal: Journal, clock: Clock) -> None:
    journal.budgets.set(KEY, 1000, "24h")
    first = hold(journal, 900, KEY)
    clock.now += 86_400
    second = hold(journal, 900, KEY)
    end(journal, first, 800)  # posted to the window that held it
    assert stands(journal, KEY) == [(0, 900)]
    end(journal, second, 100)
    assert stands(journal, KEY) == [(100, 0)]
    clock.now -= 86_400
    assert stands(journal, KEY) == [(800, 0)]


def test_a_clock_that_jumps_finds_the_window_again(journal: Journal, clock: Clock) -> None:
    journal.budgets.set(KEY, 1000, "1h")
    row = hold(journal, 1000, KEY)
    for jump in (-30 * 86_400, 400 * 86_400):
        clock.now += jump
        end(journal, hold(journal, 1000, KEY), 1000)
        with pytest.raises(BudgetExceeded):
            hold(journal, 1, KEY)
        clock.now -= jump
        with pytest.raises(BudgetExceeded):
            hold(journal, 1, KEY)
    end(journal, row, 1000)


def test_a_limit_that_changes_holds_in_every_window(journal: Journal, clock: Clock) -> None:
    journal.budgets.set(KEY, 1000, "1h")
    clock.now += 3600
    journal.budgets.set(KEY, 100, "1h")
    for jump in (0, -3600, 7200):
        clock.now += jump
        with pytest.raises(BudgetExceeded):
            hold(journal, 101, KEY)
        hold(journal, 100, KEY)


def test_a_limit_below_what_is_held_lets_nothing_more_in(journal: Journal) -> None:
    journal.budgets.set(KEY, 1000)
    row = hold(journal, 900, KEY)
    account = journal.budgets.set(KEY, 100)
    assert (account.held, account.remaining) == (900, 0)
    with pytest.raises(BudgetExceeded):
        hold(journal, 1, KEY)
    end(journal, row, 50)
    hold(journal, 50, KEY)


def test_another_length_of_window_begins_anew(journal: Journal, clock: Clock) -> None:
    journal.budgets.set(KEY, 1000, "24h")
    hold(journal, 1000, KEY)
    assert journal.budgets.set(KEY, 1000, "1h").remaining == 1000
    assert journal.budgets.set(KEY, 500, "1h").starts_at == clock.now


def test_a_removed_budget_limits_nothing(journal: Journal) -> None:
    for every in (None, "24h"):
        journal.budgets.set(KEY, 100, every)
        journal.budgets.remove(KEY)
        hold(journal, 10_000, KEY)
        assert journal.budgets.get(KEY).limit is None


def test_the_accounts_are_listed(journal: Journal) -> None:
    assert journal.budgets.all() == []
    journal.budgets.set(TEAM, 1000, "1mo", default_hold=9)
    end(journal, hold(journal, 400, KEY, USER), 300)
    listed = journal.budgets.all()
    assert [account.scope for account in listed] == [KEY, TEAM, USER]
    assert listed == [journal.budgets.get(account.scope) for account in listed]
    assert [account.scope for account in journal.budgets.all("key")] == [KEY]
    assert (listed[1].every, listed[1].default_hold, listed[1].remaining) == ("1mo", 9, 1000)


def test_an_account_that_was_never_used_is_empty(journal: Journal) -> None:
    account = journal.budgets.get(Scope("provider", "openai"))
    assert (account.limit, account.spent, account.held, account.remaining) == (None, 0, 0, None)
