"""Several jobs as one: what they come to, their card, their text, and how small it all is."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from soravid import media
from soravid.boards import Board, Tally, row_name
from soravid.card_board import board_html, board_running_html, board_text
from soravid.views import JobView
from tests.notebook.feed import REFUSED, view

USD = 1_000_000_000
DONE = view(job_id="a", status="completed", cost=USD // 2, path="soravid_media/kite.mp4", started_at=100.0)
DONE = replace(DONE, finished_at=160.0)
FAILED = replace(DONE, job_id="b", status="failed", cost=0, path=None, problem=REFUSED, finished_at=130.0)
RUNS = view(job_id="c", started_at=110.0, progress=30)


class Text(HTMLParser):
    """The words of a card, and the attributes of its videos."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.videos: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "video":
            self.videos.append(dict(attrs))

    def __contains__(self, words: str) -> bool:
        return words in " ".join(self.words)


# --- what they come to --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("views", "total", "label", "state", "tone"),
    [
        ([RUNS, RUNS], 2, "0 of 2 done", "in_progress", "busy"),
        ([DONE, RUNS], 2, "1 of 2 done", "in_progress", "busy"),
        ([DONE, FAILED, RUNS], 3, "1 of 3 done, 1 failed", "in_progress", "bad"),
        ([DONE, DONE], 2, "2 clips", "completed", "good"),
        ([DONE], 1, "1 clip", "completed", "good"),
        ([DONE, FAILED], 2, "1 of 2 clips, 1 failed", "unknown", "bad"),
        ([FAILED, FAILED], 2, "0 of 2 clips, 2 failed", "failed", "bad"),
        ([DONE, DONE, RUNS], None, "2 done", "in_progress", "busy"),
        ([replace(FAILED, status="cancelled"), RUNS], 2, "0 of 2 done, 1 cancelled", "in_progress", "busy"),
    ],
)
def test_how_far_they_are(views: list[JobView], total: int, label: str, state: str, tone: str) -> None:
    tally = Tally(total).plus(views)
    assert (tally.label, tally.state, tally.tone) == (label, state, tone)


def test_money_is_told_with_its_state() -> None:
    reused = replace(DONE, reused_from=50.0)
    unknown = replace(RUNS, held=None)
    tally = Tally(4).plus([DONE, RUNS, reused, unknown])
    assert tally.money == ["$0.50 spent", "$0.80 held", "saved $0.50", "1 with unknown price"]
    assert Tally(1).plus([RUNS]).money == ["$0.80 held"]
    assert Tally(1).plus([FAILED]).money == ["$0.00 spent"]


def test_one_by_one_they_come_to_the_same() -> None:
    one_by_one = Tally(3)
    for each in (DONE, FAILED, RUNS):
        one_by_one = one_by_one.plus([each])
    assert one_by_one == Tally(3).plus([DONE, FAILED, RUNS])
    assert (one_by_one.started_at, one_by_one.finished_at) == (100.0, 160.0)


def test_rows_say_only_what_differs() -> None:
    other = replace(RUNS, model="xai/grok-imagine-video-1.5")
    board = Board.of([RUNS, other])
    assert board.shared == ["8 s", "1280x720"]
    assert board.own(other) == ["xai/grok-imagine-video-1.5", "$0.80 held"]
    assert [name for name, _ in board.rows] == ["Take 1", "Take 2"]
    assert [name for name, _ in Board.of([RUNS, replace(RUNS, prompt="Rain")]).rows] == [RUNS.prompt, "Rain"]
    assert row_name("") == "No prompt"


# --- its card and its text ----------------------------------------------------------------------------


def test_the_lasting_card_has_a_player_for_each_clip_and_a_reason_for_each_other() -> None:
    card = Text(board_html(Board.of([DONE, FAILED]), ["soravid_media/kite.mp4", None]))
    (video,) = card.videos
    assert (video["src"], video["aria-label"]) == ("soravid_media/kite.mp4", "Video: Take 1")
    assert "data-lm-suppress-shortcuts" in video
    for words in (
        "1 of 2 clips, 1 failed",
        "$0.50 spent",
        REFUSED.title,
        REFUSED.advice,
        "1 min",
        "kite.mp4",
    ):
        assert words in card, words


def test_a_clip_that_no_page_can_have_is_named() -> None:
    card = Text(board_html(Board.of([DONE, DONE]), [None, "soravid_media/kite.mp4"]))
    assert len(card.videos) == 1
    assert "soravid_media/kite.mp4" in card


def test_what_people_write_is_text() -> None:
    evil = replace(DONE, prompt="<script>alert(1)</script> $x$", path='soravid_media/"><b>.mp4')
    html = board_html(Board.of([evil, DONE]), ['soravid_media/"><b>.mp4', "kite.mp4"])
    assert "<script" not in html
    assert "<b>" not in html


def test_the_still_card_says_how_to_go_on() -> None:
    still = Text(board_running_html(Board.of([DONE, RUNS])))
    for words in ("1 of 2 done", "Take 2", "30 %", "since ", "%video resume"):
        assert words in still, words


def test_in_a_terminal_it_is_a_line_and_then_one_for_each() -> None:
    running = Board.of([DONE, replace(RUNS, finished_at=148.0)])
    assert board_text(running) == ("soravid: 1 of 2 done [##########----------] 1:00 $0.50 spent $0.80 held")
    assert board_text(Board.of([DONE, FAILED])).splitlines() == [
        "soravid: 1 of 2 clips, 1 failed [####################] 1:00 $0.50 spent",
        "  Take 1: soravid_media/kite.mp4  8 s 1280x720 $0.50",
        f"  Take 2: {REFUSED.title}. {REFUSED.advice}",
    ]


# --- how small it is ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip whose every pixel is another: no picture is harder to make small."""
    path = tmp_path_factory.mktemp("noise") / "noise.mp4"
    random = np.random.default_rng(3)
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=2, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for _ in range(4):
            frame = random.integers(0, 255, (720, 1280, 3), dtype=np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path


def test_a_poster_is_small_whatever_it_shows(noisy: Path) -> None:
    """Fifty of them and their cards are less than 1.5 MB."""
    poster = media.poster_of(noisy)
    assert poster is not None
    assert len(poster) < 22_000
    assert len(media.smaller(poster)) < 12_000
    assert media.smaller(poster).startswith("data:image/webp;base64,")


def test_the_card_of_a_row_is_small() -> None:
    boards = [board_html(Board.of([DONE] * n), ["soravid_media/kite.mp4"] * n) for n in (4, 14)]
    assert (len(boards[1]) - len(boards[0])) / 10 < 4_500
