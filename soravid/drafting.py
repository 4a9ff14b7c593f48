"""Guard, price, route: from a request to a plan of what to send where. Sends nothing, writes nothing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from soravid import catalog, cells, checks, config
from soravid.accounts import reached
from soravid.catalog import Quote
from soravid.deployments import Connection, Deployment, Options, ProviderProfile
from soravid.errors import BudgetExceeded, InvalidRequest, UnknownModel, nearest, one_of
from soravid.ledger import JobRow
from soravid.money import show, to_nano
from soravid.plans import Plan, Step
from soravid.providers import provider_class
from soravid.routing import DEPLOYMENT, GROUP, Groups, Route, route_by_id
from soravid.types import VideoRequest

Purpose = Literal["send", "price", "show"]
"""What a plan is for: to be sent; to tell a price, without a key; to show the clip that there is, also where
its model has been shut down since."""


def draw_up(
    request: VideoRequest, options: Options, source: JobRow | None, purpose: Purpose = "send"
) -> Plan:
    """Check and price a request for its model and for each fallback; for a group, for each deployment.

    ``source`` is the journal's row of the video that a remix, edit or extension is made from, if it has one.

    Raises:
        InvalidRequest: an argument that cannot work, a missing key, or a price above ``max_cost``.
    """
    if source and source.video_id:
        request = replace(request, source_id=source.video_id)
    groups = config.groups()
    asked = _asked(request, options, groups)
    maker = route_by_id(source.labels.get(DEPLOYMENT, ""), groups) if source else None
    steps: list[Step] = []
    for model in (request.model, *(options.get("fallbacks") or ())):
        first = model == request.model
        # A key or an address given with the call belongs to the model of the call.
        given: Connection = options if first else {"timeout": options.get("timeout")}
        if maker and source and (model == source.model or maker in groups.find(model)) and not _own(given):
            # The account that has the source; to any other its id says nothing.
            steps.append(_step(request, maker.entry.model, _known(maker, given), source, purpose, maker))
        elif (first and asked is None) or not groups.find(model):
            steps.append(_step(request, model, given, source, purpose))
        else:
            steps += _steps_of_group(request, model, given, source, purpose, groups)
    plan = Plan(
        tuple(steps),
        idempotency_key=options.get("idempotency_key"),
        reuse=bool(options.get("reuse")),
        labels=_labels(options.get("metadata") or {}, asked),
        asked=asked,
    )
    limit = options.get("max_cost")
    if limit is not None:
        _check_limit(plan.estimate, to_nano(limit, param="max_cost"))
    return plan


def _asked(request: VideoRequest, options: Options, groups: Groups) -> VideoRequest | None:
    """The request as its fingerprint is taken where it names a group: the same whichever deployment makes it.

    A call with a key or an address of its own goes there, past the groups.
    """
    routes, own = groups.find(request.model), _own(options)
    if not routes and groups and "/" not in request.model and (near := nearest(request.model, groups.names)):
        raise UnknownModel(
            f"There is no model group {request.model!r}.", param="model", hint=f"Did you mean {one_of(near)}?"
        )
    if own and routes and "/" not in request.model:
        raise InvalidRequest(
            f"{request.model!r} is a model group, which has its own keys and addresses: leave {own[0]} out.",
            param=own[0],
        )
    if not routes or own:
        return None
    return replace(_whole(replace(request, model=routes[0].entry.model)), model=request.model)


def _own(given: Connection) -> list[str]:
    """What a call says itself of the account that it is for."""
    return [name for name in ("api_key", "api_base", "api_version") if given.get(name)]


def _known(route: Route | None, given: Connection) -> Connection:
    """How a deployment is reached, with the call's own timeout and headers."""
    known = route.connection if route else Connection()
    if (timeout := given.get("timeout")) is not None:
        known["timeout"] = timeout
    if headers := given.get("extra_headers"):
        known["extra_headers"] = {**(known.get("extra_headers") or {}), **headers}
    return known


def _labels(given: dict[str, str], asked: VideoRequest | None) -> dict[str, str]:
    for name in given:
        if name.startswith("soravid."):
            raise InvalidRequest(
                f"metadata may not hold {name!r}: soravid.* are soravid's own.", param="metadata"
            )
    return cells.asking() | given | ({GROUP: asked.model} if asked else {})


def _steps_of_group(
    request: VideoRequest,
    name: str,
    given: Connection,
    source: JobRow | None,
    purpose: Purpose,
    groups: Groups,
) -> list[Step]:
    """A step for each deployment that can do it, and for those of the groups that follow.

    Raises:
        InvalidRequest: none can; what is wrong with the first.
    """
    steps: list[Step] = []
    wrong: InvalidRequest | None = None
    for each in groups.chain(name):
        route = each if isinstance(each, Route) else None
        model = each if isinstance(each, str) else each.entry.model
        try:
            steps.append(_step(request, model, _known(route, given), source, purpose, route))
        except InvalidRequest as cannot:
            wrong = wrong or cannot
    if not steps and wrong:
        raise wrong
    return steps


def _step(
    request: VideoRequest,
    model: str,
    given: Connection,
    source: JobRow | None,
    purpose: Purpose,
    route: Route | None = None,
) -> Step:
    """The request to one model, checked and priced."""
    wanted = _whole(request if model == request.model else replace(request, model=model))
    provider, name = checks.split_model(model)
    if source and source.model.partition("/")[0] != provider:
        raise InvalidRequest(
            f"That video was made by {source.model}; {model} cannot {request.operation} it.",
            param="model",
        )
    if source and not route and model == request.model and not given.get("api_base"):
        given = {**given, "api_base": source.api_base}
    adapter = provider_class(provider)
    deployment = _deployment(adapter.profile, name, given, purpose)
    if source and route and deployment.api_base != source.api_base:
        raise InvalidRequest("That video was made by another account.", param="model", hint=_ELSEWHERE)
    if purpose != "show":
        checks.check_request(wanted, deployment, datetime.now(UTC).date())
        with closing(adapter(deployment).create(wanted)) as flow:
            next(flow, None)  # what the wire cannot say is told now: a flow only writes its request
    return Step(wanted, deployment, *_expect(wanted, source), route)


_ELSEWHERE = "Leave the model out: the account that made it is found again."


def _deployment(profile: ProviderProfile, model: str, given: Connection, purpose: Purpose) -> Deployment:
    try:
        return reached(profile, model, given)
    except InvalidRequest as missing:
        if purpose == "send" or given.get("api_base") or missing.param not in {"api_key", "api_base"}:
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
