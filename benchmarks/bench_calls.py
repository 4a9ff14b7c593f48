"""What one call costs, alone and with many under way: processor time of the whole process, and wall time."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median

import openai

import soravid
from benchmarks.fresh import environment, interpreter, provider, upstream
from benchmarks.report import Report, Row, in_turns, medians
from soravid import loop, settings
from soravid.planning import current
from soravid.providers import provider_class
from soravid.transport import Transport
from soravid.types import VideoRequest

ROUNDS, CALLS, CREATES = 15, 150, 20
CPU_TIMES = 1.3
ADDED = 1.5  # milliseconds
AT_ONCE, MANY, A_SECOND = 50, 2000, 800
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
        disk = _commit_ms()
    walls = {row.what: row.ours for row in report.rows}
    ours_ms, bare_ms = walls["video_generation, wall p50"], walls["bare adapter, wall p50"]
    assert ours_ms is not None
    assert bare_ms is not None
    report.rows += [
        Row("a create above the bare adapter, wall p50", ours_ms - bare_ms, "ms", below=ADDED),
        Row("of that the disk: two durable commits by SQLite alone", 2 * disk, "ms"),
    ]
    report.rows += _many()
    return report


def _many() -> list[Row]:
    """Creates with many under way, ours and the bare adapter's, each on its own in a fresh interpreter."""
    with upstream() as env:
        code = "from benchmarks.bench_calls import many; many"
        ours, bare = (interpreter(f"{code}({name!r})", env=env) for name in ("ours", "bare"))
    what = f"a create, {AT_ONCE} under way"
    return [
        Row(f"{what}, CPU", ours[0], "ms", ("bare adapter", bare[0]), below=1000 / A_SECOND),
        Row(
            f"{what}, wall",
            ours[1],
            "ms",
            ("bare adapter", bare[1]),
            note=f"With {AT_ONCE} under way: {1000 / ours[1]:,.0f} creates/s; bare {1000 / bare[1]:,.0f}.",
        ),
    ]


def many(name: str) -> None:
    """Print milliseconds of processor time and of wall time a create; in a process set up as a proxy's is."""
    loop.expect_many()
    line, transport = current(), Transport()
    line.transport.expect_many()
    transport.expect_many()
    request, profile = _request(), provider_class("openai").profile
    videos = soravid.AsyncClient().videos

    def bare() -> Awaitable[object]:
        adapter = provider_class("openai")(settings.deployment(profile, MODEL))
        return transport.drive(adapter.create(request))

    def ours() -> Awaitable[object]:
        return videos.create(PROMPT, f"openai/{MODEL}")

    async def creates(call: Callable[[], Awaitable[object]], count: int) -> None:
        left = iter(range(count))

        async def caller() -> None:
            for _ in left:
                await call()

        await asyncio.gather(*(caller() for _ in range(AT_ONCE)))

    async def measure(call: Callable[[], Awaitable[object]]) -> None:
        await creates(call, MANY // 10)
        processor, wall = time.process_time(), time.perf_counter()
        await creates(call, MANY)
        processor, wall = time.process_time() - processor, time.perf_counter() - wall
        print(processor / MANY * 1000, wall / MANY * 1000)
        await transport.close()

    loop.run(measure({"ours": ours, "bare": bare}[name]))


def _bare_create() -> Callable[[], object]:
    """A create by the adapter and the transport alone: no check, no price, no journal."""
    transport = Transport()
    profile = provider_class("openai").profile
    request = _request()

    def create() -> object:
        adapter = provider_class("openai")(settings.deployment(profile, MODEL))
        return loop.run(transport.drive(adapter.create(request)))

    return create


def _request() -> VideoRequest:
    return VideoRequest(model=f"openai/{MODEL}", prompt=PROMPT, seconds="4", size="720x1280")


def _commit_ms() -> float:
    """The median of what SQLite alone takes for a small durable transaction, where the journal is."""
    took = []
    with (
        tempfile.TemporaryDirectory(dir=settings.home()) as folder,
        closing(sqlite3.connect(Path(folder) / "commit.db", isolation_level=None)) as db,
    ):
        for command in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE t (x TEXT)"):
            db.execute(command)
        for _ in range(200):
            start = time.perf_counter()
            db.execute("INSERT INTO t VALUES (?)", ("x" * 500,))
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
