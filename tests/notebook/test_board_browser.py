"""Several jobs on one board, in a real JupyterLab: they run, end, are stopped, reloaded, left and resumed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.core.helpers import until
from tests.notebook.lab import Book, Lab, OpenBook

pytestmark = pytest.mark.browser

PRICE = "_ = soravid.add_models({'id': 'local/animatic', 'prices': {'any': '0.10'}})"
LOAD = f"%load_ext soravid\nimport soravid\n{PRICE}"
SMALL = "-s 1 -z 320x180"
PATIENCE = 30_000


@pytest.fixture(autouse=True)
def no_errors(context: BrowserContext) -> Iterator[None]:
    """Nothing of ours is ever told to the browser's console, and nothing is raised there."""
    said: list[str] = []
    context.on("console", lambda line: said.append(line.text) if line.type in {"error", "warning"} else None)
    context.on("weberror", lambda error: said.append(str(error.error)))
    yield
    ours = [line for line in said if "soravid" in line.lower() or "anywidget" in line.lower()]
    assert ours == []


def board(book: Book, k: int) -> Locator:
    return book.output(k).locator(".soravid-status.board")


def row(book: Book, k: int, name: str) -> Locator:
    return board(book, k).locator(".job").filter(has_text=name)


def card(book: Book, k: int) -> Locator:
    return book.output(k).locator(".soravid-card")


def test_takes_run_on_one_board_and_end_on_one_card(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab, "takes.ipynb", LOAD, f"%%video -n 3 {SMALL} --param pace=4\nA red kite over a harbour"
    )
    book.run_all()
    first, last = row(book, 1, "Take 1"), row(book, 1, "Take 3")
    expect(board(book, 1).locator(".job")).to_have_count(4)
    # A clip that is there is shown while the others run.
    expect(first.locator("video")).to_be_visible(timeout=PATIENCE)
    assert book.plays(first.locator("video"))
    expect(board(book, 1).get_by_role("status").first).to_have_text("1 of 3 done")
    # One of them is stopped, after it is said what that costs; by the keyboard alone.
    last.get_by_role("button", name="Cancel").focus()
    book.page.keyboard.press("Enter")
    expect(last.locator(".ask")).to_have_text("Stop it? The $0.10 held is given back.")
    book.page.keyboard.press("Escape")
    expect(last.locator(".ask")).to_be_hidden()
    book.page.keyboard.press("Enter")
    book.page.keyboard.press("Enter")
    expect(last.locator(".label")).to_have_text(re.compile("Cancelling|Cancelled"))
    expect(card(book, 1)).to_contain_text("2 of 3 clips, 1 cancelled", timeout=PATIENCE)
    expect(card(book, 1)).to_contain_text("$0.20 spent")
    expect(card(book, 1).locator("video")).to_have_count(2)
    expect(card(book, 1).get_by_role("button", name="Play")).to_have_count(2)
    expect(card(book, 1).get_by_role("button", name="Continue")).to_have_count(2)
    expect(book.output(1).locator(".jp-OutputArea-child")).to_have_count(1)
    book.shot("board-ended", card(book, 1))
    book.save()
    (output,) = book.saved()["cells"][1]["outputs"]
    assert sorted(output["data"]) == ["text/html", "text/plain"]
    assert "data-soravid" not in "".join(output["data"]["text/html"])
    book.shutdown_kernel()
    book.reload()
    for video in card(book, 1).locator("video").all():
        assert book.plays(video)


def test_a_board_is_there_again_after_a_reload_and_ends_while_nobody_looks(
    lab: Lab, open_book: OpenBook
) -> None:
    book = open_book(
        lab, "board-reload.ipynb", LOAD, f"%%video -n 2 {SMALL} --param pace=4\nA red kite that ends"
    )
    book.run_all()
    expect(board(book, 1).locator("[role=progressbar]").first).to_be_visible()
    book.save()
    book.reload()
    expect(board(book, 1).locator(".job")).to_have_count(3)
    expect(board(book, 1).locator(".clock").first).to_have_text(re.compile(r"0:[01]\d"))
    # Saved in mid-job and opened without its kernel it is no error, but a card that says what to do.
    html = "".join(book.saved()["cells"][1]["outputs"][0]["data"]["text/html"])
    assert "%video resume" in html
    book.page.goto("about:blank")
    until(lambda: len(list(lab.root.glob("soravid_media/red-kite-that-ends-*.mp4"))) == 2, 30)
    book.reload()
    expect(card(book, 1)).to_contain_text("2 clips", timeout=PATIENCE)
    assert book.plays(card(book, 1).locator("video").first)


def test_a_batch_sends_as_there_is_room_and_tells_what_failed(lab: Lab, open_book: OpenBook) -> None:
    prompts = "['A kite', '[fail] A fox in the snow that is too long for a row', 'Rain', 'A train']"
    options = "seconds=1, size='320x180', concurrency=2, extra_body={'pace': 2}"
    book = open_book(
        lab,
        "batch.ipynb",
        LOAD,
        f"batch = soravid.map({prompts}, {options})\nbatch",
        "print(len(batch.clips), batch.cost)",
    )
    book.run_all()
    expect(card(book, 1)).to_contain_text("3 of 4 clips, 1 failed", timeout=PATIENCE)
    expect(book.output(1).locator(".jp-OutputArea-child")).to_have_count(1)
    expect(card(book, 1)).to_contain_text("The provider could not make the clip")
    expect(book.output(2)).to_contain_text("3 0.3")
    book.shot("batch-ended", card(book, 1))


def test_after_a_restart_what_was_left_is_offered_in_one_line(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab,
        "left.ipynb",
        LOAD,
        f"%%video -n 2 {SMALL} --param pace=5\nA red kite that was left",
        "print(soravid.jobs(2)[0].waited_for)",
    )
    book.run(0)
    book.run(1)
    expect(board(book, 1).locator(".label").nth(1)).to_have_text("In progress", timeout=PATIENCE)
    book.restart_kernel()
    expect(board(book, 1).locator(".label").first).to_have_text("The kernel has stopped")
    expect(board(book, 1).get_by_role("button", name="Cancel")).to_have_count(0)
    book.shot("board-kernel-stopped", board(book, 1))
    book.run(0)
    offer = book.output(0).locator(".soravid-offer")
    expect(offer).to_contain_text("2 jobs were left running. %video resume brings them.", timeout=PATIENCE)
    book.shot("offer", offer)
    book.run(2)
    expect(book.output(2)).to_contain_text("False")  # nothing is taken up unasked
    button = offer.get_by_role("button", name="Resume")
    button.focus()
    count = book.cells.count()
    for key in ("b", "d", "d"):
        book.page.keyboard.press(key)
    expect(book.cells).to_have_count(count)
    book.page.keyboard.press("Enter")
    expect(board(book, 0)).to_be_visible(timeout=PATIENCE)
    expect(card(book, 0)).to_contain_text("2 clips", timeout=PATIENCE)
    expect(book.output(0).locator(".jp-OutputArea-child")).to_have_count(1)
    assert book.plays(card(book, 0).locator("video").first)
    # Loaded once more there is nothing to say.
    book.kernel_python("%unload_ext soravid")
    book.run(0)
    book.wait_idle()
    expect(book.output(0).locator(".jp-OutputArea-child")).to_have_count(0)
