"""A watcher on a workbench: a real transport and adapter, a fake in the same process, a clock by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from soravid.asgi import InProcess
from soravid.deployments import Deployment
from soravid.ledger import JobRow
from soravid.providers import Provider
from soravid.providers.openai import OpenAI
from soravid.transport import Transport
from soravid.types import Video
from soravid.watcher import Clock, Watcher
from tests.core.servers import Gate
from tests.fakes.openai import OpenAIFake
from tests.fakes.videos import FakeVideo

HOST = "fake.invalid"


class HandClock(Clock):
    """Stands still until it is put on."""

    def __init__(self) -> None:
        self.time = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.time + seconds, alarm))
        await alarm

    def next(self) -> tuple[float, asyncio.Future[None]] | None:
        """When the first sleeper wakes, and what wakes it."""
        self._sleepers = [each for each in self._sleepers if not each[1].done()]
        return min(self._sleepers, key=lambda each: each[0], default=None)


class Plain(OpenAI):
    """The dialect without lists."""

    profile = replace(OpenAI.profile, lists_status=False)


class Listing(OpenAI):
    """The dialect with lists."""

    profile = replace(OpenAI.profile, lists_status=True)


class Workbench:
    """The watcher, its fake, and what was asked when (`seen`: time and path)."""

    def __init__(self, adapter: type[OpenAI] = Plain) -> None:
        self.adapter = adapter
        self.clock = HandClock()
        self.fake = OpenAIFake(polls_to_finish=1_000_000)
        self.gate = Gate(self.fake)
        self.gate.answer = self._note
        self.answer: Callable[[Request], Response | None] = lambda request: None
        self.seen: list[tuple[float, str]] = []
        self.transport = Transport({HOST: InProcess(lambda: self.gate)})
        self.watcher = Watcher(self.transport, self._provider, self._heard, self.clock)
        self.tasks: dict[str, asyncio.Task[JobRow]] = {}

    def _note(self, request: Request) -> Response | None:
        self.seen.append((self.clock.time, request.url.path.removeprefix("/v1/videos")))
        return self.answer(request)

    def _provider(self, row: JobRow) -> Provider:
        return self.adapter(
            Deployment(
                provider="openai",
                model="sora-2",
                api_base=f"http://{HOST}/v1",
                own_host=False,
                api_key=self.fake.api_key,
                headers={"x-account": row.user} if row.user else {},
            )
        )

    async def _heard(self, row: JobRow, video: Video) -> JobRow:
        return replace(row, status=video.status, progress=video.progress)

    def job(self, number: int = 0, account: str | None = None) -> JobRow:
        """A job that the fake has."""
        video_id = f"video_{number:05}"
        self.fake.videos[video_id] = FakeVideo(
            id=video_id,
            model="sora-2",
            prompt="a kite",
            seconds="4",
            size="720x1280",
            created_at=number,
            polls_to_finish=self.fake.polls_to_finish,
            kept_since_creation=False,
        )
        values: dict[str, Any] = {each.name: None for each in fields(JobRow)}
        values |= {"id": f"job_{number:05}", "video_id": video_id, "status": "queued", "user": account}
        return JobRow(**values | {"created_at": float(number), "updated_at": 0.0, "progress": 0})

    def follow(self, row: JobRow, deadline: float = 3600.0, **more: Any) -> asyncio.Task[JobRow]:
        """Begin to wait for a job."""
        following = self.watcher.follow(row, more.get("on_row"), deadline)
        self.tasks[row.id] = asyncio.create_task(following)
        return self.tasks[row.id]

    def times(self, path: str = "") -> list[float]:
        """When a path that ends so was asked for."""
        return [round(time, 3) for time, each in self.seen if each.endswith(path)]

    async def quiet(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(5):
            await asyncio.sleep(0)
        while self.watcher.asking:  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.001)

    async def advance(self, seconds: float) -> None:
        """Let time pass, from one alarm to the next."""
        end = self.clock.time + seconds
        await self.quiet()
        while (alarm := self.clock.next()) and alarm[0] <= end:
            self.clock.time = max(self.clock.time, alarm[0])
            alarm[1].set_result(None)
            await self.quiet()
        self.clock.time = end


@asynccontextmanager
async def workbench(adapter: type[OpenAI] = Plain) -> AsyncIterator[Workbench]:
    """A workbench, cleared up afterwards."""
    bench = Workbench(adapter)
    try:
        yield bench
    finally:
        for task in bench.tasks.values():
            task.cancel()
        await asyncio.gather(*bench.tasks.values(), return_exceptions=True)
        await bench.transport.close()


def run(test: Callable[[Workbench], Awaitable[None]], adapter: type[OpenAI] = Plain) -> None:
    """Run a test at a workbench."""

    async def main() -> None:
        async with workbench(adapter) as bench:
            await test(bench)

    asyncio.run(main())
