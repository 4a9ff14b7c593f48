"""Jobs in the order in which they end."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from soravid import loop
from soravid.errors import InvalidRequest
from soravid.job import Job
from soravid.views import JobView


class AsCompleted:
    """Jobs in the order in which they end; ``for`` waits for each, ``async for`` awaits it."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = [job.resume() for job in jobs]

    def __iter__(self) -> Iterator[Job]:
        ended: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._tell(ended.put)
        for _ in self._jobs:
            loop.forbid_waiting()
            yield ended.get()

    async def __aiter__(self) -> AsyncIterator[Job]:
        here, ended = asyncio.get_running_loop(), asyncio.Queue[Job]()
        self._tell(lambda job: here.call_soon_threadsafe(ended.put_nowait, job))
        for _ in self._jobs:
            yield await ended.get()

    def _tell(self, put: Callable[[Job], object]) -> None:
        """Have each job put once, when it has ended."""
        for job in self._jobs:
            once = threading.Lock()

            def heard(_view: JobView | None = None, job: Job = job, once: threading.Lock = once) -> None:
                if job.done() and once.acquire(blocking=False):
                    put(job)

            job.on_update(heard)
            heard()  # it may have ended before


def as_completed(jobs: Iterable[Job]) -> AsCompleted:
    """Each job when it has ended, with or without a clip; for ``for`` and for ``async for``.

        async for job in soravid.as_completed(jobs):
            print(job.error or job.clip)

    Raises:
        InvalidRequest: something else than jobs.
    """
    known = list(jobs) if not isinstance(jobs, (str, Job)) else [None]
    if not all(isinstance(job, Job) for job in known):
        raise InvalidRequest("as_completed takes jobs: as_completed([first, second]).", param="jobs")
    return AsCompleted([job for job in known if isinstance(job, Job)])
