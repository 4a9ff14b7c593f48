"""What a budget lets through, what it refuses, and how it says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from soravid.errors import BudgetExceeded, InvalidRequest, OutcomeUnknown
from soravid.ledger import Scope
from soravid.ledger.journal import Journal
from tests.ledger.conftest import Open
from tests.ledger.helpers import (
    HERE,
    KEY,
    KITE,
    SESSION,
    TEAM,
    USD,
    USER,
    Clock,
    end,
    hold,
    stands,
    told,
)


def test_what_fits_is_held_and_what_does_not_is_refused(journal: Journal) -> None:
    journal.budgets.set(SESSION, 10 * USD)
    for _ in range(12):
        hold(journal, 800_000_000, SESSION)
    with pytest.raises(BudgetExceeded):
        hold(journal, 800_000_000, SESSION)
    hold(journal, 400_000_000, SESSION)  # exactly what is left
    assert journal.budgets.get(SESSION).remaining == 0
    assert len(journal.recent()) == 13


def test_a_refusal_says_how_the_account_stands(journal: Journal) -> None:
    journal.budgets.set(SESSION, 5 * USD)
    end(journal, hold(journal, 4_200_000_000, SESSION), 4_200_000_000)
    hold(journal, 400_000_000, SESSION)
    with pytest.raises(BudgetExceeded) as caught:
        hold(journal, 800_000_000, SESSION)
    error = caught.value
    assert str(error) == (
        "The session's budget of $5.00 would be exceeded: $4.20 spent, $0.40 held, $0.40 left; "
        "this clip may cost $0.80. %video budget USD raises it."
    )
    told = (error.scope, error.limit, error.spent, error.held, error.remaining, error.resets_at)
    assert told == (SESSION, 5 * USD, 4_200_000_000, 400_000_000, 400_000_000, None)


def test_a_refusal_says_when_the_budget_resets(journal: Journal, clock: Clock) -> None:
    account = journal.budgets.set(KEY, USD, "24h")
    assert account.resets_at == clock.now + 86_400
    with pytest.raises(BudgetExceeded, match=r"The key k1's budget.*resets on 2026-11-23 at 12:00:00 UTC"):
        hold(journal, 2 * USD, KEY)


def test_whoever_opens_a_job_is_told_how_its_limited_accounts_stand(journal: Journal) -> None:
    journal.budgets.set(KEY, 1000)
    hold(journal, 300, KEY, USER)
    row = hold(journal, 400, KEY, USER)
    assert row.stands == (journal.budgets.get(KEY),)
    assert row.stands[0].remaining == 300
    assert journal.get(row.id) == row


def test_all_legs_hold_or_none(journal: Journal) -> None:
    journal.budgets.set(TEAM, USD)
    journal.budgets.set(KEY, 10 * USD)
    hold(journal, 600_000_000, KEY, USER, TEAM)
    with pytest.raises(BudgetExceeded, match="team film"):
        hold(journal, 600_000_000, KEY, USER, TEAM)
    assert stands(journal, KEY, USER, TEAM) == [(0, 600_000_000)] * 3


def test_a_scope_named_twice_holds_once(journal: Journal) -> None:
    row = hold(journal, 7, KEY, KEY)
    assert stands(journal, KEY) == [(0, 7)]
    end(journal, row, 5)
    assert stands(journal, KEY) == [(5, 0)]


def test_a_scope_without_a_budget_is_counted(journal: Journal) -> None:
    end(journal, hold(journal, 400, USER), 300)
    assert stands(journal, USER) == [(300, 0)]
    assert journal.budgets.set(USER, 350).remaining == 50
    with pytest.raises(BudgetExceeded):
        hold(journal, 51, USER)


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_without_a_clip_gives_its_hold_back(journal: Journal, status: str) -> None:
    journal.budgets.set(KEY, 400)
    end(journal, hold(journal, 400, KEY), None, status)
    assert stands(journal, KEY) == [(0, 0)]
    hold(journal, 400, KEY)


def test_a_failure_that_is_billed_is_spent(journal: Journal) -> None:
    end(journal, hold(journal, 400, KEY), 300, "failed")
    assert stands(journal, KEY) == [(300, 0)]


def test_a_refused_and_a_voided_job_give_their_hold_back(journal: Journal) -> None:
    error = OutcomeUnknown("No answer.")
    journal.refused(hold(journal, 400, KEY).id, error)
    lost = journal.unknown(hold(journal, 400, KEY).id, error)
    assert stands(journal, KEY) == [(0, 400)]
    ended = journal.voided(lost.id)
    assert (ended.status, ended.cost, ended.error and ended.error["code"]) == ("failed", 0, "not_found")
    assert stands(journal, KEY) == [(0, 0)]
    assert journal.voided(ended.id) == ended


def test_a_job_that_has_ended_is_not_voided(journal: Journal) -> None:
    row, _ = journal.open(KITE, HERE, 400, scopes=[KEY], idempotency_key="mine")
    end(journal, row, 300)
    ended = journal.voided(row.id)
    assert (ended.status, ended.idempotency_key) == ("completed", "mine")
    assert stands(journal, KEY) == [(300, 0)]


def test_a_cost_above_the_hold_is_posted_whole_and_marked(journal: Journal) -> None:
    journal.budgets.set(KEY, 1000)
    hold(journal, 600, KEY)
    over = end(journal, hold(journal, 400, KEY), 900)
    assert over.over
    account = journal.budgets.get(KEY)
    assert (account.spent, account.held, account.remaining) == (900, 600, 0)
    hold(journal, 0, KEY)  # what is free is let in
    with pytest.raises(BudgetExceeded):
        hold(journal, 1, KEY)


def test_a_correction_reaches_the_accounts(journal: Journal, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"a clip")
    journal.budgets.set(KEY, 1000)
    row = end(journal, hold(journal, 400, KEY), 300)
    for cost in (250, 999):
        row = journal.stored(row.id, clip, None, ("3", "640x360", cost))
    assert (row.cost, row.over, stands(journal, KEY)) == (250, False, [(250, 0)])
    dearer = end(journal, hold(journal, 400, KEY), 300)
    dearer = journal.stored(dearer.id, clip, None, ("3", "640x360", 500))
    assert (dearer.cost, dearer.over, stands(journal, KEY)) == (500, True, [(750, 0)])


def test_a_file_that_says_no_price_changes_none(journal: Journal, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"a clip")
    row = end(journal, hold(journal, 400, KEY), 300)
    assert journal.stored(row.id, clip, None, ("3", "640x360", None)).cost == 300


def test_only_the_first_end_counts(opened: Open) -> None:
    mine, theirs = opened(), opened()
    row = hold(mine, 400, KEY)
    end(mine, row, 300)
    end(theirs, row, None, "failed")
    end(theirs, row, 100)
    assert stands(mine, KEY) == [(300, 0)]


# --- a price that is not known ---


def test_an_unknown_price_is_refused_under_a_limit_only(journal: Journal) -> None:
    row = hold(journal, None, KEY)
    assert (row.held, end(journal, row, None).cost) == (None, None)
    journal.budgets.set(KEY, 5 * USD)
    with pytest.raises(BudgetExceeded, match=r"price is unknown.*\$5\.00.*default_hold") as caught:
        hold(journal, None, KEY)
    assert caught.value.remaining == 5 * USD


def test_a_default_hold_stands_in_for_an_unknown_price(opened: Open) -> None:
    journal = opened(default_hold=300)
    journal.budgets.set(KEY, 1000)
    journal.budgets.set(TEAM, 1000, default_hold=700)
    row = hold(journal, None, KEY, TEAM)
    assert (row.held, stands(journal, KEY, TEAM)) == (700, [(0, 700)] * 2)
    with pytest.raises(BudgetExceeded):
        hold(journal, None, TEAM)
    assert hold(journal, None, KEY).held == 300
    ended = end(journal, row, None)
    assert (ended.cost, ended.over, journal.spend().unpriced) == (None, False, 1)
    assert stands(journal, TEAM) == [(0, 0)]


def test_an_unknown_price_that_turns_out_is_spent(journal: Journal) -> None:
    ended = end(journal, hold(journal, None, KEY), 300)
    assert (ended.over, stands(journal, KEY)) == (False, [(300, 0)])


# --- the same clip, asked for again ---


def test_a_reused_or_repeated_job_holds_nothing_more(journal: Journal) -> None:
    journal.budgets.set(KEY, 400)
    first, new = journal.open(KITE, HERE, 400, scopes=[KEY], idempotency_key="once")
    assert new
    for again in ({"reuse": True}, {"idempotency_key": "once"}):
        assert journal.open(KITE, HERE, 400, scopes=[KEY], **again) == (first, False)
    assert stands(journal, KEY) == [(0, 400)]


def test_a_refused_hold_leaves_no_job_and_no_key_behind(journal: Journal) -> None:
    journal.budgets.set(KEY, 300)
    with pytest.raises(BudgetExceeded):
        journal.open(KITE, HERE, 400, scopes=[KEY], idempotency_key="once")
    assert journal.recent() == []
    journal.budgets.set(KEY, 400)
    assert journal.open(KITE, HERE, 400, scopes=[KEY], idempotency_key="once")[1]


# --- deadlines ---


def test_an_overdue_job_is_told_and_keeps_its_hold(journal: Journal) -> None:
    late, _ = journal.open(KITE, HERE, 400, scopes=[KEY], deadline=100.0)
    later, _ = journal.open(KITE, HERE, 400, scopes=[KEY], deadline=200.0)
    hold(journal, 400, KEY)
    assert journal.overdue(99.0) == []
    assert [row.id for row in journal.overdue(200.0)] == [late.id, later.id]
    assert late.deadline == 100.0
    end(journal, late, 300)
    assert [row.id for row in journal.overdue(1e10)] == [later.id]
    assert stands(journal, KEY) == [(300, 800)]


# --- mistakes ---


@pytest.mark.parametrize("limit", [-1, 0.5, "5", True, 10**18 + 1])
def test_a_limit_is_whole_nano_usd(journal: Journal, limit: int) -> None:
    with pytest.raises(InvalidRequest, match="max_budget must be a whole number of nano-USD"):
        journal.budgets.set(KEY, limit)


@pytest.mark.parametrize("amount", [-1, 10**18 + 1, 2**70])
def test_an_impossible_amount_is_not_held(journal: Journal, amount: int) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(str(amount))):
        hold(journal, amount, KEY)
    assert journal.recent() == []


@pytest.mark.parametrize(("kind", "name"), [("sessions", "x"), ("key", ""), ("key", 5)])
def test_a_scope_is_checked(kind: str, name: str) -> None:
    with pytest.raises(InvalidRequest, match="scope"):
        Scope(kind, name)  # type: ignore[arg-type]


def test_a_name_is_data_not_sql(journal: Journal) -> None:
    odd = Scope("user", "ann'; DROP TABLE jobs; -- %(x)s :y ?")
    journal.budgets.set(odd, 400)
    end(journal, hold(journal, 400, odd), 300)
    assert journal.budgets.get(odd).spent == 300


def test_a_late_word_of_a_job_that_is_not_there_is_an_error(journal: Journal) -> None:
    with pytest.raises(KeyError):
        journal.observe("job_none", told("completed"), 1)
