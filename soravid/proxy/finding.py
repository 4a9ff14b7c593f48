"""Leads from an id to its job, for whoever may see it; for anybody else there is none."""

from __future__ import annotations

import time
from dataclasses import replace

from soravid import loop
from soravid.ledger import JobRow
from soravid.ledger.owned import Owned
from soravid.proxy import names
from soravid.proxy.access import Caller
from soravid.proxy.envelope import not_found
from soravid.proxy.keeper import Keeper

_FRESH = 2.0
"""Seconds for which a job that is kept elsewhere, or has ended, is taken for what it was."""
_MOST = 5_000


class Finder:
    """Jobs by the ids that callers have: from memory where they run here, else from the journal."""

    def __init__(self, keeper: Keeper, owned: Owned) -> None:
        self._keeper, self._owned = keeper, owned
        self._seen: dict[str, tuple[float, JobRow]] = {}

    async def find(self, video_id: object, caller: Caller) -> JobRow:
        """The job of an id as it is now.

        Raises:
            Refusal: 404 for an id that is nobody's, and for somebody else's.
        """
        job_id = names.job_of(video_id) if isinstance(video_id, str) else None
        if job_id is None and caller.key is None and isinstance(video_id, str):
            job_id = video_id  # what was not made through a proxy has the journal's id
        row = await self._row(job_id) if job_id else None
        if row is None or not caller.sees(row):
            raise not_found(video_id)
        if not names.is_its_id(row, str(video_id)) and row.id != video_id:
            raise not_found(video_id)
        return row

    def forget(self, job_id: str) -> None:
        """Have a job read anew: it has changed."""
        self._seen.pop(job_id, None)

    async def _row(self, job_id: str) -> JobRow | None:
        if row := self._keeper.rows.get(job_id):
            return row
        at, seen = self._seen.get(job_id, (0.0, None))
        if seen and at + _FRESH > time.monotonic():
            return seen
        row = await loop.in_thread(self._owned.find, job_id)
        self._seen.pop(job_id, None)
        if row:
            row = replace(row, poster=None)  # thousands of rows are kept, and nobody who asks here wants it
            self._seen[job_id] = time.monotonic(), row
            while len(self._seen) > _MOST:
                del self._seen[next(iter(self._seen))]
        return row
