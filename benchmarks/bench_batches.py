"""Many jobs on one page: what they send, what the kernel spends, how soon it answers; and 50 clips saved."""

from __future__ import annotations

import os
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import nbformat
import numpy as np

from benchmarks.bench_notebook import jupyter
from benchmarks.report import Report, Row
from soravid import media
from soravid.cards import finished_html
from soravid.views import JobView
from tests.fakes.runwayml import RunwayMLFake
from tests.fakes.server import serve
from tests.notebook.book import CHROMIUM
from tests.notebook.lab import Book, Lab, OpenBook, busiest_second

JOBS, CLIPS = 20, 50
MESSAGES, CPU, ANSWER, SLOWER, SAVED = 20, 10.0, 50.0, 1.5, 1_500.0
"""A second; per cent of one core; milliseconds; times; kB."""
POLL = 1.0
"""Seconds between two looks at each job: more often than most providers want to be asked."""
WATCHED = 20.0
PATIENCE = 180_000
PAGE = """import os, soravid
os.environ.update(RUNWAYML_API_SECRET={key!r}, RUNWAYML_API_BASE="{url}", SORAVID_POLL_SECONDS="{poll}")
%load_ext soravid"""
CELLS = {
    "one output each": f"""for k in range({JOBS}):
    display(soravid.generate(f"a kite {{k}}", model="runwayml/gen4.5"))""",
    "one board": f"""foxes = [f"a fox {{k}}" for k in range({JOBS})]
batch = soravid.map(foxes, model="runwayml/gen4.5", concurrency={JOBS})""",
}


def run() -> Report:
    """Measure the files, then the page."""
    report = Report(f"batches: {JOBS} jobs on one page, {CLIPS} clips in one notebook")
    report.rows += _saved()
    if not Path(CHROMIUM).exists():
        report.notes.append("There is no Chromium (`make browser` installs one), so no page was measured.")
        return report
    fake = RunwayMLFake(polls_to_finish=60)
    with jupyter() as (lab, open_book), serve(fake) as url:
        for what, source in CELLS.items():
            report.rows += _page(lab, open_book, fake, url, what, source)
    return report


def _page(lab: Lab, open_book: OpenBook, fake: RunwayMLFake, url: str, what: str, source: str) -> list[Row]:
    name = f"{what.replace(' ', '-')}.ipynb"
    book = open_book(lab, name, PAGE.format(key=fake.api_key, url=url, poll=POLL), source, "os.getpid()")
    book.run(0)
    book.wait_idle()
    idle = sorted(_answers(book, 100))
    book.run(1)
    book.run(2)
    book.wait_idle()
    kernel = int(book.output(2).inner_text().split()[-1])
    book.pause(2)
    book.traffic.clear()
    began, spent = time.monotonic(), _cpu(kernel)
    book.pause(WATCHED)
    cpu = 100 * (_cpu(kernel) - spent) / (time.monotonic() - began)
    news = len(book.traffic.received("comm_msg"))
    answers = sorted(_answers(book, 100))
    book.page.wait_for_function("() => !document.querySelector('.soravid-status')", timeout=PATIENCE)
    sent = book.traffic.received("comm_msg", "update_display_data", "display_data")
    note = f"{what}: {news / WATCHED:.1f} messages a second on average, each job asked for every {POLL:g} s."
    return [
        Row(f"messages in the busiest second, to the end, {what}", busiest_second(sent), "", below=MESSAGES),
        Row(f"processor time of the kernel, {what}", cpu, "%", below=CPU, note=note),
        Row(f"empty cell, p50, {what}", answers[50], "ms", ("without jobs", idle[50]), below=ANSWER),
        Row(f"empty cell, p95, {what}", answers[95], "ms", ("without jobs", idle[95]), times=SLOWER),
    ]


def _answers(book: Book, count: int) -> list[float]:
    """Milliseconds from asking for an empty cell to the kernel's answer."""
    took: list[float] = book.page.evaluate(
        """async (count) => {
            const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
            const took = [];
            for (let k = 0; k < count; k++) {
                const start = performance.now();
                const asked = kernel.requestExecute({ code: "" });
                await new Promise((answered) => { asked.onReply = answered; });
                took.push(performance.now() - start);
                await asked.done;
                await new Promise((later) => setTimeout(later, 50));
            }
            return took;
        }""",
        count,
    )
    return took


def _cpu(process: int) -> float:
    """Seconds of processor time that a process has had, in all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _saved() -> list[Row]:
    """A notebook with 50 finished clips, of quiet pictures and of pictures as busy as leaves and water."""
    rows = []
    for what, power in (("quiet pictures", 2.0), ("busy pictures", 0.8)):
        with tempfile.TemporaryDirectory(prefix="soravid-bench-") as folder:
            clip = _clip(Path(folder) / "clip.mp4", power)
            poster = media.poster_of(clip)
        notebook = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
        for number in range(CLIPS):
            cell: Any = nbformat.v4.new_code_cell("%%video -s 8\nA red kite over a harbour at dawn")  # type: ignore[no-untyped-call]
            html = finished_html(_done(number, poster), f"soravid_media/red-kite-{number}.mp4")
            data = {"text/html": html, "text/plain": "soravid_media/red-kite.mp4  8 s 1280x720 $0.80"}
            cell.outputs = [nbformat.v4.new_output("display_data", data=data)]  # type: ignore[no-untyped-call]
            notebook.cells.append(cell)
        size = len(nbformat.writes(notebook).encode()) / 1000  # type: ignore[no-untyped-call]
        note = f"A poster of {what} is {len(poster or '') / 1000:.1f} kB."
        rows.append(Row(f"saved notebook with {CLIPS} clips, {what}", size, "kB", below=SAVED, note=note))
    return rows


def _done(number: int, poster: str | None) -> JobView:
    return JobView(
        job_id=f"job_{number:016x}",
        model="gemini/gemini-omni-1.2-flash",
        prompt="A red kite over a harbour at dawn, slow pan left",
        status="completed",
        started_at=1_800_000_000.0,
        finished_at=1_800_000_072.0,
        seconds="8",
        size="1280x720",
        cost=800_000_000,
        path=f"soravid_media/red-kite-{number}.mp4",
        poster=poster,
        details={"Seed": "42", "Video": "operations/ab12cd34"},
    )


def _clip(path: Path, power: float) -> Path:
    """A clip of noise whose amplitude falls with that power of the frequency: 1 is as nature does it."""
    random = np.random.default_rng(7)
    down, across = np.meshgrid(np.fft.fftfreq(720), np.fft.fftfreq(1280), indexing="ij")
    frequency = np.maximum(np.hypot(down, across), 1e-3)
    grey = np.real(np.fft.ifft2(np.fft.fft2(random.standard_normal((720, 1280))) / frequency**power))
    grey = np.clip(120 + 45 * (grey - grey.mean()) / grey.std(), 0, 255)
    picture = np.stack([grey, 0.9 * grey, 0.7 * grey], axis=2).astype(np.uint8)
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=2, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        stream.time_base = Fraction(1, 2)
        for _ in range(4):
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path
