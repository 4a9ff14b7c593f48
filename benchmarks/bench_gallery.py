"""A gallery of 2,000 clips in a real JupyterLab: how soon it is painted, and how smoothly it scrolls."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.bench_notebook import jupyter
from benchmarks.report import Report, Row
from soravid.ledger.changes import BLANK
from soravid.ledger.journal import Journal
from soravid.ledger.schema import jobs
from tests.notebook.book import CHROMIUM
from tests.notebook.lab import Book

CLIPS, POSTERS, ROUNDS = 2_000, 40, 3
PAINTED, FRAME = 1.0, 20.0
PLAIN = """from IPython.display import HTML
HTML("<div class=plain style='height:620px;overflow:auto'><div style='height:9000px'></div></div>")"""
IMPORT, GALLERY = "import soravid\nsoravid.estimate()", "soravid.gallery()"
CARD = ".soravid-gallery .card img[src]"


def run() -> Report:
    """Measure the first paint, then the frames while the grid moves."""
    report = Report(f"gallery: {CLIPS:,} clips in JupyterLab and Chromium")
    if not Path(CHROMIUM).exists():
        report.notes.append("There is no Chromium (`make browser` installs one), so nothing was measured.")
        return report
    with jupyter() as (lab, open_book):
        fill(lab.root.parent / "soravid", lab.root / "soravid_media")
        report.rows += _paint(open_book(lab, "paint.ipynb", IMPORT, *[GALLERY] * 2 * ROUNDS, width=1280))
        report.rows += _scrolling(open_book(lab, "scroll.ipynb", IMPORT, GALLERY, PLAIN, width=1280))
    return report


def fill(home: Path, folder: Path, count: int = CLIPS) -> None:
    """Write a journal of finished clips, each with a poster of the usual size, and a file for each."""
    folder.mkdir(parents=True)
    posters = [_poster(np.random.default_rng(number)) for number in range(POSTERS)]
    now = time.time()
    rows: list[dict[str, Any]] = []
    for number in range(count):
        file = folder / f"clip-{number}.mp4"
        file.write_bytes(b"clip")
        made = now - (count - number) * 600
        known = {
            "id": f"job_{number:016x}",
            "session": "earlier",
            "model": f"{('gemini/omni', 'xai/grok', 'local/animatic')[number % 3]}",
            "prompt": f"Clip number {number}: a red kite over a harbour at dawn, slow pan left",
            "operation": "create",
            "parameters": {"seconds": "8", "size": "1280x720"},
            "fingerprint": str(number),
            "labels": {},
            "api_base": "http://127.0.0.1/v1",
            "status": "completed",
            "seconds": "8",
            "size": "1280x720",
            "held": 800_000_000,
            "cost": 800_000_000,
            "clip": str(file.resolve()),
            "clip_bytes": 4,
            "poster": posters[number % POSTERS],
            "created_at": made,
            "updated_at": made,
            "ended_at": made + 60,
        }
        rows.append(BLANK | known)
    journal = Journal(home)
    journal._database.write(lambda db: db.execute(jobs.insert(), rows))
    journal.close()


def _poster(random: np.random.Generator) -> str:
    """A picture of 640x360 that takes about as many bytes as a clip's."""
    coarse = Image.fromarray((random.random((9, 16, 3)) * 255).astype(np.uint8)).resize((640, 360))
    grain = np.asarray(coarse) * 0.9 + random.random((360, 640, 3)) * 24
    data = io.BytesIO()
    Image.fromarray(grain.clip(0, 255).astype(np.uint8)).save(data, format="WEBP", quality=30)
    return f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"


def _paint(book: Book) -> list[Row]:
    """From the run command to the first posters on the screen, each second time in a new kernel."""
    took: dict[bool, list[float]] = {True: [], False: []}
    for cell in range(1, 2 * ROUNDS + 1):
        fresh = cell % 2 == 1
        if fresh:
            book.restart_kernel()
            book.run(0)
            book.wait_idle()
        took[fresh].append(book.milliseconds_until(cell, CARD) / 1000)
        book.wait_idle()
    return [
        Row("run the cell to first posters painted, p50", median(took[False]), "s", below=PAINTED),
        Row("the same, first of a kernel", median(took[True]), "s", below=PAINTED),
    ]


def _scrolling(book: Book) -> list[Row]:
    """Mean and worst frames while the grid and a plain box of the same size scroll as far."""
    book.run_all()
    frames: dict[str, list[list[float]]] = {"ours": [], "plain": []}
    for _ in range(ROUNDS):
        for name, selector in (("ours", ".soravid-gallery .grid"), ("plain", ".plain")):
            frames[name].append(_frames(book, selector))
    (mean, late), (plain, plain_late) = (
        [median(column) for column in zip(*frames[name], strict=True)] for name in ("ours", "plain")
    )
    return [
        Row("a frame while scrolling, mean", mean, "ms", ("a plain box", plain), below=FRAME),
        Row("a frame while scrolling, 95 of 100", late, "ms", ("a plain box", plain_late)),
    ]


def _frames(book: Book, selector: str) -> list[float]:
    """Scroll 6,000 pixels in three seconds; milliseconds of a frame, mean and at the 95th percentile."""
    box = book.cells.locator(selector)
    box.scroll_into_view_if_needed()
    found = box.evaluate(
        """async (box) => {
            const frame = () => new Promise(requestAnimationFrame);
            box.scrollTop = 0;
            for (let n = 0; n < 30; n++) await frame();
            const start = performance.now(), gaps = [];
            for (let now = start, before; now - start < 3000;) {
                before = now;
                box.scrollTop = (now - start) * 2;
                now = await frame();
                if (now > before) gaps.push(now - before);
            }
            gaps.sort((a, b) => a - b);
            return [gaps.reduce((sum, gap) => sum + gap) / gaps.length, gaps[Math.floor(gaps.length * 0.95)]];
        }"""
    )
    return [float(number) for number in found]
