"""Reads a reference picture from whatever a person has at hand: whole, and checked before it is sent."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from urllib.parse import unquote_to_bytes, urlsplit

from soravid.download import Fetch
from soravid.errors import BadRequest, DownloadFailed, InvalidRequest, SoravidError
from soravid.providers.base import Download
from soravid.transport import Transport
from soravid.types import Reference, VideoRequest

LIMIT = 20 * 1024 * 1024
"""Bytes of a picture, as OpenAI's wire has it for a data URL."""


@runtime_checkable
class HasReferenceFrame(Protocol):
    """A finished clip: its last frame is the picture to go on from."""

    def reference_frame(self) -> bytes:
        """The last frame as PNG."""
        ...


class Pictures:
    """The pictures of a request, before and after they are read."""

    def __init__(self, first: Any, last: Any = None, further: Any = None) -> None:
        if further is not None and not isinstance(further, (list, tuple)):
            further = [further]
        self._named: dict[str, Any] = {"input_reference": first, "last_frame": last}
        self._further: list[Any] = list(further or ())

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._further) or any(value is not None for value in self._named.values())

    def stand_in(self, request: VideoRequest) -> VideoRequest:
        """The request with a mark for each picture, so that it can be checked before any is read."""
        marks: dict[str, Any] = {name: _MARK for name, value in self._named.items() if value is not None}
        return replace(request, **marks, references=(_MARK,) * len(self._further))

    async def read(self, transport: Transport) -> Pictures:
        """Every picture, whole and checked.

        Raises:
            InvalidRequest: see ``read_reference``.
        """
        for name, value in self._named.items():
            self._named[name] = await read_reference(value, transport, name)
        self._further = [await read_reference(value, transport, "references") for value in self._further]
        return self

    def onto(self, request: VideoRequest) -> VideoRequest:
        """The request with the pictures that were read."""
        return replace(request, **self._named, references=tuple(self._further))


_MARK = Reference(b"", "", "")

ReferenceInput = Any
"""A path, bytes, an open file, a ``PIL.Image``, an http(s) or data URL, a ``Clip``, or (name, bytes)."""


async def read_reference(
    value: Any, transport: Transport, param: str = "input_reference"
) -> Reference | None:
    """The picture behind ``value``; None stays None.

    Raises:
        InvalidRequest: a path that does not exist (it is named), an address that cannot be read, an empty
            or too large picture, or something that is no PNG, JPEG or WebP.
    """
    if value is None or isinstance(value, Reference):
        return value
    try:
        name, data = await _name_and_bytes(value, transport)
    except InvalidRequest as wrong:
        wrong.param = param
        raise
    if not data:
        raise InvalidRequest(f"The reference picture {name} is empty.", param=param)
    if len(data) > LIMIT:
        raise InvalidRequest(
            f"The reference picture {name} has more than 20 MiB; at most 20 MiB can be sent.", param=param
        )
    media_type = _media_type(data)
    if media_type is None:
        raise InvalidRequest(
            f"The reference picture must be a PNG, JPEG or WebP; {name} is none of them.",
            param=param,
        )
    stem = Path(name).stem or "reference"
    return Reference(data, media_type, f"{stem}.{media_type.removeprefix('image/')}")


async def _name_and_bytes(value: Any, transport: Transport) -> tuple[str, bytes]:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "reference", bytes(value)
    if isinstance(value, str) and value.startswith("data:"):
        return "reference", _from_data_url(value)
    if isinstance(value, str) and urlsplit(value).scheme in {"http", "https"}:
        return await _from_url(value, transport)
    if isinstance(value, HasReferenceFrame):  # a clip is a path, too
        return "last-frame", await asyncio.to_thread(value.reference_frame)
    if isinstance(value, (str, os.PathLike)):
        return await asyncio.to_thread(_from_path, Path(value))
    if isinstance(value, tuple) and len(value) in {2, 3} and isinstance(value[1], bytes):
        return str(value[0]), value[1]
    if hasattr(value, "save") and hasattr(value, "getbands"):  # a PIL image, without importing PIL
        buffer = io.BytesIO()
        plain = value if value.mode in {"1", "L", "LA", "P", "RGB", "RGBA"} else value.convert("RGB")
        plain.save(buffer, format="PNG")
        return "image", buffer.getvalue()
    if hasattr(value, "read"):
        try:
            data = value.read(LIMIT + 1)
        except (OSError, ValueError):  # a closed file, or one opened as text
            data = None
        if not isinstance(data, bytes):
            raise InvalidRequest(
                'The reference picture must be a file of bytes that is not closed: open(path, "rb").',
                param="input_reference",
            )
        return str(Path(str(getattr(value, "name", "reference"))).name), data
    raise InvalidRequest(
        f"input_reference takes a path, bytes, an open file, a PIL image, a URL or a clip, "
        f"not {type(value).__name__}.",
        param="input_reference",
    )


def _from_path(path: Path) -> tuple[str, bytes]:
    try:
        with path.expanduser().open("rb") as file:
            return path.name, file.read(LIMIT + 1)
    except ValueError:
        raise InvalidRequest(
            f"{str(path)!r} cannot be read: no file has such a name.", param="input_reference"
        ) from None
    except FileNotFoundError:
        raise InvalidRequest(f"There is no file {str(path)!r}.", param="input_reference") from None
    except OSError as wrong:
        raise InvalidRequest(
            f"{str(path)!r} cannot be read: {wrong.strerror or wrong}.", param="input_reference"
        ) from None


def _from_data_url(url: str) -> bytes:
    head, _, body = url.partition(",")
    try:
        return base64.b64decode(body, validate=True) if head.endswith(";base64") else unquote_to_bytes(body)
    except binascii.Error:
        raise InvalidRequest("The data URL is not valid base64.", param="input_reference") from None


async def _from_url(url: str, transport: Transport) -> tuple[str, bytes]:
    host = urlsplit(url).hostname
    source = Download(url, explain=lambda answer: BadRequest(f"HTTP {answer.status}"))
    with tempfile.TemporaryDirectory(prefix="soravid-") as folder:
        target = Path(folder) / "reference"
        try:
            await Fetch(transport, source, target, video=False, limit=LIMIT).run()
        except (SoravidError, DownloadFailed) as wrong:
            raise InvalidRequest(
                f"The reference picture could not be read from {host}: {wrong.message}",
                param="input_reference",
            ) from None
        return Path(urlsplit(url).path).name or "reference", target.read_bytes()


def _media_type(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None
