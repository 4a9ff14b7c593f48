"""Serves the admin page's files. They hold nothing of anybody's, so no key is needed to have them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from soravid.proxy.envelope import Refusal

_FOLDER = Path(__file__).with_name("static")
HTML = "text/html"
_KINDS = {".html": HTML, ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FILES = tuple(_KINDS.values())
"""What its files are."""
_HEADERS = {
    # Nothing but our own files, no inline script or style, in nobody's frame.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; media-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-cache",
}


class Page:
    """The page and what it is made of, in memory."""

    def __init__(self) -> None:
        files = [path for path in _FOLDER.iterdir() if path.suffix in _KINDS]
        self._files = {path.name: (path.read_bytes(), _KINDS[path.suffix]) for path in files}

    async def index(self, request: Request) -> Response:
        """The admin page, for a browser."""
        return self._answer(request, "index.html")

    async def file(self, request: Request) -> Response:
        """A part of the admin page."""
        return self._answer(request, request.path_params["name"])

    def _answer(self, request: Request, name: str) -> Response:
        if name not in self._files:
            raise Refusal(404, f"There is nothing at {request.url.path[:120]}.", "unknown_url")
        body, kind = self._files[name]
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = _HEADERS | {"etag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=f"{kind}; charset=utf-8", headers=headers)
