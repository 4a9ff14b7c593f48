"""How many creates a minute, and how many jobs at once, anyone may have. Polls and downloads do not count.

soravid_settings:
  limits:
    user: {requests_per_minute: 10, parallel_jobs: 2}
    session: {parallel_jobs: 8}

Who has had how many stands in the journal: whoever shares it shares the limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from soravid.errors import InvalidRequest, one_of
from soravid.ledger import Scope
from soravid.ledger.accounts import KINDS, Kind
from soravid.ledger.limits import Limit, LimitReached

__all__ = ["Limit", "LimitReached", "Limits", "active", "use"]


class Limits:
    """The limits of this process: for each kind of scope, what every one of it may have."""

    def __init__(self, by_kind: Mapping[Kind, Limit] | None = None) -> None:
        self._by_kind = dict(by_kind or {})

    @classmethod
    def read(cls, section: Any) -> Limits:
        """The limits of a configuration's section.

        Raises:
            InvalidRequest: something that is no limit.
        """
        if not isinstance(section, Mapping):
            raise InvalidRequest("limits must hold kinds, such as user, and their limits.", param="limits")
        for kind in section:
            if kind not in KINDS:
                raise InvalidRequest(f"Limits are of {one_of(KINDS)}, not of {kind!r}.", param="limits")
        return cls({kind: Limit.read(kind, values) for kind, values in section.items()})

    def of(self, scopes: Iterable[Scope]) -> dict[Scope, Limit]:
        """What each of these may have, where anything is said of its kind."""
        if not self._by_kind:
            return {}
        return {scope: self._by_kind[scope.kind] for scope in scopes if scope.kind in self._by_kind}


active = Limits()
"""What the pipeline asks; a configuration sets it."""


def use(limits: Limits) -> Limits:
    """Set the limits of this process, in place of those that were there."""
    global active
    active = limits
    return limits
