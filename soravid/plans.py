"""Guard, price, route: from a request to a plan of what to send where. Sends nothing, writes nothing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

from soravid import catalog, checks, settings
from soravid.catalog import Quote
from soravid.deployments import Connection, Deployment, Options, ProviderProfile
from soravid.errors import BudgetExceeded, InvalidRequest
from soravid.ledger import JobRow
from soravid.money import show, to_nano
from soravid.providers import provider_class
from soravid.types import VideoRequest


@dataclass(frozen=True, slots=True)
class Step:
    """One way to a clip: what to send where, what it may cost, and the clip's expected duration and size."""

    request: VideoRequest
    deployment: Deployment
    quote: Quote | None
    expected: tuple[str | None, str | None]

    @property
    def price(self) -> int | None:
        """Nano-USD to hold: the most that it may cost; None when that is unknown."""
        return self.quote.upper if self.quote else None


@dataclass(frozen=True, slots=True)
class Plan:
    """A request that has passed guard and price: its steps, first choice first."""

    steps: tuple[Step, ...]
    idempotency_key: str | None = None
    reuse: bool = False
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def request(self) -> VideoRequest:
        """What was asked for."""
        return self.steps[0].request

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


def draw_up(request: VideoRequest, options: Options, source: JobRow | None, *, to_send: bool = True) -> Plan:
    """Check and price a request for its model and for each fallback.

    ``source`` is the journal's row of the video that a remix, edit or extension is made from, if it has one.
    A plan that is not ``to_send`` only tells the price, for which no key is needed.

    Raises:
        InvalidRequest: an argument that cannot work, a missing key, or a price above ``max_cost``.
    """
    today = datetime.now(UTC).date()
    if source and source.video_id:
        request = replace(request, source_id=source.video_id)
    steps = []
    for model in (request.model, *(options.get("fallbacks") or ())):
        first = model == request.model
        wanted = _whole(request if first else replace(request, model=model))
        provider, name = checks.split_model(model)
        # A key or an address given with the call belongs to the model of the call.
        given: Connection = options if first else {"timeout": options.get("timeout")}
        if source and source.model.partition("/")[0] != provider:
            raise InvalidRequest(
                f"That video was made by {source.model}; {model} cannot {request.operation} it.",
                param="model",
            )
        if first and source and source.model.partition("/")[0] == provider and not given.get("api_base"):
            given = {**given, "api_base": source.api_base}
        adapter = provider_class(provider)
        deployment = _deployment(adapter.profile, name, given, to_send=to_send)
        checks.check_request(wanted, deployment, today)
        with closing(adapter(deployment).create(wanted)) as flow:
            next(flow, None)  # what the wire cannot say is told now: a flow only writes its request
        steps.append(Step(wanted, deployment, *_expect(wanted, source)))
    plan = Plan(
        tuple(steps),
        idempotency_key=options.get("idempotency_key"),
        reuse=bool(options.get("reuse")),
        labels=options.get("metadata") or {},
    )
    limit = options.get("max_cost")
    if limit is not None:
        _check_limit(plan.estimate, to_nano(limit, param="max_cost"))
    return plan


def _deployment(profile: ProviderProfile, model: str, given: Connection, *, to_send: bool) -> Deployment:
    try:
        return settings.deployment(profile, model, given)
    except InvalidRequest as missing:
        if to_send or given.get("api_base") or missing.param not in {"api_key", "api_base"}:
            raise
        base = profile.default_base
        return Deployment(provider=profile.name, model=model, api_base=base, own_host=bool(base))


def _whole(request: VideoRequest) -> VideoRequest:
    """The request with the model's own duration and size where none was said.

    They are sent, not left to the provider: what is held is then what was ordered.
    """
    model = catalog.find(request.model)
    if model is None or request.operation != "create":
        return request
    return replace(
        request,
        seconds=request.seconds or model.default_seconds,
        size=request.size or model.default_size,
    )


def _expect(
    request: VideoRequest, source: JobRow | None
) -> tuple[Quote | None, tuple[str | None, str | None]]:
    """What a request may cost, and the clip's duration and size.

    A remix or an edit is as long and as large as its source, unless it says otherwise.
    """
    model = catalog.find(request.model)
    seconds, size = request.seconds, request.size
    if source:
        seconds, size = seconds or source.seconds, size or source.size
    if model is None:
        return None, (seconds, size)
    # Where the duration is open and nothing is charged, the price is known all the same.
    length = seconds or ("1" if not any(model.prices.values()) else None)
    quote = length and model.quote(length, size, audio=request.audio, pictures=len(request.pictures))
    return quote or None, (seconds, size)


def _check_limit(estimate: int | None, limit: int) -> None:
    if estimate is None:
        raise BudgetExceeded(
            f"The price is unknown, so it cannot be kept under {show(limit)}.", param="max_cost"
        )
    if estimate > limit:
        raise BudgetExceeded(
            f"The clip is estimated at {show(estimate)}, above the limit of {show(limit)}.", param="max_cost"
        )
