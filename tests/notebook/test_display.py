"""Where a clip's URL comes from, and how often a status sends: no browser needed."""

from __future__ import annotations

import base64
import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soravid.errors import InvalidRequest
from soravid.media import links
from soravid.notebook import display
from soravid.notebook.widgets.status import StatusWidget
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
    assert not display.in_colab()


# --- the status's messages ----------------------------------------------------------------------------


class Sent(StatusWidget):
    """A status that keeps what it would send."""

    def __init__(self, job: Any) -> None:
        self.messages: list[tuple[float, dict[str, Any]]] = []
        super().__init__(job)

    def send_state(self, key: Any = None) -> None:
        state = self.get_state(key)
        if state and getattr(self, "comm", None) is not None:
            self.messages.append((time.monotonic(), state))


@pytest.fixture
def status() -> Iterator[Sent]:
    widget = Sent(view())
    widget.messages.clear()
    yield widget
    widget.close()


def settled(status: Sent) -> list[dict[str, Any]]:
    time.sleep(0.3)
    return [state for _, state in status.messages]


def test_a_flood_of_views_becomes_five_messages_a_second(status: Sent) -> None:
    job = view()
    end = time.monotonic() + 1.5
    for progress in itertools.count():
        if time.monotonic() > end:
            break
        status.show(replace(job, progress=progress % 100))
        time.sleep(0.002)
    status.show(replace(job, progress=100))
    states = settled(status)
    assert 5 <= len(states) <= 9
    assert states[-1]["progress"] == 100
    gaps = [b[0] - a[0] for a, b in zip(status.messages, status.messages[1:], strict=False)]
    assert min(gaps) > 0.19


def test_only_what_changed_is_sent(status: Sent) -> None:
    job = status._view
    time.sleep(0.3)
    status.show(replace(job, progress=43))
    assert settled(status) == [{"progress": 43}]
    status.show(replace(job, progress=43))
    assert len(settled(status)) == 1


def test_a_lone_view_is_sent_at_once(status: Sent) -> None:
    time.sleep(0.3)
    status.show(replace(status._view, progress=1))
    assert len(status.messages) == 1


def test_the_end_stops_the_clock_at_the_jobs_own_time(status: Sent) -> None:
    job = status._view
    status.show(replace(job, status="completed", finished_at=job.started_at + 72))
    (state,) = settled(status)
    assert (state["done"], state["elapsed"], state["label"], state["mark"]) == (True, 72.0, "Done", "✓")


def test_a_page_that_asks_later_gets_the_age_of_that_moment(status: Sent) -> None:
    status._view = replace(status._view, started_at=time.time() - 38)
    assert status.get_state()["elapsed"] == pytest.approx(38, abs=0.5)


def test_views_may_come_from_many_threads(status: Sent) -> None:
    job = status._view

    def feed(first: int) -> None:
        for progress in range(first, 80, 4):
            status.show(replace(job, progress=progress))

    threads = [threading.Thread(target=feed, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    status.show(replace(job, progress=100))
    assert settled(status)[-1]["progress"] == 100


def test_a_closed_status_ignores_views() -> None:
    widget = Sent(view())
    widget.show(view(progress=5))
    widget.close()
    widget.show(view(progress=6))
    widget.messages.clear()
    assert settled(widget) == []


def test_cancel_is_told_once(status: Sent) -> None:
    pressed: list[int] = []
    status.on_cancel(lambda: pressed.append(1))
    for _ in range(2):
        status._handle_custom_msg({"type": "cancel"}, [])
    assert pressed == [1]
    assert {"cancellable": True} in settled(status)
    assert {"cancelling": True} in settled(status)


def test_a_cancel_that_is_refused_says_why(status: Sent) -> None:
    status.on_cancel(print)
    status._handle_custom_msg({"type": "cancel"}, [])
    status.messages.clear()
    status.refuse_cancel("gemini cannot cancel a job.")
    assert settled(status) == [
        {"cancelling": False, "cancellable": False, "note": "gemini cannot cancel a job."}
    ]


def test_a_status_stays_until_a_page_has_what_lasts() -> None:
    """A page that was closed while the job ended must still find it when it opens."""
    widget = Sent(view())
    widget.finish("<div>card</div>", "card")
    assert widget.get_state()["ending"]["output"]["data"] == {
        "text/html": "<div>card</div>",
        "text/plain": "card",
    }
    widget._handle_custom_msg({"type": "settled"}, [])
    assert widget.comm is None


def test_a_clip_never_travels_through_a_status() -> None:
    widget = Sent(view())
    widget.finish("<video src='data:video/mp4;base64," + "A" * 300_000, "card")
    assert widget.comm is None
    assert not widget.ending


def test_the_front_end_of_a_status_is_small() -> None:
    """It travels with the opening message of every job."""
    assert len((StatusWidget._esm + StatusWidget._css).encode()) < 6_500
