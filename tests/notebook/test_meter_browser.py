"""The meter in a real JupyterLab: in its cell and at the notebook's foot, while money is held and spent."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.notebook.axe import violations
from tests.notebook.lab import Book, Lab, OpenBook
from tests.notebook.studio import complaints, press_everything

pytestmark = pytest.mark.browser

LOAD = """%load_ext soravid
import soravid
soravid.add_models({"id": "local/animatic", "prices": {"any": "0.10"}});"""
SMALL = "%%video -m local/animatic -z 320x180"


def looks(book: Book, name: str, root: Locator) -> None:
    for theme in ("light", "dark"):
        book.dark(theme == "dark")
        assert not violations(root)
        book.shot(f"meter-{name}-{theme}", root)
    book.dark(False)


def test_the_meter_stays_true_in_its_cell_and_at_the_foot(lab: Lab, open_book: OpenBook) -> None:
    cells = [
        *(LOAD, "%video budget 1", "soravid.meter()", f"{SMALL} -s 5\nA red kite"),
        *(f"{SMALL} -s 4\nA fox in the snow", "%video meter", "%video budget 5", *["pass"] * 30),
    ]
    book = open_book(lab, "meter.ipynb", *cells, width=1280)
    heard = complaints(book.page)
    for k in range(3):
        book.run(k)
    book.wait_idle()
    meter = book.output(2).locator("[data-soravid] .soravid-meter")
    word, line = meter.get_by_role("status"), meter.get_by_role("button").first
    expect(line).to_contain_text("$0.00 spent · $0.00 held · $1.00 left of $1.00 · saved $0.00")
    expect(word).to_have_text("")

    # It follows the cells that spend, and says which.
    book.run(3)
    expect(line).to_contain_text("$0.50 spent · $0.00 held · $0.50 left", timeout=20_000)
    line.press("Enter")
    expect(meter).to_contain_text("[4] A red kite")
    expect(meter).to_contain_text("1 job · $0.50 spent")
    book.run(4)
    expect(word).to_have_text("Near the limit", timeout=20_000)
    expect(meter).to_contain_text("[5] A fox in the snow")
    expect(meter).to_contain_text("2 jobs · $0.90 spent")
    looks(book, "open", meter)

    # At the foot, where it takes its room from the notebook and covers no cell.
    book.run(5)
    foot = book.page.locator(".jp-NotebookPanel > .soravid-meter")
    expect(foot).to_contain_text("$0.10 left of $1.00")
    expect(book.output(5)).to_contain_text("The meter is at the foot of this notebook.")
    edges = """() => [".jp-WindowedPanel-outer", ".jp-NotebookPanel > .soravid-meter"]
        .map((where) => document.querySelector(where).getBoundingClientRect())"""
    for _ in range(2):
        cells_box, foot_box = book.page.evaluate(edges)
        assert cells_box["bottom"] <= foot_box["top"] + 1
        foot.get_by_role("button").first.click()
        expect(foot).to_contain_text("By cell")
        book.pause(0.2)
    book.run(6)  # a budget tells nobody: the page looks
    expect(foot).to_contain_text("$4.10 left of $5.00", timeout=10_000)
    assert press_everything(book, foot) == 2
    book.narrow(400)
    looks(book, "foot", foot)

    # A reload keeps it there; it can be put away.
    book.save()
    book.reload()
    foot = book.page.locator(".jp-NotebookPanel > .soravid-meter")
    expect(foot).to_contain_text("$4.10 left of $5.00", timeout=20_000)
    foot.get_by_role("button", name="Unpin").press("Enter")
    expect(foot).to_have_count(0)
    expect(book.output(5)).to_contain_text("$4.10 left of $5.00")
    assert book.page.locator(".jp-Notebook").evaluate("book => book.style.paddingBottom") == ""
    assert not heard
