"""Serves pages' own files. They hold nothing of anybody's, so no key is needed to have them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from soravid.proxy.envelope import Refusal

HTML = "text/html"
_KINDS = {".html": HTML, ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
KINDS = tuple(_KINDS.values())
"""What they are."""
# Nothing but our own files, no inline script or style, in nobody's frame.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
TRUSTED = "require-trusted-types-for 'script'; trusted-types 'none'"
"""For a page whose scripts make no markup from text."""
_HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-cache",
}


class Files:
    """A page and what it is made of, in memory.

    Args:
        paths: the files, by the names that they are served under.
        policy: what its ``Content-Security-Policy`` says beyond that of every page.
    """

    def __init__(self, paths: Mapping[str, Path], policy: str = "") -> None:
        self._files = {name: (path.read_bytes(), _KINDS[path.suffix]) for name, path in paths.items()}
        self._headers = _HEADERS | {"content-security-policy": "; ".join(filter(None, (_POLICY, policy)))}

    def answer(self, request: Request, name: str) -> Response:
        """A file, or that the browser has it.

        Raises:
            Refusal: 404, there is none of that name.
        """
        if name not in self._files:
            raise Refusal(404, f"There is nothing at {request.url.path[:120]}.", "unknown_url")
        body, kind = self._files[name]
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = self._headers | {"etag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=f"{kind}; charset=utf-8", headers=headers)


def inside(folder: Path) -> dict[str, Path]:
    """The files of a folder, by their names."""
    return {path.name: path for path in folder.iterdir() if path.suffix in _KINDS}
