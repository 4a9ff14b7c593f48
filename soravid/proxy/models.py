"""The models that a caller may ask for, with what the catalogue says of each: our own client goes by that."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from soravid.catalog import Model
from soravid.money import to_usd
from soravid.proxy import schemas, served
from soravid.proxy.answers import as_json
from soravid.proxy.documents import Line
from soravid.proxy.envelope import Refusal
from soravid.proxy.parts import Parts

_FACTS = (
    *("title", "references", "extend_seconds", "default_seconds", "default_size", "free_images"),
    *("exact_picture", "bills_refusals", "source", "note"),
)


class Models:
    """The list of models, and one of it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def list(self, request: Request) -> Response:
        """Every model that the caller may ask for."""
        caller = await self._parts.access.caller(request.headers)
        return as_json({"object": "list", "data": [_row(name) for name in served.models_of(caller)]})

    async def retrieve(self, request: Request) -> Response:
        """One model."""
        caller = await self._parts.access.caller(request.headers)
        name = request.path_params["model"]
        if name not in served.models_of(caller):
            raise Refusal(404, f"There is no model {name[:80]!r} here.", "model_not_found", param="model")
        return as_json(_row(name))


def _row(name: str) -> dict[str, Any]:
    model = served.facts_of(name)
    row = {"id": name, "object": "model", "created": 0, "owned_by": "soravid"}
    return row | ({"soravid": _facts(model)} if model else {})


def _facts(model: Model) -> dict[str, Any]:
    """A model as a row of the catalogue is written: prices in USD as text."""
    facts: dict[str, Any] = {name: getattr(model, name) for name in _FACTS}
    facts["abilities"] = sorted(model.abilities)
    for name in ("seconds", "sizes"):
        span = getattr(model, name)
        facts[name] = list(span) if isinstance(span, tuple) else span.model_dump()
    for name in ("prices", "silent_prices"):
        facts[name] = {kind: f"{to_usd(nano):f}" for kind, nano in getattr(model, name).items()}
    facts["image_price"] = f"{to_usd(model.image_price):f}"
    facts["tolerance"] = f"{model.tolerance:f}"
    facts["retires_on"] = model.retires_on and model.retires_on.isoformat()
    facts["as_of"] = model.as_of and model.as_of.isoformat()
    return facts


def lines(parts: Parts) -> list[Line]:
    """The routes for the table."""
    models, tag, failures = Models(parts), "Models", (401, 403, 500, 503)
    return [
        Line("GET", "/models", models.list, tag, schemas.ModelPage, failures),
        Line("GET", "/models/{model:path}", models.retrieve, tag, schemas.ModelObject, (*failures, 404)),
    ]
