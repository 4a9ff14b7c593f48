"""A comparison and a storyboard in a real JupyterLab: pressed, watched, voted for, saved, opened again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.notebook.axe import violations
from tests.notebook.lab import Book, Lab, OpenBook
from tests.notebook.studio import complaints, press_everything

pytestmark = pytest.mark.browser

LOAD = """%load_ext soravid
import soravid
soravid.add_models({"id": "local/animatic", "prices": {"any": "0.10"}})
soravid.budget("5");"""
COMPARE = """soravid.compare(
    ["A red kite over a harbour at dawn", "A red kite in a storm"],
    models=["local/animatic", "openai/sora-2"], seconds=2, size="640x360", takes=2)"""
STORYBOARD = """soravid.storyboard(
    ["A red kite is launched", "The kite climbs into the clouds"], seconds=1, size="320x180")"""


def looks(book: Book, name: str, root: Locator) -> None:
    """Judge it in both themes and in a narrow column."""
    for theme in ("light", "dark"):
        book.dark(theme == "dark")
        assert not violations(root)
        book.shot(f"{name}-{theme}", root)
    book.dark(False)


def test_clips_are_compared(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "compare.ipynb", LOAD, COMPARE, width=1280, height=1500)
    heard = complaints(book.page)
    book.run_all()
    root = book.output(1).locator(".soravid-compare")
    expect(root).to_contain_text("4 clips to make: $0.80 · $5.00 left of $5.00")
    expect(root.get_by_text("There is no key for openai").first).to_be_visible()
    expect(root.locator("video")).to_have_count(0)
    book.shot("compare-before", root)

    root.get_by_role("button", name="Generate 4 clips").press("Enter")
    expect(root.get_by_role("progressbar").first).to_be_visible()
    videos = root.locator(".grid video")
    expect(videos).to_have_count(4, timeout=60_000)
    expect(root).to_contain_text("4 of 8 clips, 4 failed · $0.80 spent")

    # All in step, within a frame or two, also after a jump; a vote does not stop them.
    together = root.get_by_role("group", name="All clips")
    ready = "videos => videos.every((video) => video.readyState > 2)"
    book.page.wait_for_function(ready, arg=videos.element_handles())
    together.get_by_role("button", name="Play").click()
    moving = "([t, ...videos]) => videos.every((v) => v.currentTime > t && !v.paused)"
    book.page.wait_for_function(moving, arg=[0.4, *videos.element_handles()])
    root.get_by_role("button", name="Vote").first.click()
    voted = root.get_by_role("button", name="Voted")
    expect(voted).to_have_count(1)
    book.page.wait_for_function(moving, arg=[0.9, *videos.element_handles()])
    expect(voted).to_be_focused()
    times = videos.evaluate_all("videos => videos.map((video) => video.currentTime)")
    assert max(times) - min(times) < 2.5 / 24
    together.get_by_role("button", name="Pause").click()
    together.get_by_role("button", name="One frame on").click()
    stood = (
        "([...v]) => !v.some((x) => x.seeking) && new Set(v.map((x) => x.currentTime.toFixed(3))).size === 1"
    )
    book.page.wait_for_function(f"() => ({stood})(document.querySelectorAll('.grid video'))")

    # One of them closely.
    look = root.get_by_role("button", name="Open").first
    look.click()
    expect(look).to_have_attribute("aria-expanded", "true")
    expect(root.get_by_role("button", name="Remix")).to_be_visible()
    assert press_everything(book, root) > 20
    looks(book, "compare", root)
    look.click()
    expect(root.get_by_role("button", name="Remix")).to_have_count(0)
    book.narrow(400)
    book.shot("compare-narrow", root)
    tops = videos.evaluate_all("videos => videos.map((video) => video.getBoundingClientRect().left)")
    assert len(set(tops)) == 1, "one column"

    # What lasts: without its kernel it plays and shows the vote. With one, running it again costs nothing.
    book.save()
    (output,) = book.saved()["cells"][1]["outputs"]
    assert sorted(output["data"]) == ["text/html", "text/plain"]
    book.reload()
    expect(book.output(1).get_by_role("button", name="Voted")).to_be_visible()
    book.run(1)
    expect(book.output(1).locator(".soravid-compare")).to_contain_text("saved $0.80", timeout=20_000)
    expect(book.output(1).get_by_role("button", name="Voted")).to_be_visible()
    book.shutdown_kernel()
    book.reload()
    card = book.output(1).locator(".soravid-card")
    expect(card).to_contain_text("★ Voted")
    assert book.plays(card.locator("video").first)
    assert not heard


def test_a_storyboard_becomes_a_film(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "storyboard.ipynb", LOAD, STORYBOARD, height=1300)
    heard = complaints(book.page)
    book.run_all()
    root = book.output(1).locator(".soravid-storyboard")
    expect(root).to_contain_text("2 clips to make: $0.20 · $5.00 left of $5.00")
    root.get_by_role("button", name="Generate 2 clips").press("Enter")
    expect(root.get_by_text("Film of 2 shots")).to_be_visible(timeout=60_000)
    root.get_by_role("button", name="Go to shot 2").click()
    expect(root.get_by_role("slider")).to_have_attribute("aria-valuetext", "1.0 of 2.0 seconds")
    expect(root.get_by_role("listitem")).to_have_count(2)
    assert press_everything(book, root) > 10
    looks(book, "storyboard", root)
    book.save()
    book.run(1)
    expect(book.output(1)).to_contain_text("2 clips · $0.00 spent · saved $0.20", timeout=20_000)
    book.shutdown_kernel()
    book.reload()
    videos = book.output(1).locator("video")
    expect(videos).to_have_count(3)
    assert book.plays(videos.first)
    assert not heard
