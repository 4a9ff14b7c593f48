"""The refusals of this process: how many of each kind there were, and the last ones as they were told."""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import NamedTuple

from starlette.requests import Request

from soravid.observe.redact import redact
from soravid.proxy.envelope import Refusal

_MOST = 300
"""How many of the last ones are kept."""


class Refused(NamedTuple):
    """One refusal. ``at`` is in Unix seconds."""

    at: float
    status: int
    code: str
    message: str
    method: str
    path: str


counts: Counter[tuple[int, str]] = Counter()
"""How many there were, by status and code."""
recent: deque[Refused] = deque(maxlen=_MOST)
"""The last ones, oldest first."""


def note(refusal: Refusal, request: Request) -> Refusal:
    """Count a refusal; returns it."""
    counts[refusal.status, refusal.code] += 1
    path = request.url.path[:120]
    # What a stranger is told is our own text, and would be taken for one with a key in it.
    message = refusal.message if refusal.code == "invalid_api_key" else redact(refusal.message[:500])
    recent.append(Refused(time.time(), refusal.status, refusal.code, message, request.method, path))
    return refusal
