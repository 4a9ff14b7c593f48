"""The player in a real JupyterLab: under a lasting card while there is a kernel, and by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.notebook.axe import violations
from tests.notebook.lab import Lab, OpenBook
from tests.notebook.studio import complaints, press_everything

pytestmark = pytest.mark.browser

LOAD = "%load_ext soravid\nimport soravid"
KITE = "%%video kite -z 640x360 -s 2\nA red kite over a harbour at dawn, slow pan left"
VTT = "WEBVTT\\n\\n00:00.000 --> 00:02.000\\nThe kite rises\\n"


def now(video: Locator) -> float:
    return float(video.evaluate("video => video.currentTime"))


def until(video: Locator, true: str) -> None:
    video.page.wait_for_function(f"video => !video.seeking && {true}", arg=video.element_handle())


def test_a_card_is_plain_in_the_file_and_rich_in_the_page(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "rich.ipynb", LOAD, KITE, "%%video -z 180x320 -s 1\nA tall tower", height=1500)
    heard = complaints(book.page)
    book.run_all()
    card = book.output(1).locator(".soravid-card")
    play = card.get_by_role("button", name="Play")
    expect(play).to_be_visible(timeout=30_000)
    expect(play).to_have_attribute("title", "Play (space)")
    video, position = card.locator("video"), card.get_by_role("slider", name="Position")

    # The keyboard alone: play, stop, frame by frame, by seconds, the loop.
    play.focus()
    book.page.keyboard.press("Space")
    expect(card.get_by_role("button", name="Pause")).to_be_visible()
    until(video, "video.currentTime > 0.3")
    book.page.keyboard.press("Space")
    expect(play).to_be_visible()
    at = now(video)
    book.page.keyboard.press(".")
    until(video, f"video.currentTime > {at}")
    one_on = now(video)
    assert 0 < one_on - at <= 1.6 / 24
    book.page.keyboard.press(",")
    until(video, f"video.currentTime < {one_on}")
    assert one_on - now(video) == pytest.approx(1 / 24, abs=0.002)
    book.page.keyboard.press("ArrowLeft")
    expect(position).to_have_attribute("aria-valuetext", "0.0 of 2.0 seconds")
    book.page.keyboard.press("l")
    expect(card.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    card.get_by_role("combobox", name="Speed").select_option("0.5")
    assert video.evaluate("video => [video.loop, video.playbackRate]") == [True, 0.5]

    # What it leads to.
    card.get_by_role("button", name="Remix").click()
    expect(card.get_by_text("A cell was added below.")).to_be_visible()
    expect(book.cell(2)).to_contain_text(re.compile(r"%%video --remix job_\w+"))
    with book.page.expect_download() as download:
        card.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.startswith("red-kite-over")
    assert press_everything(book, card) > 10
    assert not violations(card)
    book.shot("card", card)
    tall = book.output(3).locator(".soravid-card")
    expect(tall.get_by_role("slider")).to_be_visible(timeout=30_000)
    book.shot("card-tall", tall)

    # The file knows nothing of it; a page that is opened again does.
    book.save()
    (output,) = book.saved()["cells"][1]["outputs"]
    assert sorted(output["data"]) == ["text/html", "text/plain"]
    html = "".join(output["data"]["text/html"])
    assert "<video controls" in html
    assert "Speed" not in html
    book.reload()
    expect(book.output(1).get_by_role("button", name="Remix")).to_be_visible()
    book.shutdown_kernel()
    book.reload()
    plain = book.output(1).locator("video")
    expect(plain).to_have_attribute("controls", "")
    assert book.plays(plain)
    assert not heard


def test_a_player_by_itself(lab: Lab, open_book: OpenBook, tmp_path: Path) -> None:
    folder = f"{tmp_path}/far/"
    far = f"soravid.generate('A boat far away', seconds=1, size='320x180', path={folder!r})"
    book = open_book(
        lab,
        "player.ipynb",
        LOAD,
        "job = soravid.generate('A red kite over a harbour', seconds=2, size='640x360')",
        f"soravid.player(job, captions='{VTT}', loop=True)",
        f"soravid.player({far})",
        height=1500,
    )
    heard = complaints(book.page)
    book.run_all()
    near, beyond = (book.output(k).locator(".soravid-one") for k in (2, 3))
    video = near.locator("video")
    expect(video).to_be_visible(timeout=30_000)
    expect(near.get_by_role("button", name="Captions")).to_have_attribute("aria-pressed", "true")
    near.locator("video").click()
    until(video, "video.currentTime > 0.2")
    assert video.evaluate("video => video.textTracks[0].activeCues.length") == 1
    for key in ("Space", "c"):
        book.page.keyboard.press(key)
    assert video.evaluate("video => [video.paused, video.textTracks[0].mode]") == [True, "hidden"]
    near.get_by_text("Details").click()
    expect(near.get_by_text("local/animatic", exact=True)).to_be_visible()

    # Out of the notebook's reach: the kernel hands it over when it is wanted, and not before.
    film = beyond.locator("video")
    expect(film).to_be_visible(timeout=30_000)
    assert not film.evaluate("video => video.src")
    beyond.get_by_role("button", name="Play").click()
    until(film, "video.currentTime > 0.2")
    assert film.evaluate("video => video.src").startswith("blob:")

    assert press_everything(book, near) > 10
    for theme in ("light", "dark"):
        book.dark(theme == "dark")
        assert not violations(near)
        book.shot(f"player-{theme}", near)
    book.dark(False)
    book.narrow(400)
    book.shot("player-narrow", near)
    assert near.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
    book.save()
    outputs = [output for k in (2, 3) for output in book.saved()["cells"][k]["outputs"]]
    assert [sorted(output["data"]) for output in outputs] == [["text/html", "text/plain"]] * 2
    assert sum(len(str(output)) for output in outputs) < 60_000
    assert not heard
