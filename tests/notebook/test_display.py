"""Where a clip's URL comes from, and how often a status sends: no browser needed."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from soravid.boards import Board
from soravid.errors import InvalidRequest
from soravid.media import links
from soravid.notebook import display
from soravid.notebook.widgets import STATIC, pace
from soravid.notebook.widgets.status import StatusWidget
from soravid.views import JobView, Usual
from tests.core.helpers import until
from tests.notebook.feed import view


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return tmp_path


# --- URLs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "src"),
    [
        ("soravid_media/kite.mp4", "soravid_media/kite.mp4"),
        ("./a/../soravid_media/kite.mp4", "soravid_media/kite.mp4"),
        ("50% off #1? a:b/ö k.mp4", "50%25%20off%20%231%3F%20a%3Ab/%C3%B6%20k.mp4"),
        (".hidden/kite.mp4", None),
        ("soravid_media/.kite.mp4", None),
        ("../kite.mp4", None),
        ("/elsewhere/kite.mp4", None),
    ],
)
def test_a_url_is_relative_to_the_notebook(folder: Path, path: str, src: str | None) -> None:
    assert links.notebook_src(Path(path)) == src


def test_an_absolute_path_under_the_notebook_becomes_relative(folder: Path) -> None:
    assert links.notebook_src(folder / "m" / "kite.mp4") == "m/kite.mp4"


def test_a_link_beside_the_notebook_is_taken_as_it_is_named(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "media").symlink_to(folder / "real")
    assert links.notebook_src(Path("media/kite.mp4")) == "media/kite.mp4"


def test_a_changed_working_folder_does_not_break_urls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser starts from the notebook's folder, whatever os.chdir the notebook has done."""
    (folder / "book.ipynb").touch()
    (folder / "data").mkdir()
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "book.ipynb"))
    monkeypatch.chdir(folder / "data")
    assert links.notebook_src(Path("kite.mp4").absolute()) == "data/kite.mp4"
    assert links.notebook_src(folder / "kite.mp4") == "kite.mp4"


def test_a_clip_can_be_embedded_up_to_a_size(folder: Path) -> None:
    clip = folder / "kite.mp4"
    clip.write_bytes(b"x" * 3_000_000)
    src = links.embed_src(clip, 3_000_000)
    assert src == "data:video/mp4;base64," + base64.b64encode(clip.read_bytes()).decode()
    with pytest.raises(InvalidRequest, match=r"3\.0 MB; at most 2\.5 MB") as caught:
        links.embed_src(clip, 2_500_000)
    assert "--embed" in caught.value.hint


def test_plain_python_is_no_rich_front() -> None:
    assert not display.rich_front()
    assert not links.must_embed()


@pytest.mark.parametrize("name", links._NO_FILES)
def test_where_no_file_can_be_reached_clips_are_embedded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (folder / "kite.mp4").write_bytes(b"clip")
    assert links.page_src(folder / "kite.mp4") == "kite.mp4"
    monkeypatch.setenv(name, "1")
    assert links.page_src(folder / "kite.mp4") == "data:video/mp4;base64,Y2xpcA=="


# --- the status's messages ----------------------------------------------------------------------------


class Sent(StatusWidget):
    """A status that keeps what it would send."""

    def __init__(self, view: JobView | Board, on_cancel: Any = None) -> None:
        self.messages: list[tuple[float, dict[str, Any]]] = []
        super().__init__(view, on_cancel)

    def send_state(self, key: Any = None) -> None:
        state = self.get_state(key)
        if state and getattr(self, "comm", None) is not None:
            self.messages.append((time.monotonic(), state))

    @property
    def job(self) -> JobView:
        assert isinstance(self._shown, JobView)
        return self._shown

    @property
    def row(self) -> dict[str, Any]:
        row: dict[str, Any] = self.rows[0]
        return row


@pytest.fixture
def status() -> Iterator[Sent]:
    widget = Sent(view())
    widget.messages.clear()
    yield widget
    widget.close()


def last(widget: Sent, **row: Any) -> None:
    """Wait until the last message says so of the first row."""
    until(lambda: widget.messages and row.items() <= widget.messages[-1][1].get("rows", [{}])[0].items())


def gaps(*widgets: Sent) -> list[float]:
    times = sorted(at for widget in widgets for at, _ in widget.messages)
    return [b - a for a, b in pairwise(times)]


def test_a_flood_of_views_becomes_five_messages_a_second(status: Sent) -> None:
    job = view()
    for progress in range(600):
        status.show(replace(job, progress=progress % 100))
        time.sleep(0.002)
    status.show(replace(job, progress=77))
    last(status, progress=77)
    assert 5 <= len(status.messages) <= 12
    assert min(gaps(status)) > 0.19


def test_many_statuses_together_stay_below_twenty_messages_a_second() -> None:
    widgets = [Sent(view(job_id=f"job_{k}")) for k in range(20)]
    for progress in range(300):
        for widget in widgets:
            widget.show(view(job_id=widget.row["id"], progress=progress % 100))
        time.sleep(0.005)
    for widget in widgets:
        widget.show(view(job_id=widget.row["id"], progress=77))
    for widget in widgets:
        last(widget, progress=77)
    times = sorted(at for widget in widgets for at, _ in widget.messages)
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= 20
    assert min(len(widget.messages) for widget in widgets) >= 1, "nobody is left out"
    for widget in widgets:
        widget.close()


def test_a_lone_message_goes_at_once_and_two_have_room_between_them() -> None:
    until(lambda: all(taken < time.monotonic() - pace.GAP for taken in pace._booked))
    begun, sent = time.monotonic(), threading.Event()
    times: list[float] = []
    pace.soon(lambda: times.append(time.monotonic()), earliest=begun + 5 * pace.GAP)
    pace.soon(lambda: times.append(time.monotonic()))
    assert len(times) == 1, "what is booked for later keeps nobody"

    def send() -> None:
        times.append(time.monotonic())
        sent.set()

    pace.soon(send, earliest=begun + 5 * pace.GAP)
    assert sent.wait(5)
    assert times[2] - times[1] >= pace.GAP * 0.9


def test_only_news_is_sent(status: Sent) -> None:
    job = status.job
    status.show(replace(job, progress=43))
    last(status, progress=43)
    assert set(status.messages[-1][1]) == {"rows"}
    status.show(replace(job, progress=43))
    status.show(replace(job, progress=44))
    last(status, progress=44)
    assert len(status.messages) == 2


def test_the_end_stops_the_clock_at_the_jobs_own_time(status: Sent) -> None:
    job = status.job
    status.show(replace(job, status="completed", finished_at=job.started_at + 72))
    last(status, done=True)
    row = status.row
    assert (row["label"], row["mark"], round(row["end"] - row["start"])) == ("Done", "✓", 72)


def test_a_page_that_asks_later_gets_the_time_of_that_moment(status: Sent) -> None:
    assert status.get_state()["now"] == pytest.approx(time.time(), abs=1)


def test_views_may_come_from_many_threads(status: Sent) -> None:
    job = status.job

    def feed(first: int) -> None:
        for progress in range(first, 80, 4):
            status.show(replace(job, progress=progress))

    threads = [threading.Thread(target=feed, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    status.show(replace(job, progress=100))
    last(status, progress=100)


def test_a_closed_status_ignores_views() -> None:
    widget = Sent(view())
    widget.show(view(progress=5))
    widget.close()
    widget.messages.clear()
    widget.show(view(progress=6))
    assert widget.messages == []


# --- what it says -------------------------------------------------------------------------------------


def test_it_tells_the_usual_time_and_the_place_in_the_queue() -> None:
    row = Sent(view(usual=Usual(40, 47, 62))).row
    assert row["facts"].endswith("$0.80 held · usually 40 s to 1 min")
    assert row["usual"] == [47, 62]
    assert Sent(view(status="queued", ahead=3)).row["aside"] == "3 before it"
    assert Sent(view(status="queued", ahead=0)).row["aside"] == "next in line"
    assert Sent(view(status="queued", progress=0)).row["aside"] == ""


def test_there_is_a_button_only_where_the_provider_stops_jobs() -> None:
    asked = Sent(view(), print).row
    assert asked["ask"] == "Stop it? The $0.80 held is given back."
    assert Sent(view()).row["ask"] == "", "nobody would hear it"
    never = Sent(view(model="xai/grok-imagine-video-1.5"), print).row
    assert never["ask"] == ""
    assert never["facts"].endswith("cannot be cancelled")
    assert never["why"] == "xai does not stop a job: it will be finished, and billed."


def test_a_board_has_a_row_for_each_and_one_for_all() -> None:
    views = [view(job_id="a", status="completed", cost=700_000_000), view(job_id="b", progress=20)]
    board = Sent(Board.of(views), print)
    assert [(row["id"], row["name"], row["label"]) for row in board.rows] == [
        ("a", "Take 1", "Done"),
        ("b", "Take 2", "In progress"),
    ]
    total = board.total
    assert (total["label"], total["progress"]) == ("1 of 2 done", 50)
    assert total["facts"] == "gemini/gemini-omni-1.2-flash · 8 s · 1280x720 · $0.70 spent · $0.80 held"
    assert total["ask"] == "Stop it? The $0.80 held is given back."


def test_cancel_is_told_once_and_of_the_right_job() -> None:
    pressed: list[str] = []
    board = Sent(Board.of([view(job_id="a"), view(job_id="b")]), pressed.append)
    for job in ("b", "b", ""):
        board._handle_custom_msg({"type": "cancel", "job": job}, [])
    assert pressed == ["b", ""]
    assert board.cancelling == ["a", "b"]


def test_a_cancel_that_is_refused_says_why() -> None:
    status = Sent(view(), print)
    job = status.row["id"]
    status._handle_custom_msg({"type": "cancel", "job": job}, [])
    assert status.cancelling == [job]
    status.refuse_cancel("gemini cannot cancel a job.")
    last(status, note="gemini cannot cancel a job.", ask="")
    assert status.cancelling == []


def test_no_picture_travels_through_a_status() -> None:
    board = Sent(Board.of([view(poster="data:image/webp;base64,AAAA"), view(poster="data:,B")]), print)
    assert "data:" not in str(board.get_state()["rows"])


def test_the_front_end_of_a_status_is_small() -> None:
    """It travels with the opening message of every job."""
    assert len((StatusWidget._esm + StatusWidget._css).encode()) < 12_000


def test_the_front_end_of_all_widgets_is_small() -> None:
    """Unminified, with its comments; 60,000 bytes are the aim."""
    assert sum(file.stat().st_size for file in STATIC.iterdir()) < 67_500
