"""What travels between the browser and the kernels."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import WebSocket


@dataclass(frozen=True)
class Message:
    """One message of the Jupyter protocol."""

    to_browser: bool
    at: float
    """When its sender made it, in Unix seconds."""
    parent: str
    """The id of the request that it answers, such as a cell's ``execute_request``."""
    id: str
    kind: str
    """``msg_type``: ``comm_open``, ``comm_msg``, ``update_display_data``, ..."""
    size: int
    """Bytes on the wire."""
    content: dict[str, Any]


@dataclass
class Traffic:
    """Every message between the browser and the kernels, oldest first."""

    messages: list[Message] = field(default_factory=list)

    def listen(self, socket: WebSocket) -> None:
        """Take in what a web socket carries, if it is a kernel's."""
        if "/api/kernels/" not in socket.url:
            return
        socket.on("framereceived", lambda payload: self._take(payload, to_browser=True))
        socket.on("framesent", lambda payload: self._take(payload, to_browser=False))

    def _take(self, payload: bytes | str, *, to_browser: bool) -> None:
        header, parent, content = _parts(payload)
        at = dt.datetime.fromisoformat(header["date"]).timestamp() if header.get("date") else time.time()
        answers, kind = parent.get("msg_id", ""), header["msg_type"]
        self.messages.append(Message(to_browser, at, answers, header["msg_id"], kind, len(payload), content))

    def clear(self) -> None:
        """Forget what came so far."""
        self.messages.clear()

    def received(self, *kinds: str) -> list[Message]:
        """What the kernels sent, of these kinds (all, when none is named)."""
        return [m for m in self.messages if m.to_browser and (not kinds or m.kind in kinds)]

    def sent(self, *kinds: str) -> list[Message]:
        """What the browser sent, of these kinds (all, when none is named)."""
        return [m for m in self.messages if not m.to_browser and (not kinds or m.kind in kinds)]


def busiest_second(messages: list[Message]) -> int:
    """The most messages that left within any one second."""
    times = sorted(m.at for m in messages)
    return max((sum(start <= at < start + 1 for at in times) for start in times), default=0)


def _parts(payload: bytes | str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Header, parent header and content of a frame, in either of the server's two framings."""
    if isinstance(payload, str):
        message = json.loads(payload)
        return message["header"], message["parent_header"], message["content"]
    # v1.kernel.websocket.jupyter.org: the number of offsets, the offsets, then
    # channel, header, parent header, metadata, content and buffers.
    count = int.from_bytes(payload[:8], "little")
    offsets = [int.from_bytes(payload[8 * k : 8 * k + 8], "little") for k in range(1, count + 1)]
    header, parent, content = (json.loads(payload[offsets[k] : offsets[k + 1]]) for k in (1, 2, 4))
    return header, parent, content
