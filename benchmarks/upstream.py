"""A provider that answers at once: the leanest server that speaks create, status and list of the Videos API.

    python -m benchmarks.upstream        # prints its address and serves until it is ended

What is measured against it is the client: an answer costs it some tens of microseconds.
"""

from __future__ import annotations

import asyncio
import json
import re

_made = 0
_AFTER = re.compile(r"[?&]after=video_(\d+)")


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
            self._transport.write(_answer(method, path))


def _length(head: str) -> int:
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def _answer(method: str, path: str) -> bytes:
    global _made
    name = path.rpartition("/")[2]
    if method == "POST":
        _made += 1
        body = _video(f"video_{_made}")
    elif name.startswith("videos"):
        body = _page(path)
    else:
        body = _video(name)
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def _page(path: str) -> str:
    """A hundred videos, newest first."""
    after = _AFTER.search(path)
    newest = int(after[1]) - 1 if after else _made
    ids = [f"video_{number}" for number in range(newest, max(0, newest - 100), -1)]
    videos = ",".join(map(_video, ids))
    more = "true" if newest > 100 else "false"
    return f'{{"object":"list","data":[{videos}],"has_more":{more}}}'


def _video(video_id: str) -> str:
    return _VIDEO.replace("ID", video_id, 1)


_VIDEO = json.dumps(
    {
        "id": "ID",
        "object": "video",
        "status": "queued",
        "model": "sora-2",
        "progress": 0,
        "created_at": 1_790_000_000,
        "size": "720x1280",
        "seconds": "4",
    }
)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
