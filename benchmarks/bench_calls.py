"""What one call costs: processor time of the whole process, and wall time."""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from statistics import median

import openai

import soravid
from benchmarks.fresh import environment, provider
from benchmarks.report import Report, Row, in_turns, medians
from soravid import loop, settings
from soravid.providers import provider_class
from soravid.transport import Transport
from soravid.types import VideoRequest

ROUNDS, CALLS, CREATES = 15, 150, 20
CPU_TIMES = 1.3
ADDED = 1.5  # milliseconds
MODEL = "sora-2"
PROMPT = "A red kite over a harbour at dawn"


def run() -> Report:
    """Measure status calls and creates, ours and openai's by turns, against one server."""
    report = Report("calls: one synchronous call, against a server in another process")
    # So many polls that the state never changes: a look that brings no news is what polling mostly is.
    with provider(polls_to_finish=100_000_000) as env, environment(env), warnings.catch_warnings():
        # openai's SDK says at each call that OpenAI closed the API.
        warnings.filterwarnings("ignore", message="The Sora API", category=DeprecationWarning)
        ours, theirs = soravid.Client(), openai.OpenAI()
        mine = ours.videos.create(PROMPT, f"openai/{MODEL}")
        other = theirs.videos.create(prompt=PROMPT, model=MODEL)
        status: dict[str, Callable[[], object]] = {
            "Client().videos.retrieve": lambda: ours.videos.retrieve(mine.id),
            "video_status": lambda: soravid.video_status(mine.id),
            "openai": lambda: theirs.videos.retrieve(other.id),
        }
        create: dict[str, Callable[[], object]] = {
            "video_generation": lambda: soravid.video_generation(PROMPT, f"openai/{MODEL}"),
            "bare adapter": _bare_create(),
            "openai": lambda: theirs.videos.create(prompt=PROMPT, model=MODEL),
        }
        for calls, many, times in ((status, CALLS, CPU_TIMES), (create, CREATES, None)):
            report.rows += _compare(calls, many, times)
    walls = {row.what: row.ours for row in report.rows}
    ours_ms, bare_ms = walls["video_generation, wall p50"], walls["bare adapter, wall p50"]
    assert ours_ms is not None
    assert bare_ms is not None
    disk = _fsync_ms()
    report.rows.append(
        Row(
            "a create above the bare adapter, wall p50",
            ours_ms - bare_ms,
            "ms",
            below=ADDED,
            note=f"A create waits for the disk twice; one fsync takes {disk:.1f} ms here.",
        )
    )
    return report


def _bare_create() -> Callable[[], object]:
    """A create by the adapter and the transport alone: no check, no price, no journal."""
    transport = Transport()
    profile = provider_class("openai").profile
    request = VideoRequest(model=f"openai/{MODEL}", prompt=PROMPT, seconds="4", size="720x1280")

    def create() -> object:
        adapter = provider_class("openai")(settings.deployment(profile, MODEL))
        return loop.run(transport.drive(adapter.create(request)))

    return create


def _fsync_ms() -> float:
    """The median of what a small fsynced write costs in the journal's folder."""
    took = []
    with tempfile.TemporaryFile(dir=settings.home()) as file:
        for _ in range(30):
            start = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - start)
    return median(took) * 1000


def _compare(calls: dict[str, Callable[[], object]], many: int, times: float | None) -> list[Row]:
    blocks = {name: partial(_block, call, many) for name, call in calls.items()}
    in_turns(blocks, 2)  # warm: connections open, caches filled
    figures = {name: medians(samples) for name, samples in in_turns(blocks, ROUNDS).items()}
    cpu, wall = figures.pop("openai")
    rows = []
    for name, (our_cpu, our_wall) in figures.items():
        rows.append(Row(f"{name}, CPU", our_cpu, "ms", ("openai", cpu), times=times))
        rows.append(Row(f"{name}, wall p50", our_wall, "ms", ("openai", wall)))
    return rows


def _block(call: Callable[[], object], many: int) -> tuple[float, float]:
    """Milliseconds of processor time a call, and the median of their wall times."""
    walls = []
    begin = time.process_time()
    for _ in range(many):
        start = time.perf_counter()
        call()
        walls.append(time.perf_counter() - start)
    return (time.process_time() - begin) / many * 1000, median(walls) * 1000
