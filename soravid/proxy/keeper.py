"""Goes on with every job until its clip is in the store, whoever has asked for it and whether they stay.

Everything here runs on the loop thread. A process that ends leaves its jobs in the journal, and another one
takes them up (``leasing.py``).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soravid import loop, settings
from soravid.errors import DeadlineExceeded, NotFound, OutcomeUnknown, SoravidError
from soravid.ledger import JobRow
from soravid.ledger.leases import Leases
from soravid.ledger.owned import Owned
from soravid.observe.redact import redact
from soravid.pipeline import OVERDUE, Pipeline
from soravid.plans import Plan
from soravid.proxy import names
from soravid.proxy.store import Store
from soravid.types import Variant

if TYPE_CHECKING:
    from soravid.proxy.bucket import Blob

_log = logging.getLogger("soravid.proxy")
_AT_ONCE = 8
"""Clips that are fetched at once."""
_FIRST_LOOK = 1.0
"""Seconds for which a new job is left alone at least: no clip is made sooner, and many may be asked for."""
_AGAIN = (30.0, 120.0)
"""Seconds before a clip that did not arrive is fetched again."""
_SENDING = 120.0
"""Seconds for which a create of ours may still be under way."""
_ARRIVES = 60.0
"""Seconds within which a clip is fetched by the replica that goes on with its job."""
_ENDING = 10.0
"""Seconds that clips on their way are waited for when the proxy ends; others are fetched by another one."""
_ROUND = 600.0
"""Seconds between two looks at what was left behind: old files, overdue jobs, clips that never arrived."""


class Keeper:
    """The jobs of a proxy that have not ended, and the clips that are on their way to the store.

    Attributes:
        rows: the newest state of each job that is kept here, by the id under which it was made.
    """

    def __init__(self, line: Pipeline, store: Store, owned: Owned, leases: Leases) -> None:
        self.rows: dict[str, JobRow] = {}
        self._line, self._store, self._owned, self._leases = line, store, owned, leases
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._arriving: set[str] = set()
        self._fetches: dict[tuple[str, str], asyncio.Task[Path | Blob]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._rounds: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look from time to time for what was left behind."""
        self._rounds = asyncio.create_task(self._go_round(), name="soravid-keeper")

    async def stop(self) -> None:
        """Leave everything as the journal has it; clips on their way may still arrive."""
        await _cancelled([*self._tasks.values(), *([self._rounds] if self._rounds else [])])
        if self._fetches:
            await asyncio.wait(self._fetches.values(), timeout=_ENDING)
        await _cancelled(self._fetches.values())

    # --- whose jobs are whose ------------------------------------------------------------------------

    @property
    def kept(self) -> set[str]:
        """The jobs that are gone on with here."""
        return {row.id for row in self.rows.values()} | self._tasks.keys()

    async def take_up(self) -> None:
        """Go on with every job of this replica that nobody goes on with."""
        now = time.time()
        for row in await loop.in_thread(self._leases.mine):
            old = row.ended_at is not None and row.ended_at < now - OVERDUE
            here = row.session == self._line.journal.session
            sending = here and row.video_id is None and row.updated_at > now - _SENDING
            if names.MARK in row.labels and not old and not sending:
                self.keep(row)

    async def adopt(self, row: JobRow) -> None:
        """Go on with a job of whichever replica, since nobody else does."""
        await loop.in_thread(self._leases.take, row.id)
        self.keep(row)

    def let_go(self, job_ids: set[str]) -> None:
        """Go on no more with jobs that another replica has taken over."""
        for first, task in self._tasks.items():
            if first in job_ids or ((row := self.rows.get(first)) and row.id in job_ids):
                task.cancel()

    # --- what routes ask -----------------------------------------------------------------------------

    def keep(self, row: JobRow, plan: Plan | None = None) -> None:
        """Go on with a job: until it ends, by the plan's other choices where that says so, then fetch it."""
        first = row.labels.get(names.FIRST, row.id)
        if first in self._tasks:
            return
        self._saw(first, row)
        task = asyncio.create_task(self._kept(first, row, plan), name=f"soravid-kept {row.id}")
        self._tasks[first] = task
        task.add_done_callback(lambda _: self._left(first))

    def arriving(self, row: JobRow) -> bool:
        """Whether a job has just ended, and its clip is on its way to the store, by whichever replica."""
        return row.id in self._arriving or self.arriving_elsewhere(row)

    def arriving_elsewhere(self, row: JobRow) -> bool:
        """Whether a job has just ended, and another replica is to bring its clip."""
        if row.status != "completed" or row.clip or row.error or row.ended_at is None:
            return False
        here = row.labels.get(names.FIRST, row.id) in self._tasks
        return not here and row.ended_at > time.time() - _ARRIVES

    async def drop(self, job_id: str) -> None:
        """Go on with a job no more: its owner has deleted it."""
        if task := self._tasks.get(job_id):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def clip(self, row: JobRow, variant: Variant = "video") -> Path | Blob:
        """A completed job's clip or still in the store; fetched if it is not there (any more).

        Raises:
            SoravidError: it cannot be had.
        """
        fetch = self._fetches.get((row.id, variant))
        # While it is fetched the file may be there already, and not be looked at by the guardrails yet.
        if fetch is None and (path := self._store.find(row, variant)):
            return path
        if fetch is None:
            fetch = asyncio.create_task(self._fetch(row, variant), name=f"soravid-fetch {row.id}")
            self._fetches[row.id, variant] = fetch
            fetch.add_done_callback(lambda done: self._fetched(row.id, variant, done))
        return await asyncio.shield(fetch)

    # --- a job's way ---------------------------------------------------------------------------------

    async def _kept(self, first: str, row: JobRow, plan: Plan | None) -> None:
        try:
            if first != row.id:  # whoever let it stand in for the first may have been killed before saying so
                await loop.in_thread(self._owned.replace, first, row.id)
            row = await self._ended(first, row, plan)
            if row.status == "completed":
                await self._bring(first, row)
                if not await loop.in_thread(self._owned.find, first):  # deleted meanwhile, at another replica
                    await loop.in_thread(self._store.remove, row)
        except (OutcomeUnknown, DeadlineExceeded):
            pass  # looked at again in a later round
        except NotFound as gone:
            if await loop.in_thread(self._owned.find, first):  # else it was deleted at another replica
                _log.warning("%s: %s", first, redact(str(gone)))
        except SoravidError as wrong:
            _log.warning("%s: %s", first, redact(str(wrong)))

    async def _ended(self, first: str, row: JobRow, plan: Plan | None) -> JobRow:
        """The job's end, or that of the job that stands in for it where a failure is tried elsewhere."""
        if row.video_id is None and not row.final:
            row = await self._line.recover(row)
        await asyncio.sleep(min(_FIRST_LOOK, self._pace(row)))
        while True:
            row = await self._line.watch(row, partial(self._heard, first, plan), OVERDUE)
            plan = plan and plan.after_failure(row)
            if plan is None:
                break
            plan = replace(plan, labels={**plan.labels, names.FIRST: first})
            failed, row = row, await self._line.submit(plan)
            await loop.in_thread(self._owned.replace, failed.id, row.id)
        self._saw(first, row)
        return row

    def _heard(self, first: str, plan: Plan | None, row: JobRow) -> None:
        """Take a job's news; a failure that is made up for elsewhere is none."""
        if not (plan and plan.after_failure(row)):
            self._saw(first, row)

    async def _bring(self, first: str, row: JobRow) -> None:
        """Fetch the clip; where that fails, once or twice more."""
        for wait in (*_AGAIN, None):
            try:
                await self.clip(row)
                return
            except SoravidError as wrong:
                _log.warning("%s: the clip has not been stored: %s", first, redact(str(wrong)))
            finally:
                self._arriving.discard(row.id)
            if wait is None or row.error:
                return
            self._left(first)  # from now on the journal tells of it
            await asyncio.sleep(wait)

    def _pace(self, row: JobRow) -> float:
        """Seconds between two looks, as the job's provider wants them."""
        return settings.poll_seconds(self._line.accounts.provider_of(row).profile.poll_seconds)

    def _saw(self, first: str, row: JobRow) -> None:
        known = self.rows.get(first)
        if row.status == "completed" and not (known and known.final) and not self._store.find(row):
            self._arriving.add(row.id)
        self.rows[first] = row

    def _left(self, first: str) -> None:
        row = self.rows.pop(first, None)
        if row:
            self._arriving.discard(row.id)
        task = self._tasks.get(first)
        if task and task.done():
            del self._tasks[first]

    # --- clips ---------------------------------------------------------------------------------------

    async def _fetch(self, row: JobRow, variant: Variant) -> Path | Blob:
        if kept := await self._store.look(row, variant):
            return kept
        target = self._store.path(row, variant)
        async with self._slots:
            if variant == "video":
                await self._line.shelf.store(row, target)
            else:
                await loop.in_thread(target.parent.mkdir, parents=True, exist_ok=True)
                await self._store.bring(row)
                await self._line.shelf.download(row.id, target, variant=variant)
            await self._store.keep(row, variant)
        return target

    def _fetched(self, job_id: str, variant: str, done: asyncio.Task[Path | Blob]) -> None:
        del self._fetches[job_id, variant]
        if not done.cancelled():
            done.exception()  # whoever waits for it has heard, if anybody does

    # --- what was left behind ------------------------------------------------------------------------

    async def _go_round(self) -> None:
        while True:
            strays = loop.in_thread(self._leases.find_strays, names.MARK)
            for work in (self.take_up(), strays, self._settle(), loop.in_thread(self._store.sweep)):
                with suppress(SoravidError, OSError):
                    await _said(work)
            await asyncio.sleep(_ROUND)

    async def _settle(self) -> None:
        mine = {row.id for row in await loop.in_thread(self._leases.mine)}
        for row in await self._line.settle_overdue(
            lambda row: row.id in mine or names.MARK not in row.labels
        ):
            if row.id in mine:
                self.keep(row)


async def _cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def _said(work: Coroutine[Any, Any, Any]) -> None:
    """Do some work, and tell the operator where it fails."""
    try:
        await work
    except (SoravidError, OSError) as wrong:
        _log.error("%s", redact(str(wrong)))
        raise
