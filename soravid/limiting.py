"""How many creates a minute, and how many jobs at once, anyone may have. Polls and downloads do not count.

soravid_settings:
  limits:
    user: {requests_per_minute: 10, parallel_jobs: 2}
    session: {parallel_jobs: 8}
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from soravid.errors import InvalidRequest, RateLimited, nearest, one_of
from soravid.ledger import Scope
from soravid.ledger.accounts import Kind
from soravid.limits import Rate

_KINDS = ("session", "user", "provider")
"""Whose jobs the journal can count."""
_MINUTE = 60.0
_LOOK_AGAIN = 5.0
"""Seconds after which it is worth asking again whether a job has ended."""


class LimitReached(RateLimited):
    """Somebody asks too often, or has too many jobs at once; ``retry_after`` is the wait in seconds."""

    title = "A limit is reached"

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message, hint=f"Try again in {max(1, round(wait))} s; nothing was sent.")
        self.retry_after = wait


@dataclass(frozen=True, slots=True)
class Limit:
    """What each scope of a kind may have; None: as much as it likes."""

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


class Limits:
    """The limits of this process, and who has asked when.

    Args:
        by_kind: the limit for each scope of a kind, such as every user.
        clock: seconds, never backwards.
    """

    def __init__(
        self, by_kind: Mapping[Kind, Limit] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._by_kind = dict(by_kind or {})
        self._clock = clock
        self._rates: dict[Scope, Rate] = {}

    @classmethod
    def read(cls, section: Any) -> Limits:
        """The limits of a configuration's section.

        Raises:
            InvalidRequest: something that is no limit.
        """
        if not isinstance(section, Mapping):
            raise InvalidRequest("limits must hold kinds, such as user, and their limits.", param="limits")
        for kind in section:
            if kind not in _KINDS:
                raise InvalidRequest(f"Limits are of {one_of(_KINDS)}, not of {kind!r}.", param="limits")
        return cls({kind: Limit.read(kind, values) for kind, values in section.items()})

    def __bool__(self) -> bool:
        return bool(self._by_kind)

    def take(self, scopes: Iterable[Scope], running: Callable[[Scope], int]) -> None:
        """Count one create for each scope; ``running`` tells how many of its jobs have not ended.

        Raises:
            LimitReached: one of them may not now; then it counts for none.
        """
        rates = []
        for scope in scopes:
            limit = self._by_kind.get(scope.kind, Limit())
            if limit.parallel_jobs is not None and running(scope) >= limit.parallel_jobs:
                raise LimitReached(
                    f"The {scope} has {limit.parallel_jobs} jobs running, which is its limit.", _LOOK_AGAIN
                )
            if limit.requests_per_minute is not None:
                rates.append((scope, self._rate(scope, limit.requests_per_minute)))
        now = self._clock()
        for scope, rate in rates:
            if wait := rate.wait(now):
                raise LimitReached(f"The {scope} may make {rate.limit} clips a minute.", wait)
        for _, rate in rates:
            rate.take(now)

    def _rate(self, scope: Scope, limit: int) -> Rate:
        return self._rates.setdefault(scope, Rate(limit, _MINUTE))


active = Limits()
"""What the pipeline asks; a configuration sets it."""


def use(limits: Limits) -> Limits:
    """Set the limits of this process, in place of those that were there."""
    global active
    active = limits
    return limits
