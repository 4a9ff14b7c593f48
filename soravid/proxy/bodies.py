"""Reading a request's body: JSON or a form, bounded in size and time. A file is its name and its bytes."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from soravid.proxy.envelope import Refusal

Fields = dict[str, Any]
File = tuple[str, bytes]

_SLOWEST = 120.0
"""Seconds within which a body must have come."""
_LARGE = 1 << 20
_LARGE_AT_ONCE = asyncio.Semaphore(8)
"""Bodies above a megabyte that are in memory at once."""
_FILES, _TEXTS = 20, 200
_NESTED = re.compile(r"(\w{1,64})\[(\w{0,64})\]")
_LISTS = {"references", "fallbacks", "guardrails"}
"""Fields that a form may hold several times."""


async def read_fields(request: Request, most: int) -> Fields:
    """The fields of a body of at most ``most`` bytes.

    Raises:
        Refusal: 400 for a malformed body, 408 for a slow one, 413 for a large one, 415 for another kind.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    declared = request.headers.get("content-length", "")
    length = int(declared[:20]) if declared.isdecimal() else 0
    if length > most:
        raise _too_large(most)
    if kind not in {"application/json", "multipart/form-data", ""}:
        raise Refusal(
            415,
            f"Unsupported content type {kind[:80]!r}. Send application/json or multipart/form-data.",
            "unsupported_media_type",
        )
    try:
        async with asyncio.timeout(_SLOWEST):
            if 0 < length <= _LARGE:
                return await _read(request, kind, most)
            async with _LARGE_AT_ONCE:
                return await _read(request, kind, most)
    except TimeoutError:
        raise Refusal(408, "The body did not come in time.", "request_timeout") from None
    except ClientDisconnect:
        raise Refusal(400, "The body ended early.", "invalid_body") from None


async def _read(request: Request, kind: str, most: int) -> Fields:
    bounded = Request(request.scope, _bounded(request, most))
    if kind == "multipart/form-data":
        return await _form(bounded)
    body = await bounded.body()
    return parsed(body) if body else {}


def _bounded(request: Request, most: int) -> Any:
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise _too_large(most)
        return message

    return receive


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"The request has more than {most >> 20} MiB.", "too_large")


def parsed(body: bytes) -> Fields:
    """A JSON object.

    Raises:
        Refusal: it is none, or has text that cannot be stored.
    """
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refusal(400, "The body is not valid JSON.", "invalid_json") from None
    if not isinstance(value, dict):
        raise Refusal(400, "The body must be a JSON object.", "invalid_json")
    if b"\\u0000" in body or b"\\ud" in body.lower():
        _check_text(value)
    return value


def _no_constant(name: str) -> float:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _check_text(value: Any) -> None:
    """Refuse text with a NUL or half a character, which no database takes."""
    if isinstance(value, dict):
        for name, part in value.items():
            _check_text(name)
            _check_text(part)
    elif isinstance(value, list):
        for part in value:
            _check_text(part)
    elif isinstance(value, str) and any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value):
        raise Refusal(400, "A text holds a character that is none.", "invalid_value")


async def _form(request: Request) -> Fields:
    parser = MultiPartParser(
        request.headers, request.stream(), max_files=_FILES, max_fields=_TEXTS, max_part_size=_LARGE
    )
    try:
        form = await parser.parse()
    except MultiPartException as wrong:
        raise Refusal(400, f"The form is malformed: {wrong.message}", "invalid_body") from None
    except (ValueError, KeyError, AttributeError):
        raise Refusal(400, "The form is malformed.", "invalid_body") from None
    try:
        fields: Fields = {}
        for name, value in form.multi_items():
            _put(fields, name, await _file(value) if isinstance(value, UploadFile) else value)
    finally:
        await form.close()
    _check_text({name: value for name, value in fields.items() if not isinstance(value, tuple)})
    return fields


async def _file(upload: UploadFile) -> File:
    return upload.filename or "file", await upload.read()


def _put(fields: Fields, name: str, value: Any) -> None:
    """Put a part where it belongs: ``video[id]`` into an object, ``references[]`` into a list."""
    nested = _NESTED.fullmatch(name)
    if nested and nested[2] and not nested[2].isdecimal():
        inside = fields.setdefault(nested[1], {})
        if isinstance(inside, dict):
            inside[nested[2]] = value
        return
    name = nested[1] if nested else name
    if name in _LISTS:
        fields.setdefault(name, []).append(value)
    else:
        fields[name] = value
