"""Small servers for stories that the fake does not tell, and a listener that says nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send


class Gate:
    """Stands before another app and answers some requests itself: those that `answer` answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.answer: Callable[[Request], Response | None] = lambda request: None
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = None
        if scope["type"] == "http":
            request = Request(scope)
            self.seen.append(f"{request.method} {request.url.path}")
            answer = self.answer(request)
        await (answer or self._app)(scope, receive, send)


def down(status: int = 503, **headers: str) -> Response:
    """What an overloaded server answers."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse({"error": {"message": "Overloaded."}}, status, headers=names)


@contextmanager
def silence() -> Iterator[str]:
    """The address of a server that takes every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def closed_port() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener, suppress(OSError):
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"
