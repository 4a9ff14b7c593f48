"""A running generation as a future: waited for, awaited, cancelled, or rebuilt from the journal."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from soravid import cards, loop
from soravid.clips import Clip
from soravid.destination import Destination
from soravid.errors import Cancelled, DeadlineExceeded, SoravidError, UnsupportedOperation
from soravid.from_row import clip_of, failure_of, view_of
from soravid.ledger import JobRow
from soravid.listeners import Listeners
from soravid.pipeline import Pipeline
from soravid.plans import Plan
from soravid.types import Video
from soravid.views import JobView

_OVER = {"failed", "cancelled"}
_live: weakref.WeakValueDictionary[str, Job] = weakref.WeakValueDictionary()


class Job:
    """A generation that has been asked for. Made by ``soravid.generate``, found by ``soravid.jobs``.

    Touching ``path``, ``clip``, ``video`` or ``cost`` waits for the end. Waiting can be interrupted; the job
    goes on.
    """

    def __init__(self, pipeline: Pipeline, *, out: str | os.PathLike[str] | None = None) -> None:
        self._pipeline = pipeline
        self._destination = Destination.of(out)
        self._row: JobRow | None = None
        self._fetching = False
        self._elder: Job | None = None
        self._known = threading.Event()  # the journal has the job
        self._taken = asyncio.Event()  # the provider has it, or never will
        self._future: Future[Clip] = Future()
        self._work: Future[None] | None = None
        self._listeners: Listeners[JobView] = Listeners()

    # --- making one ----------------------------------------------------------------------------------

    @classmethod
    def start(cls, pipeline: Pipeline, plan: Plan, *, out: str | os.PathLike[str] | None = None) -> Job:
        """Send a plan on its way and return at once; where it says ``reuse``, take the clip that there is.

        Raises:
            JournalError: the journal cannot be written; nothing was sent.
        """
        if plan.reuse and (row := pipeline.journal.same_request(plan.request.fingerprint())):
            if row.path:
                return cls._of_stored(pipeline, row, out)
            return cls.of(pipeline, row, out=out).resume()
        job = cls(pipeline, out=out)
        job._begin(plan)
        job._known.wait()
        if job._row is None:
            job._future.result()  # raises what kept the job from being written down
        return job

    @classmethod
    def of(cls, pipeline: Pipeline, row: JobRow, *, out: str | os.PathLike[str] | None = None) -> Job:
        """The job of a journal's row: the running one, if this process runs it."""
        running = _live.get(row.id)
        if running and not running.done():
            return running
        job = cls(pipeline, out=out)
        job._row = row
        if row.path:
            job._future.set_result(clip_of(row, row.path))
        elif row.status in _OVER:
            job._future.set_exception(failure_of(row))
        return job

    @classmethod
    def _of_stored(cls, pipeline: Pipeline, row: JobRow, out: str | os.PathLike[str] | None) -> Job:
        """A stored clip, for nothing; brought beside this notebook if it lies elsewhere."""
        job = cls(pipeline, out=out)
        job._row = row
        path = job._destination.bring(row)
        pipeline.journal.reused(row)
        job._future.set_result(clip_of(row, path, reused=True))
        return job

    def resume(self) -> Job:
        """Go on waiting for a job that another process began, or that was given up waiting for."""
        ended = self._row is not None and (self._row.path is not None or self._row.status in _OVER)
        if self._future.done() and self._future.exception() and not ended:
            # The waiting ended, not the job: a deadline, a lost connection, an unknown outcome.
            self._future, self._work = Future(), None
        if self._work is None and not self._future.done():
            self._begin(None)
        return self

    # --- what a person asks of it --------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The journal's id."""
        return self._row.id if self._row else ""

    @property
    def status(self) -> str:
        """The journal's word: submitting, queued, in_progress, completed, failed, cancelled or unknown."""
        return self._row.status if self._row else "submitting"

    @property
    def progress(self) -> int | None:
        """0 to 100, or None where the provider reports none."""
        return self._row.progress if self._row else None

    def done(self) -> bool:
        """Whether there is a clip, or never will be."""
        return self._future.done()

    @property
    def waited_for(self) -> bool:
        """Whether this process watches it."""
        return self._work is not None and not self._future.done()

    def wait(self, timeout: float | None = None) -> Clip:
        """Wait for the clip.

        Raises:
            DeadlineExceeded: not within ``timeout`` seconds; the job goes on.
            SoravidError: the job failed, was refused or cancelled.
        """
        self.resume()
        if not self._future.done():
            loop.forbid_waiting()
        try:
            return self._future.result(timeout)
        except TimeoutError:
            if self._future.done():
                raise
            raise DeadlineExceeded(f"The job has not ended after {timeout:g} s.", job_id=self.id) from None

    def result(self) -> Clip:
        """As ``wait``, but an end without a clip is an end: it is not resumed."""
        loop.forbid_waiting()
        return self._future.result()

    def __await__(self) -> Generator[Any, None, Clip]:
        self.resume()
        return asyncio.shield(asyncio.wrap_future(self._future)).__await__()

    def cancel(self) -> None:
        """Stop the job at its provider.

        Raises:
            UnsupportedOperation: the provider finishes, and may bill, what has begun.
        """
        loop.run(self.cancelled_at_provider())

    @property
    def clip(self) -> Clip:
        """The finished clip; waits."""
        return self.wait()

    @property
    def path(self) -> Path:
        """The finished clip's file; waits."""
        return self.wait().path

    @property
    def video(self) -> Video:
        """The provider's video object; waits."""
        return self.wait().video

    @property
    def cost(self) -> Decimal | None:
        """USD, or None when the price is unknown; waits."""
        return self.wait().cost

    @property
    def error(self) -> SoravidError | None:
        """Why there is no clip, once that is known."""
        wrong = self._future.exception() if self._future.done() else None
        return wrong if isinstance(wrong, SoravidError) else None

    def on_update(self, listener: Callable[[JobView], object]) -> None:
        """Call ``listener`` with the view at each change, on the loop thread. Its errors are dropped."""
        self._listeners.add(listener)

    @property
    def view(self) -> JobView:
        """What a surface shows of the job now."""
        if self._row is None:
            raise RuntimeError("The job has not been written down yet.")
        if self._future.done() and not self._future.exception():
            return self._future.result().view
        ahead = self._pipeline.watcher.ahead(self._row.id)
        return view_of(self._row, fetching=self._fetching, error=self.error, ahead=ahead)

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.status}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        if self._future.done() and not self._future.exception():
            return self._future.result()._repr_mimebundle_()
        return cards.unfinished(self.view)

    # --- on the loop thread --------------------------------------------------------------------------

    def _begin(self, plan: Plan | None) -> None:
        self._work = loop.submit(self._run(plan))

    async def _run(self, plan: Plan | None) -> None:
        try:
            row = await self._pipeline.submit(plan, self._saw) if plan else self._row
            assert row is not None  # noqa: S101 - a job without a plan comes from a row
            self._saw(row)
            if self._elder:
                self._end(clip=await self._elder)
                return
            if row.video_id is None and not row.final:
                row = await self._pipeline.recover(row)
            row = await self._pipeline.watch(row, self._saw)
            while plan and (plan := plan.after_failure(row)):
                row = await self._pipeline.submit(plan, self._saw)
                row = await self._pipeline.watch(row, self._saw)
            if row.status != "completed":
                raise failure_of(row)
            if row.path is None:
                row = await self._pipeline.shelf.store(row, self._destination.path_for(row))
            self._row = row
            self._end(clip=clip_of(row, row.path or Path(row.clip or "")))
        except asyncio.CancelledError:
            self._end(error=Cancelled("The job was given up here; its journal entry stays.", job_id=self.id))
        except Exception as wrong:
            with suppress(Exception):  # the journal itself may be what fails: whoever waits must still hear
                if self._row:  # which may be voided by now, or unknown, or still run
                    self._row = await loop.in_thread(self._pipeline.journal.get, self._row.id)
            fault = f"soravid has a fault ({type(wrong).__name__})."
            known = isinstance(wrong, SoravidError)
            self._end(error=wrong if known else SoravidError(fault, hint="The job can be resumed."))

    async def cancelled_at_provider(self) -> None:
        """What ``cancel`` waits for, on the loop thread."""
        if self._row and self._pipeline.withdraw(self._row.id):
            return  # it was waiting for its turn, and has not been sent
        if self._work:
            await asyncio.wait_for(self._taken.wait(), timeout=60.0)
        if self._row is None or self._future.done():
            return
        if self._row.video_id is None:
            raise UnsupportedOperation(
                "The provider has not said whether it has the job: nothing to cancel yet."
            )
        row = await self._pipeline.cancel(self._row)
        self._row = row
        if row.status == "cancelled":
            self._end(error=failure_of(row))
            if self._work:
                self._work.cancel()

    def _saw(self, row: JobRow) -> None:
        if self._future.done():
            return  # a poll that was under way when the job ended
        elder = _live.get(row.id, self)
        if elder is not self and not elder.done():
            self._elder = elder  # the same request, asked for twice at once: one job does the work
        else:
            _live[row.id] = self
        self._fetching = row.status == "completed"  # what is left to do then
        if self._row and self._row.id != row.id:
            _live.pop(self._row.id, None)  # that one failed; a fallback goes on
        self._row = row
        self._known.set()
        if row.video_id:
            self._taken.set()
        self._listeners.tell(lambda: self.view)

    def _end(self, *, clip: Clip | None = None, error: BaseException | None = None) -> None:
        if self._future.done():
            return
        self._fetching = False
        if clip:
            self._future.set_result(clip)
        else:
            self._future.set_exception(error)
        _live.pop(self.id, None)
        self._known.set()
        self._taken.set()
        if self._row:
            self._listeners.tell(lambda: self.view)
