"""Asks a server for as much as it gives, from a process of its own, and says how long each answer took.

    python -m benchmarks.load '{"url": "http://127.0.0.1:4000/health/liveliness", "seconds": 3}'

It costs some tens of microseconds a request, so that what is measured is the server. The last line that it
prints has four numbers: answers a second, and milliseconds of p50, p99 and the slowest. With ``"clips": N``
it fetches a long answer N times at once; the numbers are then, for the slowest of them, seconds to the first
byte and to the last, and the bytes of all.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from benchmarks.fresh import ROOT

_PATIENCE = 600
"""Seconds within which there must have been an answer."""


class Load:
    """A load that has been started.

    Args:
        url: what is asked for.
        told: ``method``, ``headers``, ``body`` and ``seconds``, ``at_once`` or ``clips``.
    """

    def __init__(self, url: str, **told: Any) -> None:
        command = [sys.executable, "-m", "benchmarks.load", json.dumps({"url": url, **told})]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        )

    def end(self) -> list[float]:
        """Wait for its numbers.

        Raises:
            RuntimeError: an answer was not good.
        """
        said, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError("The load was not answered; see above.")
        return [float(word) for word in said.split()]

    def enough(self) -> list[float]:
        """Have it end now, whatever its ``seconds``; returns its numbers."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        return self.end()


class _Connection(asyncio.Protocol):
    """One connection that asks again as soon as it has its answer."""

    def __init__(self, request: bytes, took: list[float], over: asyncio.Future[None]) -> None:
        self._request, self._took, self._over = request, took, over
        self._seen = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._seen += data
        end = self._seen.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._seen[:end]).lower()
        if len(self._seen) < end + 4 + int(head.partition(b"content-length:")[2].split(None, 1)[0]):
            return
        self._took.append(time.perf_counter() - self._begun)
        if not head.startswith(b"http/1.1 200"):
            self._fail(RuntimeError(self._seen[:2000].decode("utf-8", "replace")))
            return
        self._seen.clear()
        self._ask()

    def connection_lost(self, wrong: Exception | None) -> None:
        self._fail(wrong or ConnectionResetError("The server has closed the connection."))

    def _ask(self) -> None:
        if not self._over.done():
            self._begun = time.perf_counter()
            self._transport.write(self._request)

    def _fail(self, wrong: Exception) -> None:
        if not self._over.done():
            self._over.set_exception(wrong)


async def _many(request: bytes, where: tuple[str, int], at_once: int, seconds: float) -> list[float]:
    """Milliseconds of each answer, and before them the seconds in which they came."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    loop.call_later(_PATIENCE, _end, over)
    threading.Thread(target=_told, args=(loop, over), daemon=True).start()
    took: list[float] = []
    begin = time.perf_counter()
    for _ in range(at_once):
        await loop.create_connection(lambda: _Connection(request, took, over), *where)
    while not over.done() and (time.perf_counter() < begin + seconds or not took):
        await asyncio.wait([over], timeout=max(0.01, begin + seconds - time.perf_counter()))
    _end(over)
    await over
    return [time.perf_counter() - begin, *(1000 * each for each in took)]


def _told(loop: asyncio.AbstractEventLoop, over: asyncio.Future[None]) -> None:
    """End early when whoever started this says so."""
    if sys.stdin.readline():
        loop.call_soon_threadsafe(_end, over)


def _end(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


async def _clips(request: bytes, where: tuple[str, int], count: int) -> list[tuple[float, float, int]]:
    return await asyncio.gather(*(asyncio.to_thread(_clip, request, where) for _ in range(count)))


def _clip(request: bytes, where: tuple[str, int]) -> tuple[float, float, int]:
    """Seconds to the first byte of the content and to its last, and how many there are."""
    buffer = memoryview(bytearray(1 << 20))
    with socket.create_connection(where) as connection:
        begin = time.perf_counter()
        connection.sendall(request)
        head = bytearray()
        while (end := head.find(b"\r\n\r\n")) < 0 or len(head) == end + 4:
            got = connection.recv_into(buffer)
            if not got:
                raise ConnectionResetError("There was no answer.")
            head += buffer[:got]
        first = time.perf_counter() - begin
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head[:2000].decode("utf-8", "replace"))
        length = int(head[:end].lower().partition(b"content-length:")[2].split(None, 1)[0])
        seen = len(head) - end - 4
        while seen < length:
            got = connection.recv_into(buffer)
            if not got:
                raise ConnectionResetError("The content ended early.")
            seen += got
        return first, time.perf_counter() - begin, seen


def main() -> None:
    """Do what the argument says."""
    told = json.loads(sys.argv[1])
    parts = urlsplit(told["url"])
    where = parts.hostname or "", parts.port or 80
    body = told.get("body", "").encode()
    headers = {"host": parts.netloc, "content-length": str(len(body)), **told.get("headers", {})}
    lines = [f"{told.get('method', 'GET')} {parts.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    request = "\r\n".join([*lines, "", ""]).encode() + body
    if clips := told.get("clips"):
        fetched = asyncio.run(_clips(request, where, clips))
        firsts, lasts, sizes = zip(*fetched, strict=True)
        print(max(firsts), max(lasts), sum(sizes))
        return
    seconds, *took = asyncio.run(_many(request, where, told.get("at_once", 1), told["seconds"]))
    if not took:
        raise TimeoutError("There was no answer.")
    took.sort()
    at = [took[min(len(took) - 1, int(len(took) * part))] for part in (0.5, 0.99)]
    print(len(took) / seconds, *at, took[-1])


if __name__ == "__main__":
    main()
