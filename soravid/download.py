"""Brings a clip to disk: streamed to a hidden file beside the target, checked, resumed, renamed if whole."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import httpx2

from soravid.errors import ConnectionFailed, ConnectionLost, DownloadFailed
from soravid.loop import in_thread
from soravid.providers.base import Download, Response
from soravid.transport import (
    ATTEMPTS,
    LONGEST_WAIT,
    PASSING,
    Transport,
    backoff,
    connection_error,
    retry_after,
)

_REDIRECTS = {301, 302, 303, 307, 308}
_ENOUGH = 16
"""Bytes needed to tell what a file is."""


class Fetch:
    """One download under way.

    Credentials go to the host they are for, never to one that it redirects to.
    """

    def __init__(
        self,
        transport: Transport,
        source: Download,
        target: Path,
        *,
        video: bool = True,
        limit: int | None = None,
        timeout: float = 60.0,
    ) -> None:
        self._transport = transport
        self._source = source
        self._target = target
        # A name of its own: two may fetch the same clip at once, and each renames a whole file.
        self._part = target.with_name(f".soravid-{uuid.uuid4().hex[:12]}.part")
        self._video = video
        self._limit = limit
        self._timeout = timeout
        self._have = 0
        self._total: int | None = None
        self._validator: str | None = None
        self._excuse: Exception | None = None

    async def run(self) -> Path:
        """Bring the whole file and return its path.

        Raises:
            DownloadFailed: it did not arrive whole, is no video, or cannot be written.
            ProviderError: the provider's answer, such as NotFound for a clip that has expired.
        """
        try:
            await asyncio.to_thread(self._target.parent.mkdir, parents=True, exist_ok=True)
            with self._part.open("wb") as file:
                if self._source.data is not None:
                    self._write_all(file, self._source.data)
                else:
                    await self._all_of_it(file)
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            self._part.replace(self._target)
        except OSError as wrong:
            if isinstance(wrong, (ConnectionFailed, ConnectionLost)):
                raise
            raise DownloadFailed(f"{self._target} cannot be written: {wrong.strerror or wrong}.") from None
        finally:
            with suppress(OSError):
                self._part.unlink(missing_ok=True)
        return self._target

    def _write_all(self, file: BinaryIO, data: bytes) -> None:
        """Bytes that came inside an answer: checked like any other."""
        file.write(data)
        self._look(file, "")

    async def _all_of_it(self, file: BinaryIO) -> None:
        fruitless = 0
        while True:
            before = self._have
            try:
                await self._stream(file)
                return
            except (ConnectionFailed, ConnectionLost) as wrong:
                fruitless = 0 if self._have > before else fruitless + 1
                if fruitless >= ATTEMPTS:
                    raise self._excuse or DownloadFailed(
                        f"The clip stopped arriving after {self._have} of {self._total or 'unknown'} bytes.",
                        hint="It is kept at the provider for a while: resume the job to try again.",
                    ) from wrong
            await asyncio.sleep(backoff(fruitless + 1))

    async def _stream(self, file: BinaryIO) -> None:
        async with self._opened() as answer:
            if answer.status_code == 416:
                self._have, self._validator = 0, None
                raise ConnectionLost("The server has another file now.")
            if answer.status_code not in {200, 206}:
                refusal = Response(answer.status_code, dict(answer.headers), await answer.aread())
                self._excuse = self._source.explain(refusal)
                if answer.status_code not in PASSING:
                    raise self._excuse
                await asyncio.sleep(min(retry_after(answer.headers) or 0.0, LONGEST_WAIT))
                raise ConnectionLost(f"HTTP {answer.status_code}")
            self._excuse = None
            self._place(file, answer)
            try:
                async for chunk in answer.aiter_raw():
                    file.write(chunk)
                    if self._have < _ENOUGH <= self._have + len(chunk):
                        self._look(file, answer.headers.get("content-type", ""))
                    self._have += len(chunk)
                    if self._limit is not None and self._have > self._limit:
                        raise DownloadFailed(f"It is larger than {self._limit >> 20} MiB.")
            except httpx2.HTTPError as wrong:
                raise connection_error(wrong, httpx2.URL(self._source.url)) from None
        if self._have != self._total if self._total is not None else not self._have:
            raise ConnectionLost("The body ended early.")
        if self._have < _ENOUGH:
            raise DownloadFailed(f"What the server sent is not a video: it has {self._have} bytes.")

    def _place(self, file: BinaryIO, answer: httpx2.Response) -> None:
        """Go on where the server goes on: behind what is there (206), or from the beginning (200)."""
        headers = answer.headers
        start = 0
        if answer.status_code == 206:
            unit, _, rest = headers.get("content-range", "").partition(" ")
            span, _, total = rest.partition("/")
            first = span.partition("-")[0]
            if unit != "bytes" or not first.isdecimal() or int(first) != self._have:
                raise DownloadFailed("The server resumed the clip at another place than it was asked for.")
            start = int(first)
            self._total = int(total) if total.isdecimal() else self._total
        else:
            length = headers.get("content-length", "")
            self._total = int(length) if length.isdecimal() else None
        self._have = start
        file.seek(start)
        file.truncate()
        self._validator = headers.get("etag") if not headers.get("etag", "W/").startswith("W/") else None

    def _look(self, file: BinaryIO, media_type: str) -> None:
        file.flush()
        with self._part.open("rb") as reader:
            head = reader.read(_ENOUGH)
        if self._video and not (head[4:8] in {b"ftyp", b"moov", b"styp"} or head[:4] == b"\x1aE\xdf\xa3"):
            raise DownloadFailed(
                f"What the server sent is not a video (it says {media_type.partition(';')[0] or 'nothing'})."
            )

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[httpx2.Response]:
        resume = {"range": f"bytes={self._have}-"} if self._have else {}
        if resume and self._validator:
            resume["if-range"] = self._validator
        plain = {"accept": "video/*, image/*, */*;q=0.5", "accept-encoding": "identity", **resume}
        url = httpx2.URL(self._source.url)
        if self._source.params:  # else the address stays to the letter: it may be signed
            url = url.copy_merge_params(dict(self._source.params))
        headers: Mapping[str, str] = {**self._source.headers, **plain}
        if self._source.bearer:
            headers = {**headers, "authorization": f"Bearer {await in_thread(self._source.bearer)}"}
        for _ in range(6):
            client = self._transport.client(url)
            request = client.build_request(
                "GET", url, headers=dict(headers), timeout=httpx2.Timeout(self._timeout)
            )
            try:
                answer = await client.send(request, stream=True)
            except httpx2.HTTPError as wrong:
                raise connection_error(wrong, url) from None
            location = answer.headers.get("location")
            if answer.status_code not in _REDIRECTS or not location:
                try:
                    yield answer
                finally:
                    await answer.aclose()
                return
            await answer.aclose()
            there = url.join(location)
            if there.scheme not in {"http", "https"}:
                raise DownloadFailed("The server redirects the clip to an address that is not http(s).")
            if (there.scheme, there.host, there.port) != (url.scheme, url.host, url.port):
                headers = plain
            url = there
        raise DownloadFailed("The server redirects the clip in circles.")
