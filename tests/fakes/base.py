"""What the fakes share: every request is recorded, then answered by an operation or refused by it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.fakes.recorder import Recorded, record

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
Operation = Callable[[Request, Recorded], Awaitable[Response]]


class Refusal(Exception):
    """Ends an operation with this answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


class Fake:
    """An ASGI app that keeps what it was asked in `requests`.

    A subclass gives `operations` (method, path, operation) and may refuse any call in `admit`.
    """

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.recording = True
        routes = [
            Route(path, self._endpoint(act), methods=[method]) for method, path, act in self.operations()
        ]
        self._app = Starlette(
            routes=[*routes, Route("/{path:path}", self._endpoint(self.unknown), methods=METHODS)]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        await self._app(scope, receive, send)

    def operations(self) -> Iterable[tuple[str, str, Operation]]:
        """Return what it can do; a path is Starlette's (`/videos/{id}`)."""
        raise NotImplementedError

    def admit(self, call: Recorded) -> None:
        """Raise Refusal for a call that must not come to its operation."""

    async def unknown(self, request: Request, call: Recorded) -> Response:
        """Answer a path, or a method on a path, that does not exist."""
        return JSONResponse({"detail": "Not Found"}, 404)

    def asked(self, method: str, ending: str = "") -> list[Recorded]:
        """Return the recorded requests with this method whose path ends so."""
        return [call for call in self.requests if call.method == method and call.path.endswith(ending)]

    def _endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            call = await record(request)
            if self.recording:
                self.requests.append(call)
            try:
                self.admit(call)
                answer = await operation(request, call)
            except Refusal as refusal:
                answer = refusal.answer
            answer.headers["x-request-id"] = f"req_{secrets.token_hex(16)}"
            return answer

        return endpoint
