"""What the cards say, whatever shows them."""

from __future__ import annotations

import datetime as dt
import time
from html.parser import HTMLParser
from typing import Any

import pytest

from soravid import cards
from soravid.card_text import day, shortened
from soravid.views import JobView, Problem

NOW = time.time()
CLIP = "soravid_media/red-kite-over-a-harbour-7f3c.mp4"


def view(**changes: Any) -> JobView:
    known: dict[str, Any] = {
        "job_id": "vid_7f3c",
        "model": "gemini/gemini-omni-1.2-flash",
        "prompt": "A red kite over a harbour, pan left",
        "status": "completed",
        "started_at": NOW - 72,
        "finished_at": NOW,
        "seconds": "8",
        "size": "1280x720",
        "cost": 800_000_000,
        "path": CLIP,
    }
    return JobView(**(known | changes))


class Page(HTMLParser):
    """The elements and the words of a card."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def one(self, tag: str) -> dict[str, str | None]:
        (found,) = [attrs for name, attrs in self.elements if name == tag]
        return found


def test_the_finished_card_plays_and_says_what_it_cost() -> None:
    page = Page(cards.finished_html(view(), CLIP))
    video = page.one("video")
    assert video["src"] == CLIP
    assert {"controls", "preload"} <= set(video)
    assert video["aria-label"] == "Video: A red kite over a harbour, pan left"
    assert "8 s · 1280x720 · gemini-omni-1.2-flash · $0.80 spent · 1 min 12 s" in page.text
    assert page.one("a")["href"] == CLIP


def test_a_finished_card_is_small() -> None:
    html = cards.finished_html(view(details={"Seed": "42", "Provider's id": "operations/ab12"}), CLIP)
    assert len(html.encode()) < 6_000


def test_the_poster_is_a_data_url_on_the_video() -> None:
    poster = "data:image/jpeg;base64,AAAA"
    assert Page(cards.finished_html(view(poster=poster), CLIP)).one("video")["poster"] == poster


def test_an_embedded_clip_is_no_link() -> None:
    page = Page(cards.finished_html(view(), "data:video/mp4;base64,AAAA"))
    assert "a" not in [tag for tag, _ in page.elements]
    assert CLIP in page.text


def test_every_focusable_element_keeps_its_keys_to_itself() -> None:
    page = Page(cards.finished_html(view(), CLIP))
    focusable = [attrs for tag, attrs in page.elements if tag in {"video", "a", "summary", "button"}]
    assert len(focusable) == 3
    assert all(attrs.get("data-lm-suppress-shortcuts") == "true" for attrs in focusable)


@pytest.mark.parametrize(
    "prompt",
    [
        "<script>alert(1)</script>",
        "\"><img src=x onerror='alert(1)'>",
        "a\nb\r\n\tc & d",
        "שלום עולם",
        "]]>-->",
    ],
)
def test_a_prompt_is_only_ever_text(prompt: str) -> None:
    for html in (
        cards.finished_html(view(prompt=prompt, details={prompt: prompt}), CLIP),
        cards.failed_html(view(prompt=prompt, status="failed", problem=Problem(prompt, prompt, prompt))),
        cards.running_html(view(status="queued", model=prompt, job_id=prompt)),
        cards.notice_html(prompt, prompt),
        cards.table_html([prompt], [[prompt]], prompt),
    ):
        page = Page(html)
        assert not {"script", "img"} & {tag for tag, _ in page.elements}
        assert " ".join(prompt.split()) in page.text


def test_nothing_is_typeset_as_a_formula() -> None:
    """JupyterLab reads what stands between two dollar signs as mathematics."""
    root = Page(cards.finished_html(view(reused_from=NOW), CLIP)).elements[0][1]
    assert "tex2jax_ignore" in str(root["class"])


def test_a_reused_clip_says_from_when_and_what_was_saved() -> None:
    then = dt.datetime(dt.date.today().year, 11, 21, 12).timestamp()
    page = Page(cards.finished_html(view(reused_from=then), CLIP))
    assert "Re-used from 21 Nov, $0.00 (saved $0.80). %%video --again makes a new one." in page.text
    assert "spent" not in page.text


def test_a_reused_clip_that_was_free_saved_nothing() -> None:
    page = Page(cards.finished_html(view(reused_from=NOW, cost=0), CLIP))
    assert "$0.00. %%video --again" in page.text


def test_a_day_of_another_year_has_its_year() -> None:
    stamp = dt.datetime(2025, 11, 21, 12).timestamp()
    assert day(stamp, today=dt.date(2026, 1, 1)) == "21 Nov 2025"
    assert day(stamp, today=dt.date(2025, 12, 1)) == "21 Nov"


@pytest.mark.parametrize(
    ("size", "width", "height"),
    [
        ("1280x720", "1280", "720"),
        ("720x1280", "720", "1280"),
        ("9:16", "720", "1280"),
        (None, "1280", "720"),
    ],
)
def test_the_player_has_the_clips_shape_before_it_has_loaded(
    size: str | None, width: str, height: str
) -> None:
    video = Page(cards.finished_html(view(size=size), CLIP)).one("video")
    assert (video["width"], video["height"]) == (width, height)


def test_a_failure_says_what_happened_what_to_do_and_what_it_cost() -> None:
    why = Problem("Refused by the safety check", "Rephrase it and run the cell again.", "no video " * 40)
    page = Page(cards.failed_html(view(status="failed", cost=0, problem=why)))
    for part in (
        "■",
        "Refused by the safety check",
        "Rephrase it and run",
        "$0.00 spent",
        "no video no video",
    ):
        assert part in page.text
    assert "details" in [tag for tag, _ in page.elements]


@pytest.mark.parametrize(
    ("status", "money", "words", "cost"),
    [
        ("cancelled", {"cost": 0}, "Cancelled", "$0.00 spent"),
        ("unknown", {"cost": None, "held": 800_000_000}, "Outcome unknown", "$0.80 held"),
        ("failed", {"cost": None}, "without a clip", "price unknown"),
    ],
)
def test_an_end_without_a_problem_still_has_three_parts(
    status: str, money: dict[str, int | None], words: str, cost: str
) -> None:
    job = view(status=status, path=None, **money)
    page = Page(cards.failed_html(job))
    assert words in page.text
    assert cost in page.text
    assert cards.failed_text(job).splitlines()[0].endswith(cost)
    assert len(cards.failed_text(job).splitlines()) == 2


def test_a_still_card_has_a_bar_only_where_progress_is_known() -> None:
    running = view(status="in_progress", finished_at=None, cost=None, held=800_000_000)
    assert "progressbar" not in cards.running_html(running)
    page = Page(cards.running_html(view(status="in_progress", progress=43)))
    assert "43 %" in page.text
    assert "%video cancel vid_7f3c" in page.text


def test_a_table_has_headings_and_numbers_at_the_right() -> None:
    page = Page(cards.table_html(["Job", "Cost"], [["a", "$0.80 spent"], ["b", "$1,200.00 held"]], "Jobs"))
    headings = [attrs for tag, attrs in page.elements if tag == "th"]
    assert [attrs["scope"] for attrs in headings] == ["col", "col"]
    assert ["right" in str(attrs["style"]) for attrs in headings] == [False, True]
    assert page.text.startswith("Jobs")


def test_an_empty_table_says_so() -> None:
    assert "None yet." in Page(cards.table_html(["Job", "Cost"], [], "Jobs")).text
    assert cards.table_text(["Job", "Cost"], []) == "None yet."


def test_every_tone_of_a_notice_has_a_shape() -> None:
    shapes = {
        Page(cards.notice_html("Title", tone=tone)).words[0] for tone in ("info", "good", "warn", "bad")
    }
    assert len(shapes) == 4


# --- text ---------------------------------------------------------------------------------------------


def test_text_of_a_finished_job() -> None:
    assert cards.finished_text(view()) == f"{CLIP}  8 s 1280x720 $0.80"
    assert cards.finished_text(view(reused_from=NOW)) == f"{CLIP}  8 s 1280x720 $0.00 (saved $0.80)"


def test_text_of_a_running_job() -> None:
    job = view(
        status="in_progress", started_at=0.0, finished_at=38.2, cost=None, held=800_000_000, progress=43
    )
    assert cards.running_text(job) == "soravid: in progress 43% [#########-----------] 0:38 $0.80 held"
    assert len(cards.running_text(job, width=56)) == 56
    assert cards.running_text(job, width=40) == "soravid: in progress 43% 0:38 $0.80 held"
    assert len(cards.running_text(job, width=20)) == 20


def test_text_without_progress_has_no_bar() -> None:
    job = view(status="queued", started_at=0.0, finished_at=5, cost=None)
    assert cards.running_text(job) == "soravid: queued 0:05 price unknown"


@pytest.mark.parametrize(("progress", "bar"), [(0, "-" * 20), (99, "#" * 20), (100, "#" * 20)])
def test_the_bar_at_its_ends(progress: int, bar: str) -> None:
    assert f"[{bar}]" in cards.running_text(view(status="in_progress", progress=progress))


def test_text_holds_no_terminal_codes() -> None:
    why = Problem("Bad\x1b[31m", "Do\rthis", "words\x07")
    text = cards.failed_text(view(status="failed", problem=why, cost=0))
    assert text == "soravid: Bad[31m. $0.00 spent\n  Do this\n  words"


def test_a_table_in_text() -> None:
    assert cards.table_text(["Job", "Cost"], [["a", "$0.80"], ["bb", "$12.00"]]).splitlines() == [
        "Job    Cost",
        "---  ------",
        "a     $0.80",
        "bb   $12.00",
    ]


def test_long_words_are_cut_between_words() -> None:
    assert shortened("A red kite over a harbour", 12) == "A red kite…"
    assert shortened("abcdefghijklmnop", 8) == "abcdefg…"
    assert shortened("short", 8) == "short"


def test_a_table_goes_into_a_narrow_terminal_whole() -> None:
    rows = [
        ("gemini/gemini-omni-1.2-flash", "$0.10/s", "text, image, last frame, audio, seed, remix, extend")
    ]
    text = cards.table_text(("Model", "Price", "Can do"), rows, 48)
    assert max(map(len, text.splitlines())) <= 48
    assert text.splitlines()[2].startswith("gemini/gemini-")
    whole = cards.table_text(("Model", "Price", "Can do"), rows)
    assert len(whole.splitlines()) == 3
    assert "".join(whole.split("\n")[2].split()) == "".join(
        part for column in range(3) for part in "".join(rows[0][column].split())
    )
