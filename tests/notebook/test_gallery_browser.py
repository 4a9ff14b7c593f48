"""The gallery in a real JupyterLab: searched, scrolled, opened, compared, tagged, used again, cleaned up."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from soravid.media import poster_of
from tests.notebook.axe import violations
from tests.notebook.feed import make_clip
from tests.notebook.lab import Book, Lab, OpenBook
from tests.notebook.stored import journal, stored
from tests.notebook.studio import complaints, press_everything

pytestmark = pytest.mark.browser

LOAD = """import os
os.environ["SORAVID_HOME"] = os.path.abspath("home")
%load_ext soravid
import soravid"""
CLIPS = 150
IN_SIGHT = ".card:not([hidden])"


@pytest.fixture
def folder(lab: Lab, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A notebook's folder with a journal of 150 clips, the two newest real, and one whose file is gone."""
    folder: Path = lab.root / request.node.name
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SORAVID_HOME", str(folder / "home"))
    for number in range(CLIPS):
        real = number >= CLIPS - 2
        file = folder / "soravid_media" / f"clip-{number}.mp4"
        prompt = f"Clip number {number}: a {'red kite' if real else 'fox'}"
        row = stored(prompt, "0.10", file=file, model="local/animatic")
        if real:
            make_clip(str(file))
            journal().stored(row.id, file, poster_of(file))
    Path(stored("One that is gone").clip or "").unlink()
    journal().close()
    return folder


def card(root: Locator, number: int) -> Locator:
    return root.locator(IN_SIGHT).filter(has_text=f"Clip number {number}:")


def active(root: Locator) -> str:
    """What a screen reader is told of when the arrow keys are pressed."""
    words: str = root.locator(".grid").evaluate(
        "grid => document.getElementById(grid.getAttribute('aria-activedescendant')).textContent"
    )
    return words


def looks(book: Book, name: str, root: Locator) -> None:
    for theme in ("light", "dark"):
        book.dark(theme == "dark")
        assert not violations(root)
        book.shot(f"gallery-{name}-{theme}", root)
    book.dark(False)


def test_a_gallery_is_used_with_the_keyboard_alone(lab: Lab, open_book: OpenBook, folder: Path) -> None:
    book = open_book(lab, f"{folder.name}/book.ipynb", LOAD, "soravid.gallery()", width=1280, height=1100)
    heard = complaints(book.page)
    book.run_all()
    root = book.output(1).locator("[data-soravid] .soravid-gallery")
    grid, status = root.get_by_role("listbox", name="Clips"), root.get_by_role("status").first
    press = book.page.keyboard.press
    expect(status).to_have_text(f"{CLIPS + 1} clips · $15.80")
    expect(root.locator(IN_SIGHT).first).to_contain_text("One that is gone")
    expect(root.locator(IN_SIGHT).first).to_contain_text("file missing")
    assert root.locator(IN_SIGHT).count() < 40
    looks(book, "grid", root)

    # To the end and back: rows and posters come as they are needed.
    grid.focus()
    press("End")
    expect(card(root, 0)).to_be_visible()
    expect(card(root, 0)).to_have_attribute("aria-posinset", str(CLIPS + 1))
    book.page.wait_for_function(
        "img => img.complete && img.naturalWidth", arg=card(root, 0).locator("img").element_handle()
    )
    press("ArrowUp")
    press("Home")
    assert "One that is gone" in active(root)
    press("ArrowRight")
    assert "Clip number 149" in active(root)

    # Two are chosen and compared, in step.
    press("Space")
    press("ArrowRight")
    press("Space")
    expect(root).to_contain_text("2 chosen")
    expect(grid.get_by_role("option", selected=True)).to_have_count(2)
    book.shot("gallery-chosen", root)
    press("Enter")
    videos = root.locator("video")
    expect(videos).to_have_count(2)
    expect(root.get_by_role("button", name="All clips")).to_be_focused()
    book.page.wait_for_function(
        "([a, b]) => a.readyState > 2 && b.readyState > 2", arg=videos.element_handles()
    )
    together = root.get_by_role("group", name="All clips")
    together.get_by_role("button", name="Play").click()
    book.page.wait_for_function(
        "([a, b]) => a.currentTime > 0.3 && b.currentTime > 0.3", arg=videos.element_handles()
    )
    together.get_by_role("button", name="Pause").click()
    together.press("ArrowLeft")
    book.page.wait_for_function(
        "([a, b]) => a.paused && b.paused && a.currentTime === b.currentTime", arg=videos.element_handles()
    )
    looks(book, "compared", root)
    root.get_by_role("button", name="All clips").press("Escape")
    expect(grid).to_be_focused()
    press("Escape")
    expect(grid.get_by_role("option", selected=True)).to_have_count(0)

    # Tags, which can then be sought.
    tags = root.get_by_role("textbox", name="Tags")
    tags.fill("hero, draft")
    tags.press("Enter")
    expect(card(root, 148)).to_contain_text("#draft · #hero · $0.10")
    grid.focus()
    press("/")
    expect(root.get_by_role("searchbox", name="Search prompts")).to_be_focused()
    book.page.keyboard.type("kite")
    expect(status).to_have_text("2 clips · $0.20")
    root.get_by_role("combobox", name="Tag").select_option("hero")
    expect(status).to_have_text("1 clip · $0.10")

    # Used again: a cell below, which finds the clip.
    grid.focus()
    press("Enter")
    root.get_by_role("button", name="Re-use").press("Enter")
    expect(root).to_contain_text("A cell was added below.")
    (_, _, new) = book._in_panel("return panel.content.widgets.map((cell) => cell.model.sharedModel.source);")
    assert new == "%%video -m local/animatic -s 8 -z 1280x720\nClip number 148: a red kite"
    book.run(2)
    expect(book.output(2)).to_contain_text("$0.00 (saved $0.10)")
    expect(root.locator("video")).to_have_count(1)

    # Deleting asks; no is no, yes takes the file alone.
    file = folder / "soravid_media" / "clip-148.mp4"
    root.get_by_role("button", name="All clips").click()
    for answer in ("Keep", "Delete file"):
        grid.focus()
        press("Delete")
        question = root.get_by_role("alertdialog", name="Delete clip-148.mp4?")
        expect(question).to_contain_text("No saved notebook beside it shows it.")
        expect(question.get_by_role("button", name="Keep")).to_be_focused()
        book.shot("gallery-question", root)
        question.get_by_role("button", name=answer).press("Enter")
        expect(question).to_have_count(0)
        expect(grid).to_be_focused()
        if answer == "Keep":
            assert file.exists()
    expect(card(root, 148)).to_contain_text("file missing")
    assert not file.exists()

    # No key of a field, a button or the grid is a command to the notebook.
    assert press_everything(book, root) >= 5
    book.narrow(400)
    root.get_by_role("searchbox", name="Search prompts").fill("fox")
    root.get_by_role("combobox", name="Tag").select_option("")
    expect(status).to_have_text("148 clips · $14.80")
    looks(book, "narrow", root)
    assert not heard


def test_a_gallery_survives_a_reload_and_tells_of_new_clips(
    lab: Lab, open_book: OpenBook, folder: Path
) -> None:
    make = "soravid.generate('A new one', model='local/animatic', seconds=1, size='320x180').wait();"
    book = open_book(lab, f"{folder.name}/book.ipynb", LOAD, "%video gallery clip number", make, width=1280)
    heard = complaints(book.page)
    book.run(0)
    book.run(1)
    book.wait_idle()
    root = book.output(1).locator("[data-soravid] .soravid-gallery")
    expect(root.get_by_role("status").first).to_have_text(f"{CLIPS} clips · $15.00")
    root.get_by_role("searchbox").fill("")
    expect(root.get_by_role("status").first).to_have_text(f"{CLIPS + 1} clips · $15.80")
    book.run(2)
    expect(root.locator(IN_SIGHT).first).to_contain_text("A new one", timeout=20_000)
    book.save()
    book.reload()
    again = book.output(1).locator("[data-soravid] .soravid-gallery")
    expect(again.get_by_role("status").first).to_have_text(f"{CLIPS} clips · $15.00", timeout=20_000)
    card(again, 149).click()
    assert book.plays(again.locator("video"))
    assert not heard
