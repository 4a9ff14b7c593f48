"""Whether a deployment may be tried: failures cool it down, and then one try shows whether it is up again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from soravid.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    InsufficientCredits,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    ServerError,
    SoravidError,
)
from soravid.routing.policy import Policy

Clock = Callable[[], float]
_WINDOW = 60.0
"""Seconds within which failures count together."""
_COUNT = (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    InsufficientCredits,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    ServerError,
)
"""What says something of the deployment. A refusal or a bad request says something of the request."""


class NoDeployment(RateLimited):
    """Every deployment of a group cools down; ``retry_after`` is seconds until the first may be tried."""

    code = "no_deployment"
    title = "No deployment is up"


class Health:
    """One deployment's failures. Closed, cooling down, then half-open: a single try decides."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._failures: deque[float] = deque(maxlen=policy.allowed_fails + 1)
        self._until: float | None = None
        self._trying = False

    @property
    def up(self) -> bool:
        """Whether it may be tried now."""
        return self._until is None or (not self._trying and self.wait <= 0)

    @property
    def wait(self) -> float:
        """Seconds until it may be tried; 0 where it may be, or just is."""
        return 0.0 if self._until is None else max(0.0, self._until - self._clock())

    @property
    def word(self) -> str:
        """``up``, ``cooling down``, or ``half-open`` for the one try after that."""
        if self._until is None:
            return "up"
        return "cooling down" if self.wait > 0 else "half-open"

    @property
    def failures(self) -> int:
        """How many failures count now."""
        oldest = self._clock() - _WINDOW
        return sum(at > oldest for at in tuple(self._failures))

    def begin(self) -> bool:
        """Note that it is tried; True says that this is the one try after a cooldown."""
        trial = self._until is not None
        self._trying = self._trying or trial
        return trial

    def end(self, wrong: BaseException | None, *, trial: bool) -> None:
        """Note how a try ended. What broke off, or says nothing of the deployment, leaves its failures."""
        if trial:
            self._trying = False
        if isinstance(wrong, _COUNT):
            self._failed(wrong, trial=trial)
        elif wrong is None or isinstance(wrong, SoravidError):
            if trial:  # also a refusal shows that somebody is there
                self._until = None
            if wrong is None:
                self._failures.clear()

    def _failed(self, wrong: SoravidError, *, trial: bool) -> None:
        now = self._clock()
        self._failures.append(now)
        asked = wrong.retry_after if isinstance(wrong, RateLimited) else None
        if asked is not None or trial or self.failures > self._policy.allowed_fails:
            # Whoever is asked to wait waits, however few failures there were.
            until = now + (self._policy.cooldown_time if asked is None else asked)
            self._until = max(self._until or until, until)
