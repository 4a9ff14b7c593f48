"""Answers with content: a file in ranges, with a tag; and JSON that is bytes already."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from soravid.proxy.envelope import Refusal

_HEADS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
    (b"RIFF", "image/webp"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_JSON = "application/json"


def json_bytes(body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of JSON that is written already."""
    return Response(body, media_type=_JSON, headers=headers)


def as_json(value: Any, status: int = 200) -> Response:
    """An answer of JSON."""
    return JSONResponse(value, status)


def with_money(value: Mapping[str, Any]) -> Response:
    """An answer of JSON whose amounts are numbers of USD, as LiteLLM's clients expect.

    They are exact below eight million, and nothing is reckoned with them any more.
    """
    return json_bytes(json.dumps(value, default=_number, ensure_ascii=False).encode())


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


class Content(FileResponse):
    """A stored clip or still: ranges, a strong tag, and refusals in the envelope. Memory does not grow.

    Blocking: the file is looked at.
    """

    chunk_size = 256 * 1024

    def __init__(self, path: Path, name: str) -> None:
        with path.open("rb") as file:
            head, stat = file.read(4), os.fstat(file.fileno())
        media_type = next((kind for start, kind in _HEADS if head.startswith(start)), "video/mp4")
        if not media_type.startswith("video/"):
            name = f"{Path(name).stem}-{path.suffix[1:]}.{media_type.removeprefix('image/')}"
        headers = {
            "etag": f'"{path.stem}-{stat.st_size:x}-{stat.st_mtime_ns:x}"',
            "cache-control": "private, max-age=0, must-revalidate",
            "x-content-type-options": "nosniff",
        }
        super().__init__(
            path,
            headers=headers,
            media_type=media_type,
            stat_result=stat,
            filename=name,
            content_disposition_type="inline",
        )
        self._size = stat.st_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, a part of it, or that it is the one that the caller has."""
        asked = Headers(scope=scope)
        known = asked.get("if-none-match")
        if known and (known.strip() == "*" or self.headers["etag"] in _tags(known)):
            kept = {name: self.headers[name] for name in ("etag", "cache-control", "last-modified")}
            await Response(status_code=304, headers=kept)(scope, receive, send)
            return
        await super().__call__(scope, receive, _in_envelope(send, scope, receive, self._size))


def _tags(text: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in text.split(",")}


def _in_envelope(send: Send, scope: Scope, receive: Receive, size: int) -> Send:
    """What the base class refuses in plain text is refused in the envelope."""
    refused = False

    async def sent(message: Any) -> None:
        nonlocal refused
        if message["type"] == "http.response.start" and message["status"] in {400, 416}:
            refused = True
            message = f"The range must lie within the file's {size} bytes."
            refusal = Refusal(416, message, "invalid_range", headers={"content-range": f"bytes */{size}"})
            await refusal.answer()(scope, receive, send)
        elif not refused:
            await send(message)

    return sent
