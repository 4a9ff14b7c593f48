"""Reading a request's body: JSON or multipart, bounded, with its reference image checked."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from collections.abc import Mapping
from typing import Any

from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from soravid.engine.wire import WireError, invalid, parse_json

MAX_IMAGE = 20 * 1024 * 1024
_MAX_BODY = 32 * 1024 * 1024  # the largest image as base64 in JSON, and the other fields
_MAX_PIXELS = 64_000_000
_FORMATS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
_DATA_URL = re.compile(r"data:image/(?:png|jpeg|jpg|webp);base64,", re.IGNORECASE)


async def read_fields(request: Request) -> dict[str, Any]:
    """Return the fields of a JSON or multipart body; a file comes as bytes.

    Raises:
        WireError: 400 for a malformed body, 413 for one that is too large, 415 for another type.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    bounded = Request(request.scope, _bounded(request))
    try:
        if kind == "multipart/form-data":
            return await _read_form(bounded)
        if kind in ("application/json", ""):
            return parse_json(await bounded.body())
    except ClientDisconnect:
        raise WireError(400, "The body ended early.", code="invalid_body") from None
    raise WireError(
        415,
        f"Unsupported content type {kind[:80]!r}. Send application/json or multipart/form-data.",
        code="unsupported_media_type",
    )


def _bounded(request: Request) -> Any:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > _MAX_BODY:
        raise _too_large()
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > _MAX_BODY:
            raise _too_large()
        return message

    return receive


def _too_large() -> WireError:
    return WireError(
        413,
        "The reference image is too large. It may have up to 20 MB.",
        param="input_reference",
        code="too_large",
    )


async def _read_form(request: Request) -> dict[str, Any]:
    parser = MultiPartParser(
        request.headers, request.stream(), max_files=4, max_fields=200, max_part_size=_MAX_BODY
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise WireError(
            400, f"The multipart body is malformed: {error.message}", code="invalid_body"
        ) from None
    except (ValueError, KeyError, UnicodeError, AttributeError):
        raise WireError(400, "The multipart body is malformed.", code="invalid_body") from None
    try:
        fields: dict[str, Any] = {}
        for name, value in form.multi_items():
            nested = re.fullmatch(r"(\w{1,64})\[(\w{1,64})\]", name)
            item = await _read_file(value) if isinstance(value, UploadFile) else value
            if nested is None:
                fields[name] = item
            elif isinstance(fields.setdefault(nested[1], {}), dict):
                # The official client flattens an object of `extra_body` to name[key].
                fields[nested[1]][nested[2]] = item
        return fields
    finally:
        await form.close()


async def _read_file(file: UploadFile) -> bytes:
    if file.size is not None and file.size > MAX_IMAGE:
        raise _too_large()
    return await file.read()


async def read_reference(fields: Mapping[str, Any]) -> tuple[str, bytes] | None:
    """Return the reference image as ``(file name, bytes)``, decoded once to know that it is whole.

    Raises:
        WireError: 400 when it is no PNG, JPEG or WebP image, 413 when it is too large.
    """
    value = fields.get("input_reference")
    if value is None or value == "":
        return None
    data = value if isinstance(value, bytes) else _from_url(value)
    if len(data) > MAX_IMAGE:
        raise _too_large()
    return await run_in_threadpool(_check_image, data)


def _from_url(value: object) -> bytes:
    url = value.get("image_url") if isinstance(value, dict) else value
    start = _DATA_URL.match(url) if isinstance(url, str) else None
    if not isinstance(url, str) or start is None:
        raise invalid(
            "input_reference",
            url if isinstance(url, str) else value,
            "The local engine fetches nothing: send the picture as a file part, or as "
            "{'image_url': 'data:image/png;base64,...'} (PNG, JPEG or WebP).",
        )
    try:
        return base64.b64decode(url[start.end() :], validate=True)
    except (binascii.Error, ValueError):
        message = "The data URL of 'input_reference' is not valid base64."
        raise WireError(400, message, param="input_reference", code="invalid_value") from None


def _check_image(data: bytes) -> tuple[str, bytes]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=list(_FORMATS)) as image:
                kind = image.format or ""
                pixels = image.width * image.height
                if pixels <= _MAX_PIXELS:
                    image.load()
    except Exception:  # a decoder of damaged data raises many kinds
        message = "The reference image cannot be read. It must be a whole PNG, JPEG or WebP image."
        raise WireError(400, message, param="input_reference", code="invalid_image") from None
    if pixels > _MAX_PIXELS:
        message = f"The reference image has {pixels} pixels. It may have up to {_MAX_PIXELS}."
        raise WireError(400, message, param="input_reference", code="invalid_image")
    return f"reference.{_FORMATS[kind]}", data
