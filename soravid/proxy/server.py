"""Runs a proxy until it is told to end: on the pipeline's own loop, so that no request changes threads."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from concurrent import futures
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from soravid import loop, planning
from soravid.errors import InvalidRequest
from soravid.proxy import served
from soravid.proxy.app import create_app
from soravid.proxy.options import ProxyOptions, weakness
from soravid.proxy.parts import Parts

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_GRACE = 75
"""Seconds that requests under way are waited for: a create has its answer by then, or is looked up later."""
_LOOK_UP = 0.5
"""Seconds within which a signal is heard."""
_LAST_CALLS = 1.0
"""Seconds in which open connections are answered once more, when new ones are not taken any more."""
_IDLE = 75
"""Seconds that a connection may be idle; longer than our own client keeps one."""


def run(options: ProxyOptions, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C. What is under way then gets its answer, and the journal keeps the rest.

    Raises:
        InvalidRequest: a host that needs a master key, or a port that cannot be had.
    """
    if options.master_key is None and host not in _LOOPBACK:
        raise InvalidRequest(
            f"Without a master key the proxy is served on this machine only, not on {host}.",
            param="host",
            hint="Set general_settings.master_key, or SORAVID_MASTER_KEY.",
        )
    if options.database_url:
        os.environ["SORAVID_DATABASE_URL"] = options.database_url
    logging.basicConfig(format="soravid proxy: %(message)s", level=logging.WARNING, stream=sys.stderr)
    loop.expect_many()
    line = planning.current()
    line.transport.expect_many()
    with _listener(host, port) as listener:
        server = _Server(create_app(Parts.of(options, line)), options, host, listener)
        serving = loop.submit(server.until_told([listener]))
        while not serving.done():
            # A signal may reach another thread, which does not wake this one; its handler runs here alone.
            futures.wait([serving], timeout=_LOOK_UP)
        serving.result()
    line.journal.close()


def _listener(host: str, port: int) -> socket.socket:
    """An open port. Bound here, because uvicorn ends the process where it cannot."""
    # The protocol is named, because asyncio turns Nagle's delay off only where it sees TCP.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as wrong:
        listener.close()
        why = getattr(wrong, "strerror", None) or wrong
        raise InvalidRequest(f"{host}:{port} cannot be served: {why}.", param="port") from None
    return listener


class _Server(uvicorn.Server):
    """A uvicorn on a thread that is not the main one: it hears of signals from there."""

    def __init__(self, app: ASGIApp, options: ProxyOptions, host: str, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                interface="asgi3",
                lifespan="on",
                ws="none",
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
                backlog=2048,
                timeout_keep_alive=_IDLE,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._options, self._host, self._listener = options, host, listener
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self._told)

    async def until_told(self, sockets: list[socket.socket]) -> None:
        """Serve until a signal."""
        await self._serve(sockets)

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True  # told twice
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the door, and say so."""
        await super().startup(sockets)
        if self.started:
            host = f"[{self._host}]" if ":" in self._host else self._host
            for text in _announced(self._options, f"http://{host}:{self._listener.getsockname()[1]}"):
                sys.stderr.write(f"soravid proxy: {text}\n")
            sys.stderr.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connection, and have those that are open end with an answer rather than without."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        # From here on every answer says that the connection ends with it: the next request goes elsewhere.
        self.server_state.default_headers.append((b"connection", b"close"))
        last = time.monotonic() + _LAST_CALLS
        connections = self.server_state.connections
        while connections and time.monotonic() < last and not self.force_exit:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


def _announced(options: ProxyOptions, address: str) -> list[str]:
    """What whoever started it should know; the last line is the address."""
    lines = [*options.notes]
    if options.master_key is None:
        lines.append(
            "There is no master key: whoever can reach this machine's loopback may spend. "
            "Set general_settings.master_key to give out keys."
        )
    elif why := weakness(options.master_key):
        lines.append(why)
    lines.append(f"models {', '.join(served.served())}; clips in {_short(options.media.path)}")
    lines.append(f"running on {address} (docs at {address}/docs; Ctrl-C ends it)")
    return lines


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
