"""Several clips that are wanted together: priced before any is made, then made; again where one failed."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from decimal import Decimal
from typing import Any, Self

from soravid import cells, loop, session
from soravid.boards import Tally
from soravid.clips import Clip
from soravid.errors import DeadlineExceeded, SoravidError
from soravid.job import Job
from soravid.listeners import Listeners
from soravid.money import show, to_usd
from soravid.notebook.priced import Wanted
from soravid.stopping import stopping_all


class Lot:
    """Clips that are wanted together; a surface follows them with ``on_update``.

    Attributes:
        wanted: the clips, in order.
        note: what went wrong with all of them together; empty where nothing did.
    """

    wanted: Sequence[Wanted]
    note = ""

    def __init__(self) -> None:
        self._listeners: Listeners[Lot] = Listeners()
        self._starting = threading.Lock()
        self._work: Future[None] | None = None
        self._stopped = threading.Event()
        self._cell = cells.running()  # what a press on a button makes later counts for this cell, too

    @property
    def jobs(self) -> list[Job]:
        """The jobs that there are, in order."""
        return [each.job for each in self.wanted if each.job]

    @property
    def clips(self) -> list[Clip]:
        """The clips that there are, in order."""
        return [clip for each in self.wanted if (clip := each.clip)]

    @property
    def cost(self) -> Decimal | None:
        """USD that they have cost so far, those re-used nothing; None when a price is unknown."""
        costs = [Decimal(0) if clip.reused else clip.cost for clip in self.clips]
        return None if None in costs else sum((cost or Decimal(0) for cost in costs), Decimal(0))

    @property
    def estimate(self) -> tuple[Decimal, Decimal] | None:
        """USD that what is still to be made costs at least and at most; None when a price is unknown."""
        quotes = [each.price for each in self._pending]
        if None in quotes:
            return None
        low, upper = sum(each.low for each in quotes if each), sum(each.upper for each in quotes if each)
        return to_usd(low), to_usd(upper)

    @property
    def running(self) -> bool:
        """Whether any is on its way, or will be."""
        return self._work is not None and not self._work.done()

    @property
    def done(self) -> bool:
        """Whether every one has a clip."""
        return all(each.clip for each in self.wanted)

    def run(self) -> Self:
        """Have those made that are not there, and return at once; one that has failed is tried again.

        What is there already costs nothing.
        """
        with self._starting:
            if self.running:
                return self
            self.note = ""
            work = self._work = loop.submit(self._worked())
        work.add_done_callback(self._has_worked)
        self.changed()
        return self

    def wait(self, timeout: float | None = None) -> Self:
        """Wait until all have ended; ``run`` first, if nobody has. One that fails says why in its place.

        Raises:
            DeadlineExceeded: not within ``timeout`` seconds; the jobs go on.
        """
        loop.forbid_waiting()
        work = self._begun()
        try:
            work.result(timeout)
        except TimeoutError:
            raise DeadlineExceeded(f"Not all have ended after {timeout:g} s.") from None
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        yield from asyncio.shield(asyncio.wrap_future(self._begun())).__await__()
        return self

    def cancel(self) -> None:
        """Stop what runs, where its provider can; what has not begun does not begin.

        Raises:
            SoravidError: why one could not be stopped; the others are.
        """
        loop.run(self.cancelled())

    async def cancelled(self) -> None:
        """What ``cancel`` waits for, on the loop thread."""
        self._stopped.set()
        running = [job for job in self.jobs if not job.done()]
        asked = await asyncio.gather(
            *(job.cancelled_at_provider() for job in running), return_exceptions=True
        )
        for wrong in asked:
            if wrong:
                raise wrong

    def on_update(self, listener: Callable[[Lot], object]) -> None:
        """Call ``listener`` at each change, on whichever thread it happens. Its errors are dropped."""
        self._listeners.add(listener)

    def changed(self) -> None:
        """Tell those who follow."""
        self._listeners.tell(lambda: self)

    def _begun(self) -> Future[None]:
        work = self._work or self.run()._work
        assert work is not None  # noqa: S101 - run has set it
        return work

    async def _worked(self) -> None:
        """What ``run`` does, on the loop thread: counted for the cell that made the lot."""
        self._stopped.clear()
        with cells.asked_by(self._cell):
            await self._make()

    def _has_worked(self, work: Future[None]) -> None:
        if not work.cancelled() and (wrong := work.exception()):
            self.note = told(wrong)
        self.changed()

    async def _make(self) -> None:
        """Make what is not there."""
        raise NotImplementedError

    async def _send(self, wanted: Wanted) -> None:
        """Have one begun, unless all were stopped; one that was being sent just then is stopped, too."""
        if not self._stopped.is_set():
            await loop.in_thread(wanted.begin)
            if self._stopped.is_set() and wanted.job and not wanted.job.done():
                with suppress(SoravidError):  # its provider finishes what has begun
                    await wanted.job.cancelled_at_provider()

    def html(self) -> str:
        """What lasts of it in a saved notebook."""
        raise NotImplementedError

    # --- in words ------------------------------------------------------------------------------------

    @property
    def line(self) -> str:
        """How far they are, what they cost, and what is left: ``2 of 4 done · $0.20 spent · $0.20 held``."""
        failed = Counter({"failed": sum(each.job is None and each.failed for each in self.wanted)})
        tally = Tally(len(self.wanted), +failed).plus(job.view for job in self.jobs)
        parts = [tally.label, *tally.money] if self.jobs else []
        if (pending := self._pending) and not self.running:
            parts.append(f"{_clips(len(pending))} to make: {self._price}")
        account = session.budget()
        if account.limit is not None:
            parts.append(f"{show(account.remaining)} left of {show(account.limit)}")
        return " · ".join(parts)

    @property
    def button(self) -> str:
        """What a button to go on says; empty where there is nothing to do."""
        todo = self._pending or [each for each in self.wanted if each.pending]
        if self.running or not todo:
            return ""
        if not all(each.failed for each in todo):
            return f"Generate {_clips(len(todo))}"
        return f"Try {len(todo)} again" if len(todo) > 1 else "Try again"

    @property
    def warning(self) -> str:
        """What stands in the way of making them all; empty where nothing does."""
        left, price = session.budget().remaining, self.estimate
        if left is None or price is None or self.running or price[1] <= to_usd(left):
            return ""
        return "This may be more than is left: clips that do not fit are refused, and cost nothing."

    @property
    def question(self) -> str:
        """What to ask before all are stopped; empty where none can be."""
        return stopping_all(job.view for job in self.jobs if not job.done())

    @property
    def _pending(self) -> list[Wanted]:
        return [each for each in self.wanted if each.pending and not each.hopeless]

    @property
    def _price(self) -> str:
        quotes = [each.price for each in self._pending]
        known = [quote for quote in quotes if quote]
        low, upper = (show(sum(side)) for side in ([q.low for q in known], [q.upper for q in known]))
        span = low if low == upper else f"{low} to {upper}"
        unknown = len(quotes) - len(known)
        if not known:
            return show(None)
        return f"{span}, and {unknown} with unknown price" if unknown else span


def _clips(count: int) -> str:
    return f"{count} clip{'s' * (count != 1)}"


def told(wrong: BaseException) -> str:
    """What went wrong, in a sentence or two."""
    return str(wrong) if isinstance(wrong, SoravidError) else f"soravid has a fault ({type(wrong).__name__})."


async def ended(wanted: Wanted) -> None:
    """Wait until it has a clip, or never will by itself; for the loop thread."""
    if wanted.job:
        with suppress(SoravidError):
            await wanted.job
