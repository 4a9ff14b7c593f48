"""Spending by HTTP: every job, and sums by key, model and day, as JSON or CSV; of a virtual key, its own."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from soravid import loop
from soravid.ledger.spending import Place, Spending, Sum, Which
from soravid.proxy import schemas
from soravid.proxy.answers import with_money
from soravid.proxy.bills import (
    LABELS,
    LOG,
    SUMS,
    TIMES,
    WHOSE,
    days_of,
    is_csv,
    line,
    summed,
    which_jobs,
    whole,
)
from soravid.proxy.documents import TEXT, Line
from soravid.proxy.issuing import money_of
from soravid.proxy.parts import Parts
from soravid.proxy.sheets import Row, sheet

_PAGE, _LARGEST_PAGE = 50, 1000
_AT_ONCE = 250
"""Lines of a CSV in memory at once: each may have a prompt of 32,000 characters."""
_BUDGET = ("max_budget", "remaining", "budget_duration", "budget_reset_at")


class Spend:
    """The bills, each from a request to its answer."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._keys = parts, parts.issuer.keys
        self._spending = Spending.of(parts.line.journal, LABELS)

    async def logs(self, request: Request) -> Response:
        """One line for each job, newest first: who asked for what, when, and what it holds or has cost."""
        which = await self._which(request, ("page", "page_size"))
        size = whole(request.query_params, "page_size", _PAGE, _LARGEST_PAGE)
        page = whole(request.query_params, "page", 1, 10**9 // size)
        if is_csv(request.query_params):
            return sheet("soravid-spend-logs", LOG, self._pages(which))

        def look() -> dict[str, Any]:
            total = self._spending.total(which)
            data, _ = self._lines(which, size, (page - 1) * size)
            pages = {"page": page, "page_size": size, "total_pages": -(-total.jobs // size)}
            return {"data": data, "total": total.jobs, **pages, **summed(total)}

        return with_money(await loop.in_thread(look))

    async def keys(self, request: Request) -> Response:
        """A sum for each key, the dearest first, with how its budget stands now."""
        columns = ("api_key", "key_alias", "team_id", "user_id", *SUMS, *_BUDGET)
        return await self._table(request, "keys", columns, self._by_key)

    async def models(self, request: Request) -> Response:
        """A sum for each model, by the name that it was asked for, the dearest first."""
        return await self._table(request, "models", ("model", *SUMS), self._by_model)

    async def days(self, request: Request) -> Response:
        """A sum for each day (UTC), also where nothing was spent; without a beginning, of the last 30."""
        return await self._table(request, "days", ("date", *SUMS), self._by_day)

    # --- pieces --------------------------------------------------------------------------------------

    async def _which(self, request: Request, also: tuple[str, ...] = ()) -> Which:
        caller = await self._parts.access.caller(request.headers)
        return await loop.in_thread(which_jobs, request.query_params, caller, self._keys, also)

    async def _table(
        self, request: Request, name: str, columns: Iterable[str], read: Callable[[Which], list[Row]]
    ) -> Response:
        which = await self._which(request)
        rows = await loop.in_thread(read, which)
        if not is_csv(request.query_params):
            return with_money({"data": rows})

        async def pages() -> AsyncIterator[list[Row]]:
            yield rows

        return sheet(f"soravid-spend-{name}", tuple(columns), pages())

    def _by_key(self, which: Which) -> list[Row]:
        sums = self._spending.by("key", which)
        aliases = self._keys.names([str(each.name) for each in sums])
        living = {key.id: key for key in self._keys.all()}
        budgets = {each.scope.name: each for each in self._parts.line.journal.budgets.all("key")}
        rows: list[Row] = []
        for each in sums:
            name = None if each.name is None else str(each.name)
            key, account = living.get(name or ""), budgets.get(name or "")
            money = money_of(account) if account else {}
            alias = aliases.get(name or "")
            rows.append(
                {
                    "api_key": name,
                    "key_alias": None if alias == name else alias,
                    "team_id": key.team_id if key else None,
                    "user_id": key.user_id if key else None,
                    **summed(each),
                    **{field: money.get(field) for field in _BUDGET},
                }
            )
        return rows

    def _by_model(self, which: Which) -> list[Row]:
        return [{"model": each.name, **summed(each)} for each in self._spending.by("model", which)]

    def _by_day(self, which: Which) -> list[Row]:
        first, last = days_of(which)
        begin = datetime.combine(first, datetime.min.time(), UTC).timestamp()
        since = begin if which.since is None else which.since
        found = {each.name: each for each in self._spending.by("day", replace(which, since=since))}
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        number = int(begin // 86_400)
        return [
            {"date": day.isoformat(), **summed(found.get(number + k) or Sum(None, 0, 0, 0, 0, 0))}
            for k, day in enumerate(days)
        ]

    def _lines(self, which: Which, limit: int, offset: int = 0) -> tuple[list[Row], Place | None]:
        """Lines of the log, and the place of the last."""
        rows = self._spending.lines(which, limit, offset)
        aliases = self._keys.names({row.labels.get(LABELS.key, "") for row in rows})
        place = (rows[-1].created_at, rows[-1].id) if rows else None
        return [line(row, aliases) for row in rows], place

    async def _pages(self, which: Which) -> AsyncIterator[list[Row]]:
        """The whole log, as it stood at the beginning; no transaction stays open while somebody reads."""
        if which.until is None:
            which = replace(which, until=time.time())
        while True:
            rows, place = await loop.in_thread(self._lines, which, _AT_ONCE)
            yield rows
            if len(rows) < _AT_ONCE:
                return
            which = replace(which, before=place)


def lines(parts: Parts) -> list[Line]:
    """The routes for the table."""
    spend, tag = Spend(parts), "Spending"
    texts = [(name, TEXT) for name in (*TIMES, *WHOSE, "status")]
    kind = ("format", {"type": "string", "enum": ["json", "csv"]})
    whole_number = {"type": "integer", "minimum": 1}
    paging = [("page", whole_number), ("page_size", whole_number | {"maximum": _LARGEST_PAGE})]
    fails = (400, 401, 403, 500, 503)
    return [
        Line(
            "GET",
            f"/spend/{name}",
            endpoint,
            tag,
            schemas.Info,
            fails,
            ("text/csv",),
            query=[*texts, kind, *more],
        )
        for name, endpoint, more in (
            ("logs", spend.logs, paging),
            ("keys", spend.keys, []),
            ("models", spend.models, []),
            ("days", spend.days, []),
        )
    ]
