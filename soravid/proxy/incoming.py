"""Webhooks that providers send: a job that has ended is asked for at once, and not at its next turn."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from soravid.errors import InvalidRequest, SoravidError
from soravid.ledger import JobRow
from soravid.observe.redact import redact
from soravid.proxy import schemas
from soravid.proxy.answers import as_json
from soravid.proxy.documents import Line
from soravid.proxy.envelope import Refusal
from soravid.proxy.parts import Parts
from soravid.webhooks import read_event

_MOST = 64 << 10
"""Bytes of an event."""
_SLOWEST = 10.0
_log = logging.getLogger("soravid.proxy")


class Incoming:
    """Takes what providers tell; ``soravid_settings.provider_webhooks`` has the secrets."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._secrets = parts.options.operating.provider_secrets
        self._looks: set[asyncio.Task[None]] = set()

    async def take(self, request: Request) -> Response:
        """An event of a provider's, signed as Standard Webhooks are."""
        provider = request.path_params["provider"]
        secret = self._secrets.get(provider)
        if secret is None:
            message = f"No webhooks of {provider[:40]!r} are taken here."
            raise Refusal(404, message, "not_found", param="provider")
        body = await _body(request)
        try:
            event = read_event(body, request.headers, secret)
        except InvalidRequest as wrong:
            raise Refusal(401, wrong.message, "invalid_signature", param=wrong.param) from None
        if event.video_id is not None:
            with suppress(InvalidRequest):  # the beginning of several jobs' ids
                row = await self._parts.line.accounts.row_of(event.video_id)
                if row and row.video_id == event.video_id and _runs_at(provider, row):
                    self._look_at(row)
        return as_json({"received": True})

    def _look_at(self, row: JobRow) -> None:
        """Ask for a job now: by the watcher, or, where another process watches it, here."""
        if not self._parts.line.watcher.wake(row.id):
            task = asyncio.create_task(self._look(row.id), name=f"soravid-told {row.id}")
            self._looks.add(task)
            task.add_done_callback(self._looks.discard)

    async def _look(self, job_id: str) -> None:
        try:
            await self._parts.line.retrieve(job_id)
        except SoravidError as wrong:
            _log.info("%s: %s", job_id, redact(str(wrong)))  # it is asked for again in its turn


def _runs_at(provider: str, row: JobRow) -> bool:
    return not row.final and row.model.startswith(f"{provider}/")


async def _body(request: Request) -> bytes:
    body = bytearray()
    with suppress(ClientDisconnect, TimeoutError):
        async with asyncio.timeout(_SLOWEST):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MOST:
                    raise Refusal(413, f"An event has at most {_MOST >> 10} KiB.", "too_large")
    return bytes(body)


def lines(parts: Parts) -> list[Line]:
    """The route for the table."""
    take = Incoming(parts).take
    fails = (401, 404, 413, 500, 503)
    return [Line("POST", "/webhooks/{provider}", take, "Webhooks", schemas.Info, fails, needs_key=False)]
