"""HTTP for a process with many calls under way, such as a proxy: httpx2's requests on aiohttp's connections.

With 50 calls under way, one takes a third of the processor time that it takes on httpx2's own connections.
Loading it takes five times as long, so a notebook does without.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager

import aiohttp
import httpx2
from yarl import URL

from soravid.providers.base import Response

_OURS: tuple[tuple[type[Exception], type[httpx2.TransportError]], ...] = (
    # The first that fits. What comes before the connection is there has not been sent.
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx2.ConnectError),
    (aiohttp.InvalidURL, httpx2.UnsupportedProtocol),
    (aiohttp.NonHttpUrlClientError, httpx2.UnsupportedProtocol),
    (TimeoutError, httpx2.ReadTimeout),
    (aiohttp.ClientPayloadError, httpx2.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx2.RemoteProtocolError),
    (aiohttp.ServerDisconnectedError, httpx2.RemoteProtocolError),
    (aiohttp.ClientError, httpx2.ReadError),
    (OSError, httpx2.ReadError),
)


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Sends httpx2's requests as they are, to the network and past any HTTP proxy. For one event loop.

    Args:
        limits: how many connections, and how long one is kept that nobody uses.
    """

    def __init__(self, limits: httpx2.Limits) -> None:
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as soon as the head of the answer is there; the body follows."""
        with _errors():
            answer = await self._send(
                request.method,
                str(request.url),
                request.headers.multi_items(),
                await request.aread() or None,
                request.extensions.get("timeout", {}),
                decompress=False,
            )
        return httpx2.Response(
            answer.status, headers=answer.raw_headers, stream=_Body(answer), request=request
        )

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        times: Mapping[str, float | None],
    ) -> Response:
        """Send a request and read the whole answer; ``times`` are httpx2's four timeouts, in seconds.

        Raises:
            httpx2.TransportError: as httpx2's own transports do.
        """
        with _errors():
            answer = await self._send(method, url, headers, content, times, decompress=True)
            try:
                body = await answer.read()
            finally:
                answer.release()
        told: dict[str, str] = {}
        for name, value in answer.headers.items():
            small = name.lower()
            told[small] = f"{told[small]}, {value}" if small in told else value
        return Response(answer.status, told, body)

    async def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | list[tuple[str, str]],
        content: bytes | None,
        times: Mapping[str, float | None],
        *,
        decompress: bool,
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            self._session = self._opened()
        return await self._session.request(
            method,
            URL(url, encoded=True),  # to the letter: it may be signed
            headers=headers,
            data=content,
            timeout=aiohttp.ClientTimeout(
                connect=times.get("pool"), sock_connect=times.get("connect"), sock_read=times.get("read")
            ),
            allow_redirects=False,
            auto_decompress=decompress,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._limits.max_connections or 0,
                keepalive_timeout=self._limits.keepalive_expiry,
                ssl=httpx2.create_ssl_context(),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
        )


class _Body(httpx2.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors():
            async for chunk in self._answer.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        # A connection whose answer was not read to its end is closed.
        self._answer.release()


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except httpx2.HTTPError:
        raise
    except Exception as wrong:
        for theirs, ours in _OURS:
            if isinstance(wrong, theirs):
                raise ours(str(wrong) or type(wrong).__name__) from wrong
        raise
