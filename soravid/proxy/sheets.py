"""Tables as CSV, sent while they are read: a million lines take no more memory than a thousand."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from starlette.responses import Response, StreamingResponse

Row = Mapping[str, Any]

_COMMANDS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula, and prompts and names are anybody's words."""


def sheet(name: str, columns: Sequence[str], pages: AsyncIterator[Iterable[Row]]) -> Response:
    """The pages of a table as one CSV file of that name."""
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    return StreamingResponse(_chunks(columns, pages), media_type="text/csv; charset=utf-8", headers=headers)


async def _chunks(columns: Sequence[str], pages: AsyncIterator[Iterable[Row]]) -> AsyncIterator[str]:
    yield _written([columns])
    async for page in pages:
        yield _written([_cell(row[name]) for name in columns] for row in page)


def _written(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_COMMANDS) else text
