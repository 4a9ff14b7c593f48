"""The routes: OpenAI's Videos API over the engine's jobs, each path with and without ``/v1``."""

from __future__ import annotations

import hmac
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from soravid.engine import store, wire
from soravid.engine.jobs import Engine
from soravid.engine.uploads import read_fields, read_reference
from soravid.engine.wire import WireError

# The official client's poll helper waits this long; its own default of a second is longer than a short
# render.
_POLL = {"openai-poll-after-ms": "250"}


def build_app(home: Path, *, parallel: int | None, api_key: str | None) -> Starlette:
    """Make the app. It needs no lifespan events and serves from any event loop, also from several in turn."""
    engine = Engine(home, parallel)
    routes = _Routes(engine)
    table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("POST", "/videos", routes.create),
        ("GET", "/videos", routes.list),
        ("GET", "/videos/{id}", routes.retrieve),
        ("DELETE", "/videos/{id}", routes.delete),
        ("GET", "/videos/{id}/content", routes.content),
        ("POST", "/videos/{id}/remix", routes.remix),
        ("GET", "/models", routes.models),
        ("GET", "/healthz", routes.health),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(engine.close)

    app = Starlette(
        routes=[
            Route(prefix + path, _several(path, table), methods=_methods(path, table))
            for prefix in ("", "/v1")
            for path in dict.fromkeys(path for _, path, _ in table)
        ],
        middleware=[Middleware(_Auth, api_key=api_key)],
        exception_handlers={WireError: _refuse, HTTPException: _refuse_http, Exception: _refuse_server},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.engine = engine
    return app


_Table = list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]


def _methods(path: str, table: _Table) -> list[str]:
    return [method for method, of, _ in table if of == path]


def _several(path: str, table: _Table) -> Callable[[Request], Awaitable[Response]]:
    # One route per path: with one per method, a wrong method would get the Allow header of the first alone.
    handlers = {method: handler for method, of, handler in table if of == path}

    async def handle(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await handlers[method](request)

    return handle


class _Routes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def create(self, request: Request) -> Response:
        fields = await read_fields(request)
        wanted = wire.parse_create(fields)
        picture = await read_reference(fields)
        return await self._start(request, wanted, picture)

    async def remix(self, request: Request) -> Response:
        parent = await self._job(request)
        fields = await read_fields(request)
        prompt = wire.parse_prompt(fields)
        seconds, seed = wire.parse_seconds(fields.get("seconds")), wire.parse_seed(fields.get("seed"))
        pace = wire.parse_pace(fields.get("pace"))
        before = parent.request
        wanted = replace(
            before,
            prompt=prompt,
            seconds=seconds or before.seconds,
            seed=before.seed if seed is None else seed,
            pace=pace,
            metadata={},
            base=(*before.base, before.prompt),
        )
        picture = await read_reference(fields)
        if picture is None and before.reference is not None:
            data = await run_in_threadpool(self._engine.reference, parent)
            picture = (before.reference, data) if data is not None else None
        return await self._start(request, wanted, picture, parent)

    async def _start(
        self,
        request: Request,
        wanted: store.Request,
        picture: tuple[str, bytes] | None,
        parent: store.Job | None = None,
    ) -> Response:
        name, data = picture or (None, None)
        key = request.headers.get("idempotency-key") or None
        if key is not None and len(key) > 255:
            raise WireError(400, "An Idempotency-Key may have up to 255 characters.", code="invalid_value")
        wanted = replace(wanted, reference=name)
        job = await run_in_threadpool(self._engine.create, wanted, data, key=key, parent=parent)
        return JSONResponse(job.video(), headers=_POLL)

    async def retrieve(self, request: Request) -> Response:
        return JSONResponse((await self._job(request)).video(), headers=_POLL)

    async def list(self, request: Request) -> Response:
        query = request.query_params
        order, limit = query.get("order", "desc"), query.get("limit", "20")
        if order not in ("asc", "desc"):
            raise wire.invalid("order", order, "It must be 'asc' or 'desc'.")
        if not (limit.isascii() and limit.isdecimal() and len(limit) < 4 and int(limit) <= 100):
            raise wire.invalid("limit", limit, "It must be an integer from 0 to 100.")
        jobs, more = await run_in_threadpool(self._engine.page, query.get("after"), int(limit), order)
        return JSONResponse(
            {
                "object": "list",
                "data": [job.video() for job in jobs],
                "first_id": jobs[0].id if jobs else None,
                "last_id": jobs[-1].id if jobs else None,
                "has_more": more,
            }
        )

    async def delete(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        if not await run_in_threadpool(self._engine.delete, job_id):
            raise _unknown(job_id)
        return JSONResponse({"id": job_id, "object": "video.deleted", "deleted": True})

    async def content(self, request: Request) -> Response:
        variant = request.query_params.get("variant", "video")
        if variant not in store.CONTENT:
            allowed = ", ".join(f"'{name}'" for name in store.CONTENT)
            raise wire.invalid("variant", variant, f"It must be one of {allowed}.")
        job = await self._job(request)
        if job.status != "completed":
            message = f"The video is {job.status.replace('_', ' ')}, so it has no content"
            raise WireError(409, message + (" yet." if job.live else "."), code="content_not_ready")
        path, media_type = self._engine.content(job, variant)
        try:
            stat = await run_in_threadpool(os.stat, path)
        except FileNotFoundError:
            message = f"The files of the video {job.id!r} are gone."
            raise WireError(404, message, param="id", code="not_found") from None
        return _File(path, media_type=media_type, stat_result=stat)

    async def models(self, _: Request) -> Response:
        model = {"id": wire.MODEL, "object": "model", "created": 0, "owned_by": "soravid"}
        return JSONResponse({"object": "list", "data": [model]})

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _job(self, request: Request) -> store.Job:
        job_id = request.path_params["id"]
        job = await run_in_threadpool(self._engine.find, job_id)
        if job is None:
            raise _unknown(job_id)
        return job


class _File(FileResponse):
    """A file with ranges and an ETag; what the base class says in plain text is said in the envelope."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = dict(scope["headers"]).get(b"range")
        if wanted is not None and self.stat_result is not None:
            try:
                self._parse_range_header(wanted.decode("latin-1"), self.stat_result.st_size)
            except Exception:  # its two exceptions are private
                size = self.stat_result.st_size
                error = WireError(
                    416, f"The range must lie within the file's {size} bytes.", code="invalid_range"
                )
                response = JSONResponse(error.body(), 416, headers={"content-range": f"bytes */{size}"})
                await response(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


class _Auth:
    """Asks for the bearer token, if there is one, on every path but the health check."""

    def __init__(self, app: ASGIApp, api_key: str | None) -> None:
        self._app = app
        self._expected = None if api_key is None else f"Bearer {api_key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._expected is not None and not scope["path"].endswith("/healthz"):
            given = _header(scope["headers"], b"authorization")
            if not hmac.compare_digest(given, self._expected):
                error = WireError(
                    401, "Missing or wrong API key.", code="invalid_api_key", kind="authentication_error"
                )
                await JSONResponse(error.body(), 401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _header(headers: Any, name: bytes) -> bytes:
    found: Mapping[bytes, bytes] = dict(headers)
    return found.get(name, b"")


def _unknown(job_id: str) -> WireError:
    return WireError(404, f"No video with id {job_id[:80]!r}.", param="id", code="not_found")


async def _refuse(_: Request, error: Any) -> Response:
    return JSONResponse(error.body(), error.status)


async def _refuse_http(request: Request, error: Any) -> Response:
    if error.status_code == 405:
        message = f"{request.method} is not allowed on {request.url.path}."
        refusal = WireError(405, message, code="method_not_allowed")
    else:
        refusal = WireError(
            error.status_code, f"Unknown address: {request.url.path[:120]}", code="unknown_url"
        )
    return JSONResponse(refusal.body(), error.status_code, headers=error.headers)


async def _refuse_server(_: Request, error: Exception) -> Response:
    refusal = WireError(500, f"The local engine failed: {type(error).__name__}.", code="server_error")
    return JSONResponse(refusal.body(), 500)
