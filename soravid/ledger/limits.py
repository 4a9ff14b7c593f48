"""How many jobs a scope may have: so many in a minute, so many at once. Kept where the money is.

What stands in the database is small, whatever the limit: the creates of the last minute, those of the same
second as one. So a limit is never passed in any minute, and a wait may be a second longer than it had to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from soravid.errors import InvalidRequest, RateLimited, nearest, one_of
from soravid.ledger.accounts import Scope

Takes = list[tuple[float, int]]
"""When creates were let in (Unix seconds), and how many then; oldest first."""
_MINUTE = 60.0
_LOOK_AGAIN = 5.0
"""Seconds after which it is worth asking again whether a job has ended."""


class LimitReached(RateLimited):
    """Somebody asks too often, or has too many jobs at once; ``retry_after`` is the wait in seconds."""

    title = "A limit is reached"

    def __init__(self, message: str, wait: float, scope: Scope | None = None) -> None:
        super().__init__(message, hint=f"Try again in {max(1, round(wait))} s; nothing was sent.")
        self.retry_after = wait
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Limit:
    """What a scope may have; None: as much as it likes."""

    requests_per_minute: int | None = None
    parallel_jobs: int | None = None

    @classmethod
    def read(cls, kind: str, values: Any) -> Limit:
        """A limit as it stands in a configuration.

        Raises:
            InvalidRequest: no such limit, or no whole number above 0.
        """
        if not isinstance(values, Mapping):
            raise InvalidRequest(f"The limits of {kind} must be names and numbers.", param="limits")
        for name, value in values.items():
            if name not in cls.__dataclass_fields__:
                near = nearest(str(name), cls.__dataclass_fields__) or list(cls.__dataclass_fields__)
                raise InvalidRequest(
                    f"There is no limit {name!r}.", param="limits", hint=f"Did you mean {one_of(near)}?"
                )
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidRequest(
                    f"{name} of {kind} must be a whole number above 0, not {value!r}.", param="limits"
                )
        return cls(**values)

    @property
    def for_a_fallback(self) -> Limit:
        """The same for a create that has been counted in its minute already."""
        return replace(self, requests_per_minute=None)


def check_running(scope: Scope, limit: int, running: int) -> None:
    """Whether one more job may run.

    Raises:
        LimitReached: as many as may run do.
    """
    if running >= limit:
        jobs = "1 job" if limit == 1 else f"{limit} jobs"
        raise LimitReached(f"The {scope} has {jobs} running, which is its limit.", _LOOK_AGAIN, scope)


def check_rate(scope: Scope, limit: int, takes: Takes, now: float) -> None:
    """Whether one more create may be let in.

    Raises:
        LimitReached: as many as may be in a minute were.
    """
    over = sum(count for _, count in takes) - limit
    for at, count in takes:
        if over < 0:
            return
        over -= count
        if over < 0:
            clips = "1 clip" if limit == 1 else f"{limit} clips"
            raise LimitReached(f"The {scope} may make {clips} a minute.", at + _MINUTE - now, scope)


def lately(takes: Takes, now: float) -> Takes:
    """Those of the minute before ``now``; a clock that was set back makes none of them later than now."""
    return [(min(at, now), count) for at, count in takes if at > now - _MINUTE]


def taken(takes: Takes, now: float) -> Takes:
    """With one more."""
    if takes and int(takes[-1][0]) == int(now):
        return [*takes[:-1], (now, takes[-1][1] + 1)]
    return [*takes, (now, 1)]
