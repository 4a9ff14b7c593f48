"""How a batch runs: prompts are sent as there is room for them, and what becomes of them is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sized
from typing import Any

from soravid import cells, loop, session
from soravid.batches.item import Item, never_sent
from soravid.boards import Tally
from soravid.errors import BudgetExceeded, InvalidRequest, SoravidError
from soravid.job import Job
from soravid.listeners import Listeners

Prompt = str | Mapping[str, Any]
"""A prompt, or one with options of its own: ``{"prompt": "A red kite", "seconds": 8}``."""


class Sending:
    """The half of a batch that sends; one thread of its own does, so that it works while cells run."""

    def __init__(self, prompts: Iterable[Prompt], common: Mapping[str, Any], concurrency: int) -> None:
        self._prompts = enumerate(prompts)
        self._common = common
        self._total = len(prompts) if isinstance(prompts, Sized) else None
        self._room = threading.Semaphore(concurrency)
        self._news = threading.Condition()
        self._listeners: Listeners[None] = Listeners()
        self._running: dict[int, Job] = {}
        self._ended: list[Item] = []
        self._tally = Tally()
        self._feeder: threading.Thread | None = None
        self._stopped = self._cancelled = False
        self._fault: Exception | None = None
        self._cell = cells.running()  # what is sent later counts for this cell, too

    def begin(self) -> None:
        """Send the first prompt here, so that a mistake that all share is told at once; then go on.

        Raises:
            InvalidRequest: an argument that is wrong for all prompts; nothing was sent.
        """
        for number, prompt in self._prompts:
            self._room.acquire()
            self._send(number, prompt, first=True)
            self._go_on()
            break

    def done(self) -> bool:
        """Whether nothing runs and nothing is to be sent."""
        return not self._running and self._feeder is None

    def stop(self) -> None:
        """Send no more prompts; those that have been sent go on."""
        with self._news:
            self._stopped = True
        self._tell()

    def on_update(self, listener: Callable[[], object]) -> None:
        """Call ``listener`` at each change, on a thread of soravid's. Its errors are dropped."""
        self._listeners.add(lambda _: listener())

    @property
    def jobs(self) -> list[Job]:
        """What runs now."""
        with self._news:
            return [job for _, job in sorted(self._running.items())]

    def _go_on(self) -> None:
        with self._news:
            self._stopped = self._cancelled = False
            if self._feeder is None:
                self._feeder = threading.Thread(target=self._feed, name="soravid-batch", daemon=True)
                self._feeder.start()

    def _feed(self) -> None:
        """Send what there is room for, until there is no more or it is stopped.

        A generator of the caller's runs here and nowhere else, and only when there is room for what it gives.
        """
        try:
            while self._room.acquire() and not self._stops():
                self._send(*next(self._prompts))
        except StopIteration:
            with self._news:
                self._total = len(self._ended) + len(self._running)
                self._feeder = None
        except Exception as wrong:
            with self._news:
                self._fault, self._stopped, self._feeder = wrong, True, None
        self._room.release()
        self._tell()

    def _stops(self) -> bool:
        with self._news:
            if self._stopped:
                self._feeder = None
            return self._stopped

    def _send(self, number: int, given: Prompt, *, first: bool = False) -> None:
        own: dict[str, Any] = {"prompt": given} if isinstance(given, str) else {**given}
        wanted = {"prompt": "", **self._common, **own}
        try:
            with cells.asked_by(self._cell):
                job = session.generate(**wanted)
        except (SoravidError, TypeError) as wrong:
            if first and _is_shared(wrong, own):
                raise
            fault = wrong if isinstance(wrong, SoravidError) else InvalidRequest(str(wrong))
            self._keep(never_sent(number, wanted, fault))
            return
        with self._news:
            self._running[number] = job
            unwanted = self._cancelled  # just while it was being sent
        if unwanted:
            loop.submit(job.cancelled_at_provider())
        job.on_update(lambda _view: self._heard(number, job))
        self._heard(number, job)

    def _heard(self, number: int, job: Job) -> None:
        if not job.done():
            self._tell()
            return
        with self._news:
            if self._running.get(number) is not job:
                return  # its end is told twice where it came early
            item = Item.of(number, job)
            del self._running[number]
            self._keep(item)

    def _keep(self, item: Item) -> None:
        with self._news:
            self._ended.append(item)
            self._tally = self._tally.plus([item.view])
        self._room.release()
        self._tell()

    def _tell(self) -> None:
        with self._news:
            self._news.notify_all()
        self._listeners.tell(lambda: None)


def _is_shared(wrong: Exception, own: Mapping[str, Any]) -> bool:
    """Whether a mistake is in what all prompts have in common."""
    if isinstance(wrong, BudgetExceeded) and wrong.scope is not None:
        return False
    param = getattr(wrong, "param", None)
    return not (isinstance(wrong, InvalidRequest) and (param in {None, "prompt"} or param in own))
