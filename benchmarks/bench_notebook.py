"""What a person sees and keeps: a real JupyterLab in a real Chromium, driven by the tests' own harness."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from statistics import median
from urllib.parse import unquote

from playwright.sync_api import expect, sync_playwright

from benchmarks.report import Report, Row
from tests.notebook.book import CHROMIUM
from tests.notebook.lab import Book, Lab, Message, OpenBook, book_opener, busiest_second, launch

KERNELS, PAINTS, CLIPS = 3, 3, 10
SECONDS, CLICKED, MESSAGES, BYTES, SAVED = 0.5, 0.3, 7, 2048, 300
MANY = 150
PATIENCE = 120.0

LOAD = "%load_ext soravid\nfrom IPython.display import HTML, Video, display"
STATUS = ".soravid-status .label"
SMALL = "%%video -m local/animatic -s 1 -z 320x180"
LONG = "%%video -m local/animatic -s 8 -z 1280x720\nA red kite over a harbour at dawn, slow pan left"
PRICE, BUTTON = ".soravid-form .offer b:not(:empty)", ".jupyter-button"
MODELS = f"""from soravid import catalog
made = [{{"id": f"fal_ai/made-up/model-{{k}}", "like": "fal_ai/minimax/h3"}} for k in range({MANY})]
catalog.add(*made[len(catalog.models()):]);"""
FORM = 'import soravid\nsoravid.form("A red kite, slow pan left", seconds=1, size="320x180")'
PEER = """from ipywidgets import Button, Dropdown, FloatText, Label, Textarea, VBox
button = Button(description="Generate")
box = VBox([Textarea(), Dropdown(options=[model.id for model in catalog.models()]), FloatText(), button])
button.on_click(lambda _, box=box: setattr(box, "children", [*box.children, Label("Sending")]))
box"""
SCENES = (
    *("a red kite over a harbour", "a fox in the snow", "a steam train in the hills", "rain on a window"),
    *("a lighthouse in a storm", "a market at noon", "a whale under the ice", "a city at night"),
    *("a field of barley", "the moon over dunes"),
)


def run() -> Report:
    """Measure paint, then traffic, then the saved files."""
    report = Report("notebook: JupyterLab and Chromium")
    if not Path(CHROMIUM).exists():
        report.notes.append("There is no Chromium (`make browser` installs one), so nothing was measured.")
        return report
    with jupyter() as (lab, open_book):
        report.rows += _paint(lab, open_book)
        report.rows += _traffic(lab, open_book)
        report.rows += _saved(lab, open_book)
        report.rows += _form(lab, open_book)
    return report


@contextmanager
def jupyter() -> Iterator[tuple[Lab, OpenBook]]:
    """A JupyterLab of its own, and a browser for it."""
    with tempfile.TemporaryDirectory(prefix="soravid-bench-", ignore_cleanup_errors=True) as home:
        lab = Lab(Path(home) / "lab")
        try:
            with sync_playwright() as playwright:
                browser = launch(playwright)
                with contextmanager(book_opener)(browser.new_context()) as open_book:
                    yield lab, open_book
                browser.close()
        finally:
            lab.stop()


def _paint(lab: Lab, open_book: OpenBook) -> list[Row]:
    """From the run command to the painted status, our cells and plain HTML by turns, in several kernels."""
    cells = []
    for number, scene in enumerate(SCENES[: KERNELS * PAINTS]):
        cells += [f"{SMALL}\n{scene}", f"display(HTML('<div class=plain>{number}</div>'))"]
    book = open_book(lab, "paint.ipynb", LOAD, *cells)
    first: dict[str, list[float]] = {STATUS: [], ".plain": []}
    later: dict[str, list[float]] = {STATUS: [], ".plain": []}
    for number in range(KERNELS * PAINTS):
        fresh = number % PAINTS == 0
        if fresh:
            if number:
                book.restart_kernel()
            book.run(0)
            book.wait_idle()
        for cell, selector in ((1 + 2 * number, STATUS), (2 + 2 * number, ".plain")):
            took = _painted(book, cell, selector) / 1000
            (first if fresh else later)[selector].append(took)
            book.wait_idle()
            if selector == STATUS:
                # Else the engine, which draws on every core, would slow down the next cell.
                expect(book.output(cell).locator("video")).to_be_visible(timeout=PATIENCE * 1000)
    rows = []
    for which, times in (("p50", later), ("first of a kernel", first)):
        ours, plain = (median(times[selector]) for selector in (STATUS, ".plain"))
        what = f"run a %%video cell to status painted, {which}"
        rows.append(Row(what, ours, "s", ("display(HTML)", plain), below=SECONDS))
    return rows


def _painted(book: Book, cell: int, selector: str) -> float:
    """Run a cell; milliseconds until what the selector names is in the page and a frame was drawn with it."""
    book.page.evaluate("k => { jupyterapp.shell.currentWidget.content.activeCellIndex = k; }", cell)
    took = book.page.evaluate(
        """([k, selector]) => new Promise((painted) => {
            const cell = jupyterapp.shell.currentWidget.content.widgets[k].node;
            const seen = new MutationObserver(() => {
                if (!cell.querySelector(selector)?.getClientRects().length) return;
                seen.disconnect();
                // The callbacks of a frame run before it is drawn: the second one is after the first drawing.
                requestAnimationFrame(() => requestAnimationFrame(() => painted(performance.now() - start)));
            });
            seen.observe(cell, { childList: true, subtree: true, attributes: true, characterData: true });
            const start = performance.now();
            jupyterapp.commands.execute("notebook:run-cell");
        })""",
        [cell, selector],
    )
    return float(took)


def _form(lab: Lab, open_book: OpenBook) -> list[Row]:
    """From the run command to the form's price, and from Generate to the status, beside ipywidgets."""
    book = open_book(lab, "form.ipynb", f"{LOAD}\n{MODELS}", *[FORM, PEER] * PAINTS)
    book.run(0)
    book.wait_idle()
    opened: dict[str, list[float]] = {PRICE: [], BUTTON: []}
    for number in range(PAINTS):
        for cell, selector in ((1 + 2 * number, PRICE), (2 + 2 * number, BUTTON)):
            opened[selector].append(_painted(book, cell, selector) / 1000)
            book.wait_idle()
    form, peer = book.output(1).locator(".soravid-form"), book.output(2)
    clicked: list[float] = []
    echoed: list[float] = []
    for scene in SCENES[:PAINTS]:
        form.get_by_label("Prompt").fill(f"{scene}, slow pan")
        expect(form.locator(".foot:not(.stale)")).to_contain_text("for 1 take")
        clicked.append(float(form.evaluate(_CLICK, ["button.main", ".take .label"])) / 1000)
        echoed.append(float(peer.evaluate(_CLICK, [BUTTON, ".widget-label"])) / 1000)
        expect(form.locator(".take video").first).to_be_visible(timeout=PATIENCE * 1000)
    opens = Row(
        f"form with {MANY} models: run to price painted, p50",
        median(opened[PRICE]),
        "s",
        ("ipywidgets", median(opened[BUTTON])),
        below=SECONDS,
        note=f"The first of a kernel: {opened[PRICE][0]:.2f} s.",
    )
    what = "form: click on Generate to status painted, p50"
    return [opens, Row(what, median(clicked), "s", ("ipywidgets", median(echoed)), below=CLICKED)]


# Milliseconds from a click on one thing to one more of another, painted.
_CLICK = """async (root, [button, selector]) => {
    const frame = () => new Promise(requestAnimationFrame);
    const count = () => root.querySelectorAll(selector).length;
    const before = count(), start = performance.now();
    root.querySelector(button).click();
    while (count() === before) await frame();
    await frame();
    return performance.now() - start;
}"""


def _traffic(lab: Lab, open_book: OpenBook) -> list[Row]:
    """What reaches the browser from the opening of a live output to the card that replaces it."""
    book = open_book(lab, "traffic.ipynb", LOAD, LONG)
    book.run(0)
    book.wait_idle()
    book.traffic.clear()
    book.run(1)
    expect(book.output(1).locator(STATUS)).to_be_visible()
    book.wait_idle()
    expect(book.output(1).locator("video")).to_be_visible(timeout=PATIENCE * 1000)
    book.pause(0.5)
    opening, running, closing = _phases(book.traffic.received())
    lasted = running[-1].at - running[0].at if len(running) > 1 else 0.0
    mean = len(running) / lasted if lasted else 0.0
    note = f"Messages: {len(running)} in {lasted:.1f} s while the job ran, {mean:.1f} a second on average."
    return [
        Row("messages in the busiest second", busiest_second(running), "", below=MESSAGES, note=note),
        Row("largest message while it runs", max((m.size for m in running), default=0), "B", below=BYTES),
        Row("opening: all its messages", sum(m.size for m in opening), "B"),
        Row("opening: the largest", max(m.size for m in opening), "B"),
        Row("closing, with the player card", sum(m.size for m in closing), "B"),
    ]


def _phases(messages: list[Message]) -> tuple[list[Message], list[Message], list[Message]]:
    """Up to the cell's end, while the job runs, and from the card on."""
    kinds = [message.kind for message in messages]
    # The first in a kernel is also brought into the place of what a file keeps of it.
    *moved, card = [k for k, kind in enumerate(kinds) if kind == "update_display_data"]
    ended = max(kinds.index("display_data"), kinds.index("execute_reply"), *moved)
    # The kernel says that it is idle again just behind its reply.
    start = ended + 1 + (kinds[ended + 1] == "status")
    return messages[:start], messages[start:card], messages[card:]


def _saved(lab: Lab, open_book: OpenBook) -> list[Row]:
    """The file of a notebook with ten finished clips, and of one with the same ten inside it."""
    book = open_book(lab, "ours.ipynb", LOAD, *[f"{SMALL}\n{scene}, again" for scene in SCENES[:CLIPS]])
    book.run_all()
    for cell in range(1, CLIPS + 1):
        expect(book.output(cell).locator("video")).to_be_visible(timeout=PATIENCE * 1000)
    book.save()
    links = [_link(book, cell) for cell in range(1, CLIPS + 1)]
    other = open_book(lab, "theirs.ipynb", LOAD, *[f"Video({link!r}, embed=True)" for link in links])
    other.run_all()
    expect(other.output(CLIPS).locator("video")).to_be_visible(timeout=PATIENCE * 1000)
    other.save()
    ours, theirs = ((lab.root / name).stat().st_size / 1000 for name in ("ours.ipynb", "theirs.ipynb"))
    clips = sum((lab.root / link).stat().st_size for link in links) / 1000
    note = f"The {CLIPS} clips are {clips:.0f} kB in all; larger clips make the peer's file larger, not ours."
    peer = ("Video(embed=True)", theirs)
    return [Row(f"saved notebook with {CLIPS} clips", ours, "kB", peer, below=SAVED, note=note)]


def _link(book: Book, cell: int) -> str:
    """Where a saved card says that its clip is."""
    (output,) = book.saved()["cells"][cell]["outputs"]
    html = "".join(output["data"]["text/html"])
    return unquote(unescape(html.partition(' src="')[2].partition('"')[0]))
