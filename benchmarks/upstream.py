"""A provider that answers at once: the leanest server that speaks the create and status of the Videos API.

    python -m benchmarks.upstream        # prints its address and serves until it is ended

What is measured against it is the client: an answer costs it some tens of microseconds.
"""

from __future__ import annotations

import asyncio
import itertools
import json

_ids = itertools.count(1)


class _Connection(asyncio.Protocol):
    """One connection; requests on it come one after the other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._seen = bytearray()

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while (end := self._seen.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._seen[:end]).decode("latin-1")
            whole = end + 4 + _length(head)
            if len(self._seen) < whole:
                return
            del self._seen[:whole]
            method, path, _ = head.split(" ", 2)
            name = f"video_{next(_ids)}" if method == "POST" else path.rpartition("/")[2]
            self._transport.write(_answer(name))


def _length(head: str) -> int:
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def _answer(video_id: str) -> bytes:
    body = json.dumps(
        {
            "id": video_id,
            "object": "video",
            "status": "queued",
            "model": "sora-2",
            "progress": 0,
            "created_at": 1_790_000_000,
            "size": "720x1280",
            "seconds": "4",
        }
    ).encode()
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n"
    return head.format(len(body)).encode() + body


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
