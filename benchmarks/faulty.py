"""The fake of OpenAI's Videos API with a fault every second: 500, 429, reset, slow, cut body, by turns.

    python -m benchmarks.faulty        # prints its address and serves until its input ends, then how many

What it prints at the end are the faults that it has made.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections import Counter

from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from tests.fakes.openai import OpenAIFake
from tests.fakes.server import hang_up, serve

KINDS = ("500", "429", "reset", "slow", "cut")
_EVERY, _SLOW = 1.0, 2.0
"""Seconds between two faults, and by how much a slow answer is late."""


class Faulty:
    """An ASGI app before the fake."""

    def __init__(self, fake: OpenAIFake) -> None:
        self._fake = fake
        self._kinds = itertools.cycle(KINDS)
        self._next = time.monotonic() + _EVERY
        self.made: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or make a fault of it."""
        if scope["type"] != "http" or time.monotonic() < self._next:
            await self._fake(scope, receive, send)
            return
        self._next = time.monotonic() + _EVERY
        kind = next(self._kinds)
        self.made[kind] += 1
        if kind in {"500", "429"}:
            error = {"message": "The server had an error.", "type": "server_error", "code": None}
            await JSONResponse({"error": error}, int(kind), {"retry-after": "0.1"})(scope, receive, send)
        elif kind == "reset":
            await self._fake(scope, receive, _nowhere)  # it is done, and its answer lost
            await hang_up(scope, receive)
        elif kind == "slow":
            await asyncio.sleep(_SLOW)
            await self._fake(scope, receive, send)
        else:
            await self._fake(scope, receive, _cut(send))
            await hang_up(scope, receive)


async def _nowhere(_: Message) -> None:
    """Where a lost answer goes."""


def _cut(send: Send) -> Send:
    """Hand on the head of an answer, and half of the first part of its body."""
    over = False

    async def sent(message: Message) -> None:
        nonlocal over
        if over:
            return
        if message["type"] == "http.response.body":
            over = True
            body = bytes(message.get("body", b""))
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return sent


if __name__ == "__main__":
    fake = OpenAIFake(polls_to_finish=2, retry_after="0.1")
    fake.recording = False
    app = Faulty(fake)
    with serve(app) as url:
        print(url, flush=True)
        sys.stdin.read()
    print(sum(app.made.values()), fake.creates)
