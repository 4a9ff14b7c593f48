"""The app: every route in one table, what it says of itself made from that, and the way in before it.

A further group of routes is a file of its own with ``lines(parts)``, and its name in ``_GROUPS``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from soravid.proxy import health, keyroutes, litellm, models, refusals, spend, videos
from soravid.proxy.api.page import Reference
from soravid.proxy.documents import Endpoint
from soravid.proxy.envelope import Refusal, refusal_of
from soravid.proxy.operation import Operation
from soravid.proxy.parts import Parts

_GROUPS = (videos, litellm, models, keyroutes, spend, health)


def create_app(parts: Parts) -> ASGIApp:
    """The proxy as an ASGI app, for the loop that its pipeline runs on."""
    operation = Operation(parts)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await parts.leasing.start()
        parts.keeper.start()
        operation.start()
        yield
        await operation.stop()
        await parts.keeper.stop()
        await parts.leasing.stop()
        await parts.pictures.close()

    table = [line for group in _GROUPS for line in group.lines(parts)] + operation.lines()
    routes = [Route(line.path, _safe(line.endpoint), methods=[line.method]) for line in table]
    routes += [Route(path, _safe(endpoint)) for path, endpoint in Reference(table).routes.items()]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _lost})
    app.router.redirect_slashes = False
    return Front(app, {(line.method, line.path): line.endpoint for line in table if line.quick})


class Front:
    """The way in: takes the ``/v1`` off, and finds the routes that are asked for most at once."""

    def __init__(self, app: ASGIApp, quick: dict[tuple[str, str], Endpoint]) -> None:
        self._app = app
        self._whole = {at: endpoint for at, endpoint in quick.items() if "{" not in at[1]}
        # The one that ends in an id: its folder, and its id's name.
        self._below = {
            (method, path.partition("{")[0]): (endpoint, path.partition("{")[2].rstrip("}"))
            for (method, path), endpoint in quick.items()
            if "{" in path
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path.startswith("/v1/"):
            path = path[3:]
            scope = {**scope, "path": path, "raw_path": path.encode()}
        endpoint = self._find(scope, path)
        if endpoint is None:
            await self._app(scope, receive, send)
        else:
            answer = await answered(endpoint, Request(scope, receive))
            await answer(scope, receive, send)

    def _find(self, scope: Scope, path: str) -> Endpoint | None:
        if endpoint := self._whole.get((scope["method"], path)):
            return endpoint
        folder, slash, last = path.rpartition("/")
        below = self._below.get((scope["method"], folder + slash))
        if below is None or not last:
            return None
        scope["path_params"] = {below[1]: last}
        return below[0]


async def answered(endpoint: Endpoint, request: Request) -> Response:
    """The endpoint's answer; an exception as the envelope that tells of it."""
    try:
        return await endpoint(request)
    except Exception as wrong:
        return refusals.note(refusal_of(wrong), request).answer()


def _safe(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        return await answered(endpoint, request)

    return handle


async def _lost(request: Request, wrong: Exception) -> Response:
    """An address that there is not, or not for this method."""
    status = wrong.status_code if isinstance(wrong, HTTPException) else 404
    if status == 405:
        message = f"{request.method} is not allowed on {request.url.path[:120]}."
        allowed = {"allow": ", ".join(_methods(request))}
        return Refusal(405, message, "method_not_allowed", headers=allowed).answer()
    return Refusal(status, f"There is nothing at {request.url.path[:120]}.", "unknown_url").answer()


def _methods(request: Request) -> list[str]:
    found: set[str] = set()
    for route in request.app.routes:
        if route.matches({**request.scope, "method": ""})[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found)
