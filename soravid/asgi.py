"""Calls an ASGI app as if it were a server. The answer is streamed; httpx2's own transport reads it whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import httpx2

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class InProcess(httpx2.AsyncBaseTransport):
    """Sends requests straight to an app made by ``make_app`` at the first request. No port, no socket."""

    def __init__(self, make_app: Callable[[], App]) -> None:
        self._make_app = make_app
        self._app: App | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as soon as the app has sent its status; the body follows chunk by chunk."""
        if self._app is None:
            self._app = self._make_app()
        call = _Call(await request.aread())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": (request.url.host, request.url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }
        call.task = asyncio.ensure_future(self._app(scope, call.receive, call.send))
        call.task.add_done_callback(call.ended)
        start = await call.next()
        if start is None:
            raise httpx2.RemoteProtocolError("The app ended without an answer.", request=request)
        return httpx2.Response(start["status"], headers=start.get("headers", []), stream=call)


class _Call(httpx2.AsyncByteStream):
    """One request under way: the app's task and a queue of one message, so that memory stays constant."""

    def __init__(self, body: bytes) -> None:
        self.messages: asyncio.Queue[Message | None] = asyncio.Queue(maxsize=1)
        self.task: asyncio.Future[None] | None = None
        self._body: bytes | None = body
        self._closed = asyncio.Event()

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._closed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.messages.put(message)

    def ended(self, task: asyncio.Future[None]) -> None:
        if not task.cancelled():
            task.exception()  # told to the reader as a broken connection, as a real server's would be
        if self.messages.empty():
            self.messages.put_nowait(None)

    async def next(self) -> Message | None:
        if self.messages.empty() and self.task and self.task.done():
            return None
        return await self.messages.get()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self.next()
            if message is None:
                raise httpx2.RemoteProtocolError("The app ended in the middle of its answer.")
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    async def aclose(self) -> None:
        self._closed.set()
        if self.task and not self.task.done():
            self.task.cancel()
