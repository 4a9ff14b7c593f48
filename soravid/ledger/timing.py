"""How long jobs took: what the journal can say of one that runs now."""

from __future__ import annotations

from statistics import quantiles

import sqlalchemy as sa

from soravid.ledger.reading import Reading
from soravid.ledger.schema import jobs
from soravid.views import Usual

_NEWEST = 2_000
"""Jobs of all models among which it looks: what was long ago says little of today."""
_SAMPLES = 50
_ENOUGH = 5
_LATE = 3_600.0
"""Seconds after which a job's end was rather learnt late than late."""
_CLASSES = (5.0, 10.0, 20.0)
"""Clips of up to so many seconds take alike."""


def usual(journal: Reading, model: str, seconds: str | None) -> Usual | None:
    """How long the last clips of that model and of about that length took; None with fewer than five."""
    newest = (
        sa.select(jobs.c.model, jobs.c.status, jobs.c.seconds, jobs.c.created_at, jobs.c.ended_at)
        .order_by(jobs.c.created_at.desc())
        .limit(_NEWEST)
        .subquery()
    )
    columns = newest.c
    made = sa.and_(columns.model == model, columns.status == "completed", columns.ended_at.is_not(None))
    query = sa.select(columns.seconds, columns.ended_at - columns.created_at).where(made)
    with journal._database.read() as db:
        found = db.execute(query.order_by(columns.created_at.desc())).all()
    wanted = _class(seconds)
    took = [span for length, span in found if _class(length) == wanted and span <= _LATE][:_SAMPLES]
    return Usual(*quantiles(took, n=4, method="inclusive")) if len(took) >= _ENOUGH else None


def _class(seconds: str | None) -> int:
    return -1 if seconds is None else sum(float(seconds) > limit for limit in _CLASSES)
