"""Bills: the lines of any time add up to the sums of the same time, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from soravid.ledger import Scope
from soravid.ledger.journal import Journal
from soravid.ledger.spending import By, Labels, Spending, Which
from tests.ledger.bills import DAY, fill


@pytest.fixture
def filled(home: Path, url: str | None) -> Iterator[Journal]:
    journal = Journal(home, url=url)
    fill(journal, 100)
    yield journal
    journal.close()


def test_sums_and_pages_are_the_same_on_both_databases(filled: Journal) -> None:
    spending = Spending.of(filled, Labels("key", "group"))
    whole = spending.total(Which())
    assert (whole.jobs, whole.spent, whole.held, whole.failed, whole.unpriced) == (100, 3_600, 200, 20, 20)
    groups: tuple[By, ...] = ("key", "model", "day")
    for what in groups:
        sums = spending.by(what, Which())
        assert [sum(column) for column in list(zip(*sums, strict=True))[1:]] == list(whole[1:])
    days = spending.by("day", Which())
    assert [each.name for each in days] == list(range(20_000, 20_010))
    assert {each.jobs for each in days} == {10}  # also of what was asked for just before midnight
    ours = Which(scopes=(Scope("key", "key_1"),), since=20_003 * DAY, until=20_004 * DAY)
    assert spending.total(ours).jobs == len(spending.lines(ours, 100)) == 5
    pages, before = [], None
    while page := spending.lines(Which(before=before), 7):
        pages += page
        before = (page[-1].created_at, page[-1].id)
    assert [row.id for row in pages] == [row.id for row in spending.lines(Which(), 1000)]
    assert spending.of_accounts("key") == {"key_0": (0, 0, 0), "key_1": (0, 0, 0)}
