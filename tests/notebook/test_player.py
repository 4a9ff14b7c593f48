"""What a player is given of a clip, and how the clip's bytes reach a page that cannot reach its file."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import anywidget
import pytest

import soravid
from soravid.clips import Clip
from soravid.errors import InvalidRequest, MissingExtra
from soravid.media.links import EMBED_LIMIT
from soravid.notebook import options
from soravid.notebook.widgets.clips import PIECE, serve, shown
from soravid.notebook.widgets.page import PageWidget
from soravid.notebook.widgets.player import PlayerWidget
from tests.notebook.studio import SMALL, Listening, in_a_studio, until

studio = pytest.fixture(scope="module", autouse=True)(in_a_studio)

VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nA kite\n"


class PlayerPage(Listening, PlayerWidget):
    """A player, and the page that it is shown on."""


class AnyPage(Listening, anywidget.AnyWidget):
    """Some widget that shows clips."""

    _esm = "export default {}"


class KernelPage(Listening, PageWidget):
    """The widget that nobody sees, and its page."""


@pytest.fixture(scope="module")
def clip(studio: Path) -> Clip:
    return soravid.generate("A red kite over a harbour", seed=7, **SMALL).wait()


@pytest.fixture
def page(clip: Clip) -> Iterator[PlayerPage]:
    widget = PlayerPage(clip)
    yield widget
    widget.close()


# --- what is shown ------------------------------------------------------------------------------------


def test_a_player_is_told_all_of_a_clip_and_no_media_but_its_poster(clip: Clip) -> None:
    told = shown(clip)
    assert told["src"] == clip.view.path == told["path"]
    assert (told["width"], told["height"]) == (320, 180)
    assert told["facts"].startswith("1 s · 320x180 · animatic · $0.10 spent · ")
    details = told["details"]
    assert details["Cost"] == "$0.10 spent"
    assert (details["Model"], details["Seed"], details["Job"]) == ("local/animatic", "7", clip.job_id)
    assert details["Prompt"] == "A red kite over a harbour"
    without = {name: value for name, value in told.items() if name != "poster"}
    assert "base64" not in json.dumps(without)
    assert len(json.dumps(told)) < 25_000


def test_a_gallery_shows_the_same_from_the_journal_alone(clip: Clip) -> None:
    assert shown(soravid.find_job(clip.job_id).view) | {"facts": ""} == shown(clip) | {"facts": ""}


def test_the_cells_that_a_player_offers_do_what_they_say(clip: Clip) -> None:
    remix, go_on = (shown(clip)["cells"][name] for name in ("Remix", "Continue"))
    line, _, prompt = remix.partition("\n")
    assert options.parse(line.removeprefix("%%video")).remix == clip.job_id
    assert prompt == clip.prompt
    call = ast.parse(go_on).body[-1]
    assert ast.unparse(call).startswith(f"soravid.continue_from(soravid.find_job('{clip.job_id}'), ''")
    with pytest.raises(InvalidRequest, match="prompt is empty"):  # run before it says what happens next
        exec(go_on)


def test_what_a_model_cannot_do_is_not_offered(clip: Clip) -> None:
    from dataclasses import replace

    assert shown(replace(clip.view, model="minimax/nothing-known"))["cells"] == {}


# --- the bytes ----------------------------------------------------------------------------------------


def test_a_clip_reaches_the_page_in_pieces(clip: Clip, tmp_path: Path) -> None:
    large = tmp_path / "large.mp4"
    large.write_bytes(clip.path.read_bytes() + bytes(range(256)) * 40_000)
    page = AnyPage()
    serve(page, lambda _: large)
    at = 0
    while at < large.stat().st_size:
        answer = page.say(type="piece", clip=clip.job_id, at=at)
        assert (answer["at"], answer["size"], answer["kind"]) == (at, large.stat().st_size, "video/mp4")
        assert 0 < len(page.pieces[-1]) <= PIECE <= 4_000_000
        at += len(page.pieces[-1])
    assert b"".join(page.pieces) == large.read_bytes()


def test_a_page_gets_the_clips_of_its_widget_and_no_other_file(page: PlayerPage, clip: Clip) -> None:
    assert page.say(type="piece", clip=clip.job_id, at=0)["size"] == clip.path.stat().st_size
    before = len(page.pieces)
    for other in ("job_0000", "/etc/passwd", ""):
        assert page.say(type="piece", clip=other, at=0)["error"] == "This clip is not shown here."
    assert len(page.pieces) == before


def test_a_clip_that_is_too_large_is_told_not_sent(tmp_path: Path) -> None:
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.truncate(EMBED_LIMIT + 1)
    page = AnyPage()
    serve(page, lambda _: huge)
    assert "too large" in page.say(type="piece", clip="x", at=0)["error"]
    huge.unlink()
    assert "not there any more" in page.say(type="piece", clip="x", at=0)["error"]
    assert not page.pieces


def test_a_player_steps_by_the_files_own_frames(page: PlayerPage, clip: Clip) -> None:
    facts = page.say(type="facts", clip=clip.job_id)
    assert facts["fps"] == clip.info.fps
    assert facts["audio"] is (clip.info.audio is not None)


def test_a_clip_is_never_in_a_players_state(page: PlayerPage, clip: Clip) -> None:
    size = len(json.dumps({name: value for name, value in page.get_state().items() if name[0] != "_"}))
    assert size < 30_000


# --- soravid.player -----------------------------------------------------------------------------------


def test_captions_are_a_file_or_its_text(clip: Clip, tmp_path: Path) -> None:
    from soravid.notebook.player import _captions

    file = tmp_path / "kite.vtt"
    file.write_bytes(b"\xef\xbb\xbf" + VTT.encode())
    assert _captions(file) == _captions(str(file)) == _captions(VTT) == VTT
    assert _captions(None) == ""
    with pytest.raises(InvalidRequest, match="no captions to read in"):
        soravid.player(clip, captions="none.vtt")
    file.write_text("1\n00:00:00,000 --> 00:00:01,000\nA kite\n")
    with pytest.raises(InvalidRequest, match="first line is WEBVTT"):
        soravid.player(clip, captions=file)


def test_without_a_page_a_player_is_the_clip_itself(clip: Clip) -> None:
    assert soravid.player(clip) is clip
    job = soravid.player(clip.job_id)
    assert isinstance(job, soravid.Job)
    assert job.path == clip.path


@pytest.mark.parametrize(("wrong", "says"), [("job_nope", "no job 'job_nope'"), (3, "a job's id, not int")])
def test_a_player_of_nothing_says_so(wrong: object, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        soravid.player(wrong)  # type: ignore[arg-type]


def test_a_job_is_followed_until_its_clip_is_there(studio: Path) -> None:
    page = PlayerPage(soravid.generate("A slow ship", seconds=2, size="320x180"))
    assert page.item["running"]
    assert not page.item["clip"]
    until(lambda: page.item["clip"])
    assert page.item["clip"]["facts"].startswith("2 s · 320x180")
    assert "<video controls" in page._lasting()[0]
    page.close()


def test_a_job_that_fails_says_why(studio: Path) -> None:
    page = PlayerPage(soravid.generate("[refuse] A ship", **SMALL))
    until(lambda: not page.item["running"])
    assert page.item["label"] == "Refused by the provider's safety check"
    assert "Rephrase" in page.item["advice"]
    assert "Refused" in page._lasting()[0]
    page.close()


# --- the lasting cards --------------------------------------------------------------------------------


def test_a_lasting_card_can_be_brought_to_life(clip: Clip) -> None:
    page = KernelPage()
    assert f'data-job="{clip.job_id}"' in clip._repr_mimebundle_()["text/html"]
    answer = page.say(type="cells", clip=clip.job_id)
    assert (answer["path"], answer["cells"]) == (clip.view.path, shown(clip)["cells"])
    assert page.say(type="facts", clip=clip.job_id)["fps"] == clip.info.fps
    assert page.say(type="cells", clip="job_nope")["cells"] == {}
    page.close()


def test_what_lasts_is_told_to_a_page_that_was_reloaded() -> None:
    page = KernelPage()
    hosted: list[int] = []
    page.when_hosted(lambda: hosted.append(1))
    page.say(type="hello", hosts=False)
    assert not page.hosts
    page.say(type="hello", hosts=True)
    page.when_hosted(lambda: hosted.append(2))
    page.keep("w1", {"text/html": "<b>1</b>"})
    assert (hosted, page.heard) == ([1, 2], [])
    page.say(type="hello", hosts=True)
    page.keep("w1", {"text/html": "<b>2</b>"})
    page.keep("w1", None)
    page.say(type="hello", hosts=True)
    assert [said["data"]["text/html"] for said in page.heard] == ["<b>1</b>", "<b>2</b>"]
    page.close()


def test_the_player_is_no_hard_need(monkeypatch: pytest.MonkeyPatch, clip: Clip) -> None:
    import sys

    from soravid.notebook import display

    monkeypatch.setattr(display, "rich_front", lambda: True)
    monkeypatch.setitem(sys.modules, "soravid.notebook.widgets.player", None)
    with pytest.raises(MissingExtra, match="The player needs an optional part"):
        soravid.player(clip)
