"""Whether the proxy is alive, and whether it can work."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from soravid import __version__, loop
from soravid.errors import SoravidError
from soravid.ledger import Scope
from soravid.proxy import schemas
from soravid.proxy.answers import as_json
from soravid.proxy.documents import Line
from soravid.proxy.envelope import Refusal
from soravid.proxy.parts import Parts

_PATIENCE = 2.0


class Health:
    """For whoever starts, watches and balances proxies. No key is needed."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def liveliness(self, _: Request) -> Response:
        """The process answers."""
        return as_json({"status": "alive"})

    async def readiness(self, _: Request) -> Response:
        """The database answers, too; 503 where it does not."""
        journal = self._parts.line.journal
        try:
            async with asyncio.timeout(_PATIENCE):
                await loop.in_thread(journal.budgets.get, Scope("key", "master"))
        except (SoravidError, TimeoutError):
            raise Refusal(503, "The database does not answer.", "not_ready") from None
        return as_json({"status": "healthy", "db": "connected", "soravid_version": __version__})


def lines(parts: Parts) -> list[Line]:
    """The routes for the table."""
    health, tag = Health(parts), "Health"
    looks = {
        "/health/liveliness": (health.liveliness, ()),
        "/health/liveness": (health.liveliness, ()),
        "/health/readiness": (health.readiness, (503,)),
    }
    return [
        Line("GET", path, endpoint, tag, schemas.Info, failures, needs_key=False)
        for path, (endpoint, failures) in looks.items()
    ]
