"""Keys, their holders and their jobs in both databases, several processes' included."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from soravid.errors import InvalidRequest
from soravid.ledger import JobRow, Scope
from soravid.ledger.holders import Holder, Holders
from soravid.ledger.journal import Journal
from soravid.ledger.keys import Key, Keys, digest_of, new_id
from soravid.ledger.owned import Owned
from tests.ledger import conftest as of_ledger
from tests.ledger.conftest import Open
from tests.ledger.helpers import USD, end, hold

home, url, opened, journal, postgresql = (
    of_ledger.home,
    of_ledger.url,
    of_ledger.opened,
    of_ledger.journal,
    of_ledger.postgresql,
)
ONE, TWO, TEAM = Scope("key", "one"), Scope("key", "two"), Scope("team", "film")


def draft(**more: object) -> Key:
    return Key(id=new_id(), digest="", hint="", **more)  # type: ignore[arg-type]


def ids(rows: list[JobRow]) -> list[str]:
    return [row.id for row in rows]


def test_a_key_is_looked_up_with_its_holders_and_what_limits_it(journal: Journal) -> None:
    keys, holders = Keys.of(journal), Holders.of(journal)
    holders.create(Holder(kind="team", id="film", shares_clips=True))
    key, secret = keys.create(draft(alias="lab", team_id="film", user_id="ann", models=("sora", "gemini/*")))
    journal.budgets.set(key.scope, 5 * USD)
    journal.budgets.set(Scope("user", "ann"), None)
    known = keys.look_up(digest_of(secret))
    assert known is not None
    assert (known.key, known.user, known.budgeted) == (key, None, (key.scope,))
    assert known.team is not None
    assert known.team.shares_clips
    assert keys.find("lab") == keys.find(key.id) == keys.find(secret) == key
    assert keys.look_up(digest_of(secret + "x")) is None


def test_a_changed_key_is_another_at_once(journal: Journal, opened: Open) -> None:
    keys, elsewhere = Keys.of(journal), Keys.of(opened())
    key, old = keys.create(draft(alias="lab"))
    turned, new = elsewhere.rotate(key.id)
    assert keys.look_up(digest_of(old)) is None
    found = keys.look_up(digest_of(new))
    assert found is not None
    assert found.key == turned
    elsewhere.delete(key.id)
    assert keys.look_up(digest_of(new)) is None
    assert keys.find("lab") is None
    assert keys.all() == []
    assert keys.names([key.id]) == {key.id: "lab"}
    with pytest.raises(InvalidRequest, match="no key"):
        keys.update(key.id, blocked=True)


def test_of_many_who_take_one_name_one_has_it(opened: Open) -> None:
    processes = [Keys.of(opened()) for _ in range(4)]

    def take(number: int) -> bool:
        try:
            processes[number % 4].create(draft(alias="wanted"))
        except InvalidRequest:
            return False
        return True

    with ThreadPoolExecutor(16) as hands:
        assert sum(hands.map(take, range(16))) == 1


def test_a_removed_team_takes_its_keys_with_it(journal: Journal) -> None:
    keys, holders = Keys.of(journal), Holders.of(journal)
    holders.create(Holder(kind="team", id="film"))
    _, secret = keys.create(draft(team_id="film"))
    other, _ = keys.create(draft())
    holders.delete("team", "film")
    assert keys.look_up(digest_of(secret)) is None
    assert ids_of(keys) == [other.id]
    with pytest.raises(InvalidRequest, match="no team 'film'"):
        holders.get("team", "film")


def ids_of(keys: Keys) -> list[str]:
    return [key.id for key in keys.all()]


def test_a_scope_s_jobs_come_page_by_page(journal: Journal) -> None:
    owned = Owned.of(journal)
    mine = [hold(journal, 1, ONE, TEAM).id for _ in range(5)]
    theirs = [hold(journal, 1, TWO, TEAM).id for _ in range(3)]
    for newest_first, expected in ((True, mine[::-1]), (False, mine)):
        seen: list[str] = []
        after, more = None, True
        while more:
            rows, more = owned.page([ONE], after=after, limit=2, newest_first=newest_first)
            seen += ids(rows)
            after = seen[-1]
        assert seen == expected
    rows, more = owned.page([TWO], after=None, limit=100, newest_first=True)
    assert (ids(rows), more) == (theirs[::-1], False)
    # A job of two scopes that are both asked for comes once.
    rows, more = owned.page([ONE, TEAM], after=None, limit=100, newest_first=True)
    assert (ids(rows), more) == ((mine + theirs)[::-1], False)
    rows, _ = owned.page([ONE, TEAM], after=theirs[0], limit=2, newest_first=True)
    assert ids(rows) == mine[:2:-1]
    rows, more = owned.page(None, after=None, limit=100, newest_first=True)
    assert (ids(rows), more) == ((mine + theirs)[::-1], False)
    rows, _ = owned.page(None, after=mine[1], limit=2, newest_first=False)
    assert ids(rows) == mine[2:4]
    assert owned.page([Scope("key", "nobody")], after=None, limit=10, newest_first=True) == ([], False)


def test_jobs_of_earlier_budget_windows_are_listed_too(journal: Journal) -> None:
    owned = Owned.of(journal)
    first = hold(journal, 1, ONE).id
    journal.budgets.set(ONE, USD, "1s")
    second = hold(journal, 1, ONE).id
    since = time.monotonic()
    while journal.budgets.get(ONE).held:
        assert time.monotonic() - since < 3
        time.sleep(0.05)
    third = hold(journal, 1, ONE).id
    rows, _ = owned.page([ONE], after=None, limit=10, newest_first=True)
    assert ids(rows) == [third, second, first]
    rows, _ = owned.page([ONE], after=third, limit=1, newest_first=True)
    assert ids(rows) == [second]


def test_a_hidden_job_is_not_found_and_a_replaced_one_is_the_other(journal: Journal) -> None:
    owned = Owned.of(journal)
    first, second, third = (hold(journal, 1, ONE) for _ in range(3))
    owned.hide(first.id)
    assert owned.find(first.id) is None
    owned.replace(second.id, third.id)
    found = owned.find(second.id)
    assert found is not None
    assert found.id == third.id
    rows, _ = owned.page([ONE], after=None, limit=10, newest_first=True)
    assert ids(rows) == [third.id]
    end(journal, third, 1)
    assert journal.get(first.id).id == first.id  # the journal keeps all
