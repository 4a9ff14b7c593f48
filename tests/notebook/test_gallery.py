"""What the gallery finds, shows, tags and deletes, with a real journal; the page is played by the test."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest

import soravid
from soravid.errors import InvalidRequest, UnknownKeyword
from soravid.ledger import JobRow
from soravid.notebook import options
from soravid.notebook.gallery import gallery, search_of
from soravid.notebook.reuse import same_request
from soravid.notebook.wanted import each_take, keywords
from soravid.notebook.widgets.gallery import PAGE, GalleryWidget
from soravid.tables import Table
from tests.notebook.feed import make_clip
from tests.notebook.stored import POSTER, begun, journal, stored

PATIENCE = 10.0


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SORAVID_HOME", str(tmp_path / "home"))
    return tmp_path


class Page(GalleryWidget):
    """A gallery, and the page that it would be shown on."""

    def __init__(self, **values: str) -> None:
        self.heard: list[tuple[dict[str, Any], list[bytes]]] = []
        self.arrived, self.told = threading.Event(), threading.Event()
        super().__init__(values)

    def send(self, content: Any, buffers: Any = None) -> None:
        if content == {"type": "news"}:
            self.told.set()
        else:
            self.heard.append((content, list(buffers or ())))
            self.arrived.set()

    def ask(self, kind: str, **content: Any) -> dict[str, Any]:
        """Send what the page sends; returns the answer."""
        self.heard.clear()
        self.arrived.clear()
        self._handle_custom_msg({"search": "s", **content, "type": kind}, [])
        assert self.arrived.wait(PATIENCE)
        return self.heard[-1][0]

    def find(self, **values: str) -> list[str]:
        """Search; returns the prompts of the first page."""
        return [row["prompt"] for row in self.ask("found", values=values)["rows"]]


@pytest.fixture
def page() -> Iterator[Page]:
    """A gallery that was opened while there were no clips."""
    widget = Page()
    yield widget
    widget.close()


# --- asked for in a cell ------------------------------------------------------------------------------


def test_a_terminal_is_given_a_table() -> None:
    for number in range(22):
        stored(f"Clip number {number}", "0.10")
    Path(journal().recent(1)[0].clip or "").unlink()
    table = gallery()
    assert isinstance(table, Table)
    assert table.caption == "20 of 22 clips · $2.20"
    assert [row["Prompt"] for row in table][:2] == ["Clip number 21", "Clip number 20"]
    assert table[0]["Clip"] == "the file is missing"
    assert table[1]["Clip"].startswith("soravid_media/job_")
    assert gallery("21 CLIP").caption == "1 clip · $0.10"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sort": "newst"}, "sort cannot be 'newst'. Did you mean newest"),
        ({"since": "yesterday"}, "since must be a day such as 2026-11-01, not 'yesterday'"),
        ({"max_cost": "cheap"}, "max_cost must be an amount in USD such as 0.50, not 'cheap'"),
    ],
)
def test_a_wrong_value_is_told_with_what_to_write(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match="^" + words):
        gallery(**wrong)
    with pytest.raises(UnknownKeyword, match="Did you mean model"):
        gallery(modell="x")  # type: ignore[call-arg]


def test_a_last_day_is_meant_whole() -> None:
    search = search_of({"since": "2026-11-01", "until": "2026-11-02", "min_cost": "0.5"})
    assert search.since == datetime(2026, 11, 1).timestamp()
    assert search.until == datetime(2026, 11, 3).timestamp()
    assert search.at_least == 500_000_000
    assert search_of({"until": "2026-11-02 12:00"}).until == datetime(2026, 11, 2, 12).timestamp()


# --- what travels -------------------------------------------------------------------------------------


def test_it_opens_with_the_first_page_and_a_few_posters() -> None:
    rows = [stored(f"Clip number {number}") for number in range(PAGE + 5)]
    page = Page()
    first = page.first
    assert (first["count"], first["caption"]) == (65, "65 clips · $52.00")
    assert [row["id"] for row in first["rows"]] == [row.id for row in rows[:4:-1]]
    assert first["rows"][0] | {"facts": ""} == {
        "id": rows[-1].id,
        "prompt": "Clip number 64",
        "facts": "",
        "tags": [],
        "missing": False,
    }
    assert first["rows"][0]["facts"].startswith("$0.80 · 8 s · ")
    assert first["posters"].keys() == {row.id for row in rows[-12:]}
    assert [row["id"] for row in page.ask("rows", search="", start=60)["rows"]] == [
        row.id for row in rows[4::-1]
    ]
    page.close()


def test_a_page_is_of_the_search_that_it_was_asked_for(page: Page) -> None:
    """A clip that is made meanwhile, or another view of the same gallery, moves nothing."""
    for number in range(3):
        stored(f"Clip number {number}")
    assert page.find() == ["Clip number 2", "Clip number 1", "Clip number 0"]
    stored("Another")
    page.ask("found", search="other", values={"words": "another"})
    again = page.ask("rows", start=0)
    assert (again["search"], [row["prompt"] for row in again["rows"]]) == (
        "s",
        ["Clip number 2", "Clip number 1", "Clip number 0"],
    )


def test_posters_travel_as_bytes(page: Page) -> None:
    ids = [stored().id, stored().id]
    answer = page.ask("posters", ids=[*ids, "job_unknown"])
    assert sorted(answer["ids"]) == sorted(ids)
    assert page.heard[-1][1] == [base64.b64decode(POSTER.partition(",")[2])] * 2


def test_a_poster_that_is_missing_is_made_once(page: Page, place: Path) -> None:
    row = stored()
    file = Path(make_clip(str(place / "soravid_media" / "real.mp4"), (320, 180)))
    journal().stored(row.id, file, None)
    assert page.ask("posters", ids=[row.id])["ids"] == [row.id]
    assert page.heard[-1][1][0].startswith(b"RIFF")
    file.write_bytes(b"gone")
    assert page.ask("posters", ids=[row.id])["ids"] == [row.id]
    broken = stored()
    journal().stored(broken.id, Path(broken.clip or ""), None)
    assert page.ask("posters", ids=[broken.id])["ids"] == []


def test_fields_search_by_what_they_say(page: Page) -> None:
    stored("A red kite", "0.50")
    stored("A red fox", "0.10")
    assert page.find(words="red", max_cost="0.20") == ["A red fox"]
    assert page.find(words="red", sort="prompt") == ["A red fox", "A red kite"]
    assert page.find(place="here", words="kite") == ["A red kite"]
    answer = page.ask("found", values={"max_cost": "cheap"})
    assert answer == {
        "type": "problem",
        "text": "max_cost must be an amount in USD such as 0.50, not 'cheap'.",
    }
    assert not page.ask("found", values={"words": "whale"})["rows"]


def test_a_new_clip_is_news(page: Page) -> None:
    stored()
    assert page.told.wait(PATIENCE)


# --- one clip -----------------------------------------------------------------------------------------


def test_a_clip_is_opened_with_what_the_player_needs(page: Page, place: Path) -> None:
    beside, elsewhere = stored("Beside"), stored("Elsewhere", file=place.parent / f"{place.name}.mp4")
    gone = stored("Gone")
    Path(gone.clip or "").unlink()
    clip, other = page.ask("open", ids=[beside.id, elsewhere.id])["clips"]
    assert (clip["src"], clip["poster"]) == (f"soravid_media/{beside.id}.mp4", POSTER)
    assert clip["cells"]["Re-use"].startswith(
        "%%video -m gemini/gemini-omni-1.2-flash -s 8 -z 1280x720\nBeside"
    )
    assert other["src"] is None  # no page reaches it: the kernel has its bytes
    assert page.ask("piece", clip=elsewhere.id)["size"] == 15
    assert page.heard[-1][1] == [b"a clip of sorts"]
    (missing,) = page.ask("open", ids=[gone.id])["clips"]
    assert missing["where"] == f"The file is missing: {gone.clip}"
    Path(elsewhere.clip or "").unlink()


def test_only_bytes_of_a_clip_that_was_opened_are_given_out(page: Page) -> None:
    row = stored()
    assert page.ask("piece", clip=row.id)["error"] == "This clip is not shown here."


@pytest.mark.parametrize(
    "line",
    [
        "-s 1 -z 320x180",
        "-s 1 -z 320x180 --seed 7",
        "-s 1 -z 320x180 -n 2",
        "-s 1 -z 320x180 -n 2 --seed 40 --user 'a person'",
    ],
)
def test_a_clip_that_is_used_again_is_found_again(line: str) -> None:
    """The cell that the gallery writes gives the clip that there is: nothing is made or paid."""
    prompt = "A red kite\n\nover a {harbour} for $5"

    def made(line: str) -> list[soravid.Job]:
        args = options.parse(line)
        wanted = keywords(args, {}) | {"model": "local/animatic"}
        return [soravid.generate(prompt, **wanted, **take, reuse=True) for take in each_take(args)]

    jobs = made(line)
    for job in jobs:
        job.wait(PATIENCE)
    cell = same_request(journal().get(jobs[-1].id))
    first, _, rest = cell.partition("\n")
    assert rest == prompt
    assert [job.id for job in made(first.removeprefix("%%video"))] == [job.id for job in jobs]


def test_what_a_cell_cannot_say_is_marked() -> None:
    row = begun(negative_prompt="people", audio=False, extra_body={"style": "ink"})
    assert same_request(row).partition("\n")[0] == (
        "%%video -m gemini/gemini-omni-1.2-flash -s 8 -z 1280x720 "
        "--no-audio --negative people --param style=ink"
    )


# --- tags ---------------------------------------------------------------------------------------------


def test_tags_are_written_as_a_list_of_what_clips_have_in_common(page: Page) -> None:
    one, two = stored("One").id, stored("Two").id

    def tag(ids: list[str], words: str) -> dict[str, list[str]]:
        answer = page.ask("tag", ids=ids, tags=words)
        return {row["prompt"]: row["tags"] for row in answer["rows"]}

    assert tag([one], "hero, draft") == {"One": ["draft", "hero"]}
    assert tag([one, two], " hero ,, sea\nside ") == {
        "One": ["draft", "hero", "sea side"],
        "Two": ["hero", "sea side"],
    }
    assert tag([one, two], "hero") == {"One": ["draft", "hero"], "Two": ["hero"]}
    assert page.find(tag="draft") == ["One"]
    assert page.heard[-1][0]["rows"][0]["facts"].startswith("#draft · #hero · $0.80")


# --- files --------------------------------------------------------------------------------------------


def test_deleting_asks_first_and_leaves_the_journal_alone(page: Page, place: Path) -> None:
    row = stored("A red kite")
    for name, source in (("shows.ipynb", f"soravid_media/{row.id}.mp4"), ("other.ipynb", "nothing")):
        cell = nbformat.v4.new_markdown_cell(source)  # type: ignore[no-untyped-call]
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), place / name)  # type: ignore[no-untyped-call]
    asked = page.ask("ask", ids=[row.id])
    assert asked["title"] == f"Delete {row.id}.mp4?"
    assert "Still shown by shows.ipynb." in asked["text"]
    assert Path(row.clip or "").exists()
    answer = page.ask("delete", ids=asked["ids"])
    assert (answer["said"], answer["rows"][0]["missing"]) == (f"{row.id}.mp4 was deleted.", True)
    assert "file missing" in answer["rows"][0]["facts"]
    assert not Path(row.clip or "").exists()
    assert journal().get(row.id) == row
    assert soravid.spend().settled == 800_000_000
    assert journal().verify() == []
    assert page.ask("delete", ids=[row.id])["text"] == "The file is not there any more."


def outside(place: Path) -> JobRow:
    return stored(file=place / "films" / "kite.mp4")


def linked(place: Path) -> JobRow:
    row = stored(file=place / "films" / "kite.mp4")
    (place / "soravid_media").symlink_to(place / "films")
    return row


def replaced_by_link(place: Path) -> JobRow:
    row = stored()
    file = Path(row.clip or "")
    file.rename(place / "kite.mp4")
    file.symlink_to(place / "kite.mp4")
    return row


@pytest.mark.parametrize("case", [outside, replaced_by_link])
def test_what_is_not_in_a_folder_of_soravids_is_never_deleted(page: Page, place: Path, case: Any) -> None:
    row = case(place)
    for kind in ("ask", "delete"):
        assert "is not in a folder of soravid's, so it is left alone." in page.ask(kind, ids=[row.id])["text"]
    assert Path(row.clip or "").read_bytes() == b"a clip of sorts"


def test_a_media_folder_of_another_name_is_soravids_while_it_is_set(
    page: Page, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SORAVID_MEDIA_DIR", "films")
    row = outside(place)
    assert page.ask("delete", ids=[row.id])["said"] == "kite.mp4 was deleted."


def test_a_media_folder_that_leads_elsewhere_is_soravids(page: Page, place: Path) -> None:
    row = linked(place)
    assert page.ask("delete", ids=[row.id])["said"] == "kite.mp4 was deleted."


def test_one_that_may_not_go_keeps_the_others(page: Page, place: Path) -> None:
    fine, not_fine = stored(), outside(place)
    page.ask("delete", ids=[fine.id, not_fine.id])
    assert Path(fine.clip or "").exists()
