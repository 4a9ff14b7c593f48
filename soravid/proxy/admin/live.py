"""What the admin page shows and no other route tells: how things are now, clips, what has happened.

It is read from the database that all replicas share, but for deployments' health, refusals and the log: those
are of the process that is asked.
"""

from __future__ import annotations

import base64
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from soravid import __version__, config, loop, observe
from soravid.ledger import JobRow
from soravid.ledger.deliveries import Delivery
from soravid.ledger.spending import Spending, Sum, Which
from soravid.money import to_usd
from soravid.observe import Event
from soravid.proxy import names, refusals
from soravid.proxy.answers import as_json
from soravid.proxy.bills import LABELS, RUNNING, which_jobs, whole
from soravid.proxy.envelope import not_found
from soravid.proxy.outgoing import Outgoing
from soravid.proxy.parts import Parts
from soravid.routing import Route

_FRESH = 1.0
"""Seconds for which an answer is good for everybody who looks."""
_LONGEST = 2 * 86_400
"""Seconds that a job takes at most: older ones are not looked through for those that run."""
_SHOWN = 50
_EVENTS = 300
_UNTOLD = {"job.status", "job.stored", "money.spend", "money.void"}
"""What another event of the same moment says, or a later one."""
_PAGE, _LARGEST_PAGE = 24, 100
_HOUR = 3600


class Live:
    """How the proxy is. All of it is for the master key."""

    def __init__(self, parts: Parts, outgoing: Outgoing) -> None:
        self._parts, self._outgoing = parts, outgoing
        self._spending = Spending.of(parts.line.journal, LABELS)
        self._events: deque[Event] = deque(maxlen=_EVENTS)
        self._told: tuple[float, dict[str, Any]] = (0.0, {})

    def start(self) -> None:
        """Begin to keep the newest events."""
        observe.subscribe(self._heard)

    def stop(self) -> None:
        """Keep them no more."""
        observe.unsubscribe(self._heard)

    def _heard(self, event: Event) -> None:
        if event.name not in _UNTOLD:
            self._events.append(event)

    # --- now -----------------------------------------------------------------------------------------

    async def now(self, request: Request) -> Response:
        """Spending of today and this month, the jobs in flight, deployments, refusals."""
        await self._parts.access.master(request.headers)
        at, told = self._told
        if at + _FRESH < time.monotonic():
            told = await loop.in_thread(self._look)
            self._told = time.monotonic(), told
        return _answer(told | {"deployments": [_deployment(each) for each in _routes()]})

    def _look(self) -> dict[str, Any]:
        now = time.time()
        today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        since = {"today": today.timestamp(), "month": today.replace(day=1).timestamp()}
        running = Which(statuses=RUNNING, since=now - _LONGEST)
        stands = self._spending.of_accounts("provider").values()
        lately = [each for each in refusals.recent.copy() if each.at > now - _HOUR]
        return {
            "now": now,
            "version": __version__,
            "spend": {name: _sum(self._spending.total(Which(since=at))) for name, at in since.items()},
            "in_flight": sum(stand.running for stand in stands),
            "held": float(to_usd(sum(stand.held for stand in stands))),
            "jobs": self._jobs(self._spending.lines(running, _SHOWN)),
            "refusals": len(lately),
            "webhooks_waiting": self._outgoing.deliveries.waiting(),
        }

    # --- clips ---------------------------------------------------------------------------------------

    async def clips(self, request: Request) -> Response:
        """A page of clips, by key, model or state; the filters are those of ``/spend/logs``."""
        caller = await self._parts.access.master(request.headers)
        query = request.query_params
        size = whole(query, "page_size", _PAGE, _LARGEST_PAGE)
        page = whole(query, "page", 1, 10**6)

        def look() -> dict[str, Any]:
            which = which_jobs(query, caller, self._parts.issuer.keys, ("page", "page_size"))
            rows = self._spending.lines(replace(which, shown=True), size + 1, (page - 1) * size)
            return {"data": self._jobs(rows[:size]), "has_more": len(rows) > size}

        return _answer(await loop.in_thread(look))

    async def poster(self, request: Request) -> Response:
        """A clip's poster."""
        caller = await self._parts.access.master(request.headers)
        row = await self._parts.finder.find(request.path_params["video_id"], caller)
        head, _, data = (await loop.in_thread(self._spending.poster, row.id) or "").partition(";base64,")
        if not data:
            raise not_found(request.path_params["video_id"])
        headers = {"cache-control": "private, max-age=86400", "x-content-type-options": "nosniff"}
        return Response(base64.b64decode(data), media_type=head.removeprefix("data:"), headers=headers)

    def _jobs(self, rows: list[JobRow]) -> list[dict[str, Any]]:
        """Videos as everybody sees them, and whose they are."""
        aliases = self._parts.issuer.keys.names({row.labels.get(names.KEY, "") for row in rows})
        found = []
        for row in rows:
            now = self._parts.owned.find(row.id) or row  # or what stands in for it
            key = row.labels.get(names.KEY)
            found.append(
                {
                    **self._parts.objects.video(now),
                    "key": key,
                    "key_alias": aliases.get(key or "", key),
                    "user": row.user,
                    "provider_model": now.model,
                    "has_poster": now.clip is not None,
                    "held": _usd(None if now.final else now.held),
                }
            )
        return found

    # --- what has happened ---------------------------------------------------------------------------

    async def log(self, request: Request) -> Response:
        """The newest events, refusals and webhooks of this process, newest first."""
        await self._parts.access.master(request.headers)

        def look() -> dict[str, Any]:
            events = [_event(each) for each in reversed(self._events.copy())]
            aliases = self._parts.issuer.keys.names({each["key"] or "" for each in events})
            for each in events:
                each["key"] = aliases.get(each["key"], each["key"])
            return {
                "events": events,
                "refusals": [each._asdict() for each in reversed(refusals.recent.copy())],
                "webhooks": [_delivery(each) for each in self._outgoing.deliveries.recent(_SHOWN)],
            }

        return _answer(await loop.in_thread(look))


def _answer(value: dict[str, Any]) -> Response:
    answer = as_json(value)
    answer.headers["cache-control"] = "no-store"
    return answer


def _routes() -> list[Route]:
    return list(config.groups().routes.values())


def _deployment(route: Route) -> dict[str, Any]:
    return {
        "id": route.entry.id,
        "group": route.entry.group,
        "model": route.entry.model,
        "host": urlsplit(route.entry.connection.get("api_base") or "").netloc,
        "state": route.health.word,
        "wait": round(route.health.wait, 1),
        "failures": route.health.failures,
        "jobs": route.load,
        "seconds": route.latency,
    }


def _event(event: Event) -> dict[str, Any]:
    labels = event.labels or {}
    first, mark = labels.get(names.FIRST, event.job_id or ""), labels.get(names.MARK)
    return {
        "at": event.at,
        "name": event.name,
        "id": f"video_{first.removeprefix('job_')}{mark}" if mark else event.job_id,
        "key": labels.get(names.KEY),
        "model": event.model,
        "usd": _usd(event.held if event.name == "job.held" else event.cost),
        "code": event.error_code,
        "message": event.error_message,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "at": delivery.created_at,
        "event": delivery.event,
        "to": delivery.endpoint.partition(":")[0],
        "tries": delivery.tries,
        "status": delivery.status,
        "delivered": delivery.delivered,
        "again_at": delivery.next_at,
    }


def _sum(each: Sum) -> dict[str, Any]:
    spent, held = _usd(each.spent), _usd(each.held)
    return {"spend": spent, "held": held, "jobs": each.jobs, "failed_jobs": each.failed}


def _usd(nano: int | None) -> float | None:
    return None if nano is None else float(to_usd(nano))
