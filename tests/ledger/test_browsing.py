"""The gallery's questions to the journal: what is found in which order, tags, and money by cell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from soravid.ledger import JobRow
from soravid.ledger.browsing import Browsing, LabelSpend, Search, Sort
from soravid.ledger.journal import Journal
from soravid.types import Video
from tests.ledger.conftest import Open
from tests.ledger.helpers import HERE, KITE, SESSION, USD, end, hold


@pytest.fixture
def browsing(journal: Journal) -> Browsing:
    return Browsing(journal)


@pytest.fixture
def clips(journal: Journal, tmp_path: Path) -> list[JobRow]:
    """Four stored clips, oldest first, and two jobs that have none."""
    wanted = [
        ("A red kite over a HARBOUR", "xai/one", 2 * USD),
        ("Ein Ölbild, a fox in snow", "xai/two", USD),
        ("50% of a kite_tail", "xai/two", 0),
        ("a red fox", "xai/two", None),
    ]
    rows = []
    for number, (prompt, model, cost) in enumerate(wanted):
        row = journal.open(replace(KITE, prompt=prompt, model=model), HERE, cost)[0]
        journal.observe(row.id, Video(id=f"v{number}", status="completed"), cost)
        file = tmp_path / ("here" if number < 2 else "there") / f"{number}.mp4"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"clip")
        rows.append(journal.stored(row.id, file, None if number == 3 else f"data:,{number}"))
    hold(journal, USD)
    end(journal, hold(journal, USD), 0, "failed")
    return rows


def numbers(browsing: Browsing, clips: list[JobRow], **wanted: object) -> list[int]:
    """Which of the clips are found, in order."""
    order = [row.id for row in clips]
    return [order.index(job_id) for job_id in browsing.ids(Search(**wanted))[0]]  # type: ignore[arg-type]


def test_every_stored_clip_is_found_and_nothing_else(browsing: Browsing, clips: list[JobRow]) -> None:
    ids, cost = browsing.ids(Search())
    assert ids == [row.id for row in reversed(clips)]
    assert cost == 3 * USD
    assert browsing.models() == ["xai/one", "xai/two"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("kite", [2, 0]),
        ("harbour red", [0]),
        ("HARBOUR", [0]),
        ("ölbild", [1]),
        ("ÖLBILD snow", [1]),
        ("50%", [2]),
        ("kite_tail", [2]),
        ("k_te", []),
        ("whale", []),
    ],
)
def test_words_are_sought_in_either_case_and_as_they_are(
    browsing: Browsing, clips: list[JobRow], words: str, found: list[int]
) -> None:
    assert numbers(browsing, clips, words=words) == found


def test_clips_are_narrowed_by_model_folder_time_and_cost(
    browsing: Browsing, clips: list[JobRow], tmp_path: Path
) -> None:
    assert numbers(browsing, clips, model="xai/one") == [0]
    assert numbers(browsing, clips, folder=f"{tmp_path.resolve() / 'here'}/") == [1, 0]
    assert numbers(browsing, clips, since=clips[2].created_at) == [3, 2]
    assert numbers(browsing, clips, until=clips[2].created_at) == [1, 0]
    assert numbers(browsing, clips, at_least=1) == [1, 0]
    assert numbers(browsing, clips, at_most=USD) == [2, 1]  # not the one whose price nobody knows


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("newest", [3, 2, 1, 0]),
        ("oldest", [0, 1, 2, 3]),
        ("dearest", [0, 1, 2, 3]),
        ("cheapest", [2, 1, 0, 3]),
    ],
)
def test_clips_are_sorted(browsing: Browsing, clips: list[JobRow], sort: Sort, found: list[int]) -> None:
    assert numbers(browsing, clips, sort=sort) == found


def test_rows_come_in_the_order_that_was_asked_for_and_posters_apart(
    journal: Journal, browsing: Browsing, clips: list[JobRow]
) -> None:
    ids = [clips[k].id for k in (2, 0, 3)]
    assert browsing.rows([ids[0], "job_gone", *ids[1:]]) == [
        replace(journal.get(job_id), poster=None) for job_id in ids
    ]
    assert browsing.posters(ids) == {ids[0]: "data:,2", ids[1]: "data:,0", ids[2]: None}
    browsing.keep_poster(ids[2], "data:,late")
    browsing.keep_poster(ids[0], "data:,other")
    assert browsing.posters(ids) == {ids[0]: "data:,2", ids[1]: "data:,0", ids[2]: "data:,late"}


def test_tags_come_and_go_and_are_sought(opened: Open, browsing: Browsing, clips: list[JobRow]) -> None:
    ids = [row.id for row in clips]
    browsing.change_tags(ids[:2], add=["hero", "draft"])
    Browsing(opened()).change_tags(ids[1:3], add=["hero"], remove=["draft", "never"])
    assert browsing.tags_of(ids) == {
        ids[0]: ["draft", "hero"],
        ids[1]: ["hero"],
        ids[2]: ["hero"],
        ids[3]: [],
    }
    assert browsing.all_tags() == ["draft", "hero"]
    assert numbers(browsing, clips, tag="hero", words="kite") == [2, 0]


def test_a_sessions_money_is_told_by_label(opened: Open) -> None:
    ours, theirs = opened("s1"), opened("s2")
    made: list[JobRow] = []
    for journal, cell, cost in (
        (ours, "a", USD),
        (ours, "b", 2 * USD),
        (ours, "a", None),
        (ours, "", USD // 2),
        (theirs, "a", 9 * USD),
    ):
        labels = {"soravid.cell": cell} if cell else {}
        row = journal.open(KITE, HERE, cost or 2 * USD, labels=labels)[0]
        made.append(journal.observe(row.id, Video(id=row.id, status="completed"), cost) if cost else row)
    assert Browsing(ours).spend_by_label("soravid.cell", "s1") == [
        LabelSpend("a", 2, USD, 2 * USD, made[2].id),
        LabelSpend("b", 1, 2 * USD, 0, made[1].id),
        LabelSpend(None, 1, USD // 2, 0, made[3].id),
    ]


def test_money_that_anybody_moves_changes_the_mark(opened: Open) -> None:
    ours, theirs = opened(), opened()
    browsing = Browsing(ours)
    marks = [browsing.money_mark(), browsing.money_mark()]
    row = hold(theirs, USD)
    marks.append(browsing.money_mark())
    end(theirs, row, USD)
    marks.append(browsing.money_mark())
    theirs.budgets.set(SESSION, 5 * USD)
    marks.append(browsing.money_mark())
    assert marks[0] == marks[1]
    assert len(set(marks)) == 4
