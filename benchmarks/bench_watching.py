"""What watching many jobs costs: processor time, memory, and how late a job is asked for at worst.

    python -m benchmarks watching                # 1,000 jobs, each asked for every second
    python -m benchmarks.bench_watching --full   # 10,000 jobs, each every 10 s: a few minutes

Both make 1,000 answers a second. First the scheduler alone, with answers that are there at once; then with a
server in another process over loopback, by pages of its list and by each job's own status, on the connections
that a proxy has.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from dataclasses import fields, replace
from typing import Any

from benchmarks.fresh import interpreter, provider, upstream
from benchmarks.probe import rss_mb
from benchmarks.report import Report, Row
from soravid import settings
from soravid.ledger import JobRow
from soravid.providers import Provider
from soravid.providers.base import Flow
from soravid.providers.openai import OpenAI
from soravid.transport import Transport
from soravid.types import Video, VideoRequest
from soravid.watcher import Watcher

CPU, MEMORY, LATE = 50.0, 200.0, 2.0
"""Per cent of one core, MB, seconds."""
_MADE_AT_ONCE = 32


class AtOnce(Transport):
    """Has every answer without asking anybody."""

    async def drive(self, flow: Flow[Any], timeout: float = 60.0, attempts: int = 4) -> Any:  # noqa: ARG002
        """A job that runs."""
        flow.close()
        await asyncio.sleep(0)
        return Video(id="video", status="queued", progress=0)


async def _heard(row: JobRow, video: Video) -> JobRow:
    same = (video.status, video.progress) == (row.status, row.progress)
    return row if same else replace(row, status=video.status, progress=video.progress)


async def _made(transport: Transport, provider: Provider, jobs: int) -> list[str]:
    """The ids of that many jobs at the provider, oldest first."""
    if isinstance(transport, AtOnce):
        return [f"video_{number}" for number in range(jobs)]
    made: list[str] = []
    request = VideoRequest(model="openai/sora-2", prompt="a kite")
    while len(made) < jobs:
        many = min(_MADE_AT_ONCE, jobs - len(made))
        videos = await asyncio.gather(*(transport.drive(provider.create(request)) for _ in range(many)))
        made += [video.id for video in videos]
    return made


async def _measure(how: str, jobs: int, every: float, warm: float, seconds: float) -> None:
    class Adapter(OpenAI):
        profile = replace(OpenAI.profile, lists_status=how == "lists")

    transport = AtOnce() if how == "alone" else Transport()
    transport.expect_many()
    adapter = Adapter(settings.deployment(Adapter.profile, "sora-2", {"api_key": "sk-test"}))
    watcher = Watcher(transport, lambda _: adapter, _heard)
    ids = await _made(transport, adapter, jobs)
    values: dict[str, Any] = {each.name: None for each in fields(JobRow)} | {
        "status": "queued",
        "progress": 0,
        "updated_at": 0.0,
    }
    seen = 0

    def looked(_: JobRow) -> None:
        nonlocal seen
        seen += 1

    os.environ["SORAVID_POLL_SECONDS"] = str(every)
    following = []
    for number, video_id in enumerate(ids):
        row = JobRow(**values | {"id": f"job_{number:06}", "video_id": video_id, "created_at": float(number)})
        following.append(asyncio.create_task(watcher.follow(row, looked, 3600)))
        if number % 20 == 0:
            await asyncio.sleep(every * 20 / jobs)  # as they would come, not all in one moment
    await asyncio.sleep(warm)
    seen, watcher.worst_lag = 0, 0.0
    wall, processor = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(100 * processor / wall, rss_mb(), watcher.worst_lag, seen / wall)
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    await transport.close()


def measure(how: str, jobs: int, every: float, warm: float, seconds: float) -> None:
    """Print per cent of a core, MB, seconds late at worst, and looks a second."""
    asyncio.run(_measure(how, jobs, every, warm, seconds))


def run(*, full: bool = False) -> Report:
    """Measure each way in a process of its own."""
    # At first a job is asked for more often: the full pace is reached after half a minute.
    jobs, every, warm, seconds = (10_000, 10.0, 50.0, 40.0) if full else (1_000, 1.0, 3.0, 6.0)
    report = Report(f"watching: {jobs:,} jobs in flight, each asked for every {every:g} s")
    for how, name in (("alone", "scheduler alone"), ("lists", "loopback, lists"), ("each", "loopback, each")):
        code = "from benchmarks.bench_watching import measure; measure"
        # One by one, a server of many parts would be what is measured.
        with upstream() if how == "each" else provider(polls_to_finish=100_000_000) as env:
            cpu, memory, late, looks = interpreter(f"{code}{how, jobs, every, warm, seconds}", env=env)
        held = how != "each"  # there it is the HTTP client that is measured
        report.rows += [
            Row(f"{name}: processor", cpu, "% of a core", below=CPU if held else None),
            Row(f"{name}: memory of the process", memory, "MB", below=MEMORY),
            Row(f"{name}: late at worst", late, "s", below=LATE if held else None),
            Row(f"{name}: looks", looks, "a second"),
        ]
    report.notes.append(f"Load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    return report


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_watching")
    parser.add_argument("--full", action="store_true", help="10,000 jobs, each every 10 s")
    print(run(full=parser.parse_args().full).text())


if __name__ == "__main__":
    main()
