"""Drives a provider's flow over HTTP. What is safe to repeat is repeated; a billable request is sent once."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
import weakref
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.request import getproxies

import httpx2

from soravid import __version__
from soravid.errors import ConnectionFailed, ConnectionLost
from soravid.loop import THREAD_NAME, in_thread
from soravid.providers.base import Flow, Request, Response

if TYPE_CHECKING:
    from soravid.aiohttp_transport import AiohttpTransport

T = TypeVar("T")

# httpx2 logs whole addresses and httpcore2 whole headers: signed URLs would be in people's logs. Only what
# runs on our thread is kept quiet; the same libraries may serve others in this process.
for _name in (
    "httpx2",
    *(f"httpcore2.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")),
):
    logging.getLogger(_name).addFilter(lambda record: record.threadName != THREAD_NAME)

ATTEMPTS = 4
"""How often a request that is safe to repeat is tried in all."""
LONGEST_WAIT = 60.0
"""Seconds; a server that asks for more gets its answer reported instead of waited out."""
PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Statuses that may be gone at the next try."""
_LIMITS = httpx2.Limits(max_connections=200, max_keepalive_connections=100, keepalive_expiry=3.0)
"""Idle connections end sooner than with any common server: a create must not meet a closing one."""
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)


class Transport:
    """HTTP for one event loop: a pool of connections, opened on first use.

    ``in_process`` maps a host name to a transport that answers for it without a network.
    """

    def __init__(self, in_process: Mapping[str, httpx2.AsyncBaseTransport] | None = None) -> None:
        self._in_process = dict(in_process or {})
        self._lean: AiohttpTransport | None = None
        self._clients: dict[str, httpx2.AsyncClient] = {}
        _all.add(self)

    _many = False

    def expect_many(self) -> bool:
        """Be ready for many calls under way at once; to be said before the first. Whether that is possible.

        It is not where aiohttp is not installed, or an HTTP proxy stands between here and the network.
        """
        self._many = find_spec("aiohttp") is not None and not getproxies()
        return self._many

    def client(self, url: httpx2.URL) -> httpx2.AsyncClient:
        """The connection pool that serves a URL."""
        name = url.host if url.host in self._in_process else ""
        if name not in self._clients:
            self._clients[name] = httpx2.AsyncClient(
                transport=self._in_process.get(name) or self._for_many(),
                headers={"user-agent": f"soravid/{__version__}"},
                limits=_LIMITS,
                follow_redirects=False,
            )
        return self._clients[name]

    def _for_many(self) -> AiohttpTransport | None:
        """The connections for many calls at once, where they are expected; None: httpx2's own."""
        if not self._many:
            return None
        from soravid.aiohttp_transport import AiohttpTransport

        self._lean = AiohttpTransport(_LIMITS)
        return self._lean

    async def close(self) -> None:
        """Close every connection."""
        self._lean = None
        while self._clients:
            await self._clients.popitem()[1].aclose()

    async def drive(self, flow: Flow[T], timeout: float = 60.0, attempts: int = ATTEMPTS) -> T:
        """Run a flow to its result; ``timeout`` is seconds without a byte, for each request.

        A request that is safe to repeat is tried up to ``attempts`` times.

        Raises:
            ConnectionFailed: nothing was sent.
            ConnectionLost: sent, and no answer came.
            ProviderError: what the flow made of the provider's answer.
        """
        try:
            request = next(flow)
            while True:
                request = flow.send(await self._send(request, timeout, attempts))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            flow.close()

    async def _send(self, request: Request, timeout: float, attempts: int) -> Response:
        if request.billable or not (request.safe or request.method in {"GET", "DELETE", "HEAD"}):
            attempts = 1
        for attempt in range(1, attempts + 1):
            last = attempt == attempts
            try:
                response = await self._send_once(request, timeout)
            except (ConnectionFailed, ConnectionLost):
                if last:
                    raise
                wait = backoff(attempt)
            else:
                if attempt > 1:
                    response = replace(response, attempt=attempt)
                if last or response.status not in PASSING or _settled(response):
                    return response
                asked = retry_after(response.headers)
                wait = backoff(attempt) if asked is None else asked
                if wait > LONGEST_WAIT:
                    return response
            await asyncio.sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _send_once(self, request: Request, timeout: float) -> Response:
        url, body = _url(request.url), _Body.of(request)
        client = self.client(url)
        headers = {**_plain(client), **body.headers, **request.headers}
        if request.bearer:
            headers["authorization"] = f"Bearer {await in_thread(request.bearer)}"
        if request.params:
            url = url.copy_merge_params(dict(request.params))
        times = _times(timeout)
        try:
            if self._lean and url.host not in self._in_process:
                answer = await self._lean.exchange(request.method, str(url), headers, body.content, times)
            else:
                answer = await _exchange(client, request.method, url, headers, body.content, times)
        except httpx2.HTTPError as wrong:
            raise connection_error(wrong, url) from None
        if (asked := retry_after(answer.headers)) is not None:
            # In seconds, however it was put.
            answer = replace(answer, headers={**answer.headers, "retry-after": f"{asked:.3f}"})
        return answer


class _Body(NamedTuple):
    """What a request says, as httpx2 encodes it."""

    content: bytes | None
    headers: Mapping[str, str]

    @classmethod
    def of(cls, request: Request) -> _Body:
        if not request.files and request.json is None:
            return cls(None, {})
        told: dict[str, Any] = {"files": list(request.files)} if request.files else {"json": request.json}
        encoded = httpx2.Request("POST", "http://body", **told)
        # A form leaves in one piece, not part by part.
        return cls(encoded.read(), {"content-type": encoded.headers["content-type"]})


async def _exchange(
    client: httpx2.AsyncClient,
    method: str,
    url: httpx2.URL,
    headers: dict[str, str],
    content: bytes | None,
    times: Mapping[str, float | None],
) -> Response:
    extensions = {"timeout": times}
    call = httpx2.Request(method, url, headers=headers, content=content, extensions=extensions)
    answer = await client.send(call)
    return Response(answer.status_code, dict(answer.headers), answer.content)


@lru_cache
def _plain(client: httpx2.AsyncClient) -> dict[str, str]:
    """What a client says with each request."""
    return dict(client.headers)


_url = lru_cache(maxsize=1000)(httpx2.URL)
"""Addresses as they are sent to; a create's is the same each time."""


@lru_cache
def _times(seconds: float) -> Mapping[str, float | None]:
    return httpx2.Timeout(seconds, connect=min(seconds, 10.0)).as_dict()


def connection_error(wrong: httpx2.HTTPError, url: httpx2.URL) -> ConnectionFailed | ConnectionLost:
    """Our exception for one of httpx2's, naming the host and nothing secret of the URL."""
    host = url.host
    if isinstance(wrong, _NOT_SENT):
        return ConnectionFailed(
            f"{host} could not be reached ({type(wrong).__name__}).",
            hint="Check the network and the base URL; nothing was sent.",
        )
    if isinstance(wrong, httpx2.TimeoutException):
        return ConnectionLost(f"{host} did not answer in time.")
    return ConnectionLost(f"The connection to {host} broke ({type(wrong).__name__}).")


def backoff(attempt: int) -> float:
    """Seconds before the next try: half a second, doubled each time to 8 s, less a random quarter at most."""
    longest: float = min(8.0, 0.5 * 2 ** (attempt - 1))
    return longest * random.uniform(0.75, 1.0)  # noqa: S311 - not a secret


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait in seconds that a server asks for, if it does (``Retry-After-Ms`` or ``Retry-After``)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time())
    except (KeyError, ValueError):
        return None


def _settled(response: Response) -> bool:
    """A video object under an error status is an answer: vLLM-Omni tells of a failed job so."""
    body = response.json()
    return isinstance(body, dict) and body.get("object") == "video"


_all: weakref.WeakSet[Transport] = weakref.WeakSet()
_inherited: list[Transport] = []
"""A forked child keeps its parent's connections, and touches them no more: not even to close them."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _inherited.extend(_all))
