"""Serving the engine on a port."""

from __future__ import annotations

import contextlib
import socket
import sys

import uvicorn
from starlette.types import ASGIApp


def run_server(app: ASGIApp, host: str, port: int) -> None:
    """Serve until Ctrl-C, with one line on stderr once the port is open."""
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=2)
    server = _Announcing(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()


class _Announcing(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
            port = self.servers[0].sockets[0].getsockname()[1]
            sys.stderr.write(f"soravid engine: http://{host}:{port}/v1 (Ctrl-C stops it)\n")
            sys.stderr.flush()
