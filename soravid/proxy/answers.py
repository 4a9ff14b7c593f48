"""Answers with content: a file in ranges, with a tag; and JSON that is bytes already."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from soravid import loop
from soravid.proxy.envelope import Refusal

if TYPE_CHECKING:
    from soravid.proxy.bucket import Blob

_HEADS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
    (b"RIFF", "image/webp"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_JSON = "application/json"
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


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


async def content_of(request: Request, kept: Path | Blob, name: str) -> Response:
    """A clip or still, wherever it is kept, as a file of that name.

    Raises:
        FileNotFoundError: it has been removed in this very moment.
        Refusal: 416, a range that there is not.
    """
    if isinstance(kept, Path):
        return await loop.in_thread(Content, kept, name)
    return await _from_bucket(request, kept, name)


class Content(FileResponse):
    """A stored clip or still: ranges, a strong tag, and refusals in the envelope. Memory does not grow.

    Blocking: the file is looked at.
    """

    chunk_size = 256 * 1024

    def __init__(self, path: Path, name: str) -> None:
        with path.open("rb") as file:
            head, stat = file.read(4), os.fstat(file.fileno())
        media_type = media_type_of(head)
        super().__init__(
            path,
            headers=_headers(f'"{path.stem}-{stat.st_size:x}-{stat.st_mtime_ns:x}"'),
            media_type=media_type,
            stat_result=stat,
            filename=_named(name, media_type, path.suffix),
            content_disposition_type="inline",
        )
        self._size = stat.st_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, a part of it, or that it is the one that the caller has."""
        if _has_it(Headers(scope=scope), self.headers["etag"]):
            kept = {name: self.headers[name] for name in ("etag", "cache-control", "last-modified")}
            await Response(status_code=304, headers=kept)(scope, receive, send)
            return
        await super().__call__(scope, receive, _in_envelope(send, scope, receive, self._size))


async def _from_bucket(request: Request, blob: Blob, name: str) -> Response:
    """The same of a clip that is read as it is sent. Of several ranges none is taken: it comes whole."""
    asked, headers = request.headers, _headers(blob.etag) | {"accept-ranges": "bytes"}
    if _has_it(asked, blob.etag):
        return Response(status_code=304, headers=headers)
    span = _span(asked, blob)
    start, end = span or (0, blob.size)
    media_type, chunks = await blob.read(start, end if request.method != "HEAD" else start + 1)
    file_name = quote(_named(name, media_type, Path(blob.key).suffix))
    headers |= {
        "content-length": str(end - start),
        "content-type": media_type,
        "content-disposition": f"inline; filename*=utf-8''{file_name}",
    }
    if span:
        headers["content-range"] = f"bytes {start}-{end - 1}/{blob.size}"
    status = 206 if span else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(chunks, status, headers)


def _span(asked: Headers, blob: Blob) -> tuple[int, int] | None:
    """The first byte that is asked for and the one after the last; None: all of them."""
    found = _RANGE.fullmatch(asked.get("range", "").strip())
    if not found or not (found[1] or found[2]) or asked.get("if-range", blob.etag) != blob.etag:
        return None
    if found[1]:
        start, end = int(found[1]), min(blob.size, int(found[2] or blob.size) + 1)
    else:
        start, end = max(0, blob.size - int(found[2])), blob.size
    if start >= end:
        raise _out_of_range(blob.size)
    return start, end


def media_type_of(head: bytes) -> str:
    """What a file is whose first bytes these are; a clip unless they say otherwise."""
    return next((kind for start, kind in _HEADS if head.startswith(start)), "video/mp4")


def _named(name: str, media_type: str, suffix: str) -> str:
    """A clip's name as a file, or its still's."""
    if media_type.startswith("video/"):
        return name
    return f"{Path(name).stem}-{suffix[1:]}.{media_type.removeprefix('image/')}"


def _headers(etag: str) -> dict[str, str]:
    return {
        "etag": etag,
        "cache-control": "private, max-age=0, must-revalidate",
        "x-content-type-options": "nosniff",
    }


def _has_it(asked: Headers, etag: str) -> bool:
    """Whether the caller has what there is."""
    known = asked.get("if-none-match")
    if not known:
        return False
    return known.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}


def _out_of_range(size: int) -> Refusal:
    message = f"The range must lie within the file's {size} bytes."
    return Refusal(416, message, "invalid_range", headers={"content-range": f"bytes */{size}"})


def _in_envelope(send: Send, scope: Scope, receive: Receive, size: int) -> Send:
    """What the base class refuses in plain text is refused in the envelope."""
    refused = False

    async def sent(message: Any) -> None:
        nonlocal refused
        if message["type"] == "http.response.start" and message["status"] in {400, 416}:
            refused = True
            await _out_of_range(size).answer()(scope, receive, send)
        elif not refused:
            await send(message)

    return sent
