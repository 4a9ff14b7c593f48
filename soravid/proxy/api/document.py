"""Makes the OpenAPI document from the table of routes.

FastAPI writes it. Loading that and describing every route takes as long as half a start of the proxy, so it
is done when somebody asks, and not before.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from soravid import __version__
from soravid.proxy.documents import SECURITY, Line


def document(table: Sequence[Line]) -> bytes:
    """The document as JSON. Blocking."""
    page = get_openapi(
        title="soravid proxy",
        version=__version__,
        description="AI video over one account for many people. Every path works with and without /v1.",
        servers=[{"url": "/v1"}, {"url": "/"}],
        routes=[_described(line) for line in table],
    )
    page.setdefault("components", {})["securitySchemes"] = SECURITY
    return json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()


def _described(line: Line) -> APIRoute:
    """A route that FastAPI describes and does not handle: ours check their input in words of their own."""
    first, _, rest = inspect.cleandoc(line.endpoint.__doc__ or "").partition("\n")
    route = APIRoute(
        line.path,
        line.endpoint,
        response_model=None,
        methods=[line.method],
        tags=[line.tag],
        summary=first.rstrip(".").replace("`", ""),
        responses=line.responses,
        openapi_extra=line.extra,
    )
    route.description = rest.strip()
    return route
