"""A comparison: priced, made, voted for, made again for nothing; with a real journal and the local engine."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import soravid
from soravid.errors import InvalidRequest, UnknownKeyword
from soravid.ledger.browsing import Browsing
from soravid.money import to_nano
from soravid.notebook.compare import VOTED, Comparison
from soravid.notebook.widgets.compare import CompareWidget
from soravid.planning import current
from tests.core.helpers import KEY, MODEL
from tests.core.servers import Gate, down
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.notebook.studio import SMALL, Listening, in_a_studio, jobs_in_journal, until

studio = pytest.fixture(autouse=True)(in_a_studio)

KITES = ["A red kite over a harbour", "A red kite in a storm"]


class Page(Listening, CompareWidget):
    """A comparison, and the page that it is shown on."""


@pytest.fixture
def two_by_two() -> Comparison:
    return soravid.compare(KITES, seeds=[1, 2], **SMALL)


@pytest.fixture
def made(two_by_two: Comparison) -> Comparison:
    return two_by_two.wait()


def states(comparison: Comparison) -> list[str]:
    return [row["State"] for row in comparison.table()]


# --- before -------------------------------------------------------------------------------------------


def test_showing_the_price_sends_and_spends_nothing(two_by_two: Comparison) -> None:
    assert two_by_two.estimate == (Decimal("0.4"), Decimal("0.4"))
    assert two_by_two.line == "4 clips to make: $0.40"
    assert two_by_two.button == "Generate 4 clips"
    assert states(two_by_two) == ["Not made"] * 4
    repr(two_by_two), two_by_two.html(), Page(two_by_two).close()
    assert jobs_in_journal() == 0


def test_what_remains_of_the_budget_stands_by_the_price(two_by_two: Comparison) -> None:
    soravid.budget("5")
    assert two_by_two.line == "4 clips to make: $0.40 · $5.00 left of $5.00"
    assert two_by_two.warning == ""
    soravid.budget("0.25")
    assert "more than is left" in two_by_two.warning


def test_a_clip_that_cannot_be_made_says_why_in_its_place_and_costs_the_others_nothing() -> None:
    both = soravid.compare(KITES[0], models=["local/animatic", "openai/gpt-image", "local/animtic"], **SMALL)
    wrong = [cell.error for cell in both.wanted]
    assert wrong[0] is None
    assert all(isinstance(each, InvalidRequest) for each in wrong[1:])
    assert both.line == "1 clip to make: $0.10"
    assert both.button == "Generate 1 clip"
    both.wait()
    assert states(both)[0] == "Done"
    assert both.records()[2]["error"] == str(wrong[2])
    assert both.line == "1 of 3 clips, 2 failed · $0.10 spent"


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"prompts": []}, "no prompts to compare"),
        ({"prompts": "A kite", "models": []}, "no models to compare"),
        ({"prompts": "A kite", "takes": 0}, "takes must be a whole number"),
        ({"prompts": ["A kite"] * 11, "takes": 10}, "110 clips; at most 100"),
        (
            {"prompts": "A kite", "takes": 2, "path": "kite.mp4"},
            "path must be a folder",
        ),
    ],
)
def test_a_mistake_is_one_sentence(wanted: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        soravid.compare(**wanted)  # type: ignore[arg-type]
    with pytest.raises(UnknownKeyword, match="no argument 'promts'"):
        soravid.compare("A kite", promts=1)  # type: ignore[call-arg]


def test_columns_are_called_by_what_tells_them_apart() -> None:
    def columns(**wanted: object) -> list[str]:
        return soravid.compare("A kite", **SMALL, **wanted).columns  # type: ignore[arg-type]

    assert columns() == ["animatic"]
    assert columns(seeds=[3, 4]) == ["seed 3", "seed 4"]
    assert columns(takes=2) == ["take 1", "take 2"]
    assert columns(models=["openai/sora-2", "azure/sora-2"]) == ["openai/sora-2", "azure/sora-2"]
    assert columns(models=["local/animatic", "openai/sora-2"], seeds=[1, 2]) == [
        *("animatic, seed 1", "animatic, seed 2", "sora-2, seed 1", "sora-2, seed 2")
    ]


# --- made ---------------------------------------------------------------------------------------------


def test_every_clip_is_made_once_and_counted(made: Comparison) -> None:
    assert states(made) == ["Done"] * 4
    assert made.done
    assert not made.running
    assert made.cost == Decimal("0.4")
    assert made.line == "4 clips · $0.40 spent"
    assert made.button == ""
    assert jobs_in_journal() == 4
    assert len({clip.path for clip in made.clips}) == 4
    record = made.records()[3]
    assert (record["prompt"], record["column"], record["cost"]) == (KITES[1], "seed 2", Decimal("0.1"))
    assert Path(record["path"]).exists()


def test_running_the_cell_again_shows_every_clip_and_costs_nothing(made: Comparison) -> None:
    spent = soravid.spend().settled
    again = soravid.compare(KITES, seeds=[1, 2], **SMALL)
    assert states(again) == ["Done"] * 4
    assert [clip.path for clip in again.clips] == [clip.path for clip in made.clips]
    assert again.cost == 0
    assert "saved $0.40" in again.line
    again.wait()
    more = soravid.compare(KITES, seeds=[1, 2, 3], **SMALL)
    assert more.line.endswith("2 clips to make: $0.20")
    assert (soravid.spend().settled, jobs_in_journal()) == (spent, 4)


def test_what_does_not_fit_the_budget_is_refused_in_its_place(two_by_two: Comparison) -> None:
    soravid.budget("0.25")
    two_by_two.wait()
    assert states(two_by_two) == ["Done", "Done", "Nothing was sent", "Nothing was sent"]
    assert "budget" in str(two_by_two[1, 0].error)
    assert two_by_two.button == "Try 2 again"
    soravid.budget("1")
    assert "2 clips to make: $0.20" in two_by_two.line
    assert states(two_by_two.wait())[2:] == ["Nothing was sent"] * 2, "waiting tries nothing again"
    two_by_two.run().wait()
    assert states(two_by_two) == ["Done"] * 4
    assert soravid.spend().settled == to_nano("0.4")


def test_it_can_be_awaited_and_runs_at_once_where_cells_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def awaited() -> Comparison:
        return await soravid.compare(KITES[0], **SMALL)

    assert states(asyncio.run(awaited())) == ["Done"]
    monkeypatch.setenv("SORAVID_WAIT", "1")
    at_once = soravid.compare(KITES[1], **SMALL)
    assert at_once.running
    assert states(at_once.wait()) == ["Done"]


def test_it_is_stopped_with_what_has_not_begun() -> None:
    slow = soravid.compare([f"Kite {n}" for n in range(3)], extra_body={"pace": 60}, **SMALL).run()
    until(lambda: slow.jobs and slow.jobs[0].status == "in_progress")
    assert slow.question.startswith("Stop ")
    slow.cancel()
    slow._work.result(30)  # type: ignore[union-attr]
    assert set(states(slow)) <= {"Cancelled", "Not made"}
    assert slow.cost == 0


def test_one_that_is_just_being_sent_is_stopped_too() -> None:
    asked, answer = threading.Event(), threading.Event()

    def take_your_time(_prompt: str) -> None:
        asked.set()
        assert answer.wait(30)

    slow = soravid.compare(KITES, extra_body={"pace": 60}, **SMALL)
    soravid.guard(take_your_time)
    slow.run()
    assert asked.wait(30)
    slow.cancel()
    answer.set()
    slow._work.result(30)  # type: ignore[union-attr]
    assert states(slow) == ["Cancelled", "Not made"]


def test_what_a_provider_may_have_taken_is_never_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(fake := OpenAIFake())
    gate.answer = lambda request: (
        down() if (request.method, request.url.path) == ("GET", "/v1/videos") else None
    )
    with serve(gate) as address:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
        lost = soravid.compare("a kite [lost]", models=MODEL, reuse=False).wait()
        assert states(lost) == ["Outcome unknown"]
        assert states(lost.run().wait()) == ["Outcome unknown"]
        assert fake.creates == 1
        gate.answer = lambda request: None
        assert states(lost.run().wait()) == ["Done"]
        assert fake.creates == 1


def test_a_run_without_a_person_leaves_what_plays_and_no_widget(studio: Path) -> None:
    sources = [
        "%load_ext soravid\nimport soravid",
        "soravid.compare('A kite', seeds=[1, 2], seconds=1, size='320x180')",
        "soravid.storyboard(['A kite', 'It climbs'], seconds=1, size='320x180')",
        "soravid.player(soravid.jobs()[0])",
    ]
    code_cell: Any = nbformat.v4.new_code_cell
    book = nbformat.v4.new_notebook(cells=[code_cell(each) for each in sources])  # type: ignore[no-untyped-call]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SORAVID_WAIT", "1")
        patch.setenv("PYTHONPATH", str(Path(soravid.__file__).parents[1]))
        NotebookClient(book, timeout=120, resources={"metadata": {"path": str(studio)}}).execute()
    (grid,), (board,), (clip,) = ([out["data"] for out in cell.outputs] for cell in book.cells[1:])
    assert [each["text/html"].count("<video controls") for each in (grid, board, clip)] == [2, 3, 1]
    assert "widgets" not in book.metadata


# --- votes --------------------------------------------------------------------------------------------


def test_votes_are_kept_by_the_journal(made: Comparison) -> None:
    made.vote(0, 1)
    made.vote(1, 0)
    made.vote(1, 0, on=False)
    again = soravid.compare(KITES, seeds=[1, 2], **SMALL)
    assert [cell.voted for cell in again.wanted] == [False, True, False, False]
    assert [row["Vote"] for row in again.table()] == ["", "★", "", ""]
    assert "★ Voted" in again.html()
    tags = Browsing(current().journal).tags_of([made[0, 1].clip.job_id])  # type: ignore[union-attr]
    assert list(tags.values()) == [[VOTED]]


def test_nothing_is_voted_for_before_it_is_there(two_by_two: Comparison) -> None:
    with pytest.raises(InvalidRequest, match="no clip to vote for yet"):
        two_by_two.vote(0, 0)
    with pytest.raises(IndexError):
        two_by_two.vote(0, 2)


def test_without_pandas_a_dataframe_says_what_to_do() -> None:
    code = (
        "import sys; sys.modules['pandas'] = None\nimport soravid\n"
        "c = soravid.compare('A kite', seconds=1)\ntry: c.to_dataframe()\n"
        "except soravid.SoravidError as wrong: print(wrong)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install pandas. records() gives the same" in done.stdout


# --- the widget ---------------------------------------------------------------------------------------


def test_a_page_presses_the_button_votes_and_hears_of_each_clip(two_by_two: Comparison) -> None:
    page = Page(two_by_two)
    assert page.get_state()["tiles"][0]["label"] == "Not made yet"
    assert (page.columns, page.rows, page.button) == (["seed 1", "seed 2"], KITES, "Generate 4 clips")
    page.say(type="run")
    page.say(type="run")
    until(lambda: page.line == "4 clips · $0.40 spent")
    assert jobs_in_journal() == 4
    page.say(type="vote", at=2, on=True)
    until(lambda: page.heard[-1]["tiles"].get("2", {}).get("voted"))
    tiles = page.get_state()["tiles"]
    assert [bool(each["clip"]) for each in tiles] == [True] * 4
    assert tiles[2]["voted"]
    assert tiles[0]["amount"].startswith("$0.10 spent · ")
    assert page.say(type="piece", clip=tiles[3]["clip"]["id"], at=0)["size"]
    html = two_by_two.html()
    assert html.count("<video controls") == 4
    page.close()


def test_a_vote_that_cannot_be_is_told_in_the_widget(two_by_two: Comparison) -> None:
    page = Page(two_by_two)
    page.say(type="vote", at=0, on=True)
    assert page.note == "There is no clip to vote for yet."
    page.close()


def test_what_lasts_has_no_style_sheet_and_no_script(made: Comparison) -> None:
    html = made.html()
    assert "<style" not in html
    assert "<script" not in html
    assert html.count('data-lm-suppress-shortcuts="true"') >= 4
