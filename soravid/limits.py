"""How often something may be done: at most so many times in any window of so many seconds."""

from __future__ import annotations

from collections import deque

from soravid.errors import InvalidRequest


class Rate:
    """At most ``limit`` takes in *any* ``per_seconds``, and as many as that at once.

    It keeps the times of the last ``limit`` takes and nothing else: no background task, no lock, and each
    call costs the same. One number instead of that list (GCRA, a token bucket) would let nearly twice the
    limit into one window, or hold a burst back that the limit allows.

    Times are seconds on any clock of the caller's that does not run backwards.

    Raises:
        InvalidRequest: a limit that is no whole number above 0, or no positive length of time.
    """

    def __init__(self, limit: int, per_seconds: float = 60.0) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise InvalidRequest(
                f"A rate limit must be a whole number above 0, not {limit!r}.", param="limit"
            )
        if isinstance(per_seconds, bool) or not 0 < per_seconds < float("inf"):
            raise InvalidRequest(
                f"A rate limit's time must be a positive number of seconds, not {per_seconds!r}.",
                param="per_seconds",
            )
        self.limit = limit
        self.per_seconds = per_seconds
        self._taken: deque[float] = deque(maxlen=limit)

    def wait(self, now: float) -> float:
        """Seconds until one may be taken; 0 if it may be now. Takes none."""
        if len(self._taken) < self.limit:
            return 0.0
        return max(0.0, self._taken[0] + self.per_seconds - now)

    def take(self, now: float) -> float:
        """Take one and return 0; or take none and return the seconds to wait before asking again."""
        wait = self.wait(now)
        if not wait:
            self._taken.append(now)
        return wait
