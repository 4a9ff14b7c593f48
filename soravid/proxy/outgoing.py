"""Tells others that a job has ended: signed (Standard Webhooks 1.0), at least once, also after a restart.

What is to be told is in the database before it is sent. Of an end that a killed process has not written down,
a later look at the journal does. Several processes share the work: whoever claims a try makes it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import httpx2

from soravid import __version__, loop, observe
from soravid.errors import InvalidRequest, SoravidError
from soravid.ledger.deliveries import Deliveries, Delivery, is_good
from soravid.observe import Event
from soravid.observe.redact import redact
from soravid.proxy import names
from soravid.proxy.bills import iso_time
from soravid.proxy.guarded import CheckedTransport
from soravid.proxy.hooks import Hooks, is_keys
from soravid.proxy.operating import EventType, Hook
from soravid.proxy.parts import Parts
from soravid.webhooks import signature

_ENDS = {"job.completed", "job.failed", "job.cancelled", "job.refused"}
_AGAIN = (2, 15, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each further try: three days in all."""
_TIMEOUT = 15.0
_CLAIM = 60.0
"""Seconds after which a try that was begun and not ended is somebody else's."""
_AT_ONCE, _AT_ONE = 16, 4
"""Tries at once, and at one address: one that hangs leaves room for the others."""
_PAUSE = 30.0
"""Seconds between two looks for what other processes have written down."""
_ROUND, _BACK = 600.0, 3600.0
"""Seconds between two looks at the journal, and how far each goes back."""
_SETTLING = 120.0
"""Seconds after an end in which another process may still try a job elsewhere."""
_OLDEST = 3 * 86_400.0
"""Seconds after which an end is news no more."""
_log = logging.getLogger("soravid.proxy")


class Outgoing:
    """The webhooks that a proxy sends. Everything here runs on the loop thread, but ``_heard``.

    Attributes:
        outcomes: how many tries were ``delivered``, are ``retried``, or were the last (``given_up``).
    """

    def __init__(self, parts: Parts) -> None:
        self.outcomes: Counter[str] = Counter()
        self.deliveries = Deliveries.of(parts.line.journal)
        self._parts = parts
        self._hooks = Hooks(parts.issuer.keys, parts.options.operating.hooks)
        self._ended: dict[str, None] = {}
        self._news, self._wake = asyncio.Event(), asyncio.Event()
        self._busy: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to listen and to send."""
        headers = {"user-agent": f"soravid/{__version__}", "content-type": "application/json"}
        plain: dict[str, Any] = {"headers": headers, "follow_redirects": False, "timeout": _TIMEOUT}
        self._client = httpx2.AsyncClient(**plain)
        self._guarded = httpx2.AsyncClient(transport=CheckedTransport(self._parts.options), **plain)
        observe.subscribe(self._heard)
        for work in (self._note(), self._send(), self._look_back()):
            self._begin(work)

    async def stop(self) -> None:
        """Leave the rest as the database has it."""
        observe.unsubscribe(self._heard)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()
        await self._guarded.aclose()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="soravid-webhooks")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- what has ended ------------------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        """On the log's thread: a job that a provider had has ended."""
        labels = event.labels or {}
        if event.name in _ENDS and event.video_id and event.job_id and names.MARK in labels:
            first = labels.get(names.FIRST, event.job_id)
            with suppress(RuntimeError):  # the loop is closed: a later process looks back
                loop.loop().call_soon_threadsafe(self._has_ended, first)

    def _has_ended(self, first: str) -> None:
        self._ended[first] = None
        self._news.set()

    async def _note(self) -> None:
        """Write down whom to tell, once nobody here goes on with a job: not while it is tried elsewhere."""
        while True:
            await self._news.wait()
            self._news.clear()
            for first in [each for each in self._ended if each not in self._parts.keeper.rows]:
                del self._ended[first]
                try:
                    await self._write_down(first)
                except SoravidError as wrong:
                    _log.error("%s", redact(str(wrong)))
            if self._ended:
                await asyncio.sleep(0.1)
                self._news.set()

    async def _write_down(self, first: str) -> None:
        row = await loop.in_thread(self._parts.owned.find, first)
        if row is None or not row.final:
            return  # its owner has deleted it, or another job stands in for it
        if self._parts.keeper.arriving_elsewhere(row):
            return  # whoever took it over tells of it
        event = _event_of(self._parts.objects.video(row)["status"])
        hooks = await loop.in_thread(self._hooks.of, row.labels, event)
        if await loop.in_thread(self.deliveries.add, first, event, hooks):
            self._wake.set()

    async def _look_back(self) -> None:
        """Find the ends that a process which was killed has not written down."""
        while True:
            with suppress(SoravidError):
                now = time.time()
                mark = await loop.in_thread(self.deliveries.mark)
                mark = now if mark is None else max(mark, now - _OLDEST)
                if await loop.in_thread(self._hooks.any):
                    for row in await loop.in_thread(self.deliveries.untold, mark, now - _SETTLING):
                        if names.MARK in row.labels:
                            self._has_ended(row.labels.get(names.FIRST, row.id))
                await loop.in_thread(self.deliveries.set_mark, max(mark, now - _BACK))
                await loop.in_thread(self.deliveries.forget, now - 2 * _OLDEST)
            await asyncio.sleep(_ROUND)

    # --- telling -------------------------------------------------------------------------------------

    async def _send(self) -> None:
        while True:
            self._wake.clear()
            try:
                wait = await self._begin_tries()
            except SoravidError as wrong:
                _log.error("%s", redact(str(wrong)))
                wait = _PAUSE
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    async def _begin_tries(self) -> float:
        """Begin what is due and has room; returns the seconds until there is more to do."""
        now = time.time()
        full = [hook_id for hook_id, count in self._busy.items() if count >= _AT_ONE]
        room = _AT_ONCE - self._busy.total()
        for delivery in await loop.in_thread(self.deliveries.due, now, max(0, room), full):
            if self._busy[delivery.endpoint] >= _AT_ONE:
                continue
            if await loop.in_thread(self.deliveries.claim, delivery, now + _CLAIM):
                self._busy[delivery.endpoint] += 1
                self._begin(self._try(delivery))
        next_at = await loop.in_thread(self.deliveries.next_at, now)
        return _PAUSE if next_at is None else min(_PAUSE, max(0.0, next_at - time.time()))

    async def _try(self, delivery: Delivery) -> None:
        try:
            hook = await loop.in_thread(self._hooks.find, delivery.endpoint)
            row = await loop.in_thread(self._parts.owned.find, delivery.job_id)
            if hook and row:
                await self._tried(delivery, await self._post(delivery, hook, self._body(delivery, row)))
            else:  # nobody is there any more, or there is nothing to be told of
                await self._note_try(delivery, None, None)
        except SoravidError as wrong:
            _log.error("%s", redact(str(wrong)))  # its claim runs out, and it is tried again
        finally:
            self._busy[delivery.endpoint] -= 1
            self._busy += Counter()
            self._wake.set()

    def _body(self, delivery: Delivery, row: Any) -> bytes:
        """The event, as OpenAI's webhooks have it, with the whole video in place of its id."""
        event = {
            "id": delivery.id,
            "object": "event",
            "type": delivery.event,
            "created_at": int(delivery.created_at),
            "timestamp": iso_time(delivery.created_at),
            "data": self._parts.objects.video(row),
        }
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()

    async def _post(self, delivery: Delivery, hook: Hook, body: bytes) -> int | None:
        """What the address answers; None: nothing."""
        stamp = str(int(time.time()))
        headers = {
            "webhook-id": delivery.id,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(body, delivery.id, stamp, hook.secret),
        }
        client = self._guarded if is_keys(delivery.endpoint) else self._client
        try:
            async with (
                asyncio.timeout(_TIMEOUT),
                client.stream("POST", hook.url, content=body, headers=headers) as answer,
            ):
                return answer.status_code
        except (httpx2.HTTPError, httpx2.InvalidURL, InvalidRequest, OSError, TimeoutError) as wrong:
            why = f" ({wrong})" if isinstance(wrong, InvalidRequest) else ""
            _log.info("%s: %s did not answer%s", delivery.id, hook.host, why)
            return None

    async def _tried(self, delivery: Delivery, status: int | None) -> None:
        delivered = is_good(status)
        over = delivered or status == 410 or delivery.tries >= len(_AGAIN)
        again_at = None
        if not over:
            again_at = time.time() + _AGAIN[delivery.tries] * random.uniform(1.0, 1.1)  # noqa: S311
        self.outcomes["delivered" if delivered else "given_up" if over else "retried"] += 1
        if over and not delivered:
            _log.warning("%s: given up, %s", delivery.id, status or "there was no answer")
        await self._note_try(delivery, status, again_at)

    async def _note_try(self, delivery: Delivery, status: int | None, again_at: float | None) -> None:
        await loop.in_thread(self.deliveries.tried, delivery.id, status, again_at)


def _event_of(status: str) -> EventType:
    return "video.completed" if status == "completed" else "video.failed"
