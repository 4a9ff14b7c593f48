"""A storyboard: priced as a whole, made shot by shot, gone on with, joined; with the local engine."""

from __future__ import annotations

import asyncio
import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

import soravid
from soravid import media
from soravid.errors import InvalidRequest, SoravidError
from soravid.money import to_nano
from soravid.notebook.storyboard import Storyboard
from soravid.notebook.widgets.storyboard import StoryboardWidget
from soravid.planning import current
from tests.notebook.studio import SMALL, Listening, in_a_studio, jobs_in_journal, until

studio = pytest.fixture(autouse=True)(in_a_studio)

SHOTS = ["A kite is launched over a harbour", "It climbs into the clouds", "It sees the sea"]


class Page(Listening, StoryboardWidget):
    """A storyboard, and the page that it is shown on."""


@pytest.fixture
def board() -> Storyboard:
    return soravid.storyboard(SHOTS, **SMALL)


def states(board: Storyboard) -> list[str]:
    return [row["State"] for row in board.table()]


def test_the_price_of_the_whole_stands_before_anything_is_sent(board: Storyboard) -> None:
    soravid.budget("1")
    assert board.line == "3 clips to make: $0.30 · $1.00 left of $1.00"
    assert board.estimate == (Decimal("0.3"), Decimal("0.3"))
    assert states(board) == ["Not made"] * 3
    repr(board), board.html(), Page(board).close()
    assert jobs_in_journal() == 0


def test_each_shot_begins_where_the_last_one_ends_and_all_become_one_film(board: Storyboard) -> None:
    film = board.path
    assert states(board) == ["Done"] * 3
    assert board.cost == Decimal("0.3")
    assert media.probe(film).seconds == pytest.approx(3, abs=0.1)
    assert film.parent == Path("soravid_media").resolve()
    rows = [current().journal.get(job.id) for job in board.jobs]
    for row, before in zip(rows[1:], board.clips, strict=False):
        frame = hashlib.sha256(media.last_frame(before.path)).hexdigest()
        assert row.parameters["input_reference"] == frame
    assert board.facts == "3 s · 320x180 · $0.30 in all"


def test_running_it_again_shows_the_same_film_and_costs_nothing(board: Storyboard) -> None:
    film = board.path
    files = sorted(film.parent.iterdir())
    again = soravid.storyboard(SHOTS, **SMALL)
    assert again.film == film
    assert (again.cost, again.button) == (Decimal(0), "")
    assert again.wait().path == film
    longer = soravid.storyboard([*SHOTS, "It lands"], **SMALL)
    assert longer.line.endswith("1 clip to make: $0.10")
    assert (sorted(film.parent.iterdir()), soravid.spend().settled) == (files, to_nano("0.3"))


def test_a_shot_that_does_not_fit_stops_it_and_the_others_are_not_paid_again(board: Storyboard) -> None:
    soravid.budget("0.15")
    assert "more than is left" in board.warning
    board.wait()
    assert states(board) == ["Done", "Nothing was sent", "Not made"]
    assert not board.film
    with pytest.raises(InvalidRequest, match="budget"):
        _ = board.path
    soravid.budget("1")
    assert board.button == "Generate 2 clips"
    assert states(board.run().wait()) == ["Done"] * 3
    assert board.film
    assert (soravid.spend().settled, jobs_in_journal()) == (to_nano("0.3"), 3)


def test_a_shot_that_fails_ends_it_there() -> None:
    board = soravid.storyboard([SHOTS[0], "[fail] It climbs", SHOTS[2]], **SMALL).wait()
    assert states(board) == ["Done", "Failed", "Not made"]
    with pytest.raises(SoravidError, match="asks to fail"):
        _ = board.path
    assert jobs_in_journal() == 2, "asking for the film pays for nothing again"
    mended = soravid.storyboard(SHOTS, **SMALL)
    assert mended.line.startswith("1 of 3 done")
    assert mended.line.endswith("2 clips to make: $0.20")


def test_a_model_that_cannot_go_on_from_a_picture_is_told_before_anything_is_spent() -> None:
    soravid.add_models(
        {"id": "local/blind", "like": "local/animatic", "abilities": ["text"], "prices": {"any": "0.10"}}
    )
    board = soravid.storyboard(SHOTS[:2], model="local/blind", **SMALL)
    assert board.shots[0].error is None
    assert "picture" in str(board.shots[1].error) or "image" in str(board.shots[1].error)
    assert jobs_in_journal() == 0


def test_shots_need_not_be_joined_and_can_be_awaited() -> None:
    async def awaited() -> Storyboard:
        return await soravid.storyboard(SHOTS[:2], join=False, path="shots/", **SMALL)

    board = asyncio.run(awaited())
    assert board.film is None
    assert [clip.path.parent.name for clip in board.clips] == ["shots", "shots"]
    assert board.path == board.clips[-1].path


def test_where_cells_wait_it_begins_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SORAVID_WAIT", "1")
    board = soravid.storyboard(SHOTS[:1], **SMALL)
    assert board.running
    assert states(board.wait()) == ["Done"]
    assert board.path == board.clips[0].path


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"shots": []}, "There are no shots."),
        ({"shots": ["A kite"] * 51}, "51 shots; at most 50 make"),
        ({"shots": ["A kite", "A boat"], "path": "film.mp4"}, "path must be a folder"),
    ],
)
def test_a_mistake_is_one_sentence(wanted: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        soravid.storyboard(**wanted)  # type: ignore[arg-type]


def test_a_page_presses_the_button_and_gets_the_film(board: Storyboard) -> None:
    page = Page(board)
    assert page.film == {}
    page.say(type="run")
    until(lambda: page.film)
    assert page.film["prompt"] == "Film of 3 shots"
    assert list(page.film["cells"]) == ["Continue"]
    assert board.clips[-1].job_id in page.film["cells"]["Continue"]
    assert page.say(type="piece", clip="film", at=0)["size"] == board.path.stat().st_size
    assert board.html().count("<video controls") == 4
    page.close()
