"""How long a job usually takes, out of the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from soravid.ledger.journal import Journal
from soravid.ledger.schema import jobs
from soravid.ledger.timing import usual
from soravid.types import Video
from soravid.views import Usual
from tests.ledger.helpers import HERE, KITE

Make = Callable[..., None]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


@pytest.fixture
def make(journal: Journal) -> Make:
    """Journal clips that took so many seconds each."""

    def make(
        *took: float, model: str = "openai/sora-2", seconds: str = "8", status: str = "completed"
    ) -> None:
        request = replace(KITE, model=model)
        for span in took:
            row, _ = journal.open(request, HERE, 0)
            journal.observe(row.id, Video(id="v", status=status, seconds=seconds), 0)
            later = sa.update(jobs).where(jobs.c.id == row.id).values(ended_at=jobs.c.created_at + span)
            journal._database.write(partial(sa.Connection.execute, statement=later))

    return make


def test_it_is_what_the_middle_half_of_them_needed(journal: Journal, make: Make) -> None:
    make(40, 44, 48, 52, 60)
    found = usual(journal, "openai/sora-2", "8")
    assert found is not None
    assert (found.low, found.middle, found.high) == pytest.approx((44, 48, 52))
    assert str(found) == "usually 45 s to 50 s"


def test_nothing_is_said_of_fewer_than_five(journal: Journal, make: Make) -> None:
    make(40, 44, 48, 52)
    assert usual(journal, "openai/sora-2", "8") is None
    make(60)
    assert usual(journal, "openai/sora-2", "8") is not None


def test_only_clips_of_that_model_and_about_that_length_count(journal: Journal, make: Make) -> None:
    make(*[10] * 5, seconds="4")
    make(*[20] * 5, model="openai/sora-2-pro")
    make(*[30] * 5, status="failed")
    make(*[9_000] * 5)
    assert usual(journal, "openai/sora-2", "8") is None
    make(*[50] * 5, seconds="7.5")
    assert str(usual(journal, "openai/sora-2", "8")) == "usually about 50 s"


def test_what_was_long_ago_counts_no_more(journal: Journal, make: Make) -> None:
    make(*[500] * 30)
    make(*[60] * 50)
    assert str(usual(journal, "openai/sora-2", "8")) == "usually about 1 min"


@pytest.mark.parametrize(
    ("elapsed", "words"),
    [
        (0, "about 50 s left"),
        (15, "about 35 s left"),
        (45, "about 3 s left"),
        (48, ""),
        (61, "longer than usual"),
    ],
)
def test_what_is_left_is_told_as_far_as_it_can_be(elapsed: float, words: str) -> None:
    assert Usual(40, 48, 60).left(elapsed) == words
