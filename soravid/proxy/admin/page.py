"""Serves the admin page."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from soravid.proxy.files import TRUSTED, Files, inside


class Page:
    """The page and what it is made of."""

    def __init__(self) -> None:
        self._files = Files(inside(Path(__file__).with_name("static")), TRUSTED)

    async def index(self, request: Request) -> Response:
        """The admin page, for a browser."""
        return self._files.answer(request, "index.html")

    async def file(self, request: Request) -> Response:
        """A part of the admin page."""
        return self._files.answer(request, request.path_params["name"])
