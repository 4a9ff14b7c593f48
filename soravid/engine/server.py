"""Serving the engine on a port."""

from __future__ import annotations

import contextlib
import socket
import sys

import uvicorn
from starlette.types import ASGIApp


def run_server(app: ASGIApp, host: str, port: int) -> None:
    """Serve until Ctrl-C, with one line on stderr once the port is open.

    Raises:
        OSError: the port is taken or not allowed.
    """
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=2)
    # Bound here, because uvicorn ends the process where it cannot. The protocol is named, because asyncio
    # turns Nagle's delay off only where it sees TCP.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        with contextlib.suppress(KeyboardInterrupt):
            _Announcing(config).run([listener])


class _Announcing(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
            port = self.servers[0].sockets[0].getsockname()[1]
            sys.stderr.write(f"soravid engine: http://{host}:{port}/v1 (Ctrl-C stops it)\n")
            sys.stderr.flush()
