"""Serve an ASGI app on a real loopback port, from a thread, for as long as a `with` block lasts."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_HANG_UP = "soravid.tests.hang_up"


@contextmanager
def serve(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """Yield the base URL (`http://127.0.0.1:PORT`) of `app`; port 0 takes any free one.

    Leaving the block stops the server at once, whatever is still open.
    """
    # Said in full, because asyncio turns Nagle's delay (40 ms an answer) off only where it sees TCP named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
    server = _Server(app)
    thread = threading.Thread(target=server.run, args=([listener],), name=f"fake {app!r:.40}", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.leave()
        thread.join()


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection of this request as it stands: without an answer, or in the middle of one."""
    close = scope.get("extensions", {}).get(_HANG_UP)
    if close is None:
        msg = "Only an app under `serve` can hang up: in-process transports have no connection to close."
        raise RuntimeError(msg)
    cast("Callable[[], None]", close)()
    while (await receive())["type"] != "http.disconnect":
        pass


class _Server(uvicorn.Server):
    """A uvicorn that leaves when it is told to instead of at its next tick, and drops what is open."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._ready = threading.Event()
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            http="h11",
            ws="none",
            proxy_headers=False,
            access_log=False,
            log_config=None,
            log_level="error",
        )
        super().__init__(config)

    def leave(self) -> None:
        self._ready.wait(10)
        self._loop.call_soon_threadsafe(self._leaving.set)

    async def main_loop(self) -> None:
        self._loop, self._leaving = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self.on_tick(0)  # sets the Date header
        await self._leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.lifespan.shutdown()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            close = lambda: self._close(scope["client"])  # noqa: E731
            scope["extensions"] = {**scope.get("extensions", {}), _HANG_UP: close}
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._leaving.is_set():
                raise

    def _close(self, client: tuple[str, int]) -> None:
        for connection in cast("set[H11Protocol]", self.server_state.connections):
            if connection.client == client:
                connection.transport.close()
