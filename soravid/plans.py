"""A request that has passed guard and price: what is sent where, and what it may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from soravid.catalog import Quote
from soravid.deployments import Deployment
from soravid.ledger import JobRow, Scope
from soravid.ledger.limits import Limit
from soravid.refusals import is_refusal
from soravid.routing import DEPLOYMENT, Route
from soravid.types import VideoRequest


@dataclass(frozen=True, slots=True)
class Step:
    """One way to a clip: what to send where, what it may cost, and the clip's expected duration and size.

    ``route`` is the deployment of a model group that it goes through, if it goes through one.
    """

    request: VideoRequest
    deployment: Deployment
    quote: Quote | None
    expected: tuple[str | None, str | None]
    route: Route | None = None

    @property
    def price(self) -> int | None:
        """Nano-USD to hold: the most that it may cost; None when that is unknown."""
        return self.quote.upper if self.quote else None

    @property
    def likely(self) -> int | None:
        """Nano-USD that it most likely costs; None when that is unknown."""
        return self.quote.expected if self.quote else None

    @property
    def labels(self) -> dict[str, str]:
        """What the journal remembers of the way, beside the caller's own labels."""
        return self.route.labels if self.route else {}


@dataclass(frozen=True, slots=True)
class Plan:
    """A request that has passed guard and price, and its steps.

    They are tried in their order; those of one model group in the order that its load and health give when
    they are. ``asked`` is the request as it was made where it names a group, else None.
    """

    steps: tuple[Step, ...]
    idempotency_key: str | None = None
    reuse: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    asked: VideoRequest | None = None
    scopes: tuple[Scope, ...] = ()
    """Whose budgets it counts on, beside the session's, the user's and the provider's."""
    limits: Mapping[Scope, Limit] = field(default_factory=dict)
    """What some of its scopes may have; it counts more than what the configuration says of their kind."""

    @property
    def request(self) -> VideoRequest:
        """What was asked for. Its model is the group's name where a group was asked for."""
        return self.asked or self.steps[0].request

    @property
    def group(self) -> str | None:
        """The model group that was asked for, if it was one."""
        return self.asked.model if self.asked else None

    def after_failure(self, row: JobRow) -> Plan | None:
        """What to try when a job of this plan has failed for its provider's fault; None where nothing is.

        Only where the configuration says ``on_failed_job``, and never after a refusal.
        """
        wanted = any(step.route and step.route.policy.on_failed_job for step in self.steps)
        if not wanted or row.status != "failed" or is_refusal((row.error or {}).get("code")):
            return None
        made_by = row.labels.get(DEPLOYMENT), row.model
        left = tuple(
            step for step in self.steps if (step.labels.get(DEPLOYMENT), step.request.model) != made_by
        )
        return replace(self, steps=left, idempotency_key=None) if left else None

    @property
    def estimate(self) -> int | None:
        """Nano-USD that the dearest of the choices may cost; None when one is unknown."""
        return self.quote.upper if self.quote else None

    @property
    def quote(self) -> Quote | None:
        """What it costs over all the choices: expected is the first one's. None when one is unknown."""
        quotes = [step.quote for step in self.steps]
        if None in quotes:
            return None
        known = cast("list[Quote]", quotes)
        return Quote(
            min(quote.low for quote in known), known[0].expected, max(quote.upper for quote in known)
        )
