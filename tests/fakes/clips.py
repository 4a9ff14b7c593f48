"""What a fake hands out as finished: a small real MP4, as large as a test wants it, and its pictures."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageDraw
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tests.fakes.server import hang_up

CHUNK = 256 * 1024
_ZEROS = memoryview(bytes(CHUNK))


@dataclass(frozen=True)
class Media:
    """A file that need not exist: `head`, then zeros up to `size` bytes, which are made as they are sent."""

    head: bytes
    size: int
    content_type: str
    name: str = ""

    def slice(self, start: int, stop: int) -> bytes | memoryview:
        """Return up to CHUNK bytes of `start:stop`, never more than one kind (head or zeros) at a time."""
        stop = min(stop, start + CHUNK)
        if start < len(self.head):
            return self.head[start:stop]
        return _ZEROS[: stop - start]


def video(name: str, size: int | None = None, clip: bytes | None = None) -> Media:
    """Return an MP4 that plays and whose bytes differ by `name`, padded to `size` bytes by a `free` box."""
    start = clip if clip is not None else small_clip()
    label = name.encode()
    padding = max(0, (size or 0) - len(start) - 8 - len(label))
    length = 8 + len(label) + padding
    if length < 2**32:
        box = length.to_bytes(4, "big") + b"free" + label
    else:  # a long box spends 8 of its padding bytes on a 64-bit length
        box = (1).to_bytes(4, "big") + b"free" + length.to_bytes(8, "big") + label
    return Media(start + box, len(start) + length, "video/mp4", name)


@cache
def small_clip(width: int = 160, height: int = 90, frames: int = 12, rate: int | None = None) -> bytes:
    """Encode so many frames of H.264, once a process; they last a second unless `rate` says otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        with av.open(path, "w", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=rate or frames, options={"preset": "veryfast"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for number in range(frames):
                image = _picture(width, height, number / frames)
                frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()


@cache
def thumbnail() -> Media:
    """Return the WebP that `variant=thumbnail` answers."""
    return _image(_picture(160, 90, 0.5), "WEBP", "image/webp")


@cache
def spritesheet() -> Media:
    """Return the JPEG that `variant=spritesheet` answers: four frames side by side."""
    sheet = Image.new("RGB", (640, 90))
    for column in range(4):
        sheet.paste(_picture(160, 90, column / 4), (160 * column, 0))
    return _image(sheet, "JPEG", "image/jpeg")


def seconds_of(data: bytes) -> float | None:
    """Return the length of a clip, or None for bytes that are none."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            return container.duration / 1_000_000 if container.streams.video and container.duration else None
    except (av.FFmpegError, ValueError):
        return None


def size_of(data: bytes) -> str | None:
    """Return the pixel size (`1280x720`) of a JPEG, PNG or WebP, or None for anything else."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            return f"{image.width}x{image.height}"
    except (OSError, ValueError):
        return None


def send_media(request: Request, media: Media, *, ranges: bool = True, cut: bool = False) -> Response:
    """Answer with the file, or with the part that a `Range` header asks for; `cut` breaks off half-way."""
    start, stop, headers = 0, media.size, {"accept-ranges": "bytes" if ranges else "none"}
    tag = f'"{media.name}-{media.size}"'
    wanted = request.headers.get("range") if ranges else None
    if wanted and request.headers.get("if-range", tag) == tag:
        span = _span(wanted, media.size)
        if span is None:
            return Response(status_code=416, headers={"content-range": f"bytes */{media.size}"})
        start, stop = span
        headers["content-range"] = f"bytes {start}-{stop - 1}/{media.size}"
    headers |= {"content-type": media.content_type, "content-length": str(stop - start), "etag": tag}
    answer = _Cut if cut else StreamingResponse
    end = start + (stop - start) // 2 if cut else stop
    return answer(_chunks(media, start, end), 206 if "content-range" in headers else 200, headers=headers)


class _Cut(StreamingResponse):
    """A body that is shorter than its content-length: the connection closes in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_but_the_end(message: Any) -> None:
            if message["type"] == "http.response.start" or message["more_body"]:
                await send(message)

        await self.stream_response(send_but_the_end)
        await hang_up(scope, receive)


async def _chunks(media: Media, start: int, stop: int) -> AsyncIterator[bytes | memoryview]:
    while start < stop:
        chunk = media.slice(start, stop)
        start += len(chunk)
        yield chunk


def _span(header: str, size: int) -> tuple[int, int] | None:
    """Return the half-open span of a single `bytes=` range, or None if nothing of the file is in it."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    stop = min(size, int(last) + 1) if last else size
    return (int(first), stop) if int(first) < stop else None


def _picture(width: int, height: int, moment: float) -> Image.Image:
    image = Image.new("RGB", (width, height), (24, 40, 72))
    left = int(moment * (width - height // 2))
    ImageDraw.Draw(image).ellipse(
        (left, height // 4, left + height // 2, 3 * height // 4), fill=(240, 180, 60)
    )
    return image


def _image(image: Image.Image, kind: str, content_type: str) -> Media:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return Media(buffer.getvalue(), buffer.tell(), content_type, kind.lower())
