"""Serves the OpenAPI document, and Swagger UI to read it with; nothing of that comes from another host."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from soravid import loop
from soravid.proxy.answers import json_bytes
from soravid.proxy.documents import Endpoint, Line
from soravid.proxy.files import Files, inside

_SWAGGER = ("swagger-ui-bundle.js", "swagger-ui.css")


class Reference:
    """The document and its page, each made when it is first asked for. For one event loop."""

    def __init__(self, table: Sequence[Line]) -> None:
        self._table = table
        self._made: bytes | None = None
        self._files: Files | None = None
        self._making = asyncio.Lock()

    async def document(self, _: Request) -> Response:
        """The OpenAPI document."""
        async with self._making:
            if self._made is None:
                self._made = await loop.in_thread(_document, self._table)
        return json_bytes(self._made)

    async def page(self, request: Request) -> Response:
        """The page, for a browser."""
        return (await self._all()).answer(request, "index.html")

    async def file(self, request: Request) -> Response:
        """A part of the page."""
        return (await self._all()).answer(request, request.path_params["name"])

    async def _all(self) -> Files:
        async with self._making:
            if self._files is None:
                self._files = await loop.in_thread(_read)
        return self._files

    @property
    def routes(self) -> dict[str, Endpoint]:
        """Where each is."""
        return {"/openapi.json": self.document, "/docs": self.page, "/docs/{name}": self.file}


def _document(table: Sequence[Line]) -> bytes:
    from soravid.proxy.api.document import document

    return document(table)


def _read() -> Files:
    carrier = files("fastapi_offline") / "static"
    swagger = {name: Path(str(carrier / name)) for name in _SWAGGER}
    return Files(inside(Path(__file__).with_name("static")) | swagger)
