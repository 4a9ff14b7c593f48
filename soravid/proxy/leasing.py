"""Holds on to this replica's jobs while it lives, and takes up those of replicas that have ended.

Everything here runs on the loop thread, and the database's part of it on a thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from contextlib import suppress

from soravid import living, loop
from soravid.errors import SoravidError
from soravid.ledger.journal import Journal
from soravid.ledger.leases import Leases
from soravid.observe.redact import redact
from soravid.proxy import names
from soravid.proxy.keeper import Keeper

_RENEWALS = 5
"""Renewals in the time of a lease: some may be lost before it is."""
_log = logging.getLogger("soravid.proxy")


class Leasing:
    """One replica's lease of all of its jobs, for ``seconds`` at a time."""

    def __init__(self, journal: Journal, leases: Leases, keeper: Keeper, seconds: float) -> None:
        self._journal, self._leases, self._keeper, self._seconds = journal, leases, keeper, seconds
        self._take_from = 0.0
        self._renewing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Become known to the others, before the first job is made, and take up what is left behind."""
        await loop.in_thread(self._find_ended)
        await self._renew()
        self._renewing = asyncio.create_task(self._go_on(), name="soravid-leasing")

    async def stop(self) -> None:
        """Have others go on with the jobs, which nobody here does any more."""
        if self._renewing:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        with suppress(SoravidError):  # else the lease runs out
            await loop.in_thread(self._leases.give_back)

    async def _go_on(self) -> None:
        well = True
        while True:
            await asyncio.sleep(self._seconds / _RENEWALS * random.uniform(0.9, 1.0))  # noqa: S311
            try:
                await self._renew(again=not well)
                well = True
            except Exception as wrong:  # whatever it is, a replica that does not renew is taken for dead
                if well:
                    _log.error("%s", redact(str(wrong)))
                well = False
                # The others could not renew theirs either: they have the time of a lease to do so.
                self._take_from = time.monotonic() + self._seconds

    async def _renew(self, *, again: bool = False) -> None:
        """Renew the lease and take up what has come; ``again``: also what was let go meanwhile."""
        held, gone = await loop.in_thread(self._leases.renew, self._seconds)
        if not held:
            kept = self._keeper.kept
            self._keeper.let_go(await loop.in_thread(self._leases.elsewhere, kept) if kept else set())
        taken = False
        while gone and time.monotonic() >= self._take_from and await loop.in_thread(self._leases.take_over):
            taken = True
        if taken or again or not held:
            await self._keeper.take_up()

    def _find_ended(self) -> None:
        """Spare the wait for leases that are known to be nobody's. Blocking."""
        self._leases.expire(living.killed(self._journal, self._leases.names()))
        self._leases.find_strays(names.MARK)
